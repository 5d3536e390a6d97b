"""The words of a clause as HTML: paragraphs, lists, tables, items and defined terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

import htpy as h

from bot.policy.articles import Clause, Number, Version
from bot.policy.changes.wording import Run
from bot.policy.definitions import defined_terms
from bot.policy.provisions import Layout
from bot.site.addresses import slug

Mark: TypeAlias = Callable[[str], h.Node]


@dataclass(frozen=True, slots=True)
class Definition:
    """A term that a version defines, with the defining words and their clause."""

    term: str
    words: str
    number: Number

    @property
    def anchor(self) -> str:
        """The definition's anchor at the foot of a page."""
        return f"mot-{slug(self.term)}"


@lru_cache(maxsize=64)
def definitions(version: Version) -> Mapping[str, Definition]:
    """Return the definitions in a version, by defined term in lower case."""
    return {
        term: Definition(term, _defining(version, term, number), number)
        for term, number in defined_terms(version)
    }


def _defining(version: Version, term: str, number: Number) -> str:
    clause = version.clause(number)
    text = clause.text if clause else ""
    at = text.lower().find(term)
    start = max(text.rfind(mark, 0, at) + len(mark) for mark in ("\n\n", ". ", "; "))
    ends = [end for mark in ("\n\n", ". ") if (end := text.find(mark, at)) != -1]
    end = min(ends, default=len(text) - 1) + 1
    return text[start if start > 1 else 0 : end].strip()


@lru_cache(maxsize=64)
def _pattern(version: Version) -> re.Pattern[str] | None:
    terms = sorted(definitions(version), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, terms))})(?=s?\b)", re.IGNORECASE) if terms else None


@dataclass(slots=True)
class TermMarker:
    """A marker of defined terms, at their first occurrence in each clause of a page.

    `used`: the terms marked so far, for the foot of the page.
    """

    version: Version
    used: dict[str, Definition] = field(default_factory=dict)

    def clause(self, clause: Clause) -> Mark:
        """Return a function that marks the defined terms in a paragraph of `clause`.

        Call it on the clause's paragraphs in order.
        """
        seen: set[str] = set()
        pattern, definitions_ = _pattern(self.version), definitions(self.version)

        def mark(text: str) -> h.Node:
            nodes: list[h.Node] = []
            at = 0
            for match in pattern.finditer(text) if pattern else ():
                term = match[0].lower()
                if term in seen or definitions_[term].number == clause.number:
                    continue
                seen.add(term)
                self.used[term] = definitions_[term]
                link = h.a(".term", href=f"#{definitions_[term].anchor}", title=definitions_[term].words)[
                    match[0]
                ]
                nodes += [text[at : match.start()], link]
                at = match.end()
            return [*nodes, text[at:]] if nodes else text

        return mark

    def foot(self, link: Callable[[Number], str], back: str) -> h.Node:
        """Return the definitions of the terms that the page uses. `back`: the anchor of the page's text."""
        if not self.used:
            return None
        entries = [
            h.div(id=definition.anchor, class_="definition")[
                h.dt[definition.term],
                h.dd[
                    h.q[definition.words],
                    " ",
                    h.a(href=link(definition.number))[self.version.cited(definition.number)],
                    " ",
                    h.a(".close", href=f"#{back}")["Fermer"],
                ],
            ]
            for definition in self.used.values()
        ]
        return h.section(".definitions", aria_labelledby="mots")[
            h.h2(id="mots")["Mots définis"], h.dl[entries]
        ]


def clause_words(clause: Clause, mark: Mark = lambda text: text, *, anchors: bool = True) -> list[h.Node]:
    """Return the paragraphs of a clause. Each list and each table is one element.

    `anchors`: whether to give each item an anchor.
    """
    # The list is built at once, because the foot of the page needs the terms that were marked.
    return list(_blocks(clause, mark, anchors=anchors))


def _blocks(clause: Clause, mark: Mark, *, anchors: bool) -> Iterator[h.Node]:
    places: dict[int, str] = {}
    if anchors:
        starts = [0]
        for text in clause.paragraphs:
            starts.append(starts[-1] + len(text) + 2)
        at = {start: index for index, start in enumerate(starts)}
        for item in clause.items:
            places.setdefault(at[item.start], item_anchor(item.number))
    rows = zip(
        range(len(clause.paragraphs)),
        clause.paragraphs,
        clause.layouts or [Layout.TEXT] * len(clause.paragraphs),
        strict=True,
    )
    for layout, group in groupby(rows, key=lambda row: row[2]):
        run = list(group)
        if layout is Layout.BULLET:
            yield h.ul[[h.li(id=places.get(at))[_lines(text, mark)] for at, text, _ in run]]
        elif layout is Layout.ROW:
            yield h.div(".table", tabindex="0", role="region", aria_label="Tableau")[
                h.table[
                    h.tbody[
                        [h.tr[[h.td[_lines(cell, mark)] for cell in text.split("\t")]] for _, text, _ in run]
                    ]
                ]
            ]
        else:
            note = "note" if layout is Layout.NOTE else None
            yield [h.p(id=places.get(at), class_=note)[_lines(text, mark)] for at, text, _ in run]


def item_anchor(number: Number) -> str:
    """Return the anchor of an item in its page."""
    return f"alinea-{slug(str(number))}"


def _lines(text: str, mark: Mark) -> h.Node:
    first, *others = text.split("\n")
    return [mark(first), [[h.br, mark(line)] for line in others]]


def redlined(runs: Sequence[Run]) -> h.Node:
    """Return the runs of a paragraph as HTML. Screen readers announce deletions and insertions."""
    kinds = {"delete": h.del_, "insert": h.ins}
    return [kinds[op][text] if op in kinds else text for op, text in runs]
