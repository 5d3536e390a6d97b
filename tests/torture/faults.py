"""What may befall the machine: the running bot says so in one clear line, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from datetime import time as hour
from pathlib import Path
from typing import TypeAlias

from sqlite_utils import Database

from bot.app import starting
from bot.app.build import build
from bot.app.tasks import NIGHTLY, Tasks
from bot.schedule import clock as schedule
from bot.schedule.clock import Schedule, Work
from bot.settings import Settings
from bot.storage.database import Storage, StorageError
from tests.kits import measures
from tests.kits.fake_clock import FakeClock
from tests.torture import life
from tests.torture.world import CALM, Weather, World
from tests.wire.bot_process import ROOT

FACTS = 20
PATIENCE = 60.0  # seconds for what is left to be said
AHEAD = timedelta(hours=1)
SMALL = "3m"  # bytes: room for little more than what is there
Done: TypeAlias = Counter[tuple[str, date]]
# The nights when the hour changes in Québec.
NIGHTS = (date(2026, 3, 8), date(2026, 11, 1))


@dataclass(frozen=True)
class Scene:
    """What came of a fault. `said`: the line that tells of it, "" if none did."""

    name: str
    said: str
    facts: int = 0
    lost: int = 0
    twice: int = 0
    skipped: str = ""

    @property
    def kept(self) -> bool:
        """Whether it was said, and nothing was lost nor said twice."""
        return bool(self.skipped) or (bool(self.said) and not self.lost and not self.twice)

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows."""
        if self.skipped:
            return (f"{self.name} (pas essayée\u00a0: {self.skipped})", "", "", "", "")
        counts = (str(self.facts), str(self.lost), str(self.twice))
        return (self.name, *counts, "oui" if self.said else "non")

    def line(self) -> str:
        """Return the report, in French."""
        if self.skipped:
            return f"{self.name}\u00a0: pas essayé ici ({self.skipped})"
        counts = f"{self.facts} faits, perdus\u00a0: {self.lost}, en double\u00a0: {self.twice}"
        return f"{self.name}\u00a0: {counts}; dit\u00a0: {self.said or 'rien'}"


def table_of(scenes: Sequence[Scene]) -> str:
    """Return what came of each fault, under what must come of it."""
    return measures.table(
        ("Panne", "Faits", "Perdus", "Dits deux fois", "Expliquée"),
        [("**Cible**", "", "0", "0", "oui"), *(scene.cells() for scene in scenes)],
    )


