"""Two wordings of one clause: whether they differ, where, and whether the difference is one of writing only.

A difference of writing is one that a proofreader makes: punctuation, capitals, spelling, agreement. Any
other word put in, taken out or replaced may change what is asked of people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from bot.policy import search

Op: TypeAlias = Literal["equal", "delete", "insert"]
Known: TypeAlias = Callable[[str], bool]

LONG: Final = 2_000  # tokens of a clause beyond which its differences are found by the faster algorithm

_SPACE: Final = re.compile(r"\s+")
# Zero-width characters, marks of direction, and the hyphen that only shows at the end of a line.
_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
# One sign for those that keyboards and word processors write in several ways.
_SIGNS: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'") | dict.fromkeys("\u2010\u2011", "-")
)
_TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\s+|.", re.DOTALL)
_GROUPED: Final = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009](?=\d{3}(?!\d))")
_DOTTED: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})+")
_ARTICLE: Final = re.compile(r"(?:article|clause|point|paragraphe)s?|art")
# « employé(e)s », « employé·e·s »: the same word, written for everyone.
_INCLUSIVE: Final = re.compile(r"(?<=[^\W\d_])(?:\((?:e|ne|le|ère)\)|[·.-](?:e|ne|le|ère))(?:[·.-]?s)?\b")


def form(text: str) -> str:
    """Return what two texts share when they differ by spacing or by the form of characters alone.

    Superscripts and fractions keep their difference: 5² is not 52.
    """
    if not text.isascii():
        text = "".join(map(_plain, unicodedata.normalize("NFC", text))).translate(_UNSEEN).translate(_SIGNS)
    return _SPACE.sub("", text)


@lru_cache(maxsize=1_024)
def _plain(character: str) -> str:
    how = unicodedata.decomposition(character).partition(" ")[0]
    if how.startswith("<") and how not in {"<super>", "<sub>", "<fraction>", "<circle>", "<square>"}:
        return unicodedata.normalize("NFKC", character)
    return character


def words(old: str, new: str) -> tuple[tuple[Op, str], ...]:
    """Return how `new` is written from `old`: runs that stay, in the form of `new`, go, and come.

    A run between two changes that holds no word is given as changed with them: « la [vice-présidence]
    [aux communications] » reads better whole.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    raw: list[tuple[Op, str]] = []
    for how, i, j, k, m in _opcodes(before, after):
        if how == "equal":
            raw.append(("equal", "".join(after[k:m])))
            continue
        if i < j:
            raw.append(("delete", "".join(before[i:j])))
        if k < m:
            raw.append(("insert", "".join(after[k:m])))
    return tuple(_gathered(raw))


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    left, right = [_shape(token) for token in before], [_shape(token) for token in after]
    if max(len(left), len(right)) > LONG:
        from rapidfuzz.distance import Indel  # noqa: PLC0415 — 2 MB that are of use when a policy is revised

        for op in Indel.opcodes(left, right):
            yield op.tag, op.src_start, op.src_end, op.dest_start, op.dest_end
        return
    yield from SequenceMatcher(None, left, right, autojunk=False).get_opcodes()


def _shape(token: str) -> str:
    return " " if token.isspace() else form(token)


def _gathered(runs: Sequence[tuple[Op, str]]) -> Iterator[tuple[Op, str]]:
    """Yield runs, each gap without a word between two changes being given to both sides."""
    gone, come = "", ""
    for at, (op, run) in enumerate(runs):
        if op == "delete":
            gone += run
        elif op == "insert":
            come += run
        elif gone and come and at + 1 < len(runs) and not re.search(r"\w|\n", run):
            gone, come = gone + run, come + run
        else:
            yield from _flushed(gone, come)
            gone, come = "", ""
            yield "equal", run
    yield from _flushed(gone, come)


def _flushed(gone: str, come: str) -> Iterator[tuple[Op, str]]:
    if gone:
        yield "delete", gone
    if come:
        yield "insert", come


