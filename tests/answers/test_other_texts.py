"""What the chat answers of other associations' texts, which have no bank or a small one."""

from __future__ import annotations

import pytest

from bot.answers import evaluation
from tests.answers.other_texts import ABSENT, GIVEN, QUESTIONS, TEXTS, trials_of

pytestmark = pytest.mark.skipif(not GIVEN.is_dir(), reason=ABSENT)


@pytest.mark.parametrize(
    ("banked", "top1", "top3", "joint"), [(False, 0.57, 0.74, 0.50), (True, 0.57, 0.78, 0.52)]
)
def test_a_text_never_seen_is_answered_from_its_words(
    top1: float, top3: float, joint: float, *, banked: bool
) -> None:
    trials = [
        trial
        for name in TEXTS
        for trial in trials_of(
            name,
            QUESTIONS / f"questions_{name}.jsonl",
            QUESTIONS / f"bank_{name}.jsonl" if banked else None,
        )
    ]
    measures = evaluation.measure(trials)
    away = [trial for trial in trials if trial.line.kind == "off_topic"]
    assert not any(trial.answer.outcome == "silent" for trial in trials)
    assert (measures.top1 or 0) >= top1
    assert (measures.top3 or 0) >= top3
    assert (measures.joint or 0) >= joint
    assert sum(not trial.answer.answered for trial in away) >= 0.95 * len(away)
