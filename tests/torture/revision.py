"""A revision told to hundreds of people over both platforms, by a bot that is killed again and again.

python -m tests.torture.revision [--personnes 500] [--morts 200] [--ecrire]
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from sqlite_utils import Database

from bot.onboarding import enrolment
from bot.onboarding.course import open_course
from bot.onboarding.enrolment import WELCOME, OnboardingPlan, Onboardings, VersionNotice
from bot.outbox.rows import Delivery, enqueue
from bot.people import membership
from bot.people import persons as people
from bot.people import roles as registry
from bot.people.membership import BY_HAND
from bot.people.persons import Account
from bot.policy import library as libraries
from bot.policy import loading
from bot.register import attestations, heads, signing
from bot.register.attestations import Attesting
from bot.revision import archive, ledger, revisions
from bot.revision.revisions import Dates, Proposal
from bot.schedule import clock
from bot.settings import SEED
from bot.storage.database import Storage, beside
from bot.times import Calendar, iso
from tests.kits import measures, revision_commands
from tests.kits.measures import NONE, Figure, at_most, lines, missed
from tests.kits.questions import learn
from tests.kits.registry import CALENDAR
from tests.torture import life
from tests.torture.world import Limit, Limits, Weather, World, told_by, troubles

MARK = "révision"
PROGRAM = ("-m", "tests.torture.always_open")
NOTICE = re.compile(r"nouveautes pa20 [\d-]{10}")  # what the button of the notice stands for
WEATHER = Weather(held=0)  # what Slack takes up long after it came cannot be seen by whoever looks for it
# Requests in a second that each platform takes: so few that all the lives have something to send.
DISCORD, SLACK = (3, 1.0), (2, 1.0)
CLOSED_EACH = 25  # of so many persons, one whose private messages are closed
NEW_EACH = 5  # and one who has not attested anything yet
WHILE_STARTING = 0.1  # of the lives
FEWEST, MOST = 1, 4  # messages that a life sees arrive before it is ended
LONGEST_LIFE = 8.0  # seconds, for one that sees none
QUIET_SECONDS = 600.0
PATIENCE_SECONDS = 20.0  # after which what is put off is made due
CALM_SECONDS = 2 * clock.BEAT_SECONDS + 2  # that a restored bot is watched for, which must say nothing
NIGHTS = (("2027-03-14", "2027-03-15"), ("2026-11-01", "2026-11-02"))
ALLOWED_SECONDS = 60.0


@dataclass(frozen=True)
class Toll:
    """What came of it. `told`: who got the notice once; `listed`: who got none, by the reason."""

    people: int
    kills: int
    told: int
    twice: int
    listed: Mapping[str, int]
    forgotten: int
    after_restoration: int
    held: int
    looked: int
    troubles: Mapping[str, int]
    seconds: float

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be."""
        return [
            Figure("Personnes", self.people),
            Figure("SIGKILL", self.kills),
            *troubles(self.troubles),
            Figure("Historiques relus pour chercher un message douteux", self.looked),
            Figure("Personnes prévenues une fois", self.told),
            *(Figure(f"Non jointes, la raison étant inscrite\u00a0: {reason}", count)
              for reason, count in sorted(self.listed.items())),
            Figure("Personnes prévenues deux fois", self.twice, NONE),
            Figure("Personnes oubliées", self.forgotten, NONE),
            Figure("Avis que la copie restaurée retient", self.held),
            Figure("Avis que la copie restaurée renvoie", self.after_restoration, NONE),
        ]  # fmt: skip

    @property
    def kept(self) -> bool:
        """Whether every promise is kept."""
        return not missed(self.figures())

    def lines(self) -> list[str]:
        """Return the report, in French."""
        return lines(self.figures())


