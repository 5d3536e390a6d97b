"""Who may do what: the table of `tests/data/rights.txt`, the people in it, and the places they ask from."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from sqlite_utils import Database

from bot.answers import unanswered
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Buttons, Message, Quote
from bot.conversation.requests import CONFIRMED, Actor, Place, Request
from bot.language.masking import Masked
from bot.people import persons, roles
from bot.permissions import requests
from bot.permissions.requests import Asking, PermissionSession, Ruling
from bot.privacy import personal_data
from bot.reports.filing import Report
from tests.kits.people import ADVISER_ROLE, ALTERNATE_ROLE, COMMUNICATIONS_ROLE
from tests.kits.revision_commands import CORRECTED, REVISED, TEXT, World, commands, world

Result = TypeVar("Result")

TABLE: Final = Path(__file__).parents[1] / "data" / "rights.txt"
NOTICE: Final = frozenset({"accounts", "people"})  # who is told of their rights for the first time is noted
ASK_IN_PRIVATE: Final = "Écrivez-moi en message privé"
NOT_WRITTEN: Final = "Cela ne se fait pas par écrit ici"
SORRY: Final = "Pardon, je n'ai pas pu répondre"


@dataclass(frozen=True)
class Gate:
    """Who passes, and what the others read."""

    passes: frozenset[str]
    refusal: str


@dataclass(frozen=True)
class Right:
    """A row of the table. `line`: a command's name and its text. `fields`: the answers of its form.

    `answer`: what whoever passes all the gates reads. `writes`: whether the
    database then holds anything new: « yes », « no » or « may ».
    """

    line: str
    fields: Mapping[str, str]
    gates: tuple[str, ...]
    answer: str
    writes: str

    @property
    def command(self) -> str:
        """The command's name."""
        return self.line.partition(" ")[0]

    def __str__(self) -> str:
        return f"{self.line} ?" if self.fields else self.line


@dataclass(frozen=True)
class Table:
    """The whole table."""

    people: Mapping[str, Actor]
    gates: Mapping[str, Gate]
    rights: tuple[Right, ...]

    @property
    def strangers(self) -> frozenset[str]:
        """The kinds of people who are not served at all."""
        return frozenset(self.people) - self.gates["everyone"].passes

    def refusal(self, right: Right, kind: str) -> str:
        """Return what a kind of person is refused with, "" if they are served."""
        return next((self.gates[g].refusal for g in right.gates if kind not in self.gates[g].passes), "")


def load_table() -> Table:
    """Read the table."""
    rows: dict[str, list[list[str]]] = {}
    section: list[list[str]] = []
    for line in TABLE.read_text("utf-8").replace(r"\u00a0", "\u00a0").splitlines():
        if line.startswith("["):
            section = rows.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.append([cell.strip(" ") for cell in line.split("|")])
    return Table(
        {kind: Actor(*account.split()) for kind, account, _ in rows["people"]},
        {name: Gate(frozenset(passes.split()), refusal) for name, passes, refusal in rows["gates"]},
        tuple(_right(*row) for row in rows["requests"]),
    )


def _right(asked: str, gates: str, answer: str, writes: str) -> Right:
    line, _, filled = asked.partition(" ? ")
    fields = dict(answer.strip().split("=", 1) for answer in filled.split(";") if answer)
    return Right(line, fields, tuple(gates.split()), answer, writes)


# --- Places -----------------------------------------------------------------------------------


