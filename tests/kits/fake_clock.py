"""A clock that the test moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.times import utc


class FakeClock:
    """It is `now` until the test says otherwise."""

    def __init__(self, start: str = "2026-11-24T15:00:00Z") -> None:
        self.now = utc(start)

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        """Make it that time, later or earlier."""
        self.now = utc(text)

    def move(self, **span: float) -> None:
        """Move by that much: `hours=-1` sets it back."""
        self.now += timedelta(**span)
