"""`aide`: help on each command, generated from the catalogue."""

from collections.abc import Callable, Iterator, Sequence

from bot.configuration.profile import Profile
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Span, Text, bold, code
from bot.conversation.requests import Command, Request


def explain(profile: Profile, catalogue: Callable[[], Sequence[Command]], request: Request) -> Message:
    """Explain the commands that the person may use, or only the one that the text names."""
    usable = [c for c in catalogue() if not (c.refusal and c.refusal(request))]
    named = next((command for command in usable if command.name == request.text), None)
    if named is None:  # the list of commands, without this command itself
        return help_message(profile, [command for command in usable if command.name != request.command])
    return Message(
        Text(*_line(profile, named)),
        Buttons(Button("Y aller", named.name, "primary"), Button("Aide", "aide")),
    )


def help_message(profile: Profile, commands: Sequence[Command]) -> Message:
    """Explain the commands in one line each, by group."""
    groups: dict[str, list[Span | str]] = {}
    for command in commands:
        if command.group:
            line = ("\n", code(_written(profile, command)), f" {command.summary}")
            groups.setdefault(command.group, []).extend(line)
    return Message(
        Heading("Ce que je peux faire"),
        Text("Écrivez-moi simplement, ou tapez\u00a0:"),
        *(Text(bold(group), *lines) for group, lines in groups.items()),
        Note("Mes réponses ne sont que pour vous, sauf partage ou, sur Discord, mention dans un canal."),
        Buttons(Button("Table des matières", "politique"), Button("Menu", "vigie")),
    )


def _written(profile: Profile, command: Command) -> str:
    return f"/{command.name}" if command.slash else profile.typed(command.name)


def _line(profile: Profile, command: Command) -> Iterator[Span | str]:
    typed = _written(profile, command)
    yield code(f"{typed} {command.usage}".strip())
    yield f"\n{command.summary}"
    examples = command.examples()
    for at, example in enumerate(examples):
        several = "s" if len(examples) > 1 else ""
        yield f" Exemple{several}\u00a0: " if at == 0 else ", "
        yield code(f"{typed} {example}")
    if examples:
        yield "."
