"""The real catalogue, with the clock, the pump and the register, on platforms that a test drives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from bot.answers.engine.shelf import FixedModel
from bot.answers.questions import Engine
from bot.app.build import Bot
from bot.app.starting import settle
from bot.app.tasks import Tasks
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor, Received
from bot.onboarding import attempts, reminders
from bot.onboarding.quiz import session
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes
from bot.outbox.sending import Sender
from bot.people import membership, persons
from bot.people.membership import BY_HAND
from bot.register import attestations
from bot.register.attestations import Target
from bot.register.signing import new_signer
from bot.revision import ledger, revisions
from bot.revision.archive import Archive
from bot.revision.ledger import Recipient
from bot.revision.revisions import Revision
from bot.schedule.clock import Schedule
from bot.schedule.names import LEARN
from bot.settings import SEED, Settings
from bot.storage.database import Storage
from tests.kits.fake_clock import FakeClock
from tests.kits.outbox import Post, until_idle
from tests.kits.quiz import letters
from tests.kits.registry import ADMIN, CALENDAR, TEAMS

Result = TypeVar("Result")

TEXT = (SEED / "politique" / "pa20" / "2015-12-13.md").read_text(encoding="utf-8")
# A correction of form, a change of substance, and one more clause.
CORRECTED = TEXT.replace("droit auteur", "droit d'auteur")
REVISED = TEXT.replace("nous vous invitons à vous abstenir", "abstenez-vous")
CHANNEL = "discord/900/77"
SECOND = Actor("slack", "T1", "U0SECOND")
ALEX = Actor("slack", "T1", "U1")
BLAISE = Actor("discord", "900", "222")
CAMILLE = Actor("slack", "T1", "U3")
SIGNER = new_signer()


@dataclass
class World:
    """A bot at work. `slack`, `discord`: what arrived there. `clock`: only moves when told to."""

    storage: Storage
    clock: FakeClock
    services: Bot
    dispatcher: Dispatcher
    volume: Path
    schedule: Schedule
    posts: dict[str, Post] = field(
        default_factory=lambda: {"slack": Post("slack"), "discord": Post("discord")}
    )

    @property
    def archive(self) -> Archive:
        return self.services.archive

    @property
    def today(self) -> date:
        return CALENDAR.day(self.clock())

    async def ask(self, line: str, actor: Actor = ADMIN, /, **fields: str) -> Reply:
        """Type a line, or press the button or fill in the form that stands for it."""
        request = self.dispatcher.from_command(line, actor=actor)
        return await self.dispatcher.handle(replace(request, fields=fields))

    async def said(self, line: str, actor: Actor = ADMIN, /, **fields: str) -> str:
        return words(await self.ask(line, actor, **fields))

    async def press(self, reply: Reply, label: str, actor: Actor = ADMIN, /, **fields: str) -> Reply:
        """Press a button of a reply, or fill in the form that it opens."""
        request = self.dispatcher.from_command(command(reply, label), actor=actor, pressed=not fields)
        return await self.dispatcher.handle(replace(request, fields=fields))

    async def drop(self, text: str | bytes, actor: Actor = ADMIN, name: str = "pa20.md") -> Reply:
        """Drop a file in one's conversation with the bot, and say that it is the PA20's and well read."""
        reply = await self.drop_alone(text, actor, name)
        for label in ("Une révision de la PA20", "Tout le reste est bien lu", "C'est bien lu", "C'est juste"):
            if isinstance(reply, Message) and any(label in button.label for button in reply.buttons()):
                reply = await self.press(reply, label, actor)
        return reply

    async def drop_alone(self, text: str | bytes, actor: Actor = ADMIN, name: str = "pa20.md") -> Reply:
        """Drop a file in one's conversation with the bot, as an adapter does."""
        assert await self.dispatcher.takes_file(actor)
        content = text.encode() if isinstance(text, str) else text
        return await self.dispatcher.handle_file(Received(name, content), actor)

    async def run(self, work: Callable[[Database], Result]) -> Result:
        """Do something with the database."""

        def inside() -> Result:
            with self.storage.transaction() as db:
                return work(db)

        return await self.storage.run(inside)

    async def beat(self) -> None:
        """Let the clock do what is due, and the outbox send what it may."""
        await self.schedule.tick()
        idle = asyncio.Event()
        await until_idle(self.pump(idle), idle)

    async def daily(self) -> None:
        """Do what each day asks for."""
        course = self.services.course
        await self.run(lambda db: reminders.daily(db, course.target(), course.plan, CALENDAR, self.clock()))

    def pump(self, idle: asyncio.Event) -> Pump:
        """Return a pump that knows nothing of what others did, and sets `idle`."""
        sender = Sender(
            self.storage,
            Routes(self.posts),
            self.services.notices,
            self.clock,
            CALENDAR,
            chance=lambda: 1.0,
            settle=timedelta(0),
        )
        return Pump(sender, idle=idle.set)

    def arrived(self, actor: Actor) -> list[str]:
        """Return what arrived in someone's private messages."""
        received = self.posts[actor.platform].received
        return [
            text for where, texts in received.items() if where.endswith(f"/{actor.user}") for text in texts
        ]

    async def enters(self, *actors: Actor) -> None:
        """Make people officers."""

        def enter(db: Database) -> None:
            for actor in actors:
                membership.enter(db, persons.known(db, actor), "officer", BY_HAND, self.today)
            self.services.office.registry_changed(db, "")

        await self.run(enter)

    async def leaves(self, actor: Actor) -> None:
        """Make someone an officer no more."""

        def leave(db: Database) -> None:
            membership.leave(db, persons.known(db, actor), "officer", BY_HAND, self.today)
            self.services.office.registry_changed(db, "")

        await self.run(leave)

    async def attests(self, actor: Actor) -> None:
        """Have someone attest the version in force, by what that takes."""
        await self.read_all(actor)
        await self.ask("quiz nouveau -", actor)
        await self.answer_all(actor)
        await self.ask("accueil confirmer", actor, nom="Camille Roy")

    async def read_all(self, actor: Actor) -> Reply:
        """Read to the end."""
        reply = await self.ask("accueil lire", actor)
        while found := next((one for one in commands(reply) if one.startswith("accueil lu ")), ""):
            reply = await self.ask(found, actor)
        return reply

    async def answer_all(self, actor: Actor) -> int:
        """Answer what is asked, right, and return how many questions that was."""
        count = 0
        while asked := await self.run(lambda db: _asked(db, actor)):
            bank = self.services.course.bank()
            await self.ask("quiz", actor)  # letters answer what one has seen
            await self.ask(f"quiz {letters(bank, asked, right=True)}", actor)
            count += 1
        return count

    async def ledger(self) -> dict[str, Recipient]:
        """Return the ledger of the last revision that was announced, by the account's user."""

        def read(db: Database) -> dict[str, Recipient]:
            announced = [one for one in revisions.approved_chain(db, "pa20") if one.state == "announced"]
            return {
                persons.accounts_of(db, recipient.person)[0].user: recipient
                for recipient in ledger.list_recipients(db, announced[-1])
            }

        return await self.run(read)

    async def last(self) -> Revision:
        """Return the revision that was proposed last."""
        return (await self.run(lambda db: revisions.list_revisions(db, "pa20")))[0]

    async def facts(self, actor: Actor, version: date) -> set[str]:
        """Return what is noted of someone about a version."""

        def read(db: Database) -> set[str]:
            person = persons.person_of(db, actor)
            return set(attestations.facts(db, person, Target("pa20", version, "", ""))) if person else set()

        return await self.run(read)

    async def approve(self, text: str, adopted: str = "2026-11-20", effective: str = "2026-11-24") -> Reply:
        """Propose a text and approve it for a day."""
        reply = await self.drop(text)
        reply = await self.press(reply, "Approuver", adoptee=adopted, effet=effective)
        checked = isinstance(reply, Message) and "Est-ce bien cela?" in reply.own_words()  # that day is past
        return await self.press(reply, "Approuver") if checked else reply


