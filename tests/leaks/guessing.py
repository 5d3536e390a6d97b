"""How much better than guessing clues tell a report from something else.

A clue is judged by how often it is greater after a report than after something else, over all pairs of one
and the other: the area under the ROC curve (AUC). Guessing gives one half. With so many of each, chance alone
strays from it by a standard deviation that is known (Mann and Whitney, 1947); `LIMIT` times that is what a
clue may stray by, on either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt
from typing import Final

from tests.kits.measures import NONE, Figure, at_most

LIMIT: Final = 3.3  # standard deviations: chance goes beyond once in a thousand


@dataclass
class Moments:
    """What happened and when. `clues`: what each moment gave away, by name, of reports and of the rest."""

    size: int
    reports: list[dict[str, float]] = field(default_factory=list)
    others: list[dict[str, float]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    order: float = 0.0
    fine: int = 0
    seconds: float = 0.0

    def auc(self, clue: str) -> float:
        """Return how often a clue is greater after a report, of all pairs; equal values count for half."""
        reports, others = ([clues[clue] for clues in each] for each in (self.reports, self.others))
        wins = sum((ours > theirs) + (ours == theirs) / 2 for ours in reports for theirs in others)
        return wins / (len(reports) * len(others))

    @property
    def limit(self) -> float:
        """How far from one half chance alone may lead."""
        ours, theirs = len(self.reports), len(self.others)
        return LIMIT * sqrt((ours + theirs + 1) / (12 * ours * theirs))

    def strays(self) -> dict[str, float]:
        """Return how far from one half each kind of clue is, at the most."""
        strays: dict[str, float] = {}
        for name in set.intersection(*(set(clues) for clues in (*self.reports, *self.others))):
            kind = name.partition(" ")[0]
            strays[kind] = max(strays.get(kind, 0.0), abs(self.auc(name) - 0.5))
        return strays

    def noticed(self) -> set[str]:
        """Return the kinds of clues that tell a report better than guessing."""
        return {kind for kind, stray in self.strays().items() if stray > self.limit}

    def figures(self) -> list[Figure]:
        """Return the area of each kind of clue, and the order and times that a thief finds."""
        most, count, strays = at_most(round(0.5 + self.limit, 2)), len(self.codes), self.strays()
        order = at_most(round(LIMIT * sqrt(2 * (2 * count + 5) / (9 * count * (count - 1))), 2))
        return [
            *(
                Figure(f"{self.size} Mo, {_KINDS[kind]}", 0.5 + strays[kind], most)
                for kind in _KINDS
                if kind in strays
            ),
            Figure(f"{self.size} Mo, ordre des signalements dans le fichier (τ)", abs(self.order), order),
            Figure(f"{self.size} Mo, heures passées qui sont restées", self.fine, NONE),
        ]


_KINDS: Final = {
    "form": "attente au formulaire",
    "menu": "attente au menu",
    "command": "attente à une commande",
    "modified": "date d'un fichier (contenu)",
    "changed": "date d'un fichier (entrée)",
    "born": "date d'un fichier (naissance)",
    "counter": "compteurs de l'en-tête",
}


def tau(order: Sequence[float]) -> float:
    """Return Kendall's τ of places with the order in which they are given: 1 when they tell it all."""
    pairs = [(later > earlier) - (later < earlier) for earlier, later in combinations(order, 2)]
    return sum(pairs) / len(pairs)
