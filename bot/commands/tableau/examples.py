"""An example of each reply of `/tableau`, for the gallery."""

from collections.abc import Iterator
from datetime import date
from itertools import cycle
from typing import Final

from bot.commands.tableau import messages, tableau
from bot.configuration.profile import Profile
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Text
from bot.dashboard import boards, counting, periods
from bot.dashboard.boards import Dashboard
from bot.dashboard.counting import SectionPlan
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import Period
from bot.language.bands import Band
from bot.people.office import belongs_to
from bot.times import in_words

_BANDS: Final = (Band.of(12), Band.of(6), Band.of(0), Band.of(23), Band.of(0))


def tableau_examples(dashboard: Dashboard, profile: Profile) -> dict[str, Reply]:
    """Return an example of each reply of `tableau`, by name."""
    month, year = periods.month_of(date(2026, 10, 1)), periods.year_of(date(2026, 6, 1))
    counted = [month, month.previous, year, year.previous]
    return {
        "Le tableau d'un mois": _shown(dashboard, month, counted),
        "Le tableau d'une année": _shown(dashboard, year, counted),
        "Le tableau, comment c'est compté": messages.how(dashboard.plans()),
        "Le tableau, son image est demandée": messages.coming("en message privé, sur Slack"),
        "Le tableau d'une période sans chiffres": Message(Text(messages.uncounted(counted))),
        "Le tableau, réservé": Message(Text(belongs_to([role.title for role in profile.roles[-2:]]))),
    }


def _shown(dashboard: Dashboard, period: Period, counted: list[Period]) -> Message:
    return messages.board(example_board(dashboard, period), tableau.nearby(period, counted))


def example_board(dashboard: Dashboard, period: Period) -> Board:
    """Return a made-up board with all the sections of a period."""
    bands, policy = cycle(_BANDS), dashboard.library.default
    version = dashboard.library.current(policy)
    number = policy.example(version)
    clauses = [str(clause.number) for clause in version.neighbours(number) if clause]
    of = {"": [""], "clause": [str(number), *clauses], "version": [in_words(version.adopted)]}

    def figures(plan: SectionPlan) -> Iterator[Figure]:
        for measure in plan.measures:
            for key in of[measure.each]:
                title = f"{measure.title} {key}".rstrip()
                yield Figure(f"{plan.id}:{measure.id}:{key}", title, next(bands), next(bands))
        if plan is counting.REPORTS:
            yield Figure(counting.OPENED, "Dossiers ouverts", next(bands))
            yield Figure(counting.CLOSED, "Dossiers clos", Band())

    sections = tuple(
        Section(plan.id, plan.title, plan.note, tuple(figures(plan)))
        for plan in dashboard.plans()
        if (plan.grain == "month" or period.is_year) and not (plan is counting.REPORTS and period.is_year)
    )
    return Board(period, period.previous, sections, boards.NOTE)
