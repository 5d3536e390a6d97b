"""Recognition of clause numbers in a text, and of the clause that a missing number may mean."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from bot.policy.addresses import counted
from bot.policy.articles import Number, Version
from bot.policy.provisions import Kind
from bot.policy.search import fold_accents

_THE = r"(?:l['’]|les? |du |de l['’])?"
_WORDS = _THE + r"(?:art(?:icle)?s?\.?|clauses?|points?|paragraphes?|par\.|sections?|no\.?|num[eé]ro|§|#)"
_NUMBER = r"\d{1,3}(?:\.\d{1,3}){1,3}(?!\.?\d)|\d{1,3},\d{1,3}(?!\.?\d)|\d{1,3}(?![.,]?\d)"
_TO = r"(?:à|a|au|to|jusqu['’][àa]u?|[-–—])"
_RANGED = re.compile(_TO, re.IGNORECASE)
_AND = r"(?:et|ou|&|\+|,|;|/|puis|pis|and)"
_NUMBERED = re.compile(rf"^{_WORDS} ?(?=\d)", re.IGNORECASE)  # the words that may precede a number
_NUMBER_ALONE = re.compile(_NUMBER)
# the numbers that are recognized whatever the version
_PLAIN = re.compile(rf"(?:{_WORDS} ?)?(?:{_NUMBER})")
_GUILLEMETS = dict.fromkeys(map(ord, "«»"))
_FIGURES = re.compile(r"\d+")
_BETWEEN = re.compile(rf"\bentre (?={_NUMBER})({_NUMBER}) et (?={_NUMBER})", re.IGNORECASE)
_RANGE = re.compile(
    rf"(?<![\d.$])(?P<first>{_NUMBER}) ?{_TO} ?(?:{_WORDS} ?)?(?P<last>{_NUMBER})(?![\d.,]*\d)", re.IGNORECASE
)
# No letter may touch the number (« 5.1O »). A unit after it makes it a mere quantity.
_SINGLE = re.compile(
    rf"(?<!\w)(?:(?P<word>{_WORDS}) ?)?(?<![\d$])(?<!\d\.)(?P<number>{_NUMBER})"
    r"(?!\w| ?(?:\$|%|€|°|h\b|km\b|ans?\b|min))",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\bpage (?P<page>\d{1,3})$", re.IGNORECASE)
_SPOKEN_POINT = re.compile(r"(\d) ?(?:point|virgule) ?(?=\d)", re.IGNORECASE)
_LOOSE_POINT = re.compile(r"(\d)(?: ?\. | \.)(?=\d)")
_ORDINAL = re.compile(r"\b(\d{1,3})(?:er|re|e|ère|ième|ème)\b")
# A word before a number, which may be a misspelling of « article » or « clause ».
_MISSPELT = re.compile(r"(?<!\w)(?P<typed>[^\W\d_]{5,12})(?= ?\d)", re.IGNORECASE)
_NAMED = ("article", "articles", "clause", "clauses", "paragraphe", "paragraphes")
_OTHERS = frozenset(["cause", "causes", "classe", "classes"])  # real words, one letter away from « clause »
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

    `exact`: the text contains nothing else. `marked`: a number contains a dot or follows a word such as
    « article », so it is not a mere quantity.
    """

    spans: tuple[NumberSpan, ...]
    exact: bool
    marked: bool
    page: int = 1


