"""Who is told of a case, and when: once at each level, never someone whom it names, until it is read.

    first      whoever handles it, at the moment drawn when it came in
    reminder   the same, while it is unread
    other      the other recipient of 5.10
    alternate  the alternates
    news:…     whoever handles it: there is more to read

A level whose moment has come is put in the outbox by a beat of the clock, never by the report itself: the
outbox's rows are in the order of their writing, which would tell when each report came.

    planned → queued → delivered, or failed when none of its messages could reach anyone
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.outbox import rows as outbox
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.people import roles
from bot.reports import access
from bot.reports import routing as report_routing
from bot.reports.access import CaseAlert
from bot.reports.records import Session, new_id, packed, unpacked
from bot.reports.routing import Routing
from bot.storage import state
from bot.times import iso, utc


@dataclass(frozen=True, slots=True)
class CaseNotice:
    """The arguments of a notice about a case. `repeated` (`notices.REPEATED`): it may have been sent."""

    case: str
    level: str
    repeated: bool


# The administration does not even read of one that could not be sent that it is about a report.
CONFIDENTIAL: Final = "un avis confidentiel à la personne qui tient un rôle"
ALERT: Final = Notice("signalement", CONFIDENTIAL, CaseNotice)  # there is a report
NEWS: Final = Notice("signalement-suite", CONFIDENTIAL, CaseNotice)  # there is more to read of one
# What is sent again after a restoration, marked so, rather than held: a report must never be lost.
NOTICES: Final = frozenset({ALERT.name, NEWS.name})
FOLLOWING: Final = "suite"  # the level of whoever comes to hold a role that handles a case
_AFTER: Final = {"first": "other", "other": "alternate"}


# --- What other facts cause -------------------------------------------------------------------


def plan(session: Session, case_id: str, number: int, level: str, due_at: str) -> None:
    """Have someone told at a moment, unless that level of that round has its row already."""
    session.execute(
        "INSERT OR IGNORE INTO report_alerts (id, case_id, round, level, due_at) VALUES (?, ?, ?, ?, ?)",
        (new_id(), case_id, number, level, due_at),
    )


def plan_news(session: Session, case_id: str, due_at: str) -> None:
    """Have whoever handles a case told that there is more to read of it."""
    (number,) = session.execute("SELECT round FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    plan(session, case_id, number, f"news:{secrets.token_hex(4)}", due_at)


def stop(session: Session, case_id: str) -> None:
    """Have nobody told any more of what is unread: it was read, or there is nothing to read."""
    session.execute(
        "DELETE FROM report_alerts WHERE case_id = ? AND state = 'planned' AND level NOT LIKE 'news:%'",
        (case_id,),
    )
    _cancel(session, case_id, ALERT.name)


def silence(session: Session, case_id: str) -> None:
    """Have nobody told anything more of a case."""
    session.execute("DELETE FROM report_alerts WHERE case_id = ? AND state = 'planned'", (case_id,))
    _cancel(session, case_id, *NOTICES)


def entrust(session: Session, case_id: str, role: str, due_at: str) -> None:
    """Have another role handle a case, told from the first level on; whoever was before sees it no more."""
    silence(session, case_id)
    session.execute(
        """UPDATE report_cases SET role = ?, round = round + 1, status = 'received', delivered_at = NULL
           WHERE id = ?""",
        (role, case_id),
    )
    (number,) = session.execute("SELECT round FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    plan(session, case_id, number, "first", due_at)


def hasten(session: Session, case_id: str) -> None:
    """Make a case urgent: what is yet to be said is said at once, or in hours of the clock."""
    session.execute("UPDATE report_cases SET urgent = 1 WHERE id = ?", (case_id,))
    found = access.read(session, case_id)
    if found is None or not found.unread:
        return
    due = "case_id = ? AND round = ? AND state = 'planned'"
    if found.delivered_at is None:
        moved = (session.hour, case_id, found.round)
        session.execute(f"UPDATE report_alerts SET due_at = ? WHERE {due} AND level = 'first'", moved)  # noqa: S608 — a constant
        return
    for level, moment in _levels(session, found, found.delivered_at).items():
        later = (iso(moment), case_id, found.round, level)
        session.execute(f"UPDATE report_alerts SET due_at = ? WHERE {due} AND level = ?", later)  # noqa: S608 — same


def name(session: Session, case_id: str, named: Routing, moment: str) -> None:
    """Exclude from a case those whom one more report of it names, from when anyone may see that report.

    At once where nobody was told of the case yet.
    """
    (sealed,) = session.execute("SELECT sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    before = Routing.read(unpacked(session.ring, sealed))
    if named.persons(session.db) <= before.persons(session.db):
        if access.was_told(session, case_id):
            plan_news(session, case_id, moment)
        return
    told = access.was_told(session, case_id)
    _keep_routing(session, case_id, before.joined(named, moment if told else ""))
    if told and moment <= iso(session.now):
        _settle(session, case_id)
    elif not told and access.concerns(session, case_id, named.persons(session.db)):
        _part(session, case_id, moment)


def _settle_all(session: Session) -> None:
    """Take from those whom a report names the cases that it joined, once it may be seen."""
    rows = session.execute("SELECT id FROM report_cases WHERE status <> 'closed' ORDER BY id").fetchall()
    for (case_id,) in rows:
        _settle(session, str(case_id))


def _settle(session: Session, case_id: str) -> None:
    (sealed,) = session.execute("SELECT sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    before = Routing.read(unpacked(session.ring, sealed))
    routing = before.settled(iso(session.now))
    if routing == before:
        return
    _keep_routing(session, case_id, routing)
    if access.concerns(session, case_id, routing.parted(session.db, iso(session.now))):
        _part(session, case_id, session.hour)
    elif access.was_told(session, case_id):
        plan_news(session, case_id, session.hour)


def _part(session: Session, case_id: str, due_at: str) -> None:
    """Entrust a case to someone whom it does not name."""
    found = access.read(session, case_id)
    if found is not None:
        heir = report_routing.route(session.db, found.role, found.excluded, session.today)
        entrust(session, case_id, heir or found.role, due_at)


def _keep_routing(session: Session, case_id: str, routing: Routing) -> None:
    sealed = packed(session.ring, routing.content())
    session.execute("UPDATE report_cases SET sealed = ? WHERE id = ?", (sealed, case_id))


# --- What the clock does ----------------------------------------------------------------------


def beat(session: Session) -> int:
    """Do what is due; to be called at each beat of the clock, and harmless when repeated.

    Return how many cases nobody can be told of. Raises `StorageError` or `SealError` when keys are lost.
    """
    if session.execute("SELECT 1 FROM report_cases WHERE status <> 'closed' LIMIT 1").fetchone() is None:
        return 0
    for alert in _alerts(session, "state = 'queued'", ()):
        _follow(session, alert)
    _settle_all(session)
    lost = sum(not _tell(session, alert) for alert in _due(session))
    _follow_roles(session)
    _blur(session)
    return lost


def _blur(session: Session) -> None:
    """Forget the minute when what was said was to leave: what is urgent leaves as soon as it comes in."""
    session.execute(
        """UPDATE outbox SET due_at = substr(due_at, 1, 13) || ':00:00Z'
           WHERE notice IN (?, ?) AND state NOT IN ('queued', 'sending', 'held')
             AND due_at NOT LIKE '%:00:00Z'""",
        (ALERT.name, NEWS.name),
    )


@dataclass(frozen=True, slots=True)
class _Alert:
    id: str
    case_id: str
    round: int
    level: str
    due_at: datetime

    def key(self, person: str = "") -> str:
        """Return the outbox's key of what is said to one person, or how those of all of them begin."""
        return f"{ALERT.name}:{self.case_id}:{self.round}:{self.level}/{person}"