# --- Of writing, or of meaning ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proofreader:
    """Tells a correction from a change of meaning.

    `known`: whether a word exists, in lower case. `moved`: for the number of a clause or an article of
    the old version, the one it has now, since a reference that follows its clause says the same.
    """

    known: Known
    moved: Mapping[str, str]

    def same(self, old: str, new: str) -> bool:
        """Tell whether `new` says what `old` said, corrections apart."""
        before = [self._follow(word) for word in _meanings(old)]
        after = _meanings(new)
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        if max(len(before), len(after)) > LONG:
            return before == after
        return all(
            how == "equal" or self._written(before[i:j], after[k:m], before[:i], before[j:])
            for how, i, j, k, m in matcher.get_opcodes()
        )

    def _follow(self, word: str) -> str:
        if word.startswith("@"):
            return f"@{self.moved.get(word[1:], word[1:])}"
        return word

    def _written(self, gone: list[str], come: list[str], left: list[str], right: list[str]) -> bool:
        """Tell whether these words that became those are corrections, whatever pairs off with what.

        A word may also come or go when it is a mere article, or the double of the one beside it.
        """
        reachable = {(0, 0)}
        for i in range(len(gone) + 1):
            for j in range(len(come) + 1):
                if (i, j) in reachable:
                    if _idle(gone, i, left, right):
                        reachable.add((i + 1, j))
                    if _idle(come, j, left, right):
                        reachable.add((i, j + 1))
                    for m, n in ((1, 1), (2, 1), (1, 2)):
                        if (
                            i + m <= len(gone)
                            and j + n <= len(come)
                            and self._one(gone[i : i + m], come[j : j + n])
                        ):
                            reachable.add((i + m, j + n))
        return (len(gone), len(come)) in reachable

    def _one(self, gone: Sequence[str], come: Sequence[str]) -> bool:
        if len(gone) == len(come) == 1:
            return self._pair(gone[0], come[0])
        if any(word.startswith("@") or word[0].isdigit() for word in (*gone, *come)):
            return False
        return self._pair("".join(gone), "".join(come))

    def _pair(self, old: str, new: str) -> bool:
        if old == new:
            return True
        if not (old.isalpha() and new.isalpha()):
            return False
        if _bare(old) == _bare(new) or any(old in group and new in group for group in _ALIKE):
            return True
        return agree(old, new) or self._slip(old, new)

    def _slip(self, old: str, new: str) -> bool:
        """Tell whether one is a slip of the keyboard for the other: at least one of them is no word."""
        if self.known(old) and self.known(new):
            return False
        from rapidfuzz.distance import OSA  # noqa: PLC0415 — as above

        longest = max(len(old), len(new))
        allowed = 1 if longest < 6 else 2 if longest < 11 else 3  # noqa: PLR2004 — a slip in six letters or so
        return longest > 1 and OSA.distance(_bare(old), _bare(new)) <= allowed


_FIGURING: Final = frozenset({"Sc", "Sm", "No"})  # currencies, signs of arithmetic, superscripts
_UNITS: Final = frozenset("%‰°§")


def _meanings(text: str) -> list[str]:
    """Return the words of a text in lower case, punctuation left out; references as « @5.10 »."""
    text = unicodedata.normalize("NFC", text).translate(_UNSEEN).translate(_SIGNS).lower()
    text = _INCLUSIVE.sub("", _GROUPED.sub("", "".join(map(_plain, text))))
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if _DOTTED.fullmatch(token) or (token.isdigit() and found and _ARTICLE.fullmatch(found[-1])):
            found.append(f"@{token}")
        elif token[0].isalnum():
            found.append(_FIGURES.get(token, token))
        elif unicodedata.category(token[0]) in _FIGURING or token in _UNITS:
            found.append(token)
    return found


@lru_cache(maxsize=4_096)
def _bare(word: str) -> str:
    return search.fold(word).replace("œ", "oe").replace("æ", "ae")


