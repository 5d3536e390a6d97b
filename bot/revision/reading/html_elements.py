"""The meaning of a Web page's elements: content beside the text, hidden or bold words, lists, notes."""

import re
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from bot.policy.provisions import Layout
from bot.revision.reading.lines import plain

_STEP: Final = 30.0  # points; how far a browser indents a list or a quotation
_POINTS: Final = {"pt": 1.0, "px": 0.75, "in": 72.0, "cm": 28.35, "mm": 2.835, "em": 12.0, "rem": 12.0}

UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff]")
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
RAW: Final = ("script", "style", "textarea", "title")  # elements in which tags are text
# Elements that contain no words of the text.
SILENT: Final = frozenset([
    "template", "noscript", "head", "svg", "iframe", "object", "embed", "applet", "audio", "video", "canvas",
    "map", "select", "datalist", *RAW,
])  # fmt: skip
BLOCKS: Final = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul", *HEADINGS,
])  # fmt: skip
LISTS: Final = frozenset(("ol", "ul", "menu", "dir"))
_ROLES: Final = {
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "search": "form",
    "main": "main",
    "article": "article",
}
FURNITURE: Final = frozenset(("nav", "header", "footer", "aside", "form", "search", "dialog"))
# elements whose header belongs to them, not to the page
PARTS: Final = frozenset(("main", "article", "section"))
# The usual names of the parts of a page on older sites, which have no elements for them. LibreOffice sets a
# title on the header and footer of each page.
_NAMED: Final = {
    **dict.fromkeys(("content", "contenu", "main", "main-content", "contenu-principal"), "main"),
    **dict.fromkeys(("header", "masthead", "entete", "site-header", "bandeau", "banners"), "header"),
    **dict.fromkeys(("footer", "colophon", "site-footer", "pied", "pied-de-page"), "footer"),
    **dict.fromkeys(("sidebar", "secondary", "comments", "respond", "tarteaucitronroot"), "aside"),
}
_PANDOC_TITLE: Final = "title-block-header"
# The classes that the most common programs give to content beside a text. They are whole names, so that they
# exclude « elementor-widget », which contains the text itself.
_BESIDE: Final = re.compile(
    r"(?:share|sharing|sharedaddy|social|partage|addtoany|a2a|addthis|jp-relatedposts|yarpp|related-posts)"
    r"(?:[-_][\w-]+)?"
    r"|(?:entry|post|article|page)[-_](?:meta|footer|navigation|tags|views|date|author|infos?)(?:-[\w-]+)?"
    r"|wp-block-post-(?:date|author|terms|navigation-link|comments)[\w-]*"
    r"|comments?(?:-area|-list|-respond|-body|s?-title)?|comment-[\w-]+|disqus[\w-]*|forum-repondre"
    r"|byline|posted-on|submitted|hits|cat-links|tags-links|edit-link|info-publi|reading-time|author-(?:box|bio)"
    r"|field--name-(?:created|field-tags|uid)"
    r"|(?:cookies?|consent|gdpr|rgpd|cmplz|onetrust|didomi|axeptio|tarteaucitron|moove_gdpr|cky)[-_][\w-]+"
    r"|modal|popup|newsletter(?:-[\w-]+)?|sidebar|widget|widget-area|widget_[\w-]+"
    r"|breadcrumbs?|fil-?d?-?ariane|pagination|pager|page-links|skip-links?|printfriendly|print-link"
    r"|back-to-top|haut-de-page|toc[-_]container|(?:ez|lwp)-?toc[\w-]*|wp-block-table-of-contents",
    re.IGNORECASE,
)