def parse_reference(text: str, version: Version) -> Reference | None:
    """Return the reference in `text`, or None when no number in it can be a clause's.

    Reads « 5.10 », « 5,10 », « art. 5.10 », « l'article cinq point dix », « 5.1 à 5.4 », « 5.9 et 5.10 »,
    « article 5 page 2 », and the other numbers of `version`: « titre III », « 2 bis », « 5.01 a) »,
    « préambule ». A number that the version lacks is returned as written.
    """
    if _NUMBER_ALONE.fullmatch(text):  # by far the most common case
        number = Number(text.replace(",", "."))
        if not version.within(number):
            number = resolved(str(number), version)
        return Reference((NumberSpan(number, number),), exact=True, marked=not text.isdecimal())
    text = " ".join(text.split())
    page = _PAGE.search(text)
    at = int(page["page"]) if page else 1
    text = text[: page.start()].rstrip() if page else text
    names = _names(version)
    if whole := names.whole.get(_key(text.translate(_GUILLEMETS).strip(" .?!"))):
        return Reference((NumberSpan(whole, whole),), exact=True, marked=_is_marked(str(whole)), page=at)
    key = _inner_key(_NUMBERED.sub("", text))
    if item := names.inner.get(key) or names.inner.get(key.replace(".", " ")):
        return Reference((NumberSpan(item, item),), exact=True, marked=True, page=at)
    if _LETTERS.search(text):
        text = _MISSPELT.sub(_respelt, _in_digits(text))
    else:
        text = _LOOSE_POINT.sub(r"\1.", text)
    if (part := _absent_part(text, version)) and version.within(Number(part[1])):  # « 2.3, 2 »
        return Reference((NumberSpan(part[0], part[0]),), exact=False, marked=True, page=at)
    scan = _Scan(version, names)
    rest = scan.read(text)
    if not scan.spans:
        return None
    scan.spans.sort(key=lambda entry: entry[0])
    exact = not _LEFT.sub("", rest)
    marked = [span for _, span, is_marked in scan.spans if is_marked]
    # In a sentence, « un » and « 20 ans » are mere quantities.
    chosen = [span for _, span, _ in scan.spans] if exact else marked or [scan.spans[0][1]]
    return Reference(tuple(dict.fromkeys(chosen)), exact, bool(marked), at)


def reference_in(text: str, version: Version) -> Reference | None:
    """Return the clauses that `text` names. A plain number in a sentence names none.

    « 5 10 » and « 5-10 » mean 5.10 when that clause exists and article 10 does not.
    """
    reference = parse_reference(text, version)
    if reference is None:
        return None
    if not reference.exact:
        exists = all(version.within(span.first) for span in reference.spans)
        return reference if reference.marked and exists else None
    if len(reference.spans) == 1 and reference.spans[0].first == reference.spans[0].last:
        return reference
    ends = [number for span in reference.spans for number in dict.fromkeys((span.first, span.last))]
    meant = pointed(ends[0], ends[1], version) if len(ends) == 2 else None  # noqa: PLR2004 — two
    return replace(reference, spans=(NumberSpan(meant, meant),)) if meant else reference


