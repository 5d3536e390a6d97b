"""A bot under a service manager, over a real datagram socket: ready, alive, stopping, or why not."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.serving import Ending
from tests.kits.effort import PATIENCE
from tests.wire.bot_process import BotProcess, free_port, running
from tests.wire.discord_server import DiscordServer


class Manager:
    """The service manager's end of the socket. `received`: the lines that came so far."""

    def __init__(self, address: str) -> None:
        self.environment = {"NOTIFY_SOCKET": address.replace("\0", "@"), "VIGIE_PORT": str(free_port())}
        self.received: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0)

    async def until(self, text: str) -> str:
        """Return the next line that contains `text`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                datagram = await asyncio.get_running_loop().sock_recv(self.socket, 4_096)
                lines = datagram.decode().splitlines()
                self.received += lines
                for line in lines:
                    if text in line:
                        return line

    def drain(self) -> list[str]:
        """Return every line that came, those that nobody waited for too."""
        while True:
            try:
                self.received += self.socket.recv(4_096).decode().splitlines()
            except BlockingIOError:
                return self.received


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    hidden = request.param == "abstract"
    it = Manager(f"\0vigie-{secrets.token_hex(8)}" if hidden else str(tmp_path / "notify"))
    yield it
    it.socket.close()


async def stopped(bot: BotProcess) -> int:
    os.kill(bot.pid, signal.SIGTERM)
    return await bot.ended()


async def test_ready_then_alive_then_stopping(manager: Manager) -> None:
    async with running({**manager.environment, "WATCHDOG_USEC": "300000"}) as bot:
        assert (await manager.until("Bac à sable\u00a0: prêt.")).startswith("STATUS=")
        await manager.until("READY=1")
        for _ in range(3):
            await manager.until("WATCHDOG=1")
        assert await stopped(bot) == Ending.DONE
        await manager.until("STOPPING=1")


async def test_a_watchdog_for_another_process_is_none_of_ours(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    ours = {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    async with running({**manager.environment, **ours}) as bot:
        await manager.until("READY=1")
        assert await stopped(bot) == Ending.DONE
    assert "WATCHDOG=1" not in manager.drain()
    manager.socket.close()


async def test_a_network_that_is_down_does_not_keep_the_machine_from_starting(manager: Manager) -> None:
    nowhere = {"DISCORD_TOKEN": "a.b.c", "DISCORD_API_URL": f"http://127.0.0.1:{free_port()}/api"}
    async with running({**manager.environment, **nowhere}) as bot:
        assert (await manager.until("Je réessaie sans le redire.")).startswith("STATUS=Discord")
        await manager.until("READY=1")
        assert await stopped(bot) == Ending.DONE


async def test_a_refused_token_is_never_ready_and_has_a_code_of_its_own(manager: Manager) -> None:
    async with DiscordServer() as server:
        wrong = {**server.environment, "DISCORD_TOKEN": "faux.jeton.ici"}
        async with running({**manager.environment, **wrong}) as bot:
            assert await bot.ended() == Ending.REFUSED
    received = manager.drain()
    assert any("DISCORD_TOKEN est refusé" in line for line in received)
    assert "READY=1" not in received


async def test_a_wrong_setting_is_never_ready_and_has_another_code(manager: Manager) -> None:
    async with running({**manager.environment, "VIGIE_FUSEAU": "ici"}) as bot:
        assert await bot.ended() == Ending.MISSET
    assert manager.drain() == []
