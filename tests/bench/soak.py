"""`python -m tests.bench.soak`: a bot for ten minutes at ten times its busiest hour.

The load model is `ACTIVITIES`, which docs/mesures.md shows: what 1,500 active people do in the busiest hour
that one can think of, the one that follows the notice of a revision. Each activity begins at random moments,
at its pace, half on Slack (by signed HTTP) and half on Discord (by the gateway), each time by someone else.
Slack is `FakeSlack`; Discord, the server of the tests on the wire, which checks each answer against Discord's
own schema.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final

import aiohttp
import click
import psutil
from aiohttp import web

from bot.answers.bank import GATE
from bot.settings import SEED
from tests.bench.load import busy
from tests.bench.programs import VIGIE, running
from tests.kits import measures
from tests.kits.measures import NONE, Figure, at_least, at_most
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack import buttons, press, slash
from tests.kits.questions import learn
from tests.wire.bot_process import BotProcess, free_port
from tests.wire.discord_people import Answer, Person, text_of, walk
from tests.wire.discord_server import DiscordServer

MARK, MODEL_MARK = "endurance", "charge"
PEOPLE: Final = 1_500
SECONDS, TIMES = 600, 10
ACKNOWLEDGED = 500  # ms, for 99 acknowledgements out of 100
GROWTH = 10  # MB, between the second fifth of the run and the last one
WITHIN = 30.0  # seconds for anything to be answered
QUIZ = (
    28  # requests: twelve questions, each answered then left, the first page, what is ticked or asked again
)
CLAUSES = ("1", "1.1", "2.1", "3.2", "4.1", "4.3", "5.1", "5.10", "5.11", "5.16")
SORRY = "je n'ai pas pu répondre"
POST = "https://www.facebook.com/spotted/posts/"
_CALLBACK = re.compile(r"/api/v10/interactions/(\d+)/[^/]+/callback")
_ON = re.compile(r"\bquiz (?!arret|recommencer)")  # a button that goes on with the quiz
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that people do. `share`: how many times each of them does it in the hour, on average.

    `requests`: how many requests it is made of. `why`: where the figure comes from, in French.
    """

    name: str
    share: float
    requests: int
    why: str

    @property
    def hourly(self) -> int:
        """How many times it begins in the hour."""
        return round(PEOPLE * self.share)


LOOK_UP = Activity("Consulter une clause", 1, 1, "chaque personne en ouvre une, celle que l'avis lui nomme")
ASK = Activity("Poser une question en phrase", 0.4, 1, "deux personnes sur cinq; les questions de contrôle")
MENU = Activity("Ouvrir le menu ou « Où j'en suis »", 0.4, 1, "deux personnes sur cinq")
STUDY = Activity(
    "Faire le quiz",
    0.25,
    QUIZ,
    "une personne sur quatre, d'un trait : douze questions, deux pressions chacune, et quelques-unes de plus",
)
REPORT = Activity("Signaler une publication (Discord)", 0.002, 4, "une personne sur cinq cents")
ACTIVITIES: Final = (LOOK_UP, ASK, MENU, STUDY, REPORT)


@dataclass
class Tally:
    """What was measured: seconds from a request to its acknowledgement and to its answer, and troubles."""

    acknowledged: dict[str, list[float]] = field(default_factory=lambda: {"Slack": [], "Discord": []})
    answered: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def note(self, platform: str, acknowledged: float, answered: float, text: str) -> None:
        """Note an answer, and a trouble if it is an apology."""
        self.acknowledged[platform].append(acknowledged)
        self.answered.append(answered)
        if SORRY in text:
            self.troubles.append(f"{platform}: {text[:80]}")


