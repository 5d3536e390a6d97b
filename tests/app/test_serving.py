"""Platforms run together: one that fails says why and stops no other, and everything closes in time."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.app import serving
from bot.app.build import Bot
from bot.app.platforms import chat_platforms
from bot.app.serving import Ending
from bot.platforms.contract import Platform, PlatformError
from bot.platforms.local.adapter import LocalAdapter
from bot.reports import readers
from bot.settings import Settings
from tests.kits.effort import PATIENCE
from tests.kits.office import built, sandbox_of


class Stage:
    """A platform that does what the test says: `refusals` are raised by the first starts, in order."""

    address = ""

    def __init__(self, name: str, *refusals: Exception, closes: bool = True) -> None:
        self.name = name
        self.refusals = list(refusals)
        self.closes = closes
        self.closed = False

    async def start(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)

    async def close(self) -> None:
        self.closed = True
        if not self.closes:
            await asyncio.Event().wait()


class Said:
    """What the person who started the program was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._news.set()

    async def until(self, line: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while line not in self.lines:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def served(
    *platforms: Platform, beside: Sequence[Platform] = ()
) -> AsyncIterator[tuple[Said, asyncio.Task[Ending]]]:
    output = Said()
    life = asyncio.create_task(serving.serve(platforms, output, beside=beside))
    yield output, life
    if not life.done():
        os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        await life


async def test_a_platform_that_refuses_says_why_and_does_not_stop_the_others() -> None:
    slack, discord = Stage("Slack", PlatformError("le jeton est refusé.")), Stage("Discord")
    async with served(slack, discord) as (output, life):
        await output.until("Discord\u00a0: prêt.")
        assert "Slack\u00a0: le jeton est refusé." in output.lines
        assert not life.done()
    assert life.result() is Ending.DONE
    assert discord.closed


@pytest.mark.parametrize("error", [RuntimeError, TypeError, AttributeError, ValueError])
async def test_an_error_that_nobody_foresaw_is_said_by_its_type_and_stops_no_other(
    error: type[Exception],
) -> None:
    slack, discord = Stage("Slack", error("<html>s3cr3t</html>")), Stage("Discord")
    async with served(slack, discord) as (output, life):
        await output.until("Discord\u00a0: prêt.")
        await output.until(f"Slack\u00a0: erreur inattendue ({error.__name__}).")
        assert not life.done()
    assert life.result() is Ending.DONE
    assert "s3cr3t" not in "".join(output.lines)
    assert discord.closed


async def test_what_goes_beside_the_platforms_says_what_nobody_foresaw_too() -> None:
    mail = Stage("Courriel", UnicodeError("s3cr3t@exemple.ca"))
    async with served(Stage("Slack"), beside=[mail]) as (output, _):
        await output.until("Courriel\u00a0: erreur inattendue (UnicodeError).")
    assert "s3cr3t" not in "".join(output.lines)


async def test_when_the_only_platform_meets_an_unforeseen_error_it_ends_and_says_no() -> None:
    async with served(Stage("Slack", RuntimeError())) as (output, life):
        async with asyncio.timeout(PATIENCE):
            assert await life is Ending.FAILED
    assert output.lines == ["Slack\u00a0: erreur inattendue (RuntimeError)."]


async def test_with_no_platform_at_all_it_ends_and_says_no() -> None:
    async with served(Stage("Slack", PlatformError("non.")), Stage("Discord", PlatformError("non."))) as (
        _,
        life,
    ):
        async with asyncio.timeout(PATIENCE):
            assert await life is Ending.MISSET


async def test_a_network_that_is_down_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "RETRY_SECONDS", 0)
    down = PlatformError("le réseau ne répond pas.", passing=True)
    async with served(Stage("Slack", down, down)) as (output, _):
        await output.until("Slack\u00a0: prêt.")
    # Said once, however long it lasts.
    assert output.lines == [
        "Slack\u00a0: le réseau ne répond pas. Je réessaie sans le redire.",
        "Slack\u00a0: prêt.",
    ]


async def test_a_refused_token_is_tried_again_while_something_else_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "RETRY_SECONDS", 0)
    refused = PlatformError("le jeton est refusé.", refused="invalid_auth")
    async with served(Stage("Slack", refused, refused), Stage("Discord")) as (output, _):
        await output.until("Slack\u00a0: prêt.")
    async with served(Stage("Slack", refused, refused), beside=[Stage("Courriel")]) as (output, _):
        await output.until("Slack\u00a0: prêt.")
    assert output.lines.count("Slack\u00a0: le jeton est refusé.") == 1


async def test_a_refused_token_with_nothing_else_to_do_ends_it() -> None:
    async with served(Stage("Slack", PlatformError("non.", refused="invalid_auth"))) as (_, life):
        async with asyncio.timeout(PATIENCE):
            assert await life is Ending.REFUSED


async def test_what_is_of_no_use_alone_and_meets_an_unforeseen_error_is_said_by_its_type() -> None:
    output = Said()
    mailer = Stage("Courriel", ValueError("<html>s3cr3t</html>"))
    life = asyncio.create_task(serving.serve([Stage("Slack")], output, None, [mailer]))
    await output.until("Courriel\u00a0: erreur inattendue (ValueError).")
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        assert await life is Ending.DONE
    assert "s3cr3t" not in "".join(output.lines)


async def test_a_stop_while_connecting_is_a_stop_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Stage):
        async def start(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE):
        assert await serving.serve([Slow("Slack")], Said()) is Ending.DONE
    gc.collect()  # what nobody awaited is told by then
    assert not caplog.records


async def test_a_platform_that_does_not_close_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "CLOSING_SECONDS", 0.1)
    stuck, other = Stage("Slack", closes=False), Stage("Discord")
    async with served(stuck, other) as (output, _):
        await output.until("Slack\u00a0: prêt.")
    assert other.closed


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, ["Bac à sable"]),
        ({"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}, ["Slack"]),
        ({"discord_token": "x"}, ["Discord"]),
        (
            {"slack_bot_token": "xoxb-1", "slack_signing_secret": "s", "discord_token": "x"},
            ["Slack", "Discord"],
        ),
    ],
)
def test_the_sandbox_is_never_beside_real_tokens(environment: dict[str, str], names: list[str]) -> None:
    with built(Settings.model_validate(environment)) as bot:
        assert [platform.name for platform in chat_platforms(bot).values()] == names


def test_the_sandbox_warns_of_none_of_its_own_personas(caplog: pytest.LogCaptureFixture) -> None:
    def beat(bot: Bot) -> None:
        with bot.storage.transaction() as db:
            readers.log_new(db)

    with built(Settings()) as bot:
        bot.storage.executor.submit(beat, bot).result()
    assert caplog.messages == []


async def test_the_sandbox_says_which_page_to_open() -> None:
    with built(Settings()) as bot:
        sandbox = sandbox_of(bot)
    assert isinstance(sandbox, LocalAdapter)
    assert sandbox.address == "http://127.0.0.1:8787/"


async def test_what_goes_beside_the_platforms_is_said_after_them_though_ready_before() -> None:
    ready = asyncio.Event()

    class Quick(Stage):
        async def start(self) -> None:
            ready.set()

    class Slow(Stage):
        async def start(self) -> None:
            await ready.wait()
            await asyncio.sleep(0)  # the other is said meanwhile, if it is not held back

    async with served(Slow("Bac à sable"), beside=[Quick("Formulaire Web")]) as (output, _):
        await output.until("Formulaire Web\u00a0: prêt.")
        assert output.lines == ["Bac à sable\u00a0: prêt.", "Formulaire Web\u00a0: prêt."]
