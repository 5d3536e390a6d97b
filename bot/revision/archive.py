"""The archive of policy texts: the texts in force, comparisons, and the announcement of revisions.

Texts are read from files, and the database holds each approved text. A changed file is detected when the bot
starts, and its text is proposed. The previous text stays in force until someone approves the new one.
"""

# ruff: noqa: PLC0415 — modules needed only when a text changes are imported then, so that the bot starts sooner

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlite_utils import Database

from bot.conversation.messages import Message, Quoter
from bot.logs import ExplainedError
from bot.onboarding import enrolment
from bot.outbox import rows
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.policy import articles, loading
from bot.policy.articles import PolicyError, Version
from bot.policy.changes.comparison import Comparison, compare, with_decisions
from bot.policy.library import Library, Policy, SetAside
from bot.policy.loading import Approved
from bot.policy.names import GenderedName
from bot.policy.provisions import Outline
from bot.register.attestations import Target
from bot.revision import provisions, revisions
from bot.revision.revisions import Proposal, Revision, RevisionError
from bot.schedule import clock
from bot.schedule.names import AHEAD, ANNOUNCE, LEARN, PUBLISH
from bot.times import Calendar

if TYPE_CHECKING:
    from bot.revision.audience import Campaign

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundNotice:
    """The argument of the notice about a file with an unapproved text. `revision`: the proposal's id."""

    revision: str


@dataclass(frozen=True, slots=True)
class UnreadNotice:
    """The argument of the notice about files that cannot be read. `policy`: its id."""

    policy: str


@dataclass(frozen=True, slots=True)
class AheadNotice:
    """The argument of a channel's notice about a coming revision. `revision`: its id."""

    revision: str


COMING: Final = Notice("revision-a-venir", "l'annonce d'une révision à venir dans un canal", AheadNotice)
CANCELLED: Final = Notice("revision-annulee", "le retrait d'une révision à venir dans un canal", AheadNotice)
UNREAD: Final = Notice("texte-illisible", "un fichier de politique qui ne se lit pas", UnreadNotice)
FOUND: Final = Notice("revision-trouvee", "un texte changé dans les fichiers", FoundNotice)

# Makes a page that shows messages as each platform would, from a title, the messages by name, and the
# function that returns the policy's words.
Preview: TypeAlias = Callable[[str, Mapping[str, Message], Quoter], bytes]
# Maps reading pages whose words are the same in two versions of a policy, from old names to new names.
Pages: TypeAlias = Callable[[Version, Version, Policy], Mapping[str, str]]
# Reads the guidance for the policies and returns a function that applies it. Raises `PolicyError`.
Interpret: TypeAlias = Callable[[Mapping[str, Policy]], Callable[[], None]]


@lru_cache(maxsize=32)
def nothing(policy: str) -> Version:
    """Return an empty version, with which a policy's first text is compared."""
    return Version(policy, date.min, Outline((), ()))


def approved(db: Database, folders: Sequence[Path], default: str, today: date) -> Approved:
    """Return the texts that are or were in force. For a new policy, first store the texts of its files.

    Delete the texts of a shipped policy that is no longer `default`, unless the database refers to it. A file
    that cannot be read is not stored. Raises `PolicyError` if `default` has no text.
    """
    for policy in loading.only_shipped(folders, default):
        revisions.forget_untouched(db, policy)
    texts = revisions.adopted_texts(db)
    for read in loading.read_policies(folders, default, texts, []).values():
        if read.id not in texts:
            for version in read.versions:
                revisions.originate(db, read.id, version.adopted, version.markdown, today)
    return revisions.adopted_texts(db)


