"""The register of permissions, for those who decide and for the administration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.commands.demande.messages import HOME, MENU
from bot.commands.passages import page_of
from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    capitalized,
    turn_buttons,
)
from bot.permissions.kinds import WORDS
from bot.permissions.notices import COMMAND
from bot.permissions.requests import PermissionRequest, state_words, term_words

_PER_PAGE: Final = 5  # as many as there are buttons in a row


@dataclass(frozen=True, slots=True)
class Registered:
    """A permission that was granted. `asker`: its holder. `opens`: whether the reader may see the request."""

    request: PermissionRequest
    asker: Span
    opens: bool


def register_message(
    granted: Sequence[PermissionRequest],
    row_of: Callable[[PermissionRequest], Registered],
    today: date,
    *,
    page: int = 1,
) -> Message:
    """Show one page of the register: permissions that end soon, then others in force, then ended ones.

    `row_of`: returns the row of a permission, called only for the permissions on the page.
    """
    ordered = sorted(granted, key=lambda request: _rank(request, today))
    on_page, page, pages = page_of(ordered, page, _PER_PAGE)
    table = [row_of(request) for request in on_page]
    force = sum(request.in_force(today) for request in granted)
    count = {0: "Aucune n'est en vigueur.", 1: "Une est en vigueur."}.get(force, f"{force} sont en vigueur.")
    elements: list[Element] = [
        Heading("Le registre des autorisations"),
        Text(count if granted else "Aucune autorisation n'a été donnée jusqu'ici."),
    ]
    first = (page - 1) * _PER_PAGE
    for number, row in enumerate(table, first + 1):
        request = row.request
        title = f"{number}. {WORDS[request.kind].title}"
        same_person = " La même personne l'a demandée et accordée, avec deux comptes qu'elle a reliés depuis."
        standing = _period(request, today) + same_person * request.by_oneself
        elements.append(Text(bold(title), ", pour ", row.asker, f"\n{standing}"))
    opened = [
        Button(f"Ouvrir la ligne {number}", f"{COMMAND} voir {row.request.id}")
        for number, row in enumerate(table, first + 1)
        if row.opens
    ]
    if opened:
        elements.append(Buttons(*opened))
    turns = turn_buttons(page, pages, lambda target: f"{COMMAND} registre {target}")
    note = "Ce qui s'est dit au sujet de chacune reste entre les personnes qu'elle concerne."
    return Message(
        *elements,
        *([Note(note)] if granted else []),
        Buttons(*turns, HOME, MENU),
    )


def _rank(request: PermissionRequest, today: date) -> tuple[int, date]:
    if not request.in_force(today):
        return 2, date.max
    return (1, date.max) if request.until is None else (0, request.until)


def _period(request: PermissionRequest, today: date) -> str:
    if not request.in_force(today):
        return state_words(request.as_of(today))
    soon = " C'est bientôt." if request.ends_soon(today) else ""
    return f"{capitalized(term_words(request))}.{soon}"
