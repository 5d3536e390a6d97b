"""Why what writers held apart name is not shown, and what lower thresholds would cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.answers.engine.features import Floats
from bot.posting import checks
from bot.posting.examining import WEIGHTS
from bot.posting.model import PostModel
from bot.posting.segments import Segment
from bot.posting.settled import load_settlings, settled
from bot.posting.training import Lesson, PostLabel
from bot.settings import SEED
from tests.bench import engines
from tests.kits.measures import number, table

CLOSE: Final = 1.0  # log-odds under its threshold, at most, of what is nearly shown
WANTED: Final = 0.88  # recall
LOWERED: Final = f"Précision, au rappel de {number(WANTED)}"
_SHIFTS: Final = np.arange(0, 6, 0.05)  # of every threshold, in log-odds
NEARLY, OTHERWISE, PICTURED, UNSEEN = "Presque montré", "Pris pour autre chose", "Dans l'image", "Pas vu"


@dataclass(frozen=True)
class Read:
    """A post read. `margins`: `(segments, checks)`, the log-odds beyond each check's threshold."""

    lesson: Lesson
    segments: Sequence[Segment]
    margins: Floats

    def touched(self, clauses: Sequence[frozenset[str]], shift: float) -> set[str]:
        """Return the clauses shown with thresholds lowered by `shift`.

        `clauses`: those that each check shows.
        """
        shown = np.flatnonzero((self.margins >= -shift).any(axis=0))
        return {clause for column in shown.tolist() for clause in clauses[column]}


def read(lessons: Sequence[Lesson]) -> tuple[list[Read], list[frozenset[str]]]:
    """Return posts, read, and the clauses that each check shows."""
    model = PostModel.load(SEED / WEIGHTS, checks.load_notions(SEED))
    annotations = engines.pa20().annotations
    clauses = [
        frozenset(map(str, (annotations.checks[name][0], *annotations.joint_checks.get(name, ()))))
        for name in model.names[:-1]
    ]
    shown, settlings = model.thresholds[:, 0], load_settlings(SEED)
    reads = []
    for lesson in lessons:
        segments, chances = model.read(lesson.post)
        margins = np.log(chances / (1 - chances)) - np.log(shown / (1 - shown))
        for row, checks_settled in zip(margins, settled(segments, settlings), strict=True):
            row[[model.names.index(name) for name in checks_settled]] = -np.inf
        reads.append(Read(lesson, segments, margins))
    return reads, clauses


def cause(post: Read, label: PostLabel, clauses: Sequence[frozenset[str]]) -> str:
    """Return why a label is missed."""
    if label.in_image:
        return PICTURED
    own = [column for column, some in enumerate(clauses) if not some.isdisjoint(label.clauses)]
    if (post.margins[:, own] >= -CLOSE).any():
        return NEARLY
    theirs = [
        segment.in_image == label.in_image
        and segment.extent[0] < label.end
        and label.start < segment.extent[1]
        for segment in post.segments
    ]
    return OTHERWISE if (post.margins[theirs] >= 0).any() else UNSEEN


def causes_of(lessons: Sequence[Lesson]) -> str:
    """Return, as a table, by clause, what the writers name, what is shown of it, and why the rest is not."""
    reads, clauses = read(lessons)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for post in reads:
        touched = post.touched(clauses, 0)
        for label in post.lesson.labels:
            why = "" if touched.intersection(label.clauses) else cause(post, label, clauses)
            for name in (label.clauses[0], "Toutes"):
                counts[name].update((why, "named"))
    names = sorted(counts, key=lambda name: [int(part) for part in name.split(".") if part.isdecimal()])
    rows = [
        (
            name,
            str(counts[name]["named"]),
            number(counts[name][""] / counts[name]["named"]),
            *(str(counts[name][why]) for why in (NEARLY, OTHERWISE, PICTURED, UNSEEN)),
        )
        for name in [*(name for name in names if name != "Toutes"), "Toutes"]
    ]
    return table(("Clause", "Nommée", "Rappel", NEARLY, OTHERWISE, PICTURED, UNSEEN), rows)


def precision_at(lessons: Sequence[Lesson]) -> float:
    """Return the precision once every threshold is lowered together until recall is `WANTED`."""
    reads, clauses = read(lessons)
    labels = sum(len(lesson.labels) for lesson in lessons)
    right = wrong = 0
    for shift in _SHIFTS:
        right = wrong = recalled = 0
        for post in reads:
            touched = post.touched(clauses, shift)
            right += sum(map(post.lesson.allows, touched))
            wrong += sum(not post.lesson.allows(clause) for clause in touched)
            recalled += sum(not touched.isdisjoint(label.clauses) for label in post.lesson.labels)
        if recalled >= WANTED * labels:
            break
    return right / max(right + wrong, 1)
