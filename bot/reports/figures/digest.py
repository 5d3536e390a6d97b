"""The week's figures of reports, as a picture, to each of those who handle them.

Each is told of the cases that they may see, and of no other: those who hold the other role, or who are
named in a case, have figures of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Text
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import roles
from bot.reports import routing
from bot.reports.figures import files, statistics
from bot.reports.figures.files import Made
from bot.reports.figures.statistics import Figure, Table
from bot.reports.records import Records, Session
from bot.storage.database import Storage
from bot.times import Clock, in_words
from bot.typesetting.typeset import typeset

ERRAND: Final = "signalements-bilan"
TITLE: Final = "Les signalements de la semaine"
_NOTE: Final = (
    "Les nombres sont donnés par tranches de cinq, pour ne désigner personne. Ne sont comptés que les "
    "signalements qui vous sont confiés."
)
_TEMPLATE: Final = Path(__file__).with_name("report_digest.typ")


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """The arguments of the notice that gives a week's figures: the file's identifier."""

    id: str


NOTICE: Final = Notice("signalements-bilan", "un avis confidentiel au titulaire d'un rôle", DigestNotice)


class Digest:
    """The errand that has each holder told, once a week, in working hours."""

    def __init__(self, storage: Storage, records: Records, clock: Clock) -> None:
        self._storage = storage
        self._records = records
        self._clock = clock

    async def __call__(self, _: Mapping[str, Any], _now: datetime) -> None:
        """Draw, and have sent. Done again, it tells nobody twice. Raises `TypesetError`, `StorageError`."""
        for person, found in (await self._storage.run(self._counted)).items():
            content = await asyncio.to_thread(draw, found, self._records.calendar.day(self._clock()))
            await self._storage.run(partial(self._keep, person, found, content))

    def _counted(self) -> dict[str, list[Table]]:
        """Return the figures of each holder who has any, and was not told of this week yet."""
        with self._storage.transaction() as db:
            session = Session(db, self._records, self._clock())
            found = {}
            for person in holders(session):
                cases = statistics.visible(session, person)
                if cases and not _was_told(session, person):
                    found[person] = statistics.tables(session, cases)
            return found

    def _keep(self, person: str, found: Sequence[Table], content: bytes) -> None:
        with self._storage.transaction() as db:
            session = Session(db, self._records, self._clock())
            if _was_told(session, person):
                return
            words = "\n".join(statistics.lines(found))
            name = f"signalements-{week(session)}.png".lower()
            notice = DigestNotice(files.keep(session, Made(name, TITLE, words, content)))
            rows.enqueue(db, Delivery(_key(session, person), f"person:{person}", NOTICE, notice), session.now)


def week(session: Session) -> str:
    """Return the week that it is: « 2026-S48 »."""
    year, number, _ = session.today.isocalendar()
    return f"{year}-S{number:02}"


def holders(session: Session) -> list[str]:
    """Return those who may handle a case today."""
    every = dict.fromkeys([*routing.RECIPIENTS, *routing.alternates(session.db)])
    persons = (one for role in every for one in roles.holders(session.db, role, session.today))
    return list(dict.fromkeys(persons))


def _key(session: Session, person: str) -> str:
    return f"{NOTICE.name}:{week(session)}:{person}"


def _was_told(session: Session, person: str) -> bool:
    row = session.execute("SELECT 1 FROM outbox WHERE key = ?", (_key(session, person),)).fetchone()
    return row is not None


def draw(found: Sequence[Table], day: date) -> bytes:
    """Return figures as a picture. Raises `TypesetError`."""
    shown = [_shortened(one) for one in found]
    data = {
        "title": TITLE,
        "subtitle": f"PA20, 5.10, le {in_words(day)}",
        "note": _NOTE,
        "scale": max(_SCALE, *(figure.high for one in shown for figure in one.figures)),
        "tables": [
            {
                "title": one.title,
                "figures": [
                    {"label": figure.label, "low": figure.low, "high": figure.high, "words": figure.words}
                    for figure in one.figures
                ],
            }
            for one in shown
        ],
    }
    return typeset(_TEMPLATE, data, "png")


_SCALE: Final = 19  # at least, so that « moins de 5 » does not look like much
_LONGEST: Final = 5  # lines of a table, beyond which those of which there are few are told of together


def _shortened(table: Table) -> Table:
    if len(table.figures) <= _LONGEST:
        return table
    many = [one for one in table.figures if one.low]
    rest = [] if len(many) == len(table.figures) else [Figure("Chacune des autres" if many else "Chacune", 0)]
    return Table(table.title, (*many, *rest))


def notice_builders(records: Records, clock: Clock) -> tuple[NoticeBuilder, ...]:
    """Return the notice that gives a week's figures, to be sent by the outbox."""

    def digest(context: NoticeContext, notice: DigestNotice) -> Message | None:
        session = Session(context.db, records, clock())
        person = context.recipient.removeprefix("person:")
        made = files.read(session, notice.id) if person in holders(session) else None
        return message(made) if made else None

    return (NOTICE.built_by(digest),)


def message(made: Made) -> Message:
    """Give the picture, with the same figures as text."""
    return Message(
        Heading(TITLE),
        Text(made.words),
        File(made.name, made.content, made.title),
        Buttons(Button("Voir les signalements", "signalements")),
        Note(_NOTE),
    )
