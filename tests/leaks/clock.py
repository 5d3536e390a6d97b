"""The moment of a report, as a visitor and a thief would guess it (T10, T11: see docs/menaces.md).

While a visitor asks for the form and the chat's commands all the time, people file reports, and others do
something ordinary that also writes, in an order drawn at random. The bot is the real one, in a process of its
own, whose clock is fast (`tests.leaks.paced`). The visitor keeps the longest and the mean wait
after each of these moments. The thief keeps, a little later, the age of each file, its birth included, and
how much each counter grew.

What these clues tell is judged by `tests.leaks.guessing`. What the bot plants after each report (`PLANTS`)
must be noticed.

python -m tests.leaks.clock [--paires 60] [--ecrire]
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import aiohttp
import click

from bot.backup import copies
from bot.reports import codes, filing, keys
from bot.reports.records import Records
from bot.schedule.names import HOURLY_COPY, PURGE
from bot.storage.database import Storage, beside
from bot.times import iso
from tests.kits import measures
from tests.kits.measures import Figure, at_least, at_most
from tests.kits.questions import learn
from tests.kits.reports.records import CALENDAR, PLAN, a_report
from tests.kits.reports.web import Seen, Visitor, a_picture
from tests.leaks import reporters, run, slack_wire, visitor
from tests.leaks.guessing import Moments, tau
from tests.leaks.paced import LONG, PLANTS, SHORT, Pace
from tests.wire.bot_process import BotProcess, free_port, start_bot

AFTER_BEATS: Final = 2.4  # after a moment for the visitor's waits, and for the thief at least one
PICTURE: Final = a_picture((400, 300))  # 360 kB of noise
READY: Final = "prêt."
MARK: Final = "heure"
PAGE: Final = measures.PAGE.with_name("menaces.md")
SIZES: Final = (1, 20, 50)  # megabytes
FEW: Final = 8  # of each: a clue that tells them all apart is just beyond the limit

Act = Callable[[], Coroutine[Any, Any, str]]  # the last request of something, which returns a report's code


# --- The bot, those who act and the visitor ----------------------------------------------------


@dataclass
class Place:
    """A bot that runs, and how to reach it."""

    home: Path
    bot: BotProcess
    slack: slack_wire.Wire
    web: Visitor
    dice: random.Random

    @property
    def database(self) -> Path:
        return self.home / "vigie.db"


def fill(home: Path, megabytes: int) -> None:
    """Make a database of about that size, with roles and the pictures of closed reports."""
    run.prepare(home / "vigie.db")
    ring = keys.load_keyring(home / "cles", create=True)
    with closing(Storage(home / "vigie.db")) as storage:

        def write() -> None:
            with storage.transaction() as db:
                session = Records(lambda _: ring, CALENDAR, PLAN).at(db)
                for number in range(megabytes):
                    post = a_report(f"https://exemple.ca/{number}")
                    filing.file_report(session, post, os.urandom(1_000_000))
                db.conn.execute("UPDATE report_cases SET status = 'closed', closed_on = opened_on")
                db.conn.execute("DELETE FROM report_alerts")

        storage.executor.submit(write).result()


@asynccontextmanager
async def opened(folder: Path, size: int, plant: str, pace: Pace, seed: int) -> AsyncIterator[Place]:
    """Give a bot that runs over a database of `size` megabytes, and end it."""
    home, port, dice = folder / "chez-vigie", free_port(), random.Random(seed)  # noqa: S311 — to be the same each time
    home.mkdir(parents=True)
    await asyncio.to_thread(fill, home, size)
    async with slack_wire.slack(free_port()) as slack, aiohttp.ClientSession() as web:
        settings = {"VIGIE_DB": str(home / "vigie.db"), "VIGIE_CLES": str(home / "cles")}
        settings |= {**slack.settings, "VIGIE_SIGNALEMENT_PORT": str(port)}
        bot = await start_bot(
            settings, plant, str(pace.beat), str(pace.layout), program=("-m", "tests.leaks.paced")
        )
        try:
            for name in ("Slack", "Formulaire Web"):
                await bot.until(f"{name}\u00a0: {READY}")
            yield Place(home, bot, slack, Visitor(web, f"http://127.0.0.1:{port}/"), dice)
        finally:
            await bot.kill()


async def _report_on_slack(place: Place, *, urgent: bool = False) -> Act:
    """Report up to the last press, which files it."""
    person = place.slack.person("Quelqu'un")
    typed = reporters.reporter(person.id, [], place.dice).typed
    await person.command("/signalement")
    shown = await person.message()
    if urgent:
        await person.press(shown, "Urgent")
        shown = await person.message()
    await person.press(shown, "Continuer")
    await person.submit(await person.window(), typed)
    review = await person.message()

    async def send() -> str:
        await person.press(review, "Envoyer")
        return reporters.code_in(slack_wire.words(await person.message()))

    return send


async def _ordinary_on_slack(place: Place) -> Act:
    """Use ordinary commands up to one that writes."""
    person = place.slack.person("Quelqu'un")
    for text in ("", "mesdonnees", "aide"):
        await person.command("/vigie", text)
        await person.message()

    async def link() -> str:
        await person.command("/vigie", "lier")
        await person.message()
        return ""

    return link


async def _reviewed_on_the_web(place: Place) -> Seen:
    typed = reporters.reporter("web", [], place.dice).typed
    fields = {"address": typed["adresse"], "summary": typed["propos"], "severity": typed["gravite"]}
    picture = PICTURE if place.dice.random() < 1 / 3 else None
    return await place.web.fill({**fields, "recipient": "vp-communications", "name": ""}, picture)


async def _report_on_the_web(place: Place) -> Act:
    review = await _reviewed_on_the_web(place)

    async def send() -> str:
        return reporters.code_in((await place.web.press(review, "envoyer")).text)

    return send


async def _withdraw_on_slack(place: Place) -> Act:
    """Report, then come back with the code up to the last press, which withdraws the report."""
    code = await (await _report_on_slack(place))()
    person = place.slack.person("Quelqu'un")
    await person.command("/signalement")
    await person.press(await person.message(), "J'ai déjà un code")
    await person.submit(await person.window(), {"code": code})
    await person.press(await person.message(), "Retirer")
    asked = await person.message()

    async def withdraw() -> str:
        await person.press(asked, "Le retirer")
        await person.message()
        return ""

    return withdraw


async def _withdraw_on_the_web(place: Place) -> Act:
    """The same on the Web."""
    code = await (await _report_on_the_web(place))()
    page = await place.web.press(await place.web.open("suivi"), "suivi", code=code)

    async def withdraw() -> str:
        await place.web.press(page, "retirer")
        return ""

    return withdraw


async def _ordinary_on_the_web(place: Place) -> Act:
    """Fill in the form, and send it back to be corrected rather than to be filed."""
    review = await _reviewed_on_the_web(place)

    async def correct() -> str:
        await place.web.press(review, "corriger")
        return ""

    return correct


Make = Callable[[Place], Coroutine[Any, Any, Act]]
_REPORTS: Final[Sequence[Make]] = (
    _report_on_slack, _report_on_the_web, _withdraw_on_slack, _withdraw_on_the_web,
)  # fmt: skip
_OTHERS: Final[Sequence[Make]] = (_ordinary_on_slack, _ordinary_on_the_web)


@asynccontextmanager
async def visited(place: Place, samples: dict[str, visitor.Samples]) -> AsyncIterator[None]:
    """Have a visitor ask for everything meanwhile; fill `samples` with the answers' times."""
    slack = f"http://127.0.0.1:{place.slack.bot_port}/slack/events"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.leaks.visitor", place.web.address, slack,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        yield
        output, _ = await process.communicate(b"")
        samples.update(json.loads(output))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# --- What a thief takes -------------------------------------------------------------------------

