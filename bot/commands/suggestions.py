"""What is suggested as one types `/politique`: the clauses and articles that may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.conversation.messages import excerpt
from bot.conversation.requests import Suggestion
from bot.policy.articles import Number
from bot.policy.library import Library, Reading
from bot.policy.search import fold_accents

SUGGESTION_LENGTH = 90  # a suggestion's label: Discord allows 100
_BEGUN = re.compile(r"^(?:art(?:icle)?\.?|clause)(?!\w)\s*|^art(?:i(?:c(?:l)?)?)?$")


def suggest(library: Library, typed: str) -> list[Suggestion]:
    """Return the clauses and articles that `typed` may be the beginning of, best first.

    A number ranks clauses that begin with it; words rank the clauses that hold them.
    """
    named, text = library.naming.split(typed)
    policy = library.policies.get(named or library.default.id, library.default)
    reading = Reading(policy, library.current(policy))
    prefix = "" if policy is library.default else f"{policy.address(reading.version)}:"
    start = _BEGUN.sub("", fold_accents(text).replace(",", ".")).strip()
    return [replace(one, text=prefix + one.text) for one in _suggested(reading, start)]


def _suggested(reading: Reading, start: str) -> Iterator[Suggestion]:
    articles = [article.number for article in reading.version.articles]
    if not start:
        yield from (_line(reading, number) for number in articles)
    elif start[0].isdigit():
        numbers = dict.fromkeys([*articles, *(clause.number for clause in reading.version.clauses())])
        yield from (_line(reading, number) for number in numbers if str(number).startswith(start))
    else:
        found = reading.policy.index(reading.version).complete(start)
        yield from (_line(reading, clause.number) for clause in found)


def _line(reading: Reading, number: Number) -> Suggestion:
    clause = reading.version.clause(number)
    if clause is None or number == number.article:
        title = reading.policy.title(number, reading.version)
        return Suggestion(excerpt(f"Article {number} · {title}", SUGGESTION_LENGTH), f"article {number}")
    return Suggestion(excerpt(f"{number} · {clause.text}", SUGGESTION_LENGTH), str(number))
