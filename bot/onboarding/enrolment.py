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
    def missing(self) -> list[Fact]:
        """The steps left before attesting; a revision without any current question needs no quiz."""
        needed = NEEDED if self.scope == "whole" or self.questions else NEEDED[:1]
        return [step for step in needed if step not in self.steps]

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


# --- Who is concerned -------------------------------------------------------------------------


def concerned(db: Database, today: date) -> set[str]:
    """Return the officers and employees, by the groups, by hand or by their roles."""
    members = {*membership.members(db, "officer"), *membership.members(db, "employee")}
    return members.union(*(roles.holders(db, role, today) for role in _CONCERNED))


def hush(db: Database, person: str) -> None:
    """Cancel the onboarding messages that wait to be sent to a person."""
    for notice in PERSONAL:
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = 'person:' || ? AND notice = ? AND state IN ('queued', 'held')""",
            (person, notice),
        )


# --- The onboardings on a text ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Onboardings:
    """Everyone's onboarding on a text, in the caller's transaction."""

    db: Database
    target: Target

    @property
    def _key(self) -> tuple[str, str]:
        return self.target.policy, self.target.version.isoformat()

    def standing(self, person: str) -> Standing | None:
        """Return a person's onboarding, None when there is none."""
        return next(iter(self.standings(person)), None)

    def standings(self, person: str | None = None) -> list[Standing]:
        """Return the onboardings, the oldest first; of one person, or of everyone."""
        rows = self.db.conn.execute(
            """SELECT person_id, started_at, suspended_on, reminders, round, by_hand, refreshed, scope,
                      questions
               FROM onboardings WHERE policy = ? AND version = ? AND person_id = coalesce(?, person_id)
               ORDER BY started_at, rowid""",
            (*self._key, person),
        )
        return [
            Standing(
                person,
                utc(started),
                date.fromisoformat(suspended) if suspended else None,
                attestations.facts(self.db, person, self.target),
                *others,
            )
            for person, started, suspended, *others in rows.fetchall()
        ]

    def follow(self, calendar: Calendar, now: datetime, *, at_once: bool = False) -> int:
        """Begin the onboardings of new officers and employees, suspend those of former ones, or resume.

        Call it in the transaction of every change of the registry, and once a day: it compares, and so
        misses nothing. `at_once`: the welcome does not wait for working hours, since someone has just acted.
        People who attested an earlier version are skipped: revisions have their own notices. Return how many
        changed.
        """
        today = calendar.day(now)
        present = concerned(self.db, today)
        standings = {standing.person_id: standing for standing in self.standings()}
        rows = self.db.conn.execute(
            """SELECT person_id FROM attestation_people JOIN attestations USING (number)
               WHERE policy = ? AND version < ?""",
            self._key,
        )
        attested_before = {str(row[0]) for row in rows}
        changed = 0
        for person in sorted(present):
            standing = standings.get(person)
            if standing is None:
                if person not in attested_before:
                    changed += self.begin(person, now, at_once=at_once)
            elif standing.suspended_on is not None:
                self._resume(standing, now, at_once=at_once)
                changed += 1
            elif standing.by_hand:  # followed like the others from now on
                self.update(person, by_hand=0)
        for person, standing in standings.items():
            if person not in present and standing.suspended_on is None and not standing.by_hand:
                self.suspend(person, today)
                changed += 1
        return changed

    def begin(self, person: str, now: datetime, *, by_hand: bool = False, at_once: bool = False) -> bool:
        """Begin a person's onboarding, with its welcome. Return whether anything changed.

        `by_hand`: the administration asks it, of anyone; a suspended onboarding is then resumed. One that is
        under way or done does not change, so that nothing is asked twice.
        """
        if self.place(person, now, by_hand=by_hand):
            self.notify(person, WELCOME, "1", now, urgent=at_once)
            return True
        standing = self.standing(person)
        if not by_hand or standing is None or standing.suspended_on is None:
            return False
        self.update(person, by_hand=1)
        self._resume(standing, now, at_once=at_once)
        return True

    def place(self, person: str, now: datetime, *, by_hand: bool = False, scope: Scope = "whole") -> bool:
        """Store a person's new onboarding without any message. Return False when they already have one."""
        cursor = self.db.conn.execute(
            """INSERT OR IGNORE INTO onboardings (person_id, policy, version, started_at, by_hand, scope)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (person, *self._key, iso(now), int(by_hand), scope),
        )
        return cursor.rowcount == 1

    def suspend(self, person: str, today: date) -> None:
        """Stop the messages to a person; their progress stays stored."""
        self.update(person, suspended_on=today.isoformat(), by_hand=0)
        hush(self.db, person)

    def _resume(self, standing: Standing, now: datetime, *, at_once: bool) -> None:
        person, turn = standing.person_id, standing.round + 1
        self.update(person, suspended_on=None, started_at=iso(now), reminders=0, round=turn)
        if not standing.done and standing.scope == "whole":  # of a revision, see `bot.revision.audience`
            self.notify(person, WELCOME, str(turn), now, urgent=at_once)

    def update(self, person: str, **columns: str | int | None) -> None:
        """Set columns of a person's onboarding, such as `reminders`, `questions` or `refreshed`."""
        changes = ", ".join(f"{column} = ?" for column in columns)
        self.db.conn.execute(
            f"UPDATE onboardings SET {changes} WHERE person_id = ? AND policy = ? AND version = ?",  # noqa: S608 — our own names
            (*columns.values(), person, *self._key),
        )

    def notify(
        self, person: str, notice: Notice[VersionNotice], end: str, now: datetime, *, urgent: bool = False
    ) -> None:
        """Send a person a notice, once for each `end`. Its arguments do not name them: accounts merge."""
        policy, version = self.target.policy, self.target.version
        key = f"{notice.name}:{person}:{policy}:{version}:{end}"
        text = VersionNotice(policy, version)
        outbox.enqueue(self.db, Delivery(key, f"person:{person}", notice, text, urgent), now)

    def note_delivered(self, calendar: Calendar) -> None:
        """Note the people whose welcome, or notice of a revision, the outbox has sent; it knows the day only.

        A message that only the administration got, since the person could not be reached, does not count.
        """
        rows = self.db.conn.execute(
            """SELECT substr(recipient, 8), min(sent_day), route FROM outbox
               WHERE notice IN (?, ?) AND state = 'sent' AND recipient LIKE 'person:%' AND problem IS NULL
                 AND json_extract(arguments, '$.policy') = ? AND json_extract(arguments, '$.version') = ?
                 AND substr(recipient, 8) IN (SELECT id FROM people)
               GROUP BY recipient""",
            (WELCOME.name, REVISION.name, *self._key),
        )
        for person, day, route in rows.fetchall():
            at = calendar.at(date.fromisoformat(day), time.min)
            attestations.note_fact(self.db, person, self.target, "delivered", platform=route or "", now=at)

    def pages_read(self, person: str) -> set[str]:
        """Return the names of the pages that a person has turned."""
        rows = self.db.conn.execute(
            "SELECT page FROM pages_read WHERE person_id = ? AND policy = ? AND version = ?",
            (person, *self._key),
        )
        return {str(row[0]) for row in rows}

    def turn_page(self, person: str, page: str, today: date) -> None:
        """Note that a person turned a page, the first time only."""
        self.db.conn.execute(
            """INSERT OR IGNORE INTO pages_read (person_id, policy, version, page, turned_on)
               VALUES (?, ?, ?, ?, ?)""",
            (person, *self._key, page, today.isoformat()),
        )

    def attest(self, attesting: Attesting, attest: Attest) -> None:
        """Attest, cancel the messages that wait for the person, and tell the administration.

        Do nothing when they had attested already. Raises `ValueError` when a step is missing.
        """
        person, standing = attesting.person_id, self.standing(attesting.person_id)
        if standing is None or standing.missing:
            raise ValueError(standing.missing if standing else NEEDED)
        if standing.done:
            return
        attest(self.db, attesting)
        hush(self.db, person)
        policy, version = self.target.policy, self.target.version
        key, finished = f"{DONE.name}:{person}:{policy}:{version}", DoneNotice(policy, version, person)
        outbox.enqueue(self.db, Delivery(key, TO_ADMINISTRATION, DONE, finished), attesting.at)
