"""Everyone's progress in the onboarding, as a few numbers and a picture of them.

The text, the picture and the exports use the same numbers. The picture uses the colours of Okabe and Ito,
which everyone can tell apart, and labels each bar, so that nothing depends on colour alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.onboarding.enrolment import STEPS, Standing
from bot.onboarding.notices import PICTURE
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import KeptPicture
from bot.outbox.notices import RowArguments
from bot.register.attestations import Fact
from bot.storage.database import Storage
from bot.times import Calendar, in_words
from bot.typesetting.typeset import typeset

LABELS: dict[Fact, str] = {
    "delivered": "Message remis",
    "opened": "Lecture commencée",
    "read": "Lecture terminée",
    "passed": "Quiz réussi",
    "attested": "Lecture attestée",
}
_TEMPLATE: Final = Path(__file__).with_name("progress.typ")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people there are in all, how many have completed each step, and how many are late."""

    total: int
    steps: tuple[tuple[Fact, int], ...]
    late: int

    def lines(self) -> Iterator[str]:
        """Yield the numbers as text, one per line."""
        for step, count in self.steps:
            yield f"{LABELS[step]}\u00a0: {count} sur {self.total}"
        yield f"En retard\u00a0: {self.late} sur {self.total}"


def count_progress(standings: Iterable[Standing], today: date) -> Numbers:
    """Count the onboardings, except those that were suspended before an attestation.

    Only people who were given a due date can be late.
    """
    counted = [standing for standing in standings if standing.done or standing.suspended_on is None]
    return Numbers(
        len(counted),
        tuple((step, sum(step in standing.steps for standing in counted)) for step in STEPS),
        sum(standing.late(today) for standing in counted),
    )


def draw_progress(numbers: Numbers, title: str, day: date) -> bytes:
    """Draw the numbers and return the picture, as PNG. Raises `TypesetError`.

    Drawing takes 0.1 s, so do not call this on the storage thread.
    """
    data = {
        "title": title,
        "subtitle": f"{numbers.total} personne{'s' * (numbers.total > 1)}, le {in_words(day)}",
        "total": numbers.total,
        "rows": [{"label": LABELS[step], "count": count} for step, count in numbers.steps],
        "late": numbers.late,
    }
    return typeset(_TEMPLATE, data, "png")


async def send_progress(
    storage: Storage,
    arguments: RowArguments,
    now: datetime,
    *,
    title: str,
    count: Callable[[Database], Numbers],
    calendar: Calendar,
) -> None:
    """Draw the progress picture and send it to the person who asked for it.

    Raises `TypesetError` or `StorageError`.
    """

    def draw(numbers: Numbers) -> KeptPicture:
        day = calendar.day(now)
        return KeptPicture(draw_progress(numbers, title, day), "\n".join(numbers.lines()), day)

    await kept_pictures.draw_and_send(storage, PICTURE, arguments, now, count=count, draw=draw)
