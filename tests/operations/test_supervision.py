"""What a service manager is told: nothing that the process would say while it is stuck."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from bot.operations import supervision
from bot.storage.database import Storage
from tests.kits.effort import PATIENCE


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "3000")
        yield listener


async def received(manager: socket.socket) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.get_running_loop().sock_recv(manager, 4_096)


async def turns() -> None:
    """Let the event loop do all that it can do now."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_no_sign_of_life_while_the_storage_is_stuck(manager: socket.socket) -> None:
    storage, freed = Storage(), Event()
    storage.executor.submit(freed.wait)
    watchdog = asyncio.create_task(supervision.keep_watchdog(storage, lambda: True))
    await turns()
    with pytest.raises(BlockingIOError):
        manager.recv(4_096)
    freed.set()
    assert await received(manager) == b"WATCHDOG=1"
    watchdog.cancel()
    storage.close()


async def test_no_sign_of_life_once_the_outbox_is_no_longer_read(manager: socket.socket) -> None:
    storage, asked = Storage(), asyncio.Event()

    def alive() -> bool:
        asked.set()
        return False

    watchdog = asyncio.create_task(supervision.keep_watchdog(storage, alive))
    async with asyncio.timeout(PATIENCE):
        await asked.wait()
    await turns()
    with pytest.raises(BlockingIOError):
        manager.recv(4_096)
    watchdog.cancel()
    storage.close()


async def test_a_manager_that_is_gone_stops_nothing(
    manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    manager.close()
    supervision.notify(supervision.READY)
    assert "the service manager was not notified" in caplog.text


async def test_a_line_cannot_carry_another(manager: socket.socket) -> None:
    supervision.notify(supervision.status("Slack\u00a0: prêt.\nMAINPID=1"), supervision.READY)
    assert await received(manager) == "STATUS=Slack\u00a0: prêt.\nREADY=1".encode()
