"""What a post says is settled already, such as the consent of the person it shows, by `data/posting.toml`.

Whoever writes « avec son accord » has done what the check would ask for. When in doubt, nothing is settled:
to hide a concern wrongly is worse than to show one wrongly.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.posting.checks import FILE
from bot.posting.segments import Segment, fold

_PART = re.compile(r"<(\w+)>")  # in a pattern, the name of another
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Settling:
    """The words that settle some checks, by patterns on folded text.

    `denied`: the words that keep `words` from settling anything, whatever they bear on. `alone`: whether they
    settle nothing where more than one person is mentioned.
    """

    checks: frozenset[str]
    words: re.Pattern[str]
    denied: re.Pattern[str]
    alone: bool


@dataclass(frozen=True, slots=True)
class Settlings:
    """All the rules. `names`: common names of people, folded; `someone`: nouns that stand for a person."""

    by: Sequence[Settling]
    names: frozenset[str]
    someone: frozenset[str]


def load_settlings(folder: Path) -> Settlings:
    """Return the shipped rules. Raises `OSError`."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))["settled"]
    parts: Mapping[str, str] = data["parts"]

    def whole(pattern: str) -> str:
        return _PART.sub(lambda part: whole(parts[part[1]]), pattern)

    names = tomllib.loads((folder / "names.toml").read_text("utf-8"))["names"]
    return Settlings(
        [
            Settling(
                frozenset(table["checks"]),
                re.compile(whole(table["words"])),
                re.compile("|".join(filter(None, (data["denied"], whole(table.get("denied", "")))))),
                table.get("alone", False),
            )
            for table in data["by"]
        ],
        frozenset(names.split()),
        frozenset(data["someone"].split()),
    )


def settled(segments: Sequence[Segment], settlings: Settlings) -> list[set[str]]:
    """Return, for each segment of a post, the checks that are settled there or in the sentence beside it.

    A picture's description is beside every sentence of the text, and settles nothing of them; but what denies
    there, or whom it names, counts for all.
    """
    folded = [fold(segment.words) for segment in segments]
    written = next((place for place, segment in enumerate(segments) if segment.in_image), len(segments))
    people = [_people(segment.words, settlings) for segment in segments]
    checks: list[set[str]] = [set() for _ in segments]
    for settling in settlings.by:
        spoken = [settling.words.search(text) is not None for text in folded]
        if not any(spoken):
            continue
        denied = [settling.denied.search(text) is not None for text in folded]
        for place, here in enumerate(checks):
            near = slice(max(place - 1, 0), min(place + 2, written)) if place < written else slice(written)
            if not any(spoken[near] + (spoken[written:] if place >= written else [])):
                continue
            if any(denied[near] + denied[written:]):
                continue
            if settling.alone and _are_several(people[near], people[written:]):
                continue
            here.update(settling.checks)
    return checks


def _people(text: str, settlings: Settlings) -> set[tuple[str, bool]]:
    """Return the people whom a sentence mentions: their first word, folded, and whether it is a name.

    Words that follow one another, « ma collègue Nadia Roy », are one person.
    """
    people: dict[str, bool] = {}
    first, end = "", -1
    for match in _WORD.finditer(text):
        word, folded = match[0], fold(match[0])
        capital = match.start() > 0 and word[0].isupper() and not word.isupper()
        named = capital or not settlings.names.isdisjoint((folded, *folded.split("-")))
        if not named and folded not in settlings.someone:
            continue
        if not (first and text[end : match.start()] == " "):
            first = folded
            people.setdefault(first, named)
        elif named and not people[first]:  # the noun before it stands for the name
            del people[first]
            first = folded
            people[first] = True
        end = match.end()
    return set(people.items())


def _are_several(text: Sequence[set[tuple[str, bool]]], picture: Sequence[set[tuple[str, bool]]]) -> bool:
    """Return whether several people are mentioned. A noun in a picture may stand for a name in the text."""
    read, seen = set().union(*text), set().union(*picture)
    return max(len(read), len(seen), sum(named for _, named in read | seen)) > 1
