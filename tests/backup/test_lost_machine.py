"""The machine is lost, or its keeper leaves: what is elsewhere makes another that answers, timed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.backup import copies
from bot.outbox.rows import enqueue
from bot.people import persons, roles
from bot.people.persons import Account
from bot.reports import filing, keys
from bot.reports.records import Records
from bot.schedule import clock
from bot.schedule.names import HOURLY_COPY
from bot.storage.database import beside, reader
from tests.kits.effort import PATIENCE
from tests.kits.measures import Check, Figure, at_most
from tests.kits.office import CALENDAR
from tests.kits.outbox import delivery
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.reports.records import PLAN, a_report
from tests.upgrades.life import POST, reported
from tests.wire.bot_process import BOT, ROOT, BotProcess, free_port, running
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer
from tests.wire.policy_words import clause

READY = "Discord\u00a0: prêt."
BACK = 15 * 60  # seconds, of which the installation takes some: see docs/exploitation.md
MOST_LOST = timedelta(hours=1)


@dataclass(frozen=True)
class Machine:
    """A folder that stands for a machine's disk, with all that the bot keeps on it."""

    folder: Path
    wire: Mapping[str, str]

    @property
    def database(self) -> Path:
        return self.folder / "vigie.db"

    @property
    def copy(self) -> Path:
        return self.folder / "sauvegardes" / copies.HOURLY

    @property
    def settings(self) -> dict[str, str]:
        own = {"VIGIE_DB": str(self.database), "VIGIE_SANTE_PORT": str(free_port())}
        return {**self.wire, **own}

    def vigie(self, *words: str, typed: str = "", code: int = 0) -> str:
        """Run the command line there, as one does by hand, and return what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words],
            cwd=ROOT, env={"PATH": "/usr/bin", "PYTHONUTF8": "1", **self.settings},
            input=typed, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @asynccontextmanager
    async def running(self) -> AsyncIterator[BotProcess]:
        async with running(self.settings, program=brisk(BOT)) as bot:
            await bot.until(READY)
            yield bot

    def appoint(self, role: str, user: str) -> None:
        with beside(self.database) as db:
            person = persons.known(db, Account("discord", "", user))
            roles.appoint(db, role, person, CALENDAR.day(datetime.now(UTC)))

    def report(self) -> None:
        ring = keys.load_keyring(self.folder / "cles")
        with beside(self.database) as db:
            filing.file_report(Records(lambda _: ring, CALENDAR, PLAN).at(db), a_report(POST))

    def holders(self, role: str) -> set[str]:
        with closing(reader(self.database)) as db:
            today = CALENDAR.day(datetime.now(UTC))
            held = roles.holders(db, role, today)
            return {account.user for one in held for account in persons.accounts_of(db, one)}

    async def strike_the_hour(self) -> None:
        """Have the clock come to the hour, and wait for the copy that it makes."""
        began = time.time()
        with beside(self.database) as db:
            clock.cancel(db, HOURLY_COPY)  # the next hour's, if the first beat was already
            clock.plan(db, HOURLY_COPY, HOURLY_COPY, datetime.now(UTC))
        async with asyncio.timeout(PATIENCE):
            while not (self.copy.exists() and self.copy.stat().st_mtime > began):  # noqa: ASYNC110 — another process
                await asyncio.sleep(0.05)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as made:
        made.backend.create_guild("AGE")
        yield made


@pytest.fixture
def lost(server: DiscordServer, tmp_path: Path) -> Machine:
    folder = tmp_path / "ancienne"
    folder.mkdir()
    return Machine(folder, server.environment)


@pytest.fixture
def new(server: DiscordServer, tmp_path: Path) -> Machine:
    folder = tmp_path / "nouvelle"
    folder.mkdir()
    return Machine(folder, server.environment)


async def answers(server: DiscordServer, machine: Machine) -> None:
    """Ask something of the bot of a machine, and read the answer."""
    async with machine.running():
        answer = await Person(server, "alice").slash("politique", "5.10")
        assert clause("5.10").split()[0] in answer.text


async def test_a_machine_that_burns_is_replaced_with_what_it_held_an_hour_before_at_most(
    server: DiscordServer, lost: Machine, new: Machine, tmp_path: Path, check: Check
) -> None:
    elsewhere, double = tmp_path / "ailleurs", tmp_path / "double"
    elsewhere.mkdir()
    async with lost.running() as bot:
        lost.appoint(COMMUNICATIONS_ROLE, "111111111111111111")
        lost.report()
        with beside(lost.database) as db:
            holder = persons.known(db, Account("discord", "", "111111111111111111"))
            enqueue(db, delivery("un", f"person:{holder}"), datetime.now(UTC) + timedelta(hours=2))
        await lost.strike_the_hour()
        shutil.copy(lost.copy, elsewhere)  # deploiement/vigie-ailleurs@.service
        shutil.copytree(lost.folder / "cles", double)
        lost.appoint(COMMUNICATIONS_ROLE, "222222222222222222")
        await bot.kill()
    shutil.rmtree(lost.folder)
    fire, began = datetime.now(UTC), time.monotonic()

    shutil.copytree(double, new.folder / "cles")
    printed = new.vigie("restaurer", str(elsewhere / copies.HOURLY))
    assert "Décidez du sort des messages retenus" in printed, "one was to leave in two hours"
    new.vigie("retenus", "--envoyer")
    await answers(server, new)
    check(Figure("De la machine perdue à une réponse", time.monotonic() - began, at_most(BACK), "s"))

    made = copies.last_hour(elsewhere, double)
    assert made is not None
    assert fire - made < MOST_LOST
    assert new.holders(COMMUNICATIONS_ROLE) == {"111111111111111111"}, "the hour's, and nothing later"
    with closing(reader(new.database)) as db:
        assert reported(new.folder, db) == [POST]


async def test_whoever_takes_over_goes_on_from_the_archive_and_its_words_alone(
    server: DiscordServer, lost: Machine, new: Machine, tmp_path: Path
) -> None:
    async with lost.running() as bot:
        lost.appoint(roles.ADMINISTRATION, "111111111111111111")
        lost.report()
        prepared = lost.vigie("passation", "preparer", str(tmp_path / "remise"))
        await bot.stop()
    words = prepared.splitlines()[-1]
    shutil.rmtree(lost.folder)
    [archive], [checklist] = ((tmp_path / "remise").glob(f"*.{end}") for end in ("scellee", "md"))

    opened = tmp_path / "ouverte"
    next_steps = new.vigie("passation", "ouvrir", str(archive), str(opened), typed=f"{words.upper()}\n")
    assert f"vigie restaurer {opened / 'sauvegardes' / copies.HOURLY}" in next_steps
    assert f"«\u00a0cles\u00a0» à {lost.folder / 'cles'}" in next_steps, "as the settings say"
    settings = (opened / "vigie.env").read_text("utf-8")
    assert f"DISCORD_TOKEN={server.token}" in settings
    shutil.copytree(opened / "cles", new.folder / "cles")
    new.vigie("restaurer", str(opened / "sauvegardes" / copies.HOURLY))
    await answers(server, new)
    assert new.holders(roles.ADMINISTRATION) == {"111111111111111111"}
    with closing(reader(new.database)) as db:
        assert reported(new.folder, db) == [POST]
    for text in (checklist.read_text("utf-8"), next_steps):
        assert server.token not in text
        assert words not in text
        assert "111111111111111111" not in text


async def test_a_copy_is_nothing_without_the_double_of_the_keys(
    lost: Machine, new: Machine, tmp_path: Path
) -> None:
    async with lost.running():
        await lost.strike_the_hour()
    copy = shutil.copy(lost.copy, tmp_path)
    shutil.rmtree(lost.folder)
    assert "il manque la clé des sauvegardes" in new.vigie("restaurer", str(copy), code=2)
    assert not new.database.exists()
