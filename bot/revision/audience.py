"""Whom a revision is told to, what it asks of each, and what became of each notice: the ledger.

What is asked is in proportion, counted from the last version that a person attested: nothing when all that
came since is editorial, what changed when something of substance did, the whole text when it was made anew
or when they never attested any. Like the onboarding, it compares and so misses nobody: to be told is to
have a line here, which one has once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.onboarding import attempts, enrolment
from bot.onboarding.enrolment import REVISION, WELCOME, RevisionNotice, Standing, VersionNotice
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.people import persons
from bot.policy.changes.comparison import Nature
from bot.register import attestations
from bot.register.attestations import Target
from bot.revision.revisions import Revision
from bot.times import Calendar, iso, utc

Asked: TypeAlias = Literal["nothing", "changes", "whole"]
State: TypeAlias = Literal["queued", "sent", "failed", "left"]


@dataclass(frozen=True, slots=True)
class FoundNotice:
    """The arguments of the notice that a file's text is not an approved one: the revision proposed."""

    revision: str


CHANNEL: Final = Notice("revision-canal", "l'annonce d'une révision dans un canal", VersionNotice)
FOUND: Final = Notice("revision-trouvee", "un texte changé dans les fichiers", FoundNotice)

_ASKED: Mapping[Nature, Asked] = {
    Nature.EDITORIAL: "nothing",
    Nature.SUBSTANTIVE: "changes",
    Nature.RESTRUCTURED: "whole",
}
GROUPS: Final[tuple[Asked, ...]] = ("nothing", "changes", "whole")

