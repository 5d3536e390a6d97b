"""The ten commonest exchanges stay a third shorter than they were."""

from __future__ import annotations

from tests.house.words import figures, shown_words


def test_the_ten_commonest_exchanges_stay_a_third_shorter() -> None:
    assert [figure.label for figure in figures(shown_words()) if figure.missed] == []
