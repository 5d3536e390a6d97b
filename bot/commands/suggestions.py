"""Autocompletion of `/politique`: the clauses and articles that the typed text may mean."""

import re
from collections.abc import Mapping

from bot.answers.guidance import Guidance
from bot.conversation.messages import excerpt
from bot.conversation.requests import Suggestion
from bot.policy.articles import Number
from bot.policy.library import Library, Reading
from bot.policy.search import fold_accents

MOST = 25  # maximum suggestions; Discord and Slack show no more
SUGGESTION_LENGTH = 90  # maximum characters of a suggestion's label; Discord allows 100
_BEGUN = re.compile(r"^(?:art(?:icle)?\.?|clause)(?!\w)\s*|^art(?:i(?:c(?:l)?)?)?$")


def suggest(library: Library, guidance: Mapping[str, Guidance], typed: str) -> list[Suggestion]:
    """Return the clauses and articles that `typed`, the start of a request, may mean, best first.

    A number matches the clauses that begin with it. Words match the clauses that contain them. The default
    policy comes first, then the others, unless `typed` names one.
    """
    named, text = library.naming.split(typed)
    policy = library.policies.get(named or library.default.id, library.default)
    reading = library.reading(policy)
    start = _BEGUN.sub("", fold_accents(text).replace(",", ".")).strip()
    matches = [(reading, number) for number in _beginning(reading, start)]
    if start and not named and len(library.policies) > 1:
        others = (candidate for candidate in library.policies.values() if candidate is not policy)
        if start[:1].isdigit():
            matches += [
                (other, number)
                for other in map(library.reading, others)
                for number in _beginning(other, start)
            ]
        else:
            every = library.complete(start)
            matches += [(other, clause.number) for other, clause in every if other.policy is not policy]
    return [
        _suggestion(
            candidate, number, (guidance.get(candidate.policy.id) or Guidance()).subjects.get(number, "")
        )
        for candidate, number in matches[:MOST]
    ]


def _beginning(reading: Reading, start: str) -> list[Number]:
    """Return the numbers that begin with `start` or, if it is words, the clauses that contain them.

    Return the articles if `start` is "".
    """
    articles = [article.number for article in reading.version.articles]
    if not start[:1].isdigit():
        hits = reading.policy.index(reading.version).complete(start) if start else ()
        return [clause.number for clause in hits] if start else articles
    numbers = dict.fromkeys([*articles, *(clause.number for clause in reading.version.clauses())])
    return [number for number in numbers if str(number).startswith(start)]


def _suggestion(reading: Reading, number: Number, subject: str) -> Suggestion:
    """Return the suggestion of a clause or an article. Its label names any policy but the default one."""
    policy, version = reading.policy, reading.version
    clause, article = version.clause(number), version.article(number)
    prefix, name = ("", "") if reading.default else (f"{policy.address(version)}:", f"{policy.name}, ")
    if article and (clause is None or number == article.number):
        title = policy.title(number, version)
        label = f"{name}{' · '.join(filter(None, (article.name, title)))}"
        typed = version.cited(number).replace("\u00a0", " ")
        return Suggestion(excerpt(label, SUGGESTION_LENGTH), f"{prefix}{typed}")
    words = subject or (clause.text if clause else "")
    return Suggestion(excerpt(f"{name}{number} · {words}", SUGGESTION_LENGTH), f"{prefix}{number}")
