"""The French descriptions of files that cannot be read as a text, with advice."""

import re
from collections.abc import Collection
from typing import Final

_AS_DOCX: Final = "Enregistrez le texte en .docx."
_IMAGE: Final = (
    "c'est une image, dont le texte ne se lit pas. Donnez le document d'où elle vient, ou tapez le texte."
)
_ARCHIVE: Final = "c'est une archive compressée. Donnez le document qu'elle contient."
_SOUND: Final = "c'est un son ou une vidéo. Donnez le texte."
LOCKED: Final = "c'est un PDF protégé par un mot de passe. Enregistrez-le sans mot de passe."
DAMAGED_PDF: Final = "c'est un PDF abîmé, ou trop complexe pour être lu. Enregistrez-le de nouveau."
PDF_IMAGE: Final = (
    "ce PDF est une image\u00a0: ses pages sont numérisées, et leur texte ne se lit pas. "
    "Donnez le document d'où il vient."
)
ONLY_A_PART: Final = "Donnez-en la partie qui contient la politique."
# By code of `PdfLayoutError`, the problem and what to do.
PDF_PROBLEMS: Final = {
    "password": LOCKED,
    "damaged": DAMAGED_PDF,
    "pages": f"c'est un PDF de plus de 200 pages. {ONLY_A_PART}",
    "characters": f"c'est un PDF qui a trop de texte. {ONLY_A_PART}",
    "form": "c'est un formulaire PDF à remplir, sans texte sur ses pages. Donnez le document d'où il vient.",
}
DOCUMENT_TOO_LARGE: Final = (
    "une fois décompressé, le document est trop gros pour être lu. Enregistrez-en le texte seul, sans images."
)
HEAVY_PAGE: Final = f"c'est une page Web trop grosse ou trop complexe pour être lue. {_AS_DOCX}"
EMPTY_PAGE: Final = (
    "cette page Web est vide, ou n'a de texte qu'une fois ses scripts lancés. Enregistrez le texte en .docx."
)
NO_POLICY_PAGE: Final = (
    "cette page Web n'a ni article ni numéro\u00a0: ce n'est pas un texte de politique. Donnez l'adresse du "
    "texte, ou enregistrez-le en .docx."
)
EMPTY: Final = "le fichier est vide. Donnez le document qui contient le texte."
UNKNOWN: Final = (
    f"ce n'est ni du Word (.docx), ni du PDF, ni une page Web, ni du Markdown en UTF-8. {_AS_DOCX}"
)
_TABLE: Final = f"c'est un tableau de données (CSV). {_AS_DOCX}"
_MAIL: Final = "c'est un courriel. Donnez le document qui y est joint, ou le texte en .docx."
_CODE: Final = f"c'est un fichier pour un programme, et non un texte. {_AS_DOCX}"

