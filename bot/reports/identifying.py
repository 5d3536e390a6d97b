"""Detection of the passages of an unsent report that may identify its author or someone else.

The author decides what to do. Nothing is changed or stored. The phrases are data (`data/identifying.toml`).
Names, contact details and accounts are found by `bot.language.masking`. Doubtful passages are not marked,
because nobody reads a warning that appears at every sentence.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from bot.language import masking
from bot.language.masking import Masker
from bot.policy.search import fold_accents

FILE: Final = "identifying.toml"
MARKED_TEXT_LENGTH: Final = 5_000  # characters; the forms accept less
NAME: Final = "name"
_KIND_OF: Final[Mapping[str, str]] = {
    masking.NAME: NAME,
    masking.ADDRESS: "contact",
    masking.MENTION: "account",
}
_APOSTROPHES: Final = str.maketrans("’‘ʼ`\u00a0\u202f\t\n", "''''    ")
_SENTENCE: Final = re.compile(r"[^.!?;]*")
_ONESELF: Final = re.compile(r"\b(?:je|moi|nous|j'|m')")
_ACRONYM: Final = 6  # a word in capitals with at most this many letters is taken for an acronym
_BEFORE: Final = 20  # characters of context read before a word
_PART: Final = re.compile(r"[^\W\d_]+")
# After these, a capital starts a place or group name: « le pavillon Albert-Tessier », « au Chasse-Galerie ».
_SITE: Final = re.compile(
    r"\b(?:pavillon|salle|rue|avenue|boulevard|parc|place|bar|pub|cafe|resto|restaurant|cegep|college|"
    r"universite|page|groupe|journal|balado|podcast|blogue|residence|centre|programme|local|compte|serveur|site)"
    r"\s+(?:du |de la |de l'|des |le |la |les )?$"
)
_ARTICLE: Final = re.compile(r"(?:\b(?:au|aux|du|le|la|les|des|un|une|cette|ce|sur|en)\s+|\bl['’])$")
_PLACES: Final = frozenset(
    # Words are easier to read in a string than in a list.
    "trois-rivieres trois rivieres shawinigan montreal quebec drummondville becancour nicolet mauricie "  # noqa: SIM905
    "canada france ontario sherbrooke laval gatineau saguenay longueuil levis victoriaville centre-du-quebec "
    "universite association executif conseil comite bureau campus cegep resto bar chasse galant pub cafe "
    "google maps avis spotted reddit page groupe messenger whatsapp gmail outlook moodle zoom".split()
)
_JOINED: Final = re.compile(r"[\s.'’-]{1,3}")  # between a first and a family name
_Span: TypeAlias = tuple[int, int, str]  # start and end in a text, and the kind's identifier


@dataclass(frozen=True, slots=True)
class IdentifyingKind:
    """A kind of passage: its identifier, displayed label and patterns.

    `rank`: its position in the file, which is the display order. `unless`: a pattern that makes a passage
    harmless when it occurs in the same sentence, unless that sentence is about its writer.
    """

    rank: int
    id: str
    label: str
    when: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class IdentifyingMark:
    """A passage that may identify someone: characters `start` to `end` of a text."""

    start: int
    end: int
    kind: IdentifyingKind
    passage: str


@dataclass(frozen=True, slots=True)
class Identifying:
    """Finds passages that may identify someone. `kinds`: by identifier. `masker`: for names and accounts."""

    kinds: Mapping[str, IdentifyingKind]
    masker: Masker

    def marks(self, text: str) -> tuple[IdentifyingMark, ...]:
        """Return the passages of a text that may identify someone, in order.

        Passages of different kinds may overlap (see `without_overlap`). Only the first `MARKED_TEXT_LENGTH`
        characters are read.
        """
        text = text[:MARKED_TEXT_LENGTH]
        spans = sorted(
            {*self._phrases(text), *self._masked(text)}, key=lambda span: (span[0], -span[1], span[2])
        )
        marks = []
        ends = dict[str, int]()
        for start, end, kind in spans:
            if end > ends.get(kind, 0):  # otherwise it lies inside an earlier passage of its kind
                marks.append(IdentifyingMark(start, end, self.kinds[kind], text[start:end]))
                ends[kind] = end
        return tuple(marks)

    def _phrases(self, text: str) -> Iterator[_Span]:
        letters = [fold_accents(character).replace("œ", "oe") for character in text.translate(_APOSTROPHES)]
        folded = "".join(letters)
        places = [place for place, folds in enumerate(letters) for _ in folds]  # where each folded letter is
        for kind in self.kinds.values():
            for pattern in kind.when:
                for match in pattern.finditer(folded):
                    end = match.start() + len(match[0].rstrip(" ,'"))
                    if end > match.start() and not _is_harmless_phrase(kind, folded, match.start()):
                        yield places[match.start()], places[end - 1] + 1, kind.id

    def _masked(self, text: str) -> list[_Span]:
        """Return the spans that the masker would hide. A first name and a family name make one span."""
        spans: list[_Span] = []
        for start, end, mask in self.masker.marks(text):
            kind = _KIND_OF.get(mask)
            if kind is None or (kind == NAME and self._names_nobody(text, start, end)):
                continue
            if spans and spans[-1][2] == kind and _JOINED.fullmatch(text[spans[-1][1] : start]):
                spans[-1] = (spans[-1][0], end, kind)
            else:
                spans.append((start, end, kind))
        return spans

    def _names_nobody(self, text: str, start: int, end: int) -> bool:
        """Return whether a word that the masker takes for a name is probably not one.

        Acronyms, known places and sites, and words after « pavillon » and the like are not names. Neither is
        a word outside `masker.names` that has no capital, follows an article or starts the text.
        """
        word = text[start:end]
        before = fold_accents(text[max(0, start - _BEFORE) : start])
        folded = fold_accents(word)
        is_acronym = word.isupper() and len(word) <= _ACRONYM
        if folded in _PLACES or is_acronym or _SITE.search(before):
            return True
        if any(part in self.masker.names for part in _PART.findall(folded)):
            return False
        return not word[:1].isupper() or bool(_ARTICLE.search(before)) or not before.strip(' \n«"(-')


def without_overlap(marks: Iterable[IdentifyingMark]) -> Iterator[IdentifyingMark]:
    """Yield marks in order, each trimmed to begin after the previous ones."""
    end = 0
    for mark in marks:
        if mark.end > end:
            start = max(mark.start, end)
            yield replace(mark, start=start, passage=mark.passage[start - mark.start :])
            end = mark.end


def by_label(marks: Iterable[IdentifyingMark]) -> dict[str, list[str]]:
    """Return the distinct passages of each kind, each passage on one line, by the kind's label."""
    passages: dict[str, list[str]] = {}
    for mark in sorted(marks, key=lambda mark: mark.kind.rank):
        line = " ".join(mark.passage.split())
        lines = passages.setdefault(mark.kind.label, [])
        if line not in lines:
            lines.append(line)
    return passages


