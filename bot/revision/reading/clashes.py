"""The clashes of a text: a number used twice, a clause outside its own article, an article without text.

The clashes of `CODES` prevent adoption until a person confirms or corrects the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.policy.addresses import extends
from bot.policy.decisions import Decisions, line_key, line_words
from bot.policy.provisions import Block, Doubt, Kind, Outline, Provision

# the codes of the findings that prevent adoption
CODES: Final = frozenset({"duplicate_number", "misplaced_number", "empty_article"})

_REPEATED: Final = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})+)\.?\s+\S")
_QUOTED: Final = 80  # characters quoted from a line


@dataclass(frozen=True, slots=True)
class Clash:
    """A doubtful number. `doubt`: its line, and the problem in French."""

    label: str
    doubt: Doubt


def unsettled(outline: Outline, blocks: Sequence[Block], decisions: Decisions) -> list[Clash]:
    """Return the clashes of a document, except on lines that a person decided about."""
    keys = [(block.line, key) for block in blocks if (key := line_key(line_words(block)))]
    clashes = []
    for clash in find_clashes(outline):
        doubt = clash.doubt
        near = (
            key
            for line, key in keys
            if doubt.line in {0, line} and (key.startswith(doubt.key) or doubt.key.startswith(key))
        )
        key = next(near, "")
        if not key or key not in decisions:
            clashes.append(replace(clash, doubt=replace(doubt, key=key)))
    return clashes


def find_clashes(outline: Outline) -> Iterator[Clash]:
    """Yield the clashes of an outline, in the order of the text."""
    articles = {part.label for part in outline.walk() if part.kind is Kind.ARTICLE}
    first: dict[str, Provision] = {}  # by number such as « 5.10 », the first provision that has it
    # by numbered part and number, the first provision that has the number
    holders: dict[tuple[int, str], Provision] = {}
    pending = [(provision, 0, "") for provision in reversed(outline.provisions)]
    while pending:
        provision, holder, article = pending.pop()
        label, problems = provision.label, []
        is_article = provision.kind is Kind.ARTICLE
        if is_article and not (provision.children or provision.paragraphs or provision.title.startswith("(")):
            problems.append(("empty_article", f"L'article\u00a0{label} est vide."))
        head = label.partition(".")[0] if "." in label else ""  # its article's number: « 5 » in 5.10
        says = head in articles or (head.isdecimal() and article.isdecimal())
        if provision.kind is Kind.CLAUSE and article and says and not extends(label, article):
            problems.append(("misplaced_number", f"La clause {label} est dans l'article\u00a0{article}."))
        if is_article or "." in label:
            same = holders.setdefault((holder, label), provision)
            if same is not provision:
                problems.append(("duplicate_number", _taken(label, same)))
            elif (other := first.setdefault(label, provision)) is not provision:
                reason = f"Le numéro {label} est aussi dans une autre partie\u00a0: {_quoted(other)}."
                problems.append(("repeated_number", reason))
        for code, reason in problems:
            yield _clash(code, label, _words(provision), provision.line, reason)
        for paragraph in provision.paragraphs:  # a number left in the text because it was already used
            again = _REPEATED.match(paragraph.text)
            if again and again["number"] in first:
                number = again["number"]
                yield _clash("duplicate_number", label, paragraph.text, 0, _taken(number, first[number]))
        inside = (id(provision) if label else holder, label if is_article else article)
        pending += ((child, *inside) for child in reversed(provision.children))


def _clash(code: str, label: str, words: str, line: int, reason: str) -> Clash:
    return Clash(label, Doubt(code, line, words[:_QUOTED], reason, key=line_key(words)))


def _words(provision: Provision) -> str:
    words = provision.title or next((paragraph.text for paragraph in provision.paragraphs), "")
    return f"{provision.opening} {words}".strip()


def _taken(number: str, by: Provision) -> str:
    return f"Le numéro {number} est déjà pris\u00a0: {_quoted(by)}."


def _quoted(provision: Provision) -> str:
    words = _words(provision)
    shortened = words if len(words) <= _QUOTED else f"{words[:_QUOTED].rsplit(' ', 1)[0]}…"
    return f"«\u00a0{shortened}\u00a0»"
