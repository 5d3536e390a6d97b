"""Databases of other versions of Vigie: from before the first release, and from before a later migration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from bot.storage.database import Storage
from bot.storage.schema.migrations import migrations


def of_development(path: Path) -> None:
    """Make a database as development versions did, or make one of an existing database."""
    if not path.exists():
        Storage(path).close()
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE _sqlite_migrations SET name = 'm' || rowid || '_people'")


@contextmanager
def with_a_later_migration(*, broken: bool = False) -> Iterator[None]:
    """Add a migration to the first one, for the time of the context; it creates the table `later`."""

    @migrations()
    def m002_later(db: Database) -> None:
        db.conn.execute("CREATE TABLE later (x TEXT) STRICT")
        if broken:
            raise ZeroDivisionError

    try:
        yield
    finally:
        migrations._migrations.pop()
