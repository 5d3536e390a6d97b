"""The record of the accounts that may read reports or administer: one row for each gain or loss of a right.

`follow` compares the registry of roles with the rows, and adds a row for each difference, whatever its cause:
a person or a group appointed or dismissed, someone who joins a group, a vacant role covered by the next one,
a new fallback or e-mail address, a linked account. Rows are never changed or deleted, and a restoration of
the database keeps them.

A new right to read reports takes effect the next day. It takes effect at once if a second administrator
confirms it, or if it is the very first right. A loss takes effect on the day recorded in the registry, which
is the next day too for whoever leaves a role or a group that receives reports: a day ends with the readers
that it began with.

When a decision takes two administrators, both must be in `standing`, whichever of them decided first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Final, TypeAlias

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.people import duties, persons, roles
from bot.people.persons import new_id
from bot.people.roles import ADMINISTRATION, recipients, reporting_roles
from bot.storage import state

NOTICE: Final = "nomination"  # the notice that announces a batch of rows, and the prefix of its outbox keys
EMAIL: Final = "courriel:"  # the prefix of an e-mail address in a row
ENDED: Final = "fin"
HANDED: Final = "remise"

Place: TypeAlias = tuple[str, str]  # a role, and an account or the role's own e-mail address


@dataclass(frozen=True, slots=True)
class Appointment:
    """One account's gain or loss of the right to read a role's reports, or to administer.

    `number`: the row's rank in the order of writing, assigned by `add`. `batch`: the identifier shared by the
    rows of one change. `account`: in the format of `Account.__str__`, or « courriel:ADRESSE » for a role's
    e-mail address. `able`: True for a gain, False for a loss. `how`: « nomination », « groupe », « relève »,
    « liaison », « courriel », « remise » or « fin ». `by`: the account of the administrator who made the
    change, « machine » for the command line, "" when nobody did. `confirmed_by`: the account of the second
    administrator, "" when there is none.
    """

    number: int
    batch: str
    role: str
    account: str
    able: bool
    how: str
    by: str
    decided_on: date
    effective_on: date
    confirmed_by: str = ""


_COLUMNS: Final = tuple(field.name for field in fields(Appointment))
_FROM_ROW: Final = TypeAdapter(Appointment)
# Selects the rows that grant a right in force on a day, which is the parameter: for each role and account,
# the latest row effective by that day, if it is a gain.
_IN_FORCE: Final = """
    SELECT number, role, account, batch FROM (
      SELECT *, row_number() OVER (
        PARTITION BY role, account ORDER BY effective_on DESC, number DESC) AS age
      FROM appointments WHERE effective_on <= ?)
    WHERE age = 1 AND able"""


def effective(db: Database, role_id: str, on: date) -> set[str]:
    """Return the accounts and e-mail addresses that may read a role's reports, or administer, on a given day.

    The result is in the format of `Appointment.account`. While all sending is paused, an appointment whose
    announcements have not all been sent has no effect.
    """
    paused = state.flag(db, state.PAUSED) is not None
    rows = db.conn.execute(f"{_IN_FORCE} AND role = ?", (on.isoformat(), role_id)).fetchall()
    return {account for _, _, account, batch in rows if not (paused and _untold(db, batch))}


def is_withheld(db: Database, role_id: str, account: str, on: date) -> bool:
    """Return whether an account or address has rows for a role but may not read its reports on day `on`."""
    row = db.conn.execute("SELECT 1 FROM appointments WHERE role = ? AND account = ?", (role_id, account))
    return row.fetchone() is not None and account not in effective(db, role_id, on)


def readers(db: Database, role_id: str, on: date) -> list[str]:
    """Return the identifiers of the persons who hold a role and may read its reports on a given day."""
    able = effective(db, role_id, on)
    return [
        person
        for person in roles.holders(db, role_id, on)
        if not able.isdisjoint(map(str, persons.accounts_of(db, person)))
    ]


def describe_readers(db: Database, on: date) -> str:
    """Return a French sentence: the roles that receive reports on a given day, each with its reader count."""
    counts = {role: len(readers(db, role, on)) for role in reporting_roles(db, on)}
    able = [
        f"{roles.title(db, role)} ({count} personne{'s' * (count > 1)})"
        for role, count in counts.items()
        if count
    ]
    if not able:
        return "Aujourd'hui, personne ne peut lire de signalement\u00a0: il faudrait le confier à quelqu'un."
    return f"Qui peut en recevoir aujourd'hui, dans l'ordre\u00a0: {', '.join(able)}."


def _able(db: Database, on: date) -> dict[Place, Appointment]:
    """Return the row that granted the right to each `Place` that has it on a given day."""
    rows = _rows(db, f"number IN (SELECT number FROM ({_IN_FORCE}))", on.isoformat())  # noqa: S608 — a constant
    return {(row.role, row.account): row for row in rows}


def _untold(db: Database, batch: str) -> bool:
    """Return whether any announcement of a batch is still unsent."""
    rows = db.conn.execute(
        "SELECT 1 FROM outbox WHERE key LIKE ? AND state IN ('queued', 'sending', 'held') LIMIT 1",
        (f"{NOTICE}:{batch}/%",),
    )
    return rows.fetchone() is not None


def batch_rows(db: Database, batch: str) -> list[Appointment]:
    """Return the rows of one change, in the order of writing."""
    return _rows(db, "batch = ?", batch)


def pending(db: Database, role_id: str, today: date) -> list[Appointment]:
    """Return a role's rows for later days that give an account a right it lacks today, or end a right it has.

    When several rows concern the same account and day, only the last of them is considered.
    """
    rows = _rows(db, "role = ? AND effective_on > ?", role_id, today.isoformat())
    able = _able(db, today)
    latest = {(row.account, row.effective_on): row for row in rows}
    return [row for row in latest.values() if row.able != ((role_id, row.account) in able)]


def ended_within(db: Database, role_id: str, day: date) -> bool:
    """Return whether someone's right in a role ended on a given day, by a decision of that same day."""
    return bool(
        _rows(
            db, "NOT able AND role = ? AND effective_on = ? AND decided_on = ?", role_id, str(day), str(day)
        )
    )


