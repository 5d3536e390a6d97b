"""The words and rules of a PDF's pages. The PDF library is C++, so only `reading_page` may load it."""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import pypdfium2
from pypdfium2 import raw

from bot.revision.reading.document import MOST_CHARACTERS

MOST_PAGES: Final = 200

APART: Final = 2.0  # widest gap within a piece of line, in font sizes; a wider gap may start another column
TOUCHING: Final = 0.15  # widest gap between letters without white space, in font sizes
SEMIBOLD: Final = 600  # CSS weight at which a font counts as bold
BOLD: Final = (b"bold", b"black", b"heavy", b"-bd", b"cmbx")  # parts of the names of bold fonts
PICTURE: Final = 0.3  # share of a page that an image must cover to count as a scan
RAISED: Final = 0.2  # how far above the line a digit refers to a note, as a share of the text's size
MOST_DRAWINGS: Final = 3_000  # maximum shapes on a page for it to be searched for tables; drawings have more
THIN: Final = 2.5  # points; the maximum thickness of a rule

_HALF: Final = re.compile("[\ud800-\udfff]")  # half of a surrogate pair
# Encloses, in the text of a word, a raised number that may refer to a note.
CALL: Final = "\x0e"
END: Final = "\x0f"


class Word(NamedTuple):
    """A word and its box, in points from the bottom left of the page.

    `glued`: without white space before it. `bold`: the number of bold letters, out of `letters`.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    bold: int
    letters: int
    glued: bool


class Rule(NamedTuple):
    """A vertical or horizontal line drawn on a page, in points."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as returned by the library. `pieces`: runs of words in file order, cut at wide gaps."""

    width: float
    height: float
    picture: bool
    drawings: int
    pieces: tuple[tuple[Word, ...], ...]
    rules: tuple[Rule, ...]


class PdfLayoutError(ValueError):
    """A file's layout cannot be read: « password », « damaged », « pages », « characters » or « form »."""


@dataclass(frozen=True, slots=True)
class RawPages:
    """The pages of a file. `fields`: whether the file has form fields, whose content is not on the pages."""

    pages: tuple[RawPage, ...]
    fields: bool


