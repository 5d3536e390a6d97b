"""Alerts about cases: one at each level until the case is read, never to anyone it implicates.

    first      the holders, at a time drawn when the case was opened
    reminder   the same holders, while the case is unread (the delays: the settings `vigie_signalement_…`)
    other      another recipient
    alternate  the first alternate role that has an eligible holder
    news:…     the holders: the case has new content
    joined:…   a role that could read a case merged into this one

A clock beat puts due alerts in the outbox. Filing a report never does, because outbox rows are in the order
in which they were written, which would reveal when each report arrived.

The states of an alert: planned → queued → delivered, or failed when none of its messages could reach anyone.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlite_utils import Database

from bot.outbox import rows as outbox
from bot.outbox.notices import Notice, is_stuck
from bot.outbox.rows import Delivery
from bot.people import roles
from bot.people.roles import alternates
from bot.reports import access
from bot.reports import routing as report_routing
from bot.reports.records import CaseRow, Session, any_report, new_id
from bot.reports.routing import load_routing
from bot.storage import state
from bot.times import iso, utc


@dataclass(frozen=True, slots=True)
class CaseNotice:
    """The arguments of a notice about a case.

    `level`: the alert's level, without « : » and what follows it: « news » for « news:3f9a01c2 ».
    `repeated`: whether the notice may already have been sent, before a restoration
    (`bot.outbox.notices.REPEATED`).
    """

    case: str
    level: str
    repeated: bool


# Shown to the administration in dead letters. It must not reveal that a notice is about a report, so every
# confidential notice to holders has this same title.
CONFIDENTIAL: Final = "un avis confidentiel à la personne qui tient un rôle"
ALERT: Final = Notice("signalement", CONFIDENTIAL, CaseNotice, pressing=True)  # a new report
NEWS: Final = Notice("signalement-suite", CONFIDENTIAL, CaseNotice, pressing=True)  # new content in a case
# After a restoration, these are sent again, marked as repeated, instead of being held: no report may be lost.
NOTICES: Final = frozenset({ALERT.name, NEWS.name})
FOLLOWING: Final = "suite"  # the level for a new holder of a role that handles a case
JOINED: Final = "joined"
_NEXT_LEVEL: Final = {"first": "other", "other": "alternate"}


# --- Called when a case changes ---------------------------------------------------------------


def plan(session: Session, case_id: str, level: str, due_at: str, sealed_due: str | None = None) -> None:
    """Plan an alert, unless that level has already been planned since the case was last assigned.

    `due_at`: in ISO 8601. `sealed_due`: the exact due time, sealed, when `due_at` is only its day.
    """
    session.execute(
        """INSERT OR IGNORE INTO report_alerts (id, case_id, round, level, due_at, sealed_due)
           SELECT ?, id, round, ?, ?, ? FROM report_cases WHERE id = ?""",
        (new_id(), level, due_at, sealed_due, case_id),
    )


def plan_news(session: Session, case_id: str, due_at: str) -> None:
    """Plan an alert about new content, which a case's holders may see from `due_at` on (in ISO 8601)."""
    plan(session, case_id, f"news:{secrets.token_hex(4)}", due_at)


# The times from which holders may see each report and message of a case. An alert about new content is
# planned for one of these times, and the first alert for the earliest.
_SEEN_FROM: Final = """SELECT appears_at FROM report_filings WHERE case_id = :case
  UNION SELECT m.appears_at FROM report_messages AS m
    JOIN report_filings AS f ON f.id = m.filing_id WHERE f.case_id = :case"""


def move_news(session: Session, from_case: str, case_id: str) -> None:
    """Move planned alerts about new content to the case that has this content now, in its current round.

    `from_case` and `case_id` are the same when a case starts a new round.
    """
    session.execute(
        f"""UPDATE report_alerts
            SET case_id = :case, round = (SELECT round FROM report_cases WHERE id = :case)
            WHERE case_id = :from AND state = 'planned' AND level LIKE 'news:%'
              AND due_at IN ({_SEEN_FROM})""",  # noqa: S608 — a constant
        {"from": from_case, "case": case_id},
    )


