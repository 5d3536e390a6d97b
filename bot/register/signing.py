"""The register's keys, in the folder of keys: the one that signs, and the public ones that verify.

`registre.cle` is the key in use, 32 bytes that stay on this machine. `registre.publiques` lists every
public key that was ever used, one a line; it can be given to anyone. `registre.tete` is the end of the
register as it last was (see `keep_head`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from bot.storage import files
from bot.storage.database import StorageError

KEY_FILE: Final = "registre.cle"
PUBLIC_FILE: Final = "registre.publiques"
HEAD_FILE: Final = "registre.tete"
_LABEL: Final = "vigie-ed25519"
_ID_LENGTH: Final = 16
_KEY_BYTES: Final = 32
_LINE_WORDS: Final = 3
_HEAD: Final = b"vigie-tete-1\n"

Ring: TypeAlias = Mapping[str, bytes]  # the public keys that are trusted, by identifier


@dataclass(frozen=True, slots=True)
class Signer:
    """The key in use. `id` is the beginning of its public key's SHA-256."""

    id: str
    public: bytes
    _key: SigningKey

    def sign(self, message: bytes) -> str:
        """Return the Ed25519 signature of `message`, in base64."""
        return base64.b64encode(self._key.sign(message).signature).decode("ascii")

    @property
    def ring(self) -> Ring:
        """What one trusts who trusts this key alone."""
        return {self.id: self.public}


def key_id(public: bytes) -> str:
    """Return how a public key is called."""
    return hashlib.sha256(public).hexdigest()[:_ID_LENGTH]


def new_signer() -> Signer:
    """Return a new key, that is kept nowhere: for the sandbox and tests."""
    return _signer(SigningKey.generate())


def _signer(key: SigningKey) -> Signer:
    public = bytes(key.verify_key)
    return Signer(key_id(public), public, key)


def genuine(ring: Ring, key: str, message: bytes, signature: str) -> bool:
    """Return whether `signature` is that of `message` by the key so called, which must be in `ring`."""
    if key not in ring:
        return False
    try:
        decoded = base64.b64decode(signature, validate=True)
        VerifyKey(ring[key]).verify(message, decoded)
    except (BadSignatureError, binascii.Error, ValueError):
        return False
    # The last letter of base64 has bits that mean nothing: written otherwise, it is not what was signed.
    return base64.b64encode(decoded).decode("ascii") == signature


# --- The keys in their folder -----------------------------------------------------------------


