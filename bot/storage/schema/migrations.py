"""The tables, as forward-only migrations: what was applied is never edited, only followed.

Times are UTC, ISO 8601 with seconds (« 2026-11-24T15:04:05Z »), and kept only where something
depends on them; days are « 2026-11-24 ». Names say what they hold, so that the file reads well in
Datasette.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.storage.schema import onboarding, register, report_files, reports, revision

migrations = Migrations("vigie")


def _run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.conn.execute(statement)


@migrations()
def m001_people(db: Database) -> None:
    """Create who the bot knows: a person, their accounts on the platforms, and how accounts are linked."""
    _run(
        db,
        "CREATE TABLE people (id TEXT PRIMARY KEY) STRICT",
        """CREATE TABLE accounts (
             platform TEXT NOT NULL,
             team TEXT NOT NULL,
             user TEXT NOT NULL,
             person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
             notice_version TEXT,
             PRIMARY KEY (platform, team, user)) STRICT""",
        "CREATE INDEX accounts_by_person ON accounts(person_id)",
        """CREATE TABLE link_codes (
             code_hash TEXT PRIMARY KEY,
             person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
             expires_at TEXT NOT NULL) STRICT""",
    )


@migrations()
def m002_roles(db: Database) -> None:
    """Create the dated registry of roles, and who is an officer or an employee."""
    _run(
        db,
        """CREATE TABLE roles (
             id TEXT PRIMARY KEY,
             title TEXT NOT NULL,
             email TEXT,
             fallback_id TEXT REFERENCES roles(id)) STRICT""",
        """CREATE TABLE role_holders (
             id TEXT PRIMARY KEY,
             role_id TEXT NOT NULL REFERENCES roles(id),
             person_id TEXT REFERENCES people(id) ON DELETE CASCADE,
             group_platform TEXT,
             group_team TEXT,
             group_id TEXT,
             since TEXT NOT NULL,
             until TEXT,
             CHECK ((person_id IS NULL) <> (group_id IS NULL))) STRICT""",
        "CREATE INDEX role_holders_by_role ON role_holders(role_id)",
        """CREATE TABLE member_sources (
             id TEXT PRIMARY KEY,
             kind TEXT NOT NULL CHECK (kind IN ('officer', 'employee', 'holder')),
             platform TEXT NOT NULL,
             team TEXT NOT NULL,
             source TEXT NOT NULL CHECK (source IN ('discord_role', 'slack_group', 'slack_channel')),
             source_id TEXT NOT NULL,
             UNIQUE (kind, platform, team, source, source_id)) STRICT""",
        """CREATE TABLE members (
             person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
             kind TEXT NOT NULL CHECK (kind IN ('officer', 'employee', 'holder')),
             source_id TEXT NOT NULL,
             since TEXT NOT NULL,
             until TEXT,
             PRIMARY KEY (person_id, kind, source_id, since)) STRICT""",
    )


@migrations()
def m003_outbox(db: Database) -> None:
    """Create what is to be said, what is to be done, and what was already heard."""
    _run(
        db,
        """CREATE TABLE outbox (
             id TEXT PRIMARY KEY,
             key TEXT NOT NULL UNIQUE,
             recipient TEXT NOT NULL,
             notice TEXT NOT NULL,
             arguments TEXT NOT NULL DEFAULT '{}',
             urgent INTEGER NOT NULL DEFAULT 0,
             state TEXT NOT NULL DEFAULT 'queued'
               CHECK (state IN ('queued', 'sending', 'sent', 'held', 'dead', 'cancelled')),
             due_at TEXT NOT NULL,
             attempts INTEGER NOT NULL DEFAULT 0,
             route TEXT,
             tried TEXT NOT NULL DEFAULT '[]',
             claimed_at TEXT,
             problem TEXT,
             sent_day TEXT) STRICT""",
        "CREATE INDEX outbox_by_state ON outbox(state, due_at)",
        """CREATE TABLE due_tasks (
             key TEXT PRIMARY KEY,
             task TEXT NOT NULL,
             arguments TEXT NOT NULL DEFAULT '{}',
             due_at TEXT NOT NULL) STRICT""",
        "CREATE INDEX due_tasks_by_time ON due_tasks(due_at)",
        """CREATE TABLE inbound_events (
             event_id TEXT PRIMARY KEY,
             received_at TEXT NOT NULL) STRICT""",
        "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    )


@migrations()
def m004_destructions(db: Database) -> None:
    """Create the certificates of what was destroyed: counts, never contents."""
    _run(
        db,
        """CREATE TABLE destructions (
             id TEXT PRIMARY KEY,
             day TEXT NOT NULL,
             category TEXT NOT NULL,
             count INTEGER NOT NULL) STRICT""",
    )


@migrations()
def m005_groups_read(db: Database) -> None:
    """Keep what the last reading of a group came to, and which holders make way once it was read.

    Memberships get identifiers, so that what was destroyed is not brought back by a copy.
    """
    _run(
        db,
        "ALTER TABLE member_sources ADD COLUMN read_day TEXT",
        "ALTER TABLE member_sources ADD COLUMN problem TEXT",
        "ALTER TABLE role_holders ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE memberships (
             id TEXT PRIMARY KEY,
             person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
             kind TEXT NOT NULL CHECK (kind IN ('officer', 'employee', 'holder')),
             source_id TEXT NOT NULL,
             since TEXT NOT NULL,
             until TEXT,
             UNIQUE (person_id, kind, source_id, since)) STRICT""",
        """INSERT INTO memberships
           SELECT lower(hex(randomblob(8))), person_id, kind, source_id, since, until FROM members""",
        "DROP TABLE members",
        "ALTER TABLE memberships RENAME TO members",
    )


@migrations()
def m006_register(db: Database) -> None:
    """Create the register of attestations."""
    register.create(db)


@migrations()
def m007_onboarding(db: Database) -> None:
    """Create the onboardings and the attempts at the quiz."""
    onboarding.create(db)


@migrations()
def m008_asked_questions(db: Database) -> None:
    """Create the questions that were not well answered, without who asked, and how answers were judged.

    Neither table keeps an order of arrival, from which one could tell who asked.
    """
    _run(
        db,
        """CREATE TABLE asked_questions (
             id TEXT PRIMARY KEY,
             policy TEXT NOT NULL,
             question TEXT NOT NULL,
             problem TEXT NOT NULL CHECK (problem IN ('not_found', 'silent', 'unhelpful')),
             clauses TEXT NOT NULL DEFAULT '',
             week TEXT NOT NULL) STRICT, WITHOUT ROWID""",
        """CREATE TABLE answer_verdicts (
             week TEXT NOT NULL,
             verdict TEXT NOT NULL CHECK (verdict IN ('useful', 'useless')),
             count INTEGER NOT NULL,
             PRIMARY KEY (week, verdict)) STRICT, WITHOUT ROWID""",
    )


@migrations()
def m015_revisions(db: Database) -> None:
    """Create the revisions, who approves them, whom they are told to."""
    revision.create(db)


@migrations()
def m016_quiz_on_revisions(db: Database) -> None:
    """Let attempts at the quiz be about what a revision changed."""
    revision.widen_quiz(db)


@migrations()
def m020_reports(db: Database) -> None:
    """Create the reports under article 5.10, their dialogues, and who is to be told of them."""
    reports.create(db)


@migrations()
def m030_report_files(db: Database) -> None:
    """Create what was made of reports and waits to be sent."""
    report_files.create(db)
