"""What happens on Discord ↔ requests and replies.

Every interaction (command, menu, button, form) is answered from its own payload alone: nothing is
remembered between what was sent and what is pressed, so an old button works after a restart, and
no interaction's token outlives its answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import aiohttp
import discord

from bot.conversation.dispatcher import Dispatcher, apology
from bot.conversation.forms import Form, Reply, opener
from bot.conversation.messages import Message, Quoter, Text, TooLong
from bot.conversation.requests import TAKEN_SIZE, Actor, Place, Received, Request
from bot.platforms import dropped_files
from bot.platforms.contract import Meter
from bot.platforms.discord import commands as catalogue
from bot.platforms.discord import members as discord_members
from bot.platforms.discord.delivery import Paced
from bot.platforms.discord.render import files, render, render_form
from bot.platforms.groups import Members

logger = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds before we say that we are working on it; Discord gives up after 3
LONGEST_WAIT = 30.0  # seconds that a rate limit may hold a reply; discord.py accepts no less
DUPLICATE = 40060  # Discord: this interaction was already answered, so it came to us twice
INVALID_FORM = 50035  # Discord: the payload is refused; nothing of it was shown

Interaction: TypeAlias = discord.Interaction["Client"]

# Why a reply may not reach its person although all is well here: too late, gone, forbidden, cut off.
_UNDELIVERED = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)
_SHARED = Message(Text("C'est fait\u00a0: tout le canal peut le voir."))


@dataclass(frozen=True, slots=True)
class _Way:
    """How an answer is shown: over the message that was pressed; to the person alone, and for a moment."""

    in_place: bool
    hidden: bool


class Client(discord.AutoShardedClient):
    """A connection to Discord that hands what people do to the dispatcher.

    It asks for the least: no privileged intent (private messages and mentions carry their text without
    one), no member and no message kept in memory. `patience`: seconds before an answer is deferred.
    `server`: the association's own; whether someone who writes in private is in it is then asked.
    `members`: where to tell whose roles change; only then is the privileged intent `members` asked for.
    `meter` is told what is to be counted.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        quote: Quoter,
        *,
        patience: float = PATIENCE,
        server: str | None = None,
        members: Members | None = None,
        meter: Meter | None = None,
    ) -> None:
        follows = members is not None
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, members=follows),
            chunk_guilds_at_startup=False,
            enable_debug_events=follows,  # the gateway's own words: see discord_members
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0,
            max_ratelimit_timeout=LONGEST_WAIT,
            connector=Paced(),
        )
        self._dispatcher = dispatcher
        self._quote = quote
        self._patience = patience
        self._belonging = discord_members.Belonging(server) if server else None
        self._members = members
        self._meter = meter or Meter()
        self._cut_off: set[int] = set()  # the shards whose connection is lost
        self._under_way: set[asyncio.Task[Any]] = set()
        self._leaving = False

    async def setup_hook(self) -> None:
        """Give Discord the catalogue, only when it differs from what Discord already holds."""
        menu = self._dispatcher.menu
        wanted = catalogue.registration(self._dispatcher.commands, menu)
        application = cast("int", self.application_id)  # known once logged in
        try:
            held = await self.http.get_global_commands(application)
            if not catalogue.registered(cast("list[catalogue.Payload]", held), wanted):
                await self.http.bulk_upsert_global_commands(application, wanted)
                logger.info("Discord: %d commands registered", len(wanted))
        except (discord.HTTPException, discord.RateLimited) as error:
            logger.error("Discord: commands not registered, the former ones remain (%s)", why(error))  # noqa: TRY400 — one line, and the reason is in it

    async def finish(self, timeout: float) -> None:  # noqa: ASYNC109 — what is late is cancelled, not an error
        """Take no more requests and let those under way end, for at most `timeout` seconds."""
        self._leaving = True
        late = self._under_way
        if late:
            _, late = await asyncio.wait(late, timeout=timeout)
        for task in late:
            task.cancel()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer a command, a message's menu, a button, a form, or what is being typed."""
        with self._taken() as taken:
            if not taken:
                return
            if interaction.type is discord.InteractionType.autocomplete:
                await self._suggest(interaction)
            elif interaction.type is not discord.InteractionType.ping:
                await self._answer(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Answer a private message, and a message that mentions the bot by name."""
        ordinary = message.type in {discord.MessageType.default, discord.MessageType.reply}
        text = self._addressed(message)
        if message.author.bot or not ordinary or text is None:
            return
        with self._taken() as taken:
            if taken:
                await self._reply(message, text)

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Tell who arrived, whose roles changed, who left; only dispatched where roles are followed."""
        change = discord_members.change(message) if self._members else None
        if change is None or self._members is None:
            return
        with self._taken() as taken:
            if taken and change.roles is None:
                await self._members.gone(change.actor)
            elif taken and change.roles is not None:
                await self._members.belongs(change.actor, change.roles)

    async def on_shard_connect(self, shard_id: int) -> None:
        """Say that we are connected."""
        logger.info("Discord: shard %d connected", shard_id)
        self._connected_again(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Say that the connection was lost; discord.py takes it up again."""
        logger.warning("Discord: shard %d disconnected", shard_id)
        self._cut_off.add(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Say that the connection was taken up where it was lost."""
        logger.info("Discord: shard %d resumed", shard_id)
        self._connected_again(shard_id)

    def _connected_again(self, shard_id: int) -> None:
        if shard_id in self._cut_off:
            self._cut_off.discard(shard_id)
            self._meter.reconnected()

    @property
    def online(self) -> bool:
        """Whether no connection is lost."""
        return not self._cut_off

    async def on_error(self, event_method: str, /, *args: Any, **_: Any) -> None:  # noqa: ANN401 — as discord.py has it
        """Log an error of ours without anything that people wrote, and apologise where that is possible.

        It may have been an anonymous command, so what was pressed or typed gets no number to bring.
        """
        error, pressed = sys.exc_info()[1], any(isinstance(one, discord.Interaction) for one in args)
        found = error if isinstance(error, Exception) else RuntimeError()
        message = apology(found, event_method, anonymous=pressed)
        with self._reported():
            match args:
                case [discord.Interaction() as interaction] if interaction.type is not _AUTOCOMPLETE:
                    await self._deliver(interaction, message, _Way(in_place=False, hidden=True))
                case [discord.Message() as asked]:
                    await asked.channel.send(view=render(message, self._quote))

    @contextmanager
    def _taken(self) -> Iterator[bool]:
        """Count the current task among those under way; yield False when we are leaving instead."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._under_way.add(task)
        try:
            with self._reported():
                yield not self._leaving
        finally:
            self._under_way.discard(task)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Log in one line, without any content, that a reply did not reach its person."""
        try:
            yield
        except _UNDELIVERED as error:
            if isinstance(error, discord.HTTPException) and error.code == DUPLICATE:
                logger.info("Discord: an interaction came twice, it is already answered")
            else:
                logger.warning("Discord: a reply could not be delivered (%s)", why(error))

    # Interactions

    async def _actor(self, guild: int | None, user: int) -> Actor:
        team = str(guild or "")
        if guild is None and self._belonging:
            team = await self._belonging.team(self, user)
        return Actor("discord", team, str(user))

    async def _request(self, interaction: Interaction) -> Request:
        data = _data(interaction)
        line = catalogue.line(data, self._dispatcher.commands)
        actor = await self._actor(interaction.guild_id, interaction.user.id)
        asked = self._dispatcher.from_command(line, actor=actor, place=_place(interaction))
        match interaction.type:
            case discord.InteractionType.modal_submit:
                return replace(asked, fields=catalogue.answers(data))
            case discord.InteractionType.component:
                return replace(asked, pressed=True)
            case _:
                return asked

    async def _suggest(self, interaction: Interaction) -> None:
        actor = await self._actor(interaction.guild_id, interaction.user.id)
        served = self._dispatcher.serves(actor)
        found = catalogue.suggestions(self._dispatcher, _data(interaction)) if served else []
        await interaction.response.autocomplete(found)

    async def _answer(self, interaction: Interaction) -> None:
        came = time.monotonic()
        asked = await self._request(interaction)
        fleeting, name = self._dispatcher.fleeting(asked), self._dispatcher.logged(asked)
        way = _way(interaction, fleeting=fleeting)
        request = self._dispatcher.admit(asked)
        del asked

        async def defer() -> None:
            await _defer(interaction, way)
            self._meter.acked(time.monotonic() - came)

        reply = await self._replied(request, defer)
        late = interaction.response.is_done()
        if isinstance(reply, Form) and _may_open_form(interaction):
            await interaction.response.send_modal(render_form(reply))
            self._meter.acked(time.monotonic() - came)
            return
        message = _shown(reply)
        try:
            await self._deliver(interaction, message, way)
        except (TooLong, discord.HTTPException) as error:
            if isinstance(error, discord.HTTPException) and error.code != INVALID_FORM:
                raise
            sorry = apology(error, name, anonymous=fleeting)
            await self._deliver(interaction, sorry, way)
        if not late:
            self._meter.acked(time.monotonic() - came)

    async def _replied(
        self, request: Request | Message, when_late: Callable[[], Coroutine[Any, Any, None]]
    ) -> Reply:
        """Return the answer to what came of a request; `when_late` as for `_handled`, where it may wait."""
        if isinstance(request, Message):
            return request
        command = self._dispatcher.command(request.command)
        if command and command.opens_form:
            return await self._dispatcher.handle(request)  # which may not wait
        return await self._handled(request, when_late)

    async def _handled(self, request: Request, when_late: Callable[[], Coroutine[Any, Any, None]]) -> Reply:
        """Return the answer to `request`; if it is long to come, `when_late` is done meanwhile."""
        late: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._patience, lambda: late.append(loop.create_task(when_late())))
        try:
            reply = await self._dispatcher.handle(request)
        finally:
            timer.cancel()
        for task in late:
            await task
        return reply

    async def _deliver(self, interaction: Interaction, message: Message, way: _Way) -> None:
        """Show `message`: over the one that was pressed, to everyone if public, else to the person alone."""
        view = render(message, self._quote)
        response = interaction.response
        if not response.is_done():
            if way.in_place and not message.public:
                await response.edit_message(view=view, attachments=files(message))
            else:
                await response.send_message(
                    view=view,
                    files=files(message),
                    ephemeral=way.hidden and not message.public,
                    suppress_embeds=True,
                )
        elif not message.public:
            await interaction.edit_original_response(view=view, attachments=files(message))
        else:
            # The first answer to a deferred interaction is as private as the deferral was.
            if not way.in_place:
                await interaction.edit_original_response(view=render(_SHARED, self._quote))
            await interaction.followup.send(view=view, suppress_embeds=True)

    # Messages

    def _addressed(self, message: discord.Message) -> str | None:
        """Return what is said to us in `message`, None when it says nothing to us."""
        if isinstance(message.channel, discord.DMChannel):
            return message.content
        us = re.compile(rf"<@!?{self.user.id if self.user else 0}>")
        return us.sub(" ", message.content).strip() if us.search(message.content) else None

    async def _reply(self, message: discord.Message, text: str) -> None:
        direct = isinstance(message.channel, discord.DMChannel)
        actor = await self._actor(message.guild.id if message.guild else None, message.author.id)
        if direct and message.attachments and await self._dispatcher.takes_file(actor):
            await _show_typing(message.channel)
            answer, name = await self._taken_file(message.attachments, actor), "fichier"
        else:
            asked = self._dispatcher.from_text(text, actor=actor, place="direct" if direct else "open")
            request, name = self._dispatcher.admit(asked, written=True), self._dispatcher.logged(asked)
            reply = (
                request
                if isinstance(request, Message)
                else await self._handled(request, lambda: _show_typing(message.channel))
            )
            answer = _shown(reply)
        try:
            view = render(answer, self._quote)
        except TooLong as error:
            answer = apology(error, name)
            view = render(answer, self._quote)
        # The same message told twice makes the same nonce, and Discord then shows one reply.
        nonce = str(message.id)
        if direct:
            await message.channel.send(view=view, files=files(answer), nonce=nonce, suppress_embeds=True)
        else:
            reference = message.to_reference(fail_if_not_exists=False)
            await message.channel.send(view=view, nonce=nonce, suppress_embeds=True, reference=reference)

    async def _taken_file(self, attachments: Sequence[discord.Attachment], actor: Actor) -> Message:
        """Return the answer to a file that was dropped by who may, fetched from Discord's own servers."""
        try:
            if len(attachments) > 1:
                raise dropped_files.one_at_a_time()
            [one] = attachments
            if one.size > TAKEN_SIZE:
                raise dropped_files.too_large()
            try:
                content = await one.read()
            except _UNDELIVERED as error:
                raise dropped_files.unreachable() from error
        except dropped_files.NotTakenError as refusal:
            return refusal.message()
        return _shown(await self._dispatcher.handle_file(Received(one.filename, content), actor))


_AUTOCOMPLETE = discord.InteractionType.autocomplete


def why(error: Exception) -> str:
    """Return what is safe to log of `error`: never its text, which may quote what we sent."""
    if isinstance(error, discord.HTTPException):
        return f"{type(error).__name__}, status {error.status}, code {error.code}"
    return type(error).__name__


def _data(interaction: Interaction) -> catalogue.Payload:
    return cast("catalogue.Payload", interaction.data or {})


def _place(interaction: Interaction) -> Place:
    return "channel" if interaction.guild_id else "direct"


def _on_private_message(interaction: Interaction) -> bool:
    """Return whether a button was pressed on a message that only the person sees."""
    if interaction.type is not discord.InteractionType.component or interaction.message is None:
        return False
    return _place(interaction) == "direct" or interaction.message.flags.ephemeral


def _way(interaction: Interaction, *, fleeting: bool) -> _Way:
    """Return how an interaction is answered; `fleeting`: by nothing that stays in a conversation."""
    passing = interaction.message is not None and interaction.message.flags.ephemeral
    in_place = _on_private_message(interaction) and (passing or not fleeting)
    return _Way(in_place, fleeting or _place(interaction) == "channel")


def _may_open_form(interaction: Interaction) -> bool:
    """Return whether a form can be the answer: it must be the first, and not to another form."""
    submitted = interaction.type is discord.InteractionType.modal_submit
    return not submitted and not interaction.response.is_done()


def _shown(reply: Reply) -> Message:
    return opener(reply) if isinstance(reply, Form) else reply


async def _show_typing(channel: discord.abc.Messageable) -> None:
    await channel.typing()


async def _defer(interaction: Interaction, way: _Way) -> None:
    """Tell Discord that the answer will come: on the message itself, or as a new one that « thinks »."""
    if way.in_place:
        await interaction.response.defer()
    else:
        await interaction.response.defer(ephemeral=way.hidden, thinking=True)
