"""The form's pages for someone who returns with a code, as HTML. Pure functions, like those of `pages`."""

from collections.abc import Sequence
from typing import Final

import htpy as h

from bot.platforms.line_breaks import with_breaks
from bot.reports import codes
from bot.reports.filing import MESSAGE_LENGTH
from bot.reports.identifying import IdentifyingMark
from bot.reports.reporter_access import WITHDRAWN, Followup
from bot.web import fields, pages
from bot.web.fields import FieldSpec, actions, button

_CODE: Final = FieldSpec(
    "code",
    "Votre code",
    "Les neuf mots reçus à l'envoi. Les accents et les majuscules ne comptent pas.",
    codes.TYPED_CODE_LENGTH,
)
_WORDS: Final = FieldSpec(
    "words",
    "Répondre ou ajouter",
    "Une réponse ou une précision. N'y mettez rien qui vous désigne.",
    MESSAGE_LENGTH,
)
_NOT_YET: Final = "Pas encore ajouté\u00a0: ceci pourrait désigner quelqu'un"
_ADVICE: Final = "Changez-les, puis ajoutez; ou laissez-les, et ajoutez."
_EXPLAINED: Final = {
    False: "Vous pouvez ajouter quelque chose tant que le signalement est ouvert.",
    True: "Le signalement est clos\u00a0: on ne peut plus rien y ajouter.",
}
_ASKED: Final = "On vous demande quelque chose\u00a0: voyez les échanges."
_WARNING: Final = (
    "Ce que vous avez écrit sera effacé pour de bon. On ne peut pas revenir en arrière. Qui le traite "
    "peut remarquer à quel moment il disparaît."
)


def code_page(typed: str = "", problem: str = "") -> str:
    """Return the page that asks for a code. `typed`: the text typed before. `problem`: an error message."""
    return pages.page(
        "Suivre un signalement",
        h.form(method="post", action=pages.FOLLOW)[
            fields.line(_CODE, typed[: codes.TYPED_CODE_LENGTH], problem), actions(button("Voir", "primary"))
        ],
        here=pages.FOLLOW,
    )


def report_page(
    code: str,
    followup: Followup,
    note: str = "",
    *,
    problem: str = "",
    words: str = "",
    marks: Sequence[IdentifyingMark] = (),
) -> str:
    """Return the page of a report, for anyone who has its code.

    `words`: an addition that was not accepted, because of `problem` or of the `marks` in it. If the same
    marked words are sent again, they are accepted.
    """
    again = fields.hidden("code", code)
    status = f"{followup.status}\u00a0: {followup.outcome}" if followup.outcome else followup.status
    explanation = followup.explanation or (_ASKED if followup.awaits_answer else _EXPLAINED[followup.closed])
    dialogue = [
        h.li(class_=None if message.author == "reporter" else "theirs")[
            h.b["Vous" if message.author == "reporter" else "La personne qui traite le signalement"],
            with_breaks(message.text),
        ]
        for message in followup.dialogue
    ]
    addition = h.form(method="post", action=pages.ADD)[
        again,
        bool(marks) and [fields.hidden("seen", words), pages.warning(_NOT_YET, marks, _ADVICE)],
        fields.paragraph(_WORDS, words, problem),
        actions(button("Ajouter", "primary")),
    ]
    return pages.page(
        "Votre signalement",
        pages.note_box(note),
        h.p[h.strong[status]],
        h.p[explanation],
        dialogue and [h.h2["Échanges"], h.ul(".talk")[dialogue]],
        not followup.closed and addition,
        h.form(method="post", action=pages.FOLLOW)[again, actions(button("Actualiser"))],
        h.details(".withdraw")[
            h.summary["Retirer ce signalement"],
            h.p[_WARNING],
            h.form(method="post", action=pages.WITHDRAW)[again, button("Retirer pour de bon", "danger")],
        ],
        here=pages.FOLLOW,
    )


def withdrawn_page() -> str:
    """Return the page shown after a report was withdrawn."""
    return pages.text_page("Signalement retiré", WITHDRAWN)
