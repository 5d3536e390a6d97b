"""The register's signing and verification keys, and its signed head: the last entry's number and digest.

The folder of keys holds four files. `registre.cle` is the private key in use, 32 bytes that stay on this
machine. `registre.publiques` lists every public key ever used, one per line, and can be shared with anyone.
`registre.tete` holds the last recorded head of the attestations (see `note_head`), and `certificats.tete` the
last recorded head of the certificates.
"""

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
ID_LENGTH: Final = 16
_LABEL: Final = "vigie-ed25519"
_KEY_BYTES: Final = 32
_LINE_WORDS: Final = 3

Ring: TypeAlias = Mapping[str, bytes]  # trusted public keys, of 32 bytes, by identifier


class Signer:
    """A private Ed25519 key. `public`: its public key, 32 bytes. `id`: the public key's `key_id`."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.public = bytes(key.verify_key)
        self.id = key_id(self.public)

    def sign(self, message: bytes) -> str:
        """Return the Ed25519 signature of `message`, in base64."""
        return base64.b64encode(self._key.sign(message).signature).decode("ascii")

    @property
    def ring(self) -> Ring:
        """A ring that contains only this key."""
        return {self.id: self.public}


def key_id(public: bytes) -> str:
    """Return a public key's identifier: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:ID_LENGTH]


def new_signer() -> Signer:
    """Return a new key, which is not stored, for the sandbox and tests."""
    return Signer(SigningKey.generate())


def genuine(ring: Ring, key: str, message: bytes, signature: str) -> bool:
    """Return whether `signature`, in base64, signs `message` with the key in `ring` whose id is `key`."""
    if key not in ring:
        return False
    try:
        decoded = base64.b64decode(signature, validate=True)
        VerifyKey(ring[key]).verify(message, decoded)
    except (BadSignatureError, binascii.Error, ValueError):
        return False
    # The last base64 character has unused bits, so other texts decode to the same bytes. Only the standard
    # encoding is accepted.
    return base64.b64encode(decoded).decode("ascii") == signature


# --- The keys in their folder -----------------------------------------------------------------


def load_signer(keys: Path, *, create: bool = False) -> Signer:
    """Return the private key stored in the `keys` folder. `create`: make one if none has ever existed.

    Raises `StorageError` when the key is missing or cannot be read, in particular when it is lost although
    public keys are listed.
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
    signer = Signer(SigningKey(seed))
    if create and signer.id not in load_ring(keys):
        _publish(keys, signer)
    return signer


def renew(keys: Path) -> Signer:
    """Create and return a new key, which replaces the one in use. Earlier signatures can still be verified.

    The public key is listed before the private key is written, so that nothing is ever signed with an
    unlisted key. Raises `StorageError`.
    """
    key = SigningKey.generate()
    signer = Signer(key)
    _publish(keys, signer)
    _write(keys / KEY_FILE, base64.b64encode(bytes(key)) + b"\n")
    return signer


def _publish(keys: Path, signer: Signer) -> None:
    _write(keys / PUBLIC_FILE, ring_text({**load_ring(keys), **signer.ring}).encode("ascii"))


def _write(file: Path, content: bytes) -> None:
    with files.explained(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_whole(file, content)


def load_ring(keys: Path) -> Ring:
    """Return the public keys listed in the `keys` folder, none if there is no list. Raises `StorageError`."""
    file = keys / PUBLIC_FILE
    return read_ring(file) if file.exists() else {}


def read_ring(file: Path) -> Ring:
    """Return the public keys listed in a file. Raises `StorageError` when the file is not such a list."""
    try:
        lines = file.read_text("ascii").splitlines()
    except FileNotFoundError as error:
        raise StorageError(f"il n'y a pas de fichier {file}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} ne se lit pas comme une liste de clés publiques.") from error
    ring: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        try:
            public = base64.b64decode(words[-1], validate=True)
        except binascii.Error:
            public = b""
        if len(words) != _LINE_WORDS or words[0] != _LABEL or len(public) != _KEY_BYTES:
            raise StorageError(f"{file}, ligne {number}\u00a0: ce n'est pas une clé publique de Vigie.")
        if words[1] != key_id(public):
            raise StorageError(f"{file}, ligne {number}\u00a0: la clé n'est pas celle que son nom annonce.")
        ring[words[1]] = public
    return ring


def ring_text(ring: Ring) -> str:
    """Return public keys as a list that `read_ring` reads: one per line, a label, an identifier, base64."""
    return "".join(f"{_LABEL} {key} {base64.b64encode(ring[key]).decode('ascii')}\n" for key in ring)


# --- The end of the register ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeadFile:
    """The file where the head of a chain is recorded.

    `label`: the prefix of the signed bytes, different for each chain.
    """

    name: str
    label: bytes


ATTESTATIONS: Final = HeadFile("registre.tete", b"vigie-tete-1\n")
CERTIFICATES: Final = HeadFile("certificats.tete", b"vigie-tete-certificats-1\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its number and digest, 0 and "" when the chain is empty."""

    number: int
    digest: str


def note_head(keys: Path, head: Head, signer: Signer, file: HeadFile = ATTESTATIONS) -> None:
    """Record the signed head of a chain in the `keys` folder, replacing the previous record.

    This record reveals the removal of the last entries, which the chain alone cannot show. Raises
    `StorageError`.
    """
    note = {"number": head.number, "digest": head.digest, "key": signer.id}
    note["signature"] = signer.sign(_signed(head, file))
    _write(keys / file.name, json.dumps(note).encode("ascii") + b"\n")


def noted_head(keys: Path, ring: Ring, of: HeadFile = ATTESTATIONS) -> Head | None:
    """Return the head of a chain recorded in the `keys` folder, None when there is no record.

    Raises `StorageError` when the record cannot be read or is not signed by a key in `ring`.
    """
    file = keys / of.name
    try:
        note = json.loads(file.read_text("ascii"))
        head = Head(int(note["number"]), str(note["digest"]))
        key, signature = str(note["key"]), str(note["signature"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{file}, qui dit où finit le registre, ne se lit pas.") from error
    if not genuine(ring, key, _signed(head, of), signature):
        raise StorageError(f"{file}, qui dit où finit le registre, n'est signé d'aucune clé connue.")
    return head


def set_head_aside(keys: Path, of: HeadFile = ATTESTATIONS) -> Path | None:
    """Copy the recorded head to a new file and return that file's path, or None when there is no record.

    Raises `StorageError`.
    """
    file = keys / of.name
    if not file.exists():
        return None
    number = 1
    while (aside := file.with_name(f"{of.name}.{number}")).exists():
        number += 1
    with files.explained(aside):
        files.write_whole(aside, file.read_bytes())
    return aside


def _signed(head: Head, file: HeadFile) -> bytes:
    return file.label + f"{head.number} {head.digest}".encode("ascii", "replace")
