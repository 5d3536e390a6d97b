"""What the torture needs: the bank of questions learnt, so that none of the lives spends itself on it."""

from __future__ import annotations

import pytest

from bot.policy.library import Library
from tests.policy.question_kit import learn


@pytest.fixture(scope="session", autouse=True)
def learnt(library: Library) -> None:
    learn(library)
