"""From what people type to ordinary French: abbreviations written out, sounds read as words.

What people type for what they mean is data, `data/spelling/fr.tsv`; what a word sounds like is a
short list of rules. Deterministic, and the same when a model is trained and when it serves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bot.policy import search
from bot.policy.articles import PolicyError

MOST_WORDS = 16_384  # twice what a large bank holds
SHORTEST = 4  # a shorter word is too like others to be corrected
LONG = 9  # letters from which two slips are corrected: a swap, a letter missing, doubled or another's
MOST_SLIPS = 10  # corrected in one text; more than that is no French, and each takes a fraction of a ms
WORD = re.compile(r"[^\W_]+")
_TYPED = re.compile(r"\w+'?|[^\w\s]+")
_LETTERED = re.compile(r"[^\W\d_]+")
_ELIDED = re.compile(r"\b(c|j|l|m|t|s|d|n|qu|y)'(?=\w)")

# How French sounds, roughly, on folded words: (what is written, what is heard), in order. Capitals
# stand for sounds that no letter has: X for « ch », A, I and O for the nasal vowels.
_SOUNDS = tuple(
    (re.compile(written), heard)
    for written, heard in (
        (r"qu|q|ck", "k"),
        (r"sch|sh", "X"),
        (r"ch(?=[rlt])", "k"),
        (r"ch", "X"),
        (r"ph", "f"),
        (r"sc(?=[eiy])|c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ge(?=[aou])", "j"),
        (r"gu(?=[ei])", "G"),
        (r"g(?=[eiy])", "j"),
        (r"gn", "n"),
        (r"G", "g"),
        (r"ssion|tion|sion", "sion"),
        (r"ille\b|ill(?=[aeou])|ye?\b", "i"),
        (r"eaux?|aux?", "o"),
        (r"oeu|eu", "e"),
        (r"ain|ein|aim|in(?![aeiouyn])|im(?=[pb])|un(?![aeiouyn])|yn(?![aeiouy])", "I"),
        (r"(?<![iy])en(?=t\b)", "A"),
        (r"[ae]n(?![aeiouyn])|[ae]m(?=[pbm])", "A"),
        (r"on(?![aeiouyn])|om(?=[pb])", "O"),
        (r"oin", "wI"),
        (r"oi|oua", "wa"),
        (r"ou", "u"),
        (r"ais|aient|ait|ai|ei", "e"),
        (r"(?:er|ez|es|et|ee|ees)\b", "e"),
        (r"y", "i"),
        (r"h|x\b", ""),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[a-zA-Z]{2})[stdp]+\b", ""),
        (r"(?<=[a-zA-Z]{2})e\b", ""),
    )
)


class WordCache(dict[str, str]):
    """What was worked out of each word, kept up to a number of them.

    In the order in which they came, so that those of a text that must not be kept can be taken back:
    `forget(count)` leaves the first `count`.
    """

    def __init__(self, work_out: Callable[[str], str]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> str:
        found = self._work_out(word)
        if len(self) < MOST_WORDS:
            self[word] = found
        return found

    def forget(self, count: int) -> None:
        """Take back all that came after the first `count`."""
        while len(self) > count:
            self.popitem()


def _folded(text: str) -> str:
    return search.fold(text).replace("œ", "oe").replace("æ", "ae").replace("’", "'")


def _heard(word: str) -> str:
    heard = word
    for written, replacement in _SOUNDS:
        heard = written.sub(replacement, heard)
    return heard or word


# One of its own: a stemmer keeps a state, and the questions' has the engine's lock.
_stemmer = cache(search.new_stemmer)


def _stemmed(word: str) -> str:
    return fold(_stemmer().stemWord(word))


FOLDED, SOUNDS, STEMS = WordCache(_folded), WordCache(_heard), WordCache(_stemmed)


def fold(word: str) -> str:
    """Return a word in lower case without accents: « Élu » is « elu », « œuvre » is « oeuvre »."""
    return FOLDED[word]


def sound(word: str) -> str:
    """Return how a folded word sounds: « fonksion » and « fonction » have one sound."""
    return SOUNDS[word]


def stem(word: str) -> str:
    """Return a word's French stem, folded."""
    return STEMS[word]


def forgetting() -> Callable[[], None]:
    """Return what takes back every word read from now on: those of some texts must not stay in memory."""
    kept = (STEMS, FOLDED, SOUNDS)
    counts = [len(words) for words in kept]

    def forget() -> None:
        for words, count in zip(kept, counts, strict=True):
            words.forget(count)

    return forget


