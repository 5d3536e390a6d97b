"""The ledger of a revision: recipients, the delivery of each notice, openings and attestations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.conversation.requests import PLATFORMS
from bot.outbox import notices
from bot.outbox.rows import DOUBTFUL
from bot.people import persons
from bot.revision.revisions import Revision
from bot.storage.spreadsheets import as_csv
from bot.times import Calendar, in_words, iso

Asked: TypeAlias = Literal["nothing", "changes", "whole"]
State: TypeAlias = Literal["queued", "sent", "failed", "left"]

ASKED: dict[Asked, str] = {"nothing": "rien", "changes": "ce qui change", "whole": "tout le texte"}
STATES: dict[State, str] = {
    "queued": "à envoyer",
    "sent": "envoyé",
    "failed": "non remis",
    "left": "n'est plus visée",
}
_PROBLEMS: dict[str, str] = {
    "doubtful": "envoi incertain, à vérifier avant de recommencer",
    "held": "retenu depuis une restauration",
    "waiting": "à lire avec le bouton reçu",
    "unreached": "l'administration a été prévenue",
    "cancelled": "l'envoi a été annulé",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of the ledger: a person, the reading asked of them, and the delivery of their notice.

    `problem`: the code of a failure or a warning. State « left » means that the person no longer had to read
    the policy by the time the notice was to be sent.
    """

    person: str
    asked: Asked
    state: State
    problem: str | None
    platform: str | None
    queued_on: date
    sent_on: date | None
    opened_at: datetime | None
    attested_at: datetime | None

    def problem_text(self) -> str:
        """Return the problem in French, or ""."""
        if self.problem is None:
            return ""
        return _PROBLEMS.get(self.problem) or notices.reason(self.problem.partition(" ")[0])

    def describe(self, calendar: Calendar) -> str:
        """Return the delivery status and the requested reading, in French."""
        text = STATES[self.state]
        if self.sent_on:
            text += f" le {in_words(self.sent_on)}"
            if self.platform:
                text += f" ({PLATFORMS.get(self.platform, self.platform)})"
        if problem := self.problem_text():
            text += f" ({problem.rstrip('.')})"
        for label, moment in (("ouvert", self.opened_at), ("attesté", self.attested_at)):
            if moment:
                text += f", {label} le {in_words(calendar.day(moment))}"
        return f"{text}; demandé\u00a0: {ASKED[self.asked]}."


def note_opened(db: Database, revision: Revision, person_id: str, now: datetime) -> bool:
    """Record that a person opened a revision's changes. Return whether it is the first time."""
    cursor = db.conn.execute(
        """UPDATE revision_recipients SET opened_at = ?
           WHERE revision_id = ? AND person_id = ? AND opened_at IS NULL""",
        (iso(now), revision.id, person_id),
    )
    return cursor.rowcount == 1


def unopened(db: Database, person_id: str) -> set[tuple[str, date]]:
    """Return the policies, by id, and the versions of the revisions that a person has not opened yet."""
    rows = db.conn.execute(
        """SELECT policy, adopted FROM revisions JOIN revision_recipients ON revision_id = revisions.id
           WHERE person_id = ? AND opened_at IS NULL AND revisions.state = 'announced'
             AND revision_recipients.state <> 'left'""",
        (person_id,),
    )
    return {(str(policy), date.fromisoformat(adopted)) for policy, adopted in rows.fetchall()}


def update_recipient(db: Database, revision: Revision, person: str, change: str, *values: object) -> None:
    """Update a person's row in the ledger. `change` is SQL, such as `state = 'sent', problem = ?`."""
    db.conn.execute(
        f"UPDATE revision_recipients SET {change} WHERE revision_id = ? AND person_id = ?",  # noqa: S608 — our own words only
        (*values, revision.id, person),
    )


_STATES: Mapping[str, tuple[State, str | None]] = {
    "queued": ("queued", None),
    "held": ("queued", "held"),
    "sending": ("queued", "doubtful"),
    "dead": ("failed", None),
    "cancelled": ("failed", "cancelled"),
}


