"""`/politique 5.10` on Discord: Vigie beside an echo by discord.py.

The bridge of the tests on the wire checks and remembers all that a bot sends, which takes longer than
answering does. Here it connects the bot and answers once; what is measured does not go through it.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from aiohttp import web
from simcord.enums import AppCommandType, InteractionType, OptionType
from simcord.interactions import base_payload

from tests.bench.load import Answer, Letterbox, Rival, Scale, compare
from tests.bench.programs import VIGIE, bare, running
from tests.bench.report import Row
from tests.wire.discord_people import Person
from tests.wire.discord_server import DISPATCH, JSON_HEADERS, TOKEN, DiscordServer

_NUMBER = "{number}"  # stands for an interaction's own in its event
_CALLBACK = re.compile(r"/api/v10/interactions/(\d+)/[^/]+/callback")


class QuickServer(DiscordServer):
    """A Discord where one person types `/politique 5.10`, as many times as wanted.

    All get the receipt of the first, which the bridge wrote, but for the interaction's number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._person = Person(self, "Alice")
        self._letterbox = Letterbox()
        self._receipt = b""
        self._event = ""
        self._numbers = itertools.count()

    @property
    def option(self) -> str:
        """The name of the command's only option, as the bot registered it."""
        return str(self._command()["options"][0]["name"])

    async def ask(self) -> Answer:
        """Type the command; the answer has come once it is at the interaction's address."""
        if not self._event:
            self._type()
        [link] = self._links
        number = str(next(self._numbers))
        answer = self._letterbox.expect(number)
        await link.socket.send_str(self._event.replace(_NUMBER, number))
        return await answer

    def _command(self) -> dict[str, Any]:
        where = self._person.guild.id
        command = self.backend.find_command("politique", where, type=AppCommandType.CHAT_INPUT)
        assert command is not None, "the bot registered no such command"
        return command

    def _type(self) -> None:
        option = {"name": self.option, "type": OptionType.STRING, "value": "5.10"}
        command = {key: self._command()[key] for key in ("id", "name", "type")}
        record, payload = base_payload(
            self.backend,
            type=InteractionType.APPLICATION_COMMAND,
            channel_id=self._person.channel,
            guild_id=self._person.guild.id,
            user_id=self._person.id,
            data={**command, "options": [option]},
        )
        event = {"op": DISPATCH, "t": "INTERACTION_CREATE", "s": 1, "d": {**payload, "id": _NUMBER}}
        self._event = json.dumps(event)
        self._numbers = itertools.count(record.id)

    async def _api(self, request: web.Request) -> web.Response:
        found = _CALLBACK.fullmatch(request.path)
        if not found:
            return await super()._api(request)
        if not self._receipt:
            self._receipt = ((await super()._api(request)).text or "").encode()
        answer = await request.json()
        self._letterbox.arrived(found[1], answer["data"]["components"])
        return web.Response(body=self._receipt, headers=JSON_HEADERS)


async def measure(scale: Scale) -> list[Row]:
    """Return how both fare, each connected to a Discord of its own."""
    async with QuickServer() as here, QuickServer() as there, running(VIGIE, here.environment) as vigie:
        await vigie.until("Discord\u00a0: prêt")
        ours = Rival(vigie.pid, here.ask)
        await ours.ask()  # the first answer also holds what one is told once
        given = {
            "origin": there.origin,
            "token": TOKEN,
            "option": here.option,
            "answer": (await ours.ask()).content,
        }
        async with running(bare("discord", given)) as echo:
            await echo.until("prêt")
            return await compare("Discord", ours, Rival(echo.pid, there.ask), scale)
