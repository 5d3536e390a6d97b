"""The sandbox: a chat in the browser, on this machine only, where a visitor can play several people.

No data leaves the machine or outlives the process. Pages of other sites cannot reach the sandbox: foreign
Host headers (DNS rebinding) and posts from another origin are refused, and there is no cookie to exploit.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from aiohttp import web

from bot.conversation.dispatcher import TEXT_LENGTH, Dispatcher, apology
from bot.conversation.forms import Form, opener
from bot.conversation.messages import Button, Buttons, Message, Quoter, Text, code, thousands
from bot.conversation.requests import TAKEN_SIZE, Actor, Received
from bot.platforms import dropped_files, http_headers
from bot.platforms.contract import Destination, PlatformError, UndeliverableError
from bot.platforms.groups import FollowedGroup
from bot.platforms.listening import port_problem
from bot.platforms.local import figures, revisions
from bot.platforms.local.body import PageBody
from bot.platforms.local.completion import complete_line
from bot.platforms.local.figures import ReadFigures
from bot.platforms.local.gallery import ADDRESS, SOUGHT_LENGTH, Gallery, gallery_page, group_page
from bot.platforms.local.personas import PERSONAS, Persona
from bot.platforms.local.render import render, render_fields, render_words, serialize_html
from bot.platforms.local.revisions import Sheets
from bot.platforms.local.room import BOT, CHANNEL, DIRECT, Clock, Json, Room, RoomMessage, Spot, real_time

HOST = "127.0.0.1"
BODY_SIZE = 256 * 1024  # bytes: five fields of 3,000 characters, each escaped in JSON, plus a margin
FILE_NAME_LENGTH = 200
KEEP_ALIVE_SECONDS = 15  # between keep-alive events on a stream; they detect closed pages
DRAIN_SECONDS = 3.0  # for answers in progress at shutdown

HEADERS: Mapping[str, str] = {
    **http_headers.COMMON,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

# The moments to which the sandbox's clock can be moved: one hour later, the next morning, Monday morning, one
# month later, or the time when the next waiting message is due.
MOMENTS = ("heure", "jour", "lundi", "mois", "remettre")
# A function that moves the clock, and returns the new time in UTC, or None if no message waits.
Travel: TypeAlias = Callable[[str], Awaitable[datetime | None]]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(eq=False)
class LocalAdapter:
    """The platform « Bac à sable » (see `bot.platforms.contract.Platform`).

    `port`: the port to listen on, at 127.0.0.1; 0 means any free port. `bot`: the bot's name. `gallery`: the
    data for the page that shows every message. `sheets`: reads the data for the page of revisions. `figures`:
    reads the data for the page of a period's figures, by the period's id, "" for the last month. `starters`:
    returns questions to begin with. `personas`: the people that a visitor can play. `clock`: tells the time
    of messages. `travel`: moves that clock, None if it cannot be moved.
    """

    name = "Bac à sable"

    dispatcher: Dispatcher
    quote: Quoter
    _: KW_ONLY
    port: int
    bot: str
    gallery: Gallery
    sheets: Sheets = revisions.no_sheets
    figures: ReadFigures = figures.no_figures
    starters: Callable[[], Sequence[str]] = tuple
    personas: Sequence[Persona] = PERSONAS
    clock: Clock = real_time
    travel: Travel | None = None
    _room: Room = field(init=False)
    _mention: re.Pattern[str] = field(init=False)
    _delivered: set[str] = field(default_factory=set)
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self._room = Room(self.clock, self.bot)
        self._mention = re.compile(rf"@{re.escape(self.bot)}\b[\s,:]*", re.IGNORECASE)

    @property
    def address(self) -> str:
        """The address to open, known once the server has started."""
        return f"http://{HOST}:{self.port}/"

    async def start(self) -> None:
        """Listen, and return once pages are being served. Raises `PlatformError` if the port is taken."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=DRAIN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self.port).start()
        except OSError as error:
            await self.close()
            raise PlatformError(
                port_problem(error, self.port, "VIGIE_PORT, --port ou make demo PORT=…")
            ) from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Let the answers in progress finish, then stop listening. May be called at any time."""
        self._room.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def ready(self) -> bool:
        """Return whether pages are being served."""
        return self._runner is not None

    async def fetch_members(self, group: FollowedGroup) -> set[Actor]:
        """Raise `PlatformError`, since the sandbox has no groups."""
        raise PlatformError(f"le bac à sable n'a pas de groupe {group.source_id}.")

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Send `message` unprompted, in a persona's own conversation or in the channel.

        Raises `UndeliverableError` for a persona that no longer exists.
        """
        if to.surface == "channel":
            self._say(Message(*message.elements, public=True), Spot("", CHANNEL))
        elif any(persona.id == to.id for persona in PERSONAS):
            self._say(message, Spot(to.id, DIRECT))
        else:
            raise UndeliverableError("gone (persona)")
        self._delivered.add(delivery_id)

    async def was_delivered(self, to: Destination, delivery_id: str, since: datetime) -> bool:
        """Return whether a message has been delivered since the process started."""
        del to, since
        return delivery_id in self._delivered

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_SIZE)
        app.on_response_prepare.append(http_headers.add_headers(HEADERS))
        app.add_routes(
            [
                web.get("/", self._asset),
                web.get(ADDRESS, self._show_gallery),
                web.get(f"{ADDRESS}/{{group}}", self._show_group),
                web.get("/revisions", self._show_revisions),
                web.get("/tableau", self._show_figures),
                web.get("/static/{name}", self._asset),
                web.get("/api/events", self._events),
                web.get("/api/suggestions", self._suggestions),
                web.post("/api/say", self._on_say),
                web.post("/api/press", self._on_press),
                web.post("/api/submit", self._on_submit),
                web.post("/api/shortcut", self._on_shortcut),
                web.post("/api/read", self._on_read),
                web.post("/api/clock", self._on_clock),
                web.post("/api/drop", self._on_drop),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests that do not come from our own pages."""
        if request.host not in {f"{HOST}:{self.port}", f"localhost:{self.port}"}:
            raise web.HTTPMisdirectedRequest(text=f"Ouvrez plutôt {self.address}")
        if request.method == "POST" and request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Cette demande vient d'une autre page.")
        return await handler(request)

    async def _asset(self, request: web.Request) -> web.Response:
        """Return a static file, the chat page by default."""
        path = _STATIC / request.match_info.get("name", "index.html")
        if path.parent != _STATIC or path.suffix not in _TYPES or not path.is_file():
            raise web.HTTPNotFound
        return web.Response(text=path.read_text("utf-8"), content_type=_TYPES[path.suffix], charset="utf-8")

    async def _show_gallery(self, request: web.Request) -> web.Response:
        page = gallery_page(self.gallery, self.quote, request.query.get("q", "")[:SOUGHT_LENGTH])
        return web.Response(text=page, content_type="text/html")

    async def _show_group(self, request: web.Request) -> web.Response:
        anchor = request.match_info["group"]
        if anchor not in self.gallery.by_anchor:
            raise web.HTTPNotFound
        return web.Response(text=group_page(self.gallery, anchor, self.quote), content_type="text/html")

    async def _show_revisions(self, _: web.Request) -> web.Response:
        return web.Response(text=revisions.revisions_page(await self.sheets()), content_type="text/html")

    async def _show_figures(self, request: web.Request) -> web.Response:
        page = figures.figures_page(await self.figures(request.query.get("periode", "")[:SOUGHT_LENGTH]))
        return web.Response(text=page, content_type="text/html")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream the state, then each change. A page that reconnects receives the whole state again."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        questions = self.starters()
        event: Json = {
            "type": "hello",
            "bot": self.bot,
            "personas": [asdict(persona) for persona in self.personas],
            "starters": {DIRECT: questions, CHANNEL: [f"@{self.bot} {question}" for question in questions]},
            "clock": {"at": self.clock().isoformat(), "movable": self.travel is not None},
            "shortcuts": [
                {"label": command.shortcut(), "command": command.name}
                for command in self.dispatcher.commands
                if command.shortcut()
            ],
        }
        with self._room.followed(request.query.get("since", "")) as events, suppress(ConnectionResetError):
            while event["type"] != "end":
                data = json.dumps(event, ensure_ascii=False)
                await response.write(f"retry: 1000\ndata: {data}\n\n".encode())
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        event = await events.get()
                except TimeoutError:
                    event = {"type": "alive"}
        return response

    async def _suggestions(self, request: web.Request) -> web.Response:
        sent = PageBody(dict(request.query))
        actor = Actor("local", "", sent.persona)
        line = sent.value("line", str)
        completions = await complete_line(
            self.dispatcher, line, actor, self.bot if sent.conversation == CHANNEL else ""
        )
        return web.json_response([asdict(completion) for completion in completions])

    async def _on_say(self, request: web.Request) -> web.Response:
        """Answer a text that a persona typed: a command, words to the bot, or words to everyone."""
        body = await PageBody.of(request)
        persona = body.persona
        conversation = body.conversation
        in_channel = body.conversation == CHANNEL
        text = body.value("text", str).strip()
        if not text or len(text) > TEXT_LENGTH:
            most = thousands(TEXT_LENGTH)
            length = thousands(len(text))
            problem = f"Un message a de 1 à {most} caractères; le vôtre en a {length}."
            raise web.HTTPUnprocessableEntity(text=problem)
        is_command = text.startswith("/")  # a command is shown as a message only where nobody else reads it
        if not (is_command and in_channel):
            owner = "" if in_channel else persona
            named = self.dispatcher.command(self.dispatcher.from_text(text).command)
            fleeting = is_command and named is not None and named.fleeting
            self._room.post(
                author=persona, html=render_words(text), text=text, owner=owner, fleeting=fleeting
            )
        if is_command:
            spot = Spot(persona, conversation, text if in_channel else "")
            if refusal := self._unknown(text):
                self._say(refusal, spot)
                return web.json_response({})
            return await self._answer(text, spot)
        if in_channel and not self._mention.search(text):
            return web.json_response({})
        words = self._mention.sub(" ", text) if in_channel else text
        return await self._answer(words, Spot(persona, conversation), written=True)

    def _unknown(self, line: str) -> Message | None:
        """Return the answer to a slash command that Slack and Discord would not offer, else None."""
        [name, *_] = line[1:].lower().split(maxsplit=1) or [""]
        command, menu = self.dispatcher.command(name), self.dispatcher.menu
        if command is not None and (command.slash or command.name == menu):
            return None
        if command is not None:
            return Message(Text("Cette commande s'écrit ", code(f"/{menu} {name}"), "."))
        unknown = code(f"/{name[:40]}")
        slash = code("/")
        named = self.dispatcher.command(self.dispatcher.near(name))
        typed = "" if named is None else named.name if named.slash else f"{menu} {named.name}"
        missing = Text(
            "La commande ", unknown, " n'existe pas. Tapez ", slash, " pour voir celles qui existent."
        )
        if not typed:
            return Message(missing)
        return Message(missing, Text("Cherchiez-vous celle-ci?"), Buttons(Button(f"/{typed}", typed)))

    async def _on_press(self, request: web.Request) -> web.Response:
        body = await PageBody.of(request)
        entry = self._entry(body)
        command = body.value("command", str)
        buttons = entry.message.buttons() if entry.message else ()
        if command not in {getattr(button, "command", None) for button in buttons}:
            raise web.HTTPNotFound(text="Ce bouton n'est plus là.")
        spot = Spot(body.persona, body.conversation, origin=entry)
        return await self._answer(f"/{command}", spot, pressed=True)

    async def _on_submit(self, request: web.Request) -> web.Response:
        """Answer a form. A file attached to it comes in the same request, in base64."""
        body = await PageBody.of(request.clone(client_max_size=BODY_SIZE + 2 * TAKEN_SIZE))
        fields = body.value("fields", dict)
        line = f"/{body.value('command', str)}"
        if not all(isinstance(value, str) for value in fields.values()):
            raise web.HTTPBadRequest(text="Il manque les réponses du formulaire.")
        spot = Spot(body.persona, body.conversation)
        return await self._answer(line, spot, fields=fields, file=body.file)

    async def _on_shortcut(self, request: web.Request) -> web.Response:
        body = await PageBody.of(request)
        entry = self._entry(body)
        command = self.dispatcher.command(body.value("command", str))
        if command is None or not command.shortcut():
            raise web.HTTPNotFound(text="Cette entrée du menu n'existe pas.")
        line = f"/{command.line(command.takes(entry.text), own=entry.author == body.persona)}"
        return await self._answer(line, Spot(body.persona, CHANNEL, command.shortcut()))

    async def _on_read(self, request: web.Request) -> web.Response:
        body = await PageBody.of(request)
        self._room.mark_read(body.persona, body.conversation, body.value("entry", int))
        return web.json_response({})

    async def _on_clock(self, request: web.Request) -> web.Response:
        """Move the sandbox's clock to a moment chosen on the page, or to the time of the next message."""
        target = (await PageBody.of(request)).value("to", str, MOMENTS)
        if self.travel is None:
            raise web.HTTPNotFound(text="L'horloge ne peut pas être avancée ici.")
        moment = await self.travel(target)
        if moment is not None:
            self._room.show_time()
        return web.json_response({"at": moment and moment.isoformat()})

    async def _on_drop(self, request: web.Request) -> web.Response:
        """Answer a file dropped into a persona's own conversation with the bot."""
        sent = PageBody(dict(request.query))
        persona = sent.persona
        name = sent.value("name", str)[:FILE_NAME_LENGTH] or "fichier"
        self._room.post(author=persona, html=render_words(name), text=name, owner=persona)
        actor = Actor("local", "", persona)
        if not await self.dispatcher.takes_file(actor):
            answer = dropped_files.ADMINISTRATION_ONLY
        else:
            try:
                content = await request.clone(client_max_size=TAKEN_SIZE).read()
            except web.HTTPRequestEntityTooLarge:
                answer = dropped_files.FILE_TOO_LARGE
            else:
                answer = opener(await self.dispatcher.handle_file(Received(name, content), actor))
        return web.json_response({"entry": self._say(answer, Spot(persona, DIRECT)).id})

    def _entry(self, body: PageBody) -> RoomMessage:
        entry = self._room.entry(body.value("entry", int), body.persona)
        if entry is None:
            raise web.HTTPNotFound(text="Ce message n'est plus là.")
        return entry

    async def _answer(
        self,
        line: str,
        spot: Spot,
        *,
        fields: Mapping[str, str] | None = None,
        file: Received | None = None,
        pressed: bool = False,
        written: bool = False,
    ) -> web.Response:
        """Answer a line. The page opens a form at once, except after a written message or another form.

        The window of a refused form stays open, and shows what is wrong with each field.
        """
        request = self.dispatcher.from_text(
            line,
            actor=Actor("local", "", spot.persona),
            place="channel" if spot.conversation == CHANNEL else "direct",
            pressed=pressed,
            fields=fields,
        )
        name = next((persona.name for persona in PERSONAS if persona.id == spot.persona), "")
        admission = self.dispatcher.admit(request, written=written).under(name)
        spot = replace(spot, fleeting=admission.command.fleeting and not written)
        if file and self.dispatcher.takes_attachment(admission):
            admission = admission.with_file(file)
        reply = admission.refusal or await self.dispatcher.handle(admission.request)
        if isinstance(reply, Form) and fields is None and not written:
            html = serialize_html(render_fields(reply))
            form = {"command": reply.command, "title": reply.title, "submit": reply.submit, "html": html}
            return web.json_response({"form": form})
        if isinstance(reply, Message) and reply.problems:
            self.dispatcher.forget_typed(admission.request)
            return web.json_response({"problems": dict(reply.problems)})
        return web.json_response({"entry": self._say(opener(reply), spot, admission.logged).id})

    def _say(self, message: Message, spot: Spot, command: str = "") -> RoomMessage:
        """Show a reply. It replaces the pressed message if only the persona sees that message.

        A fleeting reply replaces only a fleeting message, since any other message would stay.
        """
        try:
            html = render(message, self.quote)
        except Exception as error:  # noqa: BLE001 — as in the dispatcher, everyone gets a reply
            message = apology(error, command)
            html = render(message, self.quote)
        words = list(message.own_words())
        for quotation in map(self.quote, message.quotes()):
            words += ["".join(span.text for span in paragraph) for paragraph in quotation.paragraphs]
        text = "\n".join(words)
        private = not message.public
        in_channel = spot.conversation == CHANNEL
        origin = spot.origin
        fleeting = private and (in_channel or spot.fleeting)
        if (
            private
            and origin is not None
            and spot.persona in {origin.owner, origin.only}
            and (origin.fleeting or not spot.fleeting)
        ):
            return self._room.replace(origin, html=html, text=text, message=message)
        return self._room.post(
            author=BOT,
            html=html,
            text=text,
            owner="" if in_channel else spot.persona,
            only=spot.persona if in_channel and private else "",
            fleeting=fleeting,
            asked=spot.asked if private else "",
            message=message,
        )
