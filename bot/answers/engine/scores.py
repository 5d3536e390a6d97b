"""A model's scores for one question. numpy is imported only when there are scores to process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from bot.logs import ExplainedError
from bot.policy.articles import Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 6  # version of the file format, part of the fingerprint, so that other formats are never loaded

IN_CONTEXT = 0.6  # weight of a follow-up's scores in context; the rest is for its scores by itself


class ModelError(ExplainedError):
    """A model's file is missing, damaged or in another format, or no model could be trained."""


class ScoredClause(NamedTuple):
    """A clause, and how likely it is to answer, from 0 to 1."""

    number: Number
    score: float


class Chances(NamedTuple):
    """The likelihood, from 0 to 1, of each verdict, and of the best clause being right (`right`)."""

    right: float
    answer: float
    silent: float
    elsewhere: float

    @property
    def verdict(self) -> str:
        """What to do: "answer", "silent" or "elsewhere"."""
        likely = {"answer": self.answer, "silent": self.silent, "elsewhere": self.elsewhere}
        return max(likely, key=likely.__getitem__)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A model's scores for one question: about 1 for a sure match, about 0 otherwise.

    `numbers`: the n clauses of the version that the model knows, in the order of the text.
    `values`: `(n,) float64`, their scores. `subjects`: `(n,) float64`, their scores if the bank had only the
    questions that the policy answers. They tell how close each clause's subject is, even if the clause does
    not answer.
    `reasons`: the score of each reason to decline (`bank.REASONS`). `topics`: how far the scores of
    "incident", "draft" and "article" exceed their thresholds. Above 0, the text belongs to the topic.
    `length`: the question's length in words. `threshold`: added to the best clause's score before it is
    compared with the reasons'. `sharpness`: the softmax factor that turns scores into likelihoods.
    `verdicts`, `sure`: as in `Model`. `likely`: the likelihoods of a follow-up, which `after` computes.
    """

    numbers: tuple[Number, ...]
    values: NDArray[np.float64]
    subjects: NDArray[np.float64]
    reasons: Mapping[str, float]
    topics: Mapping[str, float]
    length: int
    threshold: float
    sharpness: float
    verdicts: NDArray[np.float64]
    sure: float
    likely: Chances | None = None

    @property
    def reason(self) -> str:
        """The likeliest reason to decline, whatever the margin."""
        return max(self.reasons, key=self.reasons.__getitem__)

    @property
    def margin(self) -> float:
        """The lead of the best clause over the best reason to decline. At 0 or below, the bot declines."""
        best = float(self.values.max()) if self.values.size else -1.0
        return best + self.threshold - max(self.reasons.values())

    def chances(self) -> Chances:
        """Return the likelihood of each verdict on the question. The policy must have a clause."""
        if self.likely:
            return self.likely
        from bot.answers.engine import calibration  # noqa: PLC0415 — numpy is loaded by the model that scored

        return Chances(*calibration.chances(self.summary(), self.verdicts)[0].tolist())

    def summary(self) -> NDArray[np.float64]:
        """Return the summary of these scores, from which the likelihoods are computed: `(1, features)`."""
        import numpy as np  # noqa: PLC0415 — already loaded by the model that made the scores

        from bot.answers.engine import calibration  # noqa: PLC0415 — numpy is already loaded

        reasons, topics = (np.array([list(some.values())]) for some in (self.reasons, self.topics))
        return calibration.summary(
            self.values[None], self.subjects[None], reasons, topics, np.array([self.length])
        )

    def nearest(self) -> list[ScoredClause]:
        """Return every clause and how close its subject is to the question, from 0 to 1, closest first."""
        order = (-self.subjects).argsort(kind="stable").tolist()
        close = self.subjects.clip(0.0, 1.0).tolist()
        return [ScoredClause(self.numbers[at], close[at]) for at in order]

    def ranked(self) -> list[ScoredClause]:
        """Return every clause with its likelihood, best first. Ties are in the order of the text.

        The likelihoods are a softmax over the clauses and the reasons to decline.
        """
        import numpy as np  # noqa: PLC0415 — already loaded by the model that made the scores

        reasons = np.array(list(self.reasons.values()))
        best = max(float(self.values.max(initial=-np.inf)), float(reasons.max()))
        raised = np.exp(self.sharpness * (self.values - best))
        chances = raised / (raised.sum() + np.exp(self.sharpness * (reasons - best)).sum())
        order = (-chances).argsort(kind="stable")
        best_first = zip(order.tolist(), chances[order].tolist(), strict=True)
        return [ScoredClause(self.numbers[at], chance) for at, chance in best_first]

    def mixed(self, others: Scores, share: float) -> Scores:
        """Return the mean of these scores and `others`, on the same clauses. `share`: weight of `others`."""

        def mean(first: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
            return {name: (1 - share) * first[name] + share * other[name] for name in first}

        return replace(
            self,
            values=(1 - share) * self.values + share * others.values,
            subjects=(1 - share) * self.subjects + share * others.subjects,
            reasons=mean(self.reasons, others.reasons),
            topics=mean(self.topics, others.topics),
        )

    def after(self, context: Scores, previous: Number, weights: NDArray[np.float64], sure: float) -> Scores:
        """Combine a follow-up's scores: `self` has those of the question alone, `context` those in context.

        `previous`: the clause shown before, one of `numbers`. `weights`, `sure`: `verdicts_after` and
        `sure_after` of `Model`.
        """
        import numpy as np  # noqa: PLC0415 — already loaded by the model that made the scores

        from bot.answers.engine import calibration  # noqa: PLC0415 — numpy is already loaded

        alone, read = (
            (scores.summary(), scores.values[None], scores.subjects[None]) for scores in (self, context)
        )
        features = calibration.summary_after(alone, read, np.array([self.numbers.index(previous)]))
        likely = Chances(*calibration.chances(features, weights)[0].tolist())
        return replace(self.mixed(context, IN_CONTEXT), likely=likely, sure=sure)

    def raised(self, added: Mapping[Number, float]) -> Scores:
        """Return a copy with the scores of some clauses raised."""
        if not added:
            return self
        more = [added.get(number, 0.0) for number in self.numbers]
        return replace(self, values=self.values + more, subjects=self.subjects + more)
