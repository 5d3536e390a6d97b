"""Whoever a report names gets, to the byte, what they would get if it had never been made (T12).

One story is lived twice with the same random draws, with and without the reports that name someone. All that
this person is sent or answered until everything is closed and destroyed must be the same.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.configuration.profile import shipped
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message
from bot.conversation.requests import CONFIRMED, Actor
from bot.outbox import rows
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes
from bot.outbox.rows import Delivery
from bot.outbox.sending import Sender
from bot.people import persons
from bot.platforms.contract import Destination
from bot.platforms.slack.render import form_window, render
from bot.policy.library import Library
from bot.reports import escalation, retention
from bot.reports.figures import digest, export
from bot.reports.filing import Report
from bot.reports.records import Session
from bot.reports.routing import Routing, load_routing
from bot.storage.destruction import forgets_nothing
from tests.kits.office import CALENDAR
from tests.kits.outbox import until_idle
from tests.kits.people import ADVISER_ROLE, COMMUNICATIONS_ROLE
from tests.kits.reports.chat import CONSEILLER, HOLDERS, SUPPLEANT, VP, Chat, chatting

pytestmark = pytest.mark.attack("Apprendre qu'on est en cause")

RECIPIENTS = shipped().recipients
ACTORS = {role: HOLDERS[role] for role in RECIPIENTS}
# Minutes from the start of the story: the afternoon, then a week, then until all is destroyed.
AFTERNOON = range(0, 300, 15)
WEEK = range(300, 60 * 24 * 7, 360)
END = range(60 * 24 * 8, 60 * 24 * 106, 60 * 24 * 7)
MOMENTS = [*AFTERNOON, *WEEK, *END]
PRESSED = (
    "voir", "echanges", "plus", "prendre", "demander", "etat", "clore", "rendre", "confier", "garder",
    "exporter",
)  # fmt: skip
FILLED = {"etat": "taken", "issue": "handled", "texte": "Pourquoi", "role": "suppleance-signalements"}


@dataclass(frozen=True)
class Filed:
    """A report of the story: when it is made, of what, and what its reporter does of it an hour later."""

    at: int
    choices: Report
    then: str = "nothing"


@dataclass(frozen=True)
class Story:
    """What happens. `watcher`: the role of the person whom the `hidden` reports name."""

    watcher: str
    hidden: Sequence[Filed]
    shown: Sequence[Filed]
    read_at: int
    closed_at: int
    others_close: bool
    seed: int


def a_filed(named: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[Filed]:
    choices = st.builds(Report, recipient=st.sampled_from(RECIPIENTS), implicated=named, urgent=st.booleans())
    then = st.sampled_from(["nothing", "withdraws", "adds"])
    return st.builds(Filed, st.sampled_from(AFTERNOON[:12]), choices, then)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    watcher = draw(st.sampled_from(RECIPIENTS))
    [other] = (role for role in RECIPIENTS if role != watcher)
    return Story(
        watcher,
        draw(st.lists(a_filed(st.sampled_from([(watcher,), RECIPIENTS])), min_size=1, max_size=2)),
        draw(st.lists(a_filed(st.sampled_from([(), (other,)])), min_size=1, max_size=2)),
        draw(st.sampled_from([*AFTERNOON[4:], *WEEK[::5]])),
        draw(st.sampled_from([*AFTERNOON[8:], *WEEK[::5]])),
        draw(st.booleans()),
        draw(st.integers(0, 1000)),
    )


class Dice:
    """What the program draws at random: the same for the same scope of the same story."""

    def __init__(self, seed: int) -> None:
        self.seed, self._random = seed, random.Random(seed)  # noqa: S311 — to be the same each time

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Draw as in any other scope of this name."""
        before, self._random = self._random, random.Random(f"{self.seed}:{name}")  # noqa: S311 — as above
        yield
        self._random = before

    def token_hex(self, size: int = 32) -> str:
        return self._random.randbytes(size).hex()

    def randbits(self, size: int) -> int:
        return self._random.getrandbits(size)

    def choice(self, items: Sequence[str]) -> str:
        return self._random.choice(items)

    def __call__(self) -> float:
        return self._random.random()


