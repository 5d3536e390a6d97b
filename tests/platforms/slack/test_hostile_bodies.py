"""Slack's HTTP port under bodies that are not Slack's: unread, unlogged, and holding nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from functools import partial

import pytest

from bot.platforms.slack import link
from bot.platforms.slack.adapter import SlackAdapter
from bot.platforms.slack.link import CONNECTIONS, HTTP_PATH, SIGNED_SECONDS
from tests.kits.effort import PATIENCE
from tests.kits.hostile import CODECS, PUNYCODE, held_up, post
from tests.kits.measures import Check
from tests.kits.platforms.fake_slack import SIGNING_SECRET
from tests.kits.platforms.slack import running

pytestmark = pytest.mark.attack("Requêtes qui gèlent")

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]

PAIRS = "application/x-www-form-urlencoded"


def signed(body: bytes, age: int = 0) -> Mapping[str, str]:
    """Return the headers by which Slack signs a body."""
    timestamp = str(int(time.time()) - age)
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X_Slack_Request_Timestamp": timestamp, "X_Slack_Signature": f"v0={digest}"}


def port_of(adapter: SlackAdapter) -> str:
    return f"http://127.0.0.1:{adapter.port}{HTTP_PATH}"


async def test_a_codec_that_takes_a_minute_holds_nobody_up(adapter: SlackAdapter, check: Check) -> None:
    async with running(adapter):
        url = port_of(adapter)
        hostile = partial(post, url, PUNYCODE, Content_Type=f"{PAIRS}; charset=punycode")
        other = partial(post, url, b"{}", Content_Type="application/json")
        await other()
        outcome = await held_up(hostile, other)
    assert outcome.status == 401
    check(outcome.figure)


@pytest.mark.parametrize("codec", CODECS)
async def test_no_codec_is_a_failure_nor_leaves_a_line(
    adapter: SlackAdapter, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(adapter):
        with caplog.at_level(logging.INFO):
            status = await post(port_of(adapter), b"a=b", Content_Type=f"{PAIRS}; charset={codec}")
    assert status == 401
    assert not [record for record in caplog.records if "127.0.0.1" in record.getMessage()]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\xff", b"[" * 200_000, b"{" * 200_000, b"&a=1" * 250_000, b'{"a": ' * 100_000]
)
@pytest.mark.parametrize("kind", [PAIRS, "application/json"])
async def test_what_is_not_signed_is_not_read(adapter: SlackAdapter, body: bytes, kind: str) -> None:
    async with running(adapter):
        assert await post(port_of(adapter), body, Content_Type=kind) == 401
        late = signed(body, SIGNED_SECONDS + 60)
        assert await post(port_of(adapter), body, Content_Type=kind, **late) == 401


@pytest.mark.parametrize("body", [b"\xff\xfe\xff", b"[" * 200_000, b'{"a": ' * 100_000])
async def test_what_is_signed_and_is_neither_utf_8_nor_json_is_refused(
    adapter: SlackAdapter, body: bytes
) -> None:
    async with running(adapter):
        assert await post(port_of(adapter), body, Content_Type="application/json", **signed(body)) == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Slack_Request_Timestamp": "1e9", "X_Slack_Signature": "v0=a"},
        {"X_Slack_Request_Timestamp": "9" * 12, "X_Slack_Signature": "v0=a"},
        {"X_Slack_Request_Timestamp": "\u0661", "X_Slack_Signature": "\u00e9"},
        {**signed(b"{}"), "X_Slack_Signature": "v0=\u00e9"},
        {**signed(b"{}"), "X_Slack_Signature": ""},
    ],
)
async def test_a_signature_that_is_none_is_refused(adapter: SlackAdapter, headers: Mapping[str, str]) -> None:
    async with running(adapter):
        assert await post(port_of(adapter), b"{}", Content_Type="application/json", **headers) == 401


async def test_what_slack_signs_is_utf_8_whatever_codec_it_names(adapter: SlackAdapter) -> None:
    async with running(adapter):
        body = json.dumps({"type": "url_verification", "challenge": "\u00e9t\u00e9"}).encode()
        kind = "application/json; charset=punycode"
        assert await post(port_of(adapter), body, Content_Type=kind, **signed(body)) == 200


@pytest.mark.attack("Connexions tenues ouvertes")
async def test_a_body_that_comes_too_slowly_is_given_up(
    adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "BODY_SECONDS", 0.1)
    async with running(adapter), asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", adapter.port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
        assert b"408" in await reader.readline()
        writer.close()


@pytest.mark.attack("Connexions tenues ouvertes")
@pytest.mark.parametrize(
    "said", [b"", b"POST /sl", b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
async def test_connections_that_say_nothing_leave_the_port_open_to_slack(
    adapter: SlackAdapter, said: bytes
) -> None:
    """However many they are, they use up neither the memory nor the files of the whole bot."""
    async with running(adapter), asyncio.timeout(PATIENCE):
        held = []
        for _ in range(CONNECTIONS + 20):
            reader, writer = await asyncio.open_connection("127.0.0.1", adapter.port)
            writer.write(said)
            await writer.drain()
            held.append((reader, writer))
        body = b'{"type": "url_verification", "challenge": "x"}'
        kind = "application/json"
        assert await post(port_of(adapter), body, Content_Type=kind, **signed(body)) == 200
        for reader, _ in held[:20]:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b"", "the oldest made room"
        for _, writer in held:
            writer.close()
