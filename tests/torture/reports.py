"""Reports, and a bot that is killed again and again while it takes them in and tells of them.

    python -m tests.torture.reports [--morts 1000] [--ecrire]

Each life of the bot is a process forked from one that has read all of its code, so that a thousand fit in
some minutes; it opens the database, connects to both platforms, takes reports in through the dispatcher,
and is ended by SIGKILL. What is acknowledged is written, by it, to a file that outlives it.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import multiprocessing
import os
import pkgutil
import random
import re
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import click

import bot
from bot.app import background, serving, starting
from bot.app.build import Bot, Parts
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Request
from bot.people import persons, roles
from bot.people.persons import Account
from bot.platforms.discord import delivery as discord_delivery
from bot.platforms.slack import delivery as slack_delivery
from bot.reports import codes as report_codes
from bot.reports import keys
from bot.revision import archive
from bot.settings import SEED, Settings
from bot.storage import state
from bot.storage.database import Storage, beside
from tests.kits import measures
from tests.kits.defaults import set_constants
from tests.kits.measures import NONE, Figure, at_least, at_most, lines, missed, number
from tests.kits.people import ADVISER_ROLE, ALTERNATE_ROLE, COMMUNICATIONS_ROLE
from tests.kits.questions import learn
from tests.torture.life import settings as bot_settings
from tests.torture.world import Weather, World, troubles
from tests.wire.brisk import BEAT_SECONDS, be_brisk

Json = dict[str, Any]

LONGEST_LIFE: Final = 1.5  # seconds
BEAT: Final = 0.5  # seconds between two beats of the clock
EACH_SECOND: Final = 5.0  # reports, while the bot lives
MOST: Final = 240  # reports in a run, or hardly more: all of them go to the same few people
# How many messages back each platform is asked for one that may have been sent.
REACH: Final = {
    "discord": discord_delivery.LOOKED_AT,
    "slack": slack_delivery.PAGE * slack_delivery.PAGES,
}
QUIET_SECONDS: Final = 900.0
HOUR: Final = 3_600.0
MARK: Final = "signalements"
# From which part of the kills on, what the clock is ahead by: past each level, in turn.
PHASES: Final = ((0.0, 0.0), (0.6, 5 * HOUR), (0.75, 25 * HOUR), (0.9, 74 * HOUR))
# Then, past each level again: a clock that went back would have what is due wait.
LAST: Final = (74 * HOUR, 80 * HOUR, 100 * HOUR, 150 * HOUR)
HOLDERS: Final = {
    COMMUNICATIONS_ROLE: Account("discord", "", "1000"),
    ADVISER_ROLE: Account("slack", "T00000001", "U1001"),
    ALTERNATE_ROLE: Account("discord", "", "1002"),
}
LEVELS: Final = {"Un nouveau": "first", "attend": "reminder", "aussi": "passed on"}
_CASE: Final = re.compile(r"signalements voir ([0-9a-f]{32})")


@dataclass(frozen=True)
class Toll:
    """What came of it. `lost`: acknowledged, and not in the database or never told of.

    `missing`: levels that never came, of the reports of the first phase. `twice`: told of more than once at
    one level, by platform, but for two kinds: `unseen`, which Slack took too late to be found, and `far`,
    which came after more messages than are looked through (`REACH`). `fullest`: the most that one
    conversation got; within reach, nothing can be far.
    """

    kills: int
    acknowledged: int
    kept: int
    lost: int
    missing: int
    twice: Counter[str]
    far: int
    fullest: int
    unseen: int
    looked: int
    dead: int
    troubles: Mapping[str, int]
    seconds: float

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be."""
        back = number(min(REACH.values()))
        return [
            Figure("SIGKILL", self.kills),
            *troubles(self.troubles),
            Figure("Signalements acquittés", self.acknowledged, at_least(1)),
            Figure("Acquittés, puis perdus", self.lost, NONE),
            Figure("Signalements gardés, acquittés ou non", self.kept),
            Figure("Paliers manquants", self.missing, NONE),
            Figure("Messages non remis", self.dead, NONE),
            Figure("Dits deux fois à un palier, sur Discord", self.twice["discord"], NONE),
            Figure("Dits deux fois à un palier, sur Slack", self.twice["slack"], NONE),
            Figure("Dits deux fois, Slack ne les ayant exécutés que trop tard", self.unseen),
            Figure(f"Dits deux fois, plus loin que les {back} messages relus", self.far, NONE),
            Figure("Messages à une même personne, au plus", self.fullest, at_most(min(REACH.values()))),
            Figure("Historiques relus pour chercher un message douteux", self.looked),
        ]

    @property
    def sound(self) -> bool:
        """Whether every promise is kept."""
        return not missed(self.figures())

    def lines(self) -> list[str]:
        """Return the report, in French."""
        return lines(self.figures())


