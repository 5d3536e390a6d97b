"""The sandbox: a chat in the browser, on this machine only, where one may be several people.

Nothing of it leaves the machine or outlives the process. A page of another site must reach none of
it: foreign Host headers are refused (DNS rebinding), so are posts from another origin, and there is
no cookie to ride on.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from bot.conversation.dispatcher import TEXT_LENGTH, Dispatcher
from bot.conversation.forms import Form, opener
from bot.conversation.messages import Message, Quoter
from bot.conversation.requests import Actor, Place, Request
from bot.platforms import http_headers
from bot.platforms.contract import Destination, PlatformError, UndeliverableError
from bot.platforms.groups import FollowedGroup
from bot.platforms.local import files, revisions
from bot.platforms.local.body import JsonBody
from bot.platforms.local.completion import complete, starters
from bot.platforms.local.gallery import Gallery, page
from bot.platforms.local.personas import PERSONAS, Persona
from bot.platforms.local.render import render_fields, said, serialized
from bot.platforms.local.replies import LocalReplies, unknown
from bot.platforms.local.revisions import Sheets
from bot.platforms.local.room import CHANNEL, DIRECT, Room, RoomMessage

HOST = "127.0.0.1"
BODY_SIZE = 256 * 1024  # five fields of 3,000 characters, each escaped in JSON, and some room
KEEP_ALIVE_SECONDS = 15  # between two signs of life on a stream, which find the pages that are gone
DRAIN_SECONDS = 3.0  # for the answers under way, when we leave

HEADERS: Mapping[str, str] = {
    **http_headers.COMMON,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MENTION = re.compile(r"@vigie\b[\s,:]*", re.IGNORECASE)

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalAdapter:
    """The platform « Bac à sable » (see `bot.platforms.Platform`).

    `port`: where it listens, on 127.0.0.1; 0 is any that is free. `gallery`: what the page of all
    messages shows. `sheets`: gives what the page of revisions shows.
    """

    name = "Bac à sable"

    def __init__(
        self,
        dispatcher: Dispatcher,
        quote: Quoter,
        *,
        port: int,
        gallery: Gallery,
        sheets: Sheets = revisions.no_sheets,
    ) -> None:
        self._dispatcher = dispatcher
        self._quote = quote
        self._port = port
        self._gallery = gallery
        self._sheets = sheets
        self._room = Room()
        self._replies = LocalReplies(self._room, quote)
        self._delivered: set[str] = set()
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """The address to open, known once started."""
        return f"http://{HOST}:{self._port}/"

    async def start(self) -> None:
        """Listen; return once pages are being served. Raises `PlatformError` when the port is taken."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=DRAIN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError as error:
            await self.close()
            raise PlatformError(
                f"le port {self._port} n'est pas libre. Arrêtez ce qui l'occupe, ou choisissez-en un autre "
                "avec VIGIE_PORT."
            ) from error
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Let the answers under way end, then stop listening. May be called at any moment."""
        self._room.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def ready(self) -> bool:
        """Return whether pages are being served."""
        return self._runner is not None

    async def fetch_members(self, group: FollowedGroup) -> set[Actor]:
        """Refuse: the sandbox has no groups. Raises `PlatformError`."""
        raise PlatformError(f"le bac à sable n'a pas de groupe {group.source_id}.")

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Say `message` unprompted, in a persona's own conversation or in the channel."""
        persona = next((one for one in PERSONAS if one.id == to.id), PERSONAS[0])
        if to.surface == "channel":
            self._replies.say(Message(*message.elements, public=True), persona, CHANNEL)
        elif persona.id == to.id:
            self._replies.say(message, persona, DIRECT)
        else:
            raise UndeliverableError("gone (persona)")
        self._delivered.add(delivery_id)

    async def was_delivered(
        self, to: Destination, message: Message, delivery_id: str, since: datetime
    ) -> bool:
        """Return whether it was said; nothing here outlives the process."""
        del to, message, since
        return delivery_id in self._delivered

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_SIZE)
        app.on_response_prepare.append(http_headers.adding(HEADERS))
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/galerie", self._show_gallery),
                web.get("/revisions", self._show_revisions),
                web.get("/static/{name}", self._asset),
                web.get("/api/events", self._events),
                web.get("/api/suggestions", self._suggestions),
                web.post("/api/say", self._on_say),
                web.post("/api/press", self._on_press),
                web.post("/api/submit", self._on_submit),
                web.post("/api/shortcut", self._on_shortcut),
                web.post("/api/read", self._on_read),
                web.post("/api/drop", self._on_drop),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what does not come from our own pages."""
        if request.host not in {f"{HOST}:{self._port}", f"localhost:{self._port}"}:
            raise web.HTTPMisdirectedRequest(text=f"Ouvrez plutôt {self.address}")
        if request.method == "POST" and request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Cette demande vient d'une autre page.")
        return await handler(request)

    async def _index(self, _: web.Request) -> web.Response:
        return _file("index.html")

    async def _asset(self, request: web.Request) -> web.Response:
        return _file(request.match_info["name"])

    async def _show_gallery(self, _: web.Request) -> web.Response:
        return web.Response(text=page(self._gallery, self._quote), content_type="text/html")

    async def _show_revisions(self, _: web.Request) -> web.Response:
        return web.Response(text=revisions.page(await self._sheets()), content_type="text/html")

    async def _on_drop(self, request: web.Request) -> web.Response:
        """Take a file, dropped in a person's own conversation with the bot."""
        sent = JsonBody(dict(request.query))
        persona, name = sent.persona(), sent.string("name")[: files.NAME_LENGTH] or "fichier"
        self._room.post(author=persona.id, html=said(name), text=name, owner=persona.id)
        answer = await files.taken(self._dispatcher, request, name, _actor(persona))
        return web.json_response({"entry": self._replies.say(answer, persona, DIRECT).id})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream what is here, then what happens. A page that was cut off receives all of it again."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._room.followed() as events, suppress(ConnectionResetError):
            event: Json = {"type": "hello", **self._about()}
            while event["type"] != "end":
                data = json.dumps(event, ensure_ascii=False)
                await response.write(f"retry: 1000\ndata: {data}\n\n".encode())
                event = await _next(events)
        return response

    def _about(self) -> Json:
        alone, in_channel = starters(self._dispatcher)
        return {
            "personas": [asdict(persona) for persona in PERSONAS],
            "starters": {DIRECT: alone, CHANNEL: in_channel},
            "shortcuts": [
                {"label": command.shortcut, "command": command.name}
                for command in self._dispatcher.commands
                if command.shortcut
            ],
        }

    async def _suggestions(self, request: web.Request) -> web.Response:
        line = request.query.get("line", "")
        in_channel = request.query.get("conversation") == CHANNEL
        found = complete(self._dispatcher, line, in_channel=in_channel)
        return web.json_response([asdict(completion) for completion in found])

    async def _on_say(self, request: web.Request) -> web.Response:
        """Answer what a person wrote: a command, words to the bot, or words to everyone."""
        body = await JsonBody.of(request)
        persona, conversation = body.persona(), body.conversation()
        text = body.string("text").strip()
        if not text or len(text) > TEXT_LENGTH:
            raise web.HTTPUnprocessableEntity(
                text=f"Un message a de 1 à {TEXT_LENGTH} caractères; le vôtre en a {len(text)}."
            )
        if text.startswith("/"):
            return await self._on_command(text, persona, conversation)
        self._room.post(
            author=persona.id, html=said(text), text=text, owner="" if conversation == CHANNEL else persona.id
        )
        if conversation == CHANNEL and not _MENTION.search(text):
            return web.json_response({})
        asked = _MENTION.sub(" ", text) if conversation == CHANNEL else text
        return await self._answer(
            self._request(asked, persona, conversation), persona, conversation, window=False, written=True
        )

    async def _on_command(self, text: str, persona: Persona, conversation: str) -> web.Response:
        """Run a command, which is a message of its own only where nobody else reads."""
        if conversation == DIRECT:
            self._room.post(author=persona.id, html=said(text), text=text, owner=persona.id)
        asked = text if conversation == CHANNEL else ""
        refusal = unknown(self._dispatcher, text)
        if refusal is not None:
            self._replies.say(refusal, persona, conversation, asked=asked)
            return web.json_response({})
        return await self._answer(
            self._request(text, persona, conversation), persona, conversation, asked=asked
        )

    async def _on_press(self, request: web.Request) -> web.Response:
        body = await JsonBody.of(request)
        persona, conversation = body.persona(), body.conversation()
        entry, command = self._entry(body, persona), body.string("command")
        if entry.message is None or command not in {
            getattr(b, "command", None) for b in entry.message.buttons()
        }:
            raise web.HTTPNotFound(text="Ce bouton n'est plus là.")
        asked = replace(self._request(f"/{command}", persona, conversation), pressed=True)
        return await self._answer(asked, persona, conversation, origin=entry)

    async def _on_submit(self, request: web.Request) -> web.Response:
        body = await JsonBody.of(request)
        persona, conversation = body.persona(), body.conversation()
        asked = replace(
            self._request(f"/{body.string('command')}", persona, conversation), fields=body.fields()
        )
        return await self._answer(asked, persona, conversation, window=False)

    async def _on_shortcut(self, request: web.Request) -> web.Response:
        body = await JsonBody.of(request)
        persona = body.persona()
        entry = self._entry(body, persona)
        command = self._dispatcher.command(body.string("command"))
        if command is None or not command.shortcut:
            raise web.HTTPNotFound(text="Cette entrée du menu n'existe pas.")
        asked = Request(command.name, command.takes(entry.text), _actor(persona), "channel")
        return await self._answer(asked, persona, CHANNEL, asked=command.shortcut)

    async def _on_read(self, request: web.Request) -> web.Response:
        body = await JsonBody.of(request)
        self._room.mark_read(body.persona().id, body.conversation(), body.number("entry"))
        return web.json_response({})

    def _entry(self, body: JsonBody, persona: Persona) -> RoomMessage:
        entry = self._room.entry(body.number("entry"), persona.id)
        if entry is None:
            raise web.HTTPNotFound(text="Ce message n'est plus là.")
        return entry

    def _request(self, text: str, persona: Persona, conversation: str) -> Request:
        place: Place = "channel" if conversation == CHANNEL else "direct"
        return self._dispatcher.from_text(text, actor=_actor(persona), place=place)

    async def _answer(
        self,
        request: Request,
        persona: Persona,
        conversation: str,
        *,
        origin: RoomMessage | None = None,
        asked: str = "",
        window: bool = True,
        written: bool = False,
    ) -> web.Response:
        """Run the request. A form is given to the page where a `window` can be opened at once."""
        admission = self._dispatcher.admit(request, written=written)
        reply = admission.refusal or await self._dispatcher.handle(admission.request)
        if isinstance(reply, Form) and window:
            fields = serialized(render_fields(reply))
            form = {"command": reply.command, "title": reply.title, "submit": reply.submit, "html": fields}
            return web.json_response({"form": form})
        message = opener(reply) if isinstance(reply, Form) else reply
        entry = self._replies.say(
            message, persona, conversation, origin=origin, asked=asked, command=admission.logged
        )
        return web.json_response({"entry": entry.id})


async def _next(events: asyncio.Queue[Json]) -> Json:
    """Return the next event, or a mere sign of life when there is none for a while."""
    try:
        async with asyncio.timeout(KEEP_ALIVE_SECONDS):
            return await events.get()
    except TimeoutError:
        return {"type": "alive"}


def _file(name: str) -> web.Response:
    path = _STATIC / name
    if path.parent != _STATIC or path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(text=path.read_text("utf-8"), content_type=_TYPES[path.suffix], charset="utf-8")


def _actor(persona: Persona) -> Actor:
    return Actor("local", "", persona.id)
