"""What the search for leaks needs: the bank of questions learnt, so that no bot spends its life on it."""

from __future__ import annotations

from tests.kits.questions import learnt

__all__ = ["learnt"]
