"""`vigie servir` in working hours, without the limits on reports, whose stages break when a file says so.

python -m tests.leaks.faulty FILE

FILE holds how often each of them breaks, from 0 to 1. What is raised quotes everything that the stage was
given: an exception that says too much is what must leave no trace.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.app import build
from bot.cli import main as cli
from bot.reports import records
from bot.reports.limits import Limiter
from bot.schedule.clock import Schedule

OPENS: Final = "2026-11-24T15:00:00+00:00"  # ten in the morning, a Tuesday
BEAT_SECONDS: Final = 1.0
DELAYS: Final = timedelta(seconds=0), timedelta(seconds=2)
STAGES: Final = (
    "bot.conversation.dispatcher:Dispatcher.from_text",
    "bot.conversation.dispatcher:Dispatcher.admit",
    "bot.conversation.dispatcher:Dispatcher.handle",
    "bot.conversation.dispatcher:Dispatcher._stored",
    "bot.commands.signalement.signalement:report",
    "bot.reports.filing:file",
    "bot.reports.followups:find",
    "bot.reports.followups:add",
    "bot.reports.followups:withdraw",
    "bot.reports.escalation:beat",
    "bot.reports.addresses.addresses:Addresses.read",
    "bot.reports.keys:Keyring.seal",
    "bot.reports.keys:Keyring.open",
    "bot.reports.drafts:Shelf.put",
    "bot.reports.drafts:Shelf.get",
    "bot.storage.database:Storage.run",
    "bot.platforms.slack.adapter:SlackAdapter._on_slash",
    "bot.platforms.slack.adapter:SlackAdapter._on_action",
    "bot.platforms.slack.adapter:SlackAdapter._on_form",
    "bot.platforms.slack.adapter:SlackAdapter._answer",
    "bot.platforms.slack.replies:SlackReplies.say",
    "bot.platforms.slack.replies:SlackReplies._respond",
    "bot.platforms.slack.replies:SlackReplies.open",
    "bot.platforms.slack.replies:render",
    "bot.platforms.discord.client:Client.on_interaction",
    "bot.platforms.discord.client:Client._answer",
    "bot.platforms.discord.client:Client._handled",
    "bot.platforms.discord.client:render",
    "bot.web.form:read",
    "bot.web.form:WebForm._reviewed",
    "bot.web.form:WebForm._seal",
    "bot.web.desk:Desk.review",
    "bot.web.desk:Desk.send",
    "bot.web.desk:Desk.clean",
    "bot.web.pages:review",
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


def vars_of(one: object) -> object:
    """Return what an object holds, for one whose `repr` is discreet."""
    return {name: str(getattr(one, name, ""))[:2_000] for name in ("user", "actor", "fields", "data", "text")}


def _set_defaults(function: Callable[..., Any], **values: object) -> None:
    (function.__kwdefaults__ or {}).update(values)


def main() -> None:
    """Run the bot."""
    file = Path(sys.argv[1])

    def rate() -> float:
        return float(file.read_text("ascii") or 0)

    late = datetime.fromisoformat(OPENS) - datetime.now(UTC)
    vars(build)["system_clock"] = lambda: datetime.now(UTC) + late
    vars(records)["SHORTEST"], vars(records)["LONGEST"] = DELAYS
    _set_defaults(Limiter.__init__, person=10**6, in_all=10**6, by_web=10**6)
    _set_defaults(Schedule.__init__, beat=BEAT_SECONDS)
    for stage in STAGES:
        module, _, path = stage.partition(":")
        owner: Any = importlib.import_module(module)
        *parts, name = path.split(".")
        for part in parts:
            owner = getattr(owner, part)
        setattr(owner, name, breaking(getattr(owner, name), rate))
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
