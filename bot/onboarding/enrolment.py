"""The people who must read the policy, and their progress: reading, quiz, attestation.

Delivered, opened, read, passed and attested are five facts. Each is recorded when it happens, and none is
inferred from another. Facts belong to a person, not an account, so people can continue on another platform.

A person must read the policy while they are an officer or an employee, while they hold a role whose holders
must read it, or when the administration requests it. Otherwise, they get no messages. If they return, they
continue where they stopped, and the days before reminders are counted again from zero.

A person's due date is the one that a message gave them. It is set when that message is delivered (`DueDates`)
and does not change afterwards. A person without a due date is never late.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.outbox import rows as outbox
from bot.outbox.notices import Notice, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import membership, roles
from bot.people.persons import Account
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
    """The arguments of the notice to the administration about late people. `people`: their identifiers."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoneNotice(VersionNotice):
    """The arguments of the notice to the administration that a person finished. `person`: their id."""

    person: str


@dataclass(frozen=True, slots=True)
class AskedReminderNotice(VersionNotice):
    """The arguments of a reminder that a person asked for. `day`: the day that they chose."""

    day: date


@dataclass(frozen=True, slots=True)
class RevisionNotice(VersionNotice):
    """The arguments of a revision's notice. `asked`: the part of the text that the person must read."""

    asked: Literal["nothing", "changes", "whole"]


WELCOME: Final = Notice("accueil-bienvenue", "l'accueil d'une personne", VersionNotice)
REMINDER: Final = Notice("accueil-rappel", "un rappel de l'accueil", VersionNotice)
ASKED_REMINDER: Final = Notice("accueil-rappel-demande", "un rappel demandé", AskedReminderNotice)
SHARING: Final = Notice("accueil-equipe", "ce qui est dit à l'équipe de l'accueil", VersionNotice)
REFRESHER: Final = Notice("accueil-revision", "une révision à faire", VersionNotice)
LATE: Final = Notice("accueil-retards", "les retards de l'accueil", LateNotice)
DONE: Final = Notice("accueil-termine", "un accueil terminé", DoneNotice)
REVISION: Final = Notice("revision-avis", "l'avis d'une révision", RevisionNotice)
REVISION_REMINDER: Final = Notice("revision-rappel", "un rappel au sujet d'une révision", VersionNotice)
# The notices to a person that are cancelled when their onboarding stops.
PERSONAL: Final = tuple(
    notice.name for notice in (WELCOME, REMINDER, SHARING, REFRESHER, REVISION, REVISION_REMINDER)
)

# SQL, in a query on `onboardings`: the day of the reminder that a person asked for and has not received yet.
REMINDER_DAY: Final = f"""(SELECT json_extract(arguments, '$.day') FROM outbox
  WHERE recipient = 'person:' || onboardings.person_id AND notice = '{ASKED_REMINDER.name}'
    AND state IN ('queued', 'held', 'sending')
    AND json_extract(arguments, '$.policy') = onboardings.policy
    AND json_extract(arguments, '$.version') = onboardings.version)"""  # noqa: S608 — constants

TO_ADMINISTRATION: Final = f"role:{roles.ADMINISTRATION}"