# The conditional softens what the present asks, and the future puts it off: neither is agreement.
_MOODS: Final = (re.compile(r"r(?:ais|ait|ions|iez|aient)$"), re.compile(r"r(?:ai|as|a|ons|ez|ont)$"))
# What agreement, and the common mistakes between é, er and ez, put at the end of a word.
_ENDINGS: Final = frozenset(
    ["", "e", "s", "es", "x", "ee", "ees", "er", "ez", "nt", "ent", "ne", "nes", "le", "te"]
)
_LEAST: Final = 2  # letters that stay of a word when its ending is put aside


@lru_cache(maxsize=4_096)
def agree(old: str, new: str) -> bool:
    """Tell whether two words are one in another gender, number or person, or é written for er."""
    left, right = _bare(old), _bare(new)
    if any(bool(mood.search(left)) != bool(mood.search(right)) for mood in _MOODS):
        return False
    left, right = _masculine(left), _masculine(right)
    if left == right:
        return True
    apart = (at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
    shared = next(apart, min(len(left), len(right)))
    return any(
        left[cut:] in _ENDINGS and right[cut:] in _ENDINGS
        for cut in range(max(shared - 2, _LEAST), shared + 1)
    )


def _masculine(word: str) -> str:
    """Return a word in the singular and the masculine, where its ending tells them."""
    for ending, singular in _FORMS:
        if ending.search(word):
            return ending.sub(singular, word)
    return word


_FORMS: Final = tuple(
    (re.compile(rf"(?<=\w\w){ending}$"), singular)
    for ending, singular in (
        ("trices?", "teur"),
        ("euses?", "eur"),
        ("eures?", "eur"),
        ("ieres?", "ier"),
        ("ives?|ifs", "if"),
        ("aux|ales?|als", "al"),
        ("s", ""),
    )
)


def _idle(words: list[str], at: int, left: list[str], right: list[str]) -> bool:
    if at >= len(words):
        return False
    before = words[at - 1] if at else (left or [""])[-1]
    after = words[at + 1] if at + 1 < len(words) else (right or [""])[0]
    return words[at] in _SMALL or (words[at].isalpha() and words[at] in {before, after})


# Words whose coming or going is a matter of grammar.
_SMALL: Final = frozenset({"le", "la", "les", "l", "de", "d", "du", "des"})
# Words that one writes for one another without meaning to, or by elision.
_ALIKE: Final = tuple(
    frozenset(group.split())
    for group in (
        "le la les l",
        "de d du des",
        "au aux à",
        "un une",
        "ce cet cette ces c ses",
        "son sa ses sont",
        "ça sa",
        "on ont",
        "et est",
        "est sont êtes suis",
        "a ont avez",
        "leur leurs",
        "notre nos notres",
        "votre vos votres",
        "mon ma mes",
        "tout tous toute toutes",
        "que qu",
        "qui qu'il",
        "quel quelle quels quelles",
        "se s",
        "ne n",
        "je j",
        "me m",
        "te t",
        "si s",
        "jusque jusqu",
        "lorsque lorsqu",
        "puisque puisqu",
        "quoique quoiqu",
        "quand quant",
        "voir voire",
        "peu peut peux",
        "doit doivent devez dois devons",
        "peut peuvent pouvez peux pouvons",
        "devra devront devrez",
        "pourra pourront pourrez",
        "devrait devraient devriez",
        "pourrait pourraient pourriez",
        "sera seront serez",
        "serait seraient seriez",
        "fait font faites",
        "va vont allez",
        "celui celle ceux celles",
        "lequel laquelle lesquels lesquelles",
        "duquel desquels desquelles",
        "auquel auxquels auxquelles",
        "il ils elle elles",
        "mais mes",
        "dont donc",
    )
)
_FIGURES: Final = {
    word: str(figure)
    for figure, word in enumerate(
        "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split(),  # noqa: SIM905 — one list of words reads better as a line
        2,
    )
} | {
    "vingt": "20",
    "trente": "30",
    "quarante": "40",
    "cinquante": "50",
    "soixante": "60",
    "cent": "100",
    "mille": "1000",
}
