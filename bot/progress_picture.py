"""The progress of the onboardings as a picture: drawn in a process of its own, sent by the outbox.

The numbers are those of the text that goes with it (`bot.policy.progress`); colours are Okabe and Ito's,
told apart by everyone, and each bar has its words, so that colour alone says nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot import outbox
from bot.aside import aside
from bot.onboarding_notices import PICTURE
from bot.outbox import Delivery
from bot.policy.library import in_words
from bot.policy.onboarding import STEPS
from bot.policy.progress import LABELS, Numbers
from bot.storage import Storage

SECONDS: Final = 30
_PAGE: Final = Path(__file__).with_name("progress_page.py")
_PNG: Final = b"\x89PNG\r\n\x1a\n"

Count: TypeAlias = Callable[[Database], Numbers]


class PictureError(Exception):
    """The picture cannot be drawn; the text is one French sentence."""


def draw(numbers: Numbers, title: str, day: date) -> bytes:
    """Return the picture, as PNG. Takes a tenth of a second or so: not for the storage thread.

    Raises `PictureError`.
    """
    data = {
        "title": title,
        "subtitle": f"{numbers.total} personne{'s' * (numbers.total > 1)}, le {in_words(day)}",
        "total": numbers.total,
        "rows": [{"label": LABELS[step], "count": count} for step, count in numbers.steps],
        "late": numbers.late,
    }
    try:
        done = subprocess.run(  # noqa: S603 — our own file
            [sys.executable, "-I", str(_PAGE)],
            input=json.dumps(data).encode("ascii"),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PictureError("l'image n'a pas pu être dessinée.") from error
    if done.returncode or not done.stdout.startswith(_PNG):
        raise PictureError("l'image n'a pas pu être dessinée.")
    return done.stdout


@lru_cache(maxsize=1)
def sample() -> bytes:
    """Return a picture of made-up numbers, for the gallery."""
    counts = dict(zip(STEPS, (14, 11, 8, 6, 5), strict=True))
    return draw(Numbers(14, tuple(counts.items()), 2), "Les accueils sur la PA20", date(2026, 11, 24))


class Drawing:
    """The errand `accueil-image`: count, draw, keep the picture, have it sent to whoever asked.

    `title`: what is drawn, in words. `count`: the numbers, on the storage thread. `today`: the local date.
    """

    def __init__(self, storage: Storage, title: str, count: Count, today: Callable[[], date]) -> None:
        self._storage = storage
        self._title = title
        self._count = count
        self._today = today

    async def __call__(self, arguments: Mapping[str, Any], now: datetime) -> None:
        """Draw. Done again after a crash, it sends nothing twice. Raises `PictureError`, `StorageError`."""
        numbers = await self._storage.run(self._counted)
        png = await aside(partial(draw, numbers, self._title, self._today()))
        await self._storage.run(lambda: self._keep(arguments, numbers, png, now))

    def _counted(self) -> Numbers:
        with self._storage.transaction() as db:
            return self._count(db)

    def _keep(self, arguments: Mapping[str, Any], numbers: Numbers, png: bytes, now: datetime) -> None:
        identifier, person = arguments["id"], arguments["person"]
        with self._storage.transaction() as db:
            db.conn.execute(
                "INSERT OR REPLACE INTO progress_pictures (id, png, numbers, made_on) VALUES (?, ?, ?, ?)",
                (identifier, png, "\n".join(numbers.lines()), self._today().isoformat()),
            )
            delivery = Delivery(
                f"{PICTURE}:{identifier}", f"person:{person}", PICTURE, {"id": identifier}, urgent=True
            )
            outbox.enqueue(db, delivery, now)
