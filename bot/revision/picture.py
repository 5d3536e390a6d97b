"""The curve of attestations of a revision over time, drawn in a separate process and sent by the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import KeptPicture
from bot.outbox.notices import RowArguments
from bot.revision import ledger, revisions
from bot.revision.archive import Archive
from bot.revision.ledger import Recipient
from bot.revision.notices import PICTURE
from bot.revision.revisions import Revision
from bot.storage.database import Storage
from bot.times import Calendar, in_words
from bot.typesetting.typeset import typeset

_TEMPLATE: Final = Path(__file__).with_name("revision.typ")


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of attestations. `total`: how many people are asked to attest. `first`: the first day.

    `points`: pairs (days since `first`, attestations so far). `words`: the ledger's totals, one per line.
    """

    title: str
    total: int
    first: date
    last: date
    points: tuple[tuple[int, int], ...]
    words: str


def curve(
    name: str, revision: Revision, recipients: Sequence[Recipient], calendar: Calendar, today: date
) -> Curve:
    """Return the curve of a revision's attestations, from the day of the announcement."""
    expected = [person for person in recipients if person.asked != "nothing" and person.state != "left"]
    first = calendar.day(revision.announced_at) if revision.announced_at else today
    days = sorted(max(calendar.day(person.attested_at), first) for person in expected if person.attested_at)
    points = {(day - first).days: count for count, day in enumerate(days, 1)}
    title = f"{name}, révision du {in_words(revision.adopted or first)}"
    words = ledger.count_recipients(recipients)
    return Curve(title, len(expected), first, max(today, first), tuple(points.items()), words)


def draw(curve: Curve) -> bytes:
    """Return a curve as a PNG. Raises `TypesetError`."""
    attested = curve.points[-1][1] if curve.points else 0
    data = {
        "title": curve.title,
        "subtitle": f"Attestations\u00a0: {attested} sur {curve.total}, le {in_words(curve.last)}",
        "total": curve.total,
        "days": (curve.last - curve.first).days,
        "points": [list(point) for point in curve.points],
        "first": in_words(curve.first),
        "last": in_words(curve.last) if curve.last > curve.first else "",
        "words": " · ".join(curve.words.split("\n")),
    }
    return typeset(_TEMPLATE, data, "png")


async def curve_errand(
    storage: Storage, archive: Archive, calendar: Calendar, arguments: RowArguments, now: datetime
) -> None:
    """Draw the curve of a revision and send it to the requester. Raises `TypesetError`, `StorageError`."""

    def count(db: Database) -> Curve | None:
        revision = revisions.find_revision(db, arguments["revision"])
        if revision is None or revision.state != "announced":
            return None
        name = archive.library.policies[revision.policy].name
        return curve(name, revision, ledger.list_recipients(db, revision), calendar, calendar.day(now))

    def picture(drawn: Curve) -> KeptPicture:
        return KeptPicture(draw(drawn), drawn.words, calendar.day(now))

    await kept_pictures.draw_and_send(storage, PICTURE, arguments, now, count=count, draw=picture)