def forget(session: Session, case_id: str) -> None:
    """Cancel the planned alerts about a report that has just been deleted from a case.

    If the case's first alert is still planned, it waits until holders may see another report of the case.
    """
    session.execute(
        f"""DELETE FROM report_alerts WHERE case_id = :case AND state = 'planned' AND level LIKE 'news:%'
              AND due_at NOT IN ({_SEEN_FROM})""",  # noqa: S608 — a constant
        {"case": case_id},
    )
    session.execute(
        """UPDATE report_alerts SET due_at = max(due_at, (SELECT min(appears_at) FROM report_filings
             WHERE case_id = :case)) WHERE case_id = :case AND state = 'planned' AND level = 'first'""",
        {"case": case_id},
    )


def share(session: Session, case_id: str, role: str) -> None:
    """Give the holders of a role access to the case into which theirs was merged, and alert them."""
    level = f"{JOINED}:{role}"
    plan(session, case_id, level, session.at_once)
    session.execute(
        "UPDATE report_alerts SET role = ? WHERE case_id = ? AND level = ?", (role, case_id, level)
    )


def silence(session: Session, case_id: str, *, news: bool = True) -> None:
    """Cancel the escalation of a case and its queued messages; if `news`, also those about new content.

    Content that nobody may see yet is still announced when its time comes.
    """
    session.execute(
        "DELETE FROM report_alerts WHERE case_id = ? AND state = 'planned' AND level NOT LIKE '%:%'",
        (case_id,),
    )
    for row in alert_rows(session.db, case_id):
        if news or row.notice == ALERT.name:
            outbox.cancel(session.db, row.key)


def entrust(session: Session, case_id: str, role: str, due_at: str) -> None:
    """Assign a case to a role and restart its alerts at the first level, due at `due_at` (in ISO 8601).

    The holders of other roles lose access.
    """
    silence(session, case_id)
    session.execute(
        """UPDATE report_cases SET role = ?, round = round + 1, status = 'received', delivered_at = NULL
           WHERE id = ?""",
        (role, case_id),
    )
    move_news(session, case_id, case_id)
    plan(session, case_id, "first", due_at)


def set_urgency(session: Session, case_id: str, *, urgent: bool) -> None:
    """Make a case urgent or no longer urgent, and count its remaining delays in clock or working hours.

    If the holders of a case that becomes urgent have not been alerted yet, they are alerted now.
    """
    session.execute("UPDATE report_cases SET urgent = ? WHERE id = ?", (int(urgent), case_id))
    case = session.case(case_id)
    levels = {"first": (session.at_once, "")} if urgent else {}
    if case.status != "received":
        return
    if case.delivered_at:
        levels = _level_times(session, case, session.ring.open_time(case.delivered_at))
    for level, times in levels.items():
        session.execute(
            """UPDATE report_alerts SET due_at = ?, sealed_due = nullif(?, '')
               WHERE case_id = ? AND round = ? AND state = 'planned' AND level = ?""",
            (*times, case_id, case.round, level),
        )


# --- Called by the clock ----------------------------------------------------------------------


def beat(session: Session) -> set[str]:
    """Queue the due alerts, and follow those already queued. Call it at each beat; it is safe to repeat.

    Return the identifiers of the cases for which there is nobody to alert. Raises `StorageError` or
    `SealError` if the keys are lost.
    """
    if not any_report(session.db):  # any at all, so that other open cases do not change the alerts about one
        return set()
    for alert in _alerts(session, "state = 'queued'"):
        _follow(session, alert)
    # Alerts that are not urgent wait for working hours. Overnight alerts are then sent together, unordered.
    at_work = session.records.calendar.is_working(session.now)
    urgent = "" if at_work else "AND case_id IN (SELECT id FROM report_cases WHERE urgent)"
    today = _alerts(session, f"state = 'planned' AND due_at <= ? {urgent}", iso(session.now))
    due = [alert for alert in today if alert.due_at <= session.now]
    return {alert.case_id for alert in due if not _tell(session, alert)} | _follow_roles(session)


def next_due(session: Session) -> datetime | None:
    """Return when the next alert is due, in working hours unless it is urgent, None if none is planned."""
    urgent = {case for (case,) in session.execute("SELECT id FROM report_cases WHERE urgent")}
    later = session.records.calendar.next_working
    alerts = _alerts(session, "state = 'planned'")
    moments = [alert.due_at if alert.case_id in urgent else later(alert.due_at) for alert in alerts]
    return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class _Alert:
    id: str
    case_id: str
    round: int
    level: str
    due_at: datetime

    @property
    def escalates(self) -> bool:
        """Whether the alert asks someone to open the case, rather than announcing new content or a merger."""
        return ":" not in self.level

    def key(self, person: str) -> str:
        """Return the outbox key of the message to `person`; "" yields the prefix of all this alert's keys."""
        return f"{ALERT.name}:{self.case_id}:{self.round}:{self.level}/{person}"


