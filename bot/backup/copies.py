"""Copies of the database, made while the bot runs: unencrypted on request, sealed each hour and each night.

A copy is consistent (one read transaction) and compact (no deleted data). Each file except the hourly one has
its SHA-256 beside it, in the format of `sha256sum -c`.

A sealed copy is a line, `vigie-sauvegarde-3 KEY` (the fingerprint of its key), then a libsodium secret stream
(XChaCha20-Poly1305, its 24-byte header, messages of `_PIECE` bytes). The stream holds a line, `MADE LENGTH`,
then the database of LENGTH bytes, then zeros. MADE is the day of a nightly copy, the moment of an hourly one.

There is only one hourly copy, made whether or not anything changed. Each replaces the previous one, and its
size is a multiple of `STEP`. So neither a series of copies nor their sizes reveal the hour of a report.
"""

import base64
import binascii
import hashlib
import io
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from nacl.bindings import crypto_secretstream as secretstream
from nacl.exceptions import CryptoError
from nacl.utils import random

from bot.storage import files, keepsakes
from bot.storage.database import StorageError, explained, must_exist, reader
from bot.storage.keepsakes import Keepsake
from bot.times import in_words, iso, utc

logger = logging.getLogger(__name__)

KEY_FILE: Final = "sauvegardes.cle"
SEALED: Final = "vigie-*.chiffre"  # the names of sealed copies
HOURLY: Final = "vigie-heure.chiffre"
STEP: Final = 16 * 1024**2  # bytes: at least as many as the largest sealed picture of a report adds
_SEAL = b"vigie-sauvegarde-"  # the beginning of sealed copies of every format version
_HEADER = re.compile(_SEAL + rb"3 ([0-9a-f]{16})\n")
_HEADER_LENGTH = 36  # bytes
_PIECE = 1024**2  # bytes of each message of the stream; the last may be shorter
_STREAM = secretstream.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_OVERHEAD = secretstream.crypto_secretstream_xchacha20poly1305_ABYTES  # additional bytes of each message
_FINAL = secretstream.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_KEY_SIZE = secretstream.crypto_secretstream_xchacha20poly1305_KEYBYTES
_NIGHTLY = re.compile(r"vigie-(\d{4}-\d\d-\d\d)\.chiffre(?:\.sha256)?")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: its path, its SHA-256 in hexadecimal, its size in bytes."""

    path: Path
    sha256: str
    size: int


def save(database: Path, destination: Path) -> Copy:
    """Copy the database to `destination`, even while a bot writes to it.

    `destination` appears only once the copy is complete and checked. Raises `StorageError`.
    """
    must_exist(database)
    if destination.exists():
        raise StorageError(f"{destination} existe déjà. Choisissez un autre nom.")
    with files.explained(destination), files.draft(destination) as draft:
        with closing(reader(database, earlier=True)) as source, explained(destination):
            source.conn.execute("VACUUM INTO ?", (str(draft),))
        with closing(reader(draft, earlier=True)) as copy, explained(draft):
            _require_whole(copy.conn, database)
        return _settle(draft, destination)


def save_sealed(database: Path, folder: Path, keys: Path, day: date) -> Copy:
    """Write the night's sealed copy into `folder`. Once checked, it replaces any other copy of that day.

    The copy is made in memory, so that it is never on disk unencrypted. Raises `StorageError`, for example if
    the key is lost or the database is damaged.
    """
    destination = nightly(folder, day)
    key, content = _read_database(database, folder, keys)
    with files.explained(destination), files.draft(destination) as draft:
        _write_sealed(draft, key, day.isoformat(), content)
        return _settle(draft, destination)


def save_hourly(database: Path, folder: Path, keys: Path, moment: datetime) -> Path:
    """Write the hour's sealed copy into `folder`, replacing the previous one.

    Raises the errors of `save_sealed`.
    """
    destination = folder / HOURLY
    key, content = _read_database(database, folder, keys)
    with files.explained(destination), files.draft(destination) as draft:
        _write_sealed(draft, key, iso(moment), content, STEP)
        files.settle(draft, destination)
    return destination


def _read_database(database: Path, folder: Path, keys: Path) -> tuple[bytes, bytes]:
    """Return the key of the copies, and the bytes of the database file, which is checked first."""
    with (
        explained(database),
        closing(reader(database, earlier=True)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        keepsakes.find(source, KEY, keys, needed=exist(folder))
        key = copy_key(keys, create=True)
        # Otherwise VACUUM would write the database in clear to a temporary file.
        copy.execute("PRAGMA temp_store = MEMORY")
        source.conn.backup(copy)
        copy.execute("VACUUM")
        _require_whole(copy, database)
        with files.explained(folder / HOURLY):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return key, copy.serialize()


def _require_whole(copy: sqlite3.Connection, database: Path) -> None:
    [answer] = copy.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise StorageError(f"la copie de {database} n'est pas saine\u00a0: la base est sans doute abîmée.")


def _write_sealed(draft: Path, key: bytes, made: str, content: bytes, step: int = 1) -> None:
    """Write a sealed copy of `content`, padded to a multiple of `step` bytes, and read it back as a check."""
    plain = f"{made} {len(content)}\n".encode("ascii") + content
    size = -(-len(plain) // step) * step
    state = secretstream.crypto_secretstream_xchacha20poly1305_state()

    def piece(start: int) -> bytes:
        return plain[start : start + _PIECE].ljust(min(_PIECE, size - start), b"\0")

    with draft.open("w+b") as file:
        file.write(f"vigie-sauvegarde-3 {fingerprint(key)}\n".encode("ascii"))
        file.write(secretstream.crypto_secretstream_xchacha20poly1305_init_push(state, key))
        for start in range(0, size, _PIECE):
            tag = _FINAL if start + _PIECE >= size else 0
            file.write(secretstream.crypto_secretstream_xchacha20poly1305_push(state, piece(start), tag=tag))
        file.seek(_HEADER_LENGTH)
        try:
            same = all(read == piece(n * _PIECE) for n, read in enumerate(_decrypt(file, key)))
        except CryptoError:
            same = False
    if not same:
        raise StorageError(f"la copie ne se relit pas dans {draft.parent}. Vérifiez le disque.")


def expire(folder: Path, today: date, days: int, keys: Path) -> None:
    """Remove the nightly copies older than `days` days, and their SHA-256 files.

    The latest copy that opens, or the latest one when none opens, is never removed: while new copies fail, it
    may be the only one left. If a copy cannot be removed, remove the others, then raise `StorageError`.
    """
    problem = None
    oldest = today - timedelta(days=days)
    expired = [path for path in folder.glob(f"{SEALED}*") if (day := _night(path)) and day < oldest]
    last = _last(folder, keys) if expired else None
    for path in expired:
        if _night(path) != last:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                problem = error
                logger.error("backup: %s could not be removed", path.name)  # noqa: TRY400 — one line
    if problem:
        raise StorageError(
            f"une copie expirée n'a pas pu être retirée de {folder}. Vérifiez vos droits."
        ) from problem


def _last(folder: Path, keys: Path) -> date | None:
    """Return the night of the latest nightly copy that opens or, if none opens, of the latest, if any."""
    latest_first = nights(folder)[::-1]
    for night in latest_first:
        with suppress(StorageError):
            read_copy(nightly(folder, night), keys)
            return night
    return latest_first[0] if latest_first else None


def exist(folder: Path) -> bool:
    """Return whether there are sealed copies in `folder`."""
    return any(folder.glob(SEALED))


def nights(folder: Path) -> list[date]:
    """Return the days of the nightly copies in `folder`, oldest first."""
    return sorted(day for path in folder.glob(SEALED) if (day := _night(path)))


def _night(path: Path) -> date | None:
    """Return the day in a nightly copy's name, None when the name has another form or an invalid date."""
    match = _NIGHTLY.fullmatch(path.name)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def nightly(folder: Path, day: date) -> Path:
    """Return the path of a night's copy."""
    return folder / f"vigie-{day.isoformat()}.chiffre"


