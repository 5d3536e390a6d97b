"""The bot, killed again and again while it is being fed and sends: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.kits.measures import NONE, Figure, at_least, lines, missed
from tests.torture import life
from tests.torture.world import Weather, World, troubles

WHILE_STARTING, LONGEST_START = 0.2, 0.6  # of the lives; seconds
LONGEST_LIFE = 1.0  # seconds, once a platform is ready
FACTS_EACH_SECOND = 8.0
LONG = 600.0  # seconds: who is ended by us ends by itself, should we end first
QUIET_SECONDS = 900.0  # for what is left once nobody is killed any more
PEOPLE = 30  # on each platform


@dataclass(frozen=True)
class Toll:
    """What came of it. `lost`: accepted, and never said. `invented`: said, and never written.

    `twice`: said more than once, by platform; `unseen`: of those, what Slack took up long after it came, so
    that looking for it before sending again could not see it. `looked`: how often a history was read.
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

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be."""
        return [
            Figure("SIGKILL", self.kills),
            *troubles(self.troubles),
            Figure("Faits acceptés", self.accepted, at_least(1)),
            Figure("Perdus", self.lost, NONE),
            Figure("Inventés", self.invented, NONE),
            Figure("Messages non remis", self.dead, NONE),
            Figure("Dits deux fois, sur Discord", self.twice["discord"], NONE),
            Figure("Dits deux fois, sur Slack", self.twice["slack"] - self.unseen, NONE),
            Figure("Dits deux fois, Slack ne les ayant exécutés que trop tard", self.unseen),
            Figure("Historiques relus pour chercher un message douteux", self.looked),
        ]

    @property
    def kept(self) -> bool:
        """Whether every promise is kept."""
        return not missed(self.figures())

    def lines(self) -> list[str]:
        """Return the report, in French."""
        return lines(self.figures())


def run(kills: int, weather: Weather, *, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> Toll:
    """Kill the bot so many times, then let it end its work, and count."""
    return asyncio.run(_run(kills, weather, seed, say))


async def _run(kills: int, weather: Weather, seed: int, say: Callable[[str], None]) -> Toll:
    dice, began = random.Random(seed), time.monotonic()  # noqa: S311 — to be the same each time
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        path, log = Path(folder) / "vigie.db", Path(folder) / "accepted"
        life.prepare(path, PEOPLE, PEOPLE)
        async with World(weather).serving() as world:
            settings = life.settings(world, path)
            feeder = multiprocessing.get_context("spawn").Process(
                target=life.feed, args=(str(path), str(log), FACTS_EACH_SECOND, LONG + 20 * kills)
            )
            feeder.start()
            try:
                for number in range(kills):
                    await _one_life(settings, dice)
                    if (number + 1) % 50 == 0:
                        say(f"  {number + 1} morts, {sum(world.requests.values())} requêtes")
            finally:
                feeder.kill()
                feeder.join()
            async with life.running(settings):
                states = await life.quiet(path, QUIET_SECONDS)
            words_by_platform = {platform: world.words(platform) for platform in ("discord", "slack")}
            unseen = sum(
                words_by_platform["slack"][fact] - 1
                for fact in world.late["slack"]
                if words_by_platform["slack"][fact]
            )
            heard = {fact for counts in words_by_platform.values() for fact in counts}
            accepted, written = set(log.read_text("ascii").split()), life.written(path)
            return Toll(
                kills=kills,
                accepted=len(accepted),
                lost=len(accepted - (heard & written)),
                invented=len(heard - written),
                twice={
                    platform: counts.total() - len(counts) for platform, counts in words_by_platform.items()
                },
                unseen=unseen,
                looked=world.requests["discord history"] + world.requests["slack history"],
                dead=states["dead"],
                troubles=dict(world.troubles),
                seconds=time.monotonic() - began,
            )


async def _one_life(settings: Mapping[str, str], dice: random.Random) -> None:
    """Start the bot and kill it: at any moment, most often once it is at work."""
    bot = await life.start(settings)
    try:
        if dice.random() < WHILE_STARTING:
            await asyncio.sleep(dice.uniform(0, LONGEST_START))
        else:
            await bot.until(life.READY)
            await asyncio.sleep(dice.uniform(0, LONGEST_LIFE))
    finally:
        await bot.kill()
