"""Due tasks, and the events already received."""

TABLES = (
    """CREATE TABLE due_tasks (
         key TEXT PRIMARY KEY,
         task TEXT NOT NULL,
         arguments TEXT NOT NULL DEFAULT '{}',
         due_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX due_tasks_by_time ON due_tasks(due_at)",
    # Only the day is stored, and rows are in hash order: an event may be the request that led to a report.
    """CREATE TABLE inbound_events (
         event_hash BLOB PRIMARY KEY,
         received_on TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)
