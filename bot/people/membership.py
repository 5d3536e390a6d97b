"""Who is an officer or an employee, from what a platform says of its groups or from a list kept by hand.

A source is a Discord role, a Slack user group or a chosen private channel of Slack. To be in it makes
someone an officer, an employee, or a holder of the roles that were given to that group. To be in the
workspace or the server makes nobody anything. Days are local; one is in a group from `since` until the
day before `until`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.people import persons
from bot.people.persons import Acting

Kind: TypeAlias = Literal["officer", "employee", "holder"]
SourceType: TypeAlias = Literal["discord_role", "slack_group", "slack_channel"]

RECONCILE: Final = "appartenance"  # the task that reads every source again, whole (see `bot.app.background`)
BY_HAND = "registre"  # in the place of a source's identifier: the list that the administration keeps


@dataclass(frozen=True, slots=True)
class Source:
    """A group of a platform's and what its members are here; `source_id` is the platform's identifier.

    `read_day`: when it was last read whole, None if it never was. `problem`: why it could not be, the last
    time, in one French line.
    """

    id: str
    kind: Kind
    platform: str
    team: str
    source: SourceType
    source_id: str
    read_day: str | None = field(default=None, compare=False)
    problem: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """How many people a reconciliation added and removed."""

    added: int
    removed: int


def members(db: Database, kind: Kind) -> list[str]:
    """Return the persons who are of that kind today, by whatever source."""
    rows = db.conn.execute(
        "SELECT DISTINCT person_id FROM members WHERE kind = ? AND until IS NULL ORDER BY person_id", (kind,)
    )
    return [str(row[0]) for row in rows]


def sources(db: Database, platform: str | None = None) -> list[Source]:
    """Return the sources, of one platform or of all."""
    rows = db.conn.execute(
        """SELECT id, kind, platform, team, source, source_id, read_day, problem FROM member_sources
           WHERE ? IS NULL OR platform = ? ORDER BY kind DESC, platform, source_id""",
        (platform, platform),
    )
    return [Source(*row) for row in rows]


def add_source(
    db: Database, kind: Kind, source: SourceType, source_id: str, *, platform: str, team: str
) -> Source:
    """Return that source, made if it was not there; who is in it is known at the next reconciliation."""
    where = (kind, platform, team, source, source_id)
    db.conn.execute(
        """INSERT OR IGNORE INTO member_sources (id, kind, platform, team, source, source_id)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), *where),
    )
    row = db.conn.execute(
        """SELECT id FROM member_sources
           WHERE kind = ? AND platform = ? AND team = ? AND source = ? AND source_id = ?""",
        where,
    ).fetchone()
    return Source(str(row[0]), kind, platform, team, source, source_id)


def remove_source(db: Database, identifier: str, today: date) -> int:
    """Stop following a source; nobody is anything by it any more. Return how many that changes."""
    changed = db.conn.execute(
        "UPDATE members SET until = ? WHERE source_id = ? AND until IS NULL", (today.isoformat(), identifier)
    ).rowcount
    db.conn.execute("DELETE FROM member_sources WHERE id = ?", (identifier,))
    return changed


def note_reading(db: Database, identifier: str, today: date, problem: str | None = None) -> None:
    """Keep what the last reading of a source came to: the day, or why it could not be read."""
    db.conn.execute(
        """UPDATE member_sources SET problem = :problem,
             read_day = CASE WHEN :problem IS NULL THEN :day ELSE read_day END WHERE id = :id""",
        {"problem": problem, "day": today.isoformat(), "id": identifier},
    )


def enter(db: Database, person: str, kind: Kind, source_id: str, today: date) -> bool:
    """Note that a person is in a source from today on. Return whether that is new."""
    if _is_in(db, person, kind, source_id):
        return False
    db.conn.execute(
        """INSERT INTO members (id, person_id, kind, source_id, since) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (person_id, kind, source_id, since) DO UPDATE SET until = NULL""",
        (persons.new_id(), person, kind, source_id, today.isoformat()),
    )
    return True


def leave(db: Database, person: str, kind: Kind, source_id: str, today: date) -> bool:
    """Note that a person is not in a source any more, from today on. Return whether they were."""
    done = db.conn.execute(
        """UPDATE members SET until = ?
           WHERE person_id = ? AND kind = ? AND source_id = ? AND until IS NULL""",
        (today.isoformat(), person, kind, source_id),
    )
    return done.rowcount > 0


def _is_in(db: Database, person: str, kind: Kind, source_id: str) -> bool:
    found = db.conn.execute(
        "SELECT 1 FROM members WHERE person_id = ? AND kind = ? AND source_id = ? AND until IS NULL",
        (person, kind, source_id),
    )
    return found.fetchone() is not None


def changed(db: Database, source_id: str, actor: Acting, *, inside: bool, today: date) -> int:
    """Take what a platform tells: `actor` entered or left the group `source_id`. Return what it changed."""
    followed = [
        one
        for one in sources(db, actor.platform)
        if one.source_id == source_id and actor.team in {"", one.team}
    ]
    person = persons.person_of(db, actor, create=inside and bool(followed))
    if person is None:
        return 0
    turn = enter if inside else leave
    return sum(turn(db, person, one.kind, one.id, today) for one in followed)


def gone(db: Database, actor: Acting, today: date) -> int:
    """Take what a platform tells: `actor` is not in the workspace or server any more.

    They are in none of its groups then; what they are by another platform or by hand stays. Return how
    many memberships that ends.
    """
    person = persons.person_of(db, actor, create=False)
    if person is None:
        return 0
    here = [one for one in sources(db, actor.platform) if actor.team in {"", one.team}]
    return sum(leave(db, person, one.kind, one.id, today) for one in here)


def reconcile(db: Database, source: Source, actors: Collection[Acting], today: date) -> Difference:
    """Make the members of `source` those that its platform says are in it, whatever events were missed."""
    there = {persons.known(db, actor) for actor in actors}
    rows = db.conn.execute(
        "SELECT person_id FROM members WHERE source_id = ? AND kind = ? AND until IS NULL",
        (source.id, source.kind),
    )
    here = {str(row[0]) for row in rows}
    for person in there - here:
        enter(db, person, source.kind, source.id, today)
    for person in here - there:
        leave(db, person, source.kind, source.id, today)
    note_reading(db, source.id, today)
    return Difference(len(there - here), len(here - there))
