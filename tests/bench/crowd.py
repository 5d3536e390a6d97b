"""`python -m tests.bench.crowd`: how long people wait when many come at once, or when one asks too much.

A hundred people type `/politique 5.10` at the same instant, before Vigie and before an echo by discord.py, in
turns; then again while another program takes a processor. Then a hundred people begin the quiz at the same
instant, and someone sends a report just after them. Then someone sends twenty long questions, while someone
else begins to report a post, again and again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import median

import click

from tests.bench.on_discord import QuickServer, rivals
from tests.kits import measures
from tests.kits.measures import Figure, at_most
from tests.kits.questions import learn
from tests.wire.bot_process import ROOT
from tests.wire.discord_people import Answer, Person

MARK = "foule"
PEOPLE = 100
FIRST = 900_000_000_000_000_000  # the number of the first person
RATIO = 1.25  # of the longest wait before discord.py alone, at most
LONGEST = 2_000  # ms
REPORTER = FIRST - 1
FLOODS, QUESTIONS = 7, 20
HELD_UP = 100  # ms
REPORTS = 7
SENT = 1_000  # ms, a third of what Discord waits; the hundred quizzes themselves are not counted
LONG_QUESTION = (
    "Peut-on publier sur Facebook la photo d'un membre sans sa permission? " * 28
)  # 1,960 characters
FIRST_USE = 50  # ms
POST = "https://www.facebook.com/spotted/posts/123"
PAUSE = 0.02  # seconds between two reports


async def burst(server: QuickServer, people: Sequence[int]) -> float:
    """Have everyone type the command at once; return how many milliseconds the last to be answered waited."""
    answers = await asyncio.gather(*(server.ask(person=person) for person in people))
    return 1_000 * max(answer.delay for answer in answers)


async def bursts(rounds: int, people: int) -> list[Figure]:
    """Return the longest waits, in rounds that alternate."""
    crowd = range(FIRST, FIRST + people)
    figures = []
    async with rivals() as (here, _, there, _):
        await burst(here, crowd)  # the first answer also holds what one is told once
        await burst(there, crowd)
        for label, working in (("", False), (", un autre programme au travail", True)):
            async with at_work(working):
                waits = [await waited(here, there, crowd, number) for number in range(rounds)]
            ours, bare = zip(*waits, strict=True)
            what = f"{people} commandes d'un coup{label}"
            figures += [
                Figure(f"{what}\u00a0: la plus longue attente, Vigie", median(ours), None, "ms"),
                Figure(f"{what}\u00a0: discord.py seule", median(bare), None, "ms"),
                Figure(f"{what}\u00a0: rapport des deux", ratio(waits), at_most(RATIO)),
                Figure(f"{what}\u00a0: la pire de toutes, Vigie", max(ours), at_most(LONGEST), "ms"),
            ]
        crowds = [
            range(crowd.stop + people * number, crowd.stop + people * (number + 1))
            for number in range(rounds)
        ]
        waits = [await waited(here, there, newcomers, number) for number, newcomers in enumerate(crowds)]
    what = "Toutes de personnes nouvelles\u00a0:"
    longest = max(ours for ours, _ in waits)
    return [
        *figures,
        Figure(f"{what} rapport des deux", ratio(waits)),
        Figure(f"{what} la pire de toutes, Vigie", longest, at_most(LONGEST), "ms"),
    ]


async def waited(
    here: QuickServer, there: QuickServer, people: Sequence[int], number: int
) -> tuple[float, float]:
    """Return the longest wait before Vigie, then before the echo; which comes first depends on the round."""
    if number % 2:
        return await burst(here, people), await burst(there, people)
    bare = await burst(there, people)
    return await burst(here, people), bare


def ratio(waits: Sequence[tuple[float, float]]) -> float:
    """Return the median of each round's ratio, with the digits that are shown."""
    return round(median(ours / bare for ours, bare in waits), 2)


@asynccontextmanager
async def at_work(working: bool) -> AsyncIterator[None]:
    """Have another program take all of a processor, if `working`."""
    if not working:
        yield
        return
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
    try:
        yield
    finally:
        other.kill()
        await other.wait()