class _Scan:
    """Finds the numbers in a text. `spans`: for each, its position, the numbers, and whether it is marked."""

    def __init__(self, version: Version, names: "_Names") -> None:
        self._version = version
        self._names = names
        self.spans: list[tuple[int, NumberSpan, bool]] = []

    def read(self, text: str) -> str:
        """Find the numbers, and return the text with spaces in their place."""
        if self._names.nested:
            text = _ITEM_IN.sub(self._take_item, _with_items_after(text, self._version))
        if self._names.pattern:
            text = _sub_folded(self._names.pattern, self._take_named, text)
        if self._names.missing:
            text = _sub_folded(self._names.missing, self._take_missing, text)
        text = _INSERTED.sub(self._take_inserted, text)
        return _SINGLE.sub(self._take_single, _RANGE.sub(self._take_range, text))

    def _take(self, match: re.Match[str], first: Number, last: Number, *, marked: bool) -> str:
        version = self._version
        backwards = bool(version.within(last)) and version.position(last) < version.position(first)
        span = NumberSpan(last, first) if backwards else NumberSpan(first, last)
        self.spans.append((match.start(), span, marked))
        return " " * len(match[0])

    def _take_named(self, match: re.Match[str]) -> str:
        first = self._names.whole.get(_key(match["first"]))
        last = self._names.whole.get(_key(match["last"])) if match["last"] else first
        return self._take(match, first, last, marked=True) if first and last else match[0]

    def _take_item(self, match: re.Match[str]) -> str:
        items = _inner_key(match["item"]).split()
        clause = self._number(match["number"])
        more = match["more"]
        inside, count = _innermost(clause, items, self._names)
        if not count and not (_ALINEA.search(match["item"]) and self._version.within(clause)):
            return match[0]
        if count < len(items):  # one of the items does not exist
            return self._take(match, inside, inside, marked=True) + " alinéa "
        spans = [NumberSpan(inside, inside)]
        while other := _MORE.match(more):
            sister, there = _innermost(clause, [*items[:-1], _inner_key(other["item"])], self._names)
            alike = other["item"].isdecimal() == items[-1].isdecimal()
            if there < len(items) or not alike or other["link"] in {",", ";", "/"}:
                break
            start = spans.pop().first if _RANGED.fullmatch(other["link"]) else sister
            spans.append(NumberSpan(start, sister))
            more = more[other.end() :]
        for span in spans:
            self._take(match, span.first, span.last, marked=True)
        return " " * (len(match[0]) - len(more)) + more

    def _take_inserted(self, match: re.Match[str]) -> str:
        """Record a reference to an inserted number, « 2 bis », that the version does not have."""
        number = Number(f"{self._number(match['number'])} {match['rank'].lower()}")
        # « 12 bis rue Saint-Jean » is a plain figure.
        marked = bool(match["word"]) or _is_marked(match["number"])
        return self._take(match, number, number, marked=marked)

    def _take_missing(self, match: re.Match[str]) -> str:
        word, label = match["word"], match["label"]
        number = Number(f"{word} {label.upper()}" if word else match["shape"].upper())
        return self._take(match, number, number, marked=True)

    def _take_range(self, match: re.Match[str]) -> str:
        first = self._number(match["first"])
        typed = match["last"].replace(",", ".")
        last = self._number(typed)
        start, end = counted(str(first))
        if start and end and typed.isdecimal() and int(typed) > end:
            sister = resolved(f"{start}{typed}", self._version)  # « 5.1 à 10 » ends at 5.10
            last = sister if self._version.within(sister) else last
        return self._take(match, first, last, marked=_is_marked(match["first"]))

    def _take_single(self, match: re.Match[str]) -> str:
        number = self._number(match["number"])
        return self._take(match, number, number, marked=bool(match["word"]) or _is_marked(match["number"]))

    def _number(self, typed: str) -> Number:
        return resolved(typed.replace(",", "."), self._version)


def _is_marked(text: str) -> bool:
    """Return whether a number contains a dot, so that it is not a mere quantity."""
    return not text.isdecimal()


def pointed(first: Number, second: Number, version: Version) -> Number | None:
    """Return the clause that two plain numbers name together, 5.10 for « 5 10 », or None.

    Return None when the second is an article's number, or when there is no such clause.
    """
    if version.within(second) or not (str(first).isdecimal() and str(second).isdecimal()):
        return None
    number = resolved(f"{first}.{second}", version)
    return number if version.clause(number) else None


# --- What a version calls its parts -------------------------------------------------------------

