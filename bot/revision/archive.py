"""Every text of the policies at work: which ones are in force, what a revision changes, when its day comes.

The database holds each text that was approved; files are where they come from. A file that changes is
noticed when the bot starts, and proposed: until someone approves it, the former text stays in force.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot.answers.retraining import LEARN
from bot.conversation.messages import Message, Quoter
from bot.onboarding import enrolment
from bot.outbox import rows
from bot.outbox.rows import Delivery
from bot.policy import articles, loading
from bot.policy.articles import PolicyError, Version
from bot.policy.changes import comparison
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Library
from bot.policy.loading import Adopted, Approved
from bot.register.attestations import Target
from bot.revision import audience, revisions
from bot.revision.audience import FOUND, Campaign, FoundNotice
from bot.revision.revisions import Proposal, Revision, RevisionError
from bot.schedule import clock
from bot.times import Calendar

logger = logging.getLogger(__name__)

TASK: Final = "revision"  # what the clock does when the day of a revision comes

# What shows messages as each platform would: a title, messages by name, what gives the policy's words.
Preview: TypeAlias = Callable[[str, Mapping[str, Message], Quoter], bytes]
# From one version to another: the pages that say the same, by their names in each.
Pages: TypeAlias = Callable[[Version, Version], Mapping[str, str]]


def approved(db: Database, folders: Sequence[Path], today: date) -> Approved:
    """Return the texts that are in force; the files that are there at first are taken as they are.

    Raises `PolicyError` when a file cannot be read.
    """
    known = revisions.adopted_texts(db)
    for policy in loading.read_policies(folders, known):
        if policy not in known:
            for adopted, text in loading.read_texts(folders, policy).items():
                revisions.originate(db, policy, date.fromisoformat(adopted), text, today)
    return revisions.adopted_texts(db)


@dataclass
class Archive:
    """The texts at work. `volume`: the association's own folder, where adopted texts are written too.

    `channels`: where revisions are announced. `preview`, `pages`: see there. `replaced`: called once other
    texts are in force. `approvals`: how many persons it takes to approve. `at_once`: whether people are told
    without waiting for working hours, as in the sandbox.
    """

    library: Library
    folders: Sequence[Path]
    calendar: Calendar
    volume: Path | None = None
    channels: Sequence[str] = ()
    approvals: int = 1
    preview: Preview = lambda _title, _shown, _quote: b""
    pages: Pages = lambda _old, _new: {}
    replaced: Callable[[], None] = lambda: None
    at_once: bool = False
    _in_force: tuple[tuple[str, str], ...] = ()
    _drafts: dict[str, Version] = field(default_factory=dict)

    # What a revision is

    def version(self, revision: Revision) -> Version:
        """Return a text as a version, adopted or only proposed, that can be quoted. Raises `PolicyError`."""
        if revision.state in {"origin", "announced"}:
            return self.library.version(revision.policy, revision.version)
        key = revision.id
        if key not in self._drafts:
            adopted = revision.adopted or revision.proposed_on
            version = articles.parse(
                revision.text, policy=revision.policy, adopted=adopted, source="", key=key
            )
            self._drafts[key] = version
            self.library.propose(version)
        return self._drafts[key]

    def comparison(self, db: Database, revision: Revision) -> Comparison:
        """Return what a revision changes, as the administration decided. Raises `PolicyError`."""
        chain = revisions.approved_chain(db, revision.policy)
        base = next(one for one in chain if one.version == revision.base)
        return comparison.with_decisions(
            _compare(self.version(base), self.version(revision)), revision.natures
        )

    def since(self, adopted: str, revision: Revision) -> Comparison:
        """Return what changed from an earlier version, by its adoption, to that of an announced revision."""
        old, new = self.library.version(revision.policy, adopted), self.version(revision)
        return comparison.with_decisions(_compare(old, new), revision.natures)

    # Proposing

    def propose(self, db: Database, proposal: Proposal, today: date) -> Revision:
        """Propose a text.

        Raises `RevisionError` when it changes nothing, `PolicyError` when it cannot be read.
        """
        if proposal.policy not in self.library.policies:
            raise RevisionError(f"je ne connais pas la politique «\u00a0{proposal.policy}\u00a0».")
        read = articles.parse(proposal.text, policy=proposal.policy, adopted=today, source="ce texte")
        [*_, latest] = revisions.approved_chain(db, proposal.policy)
        if proposal.source == "folder" and not _compare(self.version(latest), read).changes:
            raise RevisionError("ce texte dit la même chose que celui en vigueur.")
        revision = revisions.propose(db, proposal, today)
        self.version(revision)
        return revision

    def watch(self, db: Database, now: datetime) -> list[Revision]:
        """Propose the texts of files that are not known, and tell the administration. Return them."""
        found = []
        for policy in self.library.policies:
            known = revisions.list_texts(db, policy)
            digests = {one.sha256 for one in known}
            dates = {one.adopted.isoformat() for one in known if one.adopted}
            for name, text in self._files(policy).items():
                if revisions.digest(text) not in digests:
                    adopted = date.fromisoformat(name) if name not in dates and _is_day(name) else None
                    base = revisions.latest_base(db, policy)
                    proposal = Proposal(policy, text, "folder", base, adopted)
                    found += self._found(db, proposal, name, now)
        for one in found:
            key, notice = f"{FOUND.name}:{one.id}", FoundNotice(one.id)
            delivery = Delivery(key, enrolment.TO_ADMINISTRATION, FOUND, notice, urgent=self.at_once)
            rows.enqueue(db, delivery, now)
        return found

    def _files(self, policy: str) -> Mapping[str, str]:
        try:
            return loading.read_texts(self.folders, policy)
        except PolicyError as error:
            logger.warning("%s", error)
            return {}

    def _found(self, db: Database, proposal: Proposal, name: str, now: datetime) -> list[Revision]:
        try:
            return [self.propose(db, proposal, self.calendar.day(now))]
        except (PolicyError, RevisionError) as error:
            logger.warning("%s/%s.md changed and is not proposed: %s", proposal.policy, name, error)
            return []

    # Its day

    def plan(self, db: Database, revision: Revision, now: datetime) -> None:
        """Have an approved revision announced when its day comes; at once, if it has come. Learn it now."""
        if revision.effective is None:
            raise RevisionError("cette révision n'a pas de date d'effet.")
        begins = self.calendar.at(revision.effective, time.min)
        clock.plan(db, f"{TASK}:{revision.id}", TASK, max(begins, now), {"revision": revision.id})
        clock.plan(db, f"{LEARN}:{revision.id}", LEARN, now)  # so that it is done by then

    def coming(self, db: Database) -> Approved:
        """Return, for each policy that has a text to come, its texts up to the next one."""
        found = {}
        for policy in self.library.policies:
            chain = revisions.approved_chain(db, policy)
            day = next((one.effective for one in chain if one.state == "scheduled"), None)
            if day is not None:
                found[policy] = revisions.adopted_texts(db, until=day)[policy]
        return found

    def announce(self, db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        """Put a revision in force and have it told; withdrawn meanwhile, or told already, do nothing."""
        revision = revisions.find_revision(db, str(arguments["revision"]))
        if revision is None or revision.state != "scheduled":
            return
        nature = self.comparison(db, revision).nature
        revision = revisions.mark_announced(db, revision, nature, now)
        self.refresh(db)
        clock.plan(db, f"{LEARN}:{revision.id}:{revision.effective}", LEARN, now)
        audience.announce(db, self.campaign(db, revision), self.channels, now)

    def follow(self, db: Database, now: datetime) -> None:
        """Tell those who came back since the last revision, and nobody who left. See `onboarding.follow`."""
        for policy in self.library.policies:
            chain = revisions.approved_chain(db, policy)
            told = [one for one in chain if one.state == "announced"]
            if told and told[-1] is [one for one in chain if one.state != "scheduled"][-1]:
                audience.follow(db, self.campaign(db, told[-1]), now)

    def campaign(self, db: Database, revision: Revision) -> Campaign:
        """Return a revision that is in force as it is told."""
        chain = revisions.approved_chain(db, revision.policy)
        at = next(number for number, one in enumerate(chain) if one.id == revision.id)
        policy = self.library.policies[revision.policy]
        new = policy.version(revision.version)

        def carried(adopted: date) -> Mapping[str, str]:
            return self.pages(policy.version(adopted.isoformat()), new)

        return Campaign(
            revision,
            chain[: at + 1],
            Target(revision.policy, new.adopted, revision.sha256, ""),
            self.calendar,
            attested=policy is self.library.default,
            carried=carried,
            at_once=self.at_once,
        )

    def refresh(self, db: Database) -> bool:
        """Have the texts that are in force served, and written in the volume.

        Return whether they are others than before.
        """
        known = revisions.adopted_texts(db)
        now = tuple(sorted((policy, f"{one.adopted}") for policy, texts in known.items() for one in texts))
        if now == self._in_force:
            return False
        self._in_force = now
        self.library.replace(loading.read_policies(self.folders, known))
        for policy, texts in known.items():
            for one in texts:
                self._write(policy, one)
        self.replaced()
        return True

    def _write(self, policy: str, one: Adopted) -> None:
        """Write an adopted text beside the others, for people and other programs; it is never read again."""
        name = f"{one.adopted}.md"
        if self.volume is None or any(
            (folder / "politique" / policy / name).exists() for folder in self.folders
        ):
            return
        folder = self.volume / "politique" / policy
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(one.text.encode())
        except OSError as error:
            logger.warning("%s/%s was not written: %s", policy, name, type(error).__name__)

    def settle(self, db: Database, now: datetime) -> None:
        """Do what a start asks for: quote what was proposed, notice what changed."""
        for policy in self.library.policies:
            for one in revisions.list_revisions(db, policy):
                if one.state != "announced":
                    self.version(one)
        self.refresh(db)
        self.watch(db, now)


@lru_cache(maxsize=32)
def _compare(old: Version, new: Version) -> Comparison:
    return comparison.compare(old, new)


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
