"""The files of the key folder that a bot must never lose (see `bot.storage.keepsakes`)."""

from contextlib import suppress
from typing import Final

from sqlite_utils import Database

from bot.backup import copies, destroyed
from bot.reports import records
from bot.settings import Settings
from bot.storage import keepsakes
from bot.storage.database import Storage, StorageError
from bot.storage.keepsakes import Keepsake

KEEPSAKES: Final = (copies.KEY, records.KEYS, destroyed.LIST)


def copied(settings: Settings) -> bool:
    """Return whether sealed copies of the database exist. The sandbox has none."""
    return not settings.sandboxed() and copies.exist(settings.copies())


def needed(db: Database, keepsake: Keepsake, settings: Settings) -> bool:
    """Return whether a copy or a report needs a key file, even if the database has no record of this file."""
    return copied(settings) or (keepsake is records.KEYS and records.any_report(db))


def ensure(storage: Storage, settings: Settings) -> None:
    """Make the key files that have never existed. Call this on the storage thread.

    Lost files are not made again: `find_lost` reports them.
    """
    for keepsake in KEEPSAKES:
        with suppress(StorageError), storage.transaction() as db:
            keepsakes.ensure(db, keepsake, settings.keys(), needed=needed(db, keepsake, settings))


def find_lost(db: Database, settings: Settings) -> list[str]:
    """Return a French line for each key file that is lost, damaged or another installation's.

    Each line says what to do.

    The sandbox needs no key file.
    """
    lines = []
    for keepsake in () if settings.sandboxed() else KEEPSAKES:
        try:
            keepsakes.find(db, keepsake, settings.keys(), needed=needed(db, keepsake, settings))
        except StorageError as error:
            lines.append(str(error))
    return lines


def admit(db: Database, settings: Settings) -> list[str]:
    """Make new key files in place of those that are lost for good. Return the names of the new files.

    The keys of reports are not replaced while a report is stored, since this report could never be opened
    again. Raises `StorageError` when a damaged file, or another installation's, is in the way.
    """
    has_reports = records.any_report(db)
    allowed = [keepsake for keepsake in KEEPSAKES if not (has_reports and keepsake is records.KEYS)]
    lost = [keepsake for keepsake in allowed if keepsakes.is_lost(db, keepsake, settings.keys())]
    for keepsake in lost:
        keepsakes.remake(db, keepsake, settings.keys())
    return [keepsake.file for keepsake in lost]
