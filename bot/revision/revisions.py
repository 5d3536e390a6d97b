"""The life of a revision: proposed, approved with its dates, then announced, or withdrawn.

    proposed → scheduled       approved, by two people if the setting requires it, but not yet in force; only
                               the administration sees it, unless it is announced before its day (`ahead_on`)
    scheduled → announced      in force from its effective date, and announced to everyone concerned
    proposed, scheduled → withdrawn
    announced                  final; undone only by proposing the previous text again

Every text is stored in full with its hash, independently of its file. Nothing changes for anyone before a
revision is approved. No date is guessed: the person who approves a revision enters its adoption date and its
effective date. A function that changes a revision returns the changed revision.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Final, Literal, TypeAlias

from pydantic import Json, TypeAdapter
from sqlite_utils import Database

from bot.people import appointments, persons, roles
from bot.policy.changes.comparison import Nature
from bot.policy.loading import Adopted
from bot.policy.names import GenderedName
from bot.revision import provisions
from bot.revision.reading.findings import LintFinding, NamedRole
from bot.storage import state
from bot.times import in_words, iso

_NAME = "policy_name:"  # the prefix, before a policy's id, of the `state` key of its name

State: TypeAlias = Literal["origin", "proposed", "scheduled", "announced", "withdrawn"]
Source: TypeAlias = Literal["folder", "file", "command", "withdrawal"]


class RevisionError(ValueError):
    """An action on a revision is refused. The message says why, in French."""


class DatesError(RevisionError):
    """A date of an approval is refused. `which`: the date. Another date may be accepted."""

    def __init__(self, text: str, which: Literal["adopted", "effective"]) -> None:
        super().__init__(text)
        self.which = which


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to propose. `notes`: the findings of its review. `base`, `withdraws`: as in `Revision`."""

    policy: str
    text: str
    source: Source
    base: str | None
    adopted: date | None = None
    proposed_by: str | None = None
    notes: Sequence[LintFinding] = ()
    withdraws: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A text and its state.

    `base`: the adoption date of the version that it is compared with. `natures`: the natures of changes that
    the administration decided, by `Change.key`. `nature`: the overall nature, once announced. `withdraws`:
    the id of the revision that this one undoes. `ahead_on`: the day of its announcement, if it was announced
    before its effective date.
    """

    id: str
    policy: str
    state: State
    source: Source
    text: str = field(repr=False)
    sha256: str
    base: str | None
    adopted: date | None
    effective: date | None
    natures: Json[Mapping[str, Nature]]
    nature: Nature | None
    notes: Json[tuple[LintFinding, ...]]
    withdraws: str | None
    proposed_by: str | None
    proposed_on: date
    announced_at: datetime | None
    withdrawn_on: date | None
    ahead_on: date | None = None

    @property
    def is_coming(self) -> bool:
        """Whether the revision was announced before its effective date, and is not in force yet."""
        return self.state == "scheduled" and self.ahead_on is not None

    @property
    def since(self) -> date | None:
        """The first day in force, None until it is decided."""
        return self.effective or (self.adopted if self.state == "origin" else None)

    @property
    def version(self) -> str:
        """The version's key: its adoption date in ISO 8601. Raises `RevisionError` if there is none yet."""
        if self.adopted is None:
            raise RevisionError("cette révision n'a pas de date d'adoption.")
        return self.adopted.isoformat()


@dataclass(frozen=True, slots=True)
class Dates:
    """The adoption date and the effective date of a text."""

    adopted: date
    effective: date

    def fits(self, latest: Revision | None, today: date) -> bool:
        """Return whether these dates can follow the dates of the latest approved text, if any."""
        try:
            self.check(latest, today)
        except DatesError:
            return False
        return True

    def check(self, latest: Revision | None, today: date) -> None:
        """Raise `DatesError` unless these dates can follow the dates of the latest approved text, if any."""
        if self.adopted > today:
            problem = "la date d'adoption est à venir. Une révision s'approuve une fois adoptée."
            raise DatesError(problem, "adopted")
        if self.effective < self.adopted:
            raise DatesError("la date d'effet précède celle de l'adoption.", "effective")
        if latest and latest.adopted and self.adopted <= latest.adopted:
            day = in_words(latest.adopted)
            problem = f"la dernière version a été adoptée le {day}\u00a0: celle-ci l'est après."
            raise DatesError(problem, "adopted")
        if latest and latest.since and self.effective < latest.since:
            day = in_words(latest.since)
            problem = f"la dernière version prend effet le {day}\u00a0: celle-ci ne la précède pas."
            raise DatesError(problem, "effective")


