"""`/tableau`: the figures of a month or a year, compared with the period before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.passages import page_number
from bot.commands.tableau import messages
from bot.conversation.messages import Message
from bot.conversation.requests import Request, UserError
from bot.dashboard import access, boards, notices
from bot.dashboard.boards import Dashboard
from bot.dashboard.periods import Period, name_period, read_period
from bot.people import persons, roles
from bot.people.office import Office, actor_of, belongs_to, in_private

HOW: Final = "comment"
IMAGE: Final = "image"


@dataclass(frozen=True, slots=True)
class BoardDesk:
    """The dependencies of this command. `monthly_report_roles`: the roles that receive the monthly report."""

    office: Office
    dashboard: Dashboard
    monthly_report_roles: Sequence[str] = ()


def reserved(desk: BoardDesk, request: Request) -> str:
    """Return the French refusal for someone who may not see the figures, "" for anyone else."""
    with desk.office.storage.transaction() as db:
        today = desk.office.today()
        person = persons.person_of(db, request.actor) if request.actor else None
        if access.may_see(db, person, desk.monthly_report_roles, today):
            return ""
        title_of = {role.id: role.title for role in roles.all_roles(db)}
    titles = [
        title_of[role] for role in (roles.ADMINISTRATION, *desk.monthly_report_roles) if role in title_of
    ]
    return belongs_to(titles)


def show(desk: BoardDesk, request: Request) -> Message:
    """Show the figures of a period, the last month by default, or how they are counted (« comment »).

    The text « image », followed by a period, queues the picture of that period. Raises `UserError` for a
    period that was not counted.
    """
    wanted, _, rest = request.text.partition(" ")
    if wanted == IMAGE:
        return _send_picture(desk, request, rest)
    with desk.office.storage.transaction() as db:
        boards.keep(db, desk.dashboard)
        periods = boards.counted_periods(db)
        months = [period for period in periods if not period.is_year]
        period: Period | None = months[0]
        if wanted not in {"", HOW}:
            period, rest = name_period(request.text, periods, desk.dashboard.first_month)
        if period is None:
            raise UserError(messages.uncounted(periods))
        board = boards.count(db, desk.dashboard, period)
    if wanted == HOW:
        return messages.how(desk.dashboard.plans())
    return messages.board(board, nearby(period, periods), page_number(rest))


def _send_picture(desk: BoardDesk, request: Request, wanted: str) -> Message:
    """Queue the picture of a period's figures for the person who asks."""
    with desk.office.storage.transaction() as db:
        boards.keep(db, desk.dashboard)
        periods = boards.counted_periods(db)
        period = read_period(wanted, desk.dashboard.first_month)
        if period is None or period not in periods:
            raise UserError(messages.uncounted(periods))
        actor = actor_of(request)
        person = persons.known(db, actor)
        account = str(persons.account(actor))
        notices.send_picture(db, person, period, desk.office.clock(), account)
    return messages.coming(in_private(request))


def nearby(period: Period, periods: Sequence[Period]) -> Sequence[Period]:
    """Return the counted periods to offer beside one: the previous, the next, and the last year or month."""
    other = next((candidate for candidate in periods if candidate.is_year != period.is_year), None)
    return [
        candidate
        for candidate in (period.previous, period.next, other)
        if candidate is not None and candidate in periods
    ]
