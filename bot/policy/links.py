"""Buttons sent under a former version: they open the clause they stood for, whatever its number now.

A button says « pa20:5.10 »: the numbers are those of the policy's first text here. One that is sent under
a later text says so, « pa20@2026-12-13:5.11 ».
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.conversation.messages import Button, Buttons, Element, Message, Note, Quote
from bot.policy.articles import Number, Version
from bot.policy.changes import identities
from bot.policy.library import Policy, in_words

MOST: Final = 4  # clauses that one became, to choose from
_STAMP: Final = re.compile(r"@(?P<version>\d{4}-\d{2}-\d{2}):\s*")
_NUMBER: Final = re.compile(r"(?<![\w.])(?<!page )\d{1,3}(?:\.\d{1,3})*(?![\w.]*\d)")


@dataclass(frozen=True, slots=True)
class FollowedText:
    """A text that named clauses by the numbers of `about`, with those of today.

    `moved`: the numbers that changed, and the new ones. `gone`: whether one of the clauses was removed.
    """

    text: str
    about: Version
    moved: tuple[tuple[Number, tuple[Number, ...]], ...] = ()
    gone: bool = False


def named(policy: Policy, version: Version) -> str:
    """Return how a button names a policy, so that its numbers are those of this version for ever."""
    return policy.id if version is identities.origin(policy.versions[-1]) else f"{policy.id}@{version.key}"


def read(policy: Policy, current: Version, rest: str, *, pressed: bool) -> FollowedText:
    """Return what a line that names a policy asks for, once the name is taken out of it: `rest`.

    `pressed`: it is a button's. What one types is numbered as today, unless it says otherwise.
    """
    stamp = _STAMP.match(rest)
    if stamp:
        about = next((one for one in policy.versions if one.key == stamp["version"]), current)
        return _followed(rest[stamp.end() :], about, current)
    if pressed:
        return _followed(rest, identities.origin(policy.versions[-1]), current)
    return FollowedText(rest, current)


def _followed(text: str, about: Version, current: Version) -> FollowedText:
    if about is current:
        return FollowedText(text, about)
    found = identities.fates(about, current)
    moved: dict[Number, tuple[Number, ...]] = {}

    def follow(match: re.Match[str]) -> str:
        number = Number.parse(match[0])
        if number not in found:
            return match[0]
        now = found[number].now
        if now != (number,):
            moved[number] = now
        return " et ".join(map(str, now)) or match[0]

    today = _NUMBER.sub(follow, text)
    return FollowedText(today, about, tuple(moved.items()), any(not now for now in moved.values()))


def said(followed: FollowedText) -> Iterator[Element]:
    """Yield a note of the numbers that changed."""
    lines = [
        f"L'ancienne {number} est devenue {_listed(now)}."
        if len(number.parts) > 1
        else f"L'ancien article {number} est devenu {_listed(now)}."
        for number, now in followed.moved
        if now
    ]
    if lines:
        yield Note("\n".join(lines))


def formerly(policy: Policy, current: Version, number: Number, name: str) -> Iterator[Element]:
    """Yield where the clause is that had this number in the version before, when it is not this one.

    `name`: how buttons name the policy.
    """
    former = current.former
    if former is None or former.clause(number) is None:
        return
    fate = identities.fates(former, current)[number]
    if fate.now == (number,):
        return
    if fate.now:
        yield from _was(number, fate.now, current.since, name)
    else:
        yield from _was_removed(
            number, current.since, f"politique {policy.id}:{number} --date {former.since}"
        )


def _was(number: Number, now: tuple[Number, ...], since: date, name: str) -> Iterator[Element]:
    yield Note(f"Avant le {in_words(since)}, {number} était ce qui est aujourd'hui {_listed(now)}.")
    yield Buttons(*(Button(f"Lire {one}", f"politique {name}:{one}") for one in now[:MOST]))


def _was_removed(number: Number, since: date, old: str) -> Iterator[Element]:
    yield Note(f"Avant le {in_words(since)}, {number} était une clause qui a été retirée.")
    yield Buttons(Button("Lire l'ancien texte", old))


def examples(policy: Policy, version: Version) -> dict[str, Message]:
    """Return one of each message of this module, by name."""
    number, since = policy.example(version), date(2026, 12, 13)
    quote = Quote(policy.id, version.key, str(number))
    before = Number((*number.parts[:-1], number.parts[-1] + 1))
    name = named(policy, version)
    return {
        "Une clause dont le numéro a changé, par un ancien bouton": Message(
            *said(FollowedText("", version, ((before, (number,)), (before.article, (number.article,))))),
            quote,
        ),
        "Une clause qui a pris le numéro d'une autre": Message(quote, *_was(number, (before,), since, name)),
        "Une clause qui a pris le numéro d'une clause retirée": Message(
            quote, *_was_removed(number, since, f"politique {policy.id}:{number} --date {version.since}")
        ),
    }


def _listed(numbers: tuple[Number, ...]) -> str:
    return " et ".join(map(str, numbers))
