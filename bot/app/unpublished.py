"""The notice that the public site cannot be published, sent once for several failures in a row."""

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.conversation.findings import Finding, fine, wrong
from bot.conversation.messages import Heading, Message, Note, Text
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.site.publishing import folder_problem
from bot.storage import state
from bot.storage.database import StorageError, reader

_FAILING: Final = "unpublished"  # the flag raised while the site cannot be published, with the reason


@dataclass(frozen=True, slots=True)
class UnpublishedNotice:
    """The arguments of the notice: none, since the flag in the database holds the reason."""


UNPUBLISHED: Final = Notice("site-non-publie", "un site qui ne peut pas être publié", UnpublishedNotice)


def settle_failure(db: Database, problem: str, now: datetime) -> bool:
    """Notify the administration that the site cannot be published, unless a notice about it was already sent.

    `problem`: the reason, in one French sentence, or "" once the site is published. Return whether a notice
    was queued.
    """
    if not problem:
        state.lower(db, _FAILING)
        return False
    if not state.hoist(db, _FAILING, now, problem):
        return False
    key = f"{UNPUBLISHED.name}:{now.isoformat()}"
    return rows.enqueue(db, Delivery(key, rows.ANNOUNCED_TO, UNPUBLISHED, UnpublishedNotice()), now)


def check_site(folder: Path | None, database: Path) -> Iterator[Finding]:
    """Yield the finding of `vigie diagnostic` about the public site.

    `folder`: None when no site is published.
    """
    if folder is None:
        return
    failing = None
    with suppress(StorageError), closing(reader(database).conn) as conn:  # there may be no database yet
        failing = state.flag(Database(conn), _FAILING)
    if problem := folder_problem(folder):
        yield wrong("site", problem)
    elif failing:
        yield wrong("site", f"la dernière publication a échoué\u00a0: {failing.reason}")
    else:
        yield fine("site", f"se publie dans {folder}, chaque nuit et dès qu'une version prend effet.")


def unpublished(problem: str) -> Message:
    """Return the message that the site cannot be published. `problem`: the reason."""
    return Message(
        Heading("Le site des politiques n'a pas pu être publié"),
        Text(problem),
        Note(
            "Montrez ceci à la personne qui garde l'installation. J'essaie de nouveau chaque nuit, et dès "
            "qu'une version prend effet; je n'en reparlerai que si, une fois réparé, cela se reproduit."
        ),
    )


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builder of the notice about the public site."""

    def build(context: NoticeContext, _: UnpublishedNotice) -> Message | None:
        failing = state.flag(context.db, _FAILING)
        return unpublished(failing.reason) if failing else None

    return (UNPUBLISHED.built_by(build),)