def run(
    count: int,
    kills: int,
    *,
    seed: int = 1,
    weather: Weather = WEATHER,
    calm: float = CALM_SECONDS,
    paced: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Toll:
    """Tell a revision to so many people while the bot is killed so many times, restore a copy, and count."""
    return asyncio.run(_run(count, kills, random.Random(seed), weather, calm=calm, paced=paced, say=say))  # noqa: S311 — the same each time


async def _run(
    count: int,
    kills: int,
    dice: random.Random,
    weather: Weather,
    *,
    calm: float,
    paced: bool,
    say: Callable[[str], None],
) -> Toll:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-") as name:
        folder = Path(name)
        path, copy = folder / "vigie.db", folder / "copie.db"
        closed = prepare(path, folder / "cles", count)
        limits = Limits(Limit(*DISCORD), Limit(*SLACK)) if paced else Limits()
        async with World(weather, limits, words_of=told_by(NOTICE), closed=closed).serving() as world:
            settings = life.settings(world, path) | {"VIGIE_CLES": str(folder / "cles")}
            for number in range(kills):
                await _one_life(settings, world, dice)
                if number + 1 == max(kills // 2, 1):
                    await life.lines(settings, "sauvegarder", str(copy))
                if (number + 1) % 20 == 0:
                    say(f"  {number + 1} morts, {len(notices(world))} personnes prévenues")
            async with life.running(settings, program=PROGRAM):
                await _to_the_end(path)
            notices_sent = notices(world)
            listed, missing = _listed(path, notices_sent)
            held, again = await _restored(settings, world, path, copy, calm)
            return Toll(
                people=count,
                kills=kills,
                told=sum(value == 1 for value in notices_sent.values()),
                twice=sum(value > 1 for value in notices_sent.values()),
                listed=listed,
                forgotten=missing,
                after_restoration=again,
                held=held,
                looked=world.requests["discord history"] + world.requests["slack history"],
                troubles=dict(world.troubles),
                seconds=time.monotonic() - began,
            )


async def _one_life(settings: Mapping[str, str], world: World, dice: random.Random) -> None:
    """Start the bot and kill it: at any moment of its start, or in the middle of its sending."""
    bot = await life.start(settings, program=PROGRAM)
    try:
        if dice.random() < WHILE_STARTING:
            await asyncio.sleep(dice.uniform(0, life_start()))
            return
        try:
            async with asyncio.timeout(LONGEST_LIFE):
                for _ in range(dice.randint(FEWEST, MOST)):
                    await world.news()
        except TimeoutError:
            return
        await asyncio.sleep(dice.uniform(0, 0.05))  # while what it does of it is under way
    finally:
        await bot.kill()


async def _to_the_end(path: Path) -> None:
    """Let the last life end its work; what is put off for long, having been tried often, comes due now."""
    async with asyncio.timeout(QUIET_SECONDS):
        while True:
            try:
                await life.quiet(path, PATIENCE_SECONDS)
            except TimeoutError:
                hasten(path)
            else:
                return


def hasten(path: Path) -> None:
    """Have all that is put off be due, as it would be in half an hour at most."""
    with beside(path) as db:
        db.conn.execute(
            "UPDATE outbox SET due_at = ? WHERE state IN ('queued', 'sending')", (iso(datetime.now(UTC)),)
        )


def life_start() -> float:
    """Return how long a start may last before it is cut short, in seconds."""
    return 1.5


def notices(world: World) -> Counter[str]:
    """Return how many times the notice arrived, by conversation."""
    return Counter(
        {
            channel: count
            for channel, messages in world.channels.items()
            if (count := sum(bool(message["words"]) for message in messages))
        }
    )


def _listed(path: Path, said: Mapping[str, int]) -> tuple[Counter[str], int]:
    """Return the reasons of those who got nothing, and how many got nothing without one."""
    reasons, missing = Counter[str](), 0
    with beside(path) as db:
        [revision] = [
            revision for revision in revisions.list_revisions(db, "pa20") if revision.state == "announced"
        ]
        for line in ledger.list_recipients(db, revision):
            [account, *_] = people.accounts_of(db, line.person)
            if _conversation(account) in said:
                continue
            if line.state == "failed" and line.problem:
                reasons[line.problem] += 1
            else:
                missing += 1
    return reasons, missing


def _conversation(account: Account) -> str:
    if account.platform == "discord":
        return f"discord {10**9 + int(account.user)}"
    return f"slack D{account.user[1:]}"


async def _restored(
    settings: Mapping[str, str], world: World, path: Path, copy: Path, calm: float
) -> tuple[int, int]:
    """Bring back the copy, run the bot on it, and return what is held and what was said again."""
    notices_sent = notices(world)
    await life.lines(settings, "restaurer", str(copy), "--en-clair")
    async with life.running(settings, program=PROGRAM):
        await asyncio.sleep(calm)  # nothing is expected: there is no event to wait for
    with beside(path) as db:
        (held,) = db.conn.execute(
            "SELECT count(*) FROM outbox WHERE state = 'held' AND notice = ?", (enrolment.REVISION.name,)
        ).fetchone()
    return held, sum((notices(world) - notices_sent).values())


# --- Before it begins -------------------------------------------------------------------------


def prepare(path: Path, keys: Path, count: int) -> frozenset[str]:
    """Make an association of so many officers, most of whom attested, and a revision approved for today.

    Returns the conversations that are closed.
    """
    storage = Storage(path)
    try:
        with storage.transaction() as db:
            return _prepare(db, keys, count)
    finally:
        storage.close()


def _prepare(db: Database, keys: Path, count: int) -> frozenset[str]:
    now, today = datetime.now(UTC), date.today()  # noqa: DTZ011 — as the bot's own settings say
    registry.seed(db)
    library = loading.load_library([SEED], "pa20", lambda: today, archive.approved(db, [SEED], "pa20", today))
    signer = signing.load_signer(keys, create=True)
    heads.note_beginning(db, keys, signer)

    def attest(db: Database, attesting: Attesting) -> None:
        attestations.attest(db, attesting, signer)

    target = open_course(library, [SEED], attest, OnboardingPlan()).target()
    closed = set()
    for number in range(count):
        account = (
            Account("discord", "", str(1000 + number))
            if number % 2
            else Account("slack", "T00000001", f"U{1000 + number}")
        )
        person = people.known(db, account)
        membership.enter(db, person, "officer", BY_HAND, today - timedelta(days=60))
        Onboardings(db, target).place(person, now)
        if number % NEW_EACH:
            attest(db, Attesting(person, "Une personne", account, target, now))
        else:
            _welcomed(db, person, target, now)
        if number % CLOSED_EACH == 1:
            closed.add(_conversation(account))
    _approve(db, library, today, now)
    return frozenset(closed)


def _welcomed(db: Database, person: str, target: attestations.Target, now: datetime) -> None:
    """Have someone's welcome be sent already."""
    text = VersionNotice(target.policy, target.version)
    enqueue(db, Delivery(f"{WELCOME.name}:{person}", f"person:{person}", WELCOME, text), now)
    db.conn.execute(
        "UPDATE outbox SET state = 'sent', sent_day = ? WHERE recipient = ?",
        (now.date().isoformat(), f"person:{person}"),
    )


def _approve(db: Database, library: libraries.Library, today: date, now: datetime) -> None:
    texts = archive.Archive(library, [SEED], Calendar(CALENDAR.zone))
    proposal = Proposal("pa20", revision_commands.REVISED, "command", "2015-12-13")
    yesterday = today - timedelta(days=1)
    revision = texts.propose(db, proposal, today)
    revision = revisions.approve(db, revision, None, Dates(yesterday, yesterday), today)
    texts.plan(db, revision, now)


# --- The nights when the hour changes ---------------------------------------------------------


def delays() -> list[tuple[str, float, float]]:
    """Return, for each such night, by how many seconds the version and its notice come late."""
    return [asyncio.run(_delay(night, morning)) for night, morning in NIGHTS]


async def _delay(night: str, morning: str) -> tuple[str, float, float]:
    with (
        tempfile.TemporaryDirectory(prefix="vigie-") as name,
        revision_commands.world(Path(name), start="2026-10-20T15:00:00Z") as world,
    ):
        await world.enters(revision_commands.ALEX)
        await world.attests(revision_commands.ALEX)
        await world.beat()
        before = len(world.arrived(revision_commands.ALEX))
        await world.approve(revision_commands.REVISED, "2026-10-15", night)
        midnight = CALENDAR.at(date.fromisoformat(night), datetime.min.time())
        nine = CALENDAR.at(date.fromisoformat(morning), CALENDAR.opens)
        forced = await _until(
            world, midnight, lambda: world.services.course.target().version == date(2026, 10, 15)
        )
        arrived = await _until(world, nine, lambda: len(world.arrived(revision_commands.ALEX)) > before)
        return night, forced, arrived


async def _until(world: revision_commands.World, due: datetime, done: Callable[[], bool]) -> float:
    """Beat from just before a moment, and return how long after it a thing is done; never before."""
    world.clock.now = due - timedelta(seconds=3.5 * clock.BEAT_SECONDS)
    while not done():
        assert world.clock.now < due + timedelta(hours=2), "it is never done"
        world.clock.move(seconds=clock.BEAT_SECONDS)
        await world.beat()
    return (world.clock.now - due).total_seconds()


def nights() -> list[Figure]:
    """Return by how much the version and its notice come late, as figures; neither may come early."""
    late = {
        f"Nuit du {night}, {what}": seconds
        for night, forced, arrived in delays()
        for what, seconds in (("version après minuit", forced), ("avis après 9\u00a0h", arrived))
    }
    figures = [Figure(label, seconds, at_most(ALLOWED_SECONDS), "s") for label, seconds in late.items()]
    return [*figures, Figure("Versions et avis en avance", sum(value < 0 for value in late.values()), NONE)]


@click.command(help="Annoncer une révision pendant que le robot est tué, puis compter qui l'a reçue.")
@click.option("--personnes", default=500, show_default=True, help="Combien, sur les deux plateformes.")
@click.option("--morts", default=200, show_default=True, help="Combien de SIGKILL.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(personnes: int, morts: int, ecrire: bool) -> None:
    """Run all of it, print the figures, and exit with 0 if every promise is kept."""
    learn()
    began = time.monotonic()
    click.echo(f"Une révision annoncée à {personnes} personnes, le robot tué {morts} fois")
    figures = [*run(personnes, morts, say=click.echo).figures(), *nights()]
    command = f"python -m tests.torture.revision --personnes {personnes} --morts {morts}"
    sys.exit(measures.told(figures, command, time.monotonic() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