def load_identifying(folder: Path, masker: Masker) -> Identifying:
    """Return the detector, with the kinds read from `FILE` in a data folder. Raises `OSError`."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    words: Mapping[str, str] = data["words"]
    kinds = {}
    for rank, table in enumerate(data["kind"]):
        patterns = tuple(re.compile(_expanded(pattern, words)) for pattern in table.get("when", ()))
        unless = re.compile(table["unless"]) if "unless" in table else None
        kinds[table["id"]] = IdentifyingKind(rank, table["id"], table["label"], patterns, unless)
    return Identifying(kinds, masker)


def _expanded(pattern: str, words: Mapping[str, str]) -> str:
    """Return a pattern with each `{name}` replaced by that entry of `words`, recursively."""
    return re.sub(r"\{([a-z]+)\}", lambda match: _expanded(words[match[1]], words), pattern)


def _is_harmless_phrase(kind: IdentifyingKind, folded: str, place: int) -> bool:
    """Return whether a passage is harmless given its sentence, which must not be about its writer."""
    if not kind.unless:
        return False
    start = max(folded.rfind(mark, 0, place) for mark in ".!?;") + 1
    sentence = _SENTENCE.match(folded, start)
    return bool(sentence and kind.unless.search(sentence[0]) and not _ONESELF.search(sentence[0]))
