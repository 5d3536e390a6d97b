"""The findings of the diagnostic: each says in French what is fine, worth a look, or broken."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, TypeAlias

DRIFT = timedelta(seconds=30)  # tolerated clock drift; Slack refuses signatures over 5 minutes off

Level: TypeAlias = Literal["ok", "avis", "erreur"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnostic: its subject, its level, and a text in French.

    « ok »: all is well. « avis »: it works, but something is worth a look. « erreur »: something does not
    work. `undelivered`: whether the finding is that a trial message could not be delivered.
    """

    subject: str
    level: Level
    text: str
    undelivered: bool = False


def fine(subject: str, text: str) -> Finding:
    """Return an « ok » finding: all is well."""
    return Finding(subject, "ok", text)


def note(subject: str, text: str, *, undelivered: bool = False) -> Finding:
    """Return an « avis » finding: it works, but something is worth a look."""
    return Finding(subject, "avis", text, undelivered)


def wrong(subject: str, text: str, *, undelivered: bool = False) -> Finding:
    """Return an « erreur » finding: something does not work."""
    return Finding(subject, "erreur", text, undelivered)


def compare_keys(subject: str, needed: Collection[str], available: Collection[str], current: str) -> Finding:
    """Return an « ok » finding if a backup of the key folder holds every needed key, else an « erreur ».

    `needed`, `available`: identifiers of keys. `current`: the identifier of the key in use.
    """
    if missing := sorted({*needed} - {*available}):
        return wrong(subject, f"le double n'a pas la clé {', '.join(missing)}. Refaites-le.")
    return fine(subject, f"le double a la clé en usage, {current}.")


def no_key(subject: str) -> Finding:
    """Return the « ok » finding to report while no key has been used yet."""
    return fine(subject, "aucune clé n'a encore servi.")


def lacking(subject: str, file: Path) -> Finding:
    """Return the « erreur » finding for a backup of the key folder in which `file` cannot be read."""
    return wrong(subject, f"le double n'a pas {file}, ou ce fichier ne se lit pas. Refaites-le.")


def clock_drift(platform: str, date: str, now: datetime) -> list[Finding]:
    """Return a finding on the drift of this machine's clock, or none if `date` cannot be parsed.

    `date`: the `Date` header of a response from `platform`, received at `now`.
    """
    try:
        apart = abs(parsedate_to_datetime(date) - now)
    except (TypeError, ValueError):
        return []
    if apart <= DRIFT:
        return [fine("horloge", f"à l'heure de {platform}.")]
    minutes = round(apart.total_seconds() / 60) or 1
    return [wrong("horloge", f"à {minutes} min de celle de {platform}. Réglez l'heure de la machine (NTP).")]
