"""A policy's text: from Markdown, as associations write it, to articles and numbered clauses.

The text is never altered: runs of white space apart, what a clause holds stands in the source. The
Markdown is read for its structure only, whatever marks a heading (`#`, bold, capitals), since such
files come out of converters that mark the same thing in several ways.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date


class PolicyError(Exception):
    """A policy's file cannot be read; the text is French and names the file and the line."""

    def __init__(self, source: str, line: int, problem: str) -> None:
        where = f"{source}, ligne {line}" if line else source
        super().__init__(f"{where}\u00a0: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A clause's number, as integers: 5.10 comes after 5.9 and is not 5.1."""

    parts: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Number:
        """Read « 5.10 ». Raises ValueError when `text` is not integers between dots."""
        return cls(tuple(int(part) for part in text.split(".")))

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    @property
    def article(self) -> Number:
        """The number of the article that this one is in."""
        return Number(self.parts[:1])

    def within(self, other: Number) -> bool:
        """Tell whether this number is `other` or below it: 4.2.1 is within 4.2 and within 4."""
        return self.parts[: len(other.parts)] == other.parts


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest thing that can be cited: a numbered clause, or an article's own text.

    `heading` is the subheading it stands under, "" when there is none.
    """

    number: Number
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words, paragraphs separated by a blank line; offsets in a `Quote` count from here."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Article:
    """An article: its number, its title as written, and its clauses in order."""

    number: Number
    title: str
    clauses: tuple[Clause, ...]
    opening: str = ""  # the heading's words before the title, « ARTICLE 5 : »


@dataclass(frozen=True, slots=True)
class AdoptionNote:
    """What the cover says of the last revision: which meeting of which body, and when."""

    body: str
    meeting: int
    on: date


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: what is made of it is cached
class Version:
    """One text of a policy. `adopted` is its date, `cover` what precedes article 1.

    `effective`: since when it is in force, None where nobody said so: then since its adoption. `key`: by
    which a `Quote` names it, the date of its adoption or, while it is only proposed, what it is proposed
    under. `sha256`, `markdown`: of its file, and its text. `former`: the version that it replaced.
    `interpreted`: the key of the version that what stands beside the policy says it was written about, ""
    where it says none.
    """

    policy: str
    adopted: date
    cover: tuple[str, ...]
    articles: tuple[Article, ...]
    revision: AdoptionNote | None
    effective: date | None = None
    key: str = ""
    sha256: str = ""
    markdown: str = field(default="", repr=False)
    former: Version | None = field(default=None, repr=False)
    interpreted: str = ""
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
        object.__setattr__(self, "_clauses", clauses)
        object.__setattr__(self, "_positions", {clause.number: at for at, clause in enumerate(clauses)})
        object.__setattr__(self, "_groups", groups)

    @property
    def since(self) -> date:
        """From when on it is in force."""
        return self.effective or self.adopted

    def clauses(self) -> tuple[Clause, ...]:
        """Return everything that can be cited, in the order of the text."""
        return self._clauses

    def clause(self, number: Number) -> Clause | None:
        """Return the clause that has exactly this number."""
        at = self._positions.get(number)
        return None if at is None else self._clauses[at]

    def within(self, number: Number) -> tuple[Clause, ...]:
        """Return the clause of this number and those below it: a whole article, or 4.2 and 4.2.1."""
        return self._groups.get(number, ())

    def article(self, number: Number) -> Article | None:
        """Return the article that a number is in."""
        return next((article for article in self.articles if article.number == number.article), None)

    def neighbours(self, number: Number) -> tuple[Clause | None, Clause | None]:
        """Return the clauses just before and just after this one in the text."""
        at = self._positions.get(number)
        if at is None:
            return None, None
        before, after = self._clauses[:at][-1:], self._clauses[at + 1 : at + 2]
        return before[0] if before else None, after[0] if after else None

    def pieces(self) -> Iterator[str]:
        """Yield every word of the source once, in order, piece by piece (markup left out)."""
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
    """Something that has no place in a text, passed over while reading. `clause`: the number it is about."""

    code: str
    clause: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: a heading, the beginning of a clause, or a paragraph."""

    line: int
    text: str
    is_heading: bool
    number: Number | None = None


_RULE = re.compile(r"\s*([-*_=])(\s*\1){2,}\s*$")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>.*?)\s*#*\s*$")
_CLAUSE = re.compile(
    r"\s*(?P<bullet>[-*+]\s+)?(?:\*\*)?(?P<number>\d{1,3}(?:\.\d{1,3})+)\.?(?:\*\*)?\s+(?P<text>\S.*)$"
)
_ARTICLE = re.compile(
    r"(?P<opening>article\s+(?P<number>\d{1,3})\s*[:.–—-]?)\s*(?P<title>.*)$", re.IGNORECASE
)
_REVISION = re.compile(
    r"révision\s*:\s*(?P<body>[^\d]+?)\s+(?P<meeting>\d+)\s*(?:e|ième|ème|er|re)\s+(?:du|le)\s+"
    r"(?P<day>\d{1,2})-(?P<month>\d{1,2})-(?P<year>\d{4})",
    re.IGNORECASE,
)


def _plain(markdown: str) -> str:
    """Return the words of a piece of Markdown: marks and tags gone, ordinary white space folded."""
    text = re.sub(r"</?[a-z]+>", "", markdown)
    text = re.sub(r"(\*\*|__)", "", text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+.!-])", r"\1", text)
    return re.sub(r"[ \t\n\f]+", " ", html.unescape(text)).strip()


def _is_bold(text: str) -> bool:
    return bool(re.fullmatch(r"\*\*(?:(?!\*\*).)+\*\*", text.strip(), re.DOTALL))


