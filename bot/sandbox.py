"""The sandbox: a chat in the browser, with every message shown as each platform would."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.commands import Services, examples
from bot.comparison_pdf import NATURES
from bot.dispatch import Dispatcher
from bot.messages import Form, Reply
from bot.platforms import discord_render, slack_render
from bot.platforms.local_adapter import LocalAdapter
from bot.platforms.local_gallery import Gallery
from bot.platforms.local_revisions import Changed, Passage, Sheet
from bot.policy import redline, revision_summary, revisions
from bot.policy.comparison import Comparison
from bot.policy.library import Policy, in_words
from bot.policy.revisions import Revision, State


def adapter(services: Services, dispatcher: Dispatcher, port: int) -> LocalAdapter:
    """Return the platform, its gallery showing every message as each platform would."""
    quote = services.library.quote

    def on_slack(reply: Reply) -> object:
        return slack_render.view(reply) if isinstance(reply, Form) else slack_render.render(reply, quote)

    def on_discord(reply: Reply) -> object:
        if isinstance(reply, Form):
            return discord_render.render_form(reply).to_dict()
        components: list[dict[str, Any]] = discord_render.render(reply, quote).to_components()
        return components

    async def sheets() -> list[Sheet]:
        executor = services.office.storage.executor
        return await asyncio.get_running_loop().run_in_executor(executor, revised, services)

    gallery = Gallery(examples(services), {"Slack": on_slack, "Discord": on_discord})
    return LocalAdapter(dispatcher, quote, port=port, gallery=gallery, sheets=sheets)


def revised(services: Services) -> list[Sheet]:
    """Return every revision with all that it changes, the latest first. To be used on the storage thread."""
    kept, library = services.archive, services.library
    with services.office.storage.transaction() as db:
        return [
            sheet(policy, revision, kept.comparison(db, revision))
            for policy in library.policies.values()
            for revision in revisions.listed(db, policy.id)
        ]


def sheet(policy: Policy, revision: Revision, comparison: Comparison) -> Sheet:
    """Return what a revision changes, as the page shows it."""
    return Sheet(
        f"revision-{revision.id}",
        f"{policy.name}, version adoptée le {in_words(revision.adopted or revision.proposed_on)}"
        if revision.adopted
        else f"{policy.name}, version proposée le {in_words(revision.proposed_on)}",
        _STATES[revision.state],
        f"{revision_summary.counted(comparison).capitalize()}, depuis la version du "
        f"{in_words(comparison.old.adopted)}.",
        tuple(
            Changed(
                revision_summary.named(change),
                NATURES[change.nature],
                tuple(Passage(one.number, one.paragraphs) for one in redline.passages(comparison, change)),
            )
            for change in comparison.changes
        ),
    )


_STATES: dict[State, str] = {
    "origin": "d'origine",
    "proposed": "proposée",
    "scheduled": "approuvée",
    "announced": "en vigueur ou remplacée",
    "withdrawn": "retirée",
}
