"""`/vigie`: the menu, what one can do here in a few buttons."""

from __future__ import annotations

from bot.dispatch import Request
from bot.messages import Button, Buttons, Heading, Message, Text, code
from bot.policy.library import Library, in_words


def menu(library: Library, _request: Request) -> Message:
    """Return the menu."""
    policy = library.default
    version = library.current(policy)
    return Message(
        Heading("Bonjour! Je suis Vigie."),
        Text(
            f"Je cite la {policy.name}, révisée le {in_words(version.adopted)}. "
            "Écrivez-moi un numéro ou un mot, ou tapez ",
            code(f"/politique {policy.example(version)}"),
            ".",
        ),
        Buttons(
            Button("Table des matières", "politique", "primary"),
            Button("Chercher", "chercher"),
            Button("Aide", "aide"),
        ),
    )


def examples(library: Library) -> dict[str, Message]:
    """Return one of each message that this command can send, by name."""
    return {"Le menu": menu(library, Request("vigie"))}
