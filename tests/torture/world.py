"""Discord and Slack as far as the outbox meets them, on the loopback, on their worst days.

Neither is transactional: what they took stays taken, whatever becomes of their answer. Each message is
counted by the words it holds. Discord knows a nonce again for a while; Slack knows none; both show the
history of a conversation.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any, TypeAlias

from aiohttp import web

from tests.kits.measures import Figure
from tests.torture import gateway
from tests.torture.gateway import BOT

Json: TypeAlias = dict[str, Any]
Act: TypeAlias = Callable[[], Json]

TOKEN = "MQ.essai.essai"
EPOCH = 1_420_070_400_000  # Discord's first millisecond
JSON_HEADERS = {"Content-Type": "application/json"}  # discord.py reads nothing else as JSON
FACT = re.compile(r"fait-\w+")  # by which a message is told, whatever else it says


class Limit:
    """So many requests in so many seconds, counted strictly, on the clock of those who receive them."""

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.seconds = count, seconds
        self._taken: deque[float] = deque(maxlen=count)

    def wait(self) -> float:
        """Take a place and return 0, or return how long there is none."""
        now = time.monotonic()
        if len(self._taken) == self.count and now - self._taken[0] < self.seconds:
            return self.seconds - (now - self._taken[0])
        self._taken.append(now)
        return 0.0


@dataclass
class Weather:
    """How often a request meets each trouble. A held one is acted upon after `hold` seconds."""

    limited: float = 0.05
    error_before: float = 0.02
    error_after: float = 0.02
    dropped_before: float = 0.02
    dropped_after: float = 0.03
    held: float = 0.002
    hold: float = 8.0  # longer than the outbox leaves alone what may be on its way

    def pick(self, dice: random.Random) -> str:
        """Return the name of a trouble, "" for none."""
        chance = dice.random()
        for name in ("limited", "error_before", "error_after", "dropped_before", "dropped_after", "held"):
            chance -= getattr(self, name)
            if chance < 0:
                return name
        return ""


_TROUBLES = {
    "limited": "Réponses 429",
    "error_before": "Réponses 500, rien n'étant fait",
    "error_after": "Réponses 500, la chose étant faite",
    "dropped_before": "Connexions coupées, rien n'étant fait",
    "dropped_after": "Connexions coupées, la chose étant faite",
    "held": "Requêtes exécutées en retard",
}


def troubles(met: Mapping[str, int]) -> list[Figure]:
    """Return how often the platforms gave each trouble, as figures."""
    return [Figure(label, met[name]) for name, label in _TROUBLES.items() if met.get(name)]


def told_by(mark: re.Pattern[str]) -> Callable[[Json], str]:
    """Return what takes, of a message, the words that it is told by."""

    def words(body: Json) -> str:
        match = mark.search(json.dumps(body))
        return match[0] if match else ""

    return words


ABOUT_FACTS = told_by(FACT)
CALM = Weather(0, 0, 0, 0, 0, 0)


@dataclass
class Limits:
    """What the platforms enforce, None where they do not."""

    discord: Limit | None = None
    slack: Limit | None = None
    discord_channel: tuple[int, float] | None = None
    slack_channel: tuple[int, float] | None = None


@dataclass
class World:
    """Both platforms. `nonce_seconds`: how long Discord knows a nonce again.

    `words_of`: what a message is told by. `closed`: the conversations of those who take no private message.
    """

    weather: Weather
    limits: Limits = field(default_factory=Limits)
    nonce_seconds: float = 10.0
    words_of: Callable[[Json], str] = ABOUT_FACTS
    closed: frozenset[str] = frozenset()
    dice: random.Random = field(default_factory=lambda: random.Random(20151213))  # noqa: S311 — to be the same each time
    port: int = 0
    ahead: float = 0.0  # seconds, of its clock
    late: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # words taken up too late
    troubles: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # 429s that a limit made
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # requests that passed
    channels: dict[str, list[Json]] = field(
        default_factory=lambda: defaultdict(list)
    )  # messages, oldest first
    _nonces: dict[str, tuple[float, Json]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _paces: dict[str, Limit] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where both are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What brings a bot here, on both platforms, as its environment."""
        return {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": f"{self.origin}/api/v10",
            "VIGIE_DISCORD_SERVEUR": "100000000000000001",
            "SLACK_BOT_TOKEN": "xoxb-essai",
            "SLACK_SIGNING_SECRET": "essai",
            "SLACK_API_URL": f"{self.origin}/slack",
            "VIGIE_SLACK_EQUIPE": "T00000001",
        }

    async def news(self) -> None:
        """Wait until a message is taken."""
        self._news.clear()
        await self._news.wait()

    def words(self, platform: str) -> Counter[str]:
        """Return how often each message was said on a platform, by its words."""
        return Counter(
            message["words"]
            for channel, messages in self.channels.items()
            for message in messages
            if channel.startswith(platform)
        )

    # What both do

    async def _meet(self, request: web.Request, platform: str, body: Json, act: Act) -> web.StreamResponse:
        """Act on a request to say something, unless today's weather says otherwise."""
        trouble = self.weather.pick(self.dice)
        self.requests[platform] += 1
        self.troubles[trouble] += bool(trouble)
        match trouble:
            case "limited":
                return self._limited(platform, self.dice.uniform(0.05, 0.3))
            case "error_before":
                return web.Response(status=500, text="non")
            case "error_after":
                act()
                return web.Response(status=500, text="non")
            case "dropped_before":
                return self._drop(request)
            case "dropped_after":
                act()
                return self._drop(request)
            case "held":
                self.late[platform].add(self.words_of(body))
                await asyncio.sleep(self.weather.hold)
        return _json(act())

    def _limited(self, platform: str, seconds: float, *, everywhere: bool = False) -> web.Response:
        if platform == "slack":
            headers = {"Retry-After": str(ceil(seconds))}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        headers = {**JSON_HEADERS, "Via": "1.1 essai", "Retry-After": str(seconds)}
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}
        return web.Response(status=429, body=json.dumps(body).encode(), headers=headers)

    @staticmethod
    def _drop(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _over(self, platform: str, channel: str = "") -> web.Response | None:
        """Refuse a request that exceeds a limit of the platform, or of the channel it is for."""
        whole = self.limits.discord if platform == "discord" else self.limits.slack
        each = self.limits.discord_channel if platform == "discord" else self.limits.slack_channel
        own = self._paces.setdefault(channel, Limit(*each)) if channel and each else None
        for limit, everywhere in ((own, False), (whole, True)):
            if limit is not None and (wait := limit.wait()):
                self.refused[platform] += 1
                return self._limited(platform, wait, everywhere=everywhere)
        self.times[platform].append(time.monotonic())
        return None

    # Discord

    async def _discord_me(self, _: web.Request) -> web.Response:
        return self._over("discord") or _json(BOT)

    async def _discord_commands(self, _: web.Request) -> web.Response:
        return self._over("discord") or _json([])

    async def _discord_gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json(
            {"url": f"ws://127.0.0.1:{self.port}/gateway", "shards": 1, "session_start_limit": limit}
        )

    async def _discord_socket(self, request: web.Request) -> web.WebSocketResponse:
        return await gateway.let_in(request, self.port)

    async def _discord_guild(self, request: web.Request) -> web.Response:
        return self._over("discord") or _json({"id": request.match_info["guild"], "name": "AGE"})

    async def _discord_application(self, _: web.Request) -> web.Response:
        return self._over("discord") or _json(gateway.APPLICATION)

    async def _discord_open(self, request: web.Request) -> web.StreamResponse:
        if (refusal := self._over("discord")) is not None:
            return refusal
        user = (await request.json())["recipient_id"]
        return _json({"id": str(10**9 + int(user)), "type": 1, "last_message_id": None,
                      "recipients": [{**BOT, "id": str(user), "bot": False}]})  # fmt: skip

    async def _discord_say(self, request: web.Request) -> web.StreamResponse:
        channel, body = request.match_info["channel"], await _said(request)
        if (refusal := self._over("discord", f"discord {channel}")) is not None:
            return refusal
        if f"discord {channel}" in self.closed:
            refused = {"message": "Cannot send messages to this user", "code": 50007}
            return web.Response(status=403, body=json.dumps(refused).encode(), headers=JSON_HEADERS)
        return await self._meet(request, "discord", body, lambda: self._discord_take(channel, body))

    def _discord_take(self, channel: str, body: Json) -> Json:
        now, nonce = time.monotonic(), str(body.get("nonce"))
        if body.get("enforce_nonce"):
            at, before = self._nonces.get(nonce, (-1e9, {}))
            if now - at < self.nonce_seconds:
                return before
        number = (int((time.time() + self.ahead) * 1000) - EPOCH) << 22 | next(self._numbers) % 4096
        message = {
            "id": str(number), "channel_id": channel, "author": BOT, "content": "", "tts": False, "type": 0,
            "timestamp": "2026-11-24T15:00:00+00:00", "edited_timestamp": None, "mention_everyone": False,
            "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": False,
            "components": body["components"], "flags": body.get("flags", 0),
        }  # fmt: skip
        self.channels[f"discord {channel}"].append({**message, "words": self.words_of(body)})
        self._nonces[nonce] = now, message
        self._news.set()
        return message

    async def _discord_history(self, request: web.Request) -> web.StreamResponse:
        if (refusal := self._over("discord")) is not None:
            return refusal
        self.requests["discord history"] += 1
        query = request.query
        after, before = int(query.get("after", 0)), int(query.get("before", 2**63))
        messages = [
            {name: value for name, value in message.items() if name != "words"}
            for message in self.channels[f"discord {request.match_info['channel']}"]
            if after < int(message["id"]) < before
        ]
        return _json(messages[::-1][: int(query.get("limit", 50))])

    # Slack

    async def _slack_say(self, request: web.Request) -> web.StreamResponse:
        body = await _said(request)
        if (refusal := self._over("slack", f"slack {body['channel']}")) is not None:
            return refusal
        if f"slack D{body['channel'][1:]}" in self.closed:
            return _json({"ok": False, "error": "cannot_dm_bot"})
        return await self._meet(request, "slack", body, lambda: self._slack_take(body))

    def _slack_take(self, body: Json) -> Json:
        stamp = f"{(time.time() + self.ahead):.6f}"
        self.channels[f"slack D{body['channel'][1:]}"].append(
            {"type": "message", "ts": stamp, "metadata": body.get("metadata"), "words": self.words_of(body)}
        )
        self._news.set()
        return {"ok": True, "ts": stamp, "channel": f"D{body['channel'][1:]}"}

    async def _slack_me(self, _: web.Request) -> web.Response:
        me = {"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T00000001", "url": self.origin}
        return _json(me)

    async def _slack_open(self, request: web.Request) -> web.StreamResponse:
        user = request.query["users"]
        return _json({"ok": True, "channel": {"id": f"D{str(user)[1:]}"}})

    async def _slack_history(self, request: web.Request) -> web.StreamResponse:
        self.requests["slack history"] += 1
        query, limit = request.query, int(request.query.get("limit", 100))
        oldest, before = float(query.get("oldest", 0)), float(query.get("cursor") or "inf")
        shown = query.get("include_all_metadata") in {"1", "true", "True"}
        messages = [
            {"type": "message", "ts": channel["ts"], **({"metadata": channel["metadata"]} if shown else {})}
            for channel in reversed(self.channels[f"slack {query['channel']}"])
            if oldest < float(channel["ts"]) < before
        ]
        page, more = messages[:limit], messages[limit:]
        cursor = {"response_metadata": {"next_cursor": page[-1]["ts"]}} if more else {}
        return _json({"ok": True, "messages": page, "has_more": bool(more), **cursor})

    async def _slack_upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file, in three requests; what is counted is the message that goes with it."""
        await request.read()
        return _json(
            {"ok": True, "file_id": "F1", "upload_url": f"{self.origin}/upload", "files": [{"id": "F1"}]}
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[World]:
        """Listen for the time of the context."""
        app = web.Application()
        routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
            ("GET", "/api/v10/users/@me", self._discord_me),
            ("GET", "/api/v10/oauth2/applications/@me", self._discord_application),
            ("GET", "/api/v10/applications/1/commands", self._discord_commands),
            ("PUT", "/api/v10/applications/1/commands", self._discord_commands),
            ("GET", "/api/v10/guilds/{guild}", self._discord_guild),
            ("GET", "/api/v10/gateway/bot", self._discord_gateway),
            ("GET", "/gateway", self._discord_socket),
            ("POST", "/slack/auth.test", self._slack_me),
            ("POST", "/api/v10/users/@me/channels", self._discord_open),
            ("POST", "/api/v10/channels/{channel}/messages", self._discord_say),
            ("GET", "/api/v10/channels/{channel}/messages", self._discord_history),
            ("POST", "/slack/chat.postMessage", self._slack_say),
            ("POST", "/slack/conversations.open", self._slack_open),
            ("GET", "/slack/conversations.history", self._slack_history),
            ("POST", "/slack/files.getUploadURLExternal", self._slack_upload),
            ("POST", "/upload", self._slack_upload),
            ("POST", "/slack/files.completeUploadExternal", self._slack_upload),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self.port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()


def _json(payload: object) -> web.Response:
    return web.Response(body=json.dumps(payload).encode(), headers=JSON_HEADERS)


async def _said(request: web.Request) -> Json:
    """Return what a request says: alone, or in a form with the files that go with it."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        return dict(json.loads(str(form["payload_json"])))
    return dict(await request.json())
