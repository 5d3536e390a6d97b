"""Requests for a permission, and a bot that is killed again and again while people ask and decide.

    python -m tests.torture.permissions [--morts 1000] [--ecrire]

Lives are those of `tests.torture.reports`. What is acknowledged is written, by the life, to a file that
outlives it: « asked » or « decided », and the request.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as hours
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import click

from bot.app.build import Bot
from bot.people import persons, roles
from bot.people.persons import Account
from bot.permissions import requests
from bot.permissions.requests import Asking, PermissionRequestError, PermissionSession, Ruling
from bot.register import certificates, signing
from bot.settings import Settings
from bot.storage.database import beside
from tests.kits import measures
from tests.kits.measures import NONE, Figure, at_least, lines, missed
from tests.kits.questions import learn
from tests.torture import reports
from tests.torture.life import settings as bot_settings
from tests.torture.reports import Life, told_twice
from tests.torture.world import Weather, World, troubles

EACH_SECOND: Final = 5.0
MOST: Final = 300  # requests in a run, or hardly more: they go to the same few people
MARK: Final = "demandes"
HOLDERS: Final = {
    roles.VP_COMMUNICATIONS: Account("discord", "", "1000"),
    roles.CONSEIL: Account("slack", "T00000001", "U1001"),
}
ASKERS: Final = tuple(
    account
    for number in range(20)
    for account in (
        Account("discord", "", str(1010 + number)),
        Account("slack", "T00000001", f"U{1010 + number}"),
    )
)
_REQUEST: Final = re.compile(r"demande voir ([0-9a-f]{16})")
_ACTS: Final = {"à décider": "asked", "accordée": "decided", "refusée": "decided"}


@dataclass(frozen=True)
class Toll:
    """What came of it. `lost`: acknowledged, and not in the database, or never told.

    `undecided`: decisions acknowledged that the database has not. `faults`: in the chain of certificates.
    """

    kills: int
    asked: int
    decided: int
    lost: int
    undecided: int
    untold: int
    faults: int
    entries: int
    twice: Counter[str]
    dead: int
    looked: int
    troubles: Mapping[str, int]
    seconds: float

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be."""
        return [
            Figure("SIGKILL", self.kills),
            *troubles(self.troubles),
            Figure("Demandes acquittées", self.asked, at_least(1)),
            Figure("Acquittées, puis perdues", self.lost, NONE),
            Figure("Décisions acquittées", self.decided, at_least(1)),
            Figure("Décisions acquittées, puis perdues", self.undecided, NONE),
            Figure("Décisions jamais dites", self.untold, NONE),
            Figure("Certificats au registre", self.entries),
            Figure("Fautes dans la chaîne des certificats", self.faults, NONE),
            Figure("Messages non remis", self.dead, NONE),
            Figure("Dits deux fois, sur Discord", self.twice["discord"], NONE),
            Figure("Dits deux fois, sur Slack", self.twice["slack"], NONE),
            Figure("Dits deux fois, Slack ne les ayant exécutés que trop tard", self.twice["unseen"]),
            Figure("Dits deux fois, plus loin que les messages relus", self.twice["far"], NONE),
            Figure("Historiques relus pour chercher un message douteux", self.looked),
        ]

    @property
    def sound(self) -> bool:
        """Whether every promise is kept."""
        return not missed(self.figures())

    def lines(self) -> list[str]:
        """Return the report, in French."""
        return lines(self.figures())


def words(body: dict[str, Any]) -> str:
    """Return which request a message is about, and what it tells."""
    text = json.dumps(body, ensure_ascii=False)
    request, act = _REQUEST.search(text), next((act for mark, act in _ACTS.items() if mark in text), "")
    return f"{act} {request[1]}" if request and act else ""


async def feed(bot: Bot, acknowledged: Path, each_second: float) -> None:
    """Ask and decide through the storage thread, as commands do; write what is acknowledged once it is."""
    dice = random.Random()  # noqa: S311 — any will do

    def act() -> str:
        with bot.storage.transaction() as db:
            session = PermissionSession(db, bot.permission_desk, bot.clock())
            waiting = requests.waiting(db)
            if waiting and dice.random() < 0.5:
                request = dice.choice(waiting)
                decider = dice.choice(requests.deciders(db, request, session.today)[1])
                ruling = Ruling(dice.random() < 0.7, "Parce que.", name="Une personne")
                return f"decided {requests.decide(session, request.id, decider, ruling).id}"
            asker = persons.known(db, dice.choice(ASKERS))
            kind = dice.choice(["page", "logo"])
            asking = Asking(kind, "Pour le club", name="Une personne")  # type: ignore[arg-type]  # two kinds
            return f"asked {requests.ask(session, asker, asking).id}"

    while each_second:
        await asyncio.sleep(dice.expovariate(each_second))
        try:
            done = await bot.storage.run(act)
        except PermissionRequestError:  # too many of this person wait
            continue
        reports.note(acknowledged, done)