def latest(folder: Path) -> dict[str, float]:
    """Return when the latest copies were written, in seconds since 1970, by kind: « hour », « night »."""
    paths = {"hour": folder / HOURLY, "night": nightly(folder, (nights(folder) or [date.min])[-1])}
    return {kind: path.stat().st_mtime for kind, path in paths.items() if path.exists()}


def last_hour(folder: Path, keys: Path) -> datetime | None:
    """Return when the hourly copy was made, None if there is none.

    Raises `StorageError` if the copy does not open.
    """
    made = read_copy(folder / HOURLY, keys)[1] if (folder / HOURLY).exists() else None
    return made if isinstance(made, datetime) else None


def read_copy(source: Path, keys: Path, *, in_clear: bool = False) -> tuple[bytes, date | datetime | None]:
    """Return the database file in a copy, and when the copy was made.

    This is the night of a nightly copy, the moment of an hourly one, None for an unsealed copy. The copy is
    checked against its SHA-256 file, which a sealed copy may lack. `in_clear`: accept an unsealed copy, which
    anyone able to write the file could have made. Raises `StorageError` when the copy is missing, altered,
    unsealed, sealed with another key, or named after another night.
    """
    sha256 = _sha256_file(source)
    try:
        whole = source.read_bytes()
        sealed = whole.startswith(_SEAL)
        expected = None if sealed and not sha256.exists() else sha256.read_text("ascii").split()[0]
    except FileNotFoundError as error:
        raise StorageError(f"il manque {error.filename}\u00a0: il faut la copie et son empreinte.") from error
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise StorageError(f"{source} ou son empreinte {sha256.name} ne se lit pas.") from error
    if expected and hashlib.sha256(whole).hexdigest() != expected:
        raise StorageError(f"{source} ne correspond pas à son empreinte\u00a0: prenez une autre copie.")
    if in_clear and not sealed:
        return whole, None
    if not sealed:
        raise StorageError(
            f"{source} n'est pas scellée\u00a0: rien ne dit que Vigie l'a faite, ni qui elle met à "
            "l'administration. Si vous savez d'où elle vient, ajoutez --en-clair."
        )
    return _unseal(whole, source, keys)


