"""What a person does in Discord, told to the bot over the wire, and what they then see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simcord.backend import serializers
from simcord.backend.models import Interaction, Message
from simcord.backend.models.message import AllowedMentions
from simcord.enums import AppCommandType, ComponentType, InteractionType, OptionType
from simcord.interactions import base_payload

from tests.wire.discord_server import DiscordServer


@dataclass(frozen=True)
class Answer:
    """How the bot answered a command, a button or a form."""

    server: DiscordServer
    interaction: Interaction

    @property
    def message(self) -> Message:
        """The message that the person now sees; for a button, maybe the one that was pressed."""
        assert self.interaction.message_id is not None, f"no message, but {self.interaction.response_kind}"
        return self.server.backend.get_message(self.interaction.channel_id, self.interaction.message_id)

    @property
    def text(self) -> str:
        """Every text and label of the message."""
        return text_of(self.message)

    @property
    def private(self) -> bool:
        """Whether only the person sees the message."""
        return self.message.is_ephemeral

    @property
    def form(self) -> dict[str, Any]:
        """The form that was opened."""
        assert self.interaction.modal is not None
        return self.interaction.modal


def text_of(message: Message) -> str:
    """Return every text and label of a message, one a line."""
    shown = [part.get("content") or part.get("label") for part in walk(message.components)]
    return "\n".join(text for text in shown if text)


def walk(parts: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the components and those inside."""
    for part in parts:
        yield part
        beside = [part[key] for key in ("component", "accessory") if key in part]
        yield from walk([*(part.get("components") or []), *beside])


