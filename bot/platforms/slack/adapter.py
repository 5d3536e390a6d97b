"""The bot on Slack, which turns events into requests and answers them through `replies`.

Every event is acknowledged at once, within Slack's three seconds, and answered in a separate task, which
`close` waits for.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.dispatcher import Admission, Dispatcher, apology
from bot.conversation.forms import Form, Reply, opener
from bot.conversation.messages import Message, Quoter
from bot.conversation.requests import Actor, Place
from bot.logs import ExplainedError, loggable
from bot.platforms import dropped_files
from bot.platforms.contract import Connectable, Meter, PlatformError
from bot.platforms.groups import FollowedGroup, Members
from bot.platforms.slack import link
from bot.platforms.slack import members as slack_members
from bot.platforms.slack.actors import actor_of, name_of
from bot.platforms.slack.delivery import SlackDelivery, without_retries
from bot.platforms.slack.manifest import AGENT_SCOPE, OPTIONAL
from bot.platforms.slack.render import FORM_CALLBACK, Json, form_answers, form_file
from bot.platforms.slack.replies import NEW_WINDOW, Origin, SlackReplies, button_origin

START_SECONDS = 30
PATIENCE = 1.5  # seconds that a form's window waits for the answer; Slack gives up after 3
DRAIN_SECONDS = 4  # for answers in progress; with disconnecting, well under the whole program's 10 s
EVENTS_KEPT = 10_000  # Slack resends an event at once, then after 1 and 5 minutes

logger = logging.getLogger(__name__)

# A function that records an event's identifier. It returns False if the event was already recorded.
Heard: TypeAlias = Callable[[str], Awaitable[bool]]

# Slack's notation for a link, a person, a channel or a group: <target> or <target|label>.
_ENTITY = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ANY = re.compile("")
# The subtypes of messages with a person's own words: a plain message, a message with a file, « /me … », and a
# reply in a thread that is also sent to the conversation.
_SPOKEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})


def in_memory() -> Heard:
    """Return a `Heard` that remembers the latest events as long as the process runs."""
    seen: dict[str, None] = {}  # oldest first

    async def heard(event_id: str) -> bool:
        if event_id in seen:
            return False
        seen[event_id] = None
        if len(seen) > EVENTS_KEPT:
            del seen[next(iter(seen))]
        return True

    return heard


@dataclass(eq=False, repr=False)
class SlackAdapter(Connectable):
    """The bot on Slack, over Socket Mode if there is an `app_token`, else over signed HTTP on `port`.

    `api_url`: the address of the Web API, « https://slack.com/api » except for proxies and tests. `team`: the
    only workspace to serve, None for any. `members`: records arrivals and departures in groups, None if no
    group is followed. `heard`: records the events already received. Without it, they are remembered only as
    long as the process runs. `questions`: returns the questions to suggest in an agent's conversations.
    `bot`: the bot's name. `meter`: counts events.
    """

    name = "Slack"
    address = ""

    dispatcher: Dispatcher
    quote: Quoter
    _: KW_ONLY
    bot_token: str
    app_token: str | None
    signing_secret: str | None
    bot: str
    port: int
    api_url: str
    team: str | None = None
    members: Members | None = None
    heard: Heard | None = None
    questions: Callable[[], Sequence[str]] = tuple
    meter: Meter = field(default_factory=Meter)
    _bot_user: str = ""
    _team: str = ""  # the application's workspace
    _is_agent: bool = False  # whether Slack shows it as an agent, each exchange in its own thread
    _client: AsyncWebClient = field(init=False)
    _replies: SlackReplies = field(init=False)
    _mention: re.Pattern[str] = re.compile("(?!)")  # a mention of the bot, once Slack has identified the bot
    _remembered: Heard = field(default_factory=in_memory)
    _is_open: link.Connected | None = None  # None over HTTP, where Slack connects to us
    _answers: set[asyncio.Task[Any]] = field(default_factory=set)
    _connecting: asyncio.Task[None] | None = None
    _open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def start(self) -> None:
        """Connect, and return once Slack's events are being answered. Raises `PlatformError`."""
        self._connecting = asyncio.create_task(self._connect())
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._connecting
        except TimeoutError as error:
            await self.close()
            raise link.unreachable() from error
        except PlatformError as error:
            self._refused = error.refused
            await self.close()
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise PlatformError("arrêt demandé pendant la connexion à Slack.") from None  # `close` was called

    async def close(self) -> None:
        """Stop taking events, let current answers finish, and disconnect. May be called at any time."""
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        self._delivery = None
        await self._open.aclose()

    async def ready(self) -> bool:
        """Return whether events from Slack are arriving, and Slack accepts our token."""
        if self._delivery is None or not (self._is_open is None or await self._is_open()):
            return False
        return await self._accepts(lambda: link.ask_standing(without_retries(self._client)))

    async def _connect(self) -> None:
        api = link.web_api(self.bot_token, self.api_url, self.meter.limited)
        self._client = await self._open.enter_async_context(api)
        self._replies = SlackReplies(self._client, self.quote, self.dispatcher.menu, self.bot)
        self._open.push_async_callback(self._drain)
        bot = await link.identify_bot(self._client)
        me = bot.me
        if self.team not in {None, me.team_id}:
            raise PlatformError(link.other_workspace(str(me.team_id), str(self.team)))
        if bot.lacks:
            logger.warning("Slack: %s", bot.lacks)
        self._bot_user, self._team = me.bot_user_id or "", me.team_id or ""
        self._is_agent = bot.scopes is not None and AGENT_SCOPE in bot.scopes
        self.dispatcher.serve("slack", self._team)
        self._mention = re.compile(rf"<@{me.bot_user_id}(?:\|[^<>]*)?>")
        app = self._app(me)
        if self.app_token:
            socket = link.socket_mode(app, self._client, self.app_token, self.meter.reconnected)
            self._is_open = await self._open.enter_async_context(socket)
        elif self.signing_secret:
            served = link.signed_http(app, self.port, self.signing_secret)
            self.port = await self._open.enter_async_context(served)
        else:  # without a secret, anyone could sign an event
            raise PlatformError("il faut SLACK_APP_TOKEN (mode Socket) ou SLACK_SIGNING_SECRET (mode HTTP).")
        self._delivery = SlackDelivery(without_retries(self._client), self.quote)

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._answers:
                    await asyncio.wait(self._answers)
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    def _app(self, me: AuthorizeResult) -> AsyncApp:
        async def authorize() -> AuthorizeResult:
            return me  # otherwise the library would ask Slack again while the first person waits

        app = AsyncApp(
            name=self.name,
            logger=link.library_logger("bolt", logging.ERROR),
            client=self._client,
            authorize=authorize,
            signing_secret=self.signing_secret or "",
            # Our listeners only acknowledge and start a task. With this option, the library waits for them
            # instead of starting a task of its own and polling it every 10 ms.
            process_before_response=True,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.error(self._on_error)
        app.middleware(self._once)
        app.command(_ANY)(self._on_slash)  # an older manifest may list commands that are gone
        app.shortcut(_ANY)(self._on_shortcut)
        app.block_action(_ANY)(self._on_action)
        app.view_submission(FORM_CALLBACK)(self._on_form)
        app.event("app_mention")(self._on_mention)
        app.event("message")(self._on_message)
        app.event("app_home_opened")(self._on_home)
        for permission in OPTIONAL.values():
            for name in permission.events:
                app.event(name)(self._on_members)
        # Slack sends an event again if no listener takes it, and stops sending events if most are missed.
        app.event(_ANY)(_acknowledge)
        return app

    async def _on_error(self, error: Exception) -> None:
        logger.error("Slack: an event could not be processed: %s", loggable(error))

    async def _once(self, body: Json, next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        """Pass each event on only once. Slack sends an event again when it is unsure that we received it.

        Return the response to an event that was already received, else None.
        """
        event = body.get("event_id")
        if event is not None and not await self._is_new(event, body):
            return BoltResponse(status=200)
        await next_()
        if (stamp := link.sent_at(body)) is not None:
            self.meter.acked(stamp)
        return None

    async def _is_new(self, event: str, body: Json) -> bool:
        """Return whether an event is new, and record it.

        The event is recorded only in memory if it asks for an anonymous command or if its author is not
        served. An event that cannot be stored is also recorded in memory, so that it is still answered.
        """
        text = str((body.get("event") or {}).get("text") or "")
        request = self.dispatcher.from_text(literal(self._mention.sub(" ", text)))
        command = self.dispatcher.command(request.command)
        if (command and command.anonymous) or not self.dispatcher.serves(actor_of(body, self._team)):
            return await self._remembered(event)
        try:
            return await (self.heard or self._remembered)(event)
        except ExplainedError as error:
            logger.error("Slack: an event could not be recorded: %s", error)  # noqa: TRY400 — the line is enough
            return await self._remembered(event)

    async def _on_slash(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        text = literal(body.get("text", ""))
        self._ask(f"{body['command']} {text}", self._origin(body, body["channel_id"]))

    async def _on_shortcut(self, ack: AsyncAck, body: Json) -> None:
        """Answer a shortcut: an entry of a message's context menu, or a global shortcut.

        A global shortcut works in threads, where slash commands do not. Slack does not say where it was used.
        """
        await ack()
        command = self.dispatcher.command(body["callback_id"])
        if "message" not in body:
            name = command.name if command else self.dispatcher.menu
            actor = actor_of(body, self._team)
            trigger = body["trigger_id"]
            self._ask(f"/{name}", Origin(actor, "home", trigger=trigger, window=NEW_WINDOW))
            return
        text = body["message"].get("text", "")
        text = command.takes(text) if command and command.anonymous else literal(text)
        authored = body["message"].get("user") == body["user"]["id"]
        line = f"/{command.line(text, own=authored)}" if command else text
        self._ask(line, self._origin(body, body["channel"]["id"]))

    def _origin(self, body: Json, channel: str) -> Origin:
        """Return the origin of a slash command, or of an entry in a message's context menu."""
        reply = {"response_url": body["response_url"], "trigger": body["trigger_id"]}
        return Origin(actor_of(body, self._team), channel=channel, **reply)

    async def _on_action(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        command = body["actions"][0].get("value")
        if command:  # a link button has no command, and Slack only reports the click
            origin = button_origin(body, actor_of(body, self._team))
            self._ask(f"/{command}", origin, is_button=True, name=name_of(body))

    async def _on_form(self, ack: AsyncAck, body: Json, view: Json) -> None:
        """Answer a form. If it is refused soon enough, its window stays open and shows what is wrong.

        A window also shows the answer if it was opened where the bot can show nothing else.
        """
        metadata = json.loads(view["private_metadata"])
        origin = Origin.from_metadata(actor_of(body, self._team), metadata, body.get("trigger_id", ""))
        values = view["state"]["values"]
        admission, origin = self._admit(f"/{metadata['command']}", origin, form_answers(values))
        reply = asyncio.create_task(self._reply(admission, form_file(values)))
        self._answers.add(reply)
        reply.add_done_callback(self._answers.discard)
        await asyncio.wait({reply}, timeout=PATIENCE)
        if reply.done() and not reply.exception():
            answer = reply.result()
            if isinstance(answer, Message) and answer.problems:
                self.dispatcher.forget_typed(admission.request)
                await ack(response_action="errors", errors=dict(answer.problems))
                return
            if isinstance(answer, Message) and origin.window == NEW_WINDOW and not answer.files():
                with contextlib.suppress(Exception):  # the error is raised again below, where we apologise
                    window = self._replies.window(answer, origin, admission.logged)
                    await ack(response_action="update", view=window)
                    return
        await ack()
        self._run(self._answer(reply, origin, admission.logged), admission.logged, origin)

    async def _on_message(self, event: Json, body: Json) -> None:
        if event.get("channel_type") == "im" and _by_a_person(event):
            text = literal(event.get("text", ""))
            origin = self._message_origin(body, "direct")
            if event.get("files"):
                self._run(self._take(event["files"], text, origin), "fichier", origin)
            else:
                self._ask(text, origin, written=True)

    async def _take(self, files: list[Json], text: str, origin: Origin) -> None:
        """Answer a dropped file from someone who may drop one. From anyone else, answer the text, if any."""
        if not await self.dispatcher.takes_file(origin.actor):
            if text.strip() or not self.dispatcher.serves(origin.actor):
                self._ask(text, origin, written=True)
            else:
                await self._replies.say(dropped_files.ADMINISTRATION_ONLY, origin, "fichier")
            return
        first, *others = files
        file = dropped_files.ONE_AT_A_TIME if others else await link.fetch_file(self._client, first)
        reply = file if isinstance(file, Message) else await self.dispatcher.handle_file(file, origin.actor)
        await self._replies.say(opener(reply), origin, "fichier")

    async def _on_mention(self, event: Json, body: Json) -> None:
        if _by_a_person(event):
            text = literal(self._mention.sub(" ", event.get("text", "")))
            self._ask(text, self._message_origin(body, "channel"), written=True)

    def _message_origin(self, body: Json, place: Place) -> Origin:
        event = body["event"]
        root = event.get("ts", "") if self._is_agent and place == "direct" else ""
        thread = event.get("thread_ts") or root
        return Origin(actor_of(body, self._team), place, channel=event["channel"], thread=thread)

    async def _on_home(self, event: Json, body: Json) -> None:
        """Show the menu in the App Home, or suggest questions in an agent's conversation."""
        origin = Origin(actor_of(body, self._team), "home")
        if event.get("tab") == "home":
            self._ask(f"/{self.dispatcher.menu}", origin)
        elif event.get("tab") == "messages" and self._is_agent and self.dispatcher.serves(origin.actor):
            work = self._replies.suggest(self.questions(), event["channel"])
            self._run(work, self.dispatcher.menu, origin, sorry=False)

    def refresh_homes(self, people: Collection[Actor]) -> None:
        """Refresh the menu of each of these people whose App Home shows the menu, in a task."""
        if self._delivery is None or not (viewers := self._replies.at_menu.intersection(people)):
            return

        async def refresh() -> None:
            for actor in viewers:
                if actor in self._replies.at_menu:  # they may have opened another page meanwhile
                    admission, origin = self._admit(f"/{self.dispatcher.menu}", Origin(actor, "home"))
                    await self._answer(self._reply(admission), origin, admission.logged)

        self._run(refresh(), self.dispatcher.menu, Origin(next(iter(viewers)), "home"), sorry=False)

    async def fetch_members(self, group: FollowedGroup) -> set[Actor]:
        """Return the people who are in a group now. Raises `PlatformError` if Slack does not answer."""
        if not self._bot_user:
            raise PlatformError("Slack n'est pas connecté.", passing=True)
        return await slack_members.fetch_group_members(self._client, group, self._bot_user)

    async def _on_members(self, event: Json, body: Json) -> None:
        actor = actor_of(body, self._team)
        if self.members is not None and self.dispatcher.serves(actor):
            for user, group, inside in slack_members.member_changes(event):
                await self.members.changed(replace(actor, user=user), group, inside=inside)

    def _ask(
        self,
        text: str,
        origin: Origin,
        *,
        written: bool = False,
        is_button: bool = False,
        name: str = "",
    ) -> None:
        """Answer a message, command or button in a new task."""
        admission, origin = self._admit(text, origin, written=written, is_button=is_button, name=name)
        self._run(self._answer(self._reply(admission), origin, admission.logged), admission.logged, origin)

    def _admit(
        self,
        text: str,
        origin: Origin,
        fields: Mapping[str, str] | None = None,
        *,
        written: bool = False,
        is_button: bool = False,
        name: str = "",
    ) -> tuple[Admission, Origin]:
        """Return the parts of a request that may be kept, and the place of its answer."""
        request = self.dispatcher.from_text(
            text, actor=origin.actor, place=origin.place, pressed=is_button, fields=fields
        )
        admission = self.dispatcher.admit(request, written=written).under(name)
        return admission, replace(origin, fleeting=admission.command.fleeting and not written)

    def _run(
        self, work: Coroutine[Any, Any, None], command: str, origin: Origin, *, sorry: bool = True
    ) -> None:
        """Start `work` in a task that `close` waits for. If it fails, apologise to the person once."""

        def ended(task: asyncio.Task[None]) -> None:
            self._answers.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                message = apology(error, command, anonymous=origin.fleeting)
                if sorry:
                    self._run(self._replies.say(message, origin, command), command, origin, sorry=False)

        task = asyncio.create_task(work)
        self._answers.add(task)
        task.add_done_callback(ended)

    async def _reply(self, admission: Admission, file: Json | None = None) -> Reply:
        """Return the answer. `file`: Slack's description of the file attached to a form."""
        if file and self.dispatcher.takes_attachment(admission):
            fetched = await link.fetch_file(self._client, file)
            admission = admission.with_file(dropped_files.joined(fetched, str(file.get("name") or "fichier")))
        return admission.refusal or await self.dispatcher.handle(admission.request)

    async def _answer(self, pending: Awaitable[Reply], origin: Origin, logged: str) -> None:
        reply = await pending
        if isinstance(reply, Form) and origin.trigger and await self._replies.open(reply, origin):
            return
        await self._replies.say(opener(reply), origin, logged)


async def _acknowledge() -> None:
    """Do nothing with an event that the application receives but does not need."""


def literal(text: str) -> str:
    """Return a person's words, with each link and mention that Slack marked replaced by its label."""
    plain = _ENTITY.sub(lambda entity: entity[2] or entity[1], text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _by_a_person(event: Json) -> bool:
    """Return whether a message is new and written by a person rather than a bot."""
    return (
        bool(event.get("user"))
        and not event.get("bot_id")
        and event.get("subtype") in _SPOKEN
        and "edited" not in event
    )
