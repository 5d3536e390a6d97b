"""The detector is proven: each way of hiding who reported is planted once, and found."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import hmac
import io
import json
import lzma
import pickle
import random
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.leaks.needles import Needles, Secret
from tests.leaks.views import found

KEY, SECOND_KEY = b"une cle gardee, de trente-deux o", bytes(range(32))
USER, TEAM, SNOWFLAKE = "U0Q7ZK3XW9P", "T01AGE", "918273645546372819"
NAME = "Zéphirine Quémeneur"
SECRETS = (
    Secret("compte Slack", USER, (f"slack:{TEAM}/{USER}", f"slack/{TEAM}/{USER}")),
    Secret("compte Discord", SNOWFLAKE, (f"discord:{SNOWFLAKE}",)),
    Secret("nom", NAME),
    Secret("jeton", "aW50ZXJhY3Rpb246MTIzNDU2Nzg5"),
)
NOISE = random.Random(7).randbytes(300_000)  # noqa: S311 — to be the same each time
Hide = Callable[[str], bytes]


def zipped(text: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lettre.txt", text)
    return written.getvalue()


def shifted(text: str, by: int) -> bytes:
    """Return base64 in which the text begins anywhere within a group of three bytes."""
    return base64.b64encode(b"-" * by + text.encode())


def digits(name: str, text: str) -> bytes:
    """Return a hash in hexadecimal."""
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest().encode()


ENCODINGS: dict[str, Hide] = {
    "as it is": str.encode,
    "lower case": lambda text: text.lower().encode(),
    "UTF-16, little-endian": lambda text: text.encode("utf-16-le"),
    "UTF-16, big-endian": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32-le"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "capital hexadecimal after a digit": lambda text: b"7" + text.encode().hex().upper().encode(),
    "hexadecimal with colons": lambda text: text.encode().hex(":").encode(),
    "hexadecimal of a dump": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()).encode(),
    "base64": lambda text: shifted(text, 0),
    "base64, one byte further": lambda text: shifted(text, 1),
    "base64, two bytes further": lambda text: shifted(text, 2),
    "base64 after letters": lambda text: b"abcde" + shifted(text, 0),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "base64 on lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode() + b"y" * 90),
    "base32": lambda text: base64.b32encode(text.encode()),
    "JSON": lambda text: json.dumps({"user": text}).encode(),
    "an address": lambda text: quote(text).encode(),
    "zlib": lambda text: zlib.compress(f"un message de {text}".encode()),
    "zlib, cut short": lambda text: zlib.compress(NOISE[:50] + text.encode() + b"et la suite")[:-6],
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "a ZIP": zipped,
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "base64 in zlib in hexadecimal": lambda text: zlib.compress(shifted(text, 1)).hex().encode(),
    "UTF-16 in gzip": lambda text: gzip.compress(text.encode("utf-16-le")),
    "backwards": lambda text: text[::-1].encode(),
    "a pickle": lambda text: pickle.dumps({"args": (text,)}),
}  # fmt: skip

HASHES: dict[str, Hide] = {
    "MD5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).digest(),
    "SHA-1 in hexadecimal": lambda text: digits("sha1", text),
    "SHA-256": lambda text: hashlib.sha256(text.encode()).digest(),
    "SHA-256 in base64": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()),
    "SHA-256, sixteen digits of it": lambda text: hashlib.sha256(text.encode()).hexdigest()[:16].encode(),
    "SHA-256 as a number": lambda text: str(int(digits("sha256", text)[:16], 16)).encode(),
    "SHA-512 in gzip": lambda text: gzip.compress(hashlib.sha512(text.encode()).digest()),
    "BLAKE2b of 16 bytes": lambda text: hashlib.blake2b(text.encode(), digest_size=16).digest(),
    "HMAC-SHA-256": lambda text: hmac.digest(KEY, text.encode(), "sha256"),
    "HMAC-SHA-1 with another": lambda text: hmac.digest(SECOND_KEY, text.encode(), "sha1").hex().encode(),
    "a salted SHA-256": lambda text: hashlib.sha256(SECOND_KEY + text.encode()).digest(),
    "a keyed BLAKE2b": lambda text: hashlib.blake2b(text.encode(), key=KEY, digest_size=32).digest(),
    "as receipts are": lambda text: hashlib.blake2b(
        text.encode(), key=KEY, digest_size=32, person=b"vigie-recu"
    ).hexdigest().encode(),
}  # fmt: skip


@pytest.fixture(scope="module")
def needles() -> Needles:
    return Needles(SECRETS, (KEY, SECOND_KEY))


def around(hidden: bytes) -> bytes:
    """Return what is hidden, in the middle of what has nothing to do with it."""
    return NOISE[:3_000] + b"\x00" + hidden + b"\x00" + NOISE[3_000:6_000]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.whose)
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_secret_is_found_however_it_is_written(needles: Needles, name: str, secret: Secret) -> None:
    if name == "lower case" and secret.whose == "jeton":
        return  # it is another one
    hits = {hit.whose for hit, _ in found(around(ENCODINGS[name](secret.value)), needles)}
    assert hits == {secret.whose}


@pytest.mark.parametrize("value", [USER, SNOWFLAKE, NAME, f"slack:{TEAM}/{USER}", f"discord:{SNOWFLAKE}"])
@pytest.mark.parametrize("name", HASHES)
def test_a_hash_is_found_with_whichever_key_that_is_kept(needles: Needles, name: str, value: str) -> None:
    assert found(around(HASHES[name](value)), needles)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_number_is_found_in_binary(needles: Needles, order: str) -> None:
    assert found(around(struct.pack(f"{order}Q", int(SNOWFLAKE))), needles)
    assert found(pickle.dumps([int(SNOWFLAKE)]), needles)


def test_a_number_is_found_in_a_database(needles: Needles, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "base.db") as db:
        db.execute("CREATE TABLE x (a INTEGER)")
        db.execute("INSERT INTO x VALUES (?)", (int(SNOWFLAKE),))
    db.close()
    assert found((tmp_path / "base.db").read_bytes(), needles)


def test_nothing_is_found_where_there_is_nothing(needles: Needles) -> None:
    text = b"un texte comme un autre " * 999
    noise = NOISE + base64.b64encode(NOISE[:60_000]) + text
    assert found(noise + zlib.compress(noise), needles) == set()


def test_a_key_that_is_not_kept_hides_a_hash(needles: Needles) -> None:
    """What lives in memory only, as the limiter's, is what may."""
    assert not found(around(hmac.digest(b"une cle jamais gardee", USER.encode(), "sha256")), needles)


def test_what_is_too_short_to_be_told_from_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Needles([Secret("prénom", "Alix")])


def test_a_token_that_is_all_digits_is_looked_for_as_it_is() -> None:
    token = "123456789012345678901234"
    assert found(around(token.encode()), Needles([Secret("jeton", token)]))