def run(
    kills: int,
    weather: Weather,
    *,
    each_second: float = EACH_SECOND,
    brisk: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Toll:
    """Kill the bot so many times while people ask and decide; then count."""
    with reports.lives() as orders:
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
        reports.prepare(path, HOLDERS)
        async with World(weather, words_of=words).serving() as world:
            own = {"VIGIE_ADMINS": "", "VIGIE_DEMANDES": "logo=conseil-executif"}
            settings = {**bot_settings(world, path), **own}
            world.ahead = _until_work()  # the whole world's time passes: nobody's clock is wrong
            place = (settings, str(acknowledged), world.ahead)
            for number in range(kills):
                full = len(reports.noted(acknowledged)) > 2 * MOST * number / kills
                rate = 0.0 if full and number else each_second
                life = Life(*place, rate, brisk, "tests.torture.permissions:feed")
                await reports.one_life(orders, life, dice, _begun)
                if (number + 1) % 50 == 0:
                    say(f"  {number + 1} morts, {len(reports.noted(acknowledged))} acquittements")
            await reports.quiet(orders, Life(*place, 0.0, brisk), path, _is_quiet)
            return _count(kills, path, reports.noted(acknowledged), world, time.monotonic() - began)


def _until_work() -> float:
    """Return how long, in seconds, until ten o'clock on the next working day."""
    calendar, now = Settings().calendar(), datetime.now(UTC)
    day = calendar.next_working_day(calendar.day(now))
    return (calendar.at(day, hours(10)) - now) / timedelta(seconds=1)


def _begun(acknowledged: list[str]) -> bool:
    return any(line.startswith("decided") for line in acknowledged)


def _is_quiet(path: Path, _now: str) -> bool:
    with beside(path) as db:
        (left,) = db.conn.execute(
            "SELECT count(*) FROM outbox WHERE notice LIKE 'demande-%' AND state IN ('queued', 'sending')"
        ).fetchone()
    return not left


def _count(kills: int, path: Path, noted: list[str], world: World, seconds: float) -> Toll:
    keys = path.parent / "cles"
    with beside(path) as db:
        states = dict(db.conn.execute("SELECT id, state FROM permission_requests").fetchall())
        (dead,) = db.conn.execute("SELECT count(*) FROM outbox WHERE state = 'dead'").fetchone()
        audit, _ = certificates.verify_with_end(db, signing.load_ring(keys), keys)
        granted = sum(state == "granted" for state in states.values())
    arrived = sum((world.words(platform) for platform in ("discord", "slack")), Counter[str]())
    asked = [line.partition(" ")[2] for line in noted if line.startswith("asked")]
    decided = [line.partition(" ")[2] for line in noted if line.startswith("decided")]
    return Toll(
        kills=kills,
        asked=len(asked),
        decided=len(decided),
        lost=sum(
            request not in states or (states[request] == "asked" and not arrived[f"asked {request}"])
            for request in asked
        ),
        undecided=sum(states.get(request) not in {"granted", "refused"} for request in decided),
        untold=sum(
            not arrived[f"decided {request}"] for request, state in states.items() if state != "asked"
        ),
        faults=len(audit.faults) + abs(audit.entries - granted),
        entries=audit.entries,
        twice=told_twice(world),
        dead=dead,
        looked=world.requests["discord history"] + world.requests["slack history"],
        troubles=dict(world.troubles),
        seconds=seconds,
    )


@click.command(help="Tuer le robot pendant qu'on demande des autorisations et qu'on en décide, puis compter.")
@click.option("--morts", default=1_000, show_default=True, help="Combien de SIGKILL.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(morts: int, ecrire: bool) -> None:
    """Run all of it, print the figures, and exit with 0 if every promise is kept."""
    learn()
    toll = run(morts, Weather(), say=click.echo)
    command = f"python -m tests.torture.permissions --morts {morts}"
    sys.exit(measures.told(toll.figures(), command, toll.seconds, MARK if ecrire else None))


if __name__ == "__main__":
    main()
