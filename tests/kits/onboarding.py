"""The quiz and the onboarding in a small catalogue, the real PA20 to read and made-up questions to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from sqlite_utils import Database

from bot.commands import lire, mesdonnees
from bot.commands.accueil import accueil
from bot.commands.quiz import quiz
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Message, Text
from bot.conversation.requests import Actor, Command, Place
from bot.onboarding import attempts, reminders
from bot.onboarding.course import Course
from bot.onboarding.enrolment import DueDates, OnboardingPlan, Onboardings, Standing
from bot.onboarding.notices import notice_builders
from bot.onboarding.quiz import session as machine
from bot.onboarding.quiz.bank import QuizBank
from bot.outbox.notices import Notices
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes
from bot.outbox.sending import Sender
from bot.people import membership, persons
from bot.people import roles as registry
from bot.people.membership import BY_HAND
from bot.people.office import Office
from bot.policy import loading
from bot.register import attestations as register
from bot.register import heads
from bot.register.attestations import Attesting
from bot.register.signing import new_signer
from bot.settings import SEED
from bot.storage.database import Storage
from tests.conftest import TODAY
from tests.kits.outbox import RELAY, Post, until_idle
from tests.kits.people import ALEX
from tests.kits.quiz import TARGET, letters, made_up
from tests.kits.registry import ADMIN, CALENDAR, TEAMS, Desk

SIGNER = new_signer()
LIBRARY = loading.load_library([SEED], "pa20", lambda: TODAY)


@dataclass
class School(Desk):
    """The commands over a storage; a test may read and change `bank` and `attestations`."""

    bank: QuizBank = field(default_factory=made_up)
    attestations: list[Attesting] = field(default_factory=list)
    plan: OnboardingPlan = field(default_factory=OnboardingPlan)
    slack: Post = field(default_factory=lambda: Post("slack"))
    discord: Post = field(default_factory=lambda: Post("discord"))

    def pump(self, idle: asyncio.Event) -> Pump:
        """Return a pump that knows nothing of what others did; a private thread may be opened on Discord."""
        posts = {"slack": self.slack, "discord": self.discord}
        notices = notices_of(self.plan)
        routes, settle = Routes(posts, (RELAY,)), timedelta(0)
        sender = Sender(self.office.storage, routes, notices, self.clock, CALENDAR, lambda: 1.0, settle)
        return Pump(sender, idle=idle.set)

    async def delivers(self) -> None:
        """Send all that may leave now, as the bot does."""
        idle = asyncio.Event()
        await until_idle(self.pump(idle), idle)

    async def daily(self) -> None:
        """Let the daily task run."""

        def run() -> None:
            with self.office.storage.transaction() as db:
                reminders.daily(db, TARGET, self.plan, CALENDAR, self.now)

        await self.office.storage.run(run)

    async def days(self, count: int) -> None:
        """Let days pass, each with its daily task and what leaves then."""
        for _ in range(count):
            self.wait(days=1)
            await self.daily()
            await self.delivers()

    def attest(self, db: Database, attesting: Attesting) -> None:
        """Add an attestation to the register, as the bot does."""
        self.attestations.append(attesting)
        register.attest(db, attesting, SIGNER)

    async def audit(self) -> heads.Audit:
        """Verify the whole register."""

        def check() -> heads.Audit:
            with self.office.storage.transaction() as db:
                return register.verify_register(db, {SIGNER.id: SIGNER.public})

        return await self.office.storage.run(check)

    async def facts(self, actor: Actor = ALEX) -> set[str]:
        """Return the facts noted about someone."""

        def read() -> set[str]:
            with self.office.storage.transaction() as db:
                person = persons.person_of(db, actor)
                return set(register.facts(db, person, TARGET)) if person else set()

        return await self.office.storage.run(read)

    async def enters(self, actor: Actor = ALEX) -> None:
        """Make someone an officer."""
        await self._changes(
            lambda db: membership.enter(db, persons.known(db, actor), "officer", BY_HAND, self.office.today())
        )

    async def leaves(self, actor: Actor = ALEX) -> None:
        """End someone's membership as an officer."""
        await self._changes(
            lambda db: membership.leave(db, persons.known(db, actor), "officer", BY_HAND, self.office.today())
        )

    async def _changes(self, change: Callable[[Database], object]) -> None:
        def run() -> None:
            with self.office.storage.transaction() as db:
                change(db)
                Onboardings(db, TARGET).follow(CALENDAR, self.now, at_once=True)

        await self.office.storage.run(run)

    async def everyone(self) -> list[Standing]:
        """Return everyone's onboarding."""

        def read() -> list[Standing]:
            with self.office.storage.transaction() as db:
                return Onboardings(db, TARGET).standings()

        return await self.office.storage.run(read)

    async def said_unprompted(self) -> list[tuple[str, str]]:
        """Return the queued notices, each with the kind of its recipient."""

        def read() -> list[tuple[str, str]]:
            with self.office.storage.transaction() as db:
                rows = db.conn.execute(
                    "SELECT notice, substr(recipient, 1, 4) FROM outbox WHERE state = 'queued' ORDER BY rowid"
                )
                return [(str(notice), str(kind)) for notice, kind in rows]

        return await self.office.storage.run(read)

    async def writes(self, text: str, actor: Actor = ALEX, place: Place = "direct") -> str:
        """Return the words of the answer to a line that someone writes."""
        return words(await self.dispatcher.handle(self.dispatcher.from_text(text, actor=actor, place=place)))

    async def asked(self, actor: Actor = ALEX, kind: attempts.Kind = "quiz") -> machine.QuizTurn | None:
        """Return someone's present question."""

        def read() -> machine.QuizTurn | None:
            with self.office.storage.transaction() as db:
                person = persons.person_of(db, actor)
                found = attempts.under_way(db, person, "pa20", kind) if person else None
                return machine.current(found.sitting) if found else None

        return await self.office.storage.run(read)

    async def answer(self, actor: Actor = ALEX, kind: attempts.Kind = "quiz", *, right: bool = True) -> Reply:
        """Answer someone's present question by its letters, once they have seen it."""
        asked = await self.asked(actor, kind)
        assert asked is not None
        await self.ask("quiz", actor)
        reply = await self.ask(f"quiz {letters(self.bank, asked, right=right)}", actor)
        submit = next((one for one in commands_of(reply) if one.endswith(".ok")), "")
        return await self.ask(submit, actor) if submit else reply

    async def pass_quiz(self, actor: Actor = ALEX, wrong: int = 0) -> None:
        """Take the whole quiz; the first `wrong` answers are wrong."""
        await self.ask("quiz nouveau -", actor)
        while await self.asked(actor):
            await self.answer(actor, right=wrong <= 0)
            wrong -= 1

    async def read_all(self, actor: Actor = ALEX) -> Reply:
        """Turn every page."""
        reply = await self.ask("accueil lire", actor)
        while command := next((c for c in commands_of(reply) if c.startswith("accueil lu ")), ""):
            reply = await self.ask(command, actor)
        return reply


