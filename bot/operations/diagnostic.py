"""`vigie diagnostic`: everything the bot depends on, each line fine or with what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from sqlite_utils import Database

from bot.backup import copies as backup
from bot.conversation.findings import Finding, fine, note, wrong
from bot.operations.health import HOST, look
from bot.storage import state
from bot.storage.database import LockedError, StorageError, check, lock, lock_file, reader
from bot.storage.schema.migrations import migrations
from bot.times import Calendar, Clock, iso

ENOUGH_DISK = 200_000_000  # bytes: the database, its copy while it is made, and some nights of copies
STALE = timedelta(days=2)  # after which a nightly copy is missing
PATIENCE = 20.0  # seconds for a platform's checks
PRIVATE = stat.S_IRWXG | stat.S_IRWXO

Check: TypeAlias = Callable[[], Awaitable[Sequence[Finding]]]
RolesCheck: TypeAlias = Callable[[Database], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are kept: the database (None when there is none), the keys, the nightly copies."""

    database: Path | None
    keys: Path | None
    copies: Path | None


def local(
    places: Places, calendar: Calendar, clock: Clock, roles: RolesCheck = lambda _: ()
) -> list[Finding]:
    """Return what can be said without the network: database, roles, copies, keys, disk, clock.

    `roles` says how the registry of roles is, from the database that it is given to read.
    """
    now = clock()
    found = [_clock(calendar, now)]
    if places.database is None:
        return [*found, note("base", "aucune base n'est réglée (VIGIE_DB)\u00a0: rien n'est gardé.")]
    if not places.database.parent.is_dir():
        return [*found, wrong("base", f"le dossier {places.database.parent} n'existe pas. Créez-le.")]
    found += [_running(places.database), *_database(places.database, now, roles)]
    found += [_disk(places.database.parent)]
    if places.copies and places.keys:
        found += [_copies(places.copies, places.keys, calendar, now), _keys(places.keys)]
    return found


def port(number: int) -> list[Finding]:
    """Return what keeps the pages of health of a bot that does not run from being opened, if anything."""
    with closing(socket.socket()) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the bot does
        try:
            tried.bind((HOST, number))
        except OSError as error:
            why = os.strerror(error.errno or 0)
            return [wrong("santé", f"le port {number} ne s'ouvre pas ({why}). Réglez VIGIE_SANTE_PORT.")]
    return []


def runs(database: Path) -> bool:
    """Return whether a bot uses that database. Raises `StorageError` when it cannot be asked."""
    if not lock_file(database).exists():  # to ask for the lock would create it
        return False
    try:
        lock(database).close()
    except LockedError:
        return True
    return False


async def remote(checks: Mapping[str, Check]) -> list[Finding]:
    """Return what the platforms say, each asked at the same time as the others, within `PATIENCE`."""

    async def one(subject: str, ask: Check) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await ask()
        except TimeoutError:
            return [wrong(subject, "aucune réponse. Vérifiez l'accès à Internet.")]

    answers = await asyncio.gather(*(one(subject, ask) for subject, ask in checks.items()))
    return [finding for answer in answers for finding in answer]