# Patterns of the first bytes of a file (its « magic number »), and the problem with each format.
_SIGNATURES: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(signature, re.DOTALL), problem)
    for signature, problem in (
        (rb"\{\\rtf", f"c'est du RTF. {_AS_DOCX}"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP|BM.{4}\0\0\0\0|8BPS", _IMAGE),
        (rb".{4}ftyp(?:hei|hev|mif1|msf1|avif)", _IMAGE),
        (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<svg\b", _IMAGE),
        (rb"PK\x05\x06|PK\x07\x08|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ", _ARCHIVE),
        (rb".{4}ftyp|ID3|\xff[\xf2\xf3\xfb]|OggS|fLaC|RIFF....(?:WAVE|AVI )|\x1aE\xdf\xa3", _SOUND),
        (rb"MZ|\x7fELF|\xcf\xfa\xed\xfe|#!", "c'est un programme. Donnez un document."),
        (
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<office:document",
            "c'est un document OpenDocument (.odt, .ods, .odp). Enregistrez-le en .docx.",
        ),
        (
            rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*>.{0,2000}?<(?:w:wordDocument|pkg:package)",
            "c'est un document Word en XML. Enregistrez-le en .docx.",
        ),
        (
            rb"\s*\{\s*\"(?:url|doc_id)\"",
            "c'est un raccourci vers un document en ligne. Téléchargez-le en .docx.",
        ),
        (rb"(?:\xef\xbb\xbf)?\s*<\?xml|%!PS|\\documentclass|BEGIN:V|\s*[\[{]\s*[\"{\[]", _CODE),
        (
            rb"(?i:MIME-Version|Received|Return-Path|Delivered-To|Message-ID|From|X-[\w-]+):[^\n]*\r?\n(?:[\w-]+:|\s)",
            _MAIL,
        ),
    )
)
# The separators of cells in data tables. No space follows them, and every line of a table has as many.
_SEPARATORS: Final = (re.compile(r";(?=\S)"), re.compile(r"\t"), re.compile(r",(?=\S)"))
_FEWEST_ROWS: Final = 3
_ROWS: Final = 200  # lines that are checked
# The files of older versions of Office are containers, whose entries have names in UTF-16.
_CONTAINER: Final = b"\xd0\xcf\x11\xe0"
_ENTRIES: Final = (
    (
        "EncryptedPackage",
        "c'est un document protégé par un mot de passe. Enregistrez-le sans mot de passe, en .docx.",
    ),
    ("Workbook", f"c'est une feuille de calcul d'Excel. {_AS_DOCX}"),
    ("PowerPoint Document", f"c'est une présentation de PowerPoint. {_AS_DOCX}"),
)
_OLDER_WORD: Final = (
    "c'est un document de l'ancien Word (.doc), ou protégé par un mot de passe. Enregistrez-le en .docx."
)
# The names of the parts of an archive that is not a Word document.
_PARTS: Final = (
    ("content.xml", "c'est un document OpenDocument (.odt, .ods, .odp). Enregistrez-le en .docx."),
    ("xl/workbook.xml", f"c'est une feuille de calcul d'Excel. {_AS_DOCX}"),
    ("ppt/presentation.xml", f"c'est une présentation de PowerPoint. {_AS_DOCX}"),
    (
        "Index/Document.iwa",
        "c'est un document de Pages, Numbers ou Keynote. Exportez le texte en Word (.docx).",
    ),
    ("META-INF/container.xml", f"c'est un livre numérique (.epub). {_AS_DOCX}"),
)


def describe_file(content: bytes) -> str:
    """Return in French what a file is and what to do with it, "" if it may be read as a text."""
    if content.startswith(_CONTAINER):
        problems = (problem for name, problem in _ENTRIES if name.encode("utf-16-le") in content)
        return next(problems, _OLDER_WORD)
    for signature, problem in _SIGNATURES:
        if signature.match(content):
            return problem
    return ""


def describe_archive(names: Collection[str]) -> str:
    """Return in French what an archive is, from the names of its parts, "" if it may be a Word document."""
    if "word/document.xml" in names:
        return ""
    problems = (problem for name, problem in _PARTS if name in names)
    return next(problems, "" if "[Content_Types].xml" in names else _ARCHIVE)


def describe_text(text: str) -> str:
    """Describe in French a text that is not a policy, "" if it may be one."""
    lines = [line for line in text.splitlines() if line.strip()][:_ROWS]
    if len(lines) < _FEWEST_ROWS:
        return ""
    for separator in _SEPARATORS:
        counts = {len(separator.findall(line)) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return _TABLE
    return ""


def describe_bytes(content: bytes) -> str:
    """Describe in French a file that is not UTF-8: text in another encoding, or unknown."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "c'est du texte en UTF-16. Enregistrez-le en UTF-8."
    if len(content) > 1 and not (any(content[0::2]) and any(content[1::2])):
        return "c'est du texte en UTF-16. Enregistrez-le en UTF-8."
    is_text = not re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", content)
    return "c'est du texte, mais pas en UTF-8. Enregistrez-le en UTF-8." if is_text else UNKNOWN
