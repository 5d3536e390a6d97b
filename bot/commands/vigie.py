"""`/vigie`: the menu, what one can do here in a few buttons."""

from __future__ import annotations

from datetime import datetime

from bot.commands import pause
from bot.commands.office import Office, administers
from bot.dispatch import Request
from bot.messages import Button, Buttons, Element, Heading, Message, Text, code
from bot.policy.library import Library, in_words
from bot.state import Flag
from bot.times import Calendar

_MINE = Buttons(Button("Mes renseignements", "mesdonnees"), Button("Lier mes comptes", "lier"))
_ADMINISTRATION = Buttons(
    Button("Rôles", "roles"), Button("Officiers et personnel", "membres"), Button("Envois", "pause")
)


def menu(library: Library, office: Office, request: Request) -> Message:
    """Return the menu, with what is for the administration when it is the one that asks."""
    ours = administers(office, request)
    top = pause.banner(office) if ours else ()
    return shown(library, *top, *((_ADMINISTRATION,) if ours else ()))


def shown(library: Library, *more: Element) -> Message:
    """Return the menu that everyone sees, then what is for the one who asks."""
    policy = library.default
    version = library.current(policy)
    return Message(
        Heading("Bonjour! Je suis Vigie."),
        Text(
            f"Je cite la {policy.name}, révisée le {in_words(version.adopted)}. "
            "Écrivez-moi un numéro, un mot ou une question, ou tapez ",
            code(f"/politique {policy.example(version)}"),
            ".",
        ),
        Buttons(
            Button("Table des matières", "politique", "primary"),
            Button("Chercher", "chercher"),
            Button("Aide", "aide"),
        ),
        _MINE,
        *more,
    )


def examples(library: Library, calendar: Calendar, now: datetime) -> dict[str, Message]:
    """Return one of each message that this command can send, by name."""
    return {
        "Le menu": shown(library),
        "Le menu de l'administration": shown(library, _ADMINISTRATION),
        "Le menu, les envois arrêtés": shown(library, *pause.stopped(Flag(now), calendar), _ADMINISTRATION),
    }