def words(body: Json) -> str:
    """Return which case a message is about, and at which level."""
    text = json.dumps(body, ensure_ascii=False)
    match = _CASE.search(text)
    if match is None:
        return ""
    level = next((level for mark, level in reversed(LEVELS.items()) if mark in text), "?")
    return f"{match[1]} {level}"


# --- A life -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """What a life needs: its settings, where it writes what it acknowledges, what its clock is ahead by.

    `brisk`: that it does not wait before it looks for what a kill left in doubt (see `tests.wire.brisk`).
    `feed`: what people do meanwhile, « module:function », called as `feed` is.
    """

    settings: dict[str, str]
    acknowledged: str
    ahead: float
    each_second: float
    brisk: bool
    feed: str = "tests.torture.reports:feed"


def live(life: Life, known: Parts) -> None:
    """Be the bot until the end, which comes from outside. `known`: what is the same in every life."""
    settings = Settings.model_validate({name.lower(): value for name, value in life.settings.items()})
    if life.brisk:
        be_brisk()
    else:  # a life is shorter than the ten seconds of its own beat
        set_constants(background, BEAT_SECONDS=BEAT)
    storage = Storage(settings.database())
    bot = Bot(settings, storage, lambda: datetime.now(UTC) + timedelta(seconds=life.ahead))
    bot.approved(bot.today())  # the first life takes the files as approved
    bot.library, bot.masker = known.library, known.masker
    _ = bot.dispatcher
    storage.executor.submit(starting.settle, bot).result()

    async def both() -> None:
        module, _, function = life.feed.partition(":")
        fed = getattr(importlib.import_module(module), function)
        feeding = asyncio.create_task(fed(bot, Path(life.acknowledged), life.each_second))
        await serving.run(bot, lambda _: None)
        await feeding

    asyncio.run(both())


async def feed(bot: Bot, acknowledged: Path, each_second: float) -> None:
    """Report posts through the dispatcher; write what is acknowledged once it is."""
    dice = random.Random()  # noqa: S311 — any will do
    while each_second:
        await asyncio.sleep(dice.expovariate(each_second))
        post = secrets.token_hex(8)
        fields = {"adresse": f"https://www.facebook.com/spotted/posts/{int(post, 16)}", "propos": post}
        review = await bot.dispatcher.handle(Request("signalement", "revoir 001", fields=fields))
        assert isinstance(review, Message)
        send = next(
            button
            for button in review.buttons()
            if isinstance(button, Button) and "envoyer" in button.command
        )
        reply = await bot.dispatcher.handle(Request("signalement", send.command.partition(" ")[2]))
        assert isinstance(reply, Message)
        code = next((found for text in reply.own_words() if (found := report_codes.read_code(text))), None)
        if code is not None:
            note(acknowledged, code)


def note(file: Path, code: str) -> None:
    with file.open("a", encoding="utf-8") as log:
        log.write(f"{code}\n")
        log.flush()
        os.fsync(log.fileno())


def mother(orders: Connection) -> None:
    """Give birth to lives and end them, as told: it has read the code, and holds neither loop nor thread."""
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.endswith(("__main__", ".tuning")):  # the latter learns, with what no bot has
            importlib.import_module(module.name)
    known = Parts(Settings.model_validate({}))
    _ = known.masker  # read now, of the policies, so that no life reads them
    while (order := orders.recv()) is not None:
        what, about = order
        if what == "live":
            child = os.fork()
            if child == 0:
                with open(os.devnull, "w") as nowhere:  # noqa: PTH123 — a descriptor is what is needed
                    os.dup2(nowhere.fileno(), 1)
                    os.dup2(nowhere.fileno(), 2)
                live(about, known)
                os._exit(0)
            orders.send(child)
        else:
            with suppress(ProcessLookupError):
                os.kill(about, signal.SIGKILL)
            os.waitpid(about, 0)
            orders.send(None)


# --- All of them ------------------------------------------------------------------------------


@contextmanager
def lives() -> Iterator[Connection]:
    """Yield what gives orders to a mother of lives, who ends with it."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=mother, args=(there,))
    process.start()
    there.close()  # so that a mother who dies is noticed
    try:
        yield here
    finally:
        here.send(None)
        process.join()