def rows_after(db: Database, number: str) -> list[Appointment]:
    """Return the rows written after row `number` (in decimal), in the order of writing."""
    return _rows(db, "number > CAST(? AS INTEGER)", number)


def first_day(db: Database, role_id: str, today: date) -> date:
    """Return the first day on which an appointment to a role, decided today, may take effect.

    It is tomorrow for a role that receives reports, except at the very first appointment. Otherwise it is
    today.
    """
    tomorrow = today + timedelta(1)
    receives = role_id in {*reporting_roles(db, today), *reporting_roles(db, tomorrow)}
    return tomorrow if receives and not is_first(db) else today


def is_first(db: Database) -> bool:
    """Return whether no account has ever been allowed to read reports, and no report is stored."""
    rows = db.conn.execute(
        """SELECT 1 FROM appointments WHERE role <> ? AND account NOT LIKE ?
           UNION ALL SELECT 1 FROM report_cases LIMIT 1""",
        (ADMINISTRATION, f"{EMAIL}%"),
    )
    return rows.fetchone() is None


def follow(db: Database, today: date, by: str = "") -> str | None:
    """Add a row for each difference between the registry and the rows.

    Return the batch of the new rows, or None when there are none. `by`: the account of the administrator who
    made the change, "" when nobody did. Call this in the transaction of each change of the registry.
    """
    batch = new_id()
    earliest = today if is_first(db) else today + timedelta(1)
    near = {today, earliest}
    planned = db.conn.execute(
        """SELECT since FROM role_holders WHERE since > ?1 UNION
           SELECT until FROM role_holders WHERE until > ?1 UNION
           SELECT since FROM report_duties WHERE since > ?1 UNION
           SELECT until FROM report_duties WHERE until > ?1 UNION
           SELECT effective_on FROM appointments WHERE effective_on > ?1""",
        (min(near).isoformat(),),
    )
    for day in sorted(near.union(date.fromisoformat(day) for (day,) in planned)):
        able = _able(db, day)
        expected = _expected(db, able.keys(), day)
        gained = (
            (place, how)
            for place, how in expected.items()
            if place not in able and (day >= earliest or place[0] == ADMINISTRATION)
        )
        lost = ((place, ENDED) for place in sorted(able.keys() - expected.keys()))
        for (role, account), how in (*gained, *lost):
            add(db, Appointment(0, batch, role, account, how != ENDED, how, by, today, day))
    return batch if batch_rows(db, batch) else None


def _expected(db: Database, able: Collection[Place], day: date) -> dict[Place, str]:
    """Return the `Appointment.how` of each `Place` that should have a right on a day, given the registry.

    `able`: each `Place` that already has the right, given the rows.
    """
    reporting, chosen = reporting_roles(db, day), recipients(db, day)
    holders_of = {role: roles.holders(db, role, day) for role in (*reporting, ADMINISTRATION)}
    places: dict[Place, str] = {}
    for role, holders in holders_of.items():
        named = {line.holder for line in roles.tenures(db, role, day)}
        ways = {person: "nomination" if person in named else "groupe" for person in holders}
        if not holders:
            ways = dict.fromkeys(_relief(role, reporting, chosen, holders_of), "relève")
        for person, how in ways.items():
            accounts = [(role, str(account)) for account in persons.accounts_of(db, person)]
            linked = any(place in able for place in accounts)
            places |= {place: "liaison" if linked and place not in able else how for place in accounts}
        if (address := roles.role(db, role).email) and role in reporting:
            places[role, EMAIL + address] = "courriel"
    return places


def _relief(
    role: str, reporting: Sequence[str], chosen: Collection[str], holders_of: Mapping[str, list[str]]
) -> list[str]:
    """Return the persons who receive the reports of a vacant role: the holders of the next role that has any.

    The list is empty while another recipient's role has a holder. `chosen`: the roles that are recipients.
    """
    if role not in reporting or (role in chosen and any(holders_of[other] for other in chosen)):
        return []
    later = reporting[reporting.index(role) + 1 :]
    return next((holders_of[other] for other in later if holders_of[other]), [])


