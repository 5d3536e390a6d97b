"""The picture of a period: its figures as bars, with an alternative text."""

from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import DESCRIPTION_LENGTH, capitalized, clean
from bot.dashboard import words
from bot.dashboard.figures import Board, Section
from bot.dashboard.printing import UNTITLED, bar, printed, scale
from bot.typesetting.typeset import typeset

_TEMPLATE: Final = Path(__file__).with_name("dashboard.typ")
_LONGEST: Final = 12  # maximum figures drawn in a section


def draw(board: Board, association: str) -> bytes:
    """Return a board as a PNG. Do not call this on the storage thread. Raises `TypesetError`."""
    before = board.before
    loud = [section for section in board.sections if words.split(section)[0]]
    compared = f", et {before.title} pour comparer" if before else ""
    legend = "Une barre est pleine jusqu'au bas de sa tranche, et hachurée jusqu'au haut."
    if before:
        legend += f" La barre mince, au-dessous\u00a0: {before.title}."
    data = {
        "title": printed(f"Le tableau de bord, {board.period.title}"),
        "subtitle": printed(f"{association}{compared}"),
        "sections": [_section(board, section) for section in loud],
        "rest": [printed(capitalized(line)) for line in words.rest(board)],
        "notes": [printed(note) for note in (legend if loud else "", board.note) if note],
    }
    return typeset(_TEMPLATE, data, "png")


def _section(board: Board, section: Section) -> dict[str, Any]:
    figures, under_five = words.split(section)
    lines = []
    if rest := len(figures[_LONGEST:]):
        lines.append(f"Et {rest} autre{'s' * (rest > 1)}.")
    if under_five:
        lines.append(capitalized(f"{words.few_line(under_five)}."))
    return {
        "title": printed(section.title) or UNTITLED,
        "scale": scale(figures[:_LONGEST]),
        "figures": [
            bar(figure) | {"change": words.compared(figure, board.before)} for figure in figures[:_LONGEST]
        ],
        "lines": [printed(line) for line in lines],
    }


def alternative(board: Board) -> str:
    """Return a picture's alternative text, with all its numbers, in at most 1,000 characters.

    A text that is too long loses the board's note, then the changes. After that, its last lines are replaced
    by their number.
    """
    loud = [section for section in board.sections if words.split(section)[0]]
    head = f"{capitalized(board.period.title)}."
    tail = [capitalized(line) for line in words.rest(board)]
    texts: list[str] = []
    for changes, note in ((True, board.note), (True, ""), (False, "")):
        lines = [words.section_line(board, section, changes=changes) for section in loud]
        texts = [head, *lines, *tail, *([note] if note else [])]
        if len(text := clean("\n".join(texts))) <= DESCRIPTION_LENGTH:
            return text
    described = ""
    for at, line in enumerate(map(clean, texts)):
        count = len(texts) - at
        left = f"Et {count} autres lignes." if count > 1 else "Et une autre ligne."
        if len(described) + len(line) + len(left) + 1 > DESCRIPTION_LENGTH:
            return f"{described}{left}"
        described += f"{line}\n"
    return described
