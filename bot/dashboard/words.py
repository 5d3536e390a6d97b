"""Figures in French words: their changes, and a line for each section of a board."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.conversation.messages import within_sentence
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import Period

NAMED: Final = 6  # maximum figures under five that a line names


def change(figure: Figure) -> str:
    """Return « en hausse » or « en baisse », or "" when the bands overlap or there is no earlier figure."""
    if figure.before is None:
        return ""
    if figure.band.low > figure.before.high:
        return "en hausse"
    return "en baisse" if figure.band.high < figure.before.low else ""


def split(section: Section) -> tuple[Sequence[Figure], Sequence[Figure]]:
    """Split a section's figures: those to show one by one, then those under five in both periods."""
    under_five = [
        figure
        for figure in section.figures
        if not (figure.band.low or (figure.before is not None and figure.before.low))
    ]
    return [figure for figure in section.figures if figure not in under_five], under_five


def compared(figure: Figure, before: Period | None) -> str:
    """Return a figure's change: « en hausse (moins de 5 en août 2026) », "" when `change` returns ""."""
    if before is None or figure.before is None or not (words := change(figure)):
        return ""
    return f"{words} ({figure.before.words} {when(before)})"


def when(period: Period) -> str:
    """Return a period with its preposition: « en août 2026 », « pendant l'année 2025-2026 »."""
    return f"pendant l'{period.title}" if period.is_year else f"en {period.title}"


def few_line(under_five: Sequence[Figure]) -> str:
    """Return the names of figures under five: « moins de 5 : avis remis; avis ouverts »."""
    named = [within_sentence(figure.title) for figure in under_five[:NAMED]]
    if rest := len(under_five) - len(named):
        named.append(f"{rest} autre{'s' * (rest > 1)}")
    return f"{under_five[0].band.words}\u00a0: {'; '.join(named)}"


def rest(board: Board) -> Iterator[str]:
    """Yield one line for each reason why sections show no figure: « moins de 5 : les avis; le quiz. »."""
    titles: dict[str, list[str]] = {}
    for section in board.sections:
        figures, under_five = split(section)
        if not figures:
            why = under_five[0].band.words if under_five else section.note.removesuffix(".")
            titles.setdefault(why, []).append(within_sentence(section.title))
    for why, named in titles.items():
        yield f"{why} ({'; '.join(named)})." if "\u00a0:" in why else f"{why}\u00a0: {'; '.join(named)}."


def section_line(board: Board, section: Section, *, changes: bool = True) -> str:
    """Return a French line on a section: its figures, with those under five grouped, or else its note."""
    figures, under_five = split(section)
    parts = []
    for figure in figures:
        words = f"{within_sentence(figure.title)}, {figure.band.words}"
        changed = compared(figure, board.before) if changes else ""
        parts.append(f"{words}, {changed}" if changed else words)
    if under_five:
        parts.append(few_line(under_five))
    return (
        f"{section.title}\u00a0: {'; '.join(parts)}." if parts else f"{section.title}\u00a0: {section.note}"
    )