# --- Reading ----------------------------------------------------------------------------------


def named_roles(db: Database, today: date) -> list[NamedRole]:
    """Return every role that a text may name, and whether somebody holds it today."""
    every = roles.all_roles(db)
    return [NamedRole(role.title, held=bool(roles.holders(db, role.id, today))) for role in every]


def find_revision(db: Database, identifier: str) -> Revision | None:
    """Return a revision by its id."""
    return next(iter(_select(db, "id = ?", identifier)), None)


def list_revisions(db: Database, policy: str) -> list[Revision]:
    """Return the revisions of a policy, latest first. Original texts are not revisions."""
    return _select(db, "policy = ? AND state <> 'origin' ORDER BY rowid DESC", policy)


def list_texts(db: Database, policy: str) -> list[Revision]:
    """Return every text of a policy, original or revised, in order of insertion."""
    return _select(db, "policy = ? ORDER BY rowid", policy)


def approved_chain(db: Database, policy: str) -> list[Revision]:
    """Return the texts that were, are or will be in force, oldest first."""
    return _select(
        db,
        """policy = ? AND state IN ('origin', 'scheduled', 'announced')
           ORDER BY coalesce(effective, adopted), adopted""",
        policy,
    )


def latest_approved(db: Database, policy: str) -> Revision | None:
    """Return the latest text that is or will be in force, with which new texts are compared, if any."""
    return next(reversed(approved_chain(db, policy)), None)


def policies(db: Database) -> list[str]:
    """Return the policies that have a text, in force or not, by id."""
    return [str(policy) for (policy,) in db.conn.execute("SELECT DISTINCT policy FROM revisions ORDER BY 1")]


def name_policy(db: Database, policy: str, name: GenderedName) -> None:
    """Store the name of a policy whose first text is proposed."""
    state.write_value(
        db, f"{_NAME}{policy}", json.dumps([name, name.gender, name.plural], ensure_ascii=False)
    )


def policy_name(db: Database, policy: str) -> GenderedName | None:
    """Return the name that a policy was given with its first text, if any."""
    stored = state.read_value(db, f"{_NAME}{policy}")
    if stored is None:
        return None
    name, gender, plural = json.loads(stored)
    return GenderedName(name, gender, plural=plural)


# The SELECT of the rows that `adopted_texts` reads, by table: no draft, and no proposer.
TEXT_ROWS: Final = {
    "revisions": "SELECT id, policy, state, adopted, effective, ahead_on, text FROM revisions "
    "WHERE state IN ('origin', 'scheduled', 'announced')",
    "provisions": "SELECT revision_id, number, identity FROM provisions",
    "state": f"SELECT name, value FROM state WHERE name GLOB '{_NAME}*'",  # noqa: S608 — our own words only
}


def adopted_texts(db: Database, *, until: date | None = None) -> dict[str, tuple[Adopted, ...]]:
    """Return, by policy, the texts that are or were in force, and texts scheduled up to `until`, if given.

    Texts announced before their effective date are included too, with `coming` set.
    """
    last = until.isoformat() if until else ""
    rows = db.conn.execute(
        """SELECT id, policy, adopted, effective, text, state = 'scheduled' AND effective > ? FROM revisions
           WHERE adopted IS NOT NULL
             AND (state IN ('origin', 'announced')
               OR (state = 'scheduled' AND (effective <= ? OR ahead_on IS NOT NULL)))
           ORDER BY coalesce(effective, adopted), adopted""",
        (last, last),
    )
    texts: dict[str, tuple[Adopted, ...]] = {}
    identities = provisions.identities(db)
    for identifier, policy, adopted, effective, words, coming in rows:
        text = Adopted(
            date.fromisoformat(adopted),
            date.fromisoformat(effective) if effective else None,
            words,
            coming=bool(coming),
            identities=identities.get(identifier, {}),
        )
        if name := policy_name(db, policy):
            text = replace(text, name=str(name), gender=name.gender, plural=name.plural)
        texts[policy] = (*texts.get(policy, ()), text)
    return texts


