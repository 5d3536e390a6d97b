"""Setting up what keeps reports: the keys, the limits, the drafts, the delays."""

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
from bot.reports import identifying
from bot.reports import keys as report_keys
from bot.reports import records as report_records
from bot.reports.addresses import addresses
from bot.reports.drafts import Drafts
from bot.reports.keys import Keyring
from bot.reports.limits import Limiter
from bot.reports.records import EscalationPlan, Records
from bot.reports.service import Reporting
from bot.settings import SEED, Settings
from bot.storage.database import StorageError


def reporting(
    settings: Settings,
    library: Library,
    office: Office,
    guidance: Mapping[str, Guidance],
    masker: Callable[[], Masker],
) -> Reporting:
    """Return what it takes to take reports in and to handle them; no key or list is read or made yet."""
    # Read at the first report: a start has no use for them.
    posts = cache(lambda: addresses.load(SEED))
    phrases = cache(lambda: identifying.load(SEED, masker()))
    keys = ring(settings, kept=office.storage.path is not None)
    records = Records(keys, office.calendar, plan(settings), remember=office.remember)
    return Reporting(
        library,
        office,
        records,
        Drafts(office.clock),
        Limiter(office.clock),
        guidance.get(library.default.id) or Guidance(),
        lambda text: posts().read(text),
        lambda text: posts().cleaned(text),
        lambda *texts: phrases().described(*texts),
    )


def reminders(settings: Settings, db: Database) -> list[str]:
    """Return, in one French line each, what keeps reports from being received or opened."""
    if not report_records.kept(db):
        return []
    try:
        kept_ring(settings.keys(), db)
    except StorageError as error:
        return [f"Signalements\u00a0: {error}"]
    return []


def plan(settings: Settings) -> EscalationPlan:
    """Return how long a case may go unread, and be kept once it is closed."""
    return EscalationPlan(
        timedelta(hours=settings.vigie_signalement_rappel),
        timedelta(hours=settings.vigie_signalement_autre),
        timedelta(hours=settings.vigie_signalement_suppleance),
        settings.vigie_signalement_jours,
    )


def ring(settings: Settings, *, kept: bool) -> Callable[[Database], Keyring]:
    """Return what gives the keys; those of the moment for a database that is not `kept`, in memory."""
    if not kept:
        made = report_keys.new_keyring()
        return lambda _: made
    return partial(kept_ring, settings.keys())


def kept_ring(keys: Path, db: Database) -> Keyring:
    """Return the keys in their folder, made only where there is no report yet that others have sealed.

    They are read each time: the command line may have changed them. Raises `StorageError` when they are
    lost.
    """
    return report_keys.keyring(keys, create=not report_records.kept(db))