# A comment of Word counts as hidden.
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|mso-element\s*:\s*comment", re.IGNORECASE
)
_HIDDEN_CLASS: Final = re.compile(r"(?:^|\s)(?:screen-reader-text|sr-only|visually-hidden)(?:\s|$)")
_FOLD: Final = re.compile(
    r"(?:^|[\s_-])(?:accordion|toggle|tab|collapse|spoiler|faq)(?:[\s_-]|$)", re.IGNORECASE
)
_MENU: Final = re.compile(
    r"(?:^|[\s_-])(?:menu|nav|navbar|navigation|breadcrumbs?)(?:[\s_-]|$)", re.IGNORECASE
)
WORD_CONTENTS: Final = re.compile(r"(?:^|\s)MsoToc(?:\d|Heading)", re.IGNORECASE)
WORD_NUMBER: Final = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
_WEIGHT: Final = re.compile(r"font-weight\s*:\s*(?:(?P<bold>bold|[6-9]00)|\w+)", re.IGNORECASE)
_MARGIN: Final = re.compile(
    r"(?:^|;)\s*(?:margin-left|padding-left|text-indent)\s*:\s*(?P<size>-?\d{0,5}\.?\d{1,9})"
    r"(?P<unit>pt|px|in|cm|mm|r?em)",
    re.IGNORECASE,
)
_FORM: Final = re.compile(r"list-style(?:-type)?\s*:[^;]*?\b(?P<form>[a-z]+(?:-[a-z]+)*)", re.IGNORECASE)
# The types of lists in HTML and in style sheets, as `format_number` names them.
FORMS: Final = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "none": "none",
    "disc": "bullet",
    "circle": "bullet",
    "square": "bullet",
}
_INTEGER: Final = re.compile(r"\s*(-?\d{1,6})\s*")
_COMMENT: Final = re.compile(r"cmnt\d+")
_COMMENT_CALL: Final = re.compile(r"#cmnt\d+")
_FOOTNOTE: Final = re.compile(r"doc-noteref|footnote", re.IGNORECASE)
CALL: Final = re.compile(r"[\[(]?\s*(?P<label>\w{1,4}|[*†‡]{1,3})\s*[\])]?")


def role_of(element: Element) -> str:
    """Return an element's tag, or the tag that its ARIA role, id or title stands for."""
    tag = str(element.tag)
    name = element.get("id", "").lower()
    if tag in {"div", "table", "td"}:
        named = _NAMED.get(name) or _NAMED.get(element.get("title", "").lower())
        tag = named or tag
    elif name == _PANDOC_TITLE:
        tag = "div"
    return _ROLES.get(element.get("role", ""), tag)


def is_beside(element: Element) -> bool:
    """Return whether an element has a name that site builders give to content beside the main text."""
    return element.tag not in HEADINGS and any(map(_BESIDE.fullmatch, element.get("class", "").split()))


def words_of(element: Element, without: frozenset[Element] = frozenset()) -> str:
    """Return the words of an element, without its tail, with spaces between its paragraphs.

    `without`: inner elements whose words are left out.
    """
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if inner.tag in BLOCKS or inner.tag == "br":
            parts.append(" ")
        if event == "end":
            parts.append(inner.tail or "" if inner is not element else "")
        elif inner.tag in SILENT or inner in without:
            walk.skip_subtree()
        else:
            parts.append(inner.text or "")
    return plain("".join(parts))


def silent_words(element: Element) -> str:
    """Return the words of the inner `SILENT` elements, except the `RAW` ones."""
    parts: list[str | None] = []
    for outer in element.iter(*SILENT.difference(RAW)):
        if not any(above.tag in SILENT for above in outer.iterancestors()):
            for inner in outer.iter():
                parts.append(None if inner.tag in RAW else inner.text)
                parts.append(None if inner is outer else inner.tail)
    return " ".join(filter(None, parts))


def linked_words(element: Element) -> str:
    """Return the words of an element's links, buttons and fields."""
    return " ".join(words_of(part) for part in element.iter("a", "button", "label", "legend"))


def is_hidden(element: Element) -> bool:
    """Return whether an element's own attributes hide it in any browser, without a way to unfold it."""
    return not unfolds(element) and (
        element.get("hidden") is not None
        or _HIDDEN.search(element.get("style", "")) is not None
        or _HIDDEN_CLASS.search(element.get("class", "")) is not None
    )


def unfolds(element: Element) -> bool:
    """Return whether an element is the title or the content of a collapsible section."""
    return element.get("role") == "tabpanel" or _FOLD.search(element.get("class", "")) is not None


def is_bold(element: Element, outer: bool) -> bool:
    """Return whether the words of an element are in bold. `outer`: whether the words around it are."""
    if element.tag not in HEADINGS and (weight := _WEIGHT.search(element.get("style", ""))):
        return weight["bold"] is not None
    return outer or element.tag in {"b", "strong"}


