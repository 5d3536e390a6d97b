"""Completions in the sandbox: first command names, then the command's own suggestions."""

import re
from dataclasses import dataclass

from bot.conversation.dispatcher import SUGGESTIONS, Dispatcher

_MENTION = re.compile(r"(?:^|\s)(@\w*)$")


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion: its label, its explanation, and the whole completed line."""

    label: str
    detail: str
    line: str


def complete_line(dispatcher: Dispatcher, line: str, *, in_channel: bool) -> list[Completion]:
    """Return at most 25 completions for a command or a mention, none for any other line."""
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
