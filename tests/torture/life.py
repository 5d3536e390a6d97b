"""The processes of the torture: one that sends, and is killed; one that writes what is to be sent.

They are forked from a process that has already read every module, so that a life begins in a few
milliseconds: the moment when it is killed is then spread over what it does, not over its imports.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import discord
from discord.http import Route
from slack_sdk.web.async_client import AsyncWebClient

from bot.messages import Message, Quotation, Quote, Text
from bot.notices import Services
from bot.outbox import Delivery, enqueue
from bot.outbox_pump import Pump
from bot.outbox_routes import Routes
from bot.outbox_sending import Habits
from bot.platforms import Deliverer
from bot.platforms.discord_delivery import DiscordDelivery, paced
from bot.platforms.slack_delivery import SlackDelivery
from bot.policy import people
from bot.policy.people import Account
from bot.storage import Storage, StorageError, beside
from bot.times import system_clock
from tests.torture.world import TOKEN

SETTLE = timedelta(seconds=1)  # the World acts at once, but for what it holds
ANSWER_SECONDS = 2.0  # less than what the World holds, so that a living process meets it too
WORD = "fait"


def no_quote(quote: Quote) -> Quotation:
    """Refuse: nothing here quotes the policy."""
    raise LookupError(quote.clause)


def build(_: Services, name: str, arguments: Mapping[str, object]) -> Message:
    """Return a message whose words say which fact it is for, and nothing else does."""
    return Message(Text(f"{name} {arguments['n']}"))


def send(origin: str, path: str, seconds: float) -> None:
    """Run the pump on the database, on both platforms, until it is killed or for so many seconds."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_send(origin, Path(path), seconds))


async def _send(origin: str, path: Path, seconds: float) -> None:
    storage = _opened(path)
    Route.BASE = f"{origin}/api/v10"
    client = discord.Client(
        intents=discord.Intents.none(),
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=30,
        http_trace=paced(),
    )
    await client.login(TOKEN)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        slack = AsyncWebClient(
            token="xoxb-essai", base_url=f"{origin}/slack/", session=session, retry_handlers=[]
        )
        posts: dict[str, Deliverer] = {
            "discord": DiscordDelivery(client, no_quote),
            "slack": SlackDelivery(slack, no_quote),
        }
        habits = Habits(
            system_clock, lambda moment: moment, lambda moment: moment.astimezone(UTC).date(), settle=SETTLE
        )
        pump = Pump(storage, posts, Routes(posts), habits, build=build)
        running = asyncio.create_task(pump.run())
        await asyncio.wait({running}, timeout=seconds)
        await pump.close()
        await running
    await client.close()
    storage.close()


def _opened(path: Path) -> Storage:
    """Open the database, as soon as the kernel has let go of the one before."""
    while True:
        with suppress(StorageError):
            return Storage(path)
        time.sleep(0.005)


def feed(path: str, acknowledged: str, each_second: float, seconds: float) -> None:
    """Write facts and what they cause, in one transaction each; then, safely, that they are accepted."""
    logging.disable(logging.CRITICAL)
    dice = random.Random(5)  # noqa: S311 — to be the same each time
    database, until = Path(path), time.monotonic() + seconds
    with beside(database) as db:
        everyone = [row[0] for row in db.conn.execute("SELECT id FROM people").fetchall()]
    with Path(acknowledged).open("a", encoding="ascii") as log:
        while time.monotonic() < until:
            fact = secrets.token_hex(6)
            try:
                with beside(database) as db:
                    db.conn.execute("INSERT INTO torture_facts VALUES (?)", (fact,))
                    delivery = Delivery(
                        fact, f"person:{dice.choice(everyone)}", WORD, {"n": fact}, urgent=True
                    )
                    enqueue(db, delivery, datetime.now(UTC))
            except StorageError:  # the bot is writing: nothing was accepted
                continue
            log.write(f"{fact}\n")
            log.flush()
            os.fsync(log.fileno())
            time.sleep(dice.expovariate(each_second))


def prepare(path: Path, on_discord: int, on_slack: int) -> None:
    """Make a database with so many people on each platform, and a table of facts."""
    storage = Storage(path)
    try:
        with storage.transaction() as db:
            db.conn.execute("CREATE TABLE torture_facts (id TEXT PRIMARY KEY) STRICT")
            for number in range(on_discord):
                people.known(db, Account("discord", "", str(1000 + number)))
            for number in range(on_slack):
                people.known(db, Account("slack", "T1", f"U{1000 + number}"))
    finally:
        storage.close()
