"""Due tasks, and the events already received."""

TABLES = (
    """CREATE TABLE due_tasks (
         key TEXT PRIMARY KEY,
         task TEXT NOT NULL,
         arguments TEXT NOT NULL DEFAULT '{}',
         due_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX due_tasks_by_time ON due_tasks(due_at)",
    """CREATE TABLE inbound_events (
         event_id TEXT PRIMARY KEY,
         received_at TEXT NOT NULL) STRICT""",
)
