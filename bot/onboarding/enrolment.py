"""The people who must read the policy, and their progress: reading, quiz, attestation.

Delivered, opened, read, passed and attested are five facts. Each is recorded when it happens, and none is
inferred from another. Facts belong to a person, not an account, so people can continue on another platform.

A person must read the policy while they are an officer or an employee, while they hold a role reserved for
them, or when the administration requests it. Otherwise, they get no messages. If they return, they continue
where they stopped, and the days are counted again from the start.
"""

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
    """The arguments of a notice about a text: the policy's identifier and the version's adoption date."""

    policy: str
    version: date


@dataclass(frozen=True, slots=True)
class LateNotice(VersionNotice):
    """The arguments of the notice to the administration about late people: their identifiers."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoneNotice(VersionNotice):
    """The arguments of the notice to the administration about a person who finished."""

    person: str


@dataclass(frozen=True, slots=True)
class RevisionNotice(VersionNotice):
    """The arguments of a revision's notice. `asked`: the part of the text that the person must read."""

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

# The part that a person must read and answer about: the whole text, or a revision's changes.
Scope: TypeAlias = Literal["whole", "changes"]
NEEDED: Final[tuple[Fact, ...]] = ("read", "passed")  # steps before attesting to the whole text

# Only officers and employees can hold these roles.
_CONCERNED = (roles.VP_COMMUNICATIONS, roles.CONSEILLER, roles.CONSEIL)


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """The settings: reminder days, pass mark in per cent, and days until the refresher (0 for never)."""

    reminder_days: tuple[int, ...] = (3, 7, 14)
    pass_mark: int = 80
    refresher_days: int = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's onboarding. `by_hand`: requested by the administration.

    `round`: how many times the person has come back. `reminders`: how many were sent, plus one once the
    administration was told that the person is late. `questions`: how many questions were drawn about a
    revision's changes.
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
        """The remaining steps before attesting. A revision without any current question needs no quiz."""
        needed = NEEDED if self.scope == "whole" or self.questions else NEEDED[:1]
        return [step for step in needed if step not in self.steps]

    @property
    def done(self) -> bool:
        """Whether they have attested, so that nothing more is required."""
        return "attested" in self.steps

    @property
    def active(self) -> bool:
        """Whether something is still required of them."""
        return not self.done and self.suspended_on is None

    def late(self, plan: OnboardingPlan, calendar: Calendar, today: date) -> bool:
        """Return whether the onboarding is active and past the day of the last reminder."""
        days = (today - calendar.day(self.started_at)).days
        return self.active and bool(plan.reminder_days) and days > max(plan.reminder_days)


# --- People who must read the policy ------------------------------------------------------------


def concerned(db: Database, today: date) -> set[str]:
    """Return the officers and employees, as known from groups, manual entries or roles."""
    members = {*membership.members(db, "officer"), *membership.members(db, "employee")}
    return members.union(*(roles.holders(db, role, today) for role in _CONCERNED))


def hush(db: Database, person: str) -> None:
    """Cancel the onboarding messages that are queued for a person."""
    for notice in PERSONAL:
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = 'person:' || ? AND notice = ? AND state IN ('queued', 'held')""",
            (person, notice),
        )


# --- The onboardings for a text -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Onboardings:
    """Everyone's onboarding for a text, in the caller's transaction."""

    db: Database
    target: Target

    @property
    def _key(self) -> tuple[str, str]:
        return self.target.policy, self.target.version.isoformat()

    def standing(self, person: str) -> Standing | None:
        """Return a person's onboarding, if any."""
        return next(iter(self.standings(person)), None)

    def standings(self, person: str | None = None) -> list[Standing]:
        """Return the onboardings of one person or everyone, oldest first."""
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
        """Begin, suspend or resume onboardings as people become or stop being officers or employees.

        Call it in the transaction of every change to the registry, and once a day. It compares members with
        onboardings as they are now, so it never misses a change. `at_once`: send the welcome even outside
        working hours, since someone has just acted. People who attested to an earlier version are skipped,
        because revisions have their own notices. Returns how many onboardings changed.
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
            elif standing.by_hand:  # required anyway, so no longer by hand
                self.update(person, by_hand=0)
        for person, standing in standings.items():
            if person not in present and standing.suspended_on is None and not standing.by_hand:
                self.suspend(person, today)
                changed += 1
        return changed

    def begin(self, person: str, now: datetime, *, by_hand: bool = False, at_once: bool = False) -> bool:
        """Begin a person's onboarding and send the welcome. Return whether anything changed.

        `by_hand`: the administration requests it, for anyone. A suspended onboarding is then resumed. An
        active or completed one does not change, so that nothing is requested twice.
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
        """Store a person's new onboarding without sending a message. Return False if they have one."""
        cursor = self.db.conn.execute(
            """INSERT OR IGNORE INTO onboardings (person_id, policy, version, started_at, by_hand, scope)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (person, *self._key, iso(now), int(by_hand), scope),
        )
        return cursor.rowcount == 1

    def suspend(self, person: str, today: date) -> None:
        """Stop the messages to a person. Their progress is kept."""
        self.update(person, suspended_on=today.isoformat(), by_hand=0)
        hush(self.db, person)

    def _resume(self, standing: Standing, now: datetime, *, at_once: bool) -> None:
        person, turn = standing.person_id, standing.round + 1
        self.update(person, suspended_on=None, started_at=iso(now), reminders=0, round=turn)
        if not standing.done and standing.scope == "whole":  # for a revision, see `bot.revision.audience`
            self.notify(person, WELCOME, str(turn), now, urgent=at_once)

    def update(self, person: str, **columns: str | int | None) -> None:
        """Set columns of a person's onboarding, such as `reminders`, `questions` or `refreshed`."""
        changes = ", ".join(f"{column} = ?" for column in columns)
        self.db.conn.execute(
            f"UPDATE onboardings SET {changes} WHERE person_id = ? AND policy = ? AND version = ?",  # noqa: S608 — no user input
            (*columns.values(), person, *self._key),
        )

    def notify(
        self, person: str, notice: Notice[VersionNotice], end: str, now: datetime, *, urgent: bool = False
    ) -> None:
        """Queue a notice to a person, once per `end`. The arguments omit the person: accounts can merge."""
        policy, version = self.target.policy, self.target.version
        key = f"{notice.name}:{person}:{policy}:{version}:{end}"
        text = VersionNotice(policy, version)
        outbox.enqueue(self.db, Delivery(key, f"person:{person}", notice, text, urgent), now)

    def note_delivered(self, calendar: Calendar) -> None:
        """Record the people whose welcome or revision notice was sent. The outbox stores only the day.

        A message does not count when the person could not be reached and the administration got it instead.
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
        """Record the first time that a person turned a page."""
        self.db.conn.execute(
            """INSERT OR IGNORE INTO pages_read (person_id, policy, version, page, turned_on)
               VALUES (?, ?, ?, ?, ?)""",
            (person, *self._key, page, today.isoformat()),
        )

    def attest(self, attesting: Attesting, attest: Attest) -> None:
        """Attest, cancel the person's queued messages, and notify the administration.

        Does nothing when they have already attested. Raises `ValueError` when a step is missing.
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
