"""A Discord of our own on the loopback interface, for an unmodified bot in another process.

simcord decides what Discord would answer; this puts the real protocols before it: HTTP under
/api/v10, and a zlib-stream gateway with HELLO, IDENTIFY, RESUME with replay, HEARTBEAT and member
chunks. Tests drive it from their own process: refuse, slow down, cut, or tell things twice.
"""

from __future__ import annotations

import asyncio
import fnmatch
import io
import json
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import discord
from aiohttp import web
from simcord import intents as simcord_intents
from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.errors import BackendError
from simcord.http import router
from simcord.http import routes as _routes  # noqa: F401 — importing it registers the routes
from simcord.http.router import RouteNotImplemented, UnsupportedField

from tests.kits.effort import PATIENCE
from tests.wire.discord_schema import request_problems

Found = TypeVar("Found")

TOKEN = "MTQ1NjA3NDQ0Mzk4MDgwMDAwMQ.wire.test"
HEARTBEAT_MS = 41_250
JSON_HEADERS = {"Content-Type": "application/json"}  # discord.py reads nothing else as JSON
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = (
    0,
    1,
    2,
    6,
    7,
    8,
    9,
    10,
    11,
)
REFUSED_TOKEN, REFUSED_INTENTS = 4004, 4014
NO_SERVER_IN_COMMON = 50278


class WallClock(Clock):
    """The time of the world, so that simcord holds us to Discord's 3 seconds."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Session:
    """What the gateway remembers of a bot: what was told, so that it can be told again after a cut."""

    name: str
    intents: discord.Intents
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: str, payload: Mapping[str, Any]) -> None:
        self.told.append((event, deepcopy(dict(payload))))
        self.news.set()


class Link:
    """One websocket to a bot, compressed as a single zlib stream."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._request = request
        self._deflate = zlib.compressobj()
        self.pump: asyncio.Task[None] | None = None

    async def send(
        self, op: int, data: object = None, event: str | None = None, sequence: int | None = None
    ) -> None:
        text = json.dumps({"op": op, "d": data, "t": event, "s": sequence})
        await self.socket.send_bytes(
            self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        )

    def cut(self) -> None:
        """Break the connection without a word, as a network does."""
        if self._request.transport is not None:
            self._request.transport.abort()


@dataclass
class Limit:
    """A 429 for the requests whose path matches, `times` times."""

    path: str
    retry_after: float
    times: int


