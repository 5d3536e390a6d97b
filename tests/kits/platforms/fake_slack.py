"""A small stand-in for Slack, over real HTTP and WebSocket, for what the adapter does of Slack.

It knows the methods that the adapter may call and refuses any other, keeps what it is sent, checks it against
Slack's limits and rules, and fails when told to.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.platforms.slack.manifest import BOT_SCOPES
from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import check_message, check_view
from tests.kits.platforms.slack_rules import SlackRules

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-essai", "xapp-essai", "secret-essai"
BOT_USER = "U0BOT"

Json = dict[str, Any]

# What each method needs, so that a call without it is refused as Slack would.
METHODS: Mapping[str, frozenset[str]] = {
    "assistant.threads.setSuggestedPrompts": frozenset({"channel_id", "prompts"}),
    "auth.test": frozenset(),
    "apps.connections.open": frozenset(),
    "chat.postMessage": frozenset({"channel", "text", "blocks"}),
    "chat.postEphemeral": frozenset({"channel", "user", "text", "blocks"}),
    "conversations.history": frozenset(),  # what they need is in the address
    "conversations.open": frozenset(),
    "conversations.replies": frozenset(),
    "views.open": frozenset({"trigger_id", "view"}),
    "views.publish": frozenset({"user_id", "view"}),
    "views.push": frozenset({"trigger_id", "view"}),
    "views.update": frozenset({"view_id", "view"}),
}


@dataclass(frozen=True)
class Call:
    """What Slack was sent: `where` is a method, or « hook/x » for an address to answer at."""

    where: str
    body: Json


@dataclass
class FakeSlack:
    """Slack, as seen by the adapter; `port` is where it listens."""

    port: int = 0
    scopes: str | None = ",".join(BOT_SCOPES)
    team: str = "T1"
    hides_metadata: bool = False
    refused: str = ""  # the code that every call with the bot's token is refused with, until it is ""
    lacking: dict[str, str] = field(default_factory=dict)  # the scope that a method lacks, by method
    calls: asyncio.Queue[Call] = field(default_factory=asyncio.Queue)
    posted: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))  # by conversation
    rules: SlackRules = field(default_factory=SlackRules)
    failing: dict[str, deque[bool]] = field(default_factory=lambda: defaultdict(deque))  # act_then_fail
    failures: dict[str, deque[web.Response]] = field(default_factory=lambda: defaultdict(deque))
    greets: asyncio.Event = field(default_factory=asyncio.Event)  # it says hello to sockets; set at first
    sockets: asyncio.Queue[web.WebSocketResponse] = field(default_factory=asyncio.Queue)
    acks: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    dead_addresses: set[str] = field(default_factory=set)  # of sockets, refused when connected to
    opened: list[str] = field(default_factory=list)  # addresses of sockets given
    files: dict[str, bytes] = field(default_factory=dict)  # those that people dropped, by name
    fetched: list[str] = field(default_factory=list)  # the names of those that were asked for
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.greets.set()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def hook(self, name: str) -> str:
        """Return an address to answer at, which nothing else was given."""
        address = f"http://127.0.0.1:{self.port}/hook/{name}/{next(self._numbers)}"
        self.rules.give({"response_url": address})
        return address

    def trigger(self) -> str:
        """Return what opens one window."""
        trigger = f"trigger-{next(self._numbers)}"
        self.rules.give({"trigger_id": trigger})
        return trigger

    def file(self, name: str, content: bytes) -> Json:
        """Keep a file that someone drops, and return what a message tells of it."""
        self.files[name] = content
        url = f"http://127.0.0.1:{self.port}/files/{name}"
        return {"name": name, "size": len(content), "url_private_download": url}

    def fail(self, where: str, error: str, times: int = 1) -> None:
        """Have the next calls refused with one of Slack's codes."""
        self.failures[where].extend(web.json_response({"ok": False, "error": error}) for _ in range(times))

    def fail_with(self, where: str, status: int, **headers: str) -> None:
        """Have the next call fail with an HTTP status."""
        self.failures[where].append(web.Response(status=status, text="non", headers=headers))

    def act_then_fail(self, where: str, *, cut: bool = False) -> None:
        """Have the next call acted on, then answered with an error of Slack's own, or not at all if `cut`."""
        self.failing[where].append(cut)

    async def said(self) -> Call:
        """Return what the adapter says next, checked against Slack's limits."""
        call = await asyncio.wait_for(self.calls.get(), PATIENCE)
        if "blocks" in call.body:
            check_message(call.body["blocks"])
        if "view" in call.body:
            check_view(call.body["view"])
        return call

    def silent(self) -> bool:
        """Return whether nothing was said that `said` has not returned."""
        return self.calls.empty()

    async def connected(self) -> web.WebSocketResponse:
        """Return the next socket that the adapter opens."""
        return await asyncio.wait_for(self.sockets.get(), PATIENCE)

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        sent = await request.read()
        body = json.loads(sent) if request.content_type == "application/json" and sent else {}
        if method not in METHODS or not METHODS[method] <= body.keys():
            return web.json_response({"ok": False, "error": "invalid_arguments"})
        expected = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if request.headers.get("Authorization") != f"Bearer {expected}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        arguments = {**request.query, **body}
        if failure := self._failure(method):
            return failure
        if refusal := self.rules.refusal(method, arguments):
            return web.json_response(refusal)
        headers = {"x-oauth-scopes": self.scopes} if method == "auth.test" and self.scopes is not None else {}
        return self._act(request, method, body) or web.json_response(
            {"ok": True, **self._result(method, arguments)}, headers=headers
        )

    def _act(self, request: web.Request, method: str, body: Json) -> web.Response | None:
        """Do what is seen, and return the failure that follows if there is one."""
        if not body:
            return None
        self.calls.put_nowait(Call(method, body))
        if method == "chat.postMessage":
            self.posted[_conversation(body["channel"])].append(body)
        return self._acted(request, method)

    def _result(self, method: str, arguments: Mapping[str, Any]) -> Json:
        # A message to a person is in their own conversation with the bot, which Slack names.
        channel = _conversation(str(arguments.get("channel") or arguments.get("users") or ""))
        match method:
            case "auth.test":
                me = {"user_id": BOT_USER, "bot_id": "B0BOT"}
                return {**me, "team_id": self.team, "url": "https://x"}
            case "apps.connections.open":
                return {"url": self._address()}
            case "conversations.open":
                return {"channel": {"id": channel}}
            case "conversations.history" | "conversations.replies":
                thread = arguments.get("ts")  # a history omits the replies
                hidden = {"metadata"} if self.hides_metadata else set()
                return {
                    "messages": [
                        {key: value for key, value in message.items() if key not in hidden}
                        for message in self.posted[channel]
                        if message.get("thread_ts") == thread
                    ]
                }
            case _:
                return {"channel": channel, "ts": "1.1"}

    async def _file(self, request: web.Request) -> web.Response:
        self.fetched.append(request.match_info["name"])
        return web.Response(body=self.files[self.fetched[-1]])

    async def _hook(self, request: web.Request) -> web.Response:
        where = f"hook/{request.match_info['name']}"
        if failure := self._failure(where):
            return failure
        if refusal := self.rules.address_refusal(str(request.url)):
            return web.json_response({"ok": False, "error": refusal}, status=404)
        self.calls.put_nowait(Call(where, await request.json()))
        return self._acted(request, where) or web.Response(text="ok")

    def _acted(self, request: web.Request, where: str) -> web.Response | None:
        """Return the failure of a call that was acted on, None if it goes well."""
        if not self.failing[where]:
            return None
        if self.failing[where].popleft() and request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _failure(self, where: str) -> web.Response | None:
        if self.refused and where in METHODS and where != "apps.connections.open":
            return web.json_response({"ok": False, "error": self.refused})
        if where in self.lacking:
            return web.json_response({"ok": False, "error": "missing_scope", "needed": self.lacking[where]})
        return self.failures[where].popleft() if self.failures[where] else None

    def _address(self) -> str:
        self.opened.append(f"ws://127.0.0.1:{self.port}/socket/{next(self._numbers)}")
        return self.opened[-1]

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.path.rpartition("/")[2] in self.dead_addresses:
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        await self.greets.wait()
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            self.acks.put_nowait(json.loads(message.data))
        return socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeSlack]:
        """Listen for the time of the context."""
        server = web.Application()
        server.router.add_route("*", "/api/{method}", self._method)
        server.router.add_post("/hook/{name}/{number}", self._hook)
        server.router.add_get("/files/{name}", self._file)
        server.router.add_get("/socket/{number}", self._socket)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self.port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()


def _conversation(channel: str) -> str:
    return channel.replace("U", "D", 1).replace("W", "D", 1)


@dataclass(frozen=True)
class SignedHttp:
    """Sends to the adapter what Slack would, signed."""

    session: aiohttp.ClientSession
    url: str

    async def command(self, payload: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send a slash command."""
        return await self._post(urlencode(payload), "application/x-www-form-urlencoded")

    async def interaction(self, payload: Json) -> aiohttp.ClientResponse:
        """Send a press on a button, a submission or a shortcut."""
        return await self.command({"payload": json.dumps(payload)})

    async def event(self, payload: Json) -> aiohttp.ClientResponse:
        """Send an event."""
        return await self._post(json.dumps(payload), "application/json")

    async def _post(self, body: str, content_type: str) -> aiohttp.ClientResponse:
        signer = SignatureVerifier(SIGNING_SECRET)
        timestamp = str(int(signer.clock.now()))
        signature = signer.generate_signature(timestamp=timestamp, body=body) or ""
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature,
        }
        async with self.session.post(self.url, data=body.encode(), headers=headers) as response:
            await response.read()
            return response
