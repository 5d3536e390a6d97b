"""Certificates of destruction: counts, never contents. See `bot.backup.destroyed`."""

TABLES = (
    """CREATE TABLE destructions (
         id TEXT PRIMARY KEY,
         day TEXT NOT NULL,
         category TEXT NOT NULL,
         count INTEGER NOT NULL) STRICT""",
)
