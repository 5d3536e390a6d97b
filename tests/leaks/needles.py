"""What is looked for: a secret as it is, as it may be written, and every hash of it that could be made.

Eight bytes are enough to know any of them: of a hash, its first eight, so that one that was shortened is
found too. What is shorter than eight bytes cannot be told from chance, and is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 8

_PLAIN: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512")
_KEYED: Final = ("md5", "sha1", "sha256", "sha512")
_BLAKE2B: Final = (8, 16, 20, 32, 64)  # a digest of another size is another digest altogether
_BLAKE2S: Final = (8, 16, 32)
_PERSONS: Final = (b"", b"vigie-recu", b"recus", b"adresses")  # what our own hashes are made for
_TABLE_BITS: Final = 24
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)


@dataclass(frozen=True, slots=True)
class Secret:
    """What must be found nowhere. `whose`: how it is told of in a report.

    `within`: texts that it is part of, and that may have been hashed whole.
    """

    whose: str
    value: str
    within: tuple[str, ...] = ()


def written_actor(platform: str, team: str, user: str) -> list[str]:
    """Return how a program may write an account whole."""
    return [
        f"('{platform}', '{team}', '{user}')",
        f'["{platform}", "{team}", "{user}"]',
        f'["{platform}","{team}","{user}"]',
        f"Actor(platform='{platform}', team='{team}', user='{user}')",
        f"Account(platform='{platform}', team='{team}', user='{user}')",
    ]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: whose, and in which form."""

    whose: str
    form: str


class Needles:
    """Secrets in every form. `keys`: what a hash of them could have been made with.

    `hashed` False: only as they are written, for words that may well be hashed.
    """

    def __init__(self, secrets: Iterable[Secret], keys: Sequence[bytes] = (), *, hashed: bool = True) -> None:
        self._secrets = list(secrets)
        self._forms: dict[str, int] = {}
        self._literals: dict[int, list[tuple[bytes, Hit]]] = {}
        words, owners, forms = array("Q"), array("L"), array("H")
        for number, secret in enumerate(self._secrets):
            for form, content in _written(secret.value):
                if len(content) < WIDTH:
                    raise ValueError(f"{secret.whose}: too short to be looked for")
                word = int.from_bytes(content[:WIDTH])
                self._literals.setdefault(word, []).append((content, Hit(secret.whose, form)))
            for form, digest in _digests(secret, keys) if hashed else ():
                words.append(int.from_bytes(digest[:WIDTH]))
                owners.append(number)
                forms.append(self._forms.setdefault(form, len(self._forms)))
        found = np.array(words, np.uint64)
        order = np.argsort(found)
        self._words: NDArray[np.uint64] = found[order]
        self._owners = np.array(owners, np.int64)[order]
        self._kinds = np.array(forms, np.int64)[order]
        self._names = list(self._forms)
        literal = np.array(sorted(self._literals), np.uint64)
        self._all = np.union1d(self._words, literal)
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_slots(self._all)] = True

    def __len__(self) -> int:
        return len(self._words) + sum(map(len, self._literals.values()))

    def search(self, content: bytes) -> Iterator[Hit]:
        """Yield what `content` holds as it is, each once."""
        yield from set(self._search(content))

    def _search(self, content: bytes) -> Iterator[Hit]:
        for start in range(0, max(0, len(content) - WIDTH + 1), _CHUNK):
            piece = np.frombuffer(content, np.uint8)[start : start + _CHUNK + WIDTH - 1]
            windows = np.lib.stride_tricks.sliding_window_view(piece, WIDTH)
            words = np.ascontiguousarray(windows).view(">u8")[:, 0].astype(np.uint64)
            maybe = np.flatnonzero(self._table[_slots(words)])
            if not len(maybe):
                continue
            candidates = words[maybe]
            places = np.minimum(np.searchsorted(self._all, candidates), len(self._all) - 1)
            for at in np.flatnonzero(self._all[places] == candidates):
                yield from self._told(content, start + int(maybe[at]), candidates[at])

    def _told(self, content: bytes, at: int, word: np.uint64) -> Iterator[Hit]:
        first, last = np.searchsorted(self._words, word), np.searchsorted(self._words, word, "right")
        for place in range(int(first), int(last)):
            whose = self._secrets[int(self._owners[place])].whose
            yield Hit(whose, self._names[int(self._kinds[place])])
        for literal, hit in self._literals.get(int(word), ()):
            if content.startswith(literal, at):
                yield hit


_CHUNK: Final = 1 << 20


def _slots(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (words * _MIX) >> np.uint64(64 - _TABLE_BITS)


def _written(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ways of writing a secret that no other look at the bytes would undo."""
    for cased in dict.fromkeys((value, value.lower(), value.upper())):
        yield "as it is", cased.encode()
        yield "UTF-16", cased.encode("utf-16-le")
        yield "UTF-16", cased.encode("utf-16-be")
        yield "backwards", cased[::-1].encode()
        if not cased.isascii():
            yield "Latin-1", cased.encode("latin-1", "replace")
    if value.isdecimal() and 40 < int(value).bit_length() <= 8 * WIDTH:
        for order in ("big", "little"):
            number = int(value).to_bytes(WIDTH, "big" if order == "big" else "little")
            yield f"{order}-endian", number


def _digests(secret: Secret, keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the hashes of an identity, however it may be written, or of a token, as it is."""
    texts = {secret.value, *secret.within}
    if secret.within:
        texts |= {secret.value.lower(), secret.value.upper()}
    for text in texts:
        content = text.encode()
        yield from _without_key(content)
        for key in keys:
            yield from _with_key(content, key)


def _without_key(content: bytes) -> Iterator[tuple[str, bytes]]:
    for name in _PLAIN:
        yield name, hashlib.new(name, content, usedforsecurity=False).digest()
    for size in _BLAKE2B:
        for person in _PERSONS:
            yield "blake2b", hashlib.blake2b(content, digest_size=size, person=person).digest()
    for size in _BLAKE2S:
        yield "blake2s", hashlib.blake2s(content, digest_size=size).digest()


def _with_key(content: bytes, key: bytes) -> Iterator[tuple[str, bytes]]:
    for name in _KEYED:
        yield f"HMAC-{name}", hmac.digest(key, content, name)
        yield f"{name} after a key", hashlib.new(name, key + content, usedforsecurity=False).digest()
        yield f"{name} before a key", hashlib.new(name, content + key, usedforsecurity=False).digest()
    for size in _BLAKE2B:
        for person in _PERSONS:
            made = hashlib.blake2b(content, key=key[:64], digest_size=size, person=person)
            yield "keyed blake2b", made.digest()
    for size in _BLAKE2S:
        yield "keyed blake2s", hashlib.blake2s(content, key=key[:32], digest_size=size).digest()
