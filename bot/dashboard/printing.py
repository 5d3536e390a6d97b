"""Shared by pictures and reports: figures as bars, and texts as they are printed."""

from collections.abc import Iterable
from typing import Any, Final

from bot.conversation.messages import clean
from bot.dashboard.figures import Figure
from bot.typesetting.typeset import typographic

UNTITLED: Final = "–"  # a heading must have words (PDF/UA-1)
_SCALE: Final = 19  # the shortest scale, so that the bar of « moins de 5 » stays short


def bar(figure: Figure) -> dict[str, Any]:
    """Return a figure as `band-bar` of the templates draws it, with its title and its words."""
    return {
        "title": printed(figure.title),
        "words": figure.band.words,
        "low": figure.band.low,
        "high": figure.band.high,
        "before": [figure.before.low, figure.before.high] if figure.before else None,
    }


def scale(figures: Iterable[Figure]) -> int:
    """Return the number that a full bar stands for, the same for all of `figures`."""
    return max([_SCALE, *(band.high for each in figures for band in (each.band, each.before) if band)])


def printed(text: str) -> str:
    """Return a text as it is printed, without control characters."""
    return typographic(clean(text)).strip()