def as_bytes(reply: Reply, chat: Chat) -> bytes:
    """Return all that a platform would be given of a reply."""
    if isinstance(reply, Form):
        return json.dumps(form_window(reply)).encode()
    files = b"".join(file.content for file in reply.files())
    return json.dumps(render(reply, chat.reporting.library.quote)).encode() + files


@dataclass
class Watch:
    """A platform, and all that one person gets on it or is answered, in order."""

    actor: Actor
    chat: Chat
    got: list[tuple[int, str, bytes]] = field(default_factory=list)
    now: int = 0

    async def deliver(self, to: Destination, message: Message, _delivery_id: str) -> None:
        """Take a message."""
        if to.id == self.actor.user:
            self.got.append((self.now, "sent", as_bytes(message, self.chat)))

    async def was_delivered(self, *_: object) -> bool:
        """Say that a message did not arrive."""
        return False

    async def ask(self, line: str, /, **fields: str) -> None:
        """Have the person press or type something."""
        if line.endswith(CONFIRMED):
            reply = await self.chat.press_line(line, self.actor)
        else:
            reply = await self.chat.ask(line, self.actor, **fields)
        self.got.append((self.now, line, as_bytes(reply, self.chat)))


@dataclass
class Life:
    """A story as it is lived. `guesses`: the identifiers that the person tries at each moment."""

    story: Story
    chat: Chat
    dice: Dice
    guesses: dict[int, list[str]]
    withheld: bool
    watch: Watch = field(init=False)
    codes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(ACTORS[self.story.watcher], self.chat)

    async def live(self) -> list[tuple[int, str, bytes]]:
        """Live it; return all that the person got.

        What is sent at one moment goes by two routes to the same place: the faster one, which the machine
        decides, comes first. So it is put in an order.
        """
        began = self.chat.clock()
        for moment in MOMENTS:
            self.watch.now = moment
            self.chat.clock.now = began + timedelta(minutes=moment)
            await self._reports(moment)
            with self.dice.scope(f"clock {moment}"):
                await self._tick(weekly=moment in END)
            with self.dice.scope(f"others {moment}"):
                await self._others(moment)
            with self.dice.scope(f"person {moment}"):
                await self._person(moment)
        together = groupby(self.watch.got, key=itemgetter(0, 1))
        return [each for (_, line), got in together for each in (sorted(got) if line == "sent" else got)]

    async def _reports(self, moment: int) -> None:
        for kind, filed in self._filed():
            with self.dice.scope(f"{kind} {moment}"):
                if filed.at == moment:
                    actor = Actor("slack", "T1", kind)
                    self.codes[kind] = await self.chat.report(actor, filed.choices)
                if filed.at == moment - 60 and filed.then != "nothing":
                    await self.chat.storage.run(lambda: self._again(kind, filed.then))  # noqa: B023 — run at once

    def _filed(self) -> Iterator[tuple[str, Filed]]:
        hidden = [] if self.withheld else self.story.hidden
        yield from ((f"H{number}", filed) for number, filed in enumerate(hidden))
        yield from ((f"S{number}", filed) for number, filed in enumerate(self.story.shown))

    def _again(self, kind: str, then: str) -> None:
        reporting = self.chat.reporting
        receipt = reporting.receipt_of(self.codes[kind])
        if reporting.follow(receipt).closed:
            return
        if then == "adds":
            reporting.add(receipt, "Un détail de plus.")
        else:
            reporting.withdraw(receipt)
            del self.codes[kind]

    async def _tick(self, *, weekly: bool) -> None:
        chat, records = self.chat, self.chat.reporting.records
        chat.wait()
        due = chat.rows("DELETE FROM due_tasks WHERE task = 'signalement-dossier' RETURNING arguments")
        for (arguments,) in sorted(due):
            await export.send_case(
                chat.storage, records, "AGE d'essai", json.loads(str(arguments)), chat.clock()
            )
        if weekly:
            await digest.send_digests(chat.storage, records, {}, chat.clock())
        idle = asyncio.Event()
        routes, notices = Routes({"slack": self.watch}), chat.notices
        sender = Sender(chat.storage, routes, notices, chat.clock, CALENDAR, settle=timedelta(0))
        await until_idle(Pump(sender, idle=idle.set), idle)
        chat.wait()

        def night() -> None:
            with chat.reporting.session() as session:
                retention.enforce(session.db, session.today, 90, forgets_nothing)

        await chat.storage.run(night)

    def _cases(self, *, hidden: bool) -> list[str]:
        """Return the cases that name the person, or those that do not."""

        def read() -> list[str]:
            with self.chat.reporting.session() as session:
                person = persons.known(session.db, self.watch.actor)
                rows = session.execute("SELECT id FROM report_cases ORDER BY id").fetchall()
                return [case for (case,) in rows if hidden == named_in(session, case, person)]

        return self.chat.storage.executor.submit(read).result()

    async def _others(self, moment: int) -> None:
        """Have the others read what names the person, try to join it to what does not, and close it."""
        hidden, shown = self._cases(hidden=True), self._cases(hidden=False)
        if moment < self.story.read_at:
            return
        for actor in (VP, CONSEILLER, SUPPLEANT):
            if actor == self.watch.actor:
                continue
            for case in hidden:
                await self.chat.ask(f"signalements voir {case}", actor)
                await self.chat.press_line(f"signalements exporter {case} {CONFIRMED}", actor)
                for other in shown:
                    await self.chat.ask(f"signalements joindre {case}", actor, autre=other)
                    await self.chat.ask(f"signalements joindre {other}", actor, autre=case)
                if moment >= self.story.closed_at and self.story.others_close:
                    await self.chat.ask(f"signalements clore {case}", actor, issue="handled", texte="Fait.")

    async def _person(self, moment: int) -> None:
        """Have the person look at all they can, guess the rest, and in time read and close what is theirs."""
        watch, shown = self.watch, self._cases(hidden=False)
        if not self.withheld:
            self.guesses[moment] = self._cases(hidden=True)
        for line in ("vigie", "signalements", "signalements clos", "mesdonnees"):
            await watch.ask(line)
        for guess in self.guesses[moment]:
            await self._guess(guess, shown)
        for kind, code in self.codes.items():
            if kind.startswith("S"):
                await watch.ask("signalement suivi", code=code)
        if moment < self.story.read_at:
            return
        for case in shown:
            await watch.ask(f"signalements voir {case}")
            await watch.ask(f"signalements joindre {case}")
            await watch.ask(f"signalements exporter {case} {CONFIRMED}")
            if moment >= self.story.closed_at:
                await watch.ask(f"signalements clore {case}", issue="handled", texte="C'est fait.")
                # Those that the person cannot close, so that all is destroyed in the end.
                await self.chat.ask(f"signalements clore {case}", SUPPLEANT, issue="handled", texte="Fait.")

    async def _guess(self, guess: str, shown: Sequence[str]) -> None:
        """Have the person try all that can be done with a case that they should know nothing of."""
        for verb in PRESSED:
            await self.watch.ask(f"signalements {verb} {guess}")
            await self.watch.ask(f"signalements {verb} {guess}", **FILLED)
        await self.watch.ask(f"signalements exporter {guess} {CONFIRMED}")
        for own in shown:
            await self.watch.ask(f"signalements joindre {guess}", autre=own)
            await self.watch.ask(f"signalements joindre {own}", autre=guess)


