"""The Discord client, which turns events into requests and sends the replies.

Every interaction (command, menu, button, form) is answered from its own payload alone. Nothing is remembered
between the sending of a button and a press of it, so an old button works after a restart, and no
interaction's token is kept after its answer.
"""

import asyncio
import logging
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, TypeAlias, cast

import aiohttp
import discord
from discord import app_commands

from bot.conversation.dispatcher import SUGGESTIONS, UNPERMITTED, Admission, Dispatcher, apology
from bot.conversation.forms import Form, Reply, opener
from bot.conversation.messages import Message, Quoter, Text, TooLong, clean
from bot.conversation.requests import TAKEN_SIZE, Actor, Command, Received
from bot.platforms import dropped_files
from bot.platforms.contract import Meter
from bot.platforms.discord import commands as catalogue
from bot.platforms.discord import members as discord_members
from bot.platforms.discord.delivery import Paced
from bot.platforms.discord.render import CUSTOM_ID_PREFIX, attached_files, render, render_form
from bot.platforms.groups import Members

logger = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds before people see that the answer is on its way; Discord gives up after 3
LONGEST_WAIT = 30.0  # seconds that a rate limit may delay a reply; discord.py accepts no less
DUPLICATE = 40060  # Discord: this interaction was already answered, so we received it twice
INVALID_FORM = 50035  # Discord: the payload was refused, and none of it was shown

Interaction: TypeAlias = discord.Interaction["Client"]
Payload: TypeAlias = Mapping[str, Any]

# The errors of a reply that fails through no fault of ours: too late, deleted, forbidden, cut off.
_UNDELIVERED = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)
_SHARED = Message(Text("C'est fait\u00a0: tout le canal peut le voir."))
_AUTOCOMPLETE = discord.InteractionType.autocomplete
_BUTTON = discord.InteractionType.component
_FORM = discord.InteractionType.modal_submit


