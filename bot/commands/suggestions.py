"""Autocompletion of `/politique`: the clauses and articles that the typed text may mean."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.answers.guidance import Guidance
from bot.conversation.messages import excerpt
from bot.conversation.requests import Suggestion
from bot.policy.articles import Number
from bot.policy.library import Library, Reading
from bot.policy.search import fold_accents

SUGGESTION_LENGTH = 90  # length of a suggestion's label; Discord allows 100
_BEGUN = re.compile(r"^(?:art(?:icle)?\.?|clause)(?!\w)\s*|^art(?:i(?:c(?:l)?)?)?$")


def suggest(library: Library, guidance: Mapping[str, Guidance], typed: str) -> list[Suggestion]:
    """Return the clauses and articles that match the start of a request, `typed`, best first.

    A number matches the clauses that begin with it. Words match the clauses that contain them.
    """
    named, text = library.naming.split(typed)
    policy = library.policies.get(named or library.default.id, library.default)
    reading = Reading(policy, library.current(policy))
    prefix = "" if policy is library.default else f"{policy.address(reading.version)}:"
    start = _BEGUN.sub("", fold_accents(text).replace(",", ".")).strip()
    numbers = [article.number for article in reading.version.articles]
    if start[:1].isdigit():
        numbers += [clause.number for clause in reading.version.clauses()]
        numbers = [number for number in dict.fromkeys(numbers) if str(number).startswith(start)]
    elif start:
        numbers = [clause.number for clause in policy.index(reading.version).complete(start)]
    subjects = (guidance.get(policy.id) or Guidance()).subjects
    suggestions = [_suggestion(reading, number, subjects.get(number, "")) for number in numbers]
    return [replace(suggestion, text=prefix + suggestion.text) for suggestion in suggestions]


def _suggestion(reading: Reading, number: Number, subject: str) -> Suggestion:
    clause = reading.version.clause(number)
    article = reading.version.article(number)
    if article and (clause is None or number == article.number):
        title = reading.policy.title(number, reading.version)
        label = " · ".join(filter(None, (article.name, title)))
        typed = reading.version.cited(number).replace("\u00a0", " ")
        return Suggestion(excerpt(label, SUGGESTION_LENGTH), typed)
    words = subject or (clause.text if clause else "")
    return Suggestion(excerpt(f"{number} · {words}", SUGGESTION_LENGTH), str(number))
