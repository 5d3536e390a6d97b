"""The paging of long answers, the same for every tool and resource."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, TypeVar

from pydantic_core import to_json

from bot.conversation.requests import UserError

MOST: Final = 10  # maximum items in one answer
# maximum characters of JSON in one answer; a longer item goes alone, since a quotation is never cut
CHARACTERS: Final = 16_000

Item = TypeVar("Item")
Made = TypeVar("Made")


def page(items: Sequence[Item], start: int, make: Callable[[Item], Made]) -> tuple[list[Made], int | None]:
    """Apply `make` to as many items as an answer can hold. Return the results and the next item's index.

    `start`: the index of the first item. The next index is None after the last item. Raises `UserError` when
    `start` is past the end.
    """
    if start and start >= len(items):
        raise UserError(
            f"Rien ne vient si loin\u00a0: il y en a {len(items)}, comptés de 0. Redemandez sans "
            "«\u00a0debut\u00a0»."
        )
    pieces: list[Made] = []
    room = CHARACTERS
    for item in islice(items, start, start + MOST):
        piece = make(item)
        room -= len(to_json(piece).decode())
        if pieces and room < 0:
            break
        pieces.append(piece)
    end = start + len(pieces)
    return pieces, end if end < len(items) else None
