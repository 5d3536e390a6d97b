"""`vigie servir` in working hours, without the limits on reports, whose stages break when a file says so.

python -m tests.leaks.faulty FILE

FILE holds how often each of them breaks, from 0 to 1. What is raised quotes everything that the stage was
given: an exception that says too much is what must leave no trace.
"""

from __future__ import annotations

import functools
import inspect
import os
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.app import background
from bot.cli import main as cli
from bot.commands.demande import demande
from bot.commands.signalement import signalement
from bot.commands.verifier import messages as verifier_messages
from bot.commands.verifier import verifier
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.fading import Fading
from bot.permissions import notices as permission_notices
from bot.permissions import requests
from bot.platforms.discord import render as discord_render
from bot.platforms.discord.client import Client
from bot.platforms.slack import render as slack_render
from bot.platforms.slack.adapter import SlackAdapter
from bot.platforms.slack.replies import SlackReplies
from bot.posting.drafts import PostDrafts
from bot.posting.examining import Examiner
from bot.reports import escalation, filing, limits, records, reporter_access
from bot.reports.addresses.addresses import Addresses
from bot.reports.drafts import DraftShelf
from bot.reports.intake import Reporting
from bot.reports.keys import Keyring
from bot.storage.database import Storage
from bot.web import body, draft, pages
from bot.web.draft import DraftSeals
from bot.web.form import WebForm
from tests.kits.defaults import set_constants

OPENS: Final = "2026-11-24T15:00:00+00:00"  # ten in the morning, a Tuesday
BEAT_SECONDS: Final = 1.0
DELAYS: Final = timedelta(seconds=0), timedelta(seconds=2)
STAGES: Final[tuple[Callable[..., Any], ...]] = (
    Dispatcher.from_text,
    Dispatcher.admit,
    Dispatcher.handle,
    Dispatcher._stored,
    signalement.report,
    Reporting.review,
    filing.file_report,
    reporter_access.follow,
    reporter_access.add,
    reporter_access.withdraw,
    escalation.beat,
    Addresses.find,
    Keyring.seal,
    Keyring.open,
    DraftShelf.store,
    Fading.get,
    Storage.run,
    SlackAdapter._on_slash,
    SlackAdapter._on_action,
    SlackAdapter._on_form,
    SlackAdapter._answer,
    SlackReplies.say,
    SlackReplies._respond,
    SlackReplies.open,
    slack_render.render,
    Client.on_interaction,
    Client._answer,
    Client._handled,
    discord_render.render,
    verifier.verify,
    verifier_messages.review,
    Examiner.examine,
    PostDrafts.store,
    demande.handle,
    requests.check,
    requests.decide,
    permission_notices.to_decide_message,
    permission_notices.decided_message,
    body._read,
    WebForm._reviewed,
    WebForm._file,
    DraftSeals.seal,
    draft.redraw,
    pages.review_page,
)


class BoomError(Exception):
    """A stage broke."""


def breaking(stage: Callable[..., Any], rate: Callable[[], float]) -> Callable[..., Any]:
    """Return a stage that breaks as often as `rate` says."""

    def throw(*given: object, **named: object) -> None:
        if random.random() < rate():  # noqa: S311 — any will do
            raise BoomError(f"{stage.__qualname__}: {given!r} {named!r} {[vars_of(one) for one in given]!r}")

    if inspect.iscoroutinefunction(stage):

        @functools.wraps(stage)
        async def waited(*given: Any, **named: Any) -> Any:  # noqa: ANN401 — whatever it is
            throw(*given, **named)
            return await stage(*given, **named)

        return waited

    @functools.wraps(stage)
    def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401 — whatever it is
        throw(*given, **named)
        return stage(*given, **named)

    return called


def replace(stage: Callable[..., Any], broken: Callable[..., Any]) -> None:
    """Put `broken` in the place of a stage, in its class or in each module that knows it."""
    *parents, name = stage.__qualname__.split(".")
    if parents:
        setattr(getattr(sys.modules[stage.__module__], parents[0]), name, broken)
        return
    for module in [known for known in sys.modules.values() if known.__name__.startswith("bot.")]:
        for name in [name for name, value in vars(module).items() if value is stage]:
            setattr(module, name, broken)


def vars_of(one: object) -> object:
    """Return what an object holds, for one whose `repr` is discreet."""
    return {name: str(getattr(one, name, ""))[:2_000] for name in ("user", "actor", "fields", "data", "text")}


def main() -> None:
    """Run the bot."""
    file = Path(sys.argv[1])

    def rate() -> float:
        return float(file.read_text("ascii") or 0)

    late = datetime.fromisoformat(OPENS) - datetime.now(UTC)
    set_constants(cli, system_clock=lambda: datetime.now(UTC) + late)
    set_constants(records, SHORTEST=DELAYS[0], LONGEST=DELAYS[1])
    set_constants(limits, **dict.fromkeys(("PER_PERSON", "RESERVE", "BY_WEB"), range(10**6, 10**6 + 1)))
    set_constants(background, BEAT_SECONDS=BEAT_SECONDS)
    for stage in STAGES:
        replace(stage, breaking(stage, rate))
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
