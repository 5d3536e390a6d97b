"""What the commands about reports share: the records, the drafts, and how the policy is named there."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from bot.answers.guidance import Guidance
from bot.conversation.messages import SHORTCUT_LENGTH, Message, Quote, Text
from bot.conversation.requests import Actor, UserError
from bot.logs import loggable
from bot.people import roles
from bot.people.office import Office
from bot.policy.library import Library
from bot.reports.addresses.addresses import PostAddress
from bot.reports.drafts import Drafts
from bot.reports.identifying import Pointed
from bot.reports.limits import REFUSAL, Limiter
from bot.reports.records import Records, ReportError, Session
from bot.storage.database import StorageError

logger = logging.getLogger(__name__)

AT_ONCE: Final = 64 * 1024**2  # bytes that are laid out anew in about a second (15 ms a megabyte)
TOO_MANY: Final = Message(Text(REFUSAL))


@dataclass(frozen=True, slots=True)
class Reporting:
    """What it takes to take reports in and to handle them.

    `read_address`: finds the address of a post in a text, None when it has none. `clean_text`: writes those
    within a text so that they do not say who shares them. `point_out`: what in texts may tell who wrote
    them, or names someone.
    """

    library: Library
    office: Office
    records: Records
    drafts: Drafts
    limiter: Limiter
    guidance: Guidance
    read_address: Callable[[str], PostAddress | None]
    clean_text: Callable[[str], str]
    point_out: Callable[..., Sequence[Pointed]]

    @contextmanager
    def opened(self) -> Iterator[Session]:
        """Give the records as they are now, inside one transaction; on the storage thread."""
        with self.office.storage.transaction() as db:
            yield Session(db, self.records, self.office.clock())

    def scatter(self) -> None:
        """Have the file tell nothing of when a report came, nor keep what was withdrawn.

        On the storage thread, once it is committed. What cannot be done now is done in the night: so is
        laying out a large file, for which everyone would wait, and Discord waits three seconds only.
        """
        storage = self.office.storage
        try:
            if storage.size <= AT_ONCE:
                storage.scatter()
            else:
                storage.purge()
        except (StorageError, sqlite3.Error) as error:
            logger.warning("the file is to be laid out anew in the night: %s", loggable(error))

    def limit(self, actor: Actor) -> Message | None:
        """Count a report from someone, whom nothing remembers; return why it is one too many, if it is."""
        team = "" if actor.platform == "discord" else actor.team
        return None if self.limiter.take(f"{actor.platform}:{team}/{actor.user}") else TOO_MANY

    def fade(self) -> None:
        """Forget what is remembered for minutes or hours only, though nobody asks."""
        self.drafts.fade()
        self.limiter.forget()

    def clause(self) -> Quote | None:
        """Return the quotation of the clause on such posts, None when the policy has none."""
        policy = self.library.default
        version = self.library.current(policy)
        number = next((n for n in self.guidance.incident_clauses if version.clause(n)), None)
        return None if number is None else Quote(policy.id, version.adopted.isoformat(), str(number))

    def named(self) -> str:
        """Return how that clause is named: « PA20, 5.10 »."""
        clause = self.clause()
        name = self.library.default.name
        return f"{name}, {clause.clause}" if clause else name

    def shortcut(self) -> str:
        """Return what one chooses in a message's own menu to report the post whose address it holds."""
        label = f"Signaler ({self.named()})"
        return label if len(label) <= SHORTCUT_LENGTH else "Signaler"

    def first_address(self, text: str) -> str:
        """Return the first address of a text, canonical, and nothing else of it; "" when it has none."""
        found = self.read_address(text)
        return found.canonical if found else ""


def titles(db: Database) -> dict[str, str]:
    """Return what each role is called today."""
    return {role.id: role.title for role in roles.all_roles(db)}


def explained(error: ReportError) -> UserError:
    """Return the refusal that a command answers with."""
    return UserError(str(error))