# --- Decisions that take two administrators ---------------------------------------------------


def standing(db: Database, today: date, decided_on: date) -> Mapping[str, str]:
    """Return today's administrators who may be one of the two for a decision made on day `decided_on`.

    Their right must have taken effect before that day and not have ended since, so that nobody is appointed
    just to decide or just to agree. The very first administrators count from their first day. The result maps
    their accounts, in the format of `Account.__str__`, to the identifiers of their persons.
    """
    terms = [row for (role, _), row in _able(db, today).items() if role == ADMINISTRATION]
    earliest = {row.batch for row in _rows(db, "role = ?", ADMINISTRATION)[:1]}
    owners = {
        row.account: persons.person_of(db, persons.parse(row.account))
        for row in terms
        if row.effective_on < decided_on or row.batch in earliest
    }
    return {account: person for account, person in owners.items() if person is not None}


def is_second(db: Database, today: date, by: str, first: str, decided_on: date) -> bool:
    """Return whether `by` may agree, as a second administrator, to a decision that `first` made on a day.

    `by` and `first`: accounts in the format of `Account.__str__`. Both must be in `standing`, and belong to
    two different persons.
    """
    counted = standing(db, today, decided_on)
    return by in counted and first in counted and counted[by] != counted[first]


def awaits_second(db: Database, row: Appointment, today: date) -> bool:
    """Return whether a row takes effect tomorrow and is from an administrator who is in `standing`.

    A second administrator may then confirm the row.
    """
    return row.effective_on == today + timedelta(1) and row.by in standing(db, today, row.decided_on)


def confirmable(db: Database, role_id: str, today: date, by: str) -> list[Appointment]:
    """Return a role's rows for tomorrow that the account `by` may confirm, so that they take effect today.

    `by` must be the account of a second administrator (see `is_second`).
    """
    return [
        row
        for row in pending(db, role_id, today)
        if row.effective_on == today + timedelta(1) and is_second(db, today, by, row.by, row.decided_on)
    ]


def confirm(db: Database, role_id: str, today: date, by: str) -> str | None:
    """Make the rows that `confirmable` returns take effect today, in the registry too.

    Return the batch of the new rows, or None when there is nothing to confirm.
    """
    batch = new_id()
    rows = confirmable(db, role_id, today, by)
    tomorrow = today + timedelta(1)
    if not rows:
        return None
    held_by = {persons.person_of(db, persons.parse(row.account)) for row in rows}
    for tenure in roles.tenures(db, role_id, today):
        if isinstance(tenure.holder, roles.Group) or tenure.holder in held_by:
            for column in ("since", "until"):
                db.conn.execute(
                    f"UPDATE role_holders SET {column} = ? WHERE id = ? AND {column} = ?",  # noqa: S608 — two words
                    (today.isoformat(), tenure.id, tomorrow.isoformat()),
                )
    db.conn.execute("DELETE FROM role_holders WHERE role_id = ? AND until <= since", (role_id,))
    duties.advance(db, role_id, tomorrow, today, {row.by for row in rows})
    for row in rows:
        add(db, replace(row, batch=batch, decided_on=today, effective_on=today, confirmed_by=by))
    return batch


def last_number(db: Database) -> int:
    """Return the number of the last row, or 0 when there are no rows."""
    (number,) = db.conn.execute("SELECT coalesce(max(number), 0) FROM appointments").fetchone()
    return int(number)


# --- The rows ---------------------------------------------------------------------------------


def add(db: Database, row: Appointment) -> None:
    """Add a row. The database assigns its number, so `row.number` is ignored."""
    values = [getattr(row, column) for column in _COLUMNS[1:]]
    db.conn.execute(
        f"INSERT INTO appointments (id, {', '.join(_COLUMNS[1:])}) VALUES (?{', ?' * len(values)})",  # noqa: S608 — constants
        (new_id(), *(value.isoformat() if isinstance(value, date) else value for value in values)),
    )


def _rows(db: Database, where: str, *values: str) -> list[Appointment]:
    rows = db.conn.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM appointments WHERE {where} ORDER BY number",  # noqa: S608 — constants
        values,
    )
    return [_FROM_ROW.validate_python(dict(zip(_COLUMNS, row, strict=True))) for row in rows.fetchall()]


def carry(former: Database, db: Database) -> None:
    """Add to the restored database `db` the rows that only `former`, the database that it replaces, has."""
    columns = f"id, {', '.join(_COLUMNS[1:])}"
    rows = former.conn.execute(f"SELECT {columns} FROM appointments ORDER BY number").fetchall()  # noqa: S608 — constants
    db.conn.executemany(
        f"INSERT OR IGNORE INTO appointments ({columns}) VALUES (?{', ?' * len(_COLUMNS[1:])})",  # noqa: S608 — constants
        rows,
    )
