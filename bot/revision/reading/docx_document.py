"""The reading of Word files (DOCX), with the numbers that Word displays."""

import io
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
from bot.revision.reading.document import Document
from bot.revision.reading.docx_blocks import CONTENTS, FALLBACK, REMOVED, BlockReader
from bot.revision.reading.docx_numbering import Counters, Styles, W, read_lists, value
from bot.revision.reading.findings import LintFinding
from bot.revision.reading.wrong_files import DOCUMENT_TOO_LARGE, describe_archive

# Maximum bytes of all parts, since a zip bomb unpacks to thousands of times its size.
LARGEST_UNPACKED: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 4_000

_BREAKS: Final = tuple(f"{W}{name}" for name in ("br", "cr", "tab", "ptab", "noBreakHyphen"))  # between words

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


def parse_docx(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError` with the reason if it cannot be read."""
    _refuse_archives(content, name)
    try:
        package = _Package(docx.Document(io.BytesIO(content)).part)
        blocks = tuple(package.read())
        words = tuple(package.words())
    except _UNREADABLE as error:
        if getattr(error, "code", 0) == ErrorTypes.ERR_NO_MEMORY:
            raise PolicyError(name, 0, DOCUMENT_TOO_LARGE) from error
        problem = "ce n'est pas un document Word lisible. Enregistrez-le de nouveau en .docx."
        raise PolicyError(name, 0, problem) from error
    if not any(block.text for block in blocks):
        problem = "ce document ne contient aucun texte, peut-être des pages numérisées. Donnez-en le texte."
        raise PolicyError(name, 0, problem)
    return Document.of(blocks, words, package.findings, "Paragraphe")


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
        raise PolicyError(name, 0, DOCUMENT_TOO_LARGE)
    if any(part.flag_bits & 1 for part in parts):
        problem = "c'est un document protégé par un mot de passe. Enregistrez-le sans mot de passe."
        raise PolicyError(name, 0, problem)
    if problem := describe_archive(names):
        raise PolicyError(name, 0, problem)


@dataclass
class _Package:
    """The parts of a Word document. `findings`: added by `read`."""

    part: DocumentPart
    findings: list[LintFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._body: Element = self.part.element.body
        self._styles = Styles.read(self._related(RELATED.STYLES))

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
            if not any(map(CONTENTS.match, names)):
                yield paragraph

    def read(self) -> Iterator[Block]:
        """Yield the blocks that the outline is made from, and record findings."""
        if next(self._body.iter(f"{W}del", f"{W}ins", f"{W}moveFrom"), None) is not None:
            message = "Le document garde des modifications suivies\u00a0: elles sont lues comme acceptées."
            self._note("tracked_changes", message)
        notes = {"footnote": self._related(RELATED.FOOTNOTES), "endnote": self._related(RELATED.ENDNOTES)}
        counters = Counters(read_lists(self._related(RELATED.NUMBERING), self._styles), self._styles)
        reader = BlockReader(self._styles, counters, notes)
        yield from reader.read(self._body)
        for number in reader.assumed:
            message = f"Le numéro {number} suppose un numéro au-dessus de lui, que rien ne porte."
            self._note("uncertain_number", message)
        for words in reader.unnumbered:
            message = f"Un numéro automatique d'un ancien genre est perdu avant «\u00a0{words[:40]}\u00a0»."
            self._note("uncertain_number", message)

    def _note(self, code: str, message: str) -> None:
        self.findings.append(LintFinding(code, "", message))

    def words(self) -> Iterator[str]:
        """Yield all the text, including notes, from a second reading that ignores formatting."""
        for kind in (None, RELATED.FOOTNOTES, RELATED.ENDNOTES):
            for paragraph in self._paragraphs(self._related(kind) if kind else self._body):
                yield "".join(
                    (text.text or "") if text.tag == f"{W}t" else " "
                    for text in paragraph.iter(f"{W}t", *_BREAKS)
                    if next(text.iterancestors(f"{W}p")) is paragraph
                    and not any(
                        paragraph in above.iterancestors() for above in text.iterancestors(FALLBACK, *REMOVED)
                    )
                )
