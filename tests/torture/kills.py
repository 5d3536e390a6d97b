"""A sender that is killed again and again while it is being fed: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.storage import beside
from tests.torture import life
from tests.torture.world import Weather, World

LONGEST_LIFE = 0.8  # seconds
FACTS_EACH_SECOND = 20.0
LONG = 600.0  # seconds: those who are ended by us end by themselves, should we end first
QUIET_SECONDS = 240.0  # for what is left once nobody is killed any more
PEOPLE = 30  # on each platform


@dataclass(frozen=True)
class Toll:
    """What came of it. `lost`: accepted, and never said. `invented`: said, and never written.

    `twice`: said more than once, by platform. `unseen`: what Slack took up long after it came, so that
    looking for it before sending again could not see it. `looked`: how often a history was read.
    """

    kills: int
    accepted: int
    lost: int
    invented: int
    twice: Mapping[str, int]
    unseen: int
    looked: int
    dead: int
    troubles: Mapping[str, int]
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether every promise is kept."""
        return not (
            self.lost
            or self.invented
            or self.dead
            or self.twice["discord"]
            or self.twice["slack"] > self.unseen
        )

    def lines(self) -> list[str]:
        """Return the report, in French."""
        troubles = ", ".join(f"{name} {count}" for name, count in sorted(self.troubles.items()) if name)
        lost = (
            f"perdus\u00a0: {self.lost}; inventés\u00a0: {self.invented}; lettres mortes\u00a0: {self.dead}"
        )
        twice = f"Discord {self.twice['discord']}, Slack {self.twice['slack']}"
        unseen = f"{self.unseen} que la réconciliation ne peut pas toutes voir"
        return [
            f"{self.kills} SIGKILL en {self.seconds:.0f} s; ennuis des plateformes\u00a0: {troubles}",
            f"faits acceptés\u00a0: {self.accepted}; {lost}",
            f"envoyés deux fois\u00a0: {twice}, sur {unseen}",
            f"messages douteux cherchés dans un historique\u00a0: {self.looked}",
        ]


def run(kills: int, *, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> Toll:
    """Kill the sender so many times, then let it end, and count."""
    return asyncio.run(_run(kills, seed, say))


async def _run(kills: int, seed: int, say: Callable[[str], None]) -> Toll:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.torture.life"])
    dice, began = random.Random(seed), time.monotonic()  # noqa: S311 — to be the same each time
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        path, log = Path(folder) / "vigie.db", Path(folder) / "accepted"
        life.prepare(path, PEOPLE, PEOPLE)
        async with World(Weather()).serving() as world:
            feeder = processes.Process(
                target=life.feed, args=(str(path), str(log), FACTS_EACH_SECOND, LONG + 2 * kills)
            )
            feeder.start()
            for number in range(kills):
                sender = processes.Process(target=life.send, args=(world.origin, str(path), LONG))
                sender.start()
                await asyncio.sleep(dice.uniform(0, LONGEST_LIFE))
                sender.kill()
                await asyncio.to_thread(sender.join)
                if (number + 1) % 100 == 0:
                    say(f"  {number + 1} morts, {sum(world.requests.values())} requêtes")
            feeder.kill()
            feeder.join()
            sender = processes.Process(target=life.send, args=(world.origin, str(path), LONG))
            sender.start()
            try:
                states = await _quiet(path)
            finally:
                sender.kill()
                sender.join()
            said = {platform: world.words(platform) for platform in ("discord", "slack")}
            heard = {words.removeprefix(f"{life.WORD} ") for counts in said.values() for words in counts}
            accepted, written = set(log.read_text("ascii").split()), _written(path)
            return Toll(
                kills=kills,
                accepted=len(accepted),
                lost=len(accepted - (heard & written)),
                invented=len(heard - written),
                twice={platform: counts.total() - len(counts) for platform, counts in said.items()},
                unseen=world.held["slack"],
                looked=world.requests["discord history"] + world.requests["slack history"],
                dead=states["dead"],
                troubles=dict(world.troubles),
                seconds=time.monotonic() - began,
            )


async def _quiet(path: Path) -> Counter[str]:
    """Wait until nothing is left to send, and return how many rows are in each state."""
    async with asyncio.timeout(QUIET_SECONDS):
        while True:
            with beside(path) as db:
                rows = db.conn.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
            states = Counter(dict(rows))
            if not states["queued"] + states["sending"]:
                return states
            await asyncio.sleep(0.2)  # it is another process that gets there


def _written(path: Path) -> set[str]:
    with beside(path) as db:
        return {row[0] for row in db.conn.execute("SELECT id FROM torture_facts").fetchall()}
