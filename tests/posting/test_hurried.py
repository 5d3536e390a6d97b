"""Sentences are typed as people in a hurry do: they can still be read, and the same draws type the same."""

from __future__ import annotations

import random
from difflib import SequenceMatcher

import pytest

from bot.posting.hurried import hurried
from bot.posting.segments import fold

TEXTS = ["L'AGE dénonce la hausse!", "À demain, là", "", "ok", "😂 Été"]


def typed(seed: int) -> list[str]:
    return hurried(TEXTS, random.Random(seed))  # noqa: S311 — no secret


@pytest.mark.parametrize("seed", range(20))
def test_a_text_typed_in_a_hurry_is_still_read_as_itself(seed: int) -> None:
    for text, other in zip(TEXTS[:2], typed(seed)[:2], strict=True):
        assert SequenceMatcher(None, fold(text), fold(other)).ratio() > 0.7
    assert len(typed(seed)) == len(TEXTS)
    assert typed(seed) == typed(seed)


def test_each_manner_is_found_in_some() -> None:
    texts = {typed(seed)[0] for seed in range(200)}
    assert TEXTS[0] in texts
    assert any(text.islower() and "é" in text for text in texts)
    assert any(text.startswith("L") and "denonce" in text for text in texts)
    assert any("’" in text for text in texts)
    assert any(text.endswith(("😂", "lol")) for text in texts)