# Of the file's header: how often it changed, and how often its tables did (sqlite.org/fileformat2.html).
_COUNTERS: Final = {"counter schema": slice(40, 44)}


def counters(database: Path) -> dict[str, float]:
    """Return the counters in the file's header."""
    with database.open("rb") as file:
        head = file.read(100)
    return {name: float(int.from_bytes(head[place])) for name, place in _COUNTERS.items()}


def ages(home: Path) -> dict[str, float]:
    """Return how long ago each file and folder changed, its entry did, and it was made, in seconds."""
    now, found = time.time(), {}
    paths = [path for path in (home, *home.rglob("*")) if path.suffix != ".lock"]
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            found[f"modified {path.name}"] = now - status.st_mtime
            found[f"changed {path.name}"] = now - status.st_ctime
    return found | {f"born {name}": now - at for name, at in births(paths).items()}


def births(paths: Sequence[Path]) -> dict[str, float]:
    """Return when each file was made, by its name, in seconds since 1970. Some file systems do not tell.

    `os.stat` does not give it on Linux, where `stat` does.
    """
    listed = subprocess.run(
        ["/usr/bin/stat", "--printf", "%w|%n\n", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {}
    for line in listed.stdout.splitlines():
        day, _, name = line.partition("|")
        if day != "-":
            date, hour, zone = day.split()
            found[Path(name).name] = datetime.fromisoformat(f"{date}T{hour[:15]}{zone}").timestamp()
    return found


def search(place: Place, moments: Moments) -> None:
    """Look in the stolen files for the order of the reports, and for times that have passed.

    The hour's copy is opened too, since whoever has the disk has the keys. What tells more counts.
    """
    stolen = place.home.with_name("vole")
    shutil.copytree(place.home, stolen)
    (stolen / "copie.db").write_bytes(
        copies.read_copy(stolen / "sauvegardes" / copies.HOURLY, stolen / "cles")[0]
    )
    ring = keys.load_keyring(stolen / "cles")
    for name in ("vigie.db", "copie.db"):
        order, fine = _searched(stolen / name, ring, moments.codes)
        moments.order, moments.fine = max(moments.order, order, key=abs), max(moments.fine, fine)


def _searched(database: Path, ring: keys.Keyring, filed: Sequence[str]) -> tuple[float, int]:
    """Return how the order in a file follows that of the reports' codes, and how many past times it has."""
    content = database.read_bytes()
    with closing(sqlite3.connect(database)) as conn:

        def where(code: str) -> int | None:
            receipt = codes.fingerprint(code, ring.code_key)
            row = conn.execute("SELECT sealed FROM report_filings WHERE receipt = ?", (receipt,)).fetchone()
            return content.find(row[0][-64:]) if row else None  # the copy may have been begun before the last

        (fine,) = conn.execute(
            """SELECT count(*) FROM (
                 SELECT appears_at AS at FROM report_filings UNION ALL
                 SELECT due_at FROM report_alerts WHERE state <> 'planned' OR level = 'first' UNION ALL
                 SELECT due_at FROM outbox WHERE notice LIKE 'signalement%')
               WHERE at <= strftime('%Y-%m-%dT%H:%M:%SZ') AND at <> ?""",
            (Records(lambda _: ring, CALENDAR, PLAN).at(None).at_once,),  # type: ignore[arg-type]
        ).fetchone()
        return tau([place for place in map(where, filed) if place is not None]), fine


# --- All of it ----------------------------------------------------------------------------------


async def watched(
    folder: Path,
    size: int,
    count: int,
    *,
    plant: str = "none",
    pace: Pace = LONG,
    seed: int = 10,
) -> Moments:
    """Have `count` reports filed and as many ordinary things done; return what gave them away."""
    after = AFTER_BEATS * pace.beat
    moments, samples, began = Moments(size), dict[str, visitor.Samples](), list[tuple[bool, float, Any]]()
    started = time.monotonic()
    async with opened(folder, size, plant, pace, seed) as place:
        async with visited(place, samples):
            for make in in_pairs(place.dice, count):
                act = await make(place)
                await asyncio.sleep(place.dice.random() * pace.beat)
                before, moment = counters(place.database), time.monotonic()
                if code := await act():
                    moments.codes.append(code)
                done = time.time()
                await asyncio.sleep(moment + after - time.monotonic())
                await until(lambda done=done: place.database.stat().st_mtime > done)  # type: ignore[misc]
                grown = {name: value - before[name] for name, value in counters(place.database).items()}
                began.append((make in _REPORTS, moment, {**grown, **ages(place.home)}))
        if plant == "none":
            moments.codes.append(await (await _report_on_slack(place, urgent=True))())
            laid_out, done = counters(place.database), time.time()
            lay_out(place.database)
            await until(lambda: counters(place.database) != laid_out)
            await until(lambda: place.database.stat().st_mtime > done + pace.beat)
            copy = place.home / "sauvegardes" / copies.HOURLY
            await until(lambda: copy.exists() and copy.stat().st_mtime > done)
            await asyncio.to_thread(search, place, moments)
    for is_report, moment, clues in began:
        waits: dict[str, float] = {}
        for name, taken in samples.items():
            meanwhile = [took for left, took in taken if moment <= left + took and left <= moment + after]
            waits |= {f"{name} longest": max(meanwhile), f"{name} mean": fmean(meanwhile)}
        (moments.reports if is_report else moments.others).append({**clues, **waits})
    moments.seconds = time.monotonic() - started
    return moments


def in_pairs(dice: random.Random, count: int) -> Iterator[Make]:
    """Yield `count` reports or withdrawals and as many ordinary things, in pairs.

    The time of day then tells nothing.
    """
    for number in range(count):
        pair = [kinds[number % len(kinds)] for kinds in (_REPORTS, _OTHERS)]
        dice.shuffle(pair)
        yield from pair


def lay_out(database: Path) -> None:
    """Have the bot lay its file out and copy it at its next beat, as it does each hour."""
    with beside(database) as db:
        now = iso(datetime.now(UTC))
        both = (now, PURGE, HOURLY_COPY)
        db.conn.execute("UPDATE due_tasks SET due_at = ? WHERE key IN (?, ?)", both)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that only the files tell."""
    while not condition():  # noqa: ASYNC110 — no event says it
        await asyncio.sleep(SHORT.beat / 10)


# What notices each plant.
NOTICED: Final = {
    "delay": {"command"},
    "date": {"changed", "modified"},
    "birth": {"born"},
    "layout": {"counter"},
}


async def measured(folder: Path, sizes: Sequence[int], count: int) -> list[Figure]:
    """Return the figures of databases of these sizes in megabytes, and how many plants are noticed."""
    figures, noticed = [], 0
    for size in sizes:
        figures += (await watched(folder / str(size), size, count)).figures()
    for plant in PLANTS:
        noticed += (
            NOTICED[plant] <= (await watched(folder / plant, 1, FEW, plant=plant, pace=SHORT)).noticed()
        )
    return [*figures, Figure("Indices plantés et vus", noticed, at_least(len(PLANTS)))]


# --- What the cadence costs ---------------------------------------------------------------------

DAY_BEATS, DAY_HOURS = 8_640, 24


def cost(folder: Path, size: int = 50) -> list[Figure]:
    """Return what the beats and the layouts of a day write over so many megabytes, and how long they take."""
    folder.mkdir(parents=True)
    fill(folder, size)
    with closing(Storage(folder / "vigie.db")) as storage:

        def spent(work: Callable[[], object], times: int) -> tuple[float, float]:
            before, began = _written(), time.perf_counter()
            for _ in range(times):
                storage.executor.submit(work).result()
            return (_written() - before) / times, (time.perf_counter() - began) / times

        storage.executor.submit(storage.scatter).result()
        by_layout, layout = spent(storage.scatter, 3)
        by_beat, beat = spent(storage.flush, 50)

        def copy() -> None:
            copies.save_hourly(
                folder / "vigie.db", folder / "sauvegardes", folder / "cles", datetime.now(UTC)
            )

        by_copy, copying = spent(copy, 3)
    written = DAY_HOURS * (by_layout + by_copy) + DAY_BEATS * by_beat
    return [
        Figure(f"Récrire {size} Mo, chaque heure", round(layout * 1_000), at_most(2_000), "ms"),
        Figure(f"Copier {size} Mo, chaque heure, à part", round(copying * 1_000), at_most(5_000), "ms"),
        Figure("Vider le journal, toutes les dix secondes", round(beat * 1_000), at_most(200), "ms"),
        Figure(f"Écrit en un jour, sur {size} Mo", round(written / 1e6), at_most(8_000), "Mo"),
    ]


def _written() -> int:
    """Return how many bytes this process sent to the disk so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.partition(":")[2]) for line in lines if line.startswith("write_bytes"))


@click.command(help="Guetter le moment des signalements, de loin et sur un disque volé.")
@click.option("--paires", default=60, show_default=True, help="Combien de signalements par taille de base.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/menaces.md.")
def main(paires: int, ecrire: bool) -> None:
    """Measure everything, print the figures, and exit with 0 if nothing tells when a report came."""
    learn()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        figures = cost(Path(folder) / "cout") + asyncio.run(measured(Path(folder), SIZES, paires))
    command = f"python -m tests.leaks.clock --paires {paires}"
    mark = MARK if ecrire else None
    sys.exit(measures.told(figures, command, time.monotonic() - began, mark, page=PAGE))


if __name__ == "__main__":
    main()
