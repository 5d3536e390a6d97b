"""The detection of Web pages, and of the encoding of their text."""

import codecs
import re
from typing import Final

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Possessive quantifiers, so that even a million comments are matched only once.
_BEFORE: Final = r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+"
_PAGE: Final = re.compile(_BEFORE + r"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE | re.DOTALL)
_FRAGMENT: Final = re.compile(
    _BEFORE + r"<(?:title|div|p|table|span|h[1-6]|article|section|main|[ou]l|dl|script|style)\b",
    re.IGNORECASE | re.DOTALL,
)
# Lines that only a Markdown file has, even if that file begins with a tag.
_MARKDOWN: Final = re.compile(r"^(?:#{1,6}\s+\S|[-*+]\s+\S|\|.*\|\s*$)", re.MULTILINE)

_DECLARATION: Final = re.compile(
    rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w-]+)|<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w-]+)",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 4096  # first bytes of a page; the standard says 1,024, but some programs ignore it
_WINDOWS: Final = re.compile(r"(?:iso-?8859-?1|latin-?1|(?:us-)?ascii|windows-1252|cp1252)", re.IGNORECASE)
_ENCODING: Final = re.compile(
    r"(?:iso-8859-(?:[2-9]|1[01345])|windows-125[013-8]|cp125[013-8]|macintosh)", re.IGNORECASE
)


def is_web_page(content: bytes) -> bool:
    """Return whether a file is HTML: a whole page, or a part of one that is not Markdown with a few tags."""
    if content.startswith(_UTF16):
        content = content.decode("utf-16", "ignore").encode()
    # In this encoding every byte is a character, and tags are the same as in all the supported encodings.
    text = content.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    return bool(_PAGE.match(text) or (_FRAGMENT.match(text) and not _MARKDOWN.search(text)))


def decode_page(content: bytes, charset: str) -> str:
    """Decode a page by the first that applies: its byte order mark, UTF-8, `charset`, its declaration.

    `charset`: the encoding that the server declares, "" if none. Valid UTF-8 is decoded as such, whatever is
    declared: other encodings do not produce it by chance, and declarations are often outdated. Raises
    `UnicodeDecodeError`.
    """
    if content.startswith(_UTF16):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        match = _DECLARATION.search(content[:_DECLARED_WITHIN])
        declared = (match[1] or match[2]).decode() if match else ""
        for name in (charset, declared):
            if _WINDOWS.fullmatch(name):
                return content.decode("windows-1252")  # the standard decodes these names as windows-1252
            if _ENCODING.fullmatch(name):
                return content.decode(name)
        raise
