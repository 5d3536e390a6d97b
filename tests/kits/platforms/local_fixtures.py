"""The fixtures of the tests of the sandbox: one that runs, and a page of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Message, Text
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.settings import BOT
from tests.kits.effort import PATIENCE
from tests.kits.platforms.local_world import Page, Shop, quoted


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def sandbox(shop: Shop) -> AsyncIterator[LocalAdapter]:
    with ThreadPoolExecutor(1) as executor:
        gallery = Gallery({"Un groupe": {"Un message": Message(Text("Un"))}}, {}, BOT)
        adapter = LocalAdapter(
            Dispatcher(shop.catalogue(), executor), quoted, port=0, bot=BOT, gallery=gallery
        )
        await adapter.start()
        try:
            yield adapter
        finally:
            shop.gate.set()
            await adapter.close()


@pytest.fixture
async def page(sandbox: LocalAdapter) -> AsyncIterator[Page]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=2**20) as session:
        yield Page(session, sandbox.address)


@pytest.fixture
def addresses(sandbox: LocalAdapter) -> tuple[str, str]:
    return sandbox.address, sandbox.address.rstrip("/").rpartition(":")[2]
