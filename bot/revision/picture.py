"""The attestations of a revision over time, as a curve: drawn in a process of its own, sent by the outbox.

The numbers are those of the text that goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import KeptPicture
from bot.outbox.notices import RowArguments
from bot.revision import audience, ledger, revisions
from bot.revision.archive import Archive
from bot.revision.ledger import Recipient
from bot.revision import ledger
from bot.revision.notices import PICTURE
from bot.revision.revisions import Revision
from bot.storage.database import Storage
from bot.times import Calendar, in_words
from bot.typesetting.typeset import typeset

_TEMPLATE: Final = Path(__file__).with_name("revision.typ")


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn: how many had attested, `points`, so many days after the first, of how many asked."""

    title: str
    total: int
    first: date
    last: date
    points: tuple[tuple[int, int], ...]
    words: str


def curve(
    name: str, revision: Revision, found: Sequence[Recipient], calendar: Calendar, today: date
) -> Curve:
    """Return the curve of a ledger, from the day when it was announced."""
    asked = [one for one in found if one.asked != "nothing" and one.state != "left"]
    first = calendar.day(revision.announced_at) if revision.announced_at else today
    days = sorted(max(calendar.day(one.attested_at), first) for one in asked if one.attested_at)
    points = {(day - first).days: number for number, day in enumerate(days, 1)}
    title = f"{name}, révision du {in_words(revision.adopted or first)}"
    return Curve(title, len(asked), first, max(today, first), tuple(points.items()), ledger.counted(found))


def draw(one: Curve) -> bytes:
    """Return the picture, as PNG. Raises `TypesetError`."""
    attested = one.points[-1][1] if one.points else 0
    data = {
        "title": one.title,
        "subtitle": f"Attestations\u00a0: {attested} sur {one.total}, le {in_words(one.last)}",
        "total": one.total,
        "days": (one.last - one.first).days,
        "points": [list(point) for point in one.points],
        "first": in_words(one.first),
        "last": in_words(one.last) if one.last > one.first else "",
        "words": " · ".join(one.words.split("\n")),
    }
    return typeset(_TEMPLATE, data, "png")


async def curve_errand(
    storage: Storage, archive: Archive, calendar: Calendar, arguments: RowArguments, now: datetime
) -> None:
    """Draw the curve of a revision and send it to whoever asked. Raises `TypesetError`, `StorageError`."""

    def count(db: Database) -> Curve | None:
        revision = revisions.find_revision(db, arguments["revision"])
        if revision is None or revision.state != "announced":
            return None
        name = archive.library.policies[revision.policy].name
        return curve(name, revision, ledger.list_recipients(db, revision), calendar, calendar.day(now))

    def picture(drawn: Curve) -> KeptPicture:
        return KeptPicture(draw(drawn), drawn.words, calendar.day(now))

    await kept_pictures.draw_and_send(storage, PICTURE, arguments, now, count=count, draw=picture)
