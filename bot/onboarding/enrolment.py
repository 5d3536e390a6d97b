"""The people who must read the policy, and their progress: reading, quiz, attestation.

Delivered, opened, read, passed and attested are five facts, each noted when it happens and none inferred
from another. They belong to a person, not to an account: one can continue on another platform.

A person is concerned while they are an officer or an employee, or hold a role that only those hold, or when
the administration asks. Once they no longer are, they get no more messages; if they return, they continue
where they stopped, and the days are counted anew.
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
from bot.register.attestations import Attest, Attesting, Fact, Target
from bot.times import Calendar, iso, utc

STEPS: Final[tuple[Fact, ...]] = ("delivered", "opened", "read", "passed", "attested")


@dataclass(frozen=True, slots=True)
class VersionNotice:
    """The arguments of a notice about a text: the policy's identifier, the version's adoption day."""

    policy: str
    version: date


@dataclass(frozen=True, slots=True)
class LateNotice(VersionNotice):
    """The arguments of the notice to the administration about late people, by their identifiers."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoneNotice(VersionNotice):
    """The arguments of the notice to the administration about a person who finished."""

    person: str


@dataclass(frozen=True, slots=True)
class RevisionNotice(VersionNotice):
    """The arguments of the notice of a revision. `asked`: the part of the text that the person must read."""

    asked: Literal["nothing", "changes", "whole"]


WELCOME: Final = Notice("accueil-bienvenue", "l'accueil d'une personne", VersionNotice)
REMINDER: Final = Notice("accueil-rappel", "un rappel de l'accueil", VersionNotice)
REFRESHER: Final = Notice("accueil-revision", "une révision à faire", VersionNotice)
LATE: Final = Notice("accueil-retards", "les retards de l'accueil", LateNotice)
DONE: Final = Notice("accueil-termine", "un accueil terminé", DoneNotice)
REVISION: Final = Notice("revision-avis", "l'avis d'une révision", RevisionNotice)
REVISION_REMINDER: Final = Notice("revision-rappel", "un rappel au sujet d'une révision", VersionNotice)
# The notices that are cancelled when the onboarding stops.
PERSONAL: Final = tuple(notice.name for notice in (WELCOME, REMINDER, REFRESHER, REVISION, REVISION_REMINDER))

TO_ADMINISTRATION: Final = f"role:{roles.ADMINISTRATION}"

# What a person reads and is asked about: the whole text, or what a revision changed.
Scope: TypeAlias = Literal["whole", "changes"]
NEEDED: Final[tuple[Fact, ...]] = ("read", "passed")  # before attesting the whole text