def _alerts(session: Session, where: str, values: tuple[str, ...]) -> list[_Alert]:
    """Return alerts in the order of their identifiers, which is random."""
    rows = session.execute(
        f"SELECT id, case_id, round, level, due_at FROM report_alerts WHERE {where} ORDER BY id",  # noqa: S608 — constants
        values,
    )
    return [_Alert(one, case, number, level, utc(due)) for one, case, number, level, due in rows.fetchall()]


def _due(session: Session) -> list[_Alert]:
    """Return what is to be said now; what is not urgent, only while people work.

    All that came in the night is then said at once, in no order.
    """
    urgent = (
        ""
        if session.records.calendar.is_working(session.now)
        else "AND case_id IN (SELECT id FROM report_cases WHERE urgent)"
    )
    return _alerts(session, f"state = 'planned' AND due_at <= ? {urgent}", (iso(session.now),))


def _tell(session: Session, alert: _Alert) -> bool:
    """Put a level in the outbox, for each of those whom it concerns. Return False when that is nobody."""
    case = access.read(session, alert.case_id)
    if case is None or alert.round != case.round:
        _set(session, alert, "failed")
        return True
    today = session.today
    role = _role(session, case, alert.level, today)
    persons = report_routing.eligible(session.db, role, case.excluded, today) if role else []
    if not persons or role is None:
        return _failed(session, case, alert)
    if alert.level == "first" and role != case.role:
        session.execute("UPDATE report_cases SET role = ? WHERE id = ?", (role, case.id))
    for person in persons:
        _enqueue(session, case, alert, role, person)
    _set(session, alert, "queued", role)
    return True


def _role(session: Session, case: CaseAlert, level: str, today: date) -> str | None:
    """Return whom a level is for today, None when it is for nobody."""
    match level:
        case "first":
            return report_routing.route(session.db, case.role, case.excluded, today)
        case "other":
            return report_routing.other(case.role)
        case "alternate":
            told = access.told_roles(session, case.id)
            first = [] if told else [case.role, report_routing.other(case.role) or case.role]
            return next(
                (
                    role
                    for role in [*first, *report_routing.alternates(session.db)]
                    if role not in told and report_routing.eligible(session.db, role, case.excluded, today)
                ),
                None,
            )
        case _:
            return case.role


