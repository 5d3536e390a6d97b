"""The ways of looking at bytes: what they are once decoded or decompressed, again and again.

Each view is one blob that holds everything of its kind in the original, so that looking through it costs
one pass; what is next to what is kept, since a secret is never cut by a separator.
"""

from __future__ import annotations

import base64
import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Final
from urllib.parse import unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from tests.leaks.needles import Hit, Needles

DEPTH: Final = 3
LARGEST: Final = 64 * 1024 * 1024  # of what one member is decompressed to
_APART: Final = b"\x00\xff"
_FEED: Final = 4_096  # so that what comes before an error is kept

# What runs are made of, by byte.
_DIGITS: Final = frozenset(b"0123456789")
_HEX: Final = _DIGITS | frozenset(b"abcdefABCDEF")
_BASE64: Final = frozenset(range(0x41, 0x5B)) | frozenset(range(0x61, 0x7B)) | _DIGITS | frozenset(b"+/")
_BASE64_OF_ADDRESSES: Final = _BASE64 | frozenset(b"-_")
_BASE32: Final = frozenset(range(0x41, 0x5B)) | frozenset(b"234567")

_PARTED_HEX: Final = re.compile(
    rb"[0-9A-Fa-f]{2}(?:[: -][0-9A-Fa-f]{2}){7,}|(?:\\x[0-9A-Fa-f]{2}){8,}|(?:0x[0-9A-Fa-f]{1,2}, ?){7,}"
)
_WRAPPED: Final = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}(?:\r?\n|\\n))+[A-Za-z0-9+/]*")
_WIDE: Final = re.compile(rb"(?:[^\x00]\x00){8,}|(?:[^\x00]\x00{3}){8,}")
# The kinds of bytes that the two patterns tell apart, and what kinds whatever they match begins with.
_PARTED_KINDS: Final = bytes(
    ord("h") if byte in _HEX else ord("-") if byte in b": -" else byte if byte in b"\\x" else 0
    for byte in range(256)
)
_PARTED_BEGINNINGS: Final = (b"hh" + b"-hh" * 7, b"\\xhh" * 8, b"hx")
_WIDE_KINDS: Final = bytes(min(byte, 1) for byte in range(256))
_WIDE_BEGINNINGS: Final = (b"\1\0" * 8, b"\1\0\0\0" * 8)
_ESCAPED: Final = re.compile(rb"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|%u([0-9A-Fa-f]{4})")
_ENTITY: Final = re.compile(rb"&#(?:x([0-9A-Fa-f]{2,4})|(\d{2,5}));")
# The first two bytes of a zlib stream: deflate, a window, a check (RFC 1950, 2.2).
_ZLIB: Final = re.compile(
    b"|".join(
        re.escape(bytes((method, flags)))
        for method in (0x18, 0x28, 0x38, 0x48, 0x58, 0x68, 0x78)
        for flags in range(256)
        if not (method << 8 | flags) % 31 and not flags & 0x20
    )
)
_GZIP: Final = re.compile(rb"\x1f\x8b\x08")
_BZIP2: Final = re.compile(rb"BZh[1-9]1AY&SY")
_XZ: Final = re.compile(rb"\xfd7zXZ\x00|\x5d\x00\x00[\x00\x80]")
_ZIP: Final = re.compile(rb"PK\x03\x04")
_ZIP_HEAD: Final = 30


def found(content: bytes, needles: Needles) -> set[tuple[Hit, str]]:
    """Return what `content` holds, as it is or hidden, each with how one had to look."""
    [hits] = found_of(content, [needles])
    return hits


def found_of(content: bytes, several: Sequence[Needles]) -> list[set[tuple[Hit, str]]]:
    """Return what `content` holds of several sets of needles, looked for at once."""
    hits: list[set[tuple[Hit, str]]] = [set() for _ in several]
    for how, view in looks(content):
        for mine, needles in zip(hits, several, strict=True):
            mine.update((hit, how) for hit in needles.search(view))
    return hits