# Only officers and employees can hold these roles.
_CONCERNED = (roles.VP_COMMUNICATIONS, roles.CONSEILLER, roles.CONSEIL)


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """The settings: days of the reminders, pass mark in per cent, days until the refresher (0 is never)."""

    reminder_days: tuple[int, ...] = (3, 7, 14)
    pass_mark: int = 80
    refresher_days: int = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's onboarding. `by_hand`: the administration asked it. `round`: grows at each return.

    `reminders`: how many were sent; one more once the administration was told. `questions`: how many were
    drawn about what a revision changed.
    """

    person_id: str
    started_at: datetime
    suspended_on: date | None
    steps: Mapping[Fact, datetime]
    reminders: int
    round: int
    by_hand: bool
    refreshed: bool
    scope: Scope
    questions: int

    @property
    def needed(self) -> tuple[Fact, ...]:
        """The steps before attesting; a revision without any current question needs no quiz."""
        return NEEDED if self.scope == "whole" or self.questions else NEEDED[:1]

    @property
    def missing(self) -> list[Fact]:
        """The steps left before attesting."""
        return [step for step in self.needed if step not in self.steps]

    @property
    def done(self) -> bool:
        """Whether they have attested, after which nothing more is asked."""
        return "attested" in self.steps

    @property
    def active(self) -> bool:
        """Whether something is still asked of them."""
        return not self.done and self.suspended_on is None

    def late(self, plan: OnboardingPlan, calendar: Calendar, today: date) -> bool:
        """Return whether the day of the last reminder is past."""
        days = (today - calendar.day(self.started_at)).days
        return self.active and bool(plan.reminder_days) and days > max(plan.reminder_days)


# --- Who --------------------------------------------------------------------------------------


def concerned(db: Database, today: date) -> set[str]:
    """Return the officers and employees, by the groups, by hand or by their roles."""
    members = {*membership.members(db, "officer"), *membership.members(db, "employee")}
    return members.union(*(roles.holders(db, role, today) for role in _CONCERNED))


def follow(db: Database, target: Target, calendar: Calendar, now: datetime, *, at_once: bool = False) -> int:
    """Begin the onboardings of new officers and employees, suspend those of former ones, resume on return.

    Call it in the transaction of every change of the registry, and once a day: it compares, and so misses
    nothing. `at_once`: the welcome does not wait for working hours, since someone has just acted. People who
    attested an earlier version are skipped: revisions have their own notices. Return how many changed.
    """
    today = calendar.day(now)
    present = concerned(db, today)
    stored = {known.person_id: known for known in standings(db, target)}
    rows = db.conn.execute(
        """SELECT person_id FROM attestation_people JOIN attestations USING (number)
           WHERE policy = ? AND version < ?""",
        (target.policy, target.version.isoformat()),
    )
    attested_before = {str(row[0]) for row in rows}
    changed = 0
    for person in sorted(present):
        known = stored.get(person)
        if known is None:
            if person not in attested_before:
                changed += begin(db, person, target, now, at_once=at_once)
        elif known.suspended_on is not None:
            _resume(db, known, target, now, at_once=at_once)
            changed += 1
        elif known.by_hand:  # followed like the others from now on
            update_onboarding(db, person, target, by_hand=0)
    for person, known in stored.items():
        if person not in present and known.suspended_on is None and not known.by_hand:
            suspend(db, person, target, today)
            changed += 1
    return changed


def begin(
    db: Database,
    person_id: str,
    target: Target,
    now: datetime,
    *,
    by_hand: bool = False,
    at_once: bool = False,
) -> bool:
    """Begin a person's onboarding, with its welcome. Return whether anything changed.

    `by_hand`: the administration asks it, of anyone; a suspended onboarding is then resumed. One that is
    under way or done does not change, so that nothing is asked twice.
    """
    if place(db, person_id, target, now, by_hand=by_hand):
        notify(db, person_id, WELCOME, target, "1", now=now, urgent=at_once)
        return True
    known = standing(db, person_id, target)
    if not by_hand or known is None or known.suspended_on is None:
        return False
    update_onboarding(db, person_id, target, by_hand=1)
    _resume(db, known, target, now, at_once=at_once)
    return True


def place(
    db: Database,
    person_id: str,
    target: Target,
    now: datetime,
    *,
    by_hand: bool = False,
    scope: Scope = "whole",
) -> bool:
    """Store a person's new onboarding without any message. Return False when they already have one."""
    cursor = db.conn.execute(
        """INSERT OR IGNORE INTO onboardings (person_id, policy, version, started_at, by_hand, scope)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (person_id, target.policy, target.version.isoformat(), iso(now), int(by_hand), scope),
    )
    return cursor.rowcount == 1


def suspend(db: Database, person_id: str, target: Target, today: date) -> None:
    """Stop the messages to a person; their progress stays stored."""
    update_onboarding(db, person_id, target, suspended_on=today.isoformat(), by_hand=0)
    hush(db, person_id)


def _resume(db: Database, known: Standing, target: Target, now: datetime, *, at_once: bool) -> None:
    turn = known.round + 1
    changes = {"suspended_on": None, "started_at": iso(now), "reminders": 0, "round": turn}
    update_onboarding(db, known.person_id, target, **changes)
    if not known.done and known.scope == "whole":  # of a revision, see `bot.revision.audience`
        notify(db, known.person_id, WELCOME, target, str(turn), now=now, urgent=at_once)


def update_onboarding(db: Database, person_id: str, target: Target, **columns: str | int | None) -> None:
    """Set columns of a person's onboarding, such as `reminders`, `questions` or `refreshed`."""
    changes = ", ".join(f"{column} = ?" for column in columns)
    db.conn.execute(
        f"UPDATE onboardings SET {changes} WHERE person_id = ? AND policy = ? AND version = ?",  # noqa: S608 — our own names
        (*columns.values(), person_id, target.policy, target.version.isoformat()),
    )


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
    """Send a person a notice, once for each `end`. Its arguments do not name them, since accounts merge."""
    key = f"{notice.name}:{person_id}:{target.policy}:{target.version}:{end}"
    text = VersionNotice(target.policy, target.version)
    return outbox.enqueue(db, Delivery(key, f"person:{person_id}", notice, text, urgent), now)


def hush(db: Database, person_id: str) -> None:
    """Cancel the onboarding messages that wait to be sent to a person."""
    for notice in PERSONAL:
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = 'person:' || ? AND notice = ? AND state IN ('queued', 'held')""",
            (person_id, notice),
        )


# --- How far ----------------------------------------------------------------------------------


def note_delivered(db: Database, target: Target, calendar: Calendar) -> None:
    """Note the people whose welcome, or notice of a revision, the outbox has sent; it knows the day only.

    A message that only the administration got, since the person could not be reached, does not count.
    """
    rows = db.conn.execute(
        """SELECT substr(recipient, 8), min(sent_day), route FROM outbox
           WHERE notice IN (?, ?) AND state = 'sent' AND recipient LIKE 'person:%' AND problem IS NULL
             AND json_extract(arguments, '$.policy') = ? AND json_extract(arguments, '$.version') = ?
             AND substr(recipient, 8) IN (SELECT id FROM people)
           GROUP BY recipient""",
        (WELCOME.name, REVISION.name, target.policy, target.version.isoformat()),
    )
    for person, day, route in rows.fetchall():
        moment = calendar.at(date.fromisoformat(day), time.min)
        attestations.note_fact(db, person, target, "delivered", platform=route or "", now=moment)


def standing(db: Database, person_id: str, target: Target) -> Standing | None:
    """Return a person's onboarding, None when there is none."""
    return next(iter(standings(db, target, person_id)), None)


def standings(db: Database, target: Target, person_id: str | None = None) -> list[Standing]:
    """Return the onboardings on a text, the oldest first; of one person, or of everyone."""
    rows = db.conn.execute(
        """SELECT person_id, started_at, suspended_on, reminders, round, by_hand, refreshed, scope, questions
           FROM onboardings
           WHERE policy = :policy AND version = :version AND (:person IS NULL OR person_id = :person)
           ORDER BY started_at, rowid""",
        {"policy": target.policy, "version": target.version.isoformat(), "person": person_id},
    )
    return [
        Standing(
            person,
            utc(started),
            date.fromisoformat(suspended) if suspended else None,
            attestations.facts(db, person, target),
            *others,
        )
        for person, started, suspended, *others in rows.fetchall()
    ]


def pages_read(db: Database, person_id: str, target: Target) -> set[str]:
    """Return the names of the pages that a person has turned."""
    rows = db.conn.execute(
        "SELECT page FROM pages_read WHERE person_id = ? AND policy = ? AND version = ?",
        (person_id, target.policy, target.version.isoformat()),
    )
    return {str(row[0]) for row in rows}


def turn_page(db: Database, person_id: str, target: Target, page: str, today: date) -> None:
    """Note that a person turned a page, the first time only."""
    db.conn.execute(
        """INSERT OR IGNORE INTO pages_read (person_id, policy, version, page, turned_on)
           VALUES (?, ?, ?, ?, ?)""",
        (person_id, target.policy, target.version.isoformat(), page, today.isoformat()),
    )


def attest_reading(db: Database, attesting: Attesting, attest: Attest) -> bool:
    """Attest, cancel the messages that wait for the person, and tell the administration.

    Return False when they had attested already. Raises `ValueError` when a step is missing.
    """
    person, target = attesting.person_id, attesting.target
    done, known = attestations.facts(db, person, target), standing(db, person, target)
    if "attested" in done:
        return False
    missing = [step for step in (known.needed if known else NEEDED) if step not in done]
    if missing:
        raise ValueError(missing)
    attest(db, attesting)
    hush(db, person)
    key = f"{DONE.name}:{person}:{target.policy}:{target.version}"
    finished = DoneNotice(target.policy, target.version, person)
    outbox.enqueue(db, Delivery(key, TO_ADMINISTRATION, DONE, finished), attesting.at)
    return True
