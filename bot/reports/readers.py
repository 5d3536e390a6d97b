"""The record of who may read reports, and the notices sent when it changes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import Element, Heading, Message, Note, Span, Text, bold, person
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice, NoticeBuilder
from bot.outbox.rows import Delivery
from bot.people import appointments, persons, roles
from bot.people.appointments import Appointment
from bot.people.roles import ADMINISTRATION
from bot.storage import state
from bot.times import in_words

logger = logging.getLogger(__name__)

MACHINE: Final = "machine"  # the author of a change that was made from the command line
_LOGGED: Final = "appointments_logged"  # in `state`: the number of the last row written to the log
_SHOWN: Final = 8  # rows in one notice


@dataclass(frozen=True, slots=True)
class AppointmentNotice:
    """Arguments of a notice about a change in who may read reports: the batch of rows that it announces."""

    batch: str


APPOINTED: Final = Notice(appointments.NOTICE, "un changement de qui lit les signalements", AppointmentNotice)


def follow(db: Database, today: date, now: datetime, by: str = "") -> str | None:
    """Record who may read reports or administer, and notify everyone concerned of a change.

    Return the identifier of the change's batch of rows, None if nothing changed. `by`: the account of the
    administrator who made the change, or `MACHINE`, or "". Call it in the transaction of each change of
    roles, groups and accounts, and at each beat.
    """
    batch = appointments.follow(db, today, by)
    if batch is not None:
        tell(db, batch, today, now)
    return batch


def tell(db: Database, batch: str, today: date, now: datetime) -> None:
    """Queue the notices of a batch: to each account in it, and to each account of the persons concerned.

    Those persons are whoever holds, today or tomorrow, a role in the batch or a role that receives reports.
    Everyone who holds a role is concerned too when the command line changes the administration. Nobody is
    notified of the very first administrators, whom the settings name.
    """
    rows = appointments.batch_rows(db, batch)
    changed = {row.role for row in rows}
    by_machine = any(row.role == ADMINISTRATION and row.by == MACHINE for row in rows)
    if changed == {ADMINISTRATION} and rows[0].number == 1 and not by_machine:
        return
    accounts = {row.account for row in rows if not row.account.startswith(appointments.EMAIL)}
    concerned = {
        holder
        for day in (today, today + timedelta(1))
        for role in (*changed, *roles.recipients(db, day))
        for holder in roles.holders(db, role, day)
    }
    if by_machine:
        concerned |= {holder for role in roles.all_roles(db) for holder in roles.holders(db, role.id, today)}
    accounts |= {str(account) for holder in concerned for account in persons.accounts_of(db, holder)}
    for account in map(persons.parse, sorted(accounts)):
        recipient = f"person:{account.platform}/{account.team}/{account.user}"
        key = f"{APPOINTED.name}:{batch}/{recipient}"
        outbox.enqueue(db, Delivery(key, recipient, APPOINTED, AppointmentNotice(batch), urgent=True), now)


def log_new(db: Database) -> None:
    """Log the rows recorded since the last call, without naming anyone."""
    rows = appointments.rows_after(db, state.read_value(db, _LOGGED) or "0")
    for row in rows:
        change = "able" if row.able else "no longer able"
        place = "the command line" if row.by == MACHINE else row.how
        # The very first administrators come from the settings, so they deserve no warning.
        level = logging.INFO if rows[0].number == 1 and row.batch == rows[0].batch else logging.WARNING
        logger.log(
            level, "roles: %s: someone is %s from %s on (%s)", row.role, change, row.effective_on, place
        )
    if rows:
        skip_log(db)


def skip_log(db: Database) -> None:
    """Make `log_new` skip the rows recorded so far."""
    state.write_value(db, _LOGGED, str(appointments.last_number(db)))


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builder of this module's notice, for the outbox."""

    def build(db: Database, notice: AppointmentNotice) -> Message:
        titles = {role.id: role.title for role in roles.all_roles(db)}
        return appointed(appointments.batch_rows(db, notice.batch), titles)

    return (APPOINTED.built_by(lambda context, notice: build(context.db, notice)),)


def appointed(rows: Sequence[Appointment], titles: Mapping[str, str]) -> Message:
    """Return the notice of a change: who may read reports or administers, from when, and who decided.

    `rows`: the batch, not empty. `titles`: the titles of roles, by identifier.
    """
    lines: list[Span | str] = []
    for row in rows[:_SHOWN]:
        lines += ["\n" if lines else "", bold(titles.get(row.role, row.role)), "\u00a0: ", *_change(row)]
    if len(rows) > _SHOWN:
        lines.append(f"\net {len(rows) - _SHOWN} de plus. Pour les voir, écrivez-moi «\u00a0rôles\u00a0».")
    first = rows[0]
    reading = any(row.role != ADMINISTRATION for row in rows)
    decided: list[Element] = []
    if first.by == MACHINE:
        decided = [Text("Cela a été décidé sur la machine qui m'héberge.")]
    elif first.by:
        deciding: list[Span | str] = ["Cela a été décidé par ", _person(first.by)]
        if first.confirmed_by:
            deciding += [", avec l'accord de ", _person(first.confirmed_by)]
        decided = [Text(*deciding, ".")]
    return Message(
        Heading("Qui lit les signalements change" if reading else "L'administration change"),
        Text(*lines),
        *decided,
        Note(f"{_READING if reading else _ADMINISTERING} {_EACH_TIME}"),
    )


_READING: Final = (
    "Ce qui est déjà signalé ne leur est pas montré, à moins que quelqu'un qui le lit le leur confie."
)
_ADMINISTERING: Final = (
    "Administrer ne fait lire aucun signalement, mais on y décide qui les lit. Ce qui se décide à deux ne "
    "compte quelqu'un qu'à partir du lendemain."
)
_EACH_TIME: Final = (
    "Cet avis part à chaque changement, et l'inscription ne s'efface pas. S'il vous étonne, parlez-en."
)


def _change(row: Appointment) -> list[Span | str]:
    day = in_words(row.effective_on)
    if row.account.startswith(appointments.EMAIL):
        address = row.account.removeprefix(appointments.EMAIL)
        return [f"{address} {'reçoit' if row.able else 'ne reçoit plus'} les alertes à partir du {day}."]
    verbs = (
        ("administre", "n'administre plus") if row.role == ADMINISTRATION else ("les lit", "ne les lit plus")
    )
    way = f" ({row.how})" if row.able else ""
    return [_person(row.account), f" {verbs[not row.able]} à partir du {day}{way}."]


def _person(address: str) -> Span:
    account = persons.parse(address)
    return person(account.platform, account.user)
