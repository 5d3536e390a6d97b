"""The form's pages for whoever comes back with a code, as HTML. Pure, as the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.platforms.markup import NOTHING, Html, element, escaped, joined, lines
from bot.reports.filing import MESSAGE_LENGTH
from bot.web import fields, pages
from bot.web.fields import FieldSpec, actions, button
from bot.web.intake import FollowedReport, Pointed

CODE_LENGTH: Final = 400  # nine words, numbered or on lines of their own, with room to spare

_CODE: Final = FieldSpec(
    "code",
    "Votre code",
    "Les neuf mots reçus à l'envoi. Les accents et les majuscules ne comptent pas.",
    CODE_LENGTH,
)
_WORDS: Final = FieldSpec(
    "words",
    "Répondre ou ajouter",
    "Une réponse ou une précision. N'y mettez rien qui vous désigne.",
    MESSAGE_LENGTH,
)


def follow(problem: str = "") -> str:
    """Return the page where a code is typed."""
    return pages.page(
        "Suivre un signalement",
        element(
            "form",
            fields.line(_CODE, "", problem),
            actions(button("Voir", "primary")),
            method="post",
            action=pages.FOLLOW,
        ),
        here=pages.FOLLOW,
    )


def followed(
    code: str,
    found: FollowedReport,
    note: str = "",
    *,
    problem: str = "",
    words: str = "",
    pointed: Sequence[Pointed] = (),
) -> str:
    """Return what became of a report.

    `words`: what was not added yet, because of `problem`, or of what is `pointed` out in it; added again
    as it is, it is sent.
    """
    again = fields.hidden("code", code)
    return pages.page(
        "Votre signalement",
        pages.note_of(note),
        element("p", element("strong", escaped(found.status))),
        element("p", escaped(found.explained)) if found.explained else NOTHING,
        _talk(found),
        _adding(again, problem, words, pointed) if found.open else NOTHING,
        element("form", again, actions(button("Actualiser")), method="post", action=pages.FOLLOW),
        _withdrawing(again),
        here=pages.FOLLOW,
    )


def withdrawn() -> str:
    """Return what is said once a report is withdrawn."""
    return pages.told(
        "Signalement retiré",
        "Ce que vous aviez écrit est effacé, et votre code ne mène plus à rien. La personne qui l'avait "
        "déjà lu peut s'en souvenir.",
    )


def _talk(found: FollowedReport) -> Html:
    said = (
        element(
            "li",
            element("b", escaped("Vous" if one.ours else "La personne qui traite le signalement")),
            lines(one.words),
            class_="" if one.ours else "theirs",
        )
        for one in found.said
    )
    title = element("h2", escaped("Échanges"))
    return joined([title, element("ul", *said, class_="talk")]) if found.said else NOTHING


def _adding(again: Html, problem: str, words: str, pointed: Sequence[Pointed]) -> Html:
    items = [
        element("li", escaped(f"{one.why}\u00a0: "), element("mark", escaped(words[one.start : one.end])))
        for one in pointed
    ]
    return element(
        "form",
        again,
        fields.hidden("seen", words) if items else NOTHING,
        pages.told_apart(_NOT_YET, items, "Changez-les, puis ajoutez; ou laissez-les, et ajoutez.")
        if items
        else NOTHING,
        fields.paragraph(_WORDS, words, problem),
        actions(button("Ajouter", "primary")),
        method="post",
        action=pages.ADD,
    )


_NOT_YET: Final = "Pas encore ajouté\u00a0: ceci pourrait désigner quelqu'un"


def _withdrawing(again: Html) -> Html:
    warning = (
        "Ce que vous avez écrit sera effacé pour de bon. On ne peut pas revenir en arrière. Qui le traite "
        "peut remarquer à quel moment il disparaît."
    )
    return element(
        "details",
        element("summary", escaped("Retirer ce signalement")),
        element("p", escaped(warning)),
        element("form", again, button("Retirer pour de bon", "danger"), method="post", action=pages.WITHDRAW),
    )
