"""Reports by the hundred, on Slack, Discord and the Web at once, on the wire, while everything breaks.

The bot is the real one, in a process of its own. It is killed, its stages raise what quotes everything, its
disk fills up, the platforms refuse; after each kill, and at the end, who reported is looked for in all that
it left and in all that it sent (T1, T2: see docs/menaces.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import resource
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from bot.backup import copies
from bot.people import persons as people
from bot.people import roles
from bot.people.persons import Account
from bot.schedule import clock
from bot.schedule.names import DIGEST
from bot.storage.database import Storage, StorageError, beside
from tests.kits.measures import NONE, Figure, at_least, lines, missed, today
from tests.kits.people import ADVISER_ROLE, COMMUNICATIONS_ROLE, COUNCIL_ROLE
from tests.kits.reports.web import Visitor
from tests.leaks import discord_wire, drafters, reporters, requesters, sinks, slack_wire
from tests.leaks.needles import Hit, Needles, Secret
from tests.leaks.reporters import FAILED, Reporter
from tests.leaks.views import found, found_of
from tests.wire.bot_process import MODELS, ROOT, BotProcess, free_port
from tests.wire.discord_people import Person as DiscordPerson

FILES: Final = 2  # the case and the week's figures
READY: Final = "prêt."
BATCH: Final = 20  # on each platform, before the next trouble
AT_ONCE: Final = 4  # of them, at the same time
PATIENCE: Final = 20.0  # seconds for one report, when all goes well
IMPATIENCE: Final = 4.0  # when it may well get no answer
RATE: Final = 0.03  # how often each stage breaks; a report goes through some thirty
ROOM: Final = 64 * 1024  # bytes: what is left of a disk that fills up
# What befalls each batch in turn.
TROUBLES: Final = ("calm", "stages", "killed", "refused", "full", "stages", "killed", "calm")


@dataclass
class Tally:
    """What came of it. `leaks`: each with where; `acknowledged`: reports whose code was shown."""

    tried: int = 0
    acknowledged: int = 0
    by_platform: dict[str, int] = field(default_factory=dict)
    followed: int = 0
    kills: int = 0
    raised: int = 0
    refused: int = 0
    filled: int = 0
    drafts: int = 0
    requests: int = 0
    needles: int = 0
    sinks: int = 0
    megabytes: float = 0.0
    seconds: float = 0.0
    leaks: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)  # on which its parts were run

    def add(self, other: Tally) -> None:
        """Count another part too."""
        for name, value in asdict(other).items():
            mine = getattr(self, name)
            if isinstance(value, dict):
                setattr(self, name, dict(Counter(mine) + Counter(value)))
            else:
                setattr(self, name, mine + value)

    def figures(self, least: int = 1) -> list[Figure]:
        """Return the figures, and what they must be; `least`: how many reports must have been received."""
        return [
            Figure("Signalements tentés", self.tried),
            Figure("Signalements reçus", self.acknowledged, at_least(least)),
            *(
                Figure(f"Signalements reçus, {name}", count)
                for name, count in sorted(self.by_platform.items())
            ),
            Figure("Suivis avec leur code (ajout, retrait)", self.followed),
            Figure("SIGKILL", self.kills),
            Figure("Exceptions qui citent tout", self.raised),
            Figure("Refus des plateformes (429, 500)", self.refused),
            Figure("Disques pleins", self.filled),
            Figure("Formes cherchées", self.needles),
            Figure("Endroits où elles le sont", self.sinks),
            Figure("Contenu de ces endroits", round(self.megabytes), unit="Mo"),
            Figure("Identités trouvées", len(self.leaks), NONE),
            Figure("Mots en clair hors de ce qui est scellé", len(self.plain), NONE),
        ]

    @property
    def kept(self) -> bool:
        """Whether nobody's identity, and nobody's words, was found anywhere."""
        return not missed(self.figures())

    def lines(self) -> list[str]:
        """Return the report, in French, with where the first leaks are."""
        return [*lines(self.figures()), *(f"  {one}" for one in (*self.leaks[:20], *self.plain[:20]))]


@dataclass
class Stage:
    """Where it takes place: the bot's own folder, the platforms, those who reported so far."""

    home: Path
    kept: Path
    slack: slack_wire.Wire
    discord: discord_wire.Wire
    web: aiohttp.ClientSession
    port: int
    dice: random.Random
    tally: Tally = field(default_factory=Tally)
    reported: list[Reporter] = field(default_factory=list)
    people: list[slack_wire.Person] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)  # a word of each text that was examined
    requests: list[str] = field(default_factory=list)  # a word of each request for a permission
    log: list[str] = field(default_factory=list)
    bot: BotProcess | None = None

    @property
    def database(self) -> Path:
        return self.home / "vigie.db"

    @property
    def environment(self) -> dict[str, str]:
        """All that the bot is told."""
        own = {name: str(self.home / folder) for name, folder in _FOLDERS.items()}
        variables = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **variables,
            **own,
            **self.slack.settings,
            **self.discord.environment,
            "VIGIE_DISCORD_SERVEUR": str(next(iter(self.discord.backend.guilds))),
            "VIGIE_DB": str(self.database),
            "VIGIE_MODELES": str(MODELS),
            "VIGIE_SANTE_PORT": str(free_port()),
            "VIGIE_SIGNALEMENT_PORT": str(self.port),
            "VIGIE_JOURNAL": "DEBUG",
            "VIGIE_DEMANDES": f"parole={COUNCIL_ROLE}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONASYNCIODEBUG": "",
        }

    def breaking(self, rate: float) -> None:
        """Have the bot's stages break as often."""
        file = self.home / "pannes"
        file.with_suffix(".neuf").write_text(str(rate), "ascii")
        file.with_suffix(".neuf").replace(file)


