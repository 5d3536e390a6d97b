"""`python -m tests.bench.instances`: the memory of several associations' bots on one machine.

One instance each, on both platforms, every one having answered questions. What they share is told by PSS: a
page that several processes map counts for each by its share (proc_pid_smaps(5)). The same table tells by how
much one process exceeds what the platforms let through for one association.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import mean
from time import perf_counter

import click

from tests.bench.whole import whole_bot
from tests.kits import measures
from tests.kits.measures import Figure, at_least
from tests.kits.questions import learn

MARK = "instances"
MEBI = 2**20
SETTLED = 3.0  # seconds left to what a start does when it is ready
QUESTIONS = (
    "puis-je publier une photo de mon équipe?",
    "quoi faire si je vois un commentaire négatif?",
    "est-ce que je peux parler au nom de l'association?",
)
# Events that Slack sends at most for one workspace: docs.slack.dev/reference/events/app_rate_limited.
SLACK_MOST = 30_000 / 3_600
# Requests that Discord takes at most from one bot: docs.discord.com/developers/topics/rate-limits.
DISCORD_MOST = 50.0
ENOUGH = 10  # times what a platform lets through: beyond, a second process would have nothing to do


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of the processes of a run, in MiB: resident, by share, and each one's own, on average."""

    resident: float
    shared_out: float
    own: float
    total: float


async def measure(count: int, questions: Sequence[str] = QUESTIONS) -> Memory:
    """Start `count` bots, ask each the questions, and return what they then hold."""
    async with AsyncExitStack() as stack:
        processes = []
        for _ in range(count):
            process, ask = await stack.enter_async_context(whole_bot())
            for question in questions:
                await ask(question)
            processes.append(process)
        await asyncio.sleep(SETTLED)
        held = [process.memory_full_info() for process in processes]
        resident, shares, own_pages = (
            [getattr(each, name) / MEBI for each in held] for name in ("rss", "pss", "uss")
        )
        return Memory(mean(resident), mean(shares), mean(own_pages), sum(shares))


def throughput(platform: str) -> float:
    """Return the requests a second of the comparison with the bare libraries, as its table has them."""
    line = rf"^\| {platform}, débit +\|[^|]*\|[^|]*\| +([\d\u00a0,]+)"
    row = re.search(line, measures.PAGE.read_text("utf-8"), re.MULTILINE)
    assert row, platform
    return float(row[1].strip().replace("\u00a0", "").replace(",", "."))


@click.command()
@click.option("--instances", "count", default=20, help="Combien d'associations.")
@click.option("--ecrire", is_flag=True, help="Mettre le tableau dans docs/mesures.md.")
def main(count: int, *, ecrire: bool) -> None:
    """Measure one instance, then several, and compare one process with the platforms' limits."""
    began = perf_counter()
    learn()
    alone, several = asyncio.run(measure(1)), asyncio.run(measure(count))
    figures = [
        Figure("1 instance\u00a0: mémoire résidente (RSS)", alone.resident, unit="Mio"),
        Figure("1 instance\u00a0: sa part (PSS)", alone.shared_out, unit="Mio"),
        Figure(f"{count} instances\u00a0: mémoire résidente de chacune (RSS)", several.resident, unit="Mio"),
        Figure(f"{count} instances\u00a0: part de chacune (PSS)", several.shared_out, unit="Mio"),
        Figure(f"{count} instances\u00a0: ce que chacune est seule à tenir (USS)", several.own, unit="Mio"),
        Figure(f"{count} instances\u00a0: toutes ensemble (PSS)", several.total, unit="Mio"),
        Figure(
            "Slack\u00a0: débit mesuré, en multiples de ce que Slack envoie au plus",
            throughput("Slack") / SLACK_MOST,
            at_least(ENOUGH),
        ),
        Figure(
            "Discord\u00a0: débit mesuré, en multiples de ce que Discord accepte au plus",
            throughput("Discord") / DISCORD_MOST,
            at_least(ENOUGH),
        ),
    ]
    command = f"python -m tests.bench.instances --instances {count}"
    raise SystemExit(measures.told(figures, command, perf_counter() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
