"""`vigie diagnostic`: checks of everything that the bot depends on, with advice for each problem."""

import asyncio
import os
import shutil
import socket
import stat
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from sqlite_utils import Database

from bot.backup import copies, destroyed
from bot.configuration import places
from bot.conversation.findings import Finding, compare_keys, fine, lacking, no_key, note, wrong
from bot.operations.health import HOST
from bot.operations.pending import read_pending
from bot.platforms.listening import port_problem
from bot.settings import Settings
from bot.storage import state
from bot.storage.database import LockedError, StorageError, lock, lock_file, reader, require_sound
from bot.storage.schema.migrations import migrations
from bot.times import Calendar, Clock, in_words

ENOUGH_DISK = 200_000_000  # bytes: enough for the database, a copy in progress, and several nightly copies
STALE = timedelta(days=2)  # a nightly copy older than this means that at least one copy failed
STALE_HOURLY = timedelta(hours=2)
PATIENCE = 20.0  # seconds for all the checks of a platform
PRIVATE = stat.S_IRWXG | stat.S_IRWXO

Check: TypeAlias = Callable[[], Awaitable[Sequence[Finding]]]
DatabaseCheck: TypeAlias = Callable[[Database], Iterable[Finding]]


def check_machine(settings: Settings, clock: Clock, rooms: DatabaseCheck = lambda _: ()) -> list[Finding]:
    """Return findings on the time zone, database, disk, copies and keys, without using the network.

    Copies and keys are not checked in the sandbox, which has none. `rooms`: returns the findings of the other
    rooms, from the database opened read-only.
    """
    now = clock()
    calendar = settings.calendar()
    database = settings.database()
    folder = database.parent
    zone = fine("fuseau", f"{calendar.zone.key}\u00a0: on y est le {calendar.in_words(now)}.")
    if not folder.is_dir():
        if folder == places.state_folder():
            made = f"le dossier {folder} n'existe pas encore\u00a0: il sera créé au premier démarrage."
            return [zone, note("base", made)]
        return [zone, wrong("base", f"le dossier {folder} n'existe pas. Créez-le.")]
    free = shutil.disk_usage(folder).free
    room = f"{free / 1e9:.1f} Go libres.".replace(".", ",", 1)
    return [
        zone,
        *check_running(database),
        *check_database(database, now, calendar, rooms),
        fine("disque", room)
        if free >= ENOUGH_DISK
        else wrong("disque", f"{room} Libérez de la place\u00a0: une copie pourrait ne pas y tenir."),
        *([] if settings.sandboxed() else check_backup(settings, calendar.day(now))),
        *([] if settings.sandboxed() else check_hourly(settings, now, calendar)),
    ]


def check_running(database: Path) -> Iterator[Finding]:
    """Yield the finding that says whether a bot is using the database."""
    try:
        if runs(database):
            yield fine("robot", "en marche sur cette base.")
        else:
            yield note("robot", "à l'arrêt. Pour le démarrer\u00a0: vigie servir.")
    except StorageError as error:
        yield wrong("base", str(error))


def runs(database: Path) -> bool:
    """Return whether a bot is using a database. Raises `StorageError` when its lock cannot be opened."""
    if not lock_file(database).exists():  # without the file, no bot runs; trying the lock would make the file
        return False
    try:
        lock(database).close()
    except LockedError:
        return True
    return False


def check_port(number: int, setting: str) -> list[Finding]:
    """Check that the bot could open a port if it were started. Return a finding only if it could not.

    `setting`: the name of the port's setting.
    """
    with closing(socket.socket()) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the bot does
        try:
            tried.bind((HOST, number))
        except OSError as error:
            subject = "santé" if setting == "VIGIE_SANTE_PORT" else "ports"
            return [wrong(subject, port_problem(error, number, setting))]
    return []


def check_database(path: Path, now: datetime, calendar: Calendar, rooms: DatabaseCheck) -> Iterator[Finding]:
    """Yield the findings on the database file and on the outbox, then the findings of `rooms`."""
    if not path.exists():
        yield note("base", f"{path} n'existe pas encore\u00a0: elle sera créée au premier démarrage.")
        return
    try:
        db = reader(path, earlier=True)
        with closing(db.conn):
            require_sound(db, path, thorough=True)
            if migrations.pending(db):
                yield note(
                    "base", "d'une version plus ancienne\u00a0: le prochain démarrage la mettra à jour."
                )
                return
            status = path.stat()
            yield fine("base", f"saine, {status.st_size / 1e6:.1f} Mo.".replace(".", ",", 1))
            if status.st_mode & PRIVATE:
                yield note("base", f"d'autres comptes de la machine peuvent la lire\u00a0: chmod 600 {path}")
            yield from check_outbox(db, now, calendar)
            yield from rooms(db)
    except StorageError as error:
        yield wrong("base", str(error))


def check_outbox(db: Database, now: datetime, calendar: Calendar) -> Iterator[Finding]:
    """Check that due messages are being sent, and that no message waits for a decision."""
    paused, restored = state.flag(db, state.PAUSED), state.flag(db, state.RESTORED)
    work = read_pending(db, now)
    if paused:
        since = calendar.in_words(paused.since)
        yield note("envois", f"arrêtés depuis le {since}. Pour les reprendre\u00a0: vigie reprendre.")
    if work.held:
        yield note(
            "envois", f"retenus depuis une restauration\u00a0: {work.held}. Décidez\u00a0: vigie retenus."
        )
    elif restored:
        when = calendar.in_words(restored.since)
        yield note("envois", f"base restaurée le {when}. Confirmez\u00a0: vigie retenus.")
    if work.dead:
        yield note("envois", f"messages non remis\u00a0: {work.dead}. Décidez\u00a0: vigie lettres.")
    if work.message_age >= timedelta(minutes=5).total_seconds() and not paused:
        minutes = round(work.message_age / 60)
        yield wrong("envois", f"un message attend depuis {minutes} minutes. Le robot est-il en marche?")
    else:
        yield fine("envois", "rien n'est en retard.")


