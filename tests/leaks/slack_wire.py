"""Slack over signed HTTP, on the loopback: its API as far as the bot meets it, and any number of people.

Each has an identifier, a name, and addresses and tokens of their own, which are drawn at random: what is
looked for afterwards. Everything that the bot sends is kept, with whose private reply it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.kits.effort import PATIENCE
from tests.leaks.needles import Secret, written_actor
from tests.leaks.traffic import Traffic

Json = dict[str, Any]

TEAM, CHANNEL, SIGNING_SECRET = "T00001AGE", "C01GENERAL", "secret-essai"
_FIXED: dict[str, Json] = {
    "auth.test": {"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": TEAM, "url": "http://x"},
    "conversations.history": {"ok": True, "messages": []},
}
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def signed(body: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return what Slack sends for a body, and the headers that sign it."""
    raw, now = urlencode(body), str(int(time.time()))
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{now}:{raw}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={digest}",
    }
    return raw, headers


def identifier(start: str, dice: random.Random) -> str:
    """Return what Slack calls someone or something."""
    return start + "".join(dice.choices(_LETTERS, k=10))


@dataclass
class Wire:
    """The workspace. `trouble`: answered in the place of the next calls, by method."""

    bot_port: int
    session: aiohttp.ClientSession
    port: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    people: dict[str, Person] = field(default_factory=dict)  # by identifier, token of an address, trigger
    troubles: float = 0.0
    refused: int = 0
    files: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(510))  # noqa: S311 — to be the same each time
    said: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))  # by conversation
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> dict[str, str]:
        """What brings a bot here, as its environment."""
        return {
            "SLACK_BOT_TOKEN": "xoxb-essai",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"http://127.0.0.1:{self.port}/slack",
            "VIGIE_SLACK_PORT": str(self.bot_port),
            "VIGIE_SLACK_EQUIPE": TEAM,
        }

    async def until(self, condition: Any, within: float = PATIENCE) -> Any:  # noqa: ANN401 — whatever it returns
        """Wait until `condition` returns something true, and return it."""
        async with asyncio.timeout(within):
            while not (found := condition()):
                self._news.clear()
                await self._news.wait()
        return found

    # What the bot calls

    async def _call(self, request: web.Request) -> web.Response:
        method, raw = request.match_info["method"], await request.read()
        if self.troubles and self.dice.random() < self.troubles:
            self.refused += 1
            return self.dice.choice((_limited, _failed))()
        body: Json = dict(request.query)
        if request.content_type == "application/json":
            body |= json.loads(raw)
        elif raw:
            body |= dict(await request.post())
        whose = self._whose(method, body)
        self.traffic.note(f"Slack {method}", request.path_qs.encode() + b"\n" + raw, whose)
        answer = self._answer(method, body, whose)
        self._news.set()
        return web.json_response(answer)

    def _whose(self, method: str, body: Json) -> str:
        """Return whose private reply a call is, "" when others may see it."""
        if method.startswith("views.") and body.get("trigger_id") in self.people:
            return self.people[body["trigger_id"]].id
        if method == "views.update" and body.get("view_id") in self.people:
            return self.people[body["view_id"]].id
        return str(body["user"]) if method == "chat.postEphemeral" else ""

    def _answer(self, method: str, body: Json, whose: str) -> Json:
        stamp, fixed = f"{time.time():.6f}", _FIXED.get(method)
        if fixed is not None:
            return fixed
        if method == "conversations.open":
            return {"ok": True, "channel": {"id": f"D{str(body['users'])[1:]}"}}
        if method == "files.getUploadURLExternal":
            return {"ok": True, "upload_url": f"http://127.0.0.1:{self.port}/upload", "file_id": "F1"}
        if method.startswith("views.") and whose:
            view = body["view"] if isinstance(body["view"], dict) else json.loads(str(body["view"]))
            name = identifier("V", self.dice)
            self.people[name] = self.people[whose]
            self.people[whose].windows.put_nowait({**view, "id": name})
            return {"ok": True, "view": {**view, "id": name}}
        if method == "chat.postMessage":
            channel = str(body["channel"])
            posted = {**body, "ts": stamp, "channel": f"D{channel[1:]}" if channel[0] in "UW" else channel}
            self.said[posted["channel"]].append(posted)
            return {"ok": True, "ts": stamp, "channel": posted["channel"]}
        if method == "chat.postEphemeral":
            self.people[whose].shown.put_nowait({**body, "ts": stamp, "ephemeral": True})
        return {"ok": True, "message_ts": stamp}

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file. It is one to a holder: those who report are sent none."""
        self.traffic.note("Slack fichier", await request.read())
        self.files += 1
        self._news.set()
        return web.Response(text="ok")

    async def _respond(self, request: web.Request) -> web.Response:
        """Take what is answered at the address that came with a request."""
        raw, token = await request.read(), request.match_info["token"]
        if self.troubles and self.dice.random() < self.troubles:
            self.refused += 1
            return self.dice.choice((_limited, _failed))()
        person, body = self.people[token], json.loads(raw)
        alone = body.get("replace_original") or body.get("response_type") == "ephemeral"
        self.traffic.note("Slack response_url", raw, person.id if alone else "")
        person.shown.put_nowait({**body, "ts": f"{time.time():.6f}", "ephemeral": True})
        self._news.set()
        return web.Response(text="ok")

    # What people do

    async def tell(self, body: Mapping[str, str]) -> int:
        """Send the bot what someone did, signed; return how it answered."""
        raw, headers = signed(body)
        url = f"http://127.0.0.1:{self.bot_port}/slack/events"
        async with self.session.post(url, data=raw, headers=headers) as answer:
            await answer.read()
            return answer.status

    def person(self, name: str) -> Person:
        """Return someone new."""
        found = Person(self, identifier("U", self.dice), name, identifier("D", self.dice))
        self.people[found.id] = found
        return found


@dataclass
class Person:
    """Someone in the workspace, and what they are shown."""

    wire: Wire
    id: str
    name: str
    direct: str
    shown: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    windows: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    tokens: list[str] = field(default_factory=list)

    def secrets(self) -> list[Secret]:
        """Return what tells who they are."""
        one = self.id
        within = (
            *(
                f"slack:{one}",
                f"slack{one}",
                f"slack{TEAM}{one}",
                f"{TEAM}{one}",
                f"{TEAM}/{one}",
                f"{TEAM}:{one}",
            ),
            *(f"slack{a}{TEAM}{b}{one}" for a in ":/\0" for b in ":/\0"),
            *written_actor("slack", TEAM, one),
        )
        known = [Secret(self.id, self.id, within), Secret(self.id, self.name), Secret(self.id, self.direct)]
        return known + [Secret(self.id, token) for token in self.tokens]

    def _token(self) -> str:
        made = secrets.token_hex(12)
        self.tokens.append(made)
        self.wire.people[made] = self
        return made

    def _way(self) -> Json:
        """Return the address and the trigger of one request."""
        trigger = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**10)}.{self._token()}"
        self.wire.people[trigger] = self
        address = f"http://127.0.0.1:{self.wire.port}/respond/{self._token()}"
        return {"response_url": address, "trigger_id": trigger}

    async def command(self, name: str, text: str = "") -> None:
        """Type a slash command in the channel."""
        known = {"team_id": TEAM, "team_domain": "age", "channel_id": CHANNEL, "channel_name": "general"}
        known |= {"user_id": self.id, "user_name": self.name, "command": name, "text": text}
        await self.wire.tell({**known, "api_app_id": "A01VIGIE", **self._way()})

    async def press(self, message: Json, label: str, channel: str = CHANNEL) -> None:
        """Press a button of a message."""
        action = next(button for button in buttons(message["blocks"]) if label in button["text"]["text"])
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel,
            "is_ephemeral": bool(message.get("ephemeral")),
        }
        pressed = {**action, "block_id": "b", "action_ts": message["ts"]}
        payload = {
            "type": "block_actions",
            "container": container,
            "channel": {"id": channel, "name": "x"},
            "message": {"ts": message["ts"], "blocks": message["blocks"], "type": "message"},
            "actions": [pressed],
        }
        await self._do({**payload, **self._way()})

    async def use_shortcut(self, name: str, text: str, *, author: str = "U0AUTRE0000") -> None:
        """Choose an entry of the menu of a message that `author` wrote, someone else unless it is said."""
        message = {"type": "message", "user": author, "ts": "1764043200.000100", "text": text}
        payload = {
            "type": "message_action",
            "callback_id": name,
            "message": message,
            "message_ts": message["ts"],
        }
        await self._do({**payload, "channel": {"id": CHANNEL, "name": "general"}, **self._way()})

    async def submit(self, window: Json, values: Mapping[str, str]) -> None:
        """Fill in a window and send it."""
        state = {name: {"value": _value(window, name, value)} for name, value in values.items()}
        view = {**window, "state": {"values": state}, "team_id": TEAM}
        await self._do({"type": "view_submission", "view": view, "trigger_id": self._way()["trigger_id"]})

    async def _do(self, payload: Json) -> None:
        who = {"id": self.id, "username": self.name, "name": self.name, "team_id": TEAM}
        known = {"team": {"id": TEAM, "domain": "age"}, "user": who, "api_app_id": "A01VIGIE"}
        await self.wire.tell({"payload": json.dumps({**payload, **known, "token": self._token()})})

    async def message(self) -> Json:
        """Return the next message that only they see."""
        return await asyncio.wait_for(self.shown.get(), PATIENCE)

    async def window(self) -> Json:
        """Return the next window that is opened to them."""
        return await asyncio.wait_for(self.windows.get(), PATIENCE)

    def forget(self) -> None:
        """Forget what they were shown."""
        for queue in (self.shown, self.windows):
            while not queue.empty():
                queue.get_nowait()


def _value(window: Json, name: str, value: str) -> Json:
    kind = next(block["element"]["type"] for block in window["blocks"] if block.get("block_id") == name)
    if kind == "static_select":
        return {
            "type": kind,
            "selected_option": {"value": value, "text": {"type": "plain_text", "text": "x"}},
        }
    return {"type": kind, "value": value or None}


def buttons(blocks: list[Json]) -> list[Json]:
    """Return every button of a message."""
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


def words(message: Json) -> str:
    """Return everything that a message says."""
    return json.dumps(message.get("blocks", []), ensure_ascii=False)


def _limited() -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})


def _failed() -> web.Response:
    return web.json_response({"ok": False, "error": "internal_error"}, status=500)


@asynccontextmanager
async def slack(bot_port: int) -> AsyncIterator[Wire]:
    """Serve the workspace."""
    async with aiohttp.ClientSession() as session:
        wire = Wire(bot_port, session)
        app = web.Application()
        app.router.add_route("*", "/slack/{method}", wire._call)
        app.router.add_post("/respond/{token}", wire._respond)
        app.router.add_post("/upload", wire._upload)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            wire.port = runner.addresses[0][1]
            yield wire
        finally:
            await runner.cleanup()