class DiscordServer:
    """`async with DiscordServer() as server:` — the bot is to be started with `server.environment`.

    `token`: the only one that is let in. `deaf`: closing handshakes are never answered.
    `refused_intents`: those asked for are. `flags`: the application's, which say what it is
    allowed. `problems`: what Discord would object to in what the bot
    sent. `identified`, `resumed`: how often a bot began a session, or took one up again.
    """

    def __init__(self) -> None:
        self.backend = Backend(clock=WallClock())
        self.token = TOKEN
        self.deaf = False
        self.problems: list[str] = []
        self.identified = 0
        self.resumed = 0
        self.refused_intents = False
        self.flags = 0  # of the application: which intents are allowed
        self._limits: list[Limit] = []
        self._refusals: list[tuple[str, int, int]] = []  # a path, a status and Discord's own code
        self.failing: list[str] = []  # paths whose next request is acted on, then denied
        self._expelled: dict[int, Any] = {}
        self._nonces: dict[tuple[str, str], Any] = {}
        self._sessions: dict[str, Session] = {}
        self._links: set[Link] = set()
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.origin = ""
        self.files: dict[str, bytes] = {}  # those that people dropped, by name

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/api/v10/gateway/bot", self._gateway_address)
        app.router.add_get("/api/v10/applications/@me", self._application)
        app.router.add_route("*", "/api/v10/{path:.+}", self._api)
        app.router.add_get("/attachments/{name}", self._attachment)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.origin = f"{host}:{port}"
        self.backend.subscribers.append(self._tell)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
        if kind is None:
            assert self.problems == [], self.problems

    @property
    def environment(self) -> dict[str, str]:
        """The settings that bring a bot here."""
        return {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": f"http://{self.origin}/api/v10"}

    @property
    def connected(self) -> bool:
        """Whether a bot is listening now."""
        return any(link.pump is not None for link in self._links)

    async def until(self, condition: Callable[[], Found], within: float = PATIENCE) -> Found:
        """Wait until `condition` returns something true, and return it; it is tried after each event."""
        async with asyncio.timeout(within):
            while not (found := condition()):
                self._news.clear()
                await self._news.wait()
        return found

    def refuse(self, path: str, *, status: int, code: int = 0) -> None:
        """Refuse the next request whose path matches the pattern."""
        self._refusals.append((path, status, code))

    def act_then_fail(self, path: str) -> None:
        """Act on the next request whose path matches the pattern, then answer with an error."""
        self.failing.append(path)

    def limit(self, path: str, *, retry_after: float, times: int = 1) -> None:
        """Answer 429 to the next requests whose path matches the pattern."""
        self._limits.append(Limit(path, retry_after, times))

    def cut(self) -> None:
        """Break every connection."""
        for link in list(self._links):
            link.cut()

    async def revoke(self, *, hang_up: bool = False) -> None:
        """Refuse the bot's token until `restore`, and `hang_up` its gateway for it."""
        self.token = "another"
        for link in list(self._links) if hang_up else ():
            await link.socket.close(code=REFUSED_TOKEN)

    def restore(self) -> None:
        """Let the bot's token in again."""
        self.token = TOKEN

    def expel(self, guild: int, *, told: bool = True) -> None:
        """Put the bot out of a server until `invite`. It then reaches none of its members."""
        self._expelled[guild] = self.backend.guilds.pop(guild)
        if told:
            self._tell("GUILD_DELETE", {"id": str(guild)})

    def invite(self, guild: int) -> None:
        """Let the bot in a server again."""
        self.backend.guilds[guild] = self._expelled.pop(guild)

    async def ask_to_reconnect(self) -> None:
        """Tell the bots to connect again, as Discord does when it moves a gateway."""
        for link in list(self._links):
            await link.send(RECONNECT)

    def tell_again(self, event: str) -> None:
        """Tell the latest event of that name a second time."""
        for session in self._sessions.values():
            payload = next((event_sent for name, event_sent in reversed(session.told) if name == event), None)
            if payload is not None:
                session.tell(event, payload)

    def count(self, method: str, path: str) -> int:
        """Return how many requests to paths matching the pattern reached Discord's own code."""
        requests = self.backend.http_requests
        return sum(request.method == method and fnmatch.fnmatch(request.path, path) for request in requests)

    # HTTP

    async def _attachment(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    async def _gateway_address(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json({"url": f"ws://{self.origin}/gateway", "shards": 1, "session_start_limit": limit})

    async def _application(self, request: web.Request) -> web.Response:
        """Answer what simcord knows at an older address alone."""
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        bot = dict(serializers.user_payload(self.backend.bot_user))
        return _json({"id": str(self.backend.application_id), "flags": self.flags, "bot": bot})

    async def _api(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        try:
            answer = await self._answer(request, path)
            return self._denial(path) or answer
        except (RouteNotImplemented, UnsupportedField) as error:
            self.problems.append(str(error))
            return _json(error.to_json(), error.status)
        except BackendError as error:
            return _json(error.to_json(), error.status)
        finally:
            self._news.set()

    def _denial(self, path: str) -> web.Response | None:
        """Return the error that follows what was acted on, None if it goes well."""
        for failing in self.failing:
            if fnmatch.fnmatch(path, failing):
                self.failing.remove(failing)
                return _json({"message": "500: Internal Server Error", "code": 0}, 500)
        return None

    async def _answer(self, request: web.Request, path: str) -> web.Response:
        wait = self._wait(path)
        if wait is not None:
            headers = {"Via": "1.1 test", "Retry-After": str(wait), "X-RateLimit-Scope": "user"}
            refusal = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
            return _json(refusal, 429, headers)
        for refused in [refusal for refusal in self._refusals if fnmatch.fnmatch(path, refusal[0])][:1]:
            self._refusals.remove(refused)
            return _json({"message": "refused", "code": refused[2]}, refused[1])
        by_token = path.startswith(("/interactions/", "/webhooks/"))
        if not by_token and request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        if self._expelled and request.method == "POST" and fnmatch.fnmatch(path, "/channels/*/messages"):
            return _json({"message": "Cannot send messages to this user", "code": NO_SERVER_IN_COMMON}, 403)
        body, attached = await _read(request)
        self.noted(request.method, path, body, attached)
        self.problems += request_problems(request.method, path, _as_described(body))
        nonce = (path, str(body["nonce"])) if isinstance(body, dict) and body.get("enforce_nonce") else None
        if nonce is not None and nonce in self._nonces:
            return _json(self._nonces[nonce])
        answer = router.dispatch(
            self.backend, request.method, path, json=body, params=dict(request.query), files=attached
        )
        if nonce is not None:
            self._nonces[nonce] = answer
        return _json(answer) if answer is not None else web.Response(status=204)

    def noted(self, method: str, path: str, body: Any, attached: list[discord.File]) -> None:  # noqa: ANN401 — JSON
        """Do nothing of what the bot sends; for those who want to look at it."""

    def _wait(self, path: str) -> float | None:
        for limit in self._limits:
            if limit.times and fnmatch.fnmatch(path, limit.path):
                limit.times -= 1
                return limit.retry_after
        return None

    # Gateway

    def _tell(self, event: str, payload: Mapping[str, Any]) -> None:
        """Tell the bots what happened, as far as their intents let them know."""
        for session in self._sessions.values():
            needed = simcord_intents.required_intent(event, payload)
            if needed is None or getattr(session.intents, needed):
                session.tell(event, _censored(event, payload, session.intents, self.backend))
        self._news.set()

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoclose=not self.deaf)
        await socket.prepare(request)
        link = Link(socket, request)
        self._links.add(link)
        try:
            await link.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
            async for message in socket:
                await self._heard(link, json.loads(message.data))
            if self.deaf:
                await self._stopping.wait()
        except ConnectionError:
            pass  # the bot left, or was cut
        finally:
            self._links.discard(link)
            if link.pump is not None:
                link.pump.cancel()
            self._news.set()
        return socket

    async def _heard(self, link: Link, message: dict[str, Any]) -> None:
        data = message["d"]
        match message["op"]:
            case int(op) if op == HEARTBEAT:
                await link.send(ACK)
            case int(op) if op == IDENTIFY:
                await self._identify(link, data)
            case int(op) if op == RESUME:
                await self._resume(link, data)
            case int(op) if op == REQUEST_MEMBERS:
                self._tell("GUILD_MEMBERS_CHUNK", self._members(data))

    async def _identify(self, link: Link, data: dict[str, Any]) -> None:
        if data["token"] != self.token:
            await link.socket.close(code=REFUSED_TOKEN)
        elif self.refused_intents:
            await link.socket.close(code=REFUSED_INTENTS)
        else:
            intents = discord.Intents._from_value(data["intents"])
            session = Session(f"session-{len(self._sessions)}", intents)
            self._sessions = {session.name: session}
            self.identified += 1
            guilds = list(self.backend.guilds.values())
            session.tell("READY", self._ready(session, data.get("shard", [0, 1])))
            for guild in guilds:
                created = dict(serializers.guild_create_payload(self.backend, guild))
                simcord_intents.prune_guild_create(created, intents, self.backend.bot_user.id)
                session.tell("GUILD_CREATE", created)
            self._follow(link, session, 0)

    async def _resume(self, link: Link, data: dict[str, Any]) -> None:
        session = self._sessions.get(data["session_id"])
        if data["token"] != self.token:
            await link.socket.close(code=REFUSED_TOKEN)
        elif session is None:
            await link.send(INVALID_SESSION, False)  # noqa: FBT003 — the protocol's own value
        else:
            self.resumed += 1
            session.tell("RESUMED", {})
            self._follow(link, session, data["seq"])

    def _follow(self, link: Link, session: Session, sequence: int) -> None:
        link.pump = asyncio.create_task(_pump(link, session, sequence))
        self._news.set()

    def _ready(self, session: Session, shard: list[int]) -> dict[str, Any]:
        return {
            "v": 10,
            "user": dict(serializers.user_payload(self.backend.bot_user)),
            "guilds": [{"id": str(guild), "unavailable": True} for guild in self.backend.guilds],
            "session_id": session.name,
            "resume_gateway_url": f"ws://{self.origin}/gateway",
            "shard": shard,
            "application": {"id": str(self.backend.application_id), "flags": 0},
        }

    def _members(self, data: dict[str, Any]) -> dict[str, Any]:
        guild = self.backend.guilds[int(data["guild_id"])]
        wanted = {int(one) for one in data.get("user_ids") or guild.members}
        members = [
            serializers.member_payload(self.backend, guild, member)
            for user, member in guild.members.items()
            if user in wanted
        ]
        chunk = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        return {**chunk, "nonce": data.get("nonce")}


async def _pump(link: Link, session: Session, sequence: int) -> None:
    """Send what is told in a session, from `sequence` on, numbered from 1, until the connection is cut."""
    with suppress(ConnectionError):
        while True:
            while sequence < len(session.told):
                event, payload = session.told[sequence]
                sequence += 1
                await link.send(DISPATCH, payload, event, sequence)
            session.news.clear()
            await session.news.wait()


async def _read(request: web.Request) -> tuple[Any, list[discord.File]]:
    """Return the JSON that was sent, and the files that came along."""
    if request.content_type != "multipart/form-data":
        return (await request.json() if request.can_read_body else None), []
    form = await request.post()
    parts = [part for part in form.values() if isinstance(part, web.FileField)]
    return json.loads(str(form["payload_json"])), [
        discord.File(io.BytesIO(part.file.read()), part.filename) for part in parts
    ]


def _as_described(body: Any) -> Any:  # noqa: ANN401 — JSON of any shape
    """Return `body` with its ids as text: discord.py writes some as numbers, which Discord takes."""
    if not isinstance(body, dict):
        return body
    written = {key: str(value) if key == "recipient_id" else value for key, value in body.items()}
    if "attachments" in body:
        written["attachments"] = [
            {**attachment, "id": str(attachment["id"])} for attachment in body["attachments"]
        ]
    if "message_reference" in body:
        reference = body["message_reference"]
        written["message_reference"] = {
            key: str(value) if key.endswith("_id") else value for key, value in reference.items()
        }
    return written


def _censored(
    event: str, payload: Mapping[str, Any], intents: discord.Intents, backend: Backend
) -> Mapping[str, Any]:
    """Return the event without the texts that a bot may not read without the intent for them."""
    if intents.message_content or event not in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
        return payload
    censored = deepcopy(dict(payload))
    simcord_intents.censor_message(censored, backend.bot_user.id, backend=backend)
    return censored


def _json(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = json.dumps(payload).encode()
    return web.Response(body=body, status=status, headers={**JSON_HEADERS, **(headers or {})})
