"""The room of reports, built from the settings: keys, delays, limits, drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from sqlite_utils import Database

from bot.answers.guidance import Guidance
from bot.language.masking import Masker
from bot.people.office import Office
from bot.policy.library import Library
from bot.reports import keys as report_keys
from bot.reports import records as report_records
from bot.reports.addresses.addresses import load_addresses
from bot.reports.drafts import Drafts
from bot.reports.identifying import load_identifying
from bot.reports.intake import Reporting
from bot.reports.keys import Keyring
from bot.reports.limits import Limiter
from bot.reports.records import EscalationPlan, Records
from bot.settings import SEED, Settings
from bot.storage.database import StorageError


def reporting(
    settings: Settings,
    library: Library,
    office: Office,
    guidance: Mapping[str, Guidance],
    masker: Callable[[], Masker],
) -> Reporting:
    """Return the service that receives reports; it makes no key and reads no data before the first one."""
    in_memory = office.storage.path is None
    ring = _temporary_keyring() if in_memory else partial(keyring_for, settings.keys())
    delays = EscalationPlan(
        timedelta(hours=settings.vigie_signalement_rappel),
        timedelta(hours=settings.vigie_signalement_autre),
        timedelta(hours=settings.vigie_signalement_suppleance),
        settings.vigie_signalement_jours,
    )
    return Reporting(
        office,
        library,
        (guidance.get(library.default.id) or Guidance()).incident_clauses,
        Records(ring, office.calendar, delays, remember=office.remember),
        cache(partial(load_addresses, SEED)),
        cache(lambda: load_identifying(SEED, masker())),
        Drafts(office.clock),
        Limiter(office.clock),
    )


def reminders(settings: Settings, db: Database) -> list[str]:
    """Return what keeps reports from being received or opened: French lines, one for each."""
    if report_records.any_report(db):
        try:
            report_keys.keyring(settings.keys())
        except StorageError as error:
            return [f"Signalements\u00a0: {error}"]
    return []


def keyring_for(folder: Path, db: Database) -> Keyring:
    """Return the keys in a folder, made only when the database holds no report, which other keys sealed.

    They are read each time: the command line may have changed them. Raises `StorageError` when they are
    lost.
    """
    return report_keys.keyring(folder, create=not report_records.any_report(db))


def _temporary_keyring() -> Callable[[Database], Keyring]:
    """Return a source of keys that die with the process, like a database in memory."""
    ring = report_keys.new_keyring()
    return lambda _: ring