def check_backup(settings: Settings, today: date) -> Iterator[Finding]:
    """Check that nightly copies are recent, that the oldest and newest open, and that keys are private."""
    folder, keys = settings.copies(), settings.keys()
    nights, unopened = copies.nights(folder), False
    for night in sorted({*nights[:1], *nights[-1:]}):
        try:
            copies.read_copy(copies.nightly(folder, night), keys)
        except StorageError as error:
            unopened = True
            yield wrong("copies", f"celle du {in_words(night)} ne s'ouvre pas\u00a0: {error}")
    if not nights:
        yield note("copies", f"aucune copie de nuit dans {folder}\u00a0: la première vient cette nuit.")
    elif today - nights[-1] > STALE:
        yield wrong(
            "copies",
            f"la dernière copie de nuit est du {in_words(nights[-1])}. Le robot tourne-t-il la nuit?",
        )
    elif not unopened:
        oldest = f", comme la plus ancienne, {in_words(nights[0])}" if len(nights) > 1 else ""
        yield fine("copies", f"dernière copie de nuit\u00a0: {in_words(nights[-1])}; la clé l'ouvre{oldest}.")
    for file in keys.glob("*"):
        if file.stat().st_mode & PRIVATE or not os.access(keys, os.W_OK):
            yield note("clés", f"{keys} doit être à Vigie seule, et modifiable\u00a0: chmod -R go= {keys}")
            return


def check_hourly(settings: Settings, now: datetime, calendar: Calendar) -> Iterator[Finding]:
    """Check that the hourly copy can be opened and, while a bot runs, that it is recent."""
    folder, subject = settings.copies(), "copie de l'heure"
    try:
        made = copies.last_hour(folder, settings.keys())
    except StorageError as error:
        yield wrong(subject, f"ne s'ouvre pas\u00a0: {error}")
        return
    if made is None:
        yield note(
            subject, f"aucune encore dans {folder}. Une heure après le démarrage, le journal dit pourquoi."
        )
        return
    text = f"la dernière est du {calendar.in_words(made)}"
    with suppress(StorageError):  # an unreadable lock was already reported
        if now - made > STALE_HOURLY and runs(settings.database()):
            yield wrong(subject, f"{text}. Le journal dit pourquoi les suivantes ont échoué.")
            return
    yield fine(subject, f"{text}; la clé l'ouvre.")


def check_double(settings: Settings, double: Path) -> Finding:
    """Return a finding on whether `double`, a copy of the keys folder, has the key of the sealed copies."""
    folder, keys = settings.copies(), settings.keys()
    try:
        needed = {name for path in folder.glob(copies.SEALED) if (name := copies.key_named(path))}
        with suppress(StorageError):  # no key yet, or a lost one; the keys that copies name are checked
            needed.add(copies.fingerprint(copies.copy_key(keys)))
        if not needed:
            return no_key("copies")
        held = copies.fingerprint(copies.copy_key(double))
    except OSError:
        return wrong("copies", f"une copie de {folder} ne se lit pas. Vérifiez vos droits.")
    except StorageError:
        return lacking("copies", double / copies.KEY_FILE)
    return compare_keys("copies", needed, [held], held)


def check_double_of_list(db: Database, double: Path) -> Iterator[Finding]:
    """Yield a finding on whether `double` has this installation's list of destroyed rows, if there is one."""
    fingerprint, held = state.read_value(db, destroyed.LIST.name), ""
    if not fingerprint:
        return
    with suppress(StorageError):
        held = destroyed.LIST.read(double)
    if held == fingerprint:
        yield fine("détruits", "le double a la liste de ce qui avait été détruit quand il a été fait.")
    else:
        yield lacking("détruits", double / destroyed.LIST.file)


async def check_platforms(checks: Mapping[str, Check]) -> list[Finding]:
    """Return the findings of the platforms' checks, run concurrently, each for at most `PATIENCE` seconds."""

    async def ask(subject: str, check: Check) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await check()
        except TimeoutError:
            return [wrong(subject, "aucune réponse. Vérifiez l'accès à Internet.")]

    answers = await asyncio.gather(*(ask(subject, check) for subject, check in checks.items()))
    return [finding for answer in answers for finding in answer]


def as_text(findings: Sequence[Finding]) -> str:
    """Format the findings for people, one per line."""
    width = max(len(finding.subject) for finding in findings)
    return "\n".join(f"{line.level:<6} {line.subject:<{width}}  {line.text}" for line in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Format the findings for programs: {"ok": bool, "checks": [{"subject", "level", "text"}]}."""
    checks = [
        {"subject": finding.subject, "level": finding.level, "text": finding.text} for finding in findings
    ]
    return {"ok": sound(findings), "checks": checks}


def sound(findings: Sequence[Finding]) -> bool:
    """Return whether no finding is an error."""
    return all(finding.level != "erreur" for finding in findings)
