"""The body of a request from a sandbox page. It is validated, since any program can pretend to be a page."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from bot.conversation.messages import clean
from bot.conversation.requests import TAKEN_SIZE, Received
from bot.platforms.dropped_files import FILE_TOO_LARGE, joined
from bot.platforms.local.personas import PERSONAS
from bot.platforms.local.room import CHANNEL, DIRECT

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PageBody:
    """A JSON object. Reading a missing value, or one of the wrong type, raises `web.HTTPBadRequest`."""

    content: dict[str, Any]

    @classmethod
    async def of(cls, request: web.Request) -> PageBody:
        """Return the body of a page's request.

        Raises `web.HTTPUnsupportedMediaType` if the body is not JSON, and `web.HTTPBadRequest` if it is
        invalid.
        """
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            # `request.json` would decode with the codec that the request names.
            content = json.loads((await request.read()).decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise web.HTTPBadRequest from error
        if not isinstance(content, dict):
            raise web.HTTPBadRequest
        return cls(content)

    def value(self, name: str, kind: type[Value], among: Collection[Value] | None = None) -> Value:
        """Return a value of type `kind` (text, integer or object), which must be in `among` if given.

        Raises `HTTPBadRequest` for any other value.
        """
        value = self.content.get(name)
        if not isinstance(value, kind) or (among is not None and value not in among):
            raise web.HTTPBadRequest(text=f"{name}?")
        return value

    @property
    def file(self) -> Received | None:
        """The file attached to a form, None if there is none. Raises `HTTPBadRequest`."""
        if "file" not in self.content:
            return None
        sent = PageBody(self.value("file", dict))
        name = clean(sent.value("name", str))
        try:
            content = base64.b64decode(sent.value("content", str), validate=True)
        except ValueError as error:
            raise web.HTTPBadRequest(text="file?") from error
        return Received(name, content) if len(content) <= TAKEN_SIZE else joined(FILE_TOO_LARGE, name)

    @property
    def persona(self) -> str:
        """The identifier of the persona who sent the request."""
        return self.value("persona", str, {persona.id for persona in PERSONAS})

    @property
    def conversation(self) -> str:
        """The conversation of the request: `CHANNEL` or `DIRECT`."""
        return self.value("conversation", str, {CHANNEL, DIRECT})
