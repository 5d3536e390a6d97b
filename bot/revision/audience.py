"""The audience of a revision, and the reading that it asks of each person.

The reading depends on the changes since the last version that a person attested: nothing when all of them are
editorial, the changes when some are substantive, and the whole text when it was restructured or the person
never attested any version. Changes that were taken back do not count. The people concerned are compared with
the ledger, so nobody is missed: the ledger has exactly one row for each person who is notified.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeAlias

from sqlite_utils import Database

from bot.onboarding import attempts, enrolment
from bot.onboarding.enrolment import REVISION, WELCOME, Onboardings, RevisionNotice, Standing, VersionNotice
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.people import persons
from bot.policy.changes.comparison import Nature
from bot.register import attestations
from bot.register.attestations import Target
from bot.revision import ledger
from bot.revision.ledger import Asked
from bot.revision.revisions import Revision
from bot.times import Calendar

CHANNEL: Final = Notice("revision-canal", "l'annonce d'une révision dans un canal", VersionNotice)

_ASKED: Mapping[Nature, Asked] = {
    Nature.EDITORIAL: "nothing",
    Nature.SUBSTANTIVE: "changes",
    Nature.RESTRUCTURED: "whole",
}
GROUPS: Final[tuple[Asked, ...]] = ("nothing", "changes", "whole")

# From the adoption date of an earlier version, returns the current name of each page that has not changed.
Carried: TypeAlias = Callable[[date], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Campaign:
    """The announcement of a revision. `chain`: the texts in force up to the revision, in order.

    `target`: the text to read. `attested`: whether people attest this policy, or are only notified.
    `at_once`: whether people are also notified outside working hours.
    """

    revision: Revision
    chain: Sequence[Revision]
    target: Target
    calendar: Calendar
    attested: bool = True
    carried: Carried = lambda _adopted: {}
    at_once: bool = False


# --- Requested reading ------------------------------------------------------------------------


def _attested(db: Database, person_id: str, chain: Sequence[Revision]) -> list[int]:
    """Return the indices, in the chain, of the versions that a person attested."""
    rows = db.conn.execute(
        """SELECT DISTINCT version FROM attestation_people JOIN attestations USING (number)
           WHERE person_id = ? AND policy = ?""",
        (person_id, chain[-1].policy),
    )
    versions = {str(version) for (version,) in rows.fetchall()}
    return [at for at, text in enumerate(chain) if text.adopted and text.version in versions]


def last_attested(db: Database, person_id: str, chain: Sequence[Revision]) -> Revision | None:
    """Return the last text of the chain that a person attested, if any."""
    places = _attested(db, person_id, chain) if chain else []
    return chain[places[-1]] if places else None


def asked_of(db: Database, person_id: str, chain: Sequence[Revision], nature: Nature) -> Asked:
    """Return the reading that the last text of the chain asks of a person, given that text's `nature`.

    Each text asks what it changes of a person who attested the text before. Words that are in force again ask
    no more than they did the first time: nothing of a person who attested them.
    """
    attested = _attested(db, person_id, chain)
    readings = dict[str, Asked]()
    asked: Asked = "whole"
    for at, text in enumerate(chain):
        # The nature of a text that predates all revisions is unknown, and counts as substantive.
        own = nature if at == len(chain) - 1 else text.nature or Nature.SUBSTANTIVE
        asked = "nothing" if at in attested else max(asked, _ASKED[own], key=GROUPS.index)
        asked = readings[text.sha256] = min(asked, readings.get(text.sha256, "whole"), key=GROUPS.index)
    return asked


def concerned(db: Database, policy: str, today: date) -> dict[str, bool]:
    """Return the people concerned today: True for those whom only the administration asks to read."""
    rows = db.conn.execute(
        """SELECT person_id FROM onboardings WHERE policy = ? AND by_hand = 1 AND suspended_on IS NULL
             AND version = (SELECT max(version) FROM onboardings AS other
               WHERE other.person_id = onboardings.person_id AND other.policy = onboardings.policy)
             AND NOT EXISTS (SELECT 1 FROM attestation_people JOIN attestations USING (number)
               WHERE attestation_people.person_id = onboardings.person_id
                 AND attestations.policy = onboardings.policy
                 AND attestations.version = onboardings.version)""",
        (policy,),
    )
    by_hand = {str(person): True for (person,) in rows.fetchall()}
    return by_hand | dict.fromkeys(enrolment.concerned(db, today), False)


def count_expected(
    db: Database, policy: str, chain: Sequence[Revision], nature: Nature, today: date
) -> dict[Asked, int]:
    """Return how many people a revision would be announced to today, by the reading asked of them."""
    readings = [asked_of(db, person, chain, nature) for person in concerned(db, policy, today)]
    return {group: readings.count(group) for group in GROUPS}


# --- Announcing -------------------------------------------------------------------------------


def announce(db: Database, campaign: Campaign, channels: Sequence[str], now: datetime) -> int:
    """Queue the announcement to everyone concerned and to channels. Return the number of people."""
    target, teller = campaign.target, _Teller(db, campaign, now)
    attempts.abandon(db, target)
    present = concerned(db, target.policy, campaign.calendar.day(now))
    for person in sorted(present):
        teller.tell(person, by_hand=present[person])
    for channel in channels:
        key = f"{CHANNEL.name}:{campaign.revision.id}:{channel}"
        notice = teller.version_notice
        outbox.enqueue(db, Delivery(key, f"channel:{channel}", CHANNEL, notice, campaign.at_once), now)
    return len(present)


def follow(db: Database, campaign: Campaign, now: datetime) -> None:
    """Notify people who joined or returned since the announcement. Cancel the notices to people who left.

    Call this after `onboarding.follow`, which welcomes people who never attested any version.
    """
    revision, teller = campaign.revision, _Teller(db, campaign, now)
    present = concerned(db, campaign.target.policy, campaign.calendar.day(now))
    rows = db.conn.execute(
        "SELECT person_id, state FROM revision_recipients WHERE revision_id = ?", (revision.id,)
    )
    states = dict(rows.fetchall())
    ledger.sync(db, revision)
    for person in sorted(present):
        if person not in states:
            attested = _attested(db, person, campaign.chain)
            if attested and attested[-1] < len(campaign.chain) - 1:
                teller.tell(person, by_hand=present[person])
        elif states[person] == "left":
            teller.tell_again(person)
    for person, state in states.items():
        if person not in present and state == "queued":
            enrolment.hush(db, person, campaign.target.policy)
            ledger.update_recipient(db, revision, person, "state = 'left', problem = NULL")


@dataclass(frozen=True, slots=True)
class _Teller:
    """Queues the notices of a campaign and updates people's onboarding, within one transaction."""

    db: Database
    campaign: Campaign
    now: datetime

    @property
    def version_notice(self) -> VersionNotice:
        return VersionNotice(self.campaign.target.policy, self.campaign.target.version)

    def tell(self, person: str, *, by_hand: bool) -> None:
        """Notify a person once, and move them to the new version with the progress that is still valid."""
        db = self.db
        campaign = self.campaign
        target = self.campaign.target
        nature = campaign.revision.nature or Nature.SUBSTANTIVE
        asked: Asked = asked_of(db, person, campaign.chain, nature) if campaign.attested else "nothing"
        former = self._former(person)
        today = campaign.calendar.day(self.now)
        new = asked == "whole" and not self._knows_the_policy(person)
        notice = WELCOME.name if new else REVISION.name
        cursor = db.conn.execute(
            """INSERT OR IGNORE INTO revision_recipients (id, revision_id, person_id, asked, told, queued_on)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (persons.new_id(), campaign.revision.id, person, asked, notice, today.isoformat()),
        )
        if cursor.rowcount != 1:
            return
        enrolment.hush(db, person, campaign.target.policy)
        if asked != "nothing":
            Onboardings(db, target).place(person, self.now, by_hand=by_hand, scope=asked)
            if former is not None:
                self._carry(person, *former, asked)
        self._send(person, asked, notice, turn=1)

    def _former(self, person: str) -> tuple[Standing, Target] | None:
        """Return a person's onboarding in the last version they were asked to read, if any."""
        for text in reversed(self.campaign.chain[:-1]):
            target = Target(text.policy, date.fromisoformat(text.version), text.sha256, "")
            if standing := Onboardings(self.db, target).standing(person):
                return standing, target
        return None

    def _knows_the_policy(self, person: str) -> bool:
        """Return whether a person attested any version of the policy, or was welcomed to any."""
        if _attested(self.db, person, self.campaign.chain):
            return True
        row = self.db.conn.execute(
            """SELECT 1 FROM outbox WHERE recipient = 'person:' || ? AND notice = ?
                 AND state IN ('sent', 'sending') AND json_extract(arguments, '$.policy') = ? LIMIT 1""",
            (person, WELCOME.name, self.campaign.target.policy),
        ).fetchone()
        return row is not None

    def _carry(self, person: str, standing: Standing, former: Target, scope: enrolment.Scope) -> None:
        """Carry over a person's valid progress from the previous version.

        Pages whose words have not changed are carried over, and so are completed steps if the revision is
        editorial. Changed pages must be read again, with their questions.
        """
        db = self.db
        campaign = self.campaign
        target = self.campaign.target
        day = campaign.calendar.day(standing.started_at)
        pages = campaign.carried(former.version)
        for page in sorted(Onboardings(db, former).pages_read(person)):
            if page in pages:
                Onboardings(db, target).turn_page(person, pages[page], day)
        previous = campaign.chain[-2] if len(campaign.chain) > 1 else None
        follows = previous is not None and previous.version == former.version.isoformat()
        editorial = campaign.revision.nature is Nature.EDITORIAL
        if follows and editorial and standing.scope == scope and not standing.done:
            Onboardings(db, target).update(person, questions=standing.questions)
            for fact, at in standing.steps.items():
                if fact in {"opened", "read", "passed"}:
                    attestations.note_fact(db, person, target, fact, platform="", now=at)

    def tell_again(self, person: str) -> None:
        """Notify a person who returns, unless they were already notified."""
        db, revision = self.db, self.campaign.revision
        asked, notice, turn, sent_on = db.conn.execute(
            """SELECT asked, told, round, sent_on FROM revision_recipients
               WHERE revision_id = ? AND person_id = ?""",
            (revision.id, person),
        ).fetchone()
        if sent_on:
            ledger.update_recipient(db, revision, person, "state = 'sent'")
        elif asked == "whole":  # `onboarding.follow` welcomes them again
            ledger.update_recipient(db, revision, person, "state = 'queued', told = ?", WELCOME.name)
        else:
            ledger.update_recipient(db, revision, person, "state = 'queued', round = ?", turn + 1)
            self._send(person, asked, notice, turn + 1)

    def _send(self, person: str, asked: Asked, notice: str, turn: int) -> None:
        target = self.campaign.target
        to = f"person:{person}"
        urgent = self.campaign.at_once
        key = f"{notice}:{person}:{target.policy}:{target.version}:{turn}"
        if notice == REVISION.name:
            arguments = RevisionNotice(target.policy, target.version, asked)
            outbox.enqueue(self.db, Delivery(key, to, REVISION, arguments, urgent), self.now)
        else:
            outbox.enqueue(self.db, Delivery(key, to, WELCOME, self.version_notice, urgent), self.now)