# From the pages that were turned in a version, by its adoption: what they are called in the one in force.
Carried: TypeAlias = Callable[[date], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A revision being told. `chain`: the texts in force up to it, in order; `target`: what is to be read.

    `attested`: whether the policy is one that people attest; of any other, they are told and asked nothing.
    `at_once`: whether people are told out of working hours too.
    """

    revision: Revision
    chain: Sequence[Revision]
    target: Target
    calendar: Calendar
    attested: bool = True
    carried: Carried = lambda _adopted: {}
    at_once: bool = False

    @property
    def before(self) -> Sequence[Revision]:
        """The texts that were in force before it."""
        return self.chain[:-1]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A line of the ledger: to whom a revision is told, what is asked, and what became of it.

    `told`: the notice that tells them, which is the welcome for whoever had none yet. `problem`: why it
    failed, or what there is to know of it. `left`: they were not concerned any more before it was sent.
    """

    person_id: str
    asked: Asked
    told: str
    round: int
    queued_on: date
    state: State
    problem: str | None
    platform: str | None
    sent_on: date | None
    opened_at: datetime | None
    attested_at: datetime | None


# --- What is asked ----------------------------------------------------------------------------


def _attested(db: Database, person_id: str, chain: Sequence[Revision]) -> list[int]:
    """Return the places in the chain of the versions that a person attested."""
    rows = db.conn.execute(
        """SELECT DISTINCT version FROM attestation_people JOIN attestations USING (number)
           WHERE person_id = ? AND policy = ?""",
        (person_id, chain[-1].policy),
    )
    attested = {str(row[0]) for row in rows.fetchall()}
    return [at for at, one in enumerate(chain) if one.adopted and one.version in attested]


def last_attested(db: Database, person_id: str, chain: Sequence[Revision]) -> Revision | None:
    """Return the last text of the chain that a person attested, None if there is none."""
    places = _attested(db, person_id, chain) if chain else []
    return chain[places[-1]] if places else None


def asked_of(db: Database, person_id: str, chain: Sequence[Revision], nature: Nature) -> Asked:
    """Return what the last text of the chain, whose nature is given, asks of a person.

    Whoever attested the same words before, in a version that was brought back, is asked nothing.
    """
    attested = _attested(db, person_id, chain)
    if not attested:
        return "whole"
    if any(chain[at].sha256 == chain[-1].sha256 for at in attested):
        return "nothing"
    missed = chain[attested[-1] + 1 : -1]
    # Of a text that was there before there were revisions, nobody said what it changed: it counts as much
    # as most do.
    natures = [one.nature or Nature.SUBSTANTIVE for one in missed]
    return max((_ASKED[one] for one in (*natures, nature)), key=GROUPS.index)


def concerned(db: Database, policy: str, today: date) -> dict[str, bool]:
    """Return who is concerned today, and whether by the administration's word alone."""
    asked = db.conn.execute(
        """SELECT person_id FROM onboardings WHERE policy = ? AND by_hand = 1 AND suspended_on IS NULL
             AND version = (SELECT max(version) FROM onboardings AS other
               WHERE other.person_id = onboardings.person_id AND other.policy = onboardings.policy)
             AND NOT EXISTS (SELECT 1 FROM attestation_people JOIN attestations USING (number)
               WHERE attestation_people.person_id = onboardings.person_id
                 AND attestations.policy = onboardings.policy
                 AND attestations.version = onboardings.version)""",
        (policy,),
    )
    by_hand = {str(row[0]): True for row in asked.fetchall()}
    return by_hand | dict.fromkeys(enrolment.concerned(db, today), False)


def count_expected(
    db: Database, policy: str, chain: Sequence[Revision], nature: Nature, today: date
) -> dict[Asked, int]:
    """Return to how many a revision would be told now, by what would be asked of them."""
    asked = [asked_of(db, person, chain, nature) for person in concerned(db, policy, today)]
    return {one: asked.count(one) for one in GROUPS}


# --- Telling ----------------------------------------------------------------------------------


def announce(db: Database, campaign: Campaign, channels: Sequence[str], now: datetime) -> int:
    """Have a revision told to everyone concerned and to channels. Return to how many persons."""
    target = campaign.target
    attempts.abandon(db, target)
    today = campaign.calendar.day(now)
    present = concerned(db, target.policy, today)
    for person in sorted(present):
        _tell(db, campaign, person, now, by_hand=present[person])
    for channel in channels:
        key, text = f"{CHANNEL.name}:{campaign.revision.id}:{channel}", _text(campaign)
        outbox.enqueue(db, Delivery(key, f"channel:{channel}", CHANNEL, text, campaign.at_once), now)
    return len(present)


def follow(db: Database, campaign: Campaign, now: datetime) -> None:
    """Tell those who came or came back since, and stop what was to be said to those who left.

    To be called after `onboarding.follow`, which welcomes whoever never attested any version.
    """
    today = campaign.calendar.day(now)
    present = concerned(db, campaign.target.policy, today)
    known = _lines(db, campaign.revision.id)
    sync(db, campaign.revision)
    for person in sorted(present):
        line = known.get(person)
        if line is None:
            attested = _attested(db, person, campaign.chain)
            if attested and attested[-1] < len(campaign.chain) - 1:
                _tell(db, campaign, person, now, by_hand=present[person])
        elif line == "left":
            _return(db, campaign, person, now)
    for person, state in known.items():
        if person not in present and state == "queued":
            enrolment.hush(db, person)
            _update(db, campaign.revision.id, person, "state = 'left', problem = NULL")


def _lines(db: Database, revision: str) -> dict[str, State]:
    rows = db.conn.execute(
        "SELECT person_id, state FROM revision_recipients WHERE revision_id = ?", (revision,)
    )
    return dict(rows.fetchall())


def _tell(db: Database, campaign: Campaign, person: str, now: datetime, *, by_hand: bool) -> None:
    """Place a person in the new version as what they did before allows, and have it told to them, once."""
    target, revision = campaign.target, campaign.revision
    nature = revision.nature or Nature.SUBSTANTIVE
    asked: Asked = asked_of(db, person, campaign.chain, nature) if campaign.attested else "nothing"
    former = _former(db, campaign, person)
    never_welcomed = asked == "whole" and (former is None or _is_unsaid(db, person, former[1]))
    told = WELCOME.name if never_welcomed else REVISION.name
    if not _enter(db, revision, person, campaign.calendar.day(now), asked=asked, told=told):
        return
    enrolment.hush(db, person)
    if asked != "nothing":
        scope: enrolment.Scope = "whole" if asked == "whole" else "changes"
        enrolment.place(db, person, target, now, by_hand=by_hand, scope=scope)
        if former is not None:
            _carry(db, campaign, person, former, scope)
    _say(db, campaign, person, now, asked=asked, told=told, turn=1)


def _former(db: Database, campaign: Campaign, person: str) -> tuple[Standing, Target] | None:
    """Return where a person was in the last version that they were asked to read."""
    for one in reversed(campaign.before):
        target = Target(one.policy, date.fromisoformat(one.version), one.sha256, "")
        found = enrolment.standing(db, person, target)
        if found is not None:
            return found, target
    return None


def _is_unsaid(db: Database, person: str, target: Target) -> bool:
    """Return whether a person's welcome in a version has not left."""
    row = db.conn.execute(
        """SELECT 1 FROM outbox WHERE recipient = 'person:' || ? AND notice = ?
             AND state IN ('sent', 'sending') AND json_extract(arguments, '$.version') = ? LIMIT 1""",
        (person, WELCOME.name, target.version.isoformat()),
    ).fetchone()
    return row is None


def _carry(
    db: Database, campaign: Campaign, person: str, before: tuple[Standing, Target], scope: enrolment.Scope
) -> None:
    """Keep of what a person did in the former version what still holds in this one.

    The pages whose words are the same; and, where nothing of substance changed since, what they had done
    of the same thing. Nothing else: a text that changed is to be read, and asked about, anew.
    """
    target, day = campaign.target, campaign.calendar.day
    standing, former = before
    pages = campaign.carried(former.version)
    for page in sorted(enrolment.pages_read(db, person, former)):
        if page in pages:
            enrolment.turn_page(db, person, target, pages[page], day(standing.started_at))
    last = campaign.before[-1] if campaign.before else None
    same = last is not None and last.version == former.version.isoformat() and standing.scope == scope
    if not same or campaign.revision.nature is not Nature.EDITORIAL or standing.done:
        return
    enrolment.update_onboarding(db, person, target, questions=standing.questions)
    for fact, at in standing.steps.items():
        if fact in {"opened", "read", "passed"}:
            attestations.note_fact(db, person, target, fact, platform="", now=at)


def _return(db: Database, campaign: Campaign, person: str, now: datetime) -> None:
    """Tell whoever comes back and was not told; whoever was is not told twice."""
    row = db.conn.execute(
        "SELECT asked, told, round, sent_on FROM revision_recipients WHERE revision_id = ? AND person_id = ?",
        (campaign.revision.id, person),
    ).fetchone()
    asked, told, turn, sent_on = row
    if sent_on:
        _update(db, campaign.revision.id, person, "state = 'sent'")
        return
    if asked == "whole":  # `onboarding.follow` welcomes them again
        _update(db, campaign.revision.id, person, "state = 'queued', told = ?", WELCOME.name)
        return
    _update(db, campaign.revision.id, person, "state = 'queued', round = ?", turn + 1)
    _say(db, campaign, person, now, asked=asked, told=told, turn=turn + 1)


def _enter(db: Database, revision: Revision, person: str, today: date, *, asked: Asked, told: str) -> bool:
    done = db.conn.execute(
        """INSERT OR IGNORE INTO revision_recipients (id, revision_id, person_id, asked, told, queued_on)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), revision.id, person, asked, told, today.isoformat()),
    )
    return done.rowcount == 1


def _say(
    db: Database, campaign: Campaign, person: str, now: datetime, *, asked: Asked, told: str, turn: int
) -> None:
    target = campaign.target
    key = f"{told}:{person}:{target.policy}:{target.version}:{turn}"
    to, urgent = f"person:{person}", campaign.at_once
    if told == REVISION.name:
        notice = RevisionNotice(target.policy, target.version, asked)
        outbox.enqueue(db, Delivery(key, to, REVISION, notice, urgent), now)
    else:
        outbox.enqueue(db, Delivery(key, to, WELCOME, _text(campaign), urgent), now)


def _text(campaign: Campaign) -> VersionNotice:
    return VersionNotice(campaign.target.policy, campaign.target.version)


def _update(db: Database, revision: str, person: str, change: str, *values: object) -> None:
    db.conn.execute(
        f"UPDATE revision_recipients SET {change} WHERE revision_id = ? AND person_id = ?",  # noqa: S608 — our own words only
        (*values, revision, person),
    )


# --- What became of it ------------------------------------------------------------------------


def note_opened(db: Database, revision: Revision, person_id: str, now: datetime) -> bool:
    """Note that a person opened what a revision tells. Return whether that is new."""
    done = db.conn.execute(
        """UPDATE revision_recipients SET opened_at = ?
           WHERE revision_id = ? AND person_id = ? AND opened_at IS NULL""",
        (iso(now), revision.id, person_id),
    )
    return done.rowcount == 1


_STATES: Mapping[str, tuple[State, str | None]] = {
    "queued": ("queued", None),
    "held": ("queued", "held"),
    "sending": ("queued", "doubtful"),
    "dead": ("failed", None),
    "cancelled": ("failed", "cancelled"),
}


def sync(db: Database, revision: Revision) -> None:
    """Take from the outbox what became of each notice, before it forgets."""
    rows = db.conn.execute(
        """SELECT person_id, revision_recipients.state, outbox.state, outbox.problem, outbox.route,
             outbox.sent_day, max(outbox.rowid)
           FROM revision_recipients JOIN outbox ON recipient = 'person:' || person_id AND notice = told
           WHERE revision_id = ? AND revision_recipients.state <> 'sent'
             AND (revision_recipients.state <> 'left' OR outbox.state = 'sent')
             AND json_extract(arguments, '$.policy') = ? AND json_extract(arguments, '$.version') = ?
           GROUP BY person_id""",
        (revision.id, revision.policy, revision.version),
    )
    for person, known, state, problem, route, day, _ in rows.fetchall():
        if state == "sent":
            reached: State = "failed" if problem == "unreached" else "sent"
            # What was on its way when they left arrived all the same.
            values = ("left" if known == "left" else reached, problem, route, day)
        else:
            mine, why = _STATES[state]
            values = (mine, why or (problem if mine == "failed" else None), None, None)
        _update(db, revision.id, person, "state = ?, problem = ?, platform = ?, sent_on = ?", *values)


def list_recipients(db: Database, revision: Revision) -> list[Recipient]:
    """Return the ledger of an announced revision, in the order in which people were entered.

    To have begun to read the whole text is to have opened it; what was carried over has no platform.
    """
    sync(db, revision)
    rows = db.conn.execute(
        """SELECT person_id, asked, told, round, queued_on, state, problem, platform, sent_on,
             coalesce(opened_at, (SELECT min(happened_at) FROM reading_facts AS seen
              WHERE seen.person_id = revision_recipients.person_id AND seen.policy = :policy
                AND seen.version = :version AND fact = 'opened' AND seen.platform <> '')),
             (SELECT min(attested_at) FROM attestation_people JOIN attestations USING (number)
              WHERE attestation_people.person_id = revision_recipients.person_id
                AND policy = :policy AND version = :version)
           FROM revision_recipients WHERE revision_id = :revision ORDER BY rowid""",
        {"policy": revision.policy, "version": revision.version, "revision": revision.id},
    )
    return [
        Recipient(
            person,
            asked,
            told,
            turn,
            date.fromisoformat(queued),
            state,
            problem,
            platform,
            date.fromisoformat(sent) if sent else None,
            utc(read) if read else None,
            utc(attested) if attested else None,
        )
        for person, asked, told, turn, queued, state, problem, platform, sent, read, attested in rows
    ]