def revision_of_version(db: Database, policy: str, adopted: date) -> Revision | None:
    """Return the revision that produced a version, None for an original text."""
    where = "policy = ? AND adopted = ? AND state IN ('scheduled', 'announced')"
    return next(iter(_select(db, where, policy, adopted.isoformat())), None)


def cancelled_ahead(db: Database, policy: str) -> list[Revision]:
    """Return the revisions that were announced ahead of their day, then withdrawn, latest first."""
    return _select(
        db, "policy = ? AND state = 'withdrawn' AND ahead_on IS NOT NULL ORDER BY rowid DESC", policy
    )


def approvers(db: Database, identifier: str) -> list[str]:
    """Return the people who approved the current state of a revision."""
    rows = db.conn.execute(
        "SELECT person_id FROM revision_approvals WHERE revision_id = ? ORDER BY rowid", (identifier,)
    )
    return [str(person) for (person,) in rows if person]


def _reload(db: Database, identifier: str) -> Revision:
    [revision] = _select(db, "id = ?", identifier)
    return revision


def _select(db: Database, where: str, *values: str) -> list[Revision]:
    rows = db.query(f"SELECT {', '.join(Revision.__dataclass_fields__)} FROM revisions WHERE {where}", values)  # noqa: S608 — our own words only
    return [_from_row().validate_python(row) for row in rows]


@cache
def _from_row() -> TypeAdapter[Revision]:
    """Return the parser of rows, made at first use since this takes as long as parsing hundreds of rows."""
    return TypeAdapter(Revision)


# --- Proposing --------------------------------------------------------------------------------


def originate(db: Database, policy: str, adopted: date, text: str, today: date) -> None:
    """Store a text that existed before any revision, in force from its adoption date."""
    _insert(db, Proposal(policy, text, "folder", None, adopted), "origin", today)


def forget_untouched(db: Database, policy: str) -> None:
    """Delete the original texts of a policy, unless anything else in the database refers to it."""
    tables = (table.name for table in db.tables if "policy" in table.columns_dict)
    condition = "policy = ? AND state <> 'origin'", "policy = ?"
    if not any(db[name].count_where(condition[name != "revisions"], [policy]) for name in tables):
        provisions.forget_identities(db, policy)
        db.conn.execute("DELETE FROM revisions WHERE policy = ?", (policy,))


_USES: Mapping[str, tuple[str, str]] = {
    "un avis": ("revisions", "policy = ? AND state IN ('scheduled', 'announced')"),
    "une attestation": ("attestations", "policy = ?"),
    "une lecture commencée": ("onboardings", "policy = ?"),
    "un quiz commencé": ("quiz_attempts", "policy = ?"),
    "une page lue": ("pages_read", "policy = ?"),
}


# The other rows about a policy, deleted with it.
_OWN: Final = (
    "revisions",
    "line_decisions",
    "dropped_texts",
    "due_dates",
    "asked_questions",
    "check_counts",
    "check_reviews",
    "checks_off",
    "nameless_counts",
)


def uses(db: Database, policy: str) -> list[str]:
    """Return, in French, how people used a policy. A policy that was used must be kept."""
    return [name for name, (table, where) in _USES.items() if db[table].count_where(where, [policy])]


def forget(db: Database, policy: str) -> None:
    """Delete everything about a policy that nobody used: its texts, its name, its other rows."""
    provisions.forget_identities(db, policy)
    db.conn.execute(
        "DELETE FROM revision_approvals WHERE revision_id IN (SELECT id FROM revisions WHERE policy = ?)",
        (policy,),
    )
    for table in _OWN:
        db.conn.execute(f"DELETE FROM {table} WHERE policy = ?", (policy,))  # noqa: S608 — our own words only
    state.delete_value(db, f"{_NAME}{policy}")