_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_IS_ROMAN = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_CALLED: Final = ("titre", "chapitre", "partie", "section")  # words that people add to a bare « IV. »
_OF: Final = ("du ", "de la ", "de l'", "de l’", "de ")
_FIRST: Final = frozenset(["premier", "premiere", "1er", "1re", "unique"])
_UNDER = r"(?:alin[eé]as?|al\.|al(?=\s)|par\.|sous-paragraphes?|items?|lettres?|let\.|let(?=\s))"
_KEY = rf"(?:{_UNDER}|{_WORDS}|paragraphes?|points?)"
_KEYED = rf"(?:l[ea] |l['’])?(?:{_KEY}\s+(?:[a-z]{{1,4}}|\d{{1,2}})\)?|\d{{1,2}}\s+{_KEY})(?!\w)"
_BARE = r"(?:l[ea] )?(?:[a-z]|[ivx]{1,4}|\d{1,2})\)?(?!\w)"
# « alinéa a) de l'article 5.01 », « 2e paragraphe de 5.01 », « lettre b du 3e alinéa de 13 ».
_ITEMS_OF = re.compile(
    rf"(?<!\w)(?P<items>(?:{_KEYED}|{_BARE})"
    rf"(?:,?\s+(?:d[eu]\s+)?(?:{_KEYED}|[a-z]\)?(?!\w)|\d{{1,2}}(?=\s+d[eu]\s))){{0,2}})"
    rf",?\s+d[eu]\s+(?:{_WORDS} ?)?(?P<number>{_NUMBER})(?!\w)",
    re.IGNORECASE,
)
_NO_ITEM = re.compile(rf"(?<!\w)(?:{_KEY}|l[ea]|d[eu]|l['’])(?!\w)|l['’]|[\s,()]+", re.IGNORECASE)
# « article 9, al. 2 », « 9 (2) », « 2.1.6, 4 », « art. 13, al. 3, let. a ».
_ITEM_IN = re.compile(
    rf"(?:{_WORDS} ?)?(?<![\w.])(?P<number>{_NUMBER})"
    rf"(?P<item>(?:\s*,?\s*(?:{_UNDER}\s+|\((?=\w{{1,4}}\)))(?:[a-z]{{1,4}}|\d{{1,2}})\)?(?!\w)"
    rf"|\s*,?\s*(?:l[ea] )?\d{{1,2}}\s+{_UNDER}(?!\s+\w+\s+d[eu]\s)"
    rf"|\s*,\s*(?:[a-z]{{1,4}}\)|\d{{1,2}}\)?(?![\w%$]|[.,]\d|\s*(?:{_AND}|{_TO})\s*\d)))+)"
    rf"(?P<more>(?:\s*(?:{_AND}|{_TO})\s*(?:{_UNDER}\s+)?(?:\d{{1,2}}|[a-z])\)?(?![\w%$]|[.,]\d))*)",
    re.IGNORECASE,
)
_ALINEA = re.compile(r"\b(?:alin[eé]as?|al\.?)\s", re.IGNORECASE)  # this word names only a part of a clause
# One more item, « et 3 », or the end of a range, « à 3 ».
_MORE = re.compile(
    rf"\s*(?P<link>{_AND}|{_TO})\s*(?:{_UNDER}\s+)?(?P<item>\d{{1,2}}|[a-z])\)?", re.IGNORECASE
)
_BETWEEN_ITEMS = re.compile(rf"{_UNDER}|[\s,()]+", re.IGNORECASE)
# Like `_ITEM_IN`, for items that may not exist: a letter counts only before « ) » or after « alinéa ».
_ANY_ITEM = (
    re.compile(
        rf"(?<![\w.])(?P<number>{_NUMBER})(?P<item>(?:\s*,?\s*(?:\(?(?:[a-z]{{1,4}}|\d{{1,2}})\)"
        rf"|(?:le |l['’])?{_UNDER}\s+(?:[a-z]{{1,4}}|\d{{1,2}})\)?(?!\w)|,\s*\d{{1,2}}\b(?=\s*,))){{1,3}})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<item>{_UNDER}\s+(?:[a-z]{{1,4}}|\d{{1,2}}))\)?\s+d[eu]\s+(?:{_WORDS} ?)?"
        rf"(?P<number>{_NUMBER})(?!\w)",
        re.IGNORECASE,
    ),
)
_DEEPEST: Final = 5  # levels of nested items; trying thousands would take half a second
# « 2.3.5, 9 », « 13, 1, a »: a whole text that can be a clause and one of its parts.
_PARTS_ALONE = re.compile(
    rf"(?:{_WORDS} ?)?(?P<number>{_NUMBER})"
    rf"(?P<items>(?:(?P<comma>\s*,\s*|\s+)(?:\d{{1,2}}|[a-z])){{1,{_DEEPEST}}})",
    re.IGNORECASE,
)
_INSERTED = re.compile(
    rf"(?<![\w.])(?:(?P<word>{_WORDS}) ?)?(?P<number>{_NUMBER}) ?"
    r"(?P<rank>bis|ter|quater|quinquies|sexies)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that people may give to the parts of a version, by key (see `_key`).

    `whole`: every name, to compare with a whole text. `pattern`: finds the names that can be recognized
    within any text, None when all the numbers are plain. `missing`: finds numbers of the same form that the
    version lacks. `nested`: whether some names include the clause around the part. `inner`: the parts with
    such names, by `_inner_key`, « 13 3 a » for « 13, 3 a. ».
    """

    whole: dict[str, Number]
    inner: dict[str, Number]
    pattern: re.Pattern[str] | None = None
    missing: re.Pattern[str] | None = None
    nested: bool = False


def resolved(typed: str, version: Version) -> Number:
    """Return the number that `typed` means in a version: « 5.1 » means 5.01 when it can mean nothing else.

    Likewise « 20.2 » means « 20, 2 », unless that is an item of a list. A number that the version lacks is
    returned as typed.
    """
    number, names = Number(typed), _names(version)
    if version.within(number):
        return number
    if meant := names.whole.get(_key(typed)):
        return meant
    part = names.inner.get(" ".join(typed.rsplit(".", 1)))  # « 20.2 », of a text that has « 20, 2 »
    return part if part and version.provision(part) else number


def absent_item(text: str, version: Version) -> tuple[Number, str] | None:
    """Return the clause or article, and the label of its missing item, that `text` names, if any."""
    names = _names(version)
    text = " ".join(text.split())
    if alone := _absent_part(text, version):
        return alone
    if names.nested:
        text = _with_items_after(_in_digits(text), version)
    for pattern in _ANY_ITEM:
        for match in pattern.finditer(text):
            clause = resolved(match["number"].replace(",", "."), version)
            if version.within(clause):
                items = _inner_key(match["item"]).split()
                inside, count = _innermost(clause, items, names)
                if count < len(items):
                    return inside, items[count]
    return None


def _absent_part(text: str, version: Version) -> tuple[Number, str] | None:
    """Return a clause and the label of its missing part, when `text` names only that: « 2.3.5, 9 ».

    The second number names a part if no article has this number or, after a comma, if the clause's number
    contains a dot and no other number follows.
    """
    match = _PARTS_ALONE.fullmatch(text.strip(" .?!"))
    names = _names(version)
    clause = resolved(match["number"].replace(",", "."), version) if match else None
    if match is None or clause is None or not version.within(clause):
        return None
    items = _inner_key(match["items"]).split()
    inside, count = _innermost(clause, items, names)
    if count == len(items):
        return None
    item = items[count]
    is_counted = _inner_key(f"{inside} 1") in names.inner
    if count or not item.isdecimal():  # « 2, 1, 1, 2 » is two numbers
        return (inside, item) if count and not version.within(Number(item)) else None
    # « 5.10, 5, 6 » is a list.
    pointed = "." in match["number"] and "," in match["comma"] and len(items) == 1
    return (inside, item) if pointed or (is_counted and not version.within(Number(item))) else None


def _innermost(clause: Number, items: Sequence[str], names: "_Names") -> tuple[Number, int]:
    """Return the innermost of nested items that exists, and its depth: `(clause, 0)` when none exists.

    `items`: the labels of the items, outermost first.
    """
    keys = (_inner_key(f"{clause} {' '.join(items[:count])}") for count in range(len(items), 0, -1))
    for at, key in enumerate(keys):
        if item := names.inner.get(key):
            return item, len(items) - at
    return clause, 0


def _with_items_after(text: str, version: Version) -> str:
    """Return the text with each item moved after its clause: « 5.01, al. a » for « alinéa a) de 5.01 »."""
    names = _names(version)

    def turned(match: re.Match[str]) -> str:
        clause = resolved(match["number"].replace(",", "."), version)
        items = [word.strip(".)") for word in _NO_ITEM.sub(" ", match["items"]).split()]
        # A word before the items may look like an item: « il y a la lettre b ».
        orders = [order for at in range(len(items)) for order in (items[at:], items[at:][::-1])]
        best = max(orders, key=lambda order: _innermost(clause, order, names)[1])
        if not _innermost(clause, best, names)[1]:
            return match[0]
        return "".join((match["number"], *(f", al. {item}" for item in best)))

    return _ITEMS_OF.sub(turned, text)


@lru_cache(maxsize=256)
def _names(version: Version) -> _Names:
    exact: dict[str, Number] = {}
    meant: dict[str, set[Number]] = defaultdict(set)
    patterns: dict[str, None] = {}
    for number in version.numbers():
        exact.setdefault(_key(str(number)), number)
        for name, stands_out in _ways(number, version):
            meant[_key(name)].add(number)
            if stands_out and not _PLAIN.fullmatch(name):
                patterns[_pattern_of(name)] = None
    whole = {key: next(iter(numbers)) for key, numbers in meant.items() if len(numbers) == 1} | exact
    if not patterns:
        return _Names(whole, {})
    name = "|".join(sorted(patterns, key=len, reverse=True))
    the = rf"(?<![\w.])(?:l['’]|l[ae] |du |de l['’])?(?:(?:{_WORDS}|{_UNDER}) ?)?"
    ends = rf"(?P<first>{name})(?: ?{_TO} ?(?P<last>{name}))?(?!\w|\.\d)"
    inner = {
        _inner_key(str(number)): number
        for number in version.numbers()
        if version.provision(number) is None or ", " in str(number)
    }
    for short, numbers in _without_paragraph(inner).items():
        inner.setdefault(short, numbers)
    return _Names(whole, inner, re.compile(the + ends), _missing_pattern(version), bool(inner))


def _without_paragraph(inner: Mapping[str, Number]) -> Mapping[str, Number]:
    """Return the items of numbered paragraphs, without the paragraph's number: « 13 a » for « 13 3 a ».

    An item that several paragraphs of the clause have is left out.
    """
    holders: dict[str, set[Number]] = defaultdict(set)
    for key, number in inner.items():
        *clause, paragraph, item = key.split()
        if clause and paragraph.isdecimal() and item.isalpha():
            holders[" ".join((*clause, item))].add(number)
    return {key: next(iter(numbers)) for key, numbers in holders.items() if len(numbers) == 1}


def _missing_pattern(version: Version) -> re.Pattern[str] | None:
    """Return a pattern for numbers written like those of a version, None when these are all plain."""
    words, shapes = {"(?!)"}, {"(?!)"}
    for number in version.numbers():
        if _is_called(number, version):  # « titre VI », where « IV. » is called « titre IV »
            words.update(_CALLED)
        last = fold_accents(str(number).rpartition(", ")[2])
        word, _, label = last.partition(" ")
        if word.replace("-", "").isalpha() and label and " " not in label:
            words.add(word)
        elif re.fullmatch(r"\w+(?:[-.]\w+)+", last) and not _PLAIN.fullmatch(last):
            parts = re.findall(r"\d+|[a-z]+|[-.]", last)
            kinds = (r"\d+" if p.isdecimal() else "[a-z]+" if p.isalpha() else f"[{p}]" for p in parts)
            shapes.add("".join(kinds))
    if len(words) + len(shapes) == 2:  # noqa: PLR2004 — the patterns that nothing matches
        return None
    return re.compile(
        rf"(?<![\w-])(?:(?:l['’]|l[ae] |du |de l['’])?(?P<word>{'|'.join(sorted(words))}) "
        rf"(?P<label>[ivxlc]+|\d{{1,3}}|[a-z])|(?:{_WORDS} ?)?(?P<shape>{'|'.join(sorted(shapes))}))"
        r"(?!\w|[.-]\d)"
    )


def _ways(number: Number, version: Version) -> Iterator[tuple[str, bool]]:
    """Yield the names that people may give to a part, and whether each can be recognized within a text.

    A title, or a letter alone, cannot: any sentence may contain it.
    """
    text = str(number)
    provision = version.provision(number)
    if provision is None:  # an item
        bare = re.sub(r"\W+$", "", text)
        # « 5.01a » is an item; « 5.12 » is a number, even beside a « 5.1 2) ».
        joined = ((bare.replace(" ", ""), True),) if bare[-1].isalpha() else ()
        yield from ((text, bare != text), (bare, False), *joined)
        return
    path, _, last = text.rpartition(", ")
    named = provision.kind is Kind.PREAMBLE
    yield text, named or (bool(provision.label) and not text.isalpha())
    yield last, any(map(str.isdecimal, last)) and not last.isdecimal()
    if provision.title and not provision.label:
        yield from ((provision.title, False), (f"la partie {last}", False))
    for above in version.around(number) if not path else ():  # « titre I, article 2 »
        called = [f"{word} {above}" for word in _CALLED] if _is_called(above, version) else []
        for outer in (str(above), *called):
            yield from ((f"{outer}, {text}", False), (f"{outer}, article {text}", False))
    if _is_called(number, version):
        yield from ((f"{word} {label}", True) for word in _CALLED for label in _labels(last))
    for label in _labels(provision.label):
        keyword = last.removesuffix(provision.label)
        noun = "article " if provision.kind is Kind.ARTICLE else keyword
        yield f"{keyword}{label}", bool(keyword) and not path
        yield f"{noun}{label}", bool(noun)
        for before in (f"{path}, ", f"{path} ") if path else ():  # the first name's pattern finds both
            comma = before[-2] == ","
            yield from ((f"{before}{keyword}{label}", comma), (f"{before}{noun}{label}", comma))
        for of in _OF if path else ():  # the first name's pattern finds them all
            yield f"{noun}{label} {of}{path}", of == _OF[0]


def _is_called(number: Number, version: Version) -> bool:
    """Return whether people may call a part « titre IV » although its number is only « IV. »."""
    provision = version.provision(number)
    alone = provision is not None and str(number) == provision.label and bool(provision.children)
    return alone and bool(_value(str(number)))


def _labels(label: str) -> Iterator[str]:
    """Yield a label as people type it: « II » may be 2, « 1-1 » may be 1.1, « 2 bis » may be 2bis."""
    if not label:
        return
    yield label
    yield label.replace("-", ".")
    joined = re.sub(r"[\s.-]", "", label)
    if not joined.isdecimal():  # « 11 » is not 1-1
        yield joined
    if value := _value(label):
        yield str(value)


def _value(label: str) -> int:
    """Return the value of a Roman number, or of « premier », 0 for any other label."""
    folded = fold_accents(label)
    if folded in _FIRST:
        return 1
    if not label.isupper() or not _IS_ROMAN.fullmatch(folded):
        return 0
    figures = [_ROMAN[letter] for letter in folded]
    return sum(-a if a < b else a for a, b in zip(figures, [*figures[1:], 0], strict=True))


def _key(name: str) -> str:
    """Return a name in lower case, without accents, closing parenthesis, or zeros before a number."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", " ".join(fold_accents(name).split())).removesuffix(")")


