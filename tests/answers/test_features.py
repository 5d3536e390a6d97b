"""What is counted in a question, and how two questions are compared."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.engine.features import BUCKETS, FAMILIES, Postings, counted, families, weigh

EVEN = np.ones(BUCKETS, dtype=np.float32)
WORDS = st.lists(st.sampled_from(["logo", "photo", "publier", "collègue", "travail"]), min_size=1, max_size=6)


def test_each_family_weighs_the_same() -> None:
    found = list(families("je peux publier une photo", EVEN))
    assert len(found) == len(FAMILIES)
    for _, weights in found:
        assert np.isclose(np.linalg.norm(weights), 1)


@given(st.lists(WORDS, min_size=1, max_size=5), WORDS)
def test_what_two_texts_share_is_the_product_of_what_they_hold(
    texts: list[list[str]], other: list[str]
) -> None:
    weighed = [weigh(" ".join(words), EVEN) for words in texts]
    buckets, weights = weigh(" ".join(other), EVEN)
    whole = np.zeros(BUCKETS)
    np.add.at(whole, buckets, weights)
    direct = [float(whole[held] @ weight) for held, weight in weighed]
    assert np.allclose(Postings.of(weighed).similarity(buckets, weights, len(texts)), direct, atol=1e-5)


@given(st.text(max_size=80))
def test_any_text_is_counted_in_the_buckets_there_are(text: str) -> None:
    assert all(0 <= bucket < BUCKETS for family in counted(text) for bucket in family)
    postings = Postings.of([weigh("une photo", EVEN)])
    assert postings.similarity(*weigh(text, EVEN), 1).shape == (1,)
