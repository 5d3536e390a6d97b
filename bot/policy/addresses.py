"""The address of each part of a text: the shortest name that only this part has within its version.

« 5.10 », « 5.01 a) », « titre III », « annexe A », « préambule ». Where numbering restarts in each container,
the container's number comes first: « titre III, 2 ». Numbers are shown as they are written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bot.policy.names import GenderedName
from bot.policy.provisions import Kind, Outline, Provision

LONGEST = 44  # characters, so that a button can carry an address with its command, policy and version
CAPTION = 70  # characters of an address in a caption or on a button
TITLE = 32  # characters of a title, when it is the address of a heading without a number
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ORDINALS = ("deuxième", "troisième", "quatrième", "cinquième", "sixième", "septième", "huitième", "neuvième")
# The address of a part without a number, for these kinds.
_NAMES = {Kind.PREAMBLE: "préambule", Kind.ANNEX: "annexe", Kind.ARTICLE: "article"}
_MASCULINE = frozenset(
    ("livre", "titre", "chapitre", "article", "règlement", "paragraphe", "alinéa", "appendice", "préambule")
)
_FEMININE = frozenset(("partie", "section", "sous-section", "règle", "clause", "annexe"))
_CONTAINERS = (Kind.TITLE, Kind.CHAPTER, Kind.SECTION, Kind.ANNEX)


@dataclass(eq=False, slots=True)
class Addressed:
    """A provision and its address. `above`: the provision that contains it, if any. `number`: its address.

    `cited`: its name within a sentence, « article 5 », « 5.10 », « titre III, article 2 ».
    """

    provision: Provision
    above: Addressed | None
    number: str
    cited: str

    @property
    def division(self) -> bool:
        """Whether the provision is an article or a container, not a clause or a heading in an article."""
        if self.provision.kind is Kind.UNNUMBERED:
            inside = {place.provision.kind for place in self.upward()}
            return inside.isdisjoint({Kind.ARTICLE, Kind.CLAUSE})
        return self.provision.kind not in {Kind.CLAUSE, Kind.ITEM} or self.above is None

    @property
    def article(self) -> Addressed:
        """The nearest article or container around the provision, which may be the provision itself."""
        return next(place for place in self.upward() if place.division)

    @property
    def name(self) -> str:
        """The provision's name in a caption or a label: « Article 5 », « Titre III »."""
        return f"{self.cited[0].upper()}{self.cited[1:]}"

    def upward(self) -> Iterator[Addressed]:
        """Yield this provision, then the containers around it, innermost first."""
        place: Addressed | None = self
        while place is not None:
            yield place
            place = place.above


def places(outline: Outline) -> list[Addressed]:
    """Return every provision except items, in the order of the text, each with a unique address."""
    holders = _holders(outline)
    taken: set[str] = set()
    result: list[Addressed] = []

    def settle(provisions: tuple[Provision, ...], above: Addressed | None) -> None:
        # When 1 needs its container's name to be unambiguous, its siblings 2 and 3 get that name too.
        shared = {p.kind for p in provisions if _is_counted(p) and _is_shared(p, above, holders)}
        for provision in provisions:
            if provision.kind is Kind.ITEM and above:
                continue
            written, cited = _alone(provision), _cited(provision)
            around = above
            if above and _continues(provision, above.provision):
                legitimate = sum(continues for _, continues in holders[written.casefold()])
                around = above.above if legitimate > 1 else None
            elif not (_is_counted(provision) and provision.kind in shared):
                around = above if _is_shared(provision, above, holders) else None
            if around:
                written = f"{_shortened(around.number, LONGEST - len(written) - 2)}, {written}"
                cited = f"{_shortened(around.cited, CAPTION - len(cited) - 2)}, {cited}"
            written, cited = _shortened(written, LONGEST), _shortened(cited, CAPTION)
            unique = untaken(written, taken)
            place = Addressed(provision, above, unique, cited + unique[len(written) :])
            result.append(place)
            settle(provision.children, place)

    settle(outline.provisions, None)
    return result


# From an address to the provisions that have it: for each, the `id` of its container, and whether its number
# extends the container's.
_Holders: TypeAlias = dict[str, set[tuple[int, bool]]]


def _holders(outline: Outline) -> _Holders:
    holders: _Holders = defaultdict(set)

    def note(provisions: tuple[Provision, ...], above: Provision | None) -> None:
        for provision in provisions:
            if provision.kind is Kind.ITEM and above:
                continue
            if not (above and _restarts(provision, above)):
                continues = above is not None and _continues(provision, above)
                holders[_alone(provision).casefold()].add((id(above), continues))
            note(provision.children, provision)

    note(outline.provisions, None)
    return holders


def _continues(provision: Provision, above: Provision) -> bool:
    """Return whether a clause's number extends its container's: 5.10 in article 5."""
    longer = len(provision.label) > len(above.label) > 0
    return provision.kind is Kind.CLAUSE and longer and extends(provision.label, above.label)


def _restarts(provision: Provision, above: Provision) -> bool:
    """Return whether a clause's number restarts within another clause or an article: « 1 » in 5.02."""
    numbered = bool(above.label) and above.kind in {Kind.CLAUSE, Kind.ARTICLE}
    return provision.kind is Kind.CLAUSE and numbered and _is_counted(provision)


def _is_counted(provision: Provision) -> bool:
    """Return whether a number has a single part: « 2 », « 2 bis », not « 2.1 »."""
    return bool(provision.label) and not re.search(r"[.-]", provision.label)


