"""The changes in a clause's words: deletions and insertions, and whether they are only corrections.

A correction is a proofreader's change: punctuation, capitals, spelling, agreement. Any other insertion,
deletion or replacement of a word may change the rules.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import product
from typing import Final, Literal, TypeAlias

from bot.policy import search

Op: TypeAlias = Literal["equal", "delete", "insert"]
Run: TypeAlias = tuple[Op, str]

LONG: Final = 2_000  # tokens in a clause above which a faster algorithm is used

_SPACE: Final = re.compile(r"\s+")
# Zero-width characters, direction marks, soft hyphen.
_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
# Variants of apostrophes and hyphens from keyboards and word processors.
_SIGNS: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'") | dict.fromkeys("\u2010\u2011", "-")
)
_MOST_PLAIN: Final = 1_024  # maximum characters in the table
_TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\s+|.", re.DOTALL)


def normalized(text: str) -> str:
    """Return a text without white space and with equivalent characters unified, for comparison.

    Superscripts and fractions are kept: 5² is not 52.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_PLAIN).translate(_UNSEEN).translate(_SIGNS)
    return _SPACE.sub("", text)


class _PlainCharacters(dict[int, str]):
    """A table for `str.translate` that replaces ligatures and other variants. It fills itself when used."""

    def __missing__(self, code: int) -> str:
        character = plain = chr(code)
        compatibility = unicodedata.decomposition(character).partition(" ")[0]
        significant = {"<super>", "<sub>", "<fraction>", "<circle>", "<square>"}
        if compatibility.startswith("<") and compatibility not in significant:
            plain = unicodedata.normalize("NFKC", character)
        if len(self) < _MOST_PLAIN:
            self[code] = plain
        return plain


_PLAIN: Final = _PlainCharacters()


@lru_cache(maxsize=256)  # a clause that changed once is read in its history and in several comparisons
def word_diff(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs that turn `old` into `new`: equal (as written in `new`), deleted, inserted.

    When no word separates two changes, the gap between them is deleted and inserted too: « la
    [vice-présidence] [aux communications] » is easier to read as a whole.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    left, right = (
        [" " if token.isspace() else normalized(token) for token in tokens] for tokens in (before, after)
    )
    if max(len(left), len(right)) > LONG:
        from rapidfuzz.distance import Indel  # noqa: PLC0415 — 2 MB, used only when a policy is revised

        opcodes = [
            (op.tag, op.src_start, op.src_end, op.dest_start, op.dest_end)
            for op in Indel.opcodes(left, right)
        ]
    else:
        opcodes = [*SequenceMatcher(None, left, right, autojunk=False).get_opcodes()]
    runs: list[Run] = []
    deleted, inserted = "", ""
    for at, (tag, i, j, k, m) in enumerate(opcodes, 1):
        former, latter = "".join(before[i:j]), "".join(after[k:m])
        if tag != "equal":
            deleted, inserted = deleted + former, inserted + latter
        elif deleted and inserted and at < len(opcodes) and not re.search(r"\w|\n", latter):
            deleted, inserted = deleted + latter, inserted + latter
        else:
            runs += ("delete", deleted), ("insert", inserted), ("equal", latter)
            deleted, inserted = "", ""
    runs += ("delete", deleted), ("insert", inserted)
    return tuple(run for run in runs if run[1])


# --- Corrections, or changes of meaning ---------------------------------------------------------

_GROUPED: Final = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009](?=\d{3}(?!\d))")
_DOTTED: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})+")
_ARTICLE: Final = re.compile(r"(?:article|clause|point|paragraphe)s?|art")
# Inclusive spellings: « employé(e)s », « employé·e·s ».
_INCLUSIVE: Final = re.compile(r"(?<=[^\W\d_])(?:\((?:e|ne|le|ère)\)|[·.-](?:e|ne|le|ère))(?:[·.-]?s)?\b")
_FIGURING: Final = frozenset({"Sc", "Sm", "No"})  # Unicode categories: currencies, arithmetic, superscripts
_UNITS: Final = frozenset("%‰°§")
_FIGURES: Final = dict(
    zip(
        "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente "  # noqa: SIM905 — a list of words reads better as a line
        "quarante cinquante soixante cent mille".split(),
        map(str, (*range(2, 17), 20, 30, 40, 50, 60, 100, 1000)),
        strict=True,
    )
)
# The conditional softens an obligation and the future postpones it, so neither counts as agreement.
_MOODS: Final = (re.compile(r"r(?:ais|ait|ions|iez|aient)$"), re.compile(r"r(?:ai|as|a|ons|ez|ont)$"))
# Endings for agreement, and for common confusions of é, er and ez.
_ENDINGS: Final = frozenset(
    ["", "e", "s", "es", "x", "ee", "ees", "er", "ez", "nt", "ent", "ne", "nes", "le", "te"]
)
_LEAST: Final = 2  # letters that must remain in a word without its ending
# Feminine and plural endings, on folded words.
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

