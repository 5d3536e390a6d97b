"""Whether a file is a Web page, and in what encoding its text is."""

import codecs
import re
from typing import Final

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Never tried in another way: a million comments are read once.
_BEFORE: Final = r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+"
_PAGE: Final = re.compile(_BEFORE + r"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE | re.DOTALL)
_FRAGMENT: Final = re.compile(
    _BEFORE + r"<(?:title|div|p|table|span|h[1-6]|article|section|main|[ou]l|dl|script|style)\b",
    re.IGNORECASE | re.DOTALL,
)
# What Markdown that begins with a tag has on a line of its own.
_MARKDOWN: Final = re.compile(r"^(?:#{1,6}\s+\S|[-*+]\s+\S|\|.*\|\s*$)", re.MULTILINE)

_DECLARATION: Final = re.compile(
    rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w-]+)|<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w-]+)",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 4096  # bytes; the standard says 1,024, which some programs forget
_WINDOWS: Final = re.compile(r"(?:iso-?8859-?1|latin-?1|(?:us-)?ascii|windows-1252|cp1252)", re.IGNORECASE)
_ENCODING: Final = re.compile(
    r"(?:iso-8859-(?:[2-9]|1[01345])|windows-125[013-8]|cp125[013-8]|macintosh)", re.IGNORECASE
)


def is_web_page(content: bytes) -> bool:
    """Return whether a file is HTML: a whole page, or a part of one that is not Markdown with a few tags."""
    if content.startswith(_UTF16):
        content = content.decode("utf-16", "ignore").encode()
    # Every byte is a character of this encoding, and tags are the same in all those that are read.
    text = content.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    return bool(_PAGE.match(text) or (_FRAGMENT.match(text) and not _MARKDOWN.search(text)))


def decode_page(content: bytes, charset: str) -> str:
    """Return the text of a page, by its first bytes, as UTF-8, else by `charset` or what it declares.

    `charset`: the encoding that the server names, "" if none. Bytes that are valid UTF-8 are read as such,
    whatever is declared: no other encoding gives it by chance, and declarations outlive what they were true
    of. Raises `UnicodeDecodeError`.
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
                return content.decode("windows-1252")  # which the standard reads under these names
            if _ENCODING.fullmatch(name):
                return content.decode(name)
        raise
