"""The registry of roles and their holders over time.

A role is held by persons, Slack user groups or Discord roles, from the day `since` to the day before `until`.
On a handover, one holder's `until` is the next one's `since`, so that there is neither a gap nor an overlap.
Whoever leaves a group keeps its roles until the next day, except the administration.
When a role has no holder, its fallback role acts instead. A role may have its own e-mail address for alerts.
"""

import itertools
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias

from sqlite_utils import Database

from bot.configuration import profile
from bot.configuration.profile import Profile
from bot.people import duties, membership, persons
from bot.people.persons import Acting
from bot.storage import state

ADMINISTRATION: Final = profile.ADMINISTRATION

_ADMINISTERED: Final = "administered"  # the `state` key: the day of the last start with an administrator
_ORDER: Final = "roles"  # the `state` key: the identifiers of the profile's roles, in the order to show them
_READERS: Final = "reading_roles"  # the `state` key: the ids of the roles whose holders must read the policy

TITLE_LENGTH: Final = profile.TITLE_LENGTH
EMAIL_LENGTH: Final = 254  # RFC 5321, 4.5.3.1.3


class RoleError(Exception):
    """The registry refuses a change. The text is the reason, in French.

    `part`: the part of a role that is refused, « title », « email » or « fallback », "" for none of them.
    """

    def __init__(self, text: str, part: str = "") -> None:
        super().__init__(text)
        self.part = part


class UnknownRoleError(RoleError):
    """No role has this identifier."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its current title, its address for alerts, and the fallback that acts when nobody holds it."""

    id: str
    title: str
    email: str | None = None
    fallback_id: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A Slack user group or a Discord role whose current members hold a role."""

    platform: str
    team: str
    id: str


Holder: TypeAlias = str | Group  # a person's identifier, or a group


@dataclass(frozen=True, slots=True)
class Tenure:
    """One holder's term in a role: a row of the registry.

    `waits`: whether the holder is a group that will replace the other holders once it has a known member.
    """

    id: str
    holder: Holder
    since: date
    until: date | None = None
    waits: bool = False


# --- Roles ------------------------------------------------------------------------------------


def seed(db: Database, described: Profile | None = None) -> None:
    """Add to the registry the roles that a profile describes and that the registry does not have yet.

    `described`: the profile, None for the shipped one. The titles, fallbacks and recipients of reports that
    the registry already has do not change, because the administration may have chosen them. Where the profile
    differs, the change is only proposed (see `bot.people.duties`). While the registry is not in use (see
    `_in_use`), the profile still decides which roles exist and who receives reports.
    """
    described = described or profile.shipped()
    ids = [role.id for role in described.roles]
    unused = not _in_use(db)
    if unused:
        db.conn.execute("DELETE FROM report_duties")
        db.conn.execute(
            "UPDATE roles SET fallback_id = NULL WHERE id NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
    fallbacks = []
    for role_ in described.roles:
        added = db.conn.execute(
            "INSERT OR IGNORE INTO roles (id, title) VALUES (?, ?)", (role_.id, role_.title)
        )
        if added.rowcount == 1:
            fallbacks.append((role_.fallback, role_.id))
    db.conn.executemany("UPDATE roles SET fallback_id = ? WHERE id = ?", fallbacks)
    if unused:
        db.conn.execute(
            """DELETE FROM roles WHERE id NOT IN (SELECT value FROM json_each(?))
                 AND id NOT IN (SELECT fallback_id FROM roles WHERE fallback_id IS NOT NULL)""",
            (json.dumps(ids),),
        )
        duties.assign(db, duties.Duties.of(described), date.min)
    state.write_value(db, _ORDER, json.dumps(ids))
    state.write_value(db, _READERS, json.dumps([role.id for role in described.roles if role.reader]))


def _in_use(db: Database) -> bool:
    """Return whether anyone has held a role other than the administration, or a role has an e-mail address.

    The registry is also in use when a report is stored.
    """
    row = db.conn.execute(
        """SELECT 1 FROM appointments WHERE role <> ?1
           UNION ALL SELECT 1 FROM role_holders WHERE role_id <> ?1
           UNION ALL SELECT 1 FROM roles WHERE email IS NOT NULL
           UNION ALL SELECT 1 FROM report_cases LIMIT 1""",
        (ADMINISTRATION,),
    )
    return row.fetchone() is not None


def all_roles(db: Database) -> list[Role]:
    """Return every role, starting with the profile's, in its order."""
    rows = [Role(*row) for row in db.conn.execute("SELECT id, title, email, fallback_id FROM roles")]
    order = json.loads(state.read_value(db, _ORDER) or "[]")
    return sorted(rows, key=lambda role: order.index(role.id) if role.id in order else len(order))


