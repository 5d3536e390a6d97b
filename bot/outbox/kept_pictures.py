"""Pictures of progress, stored until the outbox sends them, for at most a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from sqlite_utils import Database

from bot.conversation.deferred import aside
from bot.outbox import rows
from bot.outbox.notices import Notice, RowArguments
from bot.outbox.rows import Delivery
from bot.storage.database import Storage

Numbers = TypeVar("Numbers")


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A PNG picture of figures, the same figures as text, and their date."""

    png: bytes
    words: str
    day: date


@dataclass(frozen=True, slots=True)
class PictureNotice:
    """The argument of a notice that shows a picture: the picture's identifier."""

    id: str


async def draw_and_send(
    storage: Storage,
    notice: Notice[PictureNotice],
    arguments: RowArguments,
    now: datetime,
    *,
    count: Callable[[Database], Numbers | None],
    draw: Callable[[Numbers], KeptPicture],
) -> None:
    """Draw a picture and queue it, as `notice`, for the person who requested it.

    Running this again after a crash does not send the picture twice. `arguments`: the task's arguments: the
    picture's « id », the « person » who requested the picture, and the « account » that they used. `count`:
    returns the numbers to draw, read on the storage thread, or None when there is nothing to draw any more.
    `draw`: makes the picture on a separate thread, in about a second. Raises `StorageError`, and any error of
    `draw`.
    """

    def counted() -> Numbers | None:
        with storage.transaction() as db:
            return count(db)

    def send(picture: KeptPicture) -> None:
        identifier, person = arguments["id"], arguments["person"]
        with storage.transaction() as db:
            db.conn.execute(
                "INSERT OR REPLACE INTO progress_pictures (id, png, numbers, made_on) VALUES (?, ?, ?, ?)",
                (identifier, picture.png, picture.words, picture.day.isoformat()),
            )
            key = f"{notice.name}:{identifier}"
            sent = PictureNotice(identifier)
            rows.enqueue(
                db,
                Delivery(key, f"person:{person}", notice, sent, urgent=True, asked=arguments.get("account")),
                now,
            )

    numbers = await storage.run(counted)
    if numbers is not None:
        picture = await aside(partial(draw, numbers))
        await storage.run(partial(send, picture))


def find(db: Database, identifier: str) -> KeptPicture | None:
    """Return a picture, or None if it has been deleted."""
    row = db.conn.execute(
        "SELECT png, numbers, made_on FROM progress_pictures WHERE id = ?", (identifier,)
    ).fetchone()
    return KeptPicture(bytes(row[0]), row[1], date.fromisoformat(row[2])) if row else None


def forget(db: Database, today: date) -> None:
    """Delete the pictures made before today."""
    db.conn.execute("DELETE FROM progress_pictures WHERE made_on < ?", (today.isoformat(),))
