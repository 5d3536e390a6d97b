"""The parts of the model, taken apart once, so that any of them can be left out in a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.answers.bank import REASONS, BankLine
from bot.answers.engine import model, training
from bot.answers.engine.encoder import encoder
from bot.answers.engine.features import FAMILIES, Floats, Postings, direction, families
from bot.answers.engine.training import (
    SHARE,
    WIDTH,
    blocks,
    invert_factor,
    rarity_of,
    solve,
    targets_of,
    threshold_of,
)
from bot.policy.articles import Number, Version

Kernel = NDArray[np.float32]
Rows = NDArray[np.intp]

EMBEDDING, STRAIGHT = "embedding", "straight"  # Gaussian, as it is used, and linear


@dataclass(frozen=True)
class Result:
    """The measures of `bot.answers.evaluation`, on what the model alone scores."""

    n: int
    top1: float
    top3: float
    joint: float


@dataclass(frozen=True)
class Laboratory:
    """A bank, and each part's kernel: the four families, the embedding, and the embedding made linear."""

    lines: tuple[BankLine, ...]
    clauses: tuple[str, ...]
    targets: NDArray[np.float64]
    parts: Mapping[str, Kernel]

    @classmethod
    def of(cls, lines: Sequence[BankLine], version: Version, spell: Callable[[str], str]) -> Laboratory:
        """Count, embed and compare every line with every other."""
        clauses = training.answered_clauses(lines, version)
        spelled = [spell(line.question[: model.MODEL_READ_LENGTH]) for line in lines]
        rarity = rarity_of(spelled)
        rows = [list(families(text, rarity)) for text in spelled]
        parts: dict[str, Kernel] = {}
        for at, name in enumerate(FAMILIES):
            texts = [row[at] for row in rows]
            postings = Postings.of(texts)
            parts[name] = np.array(
                [postings.similarity(*text, len(texts)) for text in texts], dtype=np.float32
            )
        vectors: Floats = encoder()(spelled)
        seen = direction(vectors, vectors.mean(axis=0))
        close = seen @ seen.T
        parts[EMBEDDING] = SHARE * np.exp(WIDTH * (close - 1))
        parts[STRAIGHT] = SHARE * close
        return cls(
            tuple(line.in_version(version) for line in lines), clauses, targets_of(lines, clauses), parts
        )

    def apart(
        self, names: Iterable[str], groups: Sequence[Rows], among: Rows | None = None
    ) -> NDArray[np.float64]:
        """Return what each line scores when its group is left out, among some of the lines or all."""
        rows = np.arange(len(self.lines)) if among is None else among
        kernel = np.zeros((len(rows), len(rows)), dtype=np.float32)
        for name in names:
            kernel += self.parts[name][np.ix_(rows, rows)]
        targets = self.targets[rows]
        bias = targets.mean(axis=0)
        triangle = [kernel[block, : block.stop] for block in blocks(len(rows))]
        _, scores = solve(invert_factor(triangle), targets - bias, groups)
        found: NDArray[np.float64] = scores + bias
        return found

    def judge(
        self, scores: NDArray[np.float64], rows: Rows | None = None, tested: Rows | None = None
    ) -> Result:
        """Measure scores of `rows`, with the threshold that suits all of them, on those `tested`."""
        rows = np.arange(len(self.lines)) if rows is None else rows
        lines = [self.lines[at] for at in rows]
        count, end = len(self.clauses), len(self.clauses) + len(REASONS)
        threshold = threshold_of(self.clauses, lines, scores[:, :end])
        chosen = np.arange(len(rows)) if tested is None else tested
        margins = scores[:, :count].max(axis=1) - scores[:, count:end].max(axis=1) + threshold
        best = np.argsort(-scores[:, :count], axis=1)[:, :3]
        first, three, right = [], [], []
        for at in chosen:
            line = lines[at]
            accepted = [line.accepts(Number(self.clauses[column])) for column in best[at]]
            if line.gold:
                first.append(accepted[0])
                three.append(any(accepted))
            right.append(accepted[0] and margins[at] > 0 if line.gold else margins[at] <= 0)
        return Result(len(right), _mean(first), _mean(three), _mean(right))

    def groups(self, key: Callable[[BankLine], Hashable], among: Rows | None = None) -> dict[Hashable, Rows]:
        """Return the rows of each group, numbered as `apart` and `judge` number them."""
        rows = range(len(self.lines)) if among is None else among
        found: dict[Hashable, list[int]] = {}
        for at, row in enumerate(rows):
            found.setdefault(key(self.lines[row]), []).append(at)
        return {name: np.array(group, dtype=np.intp) for name, group in sorted(found.items(), key=str)}


def shared(lines: Sequence[BankLine], share: float) -> Rows:
    """Return the rows of a share of the lines, always the same; a smaller share is within a larger."""
    order = np.random.default_rng(20).permutation(len(lines))
    return np.sort(order[: round(share * len(lines))])


def refitted(
    lines: Sequence[BankLine], version: Version, table: Mapping[str, str], author: str
) -> tuple[Sequence[BankLine], model.Model]:
    """Return an author's lines, and a model that was truly trained without any of them."""
    others = [line for line in lines if line.author != author]
    return [line for line in lines if line.author == author], training.fit(others, version, table)


def _mean(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")