def named_in(session: Session, case: str, person: str) -> bool:
    """Return whether the reports of a case name someone."""
    accounts = load_routing(session, case).accounts
    return person in {persons.person_of(session.db, account) for account in accounts}


def made(_template: Path, data: object, form: str) -> bytes:
    """Stand for the typesetting: all that it was given."""
    return json.dumps([form, data], sort_keys=True, default=str).encode()


def live(
    story: Story, library: Library, guesses: dict[int, list[str]], *, withheld: bool
) -> list[tuple[int, str, bytes]]:
    """Live a story, with or without the reports that name the person."""
    dice, plan, enqueue = Dice(story.seed), escalation.plan, rows.enqueue

    def planned(session: Session, case_id: str, level: str, *times: str) -> None:
        with dice.scope(f"{case_id} {level}"):
            plan(session, case_id, level, *times)

    def queued(db: Database, delivery: Delivery[Any], now: datetime, *, unordered: bool = False) -> bool:
        with dice.scope(delivery.key):
            return enqueue(db, delivery, now, unordered=unordered)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", dice.token_hex)
        patch.setattr(secrets, "token_urlsafe", dice.token_hex)
        patch.setattr(secrets, "randbits", dice.randbits)
        patch.setattr(secrets, "choice", dice.choice)
        patch.setattr(escalation, "plan", planned)
        patch.setattr(rows, "enqueue", queued)
        patch.setattr(export, "typeset", made)
        patch.setattr(digest, "typeset", made)
        with dice.scope("start"), chatting(library, chance=dice) as chat:
            return asyncio.run(Life(story, chat, dice, guesses, withheld).live())