def _unseal(whole: bytes, source: Path, keys: Path) -> tuple[bytes, date | datetime]:
    """Return the database file in a sealed copy, and when it was made. Raises `StorageError`."""
    header = _HEADER.match(whole)
    key = copy_key(keys)
    other = f"{source} est abîmée, ou a été faite par une autre version de Vigie, qui l'ouvre."
    if header is None:
        raise StorageError(other)
    if (name := header[1].decode("ascii")) != fingerprint(key):
        raise StorageError(
            f"la clé de {keys} ({fingerprint(key)}) n'ouvre pas {source}\u00a0: il faut la clé {name}."
        )
    try:
        stream = io.BytesIO(whole)
        stream.seek(header.end())
        line, _, content = b"".join(_decrypt(stream, key)).partition(b"\n")
        label, length = line.decode("ascii").split()
        made = utc(label) if "T" in label else date.fromisoformat(label)
        content = content[: int(length)]
    except CryptoError as error:
        raise StorageError(f"{source} a été altérée\u00a0: prenez une autre copie.") from error
    except ValueError as error:
        raise StorageError(other) from error
    is_hourly = isinstance(made, datetime)
    whose = "de l'heure" if is_hourly else f"de la nuit du {in_words(made)}"
    if (source.name == HOURLY and not is_hourly) or _night(source) not in {None, made}:
        raise StorageError(f"{source} est la copie {whose}, sous le nom d'une autre.")
    return content, made


def _decrypt(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the content of the stream at the file's position.

    Raises `CryptoError` if the stream is incomplete or altered.
    """
    state, tag = secretstream.crypto_secretstream_xchacha20poly1305_state(), 0
    secretstream.crypto_secretstream_xchacha20poly1305_init_pull(state, file.read(_STREAM), key)
    while sealed := file.read(_PIECE + _OVERHEAD):
        piece, tag = secretstream.crypto_secretstream_xchacha20poly1305_pull(state, sealed)
        yield piece
    if tag != _FINAL:
        raise CryptoError("the end of the stream is missing")


def key_named(copy: Path) -> str | None:
    """Return the fingerprint of a sealed copy's key, None for an unsealed copy. Raises `OSError`."""
    with copy.open("rb") as file:
        header = _HEADER.match(file.read(_HEADER_LENGTH))
    return header[1].decode("ascii") if header else None


def fingerprint(key: bytes) -> str:
    """Return a key's fingerprint: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:16]


def copy_key(keys: Path, *, create: bool = False) -> bytes:
    """Return the 32-byte key of the sealed copies, from the `keys` folder.

    `create`: make the key if it does not exist. Raises `StorageError`.
    """
    file = keys / KEY_FILE
    try:
        if create and not file.exists():
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.draft(file) as draft:
                draft.write_bytes(base64.b64encode(random(_KEY_SIZE)) + b"\n")
                files.settle(draft, file)
        key = base64.b64decode(file.read_bytes(), validate=False)
    except FileNotFoundError as error:
        raise StorageError(f"il manque la clé des sauvegardes, {file}. Remettez-la en place.") from error
    except (OSError, binascii.Error) as error:
        raise StorageError(f"la clé {file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error
    if len(key) != _KEY_SIZE:
        raise StorageError(f"la clé {file} est abîmée. Remettez celle qui a servi aux sauvegardes.")
    return key


KEY: Final = Keepsake(
    "copy_key",
    KEY_FILE,
    lambda keys: fingerprint(copy_key(keys)),
    lambda keys: copy_key(keys, create=True),
    "il manque la clé des sauvegardes, {file}\u00a0: sans elle, aucune copie ne s'ouvre, et aucune autre "
    "n'est faite. Remettez-la en place ou, si elle est perdue pour de bon\u00a0: vigie cles refaire.",
    "la clé {file} n'est pas celle des copies de cette base. Remettez celle d'ici en place ou, si elle est "
    "perdue pour de bon, rangez ce fichier ailleurs, puis\u00a0: vigie cles refaire.",
)


def _settle(draft: Path, destination: Path) -> Copy:
    """Write the SHA-256 file, then move the draft to `destination`, so that a copy always has its SHA-256."""
    sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
    files.write_whole(_sha256_file(destination), f"{sha256}  {destination.name}\n".encode("ascii"))
    files.settle(draft, destination)
    return Copy(destination, sha256, destination.stat().st_size)


def _sha256_file(copy: Path) -> Path:
    return copy.with_name(copy.name + ".sha256")