def _alerts(session: Session, where: str, *values: str) -> list[_Alert]:
    """Return the alerts that match `where`: new content first, then by identifier, which is random."""
    rows = session.execute(
        f"""SELECT id, case_id, round, level, due_at, sealed_due FROM report_alerts WHERE {where}
            ORDER BY level NOT LIKE 'news:%', id""",  # noqa: S608 — constants
        values,
    ).fetchall()
    return [
        _Alert(alert, case, number, level, session.ring.open_time(sealed) if sealed else utc(due_at))
        for alert, case, number, level, due_at, sealed in rows
    ]


def _tell(session: Session, alert: _Alert) -> bool:
    """Queue an alert to each recipient. Return False if nobody is left to alert."""
    case = session.case(alert.case_id)
    alerted = alert.escalates or access.alerted_roles(session, case.id)
    if alert.round != case.round or not alerted:  # another alert covers this content
        _set_state(session, alert, "failed")
        return True
    excluded = load_routing(session, case.id).persons(session.db)
    role = _role(session, case, alert.level, excluded)
    granted = access.granted(session, case.id)
    persons = report_routing.eligible(session.db, role, excluded, session.today, granted) if role else []
    if not persons or role is None:
        return _fail(session, case, alert)
    if alert.level == "first" and role != case.role:
        session.execute("UPDATE report_cases SET role = ? WHERE id = ?", (role, case.id))
    for person in persons:
        _enqueue(session, case, alert, role, person)
    _set_state(session, alert, "queued", role)
    return True


def _role(session: Session, case: CaseRow, level: str, excluded: Collection[str]) -> str | None:
    """Return the role that a level alerts today, None if there is none."""
    granted = access.granted(session, case.id)
    match level:
        case "first":
            return report_routing.route(session.db, case.role, excluded, session.today, granted)
        case "other":
            others = roles.others(session.db, case.role, session.today)
            able = (
                role
                for role in others
                if report_routing.eligible(session.db, role, excluded, session.today, granted)
            )
            return next(able, None)
        case "alternate":
            alerted = access.alerted_roles(session, case.id)
            others = roles.others(session.db, case.role, session.today)
            recipients = [] if alerted else [case.role, *others]
            order = [*recipients, *alternates(session.db, session.today)]
            untold = [role for role in order if role not in alerted]
            return report_routing.first_eligible(session.db, untold, excluded, session.today, granted)
        case _:
            kind, _, role = level.partition(":")
            return role if kind == JOINED else case.role


def _enqueue(session: Session, case: CaseRow, alert: _Alert, role: str, person: str) -> None:
    restored = state.flag(session.db, state.RESTORED)
    # The alert may have been sent after the copy was made, and before it was restored.
    repeated = restored is not None and alert.due_at <= restored.since
    arguments = CaseNotice(case.id, alert.level.partition(":")[0], repeated)
    notice = ALERT if alert.escalates else NEWS
    delivery = Delivery(
        alert.key(person), f"role:{role}/{person}", notice, arguments, urgent=bool(case.urgent)
    )
    outbox.enqueue(session.db, delivery, utc(session.at_once), unordered=True)


def _follow(session: Session, alert: _Alert) -> None:
    """Record whether the outbox delivered an alert. The first delivery starts the delays of the other levels.

    An alert that failed, or that waits until someone acts, makes the next level due now.
    """
    case = session.case(alert.case_id)
    if alert.round != case.round or case.status != "received":
        _set_state(session, alert, "delivered")  # read or reassigned: the outcome no longer matters
        return
    rows = [row for row in alert_rows(session.db, case.id) if row.key.startswith(alert.key(""))]
    if any(outbox.has_reached(row.state, row.problem) for row in rows):
        _set_state(session, alert, "delivered")
        if case.delivered_at is None and alert.escalates:
            session.execute(
                "UPDATE report_cases SET delivered_at = ? WHERE id = ?",
                (session.ring.seal_time(session.now), case.id),
            )
            for level, times in _level_times(session, case, session.now).items():
                plan(session, case.id, level, *times)
        return
    waiting = [row for row in rows if row.state in {"queued", "sending", "held"}]
    if not waiting:
        _fail(session, case, alert)
    elif all(is_stuck(row.problem) for row in waiting):
        _pass_on(session, case, alert)


