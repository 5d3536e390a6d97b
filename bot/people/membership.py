"""Officers and employees, known from the platforms' groups or from a manual list.

A source is a Discord role, a Slack user group or a chosen private Slack channel. Its members are officers,
employees, or holders of the roles given to that group. Membership of the workspace or server alone has no
effect. Days are local. A membership runs from `since` to the day before `until`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.people import persons
from bot.people.persons import Acting

Kind: TypeAlias = Literal["officer", "employee", "holder"]
SourceType: TypeAlias = Literal["discord_role", "slack_group", "slack_channel"]

BY_HAND: Final = "registre"  # the source identifier of the administration's manual list


@dataclass(frozen=True, slots=True)
class Source:
    """A platform's group, and the status (`kind`) that it confers on its members.

    `source_id`: the group's identifier on the platform. `read_day`: the ISO date on which it was last read in
    full, None if never. `problem`: why the last reading failed, in one French line, None if it succeeded.
    """

    id: str
    kind: Kind
    platform: str
    team: str
    source: SourceType
    source_id: str
    read_day: str | None = field(default=None, compare=False)
    problem: str | None = field(default=None, compare=False)


def members(db: Database, kind: Kind) -> list[str]:
    """Return the identifiers of the current officers, employees or holders, from all sources."""
    rows = db.conn.execute(
        "SELECT DISTINCT person_id FROM members WHERE kind = ? AND until IS NULL ORDER BY person_id", (kind,)
    )
    return [str(row[0]) for row in rows]


def sources(db: Database, platform: str | None = None) -> list[Source]:
    """Return the sources of one platform, or of all platforms when `platform` is None."""
    rows = db.conn.execute(
        """SELECT id, kind, platform, team, source, source_id, read_day, problem FROM member_sources
           WHERE ? IS NULL OR platform = ? ORDER BY kind DESC, platform, source_id""",
        (platform, platform),
    )
    return [Source(*row) for row in rows]


def add_source(
    db: Database, kind: Kind, source: SourceType, source_id: str, *, platform: str, team: str
) -> Source:
    """Return the source with these fields, adding it if needed. The next reconciliation reads its members."""
    row = db.conn.execute(
        """INSERT INTO member_sources (id, kind, platform, team, source, source_id) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (kind, platform, team, source, source_id) DO UPDATE SET id = id RETURNING id""",
        (persons.new_id(), kind, platform, team, source, source_id),
    ).fetchone()
    return Source(str(row[0]), kind, platform, team, source, source_id)


def remove_source(db: Database, identifier: str, today: date) -> int:
    """Stop following a source and end its memberships. Return how many ended."""
    ended = db.conn.execute(
        "UPDATE members SET until = ? WHERE source_id = ? AND until IS NULL", (today.isoformat(), identifier)
    )
    db.conn.execute("DELETE FROM member_sources WHERE id = ?", (identifier,))
    return ended.rowcount


def note_reading(db: Database, today: date, source_id: str, problem: str | None = None) -> None:
    """Record that a source was read in full today or, if `problem` is set, why it could not be, in French."""
    db.conn.execute(
        """UPDATE member_sources SET problem = :problem,
             read_day = CASE WHEN :problem IS NULL THEN :day ELSE read_day END WHERE id = :id""",
        {"problem": problem, "day": today.isoformat(), "id": source_id},
    )


def enter(db: Database, person: str, kind: Kind, source_id: str, today: date) -> bool:
    """Record that a person is a member of a source from today on. Return False if they already were."""
    done = db.conn.execute(
        """INSERT INTO members (id, person_id, kind, source_id, since)
           SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM members
             WHERE person_id = ?2 AND kind = ?3 AND source_id = ?4 AND until IS NULL)
           ON CONFLICT (person_id, kind, source_id, since) DO UPDATE SET until = NULL""",
        (persons.new_id(), person, kind, source_id, today.isoformat()),
    )
    return done.rowcount == 1


def leave(db: Database, person: str, kind: Kind, source_id: str, today: date) -> bool:
    """Record that a person left a source today. Return whether they were a member."""
    done = db.conn.execute(
        """UPDATE members SET until = ?
           WHERE person_id = ? AND kind = ? AND source_id = ? AND until IS NULL""",
        (today.isoformat(), person, kind, source_id),
    )
    return done.rowcount > 0


def changed(db: Database, source_id: str, actor: Acting, *, inside: bool, today: date) -> int:
    """Record that `actor` entered or left the group `source_id`. Return how many memberships changed.

    A group may be several sources, one for each status that it confers.
    """
    followed = [source for source in _sources_around(db, actor) if source.source_id == source_id]
    person = persons.known(db, actor) if inside and followed else persons.person_of(db, actor)
    if person is None:
        return 0
    turn = enter if inside else leave
    return sum(turn(db, person, source.kind, source.id, today) for source in followed)


def gone(db: Database, actor: Acting, today: date) -> int:
    """Record that `actor` left the workspace or server, and so its groups. Return how many memberships ended.

    Memberships from another platform or from the manual list do not end.
    """
    person = persons.person_of(db, actor)
    if person is None:
        return 0
    return sum(leave(db, person, source.kind, source.id, today) for source in _sources_around(db, actor))


def _sources_around(db: Database, actor: Acting) -> list[Source]:
    """Return the sources of the actor's workspace or server, or of their platform if `actor.team` is ""."""
    return [source for source in sources(db, actor.platform) if actor.team in {"", source.team}]


def reconcile(db: Database, source: Source, actors: Collection[Acting], today: date) -> None:
    """Make `actors` the only members of `source`, to correct any missed events."""
    inside = {persons.known(db, actor) for actor in actors}
    rows = db.conn.execute(
        "SELECT person_id FROM members WHERE source_id = ? AND kind = ? AND until IS NULL",
        (source.id, source.kind),
    )
    for (person,) in rows.fetchall():
        if person not in inside:
            leave(db, person, source.kind, source.id, today)
    for person in inside:
        enter(db, person, source.kind, source.id, today)
    note_reading(db, today, source.id)
