"""The archive that one keeper of Vigie hands to the next, encrypted with words that are given separately.

An archive is a line, `vigie-passation-1 SALT` (32 hexadecimal digits), then a libsodium secret box
(XSalsa20-Poly1305) of a gzipped tar. The key of the box is derived from the words and the salt by Argon2id.
"""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from bot.storage import files
from bot.storage.database import StorageError

_HEADER: Final = re.compile(rb"vigie-passation-1 ([0-9a-f]{32})\n")


def pack(members: Mapping[str, bytes | Path], words: str, archive: Path) -> None:
    """Write an archive.

    `members`: by name in the archive, the content of a file, or the path of a file or folder. Raises
    `StorageError`.
    """
    content = io.BytesIO()
    with files.explained(archive), tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, source in members.items():
            for member, path in _files(name, source):
                data = path.read_bytes() if isinstance(path, Path) else path
                entry = tarfile.TarInfo(member)
                entry.size, entry.mode = len(data), 0o600
                tar.addfile(entry, io.BytesIO(data))
    salt = random(argon2id.SALTBYTES)
    sealed = SecretBox(_key(words, salt)).encrypt(content.getvalue())
    files.write_whole(archive, f"vigie-passation-1 {salt.hex()}\n".encode("ascii") + sealed)


def unpack(archive: Path, words: str, folder: Path) -> list[str]:
    """Extract an archive to a new folder, readable by its owner alone, and return the files' names.

    Raises `StorageError` when the words are wrong, or the file is damaged or not an archive.
    """
    try:
        whole = archive.read_bytes()
    except OSError as error:
        raise StorageError(f"{archive} ne se lit pas. Vérifiez son chemin et vos droits.") from error
    header = _HEADER.match(whole)
    if header is None:
        raise StorageError(
            f"{archive} n'est pas une archive de passation de cette version de Vigie. Vérifiez le fichier."
        )
    try:
        content = SecretBox(_key(words, bytes.fromhex(header[1].decode("ascii")))).decrypt(
            whole[header.end() :]
        )
    except CryptoError as error:
        raise StorageError(
            f"ces mots n'ouvrent pas {archive}, ou le fichier est abîmé. Vérifiez-les un à un."
        ) from error
    with files.explained(folder / "x"), tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        folder.mkdir(mode=0o700, parents=True)
        tar.extractall(folder, filter="data")
        for path in folder.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        return tar.getnames()


def _files(name: str, source: bytes | Path) -> Iterator[tuple[str, bytes | Path]]:
    if isinstance(source, Path) and source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                yield f"{name}/{path.relative_to(source)}", path
    else:
        yield name, source


def _key(words: str, salt: bytes) -> bytes:
    return argon2id.kdf(
        SecretBox.KEY_SIZE,
        words.encode(),
        salt,
        opslimit=argon2id.OPSLIMIT_INTERACTIVE,
        memlimit=argon2id.MEMLIMIT_INTERACTIVE,
    )
