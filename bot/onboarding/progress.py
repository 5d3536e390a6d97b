"""How far everyone is, as a few numbers: the same for the text, the picture and the exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.onboarding.enrolment import STEPS, OnboardingPlan, Standing
from bot.register.attestations import Fact
from bot.times import Calendar

LABELS: dict[Fact, str] = {
    "delivered": "Message remis",
    "opened": "Lecture commencée",
    "read": "Lecture terminée",
    "passed": "Quiz réussi",
    "attested": "Lecture attestée",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of `total` people who are asked, how many have done each thing, and how many are late."""

    total: int
    steps: tuple[tuple[Fact, int], ...]
    late: int

    def lines(self) -> Iterator[str]:
        """Yield the numbers as text, one a line."""
        for step, count in self.steps:
            yield f"{LABELS[step]}\u00a0: {count} sur {self.total}"
        yield f"En retard\u00a0: {self.late} sur {self.total}"


def numbers(found: Iterable[Standing], plan: OnboardingPlan, calendar: Calendar, today: date) -> Numbers:
    """Count those who are asked, or have done all of it; those whose onboarding is suspended are left out."""
    counted = [one for one in found if one.done or one.suspended_on is None]
    return Numbers(
        len(counted),
        tuple((step, sum(step in one.steps for one in counted)) for step in STEPS),
        sum(one.late(plan, calendar, today) for one in counted),
    )
