"""The code of a report, the only way to find it again.

Nine words of BIP39's French list: 9 × 11 = 99 bits drawn by the system, too many to guess even though the
hash is a fast one (SecureDrop's codes have 89.8 bits). The list's words differ by their first four letters,
and remain distinct without accents.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.policy.search import fold_accents

WORDS: Final = 9
READ: Final = 400  # characters: nine of the longest words, numbered, with room to spare
_WORD: Final = re.compile(r"[^\W\d_]+")


def new_code() -> str:
    """Draw a code: nine words between spaces."""
    words = tuple(_words().values())
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def read_code(text: str) -> str | None:
    """Return the code in a text, spelled as `new_code` does; None when the text is not a code.

    Accents, capitals, spaces, hyphens, commas, lines and numbers do not matter.
    """
    spelled = _words()
    typed = _WORD.findall(fold_accents(text)) if len(text) <= READ else []
    words = [spelled[word] for word in typed if word in spelled]
    return " ".join(words) if len(words) == len(typed) == WORDS else None


def fingerprint(code: str, key: bytes) -> str:
    """Return the keyed hash of a code, under which its report is stored: 64 hexadecimal digits."""
    return hashlib.blake2b(code.encode(), key=key, person=b"vigie-recu", digest_size=32).hexdigest()


def lookup_hash(typed: str, key: bytes) -> str:
    """Return the hash under which to look for a report, whatever was typed.

    A text that is not a code gets a hash too, under which nothing is stored: wrong, unknown and expired codes
    then take the same path, through the same query (T8). A database index may compare hashes: without the
    key, nobody can choose them.
    """
    return fingerprint(read_code(typed) or f"\0{fold_accents(typed[:READ])}", key)


@cache
def _words() -> Mapping[str, str]:
    """Return the words of the list, each under its form without accents."""
    from mnemonic import Mnemonic  # noqa: PLC0415 — reads the list, which few starts need

    words = [unicodedata.normalize("NFC", word) for word in Mnemonic("french").wordlist]
    return {fold_accents(word): word for word in words}
