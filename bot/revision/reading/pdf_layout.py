"""Positions of the words on a PDF's pages. The PDF library is C++, so only `reading_page` may load it."""

import ctypes
import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pypdfium2
from pypdfium2 import raw

from bot.revision.reading.document import MOST_CHARACTERS

MOST_PAGES: Final = 200

APART: Final = 2.0  # widest gap within a piece of line, in font sizes; a wider gap may start another column
TOUCHING: Final = 0.15  # widest gap between letters without white space, in font sizes
SEMIBOLD: Final = 600  # CSS weight at which a font counts as bold
BOLD: Final = (b"bold", b"black", b"heavy", b"-bd", b"cmbx")  # in the names of bold fonts
PICTURE: Final = 0.3  # share of a page that an image must cover to count as a scan


def layout(content: bytes) -> dict[str, Any]:
    """Return {"pages": […]}, with the fields of `pdf_pages.Page`, or {"problem": …} with a code."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        return {"problem": "password" if locked else "damaged"}
    if len(document) > MOST_PAGES:
        return {"problem": "pages"}
    characters = 0
    pages = []
    for page in document:
        text = page.get_textpage()
        characters += text.count_chars()
        if characters > MOST_CHARACTERS:
            return {"problem": "pages"}
        width, height = page.get_size()
        images = (image.get_bounds() for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
        large = PICTURE * width * height
        picture = any((right - left) * (top - bottom) > large for left, bottom, right, top in images)
        pages.append({"width": width, "height": height, "picture": picture, "pieces": _pieces(text)})
    return {"pages": pages}


class _Letter(NamedTuple):
    text: str  # the character, preceded by any white space before it
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool


def _lines(page: pypdfium2.PdfTextPage) -> Iterator[list[_Letter]]:
    """Yield the lines of a page as split by the library, in file order."""
    box = [ctypes.c_double() for _ in range(4)]
    matrix = raw.FS_MATRIX()  # browsers write large letters on a scaled-down page
    font, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    line: list[_Letter] = []
    space = ""
    for at in range(page.count_chars()):
        code = raw.FPDFText_GetUnicode(page, at)
        if code in {10, 13}:
            yield line
            line, space = [], ""
        elif raw.FPDFText_GetCharBox(page, at, *map(ctypes.byref, box)):
            hyphen = code in {2, 0xFFFE} or raw.FPDFText_IsHyphen(page, at) == 1
            sign = "-" if hyphen else chr(code) if code else "\ufffd"
            if sign.isspace():
                space = sign if sign == "\u00a0" else space or " "
            else:
                left, right, bottom, top = (side.value for side in box)
                raw.FPDFText_GetMatrix(page, at, ctypes.byref(matrix))
                size = abs(raw.FPDFText_GetFontSize(page, at)) * math.hypot(matrix.c, matrix.d) or 1
                raw.FPDFText_GetFontInfo(page, at, font, 128, ctypes.byref(flags))
                name, weight = font.value.lower(), raw.FPDFText_GetFontWeight(page, at)
                bold = weight >= SEMIBOLD or any(mark in name for mark in BOLD)
                line.append(_Letter(space + sign, left, right, bottom, top, size, bold))
                space = ""
    yield line


def _pieces(page: pypdfium2.PdfTextPage) -> list[dict[str, Any]]:
    """Return the pieces of lines in file order. A piece ends at the end of its line or at a wide gap."""
    pieces: list[list[_Letter]] = []
    for line in _lines(page):
        for at, letter in enumerate(line):
            last = pieces[-1][-1] if pieces else None
            if last:
                gap = abs(letter.left - last.right) / letter.size
                level = min(last.top, letter.top) >= max(last.bottom, letter.bottom)
                # A hyphen may come after the end of its line.
                if (level and gap < TOUCHING) or (at and gap <= APART):
                    pieces[-1].append(letter)
                    continue
            pieces.append([letter])
    return [
        {
            "text": "".join(letter.text for letter in letters).strip(),
            "left": min(letter.left for letter in letters),
            "right": max(letter.right for letter in letters),
            "bottom": min(letter.bottom for letter in letters),
            "top": max(letter.top for letter in letters),
            "size": max(letter.size for letter in letters),
            "bold": 2 * sum(letter.bold for letter in letters) > len(letters),
        }
        for letters in pieces
    ]
