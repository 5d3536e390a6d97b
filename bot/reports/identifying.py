"""What, in a report, may tell who wrote it or names someone: pointed out before it is sent.

Nothing is decided for the person and nothing is kept: the text comes back as it is, with what may be
worth another look. The phrases are data (`data/identifying.toml`); names, addresses and accounts are
those that `masking` knows. It leans towards silence: a warning at every sentence is not read.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from bot.language import masking
from bot.language.masking import Masker
from bot.policy.search import fold

FILE: Final = "identifying.toml"
READ: Final = 5_000  # characters; the forms take less
NAME: Final = "name"
_KIND_OF: Final[Mapping[str, str]] = {
    masking.NAME: NAME,
    masking.ADDRESS: "contact",
    masking.MENTION: "account",
}
_APOSTROPHES: Final = str.maketrans("’‘ʼ`\u00a0\u202f\t\n", "''''    ")
_SENTENCE: Final = re.compile(r"[^.!?;]*")
_ONESELF: Final = re.compile(r"\b(?:je|moi|nous|j'|m')")
_ACRONYM: Final = 6
_BEFORE: Final = 20  # characters that are read before a word
_PART: Final = re.compile(r"[^\W\d_]+")
# After these, a capital is a place's or a group's: « le pavillon Albert-Tessier », « au Chasse-Galerie ».
_SITE: Final = re.compile(
    r"\b(?:pavillon|salle|rue|avenue|boulevard|parc|place|bar|pub|cafe|resto|restaurant|cegep|college|"
    r"universite|page|groupe|journal|balado|podcast|blogue|residence|centre|programme|local|compte|serveur|site)"
    r"\s+(?:du |de la |de l'|des |le |la |les )?$"
)
_ARTICLE: Final = re.compile(r"(?:\b(?:au|aux|du|le|la|les|des|un|une|cette|ce|sur|en)\s+|\bl['’])$")
_PLACES: Final = frozenset(
    # One list of words, which reads better as a line.
    "trois-rivieres trois rivieres shawinigan montreal quebec drummondville becancour nicolet mauricie "  # noqa: SIM905
    "canada france ontario sherbrooke laval gatineau saguenay longueuil levis victoriaville centre-du-quebec "
    "universite association executif conseil comite bureau campus cegep resto bar chasse galant pub cafe "
    "google maps avis spotted reddit page groupe messenger whatsapp gmail outlook moodle zoom".split()
)
_JOINED: Final = re.compile(r"[\s.'’-]{1,3}")

# Passages that may identify someone: a kind's label, and the passages.
Pointed: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class IdentifyingMark:
    """A passage that may identify someone: from `start` to `end`, and the kind's identifier."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class IdentifyingKind:
    """A kind of passage: its identifier, how people are told of it, and what it is made of."""

    id: str
    label: str
    when: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Identifying:
    """The kinds, ready to be looked for."""

    kinds: tuple[IdentifyingKind, ...]
    masker: Masker

    def marks(self, text: str) -> tuple[IdentifyingMark, ...]:
        """Return the passages of a text that may identify someone, in order, none over another.

        Where several kinds overlap, the first passage is whole and what the next adds begins after it.
        """
        return tuple(_one_by_one(self.found(text)))

    def found(self, text: str) -> tuple[IdentifyingMark, ...]:
        """Return all of them, in order, those of different kinds being possibly one over another."""
        text = text[:READ]
        found = {*self._phrases(text), *self._masked(text)}
        return tuple(_apart(sorted(found, key=lambda mark: (mark.start, -mark.end, mark.kind))))

    def described(self, *texts: str) -> tuple[Pointed, ...]:
        """Return what to point out in texts: for each kind, its label, and the passages, each once."""
        told: dict[str, dict[str, None]] = {}
        for text in texts:
            for mark in self.found(text):
                told.setdefault(mark.kind, {})[" ".join(text[mark.start : mark.end].split())] = None
        return tuple((kind.label, tuple(told[kind.id])) for kind in self.kinds if kind.id in told)

    def _phrases(self, text: str) -> Iterator[IdentifyingMark]:
        folded, at = _folded(text)
        for kind in self.kinds:
            for pattern in kind.when:
                for match in pattern.finditer(folded):
                    end = match.start() + len(match[0].rstrip(" ,'"))
                    if end > match.start() and not _idle(kind, folded, match.start()):
                        yield IdentifyingMark(at[match.start()], at[end - 1] + 1, kind.id)

    def _masked(self, text: str) -> Iterator[IdentifyingMark]:
        marks = [
            IdentifyingMark(start, end, _KIND_OF[mask])
            for start, end, mask in self.masker.marks(text)
            if mask in _KIND_OF and not (mask == masking.NAME and self._harmless(text, start, end))
        ]
        return iter(_joined(text, marks))

    def _harmless(self, text: str, start: int, end: int) -> bool:
        """Tell whether a word that would be masked names nobody: a place, an acronym, a first word."""
        word, before = text[start:end], fold(text[max(0, start - _BEFORE) : start])
        if fold(word) in _PLACES or (word.isupper() and len(word) <= _ACRONYM) or _SITE.search(before):
            return True
        if any(part in self.masker.names for part in _PART.findall(fold(word))):
            return False
        return not word[:1].isupper() or bool(_ARTICLE.search(before)) or not before.strip(' \n«"(-')


