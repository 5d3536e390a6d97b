"""The limits of reports: they hold, they tell nothing, and nobody can be found again in them (T5, T12)."""

from __future__ import annotations

import copy
import hashlib
import pickle
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from random import Random
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot.reports import limits
from bot.reports.limits import BY_WEB, GUARANTEED, LIFE, OWN_LIFE, PER_PERSON, RESERVE, Limiter
from tests.kits.fake_clock import FakeClock

pytestmark = pytest.mark.attack("Inondations")

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

Number = TypeVar("Number")
ANNE, LEA = "slack:T0123ABCD/U0000ANNE", "discord:123456789012345678"
HOUR = timedelta(hours=1)


def accepted(take: Callable[[], bool]) -> int:
    """Report until it is refused; return how many reports are accepted."""
    return sum(1 for _ in takewhile(bool, (take() for _ in range(100))))


def test_a_person_may_report_a_few_times_an_hour() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    for _ in range(20):
        assert accepted(lambda: limiter.take(ANNE)) in PER_PERSON
        assert limiter.take(LEA), "one person's limit is not another's"
        clock.move(minutes=LIFE[-1])


def test_the_form_takes_a_few_reports_an_hour_and_closes_nothing_in_the_chat() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    for _ in range(20):
        assert accepted(limiter.take_from_web) in BY_WEB
        assert accepted(lambda: limiter.take(ANNE)) in PER_PERSON
        clock.move(minutes=LIFE[-1])


def test_a_report_that_could_not_be_filed_is_given_back_even_after_it_ceased_to_count() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    assert limiter.take_from_web()
    assert limiter.take(ANNE)
    clock.move(minutes=LIFE[-1])
    limiter.forget()
    limiter.give_back_to_web()
    limiter.give_back(limiter.alias(ANNE))
    assert accepted(limiter.take_from_web) in BY_WEB
    assert accepted(lambda: limiter.take(ANNE)) in PER_PERSON


def test_what_is_given_back_leaves_room_for_the_person_and_in_the_reserve() -> None:
    limiter = Limiter(FakeClock())
    for number in range(2 * RESERVE[-1]):
        person = f"{ANNE}{number}"
        for _ in range(GUARANTEED):
            assert limiter.take(person)
        for _ in PER_PERSON:
            assert limiter.take(person)
            limiter.give_back(limiter.alias(person))


def test_however_many_people_report_the_form_stays_open_and_each_has_two_an_hour() -> None:
    limiter = Limiter(FakeClock())
    people = [f"{ANNE}{number}" for number in range(100)]
    counts = [accepted(lambda who=who: limiter.take(who)) for who in people]  # type: ignore[misc]
    assert min(counts) == GUARANTEED
    assert sum(counts) - GUARANTEED * len(people) in RESERVE
    assert accepted(limiter.take_from_web) >= BY_WEB[0]


def test_what_was_refused_is_not_counted() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    accepted(lambda: limiter.take(ANNE))
    clock.move(minutes=OWN_LIFE[0] - 1)
    assert not limiter.take(ANNE)
    clock.move(minutes=OWN_LIFE[-1] - OWN_LIFE[0] + 1)
    assert limiter.take(ANNE)


def test_only_a_limit_that_everyone_shares_is_told_of_and_only_by_its_door() -> None:
    limiter = Limiter(FakeClock())
    accepted(lambda: limiter.take(ANNE))
    assert limiter.reached == set()
    accepted(limiter.take_from_web)
    assert limiter.reached == {"web"}
    for number in range(RESERVE[-1]):
        accepted(lambda number=number: limiter.take(f"{LEA}{number}"))  # type: ignore[misc]
    assert limiter.reached == {"web", "chat"}