def _enqueue(session: Session, case: CaseAlert, alert: _Alert, role: str, person: str) -> None:
    restored = state.flag(session.db, state.RESTORED)
    repeated = restored is not None and alert.due_at <= restored.since  # it may have been said after the copy
    told = CaseNotice(case.id, alert.level.partition(":")[0], repeated)
    notice = NEWS if alert.level.startswith("news:") else ALERT
    delivery = Delivery(alert.key(person), f"role:{role}/{person}", notice, told, urgent=case.urgent)
    outbox.enqueue(session.db, delivery, session.now)


def _follow(session: Session, alert: _Alert) -> None:
    """See what became of a level that is in the outbox."""
    case = access.read(session, alert.case_id)
    if case is None or alert.round != case.round or not case.unread:
        _set(session, alert, "delivered")  # it matters no more
        return
    start = alert.key()
    rows = session.execute(
        "SELECT state, problem FROM outbox WHERE key >= ? AND key < ?", (start, start[:-1] + "0")
    ).fetchall()
    if any(row[0] == "sent" and row[1] in {None, outbox.WAITING} for row in rows):
        _delivered(session, case, alert)
    elif not any(row[0] in {"queued", "sending", "held"} for row in rows):
        _failed(session, case, alert)


def _delivered(session: Session, case: CaseAlert, alert: _Alert) -> None:
    _set(session, alert, "delivered")
    if case.delivered_at is not None or alert.level.startswith("news:"):
        return
    session.execute("UPDATE report_cases SET delivered_at = ? WHERE id = ?", (iso(session.now), case.id))
    for level, moment in _levels(session, case, session.now).items():
        plan(session, case.id, case.round, level, iso(moment))


def _levels(session: Session, case: CaseAlert, since: datetime) -> dict[str, datetime]:
    """Return when each level comes, for what was delivered at `since` and stays unread."""
    waits = {
        "reminder": session.records.plan.reminder,
        "other": session.records.plan.other,
        "alternate": session.records.plan.alternate,
    }
    return {level: _later(session, case, since, wait) for level, wait in waits.items()}


def _later(session: Session, case: CaseAlert, since: datetime, wait: timedelta) -> datetime:
    return since + wait if case.urgent else session.records.calendar.after_working(since, wait)


def _failed(session: Session, case: CaseAlert, alert: _Alert) -> bool:
    """Go to the next level at once: this one reaches nobody. Return False when there is no next one.

    Then it stays to be done, at the next beat: someone may be appointed.
    """
    following = _AFTER.get(alert.level)
    if following is None:
        if alert.level == "alternate" and not access.told_roles(session, case.id):
            return False
        _set(session, alert, "failed")
        return True
    _set(session, alert, "failed")
    plan(session, case.id, case.round, following, session.hour)
    session.execute(
        "UPDATE report_alerts SET due_at = min(due_at, ?) WHERE case_id = ? AND round = ? AND level = ?",
        (session.hour, case.id, case.round, following),
    )
    return True


def _set(session: Session, alert: _Alert, to: str, role: str | None = None) -> None:
    session.execute(
        "UPDATE report_alerts SET state = ?, role = coalesce(?, role) WHERE id = ?", (to, role, alert.id)
    )


def _follow_roles(session: Session) -> None:
    """Tell whoever came to hold the role that handles an open case, which follows the role.

    Only then is it unsealed: there may be many, at each beat.
    """
    today, holders = session.today, dict[str, set[str]]()
    rows = session.execute(
        "SELECT id, role FROM report_cases WHERE status <> 'closed' ORDER BY id"
    ).fetchall()
    for case_id, role in rows:
        if role not in holders:
            holders[role] = set(roles.holders(session.db, role, today))
        told = _told(session, case_id)
        new = told and holders[role] - told
        case = access.read(session, case_id) if new and access.was_told(session, case_id) else None
        if case is None:
            continue
        for person in report_routing.eligible(session.db, case.role, case.excluded, today):
            if person not in told:
                alert = _Alert("", case.id, case.round, FOLLOWING, session.now)
                _enqueue(session, case, alert, case.role, person)


def _told(session: Session, case_id: str) -> set[str]:
    """Return the persons to whom anything was or is to be said of a case."""
    start = f"{ALERT.name}:{case_id}:"
    rows = session.execute(
        "SELECT recipient FROM outbox WHERE key >= ? AND key < ?", (start, start[:-1] + ";")
    )
    return {str(row[0]).partition("/")[2] for row in rows.fetchall()}


def _cancel(session: Session, case_id: str, *notices: str) -> None:
    """Have what is not said yet of a case not be said."""
    start = f"{ALERT.name}:{case_id}:"
    rows = session.execute(
        "SELECT key, notice FROM outbox WHERE key >= ? AND key < ?", (start, start[:-1] + ";")
    )
    for key, notice in rows.fetchall():
        if notice in notices:
            outbox.cancel(session.db, key)
