"""The bot itself, as people run it, and those who give it something to say."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.outbox.notices import DEAD_LETTER, DeadLetter
from bot.outbox.rows import Delivery, enqueue
from bot.people import persons
from bot.people.persons import Account
from bot.storage.database import Storage, StorageError, beside
from tests.torture.world import World
from tests.wire.bot_process import MODELS, ROOT, BotProcess, free_port, unbuffered_environment

BOT = ("-m", "bot", "--reglages", os.devnull)
SERVING: tuple[str, ...] = BOT  # of which much is asked at once; the tests have it brisk
READY = "prêt."  # a platform is
BACKLOG = 200  # messages that wait: more would only have to be sent once nobody is killed any more


def settings(world: World, path: Path) -> dict[str, str]:
    """Return what a bot needs, on both platforms, with its database at `path`."""
    ports = {"VIGIE_SANTE_PORT": str(free_port()), "VIGIE_SLACK_PORT": str(free_port())}
    return {
        **world.settings,
        **ports,
        "VIGIE_DB": str(path),
        "VIGIE_MODELES": str(MODELS),
        "VIGIE_ADMINS": "discord:100000000000001000",
    }


async def start(
    environment: Mapping[str, str], *words: str, program: Sequence[str] | None = None
) -> BotProcess:
    """Start `vigie servir`, or other words, in a process of its own; `program` in the place of theirs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *(program or (BOT if words else SERVING)), *(words or ("servir",)),
        cwd=ROOT, env=unbuffered_environment(environment),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    return BotProcess(process)


@asynccontextmanager
async def running(
    environment: Mapping[str, str], *, program: Sequence[str] | None = None
) -> AsyncIterator[BotProcess]:
    """Run a bot for the time of the context, from when a platform is ready."""
    bot = await start(environment, program=program)
    try:
        await bot.until(READY)
        yield bot
    finally:
        await bot.kill()


async def lines(environment: Mapping[str, str], *words: str) -> tuple[int, list[str]]:
    """Run a command to its end; return its exit code and what it said."""
    bot = await start(environment, *words, program=BOT)
    return await bot.ended(), bot.lines


def prepare(path: Path, on_discord: int, on_slack: int) -> None:
    """Make a database with so many people on each platform, and a table of facts."""
    storage = Storage(path)
    try:
        with storage.transaction() as db:
            db.conn.execute("CREATE TABLE torture_facts (id TEXT PRIMARY KEY) STRICT")
            for number in range(on_discord):
                persons.known(db, Account("discord", "", str(1000 + number)))
            for number in range(on_slack):
                persons.known(db, Account("slack", "T00000001", f"U{1000 + number}"))
    finally:
        storage.close()


def cause(
    path: Path, count: int, later: timedelta = timedelta(0), ahead: timedelta = timedelta(0)
) -> set[str]:
    """Write so many facts, each with a message to someone; return them once they are safely written.

    `later`: how long the messages wait. `ahead`: what the clock is wrong by. Raises `StorageError`.
    """
    facts = [f"fait-{secrets.token_hex(6)}" for _ in range(count)]
    now = datetime.now(UTC) + ahead
    with beside(path) as db:
        everyone = [row[0] for row in db.conn.execute("SELECT id FROM people ORDER BY id").fetchall()]
        for fact in facts:
            db.conn.execute("INSERT INTO torture_facts VALUES (?)", (fact,))
            arguments = DeadLetter(fact, "avis", "gone")
            to = f"person:{secrets.choice(everyone)}"
            enqueue(db, Delivery(fact, to, DEAD_LETTER, arguments, urgent=True, due_at=now + later), now)
    return set(facts)


def feed(path: str, acknowledged: str, each_second: float, seconds: float) -> None:
    """Write facts and what they cause, in one transaction each; then, safely, that they are accepted.

    As long as `BACKLOG` messages wait, nothing is written: on a slow machine the bot, killed before it
    could send much, would have all the rest to send at the end.
    """
    logging.disable(logging.CRITICAL)
    dice = random.Random(5)  # noqa: S311 — to be the same each time
    until = time.monotonic() + seconds
    with Path(acknowledged).open("a", encoding="ascii") as log:
        while time.monotonic() < until:
            time.sleep(dice.expovariate(each_second))
            try:
                if unsent(Path(path)) >= BACKLOG:
                    continue
                [fact] = cause(Path(path), 1)
            except StorageError:  # the bot is writing: nothing was accepted
                continue
            log.write(f"{fact}\n")
            log.flush()
            os.fsync(log.fileno())


def unsent(path: Path) -> int:
    """Return how many messages wait, or are on their way."""
    with beside(path) as db:
        waiting = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
        return int(db.conn.execute(waiting).fetchone()[0])


def written(path: Path) -> set[str]:
    """Return the facts that the database holds."""
    with beside(path) as db:
        return {row[0] for row in db.conn.execute("SELECT id FROM torture_facts").fetchall()}


async def quiet(path: Path, within: float) -> Counter[str]:
    """Wait until nothing is left to send, and return how many rows are in each state."""
    async with asyncio.timeout(within):
        while True:
            with beside(path) as db:
                rows = db.conn.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
            states = Counter(dict(rows))
            if not states["queued"] + states["sending"]:
                return states
            await asyncio.sleep(0.2)  # it is another process that gets there
