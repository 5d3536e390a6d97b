"""Who is to read the policy, and how far each person is: reading, quiz, attestation.

Delivered, opened, read, passed and attested are five facts, each noted when it happens and none
inferred from another. They are a person's, not an account's, so that one goes on from anywhere.

A person is concerned while they are an officer or an employee, or hold one of the roles that only
those have, or because the administration asked it. When they no longer are, nothing more is said to
them; if they are again, they go on where they were, and the days are counted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.outbox import rows as outbox
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.people import membership, roles
from bot.register import attestations
from bot.register.attestations import (
    Attest,
    Attesting,
    Fact,
    Target,  # what is to be read, in which version
)
from bot.times import Calendar, iso, utc

STEPS: Final[tuple[Fact, ...]] = ("delivered", "opened", "read", "passed", "attested")


@dataclass(frozen=True, slots=True)
class VersionNotice:
    """The arguments of a notice about a text: the policy's identifier, the version's day of adoption."""

    policy: str
    version: date


@dataclass(frozen=True, slots=True)
class LateNotice(VersionNotice):
    """Those of the notice that names, to the administration, the people who are late."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoneNotice(VersionNotice):
    """Those of the notice that tells the administration that someone has finished."""

    person: str


@dataclass(frozen=True, slots=True)
class RevisionNotice(VersionNotice):
    """Those of the notice of a revision, with what it asks of the person."""

    asked: Literal["nothing", "changes", "whole"]


WELCOME: Final = Notice("accueil-bienvenue", "l'accueil d'une personne", VersionNotice)
REMINDER: Final = Notice("accueil-rappel", "un rappel de l'accueil", VersionNotice)
REFRESHER: Final = Notice("accueil-revision", "une révision à faire", VersionNotice)
LATE: Final = Notice("accueil-retards", "les retards de l'accueil", LateNotice)
DONE: Final = Notice("accueil-termine", "un accueil terminé", DoneNotice)
REVISION: Final = Notice("revision-avis", "l'avis d'une révision", RevisionNotice)
REVISION_REMINDER: Final = Notice("revision-rappel", "un rappel au sujet d'une révision", VersionNotice)
# Those that stop with the onboarding.
PERSONAL: Final = tuple(notice.name for notice in (WELCOME, REMINDER, REFRESHER, REVISION, REVISION_REMINDER))

TO_ADMINISTRATION: Final = f"role:{roles.ADMINISTRATION}"

# What is to be read and asked: the whole text, or what a revision changed.
Scope: TypeAlias = Literal["whole", "changes"]
NEEDED: Final[tuple[Fact, ...]] = ("read", "passed")  # before attesting, of the whole text

# The roles whose holders are officers or employees by what these roles are.
_CONCERNED = (roles.VP_COMMUNICATIONS, roles.CONSEILLER, roles.CONSEIL)


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """The settings: when to remind, what a pass is, how long until the refresher; 0 days is never."""

    reminder_days: tuple[int, ...] = (3, 7, 14)
    pass_mark: int = 80
    refresher_days: int = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person is. `questions`: how many were drawn, of those on what a revision changed."""

    person_id: str
    started_at: datetime
    reminders: int
    round: int
    by_hand: bool
    suspended_on: date | None
    refreshed: bool
    steps: Mapping[Fact, datetime]
    scope: Scope = "whole"
    questions: int = 0

    @property
    def needed(self) -> tuple[Fact, ...]:
        """What must be done before attesting; where no question is up to date, none is asked."""
        return NEEDED if self.scope == "whole" or self.questions else NEEDED[:1]

    @property
    def done(self) -> bool:
        """Whether they have attested, after which nothing more is asked."""
        return "attested" in self.steps

    @property
    def active(self) -> bool:
        """Whether something is still asked of them."""
        return not self.done and self.suspended_on is None

    def late(self, plan: OnboardingPlan, calendar: Calendar, today: date) -> bool:
        """Return whether the last of the reminders' days is past."""
        days = (today - calendar.day(self.started_at)).days
        return self.active and bool(plan.reminder_days) and days > max(plan.reminder_days)


# --- Who --------------------------------------------------------------------------------------


def concerned(db: Database, today: date) -> set[str]:
    """Return the persons who are officers or employees, by the groups, the list or the roles."""
    found = {*membership.members(db, "officer"), *membership.members(db, "employee")}
    return found.union(*(roles.holders(db, role, today) for role in _CONCERNED))


