"""The whole catalogue over a database of its own, someone who reports, those who receive, and the time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from bot.commands.signalement.messages import write_choices
from bot.configuration.profile import shipped
from bot.conversation.dispatcher import Dispatcher, Welcome, typed_forms
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor, Request
from bot.outbox.notices import Notices
from bot.people import appointments, persons, roles
from bot.people.office import Office
from bot.policy.library import Library
from bot.reports import escalation, readers
from bot.reports.filing import Report
from bot.reports.intake import Reporting
from bot.storage.database import Storage
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR, TextBot
from tests.kits.people import ADVISER_ROLE, ALTERNATE_ROLE, COMMUNICATIONS_ROLE

REPORTER, SOMEONE_ELSE = Actor("slack", "T1", "U0REPORTER"), Actor("slack", "T1", "U0OTHER")
VP, CONSEILLER, SUPPLEANT = (Actor("slack", "T1", user) for user in ("U0VP", "U0CONSEIL", "U0SUPPL"))
HOLDERS = {COMMUNICATIONS_ROLE: VP, ADVISER_ROLE: CONSEILLER, ALTERNATE_ROLE: SUPPLEANT}
NO_CHOICE = Report()
FIELDS = {
    "adresse": "https://www.facebook.com/spotted/posts/123?fbclid=AbC",
    "propos": "On y dit que l'association vole ses membres.",
    "gravite": "serious",
    "nom": "",
}


@dataclass
class Chat:
    """People who press buttons and fill in forms. `requests`: what commands were given of it."""

    dispatcher: Dispatcher
    storage: Storage
    reporting: Reporting
    notices: Notices
    clock: FakeClock
    requests: list[Request] = field(default_factory=list)

    async def ask(self, line: str, actor: Actor = REPORTER, /, **fields: str) -> Reply:
        """Do as an adapter does with what someone pressed, filled in or typed after a slash."""
        asked = self.dispatcher.from_command(line, actor=actor, place="channel")
        return await self._handle(replace(asked, fields=fields))

    async def press(self, reply: Reply, label: str, actor: Actor = REPORTER) -> Reply:
        """Press a button of a message."""
        return await self.press_line(pressed(reply, label), actor)

    async def press_line(self, line: str, actor: Actor = REPORTER) -> Reply:
        """Press a button that carries a command."""
        return await self._handle(
            self.dispatcher.from_command(line, actor=actor, place="channel", pressed=True)
        )

    async def _handle(self, asked: Request) -> Reply:
        admitted = self.dispatcher.admit(asked)
        if admitted.refusal:
            return admitted.refusal
        self.requests.append(admitted.request)
        return await self.dispatcher.handle(admitted.request)

    async def said(self, line: str, actor: Actor = REPORTER, /, **fields: str) -> str:
        """Return what is answered, in words."""
        return words(await self.ask(line, actor, **fields))

    async def review(self, actor: Actor = REPORTER, choices: Report = NO_CHOICE, /, **fields: str) -> Message:
        """Fill in the form of a report, after some choices; return what is shown before it is sent."""
        line = f"signalement choix {write_choices(choices, '', shipped().recipients)} a"
        form = await self.ask(pressed(await self.ask(line, actor), "Continuer"), actor)
        assert isinstance(form, Form)
        reply = await self.ask(form.command, actor, **{**FIELDS, **fields})
        assert isinstance(reply, Message)
        return reply

    async def report(self, actor: Actor = REPORTER, choices: Report = NO_CHOICE, /, **fields: str) -> str:
        """Report a post; return the code."""
        review = await self.review(actor, choices, **fields)
        return code_in(await self.ask(pressed(review, "Envoyer"), actor))

    async def follow(self, code: str, actor: Actor = REPORTER) -> Message:
        """Come back with a code."""
        reply = await self.ask("signalement suivi", actor, code=code)
        assert isinstance(reply, Message)
        return reply

    def wait(self, **span: float) -> None:
        """Let time go by, and the clock beat."""
        self.clock.move(**span)

        def beat() -> None:
            with self.reporting.session() as session:
                readers.follow(session.db, session.today, session.now)
                escalation.beat(session)

        self.storage.executor.submit(beat).result()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database holds."""

        def read() -> list[tuple[object, ...]]:
            with self.storage.transaction() as db:
                found: list[tuple[object, ...]] = db.conn.execute(query).fetchall()
                return found

        return self.storage.executor.submit(read).result()


@contextmanager
def chatting(library: Library, chance: Callable[[], float] = random.random) -> Iterator[Chat]:
    """Give the whole catalogue at work; each role has its holder. `chance`: draws the delays of reports."""
    storage, clock = Storage(), FakeClock()

    def changed(db: Database, by: str) -> None:
        readers.follow(db, CALENDAR.day(clock()), clock(), by)

    office = Office(storage, clock, CALENDAR, registry_changed=changed)
    made = TextBot(library, office)
    made.records = replace(made.records, chance=chance)
    welcome = Welcome(limit=made.reporting.limit, alias=made.reporting.alias)
    executor, urgent, typed = storage.executor, storage.urgent, typed_forms(clock)
    dispatcher = Dispatcher(made.commands, executor, urgent=urgent, welcome=welcome, typed=typed)

    def appoint() -> None:
        with storage.transaction() as db:
            roles.seed(db)
            for role, actor in HOLDERS.items():
                roles.appoint(db, role, persons.known(db, actor), office.today())
            appointments.follow(db, office.today())

    storage.executor.submit(appoint).result()
    try:
        yield Chat(dispatcher, storage, made.reporting, made.notices, clock)
    finally:
        storage.close()


def words(reply: Reply) -> str:
    """Return what a message says, or a form asks."""
    if isinstance(reply, Form):
        return "\n".join(field.label for field in reply.fields)
    return "\n".join(reply.own_words())


def pressed(reply: Reply, label: str) -> str:
    """Return the command of the button whose label holds this."""
    assert isinstance(reply, Message), reply
    buttons = [button for button in reply.buttons() if isinstance(button, Button)]
    return next(button.command for button in buttons if label in button.label)


def code_in(reply: Reply) -> str:
    """Return the code that a message gives."""
    match = re.search(r"^(?:[^\W\d_]+ ){8}[^\W\d_]+$", words(reply), re.MULTILINE)
    assert match, words(reply)
    return match[0]
