"""The commands that keep the registry, in a small catalogue, over a storage in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.commands import lier, membres, mesdonnees, pause, roles
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Button, Message, Text
from bot.conversation.requests import Actor, Command
from bot.outbox.notices import Notices
from bot.people import roles as registry
from bot.people.office import Office, admin_refusal
from bot.policy.loading import load_library
from bot.reports import readers
from bot.settings import SEED
from bot.storage.database import Storage
from bot.times import Calendar
from tests.kits.people import NOW

TEAMS = {"slack": "T1", "discord": "900"}
ADMIN = Actor("slack", "T1", "U0ADMIN")
CALENDAR = Calendar(ZoneInfo("America/Toronto"))


@dataclass
class Desk:
    """The commands at work, and the time, which only moves when told to."""

    dispatcher: Dispatcher
    office: Office
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now

    def wait(self, **time: int) -> None:
        self.now += timedelta(**time)

    def queued(self) -> list[tuple[str, str]]:
        """Return what waits in the outbox: whom it is for, and which notice."""

        def read() -> list[tuple[str, str]]:
            with self.office.storage.transaction() as db:
                rows = db.conn.execute("SELECT recipient, notice FROM outbox WHERE state = 'queued'")
                return list(rows.fetchall())

        return self.office.storage.executor.submit(read).result()

    async def ask(self, line: str, actor: Actor = ADMIN, /, **fields: str) -> Reply:
        request = self.dispatcher.from_command(line, actor=actor, place="channel")
        return await self.dispatcher.handle(replace(request, fields=fields))

    async def press(self, line: str, actor: Actor = ADMIN) -> Reply:
        """Press the button of a line."""
        request = self.dispatcher.from_command(line, actor=actor, place="channel", pressed=True)
        return await self.dispatcher.handle(request)

    async def said(self, line: str, actor: Actor = ADMIN, /, **fields: str) -> str:
        return words(await self.ask(line, actor, **fields))

    async def form(self, line: str, actor: Actor = ADMIN) -> Form:
        reply = await self.ask(line, actor)
        assert isinstance(reply, Form)
        return reply


def commands(office: Office) -> tuple[Command, ...]:
    """Return the lines of the catalogue."""
    ours = partial(admin_refusal, office)
    return (
        Command("vigie", "Menu", lambda _: Message(Text("Menu")), slash=True),
        Command(
            "roles", "Qui tient quel rôle.", partial(roles.manage, office), opens_form=True, refusal=ours
        ),
        Command("membres", "Qui est qui.", partial(membres.manage, office), opens_form=True, refusal=ours),
        Command("pause", "Arrêter les envois.", partial(pause.pause, office), refusal=ours),
        Command("lier", "Lier ses comptes.", partial(lier.link, office), usage="[code]"),
        Command(
            "mesdonnees",
            "Mes renseignements.",
            partial(mesdonnees.my_data, office, load_library([SEED], "pa20", office.today), Notices()),
        ),
    )


@contextmanager
def desk() -> Iterator[Desk]:
    storage = Storage()
    made: list[Desk] = []

    def changed(db: Database, by: str) -> None:
        readers.follow(db, office.today(), office.clock(), by)

    office = Office(storage, lambda: made[0].now, CALENDAR, TEAMS, registry_changed=changed)

    def first() -> None:
        with storage.transaction() as db:
            registry.seed(db)
            registry.appoint_first(db, [ADMIN], office.today())
            changed(db, "")

    made.append(Desk(Dispatcher(commands(office), storage.executor), office))
    storage.executor.submit(first).result()
    try:
        yield made[0]
    finally:
        storage.close()


def words(reply: Reply) -> str:
    """Return what a message says."""
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


def pressed(reply: Reply, label: str) -> str:
    """Return the command of the button that begins so."""
    assert isinstance(reply, Message)
    buttons = [b for b in reply.buttons() if isinstance(b, Button)]
    return next(b.command for b in buttons if b.label.startswith(label))
