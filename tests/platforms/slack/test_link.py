"""How the bot is connected to Slack: starting, what can go wrong, the socket, closing."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import aiohttp
import pytest
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler

from bot.platforms.contract import PlatformError
from bot.platforms.slack import adapter as slack_adapter
from bot.platforms.slack import link
from bot.platforms.slack.adapter import SlackAdapter
from tests.kits.effort import PATIENCE
from tests.kits.platforms.fake_slack import APP_TOKEN, FakeSlack, SignedHttp
from tests.kits.platforms.slack import (
    Commands,
    Json,
    built,
    direct,
    envelope,
    leftover_tasks,
    mention,
    running,
    slash,
)
from tests.kits.platforms.slack_checks import shown

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_refused_token_says_which_and_where_to_find_another(
    slack: FakeSlack, adapter: SlackAdapter, code: str
) -> None:
    slack.fail("auth.test", code)
    with pytest.raises(PlatformError) as refused:
        await adapter.start()
    assert str(refused.value) == (
        f"SLACK_BOT_TOKEN est refusé ({code}). "
        "Copiez-le de nouveau, à la page «\u00a0OAuth & Permissions\u00a0» "
        "de votre application à api.slack.com/apps."
    )
    assert not refused.value.passing
    assert not leftover_tasks()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("invalid_auth", "SLACK_APP_TOKEN est refusé (invalid_auth)"),
        ("missing_scope", "connections:write"),
        ("not_allowed", "Slack refuse la connexion (not_allowed)"),
        ("internal_error", "Slack ne répond pas (internal_error)"),
    ],
)
async def test_a_refused_app_token_says_what_to_do(
    slack: FakeSlack, socket_adapter: SlackAdapter, code: str, expected: str
) -> None:
    slack.fail("apps.connections.open", code)
    with pytest.raises(PlatformError) as refused:
        await socket_adapter.start()
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not leftover_tasks()


async def test_a_missing_permission_is_named_at_once(
    slack: FakeSlack, adapter: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    slack.scopes = "chat:write,commands,autre"
    async with running(adapter):
        assert await adapter.ready(), "it keeps nothing else from working"
    assert "la permission app_mentions:read, files:read, files:write, im:history" in caplog.text
    assert "vigie slack manifeste" in caplog.text


async def test_where_permissions_cannot_be_known_the_bot_starts(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    slack.scopes = None
    async with running(adapter):
        pass


@pytest.mark.parametrize("status", [500, 502])
async def test_a_broken_slack_is_said_in_one_line(
    slack: FakeSlack, adapter: SlackAdapter, status: int
) -> None:
    slack.fail_with("auth.test", status)
    with pytest.raises(PlatformError, match=f"Slack ne répond pas .HTTP {status}.") as broken:
        await adapter.start()
    assert broken.value.passing


async def test_without_a_network_it_says_so(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    once = partial(AsyncConnectionErrorRetryHandler, max_retry_count=0)
    monkeypatch.setattr(link, "AsyncConnectionErrorRetryHandler", once)  # the second try comes after a second
    with ThreadPoolExecutor(1) as executor:
        adapter = built(FakeSlack(port=unused_tcp_port), commands, executor)
        with pytest.raises(PlatformError, match="Slack ne répond pas") as given_up:
            await adapter.start()
    assert given_up.value.passing
    assert not leftover_tasks()


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_slack_that_never_answers_is_given_up(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(slack_adapter, "START_SECONDS", 0.2)
    with sockets.create_server(("127.0.0.1", 0)) as mute, ThreadPoolExecutor(1) as executor:
        token = APP_TOKEN if mode == "socket" else None
        adapter = built(FakeSlack(port=mute.getsockname()[1]), commands, executor, app_token=token)
        with pytest.raises(PlatformError, match="Slack ne répond pas") as given_up:
            await adapter.start()
    assert given_up.value.passing
    assert not leftover_tasks()


async def test_a_port_already_taken_is_named_with_the_setting_that_changes_it(
    slack: FakeSlack, commands: Commands
) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as taken, ThreadPoolExecutor(1) as executor:
        port = taken.getsockname()[1]
        adapter = built(slack, commands, executor, port=port)
        with pytest.raises(PlatformError, match=f"le port {port} n'est pas libre.*VIGIE_SLACK_PORT"):
            await adapter.start()
    assert not leftover_tasks()


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_a_secret_nothing_is_served(
    slack: FakeSlack, commands: Commands, secret: str | None
) -> None:
    with ThreadPoolExecutor(1) as executor:
        adapter = built(slack, commands, executor, signing_secret=secret)
        with pytest.raises(PlatformError, match="SLACK_SIGNING_SECRET"):
            await adapter.start()


async def test_it_can_be_started_again_after_it_could_not(
    slack: FakeSlack, adapter: SlackAdapter, socket_adapter: SlackAdapter
) -> None:
    for again in (adapter, socket_adapter):
        slack.fail_with("auth.test", 503)
        with pytest.raises(PlatformError):
            await again.start()
        async with running(again):
            pass
    assert not leftover_tasks()


# Closing


async def test_closing_waits_for_the_answer_under_way(
    slack: FakeSlack, adapter: SlackAdapter, commands: Commands
) -> None:
    async with running(adapter), aiohttp.ClientSession() as session:
        http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
        await http.command(slash(slack, "/vigie", "attendre"))
        closing = asyncio.ensure_future(adapter.close())
        await asyncio.sleep(0)
        commands.released.set()
        await closing
        assert shown((await slack.said()).body["blocks"]) == "Enfin"
    assert not leftover_tasks()


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_an_answer_that_never_ends_does_not_hold_the_closing_back(
    slack: FakeSlack,
    adapter: SlackAdapter,
    socket_adapter: SlackAdapter,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setattr(slack_adapter, "DRAIN_SECONDS", 0.1)
    chosen = socket_adapter if mode == "socket" else adapter
    async with running(chosen), aiohttp.ClientSession() as session:
        if mode == "socket":
            await (await slack.connected()).send_json(
                envelope("slash_commands", slash(slack, "/vigie", "attendre"))
            )
            await acknowledged(slack)
        else:
            http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
            await http.command(slash(slack, "/vigie", "attendre"))
        async with asyncio.timeout(PATIENCE):
            await chosen.close()
    assert slack.silent(), "the answer never came"
    assert not leftover_tasks()


async def test_closing_may_come_at_any_moment(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.close()
    slack.fail_with("auth.test", 429, **{"Retry-After": "30"})
    starting = asyncio.ensure_future(adapter.start())
    await asyncio.sleep(0.05)
    await adapter.close()
    with pytest.raises(PlatformError, match="arrêt demandé"):
        await starting
    await adapter.close()
    assert not leftover_tasks()


async def test_it_is_ready_once_slack_says_hello_which_is_when_events_come(
    slack: FakeSlack, socket_adapter: SlackAdapter
) -> None:
    """A window that is sent before is lost: a socket that is open is not enough."""
    slack.greets.clear()
    starting = asyncio.ensure_future(socket_adapter.start())
    socket = await slack.connected()
    await socket.ping()
    finished, _ = await asyncio.wait({starting}, timeout=0.2)
    assert not finished
    slack.greets.set()
    async with asyncio.timeout(PATIENCE):
        await starting
    assert await socket_adapter.ready()
    slack.greets.clear()
    await socket.close()
    async with asyncio.timeout(PATIENCE):
        await slack.connected()
        assert not await socket_adapter.ready()
        slack.greets.set()
        while not await socket_adapter.ready():  # noqa: ASYNC110 — the bot has no event for it
            await asyncio.sleep(0.01)
    await socket_adapter.close()


async def test_a_start_that_is_cancelled_can_be_closed(
    slack: FakeSlack, socket_adapter: SlackAdapter
) -> None:
    slack.fail_with("auth.test", 429, **{"Retry-After": "30"})
    starting = asyncio.ensure_future(socket_adapter.start())
    await asyncio.sleep(0.05)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await socket_adapter.close()
    assert not leftover_tasks()


# Socket Mode


async def test_an_envelope_is_acknowledged_then_answered(
    slack: FakeSlack, socket_adapter: SlackAdapter
) -> None:
    async with running(socket_adapter):
        socket = await slack.connected()
        await socket.send_json(envelope("slash_commands", slash(slack, "/politique", "5.10")))
        assert await acknowledged(slack) == {"envelope_id": "slash_commands"}
        assert (await slack.said()).where == "hook/a"
    assert socket.closed
    assert not leftover_tasks()


async def test_a_lost_socket_is_opened_again(
    slack: FakeSlack, socket_adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.1)
    async with running(socket_adapter):
        lost = await slack.connected()
        await lost.close()
        again = await slack.connected()
        await again.send_json(envelope("events_api", direct("5.10")))
        assert (await slack.said()).where == "chat.postMessage"
    assert not leftover_tasks()


async def test_a_socket_that_slack_asks_to_change_is_changed(
    slack: FakeSlack, socket_adapter: SlackAdapter
) -> None:
    async with running(socket_adapter):
        former = await slack.connected()
        await former.send_json({"type": "disconnect", "reason": "refresh_requested"})
        again = await slack.connected()
        await again.send_json(envelope("events_api", mention("5.10")))
        assert (await slack.said()).where == "chat.postEphemeral"
    assert not leftover_tasks()


async def test_a_dead_address_is_not_tried_for_ever(
    slack: FakeSlack,
    socket_adapter: SlackAdapter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.05)
    monkeypatch.setattr(link, "WATCH_SECONDS", 0.2)
    caplog.set_level(logging.INFO)
    slack.dead_addresses = {"1"}
    async with running(socket_adapter):
        await (await slack.connected()).close()
        await slack.connected()
        assert len(slack.opened) == 3
        async with asyncio.timeout(PATIENCE):
            while "connected to Slack again" not in caplog.text:  # noqa: ASYNC110 — the watch only logs it
                await asyncio.sleep(0.01)
    assert "no connection to Slack, trying again" in caplog.text
    assert "connected to Slack again" in caplog.text
    assert "socket/" not in caplog.text
    assert not leftover_tasks()


async def test_a_token_refused_while_the_socket_is_down_is_one_line_of_the_log(
    slack: FakeSlack,
    socket_adapter: SlackAdapter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.05)
    monkeypatch.setattr(link, "WATCH_SECONDS", 0.1)
    caplog.set_level(logging.INFO)
    async with running(socket_adapter), asyncio.timeout(PATIENCE):
        lost, tried = await slack.connected(), 40
        slack.fail("apps.connections.open", "token_revoked", tried)
        await lost.close()
        while slack.failures["apps.connections.open"]:  # noqa: ASYNC110 — the fake has no event for it
            await asyncio.sleep(0.01)
        await slack.connected()
        while "connected to Slack again" not in caplog.text:  # noqa: ASYNC110 — the watch only logs it
            await asyncio.sleep(0.01)
        assert await socket_adapter.ready()
    trying = "no connection to Slack, trying again"
    logged = [
        message for message in caplog.messages if message != trying
    ]  # said first if Slack was not asked yet
    assert logged == [f"{trying} (token_revoked)", "connected to Slack again"]
    assert caplog.messages.count(trying) <= 1


async def acknowledged(slack: FakeSlack) -> Json:
    return await asyncio.wait_for(slack.acks.get(), PATIENCE)
