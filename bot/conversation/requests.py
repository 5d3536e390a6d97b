"""Requests, who makes them, and the commands of the catalogue that answer them."""

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
    """What a person asks: a command's name, the text after it, and a form's answers.

    `free`: the person wrote the text alone, and no command's name. `file`: came with it, for the command
    that `reads` files. `pressed`: it comes from a button, which may have been sent long ago.
    """

    command: str
    text: str = ""
    actor: Actor | None = None
    place: Place = "direct"
    fields: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    file: Received | None = None
    pressed: bool = False


# What a command returns. Slow work is `Deferred`, and done off the storage thread.
Answer: TypeAlias = Reply | Deferred[Message]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion offered as one types: its label, and the text that it stands for."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the catalogue, and what adapters must know before they run it.

    `slash`: it has a slash of its own; others are written `/vigie name`.
    `usage`: what may follow the name, "" for nothing. `examples`: gives texts worth trying.
    `opens_form`: the answer may be a form, which must be the very first answer to a button or command.
    `instant`: answers from memory, in well under a millisecond, so on the event loop; None leaves the request
    to `run`, on the storage thread.
    `shortcut`: gives the label of its entry in a message's own menu, which follows the policy; the message's
    text becomes the request's. `takes`: what is kept of that text.
    `refusal`: for a command that is not for everyone, why the person may not run it, "" when they may. It
    runs on the storage thread.
    `unnoted`: nothing is recorded of who asks, so the privacy notice waits for their next exchange.
    `alone`: its answers are steps of something that belongs to one person: the menu is never put under them,
    and where all can read it is not run.
    `fleeting`: its answers stay in no conversation: where a platform can, it shows them to the person alone
    and keeps nothing of them.
    `anonymous`: it must never know who asks, so adapters have `Dispatcher.admit` take that away at once. It
    is `fleeting` and `alone`, nothing of a request is logged, and a text written in a conversation does not
    run it. `counts`: tells which of its requests are limited in number.
    `replies`: matches a text written alone in private that may answer a question of this command.
    `awaits`: whether it does, on the storage thread; otherwise the text goes to the first command.
    `reads`: for the one command that takes files dropped in private, reads one, on a thread of its own, and
    returns what then answers the request, as `run` does. A file is fetched only from people whom the command
    does not refuse.
    """

    name: str
    summary: str
    run: Callable[[Request], Answer]
    usage: str = ""
    examples: Callable[[], tuple[str, ...]] = tuple
    slash: bool = False
    opens_form: bool = False
    instant: Callable[[Request], Reply | None] | None = None
    suggest: Callable[[str], Sequence[Suggestion]] | None = None
    shortcut: Callable[[], str] = str
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
        if len(self.shortcut()) > SHORTCUT_LENGTH:
            raise ValueError(f"shortcut of {self.name}: over {SHORTCUT_LENGTH} characters")


class UserError(Exception):
    """A refusal; its text is in French, and meant for the person."""