def role(db: Database, role_id: str) -> Role:
    """Return one role. Raises `UnknownRoleError` when it does not exist."""
    rows = db.conn.execute("SELECT id, title, email, fallback_id FROM roles WHERE id = ?", (role_id,))
    if (row := rows.fetchone()) is None:
        raise UnknownRoleError(f"Le rôle «\u00a0{role_id[:40]}\u00a0» n'existe pas.")
    return Role(*row)


def title(db: Database, role_id: str) -> str:
    """Return a role's current title. Raises `UnknownRoleError`."""
    return role(db, role_id).title


def current_titles(db: Database, role_ids: Iterable[str]) -> list[str]:
    """Return the current titles of roles, leaving out the roles that were removed from the registry."""
    titles = []
    for role_id in role_ids:
        with suppress(UnknownRoleError):
            titles.append(title(db, role_id))
    return titles


def chain(db: Database, role_id: str) -> list[str]:
    """Return the identifiers of a role and its fallbacks, in order. Raises `UnknownRoleError`."""
    roles = [role_id]
    while (fallback := role(db, roles[-1]).fallback_id) is not None and fallback not in roles:
        roles.append(fallback)
    return roles


def reading_roles(db: Database) -> list[str]:
    """Return the identifiers of the roles whose holders must read the policy."""
    return list(map(str, json.loads(state.read_value(db, _READERS) or "[]")))


def recipients(db: Database, on: date) -> tuple[str, ...]:
    """Return the roles that receive reports on a given day, the default one first."""
    return duties.on_day(db, on).recipients


def others(db: Database, role_id: str, on: date) -> list[str]:
    """Return the recipients that act for the recipient `role_id`, in order; [] if it is no recipient."""
    receiving = recipients(db, on)
    if role_id not in receiving:
        return []
    at = receiving.index(role_id)
    return [*receiving[at + 1 :], *receiving[:at]]


def alternates(db: Database, on: date) -> list[str]:
    """Return, in order, the roles that receive reports on a given day when none of the recipients can.

    The list stops before the administration, whatever the fallbacks say.
    """
    first = duties.on_day(db, on).alternate
    chained = chain(db, first) if first else []
    return list(itertools.takewhile(lambda role_id: role_id != ADMINISTRATION, chained))


def reporting_roles(db: Database, on: date) -> list[str]:
    """Return the ids of the roles that may receive reports on a day: the recipients, then the alternates."""
    return list(dict.fromkeys([*recipients(db, on), *alternates(db, on)]))


def succession(db: Database, role_id: str, on: date) -> list[str]:
    """Return a role, then the roles that act for it while it is vacant, in order. Raises `UnknownRoleError`.

    A recipient of reports is followed by the other recipients, then by the alternates, whatever its fallback.
    """
    reporting = reporting_roles(db, on)
    if following := others(db, role_id, on):
        return list(dict.fromkeys([role_id, *following, *reporting]))
    return reporting[reporting.index(role_id) :] if role_id in reporting else chain(db, role_id)


def acting(db: Database, role_id: str, on: date) -> str | None:
    """Return the first role of a role's succession that has a holder on a given day, or None.

    Raises `UnknownRoleError`.
    """
    return next((acting_id for acting_id in succession(db, role_id, on) if holders(db, acting_id, on)), None)


