"""The bot's own state, by name (see `bot.storage.state`)."""

TABLES = ("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",)
