"""Where the words of a PDF stand on its pages: run by `pdf_pages` in a process of its own.

The file comes on the standard input; what was found leaves in JSON on the standard output. A file that
has the library fail, or turn for ever, takes this process with it and no other.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pypdfium2
from pypdfium2 import raw

MOST_PAGES: Final = 200
MOST_CHARACTERS: Final = 1_500_000
CPU_SECONDS: Final = 20
MEMORY: Final = 2 * 1024 * 1024 * 1024

APART: Final = 2.0  # widths of a letter between two pieces of a line that are not of one column
PICTURE: Final = 0.3  # share of a page that an image covers, from which it may hold text


def layout(content: bytes) -> dict[str, Any]:
    """Return the pages with their pieces of lines, or the problem."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        return {"problem": "password" if locked else "damaged"}
    if len(document) > MOST_PAGES:
        return {"problem": "pages"}
    left = MOST_CHARACTERS
    pages = []
    for page in document:
        text = page.get_textpage()
        left -= text.count_chars()
        if left < 0:
            return {"problem": "pages"}
        width, height = page.get_size()
        pages.append(
            {
                "width": width,
                "height": height,
                "picture": _has_picture(page, width * height),
                "pieces": _pieces(text),
            }
        )
    return {"pages": pages}


def _has_picture(page: pypdfium2.PdfPage, area: float) -> bool:
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) > PICTURE * area:
            return True
    return False


class _Letter(NamedTuple):
    sign: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    at: int


def _letters(text: pypdfium2.PdfTextPage) -> Iterator[_Letter | None]:
    """Yield the letters and the white space, in the order of the file, and None where a line ends."""
    box = [ctypes.c_double() for _ in range(4)]
    for at in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, at)
        if code in {10, 13}:
            yield None
            continue
        if raw.FPDFText_IsHyphen(text, at) == 1 or code in {2, 0xFFFE}:
            code = ord("-")
        if raw.FPDFText_GetCharBox(text, at, *map(ctypes.byref, box)):
            left, right, bottom, top = (one.value for one in box)
            size = raw.FPDFText_GetFontSize(text, at) or 1
            yield _Letter(chr(code) if code else "\ufffd", left, right, bottom, top, size, at)


def _pieces(text: pypdfium2.PdfTextPage) -> list[dict[str, Any]]:
    """Return the pieces of lines, in the order of the file: a piece ends with the line, or at a wide gap."""
    found: list[dict[str, Any]] = []
    piece: dict[str, Any] | None = None
    for letter in _letters(text):
        if letter is None:
            piece = None
        elif letter.sign.isspace():
            if piece:
                piece["text"] += letter.sign if letter.sign == "\u00a0" else " "
        else:
            if piece is None or _is_apart(piece, letter):
                if not (found and _goes_on(found[-1], letter)):
                    found.append(_begun(letter))
                piece = found[-1]
            _add(piece, letter, bold=_is_bold(text, letter.at))
    return [one for one in found if one["text"].strip()]


def _begun(letter: _Letter) -> dict[str, Any]:
    """Return a piece that is to begin with a letter."""
    _, left, right, bottom, top, size, _ = letter
    box = {"left": left, "right": right, "bottom": bottom, "top": top}
    return {"text": "", **box, "size": size, "bold": 0, "count": 0}


def _add(piece: dict[str, Any], letter: _Letter, *, bold: bool) -> None:
    piece["text"] += letter.sign
    piece["right"], piece["left"] = max(piece["right"], letter.right), min(piece["left"], letter.left)
    piece["bottom"], piece["top"] = min(piece["bottom"], letter.bottom), max(piece["top"], letter.top)
    piece["size"] = max(piece["size"], letter.size)
    piece["bold"] += bold
    piece["count"] += 1


def _is_apart(piece: dict[str, Any], letter: _Letter) -> bool:
    return bool(abs(letter.left - piece["right"]) > APART * letter.size)


def _goes_on(piece: dict[str, Any], letter: _Letter) -> bool:
    """Tell whether a letter touches the end of a piece: a hyphen may come after the end of its line."""
    level = (
        min(piece["top"], letter.top) > max(piece["bottom"], letter.bottom)
        or piece["bottom"] < (letter.bottom + letter.top) / 2 < piece["top"]
    )
    return bool(level and abs(letter.left - piece["right"]) < 0.15 * letter.size)


def _is_bold(text: pypdfium2.PdfTextPage, at: int) -> bool:
    if raw.FPDFText_GetFontWeight(text, at) >= 600:  # noqa: PLR2004 — CSS: semibold
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(text, at, name, 128, ctypes.byref(flags))
    return any(mark in name.value.lower() for mark in (b"bold", b"black", b"heavy", b"-bd", b"cmbx"))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file
    json.dump(layout(sys.stdin.buffer.read()), sys.stdout)
