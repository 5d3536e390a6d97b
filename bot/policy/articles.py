"""The parser of a policy's text: from the Markdown that associations write to articles and clauses.

Except for white space, a clause's text is exactly the source text. A heading may be marked by `#`, bold or
capitals, since converters mark headings in several ways.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date


class PolicyError(Exception):
    """A policy's file is invalid. The message, in French, names the file and the line."""

    def __init__(self, source: str, line: int, problem: str) -> None:
        where = f"{source}, ligne {line}" if line else source
        super().__init__(f"{where}\u00a0: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A clause's number as integers, so that 5.10 comes after 5.9 and differs from 5.1."""

    parts: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Number:
        """Parse « 5.10 ». Raises ValueError unless `text` is integers separated by dots."""
        return cls(tuple(int(part) for part in text.split(".")))

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    @property
    def article(self) -> Number:
        """The number of its article."""
        return Number(self.parts[:1])

    def within(self, other: Number) -> bool:
        """Return whether this number is `other` or below it: 4.2.1 is within 4.2 and within 4."""
        return self.parts[: len(other.parts)] == other.parts


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest unit that can be cited: a numbered clause, or an article's own text.

    `heading`: the subheading above it, or "".
    """

    number: Number
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text, with a blank line between paragraphs. The offsets of a `Quote` refer to it."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Article:
    """An article: its number, its title as written, and its clauses in order."""

    number: Number
    title: str
    clauses: tuple[Clause, ...]
    opening: str = ""  # the part of the heading before the title, « ARTICLE 5 : »


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, as a cache key
class Version:
    """One text of a policy. `cover`: the paragraphs before article 1.

    `effective`: the stated effective date, None if not stated. `key`: its name in a `Quote`, which is the
    adoption date or, for a proposed text, its revision's id. `sha256`, `markdown`: the hash and content of
    its file. `former`: the version that it replaced. `interpreted`: the key of the version that the
    annotations were written for, "" when they name none. `since`: the first day on which it is in force,
    `effective` or else `adopted`.
    """

    policy: str
    adopted: date
    cover: tuple[str, ...]
    articles: tuple[Article, ...]
    effective: date | None = None
    key: str = ""
    sha256: str = ""
    markdown: str = field(default="", repr=False)
    former: Version | None = field(default=None, repr=False)
    interpreted: str = ""
    since: date = field(init=False)
    _clauses: tuple[Clause, ...] = field(init=False, repr=False)
    _positions: dict[Number, int] = field(init=False, repr=False)
    _groups: dict[Number, tuple[Clause, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        clauses = tuple(clause for article in self.articles for clause in article.clauses)
        groups: dict[Number, tuple[Clause, ...]] = {}
        for clause in clauses:
            for length in range(1, len(clause.number.parts) + 1):
                above = Number(clause.number.parts[:length])
                groups[above] = (*groups.get(above, ()), clause)
        object.__setattr__(self, "key", self.key or self.adopted.isoformat())
        object.__setattr__(self, "since", self.effective or self.adopted)
        object.__setattr__(self, "_clauses", clauses)
        object.__setattr__(self, "_positions", {clause.number: at for at, clause in enumerate(clauses)})
        object.__setattr__(self, "_groups", groups)

    def clauses(self) -> tuple[Clause, ...]:
        """Return all the clauses, in the order of the text."""
        return self._clauses

    def clause(self, number: Number) -> Clause | None:
        """Return the clause with exactly this number, if any."""
        at = self._positions.get(number)
        return None if at is None else self._clauses[at]

    def within(self, number: Number) -> tuple[Clause, ...]:
        """Return the clause with this number and those below it: a whole article, or 4.2 and 4.2.1."""
        return self._groups.get(number, ())

    def article(self, number: Number) -> Article | None:
        """Return the article that contains a number, if any."""
        return next((article for article in self.articles if article.number == number.article), None)

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
        for article in self.articles:
            yield article.opening
            yield article.title
            heading = ""
            for clause in article.clauses:
                if clause.heading != heading:
                    heading = clause.heading
                    yield heading
                if clause.number != article.number:
                    yield str(clause.number)
                yield from clause.paragraphs


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A problem that the parser tolerated. `clause`: the clause's number. `problem`: in French."""

    code: str
    clause: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A group of lines: a heading, the beginning of a clause, or a paragraph."""

    line: int
    text: str
    is_heading: bool
    number: Number | None = None


_RULE = re.compile(r"\s*([-*_=])(\s*\1){2,}\s*$")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>.*?)\s*#*\s*$")
_BOLD = re.compile(r"\*\*(?:(?!\*\*).)+\*\*", re.DOTALL)
_CLAUSE = re.compile(
    r"\s*(?P<bullet>[-*+]\s+)?(?:\*\*)?(?P<number>\d{1,3}(?:\.\d{1,3})+)\.?(?:\*\*)?\s+(?P<text>\S.*)$"
)
_ARTICLE = re.compile(
    r"(?P<opening>article\s+(?P<number>\d{1,3})\s*[:.–—-]?)\s*(?P<title>.*)$", re.IGNORECASE
)


def _plain(markdown: str) -> str:
    """Return the text of some Markdown, without marks and tags, with runs of white space collapsed."""
    text = re.sub(r"</?[a-z]+>", "", markdown)
    text = re.sub(r"(\*\*|__)", "", text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+.!-])", r"\1", text)
    return re.sub(r"[ \t\n\f]+", " ", html.unescape(text)).strip()


def _blocks(source: str) -> Iterator[_Block]:
    """Split the source at blank lines, rules, page breaks, headings and clause numbers."""
    pending: list[str] = []
    begun = 0
    number: Number | None = None

    def flush() -> Iterator[_Block]:
        nonlocal number
        if text := "\n".join(pending).strip():
            is_heading = number is None and _BOLD.fullmatch(text) is not None
            yield _Block(begun, _plain(text), is_heading, number)
        pending.clear()
        number = None

    for at, raw in enumerate(source.replace("\r\n", "\n").split("\n"), 1):
        line = raw.replace("\f", "")
        heading, clause = _HEADING.match(line), _CLAUSE.match(line)
        blank = not line.strip() or _RULE.match(line) is not None
        if blank or heading or clause:
            yield from flush()
        if heading:
            yield _Block(at, _plain(heading["text"]), is_heading=True)
        elif not blank:
            begun = begun if pending else at
            number = Number.parse(clause["number"]) if clause else number
            pending.append(clause["text"] if clause else line)
    yield from flush()


class _Reader:
    """Builds articles from blocks in one pass. `source`: the file's name in errors.

    A problem raises `PolicyError` or, when there is a list `misplaced`, is added to it and tolerated.
    """

    def __init__(self, source: str, misplaced: list[Misplaced] | None) -> None:
        self._source = source
        self._misplaced = misplaced
        self.cover: list[str] = []
        self.articles: list[Article] = []
        self.lines: dict[Number, int] = {}  # the first line of each number
        self._heading = ""

    def report(self, code: str, clause: Number, line: int, problem: str) -> None:
        """Raise a problem, or add it to `misplaced`."""
        if self._misplaced is None:
            raise PolicyError(self._source, line, problem)
        self._misplaced.append(Misplaced(code, str(clause), line, problem))

    def take(self, block: _Block) -> None:
        """Add one block to the articles. Raises `PolicyError`."""
        title = _ARTICLE.match(block.text) if block.is_heading else None
        if title:
            number = Number((int(title["number"]),))
            self._check_new(number, block.line)
            self.articles.append(Article(number, title["title"], (), title["opening"]))
            self._heading = ""
        elif not self.articles:
            self.cover.append(f"{block.number} {block.text}" if block.number else block.text)
        elif block.is_heading:
            self._heading = block.text
        elif block.number is not None:
            article = self.articles[-1]
            if not block.number.within(article.number):
                problem = f"la clause {block.number} est dans l'article\u00a0{article.number}."
                self.report("misplaced_number", block.number, block.line, problem)
            self._check_new(block.number, block.line)
            self._end_with(*article.clauses, Clause(block.number, self._heading, (block.text,)))
        else:
            self._continue(block)

    def _continue(self, block: _Block) -> None:
        """Add an unnumbered paragraph to the previous clause, or start the article's own text with it."""
        article = self.articles[-1]
        if not article.clauses:
            self._end_with(Clause(article.number, self._heading, (block.text,)))
            return
        last = article.clauses[-1]
        if last.heading != self._heading:
            problem = f"ce paragraphe, sous «\u00a0{self._heading}\u00a0», n'a pas de numéro de clause."
            self.report("missing_number", last.number, block.line, problem)
        self._end_with(*article.clauses[:-1], replace(last, paragraphs=(*last.paragraphs, block.text)))

    def _end_with(self, *clauses: Clause) -> None:
        self.articles[-1] = replace(self.articles[-1], clauses=clauses)

    def _check_new(self, number: Number, line: int) -> None:
        first = self.lines.setdefault(number, line)
        if first != line:
            problem = f"le numéro {number} est déjà pris à la ligne {first}."
            self.report("duplicate_number", number, line, problem)


def parse(
    markdown: str,
    *,
    policy: str,
    adopted: date,
    source: str = "",
    effective: date | None = None,
    key: str = "",
    misplaced: list[Misplaced] | None = None,
) -> Version:
    """Parse `markdown` as a version. `effective` and `key` are as in `Version`.

    `source`: the file's name in errors. Raises `PolicyError`, with the line, when there is no article, a
    clause is out of place or a number is used twice. With a list `misplaced`, problems other than a lack of
    articles are added to it instead. Such a text can be viewed and compared, but never adopted.
    """
    reader = _Reader(source or policy, misplaced)
    for block in _blocks(markdown.removeprefix("\ufeff")):
        reader.take(block)
    if not reader.articles:
        raise PolicyError(
            source or policy, 0, "aucun titre d'article («\u00a0ARTICLE 1\u00a0: …\u00a0») n'a été trouvé."
        )
    for article in reader.articles:
        if not article.clauses:
            line = reader.lines[article.number]
            reader.report("empty_article", article.number, line, f"l'article\u00a0{article.number} est vide.")
    digest = hashlib.sha256(markdown.encode("utf-8", "surrogatepass")).hexdigest()
    return Version(
        policy, adopted, tuple(reader.cover), tuple(reader.articles), effective, key, digest, markdown
    )
