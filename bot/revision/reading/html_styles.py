"""The style sheet within a page, read for bold, margins, and the numbers of Google Docs lists."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from lxml.etree import _Element as Element

from bot.revision.reading.docx_numbering import format_number

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
# Rules that apply only on some screens, or on paper.
_CONDITIONAL: Final = re.compile(r"@[^@{};]*+(?:;|\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+\})")
_CLASS: Final = re.compile(r"\s*(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[\w-]+)\s*", re.IGNORECASE)
_ITEMS: Final = re.compile(r"\s*(?:[ou]l)?\.(?P<name>[\w-]+)\s*>?\s*li\s*::?before\s*")
# « display » is ignored, since a script usually shows the words that it hides.
_DECLARATION: Final = re.compile(
    r"(?:^|;)\s*(?P<name>font-weight|margin-left|padding-left|text-indent|list-style(?:-type)?)\s*:[^;]*",
    re.IGNORECASE,
)
_CONTENT: Final = re.compile(
    r"(?:^|;)\s*content\s*:(?P<value>(?:[^;\"']|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE
)
_PART: Final = re.compile(
    r"\"(?P<text>[^\"]*)\"|'(?P<single>[^']*)'|counter\(\s*lst-ctn-(?P<of>kix_[\w-]+?)\s*(?:,\s*(?P<form>[\w-]+)\s*)?\)"
)
_LIST: Final = "lst-"  # the prefix of a list's name in its class

# The parts of an item's label: a text, or the class of a list and the form of its numbers.
_Pattern: TypeAlias = Sequence[str | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PageStyles:
    """The style rules of a page.

    `rules`: the declarations, by tag ("" for any) and class. `items`: the label pattern of each list's items,
    by the list's class. A pattern without a number is a bullet. `unread`: the selectors whose numbering is
    not understood.
    """

    rules: Mapping[tuple[str, str], Mapping[str, str]]
    items: Mapping[str, _Pattern]
    unread: tuple[str, ...]

    def apply(self, page: Element) -> None:
        """Copy each class's rules into the style of its elements, whose own style prevails."""
        for element in page.iter() if self.rules else ():
            names = element.get("class", "").split()
            style = element.get("style", "")
            declared = {match["name"].lower(): "" for match in _DECLARATION.finditer(style)}
            for key in [(tag, name) for name in names for tag in (str(element.tag), "")]:
                declared = {**self.rules.get(key, {}), **declared}
            if added := ";".join(filter(None, declared.values())):
                element.set("style", f"{style};{added}")

    def label(self, name: str, counts: Mapping[str, int], forms: Mapping[str, str]) -> str:
        """Return the label of an item. `name`: the class of its list.

        `counts`: each list's last number. `forms`: see `html_elements`.
        """
        return "".join(
            part
            if isinstance(part, str)
            else format_number(counts.get(part[0], 1), forms.get(part[1], "decimal"))
            for part in self.items[name]
        ).strip()


def read_sheet(page: Element) -> PageStyles:
    """Return the rules written in a page, except those for print or for some screens."""
    rules: dict[tuple[str, str], dict[str, str]] = {}
    items: dict[str, _Pattern] = {}
    unread: list[str] = []
    for style in page.iter("style"):
        if (style.get("media") or "all").lower() not in {"all", "screen"}:
            continue
        sheet = _CONDITIONAL.sub("", _COMMENT.sub("", style.text or ""))
        for selectors, body in (rule.split("{", 1) for rule in sheet.split("}") if "{" in rule):
            declared = {part["name"].lower(): part[0].lstrip("; ") for part in _DECLARATION.finditer(body)}
            for selector in selectors.split(","):
                if (match := _ITEMS.fullmatch(selector)) and (pattern := _pattern(body)):
                    items[match["name"]] = pattern
                elif re.search(r"\bcounters?\(", body):
                    unread.append(selector)
                elif declared and (match := _CLASS.fullmatch(selector)):
                    key = (match["tag"] or "").lower(), match["name"]
                    rules.setdefault(key, {}).update(declared)
    return PageStyles(rules, items, tuple(unread))


def _pattern(body: str) -> _Pattern:
    """Return the label pattern that a rule sets for a list's items, empty when it is not understood."""
    content = _CONTENT.search(body)
    return list(_parts(content["value"])) if content else []


def _parts(value: str) -> Iterator[str | tuple[str, str]]:
    for part in _PART.finditer(value):
        yield (
            (f"{_LIST}{part['of']}", part["form"] or "decimal")
            if part["of"]
            else part["text"] or part["single"] or ""
        )