def in_a_message(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Type the line in one's private conversation with the bot."""
    return dispatcher.from_text(f"/{right.line}", actor=actor, place="direct")


def in_a_mention(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Type the line after the bot's name in a channel: on Discord, everyone reads the answer."""
    place: Place = "open" if actor.platform == "discord" else "channel"
    return dispatcher.from_text(f"/{right.line}", actor=actor, place=place)


def in_the_open(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Type the line where everyone reads the answer."""
    return dispatcher.from_text(f"/{right.line}", actor=actor, place="open")


def after_a_slash(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Type the line as a slash command in a channel."""
    return dispatcher.from_command(right.line, actor=actor, place="channel")


def by_a_button(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Press the button that stands for the line, on a message that was shared in a channel."""
    return dispatcher.from_command(right.line, actor=actor, place="channel", pressed=True)


def by_a_form(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Submit a window whose hidden command is the line. On Discord, who is picked has an account of there."""
    there = {"personne": "999"} if actor.platform == "discord" and "personne" in right.fields else {}
    fields = {**right.fields, **there}
    return dispatcher.from_command(right.line, actor=actor, place="channel", fields=fields)


def by_a_shortcut(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Choose the command in a message's menu; the message says what follows its name."""
    command = dispatcher.command(right.command)
    text = right.line.partition(" ")[2]
    taken = command.takes(text) if command else text
    return dispatcher.from_command(f"{right.command} {taken}", actor=actor, place="channel")


def in_the_home_tab(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Press the button that stands for the line, in Slack's App Home or in a window that it opened."""
    return dispatcher.from_command(right.line, actor=actor, place="home", pressed=True)


def from_anywhere(dispatcher: Dispatcher, right: Right, actor: Actor) -> Request:
    """Choose the command among the shortcuts that Slack offers everywhere, which take no text."""
    return dispatcher.from_command(f"/{right.command}", actor=actor, place="home")


Entry = Callable[[Dispatcher, Right, Actor], Request]
# What is written stays in the conversation; a shortcut is chosen only for the commands that have one.
WRITTEN: Final[tuple[Entry, ...]] = (in_a_message, in_a_mention, in_the_open)
FOR_A_LINE: Final[tuple[Entry, ...]] = (*WRITTEN, after_a_slash, by_a_button, in_the_home_tab)
PRESSED: Final[tuple[Entry, ...]] = (by_a_button, in_the_home_tab)
ON_SLACK: Final[tuple[Entry, ...]] = (in_the_home_tab, from_anywhere)  # Discord has neither


def entries(dispatcher: Dispatcher, right: Right) -> list[Entry]:
    """Return the ways in which a request may come."""
    if right.fields:
        return [by_a_form]
    command = dispatcher.command(right.command)
    of_a_message = command and command.shortcut() and (command.usage or right.line == command.name)
    everywhere = command and command.anywhere and right.line == command.name
    return [
        *FOR_A_LINE,
        *([by_a_shortcut] if of_a_message else []),
        *([from_anywhere] if everywhere else []),
    ]


# --- The association --------------------------------------------------------------------------

LONG_AGO, ENDED = date(2026, 1, 1), date(2026, 6, 1)
POSTS: Final = tuple(f"https://www.facebook.com/spotted/posts/{number}" for number in range(4))


@dataclass
class Association:
    """A bot at work among people of every kind. `names`: the identifiers that the table's lines name.

    What a request changed no row of is neither compared nor put back, which would be most of the time spent.
    """

    desk: World
    table: Table
    names: dict[str, str] = field(default_factory=dict)
    _kept: sqlite3.Connection = field(
        default_factory=lambda: sqlite3.connect(":memory:", check_same_thread=False)
    )
    _changes: int = -1  # rows that were changed, when the database last held what was kept

    def _inside(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return self.desk.storage.executor.submit(lambda: work(self.desk.storage._db.conn)).result()

    def keep(self) -> None:
        """Note what the database holds."""

        def keep(connection: sqlite3.Connection) -> None:
            connection.backup(self._kept)
            self._changes = connection.total_changes

        self._inside(keep)

    def put_back(self) -> None:
        """Have the database hold what was kept."""

        def put_back(connection: sqlite3.Connection) -> None:
            if connection.total_changes != self._changes:
                self._kept.backup(connection)
                self._changes = connection.total_changes

        self._inside(put_back)

    def written(self) -> set[str]:
        """Return the tables that no longer hold what was kept."""

        def compare(connection: sqlite3.Connection) -> set[str]:
            if connection.total_changes == self._changes:
                return set()
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name for (name,) in tables if _rows(connection, name) != _rows(self._kept, name)}

        return self._inside(compare)

    def named(self, right: Right) -> Right:
        """Return a request whose identifiers are those of this association."""
        names = {**self.names, "random": secrets.token_hex(8), "today": self.desk.today.isoformat()}
        fields = {name: value.format(**names) for name, value in right.fields.items()}
        return replace(right, line=right.line.format(**names), fields=fields)

    async def ask(self, right: Right, kind: str, entry: Entry) -> Reply:
        """Ask as an adapter does."""
        dispatcher = self.desk.dispatcher
        request = entry(dispatcher, self.named(right), self.table.people[kind])
        admitted = dispatcher.admit(request, written=entry in WRITTEN)
        return admitted.refusal or await dispatcher.handle(admitted.request)


def _rows(connection: sqlite3.Connection, table: str) -> list[str]:
    return sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))  # noqa: S608 — a table's own name


@contextmanager
def association(path: Path) -> Iterator[Association]:
    """Give an association, without what people have done in it yet."""
    with world(path) as desk:
        yield Association(desk, load_table())


async def begin(it: Association) -> None:
    """Have people come, hold roles, report and be told, until everything that the table names is there."""
    desk, people = it.desk, it.table.people
    await desk.run(lambda db: _appoint(db, it))
    await desk.enters(people["officer"], people["employee"])
    await desk.beat()
    reporting, run = desk.services.reporting, desk.storage.run
    named, fresh, other, waiting = (
        Report(post, "On y dit que l'association vole ses membres.") for post in POSTS
    )
    await run(lambda: reporting.file(replace(named, implicated=(ADVISER_ROLE,), urgent=True)))
    for _ in range(5):  # nobody opens it for days
        desk.clock.move(hours=24)
        await desk.beat()
        await desk.beat()
    for report in (fresh, other):
        await run(partial(reporting.file, replace(report, urgent=True)))
    desk.clock.move(minutes=61)
    await desk.beat()
    await desk.beat()
    await run(lambda: reporting.file(waiting))
    await desk.ask("accueil gestion", people["administrator"])  # who was welcomed is noted
    quiz = await desk.ask("quiz nouveau -", people["officer"])
    await desk.approve(f"{TEXT}\n7.4 Fin.\n", adopted="2026-11-21", effective="2027-03-01")
    await desk.drop(REVISED)
    await desk.press(await desk.drop_alone(CORRECTED), "Une révision de la PA20")  # not proposed yet
    press = next(line for line in commands(quiz) if line.endswith((".A", ".+A")))
    it.names |= await desk.run(lambda db: _names(db, it))
    it.names |= await desk.run(lambda db: _requests(db, it))
    it.names |= {"press": press.removeprefix("quiz "), "quiz": press.removeprefix("quiz ").partition(".")[0]}
    it.keep()


def _appoint(db: Database, it: Association) -> None:
    person = {kind: persons.known(db, actor) for kind, actor in it.table.people.items()
              if kind not in it.table.strangers | {"guest"}}  # fmt: skip
    for kind in person:
        personal_data.notice_shown(db, it.table.people[kind])
    for role, kind in (
        (COMMUNICATIONS_ROLE, "former_vp"), (ADVISER_ROLE, "conseiller"),
        (ALTERNATE_ROLE, "alternate"), (roles.ADMINISTRATION, "former_administrator"),
        (roles.ADMINISTRATION, "administrator"),
    ):  # fmt: skip
        roles.appoint(db, role, person[kind], LONG_AGO, replacing=False)
    roles.appoint(db, COMMUNICATIONS_ROLE, person["vp"], ENDED)
    roles.dismiss(db, roles.ADMINISTRATION, person["former_administrator"], ENDED)


def _names(db: Database, it: Association) -> dict[str, str]:
    """Return the identifiers that the table's lines name, but for those of the quiz."""

    def value(query: str, *arguments: str) -> str:
        (found,) = db.conn.execute(query, arguments).fetchone()
        return str(found)

    own = {kind: str(persons.person_of(db, actor)) for kind, actor in it.table.people.items()}
    now = it.desk.clock()
    unanswered.keep_question(db, "pa20", Masked("Combien de pommes?"), "not_found", it.desk.today)
    filings = dict(db.conn.execute("SELECT case_id, id FROM report_filings").fetchall())
    text = "SELECT case_id FROM report_alerts GROUP BY case_id HAVING sum(role = ?) > 0"
    sent = "SELECT id FROM outbox WHERE state = 'sent' AND recipient = ?"
    named = value(text, ALTERNATE_ROLE)
    waiting = value("SELECT case_id FROM report_alerts GROUP BY case_id HAVING count(role) = 0")
    fresh, other = (case for case in filings if case not in {named, waiting})
    return own | {
        "named": named, "waiting": waiting, "filing": filings[named],
        "fresh": fresh, "other": other,
        "letter": value(sent, f"person:{own['officer']}"),
        "alert": value(sent, f"role:{COMMUNICATIONS_ROLE}/{own['vp']}"),
        "tenure": value("SELECT id FROM role_holders WHERE role_id = ? AND until IS NULL",
                        COMMUNICATIONS_ROLE),
        "question": value("SELECT id FROM asked_questions"),
        "revision": value("SELECT id FROM revisions WHERE state = 'proposed'"),
        "scheduled": value("SELECT id FROM revisions WHERE state = 'scheduled'"),
        "dropped": value("SELECT id FROM dropped_texts"),
        "code": persons.issue_code(db, persons.account(it.table.people["officer"]), now),
    }  # fmt: skip


def _requests(db: Database, it: Association) -> dict[str, str]:
    """Have the member ask for pages, and the officer for their image. Return the requests' identifiers."""
    own = {kind: str(persons.person_of(db, actor)) for kind, actor in it.table.people.items()}
    session = PermissionSession(db, it.desk.services.permission_desk, it.desk.clock())
    image = Asking("image", "La page du club", name="Alex", consenter=own["officer"], image="Deux personnes")
    asked = {
        "asked": Asking("page", "Une page pour le club", name="Alex"),
        "granted": Asking("page", "Une page pour le tournoi", name="Alex"),
        "consent": image,
        "consented": replace(image, subject="Le bulletin du club", id=persons.new_id()),
    }
    for asking in asked.values():
        requests.ask(session, own["member"], asking)
    granted = Ruling(granted=True, until=it.desk.today + timedelta(days=90), name="Vinh")
    requests.decide(session, asked["granted"].id, own["vp"], granted)
    requests.decide(session, asked["consented"].id, own["officer"], granted)
    return {name: asking.id for name, asking in asked.items()}


# --- What must come of it ---------------------------------------------------------------------


async def asked_by_everyone(it: Association, right: Right) -> tuple[int, list[str]]:
    """Have everyone ask for something from everywhere; return how often, and what is not as in the table."""
    count, wrong = 0, []
    for entry in entries(it.desk.dispatcher, right):
        for kind, actor in it.table.people.items():
            if entry in ON_SLACK and actor.platform != "slack":
                continue
            reply = await it.ask(right, kind, entry)
            faults = [*_misspoken(it, right, kind, entry, reply), *_miswritten(it, right, kind, entry)]
            wrong += [f"{kind}, {entry.__name__}: {fault}" for fault in faults]
            count += 1
            it.put_back()
    return count, wrong


def _refusal(it: Association, right: Right, kind: str, entry: Entry) -> str:
    """Return what a kind of person is refused with from a place, "" if they are served."""
    command = it.desk.dispatcher.command(right.command)
    if kind not in it.table.strangers and command is not None:
        if command.anonymous and entry in WRITTEN:
            return NOT_WRITTEN
        if command.alone and _read_by_all(it, kind, entry):
            return ASK_IN_PRIVATE
    return it.table.refusal(right, kind)


def _read_by_all(it: Association, kind: str, entry: Entry) -> bool:
    return entry is in_the_open or (entry is in_a_mention and it.table.people[kind].platform == "discord")


def _misspoken(it: Association, right: Right, kind: str, entry: Entry, reply: Reply) -> Iterator[str]:
    """Yield what an answer should not say, or does not."""
    text, refusal = _said(reply), _refusal(it, right, kind, entry)
    shown = repr(text[:90])
    if SORRY in text:
        yield "it broke"
    elif kind not in it.table.strangers and _read_by_all(it, kind, entry):
        if not _is_bare(reply):
            yield f"said where everyone reads: {shown}"
    elif refusal:
        if refusal not in text:
            yield f"not refused: {shown}"
    elif any(gate.refusal in text for gate in it.table.gates.values()):
        yield f"refused: {shown}"
    elif right.answer not in text:
        yield f"answered: {shown}"


def _miswritten(it: Association, right: Right, kind: str, entry: Entry) -> Iterator[str]:
    """Yield what a request should not have left in the database, or did not."""
    written = it.written()
    asks_again = right.line.endswith(CONFIRMED) and entry not in PRESSED and right.writes == "yes"
    if _refusal(it, right, kind, entry) or right.writes == "no" or asks_again:
        if left := written - (NOTICE if kind == "guest" else set()):
            yield f"wrote in {sorted(left)}"
    elif right.writes == "yes" and not written - NOTICE:
        yield "wrote nothing"


def _said(reply: Reply) -> str:
    """Return all that an answer says, and the numbers of what it cites."""
    if isinstance(reply, Form):
        return "\n".join([reply.title, *(field.label for field in reply.fields)])
    return "\n".join([*reply.own_words(), *(quote.clause for quote in reply.quotes())])


def _is_bare(reply: Reply) -> bool:
    """Return whether an answer is fit for everyone: it cites the policy, or says where to ask."""
    if not isinstance(reply, Message):
        return False
    cites = all(isinstance(element, Quote | Buttons) for element in reply.elements)
    return cites or ASK_IN_PRIVATE in _said(reply) or NOT_WRITTEN in _said(reply)
