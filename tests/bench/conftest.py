"""What the benchmark needs: the bank of questions learnt, so that no start pays for it."""

from __future__ import annotations

from tests.kits.questions import learnt

__all__ = ["learnt"]
