"""Pictures of progress, kept from when they are drawn until the outbox has sent them; a day at most."""

from __future__ import annotations

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
    """A picture as PNG, the same numbers as text, and the day that they are of."""

    png: bytes
    words: str
    day: date


@dataclass(frozen=True, slots=True)
class PictureNotice:
    """The arguments of a notice that gives a picture: its identifier."""

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
    """Draw a picture and send it by `notice` to whoever asked; done again after a crash, it is sent once.

    `arguments`: the errand's, with the picture's « id » and the « person » who asked. `count`: reads the
    numbers on the storage thread, None when there is nothing to draw any more. `draw`: takes a second, on a
    thread of its own. Raises what `draw` raises, and `StorageError`.
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
            key, sent = f"{notice.name}:{identifier}", PictureNotice(identifier)
            rows.enqueue(db, Delivery(key, f"person:{person}", notice, sent, urgent=True), now)

    numbers = await storage.run(counted)
    if numbers is not None:
        picture = await aside(partial(draw, numbers))
        await storage.run(partial(send, picture))


def find(db: Database, identifier: str) -> KeptPicture | None:
    """Return a picture, None once it is deleted."""
    row = db.conn.execute(
        "SELECT png, numbers, made_on FROM progress_pictures WHERE id = ?", (identifier,)
    ).fetchone()
    return KeptPicture(bytes(row[0]), row[1], date.fromisoformat(row[2])) if row else None


def forget(db: Database, today: date) -> None:
    """Delete the pictures of earlier days."""
    db.conn.execute("DELETE FROM progress_pictures WHERE made_on < ?", (today.isoformat(),))
