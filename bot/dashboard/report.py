"""The report of a period as a tagged PDF (PDF/UA-1), for decision makers who are not technical."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from bot.conversation.messages import capitalized, within_sentence
from bot.dashboard import words
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import Period
from bot.dashboard.printing import UNTITLED, bar, printed, scale
from bot.policy.articles import Number
from bot.policy.library import Library
from bot.typesetting.typeset import typeset

_TEMPLATE: Final = Path(__file__).with_name("report.typ")
FIRST: Final = 4  # maximum items to look at first
QUOTED: Final = 3  # maximum clauses quoted
_QUOTED_LENGTH: Final = 2_400  # maximum characters of the quoted clauses, so that they take less than a page

# What can be done about the figures that deserve attention as soon as they reach five, by a part of their id.
_WATCHED: Final[Mapping[str, str]] = {
    "retards": "L'administration peut les relancer.",
    "sans-reponse": "L'administration peut ajouter ce qui manque à la banque de questions.",
    "quiz": "Voyez la clause à la fin\u00a0: l'expliquer autrement, ou la réécrire?",
    "signalements.ouverts": "Qui les reçoit en a le détail\u00a0: a-t-on le temps de les traiter?",
}
# measures that are the only one of their section, so that the section's title is enough
_WHOLE: Final = {"toutes", "tous"}
_READING: Final = (
    "Aucun nombre n'est exact\u00a0: «\u00a0moins de 5\u00a0» peut vouloir dire aucun, et un changement ne "
    "se voit que d'une tranche à l'autre."
)
_BARS: Final = (
    "À côté de chaque nombre, une barre est pleine jusqu'au bas de la tranche et hachurée jusqu'au haut; la "
    "barre mince est celle de la période d'avant."
)
_YEAR: Final = (
    "D'une année, ce qui se compte par mois n'est connu que par les tranches de ses mois\u00a0: «\u00a0au "
    "moins 35\u00a0», «\u00a0moins de 5 chaque mois\u00a0»."
)
_UNCOUNTED: Final = (
    "Qui que ce soit\u00a0: ni nom, ni rôle, ni jour. Aucune ligne ne permet de retrouver une personne.",
    "Ce que les gens ont écrit\u00a0: leurs questions, leurs textes, leurs signalements.",
    "Ce qui se passe ailleurs\u00a0: de vive voix, au téléphone ou par courriel.",
    "La période en cours\u00a0: seules celles qui sont terminées sont comptées.",
)


def is_quiet(boards: Sequence[Board]) -> bool:
    """Return whether every figure is under five, in this period and in the one before."""
    return not any(words.split(section)[0] for board in boards for section in board.sections)


def make_report(boards: Sequence[Board], library: Library, association: str) -> bytes:
    """Return the report of a period as a PDF. Do not call this on the storage thread.

    `boards`: the board of one period or, for the last month of a year, the month's board then the year's.
    Raises `TypesetError`.
    """
    return typeset(_TEMPLATE, page_data(boards, library, association), "pdf")


def page_data(boards: Sequence[Board], library: Library, association: str) -> dict[str, Any]:
    """Return the template's data, JSON-serializable."""
    board = boards[0]
    policies = list(library.policies.values())
    about = policies[0].name.of if len(policies) == 1 else "des politiques"
    compared = f", comparé à {board.before.title}" if board.before else ""
    return {
        "title": printed(title(board.period)),
        "subtitle": printed(f"Ce qui s'est passé autour {about}{compared}"),
        "association": printed(association),
        # A fixed time, so that the same figures always produce the same file.
        "made_at": datetime.combine(board.period.last + timedelta(days=1), time(12), UTC).isoformat(),
        "first": [printed(line) for line in first_look(boards)],
        "reading": [
            printed(f"{board.note} {_READING}"),
            printed(_BARS + (f" {_YEAR}" if any(counted.period.is_year for counted in boards) else "")),
        ],
        "boards": list(_boards(boards)),
        "quotes": list(_quotes(boards, library)),
        "uncounted": [printed(line) for line in _UNCOUNTED],
    }


def title(period: Period) -> str:
    """Return the report's title: « Rapport de septembre 2026 »."""
    name = _the(period)
    # before « août », « avril » and « octobre »
    return f"Rapport d'{name}" if name[0] in "ao" else f"Rapport de {name}"


def _the(period: Period) -> str:
    return f"l'{period.title}" if period.is_year else period.title


