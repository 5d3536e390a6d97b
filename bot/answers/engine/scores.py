"""What a model says of a question: numpy is not read here before there is something to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from bot.policy.articles import Number, Version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Values: TypeAlias = "NDArray[np.float64]"

FORMAT = 2  # of a model's file; part of its name, so that an older program's file is never read


class ModelError(Exception):
    """A model's file is missing, damaged, or another format's."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The clauses of a version that a model scores, in the order of the text.

    `places`: where each number is among them. `taken`: their columns in the model, None when all are there.
    """

    numbers: tuple[Number, ...]
    places: Mapping[Number, int]
    taken: tuple[int, ...] | None

    @classmethod
    def of(cls, numbers: Sequence[Number], version: Version | None) -> Columns:
        """Return those among `numbers` that are in the version."""
        taken = [at for at, number in enumerate(numbers) if version is None or version.clause(number)]
        kept = tuple(numbers[at] for at in taken)
        places = {number: place for place, number in enumerate(kept)}
        return cls(kept, places, None if len(kept) == len(numbers) else tuple(taken))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How a question stands: about 1 for what is sure, about 0 for the rest.

    `columns`: which clauses, `values`: each one's score. `reasons`: those of each reason to decline
    (`question_bank.REASONS`).
    `topics`: what the text is, "incident", "draft" or "article"; above 0 when it is one.
    `threshold`: added to the best clause before it is set against the reasons. `silence`: added to
    "silent" before it is set against the other reasons. `sharpness`: from scores to likelihoods.
    """

    columns: Columns
    values: Values
    reasons: Mapping[str, float]
    topics: Mapping[str, float]
    threshold: float
    silence: float
    sharpness: float

    @property
    def silent(self) -> bool:
        """Whether, if it is declined, the subject is the policy's all the same."""
        others = max(score for reason, score in self.reasons.items() if reason != "silent")
        return self.reasons["silent"] + self.silence > others

    @property
    def reason(self) -> str:
        """The likeliest reason to decline, whatever the margin."""
        return max(self.reasons, key=self.reasons.__getitem__)

    @property
    def margin(self) -> float:
        """How far the best clause is above what would decline; at 0 or below, to be declined."""
        best = float(self.values.max()) if self.values.size else -1.0
        return best + self.threshold - max(self.reasons.values())

    def ranked(self, most: int) -> list[tuple[Number, float]]:
        """Return the likeliest clauses with their likelihoods, in the order of the text when equal."""
        numbers, chances = self.columns.numbers, self._chances()
        return [(numbers[at], float(chances[at])) for at in (-chances).argsort(kind="stable")[:most].tolist()]

    def among(self, wanted: Collection[Number]) -> list[tuple[Number, float]]:
        """Return those of some clauses, best first."""
        places, chances = self.columns.places, self._chances()
        found = [(number, float(chances[places[number]])) for number in wanted if number in places]
        return sorted(found, key=lambda pair: -pair[1])

    def _chances(self) -> Values:
        """Return how likely each clause is to answer, from 0 to 1, in the order of `columns`."""
        import numpy as np  # noqa: PLC0415 — read by now: it made the scores

        reasons = np.array(list(self.reasons.values()))
        best = max(float(self.values.max(initial=-np.inf)), float(reasons.max()))
        raised = np.exp(self.sharpness * (self.values - best))
        chances: Values = raised / (raised.sum() + np.exp(self.sharpness * (reasons - best)).sum())
        return chances

    def raised(self, added: Mapping[Number, float]) -> Scores:
        """Return the scores with something added to some clauses."""
        if not added:
            return self
        values = self.values.copy()
        for number, more in added.items():
            if number in self.columns.places:
                values[self.columns.places[number]] += more
        return replace(self, values=values)
