"""The findings of a diagnosis: fine, worth a look, or broken, with one line of advice in French."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias

DRIFT = timedelta(seconds=30)  # tolerated clock drift; Slack refuses signatures over 5 minutes off

Level: TypeAlias = Literal["ok", "avis", "erreur"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a diagnosis: the subject, its level, and a text.

    « avis »: it works, but something is worth a look. « erreur »: something does not work.
    """

    subject: str
    level: Level
    text: str


def fine(subject: str, text: str) -> Finding:
    """Return an « ok » finding: all is well."""
    return Finding(subject, "ok", text)


def note(subject: str, text: str) -> Finding:
    """Return an « avis » finding: it works, but something is worth a look."""
    return Finding(subject, "avis", text)


def wrong(subject: str, text: str) -> Finding:
    """Return an « erreur » finding: something does not work."""
    return Finding(subject, "erreur", text)


def compare_keys(subject: str, needed: Collection[str], held: Collection[str], current: str) -> Finding:
    """Return whether a backup of the key folder holds the needed keys. `current`: its key in use."""
    if missing := sorted({*needed} - {*held}):
        return wrong(subject, f"le double n'a pas la clé {', '.join(missing)}. Refaites-le.")
    return fine(subject, f"le double a la clé en usage, {current}.")


def no_key(subject: str) -> Finding:
    """Return the finding for a key folder where no key was ever needed."""
    return fine(subject, "aucune clé n'a encore servi.")


def clock_drift(platform: str, date: str, now: datetime) -> list[Finding]:
    """Return a finding on this machine's clock, from a response's `Date` header; [] if it is not a date."""
    try:
        apart = abs(parsedate_to_datetime(date) - now)
    except (TypeError, ValueError):
        return []
    if apart <= DRIFT:
        return [fine("horloge", f"à l'heure de {platform}.")]
    minutes = round(apart.total_seconds() / 60) or 1
    return [wrong("horloge", f"à {minutes} min de celle de {platform}. Réglez l'heure de la machine (NTP).")]