def sync(db: Database, revision: Revision) -> None:
    """Copy the delivery status of each notice from the outbox, before the outbox deletes it."""
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
    for person, former, sending, noted, route, day, _ in rows.fetchall():
        problem = noted and noted.removesuffix(f" {DOUBTFUL}")
        if sending == "sent":
            # A notice that was being sent when the person left still arrived.
            state = "left" if former == "left" else "failed" if problem == "unreached" else "sent"
            values = (state, problem, route, day)
        else:
            state, why = _STATES[sending]
            values = (state, why or (problem if state == "failed" else None), None, None)
        update_recipient(db, revision, person, "state = ?, problem = ?, platform = ?, sent_on = ?", *values)


def list_recipients(db: Database, revision: Revision) -> list[Recipient]:
    """Return the recipients of an announced revision, in the order in which they were added.

    The delivery of their notices is first copied from the outbox. A person who started to read the whole text
    counts as having opened the changes. Steps carried over from an earlier version have no platform, and do
    not count.
    """
    sync(db, revision)
    rows = db.query(
        """SELECT person_id AS person, asked, queued_on, state, problem, platform, sent_on,
             coalesce(opened_at, (SELECT min(happened_at) FROM reading_facts AS seen
              WHERE seen.person_id = revision_recipients.person_id AND seen.policy = :policy
                AND seen.version = :version AND fact = 'opened' AND seen.platform <> '')) AS opened_at,
             (SELECT min(attested_at) FROM attestation_people JOIN attestations USING (number)
              WHERE attestation_people.person_id = revision_recipients.person_id
                AND policy = :policy AND version = :version) AS attested_at
           FROM revision_recipients WHERE revision_id = :revision ORDER BY rowid""",
        {"policy": revision.policy, "version": revision.version, "revision": revision.id},
    )
    return [_FROM_ROW.validate_python(row) for row in rows]


_FROM_ROW = TypeAdapter(Recipient)


def count_recipients(recipients: Sequence[Recipient]) -> str:
    """Return the totals of the ledger as text, one per line."""
    states = Counter(recipient.state for recipient in recipients)
    expected = [
        recipient for recipient in recipients if recipient.asked != "nothing" and recipient.state != "left"
    ]
    opened = sum(recipient.opened_at is not None for recipient in recipients)
    attested = sum(recipient.attested_at is not None for recipient in expected)
    lines = [
        f"{label.capitalize()}\u00a0: {states[state]}" for state, label in STATES.items() if states[state]
    ]
    return "\n".join([*lines, f"Ouvert\u00a0: {opened}", f"Attesté\u00a0: {attested} sur {len(expected)}"])


# Words are easier to read in a string than in a list.
COLUMNS: Final = "compte demande etat probleme plateforme mis_en_file envoye ouvert atteste".split()  # noqa: SIM905


def ledger_rows(db: Database, recipients: Iterable[Recipient]) -> list[list[str]]:
    """Return the ledger as a table with one row per person and the columns `COLUMNS`."""
    table = []
    for recipient in recipients:
        accounts = persons.accounts_of(db, recipient.person)
        table.append(
            [
                f"{accounts[0].platform}:{accounts[0].user}" if accounts else "",
                ASKED[recipient.asked],
                STATES[recipient.state],
                recipient.problem_text(),
                recipient.platform or "",
                recipient.queued_on.isoformat(),
                recipient.sent_on.isoformat() if recipient.sent_on else "",
                iso(recipient.opened_at) if recipient.opened_at else "",
                iso(recipient.attested_at) if recipient.attested_at else "",
            ]
        )
    return table


def ledger_csv(db: Database, recipients: Iterable[Recipient]) -> str:
    """Return the ledger as CSV, with a header row."""
    return as_csv(COLUMNS, ledger_rows(db, recipients))
