"""What the benchmark needs: the bank of questions learnt, so that no start pays for it."""

from __future__ import annotations

import pytest

from bot.policy.library import Library
from tests.policy.question_kit import learn


@pytest.fixture(scope="session", autouse=True)
def learnt(library: Library) -> None:
    learn(library)