class TimedServer(DiscordServer):
    """A Discord that notes when each interaction was acknowledged. `at`: by the interaction's number."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[int, float] = {}

    async def _api(self, request: web.Request) -> web.Response:
        if found := _CALLBACK.fullmatch(request.path):
            self.at[int(found[1])] = time.perf_counter()
        return await super()._api(request)


class OnDiscord:
    """People of the Discord server, one after another."""

    def __init__(self, server: TimedServer, tally: Tally, chance: random.Random, people: int) -> None:
        self.server, self.tally, self.chance = server, tally, chance
        self._people = itertools.cycle([Person(server, f"membre-{number}") for number in range(people)])

    async def _timed(self, doing: Awaitable[Answer]) -> Answer:
        began = time.perf_counter()
        async with asyncio.timeout(WITHIN):
            answer = await doing
        at = self.server.at.pop(answer.interaction.id)
        text = answer.text if answer.interaction.message_id is not None else ""
        self.tally.note("Discord", at - began, time.perf_counter() - began, text)
        return answer

    async def type(self, command: str, text: str | None = None) -> None:
        """Type a slash command."""
        await self._timed(next(self._people).slash(command, text))

    async def study(self) -> None:
        """Begin the quiz, and press what it offers."""
        who = next(self._people)
        answer = await self._timed(who.slash("quiz"))
        for _ in range(QUIZ - 1):
            offered = [
                part["label"]
                for part in walk(answer.message.components)
                if _ON.search(str(part.get("custom_id", "")))
            ]
            if not offered:
                return
            answer = await self._timed(who.press(answer.message, self.chance.choice(offered)))

    async def report(self) -> None:
        """Report a post, to the end."""
        who = next(self._people)
        first = await self._timed(who.slash("signalement"))
        form = await self._timed(who.press(first.message, "Continuer"))
        post = f"{POST}{self.chance.randrange(10**9)}"
        sent = who.submit(form, adresse=post, propos="On y dit que l'association vole ses membres.", nom="")
        review = await self._timed(sent)
        done = await self._timed(who.press(review.message, "Envoyer"))
        if "code" not in text_of(done.message):
            self.tally.troubles.append(f"Discord: {text_of(done.message)[:80]}")


class OnSlack:
    """People of the Slack workspace, one after another. Answers come to addresses, each under a name."""

    def __init__(self, slack: FakeSlack, http: SignedHttp, tally: Tally, chance: random.Random) -> None:
        self.slack, self.http, self.tally, self.chance = slack, http, tally, chance
        self._people = itertools.cycle(range(PEOPLE // 2))
        self._names = itertools.count()
        self._expected: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def sort(self) -> None:
        """Give each answer to whoever waits for it, for as long as there are any."""
        while True:
            call = await self.slack.calls.get()
            if waiting := self._expected.pop(call.where, None):
                waiting.set_result(call.body)

    async def _timed(self, send: Callable[[str], Awaitable[aiohttp.ClientResponse]]) -> list[dict[str, Any]]:
        name = f"n{next(self._names)}"
        waiting = self._expected[f"hook/{name}"] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        async with asyncio.timeout(WITHIN):
            response = await send(name)
            acknowledged = time.perf_counter() - began
            body = await waiting
        if not response.ok:
            self.tally.troubles.append(f"Slack: HTTP {response.status}")
        self.tally.note("Slack", acknowledged, time.perf_counter() - began, body["text"])
        blocks: list[dict[str, Any]] = body["blocks"]
        return blocks

    async def type(self, command: str, text: str | None = None) -> None:
        """Type a slash command."""
        await self._type(f"U{next(self._people)}", command, text or "")

    async def _type(self, user: str, command: str, text: str) -> list[dict[str, Any]]:
        def send(name: str) -> Awaitable[aiohttp.ClientResponse]:
            return self.http.command({**slash(self.slack, f"/{command}", text, name), "user_id": user})

        return await self._timed(send)

    async def study(self) -> None:
        """Begin the quiz, and press what it offers."""
        user = f"U{next(self._people)}"
        blocks = await self._type(user, "quiz", "")
        for _ in range(QUIZ - 1):
            offered = [button for button in buttons(blocks) if _ON.search(str(button.get("value", "")))]
            if not offered:
                return
            button = self.chance.choice(offered)

            def send(name: str, button: dict[str, Any] = button) -> Awaitable[aiohttp.ClientResponse]:
                pressed = press(self.slack, button, hook=name)
                return self.http.interaction({**pressed, "user": {"id": user, "team_id": "T1"}})

            blocks = await self._timed(send)


@dataclass(frozen=True, slots=True)
class Run:
    """A run's figures. `resident`: bytes, at each second. `processor`: seconds of it."""

    tally: Tally
    resident: Sequence[int]
    processor: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """What people do, and where. `questions`: those that they ask."""

    discord: OnDiscord
    slack: OnSlack
    tally: Tally
    chance: random.Random
    questions: Sequence[str]

    def begin(self, activity: Activity) -> Awaitable[None]:
        """Have someone do something once."""
        where = self.chance.choice((self.discord, self.slack))
        if activity is REPORT:
            return self.discord.report()
        if activity is STUDY:
            return where.study()
        if activity is MENU:
            return where.type(self.chance.choice(("vigie", "accueil")))
        return where.type("politique", self.chance.choice(CLAUSES if activity is LOOK_UP else self.questions))

    async def attempt(self, activity: Activity) -> None:
        """Have someone do something once, and count whatever goes wrong."""
        try:
            await self.begin(activity)
        except Exception as error:  # noqa: BLE001 — whatever it is, it is counted
            self.tally.troubles.append(f"{activity.name}: {type(error).__name__} {error}")

    async def keep(self, activity: Activity, hourly: float, seconds: float) -> None:
        """Have it done so many times an hour, at random moments, for so long."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        async with asyncio.TaskGroup() as group:
            while (wait := self.chance.expovariate(hourly / 3_600)) < ends - loop.time():
                await asyncio.sleep(wait)
                group.create_task(self.attempt(activity))


async def soak(seconds: float, times: float, people: int = PEOPLE) -> Run:
    """Keep a bot as busy as `times` the busiest hour, for so long."""
    chance, tally, resident = random.Random(1), Tally(), list[int]()  # noqa: S311 — the same load each time
    lines = (SEED / "politique" / "pa20" / GATE).read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    async with _both(tally, chance, people) as (discord, slack, bot):
        process, load = psutil.Process(bot.pid), Load(discord, slack, tally, chance, questions)
        await _warm(discord, slack, questions)
        for waits in (*tally.acknowledged.values(), tally.answered):
            waits.clear()
        before, began = busy(process), time.perf_counter()

        async def watch() -> None:
            while time.perf_counter() - began < seconds:
                resident.append(process.memory_info().rss)
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as together:
            together.create_task(watch())
            for activity in ACTIVITIES:
                together.create_task(load.keep(activity, activity.hourly * times, seconds))
        return Run(tally, resident, busy(process) - before, time.perf_counter() - began)


async def _warm(discord: OnDiscord, slack: OnSlack, questions: Sequence[str]) -> None:
    """Have each thing done once, for what is read at its first use to be there: the model, above all."""
    for where in (discord, slack):
        await where.type("politique", "5.10")
        await where.type("politique", questions[0])
        await where.type("accueil")
        await where.study()
    await discord.report()


@asynccontextmanager
async def _both(
    tally: Tally, chance: random.Random, people: int
) -> AsyncIterator[tuple[OnDiscord, OnSlack, BotProcess]]:
    """Give a bot that is ready on both platforms, and their people."""
    port = free_port()
    async with (
        FakeSlack().serving() as slack,
        TimedServer() as discord,
        aiohttp.ClientSession() as session,
    ):
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": slack.api_url,
            "VIGIE_SLACK_PORT": str(port),
            **discord.environment,
        }
        on_discord = OnDiscord(discord, tally, chance, people // 2)
        http = SignedHttp(session, f"http://127.0.0.1:{port}/slack/events")
        on_slack = OnSlack(slack, http, tally, chance)
        async with running(VIGIE, settings) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt")
            sorting = asyncio.create_task(on_slack.sort())
            try:
                yield on_discord, on_slack, bot
            finally:
                sorting.cancel()


def figures_of(run: Run, seconds: float, times: float) -> list[Figure]:
    """Return what people read of a run."""
    tally = run.tally
    fifth = max(1, len(run.resident) // 5)
    early, late = (
        median(part) / _MEGA for part in (run.resident[fifth : 2 * fifth + 1], run.resident[-fifth:])
    )
    asked = sum(activity.hourly * activity.requests for activity in ACTIVITIES) * times / 3_600
    done = len(tally.answered) / run.seconds
    return [
        Figure("Multiple de l'heure la plus chargée", times),
        Figure("Durée", seconds / 60, None, "min"),
        Figure("Requêtes par seconde", done, at_least(round(0.8 * asked, 1))),
        Figure("Requêtes servies", len(tally.answered)),
        *(
            Figure(f"{name}\u00a0: accusé de réception, p99", _p99(waits), at_most(ACKNOWLEDGED), "ms")
            for name, waits in tally.acknowledged.items()
        ),
        Figure("Réponse entière, p99", _p99(tally.answered), None, "ms"),
        Figure("Mémoire au début", early, None, "Mo"),
        Figure("Mémoire à la fin", late, None, "Mo"),
        Figure("Croissance de la mémoire", max(0.0, late - early), at_most(GROWTH), "Mo"),
        Figure("Part d'un processeur", 100 * run.processor / run.seconds, None, "%"),
        Figure("Erreurs", len(tally.troubles), NONE),
    ]


def _p99(seconds: Sequence[float]) -> float:
    return 1_000 * quantiles(seconds, n=100, method="inclusive")[98]


def model() -> str:
    """Return the load model as a table."""
    rows = [(each.name, f"{measures.number(each.hourly)} × {each.requests}", each.why) for each in ACTIVITIES]
    total = sum(each.hourly * each.requests for each in ACTIVITIES)
    rows.append(
        ("Ensemble", f"{measures.number(total)} requêtes", f"{measures.number(total / 3600)} par seconde")
    )
    return measures.table(
        (f"Dans l'heure, {measures.number(PEOPLE)} personnes", "Combien", "D'où vient ce nombre"), rows
    )


@click.command(help="Tenir un robot occupé dix minutes à dix fois son heure la plus chargée.")
@click.option("--secondes", default=SECONDS, show_default=True)
@click.option("--fois", default=TIMES, show_default=True)
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(secondes: int, fois: int, ecrire: bool) -> None:
    """Soak, print, and judge."""
    learn()
    began = time.monotonic()
    run = asyncio.run(soak(secondes, fois))
    for trouble in run.tally.troubles[:20]:
        click.echo(trouble)
    if ecrire:
        measures.write(model(), MODEL_MARK)
    command = f"python -m tests.bench.soak --secondes {secondes} --fois {fois}"
    figures = figures_of(run, secondes, fois)
    sys.exit(measures.told(figures, command, time.monotonic() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
