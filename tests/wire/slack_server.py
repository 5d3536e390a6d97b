"""local-slack in a network of its own, and the people of its workspace.

It listens on every interface, so it runs in a network namespace with nothing but a loopback. What
it says of its own address is that of `Proxy`, which is on this machine's loopback: the bot and the
tests stay outside.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp

from tests.kits.effort import PATIENCE
from tests.wire import fetch, inside
from tests.wire.bot_process import free_port
from tests.wire.slack_proxy import SHORTCUT, Proxy, proxying

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-essai", "xapp-essai", "secret-essai"
ALICE, BOB, CAROL, BOT, APP = "U001ALICE", "U00002BOB", "U003CAROL", "U0BOT", "A01VIGIE"
DANA = "U0004DANA"  # in the same channel as the others, until `Proxy.people` says more of her
CHANNEL, OFFICERS = "C01GENERAL", "C02OFFICIERS"  # the second is private
TEAM = "T00001AGE"

Json = dict[str, Any]
Mode = Literal["socket", "events"]

SOCKET_MODE: Mode = "socket"
HTTP_MODE: Mode = "events"


@dataclass
class LocalSlack:
    """A workspace: what its people do, and what they then see."""

    proxy: Proxy
    ui: aiohttp.ClientWebSocketResponse
    mode: Mode
    bot_port: int
    messages: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)  # of the bot, new or changed
    windows: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue)  # None: closed
    homes: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    refusals: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)

    @property
    def settings(self) -> Mapping[str, str]:
        """What the bot needs to know, as its environment."""
        known = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_API_URL": f"http://127.0.0.1:{self.proxy.port}/api"}
        if self.mode == SOCKET_MODE:
            return {**known, "SLACK_APP_TOKEN": APP_TOKEN}
        return {**known, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "VIGIE_SLACK_PORT": str(self.bot_port)}

    async def command(self, name: str, text: str = "", *, user: str = ALICE, channel: str = CHANNEL) -> None:
        """Type a slash command."""
        await self._control("command", command=name, text=text, user=user, channel=channel)

    async def shortcut(self, name: str, *, user: str = ALICE) -> None:
        """Choose a shortcut that is offered everywhere."""
        await self.command(SHORTCUT, name, user=user)

    async def write(self, text: str, *, user: str = ALICE, channel: str = CHANNEL) -> None:
        """Write a message; where `channel` is `user`, to the bot alone."""
        await self._control("message", text=text, user=user, channel=channel)

    async def press(self, message: Json, label: str, *, user: str = ALICE) -> None:
        """Press a button of a message."""
        action = next(button for button in buttons(message["blocks"]) if button["text"]["text"] == label)
        where = {"channel": message["channel"], "messageTs": message["ts"]}
        await self._control("interact", user=user, action=action, **where)

    async def press_at_home(self, view: Json, label: str, *, user: str = ALICE) -> None:
        """Press a button of the Home tab."""
        action = next(button for button in buttons(view["blocks"]) if button["text"]["text"] == label)
        await self.ui.send_json({"t": "block_action", "user": user, "action": action, "appId": APP})

    async def open_home(self, *, user: str = ALICE) -> None:
        """Open the bot's Home tab."""
        await self._control("open-home", user=user)

    async def submit(
        self,
        values: Mapping[str, str],
        *,
        user: str = ALICE,
        picked: bool = False,
        chosen: str = "",
        states: Mapping[str, Json] | None = None,
    ) -> None:
        """Fill in the window that is open and send it.

        `picked`: the values are days of its calendars. `chosen`: the field that is a list. `states`: the
        fields of another kind, as Slack tells what is in them.
        """
        kind, name = ("datepicker", "selected_date") if picked else ("plain_text_input", "value")
        typed: Json = {field: {"value": {"type": kind, name: value}} for field, value in values.items()}
        if chosen:
            option = {"text": {"type": "plain_text", "text": "x"}, "value": values[chosen]}
            typed[chosen] = {"value": {"type": "static_select", "selected_option": option}}
        typed |= {name: {"value": state} for name, state in (states or {}).items()}
        await self.ui.send_json({"t": "view_submit", "user": user, "values": typed})

    def joined(self, name: str, content: bytes) -> Json:
        """Keep a file that someone joins to a window, and return what Slack tells of its field."""
        path = f"/files-pri/joined/{name}"
        self.proxy.files[path] = content
        url = f"http://127.0.0.1:{self.proxy.port}{path}"
        file = {"id": "F1", "name": name, "size": len(content), "url_private_download": url}
        return {"type": "file_input", "files": [file]}

    async def enter(self, channel: str, *, user: str) -> None:
        """Enter a private channel, as someone who was invited there."""
        await self.proxy.joins(user, channel, TEAM)

    async def direct(self, user: str) -> str:
        """Return the identifier of someone's conversation with the bot."""
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        opening = self.proxy.far.post("/api/conversations.open", data={"users": user}, headers=headers)
        async with opening as answer:
            return str((await answer.json())["channel"]["id"])

    async def download(self, message: Json) -> bytes:
        """Return what is in the file that came with a message."""
        [file] = message["files"]
        path = urlsplit(file["url_private_download"]).path
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}  # local-slack knows of nobody else's
        async with self.proxy.far.get(path, headers=headers) as answer:
            assert answer.ok, await answer.text()
            return await answer.read()

    async def message(self) -> Json:
        """Return the next message of the bot, new or changed."""
        return await asyncio.wait_for(self.messages.get(), PATIENCE)

    async def window(self) -> Json | None:
        """Return the window that opens next, None if one closes."""
        return await asyncio.wait_for(self.windows.get(), PATIENCE)

    async def refusal(self) -> Json:
        """Return what the window that stays open says next, by field."""
        return await asyncio.wait_for(self.refusals.get(), PATIENCE)

    async def home(self) -> Json:
        """Return the Home tab that is shown next."""
        return await asyncio.wait_for(self.homes.get(), PATIENCE)

    async def _control(self, what: str, **details: object) -> None:
        async with self.proxy.far.post(f"/_control/{what}", json=details) as answer:
            assert answer.ok, await answer.text()

    async def watch(self) -> None:
        """Sort what the workspace shows, for as long as it is there."""
        async for frame in self.ui:
            event = json.loads(frame.data)
            match event["t"]:
                case "message" | "message_update" if event["message"].get("app_id"):
                    self.messages.put_nowait({**event["message"], "changed": event["t"] == "message_update"})
                case "view":
                    self.windows.put_nowait(event["stack"][-1] if event["stack"] else None)
                case "view_errors":
                    self.refusals.put_nowait(event["errors"])
                case "home":
                    self.homes.put_nowait(event["view"])