def _asked(db: Database, actor: Actor) -> session.QuizTurn | None:
    person = persons.person_of(db, actor)
    kinds: tuple[attempts.Kind, ...] = ("revision", "refresher", "quiz")
    found = [attempts.under_way(db, person, "pa20", kind) for kind in kinds] if person else []
    return next((session.current(one.sitting) for one in found if one), None)


def words(reply: Reply) -> str:
    """Return what a message says."""
    assert isinstance(reply, Message), reply
    return "\n".join(reply.own_words())


def commands(reply: Reply) -> list[str]:
    """Return the commands of the buttons."""
    assert isinstance(reply, Message)
    return [button.command for button in reply.buttons() if isinstance(button, Button)]


def command(reply: Reply, label: str) -> str:
    """Return the command of the button that begins so."""
    assert isinstance(reply, Message)
    buttons = [button for button in reply.buttons() if isinstance(button, Button)]
    return next(button.command for button in buttons if button.label.startswith(label))


def filled(form: Reply) -> Form:
    """Return a form."""
    assert isinstance(form, Form)
    return form


def assemble(
    storage: Storage,
    clock: FakeClock,
    volume: Path,
    *,
    approvals: int = 1,
    deciders: str = "",
    source: str | None = None,
    **more: object,
) -> World:
    """Return a bot over a storage, as a start makes it; to be used again for a restart.

    `deciders`: which roles decide of requests, where the policy names none. `source`: of the texts. `more`:
    other settings.
    """
    settings = Settings.model_validate(
        {
            "vigie_data": str(volume), "vigie_cles": str(volume / "cles"), "discord_token": "x",
            "vigie_slack_equipe": TEAMS["slack"], "vigie_discord_serveur": TEAMS["discord"],
            "vigie_admins": "slack:T1/U0ADMIN, slack:T1/U0SECOND", "vigie_canaux_annonces": CHANNEL,
            "vigie_revision_approbations": approvals, "vigie_demandes": deciders,
            "vigie_rapport_roles": "conseiller-executif", "vigie_source": source, **more,
        }
    )  # fmt: skip
    bot = Bot(settings, storage, clock)
    bot.engine = Engine(bot.folders, FixedModel(None))
    _ = bot.dispatcher
    storage.executor.submit(settle, bot).result()

    async def learn(_: Mapping[str, object], _now: datetime) -> None:
        """Learn nothing: this world asks no question."""

    work = Tasks(bot, {}).work()
    work = replace(work, errands={**work.errands, LEARN: learn}, daily=())
    return World(storage, clock, bot, bot.dispatcher, volume, Schedule(storage, work, CALENDAR, clock))


@contextmanager
def world(
    path: Path,
    *,
    approvals: int = 1,
    deciders: str = "",
    source: str | None = None,
    database: Path | None = None,
    start: str = "2026-11-24T15:00:00Z",
    **more: object,
) -> Iterator[World]:
    """Yield a bot. `path`: a folder of its own. `start`: when it is started for the first time.

    `more`: other settings.
    """
    volume = path / "donnees"
    volume.mkdir(exist_ok=True)
    storage = Storage(database)
    try:
        clock = FakeClock(start)
        yield assemble(storage, clock, volume, approvals=approvals, deciders=deciders, source=source, **more)
    finally:
        storage.close()
