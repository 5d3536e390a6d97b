"""What is remembered of an exchange: for minutes, in bounded number, and nothing that was written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Event

import pytest

from bot.answers.memory import (
    FOLLOWED,
    JUDGED,
    AnswerMemory,
    GivenAnswer,
)
from bot.conversation.fading import MOST, Fading
from bot.conversation.requests import Actor
from bot.language.masking import Masked
from bot.policy.articles import Number
from tests.kits.answers import remembered
from tests.kits.fake_clock import FakeClock

ALEX, BLAISE = Actor("slack", "T1", "U1"), Actor("discord", "900", "2")
LOGO = (Number("5.13"),)
GIVEN = GivenAnswer("pa20", Masked("Le logo?"), LOGO, stored=False)


@pytest.fixture
def rapid_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_the_last_exchange_is_forgotten_after_ten_minutes_though_nobody_asks() -> None:
    clock = FakeClock()
    memory = AnswerMemory(clock)
    memory.remember(ALEX, "pa20", LOGO)
    clock.move(seconds=FOLLOWED.total_seconds() - 1)
    assert memory.previous(ALEX, "pa20") == LOGO
    clock.move(seconds=1)
    memory.fade()
    assert remembered(memory) == 0


def test_reading_it_does_not_make_it_last() -> None:
    clock = FakeClock()
    memory = AnswerMemory(clock)
    memory.remember(ALEX, "pa20", LOGO)
    for _ in range(3):
        clock.move(minutes=4)
        last = memory.previous(ALEX, "pa20")
    assert last == ()


def test_a_clock_set_back_forgets_rather_than_keeps() -> None:
    clock = FakeClock()
    memory = AnswerMemory(clock)
    memory.remember(ALEX, "pa20", LOGO)
    clock.move(hours=-1)
    assert memory.previous(ALEX, "pa20") == ()


def test_each_person_and_each_policy_has_its_own() -> None:
    memory = AnswerMemory(FakeClock())
    memory.remember(ALEX, "pa20", LOGO)
    assert memory.previous(BLAISE, "pa20") == ()
    assert memory.previous(ALEX, "cr3") == ()
    assert memory.previous(None, "pa20") == ()


def test_nobody_is_remembered_when_it_is_not_known_who_asks() -> None:
    memory = AnswerMemory(FakeClock())
    memory.remember(None, "pa20", LOGO)
    assert remembered(memory) == 0


@pytest.mark.parametrize("most", [1, 3])
def test_the_number_is_bounded_the_oldest_going_first(most: int) -> None:
    table: Fading[int, str] = Fading(FakeClock(), FOLLOWED, most)
    for number in range(5):
        table.put(number, "")
    assert [number for number in range(5) if table.get(number) is not None] == list(range(5))[-most:]


def test_whoever_has_the_most_makes_room_from_their_own() -> None:
    table: Fading[str, None] = Fading(FakeClock(), FOLLOWED, most=4)
    for key, owner in (("a", "A"), ("b", "B"), ("x1", "X"), ("x2", "X"), ("x3", "X"), ("x4", "X")):
        table.put(key, None, owner)
    assert [key for key in ("a", "b", "x1", "x2", "x3", "x4") if key in table] == ["a", "b", "x3", "x4"]
    table.put("c", None, "C")
    assert "x3" not in table


@pytest.mark.usefixtures("rapid_switches")
def test_one_thread_may_write_while_another_forgets() -> None:
    start, seconds = FakeClock().now, count()
    table: Fading[int, int] = Fading(
        lambda: start + timedelta(seconds=next(seconds)), timedelta(seconds=5), most=10
    )
    written = Event()

    def forget() -> None:
        while not written.is_set():
            table.fade()

    with ThreadPoolExecutor() as pool:
        forgetting = pool.submit(forget)
        try:
            for number in range(30_000):
                table.put(number, number)
                table.drop(number - 1)
        finally:
            written.set()
        forgetting.result()
    assert len(table._entries) <= 10


def test_an_answer_is_judged_once_and_within_the_hour() -> None:
    clock = FakeClock()
    memory = AnswerMemory(clock)
    identifier, other = memory.add(GIVEN, ALEX), memory.add(GIVEN, BLAISE)
    assert identifier != other
    assert memory.take(identifier) == GIVEN
    assert memory.take(identifier) is None
    clock.move(seconds=JUDGED / timedelta(seconds=1))
    memory.fade()
    assert remembered(memory) == 0
    assert memory.take(other) is None


def test_however_many_answers_someone_gets_those_of_others_can_still_be_rated() -> None:
    memory = AnswerMemory(FakeClock())
    hers = memory.add(GIVEN, BLAISE)
    for _ in range(MOST + 1):
        memory.add(GIVEN, ALEX)
    assert memory.take(hers) == GIVEN
    assert remembered(memory) == MOST - 1


def test_a_value_stays_until_another_replaces_it_or_its_time_has_passed() -> None:
    clock = FakeClock()
    shown: Fading[str, int] = Fading(clock, FOLLOWED)
    shown.put("a", 2)
    shown.put("a", 3)
    assert (shown.get("a"), shown.get("b")) == (3, None)
    clock.move(seconds=FOLLOWED.total_seconds())
    shown.fade()
    assert shown.get("a") is None


def test_what_is_too_old_goes_and_what_came_since_stays() -> None:
    clock = FakeClock()
    memory = AnswerMemory(clock)
    memory.remember(ALEX, "pa20", LOGO)
    clock.move(minutes=6)
    memory.remember(BLAISE, "pa20", LOGO)
    clock.move(minutes=6)
    assert memory.previous(ALEX, "pa20") == ()
    assert memory.previous(BLAISE, "pa20") == LOGO