def read_table(paths: Iterable[Path]) -> dict[str, str]:
    """Read tables of what people type and what they mean, later ones adding to earlier ones.

    Raises `PolicyError`, with the line, when one is not two columns with a tab between.
    """
    table: dict[str, str] = {}
    for path in paths:
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            typed, tab, meant = line.partition("\t")
            if not (tab and typed.strip() and meant.strip()) or "\t" in meant:
                raise PolicyError(path.name, at, "il faut deux colonnes, séparées par une tabulation.")
            table[typed.strip()] = meant.strip()
    return table


@dataclass(frozen=True)
class Speller:
    """Rewrites a question in ordinary French.

    `table`: what people type and what they mean. `known`: the folded words left as they are.
    `by_sound`: for a sound, the commonest known word that has it, with its accents.
    """

    table: Mapping[str, str]
    known: frozenset[str]
    by_sound: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[str], table: Mapping[str, str]) -> Speller:
        """Learn the words of well-spelled `texts`."""
        bare = cls(table, frozenset(), {})
        forms = Counter(word for text in texts for word in WORD.findall(bare.expand(text)))
        known: Counter[str] = Counter()
        for form, count in forms.items():
            known[fold(form)] += count
        accented = {fold(form): form for form, _ in reversed(forms.most_common())}
        by_sound = {
            sound(word): accented[word]
            for word, _ in reversed(known.most_common())
            if len(word) >= SHORTEST and not word.isdigit()
        }
        return cls(table, frozenset(known), by_sound)

    def __call__(self, text: str) -> str:
        """Return `text` with its abbreviations written out and its unknown words corrected."""
        tries = iter(range(MOST_SLIPS))
        return _LETTERED.sub(lambda match: self._word(match[0], tries), self.expand(text))

    def expand(self, text: str) -> str:
        """Return `text` in lower case with what the table knows written out."""
        text = text.replace("’", "'")
        for pattern, meant in self._phrases:
            text = pattern.sub(meant, text)
        text = _ELIDED.sub(r"\1' ", text.lower())
        return " ".join(self._meant(match[0]) for match in _TYPED.finditer(text)).replace("' ", "'")

    @cached_property
    def _phrases(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """What is more than one word, or has its meaning in capitals only."""
        return tuple(
            (
                re.compile(
                    rf"(?<!\w){re.escape(typed)}(?!\w)", 0 if typed != typed.lower() else re.IGNORECASE
                ),
                f"{meant} ",
            )
            for typed, meant in self.table.items()
            if typed != typed.lower() or not WORD.fullmatch(typed)
        )

    def _meant(self, typed: str) -> str:
        if typed.endswith("'"):
            return typed
        return self.table.get(typed) or self.table.get(fold(typed), typed)

    @cached_property
    def _by_length(self) -> Mapping[int, Sequence[str]]:
        found: dict[int, list[str]] = {}
        for word in sorted(self.known):
            found.setdefault(len(word), []).append(word)
        return found

    def _word(self, word: str, tries: Iterator[int]) -> str:
        """Return a known word of the same sound, if need be after the letter of an elision, or a close one.

        `tries`: for how many words more a close one is looked for.
        """
        folded = fold(word)
        if folded in self.known or len(folded) < SHORTEST:
            return word
        found = self.by_sound.get(sound(folded))
        if found or len(folded) == SHORTEST:
            return found or word
        rest = folded[1:]
        if folded[0] in "cdjlmnst" and (
            found := rest if rest in self.known else self.by_sound.get(sound(rest))
        ):
            return f"{folded[0]}'{found}"
        found = "" if next(tries, None) is None else self._close(folded)
        heard = self.by_sound.get(sound(found), "")  # with its accents
        return (heard if fold(heard) == found else found) or word

    def _close(self, folded: str) -> str:
        """Return the known word that a slip of the fingers made of another, "" when there is none."""
        from rapidfuzz import process  # noqa: PLC0415 — 2 MB, for the first word that is not known
        from rapidfuzz.distance import OSA  # noqa: PLC0415 — same

        best, allowed = "", 1 if len(folded) < LONG else 2
        for longer in (0, -1, 1, -2, 2):  # what has as many letters first
            known = self._by_length.get(len(folded) + longer, ())
            close = process.extractOne(folded, known, scorer=OSA.distance, score_cutoff=allowed)
            if close:
                best, allowed = close[0], int(close[1]) - 1
        return best