def follow(db: Database, target: Target, calendar: Calendar, now: datetime, *, at_once: bool = False) -> int:
    """Begin for those who are newly concerned, suspend for those who no longer are, resume on return.

    To be called after every change of the registry, in its transaction, and once a day: it compares
    and so misses nothing. `at_once`: the welcome need not wait for working hours, the change being
    someone's doing at this moment. Whoever attested an earlier version is left to what is told of
    revisions. Returns for how many people something changed.
    """
    today = calendar.day(now)
    now_concerned = concerned(db, today)
    known = {one.person_id: one for one in everyone(db, target)}
    before = _attested_before(db, target)
    changed = 0
    for person in sorted(now_concerned):
        standing = known.get(person)
        if standing is None and person not in before:
            changed += begin(db, person, target, now, at_once=at_once)
        elif standing is not None and standing.suspended_on is not None:
            changed += _resume(db, standing, target, now, at_once=at_once)
        elif standing is not None and standing.by_hand:  # followed like the others from now on
            _update(db, person, target, "by_hand = 0")
    for person, standing in known.items():
        if person not in now_concerned and standing.suspended_on is None and not standing.by_hand:
            changed += suspend(db, person, target, today)
    return changed


def _attested_before(db: Database, target: Target) -> set[str]:
    rows = db.conn.execute(
        """SELECT person_id FROM attestation_people JOIN attestations USING (number)
           WHERE policy = ? AND version < ?""",
        (target.policy, _version(target)),
    )
    return {str(row[0]) for row in rows}


def begin(
    db: Database,
    person_id: str,
    target: Target,
    now: datetime,
    *,
    by_hand: bool = False,
    at_once: bool = False,
) -> bool:
    """Begin a person's onboarding, with its welcome. Return whether anything is new.

    `by_hand`: the administration asks it, of whomever they want. One that is suspended is resumed;
    one that is under way or done is left as it is, so that nothing is asked twice.
    """
    if place(db, person_id, target, now, by_hand=by_hand):
        _welcome(db, person_id, target, 1, now, at_once=at_once)
        return True
    found = standing(db, person_id, target)
    if not by_hand or found is None or found.suspended_on is None:
        return False
    _update(db, person_id, target, "by_hand = 1")
    return _resume(db, found, target, now, at_once=at_once)


def place(
    db: Database,
    person_id: str,
    target: Target,
    now: datetime,
    *,
    by_hand: bool = False,
    scope: Scope = "whole",
) -> bool:
    """Note that a version is to be read by a person, and say nothing. Return whether that is new."""
    done = db.conn.execute(
        """INSERT OR IGNORE INTO onboardings (person_id, policy, version, started_at, by_hand, scope)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (person_id, target.policy, _version(target), iso(now), int(by_hand), scope),
    )
    return done.rowcount == 1


def suspend(db: Database, person_id: str, target: Target, today: date) -> bool:
    """Stop what is said to a person; what they did is kept. Return whether it was under way."""
    done = _update(
        db,
        person_id,
        target,
        "suspended_on = ?, by_hand = 0",
        today.isoformat(),
        where="suspended_on IS NULL",
    )
    hush(db, person_id)
    return done


def _resume(db: Database, found: Standing, target: Target, now: datetime, *, at_once: bool) -> bool:
    _update(
        db,
        found.person_id,
        target,
        "suspended_on = NULL, started_at = ?, reminders = 0, round = round + 1",
        iso(now),
    )
    if not found.done and found.scope == "whole":  # of a revision, see `revision_audience`
        _welcome(db, found.person_id, target, found.round + 1, now, at_once=at_once)
    return True


def _welcome(
    db: Database, person_id: str, target: Target, turn: int, now: datetime, *, at_once: bool
) -> None:
    notify(db, person_id, WELCOME, target, str(turn), now=now, urgent=at_once)


def notify(
    db: Database,
    person_id: str,
    notice: Notice[VersionNotice],
    target: Target,
    end: str,
    *,
    now: datetime,
    urgent: bool = False,
) -> bool:
    """Have a notice sent to a person. Its arguments do not name them: two linked accounts get it once."""
    key = f"{notice.name}:{person_id}:{target.policy}:{target.version}:{end}"
    text = VersionNotice(target.policy, target.version)
    return outbox.enqueue(db, Delivery(key, f"person:{person_id}", notice, text, urgent), now)


def hush(db: Database, person_id: str) -> None:
    """Cancel what was still to be said to a person about their onboarding."""
    for notice in PERSONAL:
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = 'person:' || ? AND notice = ? AND state IN ('queued', 'held')""",
            (person_id, notice),
        )


# --- How far ----------------------------------------------------------------------------------