def commands_of(reply: Reply) -> list[str]:
    """Return the commands of the buttons."""
    assert isinstance(reply, Message)
    return [button.command for button in reply.buttons() if isinstance(button, Button)]


def words(reply: Reply) -> str:
    """Return the words of a message."""
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


def notices_of(plan: OnboardingPlan) -> Notices:
    """Return the notices of the onboarding."""
    return Notices(lambda: notice_builders(LIBRARY, DueDates(plan, CALENDAR)))


def course_of(school: list[School]) -> Course:
    """Return the course of a school that does not exist yet."""

    def attest(db: Database, attesting: Attesting) -> None:
        school[0].attest(db, attesting)

    return Course(
        LIBRARY,
        lambda: TARGET,
        lambda: school[0].bank,
        lambda _: school[0].bank,
        attest,
        OnboardingPlan(),
        random=lambda: Random(school[0].office.clock().timestamp()),  # noqa: S311 — a test's own luck
    )


def build(storage: Storage, made: list[School]) -> School:
    """Return a school over a storage; call it again after a restart."""
    office = Office(storage, lambda: made[0].now, CALENDAR, TEAMS)
    course = course_of(made)
    catalogue = (
        Command("vigie", "Menu", lambda _: Message(Text("Menu")), slash=True),
        Command(
            "quiz",
            "Le quiz.",
            partial(quiz.play, office, course),
            slash=True,
            replies=lambda text: quiz.REPLIES.fullmatch(text) is not None,
            awaits=partial(quiz.awaits, office, course),
        ),
        Command("accueil", "L'accueil.", partial(accueil.welcome, office, course), opens_form=True),
        Command("lire", "Un message.", lambda request: lire.read(office, notices_of(made[0].plan), request)),
        Command(
            "mesdonnees",
            "Mes renseignements.",
            partial(mesdonnees.my_data, office, course.library, Notices()),
        ),
    )
    made.append(School(Dispatcher(catalogue, storage.executor), office))

    def first() -> None:
        with storage.transaction() as db:
            registry.seed(db)
            registry.appoint_first(db, [ADMIN], office.today())

    storage.executor.submit(first).result()
    return made[0]


@contextmanager
def school(path: Path | None = None) -> Iterator[School]:
    """Yield a school, over a storage in memory or in a file."""
    storage = Storage(path)
    try:
        yield build(storage, [])
    finally:
        storage.close()
