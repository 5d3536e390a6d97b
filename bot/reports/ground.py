"""The clause on negative posts, on which reports are based, under its current number."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.messages import Quote
from bot.policy.articles import Number
from bot.policy.changes.identities import current_numbers, fates
from bot.policy.library import Library
from bot.policy.names import GenderedName


@dataclass(frozen=True, slots=True)
class Ground:
    """The name of the policy, and its clause on negative posts. `quote`: None if it has no such clause.

    `number` and `clause`: the clause's name in a caption, « 5.10 », and in a sentence, « clause 5.10 ».
    """

    policy: GenderedName = GenderedName("politique")  # noqa: RUF009 — immutable, as a string is
    quote: Quote | None = None
    number: str = ""
    clause: GenderedName = GenderedName("clause")  # noqa: RUF009 — as above

    @property
    def cited(self) -> str:
        """The citation for a heading or a label, such as « PA20, 5.10 »."""
        return f"{self.policy}, {self.number}" if self.quote else self.policy

    @property
    def named(self) -> str:
        """The name of the clause in a sentence, such as « la clause 5.10 »."""
        return self.clause.the if self.quote else self.policy.the

    @property
    def of(self) -> str:
        """The name of the clause after « de », such as « de la clause 5.10 »."""
        return self.clause.of if self.quote else self.policy.of


def written_clause(library: Library, clause: str) -> tuple[Number, ...]:
    """Return the numbers that a clause of the default policy has today, () when there is no such clause.

    `clause`: its number in the version that the policy's annotations are about. The number of an article or a
    section means all its clauses.
    """
    policy = library.default
    numbers = [provision.number for provision in policy.origin.within(Number(clause))]
    return current_numbers(fates(policy.origin, library.current(policy)), numbers)


def find_ground(library: Library, clauses: Sequence[Number]) -> Ground:
    """Return the ground of reports: the default policy, and the first of `clauses` in its current version.

    `clauses`: the clauses on negative posts, by preference.
    """
    policy = library.default
    version = library.current(policy)
    number = next((number for number in clauses if version.clause(number)), None)
    if number is None:
        return Ground(policy.name)
    quote = Quote(policy.id, version.key, str(number))
    return Ground(policy.name, quote, version.cited(number), version.named(number))
