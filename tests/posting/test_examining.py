"""A post is examined: what it touches, by which words, and what cannot be examined."""

from __future__ import annotations

import pytest

from bot.policy.articles import Number
from bot.posting.examining import load_examiner
from bot.posting.posts import LONGEST, Post, PostError
from bot.settings import SEED

EXAMINER = load_examiner(SEED, [SEED])


def test_the_words_that_raise_a_concern_are_shown() -> None:
    text = "Salut tout le monde! L’AGE dénonce la hausse des frais. À demain."
    [concern] = EXAMINER.examine(Post(text), {"speaking_for": (Number("5.9"),)})
    assert concern.clauses == (Number("5.9"),)
    assert [text[start:end] for start, end in concern.extents] == ["L’AGE dénonce la hausse des frais."]


def test_a_post_touches_only_what_the_policy_asks_to_check() -> None:
    assert EXAMINER.examine(Post("L'AGE dénonce la hausse des frais."), {"logo": (Number("5.13"),)}) == ()


@pytest.mark.parametrize(
    "text", ["", " \n", "mot " * (LONGEST // 4 + 1), "The student union hates this fee hike."]
)
def test_what_cannot_be_examined_says_what_to_do(text: str) -> None:
    with pytest.raises(PostError):
        EXAMINER.examine(Post(text), {})