@dataclass
class Archive:
    """The archive of all texts. `volume`: the association's folder, where adopted texts are also written.

    `channels`: the channels where revisions are announced. `approvals`: how many people must approve.
    `questions`: returns how many questions are asked about the changes of a comparison. `quizzed`: returns
    whether a version has a quiz. `attested`: returns whether people attest that they have read a
    policy, given by id; None if they attest the default policy alone. `interpret` reads the guidance for the
    texts that come into force. `after_commit` runs a function once the current transaction is committed.
    `at_once`: also send outside working hours (in the sandbox).
    """

    library: Library
    folders: Sequence[Path]
    calendar: Calendar
    volume: Path | None = None
    channels: Sequence[str] = ()
    approvals: int = 1
    preview: Preview = lambda _title, _shown, _quote: b""
    pages: Pages = lambda _old, _new, _policy: {}
    questions: Callable[[Comparison], int] = lambda _comparison: 0
    quizzed: Callable[[Version], bool] = lambda _version: True
    attested: Callable[[str], bool] | None = None
    interpret: Interpret = lambda _policies: lambda: None
    after_commit: Callable[[Callable[[], None]], None] = lambda work: work()
    at_once: bool = False
    _drafts: dict[str, Version] = field(default_factory=dict)

    def is_attested(self, policy: str) -> bool:
        """Return whether people attest that they have read a policy, by its id."""
        return self.attested(policy) if self.attested else policy == self.library.default.id

    # Versions and comparisons

    def list_revisions(self, db: Database) -> list[tuple[Policy, Revision]]:
        """Return every revision with its policy, one policy after another, the latest revision first."""
        served = self.library.policies
        new = (name for name in revisions.policies(db) if name not in served)
        names = [*served, *(name for name in new if revisions.policy_name(db, name))]
        return [
            (self.policy(db, revision), revision)
            for name in names
            for revision in revisions.list_revisions(db, name)
        ]

    def policy(self, db: Database, revision: Revision) -> Policy:
        """Return a revision's policy, even if the revision is its first text. Raises `PolicyError`."""
        if revision.policy not in self.library.policies:
            name = revisions.policy_name(db, revision.policy) or GenderedName(revision.policy.upper())
            self.library.propose(self.version(revision), name)
        return self.library.known(revision.policy)

    def version(self, revision: Revision) -> Version:
        """Return an adopted or proposed text as a quotable version. Raises `PolicyError`."""
        if revision.state in {"origin", "announced"}:
            return self.library.version(revision.policy, revision.version)
        policy = self.library.policies.get(revision.policy) if revision.is_coming else None
        for version in policy.coming if policy else ():
            if version.adopted == revision.adopted:
                return version
        if revision.id not in self._drafts:
            adopted = revision.adopted or revision.proposed_on
            draft = articles.parse(revision.text, policy=revision.policy, adopted=adopted, key=revision.id)
            self._drafts[revision.id] = draft
            self.library.propose(draft)
        return self._drafts[revision.id]

    def comparison(self, db: Database, revision: Revision) -> Comparison:
        """Return a revision's changes, with the natures that the administration set. Raises `PolicyError`.

        A nature says whether a change is editorial, substantive or a restructuring.
        """
        chain = revisions.approved_chain(db, revision.policy)
        base = next((text for text in chain if text.version == revision.base), None)
        old = self.version(base) if base else nothing(revision.policy)
        return with_decisions(compare(old, self.version(revision)), revision.natures)

    def since(self, adopted: str, revision: Revision) -> Comparison:
        """Return the changes from an earlier version, given by adoption date, to an announced revision."""
        old = self.library.version(revision.policy, adopted)
        return with_decisions(compare(old, self.version(revision)), revision.natures)

    def since_read(self, db: Database, revision: Revision, person: str | None) -> Comparison:
        """Return the changes since the version that a person last attested, or since the previous version."""
        from bot.revision import audience

        approved = revisions.approved_chain(db, revision.policy)
        *former, current = (text for text in approved if text.state != "scheduled")
        if person is not None and current.id == revision.id:
            last = audience.last_attested(db, person, former)
            if last is not None and last.version != revision.base:
                return self.since(last.version, revision)
        return self.comparison(db, revision)

    # Proposing

    def propose(self, db: Database, proposal: Proposal, today: date) -> Revision:
        """Propose a text and return its revision.

        Raises `RevisionError` if the text changes nothing, `PolicyError` if it cannot be read, and
        `UserError` if the policy is unknown.
        """
        if revisions.policy_name(db, proposal.policy) is None:
            self.library.find(proposal.policy)
        new = articles.parse(proposal.text, policy=proposal.policy, adopted=today, source="ce texte")
        latest = revisions.latest_approved(db, proposal.policy)
        if latest and proposal.source == "folder" and compare(self.version(latest), new).is_empty:
            raise RevisionError("ce texte dit la même chose que celui en vigueur.")
        revision = revisions.propose(db, proposal, today)
        self.policy(db, revision)
        self.version(revision)
        return revision

    def watch(self, db: Database, now: datetime) -> list[Revision]:
        """Propose unknown texts found in files, and return the proposals.

        Notify the administration of each proposal, and of the files that cannot be read.
        """
        proposed = []
        for policy in self.library.policies:
            stored = revisions.list_texts(db, policy)
            digests = {text.sha256 for text in stored}
            dates = {text.adopted.isoformat() for text in stored if text.adopted}
            try:
                texts = loading.read_texts(self.folders, policy)
            except PolicyError as error:
                logger.warning("%s", error)
                continue
            for name, text in texts.items():
                if revisions.digest(text) in digests:
                    continue
                latest = revisions.latest_approved(db, policy)
                base = latest.version if latest else None
                adopted = None
                if name not in dates:
                    with suppress(ValueError):
                        adopted = date.fromisoformat(name)
                proposal = Proposal(policy, text, "folder", base, adopted)
                try:
                    proposed.append(self.propose(db, proposal, self.calendar.day(now)))
                except (PolicyError, RevisionError) as error:
                    logger.warning("%s/%s.md changed and was not proposed: %s", policy, name, error)
        for file in self.library.aside:
            key = f"{UNREAD.name}:{file.policy}:{revisions.digest(str(file.error))[:16]}"
            unread = UnreadNotice(file.policy)
            rows.enqueue(
                db, Delivery(key, enrolment.TO_ADMINISTRATION, UNREAD, unread, urgent=self.at_once), now
            )
        for revision in proposed:
            key = f"{FOUND.name}:{revision.id}"
            notice = FoundNotice(revision.id)
            delivery = Delivery(key, enrolment.TO_ADMINISTRATION, FOUND, notice, urgent=self.at_once)
            rows.enqueue(db, delivery, now)
        return proposed

    # The day of a revision

    def plan(self, db: Database, revision: Revision, now: datetime) -> None:
        """Plan an approved revision's announcement, on its effective day or now, and its model's training."""
        if revision.effective is None:
            raise RevisionError("cette révision n'a pas de date d'effet.")
        begins = self.calendar.at(revision.effective, time.min)
        clock.plan(db, f"{ANNOUNCE}:{revision.id}", ANNOUNCE, max(begins, now), {"revision": revision.id})
        clock.plan(db, f"{LEARN}:{revision.id}", LEARN, now)  # so that the model is ready in time

    def next_scheduled(self, db: Database) -> Approved:
        """Return, for each policy with a scheduled text, its adopted texts up to the next scheduled one."""
        texts = {}
        for policy in self.library.policies:
            chain = revisions.approved_chain(db, policy)
            day = next((text.effective for text in chain if text.state == "scheduled"), None)
            if day is not None:
                texts[policy] = revisions.adopted_texts(db, until=day)[policy]
        return texts

    def announce_ahead(self, db: Database, revision: Revision, now: datetime) -> Revision:
        """Announce a scheduled revision before its day. Raises `RevisionError`."""
        revision = revisions.announce_ahead(db, revision, self.calendar.day(now))
        self._plan_telling(db, revision, now)
        return revision

    def withdraw(self, db: Database, revision: Revision, person: str | None, now: datetime) -> Revision:
        """Withdraw a revision that is not in force, and tell the channels where it was announced.

        Raises `RevisionError`.
        """
        # If this task was still planned, neither a channel nor the site has announced the revision (see
        # `app/publication.py`).
        untold = clock.cancel(db, f"{AHEAD}:{revision.id}:scheduled")
        revision = revisions.withdraw(db, revision, person, self.calendar.day(now), untold=untold)
        clock.cancel(db, f"{ANNOUNCE}:{revision.id}")
        if revision.ahead_on:
            self._plan_telling(db, revision, now)
        return revision

    def _plan_telling(self, db: Database, revision: Revision, now: datetime) -> None:
        """Plan `tell_ahead` for the bot's clock to run now, since the caller may be the command line."""
        clock.plan(db, f"{AHEAD}:{revision.id}:{revision.state}", AHEAD, now, {"revision": revision.id})

    def tell_ahead(self, db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        """Announce in channels a coming revision, or its withdrawal, and plan the site's publication.

        A withdrawal is announced only in the channels where the revision was announced. Each person is
        notified only when the revision takes effect.
        """
        revision = revisions.find_revision(db, str(arguments["revision"]))
        if revision is None or not (revision.is_coming or revision.state == "withdrawn"):
            return
        for channel in self.channels:
            coming, cancelled = (
                f"{template.name}:{revision.id}:{channel}" for template in (COMING, CANCELLED)
            )
            notice, to = AheadNotice(revision.id), f"channel:{channel}"
            if revision.is_coming:
                rows.enqueue(db, Delivery(coming, to, COMING, notice, self.at_once), now)
                continue
            arrived = rows.may_have_arrived(db, coming)
            rows.cancel(db, coming)
            if arrived:
                rows.enqueue(db, Delivery(cancelled, to, CANCELLED, notice, self.at_once), now)
        clock.plan(db, f"{PUBLISH}:{revision.id}:{revision.state}", PUBLISH, now)
        self.reread(db)

    def announce(self, db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        """Put a scheduled revision in force and queue its announcement. Ignore any other revision.

        The previous texts are served until the transaction is committed. Raises `ExplainedError` if a file
        that accompanies the texts cannot be read.
        """
        from bot.revision import audience

        revision = revisions.find_revision(db, str(arguments["revision"]))
        if revision is None or revision.state != "scheduled":
            return
        nature = self.comparison(db, revision).nature
        revision = revisions.mark_announced(db, revision, nature, now)
        try:
            policies, serve = self._read(db, revision.policy)
        except PolicyError as error:
            raise ExplainedError(f"{error} Le texte précédent reste en vigueur d'ici là.") from error
        clock.plan(db, f"{LEARN}:{revision.id}:{revision.effective}", LEARN, now)
        # The site then shows the new version in force.
        clock.plan(db, f"{PUBLISH}:{revision.id}", PUBLISH, now)
        audience.announce(db, self._campaign(db, revision, policies[revision.policy]), self.channels, now)
        self.after_commit(serve)

    def follow(self, db: Database, now: datetime) -> None:
        """Notify people who joined or returned after a revision, and cancel notices to those who left."""
        for name, policy in self.library.policies.items():
            chain = revisions.approved_chain(db, name)
            in_force = [text for text in chain if text.state != "scheduled"]
            if in_force and in_force[-1].state == "announced":
                from bot.revision import audience

                audience.follow(db, self._campaign(db, in_force[-1], policy), now)

    def _campaign(self, db: Database, revision: Revision, policy: Policy) -> Campaign:
        from bot.revision.audience import Campaign

        chain = revisions.approved_chain(db, revision.policy)
        at = next(at for at, text in enumerate(chain) if text.id == revision.id)
        new = policy.version(revision.version)
        return Campaign(
            revision,
            chain[: at + 1],
            Target(revision.policy, new.adopted, revision.sha256, ""),
            self.calendar,
            attested=self.is_attested(policy.id),
            carried=lambda adopted: self.pages(policy.version(adopted.isoformat()), new, policy),
            at_once=self.at_once,
        )

    def _read(self, db: Database, whole: str = "") -> tuple[Mapping[str, Policy], Callable[[], None]]:
        """Read the texts in force and their guidance. Return the policies and a function that serves them.

        Nothing changes until that function is called. The function also writes the texts to the volume.
        `whole`: the id of a policy, for which an unreadable file raises `PolicyError`.
        """
        adopted = revisions.adopted_texts(db)
        aside = list[SetAside]()
        policies = loading.read_policies(self.folders, self.library.default.id, adopted, aside)
        for file in aside:
            if file.policy == whole:
                raise file.error
        for policy in policies.values():
            provisions.keep_identities(db, policy)
        use_interpretation = self.interpret(policies)

        def serve() -> None:
            self.library.replace(policies)
            use_interpretation()
            for policy, texts in adopted.items():
                for text in texts:
                    if text.coming:
                        continue
                    self._write(f"{policy}/{text.adopted}.md", text.text)

        return policies, serve

    def reread(self, db: Database) -> None:
        """Read the files beside the texts again, and serve them once the transaction is committed.

        Raises `PolicyError`. The texts read earlier then stay in use.
        """
        _, serve = self._read(db)
        self.after_commit(serve)

    def _write(self, name: str, text: str) -> None:
        """Write an adopted text to the volume, for people and programs. The bot never reads that file."""
        if self.volume is None or any((folder / "politique" / name).exists() for folder in self.folders):
            return
        path = self.volume / "politique" / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            logger.warning("%s was not written: %s", name, type(error).__name__)

    def settle(self, db: Database, now: datetime) -> None:
        """At start, make proposed texts quotable, serve the texts in force, and look for changed files."""
        for _, revision in self.list_revisions(db):
            if revision.state != "announced":
                self.version(revision)
        _, serve = self._read(db)
        serve()  # at once, since these texts are already committed
        self.watch(db, now)
