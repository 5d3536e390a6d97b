"""Conversion of Word files (DOCX) to Markdown, with the numbers that Word displays."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import docx
from docx.opc.constants import RELATIONSHIP_TYPE as RELATED
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.parts.document import DocumentPart
from lxml.etree import ErrorTypes, LxmlError
from lxml.etree import _Element as Element

from bot.policy.articles import PolicyError
from bot.policy.provisions import Block
from bot.revision.reading.document import Document, escape_markdown
from bot.revision.reading.docx_blocks import BlockReader
from bot.revision.reading.docx_numbering import Counters, Label, Styles, W, find, is_on, read_lists, value
from bot.revision.reading.lint import LintFinding
from bot.revision.reading.wrong_files import TOO_LARGE, describe_archive

# Total bytes of all parts. A zip bomb unpacks to thousands of times its size.
LARGEST_UNPACKED: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 4_000

# Exceptions that zipfile, lxml and python-docx raise on a malformed file.
_UNREADABLE: Final = (
    OpcError,
    LxmlError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)

_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SKIPPED: Final = {
    _FALLBACK,
    *(f"{W}{name}" for name in "del moveFrom instrText delText pPr rPr txbxContent".split()),  # noqa: SIM905 — names are easier to read in a string
}
_SIGNS: Final = {
    **dict.fromkeys((f"{W}{name}" for name in ("tab", "br", "cr", "ptab")), " "),
    f"{W}noBreakHyphen": "\u2011",
    f"{W}sym": "\ufffd",
}
_ARTICLE: Final = re.compile(r"ARTICLE\s+\d{1,3}(?![.\d])", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})+)\.?")
_LONG: Final = 200  # characters; a longer paragraph is not a heading, whatever its style


def parse_docx(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError` with the reason if it cannot be read."""
    _refuse_archives(content, name)
    try:
        package = _Package(docx.Document(io.BytesIO(content)).part)
        lines = list(package.lines())
        words = tuple(package.words())
        blocks = tuple(package.blocks())
    except _UNREADABLE as error:
        if getattr(error, "code", 0) == ErrorTypes.ERR_NO_MEMORY:
            raise PolicyError(name, 0, TOO_LARGE) from error
        problem = "ce n'est pas un document Word lisible. Enregistrez-le de nouveau en .docx."
        raise PolicyError(name, 0, problem) from error
    if not any(line.strip() for line in lines):
        problem = "ce document ne contient aucun texte, peut-être des pages numérisées. Donnez-en le texte."
        raise PolicyError(name, 0, problem)
    return Document("\n\n".join(lines) + "\n", words, tuple(dict.fromkeys(package.findings)), blocks)


