"""The tables of revisions, as forward migrations of `bot.storage.schema.migrations`."""

from __future__ import annotations

from sqlite_utils import Database

_REVISIONS = (
    # Every text that was found or proposed, whole and for ever. `origin`: it was there at first, and is in
    # force since its adoption. `base`: the version that it was compared with. `natures`: what the
    # administration decided, by change. `withdraws`: the revision whose text it takes away.
    """CREATE TABLE revisions (
         id TEXT PRIMARY KEY,
         policy TEXT NOT NULL,
         state TEXT NOT NULL CHECK (state IN ('origin', 'proposed', 'scheduled', 'announced', 'withdrawn')),
         source TEXT NOT NULL CHECK (source IN ('folder', 'file', 'command', 'withdrawal')),
         text TEXT NOT NULL,
         sha256 TEXT NOT NULL,
         base TEXT,
         adopted TEXT,
         effective TEXT,
         natures TEXT NOT NULL DEFAULT '{}',
         nature TEXT,
         notes TEXT NOT NULL DEFAULT '[]',
         withdraws TEXT REFERENCES revisions(id),
         proposed_by TEXT REFERENCES people(id) ON DELETE SET NULL,
         proposed_on TEXT NOT NULL,
         announced_at TEXT,
         withdrawn_by TEXT REFERENCES people(id) ON DELETE SET NULL,
         withdrawn_on TEXT) STRICT""",
    """CREATE UNIQUE INDEX revisions_adopted ON revisions(policy, adopted)
         WHERE state IN ('origin', 'scheduled', 'announced')""",
    """CREATE TABLE revision_approvals (
         id TEXT PRIMARY KEY,
         revision_id TEXT NOT NULL REFERENCES revisions(id),
         person_id TEXT REFERENCES people(id) ON DELETE SET NULL,
         approved_on TEXT NOT NULL,
         UNIQUE (revision_id, person_id)) STRICT""",
    # Who is to be told of a revision, and what is asked of them. `told`: the notice that tells them.
    # `state` and the rest are what the outbox knows, kept when it forgets.
    """CREATE TABLE revision_recipients (
         id TEXT PRIMARY KEY,
         revision_id TEXT NOT NULL REFERENCES revisions(id),
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         asked TEXT NOT NULL CHECK (asked IN ('nothing', 'changes', 'whole')),
         told TEXT NOT NULL,
         round INTEGER NOT NULL DEFAULT 1,
         queued_on TEXT NOT NULL,
         state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'left')),
         problem TEXT,
         platform TEXT,
         sent_on TEXT,
         opened_at TEXT,
         UNIQUE (revision_id, person_id)) STRICT""",
    # `scope`: what is to be read and asked, the whole text or what a revision changed; of the latter,
    # `questions` are how many were drawn.
    "ALTER TABLE onboardings ADD COLUMN scope TEXT NOT NULL DEFAULT 'whole'",
    "ALTER TABLE onboardings ADD COLUMN questions INTEGER NOT NULL DEFAULT 0",
)

# Attempts may also be about what a revision changed. The tables are made anew, since what a column may
# hold cannot be altered; the answers first, which refer to the attempts.
_QUIZ = (
    """CREATE TABLE attempts (
         id TEXT PRIMARY KEY,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         kind TEXT NOT NULL CHECK (kind IN ('quiz', 'refresher', 'revision')),
         items TEXT NOT NULL,
         ticked TEXT NOT NULL DEFAULT '[]',
         started_at TEXT NOT NULL,
         finished_at TEXT) STRICT""",
    "INSERT INTO attempts SELECT * FROM quiz_attempts ORDER BY rowid",
    """CREATE TABLE answers (
         attempt_id TEXT NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
         turn INTEGER NOT NULL,
         question TEXT NOT NULL,
         chosen TEXT NOT NULL,
         is_right INTEGER NOT NULL,
         PRIMARY KEY (attempt_id, turn)) STRICT""",
    "INSERT INTO answers SELECT * FROM quiz_answers",
    "DROP TABLE quiz_answers",
    "DROP TABLE quiz_attempts",
    "ALTER TABLE attempts RENAME TO quiz_attempts",
    "ALTER TABLE answers RENAME TO quiz_answers",
    "CREATE INDEX quiz_attempts_by_person ON quiz_attempts(person_id)",
)


def create(db: Database) -> None:
    """Create the tables of revisions; to be called by the migration, and never changed once applied."""
    for statement in _REVISIONS:
        db.conn.execute(statement)


def widen_quiz(db: Database) -> None:
    """Let attempts be about a revision; same."""
    for statement in _QUIZ:
        db.conn.execute(statement)
