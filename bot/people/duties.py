"""Who receives reports: the roles that are recipients, and the alternate, over time.

The rows of `report_duties` decide, not the profile. A profile that differs from them changes nothing until an
administrator applies it. The change then waits for the next day like any appointment, or for a second
administrator (see `bot.people.appointments`).
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from bot.configuration.profile import Profile
from bot.people.persons import new_id


@dataclass(frozen=True, slots=True)
class Duties:
    """The recipients of reports, the default one first, and the first of their alternates, if any."""

    recipients: tuple[str, ...] = ()
    alternate: str | None = None

    @classmethod
    def of(cls, profile: Profile) -> "Duties":
        """Return the duties that a profile describes: none when it has no reports."""
        reports = profile.reports
        return cls(reports.recipients, reports.alternate) if reports else cls()

    def fingerprint(self) -> str:
        """Return twelve hexadecimal digits of a hash of these duties."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    def rows(self) -> list[tuple[str, str, int]]:
        """Return the role, the duty and the rank of each row."""
        alternate = [(self.alternate, "alternate", 0)] if self.alternate else []
        return [*((role, "recipient", rank) for rank, role in enumerate(self.recipients)), *alternate]


def on_day(db: Database, day: date) -> Duties:
    """Return the roles that receive reports on a given day, and their alternate."""
    rows = db.conn.execute(
        """SELECT role_id, duty FROM report_duties WHERE since <= ?1 AND (until IS NULL OR until > ?1)
           ORDER BY rank, since""",
        (day.isoformat(),),
    ).fetchall()
    alternates = [role for role, duty in rows if duty == "alternate"]
    recipients = dict.fromkeys(role for role, duty in rows if duty == "recipient")
    return Duties(tuple(recipients), alternates[0] if alternates else None)


def latest(db: Database) -> Duties:
    """Return the duties as they will be once every planned change has taken effect."""
    return on_day(db, date.max)


def assign(db: Database, changed: Duties, since: date, by: str = "") -> None:
    """Replace the duties with `changed` from the day `since`. Rows that stay the same are not rewritten.

    `by`: the account of the administrator who decides, "" when the profile does (see `roles.seed`).
    """
    day = since.isoformat()
    expected = set(changed.rows())
    db.conn.execute("DELETE FROM report_duties WHERE since >= ? AND since > '0001-01-01'", (day,))
    db.conn.execute("UPDATE report_duties SET until = NULL WHERE until > ?", (day,))
    rows = db.conn.execute("SELECT id, role_id, duty, rank FROM report_duties WHERE until IS NULL").fetchall()
    for id_, *row in rows:
        if tuple(row) in expected:
            expected.remove(tuple(row))
        else:
            db.conn.execute("UPDATE report_duties SET until = ?, decided_by = ? WHERE id = ?", (day, by, id_))
    db.conn.executemany(
        "INSERT INTO report_duties (id, role_id, duty, rank, decided_by, since) VALUES (?, ?, ?, ?, ?, ?)",
        [(new_id(), *row, by, day) for row in sorted(expected)],
    )


def advance(db: Database, role_id: str, planned: date, today: date, by: Collection[str]) -> None:
    """Make the changes to a role's duties that are planned for the day `planned` take effect today instead.

    `by`: the accounts whose decisions are confirmed. Changes that other accounts decided keep waiting.
    """
    for column in ("since", "until"):
        db.conn.execute(
            f"""UPDATE report_duties SET {column} = ? WHERE role_id = ? AND {column} = ?
                  AND decided_by IN (SELECT value FROM json_each(?))""",  # noqa: S608 — two words
            (today.isoformat(), role_id, planned.isoformat(), json.dumps(sorted(by))),
        )
    db.conn.execute("DELETE FROM report_duties WHERE until <= since")