def load(folder: Path, masker: Masker) -> Identifying:
    """Read the kinds, which are shipped. Raises `OSError` when they cannot be read."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    words: Mapping[str, str] = data["words"]
    return Identifying(tuple(_kind(one, words) for one in data["kind"]), masker)


def _kind(table: Mapping[str, Any], words: Mapping[str, str]) -> IdentifyingKind:
    patterns = tuple(re.compile(_whole(one, words)) for one in table.get("when", ()))
    unless = re.compile(table["unless"]) if "unless" in table else None
    return IdentifyingKind(table["id"], table["label"], patterns, unless)


def _whole(pattern: str, words: Mapping[str, str]) -> str:
    """Return a pattern with the lists that it names; a list may name another."""

    def listed(match: re.Match[str]) -> str:
        return _whole(words[match[1]], words)

    return re.sub(r"\{([a-z]+)\}", listed, pattern)


def _idle(kind: IdentifyingKind, folded: str, at: int) -> bool:
    """Tell whether what was found is nothing in its sentence, which speaks of something else than oneself."""
    if not kind.unless:
        return False
    start = max((folded.rfind(one, 0, at) for one in ".!?;"), default=-1) + 1
    sentence = _SENTENCE.match(folded, start)
    told = sentence[0] if sentence else ""
    return bool(kind.unless.search(told)) and not _ONESELF.search(told)


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text in lower case, without accents, and where each of its characters comes from."""
    letters: list[str] = []
    at: list[int] = []
    for place, character in enumerate(text.translate(_APOSTROPHES)):
        for letter in unicodedata.normalize("NFD", character.lower()):
            if not unicodedata.combining(letter):
                letters.append("oe" if letter == "œ" else letter)
                at.extend([place] * len(letters[-1]))
    return "".join(letters), at


def _joined(text: str, marks: Iterable[IdentifyingMark]) -> list[IdentifyingMark]:
    """Return marks, those of a kind that follow one another made one: a first and a family name."""
    whole: list[IdentifyingMark] = []
    for mark in marks:
        last = whole[-1] if whole else None
        if last and last.kind == mark.kind and _JOINED.fullmatch(text[last.end : mark.start]):
            whole[-1] = IdentifyingMark(last.start, mark.end, mark.kind)
        else:
            whole.append(mark)
    return whole


def _one_by_one(marks: Iterable[IdentifyingMark]) -> Iterator[IdentifyingMark]:
    """Yield marks of which each begins where those before have ended."""
    end = 0
    for mark in marks:
        if mark.end > end:
            yield IdentifyingMark(max(mark.start, end), mark.end, mark.kind)
            end = mark.end


def _apart(marks: Iterable[IdentifyingMark]) -> Iterator[IdentifyingMark]:
    """Yield marks without those that are within one of the same kind before."""
    ends: dict[str, int] = {}
    for mark in marks:
        if mark.end > ends.get(mark.kind, 0):
            yield mark
            ends[mark.kind] = mark.end
