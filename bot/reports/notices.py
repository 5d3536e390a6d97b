"""What holders are told unprompted of reports: that there is one, never what it says nor where it is.

A row of the outbox may pass from a holder to another; each message is made for its recipient, and there
is nothing to say to someone whom the case is not for by then, or who has seen what there was.
"""

from __future__ import annotations

from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text
from bot.outbox.notices import NoticeBuilder, NoticeContext
from bot.reports import access, cases, escalation
from bot.reports.escalation import ALERT, NEWS, CaseNotice
from bot.reports.records import Records, Session

OPEN: Final = "signalements voir"  # the command that shows a case, before its identifier
_ALONE: Final = (
    "Pressez le bouton pour le lire\u00a0: vous serez seule ou seul à le voir. Rien n'en sera gardé ici."
)


def notice_builders(records: Records) -> tuple[NoticeBuilder, ...]:
    """Return the notices of reports, to be sent by the outbox."""

    def alert(context: NoticeContext, notice: CaseNotice) -> Message | None:
        session = records.at(context.db)
        if not _is_for(session, notice.case, context.recipient):
            return None
        status = cases.status_of(session, notice.case)
        if status == "closed" or (status != "received" and notice.level != escalation.FOLLOWING):
            return None  # someone read it meanwhile
        return _TOLD.get(notice.level, arrived)(notice.case)

    def news(context: NoticeContext, notice: CaseNotice) -> Message | None:
        session = records.at(context.db)
        if not _is_for(session, notice.case, context.recipient):
            return None
        return more(notice.case) if cases.has_news(session, notice.case) else None

    return (ALERT.built_by(alert), NEWS.built_by(news))


def _is_for(session: Session, case_id: str, recipient: str) -> bool:
    """Tell whether a case is for the person of a recipient, « role:<id>/<person> »."""
    person = recipient.partition("/")[2]
    return bool(person) and access.may_know(session, case_id, person)


def arrived(case_id: str) -> Message:
    """Say that there is a report."""
    return _alert(case_id, "Un nouveau signalement", "Un signalement vient d'arriver.")


def unread(case_id: str) -> Message:
    """Remind that a report was not opened."""
    return _alert(case_id, "Un signalement attend", "Un signalement attend d'être ouvert.")


def passed_on(case_id: str) -> Message:
    """Say that a report was opened by nobody else, and comes to one more person."""
    return _alert(
        case_id,
        "Un nouveau signalement",
        "Un signalement n'a été ouvert par personne jusqu'ici. Il vous est confié aussi.",
    )


def inherited(case_id: str) -> Message:
    """Say that a report comes with a role."""
    return _alert(case_id, "Un signalement vous est confié", "Ce signalement vient avec votre rôle.")


def more(case_id: str) -> Message:
    """Say that there is more to read of a report."""
    return _alert(case_id, "Du nouveau dans un signalement", "Un signalement compte quelque chose de neuf.")


def _alert(case_id: str, title: str, text: str) -> Message:
    return Message(
        Heading(title), Text(text), Buttons(Button("Ouvrir", f"{OPEN} {case_id}", "primary")), Note(_ALONE)
    )


_TOLD: Final = {
    "first": arrived,
    "reminder": unread,
    "other": passed_on,
    "alternate": passed_on,
    escalation.FOLLOWING: inherited,
}
