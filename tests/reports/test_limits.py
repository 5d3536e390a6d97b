"""The limits of reports: they hold, they tell nothing, and nobody can be found again in them (T5)."""

from __future__ import annotations

import copy
import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reports.limits import BY_WEB, IN_ALL, PER_PERSON, Limiter
from tests.kits.fake_clock import FakeClock

ANNE, LEA = "slack:T0123ABCD/U0000ANNE", "discord:123456789012345678"


def test_a_person_may_report_five_times_an_hour() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    assert [limiter.take(ANNE) for _ in range(PER_PERSON + 2)] == [True] * PER_PERSON + [False] * 2
    assert limiter.take(LEA), "one person's limit is not another's"
    clock.move(minutes=59)
    assert not limiter.take(ANNE)
    clock.move(minutes=1)
    assert limiter.take(ANNE)


def test_the_association_receives_twenty_an_hour_from_all() -> None:
    limiter = Limiter(FakeClock())
    people = [f"{ANNE}{at}" for at in range(IN_ALL + 3)]
    assert [limiter.take(one) for one in people] == [True] * IN_ALL + [False] * 3
    assert not limiter.take_from_web()


def test_the_web_form_cannot_exhaust_what_is_left_to_the_others() -> None:
    limiter = Limiter(FakeClock())
    assert [limiter.take_from_web() for _ in range(100)].count(True) == BY_WEB
    people = [f"{ANNE}{at}" for at in range(100)]
    assert [limiter.take(one) for one in people].count(True) == IN_ALL - BY_WEB


def test_what_was_refused_is_not_counted() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    for _ in range(PER_PERSON):
        limiter.take(ANNE)
    clock.move(minutes=30)
    assert not limiter.take(ANNE)
    clock.move(minutes=30)
    assert limiter.take(ANNE)


def test_a_restart_makes_what_was_in_memory_impossible_to_compute_again() -> None:
    before, after = Limiter(FakeClock()), Limiter(FakeClock())
    before.take(ANNE)
    (hashed,) = before._people
    plain = (hashlib.blake2b, hashlib.sha256, hashlib.sha512, hashlib.md5)
    assert hashed != after._hash(ANNE)
    assert hashed not in {one(ANNE.encode()).digest() for one in plain}
    assert after._key != before._key


def test_a_day_makes_it_so_too_and_forgets_everyone() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    limiter.take(ANNE)
    key, (hashed,) = limiter._key, limiter._people
    clock.move(hours=24)
    limiter.forget()
    assert not limiter._people
    assert limiter._key != key
    assert limiter._hash(ANNE) != hashed


def test_an_hour_leaves_nothing_of_a_person() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    limiter.take(ANNE)
    clock.move(hours=1)
    limiter.forget()
    assert not limiter._people
    assert not limiter._all


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
    for _ in range(PER_PERSON):
        limiter.take(ANNE)
    clock.move(days=-3)
    assert limiter.take(ANNE)


@given(st.lists(st.tuples(st.sampled_from([ANNE, LEA, "web"]), st.integers(0, 50)), max_size=80))
def test_no_hour_ever_holds_more_than_the_limits(attempts: list[tuple[str, int]]) -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    accepted = []
    for who, minutes in attempts:
        clock.move(minutes=minutes)
        if limiter.take_from_web() if who == "web" else limiter.take(who):
            accepted.append((who, clock.now))
        last = [one for one, when in accepted if (clock.now - when).total_seconds() < 3_600]
        assert len(last) <= IN_ALL
        assert last.count("web") <= BY_WEB


def test_any_text_may_be_an_account() -> None:
    assert Limiter(FakeClock()).take("\ud800")