def propose(db: Database, proposal: Proposal, today: date) -> Revision:
    """Propose a text, or return the pending proposal of the same text.

    Raises `RevisionError` if the text is already the latest approved text.
    """
    sha256 = digest(proposal.text)
    latest = latest_approved(db, proposal.policy)
    if latest and latest.sha256 == sha256:
        raise RevisionError("ce texte est déjà celui de la dernière version\u00a0: rien n'y change.")
    waiting = _select(db, "policy = ? AND sha256 = ? AND state = 'proposed'", proposal.policy, sha256)
    if not waiting:
        return _reload(db, _insert(db, proposal, "proposed", today))
    if proposal.adopted and proposal.adopted != waiting[0].adopted:
        return _change(db, waiting[0].id, "adopted = ?", proposal.adopted.isoformat())
    return waiting[0]


def _insert(db: Database, proposal: Proposal, state: State, today: date) -> str:
    row = asdict(proposal) | {
        "id": persons.new_id(),
        "state": state,
        "sha256": digest(proposal.text),
        "adopted": proposal.adopted.isoformat() if proposal.adopted else None,
        "notes": json.dumps([asdict(note) for note in proposal.notes], ensure_ascii=False),
        "proposed_on": today.isoformat(),
    }
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    db.conn.execute(f"INSERT INTO revisions ({names}) VALUES ({values})", row)  # noqa: S608 — our own words only
    return str(row["id"])


def propose_withdrawal(db: Database, revision: Revision, by: str | None, today: date) -> Revision:
    """Propose the text that a revision replaced. Approving the proposal withdraws the revision.

    Raises `RevisionError` unless the revision is the latest approved text, is in force, and replaced a text.
    """
    chain = approved_chain(db, revision.policy)
    if revision.state != "announced" or revision.id != chain[-1].id:
        raise RevisionError("seule la dernière version en vigueur peut être retirée.")
    if revision.base is None:
        raise RevisionError("c'est le premier texte de cette politique\u00a0: il n'en remplace aucun.")
    former = next(text for text in chain if text.version == revision.base)
    proposal = Proposal(
        revision.policy,
        former.text,
        "withdrawal",
        revision.version,
        proposed_by=by,
        withdraws=revision.id,
    )
    return propose(db, proposal, today)


# --- Deciding ---------------------------------------------------------------------------------


def decide_natures(db: Database, revision: Revision, natures: Mapping[str, Nature]) -> Revision:
    """Store the natures that a person decided, by `Change.key`, and cancel earlier approvals."""
    _require(revision, "proposed")
    decided = {key: str(nature) for key, nature in {**revision.natures, **natures}.items()}
    return _change(db, revision.id, "natures = ?", json.dumps(decided))


def approve(
    db: Database, revision: Revision, person: str | None, dates: Dates, today: date, *, needed: int = 1
) -> Revision:
    """Record a person's approval of a revision for these dates, and schedule it after `needed` approvals.

    The proposer counts as one of two approvers once someone else approves. When two approvals are needed,
    each must come from someone who was an administrator before the day of the proposal (see
    `appointments.standing`), so that nobody is appointed just to propose or approve it. Approving different
    dates cancels earlier approvals. Raises `RevisionError`, or `DatesError` if only the dates are refused.
    """
    _require(revision, "proposed")
    latest = latest_approved(db, revision.policy)
    if revision.base != (latest.version if latest else None):
        raise RevisionError("une autre version a été approuvée depuis. Revoyez la comparaison.")
    dates.check(latest, today)
    electors = set(appointments.standing(db, today, revision.proposed_on).values())
    if needed > 1 and person is not None and person not in electors:
        raise RevisionError(
            "vous n'administriez pas avant le jour de cette proposition\u00a0: votre accord n'y compte "
            "pas. Retirez-la et proposez-la de nouveau un autre jour."
        )
    if (revision.adopted, revision.effective) != (dates.adopted, dates.effective):
        values = dates.adopted.isoformat(), dates.effective.isoformat()
        _change(db, revision.id, "adopted = ?, effective = ?", *values)
    db.conn.execute(
        """INSERT OR IGNORE INTO revision_approvals (id, revision_id, person_id, approved_on)
           VALUES (?, ?, ?, ?)""",
        (persons.new_id(), revision.id, person, today.isoformat()),
    )
    agreed = {*approvers(db, revision.id), *filter(None, [revision.proposed_by])}
    if needed == 1 or len(agreed & electors) >= needed:
        return _update(db, revision.id, "state = 'scheduled'")
    return _reload(db, revision.id)


