"""Everyone has their turn: whatever one person asks, and however much, others are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, current_thread

import pytest

from bot.answers.questions import Engine, PolicyAnswer
from bot.conversation.deferred import Deferred
from bot.conversation.dispatcher import ONE_AT_A_TIME, WAITING, Dispatcher, Welcome
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Text
from bot.conversation.requests import Actor, Command, Request
from bot.policy.library import Library
from tests.kits.effort import PATIENCE
from tests.kits.reports.chat import REPORTER, SOMEONE_ELSE, chatting, pressed

pytestmark = pytest.mark.attack("Inondations")

ANNE, LEA = Actor("essai", "T1", "U1"), Actor("essai", "T1", "U2")
NOTICE = Text("avis")


class Work:
    """The commands « fait », quick unless its text says « long », and « songe », slow.

    `leave`: what the slow ones wait for. `done`: the texts of the requests, in the order they were done.
    """

    def __init__(self, executor: ThreadPoolExecutor, welcome: Welcome) -> None:
        self.done: list[str] = []
        self.leave = Event()
        commands = [
            Command("fait", "", self._do),
            Command("songe", "", self._think),
            Command("vigie", "", _menu),
        ]
        self.dispatcher = Dispatcher(commands, executor, welcome=welcome)

    def ask(self, line: str, actor: Actor = ANNE) -> asyncio.Task[Reply]:
        command, _, text = line.partition(" ")
        request = Request(command, text, actor, "channel")
        return asyncio.ensure_future(self.dispatcher.handle(request))

    def _do(self, request: Request) -> Message:
        if request.text.startswith("long"):
            assert self.leave.wait(PATIENCE)
        self.done.append(request.text)
        return Message(Text(request.text))

    def _think(self, request: Request) -> Deferred[Callable[[], Message]]:
        def think() -> Callable[[], Message]:
            assert self.leave.wait(PATIENCE)
            self.done.append(request.text)
            return lambda: Message(Text(f"{request.text} {current_thread().name.partition('_')[0]}"))

        return Deferred(think)


def _menu(_: Request) -> Message:
    return Message(Text("menu"))


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, "storage") as executor:
        yield executor


@pytest.fixture
def work(executor: ThreadPoolExecutor) -> Iterator[Work]:
    work = Work(executor, Welcome())
    yield work
    work.leave.set()


def words(reply: Reply) -> str:
    assert isinstance(reply, Message)
    return " ".join(reply.own_words())


async def test_someone_s_questions_are_answered_one_by_one_in_their_order(work: Work) -> None:
    asked = [work.ask(f"songe {number}") for number in range(WAITING)]
    assert words(await work.ask("fait vite")) == "vite", "what is quick does not wait for what is slow"
    work.leave.set()
    replies = [words(reply) for reply in await asyncio.gather(*asked)]
    assert replies == [f"{number} storage" for number in range(WAITING)]
    assert work.done == ["vite", *map(str, range(WAITING))]


async def test_one_question_too_many_is_told_so_at_once_and_those_before_are_answered(work: Work) -> None:
    asked = [work.ask(f"songe {number}") for number in range(20)]
    for refused in asked[WAITING:]:
        assert await refused == ONE_AT_A_TIME
    other = work.ask("songe autre", LEA)
    work.leave.set()
    await asyncio.gather(*asked[:WAITING], other)
    assert sorted(work.done) == sorted([*map(str, range(WAITING)), "autre"])
    assert words(await work.ask("songe encore")) == "encore storage"


async def test_nobody_s_requests_come_before_another_s_first(work: Work) -> None:
    asked = [work.ask("fait long"), *(work.ask(f"fait {number}") for number in range(50))]
    await asyncio.sleep(0)
    asked.append(work.ask("fait autre", LEA))
    await asyncio.sleep(0)
    work.leave.set()
    await asyncio.gather(*asked)
    assert work.done[:2] == ["long", "autre"]


async def test_nothing_is_remembered_of_whose_turn_it_was(work: Work) -> None:
    work.leave.set()
    await asyncio.gather(work.ask("fait 1"), work.ask("songe 2"))
    assert not work.dispatcher._turns
    assert not work.dispatcher._slow_turns


# --- Newcomers --------------------------------------------------------------------------------


async def test_a_newcomer_s_answer_does_not_wait_for_the_disk(executor: ThreadPoolExecutor) -> None:
    leave = Event()
    work = Work(executor, Welcome(notice=lambda _: [NOTICE], noticed=lambda _: assert_left(leave)))
    assert words(await work.ask("fait 1")) == "1 avis"
    leave.set()


def assert_left(leave: Event) -> None:
    assert leave.wait(PATIENCE)


async def test_the_newcomers_of_a_crowd_are_recorded_together(executor: ThreadPoolExecutor) -> None:
    recorded: list[Sequence[Actor]] = []
    work = Work(executor, Welcome(notice=lambda _: [NOTICE], noticed=recorded.append))
    work.dispatcher._by_name["fait"] = Command("fait", "", work._do, instant=work._do)
    executor.submit(assert_left, work.leave)
    crowd = [Actor("essai", "T1", str(number)) for number in range(100)]
    asked = [work.ask("fait 5.10", actor) for actor in crowd]
    await asyncio.sleep(0)
    work.leave.set()
    assert {words(reply) for reply in await asyncio.gather(*asked)} == {"5.10 avis"}
    await asyncio.get_running_loop().run_in_executor(executor, int)
    assert recorded == [crowd]


async def test_a_notice_that_could_not_be_recorded_is_shown_again(executor: ThreadPoolExecutor) -> None:
    def noticed(_: Sequence[Actor]) -> None:
        raise OSError

    work = Work(executor, Welcome(notice=lambda _: [NOTICE], noticed=noticed))
    assert words(await work.ask("fait 1")) == "1 avis"
    await asyncio.get_running_loop().run_in_executor(executor, int)
    assert words(await work.ask("fait 2")) == "2 avis"


# --- The whole catalogue ----------------------------------------------------------------------


async def test_twenty_long_questions_hold_up_nobody_s_report(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = Event()

    def think(*_: object) -> PolicyAnswer:
        assert leave.wait(PATIENCE)
        return PolicyAnswer("not_found")

    monkeypatch.setattr(Engine, "answer", think)
    with chatting(library) as chat:
        question = "Peut-on publier la photo d'un membre sans sa permission? " * 35
        asked = [chat.dispatcher.from_text(question, actor=SOMEONE_ELSE) for _ in range(20)]
        replies = [asyncio.ensure_future(chat.dispatcher.handle(request)) for request in asked]
        assert await chat.report(REPORTER)
        assert not any(reply.done() for reply in replies[:WAITING])
        leave.set()
        assert all(isinstance(reply, Message) for reply in await asyncio.gather(*replies))


async def test_a_report_is_filed_before_the_requests_of_everyone_who_came_first(library: Library) -> None:
    with chatting(library) as chat:
        review = await chat.review(REPORTER)
        busy, answered = Event(), list[str]()

        async def ask(line: str, actor: Actor, named: str) -> None:
            await chat.press_line(line, actor)
            answered.append(named)

        chat.storage.executor.submit(busy.wait)
        crowd = [Actor("slack", "T1", f"U{number}") for number in range(50)]
        asked = [asyncio.ensure_future(ask("mesdonnees", actor, "autre")) for actor in crowd]
        await asyncio.sleep(0)
        asked.append(asyncio.ensure_future(ask(pressed(review, "Envoyer"), REPORTER, "signalement")))
        await asyncio.sleep(0)
        busy.set()
        await asyncio.gather(*asked)
        assert answered[0] == "signalement"
        assert chat.rows("SELECT count(*) FROM report_cases") == [(1,)]