def delivered(db: Database, target: Target, calendar: Calendar) -> None:
    """Note for whom the outbox says that the welcome, or the notice of a revision, was sent.

    Of when, it knows the day.
    What only the administration was told, for want of any way to the person, reached nobody.
    """
    rows = db.conn.execute(
        """SELECT substr(recipient, 8), min(sent_day), route FROM outbox
           WHERE notice IN (?, ?) AND state = 'sent' AND recipient LIKE 'person:%' AND problem IS NULL
             AND json_extract(arguments, '$.policy') = ? AND json_extract(arguments, '$.version') = ?
             AND substr(recipient, 8) IN (SELECT id FROM people)
           GROUP BY recipient""",
        (WELCOME.name, REVISION.name, target.policy, _version(target)),
    )
    for person, day, route in rows.fetchall():
        moment = calendar.at(date.fromisoformat(day), time.min)
        attestations.note_fact(db, person, target, "delivered", platform=route or "", now=moment)


def standing(db: Database, person_id: str, target: Target) -> Standing | None:
    """Return where a person is, None when nothing was begun for them."""
    return next(iter(_standings(db, target, person_id)), None)


def everyone(db: Database, target: Target) -> list[Standing]:
    """Return where everyone is, those who began first coming first."""
    return _standings(db, target, None)


def _standings(db: Database, target: Target, person_id: str | None) -> list[Standing]:
    rows = db.conn.execute(
        """SELECT person_id, started_at, reminders, round, by_hand, suspended_on, refreshed, scope, questions
           FROM onboardings
           WHERE policy = :policy AND version = :version AND (:person IS NULL OR person_id = :person)
           ORDER BY started_at, rowid""",
        {"policy": target.policy, "version": _version(target), "person": person_id},
    )
    return [
        Standing(
            person,
            utc(started),
            reminders,
            turn,
            bool(by_hand),
            date.fromisoformat(suspended) if suspended else None,
            bool(refreshed),
            attestations.facts(db, person, target),
            scope,
            questions,
        )
        for person, started, reminders, turn, by_hand, suspended, refreshed, scope, questions in (
            rows.fetchall()
        )
    ]


def pages_read(db: Database, person_id: str, target: Target) -> set[str]:
    """Return the pages that a person has turned."""
    rows = db.conn.execute(
        "SELECT page FROM pages_read WHERE person_id = ? AND policy = ? AND version = ?",
        (person_id, target.policy, _version(target)),
    )
    return {str(row[0]) for row in rows}


def turn_page(db: Database, person_id: str, target: Target, page: str, today: date) -> None:
    """Note that a person has turned a page; twice, it is once."""
    db.conn.execute(
        """INSERT OR IGNORE INTO pages_read (person_id, policy, version, page, turned_on)
           VALUES (?, ?, ?, ?, ?)""",
        (person_id, target.policy, _version(target), page, today.isoformat()),
    )


def missing(steps: Mapping[Fact, datetime], needed: tuple[Fact, ...] = NEEDED) -> list[Fact]:
    """Return what must be done before attesting."""
    return [step for step in needed if step not in steps]


def drawn(db: Database, person_id: str, target: Target, questions: int) -> None:
    """Note how many questions were drawn for a person, on what a revision changed."""
    _update(db, person_id, target, "questions = ?", questions)


def reminded(db: Database, person_id: str, target: Target, reminders: int) -> None:
    """Note how many reminders a person had; that the administration was told of them counts as one more."""
    _update(db, person_id, target, "reminders = ?", reminders)


def refreshed(db: Database, person_id: str, target: Target) -> None:
    """Note that the refresher was proposed to a person."""
    _update(db, person_id, target, "refreshed = 1")


def attested(db: Database, attesting: Attesting, attest: Attest) -> bool:
    """Write a person's attestation, stop what was to be said to them, and tell the administration.

    Returns whether it is new: what was attested already is left as it is. Raises `ValueError` when
    something must be done before.
    """
    person, target = attesting.person_id, attesting.target
    done = attestations.facts(db, person, target)
    if "attested" in done:
        return False
    found = standing(db, person, target)
    left = missing(done, found.needed if found else NEEDED)
    if left:
        raise ValueError(left)
    attest(db, attesting)
    hush(db, person)
    key = f"{DONE.name}:{person}:{target.policy}:{target.version}"
    finished = DoneNotice(target.policy, target.version, person)
    outbox.enqueue(db, Delivery(key, TO_ADMINISTRATION, DONE, finished), attesting.at)
    return True


def _version(target: Target) -> str:
    return target.version.isoformat()


def _update(
    db: Database, person_id: str, target: Target, change: str, *values: object, where: str = "true"
) -> bool:
    done = db.conn.execute(
        f"""UPDATE onboardings SET {change}
            WHERE person_id = ? AND policy = ? AND version = ? AND {where}""",  # noqa: S608 — our own words only
        (*values, person_id, target.policy, _version(target)),
    )
    return done.rowcount == 1
