"""How the bot replies in the sandbox: in which conversation, and who sees it."""

from __future__ import annotations

import htpy as h

from bot.conversation.dispatcher import Dispatcher, apology
from bot.conversation.messages import Message, Quoter, Text, code
from bot.platforms.local.personas import Persona
from bot.platforms.local.render import render
from bot.platforms.local.room import BOT, CHANNEL, Room, RoomMessage


class LocalReplies:
    """Replies in `room`."""

    def __init__(self, room: Room, quote: Quoter) -> None:
        self._room = room
        self._quote = quote

    def say(
        self,
        message: Message,
        persona: Persona,
        conversation: str,
        *,
        origin: RoomMessage | None = None,
        asked: str = "",
        command: str = "",
    ) -> RoomMessage:
        """Show a reply to whom it is for: in the place of the one it follows, if that one is private."""
        message, html = self._rendered(message, command)
        text = _words(message, self._quote)
        private = not message.public
        if private and origin is not None and persona.id in {origin.owner, origin.only}:
            return self._room.replace(origin, html=html, text=text, message=message)
        in_channel = conversation == CHANNEL
        return self._room.post(
            author=BOT,
            html=html,
            text=text,
            owner="" if in_channel else persona.id,
            only=persona.id if in_channel and private else "",
            asked=asked if private else "",
            message=message,
        )

    def _rendered(self, message: Message, command: str) -> tuple[Message, h.Renderable]:
        """Return the message and its markup, or an apology and its own if a quotation cannot be had."""
        try:
            return message, render(message, self._quote)
        except Exception as error:  # noqa: BLE001 — as in the dispatcher: nobody is left without a reply
            sorry = apology(error, command)
            return sorry, render(sorry, self._quote)


def _words(message: Message, quote: Quoter) -> str:
    """Return all that a message says, for what reads it from its own menu."""
    spoken = list(message.own_words())
    for each in message.quotes():
        quotation = quote(each)
        spoken += ["".join(span.text for span in paragraph) for paragraph in quotation.paragraphs]
    return "\n".join(spoken)


def unknown(dispatcher: Dispatcher, line: str) -> Message | None:
    """Return what to say of a command that the platforms would not know, None if they would."""
    name = line[1:].split(maxsplit=1)[0].lower() if line[1:].strip() else ""
    command, menu = dispatcher.command(name), dispatcher.menu
    if command is not None and (command.slash or command.name == menu):
        return None
    if command is not None:
        return Message(Text("Cette commande s'écrit ", code(f"/{menu} {name}"), "."))
    return Message(
        Text(
            "La commande ",
            code(f"/{name[:40]}"),
            " n'existe pas. Tapez ",
            code("/"),
            " pour voir celles qui existent.",
        )
    )
