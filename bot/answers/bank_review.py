"""The lines of the question bank that people must review after a revision."""

from collections import Counter
from collections.abc import Sequence

from bot.answers.bank import BankLine, line_origin
from bot.answers.engine.text import ClauseWords
from bot.policy import search
from bot.policy.addresses import as_counted
from bot.policy.articles import Number
from bot.policy.changes import identities
from bot.policy.library import Policy


def outdated_counts(policy: Policy, lines: Sequence[BankLine]) -> dict[Number, int]:
    """Return the number of lines to review, for each clause that changed after these lines were written.

    A removed clause appears under its former number. A line marked as unanswered by the policy is counted
    under the new or changed clause that may now answer it.
    """
    latest = policy.versions[-1]
    words = ClauseWords(latest, {}, {}, search.indexed_keys)
    counts: Counter[Number] = Counter()
    for line in lines:
        origin = line_origin(line, latest)
        fates, fresh = identities.fates(origin, latest), identities.fresh_clauses(origin, latest)
        if fresh and line.unsaid:
            counts.update(clause.number for clause in words.may_answer(line.question, fresh)[:1])
        for number in (*line.gold, *line.also_ok):
            if identities.is_stale(fates, [number]):
                counts.update(identities.current_numbers(fates, [number]) or [number])
    return dict(sorted(counts.items(), key=lambda pair: as_counted(pair[0])))
