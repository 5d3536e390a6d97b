"""The sandbox as `make demo` opens it: its page, and the web form, on whatever ports are free."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

import aiohttp

from bot.app.serving import Ending
from tests.wire.bot_process import free_port, running


def address(line: str) -> str:
    """Return the address that a line tells one to open."""
    return next(word for word in line.split() if word.startswith("http://"))


async def test_the_sandbox_opens_beside_what_holds_its_ports_and_shows_the_web_form() -> None:
    """Whatever holds 8787, 8788 and 8789 on this machine, or the test, which takes those that are free."""
    with ExitStack() as held:
        for usual in (8787, 8788, 8789):
            with suppress(OSError):  # something else holds it, which does as well
                held.enter_context(socket.create_server(("127.0.0.1", usual)))
        async with running({"VIGIE_SANTE_PORT": ""}) as bot, aiohttp.ClientSession() as session:
            page = await bot.until("Bac à sable\u00a0: prêt")
            form = await bot.until("Formulaire Web\u00a0: prêt")
            assert "n'est pas libre" not in bot.log
            async with session.get(address(page)) as answer:
                assert answer.status == 200
            async with session.get(address(form)) as answer:
                assert "signal" in await answer.text()
            assert await bot.stop() == 0


async def test_a_port_that_was_chosen_is_never_another() -> None:
    port = free_port()
    async with running({}, "servir", "--port", str(port)) as bot:
        assert f":{port}/" in await bot.until("Bac à sable\u00a0: prêt")
        await bot.stop()
    with socket.create_server(("127.0.0.1", port)):
        async with running({}, "servir", "--port", str(port)) as bot:
            assert await bot.ended() == Ending.MISSET
            assert f"le port {port} n'est pas libre" in bot.log
