"""The conversion of the file that the board adopted (Markdown, DOCX, PDF, HTML) to a text and its changes."""

import codecs
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bot.conversation.messages import thousands
from bot.conversation.requests import TAKEN_SIZE
from bot.policy import articles
from bot.policy.articles import PolicyError, Version
from bot.policy.changes.comparison import Comparison, compare
from bot.policy.markdown import read_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Block, Doubt, Layout
from bot.revision.reading import clashes, lint
from bot.revision.reading.document import MOST_CHARACTERS, Document
from bot.revision.reading.findings import LintFinding, NamedRole
from bot.revision.reading.web_pages import is_web_page
from bot.revision.reading.wrong_files import (
    DAMAGED_PDF,
    DOCUMENT_TOO_LARGE,
    EMPTY,
    HEAVY_PAGE,
    ONLY_A_PART,
    describe_bytes,
    describe_file,
    describe_text,
)
from bot.typesetting.isolated import read_isolated

SECONDS: Final = 30.0  # time limit of the process that opens a file; a hundred pages take two seconds

_READER: Final = Path(__file__).with_name("reading_page.py")
_Kind: TypeAlias = Literal["docx", "pdf", "html"]
_ASKS_TOO_MUCH: Final[Mapping[_Kind, str]] = {
    "docx": DOCUMENT_TOO_LARGE,
    "pdf": DAMAGED_PDF,
    "html": HEAVY_PAGE,
}


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A new text read from a file: its Markdown, its changes and its findings."""

    markdown: str
    comparison: Comparison
    findings: tuple[LintFinding, ...]

    @property
    def adoptable(self) -> bool:
        """Whether the text can be adopted unchanged: no number in it clashes."""
        return not any(finding.code in clashes.CODES for finding in self.findings)


def review_file(
    content: bytes, name: str, old: Version, adopted: date, offices: Iterable[NamedRole] | None = None
) -> ReadDocument:
    """Return a file's text, its changes from `old` and the findings to review, without storing anything.

    `name`: the file's name, for error messages. `adopted`: the day on which the text would be adopted.
    `offices`: the roles, None if they are unknown. Raises `PolicyError` if the file cannot be read.
    """
    return review_document(read_document(content, name), name, old, adopted, offices)


def review_document(
    document: Document, name: str, old: Version, adopted: date, offices: Iterable[NamedRole] | None
) -> ReadDocument:
    """Return a document's text, changes and findings (see `review_file`). Raises `PolicyError`."""
    new = articles.parse(document.markdown, policy=old.policy, adopted=adopted, source=name)
    comparison = compare(old, new)
    findings = (
        *document.all_findings(),
        *lint.lost(new, document.words),
        *lint.lint(comparison, offices, document.clashes(), document.unit),
    )
    return ReadDocument(document.markdown, comparison, findings)


def read_document(content: bytes, name: str, *, most: int = TAKEN_SIZE, charset: str = "") -> Document:
    """Return the text of a file, with its format detected from its content. Raises `PolicyError`.

    `most`: its maximum size in bytes. `charset`: the encoding of a Web page, according to its server.
    """
    if len(content) > most:
        problem = f"le fichier dépasse {most // 1024 // 1024}\u00a0Mo. Donnez-le sans ses images."
        raise PolicyError(name, 0, problem)
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise PolicyError(name, 0, EMPTY)
    if kind := _kind_of(content):
        return _read_aside(content, name, kind, charset)
    if problem := describe_file(content):
        raise PolicyError(name, 0, problem)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(name, 0, describe_bytes(content)) from error
    if "\0" in text:
        raise PolicyError(name, 0, describe_bytes(content))
    if problem := describe_text(text):
        raise PolicyError(name, 0, problem)
    if len(text) > MOST_CHARACTERS:
        problem = f"le texte dépasse {thousands(MOST_CHARACTERS)} caractères. {ONLY_A_PART}"
        raise PolicyError(name, 0, problem)
    blocks = tuple(read_markdown(text))
    return Document(text, lint.source_words(text), blocks=blocks, doubts=build_outline(blocks).doubts)


def _kind_of(content: bytes) -> _Kind | None:
    """Return the format of a file from its content, None if it may be plain text."""
    if content.startswith(b"PK\x03\x04"):
        return "docx"
    if b"%PDF-" in content[:1005]:
        return "pdf"
    return "html" if is_web_page(content) else None


def _read_aside(content: bytes, name: str, kind: _Kind, charset: str) -> Document:
    """Return the text of a file of this kind, read in a separate process. Raises `PolicyError`."""
    try:
        done = read_isolated(_READER, kind, charset, data=content, seconds=SECONDS)
        done.check_returncode()
    except (OSError, subprocess.SubprocessError) as error:
        raise PolicyError(name, 0, _ASKS_TOO_MUCH[kind]) from error
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise PolicyError(name, 0, answer["problem"])
    findings = tuple(LintFinding(**finding) for finding in answer["findings"])
    blocks = tuple(Block(**block | {"layout": Layout(block["layout"])}) for block in answer["blocks"])
    doubts = tuple(Doubt(**doubt) for doubt in answer["doubts"])
    return Document(answer["markdown"], tuple(answer["words"]), findings, blocks, doubts, answer["unit"])