# What a person must read and be quizzed on: the whole text, or a revision's changes.
Scope: TypeAlias = Literal["whole", "changes"]
NEEDED: Final[tuple[Fact, ...]] = ("read", "passed")  # steps before attesting to the whole text


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """The settings of the onboarding.

    `reminder_days`: the days after its start on which reminders are sent. `pass_mark`: in per cent.
    `refresher_days`: the days from a passed quiz to the refresher, 0 for none. `due_days`: the days from the
    delivery of the welcome to the due date, 0 for no due date.
    """

    reminder_days: tuple[int, ...] = (3, 7, 14)
    pass_mark: int = 80
    refresher_days: int = 30
    due_days: int = 14


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's onboarding. `by_hand`: whether only the administration's request requires it.

    `round`: how many times the onboarding began or was resumed. `reminders`: the number of reminders sent in
    this round, plus one once the administration was told that the person is late. `questions`: the number of
    questions drawn about a revision's changes. `due_on`: the due date that the person was given. `remind_on`:
    the day of the reminder that they asked for and have not received yet. `quizzed`: whether the policy has a
    quiz.
    """

    person_id: str
    started_at: datetime
    suspended_on: date | None
    steps: Mapping[Fact, datetime]
    due_on: date | None
    remind_on: date | None
    reminders: int
    round: int
    by_hand: bool
    refreshed: bool
    scope: Scope
    questions: int
    quizzed: bool = True

    @property
    def missing(self) -> list[Fact]:
        """The steps left before attesting. The quiz is not one of them if it would have no questions."""
        quizzed = self.quizzed if self.scope == "whole" else self.questions
        needed = NEEDED if quizzed else NEEDED[:1]
        return [step for step in needed if step not in self.steps]

    @property
    def done(self) -> bool:
        """Whether the person has attested, so that nothing more is required of them."""
        return "attested" in self.steps

    @property
    def active(self) -> bool:
        """Whether something is still required of the person."""
        return not self.done and self.suspended_on is None

    def late(self, today: date) -> bool:
        """Return whether the onboarding is active and its due date is past."""
        return self.active and self.due_on is not None and today > self.due_on


# --- People who must read the policy ------------------------------------------------------------


def concerned(db: Database, today: date) -> set[str]:
    """Return the ids of the people who must read the policies: officers, employees, holders of some roles."""
    members = {*membership.members(db, "officer"), *membership.members(db, "employee")}
    return members.union(*(roles.holders(db, role, today) for role in roles.reading_roles(db)))


def hush(db: Database, person: str, policy: str) -> None:
    """Cancel a person's queued messages about a policy, and delete the reminder that they asked for."""
    forget_asked_reminder(db, person, policy)
    for notice in PERSONAL:
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = 'person:' || ? AND notice = ? AND state IN ('queued', 'held')
                 AND json_extract(arguments, '$.policy') = ?""",
            (person, notice, policy),
        )


def forget_asked_reminder(db: Database, person: str, policy: str | None = None) -> int:
    """Delete the reminder that a person asked for, unless it was sent. Return the number of rows deleted.

    `policy`: the policy that the reminder is about, None for any policy.
    """
    return db.conn.execute(
        """DELETE FROM outbox WHERE recipient = 'person:' || ? AND notice = ?
             AND state IN ('queued', 'held', 'cancelled')
             AND json_extract(arguments, '$.policy') = coalesce(?, json_extract(arguments, '$.policy'))""",
        (person, ASKED_REMINDER.name, policy),
    ).rowcount


# --- The onboardings for a text -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Onboardings:
    """Everyone's onboarding on a text, in the caller's transaction. `quizzed`: as in `Standing`."""

    db: Database
    target: Target
    quizzed: bool = True

    @property
    def _key(self) -> tuple[str, str]:
        return self.target.policy, self.target.version.isoformat()

    def standing(self, person: str) -> Standing | None:
        """Return a person's onboarding, if any."""
        return next(iter(self.standings(person)), None)

    def standings(self, person: str | None = None) -> list[Standing]:
        """Return the onboardings of one person or everyone, oldest first."""
        rows = self.db.conn.execute(
            f"""SELECT person_id, started_at, suspended_on, due_on, {REMINDER_DAY},
                 reminders, round, by_hand, refreshed, scope, questions
               FROM onboardings LEFT JOIN due_dates USING (person_id, policy, version)
               WHERE policy = :policy AND version = :version AND person_id = coalesce(:person, person_id)
               ORDER BY started_at, onboardings.rowid""",  # noqa: S608 — a constant
            {
                "policy": self.target.policy,
                "version": self.target.version.isoformat(),
                "person": person,
            },
        )
        return [
            Standing(
                person,
                utc(started),
                _day(suspended),
                attestations.facts(self.db, person, self.target),
                _day(due_on),
                _day(remind_on),
                *(*others, self.quizzed),
            )
            for person, started, suspended, due_on, remind_on, *others in rows.fetchall()
        ]

    def follow(self, calendar: Calendar, now: datetime, *, at_once: bool = False) -> int:
        """Begin, suspend or resume onboardings as people become or stop being officers or employees.

        Call this in the transaction of every change to the registry, and once a day. It compares today's
        members with the stored onboardings, so it never misses a change. `at_once`: send the welcome even
        outside working hours. People who attested to an earlier version are skipped, because revisions have
        their own notices. Return how many onboardings changed.
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
            elif standing.by_hand:  # now required without the administration's request
                self.update(person, by_hand=0)
        for person, standing in standings.items():
            if person not in present and standing.suspended_on is None and not standing.by_hand:
                self.suspend(person, today)
                changed += 1
        return changed

    def begin(self, person: str, now: datetime, *, by_hand: bool = False, at_once: bool = False) -> bool:
        """Begin a person's onboarding and queue the welcome. Return whether anything changed.

        `by_hand`: the administration requests it, which also resumes a suspended onboarding. An active or
        completed onboarding does not change.
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
        """Store a new onboarding for a person, without a message. Return False if they already had one."""
        cursor = self.db.conn.execute(
            """INSERT OR IGNORE INTO onboardings (person_id, policy, version, started_at, by_hand, scope)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (person, *self._key, iso(now), int(by_hand), scope),
        )
        return cursor.rowcount == 1

    def suspend(self, person: str, today: date) -> None:
        """Suspend a person's onboarding: they get no more messages, and keep their progress."""
        self.update(person, suspended_on=today.isoformat(), by_hand=0)
        hush(self.db, person, self.target.policy)

    def _resume(self, standing: Standing, now: datetime, *, at_once: bool) -> None:
        person, turn = standing.person_id, standing.round + 1
        self.update(person, suspended_on=None, started_at=iso(now), reminders=0, round=turn)
        self.db.conn.execute(
            "DELETE FROM due_dates WHERE person_id = ? AND policy = ? AND version = ?", (person, *self._key)
        )
        if not standing.done and standing.scope == "whole":  # for a revision, `bot.revision.audience` does it
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
        """Queue a notice to a person, unless the same notice was queued with the same `end`.

        `end`: the last part of the row's key. The notice's arguments do not name the person, because their id
        may change when accounts are linked.
        """
        policy, version = self.target.policy, self.target.version
        key = f"{notice.name}:{person}:{policy}:{version}:{end}"
        text = VersionNotice(policy, version)
        outbox.enqueue(self.db, Delivery(key, f"person:{person}", notice, text, urgent), now)

    def note_delivered(self, calendar: Calendar) -> None:
        """Record that people received their welcome or revision notice, on the day stored in the outbox.

        A message that went to the administration, because the person could not be reached, does not count.
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

    def ask_reminder(
        self, person: str, day: date, account: Account, calendar: Calendar, now: datetime
    ) -> None:
        """Queue the reminder that a person asks for from `account`, in place of an earlier one.

        It is sent on the day that they chose, even if it is a day off.
        """
        forget_asked_reminder(self.db, person, self.target.policy)
        policy, version = self.target.policy, self.target.version
        key = f"{ASKED_REMINDER.name}:{person}:{policy}:{version}:{day}"
        reminder = AskedReminderNotice(policy, version, day)
        due_at = calendar.at(day, calendar.opens)
        to, account_id = f"person:{person}", str(account)
        delivery = Delivery(key, to, ASKED_REMINDER, reminder, urgent=True, due_at=due_at, asked=account_id)
        outbox.enqueue(self.db, delivery, now)

    def pages_read(self, person: str) -> set[str]:
        """Return the names of the pages that a person has read."""
        rows = self.db.conn.execute(
            "SELECT page FROM pages_read WHERE person_id = ? AND policy = ? AND version = ?",
            (person, *self._key),
        )
        return {str(row[0]) for row in rows}

    def turn_page(self, person: str, page: str, today: date) -> None:
        """Record that a person read a page. If they read it again, nothing changes."""
        self.db.conn.execute(
            """INSERT OR IGNORE INTO pages_read (person_id, policy, version, page, turned_on)
               VALUES (?, ?, ?, ?, ?)""",
            (person, *self._key, page, today.isoformat()),
        )

    def attest(self, attesting: Attesting, attest: Attest) -> None:
        """Write a person's attestation, cancel their queued messages, and notify the administration.

        Do nothing if they have already attested. Raises `ValueError` when a step is missing.
        """
        person = attesting.person_id
        standing = self.standing(attesting.person_id)
        if standing is None or standing.missing:
            raise ValueError(standing.missing if standing else NEEDED)
        if standing.done:
            return
        attest(self.db, attesting)
        hush(self.db, person, self.target.policy)
        policy, version = self.target.policy, self.target.version
        key = f"{DONE.name}:{person}:{policy}:{version}"
        finished = DoneNotice(policy, version, person)
        outbox.enqueue(self.db, Delivery(key, TO_ADMINISTRATION, DONE, finished), attesting.at)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# --- Due dates ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueDates:
    """Computes and stores due dates. Changing the setting does not move a date that a person was given."""

    plan: OnboardingPlan
    calendar: Calendar

    def date_for(self, context: NoticeContext, text: VersionNotice) -> date | None:
        """Return the due date to state in a message to a person: the one they were given, else a new one.

        A new due date is a working day. Return None when nothing is required of the person about that text,
        or when the settings give no due dates.
        """
        standing = standing_of(context, text)
        if standing is None or not standing.active:
            return None
        if standing.due_on or not self.plan.due_days:
            return standing.due_on
        due_on = (context.first_tried or context.today) + timedelta(days=self.plan.due_days)
        working = self.calendar.is_working_day(due_on)
        return due_on if working else self.calendar.next_working_day(due_on)

    def give(self, context: NoticeContext, text: VersionNotice) -> None:
        """Store the due date stated in a message just delivered, unless the person already had one."""
        if due_on := self.date_for(context, text):
            context.db.conn.execute(
                "INSERT OR IGNORE INTO due_dates (person_id, policy, version, due_on) VALUES (?, ?, ?, ?)",
                (_recipient(context), text.policy, text.version.isoformat(), due_on.isoformat()),
            )


def onboardings_of(context: NoticeContext, text: VersionNotice) -> Onboardings:
    """Return the onboardings on the text that a notice is about."""
    return Onboardings(context.db, Target(text.policy, text.version, "", ""))


def standing_of(context: NoticeContext, text: VersionNotice) -> Standing | None:
    """Return the onboarding of a notice's recipient, if any."""
    return onboardings_of(context, text).standing(_recipient(context))


def _recipient(context: NoticeContext) -> str:
    return context.recipient.removeprefix("person:")
