"""Whether a version of a policy is in force on a given day."""

from datetime import date
from enum import StrEnum
from typing import Literal, TypeAlias

from bot.policy.articles import Version
from bot.policy.library import Policy


class LegalStanding(StrEnum):
    """Whether a text is in force. The values are what people and programs read."""

    IN_FORCE = "en vigueur"
    COMING = "à venir"
    REPLACED = "remplacée"
    REPEALED = "abrogée"


# A whole version is never repealed: another replaces it.
VersionStanding: TypeAlias = Literal[LegalStanding.IN_FORCE, LegalStanding.COMING, LegalStanding.REPLACED]


def legal_standing(policy: Policy, version: Version, day: date) -> VersionStanding:
    """Return whether a version is in force on a given day."""
    if version.since > day:
        return LegalStanding.COMING
    return LegalStanding.IN_FORCE if version is policy.in_force(day) else LegalStanding.REPLACED
