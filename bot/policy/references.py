"""Recognition of clause numbers in text, and of the clause meant when the number does not exist."""

import re
from dataclasses import dataclass
from itertools import zip_longest

from bot.policy.articles import Number, Version

_THE = r"(?:l['’]|les? |du |de l['’])?"
_WORDS = _THE + r"(?:art(?:icle)?s?\.?|clauses?|points?|paragraphes?|par\.|sections?|no\.?|num[eé]ro|§|#)"
_NUMBER = r"\d{1,3}(?:\.\d{1,3}){1,3}(?!\.?\d)|\d{1,3},\d{1,3}(?!\.?\d)|\d{1,3}(?![.,]?\d)"
_TO = r"(?:à|a|au|to|jusqu['’][àa]u?|[-–—])"
_AND = r"(?:et|ou|&|\+|,|;|/|puis|pis|and)"
_NUMBER_ALONE = re.compile(_NUMBER)
_BETWEEN = re.compile(rf"\bentre (?={_NUMBER})({_NUMBER}) et (?={_NUMBER})", re.IGNORECASE)
_RANGE = re.compile(
    rf"(?<![\d.$])(?P<first>{_NUMBER}) ?{_TO} ?(?:{_WORDS} ?)?(?P<last>{_NUMBER})(?![\d.,]*\d)", re.IGNORECASE
)
# No letter may touch the number (« 5.1O »). A unit after it makes it a plain figure.
_SINGLE = re.compile(
    rf"(?<!\w)(?:(?P<word>{_WORDS}) ?)?(?<![\d$])(?<!\d\.)(?P<number>{_NUMBER})"
    r"(?!\w| ?(?:\$|%|€|°|h\b|km\b|ans?\b|min))",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\bpage (?P<page>\d{1,3})$", re.IGNORECASE)
_SPOKEN_POINT = re.compile(r"(\d) ?(?:point|virgule) ?(?=\d)", re.IGNORECASE)
_LOOSE_POINT = re.compile(r"(\d)(?: ?\. | \.)(?=\d)")
_ORDINAL = re.compile(r"\b(\d{1,3})(?:er|re|e|ère|ième|ème)\b")
# A word that may be « article » or « clause » misspelled: seldom any other word, before a number.
_MISSPELT = re.compile(r"(?<!\w)(?P<typed>[^\W\d_]{5,12})(?= ?\d)", re.IGNORECASE)
_NAMED = ("article", "articles", "clause", "clauses", "paragraphe", "paragraphes")
_OTHERS = frozenset(["cause", "causes", "classe", "classes"])  # words of their own, a letter away
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]")
_LEFT = re.compile(rf"{_WORDS}(?!\w)|\b(?:{_AND}|l[ae]s?|de|du)(?!\w)|[\s,;&+/?!.:«»()]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """The numbers from `first` to `last`, both included. They are equal for a single number."""

    first: Number
    last: Number

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} à {self.last}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The numbers that a text names. `page` counts from 1.

    `exact`: the text has nothing else. `marked`: a number has a point or follows a word such as « article »,
    so it is not a plain figure.
    """

    spans: tuple[NumberSpan, ...]
    exact: bool
    marked: bool
    page: int = 1


def parse_reference(text: str) -> Reference | None:
    """Return the reference in `text`, or None when no number in it can be a clause's.

    Reads « 5.10 », « 5,10 », « art. 5.10 », « l'article cinq point dix », « 5.1 à 5.4 », « 5.9 et 5.10 »,
    « article 5 page 2 ».
    """
    if _NUMBER_ALONE.fullmatch(text):  # by far the most common
        number = Number.parse(text.replace(",", "."))
        return Reference((NumberSpan(number, number),), exact=True, marked=len(number.parts) > 1)
    text = " ".join(text.split())
    page = _PAGE.search(text)
    if page:
        text = text[: page.start()]
    if _LETTERS.search(text):
        text = _MISSPELT.sub(_respelt, _in_digits(text))
    else:
        text = _LOOSE_POINT.sub(r"\1.", text)
    spans: list[tuple[int, NumberSpan, bool]] = []  # position, numbers, and whether they are marked

    def take_range(match: re.Match[str]) -> str:
        first, last = _number(match["first"]), _number(match["last"])
        if len(first.parts) == len(last.parts) + 1 and last.parts[-1] > first.parts[-1]:
            last = Number((*first.parts[:-1], last.parts[-1]))  # « 5.1 à 10 » ends at 5.10
        span = NumberSpan(min(first, last), max(first, last))
        spans.append((match.start(), span, len(first.parts) > 1))
        return " " * len(match[0])

    def take_single(match: re.Match[str]) -> str:
        number = _number(match["number"])
        marked = bool(match["word"]) or len(number.parts) > 1
        spans.append((match.start("number"), NumberSpan(number, number), marked))
        return " " * len(match[0])

    rest = _SINGLE.sub(take_single, _RANGE.sub(take_range, text))
    if not spans:
        return None
    spans.sort(key=lambda entry: entry[0])
    exact = not _LEFT.sub("", rest)
    marked = [span for _, span, is_marked in spans if is_marked]
    # In a sentence, « un » and « 20 ans » are plain figures.
    chosen = [span for _, span, _ in spans] if exact else marked or [spans[0][1]]
    return Reference(tuple(dict.fromkeys(chosen)), exact, bool(marked), int(page["page"]) if page else 1)


def _in_digits(text: str) -> str:
    """Return `text` with its numbers in figures: « cinq point dix » becomes « 5.10 », « 1er » « 1 »."""
    # The package's `__init__` declares no exports, and loading it takes half a megabyte.
    from text_to_num import alpha2digit  # type: ignore[attr-defined]  # noqa: PLC0415 — see above

    digits = _SPOKEN_POINT.sub(r"\1.", alpha2digit(text, "fr", threshold=0))
    digits = _BETWEEN.sub(r"\1 à ", _LOOSE_POINT.sub(r"\1.", digits))
    return _ORDINAL.sub(r"\1", digits)


def _respelt(match: re.Match[str]) -> str:
    """Return « article » for « artcile »: a letter missing, added or replaced, or two letters swapped."""
    from rapidfuzz import process  # noqa: PLC0415 — 2 MB, and few texts have such a word
    from rapidfuzz.distance import OSA  # noqa: PLC0415 — same

    typed = match["typed"].lower()
    if typed in _OTHERS:
        return match[0]
    close = process.extractOne(typed, _NAMED, scorer=OSA.distance, score_cutoff=1)
    return close[0] if close else match[0]


def _number(text: str) -> Number:
    return Number.parse(text.replace(",", "."))


_BESIDE = 2  # articles to look at on each side, when the article does not exist


def nearest(number: Number, version: Version) -> tuple[Number, ...]:
    """Return the one or two existing numbers that a missing `number` may have meant, if any.

    One corrects a likely slip (an extra or missing figure, or a missing point). The other is the closest in
    the same article or, when that article does not exist, within `_BESIDE` articles.
    """

    def distance(candidate: Number) -> tuple[int, ...]:
        return tuple(abs(a - b) for a, b in zip_longest(candidate.parts, number.parts, fillvalue=0))

    def is_slip(candidate: Number) -> bool:
        shorter, longer = sorted((str(number), str(candidate)), key=len)
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))

    numbers = [clause.number for clause in version.clauses()]
    groups = (
        [candidate for candidate in numbers if is_slip(candidate)],
        [candidate for candidate in numbers if candidate.article == number.article]
        or [candidate for candidate in numbers if 0 < abs(candidate.parts[0] - number.parts[0]) <= _BESIDE],
    )
    return tuple(sorted({min(group, key=distance) for group in groups if group}))
