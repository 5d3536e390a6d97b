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
    """Return whether sealed copies of the database exist. The sandbox is never copied."""
    return not settings.sandboxed() and copies.exist(settings.copies())


def needed(db: Database, keepsake: Keepsake, settings: Settings) -> bool:
    """Return whether a copy or a report needs a keepsake, whatever the database remembers."""
    return copied(settings) or (keepsake is records.KEYS and records.any_report(db))


def ensure(storage: Storage, settings: Settings) -> None:
    """Make the files that have never existed, on the storage thread. `find_lost` reports lost ones."""
    for keepsake in KEEPSAKES:
        with suppress(StorageError), storage.transaction() as db:
            keepsakes.ensure(db, keepsake, settings.keys(), needed=needed(db, keepsake, settings))


def find_lost(db: Database, settings: Settings) -> list[str]:
    """Return a French line, with what to do, for each key file lost, damaged or from elsewhere.

    Return an empty list for the sandbox, which keeps none.
    """
    lines = []
    for keepsake in () if settings.sandboxed() else KEEPSAKES:
        try:
            keepsakes.find(db, keepsake, settings.keys(), needed=needed(db, keepsake, settings))
        except StorageError as error:
            lines.append(str(error))
    return lines


def admit(db: Database, settings: Settings) -> list[str]:
    """Replace the files that are lost for good, and return the names of the new ones.

    The keys of reports are not made while a report is stored: it would never open again. Raises
    `StorageError` when a file that is damaged or another installation's is in the way.
    """
    held = records.any_report(db)
    allowed = [keepsake for keepsake in KEEPSAKES if not (held and keepsake is records.KEYS)]
    lost = [keepsake for keepsake in allowed if keepsakes.is_lost(db, keepsake, settings.keys())]
    for keepsake in lost:
        keepsakes.remake(db, keepsake, settings.keys())
    return [keepsake.file for keepsake in lost]