class Client(discord.AutoShardedClient):
    """A connection to Discord that passes people's actions to the dispatcher.

    The client asks Discord for as little as possible. It needs no privileged intent, since private messages
    and mentions include their text without one. It keeps no member or message in memory. `server`: the
    association's server. People who write in private are served only if they are members of it. `members`:
    records the members' roles. Without it, the privileged intent `members` is not requested. `meter`: counts
    events.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        quote: Quoter,
        *,
        server: str | None = None,
        members: Members | None = None,
        meter: Meter | None = None,
    ) -> None:
        follows = members is not None
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, members=follows),
            chunk_guilds_at_startup=False,
            enable_debug_events=follows,  # passes on the gateway's raw messages: see `members.py`
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0,
            max_ratelimit_timeout=LONGEST_WAIT,
            connector=Paced(),
        )
        self._dispatcher = dispatcher
        self._quote = quote
        self._server = server
        self.put_out = False  # whether the bot was removed from the association's server
        self._belonging = discord_members.Belonging(server) if server else None
        self._members = members
        self._meter = meter or Meter()
        self._cut_off: set[int] = set()  # the shards whose connection is lost
        self._under_way: set[asyncio.Task[Any]] = set()
        self._leaving = False

    async def setup_hook(self) -> None:
        """Register the commands after login, only if they differ from those that Discord already has.

        If the registration fails, the earlier commands remain.
        """
        wanted = catalogue.commands_payload(self._dispatcher.commands, self._dispatcher.menu)
        application = cast("int", self.application_id)  # known once logged in
        try:
            registered = await self.http.get_global_commands(application)
            if not catalogue.same_commands(cast("list[Payload]", registered), wanted):
                await self.http.bulk_upsert_global_commands(application, wanted)
                logger.info("Discord: %d commands registered", len(wanted))
        except (discord.HTTPException, discord.RateLimited) as error:
            logger.error("Discord: commands not registered, the earlier ones remain (%s)", error_kind(error))  # noqa: TRY400 — one line, which includes the reason

    async def finish(self, timeout: float) -> None:  # noqa: ASYNC109 — late tasks are cancelled, which is not an error
        """Stop taking requests and let the current ones finish, for at most `timeout` seconds."""
        self._leaving = True
        late = self._under_way
        if late:
            _, late = await asyncio.wait(late, timeout=timeout)
        for task in late:
            task.cancel()

    @property
    def online(self) -> bool:
        """Whether every shard is connected."""
        return not self._cut_off

    # Events

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Disconnect when the bot is removed from the association's server."""
        if str(guild.id) == self._server:
            self.put_out = True
            await self.close()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer a command, a message's menu, a button or a form, or complete text being typed."""
        with self._taken() as taken:
            if not taken or interaction.type is discord.InteractionType.ping:
                return
            if interaction.type is _AUTOCOMPLETE:
                await self._suggest(interaction)
            else:
                await self._answer(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Answer a private message, a message that mentions the bot, or a reply that notifies the bot."""
        ordinary = message.type in {discord.MessageType.default, discord.MessageType.reply}
        if message.author.bot or not ordinary:
            return
        text = message.content
        direct = isinstance(message.channel, discord.DMChannel)
        if self.user and not direct:
            text = re.sub(rf"<@!?{self.user.id}>", " ", text).strip()
        with self._taken() as taken:
            if taken and (direct or self._is_called(message)):
                await self._reply(message, text)

    def _is_called(self, message: discord.Message) -> bool:
        """Return whether a message mentions the bot, or the role that Discord created for the bot.

        Discord hides the text of a role mention from the bot, so the answer explains how to ask.
        """
        return self.user in message.mentions or any(
            role.managed and role in role.guild.me.roles for role in message.role_mentions
        )

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Record arrivals, departures and role changes. Only called if roles are followed."""
        if self._members is None or (change := discord_members.member_update(message)) is None:
            return
        actor, roles = change
        with self._taken() as taken:
            if taken:
                await (self._members.gone(actor) if roles is None else self._members.belongs(actor, roles))

    async def on_shard_connect(self, shard_id: int) -> None:
        """Log that a shard is connected, with a new or a resumed session."""
        logger.info("Discord: shard %d connected", shard_id)
        if shard_id in self._cut_off:
            self._cut_off.discard(shard_id)
            self._meter.reconnected()

    on_shard_resumed = on_shard_connect

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Log that a shard lost its connection. discord.py will resume it."""
        logger.warning("Discord: shard %d disconnected", shard_id)
        self._cut_off.add(shard_id)

    async def on_error(self, event_method: str, /, *args: Any, **_: Any) -> None:  # noqa: ANN401 — discord.py's signature
        """Log an error in our code without quoting anyone, and apologise where possible.

        An interaction may be an anonymous command, so the apology for it shows no error reference.
        """
        error = sys.exc_info()[1]
        pressed = any(isinstance(arg, discord.Interaction) for arg in args)
        message = apology(
            error if isinstance(error, Exception) else RuntimeError(), event_method, anonymous=pressed
        )
        with self._taken():
            match args:
                case [discord.Interaction() as interaction] if interaction.type is not _AUTOCOMPLETE:
                    await self._deliver(interaction, message, in_place=False, hidden=True)
                case [discord.Message() as written]:
                    await self._send(written, message, event_method)

    @contextmanager
    def _taken(self) -> Iterator[bool]:
        """Register the current task as in progress. Yield False if the client is shutting down.

        A reply that cannot be delivered is logged in one line, without any of its content.
        """
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._under_way.add(task)
        try:
            yield not self._leaving
        except _UNDELIVERED as error:
            if isinstance(error, discord.HTTPException) and error.code == DUPLICATE:
                logger.info("Discord: an interaction arrived twice and was already answered")
            else:
                logger.warning("Discord: a reply could not be delivered (%s)", error_kind(error))
        finally:
            self._under_way.discard(task)

    async def _actor(self, guild: int | None, user: int) -> Actor:
        team = str(guild or "")
        if guild is None and self._belonging:
            team = await self._belonging.team(self, user)
        return Actor("discord", team, str(user))

    # Interactions

    async def _suggest(self, interaction: Interaction) -> None:
        """Offer at most 25 completions, or none if the person is not served."""
        choices: list[app_commands.Choice[str]] = []
        actor = await self._actor(interaction.guild_id, interaction.user.id)
        if self._dispatcher.serves(actor):
            name, _, typed = command_line(interaction.data or {}, ()).partition(" ")
            suggestions = await self._dispatcher.suggest(name, typed, actor)
            choices = [
                app_commands.Choice(
                    name=catalogue.shorten(suggestion.label, catalogue.CHOICE_LENGTH) or "…",
                    value=suggestion.text,
                )
                for suggestion in suggestions
                if 1 <= len(suggestion.text) <= catalogue.CHOICE_LENGTH  # shortening a value would change it
            ]
        await interaction.response.autocomplete(choices[:SUGGESTIONS])

    async def _admitted(self, interaction: Interaction) -> Admission:
        data: Payload = interaction.data or {}
        request = self._dispatcher.from_command(
            command_line(data, self._dispatcher.commands, str(interaction.user.id)),
            actor=await self._actor(interaction.guild_id, interaction.user.id),
            place="channel" if interaction.guild_id else "direct",
            pressed=interaction.type is _BUTTON,
            fields=form_answers(data) if interaction.type is _FORM else None,
        )
        return self._dispatcher.admit(request).under(interaction.user.display_name)

    async def _answer(self, interaction: Interaction) -> None:
        """Replace the pressed message with the answer if only the person sees it, else send a new message.

        A fleeting answer replaces only an ephemeral message, so that nothing of the answer stays.
        """
        admission = await self._admitted(interaction)
        fleeting = admission.command.fleeting
        pressed = interaction.message if interaction.type is _BUTTON else None
        passing = pressed is not None and pressed.flags.ephemeral
        direct = not interaction.guild_id
        in_place = passing or (pressed is not None and direct and not fleeting)
        hidden = fleeting or not direct

        async def defer() -> None:
            if in_place:
                await interaction.response.defer()
            else:
                await interaction.response.defer(ephemeral=hidden, thinking=True)
            self._meter.acked(interaction.created_at.timestamp())

        # A form must be the first answer, so a command that opens one cannot be deferred.
        form_first = admission.command.opens_form and interaction.type is not _FORM
        joined = form_file(interaction.data or {}) if interaction.type is _FORM else None
        reply = await self._handled(admission, None if form_first else defer, joined)
        late = interaction.response.is_done()
        if isinstance(reply, Form) and not late and interaction.type is not _FORM:
            await interaction.response.send_modal(render_form(reply))
        else:
            message = opener(reply) if isinstance(reply, Form) else reply
            try:
                await self._deliver(interaction, message, in_place=in_place, hidden=hidden)
            except discord.Forbidden:
                if fleeting:  # a private message would stay, unlike an ephemeral one
                    raise
                await self._send_privately(interaction.user, message, str(interaction.id))
            except (TooLong, discord.HTTPException) as error:
                if isinstance(error, discord.HTTPException) and error.code != INVALID_FORM:
                    raise
                sorry = apology(error, admission.logged, anonymous=fleeting)
                await self._deliver(interaction, sorry, in_place=in_place, hidden=hidden)
        if not late:
            self._meter.acked(interaction.created_at.timestamp())

    async def _handled(
        self,
        admission: Admission,
        when_late: Callable[[], Coroutine[Any, Any, None]] | None,
        joined: Payload | None = None,
    ) -> Reply:
        """Return the answer. If it takes longer than `PATIENCE`, call `when_late` in the meantime.

        `joined`: Discord's description of the file attached to a form.
        """
        if admission.refusal:
            return admission.refusal
        if when_late is None:
            return await self._dispatcher.handle(admission.request)
        late: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        timer = loop.call_later(PATIENCE, lambda: late.append(loop.create_task(when_late())))
        try:
            if joined and self._dispatcher.takes_attachment(admission):
                # discord.py gives a form's file to a view that it keeps, and it keeps none of our views.
                attachment = discord.Attachment(data=cast("Any", joined), state=self._connection)
                name = attachment.filename
                admission = admission.with_file(dropped_files.joined(await _fetched(attachment), name))
            reply = await self._dispatcher.handle(admission.request)
        finally:
            timer.cancel()
        for task in late:
            await task
        return reply

    async def _deliver(
        self, interaction: Interaction, message: Message, *, in_place: bool, hidden: bool
    ) -> None:
        """Replace the pressed message if `in_place`, else send a new one, ephemeral if `hidden`.

        A public message is always new, and everyone sees it.
        """
        view = render(message, self._quote)
        attached = attached_files(message)
        response = interaction.response
        if not response.is_done():
            if in_place and not message.public:
                await response.edit_message(view=view, attachments=attached)
            else:
                private = hidden and not message.public
                await response.send_message(
                    view=view, files=attached, ephemeral=private, suppress_embeds=True
                )
        elif not message.public:
            await interaction.edit_original_response(view=view, attachments=attached)
        else:
            # The first answer to a deferred interaction is as private as the deferral was.
            if not in_place:
                await interaction.edit_original_response(view=render(_SHARED, self._quote))
            await interaction.followup.send(view=view, suppress_embeds=True)

    # Messages

    async def _reply(self, message: discord.Message, text: str) -> None:
        direct = isinstance(message.channel, discord.DMChannel)
        actor = await self._actor(message.guild.id if message.guild else None, message.author.id)

        async def show_typing() -> None:
            with suppress(discord.HTTPException):  # the typing indicator may be forbidden in the channel
                await message.channel.typing()

        dropped = direct and bool(message.attachments)
        reply: Reply
        if dropped and await self._dispatcher.takes_file(actor):
            await show_typing()
            reply = await self._file_reply(message.attachments, actor)
            logged = "fichier"
        elif dropped and not text.strip() and self._dispatcher.serves(actor):
            reply, logged = dropped_files.ADMINISTRATION_ONLY, "fichier"
        else:
            request = self._dispatcher.from_text(text, actor=actor, place="direct" if direct else "open")
            admission = self._dispatcher.admit(request, written=True)
            reply = await self._handled(admission, show_typing)
            logged = admission.logged
        await self._send(message, opener(reply), logged)

    async def _send(self, message: discord.Message, answer: Message, logged: str) -> None:
        """Answer a message where it was written or, if Discord does not allow that, in private."""
        direct = isinstance(message.channel, discord.DMChannel)
        # A message received twice gives the same nonce twice, so Discord shows only one reply.
        nonce = str(message.id)
        reference = None if direct else message.to_reference(fail_if_not_exists=False)
        try:
            await self._post(message.channel, answer, nonce, reference)
        except (TooLong, discord.HTTPException) as error:
            if isinstance(error, TooLong) or error.code == INVALID_FORM:
                await self._post(message.channel, apology(error, logged), nonce, reference)
            elif direct or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            else:
                await self._send_privately(message.author, answer, nonce)

    async def _send_privately(
        self, person: discord.User | discord.Member, answer: Message, nonce: str
    ) -> None:
        """Send an answer in private, and say why Discord does not allow it where the question was asked."""
        logger.warning("Discord: the channel refuses a reply, which goes to the person instead")
        await self._post(person, UNPERMITTED, f"{nonce}p")
        await self._post(person, answer, nonce)

    async def _post(
        self,
        where: discord.abc.Messageable,
        answer: Message,
        nonce: str,
        reference: discord.MessageReference | None = None,
    ) -> None:
        view = render(answer, self._quote)
        files = attached_files(answer)
        await where.send(
            view=view, files=files, nonce=nonce, suppress_embeds=True,
            reference=reference,  # type: ignore[arg-type]  # None is their own default
        )  # fmt: skip

    async def _file_reply(self, attachments: Sequence[discord.Attachment], actor: Actor) -> Reply:
        """Fetch a dropped file from Discord's servers, and return the answer to the file."""
        attachment, *others = attachments
        if others:
            return dropped_files.ONE_AT_A_TIME
        file = await _fetched(attachment)
        return file if isinstance(file, Message) else await self._dispatcher.handle_file(file, actor)


async def _fetched(attachment: discord.Attachment) -> Received | Message:
    """Return a file fetched from Discord's servers or, if it is refused, the answer that says why."""
    if attachment.size > TAKEN_SIZE:
        return dropped_files.FILE_TOO_LARGE
    try:
        return Received(attachment.filename, await attachment.read())
    except _UNDELIVERED:
        return dropped_files.UNREACHABLE


def error_kind(error: Exception) -> str:
    """Return what may be logged of `error`. Its text is left out, since it may quote our message."""
    if isinstance(error, discord.HTTPException):
        return f"{type(error).__name__}, status {error.status}, code {error.code}"
    return type(error).__name__


# Reading an interaction


def command_line(data: Payload, commands: Sequence[Command], user: str = "") -> str:
    """Return the command line for an interaction, as a person could have typed it.

    `data`: the interaction's data, from a slash command, a message's menu, a button or a form. A button whose
    identifier is not ours is read as a request for the menu. `user`: the id of the person who acts, to tell
    whether a message whose menu they open is theirs.
    """
    if "custom_id" in data:
        identifier = str(data["custom_id"])
        return identifier.removeprefix(CUSTOM_ID_PREFIX) if identifier.startswith(CUSTOM_ID_PREFIX) else ""
    if data.get("type") == discord.AppCommandType.message.value:
        messages: Mapping[str, Payload] = data.get("resolved", {}).get("messages", {})
        message = messages.get(str(data.get("target_id")), {})
        text = str(message.get("content", ""))
        authored = message.get("author", {}).get("id") == user
        # Discord may still show an earlier label: « Signaler (PA20, 5.9) ».
        entry = str(data["name"]).partition(" (")[0]
        labels = ((command, command.shortcut().partition(" (")[0]) for command in commands)
        chosen = next((command for command, label in labels if label == entry), None)
        return chosen.line(chosen.takes(text), own=authored) if chosen else text
    typed = [str(option["value"]) for option in data.get("options", ()) if "value" in option]
    return f"{data['name']} {''.join(typed[:1])}"


def form_answers(data: Payload) -> dict[str, str]:
    """Return a form's answers by field, without the form's introduction, which Discord sends back too."""
    answers, file = {}, form_file(data)
    for part in (label["component"] for label in data["components"] if "component" in label):
        [picked, *_] = part.get("values") or [""]
        answer = str(part.get("value") or picked)
        answers[part["custom_id"]] = clean(file["filename"] if file and answer == file["id"] else answer)
    return answers


def form_file(data: Payload) -> Payload | None:
    """Return Discord's description of the file attached to a form, None if there is none."""
    return next(iter(data.get("resolved", {}).get("attachments", {}).values()), None)
