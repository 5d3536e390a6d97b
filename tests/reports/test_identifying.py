"""What may tell who writes a report is pointed out, and what does not is left alone."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import masking
from bot.policy.library import Library
from bot.reports import identifying
from bot.reports.identifying import MARKED_TEXT_LENGTH, Identifying, by_label, without_overlap
from bot.settings import SEED
from tests.kits.effort import figure, times_as_much
from tests.kits.measures import Check

DATA = Path(__file__).resolve().parents[1] / "data" / "identifying.jsonl"
PHRASES = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
TELLING = [phrase for phrase in PHRASES if phrase["kinds"]]
HARMLESS = [phrase for phrase in PHRASES if not phrase["kinds"]]


@pytest.fixture(scope="module")
def finder(library: Library) -> Identifying:
    return identifying.load_identifying(SEED, masking.load_masker([SEED], library, ["AGE UQTR"]))


def test_the_phrases_are_many() -> None:
    assert len(TELLING) >= 60
    assert len(HARMLESS) >= 60


@pytest.mark.parametrize("phrase", TELLING, ids=lambda one: str(one["text"])[:50])
def test_what_may_identify_is_pointed_out(finder: Identifying, phrase: dict[str, str]) -> None:
    assert finder.marks(phrase["text"])


@pytest.mark.parametrize("phrase", HARMLESS, ids=lambda one: str(one["text"])[:50])
def test_what_identifies_nobody_is_left_alone(finder: Identifying, phrase: dict[str, str]) -> None:
    assert finder.marks(phrase["text"]) == ()


def test_it_is_nearly_always_told_for_the_right_reason(finder: Identifying) -> None:
    right = [set(one["kinds"]) <= {mark.kind.id for mark in finder.marks(one["text"])} for one in TELLING]
    assert sum(right) / len(right) >= 0.95


def test_passages_are_told_by_kind_each_once(finder: Identifying) -> None:
    texts = (
        "C'est Kevin Tremblay.",
        "Kevin Tremblay m'a écrit; j'étais la seule\nau courant (819 555-0123).",
    )
    assert by_label([mark for text in texts for mark in finder.marks(text)]) == {
        "Le nom d'une personne": ["Kevin Tremblay"],
        "De quoi joindre quelqu'un, ou savoir où vit cette personne": ["819 555-0123"],
        "Que vous étiez l'une des rares personnes au courant": ["j'étais la seule"],
    }


def test_accents_capitals_and_apostrophes_do_not_matter(finder: Identifying) -> None:
    for text in ("J’ÉTAIS LA SEULE", "j'etais la seule", "J'e\u0301tais la seule", "j'étais\u00a0la  seule"):
        marks = [mark for mark in finder.marks(re.sub(" +", " ", text)) if mark.kind.id == "alone"]
        assert len(marks) == 1, text


def test_a_person_says_their_own_name_and_it_is_a_name(finder: Identifying) -> None:
    assert [*by_label(finder.marks("Jeanne Tremblay"))] == ["Le nom d'une personne"]


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=300), st.sampled_from([phrase["text"] for phrase in PHRASES])))
def test_marks_are_within_the_text_in_order_and_none_over_another(finder: Identifying, text: str) -> None:
    marks = list(without_overlap(finder.marks(text)))
    assert all(text[mark.start : mark.end] == mark.passage != "" for mark in marks)
    assert all(one.end <= following.start for one, following in pairwise(marks))


@pytest.mark.attack("Textes lents")
@pytest.mark.parametrize(
    "piece", ["je ", "j'ai ", "hier je ", "a ", "12:00 ", "mon ", "É", "Nom ", "@a ", "1"]
)
def test_a_text_that_is_made_to_be_slow_is_not(finder: Identifying, piece: str, check: Check) -> None:
    slow = piece * (MARKED_TEXT_LENGTH // len(piece))
    check(figure(times_as_much(finder.marks, slow, "Hier soir, la trésorière a parlé du budget. ")))
