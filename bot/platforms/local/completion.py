"""What the sandbox offers as one types: the catalogue first, then the command's own suggestions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.dispatcher import SUGGESTIONS, Dispatcher

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
        mention = _MENTION.search(line) if in_channel else None
        if mention is None or not "@vigie".startswith(mention[1].lower()):
            return []
        whole = line[: mention.start(1)] + "@Vigie "
        return [Completion("@Vigie", "Demander devant tout le monde", whole)]
    menu = dispatcher.menu
    name, space, rest = line[1:].partition(" ")
    if space and (name.lower() != menu or " " in rest.lstrip()):
        suggestions = dispatcher.suggest(name.lower(), rest)
        return [Completion(suggestion.label, "", f"/{name} {suggestion.text}") for suggestion in suggestions]
    typed = (rest.lstrip() if space else name).lower()
    completions = []
    for command in sorted(dispatcher.commands, key=lambda command: not command.slash):
        under_menu = not command.slash and command.name != menu
        if command.name.startswith(typed) and (under_menu or not space):
            written = f"/{menu} {command.name}" if under_menu else f"/{command.name}"
            whole = f"{written} " if command.usage else written
            completions.append(Completion(f"{written} {command.usage}".strip(), command.summary, whole))
    return completions if space else completions[:SUGGESTIONS]
