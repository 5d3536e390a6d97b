"""Discord on the loopback (see `tests.wire.discord_server`), which also keeps what the bot sends to whom."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import discord
from aiohttp import web

from tests.leaks.needles import Secret, written_actor
from tests.leaks.traffic import Traffic
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer, _json

EPHEMERAL = 64
_MEMBER = re.compile(r"/guilds/\d+/members/\d+")
_PRIVATE_KINDS = frozenset({5, 6, 9})  # deferred, or a form: shown to the one who asked


class Wire(DiscordServer):
    """`troubles`: how often a request fails, or is told to come back."""

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic()
        self.troubles, self.refused = 0.0, 0
        self.dice = random.Random(511)  # noqa: S311 — to be the same each time

    async def _answer(self, request: web.Request, path: str) -> web.Response:
        if self.troubles and not path.startswith("/users/@me") and self.dice.random() < self.troubles:
            self.refused += 1
            if self.dice.random() < 0.5:
                wait = {"message": "You are being rate limited.", "retry_after": 0.2, "global": False}
                return _json(wait, 429, {"Via": "1.1 test", "Retry-After": "0.2"})
            return _json({"message": "500: Internal Server Error", "code": 0}, 500)
        return await super()._answer(request, path)

    def noted(self, method: str, path: str, body: Any, attached: list[discord.File]) -> None:  # noqa: ANN401 — JSON
        """Keep what was sent; a private reply to an interaction is its author's."""
        content = json.dumps(body, ensure_ascii=False).encode()
        for file in attached:
            content += b"\n" + file.fp.read()
            file.fp.seek(0)
        whose, known = self._whose(path, body), path
        if path.startswith(("/interactions/", "/webhooks/")):
            # Where it is sent carries the token of whoever asked, as Discord has it: it is no content.
            known = path.split("/")[1]
        elif method == "GET" and _MEMBER.fullmatch(path):
            # Of whoever presses anything in private, before it is known what: whether they are to be served.
            return
        self.traffic.note(f"Discord {method} {known}", known.encode() + b"\n" + content, whose)

    def _whose(self, path: str, body: Any) -> str:  # noqa: ANN401 — JSON
        parts = path.split("/")
        if parts[1] not in {"interactions", "webhooks"}:
            return ""
        asked = self.backend.interactions.get(self.backend.interaction_tokens.get(parts[3], 0))
        if asked is None:
            return ""
        data = (body or {}).get("data") or {}
        edits = parts[1] == "webhooks" and "messages" in parts
        kind = (body or {}).get("type")
        flags = int((data if parts[1] == "interactions" else body or {}).get("flags") or 0)
        on_a_private_one = kind == 7
        alone = bool(flags & EPHEMERAL) or edits or kind in _PRIVATE_KINDS or on_a_private_one
        return str(asked.user_id) if alone else ""


def secrets_of(person: Person, name: str) -> list[Secret]:
    """Return what tells who someone is."""
    one, guild = str(person.id), str(person.guild.id)
    places = ("", guild)
    within = (
        f"discord{one}",
        f"<@{one}>",
        *(f"discord{a}{place}{b}{one}" for place in places for a in ":/\0" for b in ":/\0"),
        *(f"discord:{one}", f"{guild}/{one}", f"{guild}:{one}"),
        *(written for place in places for written in written_actor("discord", place, one)),
    )
    return [Secret(one, one, within), Secret(one, name), Secret(one, str(person.direct)),
            Secret(one, str(person.channel))]  # fmt: skip
