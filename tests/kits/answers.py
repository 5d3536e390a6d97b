"""The commands that answer questions, in a small catalogue, before an engine that says what it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

from bot.answers import guidance
from bot.answers.engine.scores import ScoredClause
from bot.answers.memory import AnswerMemory
from bot.answers.questions import Batch, Engine, PolicyAnswer
from bot.commands import banque, politique, question, retour
from bot.commands.banque import BankEditing
from bot.commands.question import Answering
from bot.commands.vigie import menu
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply, opener
from bot.conversation.messages import Message
from bot.conversation.once_a_day import OnceADay
from bot.conversation.requests import Actor, Command, Place, Request, UserError
from bot.dashboard.tallies import Tally
from bot.language import detection, masking
from bot.language.detection import Language, SmallWords
from bot.language.masking import Masker
from bot.people import roles as registry
from bot.people.office import Office, administers
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Policy
from bot.posting.drafts import PostDrafts
from bot.settings import SEED
from bot.storage.database import Storage
from tests.kits.fake_clock import FakeClock
from tests.kits.office import shipped_intents, shipped_negative_posts
from tests.kits.registry import ADMIN, CALENDAR, TEAMS

DEFAULT = "pa20"  # the policy whose answers `ScriptedEngine` is told without naming it
OFFICER = Actor("slack", "T1", "U1OFFICER")
OTHER = Actor("discord", "900000000000000900", "222000000000000222")  # no random identifier holds them


def scored(*numbers: str, score: float = 0.9) -> tuple[ScoredClause, ...]:
    return tuple(ScoredClause(Number(number), score) for number in numbers)


def answer(*numbers: str) -> PolicyAnswer:
    """Return an answer that is announced."""
    return PolicyAnswer("answer", clauses=scored(*numbers), ranked=scored(*numbers), sure=True)


@dataclass
class ScriptedEngine(Engine):
    """Answers what the test says, and remembers what it was asked.

    `others`: what other policies than the default answer, by policy and question. `asked_others`: what they
    were asked.
    """

    answers: dict[str, PolicyAnswer] = field(default_factory=dict)
    others: dict[tuple[str, str], PolicyAnswer] = field(default_factory=dict)
    asked: list[tuple[str, tuple[Number, ...]]] = field(default_factory=list)
    asked_others: list[tuple[str, tuple[Number, ...]]] = field(default_factory=list)

    def language(self, text: str) -> Language:
        return detection.detect(text, _small_words())

    def answer(
        self,
        policy: Policy,
        version: Version,
        question: str,
        previous: tuple[Number, ...] = (),
        subject: str = "",  # noqa: ARG002 — what is told needs no context
        *,
        batch: Batch | None = None,  # noqa: ARG002 — nor scores
    ) -> PolicyAnswer:
        assert version in policy.versions
        if policy.id != DEFAULT:
            self.asked_others.append((question, previous))
            return self.others.get((policy.id, question), PolicyAnswer("not_found"))
        self.asked.append((question, previous))
        return self.answers.get(question, PolicyAnswer("not_found"))


@dataclass
class Counter:
    """The commands at work."""

    dispatcher: Dispatcher
    desk: Answering
    engine: ScriptedEngine
    clock: FakeClock
    own: Path

    async def say(self, text: str, actor: Actor | None = OFFICER, place: Place = "channel") -> Message:
        reply = await self.dispatcher.handle(self.dispatcher.from_text(text, actor=actor, place=place))
        reply = opener(reply)
        assert "Pardon" not in words(reply)
        return reply

    async def press(self, line: str, actor: Actor = OFFICER, /, **fields: str) -> Reply:
        request = self.dispatcher.from_command(line, actor=actor, place="channel")
        return await self.dispatcher.handle(replace(request, fields=fields))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        def read() -> list[tuple[object, ...]]:
            with self.desk.office.storage.transaction() as db:
                return list(map(tuple, db.conn.execute(sql).fetchall()))

        return self.desk.office.storage.executor.submit(read).result()

    def everything(self) -> str:
        """Return all that the database holds, as text."""

        def dump() -> str:
            with self.desk.office.storage.transaction() as db:
                return "\n".join(db.conn.iterdump())

        return self.desk.office.storage.executor.submit(dump).result()


def words(reply: Message) -> str:
    return "\n".join(reply.own_words())


def clauses(reply: Message) -> list[str]:
    return [quote.clause for quote in reply.quotes()]


def labels(reply: Message) -> list[str]:
    return [button.label for button in reply.buttons()]


def commands(desk: Answering, bank: BankEditing) -> tuple[Command, ...]:
    """Return the lines of the catalogue."""

    def reserved(request: Request) -> Reply:
        if not administers(desk.office, request):
            raise UserError("Cette commande est réservée.")
        return banque.manage(bank, request)

    return (
        Command(
            "politique",
            "Lire.",
            partial(question.answer, desk),
            slash=True,
            instant=partial(politique.look_up, desk.library),
        ),
        Command("question", "Demander.", partial(question.ask, desk)),
        Command("viser", "Ce que la politique dit d'un message.", partial(question.about, desk)),
        Command("retour", "Juger.", partial(retour.judge, desk)),
        Command("banque", "La banque.", reserved, opens_form=True),
        Command("vigie", "Menu.", lambda _: menu.menu_message(desk.library, desk.office), slash=True),
    )


@lru_cache(maxsize=1)
def _small_words() -> SmallWords:
    return detection.load_small_words(detection.tables([SEED]))


@lru_cache(maxsize=4)
def _masker(library: Library) -> Masker:
    return masking.load_masker([SEED], library, ["AGE UQTR"])


@contextmanager
def counter(
    library: Library, own: Path, answers: Mapping[str, PolicyAnswer] | None = None
) -> Iterator[Counter]:
    storage, clock, engine = Storage(), FakeClock(), ScriptedEngine(dict(answers or {}))
    office = Office(storage, clock, CALENDAR, TEAMS)
    desk = Answering(
        library,
        office,
        engine,
        guidance.load_guidance([SEED], library.policies),
        lambda: _masker(library),
        shipped_negative_posts,
        shipped_intents,
        AnswerMemory(clock),
        PostDrafts(clock),
        Tally(OnceADay(clock)),
    )

    def first() -> None:
        with storage.transaction() as db:
            registry.seed(db)
            registry.appoint_first(db, [ADMIN], office.today())

    storage.executor.submit(first).result()
    bank = BankEditing(library, office, SEED, own)
    try:
        yield Counter(
            Dispatcher(commands(desk, bank), storage.executor, shown=desk.memory.shown),
            desk,
            engine,
            clock,
            own,
        )
    finally:
        storage.close()


def remembered(memory: AnswerMemory) -> int:
    """Return how many entries a memory has, expired ones included."""
    return len(memory._last._entries) + len(memory._to_judge._entries)