def change(db: Database, changed: Role) -> None:
    """Store a role's new title, address and fallback. Raises `RoleError` when any of them is invalid."""
    role(db, changed.id)
    name = changed.title.strip()
    name = name[:1].upper() + name[1:]
    if not 1 <= len(name) <= TITLE_LENGTH or "\n" in name:
        raise RoleError(f"Le titre a de 1 à {TITLE_LENGTH} caractères, sur une ligne.", "title")
    address = (changed.email or "").strip() or None
    if address:  # check only that the address is plausible
        local, _, domain = address.rpartition("@")
        plain = address.isascii() and address.isprintable() and not set(address) & set(' <>,;:"()[]\\')
        if not (local and "." in domain.strip(".") and plain and len(address) <= EMAIL_LENGTH):
            problem = f"«\u00a0{address[:60]}\u00a0» n'est pas une adresse de courriel."
            raise RoleError(problem, "email")
    if changed.fallback_id and changed.id in chain(db, changed.fallback_id):
        raise RoleError(
            "La relève tournerait en rond\u00a0: ce rôle y remplace déjà celui que vous choisissez.",
            "fallback",
        )
    db.conn.execute(
        "UPDATE roles SET title = ?, email = ?, fallback_id = ? WHERE id = ?",
        (name, address, changed.fallback_id, changed.id),
    )


# --- Holders ----------------------------------------------------------------------------------


def holders(db: Database, role_id: str, on: date) -> list[str]:
    """Return the identifiers of the persons who hold a role on a given day, directly or through a group.

    Someone who leaves a group keeps its roles until the end of that day, except the administration. Since
    someone who joins the group may read reports only from the next day (see `appointments`), reports would
    otherwise have no reader for a day.
    """
    rows = db.conn.execute(
        """SELECT person_id FROM role_holders
           WHERE role_id = :role AND person_id IS NOT NULL
             AND since <= :day AND (until IS NULL OR until > :day)
           UNION
           SELECT members.person_id FROM role_holders
           JOIN member_sources ON member_sources.kind = 'holder'
             AND member_sources.platform = group_platform AND member_sources.team = group_team
             AND member_sources.source_id = group_id
           JOIN members ON members.source_id = member_sources.id AND members.kind = 'holder'
           WHERE role_id = :role
             AND role_holders.since <= :day AND (role_holders.until IS NULL OR role_holders.until > :day)
             AND members.since <= :day AND (members.until IS NULL OR members.until > :day
               OR (members.until = :day AND :role <> 'administration'))
           ORDER BY 1""",
        {"role": role_id, "day": on.isoformat()},
    )
    return [str(row[0]) for row in rows]


def has(db: Database, person_id: str | None, role_id: str, on: date) -> bool:
    """Return whether a person holds a role on a given day, False when `person_id` is None."""
    return person_id is not None and person_id in holders(db, role_id, on)


def concerns(db: Database, person_id: str | None, on: date) -> bool:
    """Return whether a person holds any role on a given day, directly or through a group, or will later."""
    return any(
        has(db, person_id, role_.id, max(on, line.since))
        for role_ in all_roles(db)
        for line in tenures(db, role_.id, on)
    )


def tenures(db: Database, role_id: str, ending_after: date) -> list[Tenure]:
    """Return a role's terms that end after a given day, including future ones."""
    rows = db.conn.execute(
        """SELECT id, person_id, group_platform, group_team, group_id, since, until, replaces
           FROM role_holders WHERE role_id = ? AND (until IS NULL OR until > ?) ORDER BY since, rowid""",
        (role_id, ending_after.isoformat()),
    )
    lines = []
    for id_, person, *group, since, until, replaces in rows:
        holder = person or Group(*group)
        end = date.fromisoformat(until) if until else None
        lines.append(Tenure(id_, holder, date.fromisoformat(since), end, bool(replaces)))
    return lines