def read_margin(element: Element) -> float:
    """Return an element's left margin within its parent, in points."""
    margin = _STEP if element.tag in {*LISTS, "blockquote", "dd"} else 0.0
    if element.tag in BLOCKS:
        for match in _MARGIN.finditer(element.get("style", "")):
            margin += float(match["size"]) * _POINTS[match["unit"].lower()]
    return margin


def is_menu(element: Element) -> bool:
    """Return whether an element is a menu, by its name and by its words."""
    if element.tag not in {"ul", "div"} or not _MENU.search(
        f"{element.get('id', '')} {element.get('class', '')}"
    ):
        return False
    return len(linked_words(element)) * 2 >= len(words_of(element))


def is_comment(element: Element) -> bool:
    """Return whether an element is a comment of Google Docs, or the mark that links to a comment."""
    if element.tag == "sup":
        return len(element) == 1 and _COMMENT_CALL.fullmatch(element[0].get("href", "")) is not None
    first = element.find(".//a") if element.tag == "div" else None
    return first is not None and _COMMENT.fullmatch(first.get("id", "")) is not None


def is_contents(element: Element) -> bool:
    """Return whether a list is a table of contents: all its words link to other parts of the page."""
    links = [link for link in element.iter("a") if link.get("href", "").startswith("#")]
    return len(links) > 1 and sum(len(words_of(link)) for link in links) * 10 >= len(words_of(element)) * 9


def lays_out(table: Element) -> bool:
    """Return whether a table only lays out the text: it contains headings or numbers, or has one column."""
    if table.get("role") in {"presentation", "none"}:
        return True
    if any(inner is not table for inner in table.iter(*HEADINGS, "ol", "table")):
        return True
    if any(WORD_NUMBER.search(inner.get("style", "")) for inner in table.iter("span")):
        return True
    return all(len(row.findall("td")) + len(row.findall("th")) <= 1 for row in table.iter("tr"))


def form_of(element: Element, default: str) -> str:
    """Return the form of a list's or an item's numbers: a form of `format_number`, or "bullet"."""
    style = _FORM.search(element.get("style", ""))
    if style and style["form"].lower() in FORMS:
        return FORMS[style["form"].lower()]
    return FORMS.get(element.get("type", ""), default)


def word_label(text: str) -> tuple[str, Layout]:
    """Parse the label that Word put before a paragraph: a number, or "" and `Layout.BULLET`."""
    if text.isdecimal() or re.search(r"\w[\w.)-]", text):
        return text, Layout.TEXT
    return "", Layout.BULLET


def integer(text: str | None, default: int) -> int:
    """Return an attribute as an integer of at most six digits, `default` when it is not one."""
    match = _INTEGER.fullmatch(text or "")
    return int(match[1]) if match else default


def find_notes(root: Element) -> dict[Element, tuple[str, Element]]:
    """Return the notes of a page: by the link to each note, its mark and the element with its words."""
    calls = [link for link in root.iter("a") if link.get("href", "").startswith("#") and _is_call(link)]
    if not calls:
        return {}
    order = {element: at for at, element in enumerate(root.iter())}
    targets: dict[str, Element] = {}
    for element in order:
        for name in (element.get("id"), element.get("name") if element.tag == "a" else None):
            if name:
                targets.setdefault(name, element)
    notes: dict[Element, tuple[str, Element]] = {}
    holders: set[Element] = set()
    for link in calls:
        target = targets.get(link.get("href", "")[1:])
        label = CALL.fullmatch(words_of(link))
        if target is None or label is None or order[target] < order[link]:
            continue
        chain = (target, *target.iterancestors())
        holder = next((above for above in chain if above.tag in {"li", "p", "dd", "div", "aside"}), None)
        above = holder.getparent() if holder is not None else None
        if above is not None and above.tag == "div" and above.find(".//a") is target:
            holder = above  # a note of several paragraphs
        if holder is not None and order[holder] > order[link] and holder not in holders:
            holders.add(holder)
            notes[link] = label["label"], holder
    return notes


def _is_call(link: Element) -> bool:
    """Return whether a link looks like a reference to a note."""
    named = [
        link.get("role", ""),
        link.get("class", ""),
        *(part.get("class", "") for part in link.iter("span")),
    ]
    parent = link.getparent()
    return (
        (parent is not None and parent.tag == "sup")
        or link.find("sup") is not None
        or any(map(_FOOTNOTE.search, named))
    )
