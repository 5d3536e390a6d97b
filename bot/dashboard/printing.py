"""Helpers shared by pictures and reports: figures as bars, and texts to print."""

from collections.abc import Iterable
from typing import Any, Final

from bot.conversation.messages import clean
from bot.dashboard.figures import Figure
from bot.typesetting.typeset import typographic

UNTITLED: Final = "–"  # a heading must have words (PDF/UA-1)
_SCALE: Final = 19  # the shortest scale, so that the bar of « moins de 5 » stays short


def bar(figure: Figure) -> dict[str, Any]:
    """Return a figure as data for the templates' `band-bar`: its title, words and bands."""
    return {
        "title": printed(figure.title),
        "words": figure.band.words,
        "low": figure.band.low,
        "high": figure.band.high,
        "before": [figure.before.low, figure.before.high] if figure.before else None,
    }


def scale(figures: Iterable[Figure]) -> int:
    """Return the value at which a bar is full, common to all of `figures`."""
    return max([_SCALE, *(band.high for figure in figures for band in (figure.band, figure.before) if band)])


def printed(text: str) -> str:
    """Return a text of the bot for print, without control characters."""
    return typographic(clean(text)).strip()
