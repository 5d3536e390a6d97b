"""The study takes apart the model that is really trained, and no other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bot.answers.engine import training
from bot.answers.engine.features import FAMILIES
from tests.kits.questions import Small, small
from tests.study.laboratory import EMBEDDING, Laboratory, Rows, shared

__all__ = ["small"]


def test_the_parts_put_together_are_the_model(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, version = small.sources.lines(), small.version
    table = small.sources.table
    whole = Laboratory.of(lines, version, training.speller_of(lines, version, table))
    groups = training.groups_of(lines)
    scores = whole.apart((*FAMILIES, EMBEDDING), groups)
    solved = []

    def solve(
        factor: training.Triangle, targets: training.Table, groups: Sequence[Rows]
    ) -> tuple[training.Table, training.Table]:
        solved.append(really(factor, targets, groups))
        return solved[-1]

    really = training.solve
    monkeypatch.setattr(training, "solve", solve)
    training.fit(lines, version, table)
    [(_, apart)] = solved  # where `fit` then adds the bias
    assert np.allclose(scores, apart, atol=0.05)  # two families may share buckets
    assert whole.judge(scores).top1 > 0.8


def test_a_smaller_share_is_within_a_larger_one(small: Small) -> None:
    lines = small.sources.lines()
    assert set(shared(lines, 0.2)) < set(shared(lines, 0.6)) < set(shared(lines, 1.0))