def prepare(path: Path, holders: Mapping[str, Account]) -> None:
    """Make a database where each role has its holder."""
    storage = Storage(path)
    try:
        with storage.transaction() as db:
            archive.approved(db, [SEED], "pa20", date(2026, 1, 1))  # as at a first start, which no life has
            roles.seed(db)
            for role, account in holders.items():
                roles.appoint(db, role, persons.known(db, account), date(2026, 1, 1))
    finally:
        storage.close()


def run(
    kills: int,
    weather: Weather,
    *,
    each_second: float = EACH_SECOND,
    brisk: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Toll:
    """Kill the bot so many times while it takes in that many reports each second; then count."""
    with lives() as orders:
        return asyncio.run(_run(kills, weather, each_second, orders, say, brisk=brisk))


async def _run(
    kills: int,
    weather: Weather,
    each_second: float,
    orders: Connection,
    say: Callable[[str], None],
    *,
    brisk: bool,
) -> Toll:
    dice, began = random.Random(1), time.monotonic()  # noqa: S311 — to be the same each time
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        path, acknowledged = Path(folder) / "vigie.db", Path(folder) / "acquittes"
        acknowledged.touch()
        prepare(path, HOLDERS)
        async with World(weather, words_of=words).serving() as world:
            settings = {**bot_settings(world, path), "VIGIE_ADMINS": ""}
            for number in range(kills):
                part = number / kills
                ahead = next(shift for start, shift in reversed(PHASES) if part >= start)
                world.ahead = ahead  # the whole world's time passes: nobody's clock is wrong
                early = part / PHASES[1][0]  # they come evenly, before the clock first moves
                ahead_of_plan = len(noted(acknowledged)) > MOST * early
                rate = 0.0 if early >= 1 or ahead_of_plan else each_second
                await one_life(orders, Life(settings, str(acknowledged), ahead, rate, brisk), dice)
                if (number + 1) % 50 == 0:
                    say(f"  {number + 1} morts, {len(noted(acknowledged))} signalements acquittés")
            for shift in LAST:  # whatever is left at each level
                world.ahead = shift
                await quiet(orders, Life(settings, str(acknowledged), shift, 0.0, brisk), path, _is_quiet)
            return _count(kills, path, noted(acknowledged), world, time.monotonic() - began)


async def order(orders: Connection, what: str, about: object) -> Any:  # noqa: ANN401 — a process's number, or nothing
    orders.send((what, about))
    return await asyncio.to_thread(orders.recv)


async def one_life(
    orders: Connection, life: Life, dice: random.Random, begun: Callable[[list[str]], bool] = bool
) -> None:
    """Let a bot live, then kill it. `begun`: whether what was acknowledged so far is enough to be lost."""
    child = await order(orders, "live", life)
    try:
        if life.each_second:  # without a report there would be nothing to lose
            async with asyncio.timeout(QUIET_SECONDS):
                while not begun(noted(Path(life.acknowledged))):  # noqa: ASYNC110 — another process writes: there is no event
                    await asyncio.sleep(0.05)
        await asyncio.sleep(dice.uniform(0, LONGEST_LIFE))
    finally:
        await order(orders, "end", child)


async def quiet(orders: Connection, life: Life, path: Path, is_quiet: Callable[[Path, str], bool]) -> None:
    """Let the bot live until nothing is left to say, then end it."""
    beat, former = BEAT_SECONDS if life.brisk else BEAT, last_beat(path)
    child = await order(orders, "live", life)
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            now = (datetime.now(UTC) + timedelta(seconds=life.ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")
            calm = 0
            while calm < 3:
                await asyncio.sleep(beat)
                calm = calm + 1 if last_beat(path) != former and is_quiet(path, now) else 0
    finally:
        await order(orders, "end", child)


def last_beat(path: Path) -> str | None:
    with beside(path) as db:
        return state.read_value(db, state.BEAT)


def _is_quiet(path: Path, now: str) -> bool:
    with beside(path) as db:
        (left,) = db.conn.execute(
            """SELECT (SELECT count(*) FROM outbox
                 WHERE notice IN ('signalement', 'signalement-suite') AND state IN ('queued', 'sending'))
                 + (SELECT count(*) FROM report_alerts WHERE state = 'queued')
                 + (SELECT count(*) FROM report_alerts
                    WHERE state = 'planned' AND due_at <= ? AND sealed_due IS NULL)""",
            (now,),
        ).fetchone()
    return not left


def _count(kills: int, path: Path, codes: list[str], world: World, seconds: float) -> Toll:
    ring = keys.load_keyring(path.parent / "cles")
    with beside(path) as db:
        case_of = dict(db.conn.execute("SELECT receipt, case_id FROM report_filings").fetchall())
        (dead,) = db.conn.execute("SELECT count(*) FROM outbox WHERE state = 'dead'").fetchone()
    words_by_platform = {platform: world.words(platform) for platform in ("discord", "slack")}
    every = sum(words_by_platform.values(), Counter[str]())
    cases = [case_of.get(report_codes.fingerprint(code, ring.code_key)) for code in codes]
    # The other recipient and the alternate are told the same words.
    wanted = {"first": 1, "reminder": 1, "passed on": 2}
    missing = sum(
        max(0, count - every[f"{case} {level}"])
        for case in case_of.values()
        for level, count in wanted.items()
    )
    twice = told_twice(world)
    return Toll(
        kills=kills,
        acknowledged=len(codes),
        kept=len(case_of),
        lost=sum(case is None or not every[f"{case} first"] for case in cases),
        missing=missing,
        twice=Counter({platform: twice[platform] for platform in words_by_platform}),
        far=twice["far"],
        fullest=max(map(len, world.channels.values()), default=0),
        unseen=twice["unseen"],
        looked=world.requests["discord history"] + world.requests["slack history"],
        dead=dead,
        troubles=dict(world.troubles),
        seconds=seconds,
    )


def told_twice(world: World) -> Counter[str]:
    """Return what was said twice: by platform, or « far », or « unseen » (see `Toll`)."""
    found = Counter[str]()
    for conversation, messages in world.channels.items():
        platform, seen = conversation.partition(" ")[0], dict[str, int]()
        for at, message in enumerate(messages):
            about = message["words"]
            if about and about in seen:
                late = platform == "slack" and about in world.late[platform]
                found["far" if at - seen[about] > REACH[platform] else "unseen" if late else platform] += 1
            seen[about] = at
    return found


def noted(file: Path) -> list[str]:
    return [line for line in file.read_text("utf-8").splitlines() if line.strip()]


@click.command(help="Tuer le robot pendant qu'il reçoit et annonce des signalements, puis compter.")
@click.option("--morts", default=1_000, show_default=True, help="Combien de SIGKILL.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(morts: int, ecrire: bool) -> None:
    """Run all of it, print the figures, and exit with 0 if every promise is kept."""
    learn()
    toll = run(morts, Weather(), say=click.echo)
    command = f"python -m tests.torture.reports --morts {morts}"
    sys.exit(measures.told(toll.figures(), command, toll.seconds, MARK if ecrire else None))


if __name__ == "__main__":
    main()
