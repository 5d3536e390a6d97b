"""A small life of the bot, with a row of what an upgrade must not lose."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.outbox.rows import enqueue
from bot.people import membership, persons, roles
from bot.people.persons import Account
from bot.register.attestations import Attesting
from bot.reports.filing import file_report, open_report
from bot.revision import revisions
from bot.revision.revisions import Dates, Proposal
from bot.settings import SEED, Settings
from bot.storage.database import Storage, reader
from tests.kits.fake_clock import FakeClock
from tests.kits.outbox import delivery
from tests.kits.people import ADVISER_ROLE, COMMUNICATIONS_ROLE
from tests.kits.register import PA20
from tests.kits.reports.records import a_report
from tests.policy.test_identities import NEW, shifted
from tests.wire.bot_process import MODELS

OFFICER = Actor("discord", "123456789012345670", "423456789012345678")
REVISED = date(2026, 11, 20)  # when the text was adopted in which 5.10 is 5.11
BASE, KEYS, SEEN = "base.sql", "cles", "vu.json"
POST = "https://example.org/publication"


def settings(folder: Path) -> Settings:
    own = {"vigie_db": folder / "vigie.db", "discord_token": "x", "vigie_modeles": MODELS}
    own |= {"vigie_admins": "discord:123456789012345678", "vigie_discord_serveur": OFFICER.team}
    return Settings.model_validate(own)


def started(folder: Path, storage: Storage, clock: FakeClock) -> Bot:
    """Start a bot on a folder's database, as `vigie servir` does."""
    bot = build(settings(folder), storage, clock)
    storage.executor.submit(starting.settle, bot).result()
    return bot


def live(folder: Path) -> None:
    """Make a database and its keys: roles, a report, an attestation, a message that waits.

    An officer has begun to read, and is asked a question; then a revision inserts a clause at 5.3.
    """
    clock = FakeClock("2026-11-24T15:00:00Z")
    with closing(Storage(folder / "vigie.db")) as storage:
        bot = started(folder, storage, clock)

        def act() -> None:
            with storage.transaction() as db:
                for number, role in enumerate((COMMUNICATIONS_ROLE, ADVISER_ROLE)):
                    holder = persons.known(db, Account("discord", "", f"22345678901234567{number}"))
                    roles.appoint(db, role, holder, bot.today() - timedelta(days=30))
                account = Account("discord", "", "323456789012345678")
                person = persons.known(db, account)
                bot.registrar.attest(db, Attesting(person, "Camille", account, PA20, clock()))
                file_report(bot.records.at(db), a_report(POST))
                enqueue(db, delivery("un", f"person:{person}"), clock())
                membership.enter(db, persons.known(db, OFFICER), "officer", membership.BY_HAND, bot.today())
                bot.office.registry_changed(db, "")

        storage.executor.submit(act).result()
        storage.executor.submit(bot.registrar.catch_up).result()
        asyncio.run(_begin(bot))
        storage.executor.submit(revise, bot).result()
        (folder / SEEN).write_text(json.dumps(asyncio.run(seen(bot)), indent=1), "utf-8")


async def _begin(bot: Bot) -> None:
    """Read a page, and ask for the quiz's first question."""
    reply = await ask(bot, "accueil lire")
    assert isinstance(reply, Message)
    commands = [button.command for button in reply.buttons() if isinstance(button, Button)]
    await ask(bot, next(command for command in commands if command.startswith("accueil lu ")))
    await ask(bot, "quiz nouveau -")


async def seen(bot: Bot) -> dict[str, list[list[str]]]:
    """Return what one's reading and the quiz quote (policy, version, clause), then their first buttons."""
    answers: dict[str, list[list[str]]] = {}
    for line in ("accueil lire", "quiz"):
        reply = await ask(bot, line)
        assert isinstance(reply, Message)
        buttons = [button.command for button in reply.buttons() if isinstance(button, Button)]
        answers[line] = [[quote.policy, quote.version, quote.clause] for quote in reply.quotes()]
        answers[line].append(buttons[:1])
    return answers


async def ask(bot: Bot, line: str) -> Reply:
    """Return what the officer is answered when they type a line, or press the button that stands for it."""
    return await bot.dispatcher.handle(bot.dispatcher.from_command(line, actor=OFFICER))


def revise(bot: Bot) -> None:
    """Put in force a text with one more clause, on the storage thread."""
    text = (SEED / "politique" / "pa20" / "2015-12-13.md").read_text("utf-8")
    day = bot.today()
    with bot.storage.transaction() as db:
        proposal = Proposal("pa20", shifted(text, 5, 3, NEW), "file", "2015-12-13")
        revision = revisions.propose(db, proposal, day)
        revision = revisions.approve(db, revision, None, Dates(REVISED, day), day)
        bot.archive.announce(db, {"revision": revision.id}, bot.clock())


def dump(database: Path) -> str:
    """Return a database as SQL."""
    with closing(reader(database, earlier=True).conn) as conn:
        return "\n".join(conn.iterdump()) + "\n"


def load(sql: str, database: Path) -> None:
    """Make the database that `dump` gave as SQL."""
    with closing(sqlite3.connect(database)) as conn:
        conn.executescript(sql)


def counts(database: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(reader(database, earlier=True).conn) as conn:
        db = Database(conn)
        return {name: db.table(name).count for name in db.table_names()}


def tables(database: Path) -> Mapping[str, list[str]]:
    """Return the columns of each table, with their types."""
    with closing(reader(database, earlier=True).conn) as conn:
        db = Database(conn)
        return {
            name: [f"{column.name} {column.type}" for column in db.table(name).columns]
            for name in db.table_names()
        }


def reported(folder: Path, db: Database) -> list[str]:
    """Return the posts of the reports in a database, unsealed with the keys of its folder."""
    from bot.reports import keys  # noqa: PLC0415 — its name is a folder's here

    ring = keys.load_keyring(folder / KEYS)
    rows = db.conn.execute("SELECT sealed FROM report_filings").fetchall()
    return [open_report(ring, sealed).address for (sealed,) in rows]