def both(story: Story, library: Library) -> tuple[list[tuple[int, str, bytes]], list[tuple[int, str, bytes]]]:
    """Return what the person gets with the reports that name them, and without."""
    guesses: dict[int, list[str]] = {}
    return live(story, library, guesses, withheld=False), live(story, library, guesses, withheld=True)


STORY = Story(
    RECIPIENTS[0],
    [Filed(0, Report(implicated=RECIPIENTS[:1]))],
    [Filed(15, Report(urgent=True))],
    45,
    120,
    others_close=True,
    seed=1,
)


@pytest.mark.parametrize(
    "moved",
    [
        STORY,
        replace(STORY, hidden=[Filed(30, Report(implicated=RECIPIENTS, urgent=True))]),
        replace(STORY, watcher=RECIPIENTS[1], hidden=[Filed(0, Report(implicated=RECIPIENTS[1:]))]),
        replace(STORY, hidden=[replace(STORY.hidden[0], then="withdraws")]),
        replace(STORY, read_at=60 * 24 * 6, closed_at=60 * 24 * 6),
        # The same post, twice by those who name the person, and twice by those who do not.
        replace(
            STORY,
            hidden=[STORY.hidden[0], Filed(45, Report(implicated=RECIPIENTS[:1], urgent=True), "adds")],
            shown=[*STORY.shown, Filed(30, Report(), "withdraws")],
        ),
    ],
)
def test_whoever_is_named_gets_nothing_else_until_all_is_destroyed(library: Library, moved: Story) -> None:
    with_it, without = both(moved, library)
    assert with_it == without
    sent = [content for _, line, content in with_it if line == "sent"]
    assert any(b'"pdf"' in content for content in sent)
    assert any(b'"png"' in content for content in sent)
    [last] = [content for at, line, content in with_it if (at, line) == (MOMENTS[-1], "signalements clos")]
    assert b"Il n'y en a aucun" in last, "all is destroyed"


@given(story=stories())
@settings(
    max_examples=4, deadline=None, phases=(Phase.generate,)
)  # a story is long to live: it is not made smaller
def test_nor_in_any_other_story(library: Library, story: Story) -> None:
    with_it, without = both(story, library)
    assert with_it == without


def test_nor_does_a_report_that_names_them_have_them_told_of_what_was_added_to_one_that_is_closed(
    library: Library,
) -> None:
    """What was added before it was closed appears after: whether another case is open changes nothing."""
    vp, conseiller = COMMUNICATIONS_ROLE, ADVISER_ROLE
    hidden = Filed(45, Report(recipient=vp, implicated=(conseiller,), urgent=True))
    shown = Filed(30, Report(recipient=vp, implicated=(vp,), urgent=True))
    added = Filed(135, Report(recipient=vp, implicated=(vp,)), "adds")
    story = Story(conseiller, [hidden], [shown, added], 135, 210, others_close=False, seed=867)
    with_it, without = both(story, library)
    assert with_it == without


def test_a_leak_would_be_seen(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the comparison is worth: a case that forgets whom it names is joined, and shown to them."""
    monkeypatch.setattr(Routing, "persons", lambda *_: set())
    with_it, without = both(STORY, library)
    assert with_it != without
