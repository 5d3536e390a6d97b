"""The board of a period, made of what was counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from bot.dashboard import counting
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import FIRST_MONTH, Period
from bot.language.bands import Band
from bot.policy.library import Library
from bot.reports.records import Records
from bot.times import Calendar

NOTE = (
    "Tout est donné par tranches de cinq, pour ne désigner personne. Seules les périodes terminées sont "
    "comptées."
)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the figures are counted from. `first_month`: of the association's year, from 1 to 12."""

    library: Library
    records: Records
    calendar: Calendar
    first_month: int = FIRST_MONTH


def count(db: Database, dashboard: Dashboard, period: Period) -> Board:
    """Return the board of a period that is over, in the caller's transaction."""
    now, before = _counts(db, dashboard, period), _counts(db, dashboard, period.previous)

    def figure(name: str, title: str) -> Figure:
        return Figure(name, title, Band.of(now[name]), Band.of(before[name]))

    sections = []
    for policy in dashboard.library.policies.values():
        title = "Parcours de lecture"
        if len(dashboard.library.policies) > 1:
            title += f" ({policy.name})"
        sections.append(
            Section(
                f"accueil:{policy.id}",
                title,
                "Chaque personne est comptée une fois par ligne.",
                (
                    figure(f"{counting.BEGUN}:{policy.id}", "Parcours commencés"),
                    figure(f"{counting.READ}:{policy.id}", "Lectures terminées"),
                    figure(f"{counting.LATE}:{policy.id}", "Parcours en retard"),
                ),
            )
        )
    sections.append(
        Section(
            "signalements",
            "Signalements",
            "Sans ceux qui mettent en cause un rôle, que tout le monde ne peut pas lire.",
            (
                figure(counting.OPENED, "Dossiers ouverts"),
                figure(counting.CLOSED, "Dossiers clos"),
            ),
        )
    )
    return Board(period, period.previous, tuple(sections), NOTE)


def _counts(db: Database, dashboard: Dashboard, period: Period) -> Mapping[str, int]:
    session = dashboard.records.at(db)
    policies, calendar = dashboard.library.policies, dashboard.calendar
    return {
        **counting.count_onboarding(db, policies, period, calendar),
        **counting.count_reports(session, period),
    }
