"""What the chat answers of other associations' texts, which have no bank or a small one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answers import evaluation
from bot.answers.bank import BANK
from bot.answers.engine.shelf import ModelShelf
from bot.answers.evaluation import Asked, Trial
from bot.answers.questions import PolicyAnswer
from bot.app.rehearsal import rehearsing
from bot.settings import SEED
from tests.answers.other_texts import ABSENT, GIVEN, OtherText
from tests.kits.cli import parts_over
from tests.kits.questions import MODELS

TEXTS = ("02", "11", "14")

pytestmark = pytest.mark.skipif(not GIVEN.is_dir(), reason=ABSENT)


def trials_of(folder: Path, name: str, *, banked: bool) -> list[Trial]:
    """Return what the chat decides on a text's questions, with its small bank or without."""
    text = OtherText.of(name)
    own = folder / f"donnees-{name}"
    bank = own / "politique" / text.version.policy / BANK
    bank.parent.mkdir(parents=True)
    if banked:
        bank.write_text("".join(f"{line.as_json()}\n" for line in text.lines("bank")), "utf-8")
    parts = parts_over(folder / "vigie.db")
    parts.library, parts.folders = text.library, (SEED, own)
    parts.shelf = ModelShelf(parts.folders, MODELS)
    assert not parts.shelf.prepare(text.version), "its bank is too small for a model of its own"
    assert parts.shelf.read(text.version)
    with rehearsing(parts, parts.library.default) as begin:

        def answering() -> Callable[[str], PolicyAnswer]:
            decide = begin()
            return lambda question: decide(question).answer

        return evaluation.ask(answering, [(Asked(line),) for line in text.lines("questions")])


def measured(folder: Path, *, banked: bool) -> tuple[evaluation.Measures, float, int]:
    """Return the measures, the share declined of what is off topic, and how many silences are told."""
    trials = [trial for name in TEXTS for trial in trials_of(folder, name, banked=banked)]
    away = [trial for trial in trials if trial.line.kind == "off_topic"]
    declined = sum(not trial.answer.answered for trial in away) / len(away)
    return evaluation.measure(trials), declined, sum(trial.answer.outcome == "silent" for trial in trials)


@pytest.mark.parametrize(
    ("banked", "top1", "top3", "joint"), [(False, 0.44, 0.61, 0.44), (True, 0.45, 0.66, 0.44)]
)
def test_a_text_never_seen_is_answered_from_its_words(
    tmp_path: Path, top1: float, top3: float, joint: float, *, banked: bool
) -> None:
    measures, declined, silences = measured(tmp_path, banked=banked)
    print(f"bank: {banked}, {measures}, declined: {declined:.3f}")  # noqa: T201 — the figures, with « -s »
    assert silences == 0
    assert (measures.top1 or 0) >= top1
    assert (measures.top3 or 0) >= top3
    assert (measures.joint or 0) >= joint
    assert declined >= 0.85