def _refuse_archives(content: bytes, name: str) -> None:
    """Raise `PolicyError` if an archive is not a Word document or would fill memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except _UNREADABLE as error:
        raise PolicyError(
            name, 0, "le document est abîmé\u00a0: il ne s'ouvre pas. Enregistrez-le de nouveau."
        ) from error
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise PolicyError(name, 0, TOO_LARGE)
    if any(part.flag_bits & 1 for part in parts):
        problem = "c'est un document protégé par un mot de passe. Enregistrez-le sans mot de passe."
        raise PolicyError(name, 0, problem)
    if problem := describe_archive(names):
        raise PolicyError(name, 0, problem)


@dataclass
class _Package:
    """The parts of a document, read from the first paragraph to the last."""

    part: DocumentPart
    findings: list[LintFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._body: Element = self.part.element.body
        self._styles = Styles.read(self._related(RELATED.STYLES))
        numbering = self._related(RELATED.NUMBERING)
        self._counters = Counters(read_lists(numbering, self._styles), self._styles)
        # Whether the document writes « Article » before article numbers. If so, a plain number starts none.
        self._names_articles = any(
            _ARTICLE.match(_text(paragraph).strip()) for paragraph in self._paragraphs(self._body)
        ) or any(
            "article" in (text.get(f"{W}val") or "").lower()
            for text in ([] if numbering is None else numbering.iter(f"{W}lvlText"))
        )

    def _related(self, kind: str) -> Element | None:
        try:
            part = self.part.part_related_by(kind)
        except KeyError:
            return None
        element: Element = part.element if hasattr(part, "element") else parse_xml(part.blob)
        return element

    def _paragraphs(self, element: Element | None) -> Iterator[Element]:
        """Yield the paragraphs of a part, without the table of contents, which repeats the headings."""
        for paragraph in [] if element is None else element.iter(f"{W}p"):
            names = (
                value(self._styles.elements[style], "name") or style
                for style in self._styles.chain(value(paragraph, "pPr/pStyle"))
            )
            if not any(re.fullmatch(r"(?:toc|tm) ?\d", name.lower()) for name in names):
                yield paragraph

    def lines(self) -> Iterator[str]:
        """Yield the paragraphs in Markdown, and record findings."""
        if next(self._body.iter(f"{W}del", f"{W}ins", f"{W}moveFrom"), None) is not None:
            self._note(
                "tracked_changes",
                "Le document garde des modifications suivies\u00a0: elles sont lues comme acceptées.",
            )
        if next(self._body.iter(f"{W}tbl"), None) is not None:
            self._note("table", "Le document contient un tableau, lu case par case.")
        for paragraph in self._paragraphs(self._body):
            text = re.sub(r"[ \t\n]+", " ", _text(paragraph)).strip()
            second_form = next(paragraph.iterancestors(_FALLBACK), None) is not None  # of a text box
            if second_form or (find(paragraph, "pPr/rPr/del") is not None and not text):
                continue
            label = self._counters.label(paragraph)
            if label and label.assumed:
                self._note(
                    "uncertain_number",
                    f"Le numéro {label.text} suppose un numéro au-dessus de lui, que rien ne porte.",
                )
            if any("AUTONUM" in (field.text or "") for field in paragraph.iter(f"{W}instrText")):
                self._note(
                    "uncertain_number",
                    f"Un numéro automatique d'un ancien genre est perdu avant «\u00a0{text[:40]}\u00a0».",
                )
            if text:
                yield self._markdown(paragraph, label, text)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks that the outline is made from."""
        notes = {"footnote": self._related(RELATED.FOOTNOTES), "endnote": self._related(RELATED.ENDNOTES)}
        counters = Counters(self._counters.lists, self._styles)
        yield from BlockReader(self._styles, counters, notes).read(self._body)

    def _note(self, code: str, message: str) -> None:
        self.findings.append(LintFinding(code, "", message))

    def _markdown(self, paragraph: Element, label: Label | None, text: str) -> str:
        escaped = escape_markdown(text)
        if label is None:
            if self._is_heading(paragraph, text):
                return f"## {escaped}"
            # A paragraph must not start like a heading or a horizontal rule.
            looks_marked = escaped.startswith("#") or re.fullmatch(r"[-*_=\s]{3,}", escaped)
            return f"\\{escaped}" if looks_marked else escaped
        if not label.bullet:
            if _ARTICLE.match(label.text):
                return f"## {label.text} {escaped}"
            if _NUMBER.fullmatch(label.text):
                return f"- {label.text.rstrip('.')} {escaped}"
            simple = label.level == 0 and re.fullmatch(r"(\d{1,3})\s*[.):–-]?", label.text)
            if simple and not self._names_articles:
                return f"## ARTICLE {simple[1]}\u00a0: {escaped}"
        return f"{label.text} {escaped}"

    def _is_heading(self, paragraph: Element, text: str) -> bool:
        if len(text) > _LONG:
            return False
        if _ARTICLE.match(text) and (text.startswith("ARTICLE") or self._is_bold(paragraph)):
            return True
        if re.match(r"\d{1,3}\.\d", text):
            return False
        return self._is_outlined(paragraph) or self._is_bold(paragraph)

    def _is_outlined(self, paragraph: Element) -> bool:
        """Return whether a paragraph is a heading by its level or its style."""
        own = value(paragraph, "pPr/outlineLvl")
        if own is not None:
            return own != "9"
        for style in self._styles.chain(value(paragraph, "pPr/pStyle")):
            element = self._styles.elements[style]
            level, name = value(element, "pPr/outlineLvl"), value(element, "name") or ""
            if level is not None:
                return level != "9"
            if re.match(r"heading \d|titre \d|title$|titre$|subtitle$", name.lower()):
                return True
        return False

    def _is_bold(self, paragraph: Element) -> bool:
        """Return whether every visible run is bold, directly or through its style."""
        styles = self._styles
        chain = styles.chain(value(paragraph, "pPr/pStyle") or styles.default)
        runs = [run for run in paragraph.iter(f"{W}r") if _text(run).strip()]
        for run in runs:
            own = find(run, "rPr/b")
            if own is None:
                own = styles.first([*styles.chain(value(run, "rPr/rStyle")), *chain], "rPr/b")
            if not is_on(own):
                return False
        return bool(runs)

    def words(self) -> Iterator[str]:
        """Yield all the text, including notes, from a second reading that ignores formatting."""
        for kind in (None, RELATED.FOOTNOTES, RELATED.ENDNOTES):
            for paragraph in self._paragraphs(self._related(kind) if kind else self._body):
                yield "".join(
                    text.text or ""
                    for text in paragraph.iter(f"{W}t")
                    if next(text.iterancestors(f"{W}p")) is paragraph
                    and not any(
                        paragraph in above.iterancestors()
                        for above in text.iterancestors(_FALLBACK, f"{W}del", f"{W}moveFrom")
                    )
                )


def _text(element: Element) -> str:
    """Return the visible words of an element, except text boxes, which are read as separate paragraphs."""
    parts = []
    for child in element:
        if child.tag in _SKIPPED or (child.tag == f"{W}r" and is_on(find(child, "rPr/vanish"))):
            continue
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag in _SIGNS:
            parts.append(_SIGNS[child.tag])
        elif isinstance(child.tag, str):
            parts.append(_text(child))
    return "".join(parts)
