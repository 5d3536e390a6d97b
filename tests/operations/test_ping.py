"""The sign of life: sent while all works, told otherwise, and never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.operations import ping
from bot.operations.ping import Ping


class Monitor:
    """A monitor of this machine. `asked`: what it was sent. `status`: what it answers, 0 for nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.status = 200
        self.address = ""
        self.well = True

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs, await request.read()))
        if not self.status:
            await asyncio.Event().wait()
        return web.Response(status=self.status, headers={"Location": "http://198.51.100.1/"})

    async def is_well(self) -> bool:
        return self.well

    @property
    def ping(self) -> Ping:
        return Ping(self.address, self.is_well)


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    made, app = Monitor(), web.Application()
    app.add_routes([web.route("*", "/{tail:.*}", made.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/abc?a=1"
    yield made
    await runner.cleanup()


async def test_a_sign_of_life_carries_nothing(monitor: Monitor) -> None:
    await monitor.ping.send()
    assert monitor.asked == [("POST", "/abc?a=1", b"")]


async def test_what_lasts_is_told_and_what_passes_is_not(monitor: Monitor) -> None:
    sent = monitor.ping
    for well in (False, True, False, False, False, True):
        monitor.well = well
        await sent.send()
    paths = [path for _, path, _ in monitor.asked]
    assert paths == ["/abc?a=1", "/abc/fail?a=1", "/abc/fail?a=1", "/abc?a=1"]


@pytest.mark.parametrize("status", [0, 302, 404, 503])
async def test_a_monitor_that_does_not_take_it_is_said_once_without_its_address(
    monitor: Monitor, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ping, "PATIENCE", 0.2)
    monitor.status, sent = status, monitor.ping
    for _ in range(2):
        await sent.send()
    assert len(monitor.asked) == 2, "a redirection is not followed"
    [line] = [record.getMessage() for record in caplog.records]
    assert "abc" not in line
    monitor.status = 200
    await sent.send()
    monitor.status = 503
    await sent.send()
    assert len(caplog.records) == 2, "said again after it worked"


async def test_a_monitor_that_is_not_there_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    monitor = Monitor()
    monitor.address = "http://127.0.0.1:9/abc"
    await monitor.ping.send()
    assert "abc" not in caplog.text


async def test_it_leaves_at_a_fixed_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            raise asyncio.CancelledError

    async def send(_: Ping) -> None: ...

    monkeypatch.setattr("bot.operations.ping.asyncio.sleep", sleep)
    monkeypatch.setattr(Ping, "send", send)
    with pytest.raises(asyncio.CancelledError):
        await Monitor().ping.run()
    assert pauses == [60, 300, 300, 300]


async def test_a_monitor_that_cannot_be_named_ends_nothing(monitor: Monitor) -> None:
    monitor.address = "https://exa..mple.ca/abc"
    await monitor.ping.send()
    assert monitor.asked == []


async def test_the_address_of_a_monitor_of_this_machine_is_told_to_no_proxy(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", monitor.address)
    monkeypatch.setenv("no_proxy", "")
    await Ping("http://localhost:9/secret", monitor.is_well).send()
    assert monitor.asked == []
