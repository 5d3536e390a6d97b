"""The quiz and the onboarding in a small catalogue, the real PA20 to read and made-up questions to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from sqlite_utils import Database

from bot.commands import accueil, quiz
from bot.commands.course import Course
from bot.commands.office import Office
from bot.dispatch import Dispatcher
from bot.forms import Reply
from bot.messages import Button, Message, Text
from bot.policy import attempts, membership, onboarding, people, register
from bot.policy import library as libraries
from bot.policy import quiz as machine
from bot.policy import roles as registry
from bot.policy.membership import BY_HAND
from bot.policy.onboarding import Attesting, Standing
from bot.policy.quiz_bank import Bank
from bot.policy.register import Signatory
from bot.requests import Actor, Command, Place
from bot.settings import SEED
from bot.signing import new_signer
from bot.storage import Storage
from tests.commands.registry_kit import ADMIN, CALENDAR, TEAMS, Desk
from tests.conftest import TODAY
from tests.policy.quiz_kit import TARGET, add_tables, letters, made_up
from tests.policy.registry_kit import ALEX

SIGNER = new_signer()
LIBRARY = libraries.load([SEED], "pa20", lambda: TODAY)


@dataclass
class School(Desk):
    """The commands at work; `bank` and `attestations` can be looked at and changed."""

    bank: Bank = field(default_factory=made_up)
    attestations: list[Attesting] = field(default_factory=list)

    def attest(self, db: Database, attesting: Attesting) -> None:
        """Enter an attestation in the register, as the application does."""
        self.attestations.append(attesting)
        who = Signatory(attesting.person_id, attesting.name, attesting.account)
        register.attest(db, who, attesting.target, attesting.at, SIGNER)

    async def audit(self) -> register.Audit:
        """Check the whole register."""

        def check() -> register.Audit:
            with self.office.storage.transaction() as db:
                return register.verify(db, {SIGNER.id: SIGNER.public})

        return await self.office.storage.run(check)

    async def facts(self, actor: Actor = ALEX) -> set[str]:
        """Return what is noted of someone."""

        def read() -> set[str]:
            with self.office.storage.transaction() as db:
                person = people.person_of(db, actor, create=False)
                return set(register.facts(db, person, "pa20", TARGET.version)) if person else set()

        return await self.office.storage.run(read)

    async def enters(self, actor: Actor = ALEX) -> None:
        """Make someone an officer."""
        await self._changes(
            lambda db: membership.enter(db, people.known(db, actor), "officer", BY_HAND, self.office.today())
        )

    async def leaves(self, actor: Actor = ALEX) -> None:
        """Make someone an officer no more."""
        await self._changes(
            lambda db: membership.leave(db, people.known(db, actor), "officer", BY_HAND, self.office.today())
        )

    async def _changes(self, change: Callable[[Database], object]) -> None:
        def run() -> None:
            with self.office.storage.transaction() as db:
                change(db)
                onboarding.follow(db, TARGET, CALENDAR, self.now, at_once=True)

        await self.office.storage.run(run)

    async def everyone(self) -> list[Standing]:
        """Return where everyone is."""

        def read() -> list[Standing]:
            with self.office.storage.transaction() as db:
                return onboarding.everyone(db, TARGET)

        return await self.office.storage.run(read)

    async def said_unprompted(self) -> list[tuple[str, str]]:
        """Return the notices that wait to be sent, and to which kind of recipient."""

        def read() -> list[tuple[str, str]]:
            with self.office.storage.transaction() as db:
                rows = db.conn.execute(
                    "SELECT notice, substr(recipient, 1, 4) FROM outbox WHERE state = 'queued' ORDER BY rowid"
                )
                return [(str(notice), str(kind)) for notice, kind in rows]

        return await self.office.storage.run(read)

    async def writes(self, text: str, actor: Actor = ALEX, place: Place = "direct") -> str:
        """Return what is said to someone who writes a line without pressing anything."""
        return words(await self.dispatcher.handle(self.dispatcher.from_text(text, actor=actor, place=place)))

    async def asked(self, actor: Actor = ALEX, kind: attempts.Kind = "quiz") -> machine.Asked | None:
        """Return the question that someone is on."""

        def read() -> machine.Asked | None:
            with self.office.storage.transaction() as db:
                person = people.person_of(db, actor, create=False)
                found = attempts.under_way(db, person, "pa20", kind) if person else None
                return machine.current(found.sitting) if found else None

        return await self.office.storage.run(read)

    async def answer(self, actor: Actor = ALEX, kind: attempts.Kind = "quiz", *, right: bool = True) -> Reply:
        """Answer the question that someone is on, by typing letters once it is seen."""
        asked = await self.asked(actor, kind)
        assert asked is not None
        await self.ask("quiz", actor)
        reply = await self.ask(f"quiz {letters(self.bank, asked, right=right)}", actor)
        submit = next((one for one in commands_of(reply) if one.endswith(".ok")), "")
        return await self.ask(submit, actor) if submit else reply

    async def pass_quiz(self, actor: Actor = ALEX, wrong: int = 0) -> None:
        """Take the quiz to its end, missing the first few."""
        await self.ask("quiz nouveau -", actor)
        while await self.asked(actor):
            await self.answer(actor, right=wrong <= 0)
            wrong -= 1

    async def read_all(self, actor: Actor = ALEX) -> Reply:
        """Read to the end."""
        reply = await self.ask("accueil lire", actor)
        while command := next((c for c in commands_of(reply) if c.startswith("accueil lu ")), ""):
            reply = await self.ask(command, actor)
        return reply


def commands_of(reply: Reply) -> list[str]:
    """Return the commands of the buttons."""
    assert isinstance(reply, Message)
    return [button.command for button in reply.buttons() if isinstance(button, Button)]


def words(reply: Reply) -> str:
    """Return what a message says."""
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


def course_of(school: list[School]) -> Course:
    """Return the course of a school that is being made."""

    def attest(db: Database, attesting: Attesting) -> None:
        school[0].attest(db, attesting)

    return Course(
        LIBRARY,
        lambda: TARGET,
        lambda: school[0].bank,
        attest,
        random=lambda: Random(school[0].office.clock().timestamp()),  # noqa: S311 — a test's own luck
    )


def build(storage: Storage, made: list[School]) -> School:
    """Return a school over a storage; to be used again after a restart."""
    office = Office(storage, lambda: made[0].now, CALENDAR, TEAMS)
    course = course_of(made)
    catalogue = (
        Command("vigie", "Menu", lambda _: Message(Text("Menu")), slash=True),
        Command(
            "quiz",
            "Le quiz.",
            partial(quiz.play, office, course),
            slash=True,
            replies=quiz.REPLIES,
            awaits=partial(quiz.awaits, office, course),
        ),
        Command("accueil", "L'accueil.", partial(accueil.welcome, office, course), opens_form=True),
    )
    made.append(School(Dispatcher(catalogue, storage.executor), office))

    def first() -> None:
        with storage.transaction() as db:
            add_tables(db)
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
