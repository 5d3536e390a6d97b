"""Requests for a permission, and a bot that is killed again and again while people ask and decide.

    python -m tests.torture.permissions [--morts 1000] [--ecrire]

Lives are those of `tests.torture.reports`. What is acknowledged is written, by the life, to a file that
outlives it: an act, one of `ACTS`, and the request. Days that pass are dates set back in the rows, and the
daily task run on them in the same transaction, as it would be after days without the bot.
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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as hours
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import click

from bot.app.build import Bot
from bot.people import persons
from bot.people.persons import Account
from bot.permissions import queueing, requests
from bot.permissions.daily import CONSENT_REMINDER_DAYS, REMINDER_DAYS, daily
from bot.permissions.requests import (
    Asking,
    PermissionRequest,
    PermissionRequestError,
    PermissionSession,
    Ruling,
)
from bot.policy.annotations import PermissionKind
from bot.register import certificates, signing
from bot.settings import Settings
from bot.storage.database import beside
from tests.kits import measures
from tests.kits.measures import NONE, Figure, at_least, lines, missed
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE
from tests.kits.questions import learn
from tests.torture import reports
from tests.torture.life import settings as bot_settings
from tests.torture.reports import Life, told_twice
from tests.torture.world import Weather, World, troubles

EACH_SECOND: Final = 20.0
MOST: Final = 300  # requests in a run, or hardly more: they go to the same few people
MARK: Final = "demandes"
LONG: Final = 50  # kills
HOLDERS: Final = {
    COMMUNICATIONS_ROLE: Account("discord", "", "1000"),
    COUNCIL_ROLE: Account("slack", "T00000001", "U1001"),
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
# What only one message says, and the act that it tells of.
_TOLD: Final = {
    "Une demande à décider": "asked",
    "voudrait publier une image où vous êtes": "asked",
    "attend de savoir": "reminded",
    "Votre demande est accordée": "decided",
    "Votre demande est refusée": "decided",
    "Le consentement est donné": "decided",
    "Le consentement est refusé": "decided",
    "Une autorisation ne vaut plus": "withdrawn",
    "On renonce à publier une image": "withdrawn",
    "Un consentement est retiré": "withdrawn",
    "prend bientôt fin": "ending",
    "prend fin aujourd'hui": "ending",
    "a pris fin": "ending",
}
# The states in which what was acknowledged must be found, and those in which it must have been told.
_HELD: Final[Mapping[str, frozenset[str]]] = {
    "asked": frozenset({"asked", "granted", "refused", "cancelled", "withdrawn", "ended"}),
    "reminded": frozenset({"asked", "granted", "refused", "cancelled", "withdrawn", "ended"}),
    "decided": frozenset({"granted", "refused", "withdrawn", "ended"}),
    "cancelled": frozenset({"cancelled"}),
    "withdrawn": frozenset({"withdrawn"}),
    "ending": frozenset({"granted", "withdrawn", "ended"}),
}
_TELLING: Final[Mapping[str, frozenset[str]]] = {
    "asked": frozenset({"asked"}),
    "reminded": frozenset({"asked"}),
    "decided": frozenset({"granted", "refused"}),  # of what is over already, the end alone is told
    "cancelled": frozenset(),
    "withdrawn": _HELD["withdrawn"],
    "ending": frozenset({"granted", "ended"}),
}
_ENTRIES: Final = {"granted": 1, "withdrawn": 2, "ended": 2}  # of the register, by state


@dataclass(frozen=True)
class Toll:
    """What came of it, by act. `lost`: acknowledged, and not in the database. `untold`: never told.

    `faults`: in the chain of certificates.
    """

    kills: int
    acts: Counter[str]
    lost: Counter[str]
    untold: Counter[str]
    faults: int
    entries: int
    twice: Counter[str]
    dead: int
    looked: int
    troubles: Mapping[str, int]
    seconds: float

    def figures(self) -> list[Figure]:
        """Return the figures, and what they must be. Each act is tried in a run that is long enough."""
        tried = [*ACTS] if self.kills >= LONG else ["asked"]
        return [
            Figure("SIGKILL", self.kills),
            *troubles(self.troubles),
            *(
                Figure(title, value, required)
                for act, (done, lost, untold) in ACTS.items()
                for title, value, required in (
                    (done, self.acts[act], at_least(1) if act in tried else None),
                    (lost, self.lost[act], NONE),
                    (untold, self.untold[act], NONE),
                )
                if title
            ),
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
    request, act = _REQUEST.search(text), next((act for mark, act in _TOLD.items() if mark in text), "")
    return f"{act} {request[1]}" if request and act else ""


async def feed(bot: Bot, acknowledged: Path, each_second: float) -> None:
    """Ask and decide through the storage thread, as commands do; write what is acknowledged once it is."""
    dice = random.Random()  # noqa: S311 — any will do

    def act() -> str:
        with bot.storage.transaction() as db:
            session = PermissionSession(db, bot.permission_desk, bot.clock())
            wanted = dice.choices([*_FEEDERS], [often for often, _ in _FEEDERS.values()])[0]
            try:
                return f"{wanted} {_FEEDERS[wanted][1](session, dice)}"
            except IndexError:  # there is nothing to act on
                return f"asked {_ask(session, dice)}"

    while each_second:
        await asyncio.sleep(dice.expovariate(each_second))
        try:
            done = await bot.storage.run(act)
        except PermissionRequestError:  # too many of this person wait
            continue
        reports.note(acknowledged, done)


def _ask(session: PermissionSession, dice: random.Random) -> str:
    """Ask for a permission of any kind, or for a consent, maybe on paper."""
    asker, consenter = (persons.known(session.db, account) for account in dice.sample(ASKERS, 2))
    kind: PermissionKind = dice.choice(["page", "logo", "image"])
    asking = Asking(kind, "Pour le club", name="Une personne")
    if kind == "image" and dice.random() < 0.3:
        asking = replace(asking, image="Deux personnes", signer="Une autre")
    elif kind == "image":
        asking = replace(asking, image="Deux personnes", consenter=consenter)
    return requests.ask(session, asker, asking).id


def _decide(session: PermissionSession, dice: random.Random) -> str:
    request = dice.choice(requests.waiting(session.db))
    decider = dice.choice(requests.deciders(session.db, request, session.today)[1])
    ruling = Ruling(dice.random() < 0.8, "Parce que.", name="Une personne")
    return requests.decide(session, request.id, decider, ruling).id


def _withdraw(session: PermissionSession, dice: random.Random) -> str:
    """Withdraw a permission or a consent, or renounce one."""
    request = dice.choice([each for each in requests.register(session.db) if each.state == "granted"])
    role = requests.deciders(session.db, replace(request, on_paper=True), session.today)[1]
    others = (request.consenter,) if request.consenter else role
    return requests.withdraw(session, request.id, dice.choice([request.asker, *others]), "C'est fini.").id


def _cancel(session: PermissionSession, dice: random.Random) -> str:
    request = dice.choice(requests.waiting(session.db))
    return requests.cancel(session, request.id, request.asker).id


def _remind(session: PermissionSession, dice: random.Random) -> str:
    """Let days pass for a request that nobody answers, then do what the day does."""
    db, today = session.db, session.today

    def is_told(request: PermissionRequest) -> bool:
        people = requests.deciders(db, request, today)[1]
        return all(queueing.told_on(db, request.id, person) for person in people)

    new = [each for each in requests.waiting(db) if each.asked_on == today and is_told(each)]
    request = dice.choice(new)
    days = CONSENT_REMINDER_DAYS if request.by_consent else REMINDER_DAYS
    asked_on = (today - timedelta(days=days[0])).isoformat()
    db.table("permission_requests").update(request.id, {"asked_on": asked_on})
    db.conn.execute(
        """UPDATE outbox SET sent_day = ? WHERE notice IN (?, ?) AND state = 'sent'
             AND json_extract(arguments, '$.request') = ?""",
        (asked_on, queueing.ASKED.name, queueing.CONSENT.name, request.id),
    )
    daily(session)
    return request.id


def _end(session: PermissionSession, dice: random.Random) -> str:
    """Bring the end of a permission near, to today or to yesterday, then do what the day does."""
    endless = [each for each in requests.register(session.db) if each.state == "granted" and not each.until]
    request = dice.choice(endless)
    until = session.today + timedelta(days=dice.choice([7, 0, -1]))
    granted_on = session.today - timedelta(days=30)
    days = {"until": until.isoformat(), "decided_on": granted_on.isoformat()}
    session.db.table("permission_requests").update(request.id, days)
    daily(session)
    return request.id


# What people and days do, with how often, and what its figures are called: done, lost, never told.
_FEEDERS: Final[Mapping[str, tuple[int, Callable[[PermissionSession, random.Random], str]]]] = {
    "asked": (8, _ask),
    "decided": (5, _decide),
    "cancelled": (1, _cancel),
    "withdrawn": (2, _withdraw),
    "reminded": (2, _remind),
    "ending": (2, _end),
}
ACTS: Final = {
    "asked": ("Demandes acquittées", "Acquittées, puis perdues", "Demandes jamais dites à qui en décide"),
    "decided": ("Décisions acquittées", "Décisions acquittées, puis perdues", "Décisions jamais dites"),
    "cancelled": ("Annulations acquittées", "Annulations acquittées, puis perdues", ""),
    "withdrawn": ("Retraits acquittés", "Retraits acquittés, puis perdus", "Retraits jamais dits"),
    "reminded": ("Rappels dus", "", "Rappels jamais dits"),
    "ending": ("Fins annoncées", "", "Fins jamais dites"),
}


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
    arrived = sum((world.words(platform) for platform in ("discord", "slack")), Counter[str]())
    acknowledged = [tuple(line.split()) for line in noted]
    # What was not acknowledged may have been done all the same, and is then to be told.
    decided = [("decided", request) for request, state in states.items() if state in _HELD["decided"]]
    withdrawn = [("withdrawn", request) for request, state in states.items() if state == "withdrawn"]
    return Toll(
        kills=kills,
        acts=Counter(act for act, _ in acknowledged),
        lost=Counter(act for act, request in acknowledged if states.get(request) not in _HELD[act]),
        untold=Counter(
            act
            for act, request in {*acknowledged, *decided, *withdrawn}
            if states.get(request) in _TELLING[act] and not arrived[f"{act} {request}"]
        ),
        faults=len(audit.faults)
        + abs(audit.entries - sum(_ENTRIES.get(state, 0) for state in states.values())),
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
