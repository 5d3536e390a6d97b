"""Certificates of destruction: counts, never contents. See `bot.backup.destroyed`."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    """CREATE TABLE destructions (
         id TEXT PRIMARY KEY,
         day TEXT NOT NULL,
         category TEXT NOT NULL,
         count INTEGER NOT NULL) STRICT""",
)
