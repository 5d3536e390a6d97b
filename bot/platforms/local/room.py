"""The sandbox's conversations: their messages, and how far each persona has read. In memory only."""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import htpy as h

from bot.conversation.messages import Message
from bot.platforms.local.render import render_words, serialize_html

Json: TypeAlias = dict[str, Any]
Clock: TypeAlias = Callable[[], datetime]  # always aware, in UTC

BOT = "vigie"
CHANNEL = "general"
DIRECT = "vigie"  # the name of a persona's own conversation with the bot
ENTRIES_KEPT = 1_000  # messages kept in all conversations; the oldest are dropped first


# The channel starts with a typical question, so that the context menu can be tried on a message.
_OPENING = (
    ("communications", "Bonjour! Ici, tout le monde se lit. Pour citer la politique, écrivez à @{bot}."),
    (
        "conseil",
        "On me demande si on peut publier une photo sans le consentement des gens. Où est-ce écrit?",
    ),
)


def real_time() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RoomMessage:
    """A message of a conversation.

    `owner`: the persona whose conversation with the bot contains the message, "" in the channel. `only`: in
    the channel, the only persona who sees the message, "" if everyone does. `fleeting`: whether the message
    is gone once the page is reloaded, since other platforms keep nothing of it. `asked`: the command that the
    message answers, if the command is not itself a message. `text`: the message's words, for the context
    menu. `message`: the bot's message, None if a person wrote this one.
    """

    id: int
    owner: str
    author: str
    html: str
    text: str
    at: datetime
    only: str = ""
    fleeting: bool = False
    asked: str = ""
    message: Message | None = None

    def json(self) -> Json:
        """Return the message as a JSON object for the page."""
        names = ("id", "owner", "author", "html", "only", "fleeting", "asked")
        return {"at": self.at.isoformat(), **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of a reply: a conversation, as one persona sees it. `origin`: the message that was clicked.

    `asked`: the command that the reply answers, if the command is not itself a message. `fleeting`: whether
    the command's answers do not stay (see `Command.fleeting`).
    """

    persona: str
    conversation: str
    asked: str = ""
    origin: RoomMessage | None = None
    fleeting: bool = False


class Room:
    """The conversations, and the open pages that show them."""

    def __init__(self, clock: Clock, bot: str) -> None:
        self._clock = clock
        # distinguishes this process from the previous one, whose message numbers differ
        self._run = secrets.token_hex(4)
        self._entries: dict[int, RoomMessage] = {}
        self._last = 0
        self._read: dict[str, int] = {}  # by « persona/conversation »: the last message read there
        self._followers: set[asyncio.Queue[Json]] = set()
        for author, opening in _OPENING:
            words = opening.format(bot=bot)
            self.post(author=author, html=render_words(words), text=words)

    def entry(self, identifier: int, persona: str) -> RoomMessage | None:
        """Return a message, or None if `persona` cannot see it."""
        entry = self._entries.get(identifier)
        visible = entry is not None and entry.owner in {"", persona} and entry.only in {"", persona}
        return entry if visible else None

    def post(
        self,
        *,
        author: str,
        html: h.Renderable,
        text: str,
        owner: str = "",
        only: str = "",
        fleeting: bool = False,
        asked: str = "",
        message: Message | None = None,
    ) -> RoomMessage:
        """Add a message at the end of its conversation, and return it."""
        self._last += 1
        markup = serialize_html(html)
        entry = RoomMessage(
            self._last, owner, author, markup, text, self._clock(), only, fleeting, asked, message
        )
        self._entries[entry.id] = entry
        if len(self._entries) > ENTRIES_KEPT:
            del self._entries[next(iter(self._entries))]
        if author != BOT:  # the author has read all earlier messages
            self.mark_read(author, DIRECT if owner else CHANNEL, entry.id)
        self._tell({"type": "entry", "entry": entry.json()})
        return entry

    def replace(self, entry: RoomMessage, *, html: h.Renderable, text: str, message: Message) -> RoomMessage:
        """Replace `entry` with another message from the bot, and return the new entry."""
        changed = replace(entry, html=serialize_html(html), text=text, message=message)
        self._entries[entry.id] = changed
        self._tell({"type": "entry", "entry": changed.json()})
        return changed

    def mark_read(self, persona: str, conversation: str, identifier: int) -> None:
        """Record that `persona` has read a conversation, up to a given message."""
        place = f"{persona}/{conversation}"
        if self._read.get(place, 0) < identifier <= self._last:
            self._read[place] = identifier
            self._tell({"type": "read", "place": place, "id": identifier})

    @contextmanager
    def followed(self, since: str = "") -> Iterator[asyncio.Queue[Json]]:
        """Yield a queue that receives the whole state, then each change, until the block ends.

        `since`: the `since` of the first state that the page received, "" if it has received none. The state
        includes only the fleeting messages that came after that state.
        """
        run, _, number = since.partition(".")
        after = int(number) if run == self._run and re.fullmatch(r"[0-9]{1,9}", number) else 0
        after = after if since else self._last
        queue: asyncio.Queue[Json] = asyncio.Queue()
        entries = [entry.json() for entry in self._entries.values() if not entry.fleeting or entry.id > after]
        state = {"entries": entries, "read": dict(self._read), "since": f"{self._run}.{after}"}
        queue.put_nowait({"type": "state", **state})
        self._followers.add(queue)
        try:
            yield queue
        finally:
            self._followers.discard(queue)

    def show_time(self) -> None:
        """Send the current time to every page."""
        self._tell({"type": "clock", "at": self._clock().isoformat()})

    def close(self) -> None:
        """Notify every open page that the sandbox is closing."""
        self._tell({"type": "end"})

    def _tell(self, event: Json) -> None:
        for queue in self._followers:
            queue.put_nowait(event)