def buttons(blocks: list[Json]) -> list[Json]:
    """Return every button of the blocks of a message."""
    rows = [
        [block["accessory"]] if "accessory" in block else block["elements"]
        for block in blocks
        if block["type"] == "actions" or "accessory" in block
    ]
    return [button for row in rows for button in row]


@asynccontextmanager
async def workspace(mode: Mode) -> AsyncIterator[LocalSlack]:
    """Run a workspace where the bot is an application that receives events by `mode`."""
    program, namespace = fetch.local_slack(), fetch.in_a_namespace()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigie-")))
        to_slack, to_bot = str(folder / "slack"), str(folder / "bot")
        proxy = await stack.enter_async_context(proxying(to_slack, SIGNING_SECRET))
        proxy.rules.private = {OFFICERS}
        bot_port = free_port()
        await stack.enter_async_context(proxy.passing(to_bot, bot_port))
        config = folder / "config.json"
        config.write_text(json.dumps(_config(mode, bot_port)), encoding="utf-8")
        run = [
            program,
            "--config",
            config,
            "--port",
            proxy.port,
            "--base-host",
            "127.0.0.1",
            "--files-dir",
            folder,
        ]
        task = inside.Task(
            run=list(map(str, run)),
            port=proxy.port,
            relays=[(to_slack, proxy.port), (bot_port, to_bot)],
        )
        await stack.enter_async_context(_in_the_namespace(namespace, task))
        ui = await stack.enter_async_context(proxy.far.ws_connect("/ui"))
        slack = LocalSlack(proxy, ui, mode, bot_port)
        watching = asyncio.create_task(slack.watch())
        stack.push_async_callback(_cancel, watching)
        yield slack
        assert not proxy.problems, proxy.problems


def _config(mode: Mode, bot_port: int) -> Json:
    app = {
        "appId": "A01VIGIE",
        "botUserId": BOT,
        "botName": "vigie",
        "botToken": BOT_TOKEN,
        "appToken": APP_TOKEN,
    }
    app |= {"signingSecret": SIGNING_SECRET, "mode": mode}
    app |= {"requestUrl": f"http://127.0.0.1:{bot_port}/slack/events"}
    return {
        "workspace": {"name": "AGE", "domain": "age", "teamId": TEAM},
        "app": app,
        "users": [{"id": id_, "name": id_[3:].lower()} for id_ in (ALICE, BOB, CAROL, DANA)],
        "channels": [
            {"id": CHANNEL, "name": "general", "members": [ALICE, BOB, DANA, BOT]},
            {"id": OFFICERS, "name": "officiers", "is_private": True, "members": [ALICE, BOT]},
        ],
    }


@asynccontextmanager
async def _in_the_namespace(namespace: tuple[str, ...], task: inside.Task) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *namespace, sys.executable, inside.__file__, json.dumps(task),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), inside.READY_SECONDS)
        assert line == b"ready\n", "local-slack did not start"
        yield
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
