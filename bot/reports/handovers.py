"""Open reports that nobody may read any more, and how the administration hands them over.

Whoever is named reads what is filed from then on. What was open is handed over by someone who reads it or,
when nobody can any more, by two administrators, or by one after everyone who receives reports was told for
three days. Administrators never see a report, only that some wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import appointments, persons, roles
from bot.people.appointments import HANDED, Appointment
from bot.people.roles import ADMINISTRATION
from bot.reports import access, escalation, routing
from bot.reports.records import ReportError, Session
from bot.storage import state
from bot.times import iso, utc

COMMAND: Final = "remise"
AGREE: Final = "accord"
ALONE: Final = timedelta(hours=72)  # how long everyone is told before one administrator suffices
_STRANDED: Final = "stranded"  # in `state`: reports wait, and the administration knows


@dataclass(frozen=True, slots=True)
class Handover:
    """A request to hand what waits over to a role.

    `by`: the account that asks. `told_at`: when everyone had been told of it, in ISO 8601, None before.
    `number`: the last row of `appointments` when it was made.
    """

    id: str
    role: str
    by: str
    told_at: str | None
    number: int


@dataclass(frozen=True, slots=True)
class HandoverNotice:
    """Arguments of the notice of a request: its identifier."""

    handover: str


@dataclass(frozen=True, slots=True)
class StrandedNotice:
    """Arguments of the notice that reports wait. It says nothing of them."""


ASKED: Final = Notice("remise", "une demande de confier des signalements", HandoverNotice)
STRANDED: Final = Notice("signalements-sans-personne", "des signalements sans personne", StrandedNotice)


def stranded(session: Session, but: str | None = None) -> list[str]:
    """Return the open cases that nobody who receives reports today may read.

    `but`: a person who must not learn of those that implicate them.
    """
    rows = session.execute("SELECT id FROM report_cases WHERE status <> 'closed' ORDER BY id").fetchall()
    cases = [str(case_id) for (case_id,) in rows if not any(_readers(session, str(case_id)))]
    return [
        case_id for case_id in cases if but not in routing.load_routing(session, case_id).persons(session.db)
    ]


def _readers(session: Session, case_id: str) -> Iterator[list[str]]:
    granted = access.granted(session, case_id)
    excluded = routing.load_routing(session, case_id).persons(session.db)
    for role in roles.reporting_roles(session.db):
        yield routing.eligible(session.db, role, excluded, session.today, granted)


def announce(session: Session, *, waiting: bool) -> None:
    """Notify the administration, only once, that nobody can read some reports. Call it at each beat."""
    note_told(session)
    if not waiting:
        state.lower(session.db, _STRANDED)
    elif state.hoist(session.db, _STRANDED, session.now):
        for person in roles.holders(session.db, ADMINISTRATION, session.today):
            if stranded(session, person):
                key = f"{STRANDED.name}:{iso(session.now)}/{person}"
                delivery = Delivery(key, f"person:{person}", STRANDED, StrandedNotice(), urgent=True)
                outbox.enqueue(session.db, delivery, session.now)


def _person(session: Session, account: str) -> str | None:
    return persons.person_of(session.db, persons.parse(account))


def takers(session: Session) -> list[str]:
    """Return the roles that someone may read reports in today."""
    return [
        role
        for role in roles.reporting_roles(session.db)
        if appointments.readers(session.db, role, session.today)
    ]


def pending(session: Session) -> Handover | None:
    """Return the request that waits for a second administrator, if any."""
    row = session.execute("SELECT id, role, by, told_at, number FROM report_handovers").fetchone()
    return Handover(*row) if row else None


def ask(session: Session, role: str, by: str) -> None:
    """Ask, in place of any earlier request, to hand what waits over to a role; tell everyone who must know.

    `by`: an administrator's account. Raises `ReportError` when nothing waits, or nobody could read it.
    """
    if role not in takers(session) or not stranded(session, _person(session, by)):
        raise ReportError("Rien n'attend d'être confié à ce rôle. Rien n'est changé.")
    request, number = persons.new_id(), appointments.last_number(session.db)
    session.execute("DELETE FROM report_handovers")
    session.execute(
        "INSERT INTO report_handovers (id, role, by, number) VALUES (?, ?, ?, ?)",
        (request, role, by, number),
    )
    concerned = {
        holder
        for held in (*roles.reporting_roles(session.db), ADMINISTRATION)
        for holder in roles.holders(session.db, held, session.today)
    }
    for person in sorted(concerned):
        if not stranded(session, person):
            continue
        key = f"{ASKED.name}:{request}/{person}"
        delivery = Delivery(key, f"person:{person}", ASKED, HandoverNotice(request), urgent=True)
        outbox.enqueue(session.db, delivery, session.now)


def note_told(session: Session) -> None:
    """Record when everyone had been told of the pending request."""
    session.execute(
        """UPDATE report_handovers SET told_at = ? WHERE told_at IS NULL AND NOT EXISTS (
             SELECT 1 FROM outbox WHERE key LIKE ? || report_handovers.id || '/%'
               AND state IN ('queued', 'sending', 'held'))""",
        (iso(session.now), f"{ASKED.name}:"),
    )


def may_finish(session: Session, request: Handover, by: str) -> bool:
    """Return whether an administrator's account may carry out a request: see the top of this file."""
    alone = request.told_at is not None and session.now - utc(request.told_at) >= ALONE
    return alone or appointments.is_second(session.db, session.today, by, request.by, request.number)