# Words that grammar alone may add or remove.
_SMALL: Final = frozenset({"le", "la", "les", "l", "de", "d", "du", "des"})
# Words that are often confused, or that elide.
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


@dataclass(frozen=True, slots=True)
class Proofreader:
    """Distinguishes corrections from changes of meaning.

    `known`: returns whether a lower-case word exists. `moved`: from a clause's or article's old number to its
    current one, since a reference that follows its clause keeps its meaning.
    """

    known: Callable[[str], bool]
    moved: Mapping[str, str]

    def same(self, old: str, new: str) -> bool:
        """Return whether `new` means the same as `old`, differing at most by corrections."""
        before = [
            f"@{self.moved.get(word[1:], word[1:])}" if word.startswith("@") else word
            for word in _meanings(old)
        ]
        after = _meanings(new)
        if max(len(before), len(after)) > LONG:
            return before == after
        padded = ["", *before, ""]
        return all(
            tag == "equal" or self._corrects(before[i:j], after[k:m], padded[i], padded[j + 1])
            for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        )

    def _corrects(self, gone: list[str], come: list[str], previous: str, following: str) -> bool:
        """Return whether the words `come` are corrections of the words `gone`, paired in order.

        A word may also be added or removed alone if it is in `_SMALL` or repeats the word beside it.
        `previous` and `following`: the words around them, "" at either end.
        """
        idle = [
            {
                at
                for at, (before, word, after) in enumerate(zip(side, side[1:], side[2:], strict=False))
                if word in _SMALL or (word.isalpha() and word in {before, after})
            }
            for side in ([previous, *gone, following], [previous, *come, following])
        ]
        reachable = {(0, 0)}
        for i, j in product(range(len(gone) + 1), range(len(come) + 1)):
            if (i, j) in reachable:
                if i in idle[0]:
                    reachable.add((i + 1, j))
                if j in idle[1]:
                    reachable.add((i, j + 1))
                for m, n in ((1, 1), (2, 1), (1, 2)):
                    if self._alike(gone[i : i + m], come[j : j + n]):
                        reachable.add((i + m, j + n))
        return (len(gone), len(come)) in reachable

    def _alike(self, gone: Sequence[str], come: Sequence[str]) -> bool:
        """Return whether the word `come` corrects the word `gone`. One of them may be split in two."""
        if gone == come:
            return True
        old, new = "".join(gone), "".join(come)
        if not (old.isalpha() and new.isalpha()):
            return False
        if any({old, new} <= group for group in _ALIKE) or agree(old, new):
            return True
        if self.known(old) and self.known(new):
            return False
        from rapidfuzz.distance import OSA  # noqa: PLC0415 — as above

        longest = max(len(old), len(new))
        allowed = 1 if longest < 6 else 2 if longest < 11 else 3  # noqa: PLR2004 — a slip per six letters
        return longest > 1 and OSA.distance(_bare(old), _bare(new)) <= allowed


def _meanings(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation. References become « @5.10 »."""
    text = unicodedata.normalize("NFC", text).translate(_UNSEEN).translate(_SIGNS).lower()
    text = _INCLUSIVE.sub("", _GROUPED.sub("", text.translate(_PLAIN)))
    words: list[str] = []
    for token in _TOKEN.findall(text):
        if _DOTTED.fullmatch(token) or (token.isdigit() and words and _ARTICLE.fullmatch(words[-1])):
            words.append(f"@{token}")
        elif token[0].isalnum():
            words.append(_FIGURES.get(token, token))
        elif unicodedata.category(token[0]) in _FIGURING or token in _UNITS:
            words.append(token)
    return words


@lru_cache(maxsize=4_096)
def _bare(word: str) -> str:
    return search.fold_accents(word).replace("œ", "oe").replace("æ", "ae")


@lru_cache(maxsize=4_096)
def agree(old: str, new: str) -> bool:
    """Return whether two words differ only in gender, number or person, or by é instead of er."""
    left, right = _bare(old), _bare(new)
    if any(bool(mood.search(left)) != bool(mood.search(right)) for mood in _MOODS):
        return False
    left, right = _masculine(left), _masculine(right)
    if left == right:
        return True
    differ = (at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    shared = next(differ, min(len(left), len(right)))
    return any(
        left[cut:] in _ENDINGS and right[cut:] in _ENDINGS
        for cut in range(max(shared - 2, _LEAST), shared + 1)
    )


def _masculine(word: str) -> str:
    """Return the masculine singular of a word, as guessed from its ending."""
    for ending, singular in _FORMS:
        if ending.search(word):
            return ending.sub(singular, word)
    return word
