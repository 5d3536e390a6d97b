"""Questions that are kept: for how long, how many, and which are shown together."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.answers import unanswered
from bot.answers.unanswered import KeptQuestion
from bot.language.masking import Masked
from bot.privacy import personal_data
from tests.kits.people import DAY, count, fresh


@pytest.fixture
def db() -> Database:
    return fresh()


def keep(db: Database, question: str, day: date = DAY) -> bool:
    return unanswered.keep_question(db, "pa20", Masked(question), "not_found", day)


@given(day=st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_a_question_is_kept_ninety_days_at_most_and_never_less_than_eighty_four(day: date) -> None:
    db = fresh()
    keep(db, "Une question?", day)
    personal_data.enforce(db, day + timedelta(days=unanswered.DAYS_KEPT - 7), lambda _table, _ids: None)
    assert count(db, "asked_questions") == 1
    personal_data.enforce(db, day + timedelta(days=unanswered.DAYS_KEPT), lambda _table, _ids: None)
    assert count(db, "asked_questions") == 0


def test_what_is_destroyed_is_remembered_so_that_no_copy_brings_it_back_and_certified(db: Database) -> None:
    keep(db, "Une question?")
    unanswered.count_verdict(db, "useful", DAY)
    remembered: list[str] = []
    counts = personal_data.enforce(db, DAY + timedelta(days=90), lambda table, _ids: remembered.append(table))
    assert remembered == ["asked_questions"]
    assert counts == {"questions": 1, "jugements": 1}


def test_the_week_is_the_only_date(db: Database) -> None:
    keep(db, "Une question?", date(2027, 1, 1))
    assert [question.week for question in unanswered.kept_questions(db, "pa20")] == ["2026-W53"]
    assert unanswered.monday("2026-W53") == date(2026, 12, 28)


def test_rows_come_in_an_order_that_does_not_tell_which_came_first() -> None:
    orders = set()
    for questions in (("Un?", "Deux chats?", "Trois chiens?"), ("Trois chiens?", "Un?", "Deux chats?")):
        db = fresh()
        for question in questions:
            keep(db, question)
        orders.add(tuple(question.question for question in unanswered.kept_questions(db, "pa20")))
    assert len(orders) == 1
    with pytest.raises(Exception, match="no such column"):
        db.conn.execute("SELECT rowid FROM asked_questions")


def test_a_flood_is_bounded(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "MOST", 3)
    assert [keep(db, f"Une {word}?") for word in ("pomme", "poire", "prune", "pêche")] == [True] * 3 + [False]


@pytest.mark.parametrize("empty", ["", "[nom] [nombre]", "?!", "[lien] et [nom]"])
def test_what_says_nothing_once_masked_is_not_kept(db: Database, empty: str) -> None:
    assert not keep(db, empty)
    assert count(db, "asked_questions") == 0


def test_like_questions_are_together_and_unlike_ones_apart() -> None:
    questions = [
        "Qui paie le wifi du local?",
        "C'est qui qui paie le wifi au local?",
        "Qui paye le café du local?",
        "Peut-on filmer une assemblée?",
        "On peut-tu filmer les assemblées?",
        "[nom] peut-il filmer une assemblée?",
    ]
    groups = unanswered.group_similar(
        KeptQuestion(str(at), q, "silent", "", "2026-W48") for at, q in enumerate(questions)
    )
    assert [len(group.questions) for group in groups] == [3, 2, 1]
    assert groups[0].first.question == "Peut-on filmer une assemblée?"


@given(st.lists(st.text(max_size=60), max_size=20))
def test_every_question_is_in_one_group(texts: list[str]) -> None:
    questions = [KeptQuestion(str(at), text, "unhelpful", "", "2026-W48") for at, text in enumerate(texts)]
    groups = unanswered.group_similar(questions)
    assert sorted(question.id for group in groups for question in group.questions) == sorted(
        q.id for q in questions
    )
