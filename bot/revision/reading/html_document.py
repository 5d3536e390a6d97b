"""The reading of Web pages (HTML): the text of a page, without the site's navigation and other content.

Nothing is fetched and no script is run. Only the style sheets within the page are read, in part.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Final

from lxml import etree
from lxml.etree import ErrorLevels, ErrorTypes, LxmlError
from lxml.etree import _Element as Element

from bot.policy.articles import PolicyError
from bot.policy.outline import build_outline
from bot.revision.reading.document import MOST_CHARACTERS, Document
from bot.revision.reading.findings import LintFinding
from bot.revision.reading.html_blocks import PageReader
from bot.revision.reading.html_elements import (
    BLOCKS,
    RAW,
    SILENT,
    UNSEEN,
    is_beside,
    linked_words,
    role_of,
    silent_words,
    words_of,
)
from bot.revision.reading.html_styles import read_sheet
from bot.revision.reading.web_pages import decode_page
from bot.revision.reading.wrong_files import EMPTY_PAGE, HEAVY_PAGE, NO_POLICY_PAGE, UNKNOWN, describe_bytes

# A picture embedded in the page: megabytes without any text.
_DATA: Final = re.compile(r"data:[\w/+.;=-]{0,200};base64,[A-Za-z0-9+/=%\s]*")
# The minimum share of the words of the page for an « article » to be the text: if alone, and if among others.
_ALONE, _AMONG = 0.25, 0.6
_MOST_BLOCKS: Final = 20_000  # maximum blocks; a text of `MOST_CHARACTERS` has half as many at most
_SHOWN: Final = 80  # maximum characters shown of the words left out

# For the second reading: elements without text, then tags, with their name.
_NO_TEXT: Final = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(?P<tag>{'|'.join(RAW)})\b.*?(?:</(?P=tag)\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAG: Final = re.compile(r"</?(?P<name>[a-zA-Z][^\s/>]*+)(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+>|<[!?/][^>]*+>")
_CLASSES: Final = re.compile(r"\.([\w-]+)")


def parse_html(content: bytes, name: str, charset: str = "") -> Document:
    """Return the text of a page. Raises `PolicyError` with the reason if it cannot be read.

    `charset`: the encoding that the server declares, "" if none.
    """
    try:
        text = decode_page(content, charset)
    except UnicodeDecodeError as error:
        raise PolicyError(name, 0, describe_bytes(content)) from error
    if "\0" in text:
        raise PolicyError(name, 0, UNKNOWN)
    text = _DATA.sub("data:,", text)
    page, body = _parse(text, name)
    root = _find_text(body)
    sheet = read_sheet(page)
    sheet.apply(body)
    reader = PageReader(root, sheet)
    _leave_out_around(root, body, reader)
    blocks = tuple(islice(reader.read(), _MOST_BLOCKS + 1))
    if not any(block.text for block in blocks):
        raise PolicyError(name, 0, EMPTY_PAGE)
    if len(blocks) > _MOST_BLOCKS or sum(len(block.text) for block in blocks) > MOST_CHARACTERS:
        raise PolicyError(name, 0, HEAVY_PAGE)
    unread = Counter(" ".join((*reader.unread, silent_words(body))).split())
    words = Counter(_crude_words(text)) - unread
    named = {name for element in root.iter() for name in element.get("class", "").split()}
    uncounted = any(named.issuperset(_CLASSES.findall(selector)) for selector in sheet.unread)
    document = Document.of(blocks, words.elements(), _findings(reader, uncounted=uncounted), "Paragraphe")
    if not _is_policy(document, root):
        raise PolicyError(name, 0, NO_POLICY_PAGE)
    return document


def _is_policy(document: Document, root: Element) -> bool:
    """Return whether a page has numbers, or several headings and more words outside links than in links."""
    provisions = list(build_outline(document.blocks).walk())
    if any(provision.label for provision in provisions):
        return True
    return len(provisions) > 1 and len(linked_words(root)) * 2 < len(words_of(root))


def _parse(text: str, name: str) -> tuple[Element, Element]:
    """Return a page and its body. Raises `PolicyError`."""
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    try:
        page = etree.fromstring(text.encode(), parser)
    except LxmlError as error:
        empty = getattr(error, "code", 0) == ErrorTypes.ERR_DOCUMENT_EMPTY
        raise PolicyError(name, 0, EMPTY_PAGE if empty else HEAVY_PAGE) from error
    # The parser drops elements that are nested too deeply, so the text would be incomplete.
    if parser.error_log.filter_from_level(ErrorLevels.FATAL):
        raise PolicyError(name, 0, HEAVY_PAGE)
    body = None if page is None else page.find("body")
    if body is None:
        raise PolicyError(name, 0, EMPTY_PAGE)
    return page, body


def _find_text(body: Element) -> Element:
    """Return the element with a page's text: its « main » or, if it has enough words, an « article »."""
    mains = [part for part in body.iter() if role_of(part) == "main"]
    # Some sites nest such elements: « contenu » in « main ».
    root = mains[0] if mains and all(mains[0] in part.iterancestors() for part in mains[1:]) else body
    articles = [
        (len(words_of(part)), part)
        for part in root.iter()
        if role_of(part) == "article"
        and not is_beside(part)
        and not any(role_of(above) == "article" for above in part.iterancestors())
    ]
    size, article = max(articles, key=itemgetter(0), default=(0, root))
    share = _ALONE if len(articles) == 1 else _AMONG
    return article if size > share * len(words_of(root)) else root


def _leave_out_around(root: Element, body: Element, reader: PageReader) -> None:
    """Record, in the reader, the words of the page that are outside its text."""
    inner = root
    while inner is not body:
        outer = inner.getparent()
        if outer is None:
            return
        for part in outer:
            if part is not inner and part.tag not in SILENT:
                reader.leave_out(
                    words_of(part), words_of(part) if role_of(part) == "nav" else linked_words(part)
                )
        reader.leave_out(" ".join((outer.text or "", *(part.tail or "" for part in outer))).strip())
        inner = outer


def _crude_words(text: str) -> Iterator[str]:
    """Yield the words of a page from a second reading, which ignores the meaning of tags."""

    def space(tag: re.Match[str]) -> str:
        name = (tag["name"] or "").lower()
        return " " if name in BLOCKS or name == "br" else ""

    bare = html.unescape(_TAG.sub(space, _NO_TEXT.sub(" ", text)))
    yield from UNSEEN.sub("", bare).split()


def _findings(reader: PageReader, *, uncounted: bool) -> list[LintFinding]:
    findings = []
    if reader.removed:
        message = "La page garde des mots marqués comme supprimés\u00a0: ils ne sont pas lus."
        findings.append(LintFinding("tracked_changes", "", message))
    if reader.beside:
        words = " · ".join(reader.beside)
        shortened = words if len(words) <= _SHOWN else f"{words[:_SHOWN].rstrip()}…"
        message = f"Autour du texte, ces mots ont été laissés de côté\u00a0: «\u00a0{shortened}\u00a0»."
        findings.append(LintFinding("page_left_out", "", message))
    if uncounted:
        message = "Des numéros que montre la page viennent de sa feuille de style, et ne sont pas lus."
        findings.append(LintFinding("uncertain_number", "", message))
    return findings
