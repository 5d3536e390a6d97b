"""The bot's own state, by name: see `bot.storage.state`."""

from __future__ import annotations

from typing import Final

TABLES: Final = ("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",)
