"""Notices to holders about a case, which announce it without its content.

An outbox row may pass from one holder to another, and each message is built for its recipient. No message is
built for someone who may no longer know of the case, or when the case has nothing new to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text
from bot.outbox.notices import NoticeBuilder, NoticeContext
from bot.reports import access, cases
from bot.reports.escalation import ALERT, FOLLOWING, NEWS, CaseNotice
from bot.reports.records import Records

OPEN: Final = "signalements voir"  # the command that shows a case, before its identifier
_ALONE: Final = (
    "Pressez le bouton pour le lire\u00a0: vous serez seule ou seul à le voir. Rien n'en sera gardé ici."
)
_PASSED_ON: Final = (
    "Un nouveau signalement",
    "Un signalement n'a été ouvert par personne jusqu'ici. Il vous est confié aussi.",
)
# The title and text of each escalation level.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "first": ("Un nouveau signalement", "Un signalement vient d'arriver."),
    "reminder": ("Un signalement attend", "Un signalement attend d'être ouvert."),
    "other": _PASSED_ON,
    "alternate": _PASSED_ON,
    FOLLOWING: ("Un signalement vous est confié", "Ce signalement vient avec votre rôle."),
    "news": ("Du nouveau dans un signalement", "Un signalement compte quelque chose de neuf."),
}


def notice_builders(records: Records) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices about cases, for the outbox."""

    def build(context: NoticeContext, notice: CaseNotice) -> Message | None:
        session, person = records.at(context.db), context.recipient.partition("/")[2]
        if not person or not access.may_know(session, notice.case, person):
            return None
        if notice.level == "news":
            needed = cases.has_news(session, notice.case)
        else:
            status = session.case(notice.case).status
            needed = status == "received" or (notice.level == FOLLOWING and status != "closed")
        return alert_message(notice.case, notice.level) if needed else None

    return (ALERT.built_by(build), NEWS.built_by(build))


def alert_message(case_id: str, level: str) -> Message:
    """Return the message that alerts a holder to a case, at an escalation level."""
    title, text = _WORDS[level]
    return Message(
        Heading(title), Text(text), Buttons(Button("Ouvrir", f"{OPEN} {case_id}", "primary")), Note(_ALONE)
    )
