"""What `vigie diagnostic` says of reports: whether they reach someone, and whether their keys are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.conversation.findings import Finding, fine, note, wrong
from bot.reports import keys as report_keys
from bot.reports import queue, records
from bot.reports.keys import KEY_FILE, SealError
from bot.reports.routing import RECIPIENTS
from bot.storage.database import StorageError

_SUBJECT: Final = "signaler"


def reports(db: Database, keys: Path, today: date) -> Iterator[Finding]:
    """Yield how the reports are, from the database that is given to read."""
    found = queue.look(db, today)
    if not found.reached:
        yield note(
            _SUBJECT, "personne ne peut recevoir de signalement. Nommez quelqu'un\u00a0: vigie roles nommer."
        )
    elif len(found.vacant) == len(RECIPIENTS):
        yield note(
            _SUBJECT,
            "aucun des deux destinataires de la clause 5.10 n'est nommé\u00a0: la suppléance reçoit à leur "
            "place (vigie roles nommer).",
        )
    elif found.vacant:
        yield note(
            _SUBJECT, "un seul des deux destinataires de la clause 5.10 est nommé (vigie roles lister)."
        )
    if found.dead:
        yield wrong(_SUBJECT, f"alertes remises à personne\u00a0: {found.dead}. Voyez\u00a0: vigie lettres.")
    yield _keys(db, keys)


def _keys(db: Database, keys: Path) -> Finding:
    if not records.any_report(db) and not (keys / KEY_FILE).exists():
        return fine(_SUBJECT, "aucun signalement; les clés seront faites au premier.")
    try:
        ring = report_keys.keyring(keys)
        sealed = db.conn.execute("SELECT sealed FROM report_filings LIMIT 1").fetchone()
        if sealed:
            ring.open(sealed[0])
    except (StorageError, SealError) as error:
        return wrong(_SUBJECT, str(error))
    return fine(_SUBJECT, f"les clés des signalements sont dans {keys}.")