class _Look(NamedTuple):
    board: Board
    section: Section
    figure: Figure
    advice: str = ""
    other: bool = False  # whether its board is not the first, so that its sentence must name the period

    @property
    def shift(self) -> int:
        """How far the figure's band moved, as the difference between the lowest numbers of both bands."""
        return abs(self.figure.band.low - self.figure.before.low) if self.figure.before else 0

    def sentence(self) -> str:
        """Return a French sentence: the figure, its change, and what can be done about it."""
        changed = words.compared(self.figure, self.board.before)
        whole = self.figure.id.rpartition(":")[2] in _WHOLE
        seen = self.figure.band.words
        if not whole:
            seen = f"{within_sentence(self.figure.title)}, {seen}"
        place = f"{self.section.title}{f', {self.board.period.title}' if self.other else ''}"
        sentence = f"{place}\u00a0: {', '.join(filter(None, (seen, changed)))}."
        return f"{sentence} {self.advice}".rstrip()


def first_look(boards: Sequence[Board]) -> list[str]:
    """Return French sentences on what to look at first: figures to watch, then the greatest changes."""
    looks: dict[str, _Look] = {}  # for each figure, from the first board that has something notable about it
    for board in boards:
        for section in board.sections:
            for figure in words.split(section)[0]:
                looks.setdefault(figure.id, _Look(board, section, figure, other=board is not boards[0]))
    first: list[_Look] = []
    for kind, advice in _WATCHED.items():
        watched = [
            look for look in looks.values() if kind in look.figure.id.split(":") and look.figure.band.low
        ]
        if watched:
            highest = max(watched, key=lambda look: look.figure.band.low)
            first.append(highest._replace(advice=advice))
    seen = {look.figure.id for look in first}
    moved = [look for key, look in looks.items() if words.change(look.figure) and key not in seen]
    first += sorted(moved, key=lambda look: -look.shift)
    if first:
        return [look.sentence() for look in first[:FIRST]]
    before = boards[0].before
    same = f" Rien n'a changé de tranche depuis {_the(before)}." if before else ""
    return [f"Aucun nombre ne demande qu'on s'y arrête.{same}"]


def _boards(boards: Sequence[Board]) -> Iterator[dict[str, Any]]:
    """Yield the tables of each board. A note that several sections share is printed once, in the first."""
    noted: set[str] = set()
    for board in boards:
        before = board.before
        sections = []
        for section in board.sections:
            figures, under_five = words.split(section)
            if figures:
                sections.append(
                    {
                        "title": printed(section.title) or UNTITLED,
                        "note": "" if section.note in noted else printed(section.note),
                        "scale": scale(figures),
                        "rows": [bar(figure) | _compared(figure) for figure in figures],
                        "lines": [printed(capitalized(f"{words.few_line(under_five)}."))]
                        if under_five
                        else [],
                    }
                )
                noted.add(section.note)
        yield {
            "title": printed(
                capitalized(f"{board.period.title}{f', comparé à {_the(before)}' if before else ''}")
            ),
            "names": [
                "Ce qui est compté",
                printed(capitalized(board.period.title)),
                *((printed(capitalized(before.title)), "Changement") if before else ()),
            ],
            "sections": sections,
            "rest": [printed(capitalized(line)) for line in words.rest(board)],
        }


def _compared(figure: Figure) -> dict[str, str]:
    return {
        "was": figure.before.words if figure.before else "pas compté",
        "change": words.change(figure) or ("aucun" if figure.before == figure.band else "–"),
    }


def _quotes(boards: Sequence[Board], library: Library) -> Iterator[dict[str, Any]]:
    """Yield the clauses with the highest figures, those of the quiz first, in the policy's own words."""
    figures = sorted(
        (figure for board in boards for section in board.sections for figure in section.figures),
        key=lambda figure: ("quiz" not in figure.id.split(":"), -figure.band.low),
    )
    left, quoted = _QUOTED_LENGTH, 0
    for place in dict.fromkeys(_clause(figure) for figure in figures if figure.band.low):
        policy = library.policies.get(place[0]) if place else None
        if policy is None or place is None or quoted == QUOTED:
            continue
        reading = library.reading(policy)
        clause = reading.version.clause(Number(place[1]))
        if clause is None or len(clause.text) > left:  # the text changed since, or the clause is too long
            continue
        left, quoted = left - len(clause.text), quoted + 1
        quotation = library.quote(reading.quote(clause.number))
        yield {
            "caption": quotation.caption,
            "paragraphs": ["".join(span.text for span in spans) for spans in quotation.paragraphs],
        }


def _clause(figure: Figure) -> tuple[str, str] | None:
    """Return the policy's id and the clause number of a figure, None for a figure about no clause."""
    match figure.id.split(":"):
        case [_, policy, "clause", number]:
            return policy, number
        case _:
            return None
