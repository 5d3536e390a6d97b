"""Whether a version of a policy is in force on a given day, and when a number was removed."""

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Literal, TypeAlias

from bot.policy.articles import Number, Version
from bot.policy.library import Policy


class LegalStanding(StrEnum):
    """Whether a text is in force. The values are shown to people, and written in data for programs."""

    IN_FORCE = "en vigueur"
    COMING = "à venir"
    REPLACED = "remplacée"
    REPEALED = "abrogée"


# A whole version is never repealed: another replaces it.
VersionStanding: TypeAlias = Literal[LegalStanding.IN_FORCE, LegalStanding.COMING, LegalStanding.REPLACED]


def legal_standing(policy: Policy, version: Version, day: date) -> VersionStanding:
    """Return the standing of a version on a given day."""
    if version.since > day:
        return LegalStanding.COMING
    return LegalStanding.IN_FORCE if version is policy.in_force(day) else LegalStanding.REPLACED


def removal_day(policy: Policy, version: Version, number: Number) -> date | None:
    """Return the day on which a number that `version` lacks was removed, None if no version before had it."""
    days = (
        after.since
        for before, after in pairwise(policy.versions)
        if after.since <= version.since and before.within(number) and not after.within(number)
    )
    return max(days, default=None)
