"""Certificates of destruction: how many rows were destroyed, not what they held (`bot.backup.destroyed`)."""

TABLES = (
    """CREATE TABLE destructions (
         id TEXT PRIMARY KEY,
         day TEXT NOT NULL,
         category TEXT NOT NULL,
         count INTEGER NOT NULL) STRICT""",
)