@dataclass
class Stage:
    """Where a scene takes place."""

    folder: Path
    world: World
    settings: Mapping[str, str]

    @property
    def database(self) -> Path:
        """The database, as the bot has it."""
        return Path(self.settings["VIGIE_DB"])

    def scene(self, name: str, said: str, facts: set[str]) -> Scene:
        """Count what was said of the facts."""
        heard = self.world.words("discord") + self.world.words("slack")
        return Scene(name, said, len(facts), len(facts - set(heard)), heard.total() - len(heard))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Give a world without troubles, and a database with people in it."""
    with tempfile.TemporaryDirectory(prefix="vigie-") as name:
        folder = Path(name)
        (folder / "base").mkdir()
        path = folder / "base" / "vigie.db"
        life.prepare(path, FACTS, FACTS)
        async with World(Weather(**vars(CALM))).serving() as world:
            yield Stage(folder, world, life.settings(world, path))


async def apart(name: str, title: str) -> Scene:
    """Play a scene of `APART` in a process whose mounts are its own, where that is allowed."""
    unshare = (shutil.which("unshare") or "false", "-rm")
    if await (await asyncio.create_subprocess_exec(*unshare, "true")).wait():
        return Scene(title, "", skipped="personne ne peut monter un disque")
    process = await asyncio.create_subprocess_exec(
        *unshare, sys.executable, "-m", "tests.torture.faults", name, *life.SERVING,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    return Scene(**json.loads(output)) if process.returncode == 0 else Scene(title, "")


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[None]:
    """Mount something at `folder`, for this process and those that it starts."""
    subprocess.run(["/bin/mount", *words, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", str(folder)], check=True)


async def full() -> Scene:
    """Fill the disk while the bot has things to send, then make room."""
    return await apart("full", "disque plein")


async def _full() -> Scene:
    async with stage() as here:
        small = here.folder / "petit"
        small.mkdir()
        with mounted(small, "-t", "tmpfs", "-o", f"size={SMALL}", "none"):
            database = small / "vigie.db"
            shutil.copy(here.database, database)
            async with life.running({**here.settings, "VIGIE_DB": str(database)}) as bot:
                facts = life.cause(database, FACTS, later=timedelta(seconds=3))
                filler = small / "plein"
                _fill(filler)
                refused = _refusal(lambda: life.cause(database, 1))
                await bot.until("le disque est plein", within=PATIENCE)
                filler.unlink()
                await life.quiet(database, PATIENCE)
        return here.scene("disque plein", refused and f"{refused} (au terminal et au journal)", facts)


def _fill(filler: Path) -> None:
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _refusal(work: Callable[[], object]) -> str:
    try:
        work()
    except StorageError as error:
        return str(error)
    return ""


async def read_only() -> Scene:
    """Start the bot where it may not write, then where it may."""
    return await apart("read_only", "base en lecture seule")


async def _read_only() -> Scene:
    async with stage() as here:
        facts, folder = life.cause(here.database, FACTS), here.database.parent
        with mounted(folder, "--bind", str(folder)):
            subprocess.run(["/bin/mount", "-o", "remount,bind,ro", str(folder)], check=True)  # noqa: ASYNC221 — at once
            refusal = await _refused(here.settings)
        async with life.running(here.settings):
            await life.quiet(here.database, PATIENCE)
        return here.scene("base en lecture seule", refusal, facts)


async def corrupted() -> Scene:
    """Spoil the database of a bot that has things to send, then restore the copy that was made."""
    async with stage() as here:
        facts = life.cause(here.database, FACTS, later=timedelta(seconds=1))
        copy = here.folder / "copie.db"
        await life.lines(here.settings, "sauvegarder", str(copy))
        content = bytearray(here.database.read_bytes())
        content[4096 : 4096 * 6] = b"\xff" * 4096 * 5
        here.database.write_bytes(content)
        refusal = await _refused(here.settings)
        if here.database.read_bytes() != bytes(content):
            refusal = ""  # it was touched
        await life.lines(here.settings, "restaurer", str(copy), "--en-clair")
        async with life.running(here.settings):
            await life.lines(here.settings, "retenus", "--envoyer")
            await life.quiet(here.database, PATIENCE)
        return here.scene("base abîmée, puis restaurée", refusal, facts)


async def two() -> Scene:
    """Start a second bot on the database of one that runs."""
    async with stage() as here, life.running(here.settings):
        facts = life.cause(here.database, FACTS)
        refusal = await _refused(here.settings)
        await life.quiet(here.database, PATIENCE)
        return here.scene("deux instances", refusal, facts)


async def _refused(settings: Mapping[str, str]) -> str:
    """Return the one line of a bot that must end by itself; "" when it does otherwise."""
    code, output = await life.lines(settings)
    return output[0] if code and len(output) == 1 else ""


async def set_back() -> Scene:
    """Set the clock back an hour while nobody knows what became of what was sent."""
    async with stage() as here:
        wrong = here.folder / "retard"
        wrong.write_text(str(AHEAD.total_seconds()), "ascii")
        here.world.weather.dropped_after = 1.0
        program = ("-m", "tests.torture.clocked", str(wrong))
        async with life.running(here.settings, program=program) as bot:
            facts = life.cause(here.database, FACTS, ahead=AHEAD)
            while not facts <= set(here.world.words("discord") + here.world.words("slack")):
                await here.world.news()
            here.world.weather.dropped_after = 0.0
            wrong.write_text("0", "ascii")
            began = time.monotonic()
            facts |= life.cause(here.database, FACTS)
            await life.quiet(here.database, PATIENCE)
            seconds = time.monotonic() - began
            line = await bot.until("the clock was set back")
        verdict = f"«\u00a0{json.loads(line)['message']}\u00a0» au journal, tout réglé en {seconds:.0f} s"
        return here.scene("horloge reculée d'une heure", verdict, facts)


async def nights() -> Scene:
    """Live through both nights when the hour changes, ten minutes at a time: each task is done once a day."""
    done: Done = Counter()
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        settings = Settings.model_validate({"vigie_db": f"{folder}/vigie.db", "discord_token": "x"})
        calendar = settings.calendar()
        for night in NIGHTS:
            clock = FakeClock()
            clock.now = calendar.at(night - timedelta(days=1), hour(12))
            await _through(night, settings, clock, done)
    wanted = {
        (task, night + timedelta(days=after))
        for night in NIGHTS
        for after in (0, 1)
        for task in (*(one.task for one in NIGHTLY), "1 h 30", "2 h 30")
    }
    missed, twice = len(wanted - set(done)), sum(done[one] - 1 for one in set(done))
    verdict = "chaque tâche de nuit est faite une fois par jour"
    return Scene("nuits du changement d'heure", verdict, len(wanted), missed, twice)


async def _through(night: date, settings: Settings, clock: FakeClock, done: Done) -> None:
    calendar, path = settings.calendar(), settings.database()
    storage = Storage(path)
    try:
        bot = build(settings, storage, clock)
        storage.executor.submit(starting.settle, bot).result()
        work = _counted(Tasks(bot, {}).work(), calendar.day, done)
        clockwork = Schedule(storage, work, calendar, clock)
        await clockwork.tick()

        def planned(db: Database) -> None:
            for day in (night, night + timedelta(days=1)):
                for when in (hour(1, 30), hour(2, 30)):
                    key = f"{when.hour} h {when.minute}"
                    schedule.plan(db, f"{key} {day}", key, calendar.at(day, when))

        await storage.run(lambda: _within(storage, planned))
        while calendar.day(clock()) < night + timedelta(days=2):
            clock.move(minutes=10)
            await clockwork.tick()
            await asyncio.gather(*clockwork._errands.values(), return_exceptions=True)
        await clockwork.close()
    finally:
        storage.close()


def _within(storage: Storage, work: Callable[[Database], object]) -> None:
    with storage.transaction() as db:
        work(db)


def _counted(work: Work, day: Callable[[datetime], date], done: Done) -> Work:
    """Return the same work, which counts what it does; and what is planned for each of two hours."""

    def task(name: str) -> schedule.Task:
        def do(db: Database, arguments: schedule.Arguments, now: datetime) -> None:
            if name in work.tasks:
                work.tasks[name](db, arguments, now)
            done[name, day(now)] += 1

        return do

    def errand(name: str) -> schedule.Errand:
        async def do(arguments: schedule.Arguments, now: datetime) -> None:
            await work.errands[name](arguments, now)
            done[name, day(now)] += 1

        return do

    tasks = {name: task(name) for name in (*work.tasks, "1 h 30", "2 h 30")}
    errands = {name: errand(name) for name in work.errands}
    return Work(tasks, errands, work.daily, work.on_beat, work.around)


Play: TypeAlias = Callable[[], Awaitable[Scene]]
SCENES: tuple[Play, ...] = (full, read_only, corrupted, set_back, nights, two)


APART: Mapping[str, Play] = {"full": _full, "read_only": _read_only}


def run() -> Iterator[Scene]:
    """Yield what came of each fault."""
    for scene in SCENES:
        yield asyncio.run(_awaited(scene))


async def _awaited(scene: Play) -> Scene:
    return await scene()


if __name__ == "__main__":
    _, played, *serving = sys.argv
    life.SERVING = tuple(serving)
    json.dump(asdict(asyncio.run(_awaited(APART[played]))), sys.stdout)
