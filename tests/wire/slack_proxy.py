"""Stands between the bot and local-slack, over real HTTP and WebSocket, to be Slack on a bad day.

local-slack validates nothing and never fails: this checks everything that the bot sends, holds it to
Slack's rules (`SlackRules`), and refuses, limits, repeats or cuts when told to. All its people are of one
workspace: this makes some of them come from elsewhere. It lets nobody enter a channel once it runs, nor
tells of it: this does. It has no shortcuts: this makes one of a command, `SHORTCUT`.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from jsonschema_rs import ValidationError
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.signature import SignatureVerifier

from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import SCHEMAS, check_message, check_structure, check_view
from tests.kits.platforms.slack_people import SlackPerson
from tests.kits.platforms.slack_rules import SlackRules

Json = dict[str, Any]

SHORTCUT = "/raccourci"  # its text is the shortcut's `callback_id`

# Headers that concern one connection, not what it carries.
_OF_ONE_HOP = frozenset({"connection", "content-encoding", "content-length", "host", "transfer-encoding"})


@dataclass
class Proxy:
    """What passes between the bot and Slack, and what to do to it."""

    far: aiohttp.ClientSession  # connected to local-slack whatever the address
    signing_secret: str
    port: int = 0
    twice: bool = False  # each event is delivered two times
    problems: list[str] = field(default_factory=list)  # what Slack would have refused
    calls: list[str] = field(default_factory=list)  # paths, in order
    joined: dict[str, list[str]] = field(default_factory=dict)  # who entered which channel since
    files: dict[str, bytes] = field(default_factory=dict)  # those that were dropped, by path
    refused: str = ""  # the code that every call with the bot's token is refused with, until it is ""
    lacking: dict[str, str] = field(default_factory=dict)  # the scope that a method lacks, by method
    rules: SlackRules = field(default_factory=SlackRules)
    people: dict[str, SlackPerson] = field(default_factory=dict)  # those who are not plain members, by user
    _marks: dict[tuple[str, str], Json | None] = field(default_factory=dict)  # metadata, by channel and time
    _scripted: dict[str, list[web.Response]] = field(default_factory=dict)
    _failing: dict[str, int] = field(default_factory=dict)  # how many more calls act, then fail
    _sockets: set[web.WebSocketResponse] = field(default_factory=set)
    _requests: dict[web.WebSocketResponse, web.Request] = field(default_factory=dict)
    _opened: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    def refuse(self, method: str, error: str) -> None:
        """Have the next call of `method` refused with one of Slack's codes."""
        self._next(method, web.json_response({"ok": False, "error": error}))

    def limit(self, method: str, seconds: int) -> None:
        """Have the next call of `method` told to come back in some seconds."""
        self._next(method, web.Response(status=429, headers={"Retry-After": str(seconds)}))

    def act_then_fail(self, method: str, times: int = 1) -> None:
        """Have the next calls of `method` acted on, then answered with an error of Slack's own."""
        self._failing[f"/api/{method}"] = times

    def repeated(self) -> list[str]:
        """Return the marks of the deliveries that were made more than once."""
        counts = Counter(mark["event_payload"]["id"] for mark in self._marks.values() if mark)
        return [mark for mark, count in counts.items() if count > 1]

    def _next(self, method: str, response: web.Response) -> None:
        self._scripted.setdefault(f"/api/{method}", []).append(response)

    def cut(self) -> None:
        """Break the bot's sockets without a word, as a lost network does."""
        for request in self._requests.values():
            if request.transport is not None:
                request.transport.abort()

    async def ask_to_change_socket(self) -> None:
        """Tell the bot to connect anew, as Slack does every few hours."""
        for socket in self._sockets:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def socket_opened(self) -> None:
        """Wait until the bot has opened one socket more."""
        await asyncio.wait_for(self._opened.get(), PATIENCE)

    async def joins(self, user: str, channel: str, team: str) -> None:
        """Have someone enter a private channel, and the bot told of it as Slack does."""
        self.joined.setdefault(channel, []).append(user)
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": "G",
            "team": team,
            "event_ts": "1764043200.000100",
        }
        await self._tell(event, f"{channel}-{user}", team)

    async def drops(self, user: str, channel: str, team: str, file: tuple[str, bytes], stamp: str) -> None:
        """Have someone drop a file in their conversation with the bot, which local-slack lets nobody do."""
        name, content = file
        path = f"/files-pri/{stamp}/{name}"
        self.files[path] = content
        url = f"http://127.0.0.1:{self.port}{path}"
        event = {
            "type": "message",
            "subtype": "file_share",
            "user": user,
            "channel": channel,
            "channel_type": "im",
            "text": "",
            "ts": stamp,
            "files": [{"id": f"F{stamp}", "name": name, "size": len(content), "url_private_download": url}],
        }
        await self._tell(event, f"{channel}-{stamp}", team)

    async def _tell(self, event: Json, name: str, team: str) -> None:
        payload = {"type": "event_callback", "team_id": team, "event_id": f"Ev{name}", "event": event}
        envelope = {"type": "events_api", "envelope_id": name, "accepts_response_payload": False}
        for socket in self._sockets:
            await socket.send_json(envelope | {"payload": payload})

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_socket(request)
        self.calls.append(request.path)
        if request.path in self.files:
            allowed = request.headers.get("Authorization", "").startswith("Bearer xoxb-")
            return web.Response(body=self.files[request.path]) if allowed else web.Response(status=302)
        body = await request.read()
        if scripted := self._scripted.get(request.path):
            return scripted.pop(0)
        if refusal := self._refusal(request) or self._breach(request, body):
            status = 200 if request.path.startswith("/api/") else 404
            return web.json_response({"ok": False, **refusal}, status=status)
        if request.content_type == "application/json" and body:
            self._check(request.path, json.loads(body))
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_ONE_HOP}
        async with self.far.request(request.method, request.path_qs, data=body, headers=headers) as answer:
            headers_passed = {
                name: value for name, value in answer.headers.items() if name.lower() not in _OF_ONE_HOP
            }
            content = await answer.read()
            if request.path == "/api/conversations.members":
                content = self._with_the_joined(request.query["channel"], content)
            elif request.path in {"/api/chat.postMessage", "/api/conversations.history"}:
                content = self._with_the_marks(body, content)
            if self._failing.get(request.path):
                self._failing[request.path] -= 1
                return web.Response(status=500)
            return web.Response(status=answer.status, body=content, headers=headers_passed)

    def _refusal(self, request: web.Request) -> Json | None:
        """Return the refusal of the bot's token, or of a method whose scope it lacks."""
        method = request.path.removeprefix("/api/")
        if method in {request.path, "apps.connections.open"}:  # that one has a token of its own
            return None
        if self.refused:
            return {"error": self.refused}
        if method in self.lacking:
            return {"error": "missing_scope", "needed": self.lacking[method], "provided": ""}
        return None

    def _breach(self, request: web.Request, body: bytes) -> Json | None:
        """Return the refusal of a call, or of an answer to an address, that breaks one of Slack's rules."""
        address = f"http://127.0.0.1:{self.port}{request.path_qs}"
        if address in self.rules.addresses:
            error = self.rules.address_refusal(address)
            return {"error": error} if error else None
        if not request.path.startswith("/api/"):
            return None
        is_json = request.content_type == "application/json" and body
        sent = json.loads(body) if is_json else dict(parse_qsl(body.decode("utf-8", "replace")))
        return self.rules.refusal(request.path.removeprefix("/api/"), {**request.query, **sent})

    def _from_slack(self, payload: Json) -> Json:
        """Return what the bot receives for a payload of local-slack's."""
        self.rules.give(payload)
        if payload.get("command") == SHORTCUT:
            payload = {
                "type": "shortcut",
                "callback_id": payload["text"],
                "trigger_id": payload["trigger_id"],
                "team": {"id": payload["team_id"]},
                "user": {"id": payload["user_id"], "team_id": payload["team_id"]},
            }
        user = payload.get("user_id") or (payload.get("user") or payload.get("event") or {})
        user = user if isinstance(user, str) else user.get("id") or user.get("user")
        person = self.people.get(str(user))
        if person is None:
            return payload
        if "command" in payload:
            return person.slash(payload)
        return person.event(payload) if "event" in payload else person.interaction(payload)

    async def _to_the_port(self, request: web.Request, bot: aiohttp.ClientSession) -> web.Response:
        """Pass to the bot what local-slack sends over HTTP, signed again if it is changed."""
        body, headers = await request.read(), dict(request.headers)
        if request.content_type == "application/json":
            payload = json.loads(body)
            changed = self._from_slack(payload)
            text = json.dumps(changed)
        else:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
            payload = json.loads(fields["payload"]) if "payload" in fields else fields
            changed = self._from_slack(payload)
            text = urlencode({"payload": json.dumps(changed)} if "type" in changed else changed)
        if changed is not payload:
            body = text.encode()
            stamp = headers["X-Slack-Request-Timestamp"]
            signer = SignatureVerifier(self.signing_secret)
            headers["X-Slack-Signature"] = signer.generate_signature(timestamp=stamp, body=body) or ""
        headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_HOP}
        async with bot.post(request.path_qs, data=body, headers=headers) as answer:
            headers_passed = {
                name: value for name, value in answer.headers.items() if name.lower() not in _OF_ONE_HOP
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=headers_passed)

    @asynccontextmanager
    async def passing(self, unix_socket: str, bot_port: int) -> AsyncIterator[None]:
        """Have what local-slack sends to `unix_socket` pass here on its way to the bot's port."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{bot_port}") as bot:
            server = web.Application()
            server.router.add_post("/{path:.*}", partial(self._to_the_port, bot=bot))
            runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
            await runner.setup()
            try:
                await web.UnixSite(runner, unix_socket).start()
                yield
            finally:
                await runner.cleanup()

    def _with_the_marks(self, body: bytes, content: bytes) -> bytes:
        """Keep the metadata of a message, or return a history with it, which local-slack forgets."""
        answer = json.loads(content)
        if "ts" in answer:
            self._marks[answer["channel"], answer["ts"]] = json.loads(body).get("metadata")
        for message in answer.get("messages", ()):
            message["metadata"] = self._marks.get((message["channel"], message["ts"]))
        return json.dumps(answer).encode()

    def _with_the_joined(self, channel: str, content: bytes) -> bytes:
        report = json.loads(content)
        report["members"] = [*report["members"], *self.joined.get(channel, [])]
        return json.dumps(report).encode()

    async def _pass_socket(self, request: web.Request) -> web.WebSocketResponse:
        near = web.WebSocketResponse()
        await near.prepare(request)
        async with self.far.ws_connect(request.path_qs) as far:
            self._sockets.add(near)
            self._requests[near] = request
            self._opened.put_nowait(None)
            down = asyncio.create_task(self._to_the_bot(far, near))
            try:
                async for frame in near:
                    await far.send_str(frame.data)
            finally:
                down.cancel()
                self._sockets.discard(near)
                del self._requests[near]
        return near

    async def _to_the_bot(self, far: aiohttp.ClientWebSocketResponse, near: web.WebSocketResponse) -> None:
        async for frame in far:
            envelope = json.loads(frame.data)
            if "payload" in envelope:
                envelope["payload"] = self._from_slack(envelope["payload"])
                if envelope["payload"].get("type") == "shortcut":
                    envelope["type"] = "interactive"
            await near.send_json(envelope)
            if self.twice and envelope.get("type") == "events_api":
                again = {
                    "envelope_id": f"{envelope['envelope_id']}-2",
                    "retry_attempt": 1,
                    "retry_reason": "timeout",
                }
                await near.send_json(envelope | again)
        await near.close()

    def _check(self, path: str, body: Json) -> None:
        try:
            if "blocks" in body:
                check_message(body["blocks"])
            if "view" in body:
                check_view(body["view"])
            if SCHEMAS.is_dir():
                check_structure(body.get("blocks", []), "Blocks")
                if "view" in body:
                    check_structure(body["view"], "View")
        except (AssertionError, SlackObjectFormationError, ValidationError) as problem:
            self.problems.append(f"{path}: {problem}")


@asynccontextmanager
async def proxying(unix_socket: str, signing_secret: str) -> AsyncIterator[Proxy]:
    """Listen on the loopback for the bot; what is at `unix_socket` answers."""
    # A connection is used once: the server closes those that are idle, maybe as one is being used again.
    connector = aiohttp.UnixConnector(unix_socket, force_close=True)
    async with aiohttp.ClientSession("http://localhost", connector=connector) as far:
        proxy = Proxy(far, signing_secret)
        server = web.Application()
        server.router.add_route("*", "/{path:.*}", proxy._pass)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.port = runner.addresses[0][1]
            yield proxy
        finally:
            await runner.cleanup()