def _level_times(session: Session, case: CaseRow, since: datetime) -> dict[str, tuple[str, str]]:
    """Return the day (in ISO 8601) and the sealed time when each level is due, by level.

    `since`: the time of the first delivery.
    """
    delays, calendar = session.records.plan, session.records.calendar
    waits = {"reminder": delays.reminder, "other": delays.other, "alternate": delays.alternate}
    moments = {
        level: since + wait if case.urgent else calendar.after_working(since, wait)
        for level, wait in waits.items()
    }
    seal = session.ring.seal_time
    return {level: (session.day_of(moment), seal(moment)) for level, moment in moments.items()}


def _fail(session: Session, case: CaseRow, alert: _Alert) -> bool:
    """Record that an alert reaches nobody, and make the next level due now.

    Return False if this is the last level and no level reached anyone. The alert then stays as it is, because
    someone may still be appointed.
    """
    if alert.level == "alternate" and not access.alerted_roles(session, case.id):
        return False
    _set_state(session, alert, "failed")
    _pass_on(session, case, alert)
    return True


def _pass_on(session: Session, case: CaseRow, alert: _Alert) -> None:
    """Make the next level due now, if there is one."""
    if (following := _NEXT_LEVEL.get(alert.level)) is not None:
        plan(session, case.id, following, session.at_once)
        session.execute(
            """UPDATE report_alerts SET due_at = ?1, sealed_due = NULL
               WHERE case_id = ?2 AND round = ?3 AND level = ?4 AND (due_at > ?1 OR sealed_due > '')""",
            (session.at_once, case.id, case.round, following),
        )


def _set_state(session: Session, alert: _Alert, to: str, role: str | None = None) -> None:
    session.execute(
        "UPDATE report_alerts SET state = ?, role = coalesce(?, role) WHERE id = ?", (to, role, alert.id)
    )


def _follow_roles(session: Session) -> set[str]:
    """Alert the new holders of the role that handles each open case, if they may read it.

    When nobody who handles a case may read it any more, assign it to a role whose holders may. Return the
    identifiers of the cases for which there is no such role.
    """
    stranded = set()
    rows = session.execute(
        "SELECT id, role FROM report_cases WHERE status <> 'closed' ORDER BY id"
    ).fetchall()
    for case_id, role in rows:
        if not (handling := access.alerted_roles(session, case_id)):
            continue
        granted = access.granted(session, case_id)
        excluded = load_routing(session, case_id).persons(session.db)
        readers = {
            handler: report_routing.eligible(session.db, handler, excluded, session.today, granted)
            for handler in {role, *handling}
        }
        if not any(readers.values()):
            heir = report_routing.route(session.db, role, excluded, session.today, granted)
            if heir is None:
                stranded.add(str(case_id))
            else:
                entrust(session, case_id, heir, session.at_once)
            continue
        alerted = {row.person for row in alert_rows(session.db, case_id)}
        for person in readers[role]:
            if alerted and person not in alerted:
                alert = _Alert("", case_id, session.case(case_id).round, FOLLOWING, session.now)
                _enqueue(session, session.case(case_id), alert, role, person)
    return stranded


# --- In the outbox ----------------------------------------------------------------------------


class AlertRow(NamedTuple):
    """An outbox message about a case to one person. `state`, `problem`: see `bot.outbox.rows`."""

    key: str
    notice: str
    person: str
    state: str
    problem: str | None


def alert_rows(db: Database, case_id: str) -> list[AlertRow]:
    """Return the outbox messages about a case, sent or not."""
    rows = db.conn.execute(
        """SELECT key, notice, substr(recipient, instr(recipient, '/') + 1), state, problem
           FROM outbox WHERE key >= ? AND key < ?""",
        alert_keys(case_id),
    )
    return [AlertRow(*row) for row in rows.fetchall()]


def alert_keys(case_id: str) -> tuple[str, str]:
    """Return the range of outbox keys about a case: an inclusive start and an exclusive end."""
    return f"{ALERT.name}:{case_id}:", f"{ALERT.name}:{case_id};"  # « ; » sorts right after « : »
