"""The sandbox: a chat in the browser, with a gallery of every message as each platform would show it."""

from bot.app import previews
from bot.app.build import Bot
from bot.app.examples import grouped_examples
from bot.commands.revision.messages import state
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.platforms.local.revisions import Changed, Sheet
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.revision.comparison_pdf import NATURES
from bot.revision.revisions import Revision
from bot.times import in_words


def adapter(bot: Bot) -> LocalAdapter:
    """Return the sandbox platform, with its gallery of examples and its page of revisions, latest first."""
    quote = bot.library.quote

    def read_sheets() -> list[Sheet]:
        with bot.storage.transaction() as db:
            return [
                revision_sheet(policy, revision, bot.archive.comparison(db, revision))
                for policy, revision in bot.archive.list_revisions(db)
            ]

    async def sheets() -> list[Sheet]:
        return await bot.storage.run(read_sheets)

    gallery = Gallery(grouped_examples(bot), previews.renderings(quote))
    return LocalAdapter(bot.dispatcher, quote, port=bot.settings.vigie_port, gallery=gallery, sheets=sheets)


def revision_sheet(policy: Policy, revision: Revision, comparison: Comparison) -> Sheet:
    """Return a sheet that lists everything a revision changes, for the page of revisions."""
    what, day = ("adoptée", revision.adopted) if revision.adopted else ("proposée", revision.proposed_on)
    return Sheet(
        f"revision-{revision.id}",
        f"{policy.name}, version {what} le {in_words(day)}",
        state(revision),
        f"{summary.count_changes(comparison).capitalize()}, depuis la version du "
        f"{in_words(comparison.old.adopted)}.",
        tuple(
            Changed(
                summary.describe_change(change),
                NATURES[change.nature],
                redline.passages(comparison, change),
            )
            for change in comparison.changes
        ),
    )
