"""The form's pages for whoever comes back with a code, as HTML. Pure, as the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import htpy as h

from bot.platforms.line_breaks import with_breaks
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
_NOT_YET: Final = "Pas encore ajouté\u00a0: ceci pourrait désigner quelqu'un"
_WARNING: Final = (
    "Ce que vous avez écrit sera effacé pour de bon. On ne peut pas revenir en arrière. Qui le traite "
    "peut remarquer à quel moment il disparaît."
)


def follow(problem: str = "") -> str:
    """Return the page where a code is typed."""
    return pages.page(
        "Suivre un signalement",
        h.form(method="post", action=pages.FOLLOW)[
            fields.line(_CODE, "", problem), actions(button("Voir", "primary"))
        ],
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
        h.p[h.strong[found.status]],
        found.explained and h.p[found.explained],
        _talk(found),
        found.open and _adding(again, problem, words, pointed),
        h.form(method="post", action=pages.FOLLOW)[again, actions(button("Actualiser"))],
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


def _talk(found: FollowedReport) -> h.Node:
    said = [
        h.li(class_=None if one.ours else "theirs")[
            h.b["Vous" if one.ours else "La personne qui traite le signalement"], with_breaks(one.words)
        ]
        for one in found.said
    ]
    return said and [h.h2["Échanges"], h.ul(".talk")[said]]


def _adding(again: h.Renderable, problem: str, words: str, pointed: Sequence[Pointed]) -> h.Renderable:
    items = [pages.pointed_item(one, words) for one in pointed]
    advice = "Changez-les, puis ajoutez; ou laissez-les, et ajoutez."
    return h.form(method="post", action=pages.ADD)[
        again,
        items and [fields.hidden("seen", words), pages.told_apart(_NOT_YET, items, advice)],
        fields.paragraph(_WORDS, words, problem),
        actions(button("Ajouter", "primary")),
    ]


def _withdrawing(again: h.Renderable) -> h.Renderable:
    return h.details[
        h.summary["Retirer ce signalement"],
        h.p[_WARNING],
        h.form(method="post", action=pages.WITHDRAW)[again, button("Retirer pour de bon", "danger")],
    ]
