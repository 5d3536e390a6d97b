"""What the torture in short needs: the bank of questions learnt, and bots that are brisk, as those of `make
torture` are not. No life then spends itself on learning, nor on waiting for the next beat.
"""

from __future__ import annotations

import pytest

from tests.kits.questions import learnt
from tests.torture import life
from tests.wire.brisk import brisk

__all__ = ["learnt"]


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "SERVING", brisk(life.BOT))
