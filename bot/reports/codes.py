"""Codes of reports. A code is the only way for an author to find their report again.

A code is nine words of BIP39's French list: 9 × 11 = 99 bits from the system's generator. That is too many to
guess even with a fast hash (SecureDrop's codes have 89.8 bits). The words of the list differ in their first
four letters, and stay distinct without accents.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.policy.search import fold_accents

WORDS: Final = 9
TYPED_CODE_LENGTH: Final = 400  # characters: nine of the longest words, numbered, with room to spare
_WORD: Final = re.compile(r"[^\W\d_]+")
_NAMED: Final = 3  # maximum words outside the list named in one message
_NEAREST: Final = 2  # words of the list suggested for each
# minimum Jaro-Winkler similarity, which favours first letters, since these tell the list's words apart
_ALIKE: Final = 0.82
_SHOWN: Final = 20  # characters shown of a word outside the list


def new_code() -> str:
    """Return a new random code: nine words separated by spaces."""
    return code_from(secrets.token_bytes(32))


def code_from(digest: bytes) -> str:
    """Return the code that encodes the last 99 bits of a digest."""
    words = tuple(_words().values())
    number = int.from_bytes(digest)
    return " ".join(words[number >> 11 * place & 2047] for place in range(WORDS))


def read_code(text: str) -> str | None:
    """Return the code in a text, spelled as in `new_code`, or None if the text is not a code.

    Accents, capitals, spaces, hyphens, commas, line breaks and numbers are ignored.
    """
    spelled = _words()
    typed = _WORD.findall(fold_accents(text)) if len(text) <= TYPED_CODE_LENGTH else []
    words = [spelled[word] for word in typed if word in spelled]
    return " ".join(words) if len(words) == len(typed) == WORDS else None


def misreading(text: str) -> str:
    """Return in French why a text is not a code, "" if it is one.

    Words outside the list are named, each with the nearest words of the list. The result depends only on the
    text and the public list, so neither it nor the time it takes reveals anything about existing codes.
    """
    if len(text) > TYPED_CODE_LENGTH:
        return f"C'est trop long pour un code, qui a {WORDS} mots."
    spelled = _words()
    typed = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    unknown = [word for word in dict.fromkeys(typed) if fold_accents(word) not in spelled]
    if not unknown:
        return "" if len(typed) == WORDS else f"Un code a {WORDS} mots; j'en lis {len(typed)}."
    from rapidfuzz import process  # noqa: PLC0415 — 2 MB, and few people misspell a code
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415 — as above

    lines = []
    for word in unknown[:_NAMED]:
        matches = process.extract(
            fold_accents(word), spelled, scorer=JaroWinkler.similarity, limit=_NEAREST, score_cutoff=_ALIKE
        )
        nearest = " ou ".join(f"«\u00a0{spelled[folded]}\u00a0»" for _, _, folded in matches)
        lines.append(
            f"«\u00a0{word[:_SHOWN]}\u00a0» n'en est pas" + (f" (peut-être {nearest})" if nearest else "")
        )
    more = len(unknown) - _NAMED
    others = ["un autre non plus" if more == 1 else f"{more} autres non plus"] if more > 0 else []
    return f"Les mots d'un code viennent d'une liste publique\u00a0: {', '.join([*lines, *others])}."


def fingerprint(code: str, key: bytes) -> str:
    """Return the keyed hash of a code, which identifies its report in storage: 64 hexadecimal digits."""
    return hashlib.blake2b(code.encode(), key=key, person=b"vigie-recu", digest_size=32).hexdigest()


def lookup_hash(typed: str, key: bytes) -> str:
    """Return the hash by which to look up the report of a typed code: 64 hexadecimal digits.

    A text that is not a code also gets a hash, which matches nothing, so that wrong, unknown and expired
    codes go through the same steps and the same query (T8 in docs/menaces.md). Looking hashes up in
    a database index is safe, because nobody can choose them without the key.
    """
    return fingerprint(read_code(typed) or f"\0{fold_accents(typed[:TYPED_CODE_LENGTH])}", key)


@cache
def _words() -> Mapping[str, str]:
    """Return the words of the list, keyed by their form without accents."""
    from mnemonic import Mnemonic  # noqa: PLC0415 — loads the list, which few runs need

    words = [unicodedata.normalize("NFC", word) for word in Mnemonic("french").wordlist]
    return {fold_accents(word): word for word in words}
