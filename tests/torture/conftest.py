"""What the torture needs: the bank of questions learnt, so that none of the lives spends itself on it."""

from __future__ import annotations

from tests.kits.questions import learnt

__all__ = ["learnt"]
