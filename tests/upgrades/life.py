"""A small life of the bot, with a row of what an upgrade must not lose."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.outbox.rows import enqueue
from bot.people import persons, roles
from bot.people.persons import Account
from bot.register.attestations import Attesting
from bot.reports.filing import file_report, open_report
from bot.settings import Settings
from bot.storage.database import Storage, reader
from tests.kits.fake_clock import FakeClock
from tests.kits.outbox import delivery
from tests.kits.register import PA20
from tests.kits.reports.records import a_report
from tests.wire.bot_process import MODELS

BASE, KEYS = "base.sql", "cles"
POST = "https://example.org/publication"


def settings(folder: Path) -> Settings:
    own = {"vigie_db": folder / "vigie.db", "discord_token": "x", "vigie_modeles": MODELS}
    return Settings.model_validate({**own, "vigie_admins": "discord:123456789012345678"})


def started(folder: Path, storage: Storage, clock: FakeClock) -> Bot:
    """Start a bot on a folder's database, as `vigie servir` does."""
    bot = build(settings(folder), storage, clock)
    storage.executor.submit(starting.settle, bot).result()
    return bot


def live(folder: Path) -> None:
    """Make a database and its keys: roles, a report, an attestation, a message that waits."""
    clock = FakeClock("2026-11-24T15:00:00Z")
    with closing(Storage(folder / "vigie.db")) as storage:
        bot = started(folder, storage, clock)

        def act() -> None:
            with storage.transaction() as db:
                for number, role in enumerate((roles.VP_COMMUNICATIONS, roles.CONSEILLER)):
                    holder = persons.known(db, Account("discord", "", f"22345678901234567{number}"))
                    roles.appoint(db, role, holder, bot.today() - timedelta(days=30))
                account = Account("discord", "", "323456789012345678")
                person = persons.known(db, account)
                bot.registrar.attest(db, Attesting(person, "Camille", account, PA20, clock()))
                file_report(bot.records.at(db), a_report(POST))
                enqueue(db, delivery("un", f"person:{person}"), clock())

        storage.executor.submit(act).result()
        storage.executor.submit(bot.registrar.catch_up).result()


def dump(database: Path) -> str:
    """Return a database as SQL."""
    with closing(reader(database).conn) as conn:
        return "\n".join(conn.iterdump()) + "\n"


def load(sql: str, database: Path) -> None:
    """Make the database that `dump` gave as SQL."""
    with closing(sqlite3.connect(database)) as conn:
        conn.executescript(sql)


def counts(database: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(reader(database).conn) as conn:
        db = Database(conn)
        return {name: db.table(name).count for name in db.table_names()}


def tables(database: Path) -> Mapping[str, list[str]]:
    """Return the columns of each table, with their types."""
    with closing(reader(database).conn) as conn:
        db = Database(conn)
        return {
            name: [f"{column.name} {column.type}" for column in db.table(name).columns]
            for name in db.table_names()
        }


def reported(folder: Path, db: Database) -> list[str]:
    """Return the posts of the reports in a database, unsealed with the keys of its folder."""
    from bot.reports import keys  # noqa: PLC0415 — its name is a folder's here

    ring = keys.keyring(folder / KEYS)
    rows = db.conn.execute("SELECT sealed FROM report_filings").fetchall()
    return [open_report(ring, sealed).address for (sealed,) in rows]
