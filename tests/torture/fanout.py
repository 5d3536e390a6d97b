"""A message to a thousand people, on platforms that enforce their limits: as fast as those alone allow."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from bot.outbox.notices import DEAD_LETTER, DeadLetter
from bot.outbox.rows import Delivery, enqueue
from bot.storage.database import beside
from tests.kits.measures import NONE, Figure, at_most, lines
from tests.torture import life
from tests.torture.world import CALM, Limit, Limits, World

# Discord: 50 requests a second, 5 messages in 5 seconds in one channel (developer documentation, « Rate
# Limits », and the headers it sends). Slack: one message a second in one channel, « several hundred
# a minute » in a workspace (docs.slack.dev, « Rate Limits »), of which 300 is what is enforced here.
DISCORD, DISCORD_CHANNEL = (50, 1.0), (5, 5.0)
SLACK, SLACK_CHANNEL = (300, 60.0), (1, 1.0)
ALLOWED = 1.05
# Each message, then the start. On Discord a first private message takes two requests, since the
# conversation must be opened; and the start four: who the bot is (twice), its commands (read, written).
REQUESTS = {"discord": (2, 4), "slack": (1, 0)}


@dataclass(frozen=True)
class Fanout:
    """How long a platform took, from its first request to its last, and how long its limits alone take."""

    platform: str
    recipients: int
    seconds: float
    bound: float
    refused: int
    twice: int

    @property
    def ratio(self) -> float:
        """How many times longer than the limits alone."""
        return self.seconds / self.bound

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be; the ratio is rounded up, so as not to flatter."""
        where = self.platform.capitalize()
        return [
            Figure(f"{where}, destinataires", self.recipients),
            Figure(f"{where}, durée", self.seconds, unit="s"),
            Figure(f"{where}, durée que les limites seules imposent", self.bound, unit="s"),
            Figure(f"{where}, rapport des deux", ceil(100 * self.ratio) / 100, at_most(ALLOWED)),
            Figure(f"{where}, réponses 429", self.refused),
            Figure(f"{where}, dits deux fois", self.twice, NONE),
        ]

    def line(self) -> str:
        """Return the report, in French."""
        return "; ".join(lines(self.figures()))


def run(on_discord: int, on_slack: int, slack: tuple[int, float] = SLACK) -> list[Fanout]:
    """Send one message to so many people on each platform, both at once."""
    return asyncio.run(_run(on_discord, on_slack, slack))


async def _run(on_discord: int, on_slack: int, slack: tuple[int, float]) -> list[Fanout]:
    limits = Limits(Limit(*DISCORD), Limit(*slack), DISCORD_CHANNEL, SLACK_CHANNEL)
    wanted = {"discord": on_discord, "slack": on_slack}
    windows = {"discord": DISCORD, "slack": slack}
    bounds = {
        name: bound(wanted[name] * each + more, *windows[name]) for name, (each, more) in REQUESTS.items()
    }
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        path = Path(folder) / "vigie.db"
        life.prepare(path, on_discord, on_slack)
        _tell_everyone(path)
        async with (
            World(CALM, limits=limits).serving() as world,
            life.running(life.settings(world, path)),
            asyncio.timeout(2 * max(bounds.values()) + 30),
        ):
            while any(len(world.words(name)) < wanted[name] for name in wanted):
                await world.news()
    return [
        Fanout(
            name,
            wanted[name],
            world.times[name][-1] - world.times[name][0],
            bounds[name],
            world.refused[name],
            sum(world.words(name).values()) - wanted[name],
        )
        for name in wanted
        if wanted[name]
    ]


def bound(requests: int, count: int, seconds: float) -> float:
    """Return the shortest time between the first and the last of so many requests, within a limit."""
    return max(0, requests - 1) // count * seconds


def _tell_everyone(path: Path) -> None:
    with beside(path) as db:
        for (person,) in db.conn.execute("SELECT id FROM people").fetchall():
            arguments = DeadLetter(f"fait-{person}", "avis", "gone")
            delivery = Delivery(person, f"person:{person}", DEAD_LETTER, arguments, urgent=True)
            enqueue(db, delivery, datetime.now(UTC))
