"""The keys of reports, in the folder of keys, which no copy of the database holds.

`signalements.cles` holds them all, so that there is never one without the others: those that seal
contents, of which the last is in use, and the one under which receipts and addresses are looked up.
What is sealed says which key opens it, and its length only by class of sizes. Sealing protects a stolen
database or copy; who has the folder too can open everything.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.utils import random

from bot.storage import files
from bot.storage.database import StorageError

KEY_FILE: Final = "signalements.cles"
# What a content is padded to, in bytes: a text of the forms always fits in the first.
SIZES: Final = (4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216)
LARGEST: Final = SIZES[-1] - 4

_MAGIC: Final = b"VS1"
_ID_BYTES: Final = 8
_KEY_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
_START: Final = len(_MAGIC) + _ID_BYTES
_VERSION: Final = 1


class SealError(Exception):
    """What was to be opened is not whole, or was sealed with a key that is not there."""


@dataclass(slots=True)
class Keyring:
    """The keys, in memory. `folder` None: they are kept nowhere, for the sandbox and tests.

    `root` and `seals` are for this module alone; the latter by identifier, the one in use last.

    `receipts` and `addresses` are the keys of the hashes under which those are found again; they do not
    change when the keys that seal do, since nobody could then find what is already there.
    """

    folder: Path | None = field(repr=False)
    root: bytes = field(repr=False)
    seals: dict[bytes, PrivateKey] = field(repr=False)

    @property
    def receipts(self) -> bytes:
        """The key of the hash of receipts' codes."""
        return self._derived(b"recus")

    @property
    def addresses(self) -> bytes:
        """The key of the hash of canonical addresses."""
        return self._derived(b"adresses")

    @property
    def current(self) -> str:
        """How the key in use is called."""
        return next(reversed(self.seals)).hex()

    @property
    def former(self) -> tuple[str, ...]:
        """How the keys are called that only open, oldest first."""
        return tuple(one.hex() for one in self.seals)[:-1]

    def seal(self, plain: bytes) -> bytes:
        """Seal a content with the key in use. Raises `ValueError` when it is larger than `LARGEST`."""
        name, key = next(reversed(self.seals.items()))
        return _MAGIC + name + SealedBox(key.public_key).encrypt(_padded(plain))

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed, with whichever key. Raises `SealError`."""
        key = self._key_of(sealed)
        try:
            return _unpadded(SealedBox(key).decrypt(sealed[_START:]))
        except (CryptoError, ValueError) as error:
            raise SealError("ce contenu scellé est abîmé.") from error

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a content was sealed with the key in use."""
        return sealed[: len(_MAGIC)] == _MAGIC and _name(sealed).hex() == self.current

    def resealed(self, sealed: bytes) -> bytes | None:
        """Return a content sealed with the key in use, None when it already is. Raises `SealError`."""
        return None if self.is_current(sealed) else self.seal(self.open(sealed))

    def refresh(self) -> None:
        """Read the folder again, where another process may have changed the key in use.

        Raises `StorageError`.
        """
        if self.folder is not None:
            self.seals = keyring(self.folder).seals

    def _derived(self, purpose: bytes) -> bytes:
        return hashlib.blake2b(key=self.root, person=purpose, digest_size=_KEY_BYTES).digest()

    def _key_of(self, sealed: bytes) -> PrivateKey:
        if sealed[: len(_MAGIC)] != _MAGIC or len(sealed) <= _START:
            raise SealError("ce n'est pas un contenu scellé.")
        if _name(sealed) not in self.seals:
            self.refresh()
        try:
            return self.seals[_name(sealed)]
        except KeyError as error:
            raise SealError(f"il manque la clé {_name(sealed).hex()}, qui a scellé ce contenu.") from error


def new_keyring() -> Keyring:
    """Return new keys, that are kept nowhere: for the sandbox and tests."""
    made = PrivateKey.generate()
    return Keyring(None, random(_KEY_BYTES), {_named(made): made})


# --- The keys in their folder -----------------------------------------------------------------


def keyring(folder: Path, *, create: bool = False) -> Keyring:
    """Return the keys kept in `folder`; `create`: make them if there are none.

    `create` is for who knows that no report exists: new keys would open none of those that do.
    Raises `StorageError`, as when the keys were lost.
    """
    file = folder / KEY_FILE
    if create and not file.exists():
        made = new_keyring()
        made.folder = folder
        _keep(made)
    try:
        kept = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise StorageError(
            f"il manque les clés des signalements, {file}. Remettez-les en place\u00a0: "
            "sans elles, aucun signalement ne s'ouvre."
        ) from error
    except OSError as error:
        raise StorageError(f"les clés {file} ne se lisent pas. Vérifiez le dossier VIGIE_CLES.") from error
    except ValueError as error:
        raise _damaged(file) from error
    return _read(kept, file)


def rotate(folder: Path) -> Keyring:
    """Make a new key, that seals from now on; the former ones still open. Raises `StorageError`.

    What is already sealed is to be sealed anew (`Keyring.resealed`) before `retire`.
    """
    ring = keyring(folder)
    made = PrivateKey.generate()
    ring.seals[_named(made)] = made
    _keep(ring)
    return ring


def retire(folder: Path) -> tuple[str, ...]:
    """Destroy every key but the one in use; return how they were called. Raises `StorageError`.

    Nothing that is still needed may be sealed with them: not even in the copies of the database.
    """
    ring = keyring(folder)
    former = ring.former
    if former:
        ring.seals = {bytes.fromhex(ring.current): ring.seals[bytes.fromhex(ring.current)]}
        _keep(ring)
    return former


def _keep(ring: Keyring) -> None:
    folder = ring.folder
    if folder is None:
        raise ValueError("these keys are kept nowhere")
    file = folder / KEY_FILE
    kept = {
        "version": _VERSION,
        "recherche": _text(ring.root),
        "sceaux": [_text(bytes(key)) for key in ring.seals.values()],
    }
    with files.explained(file):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.draft(file) as draft:
            draft.write_text(json.dumps(kept, indent=1) + "\n", "ascii")
            files.settle(draft, file)


def _read(kept: object, file: Path) -> Keyring:
    if not isinstance(kept, Mapping) or kept.get("version") != _VERSION:
        raise _damaged(file)
    seals = kept.get("sceaux")
    if not isinstance(seals, list) or not seals:
        raise _damaged(file)
    root, *keys = (_key(one, file) for one in (kept.get("recherche"), *seals))
    made = [PrivateKey(one) for one in keys]
    return Keyring(file.parent, root, {_named(one): one for one in made})


def _key(text: object, file: Path) -> bytes:
    try:
        found = base64.b64decode(str(text), validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise _damaged(file) from error
    if len(found) != _KEY_BYTES:
        raise _damaged(file)
    return found


def _damaged(file: Path) -> StorageError:
    return StorageError(f"les clés {file} sont abîmées. Remettez celles qui ont servi aux signalements.")


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _named(key: PrivateKey) -> bytes:
    return hashlib.sha256(bytes(key.public_key)).digest()[:_ID_BYTES]


def _name(sealed: bytes) -> bytes:
    return sealed[len(_MAGIC) : _START]


def _padded(plain: bytes) -> bytes:
    whole = len(plain).to_bytes(_LENGTH_BYTES) + plain
    for size in SIZES:
        if len(whole) <= size:
            return whole.ljust(size, b"\0")
    raise ValueError(f"{len(plain)} bytes, {LARGEST} at most")


def _unpadded(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES])
    if length > len(padded) - _LENGTH_BYTES:
        raise ValueError("longer than it is")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