async def sent(reports: int, people: int) -> list[Figure]:
    """Return how long « Envoyer » takes, in calm and just after everyone else began the quiz.

    Each report is someone else's, for the limits to let it through.
    """
    async with rivals() as (here, _, _, _):
        calm, beside, last = list[float](), list[float](), list[float]()
        for number in range(reports):
            for waits, crowd in ((calm, range(0)), (beside, range(FIRST, FIRST + people))):
                reporter = Person(here, f"Chloé {number} {len(crowd)}")
                await asyncio.gather(*(here.ask("quiz", person) for person in crowd))  # greets, once
                review = await reviewed(reporter)
                asked = [asyncio.ensure_future(here.ask("quiz", person)) for person in crowd]
                await asyncio.sleep(0)
                began = time.perf_counter()
                done = await reporter.press(review.message, "Envoyer")
                waits.append(1_000 * (time.perf_counter() - began))
                assert "code" in done.text
                last += (
                    [1_000 * max(answer.delay for answer in await asyncio.gather(*asked))] if asked else []
                )
    what = f"«\u00a0Envoyer\u00a0», {people} personnes au quiz d'un coup"
    return [
        Figure("«\u00a0Envoyer\u00a0» un signalement, au calme", median(calm), None, "ms"),
        Figure(f"{what}\u00a0: au pire", max(beside), at_most(SENT), "ms"),
        Figure(f"{what}\u00a0: la dernière d'entre elles", median(last), None, "ms"),
    ]


async def reviewed(who: Person) -> Answer:
    """Fill in a report; return what is shown before it is sent."""
    form = await who.press((await who.slash("signalement")).message, "Continuer")
    return await who.submit(form, adresse=POST, propos="On y dit que l'association vole ses membres.", nom="")


async def held_up(floods: int, questions: int) -> list[Figure]:
    """Return how long someone who begins a report waits, in calm and while others ask so many questions each.

    Each flood is someone else's, and the longest wait of each counts.
    """
    async with rivals() as (here, _, _, _):
        calm, worst = [], []
        for flood in range(floods):
            asker = Person(here, f"Bruno {flood}")
            here.answered = 0
            here.backend.create_message(asker.direct, asker.id, LONG_QUESTION)
            await here.until(lambda: here.answered)  # the model is read at the first question
            calm += [await report(here) for _ in range(20)]
            for number in range(questions):
                here.backend.create_message(asker.direct, asker.id, f"{number} {LONG_QUESTION}")
            waits = [await report(here)]
            while here.answered < 1 + questions:
                await asyncio.sleep(PAUSE)
                waits.append(await report(here))
            worst.append(max(waits))
    return [
        Figure("Un signalement, au calme", median(calm), None, "ms"),
        Figure(
            f"Un signalement pendant {questions} longues questions d'une autre personne, au pire",
            median(worst),
            at_most(HELD_UP),
            "ms",
        ),
    ]


async def report(server: QuickServer) -> float:
    """Begin a report; return how many milliseconds that took."""
    return 1_000 * (await server.ask("signalement", REPORTER)).delay


async def first_use(times: int) -> list[Figure]:
    """Return the processor's time that the first use of a command takes: its room is imported then."""
    worst = []
    for _ in range(times):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.app.first_use", "--temps", cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        written, _error = await child.communicate()
        worst.append(1_000 * max(json.loads(written)["seconds"].values()))
    what = "Le premier usage d'une commande, celle qui demande le plus"
    return [Figure(what, median(worst), at_most(FIRST_USE), "ms")]


async def measure(rounds: int, people: int, floods: int, questions: int) -> list[Figure]:
    """Return every figure."""
    return [
        *await bursts(rounds, people),
        *await sent(min(REPORTS, rounds), people),
        *await held_up(floods, questions),
        *await first_use(REPORTS),
    ]


@click.command(help="Mesurer l'attente quand beaucoup de gens arrivent, ou qu'un seul demande trop.")
@click.option("--tours", default=61, show_default=True)
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(tours: int, ecrire: bool) -> None:
    """Measure, print, and judge."""
    learn()
    began = time.monotonic()
    figures = asyncio.run(measure(tours, PEOPLE, FLOODS, QUESTIONS))
    mark = MARK if ecrire else None
    sys.exit(
        measures.told(figures, f"python -m tests.bench.crowd --tours {tours}", time.monotonic() - began, mark)
    )


if __name__ == "__main__":
    main()
