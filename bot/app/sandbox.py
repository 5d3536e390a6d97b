"""The sandbox: a chat in the browser, with a gallery of every message as each platform would show it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final

from bot.app import previews
from bot.app.build import Bot
from bot.app.examples import grouped_examples
from bot.app.publication import quoter
from bot.app.starting import persona_roles
from bot.commands.revision.messages import state
from bot.configuration.profile import Profile
from bot.conversation.messages import File, capitalized
from bot.dashboard import boards, notices, pictures, words
from bot.dashboard.figures import Board
from bot.dashboard.periods import Period, read_period
from bot.outbox import rows
from bot.platforms.local.adapter import LocalAdapter, Travel
from bot.platforms.local.figures import FigureRow, FigureSheet, FigureTable
from bot.platforms.local.gallery import Gallery
from bot.platforms.local.personas import PERSONAS, Persona
from bot.platforms.local.revisions import Changed, Sheet
from bot.policy.changes import redline, renumbering, summary
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.changes.renumbering import condense
from bot.policy.library import Policy
from bot.reports import escalation
from bot.revision.comparison_pdf import NATURES
from bot.revision.revisions import Revision
from bot.times import AdvancedClock, Calendar, in_words
from bot.typesetting.typeset import TypesetError

MORNING: Final = time(9, 45)  # when the day's tasks have run


def _in_days(calendar: Calendar, now: datetime, days: int) -> datetime:
    return calendar.at(calendar.day(now) + timedelta(days), MORNING)


# The moments of `bot.platforms.local.adapter.MOMENTS` that can be computed from the current time alone.
_MOMENTS: Final[Mapping[str, Callable[[Calendar, datetime], datetime]]] = {
    "heure": lambda _, now: now + timedelta(hours=1),
    "jour": lambda calendar, now: _in_days(calendar, now, 1),
    "lundi": lambda calendar, now: _in_days(calendar, now, 7 - calendar.day(now).weekday()),
    "mois": lambda calendar, now: calendar.at(
        calendar.next_working_day(calendar.day(now) + timedelta(29)), MORNING
    ),
}


def adapter(bot: Bot) -> LocalAdapter:
    """Return the sandbox, with its gallery of examples and its page of revisions, latest first.

    Visitors can move its clock if the bot's clock is an `AdvancedClock`.
    """
    quote = quoter(bot)

    def read_sheets() -> list[Sheet]:
        with bot.storage.transaction() as db:
            return [
                revision_sheet(policy, revision, bot.archive.comparison(db, revision))
                for policy, revision in bot.archive.list_revisions(db)
            ]

    async def sheets() -> list[Sheet]:
        return await bot.storage.run(read_sheets)

    def read_figures(wanted: str) -> tuple[Board, Sequence[Period]] | None:
        with bot.storage.transaction() as db:
            boards.keep(db, bot.dashboard)
            periods = boards.counted_periods(db)
            latest = next(period for period in periods if not period.is_year)
            period = read_period(wanted, bot.dashboard.first_month) if wanted else latest
            if period is None or period not in periods:
                return None
            return boards.count(db, bot.dashboard, period), periods

    async def figures(wanted: str) -> FigureSheet | None:
        read = await bot.storage.run(partial(read_figures, wanted))
        if read is None:
            return None
        board, periods = read
        return figure_sheet(board, periods, await asyncio.to_thread(picture, board))

    def picture(board: Board) -> File | None:
        with suppress(TypesetError):  # without a picture, the tables still show the figures
            return notices.picture_file(board, pictures.draw(board, bot.settings.profile.association))
        return None

    def starters() -> tuple[str, ...]:
        return bot.starting_questions() or ("Qui doit lire cette politique?",)

    return LocalAdapter(
        bot.dispatcher,
        quote,
        port=bot.settings.vigie_port,
        gallery=Gallery(grouped_examples(bot), previews.renderings(quote), bot.settings.profile.bot),
        sheets=sheets,
        figures=figures,
        starters=starters,
        personas=personas(bot.settings.profile),
        clock=bot.clock,
        bot=bot.settings.profile.bot,
        travel=travel(bot, bot.clock) if isinstance(bot.clock, AdvancedClock) else None,
    )


def personas(profile: Profile) -> list[Persona]:
    """Return the sandbox's personas, each with the title of their role in the profile."""
    role_of = persona_roles(profile)
    titles = {role.id: role.title for role in profile.roles}
    single = next(iter(profile.readers.kinds.values())).single
    newcomer = capitalized(single)
    return [
        replace(persona, role=titles[role_of[persona.id]] if persona.id in role_of else newcomer)
        for persona in PERSONAS
    ]


def travel(bot: Bot, clock: AdvancedClock) -> Travel:
    """Return the function that advances the sandbox's clock. The tasks then due run at the next beat."""

    def next_due() -> datetime | None:
        with bot.storage.transaction() as db:
            moments = [rows.next_due(db, clock()), escalation.next_due(bot.records.at(db))]
        later = [moment for moment in moments if moment is not None and moment > clock()]
        return min(later, default=None)

    async def advance(target: str) -> datetime | None:
        chosen = _MOMENTS.get(target)
        moment = chosen(bot.calendar, clock()) if chosen else await bot.storage.run(next_due)
        if moment is None:
            return None
        clock.advance(moment + timedelta(seconds=1))
        return clock()

    return advance


def figure_sheet(board: Board, periods: Sequence[Period], picture: File | None) -> FigureSheet:
    """Return a period's sheet, for the page of figures. `periods`: the periods whose figures were counted."""
    return FigureSheet(
        board.period.id,
        board.period.title,
        board.before.title if board.before else "",
        board.note,
        tuple(
            FigureTable(
                section.id.replace(":", "-"),
                section.title,
                section.note,
                tuple(
                    FigureRow(
                        figure.title,
                        figure.band.words,
                        figure.before.words if figure.before else "",
                        words.change(figure),
                    )
                    for figure in section.figures
                ),
            )
            for section in board.sections
        ),
        [(period.id, period.title) for period in periods],
        picture,
    )


def revision_sheet(policy: Policy, revision: Revision, comparison: Comparison) -> Sheet:
    """Return a sheet that lists everything a revision changes, for the page of revisions."""
    condensed = condense(comparison)
    what, day = ("adoptée", revision.adopted) if revision.adopted else ("proposée", revision.proposed_on)
    return Sheet(
        f"revision-{revision.id}",
        f"{policy.name}, version {what} le {in_words(day)}",
        state(revision),
        f"{summary.count_changes(comparison).capitalize()}, depuis la version du "
        f"{in_words(comparison.old.adopted)}.",
        tuple(
            Changed(
                summary.describe_change(comparison, change),
                NATURES[change.nature],
                redline.passages(comparison, change),
            )
            for change in condensed.changes
        )
        + tuple(
            Changed(words, NATURES[Nature.EDITORIAL], ())
            for words in (
                *(summary.describe_heading(comparison, heading) for heading in condensed.headings),
                *(renumbering.describe(comparison, run) for run in condensed.runs),
            )
        ),
    )