def _inner_key(name: str) -> str:
    """Return the words of the number of an item, « 13 3 a » for « 13, al. 3, let. a » and « 13, 3 a. »."""
    words = (word.rstrip(".") for word in _BETWEEN_ITEMS.sub(" ", fold_accents(name)).split())
    return " ".join(re.sub(r"(?<!\d)0+(?=\d)", "", word) for word in words)


def _pattern_of(name: str) -> str:
    """Return a pattern for a name as people type it, without accents."""
    before, of, path = fold_accents(name).partition(f" {_OF[0]}")
    if of:
        return f"{_pattern_of(before)}\\s+(?:{'|'.join(map(re.escape, _OF))}){_pattern_of(path)}"
    words = [re.escape(re.sub(r"(?<!\d)0+(?=\d)", "", word)) for word in fold_accents(name).split()]
    return re.sub(r"(?<!\d)(?=\d)", "0*", r"\s*".join(words).replace(",", ",?"))


def _sub_folded(pattern: re.Pattern[str], take: Callable[[re.Match[str]], str], text: str) -> str:
    """Replace, with what `take` returns, each match of `pattern` in `text` once accents are removed.

    Accents outside of the matches are kept.
    """
    folded = "".join((fold_accents(letter) or " ")[0] for letter in text)
    result, at = "", 0
    for match in pattern.finditer(folded):
        result += text[at : match.start()] + take(match)
        at = match.end()
    return result + text[at:]


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
    from rapidfuzz.distance import OSA  # noqa: PLC0415 — as above

    typed = match["typed"].lower()
    if typed in _OTHERS:
        return match[0]
    close = process.extractOne(typed, _NAMED, scorer=OSA.distance, score_cutoff=1)
    return close[0] if close else match[0]