def appoint(db: Database, role_id: str, holder: Holder, since: date, *, replacing: bool = True) -> None:
    """Give a role to `holder` from the day `since`, in place of the other holders or alongside them.

    When `replacing`, the terms of the other holders end on that day; those that would start then or later are
    removed. A group without a known member replaces the other holders only once it has one (see `relieve`).
    Raises `UnknownRoleError`.
    """
    role(db, role_id)
    group = holder if isinstance(holder, Group) else None
    start = since
    waits = replacing and group is not None and not _inhabited(db, group)
    for tenure in tenures(db, role_id, date.min):
        if tenure.holder != holder:
            if replacing and not waits:
                _end(db, tenure, since)
        elif tenure.until is None or tenure.until >= since:  # merged with the new term into one row
            start = min(start, tenure.since)
            db.conn.execute("DELETE FROM role_holders WHERE id = ?", (tenure.id,))
    if group is not None:
        source_of(db, group)
    place = (group.platform, group.team, group.id) if group else (None, None, None)
    db.conn.execute(
        """INSERT INTO role_holders
             (id, role_id, person_id, group_platform, group_team, group_id, since, replaces)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), role_id, None if group else holder, *place, start.isoformat(), int(waits)),
    )


def relieve(db: Database, source: membership.Source, today: date) -> None:
    """If a group has a known member, make it replace the other holders wherever it waits to do so."""
    group = Group(source.platform, source.team, source.source_id)
    if not _inhabited(db, group):
        return
    for role_ in all_roles(db):
        lines = tenures(db, role_.id, today)
        for waiting in (line for line in lines if line.waits and line.holder == group):
            db.conn.execute("UPDATE role_holders SET replaces = 0 WHERE id = ?", (waiting.id,))
            # A new holder of a role that receives reports may not read them before the next day, so the
            # others stay until then.
            start = today + timedelta(1) if role_.id in reporting_roles(db, today) else today
            for line in lines:
                if line.holder != group:
                    _end(db, line, max(waiting.since, start))


def _inhabited(db: Database, group: Group) -> bool:
    """Return whether a group has a known member."""
    members = db.conn.execute(
        """SELECT 1 FROM members JOIN member_sources AS s ON s.id = members.source_id
           WHERE s.kind = 'holder' AND s.platform = ? AND s.team = ? AND s.source_id = ?
             AND members.until IS NULL LIMIT 1""",
        (group.platform, group.team, group.id),
    )
    return members.fetchone() is not None


def dismiss(db: Database, role_id: str, holder: Holder, on: date) -> bool:
    """End `holder`'s current term in a role on a given day, and remove the later ones.

    Return whether there was any such term.
    """
    lines = [line for line in tenures(db, role_id, on) if line.holder == holder]
    for line in lines:
        _end(db, line, on)
    return bool(lines)


def appoint_first(db: Database, admins: Sequence[Acting], today: date) -> None:
    """Give the administration role to `admins`, from the settings, if nobody has ever held it.

    Once someone has, an outdated setting must not bring former administrators back.
    """
    if not was_administered(db) and not holders(db, ADMINISTRATION, today):
        for admin in admins:
            appoint(db, ADMINISTRATION, persons.known(db, admin), today, replacing=False)
    if holders(db, ADMINISTRATION, today):
        state.write_value(db, _ADMINISTERED, today.isoformat())


def was_administered(db: Database) -> bool:
    """Return whether someone held the administration role at an earlier start."""
    return state.read_value(db, _ADMINISTERED) is not None


def _end(db: Database, tenure: Tenure, on: date) -> None:
    """End a term on the given day at the latest, or delete it if it starts on that day or later."""
    if tenure.since >= on:
        db.conn.execute("DELETE FROM role_holders WHERE id = ?", (tenure.id,))
    elif tenure.until is None or tenure.until > on:
        db.conn.execute("UPDATE role_holders SET until = ? WHERE id = ?", (on.isoformat(), tenure.id))


def source_of(db: Database, group: Group) -> membership.Source:
    """Return the membership source of a group that holds a role, adding it if needed."""
    kind: membership.SourceType = "discord_role" if group.platform == "discord" else "slack_group"
    return membership.add_source(db, "holder", kind, group.id, platform=group.platform, team=group.team)


def unused_sources(db: Database) -> list[str]:
    """Return the identifiers of the « holder » sources whose group no longer holds a role."""
    rows = db.conn.execute(
        """SELECT id FROM member_sources AS s WHERE kind = 'holder' AND NOT EXISTS (
             SELECT 1 FROM role_holders WHERE group_platform = s.platform AND group_team = s.team
               AND group_id = s.source_id)"""
    )
    return [str(row[0]) for row in rows.fetchall()]
