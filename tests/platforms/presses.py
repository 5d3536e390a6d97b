"""What the dispatcher is asked, in order: whether it was a button's."""

from __future__ import annotations

import pytest

from bot.dispatch import Dispatcher
from bot.forms import Reply
from bot.requests import Request


def listened(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that grows with each request."""
    seen: list[bool] = []
    handle = Dispatcher.handle

    async def heard(self: Dispatcher, request: Request) -> Reply:
        seen.append(request.pressed)
        return await handle(self, request)

    monkeypatch.setattr(Dispatcher, "handle", heard)
    return seen
