"""The daily look at the source: a text whose words changed is stored like a dropped file, and reported.

Only the administration sees the stored text. It is not proposed as a revision until someone confirms its
outline.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.conversation.deferred import aside
from bot.conversation.messages import clean, excerpt
from bot.onboarding.enrolment import TO_ADMINISTRATION
from bot.outbox import rows
from bot.outbox.notices import Arguments, Notice
from bot.outbox.rows import Delivery
from bot.policy import articles
from bot.policy.articles import PolicyError
from bot.policy.changes.comparison import compare
from bot.policy.outline import settle
from bot.policy.provisions import Outline
from bot.revision import dropped_texts, revisions
from bot.revision.archive import Archive
from bot.revision.reading import formats
from bot.revision.reading.document import Document
from bot.revision.reading.lint import source_words
from bot.storage.database import Storage
from bot.watching import observed
from bot.watching.fetching import MOST_BYTES, Fetched, SourceError
from bot.watching.notices import BROKEN, CHANGED, MENDED, ChangedNotice, OutageNotice
from bot.watching.observed import MOST_TEXTS, Observed, Validators
from bot.watching.sources import WatchedSource

_NAME_LENGTH: Final = 60  # maximum characters of a document's name, as for a dropped file
_UNNAMED: Final = "le document"
_FAILURES: Final = 2  # consecutive temporary failures before the outage is reported


@dataclass(frozen=True, slots=True)
class SeenText:
    """A document that was read. `name`: the file name shown to people. `words`: a hash of its words."""

    policy: str
    name: str
    document: Document
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look at the source: the documents that may have changed, and the problems.

    `validators`: the validators of these documents, by policy.
    """

    texts: Sequence[SeenText] = ()
    validators: Mapping[str, Validators] = field(default_factory=dict)
    problem: SourceError | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """The daily look at a source. `around`: as in `Work`."""

    source: WatchedSource
    storage: Storage
    archive: Archive
    around: Callable[[Database, datetime], AbstractContextManager[None]]

    async def run(self, due: datetime, now: datetime) -> None:
        """Look at the source, and report changed texts and outages. Safe to repeat.

        `due`: the moment for which this look was scheduled.
        """
        observed_texts = await self.storage.run(self._known)
        try:
            fetched = await self.source.look(observed_texts.validators)
        except SourceError as error:
            look = Look(problem=error)
        else:
            look = await aside(partial(_read, fetched))
        await self.storage.run(partial(self._record, look, due, now))

    def _known(self) -> Observed:
        with self.storage.transaction() as db:
            return self._remembered(db)

    def _remembered(self, db: Database) -> Observed:
        """Return this source's stored state or, when another source's is stored, only the reported texts."""
        stored = observed.read(db)
        source = observed.source_key(self.source.place)
        return stored if stored.source == source else Observed(source, texts=stored.texts)

    def _record(self, look: Look, due: datetime, now: datetime) -> None:
        with self.storage.transaction() as db, self.around(db, due):
            observed_texts = self._remembered(db)
            day = self.archive.calendar.day(now)
            for text in look.texts:
                if text.words not in observed_texts.texts and self._differs(db, text):
                    self._keep(db, text, now)
                    observed_texts = replace(
                        observed_texts, texts=(*observed_texts.texts, text.words)[-MOST_TEXTS:]
                    )
            observed_texts = replace(
                observed_texts, day=day, validators={**observed_texts.validators, **look.validators}
            )
            observed.write(db, self._tell_outage(db, observed_texts, look.problem, now))

    def _differs(self, db: Database, seen: SeenText) -> bool:
        """Return whether a document's words differ from every known text of its policy."""
        if any(_words(text.text) == seen.words for text in revisions.list_texts(db, seen.policy)):
            return False
        decisions = dropped_texts.kept_decisions(db, seen.policy)
        approved = revisions.approved_chain(db, seen.policy)
        blocks, today = seen.document.blocks, self.archive.library.today()
        decided = seen.document.decided(settle(blocks, decisions, self._adopted(db, seen.policy)))
        try:
            new = articles.parse(decided.markdown, policy=seen.policy, adopted=today)
            return not any(compare(self.archive.version(text), new).is_empty for text in approved)
        except PolicyError:
            return True  # the new text is invalid: its outline will show why

    def _adopted(self, db: Database, policy: str) -> Outline | None:
        latest = revisions.latest_approved(db, policy)
        return self.archive.version(latest).outline if latest else None

    def _keep(self, db: Database, seen: SeenText, now: datetime) -> None:
        """Store a document like a dropped file, and queue the notice that leads to its outline."""
        dropped = dropped_texts.store(db, seen.name, seen.document, self.archive.calendar.day(now))
        if not dropped.policy:  # otherwise someone dropped the same file, and is correcting it
            dropped_texts.place(db, dropped, seen.policy, adopted=self._adopted(db, seen.policy))
        self._tell(db, CHANGED, seen.words, ChangedNotice(dropped.id), now)

    def _tell_outage(
        self, db: Database, observed_texts: Observed, problem: SourceError | None, now: datetime
    ) -> Observed:
        """Queue the notice that the source fails or works again. Return the state to record."""
        notice = OutageNotice(self.archive.calendar.day(now))
        if problem is None:
            # A notice that the source fails may still be queued, as on a Sunday. It is then cancelled, and
            # the end of the outage is not announced.
            if observed_texts.announced and not rows.cancel(db, f"{BROKEN.name}:{observed_texts.announced}"):
                self._tell(db, MENDED, str(notice.day), notice, now)
            return replace(observed_texts, problem="", failures=0, announced=None)
        observed_texts = replace(
            observed_texts, problem=problem.problem, failures=observed_texts.failures + 1
        )
        if observed_texts.announced or (problem.passing and observed_texts.failures < _FAILURES):
            return observed_texts
        self._tell(db, BROKEN, str(notice.day), notice, now)
        return replace(observed_texts, announced=notice.day)

    def _tell(
        self, db: Database, notice: Notice[Arguments], about: str, arguments: Arguments, now: datetime
    ) -> None:
        """Queue a notice to the administration, at most once for each `about`, such as a day."""
        key, urgent = f"{notice.name}:{about}", self.archive.at_once
        rows.enqueue(db, Delivery(key, TO_ADMINISTRATION, notice, arguments, urgent=urgent), now)


def _read(fetched: Mapping[str, Fetched]) -> Look:
    """Parse the documents. Unreadable documents get no validators, so the next look fetches them again."""
    texts: list[SeenText] = []
    problem: SourceError | None = None
    for policy, file in fetched.items():
        name = excerpt(clean(file.name), _NAME_LENGTH) or _UNNAMED
        try:
            document = formats.read_document(file.content, name, most=MOST_BYTES, charset=file.charset)
        except PolicyError as error:
            problem = SourceError(error.problem)
        else:
            texts.append(SeenText(policy, name, document, _words(document.markdown)))
    return Look(texts, {text.policy: fetched[text.policy].validators for text in texts}, problem)


def _words(markdown: str) -> str:
    """Return a hash of a text's words, ignoring case, white space and markup."""
    text = unicodedata.normalize("NFKC", " ".join(source_words(markdown))).replace("\u00ad", "").casefold()
    return hashlib.sha256(" ".join(re.findall(r"\w+", text)).encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]
