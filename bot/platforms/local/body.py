"""What a page of the sandbox sends, read with care: anything may claim to come from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

from bot.platforms.local.personas import PERSONAS, Persona
from bot.platforms.local.room import CHANNEL, DIRECT

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A JSON object. Whatever is not in it, or not of its type, raises `web.HTTPBadRequest`."""

    json: Json

    @classmethod
    async def of(cls, request: web.Request) -> JsonBody:
        """Read what a page sent."""
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            json = await request.json()
        except (ValueError, RecursionError) as error:
            raise web.HTTPBadRequest from error
        if not isinstance(json, dict):
            raise web.HTTPBadRequest
        return cls(json)

    def string(self, name: str) -> str:
        """Return a text."""
        value = self.json.get(name)
        if not isinstance(value, str):
            raise web.HTTPBadRequest(text=f"{name}?")
        return value

    def number(self, name: str) -> int:
        """Return a whole number."""
        value = self.json.get(name)
        if not isinstance(value, int):
            raise web.HTTPBadRequest(text=f"{name}?")
        return value

    def fields(self) -> dict[str, str]:
        """Return the answers of a form."""
        fields = self.json.get("fields")
        if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
            raise web.HTTPBadRequest(text="Il manque les réponses du formulaire.")
        return fields

    def persona(self) -> Persona:
        """Return who sent it."""
        identifier = self.string("persona")
        for persona in PERSONAS:
            if persona.id == identifier:
                return persona
        raise web.HTTPBadRequest(text="persona?")

    def conversation(self) -> str:
        """Return where: `CHANNEL` or `DIRECT`."""
        name = self.string("conversation")
        if name not in {CHANNEL, DIRECT}:
            raise web.HTTPBadRequest(text="conversation?")
        return name