def _blocks(source: str) -> Iterator[_Block]:
    """Cut the source at blank lines, rules, page breaks, headings and clause numbers."""
    pending: list[str] = []
    begun = 0
    number: Number | None = None

    def flush() -> Iterator[_Block]:
        nonlocal number
        text = "\n".join(pending).strip()
        if text:
            yield _Block(begun, _plain(text), is_heading=number is None and _is_bold(text), number=number)
        pending.clear()
        number = None

    for at, raw in enumerate(source.replace("\r\n", "\n").split("\n"), 1):
        line = raw.replace("\f", "")
        heading = _HEADING.match(line)
        clause = _CLAUSE.match(line)
        if not line.strip() or heading or clause or _RULE.match(line):
            yield from flush()
        if heading:
            yield _Block(at, _plain(heading["text"]), is_heading=True)
        elif line.strip() and not _RULE.match(line):
            begun = begun if pending else at
            number = Number.parse(clause["number"]) if clause else number
            pending.append(clause["text"] if clause else line)
    yield from flush()


class _Reader:
    """Builds articles out of blocks, in one pass; `source` names the file in errors.

    What is misplaced is an error or, given a list, goes there while the reading goes on.
    """

    def __init__(self, source: str, misplaced: list[Misplaced] | None = None) -> None:
        self.source = source
        self._misplaced = misplaced
        self.cover: list[str] = []
        self.articles: list[Article] = []
        self._heading = ""
        self._seen: dict[Number, int] = {}

    def _report(self, code: str, clause: object, line: int, problem: str) -> None:
        if self._misplaced is None:
            raise PolicyError(self.source, line, problem)
        self._misplaced.append(Misplaced(code, str(clause), line, problem))

    def take(self, block: _Block) -> None:
        """Put one block in its place. Raises `PolicyError` when it has none."""
        article = _ARTICLE.match(block.text) if block.is_heading else None
        if article:
            self._open(block, Number((int(article["number"]),)), article["title"], article["opening"])
        elif not self.articles:
            self.cover.append(_numbered(block))
        elif block.is_heading:
            self._heading = block.text
        elif block.number is not None:
            self._begin(block, block.number)
        else:
            self._continue(block)

    def _open(self, block: _Block, number: Number, title: str, opening: str) -> None:
        self._check_new(block, number)
        self.articles.append(Article(number, title, (), opening))
        self._heading = ""

    def _begin(self, block: _Block, number: Number) -> None:
        article = self.articles[-1]
        if not number.within(article.number):
            self._report(
                "misplaced_number",
                number,
                block.line,
                f"la clause {number} est dans l'article {article.number}.",
            )
        self._check_new(block, number)
        self._add(Clause(number, self._heading, (block.text,)))

    def _continue(self, block: _Block) -> None:
        """Add a paragraph without a number to the clause before it, or open the article with it."""
        article = self.articles[-1]
        if not article.clauses:
            self._add(Clause(article.number, self._heading, (block.text,)))
            return
        last = article.clauses[-1]
        if last.heading != self._heading:
            self._report(
                "missing_number",
                last.number,
                block.line,
                f"ce paragraphe, sous «\u00a0{self._heading}\u00a0», n'a pas de numéro de clause.",
            )
        longer = replace(last, paragraphs=(*last.paragraphs, block.text))
        self.articles[-1] = replace(article, clauses=(*article.clauses[:-1], longer))

    def _add(self, clause: Clause) -> None:
        article = self.articles[-1]
        self.articles[-1] = replace(article, clauses=(*article.clauses, clause))

    def check_filled(self) -> None:
        """Raise `PolicyError` when an article has no text."""
        for article in self.articles:
            if not article.clauses:
                line = self._seen[article.number]
                self._report("empty_article", article.number, line, f"l'article {article.number} est vide.")

    def _check_new(self, block: _Block, number: Number) -> None:
        if number in self._seen:
            self._report(
                "duplicate_number",
                number,
                block.line,
                f"le numéro {number} est déjà pris à la ligne {self._seen[number]}.",
            )
        self._seen.setdefault(number, block.line)


def _numbered(block: _Block) -> str:
    return f"{block.number} {block.text}" if block.number else block.text


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
    """Return the version that `markdown` holds; `effective` and `key` are as in `Version`.

    `source` names the file in errors. Raises `PolicyError`, with the line, when there is no article at
    all, a clause is out of place or a number is used twice: with a list `misplaced`, all but the first
    are put there instead. Such a text can be looked at and compared, never adopted.
    """
    reader = _Reader(source or policy, misplaced)
    for block in _blocks(markdown.removeprefix("\ufeff")):
        reader.take(block)
    if not reader.articles:
        raise PolicyError(
            reader.source, 0, "aucun titre d'article («\u00a0ARTICLE 1\u00a0: …\u00a0») n'a été trouvé."
        )
    reader.check_filled()
    return Version(
        policy,
        adopted,
        tuple(reader.cover),
        tuple(reader.articles),
        _revision(reader.cover),
        effective,
        key,
        hashlib.sha256(markdown.encode("utf-8", "surrogatepass")).hexdigest(),
        markdown,
    )


def _revision(cover: list[str]) -> AdoptionNote | None:
    """Return what the cover says of the last revision, None when it says nothing that can be read.

    A date that does not exist, 31-02-2015, is no error: the adopted text is not ours to correct, and
    a version's date is its file's name.
    """
    for line in cover:
        found = _REVISION.search(line.replace("\u00a0", " "))
        if found:
            try:
                on = date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                return None
            return AdoptionNote(found["body"].lower(), int(found["meeting"]), on)
    return None
