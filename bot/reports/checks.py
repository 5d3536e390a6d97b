"""Findings of `vigie diagnostic` about reports: whether they reach someone and can be opened."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.conversation.findings import Finding, compare_keys, fine, lacking, no_key, note, wrong
from bot.reports import keys as report_keys
from bot.reports import retention
from bot.reports.ground import Ground
from bot.reports.keys import KEY_FILE, SealError
from bot.reports.queue import read_queue
from bot.storage.database import StorageError

_SUBJECT: Final = "signaler"


def check_double(db: Database, keys: Path, double: Path) -> Finding:
    """Return the finding on `double`, the copy of the key folder: whether it holds every report key."""
    needed, root = retention.keys_used(db), None
    try:
        with suppress(StorageError):  # keys lost or not made yet: the sealed content shows which are needed
            ring = report_keys.load_keyring(keys)
            needed |= {*ring.former_names, ring.current_name}
            root = ring.root
        if not needed:
            return no_key(_SUBJECT)
        double_ring = report_keys.load_keyring(double)
    except StorageError:
        return lacking(_SUBJECT, double / KEY_FILE)
    compared = compare_keys(
        _SUBJECT, needed, {*double_ring.former_names, double_ring.current_name}, double_ring.current_name
    )
    if compared.level == "ok" and root not in {None, double_ring.root}:
        return wrong(_SUBJECT, "la clé du double ne retrouve pas les codes de suivi. Refaites-le.")
    return compared


def check_reports(db: Database, keys: Path, today: date, ground: Ground) -> Iterator[Finding]:
    """Yield findings about the reports in a database and their keys in a folder."""
    queue = read_queue(db, today)
    if not queue.recipients:
        yield fine(_SUBJECT, "il n'y a pas de signalements.")
    elif not queue.reached:
        yield note(
            _SUBJECT, "personne ne peut recevoir de signalement. Nommez quelqu'un\u00a0: vigie roles nommer."
        )
    elif len(queue.vacant) == queue.recipients:
        yield note(
            _SUBJECT,
            f"aucun destinataire {ground.of} n'est nommé\u00a0: la suppléance reçoit à leur "
            "place (vigie roles nommer).",
        )
    elif queue.vacant:
        yield note(_SUBJECT, f"un destinataire {ground.of} au moins n'est pas nommé (vigie roles lister).")
    if queue.dead:
        yield wrong(_SUBJECT, f"alertes non remises\u00a0: {queue.dead}. Voyez\u00a0: vigie lettres.")
    sealed = db.conn.execute("SELECT sealed FROM report_filings LIMIT 1").fetchone()
    if sealed is None:
        yield fine(_SUBJECT, "aucun signalement n'est gardé.")
        return
    try:
        report_keys.load_keyring(keys).open(sealed[0])
    except (StorageError, SealError) as error:
        yield wrong(_SUBJECT, str(error))
    else:
        yield fine(_SUBJECT, "les clés ouvrent les signalements.")
