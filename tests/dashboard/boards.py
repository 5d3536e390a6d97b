"""Boards as they are counted: a month after another, and a year with nothing before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import month_of, year_from
from bot.language.bands import Band

NOTE = "Tout est donné par tranches de cinq, pour ne désigner personne."


def section(
    name: str, title: str, figures: Mapping[str, tuple[str, int, int | None]], note: str = ""
) -> Section:
    """Return a section: of each figure, by what it counts, its title and the low ends of its two bands."""
    return Section(
        name,
        title,
        note,
        tuple(
            Figure(f"{name}:{kind}", words, Band.of(low), None if before is None else Band.of(before))
            for kind, (words, low, before) in figures.items()
        ),
    )


MONTH = Board(
    month_of(date(2026, 9, 1)),
    month_of(date(2026, 8, 1)),
    (
        section(
            "accueil:pa20",
            "Les accueils",
            {
                "commences": ("Accueils commencés", 15, 5),
                "lus": ("Lectures terminées", 10, 10),
                "retards": ("Accueils en retard", 5, 0),
            },
            "Un accueil est en retard le mois de la date visée.",
        ),
        section(
            "attestations:pa20",
            "Les attestations",
            {
                "version:2015-12-13": ("Version du 13 décembre 2015", 10, 5),
                "version:2026-09-01": ("Version du 1er septembre 2026", 0, 0),
            },
        ),
        section(
            "avis:pa20",
            "Les avis de révision",
            {"remis": ("Avis remis", 40, 0), "ouverts": ("Avis ouverts", 25, 0)},
        ),
        section(
            "sans-reponse:pa20",
            "Les questions sans réponse",
            {"toutes": ("Questions restées sans réponse", 15, 20)},
        ),
        section("textes", "Les textes relus avant d'être publiés", {"tous": ("Textes relus", 5, 5)}),
        section(
            "signalements",
            "Les signalements",
            {"ouverts": ("Dossiers ouverts", 0, 0), "clos": ("Dossiers clos", 0, 5)},
        ),
    ),
    NOTE,
)
YEAR = Board(
    year_from(date(2025, 9, 1)),
    None,
    (
        Section(
            "accueil:pa20",
            "Les accueils",
            "",
            (
                Figure("accueil:pa20:commences", "Accueils commencés", Band(25, 73)),
                Figure("accueil:pa20:retards", "Accueils en retard", Band(0, 48)),
            ),
        ),
        section(
            "quiz:pa20",
            "Les clauses mal comprises",
            {
                "clause:5.9": ("Clause 5.9", 10, None),
                "clause:5.10": ("Clause 5.10", 15, None),
                "clause:5.14": ("Clause 5.14", 5, None),
            },
        ),
        section(
            "questions:pa20",
            "Les questions par clause",
            {f"clause:5.{n}": (f"Clause 5.{n}", 60 - 5 * n, None) for n in range(1, 11)},
        ),
    ),
    NOTE,
)
QUIET = Board(
    MONTH.period,
    MONTH.before,
    (section("accueil:pa20", "Les accueils", {"commences": ("Accueils commencés", 0, 0)}),),
    NOTE,
)