class Person:
    """Someone in a server that has the bot; what they do waits for the bot's answer."""

    def __init__(self, server: DiscordServer, name: str) -> None:
        backend = server.backend
        self.server = server
        self.guild = next(iter(backend.guilds.values()), None) or backend.create_guild("AGE")
        self.id = backend.make_user(name).id
        backend.add_member(self.guild.id, self.id)
        self.channel = backend.create_channel(self.guild.id, f"salon-{name}").id
        self.direct = backend.get_dm_channel(self.id).id

    async def slash(self, name: str, text: str | None = None, *, direct: bool = False) -> Answer:
        """Type a slash command; `text` goes in its only option."""
        return await self._command(InteractionType.APPLICATION_COMMAND, name, {"value": text}, direct=direct)

    async def suggestions(self, name: str, text: str, *, direct: bool = False) -> list[dict[str, Any]]:
        """Type `text` in a command's option and return what is suggested."""
        typing = {"value": text, "focused": True}
        kind = InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE
        answer = await self._command(kind, name, typing, direct=direct)
        return answer.interaction.autocomplete_choices or []

    async def menu(self, label: str, message: Message) -> Answer:
        """Choose an entry of a message's own menu."""
        command = self._registered(label, AppCommandType.MESSAGE)
        target = dict(serializers.message_payload(self.server.backend, message))
        chosen = {"target_id": str(message.id), "resolved": {"messages": {str(message.id): target}}}
        data = {"id": command["id"], "name": label, "type": AppCommandType.MESSAGE, **chosen}
        return await self._interact(InteractionType.APPLICATION_COMMAND, message.channel_id, data)

    async def press(self, message: Message, label: str) -> Answer:
        """Press the button of that label."""
        [button] = [part for part in walk(message.components) if part.get("label") == label]
        data = {"custom_id": button["custom_id"], "component_type": ComponentType.BUTTON, "id": button["id"]}
        source = dict(serializers.message_payload(self.server.backend, message))
        kind = InteractionType.MESSAGE_COMPONENT
        return await self._interact(kind, message.channel_id, data, source=message.id, message=source)

    async def submit(self, opened: Answer, **values: str | list[str] | tuple[str, bytes]) -> Answer:
        """Fill in the form that was opened, and send it; what is a list was picked in one that opens.

        A file has a name and a content.
        """
        form = opened.form
        resolved: dict[str, Any] = {}
        sent: list[dict[str, Any]] = []
        for part in form["components"]:
            field = part.get("component")  # a text has none, and Discord sends it back without its words
            same = {"type": part["type"], "id": part["id"]}
            if field is None:
                sent.append(same)
            elif (name := field["custom_id"]) in values:
                value = values[name]
                if isinstance(value, tuple):
                    file = self._stored(*value)
                    resolved["attachments"] = {file["id"]: file}
                    chosen = {"type": field["type"], "values": [file["id"]]}
                    sent.append({**same, "component": field | chosen})
                    continue
                people = field["type"] == ComponentType.USER_SELECT
                listed = {"type": field["type"] if people else ComponentType.STRING_SELECT, "values": value}
                sent.append(
                    {**same, "component": field | (listed if isinstance(value, list) else {"value": value})}
                )
        data = {"custom_id": form["custom_id"], "components": sent, "resolved": resolved}
        return await self._interact(InteractionType.MODAL_SUBMIT, opened.interaction.channel_id, data)

    async def write(self, text: str, *, direct: bool = False, to: Message | None = None) -> Message:
        """Write a message, maybe a reply with its ping on, and return the bot's next one there."""
        channel = self.direct if direct else self.channel
        before = len(self.said(channel))
        self.put(text, channel, to)
        await self.server.until(lambda: len(self.said(channel)) > before)
        return self.said(channel)[-1]

    def put(self, text: str, channel: int, to: Message | None = None, *, ping: bool = True) -> Message:
        """Write a message in a channel, maybe a reply to another, and wait for nothing."""
        reference = {"message_id": str(to.id), "channel_id": str(channel)} if to else None
        policy = AllowedMentions(replied_user=ping)
        return self.server.backend.create_message(
            channel, self.id, text, reference=reference, allowed_mentions=policy
        )

    async def drop(self, name: str, content: bytes) -> Message:
        """Drop a file in one's conversation with the bot, and return what it answers."""
        before = len(self.said(self.direct))
        self.server.backend.create_message(
            self.direct, self.id, "", attachments=[self._stored(name, content)]
        )
        await self.server.until(lambda: len(self.said(self.direct)) > before)
        return self.said(self.direct)[-1]

    def _stored(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a file that is dropped or joined, and return what Discord tells of it."""
        self.server.files[name] = content
        url = f"http://{self.server.origin}/attachments/{name}"
        return {"id": "900", "filename": name, "size": len(content), "url": url, "proxy_url": url}

    def said(self, channel: int) -> list[Message]:
        """Return what the bot said in a channel, oldest first."""
        messages = self.server.backend.messages[channel].values()
        ours = [message for message in messages if message.author_id == self.server.backend.bot_user.id]
        return sorted(ours, key=lambda message: message.id)

    def _registered(self, name: str, kind: AppCommandType) -> dict[str, Any]:
        command = self.server.backend.find_command(name, self.guild.id, type=kind)
        assert command is not None, f"{name} is not registered"
        return command

    async def _command(
        self, kind: InteractionType, name: str, value: dict[str, Any], *, direct: bool = False
    ) -> Answer:
        command = self._registered(name, AppCommandType.CHAT_INPUT)
        options = [{"name": o["name"], "type": OptionType.STRING, **value} for o in command["options"]]
        if value["value"] is None:
            options = []
        data = {"id": command["id"], "name": name, "type": AppCommandType.CHAT_INPUT, "options": options}
        return await self._interact(kind, self.direct if direct else self.channel, data)

    async def _interact(
        self,
        kind: InteractionType,
        channel: int,
        data: dict[str, Any],
        *,
        source: int | None = None,
        **extra: object,
    ) -> Answer:
        backend = self.server.backend
        guild = backend.get_channel(channel).guild_id
        record, payload = base_payload(
            backend, type=kind, channel_id=channel, guild_id=guild, user_id=self.id, data=data
        )
        record.source_message_id = source
        backend.emit("INTERACTION_CREATE", {**payload, **extra})
        await self.server.until(lambda: record.responded and not record.loading)
        return Answer(self.server, record)
