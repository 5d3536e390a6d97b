"""`aide`: help on each command, generated from the catalogue."""

from collections.abc import Callable, Iterator, Sequence

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Span, Text, code
from bot.conversation.requests import Command, Request


def explain(catalogue: Callable[[], Sequence[Command]], request: Request) -> Message:
    """Explain the commands that the person may use, or only the one that the text names."""
    usable = [c for c in catalogue() if not (c.refusal and c.refusal(request))]
    named = next((command for command in usable if command.name == request.text), None)
    if named is None:
        return help_message(usable)
    return Message(
        Text(*_line(named)), Buttons(Button("Y aller", named.name, "primary"), Button("Aide", "aide"))
    )


def help_message(commands: Sequence[Command]) -> Message:
    """Explain each command in a paragraph."""
    return Message(
        Heading("Ce que je peux faire"),
        *(Text(*_line(command)) for command in commands),
        Note(
            "Mes réponses ne se voient que par vous, sauf ce que vous partagez et, sur Discord, "
            "ce que vous demandez en me mentionnant dans un canal."
        ),
        Buttons(Button("Table des matières", "politique"), Button("Menu", "vigie")),
    )


def _line(command: Command) -> Iterator[Span | str]:
    written = f"/{command.name}" if command.slash else f"/vigie {command.name}"
    yield code(f"{written} {command.usage}".strip())
    yield f"\n{command.summary}"
    examples = command.examples()
    for at, example in enumerate(examples):
        several = "s" if len(examples) > 1 else ""
        yield f" Exemple{several}\u00a0: " if at == 0 else ", "
        yield code(f"{written} {example}")
    if examples:
        yield "."
