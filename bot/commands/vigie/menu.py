"""`/vigie`: the menu: five buttons for the most frequent actions, and the others behind « Plus… »."""

# ruff: noqa: PLC0415 — most menus come from memory, without the code that finds what awaits a person

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.commands import pause
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Text,
    code,
    excerpt,
)
from bot.conversation.requests import BELOW, Request
from bot.people.office import Office, administers, receives_reports
from bot.people.persons import account
from bot.permissions.kinds import are_requested
from bot.policy.library import Library
from bot.posting.checks import are_asked
from bot.times import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.commands.vigie.awaiting import AwaitingDesk
    from bot.onboarding.course import Course
    from bot.privacy.awaiting_board import AwaitingBoard

NEWS: Final = timedelta(days=60)  # how long the menu offers a revision's changes
_REPORT, _QUIZ = "signalement", "quiz"
# Reports share one row with everyday actions, so that pressing a button in it does not tell who reports.
_DO = (
    Button("Poser une question", "chercher", "primary"),
    Button("Où j'en suis", "accueil"),
    Button("Quiz", _QUIZ),
    Button("Signaler", _REPORT),
    Button("Plus…", "plus"),
)
_NEWS = Buttons(Button("Nouveautés", "nouveautes"))
REPORTS = Buttons(Button("Signalements reçus", "signalements"))
ADMINISTRATION = Buttons(
    Button("Rôles", "roles"),
    Button("Personnes visées", "membres"),
    Button("Révisions", "revision"),
    Button("Questions", "banque"),
    Button("Envois", "pause"),
)
BOARD = Buttons(Button("Tableau de bord", "tableau"))


def menu(desk: AwaitingDesk, request: Request, *, sees_board: bool = False) -> Message:
    """Return the menu, with what awaits the person first, and more buttons for administrators.

    Below an answer (`BELOW`), it does not invite the person to ask a question, since they just did.
    `sees_board`: whether they may see the dashboard's figures.
    """
    from bot.commands.vigie import awaiting

    library, office = desk.library, desk.office
    ours = administers(office, request)
    top = pause.banner(office) if ours else ()
    received = (REPORTS,) if receives_reports(office, request) else ()
    rows = (*top, *received, *((ADMINISTRATION,) if ours else ()), *((BOARD,) if sees_board else ()))
    first = awaiting.menu_elements(awaiting.for_request(desk, request))
    quiz = has_quiz(desk.course)
    asks = request.text != BELOW
    return menu_message(
        library, office, *rows, news=_news(library, office), first=first, quiz=quiz, asks=asks
    )


def has_quiz(course: Course) -> bool:
    """Return whether any policy has a quiz."""
    return any(candidate.quizzed for candidate in course.every())


def glance(
    library: Library, office: Office, awaited: AwaitingBoard, request: Request, *, quiz: bool
) -> Message | None:
    """Return the menu, from memory, for a person who holds no role and whom nothing awaits, else None."""
    board, actor = office.board, request.actor
    if actor is None or board.titles is None or account(actor) in board.holders or awaited.may_await(actor):
        return None
    return menu_message(library, office, news=_news(library, office), quiz=quiz)


def _news(library: Library, office: Office) -> bool:
    version = library.current(library.default)
    return version.former is not None and office.today() - version.since <= NEWS


def menu_message(
    library: Library,
    office: Office,
    *more: Element,
    news: bool = False,
    first: Sequence[Element] = (),
    quiz: bool = True,
    asks: bool = True,
) -> Message:
    """Return the menu: what awaits the person (`first`), the buttons common to everyone, then `more`.

    `news`: whether to offer the changes of a revision. `quiz`: whether there is a quiz to offer. `asks`:
    whether to invite the person to ask a question.
    """
    absent = {*(() if office.reports else (_REPORT,)), *(() if quiz else (_QUIZ,))}
    policy = library.default
    version = library.current(policy)
    question = (
        f"Écrivez votre question\u00a0: je cite {policy.name.the}, "
        f"{version.adoption}{policy.name.e} le {in_words(version.adopted)}."
    )
    return Message(
        Heading(f"Bonjour! Je suis {office.profile.bot}."),
        *first,
        *([Text(question)] if asks else []),
        Buttons(*(button for button in _DO if button.command not in absent)),
        *([_NEWS] if news else []),
        *more,
    )


def more_message(library: Library) -> Message:
    """Return the buttons for less frequent actions, and those that open the other policies."""
    policy = library.default
    others = [
        Button(excerpt(str(other.name), LABEL_LENGTH), f"politique {other.id}:")
        for other in library.policies.values()
        if other is not policy
    ]
    return Message(
        Text(
            "Pour lire une clause, tapez ", code(f"/politique {policy.example(library.current(policy))}"), "."
        ),
        Buttons(
            *([Button("Relire un texte", "verifier")] if are_asked(library) else []),
            Button("Table des matières", "politique"),
            Button("Versions", "versions"),
            Button("Nouveautés", "nouveautes"),
            Button("Aide", "aide"),
        ),
        Buttons(
            *([Button("Demander une autorisation", "demande")] if are_requested(library) else []),
            Button("Mes renseignements", "mesdonnees"),
            Button("Lier mes comptes", "lier"),
            Button("Menu", "vigie"),
        ),
        *((Note("Les autres politiques\u00a0:"), Buttons(*others[:BUTTONS_PER_ROW])) if others else ()),
    )
