"""The measure of a training itself: that it says what it promises of a bank of any size."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.answers.engine import model_files
from tests.bench import training
from tests.kits.questions import Small


def test_a_training_is_measured_beside_what_it_must_be(tmp_path: Path) -> None:
    small = Small(tmp_path)
    lines, peak, seconds = training.measure(small.sources, small.models)
    assert (lines.missed, lines.target and lines.target.limit) == (True, 6_000)
    # The peak counts that of whoever starts the process, here all the tests: only its target is certain.
    assert peak.target
    assert peak.target.limit == 350
    assert peak.value > 10
    assert seconds.value > 0


def test_a_training_is_measured_even_where_its_model_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "SHIPPED", "publications")  # a folder that is surely there
    sources = training.unlearnt(tmp_path)
    assert sources.banks()
    assert not any(shelf.exists() for shelf in sources.shelves(tmp_path / "appris"))
