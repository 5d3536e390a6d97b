"""What a model says of a question: without numpy, which a start has no need of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import exp

from bot.policy.articles import Number

FORMAT = 2  # of a model's file; part of its name, so that an older program's file is never read


class ModelError(Exception):
    """A model's file is missing, damaged, or another format's."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How a question stands: about 1 for what is sure, about 0 for the rest.

    `clauses`: each clause's score. `reasons`: those of each reason to decline (`question_bank.REASONS`).
    `topics`: what the text is, "incident", "draft" or "article"; above 0 when it is one.
    `threshold`: added to the best clause before it is set against the reasons. `silence`: added to
    "silent" before it is set against the other reasons. `sharpness`: from scores to likelihoods.
    """

    clauses: Mapping[Number, float]
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
        return max(self.clauses.values(), default=-1.0) + self.threshold - max(self.reasons.values())

    def ranked(self) -> list[tuple[Number, float]]:
        """Return the clauses with their likelihoods, best first, in the order of the text when equal."""
        best = max((*self.clauses.values(), *self.reasons.values()))
        raised = {key: exp(self.sharpness * (score - best)) for key, score in self.clauses.items()}
        total = sum(raised.values()) + sum(
            exp(self.sharpness * (score - best)) for score in self.reasons.values()
        )
        chances = [(number, one / total) for number, one in raised.items()]
        return sorted(chances, key=lambda pair: -pair[1])  # stable

    def among(self, kept: Callable[[Number], bool], added: Mapping[Number, float]) -> Scores:
        """Return the scores of some clauses only, with something added to some."""
        return replace(
            self,
            clauses={
                number: score + added.get(number, 0.0)
                for number, score in self.clauses.items()
                if kept(number)
            },
        )
