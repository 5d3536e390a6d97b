"""Requests, the people who make them, and the commands of the catalogue that answer them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from bot.conversation.deferred import Deferred
from bot.conversation.forms import Reply
from bot.conversation.messages import SHORTCUT_LENGTH, Message

TAKEN_SIZE = 8 * 1024 * 1024  # bytes, maximum for a fetched file; a policy with its images is under 1 MiB

# A button that confirms an action ends its command with this word. It has no effect when typed, so only a
# button can confirm.
CONFIRMED: Final = "✓"

# The names of the chat platforms, as they are written in a French sentence.
PLATFORMS: Final = {"slack": "Slack", "discord": "Discord", "local": "le bac à sable"}

# Where a request was made. « direct »: a private conversation with the bot. « channel »: a channel where an
# answer can be shown to one person only. « open »: a place where everyone sees everything (a mention on
# Discord). « home »: one person's own page (Slack's App Home).
Place: TypeAlias = Literal["direct", "channel", "open", "home"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as one platform knows them. `team`: the workspace or server, "" in a Discord DM."""

    platform: str
    team: str
    user: str


@dataclass(frozen=True, slots=True)
class Received:
    """A file that a person dropped into their conversation with the bot, or attached to a form.

    `problem`: why the content of a form's file could not be taken, in French, or "". `content` is then empty.
    """

    name: str
    content: bytes = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A person's request: a command's name, the text after it, and a form's answers.

    `free`: the person wrote only text, without a command's name. `file`: the attached file, for a command
    that `reads` files, or the file of a form's `FileField`, for a command that `takes_file`.
    `pressed`: the request comes from a button, which may have been sent long ago.
    `confirmed`: that button answers yes to a question (see `CONFIRMED`). `typed`: if that button opens a
    refused form again, the token of the typed answers (see `bot.conversation.forms.CORRECTING`).
    `name`: the person's name on the platform, to fill in a form, "" when unknown or for an anonymous request.
    `alias`: bytes that stand for the author of an anonymous request, in memory only and for a day at most, so
    that each author's requests run in turn. They are neither stored nor logged.
    """

    command: str
    text: str = ""
    actor: Actor | None = None
    place: Place = "direct"
    fields: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    file: Received | None = None
    pressed: bool = False
    confirmed: bool = False
    typed: str = ""
    name: str = field(default="", repr=False)
    alias: bytes = field(default=b"", repr=False)


# Slow work, done off the storage thread. It returns a message, or a function that returns the message and
# must run on the storage thread.
Slow: TypeAlias = Deferred[Message | Callable[[], Message]]
Answer: TypeAlias = Reply | Slow  # a command's result


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion offered while typing: its label and the text it stands for."""

    label: str
    text: str


MENU: Final = "vigie"  # the line of a button that leads to the menu, whatever the menu's command is called
BELOW: Final = "dessous"  # the text of a request for the menu that greets a newcomer, below an answer


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the catalogue, and everything adapters need to know before running it.

    `summary`: one French line for the menus. `run`: answers the request, on the storage thread.
    `labels`: the labels of its buttons. A message that is only one of them runs the command.
    `group`: its group in the help, "" for a command that the help leaves out.
    `slash`: whether it is a slash command of its own. Others are typed `/vigie name`.
    `usage`: describes the text that may follow the name, "" for none. `examples`: returns texts worth trying.
    `opens_form`: the answer may be a form, which must be the very first answer to a button or command. The
    form's command, without answers, opens it again.
    `instant`: answers from memory on the event loop, in well under a millisecond. If it is or returns None,
    `run` answers instead. `suggest`: returns the completions of a text being typed.
    `shortcut`: returns the label of its entry in a message's context menu, "" for no entry. The label changes
    with the policy. The message's text becomes the request's text. `takes`: returns the part of that text to
    keep. `own`: returns the command that answers instead when the message is the person's own, "" for none.
    `anywhere`: the label of its entry among the shortcuts that a platform offers everywhere, "" for none.
    `refusal`: for a restricted command, returns why the person may not run it, "" if they may. It runs on the
    storage thread.
    `unnoted`: the person's identity is not recorded, so the privacy notice waits for their next exchange.
    `alone`: its answers are steps of a private process. The menu is never added below them, and the command
    does not run where everyone can read.
    `fleeting`: its answers do not stay in a conversation. Where the platform allows it, only the person sees
    them and the platform keeps none of them.
    `anonymous`: it must never know who asks, so adapters call `Dispatcher.admit` at once to remove the actor.
    It is `fleeting` and `alone`, nothing in its requests is logged, and a message written in a conversation
    does not run it. `counts`: returns whether a request counts towards the limit.
    `replies`: returns whether a text, written privately without a command, may answer this command's
    question. `awaits`: returns whether the command is waiting for that answer. If it is not, the text goes to
    the first command. It runs on the storage thread.
    `takes_file`: its form may have a `FileField`. Adapters fetch no file for another command.
    `reads`: set only for the command that takes files dropped in private. It reads one file on its own
    thread and returns a function that answers the request, like `run`. A file is fetched only if the
    command does not refuse its sender.
    """

    name: str
    summary: str
    run: Callable[[Request], Answer]
    usage: str = ""
    examples: Callable[[], tuple[str, ...]] = tuple
    labels: tuple[str, ...] = ()
    group: str = ""
    slash: bool = False
    opens_form: bool = False
    instant: Callable[[Request], Reply | None] | None = None
    suggest: Callable[[str], Sequence[Suggestion]] | None = None
    shortcut: Callable[[], str] = str
    own: Callable[[], str] = str
    anywhere: str = ""
    refusal: Callable[[Request], str] | None = None
    unnoted: bool = False
    alone: bool = False
    fleeting: bool = False
    anonymous: bool = False
    counts: Callable[[Request], bool] = lambda _request: True
    takes: Callable[[str], str] = lambda text: text
    replies: Callable[[str], bool] = lambda _text: False
    awaits: Callable[[Request], bool] = lambda _request: False
    takes_file: bool = False
    reads: Callable[[Received], Callable[[Request], Answer]] | None = None

    @property
    def urgent(self) -> bool:
        """Whether the command runs before others on the storage thread.

        Anonymous commands do, since they are for reports. So do those that may answer with a form, which a
        platform accepts only as its first answer, within three seconds.
        """
        return self.anonymous or self.opens_form

    def line(self, text: str, *, own: bool) -> str:
        """Return the command line to run when this entry is chosen in the menu of a message.

        `text`: the message's text. `own`: whether the person who chose the entry wrote the message.
        """
        return f"{(own and self.own()) or self.name} {text}"

    def __post_init__(self) -> None:
        if self.anonymous and not (self.fleeting and self.alone):
            raise ValueError(f"{self.name} is anonymous, so its answers are fleeting and alone")
        if self.instant and self.refusal:
            raise ValueError(f"{self.name} is not for everyone, which only the storage thread can tell")
        if max(len(self.shortcut()), len(self.anywhere)) > SHORTCUT_LENGTH:
            raise ValueError(f"shortcut of {self.name}: over {SHORTCUT_LENGTH} characters")


class UserError(Exception):
    """A refusal, with a text in French to show to the person."""


class FieldsError(UserError):
    """A refusal of some answers of a form. `problems`: what is wrong, in French, by the field's name.

    `typed`: the answers to put in the form when it is opened again, None to put back what was typed.
    """

    def __init__(self, problems: Mapping[str, str], typed: Mapping[str, str] | None = None) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems
        self.typed = typed
