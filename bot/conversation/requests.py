"""What can be asked, and who asks it: requests, and the lines of the catalogue that they are for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.conversation.deferred import Deferred
from bot.conversation.forms import Reply
from bot.conversation.messages import SHORTCUT_LENGTH, Message

TAKEN_SIZE = 8 * 1024 * 1024  # of a file that is fetched; a policy with its images is under 1 MiB

# Where a request was made: a private conversation with the bot, a channel where an answer can be
# shown to one person only, a place where everything is seen by all (a mention on Discord), or a page
# that is one person's own (Slack's App Home).
Place: TypeAlias = Literal["direct", "channel", "open", "home"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as one platform knows them: `team` is the workspace or server, "" in a Discord DM."""

    platform: str
    team: str
    user: str


@dataclass(frozen=True, slots=True)
class Received:
    """A file that a person dropped in their conversation with the bot."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks: a command's name, the text after it, and what a form brought.

    `free`: they wrote that text alone, naming no command, which was found for them.
    `file`: the one that came with it, for the command that `reads` files. `pressed`: it is a button's, which
    may have been sent long ago.
    """

    command: str
    text: str = ""
    actor: Actor | None = None
    place: Place = "direct"
    fields: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    file: Received | None = None
    pressed: bool = False


# What a command returns: what takes a while to make is made once it has left the storage thread.
Answer: TypeAlias = Reply | Deferred[Message]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion offered as one types: what is shown, and the text that it stands for."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the catalogue; what adapters must know before they run it is here.

    `slash`: a slash command of its own; others are written `/vigie name`.
    `usage`: what may follow the name, "" when nothing. `examples`: texts worth trying.
    `opens_form`: the answer is a form, which must be the very first answer to a button or command.
    `instant`: answers from memory, in well under a millisecond, so on the event loop; None to a request that
    `run` answers, on the storage thread.
    `shortcut`: the label of the entry in a message's own menu; the message's text becomes the
    request's text.
    `refusal`: for a command that is not for everyone, why it is not for the one who asks, "" when it is.
    It runs on the storage thread.
    `unnoted`: nothing is noted of who asks, so the privacy notice waits for their next exchange.
    `alone`: its answers are steps of something that is under way, and that is one person's own: the menu
    is never put under them, and where all can read it is not run.
    `fleeting`: its answers stay in no conversation: where a platform can, it shows them to the one who asks
    and keeps nothing of them.
    `anonymous`: it must never know who asks: adapters have `Dispatcher.admit` take that away at once. It is
    `fleeting` and `alone`, nothing of a request is logged, and what is written in a conversation does not
    run it. `counts`: of its requests, those that are limited in number.
    `takes`: what is kept of the text of a message from whose own menu it is run.
    `replies`: what a text written alone in private looks like when it may answer what this command asked.
    `awaits`: whether it does, on the storage thread; the text is the first command's otherwise.
    `reads`: for the one command that takes a file dropped in private, reads it, on a thread of its own, and
    returns what then answers the request, as `run` does. A file is fetched only from those whom the command
    does not refuse.
    """

    name: str
    summary: str
    run: Callable[[Request], Answer]
    usage: str = ""
    examples: tuple[str, ...] = ()
    slash: bool = False
    opens_form: bool = False
    instant: Callable[[Request], Reply | None] | None = None
    suggest: Callable[[str], Sequence[Suggestion]] | None = None
    shortcut: str = ""
    refusal: Callable[[Request], str] | None = None
    unnoted: bool = False
    alone: bool = False
    fleeting: bool = False
    anonymous: bool = False
    counts: Callable[[Request], bool] = lambda _request: True
    takes: Callable[[str], str] = lambda text: text
    replies: re.Pattern[str] | None = None
    awaits: Callable[[Request], bool] = lambda _request: False
    reads: Callable[[Received], Callable[[Request], Answer]] | None = None

    def __post_init__(self) -> None:
        if self.anonymous and not (self.fleeting and self.alone):
            raise ValueError(f"{self.name} is anonymous, so its answers are fleeting and alone")
        if self.instant and self.refusal:
            raise ValueError(f"{self.name} is not for everyone, which only the storage thread can tell")
        if len(self.shortcut) > SHORTCUT_LENGTH:
            raise ValueError(f"shortcut of {self.name}: over {SHORTCUT_LENGTH} characters")


class UserError(Exception):
    """A refusal with its explanation, in words meant for the person."""
