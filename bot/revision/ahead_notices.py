"""The notices about a coming revision to the announcement channels, before it takes effect."""

from bot.conversation.messages import LABEL_LENGTH, Button, Buttons, Heading, Message, Note, Text, excerpt
from bot.outbox.notices import NoticeBuilder, NoticeContext
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.revision import revisions
from bot.revision.archive import CANCELLED, COMING, AheadNotice, Archive
from bot.revision.notices import announcement
from bot.revision.revisions import Revision
from bot.times import in_words


def notice_builders(archive: Archive) -> tuple[NoticeBuilder, ...]:
    """Return the builders of these notices, for the outbox. A notice that is no longer true is not sent."""

    def to_come(context: NoticeContext, text: AheadNotice) -> Message | None:
        revision = revisions.find_revision(context.db, text.revision)
        if revision is None or not revision.is_coming:
            return None
        comparison = archive.comparison(context.db, revision)
        return coming(archive.policy(context.db, revision), revision, comparison)

    def withdrawn(context: NoticeContext, text: AheadNotice) -> Message | None:
        revision = revisions.find_revision(context.db, text.revision)
        if revision is None or revision.state != "withdrawn":
            return None
        return cancelled(archive.policy(context.db, revision), revision)

    return (COMING.built_by(to_come), CANCELLED.built_by(withdrawn))


def coming(policy: Policy, revision: Revision, comparison: Comparison) -> Message:
    """Return the channel's announcement of a revision that is not in force yet."""
    name = policy.name
    return Message(
        *announcement(policy, revision, comparison, ahead=True),
        Note(
            "D'ici là, rien ne change. Ce jour-là, chaque personne que la politique vise recevra un message "
            "privé."
        ),
        Buttons(
            Button("Voir ce qui changera", f"nouveautes {policy.id} {revision.version}", "primary"),
            Button(excerpt(f"Lire {name.the}", LABEL_LENGTH), f"politique {policy.id}:"),
        ),
        public=True,
    )


def cancelled(policy: Policy, revision: Revision) -> Message:
    """Return the channel's notice that an announced revision will not take effect."""
    name = policy.name
    day = f" pour le {in_words(revision.effective)}" if revision.effective else ""
    return Message(
        Heading(f"La révision {name.of} annoncée{day} est retirée"),
        Text("Elle ne prendra pas effet. Le texte en vigueur reste le même."),
        Buttons(Button(excerpt(f"Lire {name.the}", LABEL_LENGTH), f"politique {policy.id}:")),
        public=True,
    )
