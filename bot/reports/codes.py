"""The code that a person gets for a report, and with which alone it is found again.

Nine words of the French list of BIP39: 9 × 11 = 99 bits, drawn by the system, so that a plain keyed
hash, without a slow derivation, leaves nothing to guess (SecureDrop's codes have 89.8 bits). The list's
words differ by their first four letters, and none is another without its accents.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.policy.search import fold

WORDS: Final = 9
READ: Final = 400  # characters: nine of the longest words, numbered, with room to spare
_WORD: Final = re.compile(r"[^\W\d_]+")


def new() -> str:
    """Return a new code: nine words between spaces."""
    words = tuple(_listed().values())
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def read(text: str) -> str | None:
    """Return the code that was typed, written as it was given; None when it is none.

    Accents, capitals, spaces, hyphens, commas, lines and numbers do not matter.
    """
    listed = _listed()
    words = _WORD.findall(fold(text)) if len(text) <= READ else []
    known = [listed[word] for word in words if word in listed]
    return " ".join(known) if len(known) == len(words) == WORDS else None


def fingerprint(code: str, key: bytes) -> str:
    """Return under what a code that was made or read is kept: its hash with a key."""
    return hashlib.blake2b(code.encode(), key=key, person=b"vigie-recu", digest_size=32).hexdigest()


def sought(text: str, key: bytes) -> str:
    """Return under what to look for whatever was typed, a code or not.

    What is no code has a fingerprint too, which nothing is kept under: a wrong code, one that is
    unknown and one that has expired then take the same path, through the same look-up. An index may be
    searched with it: its comparisons tell of the hash, which nobody can choose without the key.
    """
    return fingerprint(read(text) or f"\0{fold(text[:READ])}", key)


@cache
def _listed() -> Mapping[str, str]:
    """Return the list's words, as they are written, by what they are without accents."""
    from mnemonic import Mnemonic  # noqa: PLC0415 — reads the list, which few starts need

    words = [unicodedata.normalize("NFC", word) for word in Mnemonic("french").wordlist]
    return {fold(word): word for word in words}