def rebase(db: Database, revision: Revision) -> Revision:
    """Rebase a proposal on the latest approved text.

    If that changes its base, discard the decisions on which changes are substantive or editorial.
    """
    latest = latest_approved(db, revision.policy)
    base = latest.version if latest else None
    if revision.state != "proposed" or revision.base == base:
        return revision
    return _change(db, revision.id, "base = ?, natures = '{}'", base)


def withdraw(
    db: Database, revision: Revision, person: str | None, today: date, *, untold: bool = False
) -> Revision:
    """Withdraw a revision that is not in force. Its text is kept. Raises `RevisionError`.

    `untold`: whether its announcement ahead of its day was still planned, so that nobody saw it.
    """
    _require(revision, "proposed", "scheduled")
    latest = latest_approved(db, revision.policy)
    if revision.state == "scheduled" and latest and latest.id != revision.id:
        raise RevisionError(
            f"la version adoptée le {in_words(date.fromisoformat(latest.version))}, approuvée ensuite, part "
            "de celle-ci. Retirez-la d'abord."
        )
    change = "state = 'withdrawn', withdrawn_by = ?, withdrawn_on = ?" + (", ahead_on = NULL" * untold)
    return _update(db, revision.id, change, person, today.isoformat())


def ahead_problem(revision: Revision, today: date) -> RevisionError | None:
    """Return why a revision may not be announced before its effective date, None if it may."""
    if revision.state != "scheduled":
        return RevisionError(_PROBLEMS[revision.state])
    if revision.is_coming:
        return RevisionError("cette révision est déjà annoncée. Pour y renoncer, retirez-la.")
    if revision.base is None:
        return RevisionError("une première version s'annonce le jour de son effet. Attendez ce jour-là.")
    if revision.effective is None or revision.effective <= today:
        return RevisionError("cette révision prend effet maintenant et s'annonce seule. Attendez un peu.")
    return None


def check_ahead(db: Database, revision: Revision, today: date) -> None:
    """Raise `RevisionError` unless a revision may be announced before its effective day.

    The announcement quotes the version just before the revision, so that version must be announced first.
    """
    if problem := ahead_problem(revision, today):
        raise problem
    for text in approved_chain(db, revision.policy):
        if text.id == revision.id:
            break
        if text.state == "scheduled" and not text.is_coming:
            first = "Attendez qu'elle soit en vigueur" if text.base is None else "Annoncez-la d'abord"
            raise RevisionError(
                f"celle qui la précède, adoptée le {in_words(date.fromisoformat(text.version))}, n'est pas "
                f"encore annoncée. {first}."
            )


def announce_ahead(db: Database, revision: Revision, today: date) -> Revision:
    """Record that a scheduled revision is announced before its effective day. Raises `RevisionError`."""
    check_ahead(db, revision, today)
    return _update(db, revision.id, "ahead_on = ?", today.isoformat())


def mark_announced(db: Database, revision: Revision, nature: Nature, now: datetime) -> Revision:
    """Record that a revision is in force and announced, with its overall nature."""
    _require(revision, "scheduled")
    change = "state = 'announced', nature = ?, announced_at = ?"
    return _update(db, revision.id, change, str(nature), iso(now))


_PROBLEMS: Mapping[State, str] = {
    "origin": "ce texte était là avant les révisions.",
    "proposed": "cette révision n'est pas encore approuvée.",
    "scheduled": "cette révision est déjà approuvée.",
    "announced": "cette révision est déjà en vigueur.",
    "withdrawn": "cette révision a été retirée.",
}


def _require(revision: Revision, *states: State) -> None:
    if revision.state not in states:
        raise RevisionError(_PROBLEMS[revision.state])


def _change(db: Database, identifier: str, change: str, *values: str | None) -> Revision:
    """Update a revision's row and cancel its approvals."""
    db.conn.execute("DELETE FROM revision_approvals WHERE revision_id = ?", (identifier,))
    return _update(db, identifier, change, *values)


def _update(db: Database, identifier: str, change: str, *values: str | None) -> Revision:
    db.conn.execute(f"UPDATE revisions SET {change} WHERE id = ?", (*values, identifier))  # noqa: S608 — our own words only
    return _reload(db, identifier)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
