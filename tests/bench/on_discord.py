"""`/politique 5.10` on Discord: Vigie beside an echo by discord.py.

The bridge of the tests on the wire checks and remembers all that a bot sends, which takes longer than
answering does. Here it connects the bot and answers once; what is measured does not go through it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from simcord.enums import AppCommandType, InteractionType, OptionType
from simcord.interactions import base_payload

from tests.bench.load import Answer, Letterbox, Rival, Scale, compare
from tests.bench.programs import VIGIE, bare, running
from tests.bench.report import Row
from tests.wire.bot_process import BotProcess
from tests.wire.discord_people import Person
from tests.wire.discord_server import DISPATCH, JSON_HEADERS, TOKEN, DiscordServer

COMMAND = "politique"
_NUMBER = "{number}"  # stands for an interaction's own in its event
_MESSAGES = re.compile(r"/api/v10/channels/\d+/messages")
_CALLBACK = re.compile(r"/api/v10/interactions/(\d+)/[^/]+/callback")


class QuickServer(DiscordServer):
    """A Discord where `/politique 5.10`, or a command without text, is typed as many times as wanted.

    All get the receipt of the first, which the bridge wrote, but for the interaction's number. So do the
    messages that the bot writes; `answered` is how many. What a `Person` does goes through the bridge.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answered = 0
        self._person = Person(self, "Alice")
        self._letterbox = Letterbox()
        self._receipt, self._message = b"", b""
        self._events: dict[str, str] = {}
        self._numbers = itertools.count()

    @property
    def option(self) -> str:
        """The name of the command's only option, as the bot registered it."""
        return str(self._command(COMMAND)["options"][0]["name"])

    async def ask(self, name: str = COMMAND, person: int | None = None) -> Answer:
        """Type a command; the answer has come once it is at the interaction's address.

        `person`: the number of who types it, or someone who is always the same.
        """
        if name not in self._events:
            self._events[name] = self._typed(name)
        [link] = self._links
        number = str(next(self._numbers))
        event = self._events[name].replace(_NUMBER, number)
        answer = self._letterbox.expect(number)
        await link.socket.send_str(
            event if person is None else event.replace(str(self._person.id), str(person))
        )
        return await answer

    def _command(self, name: str) -> dict[str, Any]:
        command = self.backend.find_command(name, self._person.guild.id, type=AppCommandType.CHAT_INPUT)
        assert command is not None, "the bot registered no such command"
        return command

    def _typed(self, name: str) -> str:
        option = {"name": self.option, "type": OptionType.STRING, "value": "5.10"}
        command = {key: self._command(name)[key] for key in ("id", "name", "type")}
        record, payload = base_payload(
            self.backend,
            type=InteractionType.APPLICATION_COMMAND,
            channel_id=self._person.channel,
            guild_id=self._person.guild.id,
            user_id=self._person.id,
            data={**command, "options": [option] if name == COMMAND else []},
        )
        if not self._events:
            self._numbers = itertools.count(record.id)
        return json.dumps(
            {"op": DISPATCH, "t": "INTERACTION_CREATE", "s": 1, "d": {**payload, "id": _NUMBER}}
        )

    async def _api(self, request: web.Request) -> web.Response:
        if request.method == "POST" and _MESSAGES.fullmatch(request.path):
            self.answered += 1
            self._news.set()
            if not self._message:
                self._message = ((await super()._api(request)).text or "").encode()
            return web.Response(body=self._message, headers=JSON_HEADERS)
        match = _CALLBACK.fullmatch(request.path)
        if not match or not self._letterbox.expects(match[1]):
            return await super()._api(request)
        if not self._receipt:
            self._receipt = ((await super()._api(request)).text or "").encode()
        answer = await request.json()
        self._letterbox.arrived(match[1], answer["data"]["components"])
        return web.Response(body=self._receipt, headers=JSON_HEADERS)


@asynccontextmanager
async def rivals() -> AsyncIterator[tuple[QuickServer, BotProcess, QuickServer, BotProcess]]:
    """Give Vigie and the echo, each with a Discord of its own."""
    async with QuickServer() as here, QuickServer() as there, running(VIGIE, here.environment) as vigie:
        await vigie.until("Discord\u00a0: prêt")
        await here.ask()  # the first answer also holds what one is told once
        given = {
            "origin": there.origin,
            "token": TOKEN,
            "option": here.option,
            "answer": (await here.ask()).content,
        }
        async with running(bare("discord", given)) as echo:
            await echo.until("prêt")
            yield here, vigie, there, echo


async def measure(scale: Scale) -> list[Row]:
    """Return how both fare."""
    async with rivals() as (here, vigie, there, echo):
        return await compare("Discord", Rival(vigie.pid, here.ask), Rival(echo.pid, there.ask), scale)
