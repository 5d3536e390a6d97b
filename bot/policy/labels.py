"""The numbers of provisions: their forms, and their order.

Nothing here depends on context. `read_markers` returns every possible reading of the beginning of a line,
such as « c) » as a letter or as a Roman hundred; the outline keeps the reading that its neighbours confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.policy.provisions import Kind

# The words that precede a number, and the kind of the provision.
KEYWORDS: Final[dict[str, Kind]] = {
    "livre": Kind.TITLE,
    "book": Kind.TITLE,
    "partie": Kind.TITLE,
    "part": Kind.TITLE,
    "titre": Kind.TITLE,
    "title": Kind.TITLE,
    "chapitre": Kind.CHAPTER,
    "chapter": Kind.CHAPTER,
    "section": Kind.SECTION,
    "sous-section": Kind.SECTION,
    "subsection": Kind.SECTION,
    "article": Kind.ARTICLE,
    "règlement": Kind.ARTICLE,
    "règle": Kind.ARTICLE,
    "rule": Kind.ARTICLE,
    "bylaw": Kind.ARTICLE,
    "clause": Kind.CLAUSE,
    "paragraphe": Kind.CLAUSE,
    "alinéa": Kind.CLAUSE,
    "annexe": Kind.ANNEX,
    "appendice": Kind.ANNEX,
    "appendix": Kind.ANNEX,
    "schedule": Kind.ANNEX,
}
# The rank of each word, outermost first, unless the document orders them differently.
RANKS: Final[dict[str, int]] = {
    name: rank
    for rank, names in enumerate(
        (
            ("annexe", "appendice", "appendix", "schedule"),
            ("livre", "book"),
            ("partie", "part", "bylaw"),
            ("titre", "title"),
            ("chapitre", "chapter"),
            ("section",),
            ("sous-section", "subsection"),
            ("article", "règlement", "règle", "rule"),
            ("clause", "paragraphe", "alinéa"),
        )
    )
    for name in names
}
_SHORT: Final = {
    "art": "article",
    "sous section": "sous-section",
    "by-law": "bylaw",
    "§": "paragraphe",
    "al": "alinéa",
    "sec": "section",
    "chap": "chapitre",
    "reglement": "règlement",
    "alinea": "alinéa",
}
# The cardinal numbers in words from 1 to 19, then the tens. `_numerals` derives the others from them.
_UNITS: Final = (
    "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
)  # fmt: skip
_TENS: Final = {
    "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70,
    "quatre-vingt": 80, "huitante": 80, "octante": 80, "nonante": 90,
}  # fmt: skip
_TEENS_AFTER: Final = ("soixante", "quatre-vingt")  # « soixante-douze »


def _numerals() -> Mapping[str, int]:
    """Return the numbers that are written in words, to 99 in French and to ten in English."""
    cardinals = {word: at for at, word in enumerate(_UNITS, 1)}
    for ten, value in _TENS.items():
        cardinals[ten] = value
        for more, unit in enumerate(_UNITS if ten in _TEENS_AFTER else _UNITS[:9], 1):
            links = ("-et-", "-", " et ", " ") if unit in {"un", "onze"} else ("-", " ")
            cardinals |= {f"{ten}{link}{unit}": value + more for link in links}
    cardinals["quatre-vingts"] = 80
    ordinals = {_ordinal(word): value for word, value in cardinals.items() if value > 1}
    return {
        **cardinals, **ordinals,
        "ier": 1, "ire": 1, "ière": 1, "premier": 1, "première": 1, "premiere": 1, "unique": 1,
        "liminaire": 0, "préliminaire": 0, "second": 2, "seconde": 2,
        "first": 1, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
        "tenth": 10, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9,
        "ten": 10,
    }  # fmt: skip


def _ordinal(word: str) -> str:
    """Return « vingt et unième » for « vingt et un »."""
    stem = f"{word}u" if word.endswith("cinq") else f"{word[:-1]}v" if word.endswith("neuf") else word
    return f"{re.sub('(?:e|(?<=vingt)s)$', '', stem)}ième"


def _spelled() -> str:
    """Return a pattern of the words of `_NUMERALS`, the longest first.

    The units are written once for all the tens that they may follow: a plain list of words takes ten times as
    long to compile, at each start.
    """
    tens: dict[tuple[str, ...], list[str]] = {}
    for ten in _TENS:
        units = (word.removeprefix(ten) for word in _NUMERALS if word.startswith((f"{ten}-", f"{ten} ")))
        tens.setdefault(tuple(sorted(units, key=len, reverse=True)), []).append(ten)
    compound = {ten + unit for units, words in tens.items() for ten in words for unit in ("", *units)}
    simple = (word for word in _NUMERALS if word not in compound)
    return "|".join(
        [
            *(rf"(?:{'|'.join(words)})(?:{'|'.join(units)})?" for units, words in tens.items()),
            *sorted(simple, key=len, reverse=True),
        ]
    )


_NUMERALS: Final = _numerals()
_LETTERS: Final = 26
_LATIN: Final = (
    "bis", "ter", "quater", "quinquies", "sexies", "septies", "octies", "nonies", "decies", "undecies",
)  # fmt: skip

_ROMAN: Final = r"(?=[ivxlcdm])m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_ROMAN_FIGURES: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_SUFFIX: Final = rf"(?:[ \u00a0.-]?(?:{'|'.join(_LATIN)})\b)"
_PART: Final = r"(?:\d{1,3}|[A-Za-z](?![A-Za-z]))"
# « 5.01 », « 1-1 », « A.1 », « 1.1A », « IV.2 », « 1.a », « 2.1.7.10 »
_MULTIPLE: Final = rf"(?:\d{{1,3}}|[A-Z]|{_ROMAN})(?:[.-]{_PART}){{1,7}}(?:[A-Za-z](?!\w)|{_SUFFIX})?"
_END: Final = r"(?P<end>\s*(?:\.?\s?[-–—]+|[.)°º:/]{1,2}(?:\s?[-–—:])?|\.\))?)(?=\s|$)"

_WORD: Final = (
    rf"sous[- ]section|by-law|{'|'.join(KEYWORDS)}|(?:art|al|sec|chap)(?=\.)|art(?=\s?\d)|reglement|alinea|§"
)
_ORDINAL_END: Final = r"(?:\s?(?:ers?|ère|re|ème|ième|e|nde?|st|rd|th))?(?![^\W_])"
_LETTER_END: Final = r"(?:[ ]?(?-i:[A-Z])(?=\s*(?:[-–—:.)]|$)))"
_KEYWORD: Final = re.compile(
    rf"(?P<word>{_WORD})(?![^\W\d_])\.?(?:\s*n[o°º]\.?)?\s*"
    rf"(?P<label>{_MULTIPLE}|\d{{1,3}}(?:/\d{{1,2}}(?![\w/])|{_SUFFIX}|{_ORDINAL_END}(?:{_SUFFIX}|{_LETTER_END})?)"
    rf"|\d{{1,3}}[A-Z]\b|(?:{_ROMAN}){_SUFFIX}?(?![^\W_])|(?-i:[A-Z])(?![^\W_])"
    rf"|(?:{_spelled()})\b)"
    r"(?P<end>\s*(?:\.?\s?[-–—]+|[.):]{1,2}(?:\s?[-–—:])?|[°º])?)(?=\s|$)",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(
    rf"\((?P<label>\d{{1,3}}|[A-Za-z]{{1,2}}|{_ROMAN}){_SUFFIX}?\)(?=\s|$)", re.IGNORECASE
)
_SIMPLE: Final = re.compile(
    rf"(?P<label>\d{{1,3}}{_SUFFIX}?|\d{{1,3}}[A-Z](?=[.)])|[a-z]{_SUFFIX}|([A-Za-z])\2?|{_ROMAN}{_SUFFIX}?){_END}",
    re.IGNORECASE,
)
_ORDINAL_SIGN: Final = re.compile(rf"(?P<label>\d{{1,3}})(?P<end>[°ºo]){_SUFFIX}?\)?\.?(?=\s|$)")
_MULTIPLE_MARK: Final = re.compile(rf"(?P<label>{_MULTIPLE}){_END}", re.IGNORECASE)
# Numbers repealed together: « 5 à 7. (Abrogés) », « 3 et 4. ». A range within a sentence does not match.
_REPEALED: Final = r"[(\[]?\s?(?:abrog|supprim|réserv|annul|retir|périm|repeal|reserv|delet|omit)"
_RANGE: Final = re.compile(
    rf"(?:(?P<word>{_WORD})s?\.?\s*)?"
    rf"(?P<label>(?P<first>\d{{1,3}})\.?\s?(?:à|et|to|and|[-–—](?=[^()]*{_REPEALED}))\s?(?P<last>\d{{1,3}}))"
    rf"(?P<end>[.:)]?)(?:\s?[-–—:])?\s*(?=$|{_REPEALED})",
    re.IGNORECASE,
)
_BRACKETED_MULTIPLE: Final = re.compile(rf"\((?P<label>{_MULTIPLE})\)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Marker:
    """One way of reading the number at the beginning of a line.

    `label`: as written, without keyword or final dot. `opening`: everything before the title or the text.
    `rest`: the rest of the line. `family`: the series of numbers that it belongs to, « article », « 1. »,
    « a) ». `parts`: its value, one integer for each part; from a number to the next, the last one grows.
    `suffix`: 1 for bis, or A. `ended`: whether a dot, a dash or a bracket ends it. `keyword`: the word before
    it, in full, "" when there is none. `until`: the end of a range, 7 for « 5 à 7 », 0 for a single number.
    """

    label: str
    opening: str
    rest: str
    family: str
    parts: tuple[int, ...]
    suffix: int = 0
    ended: bool = True
    keyword: str = ""
    until: int = 0

    @property
    def last(self) -> int:
        """The value of the last part or, for a range, its end. The next number of the series adds one."""
        return self.until or self.parts[-1]

    @property
    def is_multiple(self) -> bool:
        """Whether the number has several parts and no keyword, « 5.01 »."""
        return len(self.parts) > 1 and not self.keyword

    @property
    def is_first(self) -> bool:
        """Whether a sequence may begin with this number."""
        return self.parts[-1] <= 1 and self.suffix <= (1 if self.parts[-1] == 0 else 0)

    def follows(self, other: Marker) -> bool:
        """Return whether this number comes immediately after `other` in a sequence."""
        if self.parts == other.parts:
            return self.suffix == other.suffix + 1
        depth = len(self.parts)
        if self.keyword and depth > len(other.parts):  # section 2.1 after section 2
            return self.parts == (*other.parts, 1)
        if self.keyword and depth < len(other.parts):  # section 3 after section 2.4
            return self.parts == (*other.parts[: depth - 1], other.parts[depth - 1] + 1)
        return self.parts[:-1] == other.parts[:-1] and self.parts[-1] == other.last + 1 and self.suffix == 0

    def after(self, other: Marker) -> bool:
        """Return whether this number comes after `other`."""
        return (self.parts, self.suffix) > (other.parts, other.suffix)


def read_markers(text: str) -> tuple[Marker, ...]:
    """Return the ways of reading the number with which `text` begins, () when there is none."""
    if (match := _RANGE.match(text)) and int(match["first"]) < int(match["last"]):
        return (_range(match, text),)
    if match := _KEYWORD.match(text):
        return tuple(_after_keyword(match, text))
    for pattern in (_BRACKETED_MULTIPLE, _MULTIPLE_MARK):
        if (match := pattern.match(text)) and (values := _values(match["label"])):
            parts, suffix, _ = values[0]
            ended = bool(match.groupdict(" .").get("end", ".").strip())
            return (_marker(match, text, f"multiple {len(parts)}", parts, suffix, ended=ended),)
    if match := _BRACKETED.match(text):
        return tuple(
            _marker(match, text, f"({form})", parts, suffix)
            for parts, suffix, form in _values(match["label"])
        )
    if match := _ORDINAL_SIGN.match(text):
        return (_marker(match, text, "1°", (int(match["label"]),), 0),)
    match = _SIMPLE.match(text)
    return tuple(_simple(match, text)) if match and match["label"] else ()


def label_at(marker: Marker, figure: int, suffix: int = 0) -> str:
    """Return the label of a number with another last value, in the same form: « 5.04 » for « 5.03 » and 4."""
    last = re.split(r"[.-]", marker.label)[-1] if len(marker.parts) > 1 else marker.label
    before = marker.label[: len(marker.label) - len(last)]
    lettered = (
        len(last) == 1 and ord(last.casefold()) - 96 == marker.parts[-1]
    )  # « I » is Roman, « C » is not
    if lettered and figure <= _LETTERS:
        last = chr((96 if last.islower() else 64) + figure)
    elif re.fullmatch(_ROMAN, last, re.IGNORECASE):
        last = _to_roman(figure) if last.isupper() else _to_roman(figure).lower()
    else:
        last = str(figure).zfill(len(last) if last.isdecimal() and last.startswith("0") else 1)
    return f"{before}{last} {_LATIN[suffix - 1]}" if 0 < suffix <= len(_LATIN) else f"{before}{last}"


def _to_roman(number: int) -> str:
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    words = ""
    for value, sign in zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), signs, strict=True):
        words, number = words + sign * (number // value), number % value
    return words


def _range(match: re.Match[str], text: str) -> Marker:
    word = re.sub(r"\s+", " ", (match["word"] or "").casefold())
    word = _SHORT.get(word, word)
    first, last = int(match["first"]), int(match["last"])
    opening = match[0].strip()
    rest = text[match.end() :].strip()
    return Marker(
        match["label"], opening, rest, word or f"1{match['end']}", (first,), keyword=word, until=last
    )


def _after_keyword(match: re.Match[str], text: str) -> Iterator[Marker]:
    word = re.sub(r"\s+", " ", match["word"].casefold())
    word = _SHORT.get(word, word)
    for parts, suffix, _ in _values(match["label"]):
        opening = match[0].strip()
        rest = text[match.end() :].strip()
        ended = bool(match["end"].strip())
        yield Marker(match["label"].strip(), opening, rest, word, parts, suffix, ended, word)


def _simple(match: re.Match[str], text: str) -> Iterator[Marker]:
    """Yield the readings of a number of one part."""
    end = re.sub("[–—]", "-", re.sub(r"\s|(?<=[-–—])[-–—]", "", match["end"]))
    if not end and not match["label"][0].isdigit():
        return  # « a » and « À » are words
    for parts, suffix, form in _values(match["label"]):
        yield _marker(match, text, f"{form}{end}", parts, suffix, ended=bool(end))
        if not end and parts[0] % 10 == 0 and parts[0] and not suffix:
            # The degree sign may have been lost: 1°, 2°, 3° extracted as 10, 20, 30.
            yield _marker(match, text, "1⁰", (parts[0] // 10,), 0, ended=False)


@lru_cache(maxsize=4096)
def read_number(number: str) -> tuple[Marker, ...]:
    """Return the ways of reading a number that stands apart from its text, () when it is not one."""
    number = number.strip()
    if markers := tuple(marker for marker in read_markers(number) if not marker.rest):
        return markers
    if match := _RANGE.match(f"{number} (abrogé)"):  # « 4–5 », written apart from « (abrogé) »
        return (_range(match, match[0]),)
    return tuple(
        Marker(number, number, "", form, parts, suffix, ended=False)
        for parts, suffix, form in _values(number)
        if form != "?"
    )


def _marker(
    match: re.Match[str], text: str, family: str, parts: tuple[int, ...], suffix: int, *, ended: bool = True
) -> Marker:
    label = match["label"]
    opening = match[0].strip()
    inner = opening.strip("()")
    if inner.startswith(label):  # « 2° bis »: the suffix is part of the label
        label = inner.rstrip(" \t\u00a0.:)(–—-°º/") if any(name in inner for name in _LATIN) else label
    return Marker(label.strip(), opening, text[match.end() :].strip(), family, parts, suffix, ended)


def _values(label: str) -> list[tuple[tuple[int, ...], int, str]]:
    """Return the possible values of a label, each with its suffix and the form of its last part."""
    text = label.strip().casefold()
    suffix = 0
    if match := re.search(rf"[ \u00a0.-]?({'|'.join(_LATIN)})$", text):
        suffix = _LATIN.index(match[1]) + 1
        text = text[: match.start()]
    elif match := re.search(r"(?<=\d)/(\d+)$", text):  # « 3/1 », inserted after 3
        suffix, text = int(match[1]), text[: match.start()]
    if text in _NUMERALS:
        return [((_NUMERALS[text],), suffix, "1")]
    text = re.sub(r"(?<=\d)\s?(?:ers?|ère|re|ème|ième|e|nde?|st|rd|th|[°ºo])$", "", text)
    if match := re.search(r"(?<=\d) ?([a-z])$", text):
        suffix, text = ord(match[1]) - 96, text[: match.start()]
    pieces = re.split(r"[.-]", text)
    if len(pieces) > 1:
        return [(tuple(_value(piece)[0][0] for piece in pieces), suffix, "1")] if all(pieces) else []
    upper = label.strip()[:1].isupper()
    return [
        ((value,), suffix, form.upper() if upper and form in {"a", "i"} else form)
        for value, form in _value(text)
    ]


def _value(text: str) -> list[tuple[int, str]]:
    """Return the possible values of one part (digits, a letter, a Roman number), each with its form."""
    if text.isdecimal():
        return [(int(text), "1")]
    readings = []
    if re.fullmatch(_ROMAN, text) and text:
        figures = [_ROMAN_FIGURES[letter] for letter in text]
        pairs = zip(figures, [*figures[1:], 0], strict=True)
        readings.append((sum(-figure if figure < after else figure for figure, after in pairs), "i"))
    if re.fullmatch(r"([a-z])\1?", text):
        letter = (ord(text[0]) - 96 + 26 * (len(text) - 1), "a")
        # « i », « v », « x » are more often Roman numbers. « c », « d », « l », « m » are more often letters.
        readings = [*readings, letter] if text in {"i", "v", "x", "ii", "xx"} else [letter, *readings]
    return readings or [(0, "?")]
