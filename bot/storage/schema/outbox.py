"""The messages to send (see `bot.outbox.rows`)."""

TABLES = (
    """CREATE TABLE outbox (
         id TEXT PRIMARY KEY,
         key TEXT NOT NULL UNIQUE,
         recipient TEXT NOT NULL,
         notice TEXT NOT NULL,
         arguments TEXT NOT NULL DEFAULT '{}',
         urgent INTEGER NOT NULL DEFAULT 0,
         state TEXT NOT NULL DEFAULT 'queued'
           CHECK (state IN ('queued', 'sending', 'sent', 'held', 'dead', 'cancelled')),
         asked TEXT,
         due_at TEXT NOT NULL,
         attempts INTEGER NOT NULL DEFAULT 0,
         route TEXT,
         tried TEXT NOT NULL DEFAULT '[]',
         claimed_at TEXT,
         problem TEXT,
         sent_day TEXT) STRICT""",
    "CREATE INDEX outbox_by_state ON outbox(state, due_at)",
    # Pictures of progress, stored until they are sent, for at most a day.
    """CREATE TABLE progress_pictures (
         id TEXT PRIMARY KEY,
         png BLOB NOT NULL,
         numbers TEXT NOT NULL,
         made_on TEXT NOT NULL) STRICT""",
)

# Indexes to find, among all the rows, whether a person was already sent a notice, and what they have to open.
ADDED_SINCE_FIRST = (
    "CREATE INDEX outbox_by_notice ON outbox(notice)",
    "CREATE INDEX outbox_to_open ON outbox(recipient) WHERE state = 'sent' AND problem = 'waiting'",
)
