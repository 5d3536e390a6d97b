"""The command that prints the figures of a month or a year."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from bot.cli import base
from bot.cli.progress import working
from bot.commands.tableau import messages
from bot.dashboard import boards, words
from bot.dashboard.figures import Board
from bot.dashboard.periods import read_period
from bot.language.bands import Band


@click.command(
    name="tableau",
    help="Dire ce qui s'est passé dans un mois ou une année, par tranches de cinq, sans désigner personne.",
    short_help="Dire ce qui s'est passé dans un mois ou une année.",
)
@click.option(
    "--periode",
    "wanted",
    metavar="PÉRIODE",
    help="Un mois (2026-09) ou une année (2025-2026); sinon, le dernier mois.",
)
@click.option("--pdf", type=base.FILE, metavar="FICHIER", help="Écrire aussi le rapport en PDF.")
@base.json_flag
def tableau_(wanted: str | None, pdf: Path | None, as_json: bool) -> None:
    """Print the figures of a period, and write its report. Exit with code 1 if the period was not counted."""
    with base.real_bot() as (bot, db):
        dashboard = bot.dashboard_of(bot.records_of(db))
        boards.keep(db, dashboard)
        periods = boards.counted_periods(db)
        latest = next(period for period in periods if not period.is_year)
        period = latest if wanted is None else read_period(wanted, dashboard.first_month)
        if period is None or period not in periods:
            sentence = messages.uncounted(periods)
            base.refuse(f"{sentence[:1].lower()}{sentence[1:]}", 1)
        board = boards.count(db, dashboard, period)
    base.show(as_data(board), "\n".join(_lines(board)), as_json)
    if pdf:
        from bot.dashboard.report import make_report  # noqa: PLC0415 — it imports the typesetting

        with working("Je mets le rapport en pages"):
            content = make_report([board], bot.library, bot.settings.profile.association)
        base.write(pdf, content)


def as_data(board: Board) -> dict[str, Any]:
    """Return a board's figures in the stable JSON form that the command line prints."""
    return {
        "period": board.period.id,
        "first": board.period.first,
        "last": board.period.last,
        "before": board.before.id if board.before else None,
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "note": section.note,
                "figures": [
                    {
                        "id": figure.id,
                        "title": figure.title,
                        **_limits(figure.band),
                        "before": _limits(figure.before) if figure.before else None,
                    }
                    for figure in section.figures
                ],
            }
            for section in board.sections
        ],
        "note": board.note,
    }


def _limits(band: Band) -> dict[str, int]:
    return {"at_least": band.low, "at_most": band.high}


def _lines(board: Board) -> Iterator[str]:
    yield f"Tableau de bord, {board.period.title}"
    yield from (words.section_line(board, section) for section in board.sections)
    yield board.note


COMMANDS: Final = (tableau_,)