def finish(session: Session, by: str) -> str:
    """Hand what waits over to the role of the pending request. Return that role. Raises `ReportError`."""
    request = pending(session)
    if request is None:
        raise ReportError("Il n'y a plus rien à confier ici.")
    if not may_finish(session, request, by):
        raise ReportError(
            "Il faut l'accord d'une autre personne de l'administration, qui administrait déjà; ou que 72 "
            "heures passent, une fois que toutes les personnes qui reçoivent les signalements sont averties."
        )
    for case_id in stranded(session, _person(session, by)):
        access.hand_over(session, case_id, request.role)
        escalation.entrust(session, case_id, request.role, session.at_once)
    batch, second, today = persons.new_id(), "" if by == request.by else by, session.today
    for account in sorted(routing.able_accounts(session.db, request.role, (), today)):
        row = Appointment(0, batch, request.role, account, True, HANDED, request.by, today, today, second)  # noqa: FBT003 — a row
        appointments.add(session.db, row)
    session.execute("DELETE FROM report_handovers")
    return request.role


# --- Messages ---------------------------------------------------------------------------------


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices of this file."""

    def build(context: NoticeContext, notice: HandoverNotice) -> Message | None:
        row = context.db.conn.execute(
            "SELECT role FROM report_handovers WHERE id = ?", (notice.handover,)
        ).fetchone()
        if row is None:
            return None
        person = context.recipient.removeprefix("person:")
        administers = roles.has(context.db, person, ADMINISTRATION, context.today)
        return asked(roles.title(context.db, row[0]), administers=administers)

    return (ASKED.built_by(build), STRANDED.built_by(lambda *_: waiting()))


def waiting() -> Message:
    """Tell the administration that reports have nobody left to read them."""
    return Message(
        Heading("Des signalements n'ont plus personne"),
        Text(
            "Qui pouvait les lire ne tient plus de rôle, et qui a été nommé depuis ne lit que ce qui est "
            "signalé depuis. Confiez-les\u00a0: vous n'en verrez rien."
        ),
        Buttons(Button("Les confier", COMMAND, "primary")),
    )


def asked(title: str, *, administers: bool) -> Message:
    """Tell that someone asks to hand reports over to the role of this title."""
    return Message(
        Heading("Des signalements vont être confiés"),
        Text(
            "Plus personne ne peut lire des signalements encore ouverts. L'administration demande de les "
            "confier à\u00a0: ",
            bold(title),
            ".",
        ),
        Note(
            "Cela se fait à deux personnes de l'administration, ou à une seule après 72 heures. Si cela vous "
            "étonne, parlez-en dès maintenant."
        ),
        *([Buttons(Button("D'accord", f"{COMMAND} {AGREE}"))] if administers else []),
    )
