"""The life of a revision: proposed, approved for a day, announced; or withdrawn.

    proposed → scheduled       approved, by two persons if the setting says so; in force on its day
    scheduled → announced      its day has come: it is in force, and those concerned are told
    proposed, scheduled → withdrawn
    announced                  for ever; to withdraw it is to propose the former text anew

Every text is kept whole, with its hash, whatever becomes of the file that it came from. Nothing changes
for anyone before a revision is approved, and no date is ever invented: when it was adopted and from when
on it is in force are said by whoever approves it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from sqlite_utils import Database

from bot.people import persons
from bot.policy.changes.comparison import Nature
from bot.policy.loading import Adopted
from bot.revision.reading.lint import LintFinding
from bot.times import in_words, iso, utc

State: TypeAlias = Literal["origin", "proposed", "scheduled", "announced", "withdrawn"]
Source: TypeAlias = Literal["folder", "file", "command", "withdrawal"]


_COLUMNS = """id, policy, state, source, text, sha256, base, adopted, effective, natures, nature, notes,
  withdraws, proposed_by, proposed_on, announced_at, withdrawn_on"""
_APPROVED = "state IN ('origin', 'scheduled', 'announced')"


class RevisionError(ValueError):
    """What is asked cannot be done to a revision; the text is French, and says why."""


class DatesError(RevisionError):
    """Dates that cannot be those of a revision, when others could."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to be proposed. `by`: the person, None where that is not known. `notes`: what to look at in it.

    `base`: see `Revision`.
    """

    policy: str
    text: str
    source: Source
    base: str
    adopted: date | None = None
    by: str | None = None
    notes: Sequence[LintFinding] = ()
    withdraws: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A text, and what became of it.

    `base`: the adoption of the version that it is compared with. `natures`: what the administration
    decided, by change; `nature`: of the whole, once announced.
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
    natures: Mapping[str, Nature]
    nature: Nature | None
    notes: tuple[LintFinding, ...]
    withdraws: str | None
    proposed_by: str | None
    proposed_on: date
    announced_at: datetime | None
    withdrawn_on: date | None

    @property
    def since(self) -> date | None:
        """From when on it is, was or will be in force; None while nobody said."""
        return self.effective or (self.adopted if self.state == "origin" else None)

    @property
    def version(self) -> str:
        """The adoption, as the register and the onboardings write it; of an adopted revision only."""
        if self.adopted is None:
            raise RevisionError("cette révision n'a pas de date d'adoption.")
        return self.adopted.isoformat()


@dataclass(frozen=True, slots=True)
class Dates:
    """When a text was adopted, and from when on it is in force."""

    adopted: date
    effective: date


# --- Reading ----------------------------------------------------------------------------------


def find_revision(db: Database, identifier: str) -> Revision | None:
    """Return a revision."""
    return next(iter(_select(db, "id = ?", identifier)), None)


def list_revisions(db: Database, policy: str) -> list[Revision]:
    """Return the revisions of a policy, the latest proposed first; what was there at first is none."""
    return _select(db, "policy = ? AND state <> 'origin' ORDER BY rowid DESC", policy)


def list_texts(db: Database, policy: str) -> list[Revision]:
    """Return every text of a policy, in the order in which they came."""
    return _select(db, "policy = ? ORDER BY rowid", policy)


def approved_chain(db: Database, policy: str) -> list[Revision]:
    """Return the texts that were, are or will be in force, in that order."""
    return _select(db, f"policy = ? AND {_APPROVED} ORDER BY coalesce(effective, adopted), adopted", policy)


def adopted_texts(db: Database, *, until: date | None = None) -> dict[str, tuple[Adopted, ...]]:
    """Return, by policy, the texts that are or were in force; `until`: with those that will be on a day."""
    coming = until.isoformat() if until else ""
    rows = _select(
        db,
        """state IN ('origin', 'announced') OR (state = 'scheduled' AND effective <= ?)
           ORDER BY coalesce(effective, adopted), adopted""",
        coming,
    )
    found: dict[str, list[Adopted]] = {}
    for one in rows:
        if one.adopted:
            found.setdefault(one.policy, []).append(Adopted(one.adopted, one.effective, one.text))
    return {policy: tuple(texts) for policy, texts in found.items()}


def revision_of_version(db: Database, policy: str, adopted: date) -> Revision | None:
    """Return the revision that made a version; None for one that was there at first."""
    found = _select(
        db, "policy = ? AND adopted = ? AND state IN ('scheduled', 'announced')", policy, adopted.isoformat()
    )
    return next(iter(found), None)


def approvers(db: Database, identifier: str) -> list[str]:
    """Return the persons who approve a revision as it is now."""
    rows = db.conn.execute(
        "SELECT person_id FROM revision_approvals WHERE revision_id = ? ORDER BY rowid", (identifier,)
    )
    return [str(row[0]) for row in rows if row[0]]


# --- Proposing --------------------------------------------------------------------------------


def originate(db: Database, policy: str, adopted: date, text: str, today: date) -> None:
    """Keep a text that was there before there were revisions: it is in force since its adoption."""
    _insert(db, Proposal(policy, text, "folder", "", adopted), "origin", today)


def propose(db: Database, proposal: Proposal, today: date) -> Revision:
    """Propose a text; the proposal that there is already, if it is the same text that waits.

    Raises `RevisionError` when it is the text in force, or of a version to come.
    """
    own = digest(proposal.text)
    [*_, latest] = approved_chain(db, proposal.policy)
    if latest.sha256 == own:
        raise RevisionError("ce texte est déjà celui de la dernière version\u00a0: rien n'y change.")
    waiting = _select(db, "policy = ? AND sha256 = ? AND state = 'proposed'", proposal.policy, own)
    if waiting:
        if proposal.adopted and proposal.adopted != waiting[0].adopted:
            _change(db, waiting[0].id, "adopted = ?", proposal.adopted.isoformat())
        return _again(db, waiting[0].id)
    return _again(db, _insert(db, proposal, "proposed", today))


def latest_base(db: Database, policy: str) -> str:
    """Return the version with which a new text is to be compared: the last that is or will be in force."""
    [*_, latest] = approved_chain(db, policy)
    return latest.version


def _insert(db: Database, proposal: Proposal, state: State, today: date) -> str:
    identifier = persons.new_id()
    db.conn.execute(
        """INSERT INTO revisions (id, policy, state, source, text, sha256, base, adopted, notes, withdraws,
             proposed_by, proposed_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            identifier,
            proposal.policy,
            state,
            proposal.source,
            proposal.text,
            digest(proposal.text),
            proposal.base or None,
            proposal.adopted.isoformat() if proposal.adopted else None,
            json.dumps([[one.code, one.clause, one.message] for one in proposal.notes], ensure_ascii=False),
            proposal.withdraws,
            proposal.by,
            today.isoformat(),
        ),
    )
    return identifier


