"""Long answers, a piece at a time: the same for every tool and every resource."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, TypeVar

from pydantic_core import to_json

from bot.conversation.requests import UserError

MOST: Final = 10  # in one answer
CHARACTERS: Final = 16_000  # of JSON in one answer, but for a single longer one: a quotation is never cut

Item = TypeVar("Item")
Made = TypeVar("Made")


def page(items: Sequence[Item], start: int, make: Callable[[Item], Made]) -> tuple[list[Made], int | None]:
    """Return what `make` returns of as many items as an answer holds, and where the next ones begin, if any.

    `start`: where to begin. Raises `UserError` past the end.
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
