"""`/vigie`: the menu, a few buttons for the main actions."""

from bot.commands import pause
from bot.commands.signalements import signalements
from bot.conversation.messages import Button, Buttons, Element, Heading, Message, Text, code
from bot.conversation.requests import Request
from bot.people.office import Office, administers
from bot.people.persons import account
from bot.policy.library import Library
from bot.times import in_words

# In one row, so that pressing a button in it does not reveal who reports.
_DO = Buttons(Button("Quiz", "quiz"), Button("Signaler une publication", "signalement"))
_MINE = Buttons(Button("Mes renseignements", "mesdonnees"), Button("Lier mes comptes", "lier"))
REPORTS = Buttons(Button("Signalements reçus", "signalements"))
ADMINISTRATION = Buttons(
    Button("Rôles", "roles"),
    Button("Personnes visées", "membres"),
    Button("Révisions", "revision"),
    Button("Envois", "pause"),
)


def menu(library: Library, office: Office, request: Request) -> Message:
    """Return the menu, with more buttons for administrators."""
    ours = administers(office, request)
    top = pause.banner(office) if ours else ()
    received = (REPORTS,) if signalements.receives(office, request) else ()
    return menu_message(library, *top, *received, *((ADMINISTRATION,) if ours else ()))


def glance(library: Library, office: Office, request: Request) -> Message | None:
    """Return the menu if memory shows that the sender holds no role. Otherwise, return None."""
    board = office.board
    if request.actor is None or board.titles is None or account(request.actor) in board.holders:
        return None
    return menu_message(library)


def menu_message(library: Library, *more: Element) -> Message:
    """Return the menu common to everyone, followed by `more`."""
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
        _DO,
        _MINE,
        *more,
    )
