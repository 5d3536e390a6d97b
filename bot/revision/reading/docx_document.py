"""Word's files (DOCX): their text as Markdown, with the numbers that Word shows."""

from __future__ import annotations

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
from lxml.etree import LxmlError
from lxml.etree import _Element as Element

from bot.policy.articles import PolicyError
from bot.revision.reading.document import Document
from bot.revision.reading.docx_numbering import Counters, Label, Styles, W, read_lists
from bot.revision.reading.lint import LintFinding

LARGEST_UNPACKED: Final = (
    64 * 1024 * 1024
)  # bytes of all parts together: a bomb unpacks to thousands of times its size
MOST_PARTS: Final = 4_000

# What the archive, the XML and the library raise on a file that is not as it should be.
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

_SKIPPED: Final = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr")
)
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_ARTICLE: Final = re.compile(r"ARTICLE\s+\d{1,3}(?![.\d])", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})+)\.?")
_LONG: Final = 200  # characters beyond which a paragraph is no heading, whatever its style


def read(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError`, saying why it cannot be read."""
    _check(content, name)
    try:
        document = docx.Document(io.BytesIO(content))
        package = _Package(document.part, name)
        lines = list(package.lines())
        words = tuple(package.words())
    except _UNREADABLE as error:
        raise PolicyError(
            name, 0, "ce n'est pas un document Word lisible. Enregistrez-le de nouveau en .docx."
        ) from error
    if not any(line.strip() for line in lines):
        raise PolicyError(
            name,
            0,
            "le document ne contient aucun texte, peut-être des pages numérisées. Donnez-en le texte.",
        )
    return Document("\n\n".join(lines) + "\n", words, tuple(dict.fromkeys(package.findings)))


def _check(content: bytes, name: str) -> None:
    """Raise `PolicyError` for an archive that is no document, or that would fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise PolicyError(name, 0, "une fois décompressé, le document est trop gros pour être lu.")
            if any(part.flag_bits & 1 for part in parts):
                raise PolicyError(
                    name, 0, "le document est protégé par un mot de passe. Enregistrez-le sans."
                )
            names = {part.filename for part in parts}
    except _UNREADABLE as error:
        raise PolicyError(name, 0, "le document est abîmé\u00a0: il ne s'ouvre pas.") from error
    if "mimetype" in names and "content.xml" in names:
        raise PolicyError(name, 0, "c'est un document OpenDocument (.odt). Enregistrez-le en .docx.")
    if "word/document.xml" not in names and "[Content_Types].xml" not in names:
        raise PolicyError(name, 0, "cette archive ne contient pas de document Word.")


@dataclass
class _Package:
    """A document's parts, read from the first paragraph to the last."""

    part: DocumentPart
    name: str
    findings: list[LintFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._body: Element = self.part.element.body
        self._styles = Styles.read(self._related(RELATED.STYLES))
        self._counters = Counters(read_lists(self._related(RELATED.NUMBERING), self._styles), self._styles)
        self._own_articles = any(
            _ARTICLE.match(_text(one).strip())
            for one in self._body.iter(f"{W}p")
            if not _in_contents(one, self._styles)
        ) or any(
            "article" in (one.get(f"{W}val") or "").lower()
            for one in _iterated(self._related(RELATED.NUMBERING), "lvlText")
        )

    def _related(self, kind: str) -> Element | None:
        try:
            part = self.part.part_related_by(kind)
        except KeyError:
            return None
        element: Element = part.element if hasattr(part, "element") else parse_xml(part.blob)
        return element

    def lines(self) -> Iterator[str]:
        """Yield the paragraphs, in Markdown."""
        if next(self._body.iter(f"{W}del", f"{W}ins", f"{W}moveFrom"), None) is not None:
            self._note(
                "tracked_changes",
                "Le document garde des modifications suivies\u00a0: elles sont lues comme acceptées.",
            )
        if next(self._body.iter(f"{W}tbl"), None) is not None:
            self._note("table", "Le document contient un tableau, lu case par case.")
        for paragraph in self._body.iter(f"{W}p"):
            if not _shown(paragraph) or _in_contents(paragraph, self._styles):
                continue
            label = self._counters.label(paragraph)
            text = re.sub(r"[ \t\n]+", " ", _text(paragraph)).strip()
            if label and label.assumed:
                self._note(
                    "uncertain_number",
                    f"Le numéro {label.text} suppose un numéro au-dessus de lui, que rien ne porte.",
                )
            if any("AUTONUM" in (one.text or "") for one in paragraph.iter(f"{W}instrText")):
                self._note(
                    "uncertain_number",
                    f"Un numéro automatique d'un ancien genre est perdu avant «\u00a0{text[:40]}\u00a0».",
                )
            if text:
                yield self._line(paragraph, label, text)

    def _note(self, code: str, message: str) -> None:
        self.findings.append(LintFinding(code, "", message))

    def _line(self, paragraph: Element, label: Label | None, text: str) -> str:
        whole = _escaped(text)
        if label is None:
            return f"## {whole}" if self._is_heading(paragraph, text) else _guarded(whole)
        if label.bullet:
            return f"{label.text} {whole}"
        if _ARTICLE.match(label.text):
            return f"## {label.text} {whole}"
        if _NUMBER.fullmatch(label.text):
            return f"- {label.text.rstrip('.')} {whole}"
        if label.level == 0 and not self._own_articles and re.fullmatch(r"\d{1,3}\s*[.):–-]?", label.text):
            return f"## ARTICLE {re.sub(r'[^0-9]', '', label.text)}\u00a0: {whole}"
        return f"{label.text} {whole}"

    def _is_heading(self, paragraph: Element, text: str) -> bool:
        if len(text) > _LONG:
            return False
        if _ARTICLE.match(text) and (text.startswith("ARTICLE") or _all_bold(paragraph, self._styles)):
            return True
        if re.match(r"\d{1,3}\.\d", text):
            return False
        return _outlined(paragraph, self._styles) or _all_bold(paragraph, self._styles)

    def words(self) -> Iterator[str]:
        """Yield all that is written, notes included, without a look at what it is: the second reading."""
        parts = [self._body, *(self._related(kind) for kind in (RELATED.FOOTNOTES, RELATED.ENDNOTES))]
        for element in parts:
            for paragraph in _iterated(element, "p"):
                if not _in_contents(paragraph, self._styles):
                    yield "".join(
                        one.text or ""
                        for one in paragraph.iter(f"{W}t")
                        if one.getparent() is not None
                        and not _under(one, {f"{_MC}Fallback", f"{W}del", f"{W}moveFrom"}, paragraph)
                        and next(one.iterancestors(f"{W}p")) is paragraph
                    )


def _iterated(element: Element | None, name: str) -> Iterator[Element]:
    if element is not None:
        yield from element.iter(f"{W}{name}")


def _under(element: Element, tags: set[str], root: Element) -> bool:
    for above in element.iterancestors():
        if above.tag in tags:
            return True
        if above is root:
            return False
    return False


def _text(paragraph: Element) -> str:
    """Return the words of a paragraph, those of text boxes within it left to their own paragraphs."""
    return "".join(_runs(paragraph))


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _SKIPPED or tag in {f"{_MC}Fallback", f"{W}txbxContent"}:
            continue
        if tag == f"{W}r" and _on(child.find(f"{W}rPr/{W}vanish")):
            continue
        if tag == f"{W}t":
            yield child.text or ""
        elif tag in {f"{W}tab", f"{W}br", f"{W}cr", f"{W}ptab"}:
            yield " "
        elif tag == f"{W}noBreakHyphen":
            yield "\u2011"
        elif tag == f"{W}sym":
            yield "\ufffd"
        elif isinstance(tag, str):
            yield from _runs(child)


def _on(element: Element | None) -> bool:
    return element is not None and element.get(f"{W}val", "1") not in {"0", "false", "off"}


def _shown(paragraph: Element) -> bool:
    """Tell whether a paragraph counts: not the second form of a text box, nor one whose mark is deleted."""
    if any(above.tag == f"{_MC}Fallback" for above in paragraph.iterancestors()):
        return False
    return paragraph.find(f"{W}pPr/{W}rPr/{W}del") is None or bool(_text(paragraph).strip())


def _in_contents(paragraph: Element, styles: Styles) -> bool:
    """Tell whether a paragraph is of a table of contents, which repeats the headings."""
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    for one in styles.chain(None if style is None else style.get(f"{W}val")):
        name = styles.elements[one].find(f"{W}name")
        if re.fullmatch(r"(?:toc|tm) ?\d", (name.get(f"{W}val", "") if name is not None else one).lower()):
            return True
    return False


def _outlined(paragraph: Element, styles: Styles) -> bool:
    """Tell whether a paragraph is a heading by its style."""
    own = paragraph.find(f"{W}pPr/{W}outlineLvl")
    if own is not None:
        return bool(own.get(f"{W}val") != "9")
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    for one in styles.chain(None if style is None else style.get(f"{W}val")):
        name, level = (
            styles.elements[one].find(f"{W}name"),
            styles.elements[one].find(f"{W}pPr/{W}outlineLvl"),
        )
        if level is not None:
            return bool(level.get(f"{W}val") != "9")
        if name is not None and re.match(
            r"heading \d|titre \d|title$|titre$|subtitle$", name.get(f"{W}val", "").lower()
        ):
            return True
    return False


def _all_bold(paragraph: Element, styles: Styles) -> bool:
    """Tell whether every run that shows something is bold, by itself or by its style."""
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    chain = styles.chain(styles.default if style is None else style.get(f"{W}val"))
    by_style = next(
        (_on(one) for name in chain if (one := styles.elements[name].find(f"{W}rPr/{W}b")) is not None), False
    )
    runs = [run for run in paragraph.iter(f"{W}r") if "".join(_runs(run)).strip()]

    def bold(run: Element) -> bool:
        own = run.find(f"{W}rPr/{W}b")
        if own is not None:
            return _on(own)
        character = run.find(f"{W}rPr/{W}rStyle")
        for name in styles.chain(None if character is None else character.get(f"{W}val")):
            found = styles.elements[name].find(f"{W}rPr/{W}b")
            if found is not None:
                return _on(found)
        return by_style

    return bool(runs) and all(map(bold, runs))


# What the reader of Markdown would take for a mark.
_MARKS: Final = re.compile(r"\\|\*\*|__")


def _escaped(text: str) -> str:
    text = _MARKS.sub(lambda mark: "".join(f"\\{one}" for one in mark[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _guarded(text: str) -> str:
    """Return a paragraph that does not begin as a heading or a rule would."""
    return f"\\{text}" if text.startswith("#") or re.fullmatch(r"[-*_=\s]{3,}", text) else text
