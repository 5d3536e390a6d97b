"""The quiz's state machine: what is drawn, what a press does, and that no sequence of presses breaks it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.onboarding.enrolment import OnboardingPlan
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import QuizBank, QuizChoice
from bot.onboarding.quiz.session import Press, Sitting
from bot.policy.articles import Number
from tests.kits.quiz import ESSENTIAL, VERSION, answer, finish, letters, made_up

BANK = made_up()
SEEDS = st.integers(0, 10_000)


def drawn(seed: int, **more: object) -> Sitting:
    return session.draw_quiz(BANK, Random(seed), **more)  # type: ignore[arg-type] # noqa: S311 — as the caller says


def clauses(sitting: Sitting) -> list[Number]:
    return [question.clause for item in sitting.items if (question := BANK.question(item.question))]


def asked_now(sitting: Sitting) -> session.QuizTurn:
    asked = session.current(sitting)
    assert asked is not None
    return asked


# --- Drawing ----------------------------------------------------------------------------------


@given(SEEDS)
def test_twelve_questions_cover_every_article_and_every_essential_clause(seed: int) -> None:
    sitting = drawn(seed)
    assert len({item.question for item in sitting.items}) == session.SIZE
    assert {BANK.article(number) for number in clauses(sitting)} == {
        article.number for article in VERSION.articles
    }
    essential = {
        one.clause for item in sitting.items if (one := BANK.question(item.question)) and one.essential
    }
    assert {str(number) for number in essential} == set(ESSENTIAL)


@given(SEEDS)
def test_another_attempt_asks_other_questions(seed: int) -> None:
    first = drawn(seed)
    seen = Counter(item.question for item in first.items)
    second = drawn(seed + 1, seen=seen)
    assert not {item.question for item in first.items} & {item.question for item in second.items}


def test_questions_and_choices_are_shuffled_but_vrai_stays_before_faux() -> None:
    orders = {tuple(item.question for item in drawn(seed).items) for seed in range(20)}
    assert len(orders) == 20
    pairs = {item.order for seed in range(20) for item in drawn(seed).items if len(item.order) == 2}
    assert pairs == {(0, 1)}
    assert len({item.order for seed in range(20) for item in drawn(seed).items if len(item.order) == 4}) > 10


def test_a_small_bank_gives_what_it_has() -> None:
    few = QuizBank(BANK.questions[:5])
    assert len(session.draw_quiz(few, Random(1)).items) == 5  # noqa: S311 — a test's own luck
    nothing = session.draw_quiz(QuizBank(), Random(1))  # noqa: S311 — as above
    assert nothing.items == ()
    assert session.current(nothing) is None
    assert session.score(nothing) == session.QuizScore(0, 0)
    assert not session.score(nothing).reaches(0)


@given(SEEDS, st.integers(0, 5))
def test_the_refresher_has_three_questions_and_begins_with_what_was_missed(seed: int, count: int) -> None:
    missed = [item.question for item in drawn(seed).items][:count]
    sitting = session.draw_refresher(BANK, Random(seed), missed)  # noqa: S311 — as above
    names = {item.question for item in sitting.items}
    assert len(names) == (session.REFRESHER_SIZE if missed else 0)
    assert names <= set(missed) if count >= 3 else set(missed) <= names


# --- Playing ----------------------------------------------------------------------------------


def test_answering_all_right_ends_after_twelve_with_full_marks() -> None:
    sitting = finish(drawn(1), BANK)
    assert (sitting.turn, session.score(sitting)) == (12, session.QuizScore(12, 12))
    assert session.score(sitting).reaches(100)


def test_what_was_missed_comes_back_at_the_end_until_it_is_known_and_does_not_raise_the_score() -> None:
    sitting = finish(drawn(1), BANK, right=lambda n: n not in {2, 5})
    assert sitting.turn == 14
    assert [one.question for one in sitting.answers[12:]] == [
        sitting.items[2].question,
        sitting.items[5].question,
    ]
    assert session.missed(sitting) == [sitting.items[2].question, sitting.items[5].question]
    assert session.score(sitting) == session.QuizScore(10, 12)


@pytest.mark.parametrize(("right", "passes"), [(9, False), (10, True)])
def test_the_pass_mark_is_eighty_per_cent(right: int, passes: bool) -> None:
    sitting = finish(drawn(1), BANK, right=lambda n: n < right)
    assert session.score(sitting).reaches(OnboardingPlan().pass_mark) is passes
    assert session.QuizScore(9, 12).percent == 75


def test_a_question_that_comes_back_has_its_choices_turned_round() -> None:
    sitting = drawn(3)
    while len(asked_now(sitting).order) == 2:
        sitting = answer(sitting, BANK)
    before = asked_now(sitting)
    sitting = answer(sitting, BANK, right=False)
    while session.progress(sitting).number <= 12:
        sitting = answer(sitting, BANK)
    after = asked_now(sitting)
    assert after.item == before.item
    assert after.order == before.order[1:] + before.order[:1]
    assert session.answered(sitting, before.turn).order == before.order


def test_progress_counts_questions_then_those_that_come_back() -> None:
    sitting = drawn(1)
    assert session.progress(sitting) == session.Progress(1, 12)
    for number in range(12):
        sitting = answer(sitting, BANK, right=number > 1)
    assert session.progress(sitting) == session.Progress(13, 12, 2)
    assert session.progress(answer(sitting, BANK)) == session.Progress(13, 12, 1)


def test_a_press_that_comes_twice_or_from_another_device_counts_once() -> None:
    sitting = next(s for s in map(drawn, range(50)) if len(asked_now(s).order) == 3)
    asked = asked_now(sitting)
    press = Press(0, asked.item.edition, "choose", "A")
    once, outcome = session.press(sitting, BANK, press)
    assert outcome == "answered"
    assert session.press(once, BANK, press) == (once, "already")
    assert session.press(once, BANK, replace(press, letter="B")) == (once, "already")


def test_ticking_twice_ticks_once_and_nothing_ticked_cannot_be_submitted() -> None:
    sitting = next(
        s for s in map(drawn, range(50)) if (q := BANK.question(s.items[0].question)) and q.several
    )
    edition = sitting.items[0].edition
    tick, untick = Press(0, edition, "tick", "B"), Press(0, edition, "untick", "B")
    submit = Press(0, edition, "submit")
    assert session.press(sitting, BANK, submit) == (sitting, "empty")
    once, outcome = session.press(sitting, BANK, tick)
    assert (len(once.ticked), outcome) == (1, "ticked")
    assert session.press(once, BANK, tick)[0] == once
    assert session.press(once, BANK, untick)[0] == sitting
    assert session.press(once, BANK, Press(0, edition, "choose", "B")) == (once, "unknown")
    assert session.press(once, BANK, submit)[1] == "answered"


def test_presses_that_no_button_makes_change_nothing() -> None:
    sitting = next(s for s in map(drawn, range(50)) if len(asked_now(s).order) == 3)
    edition = sitting.items[0].edition
    for press in (
        Press(0, edition, "choose", "D"),
        Press(0, edition, "choose", ""),
        Press(0, edition, "choose", "AB"),
        Press(0, edition, "tick", "A"),
        Press(0, edition, "submit"),
    ):
        assert session.press(sitting, BANK, press) == (sitting, "unknown")
    assert session.press(sitting, BANK, Press(5, edition, "choose", "A")) == (sitting, "changed")
    assert session.press(sitting, BANK, Press(0, "00000000", "choose", "A")) == (sitting, "changed")
    over = finish(sitting, BANK)
    assert session.press(over, BANK, Press(12, edition, "choose", "A")) == (over, "over")
    assert session.press(over, BANK, Press(3, "00000000", "choose", "A")) == (over, "changed")


# --- A bank that changes ----------------------------------------------------------------------


def without(*names: str) -> QuizBank:
    return QuizBank(tuple(question for question in BANK.questions if question.id not in names))


def test_a_question_removed_before_its_turn_makes_way_for_another_on_the_same_clause() -> None:
    sitting = drawn(1)
    gone = sitting.items[0].question
    bank = without(gone)
    updated = session.agreed(sitting, bank, Random(1))  # noqa: S311 — as above
    assert len(updated.items) == 12
    assert updated.items[1:] == sitting.items[1:]
    assert clauses(updated)[0] == clauses(sitting)[0]
    stale = Press(0, sitting.items[0].edition, "choose", "A")
    assert session.press(updated, bank, stale) == (updated, "changed")


def test_a_question_removed_after_its_answer_does_not_count_any_more() -> None:
    sitting = answer(drawn(1), BANK, right=False)
    bank = without(sitting.items[0].question)
    updated = session.agreed(sitting, bank, Random(1))  # noqa: S311 — as above
    assert session.score(finish(updated, bank)) == session.QuizScore(11, 11)
    assert session.press(updated, bank, Press(0, sitting.items[0].edition, "choose", "A"))[1] == "already"


def test_an_edited_question_is_asked_in_its_new_words() -> None:
    sitting = drawn(1)
    old = BANK.question(sitting.items[0].question)
    assert old is not None
    new = replace(old, choices=(*old.choices[:-1], QuizChoice("Autre chose", old.choices[-1].right, "Non.")))
    bank = QuizBank((*without(old.id).questions, new))
    updated = session.agreed(sitting, bank, Random(1))  # noqa: S311 — as above
    assert updated.items[0].question == old.id
    assert updated.items[0].edition == new.edition != old.edition


def test_when_every_question_is_removed_the_quiz_is_over_and_is_no_pass() -> None:
    updated = session.agreed(answer(drawn(1), BANK), QuizBank(), Random(1))  # noqa: S311 — as above
    assert session.current(updated) is None
    assert not session.score(updated).reaches(80)


# --- Any sequence of presses ------------------------------------------------------------------


class AnySequence(RuleBasedStateMachine):
    """Presses of every kind, late ones included, while questions are removed and put back."""

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 — as above
        self.bank = BANK
        self.sitting = session.draw_quiz(BANK, self.rng)
        self.made: list[Press] = []

    def _press(self, press: Press) -> None:
        before = self.sitting
        self.sitting, outcome = session.press(before, self.bank, press)
        self.made.append(press)
        if outcome not in {"answered", "ticked"}:
            assert self.sitting == before
        assert self.sitting.answers[: before.turn] == before.answers
        assert self.sitting.turn - before.turn == (outcome == "answered")

    @rule(
        turn=st.integers(-1, 20),
        action=st.sampled_from(["choose", "tick", "untick", "submit"]),
        letter=st.sampled_from(["", "A", "B", "C", "D", "E", "é"]),
    )
    def press_anything(self, turn: int, action: str, letter: str) -> None:
        edition = self.rng.choice(self.sitting.items).edition if self.sitting.items else ""
        self._press(Press(turn, edition, action, letter))  # type: ignore[arg-type]  # one of the four

    @precondition(lambda self: session.current(self.sitting) is not None)
    @rule(right=st.booleans())
    def answer(self, right: bool) -> None:
        asked = asked_now(self.sitting)
        question = self.bank.question(asked.item.question)
        assert question is not None
        several = question.several
        for letter in letters(self.bank, asked, right=right):
            self._press(Press(asked.turn, asked.item.edition, "tick" if several else "choose", letter))
        if several:
            self._press(Press(asked.turn, asked.item.edition, "submit"))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def press_again(self, data: st.DataObject) -> None:
        self._press(data.draw(st.sampled_from(self.made)))

    @precondition(lambda self: self.sitting.items)
    @rule(data=st.data())
    def remove_a_question(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from([item.question for item in self.sitting.items]))
        self.bank = QuizBank(tuple(question for question in self.bank.questions if question.id != gone))
        self._agree()

    @rule()
    def put_all_back(self) -> None:
        self.bank = BANK
        self._agree()

    def _agree(self) -> None:
        before = self.sitting
        self.sitting = session.agreed(before, self.bank, self.rng)
        assert self.sitting.answers == before.answers
        assert session.agreed(self.sitting, self.bank, self.rng) == self.sitting

    @invariant()
    def it_can_always_be_shown_and_finished(self) -> None:
        if not hasattr(self, "sitting"):
            return
        names = [item.question for item in self.sitting.items]
        assert len(names) == len(set(names)) <= session.SIZE
        score, where = session.score(self.sitting), session.progress(self.sitting)
        assert 0 <= score.right <= score.total <= len(names)
        asked = session.current(self.sitting)
        assert (asked is None) == (where.number > where.total and where.again == 0)
        for turn in range(self.sitting.turn):
            assert session.answered(self.sitting, turn).turn == turn
        end = finish(self.sitting, self.bank)
        assert session.current(end) is None
        assert end.turn <= self.sitting.turn + len(names)


AnySequence.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnySequence = AnySequence.TestCase