_BESIDE = 2  # articles to look at on each side, when the article does not exist
_SAME = 3  # parts to show when several containers have the same number


def nearest(number: Number, version: Version) -> tuple[Number, ...]:
    """Return the few existing numbers that a missing `number` may have meant, if any, in order.

    One corrects a likely slip (an extra or missing digit, or a missing dot). The other is the closest in
    the same article or, when that article does not exist, within `_BESIDE` articles. For a number that
    several containers have, return the first few parts with this number instead.
    """
    typed = _figures(number)

    def distance(candidate: Number) -> tuple[int, ...]:
        return tuple(abs(a - b) for a, b in zip_longest(_figures(candidate), typed, fillvalue=0))

    def is_slip(candidate: Number) -> bool:
        shorter, longer = sorted((str(number), str(candidate)), key=len)
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))

    def is_beside(candidate: Number) -> bool:
        figures = _figures(candidate)
        return bool(figures and typed) and 0 < abs(figures[0] - typed[0]) <= _BESIDE

    def is_called(candidate: Number) -> bool:
        return str(number).partition(" ")[0] in _CALLED and _is_called(candidate, version)

    def is_sister(candidate: Number) -> bool:
        word, space, _ = str(candidate).partition(" ")
        return bool(space) and str(number).startswith(f"{word} ") and ", " not in str(candidate)

    same = [part for part in version.numbers() if str(part).endswith(f", {number}")]
    if same:
        return tuple(same[:_SAME])
    clauses = version.clauses()
    article = version.article(number)
    above = counted(str(number))[0]
    base = Number(str(number).partition(" ")[0])
    if version.within(base):  # « 2 bis », which was never inserted after 2
        return (base,)
    groups = (
        [clause.number for clause in clauses if is_slip(clause.number)],
        [part for part in version.numbers() if is_sister(part) or is_called(part)]
        or [clause.number for clause in clauses if above and counted(str(clause.number))[0] == above]
        or [clause.number for clause in clauses if article and clause.article == article.number]
        or [clause.number for clause in clauses if is_beside(clause.number)],
    )
    near = {min(group, key=distance) for group in groups if group}
    return tuple(sorted(near, key=version.position))


def _figures(number: Number) -> tuple[int, ...]:
    words = [str(_value(word) or word) for word in str(number).split()]
    return tuple(map(int, _FIGURES.findall(" ".join(words))))
