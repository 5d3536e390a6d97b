"""What the benchmark needs: the bank of questions learnt, so that no start pays for it."""

from __future__ import annotations

import pytest

from bot.policy.library import Library
from bot.policy.question_store import Sources, make
from bot.settings import SEED
from tests.policy.question_kit import one_at_a_time
from tests.wire.bot_process import MODELS


@pytest.fixture(scope="session", autouse=True)
def learnt(library: Library) -> None:
    with one_at_a_time(MODELS):
        make(Sources((SEED,), library.default.versions[-1]), MODELS)
