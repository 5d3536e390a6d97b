"""The tables of reports under article 5.10, as one forward migration of `bot.storage.schema.migrations`.

What people write is sealed (see `bot.reports.keys`). What is not says nothing of who reported, nor when:
identifiers are random and rows are in their order, so that nothing tells which came first; days are
days; moments were drawn at random (`appears_at`, `due_at`), are rounded to the hour, or are those of what
was sent to a holder.
"""

from __future__ import annotations

from sqlite_utils import Database

_STATEMENTS = (
    # `role`: who handles it. `round`: how many times it was entrusted to someone. `address`: under what the
    # post is found again, keyed. `delivered_at`: when a holder was first told, until it is read.
    # `read_after`: whole hours from then to the first reading. `sealed`: who may not see it, how it ended.
    """CREATE TABLE report_cases (
         id TEXT PRIMARY KEY,
         role TEXT NOT NULL,
         status TEXT NOT NULL CHECK (status IN ('received', 'read', 'taken', 'waiting', 'acting', 'closed')),
         urgent INTEGER NOT NULL,
         round INTEGER NOT NULL DEFAULT 1,
         address TEXT,
         opened_on TEXT NOT NULL,
         delivered_at TEXT,
         read_after INTEGER,
         closed_on TEXT,
         hold INTEGER NOT NULL DEFAULT 0,
         sealed BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_cases_by_address ON report_cases(address)",
    # What one person reported. `receipt`: under what their code finds it, keyed. `status`: what they are
    # told, which does not tell of others. `appears_at`: from when a holder sees it. `seen`: by a holder.
    """CREATE TABLE report_filings (
         id TEXT PRIMARY KEY,
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         receipt TEXT NOT NULL UNIQUE,
         status TEXT NOT NULL CHECK (status IN ('received', 'read', 'taken', 'waiting', 'acting', 'closed')),
         seen INTEGER NOT NULL DEFAULT 0,
         appears_at TEXT NOT NULL,
         sealed BLOB NOT NULL,
         image BLOB) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_filings_by_case ON report_filings(case_id)",
    """CREATE TABLE report_messages (
         id TEXT PRIMARY KEY,
         filing_id TEXT NOT NULL REFERENCES report_filings(id) ON DELETE CASCADE,
         author TEXT NOT NULL CHECK (author IN ('holder', 'reporter')),
         seen INTEGER NOT NULL DEFAULT 0,
         appears_at TEXT NOT NULL,
         sealed BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_messages_by_filing ON report_messages(filing_id)",
    # Who is to be told of a case, and when: one row for each level of each round.
    """CREATE TABLE report_alerts (
         id TEXT PRIMARY KEY,
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         round INTEGER NOT NULL,
         level TEXT NOT NULL,
         role TEXT,
         state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'queued', 'delivered', 'failed')),
         due_at TEXT NOT NULL,
         UNIQUE (case_id, round, level)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_alerts_by_state ON report_alerts(state, due_at)",
)


def create(db: Database) -> None:
    """Create the tables; to be called by the migration, and never changed once that was applied."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
