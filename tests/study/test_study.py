"""The study takes apart the model that is really trained, and no other."""

from __future__ import annotations

import numpy as np

from bot.policy import question_bank, question_training
from bot.policy.question_features import FAMILIES
from bot.policy.spelling import read_table
from tests.policy.question_kit import Small, small
from tests.study.laboratory import EMBEDDING, Laboratory, shared, speller

__all__ = ["small"]


def test_the_parts_put_together_are_the_model(small: Small) -> None:
    lines, version = small.sources.lines(), small.version
    table = read_table(question_bank.tables(small.folders))
    whole = Laboratory.of(lines, version, speller(lines, version, table))
    groups = question_training.groups_of(lines)
    scores = whole.apart((*FAMILIES, EMBEDDING), groups)
    trained = question_training.fit(lines, version, table).apart
    assert np.allclose(scores, trained, atol=0.05)  # two families may share buckets
    assert whole.judge(scores).top1 > 0.8


def test_a_smaller_share_is_within_a_larger_one(small: Small) -> None:
    lines = small.sources.lines()
    assert set(shared(lines, 0.2)) < set(shared(lines, 0.6)) < set(shared(lines, 1.0))