def printed(findings: Sequence[Finding]) -> str:
    """Return the findings for a person to read, one a line."""
    width = max(len(finding.subject) for finding in findings)
    return "\n".join(f"{one.level:<6} {one.subject:<{width}}  {one.text}" for one in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for a program: {"ok": bool, "checks": [{"subject", "level", "text"}]}."""
    return {"ok": sound(findings), "checks": [asdict(finding) for finding in findings]}


def sound(findings: Sequence[Finding]) -> bool:
    """Return whether everything works."""
    return all(finding.level != "erreur" for finding in findings)


def _clock(calendar: Calendar, now: datetime) -> Finding:
    here = now.astimezone(calendar.zone)
    hour = f"{here.hour}\u00a0h\u00a0{here:%M}"
    return fine("fuseau", f"{calendar.zone.key}\u00a0: il y est {hour}, le {here:%Y-%m-%d}.")


def _running(database: Path) -> Finding:
    try:
        if runs(database):
            return fine("robot", "en marche sur cette base.")
    except StorageError as error:
        return wrong("base", str(error))
    return note("robot", "à l'arrêt. Pour le démarrer\u00a0: vigie servir.")


def _database(path: Path, now: datetime, roles: RolesCheck) -> Iterator[Finding]:
    if not path.exists():
        yield note("base", f"{path} n'existe pas encore\u00a0: elle sera créée au premier démarrage.")
        return
    try:
        database = reader(path)
        with closing(database.conn):
            check(database, path, thorough=True)
            if migrations.pending(database):
                yield note(
                    "base", "d'une version plus ancienne\u00a0: le prochain démarrage la mettra à jour."
                )
                return
            yield fine("base", f"saine, {path.stat().st_size / 1e6:.1f} Mo.".replace(".", ",", 1))
            if path.stat().st_mode & PRIVATE:
                yield note("base", f"d'autres comptes de la machine peuvent la lire\u00a0: chmod 600 {path}")
            yield from _sending(database, now)
            yield from roles(database)
    except StorageError as error:
        yield wrong("base", str(error))


def _sending(database: Database, now: datetime) -> Iterator[Finding]:
    paused, restored = state.flag(database, state.PAUSED), state.flag(database, state.RESTORED)
    found = look(database, now)
    if paused:
        yield note("envois", f"en pause depuis {iso(paused.since)}. Pour reprendre\u00a0: vigie reprendre.")
    if held := found.outbox.get("held", 0):
        yield note("envois", f"retenus depuis une restauration\u00a0: {held}. Décidez\u00a0: vigie retenus.")
    elif restored:
        yield note("envois", f"base restaurée le {iso(restored.since)}. Confirmez\u00a0: vigie retenus.")
    if dead := found.outbox.get("dead", 0):
        yield note(
            "envois", f"remis à personne, par aucun moyen\u00a0: {dead}. Décidez\u00a0: vigie lettres."
        )
    waiting = found.outbox.get("queued", 0)
    if found.message_age > timedelta(minutes=5).total_seconds() and not paused:
        minutes = round(found.message_age / 60)
        yield wrong("envois", f"un message attend depuis {minutes} minutes. Le robot est-il en marche?")
    else:
        yield fine("envois", f"en attente\u00a0: {waiting}; en retard\u00a0: aucun.")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} Go libres.".replace(".", ",", 1)
    if free >= ENOUGH_DISK:
        return fine("disque", text)
    return wrong("disque", f"{text} Libérez de la place\u00a0: une copie pourrait ne pas y tenir.")


def _copies(folder: Path, keys: Path, calendar: Calendar, now: datetime) -> Finding:
    last = backup.latest(folder)
    if last is None:
        return note("copies", f"aucune copie de nuit dans {folder}\u00a0: la première vient cette nuit.")
    if calendar.day(now) - last > STALE:
        return wrong("copies", f"la dernière copie de nuit est du {last}. Le robot tourne-t-il la nuit?")
    try:
        backup.content(backup.nightly(folder, last), keys)
    except StorageError as error:
        return wrong("copies", str(error))
    return fine("copies", f"dernière copie de nuit\u00a0: {last}; la clé l'ouvre.")


def _keys(folder: Path) -> Finding:
    if not (folder / backup.KEY_FILE).exists():
        return note("clés", f"aucune clé dans {folder}\u00a0: elle sera créée à la première copie.")
    try:
        backup.key(folder)
    except StorageError as error:
        return wrong("clés", str(error))
    file = folder / backup.KEY_FILE
    if file.stat().st_mode & PRIVATE or not os.access(folder, os.W_OK):
        return note("clés", f"{folder} doit être à Vigie seule, et modifiable\u00a0: chmod -R go= {folder}")
    return fine("clés", f"présentes dans {folder}. Gardez-en un double ailleurs que les copies.")