def signer(keys: Path, *, create: bool = False) -> Signer:
    """Return the key in use, kept in `keys`; `create`: make the first one if there has been none.

    Raises `StorageError`, as when the key was lost although others were used before it.
    """
    file = keys / KEY_FILE
    if create and not file.exists() and not (keys / PUBLIC_FILE).exists():
        return renew(keys)
    try:
        seed = base64.b64decode(file.read_bytes(), validate=False)
    except FileNotFoundError as error:
        raise StorageError(
            f"il manque la clé du registre, {file}. Remettez-la en place ou, si elle est perdue, "
            "faites-en une autre\u00a0: vigie registre cle --renouveler."
        ) from error
    except (OSError, binascii.Error) as error:
        raise StorageError(f"la clé {file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error
    if len(seed) != _KEY_BYTES:
        raise StorageError(f"la clé {file} est abîmée. Remettez en place celle du registre.")
    found = _signer(SigningKey(seed))
    if create and found.id not in ring(keys):
        _publish(keys, found)
    return found


def renew(keys: Path) -> Signer:
    """Make a new key, used from now on; what the former one signed can still be verified.

    The public key is listed before the new key is in place, so that nothing is ever signed with a key
    that is not. Raises `StorageError`.
    """
    made = SigningKey.generate()
    file = keys / KEY_FILE
    with files.explained(file):
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        _publish(keys, _signer(made))
        with files.draft(file) as draft:
            draft.write_bytes(base64.b64encode(bytes(made)) + b"\n")
            files.settle(draft, file)
    return _signer(made)


def ring(keys: Path) -> Ring:
    """Return the public keys listed in `keys`; none when there is no list. Raises `StorageError`."""
    file = keys / PUBLIC_FILE
    return read_ring(file) if file.exists() else {}


def read_ring(file: Path) -> Ring:
    """Return the public keys that a file lists. Raises `StorageError` when it is not such a list."""
    try:
        lines = file.read_text("ascii").splitlines()
    except FileNotFoundError as error:
        raise StorageError(f"il n'y a pas de fichier {file}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} ne se lit pas comme une liste de clés publiques.") from error
    return dict(_read_line(file, number, line) for number, line in enumerate(lines, 1) if line.strip())


def written(keys: Ring) -> str:
    """Return public keys as a file lists them."""
    return "".join(f"{_LABEL} {one} {base64.b64encode(keys[one]).decode('ascii')}\n" for one in keys)


def _read_line(file: Path, number: int, line: str) -> tuple[str, bytes]:
    words = line.split()
    try:
        public = base64.b64decode(words[-1], validate=True)
    except binascii.Error:
        public = b""
    if len(words) != _LINE_WORDS or words[0] != _LABEL or len(public) != _KEY_BYTES:
        raise StorageError(f"{file}, ligne {number}\u00a0: ce n'est pas une clé publique de Vigie.")
    if words[1] != key_id(public):
        raise StorageError(f"{file}, ligne {number}\u00a0: la clé n'est pas celle que son nom annonce.")
    return words[1], public


def _publish(keys: Path, made: Signer) -> None:
    file = keys / PUBLIC_FILE
    known = {**ring(keys), **made.ring}
    with files.explained(file), files.draft(file) as draft:
        draft.write_text(written(known), "ascii")
        files.settle(draft, file)


# --- The end of the register ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the register: its number and its digest; 0 and "" when it is empty."""

    number: int
    digest: str


def keep_head(keys: Path, head: Head, signer: Signer) -> None:
    """Note in `keys` how the register ends, signed, in the place of what was noted before.

    It is what tells that entries were taken away from the end, which a chain alone cannot. Raises
    `StorageError`.
    """
    file = keys / HEAD_FILE
    signed = {"number": head.number, "digest": head.digest, "key": signer.id}
    kept = signed | {"signature": signer.sign(_of_head(head))}
    with files.explained(file):
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.draft(file) as draft:
            draft.write_text(json.dumps(kept) + "\n", "ascii")
            files.settle(draft, file)


def kept_head(keys: Path, trusted: Ring) -> Head | None:
    """Return how the register was last noted to end, None when nothing was noted.

    Raises `StorageError` when the note cannot be read or was not signed by a key of `trusted`.
    """
    file = keys / HEAD_FILE
    try:
        kept = json.loads(file.read_text("ascii"))
        head = Head(int(kept["number"]), str(kept["digest"]))
        key, signature = str(kept["key"]), str(kept["signature"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{file}, qui dit où finit le registre, ne se lit pas.") from error
    if not genuine(trusted, key, _of_head(head), signature):
        raise StorageError(f"{file}, qui dit où finit le registre, n'est signé d'aucune clé connue.")
    return head


def set_head_aside(keys: Path) -> Path | None:
    """Keep the note under another name, that no later one takes; return it, None when there is no note.

    Raises `StorageError`.
    """
    file = keys / HEAD_FILE
    if not file.exists():
        return None
    number = 1
    while (aside := file.with_name(f"{HEAD_FILE}.{number}")).exists():
        number += 1
    with files.explained(aside), files.draft(aside) as draft:
        draft.write_bytes(file.read_bytes())
        files.settle(draft, aside)
    return aside


def _of_head(head: Head) -> bytes:
    return _HEAD + f"{head.number} {head.digest}".encode("ascii", "replace")
