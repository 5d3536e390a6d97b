"""What the dispatcher is asked, in order: whether it was a button's."""

from __future__ import annotations

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply
from bot.conversation.requests import Request


def listened(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that grows with each request."""
    seen: list[bool] = []
    handle = Dispatcher.handle

    async def heard(self: Dispatcher, request: Request) -> Reply:
        seen.append(request.pressed)
        return await handle(self, request)

    monkeypatch.setattr(Dispatcher, "handle", heard)
    return seen
