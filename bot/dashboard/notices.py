"""The notices with figures: the monthly report, and the picture that someone asked for.

Both are made when they are sent, and stored nowhere.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import (
    Button,
    Buttons,
    File,
    Heading,
    Message,
    Note,
    Text,
    bold,
    excerpt,
)
from bot.dashboard import access, boards, periods, pictures, report, words
from bot.dashboard.boards import Dashboard, UncountedError
from bot.dashboard.figures import Board
from bot.dashboard.monthly import REPORT, PeriodNotice
from bot.dashboard.periods import Period
from bot.outbox import rows
from bot.outbox.notices import Built, Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery

PICTURE: Final = Notice("tableau-image", "une image du tableau de bord", PeriodNotice)
COMMAND: Final = "tableau"  # the command that shows a period's figures; the period's id follows
_LINE: Final = 400  # maximum characters of each sentence on what to look at first
_SENT: Final = "Ce message part une fois par mois, aux rôles que les réglages nomment."


def send_picture(
    db: Database, person_id: str, period: Period, now: datetime, asked: str | None = None
) -> None:
    """Queue a period's picture for the person who asks, at most once a minute, in the caller's transaction.

    `asked`: the account that they ask from, « slack:T1/U1 ».
    """
    key = f"{PICTURE.name}:{person_id}:{period.id}:{now:%Y-%m-%dT%H:%M}"
    notice = PeriodNotice(period.id)
    rows.enqueue(db, Delivery(key, f"person:{person_id}", PICTURE, notice, urgent=True, asked=asked), now)


def notice_builders(
    dashboard: Callable[[], Dashboard], monthly_report_roles: Sequence[str], association: str
) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices with figures, for the outbox.

    `monthly_report_roles`: the roles that receive the monthly report, from the setting.
    """

    def monthly(context: NoticeContext, notice: PeriodNotice) -> Built:
        counted = dashboard()
        month = periods.read_period(notice.period, counted.first_month)
        role, _, person = context.recipient.removeprefix("role:").partition("/")
        receiving = list(monthly_report_roles)
        if person:  # someone with several roles receives the report once, for the first role
            receiving = access.roles_of(context.db, person, monthly_report_roles, context.today)[:1]
        if month is None or role not in receiving:
            return None
        year, counts = periods.year_of(month.last, counted.first_month), []
        for period in (month, year) if year.last == month.last else (month,):
            with suppress(UncountedError):  # the period is before counting began
                counts.append(boards.count(context.db, counted, period))
        if not counts:
            return None
        if report.is_quiet(counts):
            return quiet_message(counts[0])
        return Deferred(
            lambda: report_message(counts, report.make_report(counts, counted.library, association))
        )

    def picture(context: NoticeContext, notice: PeriodNotice) -> Built:
        counted = dashboard()
        person = context.recipient.removeprefix("person:")
        period = periods.read_period(notice.period, counted.first_month)
        if period is None or not access.may_see(context.db, person, monthly_report_roles, context.today):
            return None
        board = boards.count(context.db, counted, period)
        return Deferred(lambda: picture_message(board, pictures.draw(board, association)))

    return (REPORT.built_by(monthly), PICTURE.built_by(picture))


def report_message(counted: Sequence[Board], pdf: bytes) -> Message:
    """Return the message with the PDF report and what to look at first. `counted`: its boards."""
    period = counted[0].period
    title = report.title(period)
    looks = "\n".join(f"• {excerpt(line, _LINE)}" for line in report.first_look(counted))
    return Message(
        Heading(title),
        Text(bold("À regarder d'abord"), f"\n{looks}"),
        File(f"rapport-{period.id}.pdf", pdf, title),
        _look(period),
        Note(_SENT, " Chaque nombre est une tranche de cinq, pour ne désigner personne."),
    )


def quiet_message(board: Board) -> Message:
    """Return the message for a month in which every figure is under five."""
    same = f", comme {words.when(board.before)}" if board.before else ""
    return Message(
        Heading(report.title(board.period)),
        Text(f"Chaque nombre est sous cinq{same}\u00a0: il n'y a pas de rapport à lire."),
        _look(board.period),
        Note(_SENT),
    )


def _look(period: Period) -> Buttons:
    return Buttons(Button("Voir le tableau", f"{COMMAND} {period.id}"))


def picture_message(board: Board, png: bytes) -> Message:
    """Return the message with a period's picture."""
    picture = picture_file(board, png)
    return Message(Heading(picture.title), picture)


def picture_file(board: Board, png: bytes) -> File:
    """Return a period's picture, with its numbers as alternative text."""
    title = f"Le tableau de bord, {board.period.title}"
    return File(f"tableau-{board.period.id}.png", png, title, pictures.alternative(board))
