"""Notices to holders about a case, without its content, and to the administration about reached limits.

The message is built when it is sent. None is built for someone who may no longer know of the case, or when
the case has nothing new to see.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.reports import access, cases
from bot.reports.escalation import ALERT, FOLLOWING, JOINED, NEWS, CaseNotice
from bot.reports.limits import GUARANTEED
from bot.reports.records import Records


@dataclass(frozen=True, slots=True)
class LimitReached:
    """Arguments of the notice of a reached limit: the doors that refused reports (see `Limiter.reached`)."""

    doors: tuple[str, ...]


LIMIT: Final = Notice("signalements-limite", "un avis de signalements refusés", LimitReached)
OPEN: Final = "signalements voir"  # the command that shows a case; its identifier follows
_ALONE: Final = (
    "Pressez le bouton pour le lire\u00a0: vous serez seule ou seul à le voir. Rien n'en sera gardé ici."
)
_PASSED_ON: Final = (
    "Un nouveau signalement",
    "Un signalement n'a été ouvert par personne jusqu'ici. Il vous est confié aussi.",
)
_DOORS: Final[Mapping[str, str]] = {"chat": "dans le clavardage", "web": "par le formulaire Web"}
# The title and text of the alert at each level.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "first": ("Un nouveau signalement", "Personne ne l'a encore ouvert."),
    "reminder": ("Un signalement attend", "Un signalement attend d'être ouvert."),
    "other": _PASSED_ON,
    "alternate": _PASSED_ON,
    FOLLOWING: ("Un signalement vous est confié", "Ce signalement vient avec votre rôle."),
    JOINED: ("Deux signalements n'en font plus qu'un", "Un signalement que vous lisez est joint à celui-ci."),
    "news": ("Du nouveau dans un signalement", "Un signalement compte quelque chose de neuf."),
}


def notice_builders(records: Records) -> tuple[NoticeBuilder, ...]:
    """Return the builders of this module's notices, for the outbox."""

    def build(context: NoticeContext, notice: CaseNotice) -> Message | None:
        session = records.at(context.db)
        person = context.recipient.partition("/")[2]
        if not person or not access.may_know(session, notice.case, person):
            return None
        if notice.level == "news":
            needed = cases.has_news(session, notice.case)
        else:
            status = session.case(notice.case).status
            needed = status == "received" or (notice.level in {FOLLOWING, JOINED} and status != "closed")
        return alert_message(notice.case, notice.level) if needed else None

    limit = LIMIT.built_by(lambda _, notice: limit_message(notice.doors))
    return (ALERT.built_by(build), NEWS.built_by(build), limit)


def alert_message(case_id: str, level: str) -> Message:
    """Return the message that alerts a holder to a case. `level`: a key of `_WORDS`."""
    title, text = _WORDS[level]
    return Message(
        Heading(title), Text(text), Buttons(Button("Ouvrir", f"{OPEN} {case_id}", "primary")), Note(_ALONE)
    )


def tell_limits(db: Database, doors: Collection[str], now: datetime, today: date) -> None:
    """Queue the day's notice of reached limits to the administration, unless `doors` is empty.

    Call it at a fixed hour, so that the notice reveals only the day and the doors of the refusals.
    """
    if doors:
        notice = LimitReached(tuple(sorted(doors)))
        rows.enqueue(db, Delivery(f"{LIMIT.name}:{today}", rows.ANNOUNCED_TO, LIMIT, notice), now)


def limit_message(doors: Collection[str]) -> Message:
    """Return the notice that too many reports came, so some were refused. `doors`: « chat », « web »."""
    where = " et ".join(_DOORS[door] for door in doors)
    return Message(
        Heading("Des signalements ont été refusés"),
        Text(
            f"Depuis un jour, il en est venu {where} plus que je n'en prends. Ceux qui étaient de trop ont "
            f"été refusés. Dans le clavardage, chaque personne garde {GUARANTEED} signalements par heure, "
            "quoi que fassent les autres."
        ),
        Note("Je n'ai noté ni l'heure, ni le nombre, ni qui que ce soit."),
    )