_FOLDERS: Final = {
    "HOME": "chez-soi",
    "TMPDIR": "tmp",
    "VIGIE_SAUVEGARDES": "sauvegardes",
    "VIGIE_CLES": "cles",
}
VP, CONSEILLER, CONSEIL = "U0VPCOMMUNI", "U0CONSEILLE", "U0CONSEILEX"


# --- The bot ----------------------------------------------------------------------------------


async def start(stage: Stage) -> None:
    """Start the bot, and wait until every platform is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.leaks.faulty", str(stage.home / "pannes"),
        cwd=ROOT, env=stage.environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    stage.bot = BotProcess(process)
    for name in ("Slack", "Discord", "Formulaire Web"):
        await stage.bot.until(f"{name}\u00a0: {READY}", within=60)


async def end(stage: Stage, *, killed: bool) -> None:
    """End the bot, and keep what it printed."""
    assert stage.bot is not None
    if killed:
        stage.tally.kills += 1
    else:
        with contextlib.suppress(TimeoutError):
            await stage.bot.stop(within=20)
    await stage.bot.kill()
    stage.log += stage.bot.lines
    stage.bot = None


def prepare(database: Path) -> None:
    """Make a database whose roles are held, on Slack."""
    storage = Storage(database)
    try:
        with storage.transaction() as db:
            roles.seed(db)
            held = ((COMMUNICATIONS_ROLE, VP), (ADVISER_ROLE, CONSEILLER), (COUNCIL_ROLE, CONSEIL))
            for role, user in held:
                account = Account("slack", slack_wire.TEAM, user)
                roles.appoint(db, role, people.known(db, account), date(2026, 1, 1))
    finally:
        storage.close()


def keep(stage: Stage, name: str) -> None:
    """Keep a copy of all that the bot has left so far, and of the files that it holds open."""
    folder = stage.kept / name
    shutil.copytree(stage.home, folder, ignore=shutil.ignore_patterns("*.lock"), dirs_exist_ok=True)
    if stage.bot is not None:
        for number, (_, content) in enumerate(sinks.held_open(stage.bot.pid)):
            (folder / f"ouvert-{number}").write_bytes(content)


# --- Those who report -------------------------------------------------------------------------


async def one_on_slack(stage: Stage, number: int) -> None:
    person = stage.slack.person(reporters.name(stage.dice))
    stage.people.append(person)
    one = reporters.reporter(person.id, person.secrets(), stage.dice)
    stage.reported.append(one)
    with contextlib.suppress(*FAILED):
        one.code = await reporters.on_slack(person, one, shortcut=number % 4 == 3)
        if number % 5 == 4:
            await reporters.follow_on_slack(person, one.code, one.words[0])
            stage.tally.followed += 1
    one.secrets += [Secret(person.id, token) for token in person.tokens]


async def one_on_discord(stage: Stage, number: int) -> None:
    name = reporters.name(stage.dice)
    person = DiscordPerson(stage.discord, name)
    one = reporters.reporter(str(person.id), discord_wire.secrets_of(person, name), stage.dice)
    stage.reported.append(one)
    with contextlib.suppress(*FAILED):
        one.code = await reporters.on_discord(person, one, direct=number % 4 == 3)
        if number % 5 == 4:
            await reporters.follow_on_discord(person, one.code, one.words[0])
            stage.tally.followed += 1
    for asked in stage.discord.backend.interactions.values():
        if asked.user_id == person.id:
            one.secrets += [Secret(one.whose, asked.token), Secret(one.whose, str(asked.id))]


async def one_on_the_web(stage: Stage, number: int) -> None:
    whose = f"web-{number}-{stage.dice.randrange(10**9)}"
    known, headers = reporters.web_secrets(whose, stage.dice)
    picture, of_the_picture = reporters.picture(whose) if number % 3 == 0 else (None, [])
    one = reporters.reporter(whose, [*known, *of_the_picture], stage.dice)
    stage.reported.append(one)
    visitor = Visitor(stage.web, f"http://127.0.0.1:{stage.port}/")
    with contextlib.suppress(*FAILED):
        one.code = await reporters.on_the_web(visitor, one, headers, picture)
        if number % 5 == 4:
            await reporters.follow_on_the_web(visitor, one.code, one.words[0])
            stage.tally.followed += 1


Report = Callable[[Stage, int], Coroutine[Any, Any, None]]
PLATFORMS: Final[dict[str, Report]] = {
    "Slack": one_on_slack,
    "Discord": one_on_discord,
    "Web": one_on_the_web,
}


async def reporting(stage: Stage, numbers: range, patience: float = IMPATIENCE) -> None:
    """Have people report on the three platforms at once."""

    async def some(report: Report, first: int) -> None:
        for number in numbers[first::AT_ONCE]:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await report(stage, number)

    await asyncio.gather(*(some(report, first) for report in PLATFORMS.values() for first in range(AT_ONCE)))


async def troubled(stage: Stage, trouble: str, numbers: range) -> None:
    """Have people report while something goes wrong."""
    assert stage.bot is not None
    match trouble:
        case "stages":
            stage.breaking(RATE)
            await reporting(stage, numbers)
            stage.breaking(0)
        case "refused":
            stage.slack.troubles = stage.discord.troubles = 0.15
            await reporting(stage, numbers)
            stage.slack.troubles = stage.discord.troubles = 0
        case "full":
            size = max(path.stat().st_size for path in stage.home.glob("vigie.db*"))
            resource.prlimit(stage.bot.pid, resource.RLIMIT_FSIZE, (size + ROOM, resource.RLIM_INFINITY))
            await reporting(stage, numbers)
            whole = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(stage.bot.pid, resource.RLIMIT_FSIZE, whole)
            stage.tally.filled += 1
        case "killed":
            working = asyncio.create_task(reporting(stage, numbers))
            await asyncio.sleep(stage.dice.uniform(0.3, 2.0))
            await end(stage, killed=True)
            keep(stage, f"mort-{stage.tally.kills}")
            await start(stage)
            await working
        case _:
            await reporting(stage, numbers, PATIENCE)


async def examining(stage: Stage) -> None:
    """Have people examine what they mean to publish: calmly, while stages break, and on the command line."""
    for rate in (0.0, 3 * RATE):
        stage.breaking(rate)
        on_slack = partial(drafters.on_slack, stage.slack.person(reporters.name(stage.dice)))
        on_discord = partial(drafters.on_discord, DiscordPerson(stage.discord, reporters.name(stage.dice)))
        asks = partial(drafters.who_asks, DiscordPerson(stage.discord, reporters.name(stage.dice)))
        for draft in (on_slack, on_discord, asks):
            mark = drafters.marker()
            stage.drafts.append(mark)
            try:
                async with asyncio.timeout(PATIENCE if not rate else IMPATIENCE):
                    await draft(mark)
            except (*FAILED, TimeoutError):
                if not rate:
                    raise
            else:
                stage.tally.drafts += 1
    stage.breaking(0)
    stage.drafts.append(drafters.marker())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "--reglages", os.devnull, "verifier", "--json",
        cwd=ROOT, env=stage.environment, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate(f"Voici notre logo. {stage.drafts[-1]}".encode())
    assert b"clauses" in printed, printed
    stage.tally.drafts += 1


async def asking(stage: Stage) -> None:
    """Have people ask for a permission, and be refused, calmly and while stages break."""
    # Not a recipient of reports, whose alerts would come before.
    holder = slack_wire.Person(stage.slack, CONSEIL, "Conseil exécutif", f"D{CONSEIL[1:]}")
    stage.slack.people[CONSEIL] = holder
    for rate in (0.0, 3 * RATE):
        stage.breaking(rate)
        on_slack = partial(requesters.on_slack, stage.slack.person(reporters.name(stage.dice)), holder)
        on_discord = partial(requesters.on_discord, DiscordPerson(stage.discord, reporters.name(stage.dice)))
        for ask in (on_slack, on_discord):
            mark = drafters.marker()
            stage.requests.append(mark)
            try:
                async with asyncio.timeout(PATIENCE if not rate else IMPATIENCE):
                    await ask(mark)
            except (*FAILED, TimeoutError):
                if not rate:
                    raise
            else:
                stage.tally.requests += 1
    stage.breaking(0)


# --- Those who receive ------------------------------------------------------------------------


async def handled(stage: Stage) -> None:
    """Have a holder open what they were told of, ask for figures, and for a case as a PDF."""
    holder = slack_wire.Person(stage.slack, VP, "Vice-présidence", f"D{VP[1:]}")
    stage.slack.people[VP] = holder
    with contextlib.suppress(*FAILED, TimeoutError):
        alert = await stage.slack.until(
            lambda: next(
                (one for one in stage.slack.said[holder.direct] if "Ouvrir" in slack_wire.words(one)), None
            )
        )
        await holder.press(alert, "Ouvrir", channel=holder.direct)
        card = await holder.message()
        await holder.press(card, "Plus…", channel=holder.direct)
        await holder.press(await holder.message(), "Exporter", channel=holder.direct)
        await holder.press(await holder.message(), "M'envoyer le PDF", channel=holder.direct)
        await holder.message()
        with beside(stage.database) as db:
            clock.plan(db, "bilan", DIGEST, datetime(2026, 11, 24, tzinfo=UTC))
        await stage.slack.until(lambda: stage.slack.files >= FILES, within=30)


async def watched(stage: Stage) -> list[sinks.Sink]:
    """Return what the pages of health say."""
    port = stage.environment["VIGIE_SANTE_PORT"]
    found: list[sinks.Sink] = []
    for page in ("healthz", "readyz", "metrics"):
        with contextlib.suppress(aiohttp.ClientError):
            async with stage.web.get(f"http://127.0.0.1:{port}/{page}") as answer:
                found.append((f"page {page}", await answer.read()))
    return found


# --- Looking ----------------------------------------------------------------------------------


def look(stage: Stage, more: list[sinks.Sink]) -> None:
    """Look for everyone everywhere, and for what they typed wherever it may not be in the clear."""
    keys = stage.home / "cles"
    secrets = [secret for one in stage.reported for secret in one.secrets]
    tokens = [value.encode() for value in (slack_wire.SIGNING_SECRET, "xoxb-essai", stage.discord.token)]
    needles = Needles(secrets, [*sinks.kept_keys(keys), *tokens])
    words = Needles(
        [
            Secret(one.whose, word)
            for one in stage.reported
            for word in (*one.words, *([one.code] if one.code else []))
        ]
        + [Secret("texte relu, ou demande jamais envoyée", word) for word in stage.drafts],
        hashed=False,
    )
    asked = Needles([Secret("demande", word) for word in stage.requests], hashed=False)
    stage.tally.needles = len(needles)
    seen: set[bytes] = set()
    for where, content in left(stage, more):
        stage.tally.sinks += 1
        digest = hashlib.sha256(content).digest()
        if digest in seen:  # a copy of what was looked at
            continue
        seen.add(digest)
        stage.tally.megabytes += len(content) / 1e6
        hits, plain, about_requests = found_of(content, [needles, words, asked])
        stage.tally.leaks += _told(where, hits)
        if not requesters.may_hold(where):
            stage.tally.plain += _told(where, about_requests)
        if not where.endswith("descellée"):
            stage.tally.plain += _told(where, plain)
    for (where, whose), content in grouped(stage).items():
        stage.tally.sinks += 1
        stage.tally.megabytes += len(content) / 1e6
        others = {hit for hit, _ in found(content, needles) if hit.whose != whose}
        stage.tally.leaks += sorted(f"{where}\u00a0: {hit.whose}, {hit.form}" for hit in others)


def _told(where: str, hits: set[tuple[Hit, str]]) -> list[str]:
    return sorted({f"{where}\u00a0: {hit.whose}, {hit.form} {how}" for hit, how in hits})


def grouped(stage: Stage) -> dict[tuple[str, str], bytes]:
    """Return what was sent, by where and whose private reply it is, so that each is looked at once."""
    sent: dict[tuple[str, str], list[bytes]] = {}
    for payload in (*stage.slack.traffic.sent, *stage.discord.traffic.sent):
        where = payload.where if not payload.whose else payload.where.partition(" ")[0]
        sent.setdefault((where, payload.whose), []).append(payload.content)
    return {key: b"\n".join(contents) for key, contents in sent.items()}


def left(stage: Stage, more: list[sinks.Sink]) -> Iterator[sinks.Sink]:
    """Yield all that the bot left."""
    yield "journal", "\n".join(stage.log).encode()
    yield from more
    yield from sinks.left(stage.home, stage.home / "cles")
    yield from sinks.left(stage.kept, stage.home / "cles")


# --- All of it --------------------------------------------------------------------------------


@asynccontextmanager
async def staged(folder: Path, seed: int) -> AsyncIterator[Stage]:
    """Give a stage whose bot runs, and end it."""
    home, copies, port = folder / "chez-vigie", folder / "copies", free_port()
    for one in (home, copies, *(home / name for name in _FOLDERS.values())):
        one.mkdir(parents=True)
    prepare(home / "vigie.db")
    dice = random.Random(seed)  # noqa: S311 — to be the same each time
    async with (
        slack_wire.slack(free_port()) as slack,
        discord_wire.Wire() as discord,
        aiohttp.ClientSession() as web,
    ):
        discord.backend.create_guild("AGE")
        stage = Stage(home, copies, slack, discord, web, port, dice)
        stage.breaking(0)
        await start(stage)
        try:
            yield stage
        finally:
            if stage.bot is not None:
                await stage.bot.kill()
            discord.problems.clear()  # of requests cut short by a kill


async def part(
    folder: Path,
    count: int,
    seed: int,
    *,
    troubles: Sequence[str] = TROUBLES,
    batch: int = BATCH,
    short: bool = False,
) -> Tally:
    """Have so many people report, then look; return what came of it. `short`: without the command line."""
    began = time.monotonic()
    each = -(-count // len(PLATFORMS))
    async with staged(folder, seed) as stage:
        for number, first in enumerate(range(0, each, batch)):
            numbers = range(first, min(first + batch, each))
            await troubled(stage, troubles[number % len(troubles)], numbers)
        await handled(stage)
        await examining(stage)
        await asking(stage)
        more = await watched(stage)
        keep(stage, "en-marche")
        with contextlib.suppress(StorageError):
            copies.save(stage.database, stage.home / "copie.db")
            copies.save_sealed(
                stage.database, stage.home / "sauvegardes", stage.home / "cles", date(2026, 11, 24)
            )
            copies.save_hourly(
                stage.database, stage.home / "sauvegardes", stage.home / "cles", datetime.now(UTC)
            )
        await end(stage, killed=False)
        more += [] if short else await commanded(stage)
        _count(stage)
        await asyncio.to_thread(look, stage, more)
    stage.tally.seconds = time.monotonic() - began
    stage.tally.days = [today()]
    return stage.tally


async def commanded(stage: Stage) -> list[sinks.Sink]:
    """Return what the command line says of it all, and have it write its exports."""
    found = []
    for words in (
        ("diagnostic", "--json"),
        ("signalements", "--json"),
        ("signalements", "statistiques", "--csv"),
        ("donnees", "inventaire"),
        ("lettres",),
        ("demandes",),
        ("demandes", "--json"),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "--reglages", os.devnull, *words,
            cwd=ROOT, env=stage.environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed, _ = await process.communicate()
        found.append((f"vigie {' '.join(words)}", printed))
    return found


def _count(stage: Stage) -> None:
    tally = stage.tally
    tally.tried = len(stage.reported)
    tally.acknowledged = sum(bool(one.code) for one in stage.reported)
    by = Counter(
        "Web" if one.whose.startswith("web-") else "Slack" if one.whose.startswith("U") else "Discord"
        for one in stage.reported
        if one.code
    )
    tally.by_platform = dict(by)
    tally.raised = sum("BoomError" in line for line in stage.log)
    tally.refused = stage.slack.refused + stage.discord.refused


def written(tally: Tally, path: Path) -> None:
    """Write what came of a part, so that a run which is cut short can be taken up again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(tally), ensure_ascii=False, indent=1), "utf-8")


def read(path: Path) -> Tally:
    """Read what `written` wrote."""
    return Tally(**json.loads(path.read_text("utf-8")))
