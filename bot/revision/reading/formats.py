"""From the file that the board adopted (Markdown, DOCX, PDF) to a version's text, and what it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.policy import articles
from bot.policy.articles import Misplaced, PolicyError, Version
from bot.policy.changes.comparison import Comparison, compare
from bot.revision.reading import lint, pdf_document
from bot.revision.reading.document import Document
from bot.revision.reading.lint import LintFinding, NamedRole

LARGEST: Final = 8 * 1024 * 1024  # bytes; a policy of a hundred pages has a few hundred thousand


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A revision that was read: its text as a version would keep it, what it changes, what to look at."""

    markdown: str
    comparison: Comparison
    findings: tuple[LintFinding, ...]

    @property
    def adoptable(self) -> bool:
        """Whether nothing found prevents the text from being adopted as it is."""
        return not lint.blocking(self.findings)


def prepare(
    content: bytes, name: str, old: Version, adopted: date, offices: Iterable[NamedRole] | None = None
) -> ReadDocument:
    """Return what a file would change of `old`, were it adopted on that day; nothing is kept of it.

    `name`: what the file is called in refusals. `offices`: the roles, None when they are not known.
    Raises `PolicyError` when the file cannot be read.
    """
    return examine(read(content, name), name, old, adopted, offices)


def examine(
    document: Document, name: str, old: Version, adopted: date, offices: Iterable[NamedRole] | None = None
) -> ReadDocument:
    """Return what a text that was read would change; see `prepare`. Raises `PolicyError`."""
    misplaced: list[Misplaced] = []
    new = articles.parse(
        document.markdown, policy=old.policy, adopted=adopted, source=name, misplaced=misplaced
    )
    comparison = compare(old, new)
    findings = (
        *document.findings,
        *lint.lost(new, document.words),
        *lint.lint(comparison, misplaced, offices),
    )
    return ReadDocument(document.markdown, comparison, findings)


def read(content: bytes, name: str) -> Document:
    """Return the text of a file, told by what it holds rather than by its name. Raises `PolicyError`."""
    if len(content) > LARGEST:
        raise PolicyError(name, 0, f"le fichier dépasse {LARGEST // 1024 // 1024} Mo.")
    if not content.strip():
        raise PolicyError(name, 0, "le fichier est vide.")
    for signature, reader in _READERS:
        if signature.match(content):
            return reader(content, name)
    return _markdown(content, name)


def _markdown(content: bytes, name: str) -> Document:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(
            name, line, "le fichier n'est ni du Markdown en UTF-8, ni du DOCX, ni du PDF."
        ) from error
    if "\0" in text:
        raise PolicyError(name, 0, "le fichier n'est ni du Markdown en UTF-8, ni du DOCX, ni du PDF.")
    bare = re.sub(r"</?[a-z]+>|\\(?=[^\w\s])", "", text)
    return Document(text, tuple(bare.split()))


def _docx(content: bytes, name: str) -> Document:
    from bot.revision.reading import docx_document  # noqa: PLC0415 — its libraries take 8 MB and 80 ms of every start

    return docx_document.read(content, name)


def _refused(problem: str) -> Callable[[bytes, str], Document]:
    def refuse(_: bytes, name: str) -> Document:
        raise PolicyError(name, 0, problem)

    return refuse


_READERS: Final[tuple[tuple[re.Pattern[bytes], Callable[[bytes, str], Document]], ...]] = (
    (re.compile(rb"PK\x03\x04"), _docx),
    (re.compile(rb".{0,1000}%PDF-", re.DOTALL), pdf_document.read),
    (
        re.compile(rb"\xd0\xcf\x11\xe0"),
        _refused(
            "c'est un document de l'ancien Word (.doc), ou protégé par un mot de passe. "
            "Enregistrez-le en .docx."
        ),
    ),
    (re.compile(rb"\{\\rtf"), _refused("c'est du RTF. Enregistrez-le en .docx.")),
    (
        re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*"),
        _refused("c'est une image, dont le texte ne se lit pas. Donnez le fichier d'où elle vient."),
    ),
)
