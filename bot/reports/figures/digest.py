"""Weekly figures about reports, sent to each holder as a picture in working hours.

The figures count only the cases that the holder may see. They therefore differ between holders, for example
when a case implicates one of them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final

from bot.conversation.messages import (
    DESCRIPTION_LENGTH,
    Button,
    Buttons,
    File,
    Heading,
    Message,
    Note,
    Text,
    excerpt,
)
from bot.language.bands import Band
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import roles
from bot.reports import routing
from bot.reports.escalation import CONFIDENTIAL
from bot.reports.figures import statistics
from bot.reports.figures.files import ReportFile, load_file, store_file
from bot.reports.figures.statistics import LabelledBand, Table
from bot.reports.records import Records, Session
from bot.schedule.clock import Arguments
from bot.storage.database import Storage
from bot.times import in_words
from bot.typesetting.typeset import typeset

TITLE: Final = "Les signalements de la semaine"
_NOTE: Final = (
    "Les nombres sont donnés par tranches de cinq, pour ne désigner personne. Ne sont comptés que les "
    "signalements qui vous sont confiés."
)
_SCALE: Final = 19  # the minimum length of the scale, so that the bar for « moins de 5 » stays short
_LONGEST: Final = 5  # lines in a table; a longer table groups its figures under five in one line
_TEMPLATE: Final = Path(__file__).with_name("report_digest.typ")


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """Arguments of the weekly figures notice: the file's identifier."""

    id: str


NOTICE: Final = Notice("signalements-bilan", CONFIDENTIAL, DigestNotice)


async def send_digests(storage: Storage, records: Records, _: Arguments, _now: datetime) -> None:
    """Queue the week's figures, at most once, for each holder who may see a case.

    Raises `TypesetError`, `StorageError`.
    """

    def count() -> dict[str, list[Table]]:
        with storage.transaction() as db:
            session = records.at(db)
            counted = {}
            for person in holders(session):
                queued = session.execute("SELECT 1 FROM outbox WHERE key = ?", (_key(session, person),))
                cases = statistics.visible(session, person)
                if cases and not queued.fetchone():
                    counted[person] = statistics.tables(session, cases)
            return counted

    def enqueue(person: str, tables: Sequence[Table], picture: bytes) -> None:
        with storage.transaction() as db:
            session = records.at(db)
            name = f"signalements-{_week(session)}.png".lower()
            text = "\n".join(statistics.lines(tables))
            arguments = DigestNotice(store_file(session, ReportFile(name, text, picture)))
            delivery = Delivery(_key(session, person), f"person:{person}", NOTICE, arguments)
            rows.enqueue(db, delivery, session.now)

    for person, tables in (await storage.run(count)).items():
        day = records.calendar.day(records.clock())
        cited = records.ground().cited
        picture = await asyncio.to_thread(draw, tables, day, cited)
        await storage.run(partial(enqueue, person, tables, picture))


def holders(session: Session) -> list[str]:
    """Return the people who may read a report filed today, each once, in the order of the roles."""
    persons = (
        person
        for role in roles.reporting_roles(session.db, session.today)
        for person in routing.eligible(session.db, role, (), session.today)
    )
    return list(dict.fromkeys(persons))


def _week(session: Session) -> str:
    """Return the ISO week, such as « 2026-S48 »."""
    year, number, _ = session.today.isocalendar()
    return f"{year}-S{number:02}"


def _key(session: Session, person: str) -> str:
    return f"{NOTICE.name}:{_week(session)}:{person}"


def draw(tables: Sequence[Table], day: date, cited: str) -> bytes:
    """Return figures as a PNG. `cited`: the clause on reports, « PA20, 5.10 ». Raises `TypesetError`."""
    drawn = []
    for table in tables:
        figures = list(table.figures)
        if len(figures) > _LONGEST:
            many = [figure for figure in figures if figure.band.low]
            rest = LabelledBand("Chacune des autres" if many else "Chacune", Band())
            figures = [*many, *([rest] if len(many) < len(figures) else [])]
        lines = [
            asdict(figure.band) | {"label": figure.label, "words": figure.band.words} for figure in figures
        ]
        drawn.append({"title": table.title, "figures": lines})
    data = {
        "title": TITLE,
        "subtitle": f"{cited}, le {in_words(day)}",
        "note": _NOTE,
        "scale": max(_SCALE, *(figure.band.high for table in tables for figure in table.figures)),
        "tables": drawn,
    }
    return typeset(_TEMPLATE, data, "png")


def notice_builders(records: Records) -> tuple[NoticeBuilder, ...]:
    """Return the builder of the weekly figures notice, for the outbox."""

    def digest(context: NoticeContext, notice: DigestNotice) -> Message | None:
        session = records.at(context.db)
        if context.recipient.removeprefix("person:") not in holders(session):
            return None
        file = load_file(session, notice.id)
        return message(file) if file else None

    return (NOTICE.built_by(digest),)


def message(file: ReportFile) -> Message:
    """Return the message with the picture of the figures, and the same figures as text."""
    return Message(
        Heading(TITLE),
        Text(file.text),
        File(file.name, file.content, TITLE, excerpt(file.text, DESCRIPTION_LENGTH)),
        Buttons(Button("Voir les signalements", "signalements")),
        Note(_NOTE),
    )
