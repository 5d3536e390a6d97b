"""Revisions of texts in many habits: each change is told by its kind, with its old and new numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.policy.markdown import read_markdown, write_markdown
from bot.policy.outline import build_outline
from tests.outlines.revised import KINDS
from tests.outlines.revisions import Outcome, by_kind, outcomes
from tests.policy.test_habits import HABITS

LEAST = 40  # revisions


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is configured, and no database is there."""
    monkeypatch.chdir(tmp_path)


def test_what_a_revision_does_is_told_with_its_numbers(tmp_path: Path) -> None:
    results: list[Outcome] = []
    counts = Counter[str](dict.fromkeys(KINDS, 0))
    for at, habit in enumerate(HABITS):
        markdown = write_markdown(build_outline(read_markdown(habit["text"])))
        rarest = sorted(KINDS, key=counts.__getitem__)
        made = list(outcomes(markdown, tmp_path / str(at), [at], rarest, most=1))
        assert [(habit["name"], result.kind, result.faults) for result in made if result.faults] == []
        counts.update(result.kind for result in made)
        results += made
    assert len(results) >= LEAST
    assert all(every for _, _, every in by_kind(results)), counts
