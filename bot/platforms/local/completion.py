"""What the sandbox offers as one types: the catalogue first, then the command's own suggestions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.dispatcher import SUGGESTIONS, Dispatcher
from bot.conversation.requests import Command

_MENTION = re.compile(r"(?:^|\s)(@\w*)$")


@dataclass(frozen=True, slots=True)
class Completion:
    """What is shown, what explains it, and the whole line that it makes."""

    label: str
    detail: str
    line: str


def complete(dispatcher: Dispatcher, line: str, *, in_channel: bool) -> list[Completion]:
    """Return what `line` could become: at most 25, none when it is neither a command nor a mention."""
    if not line.startswith("/"):
        return _mention(line) if in_channel else []
    name, space, rest = line[1:].partition(" ")
    menu = dispatcher.menu
    if not space:
        return _names(dispatcher, name)
    if name.lower() == menu and " " not in rest.lstrip():
        under = (command for command in dispatcher.commands if _is_under(command, menu))
        return [_entry(command, menu) for command in under if _starts(command, rest.lstrip())]
    found = dispatcher.suggest(name.lower(), rest)
    return [Completion(suggestion.label, "", f"/{name} {suggestion.text}") for suggestion in found]


def _names(dispatcher: Dispatcher, typed: str) -> list[Completion]:
    """Return the commands whose name begins so, those with their own slash first."""
    found = [command for command in dispatcher.commands if _starts(command, typed)]
    found.sort(key=lambda command: not command.slash)
    return [_entry(command, dispatcher.menu) for command in found][:SUGGESTIONS]


def _mention(line: str) -> list[Completion]:
    typed = _MENTION.search(line)
    if typed is None or not "@vigie".startswith(typed[1].lower()):
        return []
    return [Completion("@Vigie", "Demander devant tout le monde", line[: typed.start(1)] + "@Vigie ")]


def _entry(command: Command, menu: str) -> Completion:
    written = f"/{menu} {command.name}" if _is_under(command, menu) else f"/{command.name}"
    label = f"{written} {command.usage}".strip()
    return Completion(label, command.summary, f"{written} " if command.usage else written)


def _is_under(command: Command, menu: str) -> bool:
    return not command.slash and command.name != menu


def _starts(command: Command, typed: str) -> bool:
    return command.name.startswith(typed.lower())


def starters(dispatcher: Dispatcher) -> tuple[list[str], list[str]]:
    """Return lines worth trying first: in a conversation with the bot, then in the channel."""
    menu = dispatcher.menu
    first = dispatcher.commands[0]
    number, *others = first.examples or ("",)
    command = f"/{first.name} {number}".strip()
    alone = [command, *others[:2], f"/{menu}"]
    return alone, [command, f"@Vigie {number}".strip()]