def propose_withdrawal(db: Database, revision: Revision, by: str | None, today: date) -> Revision:
    """Propose the text that a revision took the place of; that it be approved withdraws the revision.

    Raises `RevisionError` when another revision came after it, or it was not announced.
    """
    [*_, latest] = approved_chain(db, revision.policy)
    if revision.state != "announced" or revision.id != latest.id:
        raise RevisionError("seule la dernière version en vigueur peut être retirée.")
    before = next(one for one in approved_chain(db, revision.policy) if one.version == revision.base)
    proposal = Proposal(
        revision.policy, before.text, "withdrawal", revision.version, by=by, withdraws=revision.id
    )
    return propose(db, proposal, today)


# --- Deciding ---------------------------------------------------------------------------------


def decide_natures(db: Database, revision: Revision, natures: Mapping[str, Nature]) -> Revision:
    """Keep what the administration decides of some changes, by their keys; who approved does so anew."""
    _only(revision, "proposed")
    decided = {key: str(nature) for key, nature in {**revision.natures, **natures}.items()}
    _change(db, revision.id, "natures = ?", json.dumps(decided))
    return _again(db, revision.id)


def approve(
    db: Database, revision: Revision, person: str | None, dates: Dates, today: date, *, needed: int = 1
) -> Revision:
    """Take a person's approval of a revision as it is, for these dates; scheduled once `needed` persons do.

    Whoever proposed it counts as one of two, when someone else approves. Other dates than those that were
    approved before are to be approved anew. Raises `RevisionError`, `DatesError` for the dates alone.
    """
    _only(revision, "proposed")
    [*_, latest] = approved_chain(db, revision.policy)
    if revision.base != latest.version:
        raise RevisionError("une autre version a été approuvée depuis. Revoyez la comparaison.")
    _check(dates, latest, today)
    if (revision.adopted, revision.effective) != (dates.adopted, dates.effective):
        written = dates.adopted.isoformat(), dates.effective.isoformat()
        _change(db, revision.id, "adopted = ?, effective = ?", *written)
    db.conn.execute(
        """INSERT OR IGNORE INTO revision_approvals (id, revision_id, person_id, approved_on)
           VALUES (?, ?, ?, ?)""",
        (persons.new_id(), revision.id, person, today.isoformat()),
    )
    agreed = {*approvers(db, revision.id), *([revision.proposed_by] if revision.proposed_by else [])}
    if needed == 1 or len(agreed) >= needed:
        db.conn.execute("UPDATE revisions SET state = 'scheduled' WHERE id = ?", (revision.id,))
    return _again(db, revision.id)


