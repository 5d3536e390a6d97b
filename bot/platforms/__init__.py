"""Where the bot lives: one adapter and one pure renderer for each platform."""

from __future__ import annotations

from typing import Protocol


class PlatformError(Exception):
    """A platform cannot be reached or refuses us; the text is one French line that says what to do.

    `passing`: it may work later without anyone doing anything (network down), so it is tried again.
    """

    def __init__(self, text: str, *, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class Platform(Protocol):
    """What the application needs of a platform."""

    @property
    def name(self) -> str:
        """The platform's name, as people write it: « Slack », « Discord », « Bac à sable »."""

    @property
    def address(self) -> str:
        """The web address that a person opens to use it, "" when they have an application for that."""

    async def start(self) -> None:
        """Connect; return once requests are being answered. Raises `PlatformError`."""

    async def close(self) -> None:
        """Stop taking requests, let those under way end, disconnect. May be called at any moment."""
