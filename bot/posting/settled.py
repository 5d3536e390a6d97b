"""What a post says is settled already, such as the consent of the people it shows, by `data/posting.toml`.

Whoever writes « avec son accord » has done what the check would ask for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.posting.checks import FILE
from bot.posting.segments import Segment, fold


@dataclass(frozen=True, slots=True)
class Settling:
    """The words that settle some checks, by patterns on folded text.

    `denied`: the words that keep `words` from settling anything, whatever they bear on.
    """

    checks: frozenset[str]
    words: re.Pattern[str]
    denied: re.Pattern[str]


def load_settlings(folder: Path) -> tuple[Settling, ...]:
    """Return the shipped rules. Raises `OSError`."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))["settled"]
    denied = re.compile(data["denied"])
    return tuple(
        Settling(frozenset(table["checks"]), re.compile(table["words"]), denied) for table in data["by"]
    )


def settled(segments: Sequence[Segment], settlings: Sequence[Settling]) -> list[set[str]]:
    """Return, for each segment of a post, the checks that are settled there or beside it.

    A picture is beside all that is written of it.
    """
    folded = [fold(segment.words) for segment in segments]
    written = next((place for place, segment in enumerate(segments) if segment.in_image), len(segments))
    checks: list[set[str]] = [set() for _ in segments]
    for settling in settlings:
        spoken = [settling.words.search(text) is not None for text in folded]
        if not any(spoken):
            continue
        denied = [settling.denied.search(text) is not None for text in folded]
        for place, own in enumerate(checks):
            near = slice(max(place - 1, 0) if place < written else 0, place + 2)
            if any(spoken[near] + spoken[written:]) and not any(denied[near] + denied[written:]):
                own.update(settling.checks)
    return checks