def rebase(db: Database, revision: Revision) -> Revision:
    """Return a proposal compared with the version that is the last now: what was decided is decided anew."""
    base = latest_base(db, revision.policy)
    if revision.state != "proposed" or revision.base == base:
        return revision
    _change(db, revision.id, "base = ?, natures = '{}'", base)
    return _again(db, revision.id)


def _check(dates: Dates, latest: Revision, today: date) -> None:
    if dates.adopted > today:
        raise DatesError("la date d'adoption est à venir. Une révision s'approuve une fois adoptée.")
    if dates.effective < dates.adopted:
        raise DatesError("la date d'effet précède celle de l'adoption.")
    if latest.adopted and dates.adopted <= latest.adopted:
        raise DatesError(
            f"la dernière version a été adoptée le {in_words(latest.adopted)}\u00a0: celle-ci l'est après."
        )
    if latest.since and dates.effective < latest.since:
        raise DatesError(
            f"la dernière version prend effet le {in_words(latest.since)}\u00a0: celle-ci ne la précède pas."
        )


def withdraw(db: Database, revision: Revision, person: str | None, today: date) -> Revision:
    """Give up a revision that was not announced; its text is kept. Raises `RevisionError`."""
    _only(revision, "proposed", "scheduled")
    db.conn.execute(
        "UPDATE revisions SET state = 'withdrawn', withdrawn_by = ?, withdrawn_on = ? WHERE id = ?",
        (person, today.isoformat(), revision.id),
    )
    return _again(db, revision.id)


def mark_announced(db: Database, revision: Revision, nature: Nature, now: datetime) -> Revision:
    """Note that a revision is in force and told, and its nature as a whole."""
    _only(revision, "scheduled")
    db.conn.execute(
        "UPDATE revisions SET state = 'announced', nature = ?, announced_at = ? WHERE id = ?",
        (str(nature), iso(now), revision.id),
    )
    return _again(db, revision.id)


_WHAT: Mapping[State, str] = {
    "origin": "ce texte était là avant les révisions.",
    "proposed": "cette révision n'est pas encore approuvée.",
    "scheduled": "cette révision est déjà approuvée.",
    "announced": "cette révision est déjà en vigueur.",
    "withdrawn": "cette révision a été retirée.",
}


def _only(revision: Revision, *states: State) -> None:
    if revision.state not in states:
        raise RevisionError(_WHAT[revision.state])


def _change(db: Database, identifier: str, change: str, *values: str) -> None:
    """Change what is to be approved: who approved what it was does so anew."""
    db.conn.execute(f"UPDATE revisions SET {change} WHERE id = ?", (*values, identifier))  # noqa: S608 — our own words only
    db.conn.execute("DELETE FROM revision_approvals WHERE revision_id = ?", (identifier,))


def digest(text: str) -> str:
    """Return the hash of a text, by which it is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def _again(db: Database, identifier: str) -> Revision:
    [found] = _select(db, "id = ?", identifier)
    return found


def _select(db: Database, where: str, *values: str) -> list[Revision]:
    rows = db.conn.execute(f"SELECT {_COLUMNS} FROM revisions WHERE {where}", values)  # noqa: S608 — our own words only
    return [_revision(row) for row in rows.fetchall()]


def _revision(row: tuple[Any, ...]) -> Revision:
    known = dict(zip((name.strip() for name in _COLUMNS.split(",")), row, strict=True))
    return Revision(
        **known
        | {
            "adopted": _day(known["adopted"]),
            "effective": _day(known["effective"]),
            "natures": {key: Nature(value) for key, value in json.loads(known["natures"]).items()},
            "nature": Nature(known["nature"]) if known["nature"] else None,
            "notes": tuple(LintFinding(*note) for note in json.loads(known["notes"])),
            "proposed_on": date.fromisoformat(known["proposed_on"]),
            "announced_at": utc(known["announced_at"]) if known["announced_at"] else None,
            "withdrawn_on": _day(known["withdrawn_on"]),
        }
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
