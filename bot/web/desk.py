"""Takes in what the web form brings, over the same records as the chat's: see `bot.web.intake`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar, cast

from bot.people import roles
from bot.reports import codes, filing, followups
from bot.reports.addresses.addresses import PostAddress
from bot.reports.filing import SAYS_LENGTH, WHERE_LENGTH, ReportIntake
from bot.reports.followups import Followup
from bot.reports.limits import REFUSAL, Limiter
from bot.reports.records import SEVERITIES, Records, ReportError, Session, Severity
from bot.reports.routing import RECIPIENTS
from bot.storage.database import Storage
from bot.times import Clock
from bot.web.intake import (
    CleanedImage,
    DialogueLine,
    FollowedReport,
    FormChoice,
    FormChoices,
    Pointed,
    RefusedError,
    Review,
    Typed,
)

Result = TypeVar("Result")

_EXPLAINED: Final = {
    False: "Vous pouvez ajouter quelque chose tant que le signalement est ouvert.",
    True: "Le signalement est clos\u00a0: on ne peut plus rien y ajouter.",
}
_ASKED: Final = "On vous demande quelque chose\u00a0: voyez les échanges."
_NEEDED: Final = {
    "address": "Donnez l'adresse de la publication, ou dites où elle se trouve.",
    "summary": "Dites en quelques mots ce que la publication dit.",
    "severity": "Choisissez la gravité.",
    "recipient": "Choisissez à qui le transmettre.",
}


@dataclass(frozen=True)
class WebIntake:
    """See `bot.web.intake.Intake`.

    `read_address`: finds the address of a post in a text, None when it has none. `marks`: the phrases
    of a text that may tell who someone is. `clean_text`: a text whose addresses tell nothing of who shares
    them. `scatter`: has the file tell nothing of when something came, on the storage thread. `draw`: draws
    an image anew, off the event loop; raises `RefusedError`.
    """

    storage: Storage
    records: Records
    clock: Clock
    limiter: Limiter
    read_address: Callable[[str], PostAddress | None]
    marks: Callable[[str], Sequence[Pointed]]
    clean_text: Callable[[str], str]
    scatter: Callable[[], None]
    draw: Callable[[bytes], CleanedImage]
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    # However many are at the form, at most two of them are before the chat in the storage thread's queue.
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def choices(self) -> FormChoices:
        """Return what one may choose among."""
        titles = await self._within(
            lambda session: {one.id: one.title for one in roles.all_roles(session.db)}
        )
        recipients = [FormChoice(role, titles[role]) for role in RECIPIENTS]
        return FormChoices([_severity(*one) for one in SEVERITIES.items()], recipients, recipients)

    async def review(self, typed: Typed) -> Review:
        """Look at what was typed; nothing of it is kept."""
        return await asyncio.to_thread(self._looked_at, typed)

    def _looked_at(self, typed: Typed) -> Review:
        found = self.read_address(typed.address)
        where = found.canonical if found else self.clean_text(typed.address)[:WHERE_LENGTH]
        tidy = replace(typed, address=where, summary=self.clean_text(typed.summary)[:SAYS_LENGTH])
        pointed = {"address": () if found else self.marks(where), "summary": self.marks(tidy.summary)}
        return Review(tidy, _problems(tidy), {name: each for name, each in pointed.items() if each})

    async def point_out(self, words: str) -> Sequence[Pointed]:
        """Return what may tell who someone is in what is to be added."""
        return await asyncio.to_thread(self.marks, words)

    async def clean(self, content: bytes) -> CleanedImage:
        """Draw an image anew. Raises `RefusedError`."""
        return await asyncio.to_thread(self.draw, content)

    def new_code(self) -> str:
        """Return a new receipt."""
        return codes.new()

    async def send(self, typed: Typed, picture: CleanedImage | None, code: str) -> None:
        """Keep a report under `code`, unless it is already. Raises `RefusedError`, nothing being kept."""
        found = self.read_address(typed.address)
        entry = ReportIntake(
            found.canonical if found else typed.address,
            typed.summary,
            cast("Severity", typed.severity),
            platform=found.platform if found else "",
            canonical=found is not None,
            recipient=typed.recipient,
            named=tuple(role for role in RECIPIENTS if role in typed.named),
            urgent=typed.urgent,
            name=" ".join(typed.name.split()),
            original=picture.original if picture else "",
        )
        image = picture.content if picture else None
        async with self._sending:  # pressed twice, it is counted once
            if await self.follow(code) is not None:
                return
            if not self.limiter.take_from_web():
                raise RefusedError(REFUSAL)
            await self._kept(lambda session: filing.file(session, entry, image, code))

    async def follow(self, code: str) -> FollowedReport | None:
        """Return what became of a report; None for whatever is not the code of one."""
        return await self._within(lambda session: _shown(_found(session, code)))

    async def add(self, code: str, words: str) -> FollowedReport | None:
        """Add words to a report. Raises `RefusedError`, nothing being kept."""

        def add(session: Session) -> FollowedReport | None:
            found = _found(session, code)
            if found is None:
                return None
            followups.add(session, found.receipt, self.clean_text(words))
            return _shown(_found(session, code))

        try:
            return await self._kept(add)
        except ReportError as error:
            raise RefusedError(str(error)) from error

    async def withdraw(self, code: str) -> bool:
        """Withdraw a report; False when there is none."""

        def withdraw(session: Session) -> bool:
            found = _found(session, code)
            if found is not None:
                followups.withdraw(session, found.receipt)
            return found is not None

        return await self._kept(withdraw)

    async def _within(self, work: Callable[[Session], Result]) -> Result:
        """Do `work` on the storage thread, inside one transaction."""

        def run() -> Result:
            with self._session() as session:
                return work(session)

        async with self._turns:
            return await self.storage.run(run)

    async def _kept(self, work: Callable[[Session], Result]) -> Result:
        """Do `work`, that changes what is kept of reports, unless it returns nothing.

        A code that opens nothing then has the file laid out anew for nobody.
        """
        done = await self._within(work)
        if done:
            await self.storage.run(self.scatter)
        return done

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self.storage.transaction() as db:
            yield Session(db, self.records, self.clock())


def _severity(value: Severity, words: str) -> FormChoice:
    label, _, hint = words.partition("\u00a0: ")
    return FormChoice(value, label, f"{hint[:1].upper()}{hint[1:]}." if hint else "")


def _problems(typed: Typed) -> dict[str, str]:
    well = {
        "address": bool(typed.address),
        "summary": bool(typed.summary),
        "severity": typed.severity in SEVERITIES,
        "recipient": typed.recipient in RECIPIENTS,
    }
    return {name: _NEEDED[name] for name, fine in well.items() if not fine}


def _found(session: Session, code: str) -> Followup | None:
    try:
        return followups.find(session, followups.receipt_of(session, code))
    except ReportError:
        return None


def _shown(found: Followup | None) -> FollowedReport | None:
    if found is None:
        return None
    ended = f"{found.status}\u00a0: {found.outcome}" if found.outcome else found.status
    explained = found.words or (_ASKED if found.asked else _EXPLAINED[found.closed])
    said = tuple(DialogueLine(one.author == "reporter", one.text) for one in found.said)
    return FollowedReport(ended, explained, said, open=not found.closed)
