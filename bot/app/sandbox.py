"""The sandbox: a chat in the browser, with every message shown as each platform would."""

from __future__ import annotations

import asyncio

from bot.app import previews
from bot.app.build import Bot
from bot.app.examples import examples
from bot.commands.revision.messages import state
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.platforms.local.revisions import Changed, Sheet, SheetPassage
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.revision import revisions
from bot.revision.comparison_pdf import NATURES
from bot.revision.revisions import Revision
from bot.times import in_words


def adapter(bot: Bot) -> LocalAdapter:
    """Return the platform, its gallery showing every message as each platform would."""
    quote = bot.library.quote

    async def sheets() -> list[Sheet]:
        executor = bot.storage.executor
        return await asyncio.get_running_loop().run_in_executor(executor, revised, bot)

    gallery = Gallery(examples(bot), previews.renderings(quote))
    return LocalAdapter(bot.dispatcher, quote, port=bot.settings.vigie_port, gallery=gallery, sheets=sheets)


def revised(bot: Bot) -> list[Sheet]:
    """Return every revision with all that it changes, the latest first. To be used on the storage thread."""
    kept, library = bot.archive, bot.library
    with bot.storage.transaction() as db:
        return [
            sheet(policy, revision, kept.comparison(db, revision))
            for policy in library.policies.values()
            for revision in revisions.list_revisions(db, policy.id)
        ]


def sheet(policy: Policy, revision: Revision, comparison: Comparison) -> Sheet:
    """Return what a revision changes, as the page shows it."""
    return Sheet(
        f"revision-{revision.id}",
        f"{policy.name}, version adoptée le {in_words(revision.adopted or revision.proposed_on)}"
        if revision.adopted
        else f"{policy.name}, version proposée le {in_words(revision.proposed_on)}",
        state(revision),
        f"{summary.count_changes(comparison).capitalize()}, depuis la version du "
        f"{in_words(comparison.old.adopted)}.",
        tuple(
            Changed(
                summary.describe_change(change),
                NATURES[change.nature],
                tuple(
                    SheetPassage(one.number, one.paragraphs) for one in redline.passages(comparison, change)
                ),
            )
            for change in comparison.changes
        ),
    )
