"""The keys of reports, stored in the key folder, which database backups do not include.

One file, `signalements.cles`, holds all the keys, so that no key can be lost alone. It contains the keys that
seal content, the last of which is in use, and the root of the keys that hash codes and addresses. Sealed
content names its key and is padded to one of a few sizes. Sealing protects against theft of the database or
a backup. A thief who also has the key folder can open everything.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox
from nacl.utils import random

from bot.storage import files
from bot.storage.database import StorageError
from bot.times import iso, utc

KEY_FILE: Final = "signalements.cles"
# Content is padded to one of these sizes, in bytes. The texts of a form always fit in the first.
SIZES: Final = (4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216)
LENGTH_BYTES: Final = 4  # the length of the content, stored before it
LARGEST: Final = SIZES[-1] - LENGTH_BYTES

_MAGIC: Final = b"VS1"
_ID_BYTES: Final = 8
_KEY_BYTES: Final = 32
NAME_END: Final = len(_MAGIC) + _ID_BYTES  # offset in sealed content where its key name ends
_VERSION: Final = 1


class SealError(Exception):
    """Sealed content is damaged, or its key is missing. The message is in French."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys, in memory. `folder`: their folder, None in the sandbox and in tests.

    `root`: the secret from which the keys of lookup hashes and times are derived. `seals`: the keys that open
    sealed content, by name; the last one seals new content.
    """

    folder: Path | None = field(repr=False)
    root: bytes = field(repr=False)
    seals: dict[bytes, PrivateKey] = field(repr=False)

    @property
    def code_key(self) -> bytes:
        """The key that hashes codes for lookup (32 bytes). It never changes, so that codes stay valid."""
        return self._derived(b"recus")

    @property
    def address_key(self) -> bytes:
        """The key that hashes canonical addresses for lookup (32 bytes). It never changes."""
        return self._derived(b"adresses")

    @property
    def fingerprint(self) -> str:
        """The fingerprint of this installation's keys, in hexadecimal. It never changes."""
        return self._derived(b"empreinte").hex()

    @property
    def current_name(self) -> str:
        """The name of the key in use, in hexadecimal."""
        return self._sealing[0].hex()

    @property
    def former_names(self) -> tuple[str, ...]:
        """The names of the keys that still open content but no longer seal any, oldest first."""
        return tuple(name.hex() for name in self.seals)[:-1]

    @property
    def _sealing(self) -> tuple[bytes, PrivateKey]:
        """The key in use, after its name."""
        return next(reversed(self.seals.items()))

    def seal(self, plain: bytes) -> bytes:
        """Return content sealed with the key in use. Raises `ValueError` if it is larger than `LARGEST`."""
        if len(plain) > LARGEST:
            raise ValueError(f"{len(plain)} bytes, {LARGEST} at most")
        content = len(plain).to_bytes(LENGTH_BYTES) + plain
        padded = content.ljust(next(size for size in SIZES if len(content) <= size), b"\0")
        name, key = self._sealing
        return _MAGIC + name + SealedBox(key.public_key).encrypt(padded)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt content sealed with any of the keys, even one that another process has just made.

        The folder is read again for such a key. Raises `SealError`, `StorageError`.
        """
        name = sealed[len(_MAGIC) : NAME_END]
        if not sealed.startswith(_MAGIC) or len(sealed) <= NAME_END:
            raise SealError("ce n'est pas un contenu scellé.")
        seals = self.seals
        if name not in seals and self.folder is not None:
            seals = load_keyring(self.folder).seals
        if name not in seals:
            raise SealError(f"il manque la clé {name.hex()}, qui a scellé ce contenu.")
        try:
            padded = SealedBox(seals[name]).decrypt(sealed[NAME_END:])
        except (CryptoError, ValueError) as error:
            raise SealError("ce contenu scellé est abîmé.") from error
        length = int.from_bytes(padded[:LENGTH_BYTES])
        if length > len(padded) - LENGTH_BYTES:
            raise SealError("ce contenu scellé est abîmé.")
        return padded[LENGTH_BYTES : LENGTH_BYTES + length]

    def seal_time(self, moment: datetime) -> str:
        """Return a time, to the second, sealed and written in base64. The key for times never changes."""
        sealed = SecretBox(self._derived(b"heures")).encrypt(iso(moment).encode("ascii"))
        return base64.b64encode(sealed).decode("ascii")

    def open_time(self, sealed: str) -> datetime:
        """Return a sealed time, in UTC. Raises `SealError`."""
        try:
            return utc(SecretBox(self._derived(b"heures")).decrypt(base64.b64decode(sealed)).decode("ascii"))
        except (CryptoError, ValueError) as error:
            raise SealError("une heure scellée est abîmée.") from error

    def resealed(self, sealed: bytes) -> bytes | None:
        """Return content resealed with the key in use, None if that key sealed it. Raises `SealError`."""
        if sealed[:NAME_END] == _MAGIC + self._sealing[0]:
            return None
        return self.seal(self.open(sealed))

    def _derived(self, purpose: bytes) -> bytes:
        return hashlib.blake2b(key=self.root, person=purpose, digest_size=_KEY_BYTES).digest()


def key_name(sealed: bytes) -> str:
    """Return the key name of sealed content, in hexadecimal, from its first `NAME_END` bytes."""
    return sealed[len(_MAGIC) : NAME_END].hex()


def new_keyring(folder: Path | None = None) -> Keyring:
    """Generate new keys, without storing them."""
    return Keyring(folder, random(_KEY_BYTES), _by_name([PrivateKey.generate()]))


# --- The keys in their folder -----------------------------------------------------------------


def load_keyring(folder: Path, *, create: bool = False) -> Keyring:
    """Return the keys stored in `folder`. With `create`, make them first if there are none.

    Pass `create` only if there have never been any keys (see `bot.storage.keepsakes`). Raises `StorageError`,
    in particular if the keys are lost.
    """
    file = folder / KEY_FILE
    if create and not file.exists():
        _store(new_keyring(folder), folder)
    damaged = StorageError(f"les clés {file} sont abîmées. Remettez celles qui ont servi aux signalements.")
    try:
        stored = json.loads(file.read_bytes())
        root, *keys = (
            base64.b64decode(key, validate=True) for key in (stored["recherche"], *stored["sceaux"])
        )
    except FileNotFoundError as error:
        raise StorageError(
            f"il manque les clés des signalements, {file}. Remettez-les en place\u00a0: "
            "sans elles, aucun signalement ne s'ouvre."
        ) from error
    except OSError as error:
        raise StorageError(f"les clés {file} ne se lisent pas. Vérifiez le dossier VIGIE_CLES.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise damaged from error
    sizes = {len(key) for key in (root, *keys)}
    if stored.get("version") != _VERSION or not keys or sizes != {_KEY_BYTES}:
        raise damaged
    return Keyring(folder, root, _by_name(PrivateKey(key) for key in keys))


def rotate(folder: Path) -> Keyring:
    """Make a new key for sealing, and return the keyring. Its old keys still open content.

    Call it in a transaction, since two calls at once would lose a key. Reseal everything
    (`Keyring.resealed`) and commit before calling `retire`. Raises `StorageError`.
    """
    ring = load_keyring(folder)
    ring = replace(ring, seals=ring.seals | _by_name([PrivateKey.generate()]))
    _store(ring, folder)
    return ring


def retire(folder: Path, used: Collection[str]) -> tuple[str, ...]:
    """Destroy the sealing keys that are neither in use nor in `used`, and return their names in hexadecimal.

    `used`: the names of the keys that still seal stored content. Copies of the database lose all content that
    the destroyed keys sealed. Call it in a transaction, like `rotate`. Raises `StorageError`.
    """
    ring = load_keyring(folder)
    destroyed = tuple(name for name in ring.former_names if name not in used)
    if destroyed:
        left = {name: key for name, key in ring.seals.items() if name.hex() not in destroyed}
        _store(replace(ring, seals=left), folder)
    return destroyed


def _store(ring: Keyring, folder: Path) -> None:
    file = folder / KEY_FILE
    keys = [bytes(key) for key in ring.seals.values()]
    root, *seals = (base64.b64encode(key).decode("ascii") for key in (ring.root, *keys))
    content = {"version": _VERSION, "recherche": root, "sceaux": seals}
    with files.explained(file):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.draft(file) as draft:
            draft.write_text(json.dumps(content, indent=1) + "\n", "ascii")
            files.settle(draft, file)


def _by_name(keys: Iterable[PrivateKey]) -> dict[bytes, PrivateKey]:
    """Return keys by name. A name is the first bytes of the SHA-256 of the public key."""
    return {hashlib.sha256(bytes(key.public_key)).digest()[:_ID_BYTES]: key for key in keys}
