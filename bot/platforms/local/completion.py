"""Completions in the sandbox: first the names of commands, then the suggestions of a command."""

import re
from dataclasses import dataclass

from bot.conversation.dispatcher import SUGGESTIONS, Dispatcher
from bot.conversation.requests import Actor

_MENTION = re.compile(r"(?:^|\s)(@\w*)$")


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion: its label, its explanation, the completed line, and its group, "" for none."""

    label: str
    detail: str
    line: str
    group: str = ""


async def complete_line(dispatcher: Dispatcher, line: str, actor: Actor, mentioned: str) -> list[Completion]:
    """Return at most 25 completions of a mention, or of a command that `actor` may use.

    Other lines have none. `mentioned`: the bot's name where people mention it to ask, "" elsewhere.
    """
    if not line.startswith("/"):
        mention = _MENTION.search(line) if mentioned else None
        name = f"@{mentioned}"
        if mention is None or not name.lower().startswith(mention[1].lower()):
            return []
        whole = f"{line[: mention.start(1)]}{name} "
        return [Completion(name, "Demander devant tout le monde", whole)]
    menu = dispatcher.menu
    name, space, rest = line[1:].partition(" ")
    if space and (name.lower() != menu or " " in rest.lstrip()):
        suggestions = await dispatcher.suggest(name.lower(), rest, actor)
        return [Completion(suggestion.label, "", f"/{name} {suggestion.text}") for suggestion in suggestions]
    typed = (rest.lstrip() if space else name).lower()
    first = dispatcher.command(menu)
    completions = []
    for command in [*([first] if first else []), *await dispatcher.usable(actor)]:
        under_menu = not command.slash and command.name != menu
        if command.name.startswith(typed) and (under_menu or not space):
            start = f"/{menu} {command.name}" if under_menu else f"/{command.name}"
            whole = f"{start} " if command.usage else start
            label = f"{start} {command.usage}".strip()
            completions.append(Completion(label, command.summary, whole, command.group))
    return completions[:SUGGESTIONS]