def looks(content: bytes, depth: int = DEPTH, how: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield `content` and all that it is once decoded, with how."""
    yield how, content
    if not depth:
        return
    for name, view in VIEWS.items():
        seen = view(content)
        # The same view twice is for what shrinks: what is decoded grows no clearer.
        if seen and not (how.endswith(name) and name != "decompressed"):
            yield from looks(seen, depth - 1, f"{how} {name}".strip())


@cache
def _membership(alphabet: frozenset[int]) -> NDArray[np.int8]:
    """Return whether each byte is in an alphabet, `(256,)`."""
    return np.array([byte in alphabet for byte in range(256)], np.int8)


def _runs(content: bytes, alphabet: frozenset[int], least: int) -> list[tuple[int, int]]:
    """Return where each run of at least so many bytes of an alphabet begins and ends.

    A regular expression would say the same, five times as slowly: it is what a search spends its time on.
    """
    inside = np.zeros(len(content) + 2, np.int8)
    inside[1:-1] = _membership(alphabet)[np.frombuffer(content, np.uint8)]
    edges = np.diff(inside)
    begin, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    long = end - begin >= least
    return list(zip(begin[long].tolist(), end[long].tolist(), strict=True))


def _matches(pattern: re.Pattern[bytes], content: bytes, kinds: bytes, *beginnings: bytes) -> Iterator[bytes]:
    """Yield what `pattern.findall` returns, trying it only where `beginnings` are among the bytes' kinds."""
    kind = content.translate(kinds)
    places = {beginning: kind.find(beginning) for beginning in beginnings}
    at = 0
    while True:
        for beginning, place in places.items():
            if 0 <= place < at:
                places[beginning] = kind.find(beginning, at)
        at = min((place for place in places.values() if place >= 0), default=-1)
        if at < 0:
            return
        match = pattern.match(content, at)
        if match:
            yield match[0]
        at = match.end() if match else at + 1


def _hex(content: bytes) -> bytes:
    pieces = []
    for begin, end in _runs(content, _HEX, 16):
        run = content[begin:end]
        for start in (0, 1):
            digits = run[start:]
            pieces.append(bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii")))
    for run in _matches(_PARTED_HEX, content, _PARTED_KINDS, *_PARTED_BEGINNINGS):
        digits = re.sub(rb"\\x|0x|[^0-9A-Fa-f]", b"", run)
        pieces.append(bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii")))
    return _APART.join(pieces)


def _base64(content: bytes) -> bytes:
    runs = [content[begin:end] for begin, end in _runs(content, _BASE64_OF_ADDRESSES, 12)]
    after = 0
    for begin, _ in _runs(content, _BASE64, 60):
        if begin >= after and (match := _WRAPPED.match(content, begin)):
            runs.append(re.sub(rb"\\n|[^A-Za-z0-9+/]", b"", match[0]))
            after = match.end()
    return _APART.join(_aligned(runs, 4, b"A", lambda run: base64.b64decode(run, altchars=b"-_")))


def _base32(content: bytes) -> bytes:
    runs = [content[begin:end] for begin, end in _runs(content, _BASE32, 13)]
    return _APART.join(_aligned(runs, 8, b"A", base64.b32decode))


def _aligned(
    runs: Iterable[bytes], width: int, padding: bytes, decode: Callable[[bytes], bytes]
) -> Iterator[bytes]:
    """Yield each run decoded from each place where it may begin."""
    for run in dict.fromkeys(runs):
        same = run.replace(b"+", b"-").replace(b"/", b"_")
        for start in range(width):
            piece = same[start:]
            yield decode(piece + padding * (-len(piece) % width))


def _decimal(content: bytes) -> bytes:
    runs = _runs(content, _DIGITS, 15)
    numbers = [int(content[begin:end]) for begin, end in runs if end - begin <= 20]
    return _APART.join(
        number.to_bytes(8, "big") + _APART + number.to_bytes(8, "little")
        for number in numbers
        if number < 1 << 64
    )


def _narrowed(content: bytes) -> bytes:
    runs = _matches(_WIDE, content, _WIDE_KINDS, *_WIDE_BEGINNINGS)
    return _APART.join(run.replace(b"\x00", b"") for run in runs)


def _unescaped(content: bytes) -> bytes:
    known = content
    if (b"\\" in known or b"%u" in known) and _ESCAPED.search(known):
        known = _ESCAPED.sub(lambda found: _character(int(found[1] or found[2] or found[3], 16)), known)
    if _ENTITY.search(known):
        known = _ENTITY.sub(lambda found: _character(int(found[1], 16) if found[1] else int(found[2])), known)
    if b"%" in known:
        known = unquote_to_bytes(known)
    return b"" if known == content else known


def _character(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _decompressed(content: bytes) -> bytes:
    pieces = []
    for pattern, opened in _MEMBERS:
        for match in pattern.finditer(content):
            seen = opened(content, match.start())
            if len(seen) >= 8:
                pieces.append(seen)
    return _APART.join(pieces)


def _inflated(bits: int) -> Callable[[bytes, int], bytes]:
    def inflate(content: bytes, at: int) -> bytes:
        pieces, stream = [], zlib.decompressobj(bits)
        for start in range(at, len(content), _FEED):
            before = stream.copy()
            try:
                pieces.append(stream.decompress(content[start : start + _FEED]))
            except zlib.error:
                return b"".join([*pieces, *_to_the_last(before, content[start : start + _FEED])])
            if stream.eof or sum(map(len, pieces)) > LARGEST:
                break
        return b"".join(pieces)

    return inflate


def _to_the_last(stream: zlib._Decompress, broken: bytes) -> Iterator[bytes]:
    """Yield what comes before the byte that breaks a stream."""
    for number in range(len(broken)):
        try:
            yield stream.decompress(broken[number : number + 1])
        except zlib.error:
            return


def _zipped(content: bytes, at: int) -> bytes:
    head = content[at : at + _ZIP_HEAD]
    if len(head) < _ZIP_HEAD:
        return b""
    after = _ZIP_HEAD + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    return _inflated(-zlib.MAX_WBITS)(content, at + after)


def _fed(feed: Callable[[bytes], bytes], content: bytes, at: int) -> bytes:
    """Return what a stream that begins at `at` holds, up to where it ends or breaks."""
    pieces = []
    with suppress(OSError, EOFError, lzma.LZMAError):
        for start in range(at, len(content), _FEED):
            pieces.append(feed(content[start : start + _FEED]))
            if sum(map(len, pieces)) > LARGEST:
                break
    return b"".join(pieces)


_MEMBERS: Final[tuple[tuple[re.Pattern[bytes], Callable[[bytes, int], bytes]], ...]] = (
    (_ZLIB, _inflated(zlib.MAX_WBITS)),
    (_GZIP, _inflated(zlib.MAX_WBITS | 16)),
    (_ZIP, _zipped),
    (_BZIP2, lambda content, at: _fed(bz2.BZ2Decompressor().decompress, content, at)),
    (_XZ, lambda content, at: _fed(lzma.LZMADecompressor().decompress, content, at)),
)
VIEWS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "decompressed": _decompressed,
    "from hexadecimal": _hex,
    "from base64": _base64,
    "from base32": _base32,
    "from decimal": _decimal,
    "narrowed": _narrowed,
    "unescaped": _unescaped,
}
