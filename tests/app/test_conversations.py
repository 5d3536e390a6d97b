"""Conversations and two questions at once, as the chat would answer them, measured with the real bank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answers import evaluation
from bot.answers.engine.shelf import ModelShelf
from bot.answers.questions import PolicyAnswer
from bot.app.rehearsal import rehearsing
from bot.settings import SEED
from tests.kits.cli import parts_over
from tests.kits.questions import MODELS, learnt

__all__ = ["learnt"]

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.mark.parametrize(("name", "kind", "least"), [("dialogues", "follow_up", 0.93), ("two", "two", 0.75)])
def test_what_follows_and_what_is_asked_twice_are_answered_as_well_as_is_promised(
    tmp_path: Path, name: str, kind: str, least: float
) -> None:
    parts = parts_over(tmp_path / "vigie.db")
    parts.shelf = ModelShelf([SEED], MODELS)
    policy = parts.library.default
    conversations = evaluation.load_conversations(DATA / f"{name}.jsonl", policy.versions[-1])
    with rehearsing(parts, policy) as begin:

        def answering() -> Callable[[str], PolicyAnswer]:
            decide = begin()
            return lambda text: decide(text).answer

        report = evaluation.evaluation_report(evaluation.ask(answering, conversations))
    assert report["by_kind"][kind]["joint"] >= least