class AnySequence(RuleBasedStateMachine):
    """Reports from everywhere, in any order and at any pace, before four limiters that draw the same numbers.

    `all` sees everything. Each of the others misses what must make no difference to the rest: the web, the
    chat, and someone who reports twice an hour at most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.all, self.chat, self.web, self.others = (Limiter(self.clock, Median()) for _ in range(4))
        self.drawn = Limiter(self.clock, Random(0))  # noqa: S311 — the numbers of a test
        self.accepted: dict[str, list[datetime]] = defaultdict(list)

    def recent(self, who: str) -> int:
        """Return how many reports of someone `drawn` accepted within the hour."""
        return sum(self.clock.now - moment < HOUR for moment in self.accepted[who])

    @rule(who=st.sampled_from([ANNE, LEA, "C", "D", "E", "F"]), times=st.integers(1, 7))
    def from_chat(self, who: str, times: int) -> None:
        for _ in range(times):
            answers = {limiter.take(who) for limiter in (self.all, self.chat, self.others)}
            assert len(answers) == 1, "the web, or someone discreet, made a difference"
            few = self.recent(who) < GUARANTEED
            if self.drawn.take(who):
                self.accepted[who].append(self.clock.now)
            else:
                assert not few, "two an hour are everyone's"

    @rule(times=st.integers(1, 20))
    def from_web(self, times: int) -> None:
        for _ in range(times):
            answers = {limiter.take_from_web() for limiter in (self.all, self.web, self.others)}
            assert len(answers) == 1, "the chat, or someone discreet, made a difference"
            if self.drawn.take_from_web():
                self.accepted["web"].append(self.clock.now)

    @precondition(lambda self: self.recent("discreet") < GUARANTEED)
    @rule()
    def by_someone_discreet(self) -> None:
        assert self.all.take("discreet")
        assert self.chat.take("discreet")
        assert self.drawn.take("discreet")
        self.accepted["discreet"].append(self.clock.now)

    @rule(minutes=st.floats(0, 70))
    def time_goes_by(self, minutes: float) -> None:
        self.clock.move(minutes=minutes)
        self.all.forget()

    def teardown(self) -> None:
        for who, most in ((ANNE, PER_PERSON[-1]), (LEA, PER_PERSON[-1]), ("web", BY_WEB[-1])):
            moments = self.accepted[who]
            for first, beyond in zip(moments, moments[most:], strict=False):
                assert beyond - first >= timedelta(minutes=min(LIFE[0], OWN_LIFE[0]))


class Median(Random):
    """Draws the middle of whatever is asked."""

    def choice(self, seq: SupportsLenAndGetItem[Number]) -> Number:
        return seq[len(seq) // 2]

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=60, stateful_step_count=40)


# --- What an observer learns ------------------------------------------------------------------


def watched(seed: int) -> tuple[float, list[int]]:
    """Return when someone reported, in minutes, and what an observer of the form saw.

    The report comes within the first hour. From its end on, each minute for three hours, the observer takes
    every free place, and sees when.
    """
    chance, clock = Random(seed), FakeClock()  # noqa: S311 — the numbers of a test
    limiter, start, moment = Limiter(clock, chance), clock.now, chance.uniform(0, 60)
    clock.now = start + timedelta(minutes=moment)
    assert limiter.take_from_web()
    places = []
    for minute in range(60, 240):
        clock.now = start + timedelta(minutes=minute)
        places += [minute] * accepted(limiter.take_from_web)
    return moment, places


def best_guess(worlds: Sequence[tuple[float, list[int]]]) -> float:
    """Return the error of the best of two ways to guess the moments, over that of always saying the middle.

    One goes by the first place to become free, the other by how many do in each five minutes. Both are fitted
    to half of the worlds (least squares) and judged on the rest, by their root mean square error.
    """
    moments = np.array([moment for moment, _ in worlds])
    first = [[next((place for place in places if place > 60), 60)] for _, places in worlds]
    counts = [np.histogram(places, bins=np.arange(60, 241, 5))[0] for _, places in worlds]
    half = len(worlds) // 2

    def error(seen: object) -> float:
        table = np.column_stack([np.asarray(seen, float), np.ones(len(worlds))])
        weights, *_ = np.linalg.lstsq(table[:half], moments[:half], rcond=None)
        return float(np.sqrt(np.mean((table[half:] @ weights - moments[half:]) ** 2)))

    blind = float(np.sqrt(np.mean((moments[half:] - moments[:half].mean()) ** 2)))
    return min(error(first), error(counts)) / blind


def test_a_place_that_becomes_free_tells_nothing_finer_than_the_hour() -> None:
    assert best_guess([watched(seed) for seed in range(800)]) > 0.9


def test_the_measure_sees_a_clock_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIFE", range(60, 61))
    monkeypatch.setattr(limits, "BY_WEB", range(8, 9))
    assert best_guess([watched(seed) for seed in range(200)]) < 0.1


# --- What memory holds ------------------------------------------------------------------------


def test_a_restart_makes_what_was_in_memory_impossible_to_compute_again() -> None:
    before, after = Limiter(FakeClock()), Limiter(FakeClock())
    before.take(ANNE)
    (alias,) = before._people
    plain = (hashlib.blake2b, hashlib.sha256, hashlib.sha512, hashlib.md5)
    assert alias == before.alias(ANNE) != after.alias(ANNE)
    assert alias not in {algorithm(ANNE.encode()).digest() for algorithm in plain}
    assert after._key != before._key


def test_a_day_makes_it_so_too_and_forgets_everyone() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    limiter.take(ANNE)
    key, (alias,) = limiter._key, limiter._people
    clock.move(hours=24)
    limiter.forget()
    assert not limiter._people
    assert limiter._key != key
    assert limiter.alias(ANNE) != alias


def test_an_hour_and_a_half_leaves_nothing() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    accepted(lambda: limiter.take(ANNE))
    accepted(limiter.take_from_web)
    clock.move(minutes=LIFE[-1])
    limiter.forget()
    assert not limiter._people
    assert not any(map(len, limiter._shared.values()))


def test_it_is_kept_and_shown_nowhere() -> None:
    limiter = Limiter(FakeClock())
    limiter.take(ANNE)
    for keep in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            keep(limiter)
    assert repr(limiter) == "<Limiter>"


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    accepted(lambda: limiter.take(ANNE))
    accepted(limiter.take_from_web)
    clock.move(days=-3)
    assert limiter.take(ANNE)
    assert limiter.take_from_web()


def test_any_text_may_be_an_account() -> None:
    assert Limiter(FakeClock()).take("\ud800")
