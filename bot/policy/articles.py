"""A policy's text as a tree of clauses, articles and containers, and their addresses.

`parse` reads a text as a `Version`. The tree itself is `Version.outline` (see `provisions`). The methods of
`Version` look up its parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Self

from bot.policy import addresses
from bot.policy.addresses import Addressed
from bot.policy.markdown import read_markdown
from bot.policy.names import GenderedName
from bot.policy.outline import build_outline
from bot.policy.provisions import Kind, Layout, Outline, Paragraph, Provision


class PolicyError(Exception):
    """A policy's file is invalid. The message, in French, names the file and the line."""

    def __init__(self, source: str, line: int, problem: str) -> None:
        where = f"{source}, ligne {line}" if line else source
        super().__init__(f"{where}\u00a0: {problem}")
        self.source = source
        self.line = line
        self.problem = problem

    def __reduce__(self) -> tuple[type[Self], tuple[str, int, str]]:
        return type(self), (self.source, self.line, self.problem)  # to pickle it in another process


@dataclass(frozen=True, slots=True)
class Number:
    """The address of a part of a version, such as « 5.10 » or « titre III ».

    It has a meaning only within its version, which knows the containers and the order of its parts.
    """

    written: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class ClauseItem:
    """A lettered or numbered item of a clause. `start` and `end`: its character offsets in `Clause.text`.

    `mark`: the letter or number that begins it, as written, « a) ».
    """

    number: Number
    start: int
    end: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest part that is quoted whole: a provision's own text, with its items.

    `heading`: the titles between its article and its text, or "". `article`: the number of its article (see
    `Article`), or the clause's own number when it is an article. `cited`: its number within a caption,
    « article 5 ». `layouts`: the layout of each paragraph.
    """

    number: Number
    heading: str
    paragraphs: tuple[str, ...]
    article: Number
    cited: str = field(compare=False)
    layouts: tuple[Layout, ...] = field(default=(), compare=False)
    items: tuple[ClauseItem, ...] = field(default=(), compare=False)

    @property
    def text(self) -> str:
        """The text, with a blank line between paragraphs. The offsets of a `Quote` refer to this text."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Article:
    """An article, or any other part that directly contains clauses: a chapter, an annex.

    `title`, `label`: as written, "" when it has none. `name`: its name in a caption, « Article 5 », « Titre
    III ». `clauses`: its clauses, in order. `above`: the container around it, if any. `depth`: how many
    containers are around it.
    """

    number: Number
    title: str
    clauses: tuple[Clause, ...]
    name: str
    kind: Kind
    label: str = ""
    above: Number | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, as a cache key
