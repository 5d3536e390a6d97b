"""Someone who describes a negative post is recognised in any voice; a question on the policy is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import negative_posts
from bot.answers.negative_posts import NEGATIVE_POST_LENGTH
from bot.answers.questions import Engine, PolicyAnswer
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.effort import figure, times_as_much
from tests.kits.measures import Check
from tests.kits.questions import engine

__all__ = ["engine"]

DATA = Path(__file__).resolve().parents[1] / "data" / "negative_posts.jsonl"
TEXTS = [(str(one["text"]), bool(one["describes"])) for one in map(json.loads, DATA.read_text().splitlines())]
POSTS = negative_posts.load_negative_posts(SEED)


def measured(recognised: Callable[[str], bool]) -> tuple[float, float]:
    """Return precision and recall over the labelled texts."""
    found = [(describes, recognised(text)) for text, describes in TEXTS]
    right = found.count((True, True))
    return right / (right + found.count((False, True))), right / (right + found.count((True, False)))


def test_the_texts_are_many() -> None:
    assert sum(describes for _, describes in TEXTS) >= 60
    assert sum(not describes for _, describes in TEXTS) >= 60


def test_the_words_alone_are_nearly_always_right() -> None:
    precision, recall = measured(POSTS.describes)
    assert precision >= 0.98
    assert recall >= 0.93


def test_with_what_was_learnt_hardly_any_is_missed(engine: Engine, library: Library) -> None:
    policy = library.default
    version = policy.versions[-1]

    def recognised(text: str) -> bool:
        return POSTS.settled(engine.answer(policy, version, text), text).topic == "incident"

    precision, recall = measured(recognised)
    assert precision >= 0.96
    assert recall >= 0.96


def test_a_post_that_was_not_recognised_becomes_an_incident_and_is_answered_with_calm() -> None:
    text = "y'a un gars qui nous plante sur Spotted"
    assert POSTS.settled(PolicyAnswer("not_found"), text).topic == "incident"
    assert not POSTS.settled(PolicyAnswer("out_of_scope", unkind=True), text).unkind


def test_good_news_are_no_incident() -> None:
    text = "Un étudiant nous remercie sur Facebook."
    assert POSTS.settled(PolicyAnswer("answer", "incident"), text).topic == "question"


@pytest.mark.parametrize(
    "answer", [PolicyAnswer("answer", "draft"), PolicyAnswer("out_of_scope", foreign=True)]
)
def test_a_draft_and_another_language_stay_what_they_are(answer: PolicyAnswer) -> None:
    assert POSTS.settled(answer, "y'a un gars qui nous plante sur Spotted") == answer


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert POSTS.describes(text) in {True, False}


@pytest.mark.attack("Textes lents")
@pytest.mark.parametrize(
    "piece", ["dit ", "est-ce ", "j'ai fait ", "sur ", "a", "publication ", "facebook nous "]
)
def test_a_text_that_is_made_to_be_slow_is_not(piece: str, check: Check) -> None:
    slow = piece * (NEGATIVE_POST_LENGTH // len(piece))
    check(figure(times_as_much(POSTS.describes, slow, "Un gars nous plante sur Facebook. ")))
