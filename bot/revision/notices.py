"""What is said of a revision: to each person, to a channel, to the administration.

A notice names nobody in its arguments, so that it suits whoever someone became by linking accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    File,
    Heading,
    Message,
    Note,
    Text,
    bold,
    excerpt,
)
from bot.onboarding.enrolment import REVISION, REVISION_REMINDER, RevisionNotice, VersionNotice
from bot.onboarding.quiz import session
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import PictureNotice
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.policy.changes import summary
from bot.policy.changes.comparison import Change, Comparison, Nature
from bot.policy.library import Policy
from bot.revision import revisions
from bot.revision.archive import Archive
from bot.revision.ledger import Asked
from bot.revision.audience import CHANNEL, FOUND, FoundNotice
from bot.revision.revisions import Revision
from bot.times import in_words

PICTURE: Final = Notice("revision-image", "une image du registre d'une révision", PictureNotice)

_SUBJECT: Final = 160  # characters of a heading that are shown beside a change

_OF_FORM: Final = "Ces changements ne touchent que la forme\u00a0: rien ne vous est demandé."
_ASKED: Mapping[Asked, str] = {
    "nothing": "Rien ne vous est demandé.",
    "changes": (
        "On vous demande de lire ce qui a changé, de répondre à trois questions au plus, puis d'attester "
        "votre lecture\u00a0: environ cinq minutes."
    ),
    "whole": (
        "On vous demande de lire le texte en entier, de répondre au quiz, puis d'attester votre lecture"
        "\u00a0: une quinzaine de minutes. Les pages que vous avez déjà lues et qui n'ont pas changé ne "
        "sont pas à relire."
    ),
}


def notice_builders(archive: Archive) -> tuple[NoticeBuilder, ...]:
    """Return the notices of revisions, to be sent by the outbox."""

    def told(context: NoticeContext, text: RevisionNotice) -> Message | None:
        found = _found(archive, context.db, text)
        return notice(*found, text.asked) if found else None

    def channel(context: NoticeContext, text: VersionNotice) -> Message | None:
        found = _found(archive, context.db, text)
        return in_channel(*found) if found else None

    def remind(_: NoticeContext, text: VersionNotice) -> Message | None:
        policy = archive.library.policies[text.policy]
        return reminder(policy.name, text.version, policy.id)

    def changed_file(context: NoticeContext, file: FoundNotice) -> Message | None:
        revision = revisions.find_revision(context.db, file.revision)
        if revision is None or revision.state != "proposed":
            return None
        return text_found(archive.library.policies[revision.policy].name, revision.id)

    return (
        REVISION.built_by(told),
        REVISION_REMINDER.built_by(remind),
        CHANNEL.built_by(channel),
        FOUND.built_by(changed_file),
        PICTURE.built_by(_picture),
    )


def _found(archive: Archive, db: Database, text: VersionNotice) -> tuple[Policy, Revision, Comparison] | None:
    """Return the revision that a notice is about, None when another one has taken its place."""
    policy = archive.library.policies[text.policy]
    revision = revisions.revision_of_version(db, policy.id, text.version)
    if revision is None or archive.library.current(policy).adopted != text.version:
        return None
    return policy, revision, archive.comparison(db, revision)


def notice(policy: Policy, revision: Revision, comparison: Comparison, asked: Asked) -> Message:
    """Say what changed, in short, and what is asked of the one who reads."""
    key = comparison.new.key
    first = [Button("Voir ce qui a changé", f"nouveautes {policy.id} {key}", "primary")]
    if asked == "whole":
        first.append(Button("Commencer la lecture", "accueil lire"))
    else:
        first.append(Button("J'ai lu", f"nouveautes lu {policy.id} {key}"))
    formal = asked == "nothing" and comparison.nature is Nature.EDITORIAL
    wanted = Text(_OF_FORM if formal else _ASKED[asked])
    return Message(*told(policy, revision, comparison), wanted, Buttons(*first))


def told(policy: Policy, revision: Revision, comparison: Comparison) -> tuple[Element, ...]:
    """Return what is said to all of a revision: when, how many clauses, which ones first."""
    more = len(comparison.changes) - summary.MOST
    lines = [f"• {_line(comparison, one)}" for one in summary.foremost(comparison)]
    if more > 0:
        lines.append(f"et {more} autre{'s' * (more > 1)} changement{'s' * (more > 1)}.")
    heading = (
        f"La {policy.name} revient à un texte antérieur"
        if revision.withdraws
        else (f"La {policy.name} a été révisée")
    )
    return (
        Heading(heading),
        Text(f"{dated(revision)}\u00a0: ", bold(summary.count_changes(comparison)), "."),
        Text("\n".join(lines)),
    )


def _line(comparison: Comparison, change: Change) -> str:
    """Name a change, and what its clause is about, as its heading says."""
    about = excerpt(summary.change_subject(comparison, change), _SUBJECT)
    return summary.describe_change(change) + (f" ({about})" if about else "")


def dated(revision: Revision) -> str:
    """Say when a revision was adopted and from when on it is in force, as far as anyone said."""
    adopted = f"Révision adoptée le {in_words(revision.adopted)}" if revision.adopted else "Révision proposée"
    since = f", en vigueur depuis le {in_words(revision.effective)}" if revision.effective else ""
    return adopted + since


def in_channel(policy: Policy, revision: Revision, comparison: Comparison) -> Message:
    """Announce a revision before everyone."""
    return Message(
        *told(policy, revision, comparison),
        Note("Les personnes que la politique vise reçoivent chacune un message privé."),
        Buttons(Button("Voir ce qui a changé", f"nouveautes {policy.id} {comparison.new.key}", "primary")),
        public=True,
    )


def reminder(policy: str, version: date, policy_id: str) -> Message:
    """Remind someone, kindly, of what a revision still asks."""
    return Message(
        Heading(f"La {policy} révisée vous attend"),
        Text(
            f"Il vous reste à lire ce qui a changé dans la {policy}, révisée le {in_words(version)}, et à "
            f"l'attester. Il y a au plus {session.REFRESHER_SIZE} questions. Vous reprendrez où vous étiez."
        ),
        Buttons(
            Button("Voir ce qui a changé", f"nouveautes {policy_id} {version}", "primary"),
            Button("J'ai lu", f"nouveautes lu {policy_id} {version}"),
        ),
    )


def text_found(policy: str, revision_id: str) -> Message:
    """Tell the administration that a file is not what it was."""
    return Message(
        Heading(f"Un texte de la {policy} a changé"),
        Text(
            f"Au démarrage, j'ai trouvé dans les fichiers un texte de la {policy} que personne n'a approuvé. "
            "Je continue de citer celui qui est en vigueur. Voyez ce qui change, puis décidez."
        ),
        Buttons(Button("Voir la révision", f"revision voir {revision_id}", "primary")),
    )


def picture(png: bytes, numbers: str, day: date) -> Message:
    """Give the picture of a revision's ledger, with the same numbers as text."""
    return Message(
        Heading("Les attestations de la révision"),
        Text(numbers),
        File(f"revision-{day.isoformat()}.png", png, "Les attestations au fil des jours"),
    )


def _picture(context: NoticeContext, notice: PictureNotice) -> Message | None:
    kept = kept_pictures.find(context.db, notice.id)
    return picture(kept.png, kept.words, kept.day) if kept else None