class Version:
    """One text of a policy.

    `effective`: the stated effective date, None if not stated. `key`: its name in a `Quote`, which is the
    adoption date or, for a proposed text, its revision's id. `sha256`, `markdown`: the hash and content of
    its file. `former`: the version that it replaced. `interpreted`: the key of the version that the
    annotations were written for, "" when they name none. `stored`: the identities of its parts and items that
    the database has, by number (see `changes.identities`). `since`: the first day on which it is in force,
    `effective` or else `adopted`. `adoption`: « révisé » or « adopté », in the masculine singular. A text
    that replaced another was revised; so was the first known text, if its cover says so. `cover`: the
    paragraphs before the first provision. `articles`: the parts that contain clauses; each clause is in
    exactly one. `divisions`: the articles and the containers around them.
    """

    policy: str
    adopted: date
    outline: Outline = field(repr=False)
    effective: date | None = None
    key: str = ""
    sha256: str = ""
    markdown: str = field(default="", repr=False)
    former: Version | None = field(default=None, repr=False)
    interpreted: str = ""
    stored: Mapping[str, str] = field(default_factory=dict, repr=False)
    since: date = field(init=False)
    adoption: str = field(init=False)
    cover: tuple[str, ...] = field(init=False, repr=False)
    articles: tuple[Article, ...] = field(init=False, repr=False)
    divisions: tuple[Article, ...] = field(init=False, repr=False)
    _places: dict[Number, Addressed] = field(init=False, repr=False)
    _clauses: tuple[Clause, ...] = field(init=False, repr=False)
    _positions: dict[Number, int] = field(init=False, repr=False)
    _groups: dict[Number, tuple[Clause, ...]] = field(init=False, repr=False)
    _homes: dict[Number, Article] = field(init=False, repr=False)
    _items: dict[Number, tuple[Clause, ClauseItem]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        cover = tuple(paragraph.text for paragraph in self.outline.cover)
        revised = self.former is not None or any("révisi" in text.lower() for text in cover)
        settle = {
            "key": self.key or self.adopted.isoformat(),
            "since": self.effective or self.adopted,
            "adoption": "révisé" if revised else "adopté",
            "cover": cover,
            **_index(_Itself(self.outline)),
        }
        for name, value in settle.items():
            object.__setattr__(self, name, value)

    def clauses(self) -> tuple[Clause, ...]:
        """Return all the clauses, in the order of the text."""
        return self._clauses

    def clause(self, number: Number) -> Clause | None:
        """Return the clause with exactly this number, if any."""
        at = self._positions.get(number)
        return None if at is None else self._clauses[at]

    def within(self, number: Number) -> tuple[Clause, ...]:
        """Return the clause with this number and those below it: a whole article, or 4.2 and 4.2.1.

        The number of an item stands for the clause that it is in. An unknown number has no clause.
        """
        return self._groups.get(number, ())

    def between(self, first: Number, last: Number) -> tuple[Clause, ...]:
        """Return the clauses from one number to another, both included. An article means all its clauses."""
        ends = [self._positions[c.number] for end in {first, last} for c in self.within(end)]
        return self._clauses[min(ends) : max(ends) + 1] if ends else ()

    def item(self, number: Number) -> tuple[Clause, ClauseItem] | None:
        """Return an item and its clause, None when the number is not an item's."""
        return self._items.get(number)

    def parts(self) -> tuple[Number, ...]:
        """Return the number of every part but items, in the order of the text."""
        return tuple(self._places)

    def numbers(self) -> Iterator[Number]:
        """Yield the numbers of `parts`, in the order of the text, then the numbers of all the items."""
        yield from self._places
        yield from self._items

    def part(self, number: Number) -> Provision:
        """Return the provision with this number. Raises `KeyError` when the number is not in `parts`."""
        return self._places[number].provision

    def around(self, number: Number) -> tuple[Number, ...]:
        """Return the containers of a part other than an item, from the nearest to the highest."""
        return tuple(Number(place.number) for place in self._places[number].upward())[1:]

    def home(self, clause: Clause) -> Number | None:
        """Return the nearest article or container around a clause, never the clause itself, if any."""
        if clause.article != clause.number:
            return clause.article
        return self._homes[clause.number].above

    def kind(self, number: Number) -> Kind | None:
        """Return the kind of part that a number names, None when the version has no such number."""
        if number in self._items:
            return Kind.ITEM
        return self._places[number].provision.kind if number in self._places else None

    def provision(self, number: Number) -> Provision | None:
        """Return the provision with this number, None for an item or when there is none."""
        return self._places[number].provision if number in self._places else None

    def article(self, number: Number) -> Article | None:
        """Return the article that contains a number or would contain a missing one (5.99), else None."""
        clause = self._items[number][0].number if number in self._items else number
        if clause in self._homes:
            return self._homes[clause]
        written = number.written.casefold()
        around = [place for place in self._places if addresses.extends(written, place.written.casefold())]
        return self._homes[max(around, key=lambda place: len(place.written))] if around else None

    def position(self, number: Number) -> int:
        """Return the position of a number in the text, to sort by. Unknown numbers come last."""
        if clauses := self.within(number):
            return self._positions[clauses[0].number]
        return len(self._clauses)

    def cited(self, number: Number) -> str:
        """Return a number as written in a caption: « article 5 », « 5.10 », « 5.01 a) », « titre III »."""
        return self._places[number].cited if number in self._places else str(number)

    def label(self, number: Number) -> str:
        """Return a number as written on a button: « Article 5 », « 5.10 », « Titre III »."""
        return self._places[number].name if number in self._places else str(number)

    def named(self, number: Number) -> GenderedName:
        """Return a number with its noun: « clause 5.10 », « article 5 », « titre III », « annexe A ».

        A number that the version lacks gets the noun of a number that looks like it.
        """
        place = self._places.get(number) or addresses.lookalike(str(number), self._places.values())
        return addresses.with_noun(str(number), place)

    def container_titles(self) -> dict[Number, str]:
        """Return, by clause, the titles of the containers around its article, joined.

        When the clause is an article, its own title is included.
        """
        return {clause.number: " ".join(self._titles_around(clause)) for clause in self._clauses}

    def _titles_around(self, clause: Clause) -> Iterator[str]:
        for around in self._places[clause.number].upward():
            same_article = Number(around.number) == clause.article
            if around.division and (not same_article or clause.number == clause.article):
                yield around.provision.title

    def neighbours(self, number: Number) -> tuple[Clause | None, Clause | None]:
        """Return the clauses immediately before and after a clause in the text."""
        at = self._positions.get(number)
        if at is None:
            return None, None
        padded = (None, *self._clauses, None)
        return padded[at], padded[at + 2]

    def pieces(self) -> Iterator[str]:
        """Yield the source text in pieces, in order and without markup, each word once."""
        yield from self.cover
        for provision in self.outline.provisions:
            yield from _pieces(provision)


def _pieces(provision: Provision) -> Iterator[str]:
    yield from filter(None, (provision.opening or provision.label, provision.title))
    yield from (paragraph.text for paragraph in provision.paragraphs)
    for child in provision.children:
        yield from _pieces(child)
    yield from (paragraph.text for paragraph in provision.closing)


def _article(number: Number, place: Addressed, clauses: Sequence[Clause]) -> Article:
    return Article(
        number,
        place.provision.title,
        tuple(clauses),
        place.name,
        place.provision.kind,
        place.provision.label,
        Number(place.above.number) if place.above else None,
        sum(1 for _ in place.upward()) - 1,
    )


def _clause(number: Number, place: Addressed) -> Clause | None:
    """Return the clause made of a provision's own text, None for a provision that only contains others.

    The text of a provision that has only a title is that title.
    """
    root = place.provision
    paragraphs = list(root.paragraphs)
    items: list[tuple[Number, int, int, str]] = []  # each with its first paragraph, its end and its mark
    taken: set[str] = set()

    def add(provision: Provision, above: str) -> None:
        mark = addresses.item_suffix(provision)
        number = addresses.untaken(f"{above} {mark}", taken)
        first, *others = provision.paragraphs or (Paragraph(""),)
        words = " ".join(filter(None, (provision.opening.strip(), provision.title, first.text)))
        start = len(paragraphs)
        paragraphs.append(Paragraph(words, first.layout))
        paragraphs.extend(others)
        at = len(items)
        items.append((Number(number), start, start, mark))
        for child in provision.children:
            add(child, number)
        paragraphs.extend(provision.closing)
        items[at] = (Number(number), start, len(paragraphs), mark)

    for child in root.children:
        if child.kind is Kind.ITEM:
            add(child, str(place.number))
    paragraphs.extend(root.closing)
    titles = [above.provision.title for above in place.upward()]
    titles = titles[: next(at for at, above in enumerate(place.upward()) if above.division)]
    if not paragraphs:
        if root.children or not root.title:
            return None
        paragraphs, titles = [Paragraph(root.title)], titles[1:]
    texts = tuple(paragraph.text for paragraph in paragraphs)
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + len("\n\n"))
    return Clause(
        number,
        " › ".join(filter(None, reversed(titles))),
        texts,
        Number(place.article.number),
        place.cited,
        tuple(paragraph.layout for paragraph in paragraphs),
        tuple(
            ClauseItem(number, starts[first], starts[last] - len("\n\n"), mark)
            for number, first, last, mark in items
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Itself:
    """An outline as a cache key, compared by identity, since an equal one has other `Provision` objects."""

    outline: Outline

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.outline is other.outline

    def __hash__(self) -> int:
        return id(self.outline)


@lru_cache(maxsize=8)
def _index(key: _Itself) -> Mapping[str, object]:
    """Return the lookup tables of an outline, by field of `Version`, shared by all its versions."""
    places = {Number(place.number): place for place in addresses.places(key.outline)}
    clauses = [clause for number, place in places.items() if (clause := _clause(number, place))]
    items = {item.number: (clause, item) for clause in clauses for item in clause.items}
    grouped: dict[Number, list[Clause]] = {number: [] for number in places}
    for clause in clauses:
        for around in places[clause.number].upward():
            grouped[Number(around.number)].append(clause)
    parts = {
        number: _article(number, place, grouped[number]) for number, place in places.items() if place.division
    }
    with_clauses = {clause.article for clause in clauses}
    return {
        "articles": tuple(part for part in parts.values() if part.number in with_clauses),
        "divisions": tuple(parts.values()),
        "_places": places,
        "_clauses": tuple(clauses),
        "_positions": {clause.number: at for at, clause in enumerate(clauses)},
        "_groups": {number: tuple(group) for number, group in grouped.items()}
        | {number: (clause,) for number, (clause, _) in items.items()},
        "_homes": {number: parts[Number(place.article.number)] for number, place in places.items()},
        "_items": items,
    }


def parse(
    markdown: str,
    *,
    policy: str,
    adopted: date,
    source: str = "",
    effective: date | None = None,
    key: str = "",
) -> Version:
    """Parse `markdown` as a version. `effective` and `key` are as in `Version`.

    `source`: the file's name in errors. Raises `PolicyError` when nothing in it is a provision. Anything else
    that is not understood becomes text of the provision around it, and a doubt of the outline.
    """
    outline = _read(markdown)
    if not any(provision.label or provision.title for provision in outline.walk()):
        problem = "aucun titre ni numéro n'a été trouvé. Mettez un «\u00a0#\u00a0» devant chaque titre."
        raise PolicyError(source or policy, 0, problem)
    digest = hashlib.sha256(markdown.encode("utf-8", "surrogatepass")).hexdigest()
    return Version(policy, adopted, outline, effective, key, digest, markdown)


@lru_cache(maxsize=8)
def _read(markdown: str) -> Outline:
    """Return the outline of some Markdown, cached because each start of the bot needs it three times."""
    return build_outline(read_markdown(markdown))