def _is_shared(provision: Provision, above: Addressed | None, holders: _Holders) -> bool:
    """Return whether a number alone is ambiguous, because another part may have it too."""
    if above is None or provision.kind is Kind.ITEM or _continues(provision, above.provision):
        return False
    return _restarts(provision, above.provision) or len(holders[_alone(provision).casefold()]) > 1


def item_suffix(provision: Provision) -> str:
    """Return the suffix that an item adds to its clause's address: « a) »."""
    return provision.opening.strip() or (f"{provision.label})" if provision.label else "")


def _alone(provision: Provision) -> str:
    """Return the address that a provision has when no other provision has the same name."""
    if not provision.label:
        if name := _NAMES.get(provision.kind):
            return name
        title = " ".join((provision.title or "".join(p.text for p in provision.paragraphs[:1])).split())
        if len(title) > TITLE:
            title = title[: TITLE + 1].rpartition(" ")[0].strip(" .,;:") + "…"
        return title.strip(" .:") or str(provision.kind)
    if provision.kind is Kind.ITEM:
        return item_suffix(provision)
    if provision.kind in _CONTAINERS and (word := _keyword(provision)):
        return f"{word} {provision.label}"
    return provision.label


def _cited(provision: Provision) -> str:
    if provision.kind is Kind.ARTICLE and provision.label:
        return f"article\u00a0{provision.label}"
    alone = _alone(provision)
    if provision.kind is Kind.UNNUMBERED:
        return f"«\u00a0{alone}\u00a0»"
    return alone.replace(" ", "\u00a0") if provision.label else alone


def _keyword(provision: Provision) -> str:
    """Return the word before a container's number, « titre » for « TITRE III – », "" when there is none."""
    word = _WORD.match(provision.opening.strip())
    return word[0].lower() if word and word[0] != provision.label else ""


def _shortened(address: str, longest: int) -> str:
    return address if len(address) <= longest else f"{address[: longest - 1].rstrip()}…"


def untaken(number: str, taken: set[str]) -> str:
    """Add a number to `taken`, as « 5 (deuxième) » if it is there already, and return it as added."""
    unique, again = number, 0
    while unique.casefold() in taken:
        again += 1
        unique = f"{number} ({_ORDINALS[again - 1] if again <= len(_ORDINALS) else f'{again + 1}e'})"
    taken.add(unique.casefold())
    return unique


def as_counted(number: object) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts numbers by value, without knowing their version: 5.9 comes before 5.10."""
    parts = re.findall(r"\d+|[^\W\d_]+", str(number))
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def counted(label: str) -> tuple[str, int | None]:
    """Split a number before its last digits: « 5.10 » gives « 5. » and 10, « II » gives « II » and None."""
    figures = re.search(r"\d+$", label)
    return (label[: figures.start()], int(figures[0])) if figures else (label, None)


def listed(numbers: Iterable[object]) -> str:
    """Join numbers in a list: « 5.1, 5.2 », or « 9, 1; 12, 3 » when they contain commas."""
    numbers_ = [str(number) for number in numbers]
    return ("; " if any("," in number for number in numbers_) else ", ").join(numbers_)


def extends(number: str, above: str) -> bool:
    """Return whether `number` extends `above`: « 4.2.1 » extends « 4.2 » and « 4 »."""
    return number.startswith(above) and not number[len(above) : len(above) + 1].isalnum()


def lookalike(number: str, known: Iterable[Addressed]) -> Addressed | None:
    """Return a known part whose number has the same pattern as `number`, as 5.03 and 4.99 do, or None."""
    shape = _shape(number)
    labelled = (place for place in known if place.provision.label)
    return next((place for place in labelled if _shape(place.number) == shape), None)


def _shape(number: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", number))


def _is_bare(provision: Provision, name: str) -> bool:
    """Return whether a name begins with a container's number without its noun: « II »."""
    bare = provision.kind in _CONTAINERS and bool(provision.label) and not _keyword(provision)
    return bare and name.partition(", ")[0] == provision.label


def with_noun(number: str, place: Addressed | None) -> GenderedName:
    """Return a number with its noun: « clause 5.10 ». `place`: that part, or one with a similar number."""
    keyword = number.partition(" ")[0].casefold()
    if place is None and keyword in _MASCULINE | _FEMININE:  # « titre VI »
        return GenderedName(number, "masculin" if keyword in _MASCULINE else "féminin")
    plain = number.replace(" ", "").isalnum()  # « 2 bis »
    kind = place.provision.kind if place else Kind.ARTICLE if plain else Kind.CLAUSE
    cited_alone = place is not None and place.number == number
    if kind in {Kind.CLAUSE, Kind.ITEM}:
        return GenderedName(f"clause {number}")
    noun = "article\u00a0" if kind is Kind.ARTICLE and not cited_alone else ""
    noun = "partie " if kind is Kind.UNNUMBERED else noun
    masculine = {Kind.TITLE, Kind.CHAPTER, Kind.PREAMBLE, Kind.ARTICLE}
    name = place.cited if place and cited_alone else number
    # A bare « II » is called « la partie II », also within the address of a part inside it.
    if place and cited_alone and any(_is_bare(above.provision, name) for above in place.upward()):
        return GenderedName(f"partie {name}")
    called = f"{noun}{name}"
    word = _WORD.match(called)
    first = word[0].casefold() if word else ""  # « sous-section 2, article 4 » is called a subsection
    is_masculine = first in _MASCULINE or (kind in masculine and first not in _FEMININE)
    return GenderedName(called, "masculin" if is_masculine else "féminin")
