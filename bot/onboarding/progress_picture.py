"""The progress of the onboardings as a picture: drawn in a process of its own, sent by the outbox.

The numbers are those of the text that goes with it (`bot.onboarding.progress`); colours are Okabe and Ito's,
told apart by everyone, and each bar has its words, so that colour alone says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot.conversation.deferred import aside
from bot.onboarding.notices import PICTURE
from bot.onboarding.progress import LABELS, Numbers
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import KeptPicture
from bot.storage.database import Storage
from bot.times import in_words
from bot.typesetting.typeset import typeset

Count: TypeAlias = Callable[[Database], Numbers]

_TEMPLATE: Final = Path(__file__).with_name("progress.typ")


def draw(numbers: Numbers, title: str, day: date) -> bytes:
    """Return the picture, as PNG. Takes a tenth of a second or so: not for the storage thread.

    Raises `TypesetError`.
    """
    data = {
        "title": title,
        "subtitle": f"{numbers.total} personne{'s' * (numbers.total > 1)}, le {in_words(day)}",
        "total": numbers.total,
        "rows": [{"label": LABELS[step], "count": count} for step, count in numbers.steps],
        "late": numbers.late,
    }
    return typeset(_TEMPLATE, data, "png")


class ProgressErrand:
    """The errand `accueil-image`: count, draw, keep the picture, have it sent to whoever asked.

    `title`: what is drawn, in words. `count`: the numbers, on the storage thread. `today`: the local date.
    """

    def __init__(self, storage: Storage, title: str, count: Count, today: Callable[[], date]) -> None:
        self._storage = storage
        self._title = title
        self._count = count
        self._today = today

    async def __call__(self, arguments: Mapping[str, Any], now: datetime) -> None:
        """Draw. Done again after a crash, it sends nothing twice. Raises `TypesetError`, `StorageError`."""
        numbers = await self._storage.run(self._counted)
        png = await aside(partial(draw, numbers, self._title, self._today()))
        made = KeptPicture(png, "\n".join(numbers.lines()), self._today())
        await self._storage.run(lambda: kept_pictures.keep(self._storage, PICTURE, arguments, made, now))

    def _counted(self) -> Numbers:
        with self._storage.transaction() as db:
            return self._count(db)
