"""Handover, by the administration, of open reports that nobody may read any more.

Someone who is appointed may read only the reports filed from then on. A report that was already open is
handed over by someone who may read it. When nobody may, two administrators hand it over, or one alone once 72
hours have passed since everyone who receives reports received the notice of the request. While someone cannot
be reached, these hours do not begin. Administrators never see a report, only that some are waiting.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import appointments, persons, roles
from bot.people.appointments import HANDED, Appointment
from bot.people.roles import ADMINISTRATION
from bot.reports import access, escalation, routing
from bot.reports.records import ReportError, Session, any_report
from bot.times import iso, utc

COMMAND: Final = "remise"
AGREE: Final = "accord"
ALONE: Final = timedelta(hours=72)  # once everyone has had the notice this long, one administrator suffices


@dataclass(frozen=True, slots=True)
class Handover:
    """A request to hand the waiting reports over to a role.

    `by`: the account of the administrator who made it. `asked_on`: the day on which it was made.
    `notified_at`: when everyone concerned had received the notice, in ISO 8601; None until then.
    """

    id: str
    role: str
    by: str
    asked_on: date
    notified_at: str | None


@dataclass(frozen=True, slots=True)
class HandoverNotice:
    """Arguments of the notice of a request: the id of the `Handover`, also the batch of its appointments."""

    handover: str


@dataclass(frozen=True, slots=True)
class StrandedNotice:
    """Arguments of the notice that reports are waiting: none, so that it reveals nothing about them."""


ASKED: Final = Notice("remise", "une demande de confier des signalements", HandoverNotice)
STRANDED: Final = Notice("signalements-sans-personne", "des signalements sans personne", StrandedNotice)


def stranded(session: Session) -> dict[str, Collection[str]]:
    """Return the open cases that nobody may read today, and the persons whom each implicates.

    A case counts only from the time, drawn at random, when holders may see one of its reports: counting it
    earlier would reveal when the report was filed. Raises `SealError`, `StorageError`.
    """
    rows = session.execute(
        """SELECT id FROM report_cases WHERE status <> 'closed' AND EXISTS (
             SELECT 1 FROM report_filings WHERE case_id = report_cases.id AND appears_at <= ?)
           ORDER BY id""",
        (iso(session.now),),
    ).fetchall()
    reading = roles.reporting_roles(session.db, session.today)
    cases = dict[str, Collection[str]]()
    for (case_id,) in rows:
        implicated = routing.load_routing(session, case_id).persons(session.db)
        granted = access.granted(session, case_id)
        if not any(
            routing.eligible(session.db, role, implicated, session.today, granted) for role in reading
        ):
            cases[str(case_id)] = implicated
    return cases


def other_than(cases: Mapping[str, Collection[str]], person: str | None) -> list[str]:
    """Return the stranded cases that do not implicate a person."""
    return [case_id for case_id, implicated in cases.items() if person not in implicated]


def announce(session: Session, waiting: Collection[str]) -> None:
    """Notify each administrator, once for each case, that reports wait for a reader. Call it at each beat.

    `waiting`: the identifiers of the cases for which there is nobody to alert. An administrator whom a case
    implicates is notified exactly as if that case did not exist. The stored notices show only the day, since
    an urgent report may just have arrived. They are deleted once no report is left.
    """
    notify_concerned(session)
    if not any_report(session.db):
        session.execute("DELETE FROM outbox WHERE notice = ? AND state <> 'sending'", (STRANDED.name,))
        session.execute("DELETE FROM report_handovers")
        return
    announced = {str(row[0]) for row in session.execute("SELECT DISTINCT case_id FROM report_stranded")}
    if not (waiting or announced):
        return
    cases = stranded(session)
    if not cases:  # a request is about the reports that wait now, not about later ones
        session.execute("DELETE FROM report_handovers")
    for case_id in sorted(announced - cases.keys()):
        session.execute("DELETE FROM report_stranded WHERE case_id = ?", (case_id,))
    for person in roles.holders(session.db, ADMINISTRATION, session.today):
        # Those whom a case implicates have a row too, so that the rows do not reveal who they are.
        new = {
            case_id for case_id in cases if case_id in waiting and _note_announced(session, case_id, person)
        }
        if not new.isdisjoint(other_than(cases, person)):
            key = f"{STRANDED.name}:{persons.new_id()}/{person}"
            delivery = Delivery(key, f"person:{person}", STRANDED, StrandedNotice(), urgent=True)
            outbox.enqueue(session.db, delivery, utc(session.at_once), unordered=True)


def _note_announced(session: Session, case_id: str, person: str) -> bool:
    """Record that a person was considered for the notice about a case. Return whether that is new."""
    done = session.execute("INSERT OR IGNORE INTO report_stranded VALUES (?, ?)", (case_id, person))
    return done.rowcount == 1


def _person(session: Session, account: str) -> str | None:
    return persons.person_of(session.db, persons.parse(account))


def takers(session: Session) -> list[str]:
    """Return the roles with at least one holder who may read reports today."""
    return [
        role
        for role in roles.reporting_roles(session.db, session.today)
        if appointments.readers(session.db, role, session.today)
    ]


def pending(session: Session) -> Handover | None:
    """Return the request that has not been carried out yet, None if there is none."""
    row = session.execute("SELECT id, role, by, asked_on, notified_at FROM report_handovers").fetchone()
    if row is None:
        return None
    request, role, by, asked_on, notified_at = row
    return Handover(request, role, by, date.fromisoformat(asked_on), notified_at)


def ask(session: Session, role: str, by: str) -> None:
    """Record a request to hand the waiting reports over to a role, and notify everyone concerned.

    It replaces any earlier request. `by`: the administrator's account. Raises `ReportError` when no report is
    waiting, apart from those that implicate this administrator, or when nobody in the role may read reports.
    """
    if role not in takers(session) or not other_than(stranded(session), _person(session, by)):
        raise ReportError("Rien n'attend d'être confié à ce rôle. Rien n'est changé.")
    request = persons.new_id()
    session.execute("DELETE FROM report_handovers")
    session.execute(
        "INSERT INTO report_handovers (id, role, by, asked_on) VALUES (?, ?, ?, ?)",
        (request, role, by, session.today.isoformat()),
    )
    notify_concerned(session)


def notify_concerned(session: Session) -> None:
    """Notify everyone whom the pending request concerns, once each. Record when all have had the notice.

    The request concerns the administrators and the holders of roles that receive reports, except those whom
    every waiting report implicates. A notice that failed, was cancelled or reached only the administrators'
    channel has reached nobody.
    """
    request = pending(session)
    if request is None:
        return
    holders = {
        holder
        for role in (*roles.reporting_roles(session.db, session.today), ADMINISTRATION)
        for holder in roles.holders(session.db, role, session.today)
    }
    cases = stranded(session)
    concerned = {person for person in holders if other_than(cases, person)}
    prefix = f"{ASKED.name}:{request.id}/"
    rows = session.execute(
        "SELECT recipient, state, problem FROM outbox WHERE key LIKE ?", (f"{prefix}%",)
    ).fetchall()
    for person in sorted(concerned - {recipient.removeprefix("person:") for recipient, *_ in rows}):
        delivery = Delivery(
            f"{prefix}{person}", f"person:{person}", ASKED, HandoverNotice(request.id), urgent=True
        )
        outbox.enqueue(session.db, delivery, session.now)
    reached = {recipient for recipient, *outcome in rows if outbox.has_reached(*outcome)}
    if request.notified_at is None and concerned and {f"person:{person}" for person in concerned} <= reached:
        session.execute("UPDATE report_handovers SET notified_at = ?", (iso(session.now),))


def may_finish(session: Session, request: Handover, by: str) -> bool:
    """Return whether an administrator's account may carry out a request (see the module's docstring)."""
    alone = request.notified_at is not None and session.now - utc(request.notified_at) >= ALONE
    return alone or appointments.is_second(session.db, session.today, by, request.by, request.asked_on)


def finish(session: Session, by: str) -> str:
    """Hand the waiting reports over to the role of the pending request, and return that role.

    `by`: the administrator's account. Reports that implicate this administrator are not handed over. Raises
    `ReportError` when no request is pending, when no other report waits, when nobody in the role may read
    reports any more, or when `may_finish` forbids it.
    """
    request = pending(session)
    cases = other_than(stranded(session), _person(session, by))
    if request is None or not cases:
        raise ReportError("Il n'y a plus rien à confier ici.")
    if request.role not in takers(session):
        raise ReportError("Plus personne de ce rôle ne peut lire les signalements. Rien n'est changé.")
    if not may_finish(session, request, by):
        raise ReportError(
            "Il faut l'accord d'une autre personne de l'administration, qui administrait déjà avant le jour "
            "de la demande; ou que 72 heures passent, une fois que toutes les personnes qui reçoivent les "
            "signalements en ont reçu l'avis."
        )
    for case_id in cases:
        access.hand_over(session, case_id, request.role)
        escalation.entrust(session, case_id, request.role, session.at_once)
    second, today = "" if by == request.by else by, session.today
    for account in sorted(routing.able_accounts(session.db, request.role, (), today)):
        row = Appointment(
            0,
            request.id,
            request.role,
            account,
            able=True,
            how=HANDED,
            by=request.by,
            decided_on=today,
            effective_on=today,
            confirmed_by=second,
        )
        appointments.add(session.db, row)
    session.execute("DELETE FROM report_handovers")
    return request.role


# --- Messages ---------------------------------------------------------------------------------


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builders of this module's notices, for the outbox."""

    def build(context: NoticeContext, notice: HandoverNotice) -> Message | None:
        row = context.db.conn.execute(
            "SELECT role FROM report_handovers WHERE id = ?", (notice.handover,)
        ).fetchone()
        if row is None:  # carried out before this was sent, or replaced by another request
            rows = appointments.batch_rows(context.db, notice.handover)
            return handed(roles.title(context.db, rows[0].role)) if rows else None
        person = context.recipient.removeprefix("person:")
        administers = roles.has(context.db, person, ADMINISTRATION, context.today)
        return asked(roles.title(context.db, row[0]), administers=administers)

    return (ASKED.built_by(build), STRANDED.built_by(lambda *_: waiting()))


def waiting() -> Message:
    """Return the notice to the administration that nobody may read some reports any more."""
    return Message(
        Heading("Des signalements n'ont plus personne"),
        Text(
            "Qui pouvait les lire ne tient plus de rôle, et qui a été nommé depuis ne lit que ce qui est "
            "signalé depuis. Confiez-les\u00a0: vous n'en verrez rien."
        ),
        Buttons(Button("Les confier", COMMAND, "primary")),
    )


def asked(title: str, *, administers: bool) -> Message:
    """Return the notice of a request to hand reports over to the role with this title.

    `administers`: whether the recipient is an administrator, who gets a button to agree.
    """
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


def handed(title: str) -> Message:
    """Return the notice that reports were handed over to the role with this title.

    It replaces a notice of the request that could not be sent before the handover.
    """
    return Message(
        Heading("Des signalements ont été confiés"),
        Text(
            "Plus personne ne pouvait lire des signalements encore ouverts. L'administration les a confiés "
            "à\u00a0: ",
            bold(title),
            ".",
        ),
        Note("Si cela vous étonne, parlez-en dès maintenant."),
    )