def layout(content: bytes) -> RawPages:
    """Return the words of a file. Raises `PdfLayoutError`."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        raise PdfLayoutError("password" if locked else "damaged") from error
    if len(document) > MOST_PAGES:
        raise PdfLayoutError("pages")
    form = document.get_formtype()
    if form == raw.FORMTYPE_XFA_FULL:
        raise PdfLayoutError("form")
    characters = 0
    pages = []
    try:
        for page in document:
            text = page.get_textpage()
            characters += text.count_chars()
            if characters > MOST_CHARACTERS:
                raise PdfLayoutError("characters")
            pages.append(_page(page, text))
            text.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise PdfLayoutError("damaged") from error
    return RawPages(tuple(pages), form != raw.FORMTYPE_NONE)


def _page(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> RawPage:
    width, height = page.get_size()
    origin_x, origin_y, *_ = page.get_cropbox()
    large = PICTURE * width * height
    picture, drawings, rules = False, 0, []
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        drawings += 1
        if drawings > MOST_DRAWINGS:
            break
        left, bottom, right, top = item.get_bounds()
        box = Rule(left - origin_x, right - origin_x, bottom - origin_y, top - origin_y)
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            picture = picture or (right - left) * (top - bottom) > large
        elif min(right - left, top - bottom) <= THIN < max(right - left, top - bottom):
            rules.append(box)
    if drawings > MOST_DRAWINGS:
        rules = []
    return RawPage(width, height, picture, drawings, tuple(_pieces(text, origin_x, origin_y)), tuple(rules))


class _Letter(NamedTuple):
    text: str
    space: str  # the white space before it
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    bold: bool


def _lines(page: pypdfium2.PdfTextPage, origin_x: float, origin_y: float) -> Iterator[list[_Letter]]:
    """Yield the lines of a page as split by the library, in file order."""
    box = [ctypes.c_double() for _ in range(4)]
    across, up = ctypes.c_double(), ctypes.c_double()
    matrix = raw.FS_MATRIX()  # browsers write large letters on a scaled-down page
    font = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    line: list[_Letter] = []
    space = ""
    for at in range(page.count_chars()):
        code = raw.FPDFText_GetUnicode(page, at)
        if code in {10, 13}:
            yield line
            line, space = [], ""
        elif raw.FPDFText_GetCharBox(page, at, *map(ctypes.byref, box)):
            hyphen = code in {2, 0xFFFE} or raw.FPDFText_IsHyphen(page, at) == 1
            sign = "-" if hyphen else chr(code) if code and not _HALF.match(chr(code)) else "\ufffd"
            if sign.isspace():
                space = sign if sign == "\u00a0" else space or " "
            elif sign not in {CALL, END}:
                left, right, bottom, top = (side.value for side in box)
                raw.FPDFText_GetCharOrigin(page, at, ctypes.byref(across), ctypes.byref(up))
                raw.FPDFText_GetMatrix(page, at, ctypes.byref(matrix))
                size = abs(raw.FPDFText_GetFontSize(page, at)) * math.hypot(matrix.c, matrix.d) or 1
                # the origin, unlike the box, is the same for all letters at the beginning of a line
                if abs(across.value - left) < 0.3 * size:
                    left = across.value
                raw.FPDFText_GetFontInfo(page, at, font, 128, ctypes.byref(flags))
                name = font.value.lower()
                weight = raw.FPDFText_GetFontWeight(page, at)
                bold = weight >= SEMIBOLD or any(mark in name for mark in BOLD)
                line.append(
                    _Letter(
                        sign,
                        space,
                        left - origin_x,
                        right - origin_x,
                        bottom - origin_y,
                        top - origin_y,
                        up.value - origin_y,
                        size,
                        bold,
                    )
                )
                space = ""
    yield line


def _pieces(page: pypdfium2.PdfTextPage, origin_x: float, origin_y: float) -> Iterator[tuple[Word, ...]]:
    """Yield the pieces of lines in file order. A piece ends at the end of its line or at a wide gap."""
    piece: list[_Letter] = []
    for line in _lines(page, origin_x, origin_y):
        for at, letter in enumerate(line):
            if piece:
                last = piece[-1]
                gap = abs(letter.left - last.right) / letter.size
                level = min(last.top, letter.top) >= max(last.bottom, letter.bottom)
                # A hyphen may come after the end of its line.
                if not ((level and gap < TOUCHING) or (at and gap <= APART)):
                    yield tuple(_words(piece))
                    piece = []
            piece.append(letter)
    if piece:
        yield tuple(_words(piece))


def _words(letters: list[_Letter]) -> Iterator[Word]:
    """Yield the words of a piece. A no-break space does not end a word."""
    word: list[_Letter] = []
    for letter in letters:
        if word and letter.space == " ":
            yield _word(word)
            word = []
        word.append(letter)
    yield _word(word)


def _word(letters: list[_Letter]) -> Word:
    size = max(letter.size for letter in letters)
    base = next(letter.baseline for letter in letters if letter.size == size)
    parts = []
    for at, letter in enumerate(letters):
        raised = letter.text.isdigit() and letter.bottom > base + RAISED * size
        sign = f"{CALL}{letter.text}{END}" if raised else letter.text
        parts.append(f"\u00a0{sign}" if at and letter.space else sign)
    return Word(
        "".join(parts).replace(f"{END}{CALL}", ""),
        min(letter.left for letter in letters),
        max(letter.right for letter in letters),
        min(letter.bottom for letter in letters),
        max(letter.top for letter in letters),
        base,
        size,
        sum(letter.bold for letter in letters),
        len(letters),
        not letters[0].space,
    )
