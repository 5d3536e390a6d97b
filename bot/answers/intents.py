"""The intents: remarks about the bot itself, such as « où est mon reçu? » or « merci ».

`data/intents.toml` has their phrases and answers, whatever the policy. A text is compared with the phrases by
its words, its runs of letters, its concepts (groups of synonyms) and its sentence embedding. The weights come
from `bot.answers.intents_training`. No text is kept, not even in a cache.
"""

from __future__ import annotations

import math
import re
import tomllib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.policy.search import fold_accents

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE: Final = "intents.toml"
WEIGHTS: Final = "intents.npz"
HELP: Final = "aide"  # the command whose intent is also that of commands without an intent
CONFUSED: Final = "confused"  # the intent of a lone letter, which says nothing
OTHER: Final = "other"  # the class of the texts that are not about the bot
BUCKETS: Final = 1 << 14
MEANING: Final = 1.0  # norm of the embedding; that of the buckets is about 1
CHOICE: Final = 0.3  # weight of an intent's likelihood among all intents, which is added to its closeness
LONGEST: Final = 300  # maximum characters of a remark about the bot
# A text is an intent when its score, less RIVAL times that of OTHER, reaches SURE. Measured so that a
# question about a policy is almost never taken (see docs/questions.md).
RIVAL: Final = 0.7
SURE: Final = 0.4
UNSURE: Final = 0.15  # the score to reach instead of SURE when the policy's model has no sure answer
# the score that a single word must then reach: a word is about the policy unless it is nearly a phrase
ALONE: Final = 0.65
UNLIKELY: Final = -0.25  # score from words alone; below it, hardly any text can still reach UNSURE
KNOWN: Final = 0.5  # minimum share of a text's words in some phrase, which excludes « montgolfière »
_MOST_WORDS = 60
_MENU = (("Menu", "vigie"),)
_REPORTING = "signalement"  # the beginning of the commands about reports
_CHECKING = "verifier"  # the command that examines a text to publish
_PERMITTING = "demande"  # the command that asks for permission
_LETTERS = range(3, 6)  # lengths of the runs of letters
_TOKEN = re.compile(r"(?<!\w)[+-]1(?!\w)|[^\W_]+|:[\w+-]+:|\?|[\u2190-\u2bff\U0001f000-\U0001faff]")
_PART = re.compile(
    r"[^\w\s'’-]+|\b(?:et|pis|mais|car|parce qu|à cause|depuis|and|but|because)\b", re.IGNORECASE
)
_LETTER = re.compile(r"\s*(\w)[\s.!?)…]*")
_REPEATED = re.compile(r"(.)\1+")
_TINTS = re.compile("[\U0001f3fb-\U0001f3ff]")  # skin tones of emoji


@dataclass(frozen=True, slots=True)
class Intent:
    """A kind of remark about the bot itself.

    `says`: the answer, which may contain {bot}, {admin}, {whom} and {version} (see `bot.commands.answers`).
    `serves`: the answer for people who may use one of `duties`, "" for the same answer. `buttons`: labels and
    commands. `duties`: more buttons, each for people who may use its command. `begun`: more buttons, for
    people who have a quiz under way. `commands`: the commands that mean the same when written alone.
    `phrases`: ways to express the remark. The phrases of `exact` count only as a whole text. Those of
    `anywhere`, which are among `phrases`, count within any text.
    """

    name: str
    says: str
    serves: str
    buttons: tuple[tuple[str, str], ...]
    duties: tuple[tuple[str, str], ...]
    begun: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    phrases: tuple[str, ...]
    exact: tuple[str, ...]
    anywhere: tuple[str, ...]


@dataclass(frozen=True)
class Intents:
    """All the intents, in order. `words`: the concepts of words or, after « * », of beginnings of words.

    `other`: phrases that resemble those of an intent, but are about something else.
    """

    every: tuple[Intent, ...]
    words: Mapping[str, tuple[str, ...]]
    other: tuple[str, ...]
    weights: Path

    def find(self, text: str, *, least: float = SURE) -> Intent | None:
        """Return the intent closest to a text, or None below `least`. The text must not name a policy."""
        intent, likeness = self.closest(text)
        return intent if likeness >= least else None

    def closest(self, text: str) -> tuple[Intent | None, float]:
        """Return the intent closest to a text, and its score. The text must not name a policy.

        The score is compared with `SURE` and `UNSURE`. It is infinite for a phrase of the intent, and for a
        text of any length that has a phrase of `Intent.anywhere` as one of its parts.
        """
        for part in _PART.split(text):
            if intent := self._anywhere.get(tuple(tokenize(part))):
                return intent, math.inf
        if len(text) > LONGEST:
            return None, -math.inf
        tokens = tokenize(text)
        words = [token for token in tokens if token.isalpha()]
        phrase = self._exact.get(tuple(tokens)) or self._single.get(_squeezed(tokens))
        if (letter := _LETTER.fullmatch(text)) and letter[1].isalpha():  # « b », though no quiz awaits it
            phrase = self._letters.get(letter[1].lower()) or self.named(CONFUSED)
        if phrase:
            return phrase, math.inf
        if sum(word in self._known for word in words) < KNOWN * len(words) and len(words) > 1:
            return None, -math.inf
        if not words:  # « 😭😭 » means « 😭 », and « 👍🔥 » means the first known one
            figures = any(token.isalnum() for token in tokens)  # such as « 4.2? »
            alone = (self._exact.get((token,)) for token in tokens if not figures)
            emoji = next(filter(None, alone), None)
            return emoji, math.inf if emoji else -math.inf
        name, likeness = self._model.find(text, counted(tokens, self._concepts))
        if len(words) == 1:
            likeness = UNSURE if likeness >= ALONE else -math.inf
        return self.named(name), likeness

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text, folded, that no phrase has."""
        return [token for token in tokenize(text) if token.isalpha() and token not in self._known]

    def named(self, name: str) -> Intent:
        """Return the intent with this name."""
        return next(intent for intent in self.every if intent.name == name)

    def meant_by(self, command: str) -> Intent:
        """Return the intent of a text that is only a command's name: help, for most commands."""
        by_command = {command: intent for intent in self.every for command in intent.commands}
        return by_command.get(command) or by_command[HELP]

    def count(self, text: str) -> list[list[int]]:
        """Return the buckets of a text, as `counted` does."""
        return counted(tokenize(text), self._concepts)

    @cached_property
    def _anywhere(self) -> Mapping[tuple[str, ...], Intent]:
        return {tuple(tokenize(phrase)): intent for intent in self.every for phrase in intent.anywhere}

    @cached_property
    def _letters(self) -> Mapping[str, Intent]:
        phrases = ((phrase, intent) for intent in self.every for phrase in (*intent.phrases, *intent.exact))
        return {phrase: intent for phrase, intent in phrases if len(phrase) == 1}

    @cached_property
    def _exact(self) -> Mapping[tuple[str, ...], Intent]:
        return {
            tuple(tokens): intent
            for intent in self.every
            for phrase in (*intent.phrases, *intent.exact)
            if (tokens := tokenize(phrase))
        }

    @cached_property
    def _single(self) -> Mapping[tuple[str, ...], Intent]:
        """The intents of one-word phrases, by squeezed words: « Merciii !! 🙂 » is « merci »."""
        squeezed = ((_squeezed(tokens), intent) for tokens, intent in self._exact.items())
        return {tokens: intent for tokens, intent in squeezed if len(tokens) == 1}

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(token for tokens in self._exact for token in tokens)

    @cached_property
    def _concepts(self) -> Concepts:
        return Concepts.of(self.words)

    @cached_property
    def _model(self) -> IntentModel:
        return IntentModel.load(self.weights)


@dataclass(frozen=True, slots=True)
class Concepts:
    """The concepts of words: by whole word, and by beginning."""

    whole: Mapping[str, frozenset[str]]
    beginnings: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, words: Mapping[str, Iterable[str]]) -> Concepts:
        """Return the concepts, from a table of the words of each concept."""
        whole: dict[str, frozenset[str]] = {}
        beginnings: dict[str, frozenset[str]] = {}
        for concept, written in words.items():
            for word in map(fold_accents, written):
                table = beginnings if word.endswith("*") else whole
                key = word.removesuffix("*")
                table[key] = table.get(key, frozenset()) | {concept}
        return cls(whole, beginnings)

    def among(self, tokens: Iterable[str]) -> list[str]:
        """Return the concepts that the words `tokens` express, sorted, each once."""
        concepts: set[str] = set()
        for word in set(tokens):
            concepts.update(self.whole.get(word, ()))
            for length in range(len(word) + 1):
                concepts.update(self.beginnings.get(word[:length], ()))
        return sorted(concepts)


def _squeezed(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return only the words and numbers, without repeated letters: « saluuut ? » gives « salut »."""
    return tuple(_REPEATED.sub(r"\1", token) for token in tokens if token.isalnum())


def tokenize(text: str) -> list[str]:
    """Return the words, emoji and question marks of a text, folded."""
    return _TOKEN.findall(fold_accents(_TINTS.sub("", text)).replace("œ", "oe"))[:_MOST_WORDS]


def counted(tokens: Sequence[str], concepts: Concepts) -> list[list[int]]:
    """Return a text's buckets, below `BUCKETS`, by family: words, runs of letters, concepts."""
    meant = concepts.among(tokens)
    written = f" {' '.join(tokens)} "
    return [
        list(map(_bucket, _units("w", tokens, pairwise(["^", *tokens, "$"])))),
        [
            _bucket("c" + written[at : at + length])
            for length in _LETTERS
            for at in range(len(written) - length + 1)
        ],
        list(map(_bucket, _units("k", meant, combinations(meant, 2)))),
    ]


def _units(family: str, single: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (family + unit for unit in single)
    yield from (f"{family}{a} {b}" for a, b in pairs)


def _bucket(unit: str) -> int:
    return zlib.crc32(unit.encode()) % BUCKETS


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Two linear classifiers over the buckets of a text and its embedding.

    One measures how close a text is to each class. The other tells which intent is the likeliest, if the text
    has one.

    `names`: the n classes, `OTHER` last. `rarity`: `(BUCKETS,) float32`, the inverse document frequency.
    `centre`: `(d,) float32`, the mean embedding. `weights`: `(BUCKETS + d, n) int8`, those of the closeness.
    `choice`: `(BUCKETS + d, n - 1) int8`, those of a softmax over the intents. Each table has its scale.
    """

    names: tuple[str, ...]
    rarity: NDArray[np.float32]
    centre: NDArray[np.float32]
    weights: tuple[NDArray[np.int8], np.float32]
    choice: tuple[NDArray[np.int8], np.float32]

    @classmethod
    def load(cls, path: Path) -> IntentModel:
        """Return the model in a file. Raises `OSError`."""
        import numpy as np  # noqa: PLC0415 — 15 MB, for the first question

        with np.load(path) as file:
            weights, choice = (
                (file[name], np.float32(file[f"{name}_scale"])) for name in ("weights", "choice")
            )
            rarity, centre = file["rarity"].astype(np.float32), file["centre"].astype(np.float32)
            return cls(tuple(file["names"].tolist()), rarity, centre, weights, choice)

    def find(self, text: str, families: Iterable[Sequence[int]]) -> tuple[str, float]:
        """Return the class closest to a text, except `OTHER`, and its score less `RIVAL` times `OTHER`'s.

        `families`: from `counted`. A score is about 1 for the right class, and `CHOICE` more if no other
        intent is likely. A text whose words alone score below `UNLIKELY` is not embedded, to save time.
        """
        buckets, values = weigh(families, self.rarity)
        by_words, chosen = (
            values @ (weights[buckets] * scale) for weights, scale in (self.weights, self.choice)
        )
        best = int(by_words[:-1].argmax())
        if by_words[best] - RIVAL * by_words[-1] < UNLIKELY:
            return self.names[best], -math.inf
        meaning = embedded([text], self.centre)[0]
        closeness, chosen = (
            words + meaning @ (weights[BUCKETS:] * scale)
            for words, (weights, scale) in zip((by_words, chosen), (self.weights, self.choice), strict=True)
        )
        scores = closeness[:-1] + CHOICE * likelihoods(chosen)
        best = int(scores.argmax())
        return self.names[best], float(scores[best] - RIVAL * closeness[-1])


def likelihoods(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of the last axis."""
    import numpy as np  # noqa: PLC0415 — 15 MB, for the first question

    odds = np.exp(scores - scores.max(-1, keepdims=True))
    shares: NDArray[np.float32] = odds / odds.sum(-1, keepdims=True)
    return shares


def embedded(texts: Sequence[str], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the embeddings of m texts, `(m, d) float32`, centred, of norm `MEANING`."""
    from bot.answers.engine.encoder import encoder  # noqa: PLC0415 — numpy, for the first question
    from bot.answers.engine.features import direction  # noqa: PLC0415 — numpy, for the first question

    return MEANING * direction(encoder()(texts), centre)


def weigh(
    families: Iterable[Sequence[int]], rarity: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the buckets of a text, `(k,) intp`, and their weights, `(k,) float32`.

    Each family counts as much as the others, and the text's norm is at most 1.
    """
    import numpy as np  # noqa: PLC0415 — 15 MB, for the first question

    buckets, weights = [np.zeros(0, np.intp)], [np.zeros(0, np.float32)]
    for family in filter(None, families):
        bucket, counts = np.unique(np.array(family, np.intp), return_counts=True)
        weight = (1 + np.log(counts.astype(np.float32))) * rarity[bucket]
        buckets.append(bucket)
        weights.append(weight / max(float(np.linalg.norm(weight)), 1e-9))
    return np.concatenate(buckets), np.concatenate(weights) / np.float32(max(len(buckets) - 1, 1) ** 0.5)


def load_intents(
    folder: Path, *, reports: bool = True, checks: bool = True, permissions: bool = True
) -> Intents:
    """Return the shipped intents. Raises `OSError` when their file cannot be read.

    `reports`: whether reports are offered. Otherwise, no answer mentions them or has a button for them.
    `checks`, `permissions`: the same for the examination of texts and for requests for permission.
    """
    offers = [
        (reports, "unreported", _REPORTING),
        (checks, "unchecked", _CHECKING),
        (permissions, "unpermitted", _PERMITTING),
    ]
    hidden = [key for offered, key, _ in offers if not offered]
    unoffered = tuple(command for offered, _, command in offers if not offered)
    data: dict[str, Any] = tomllib.loads((folder / FILE).read_text("utf-8"))

    def phrases(table: Mapping[str, Any], *, exact: bool = False) -> tuple[str, ...]:
        lines = filter(None, map(str.strip, table["phrases"].splitlines()))
        return tuple(line.lstrip("*!") for line in lines if line.startswith("*") == exact)

    def pairs(buttons: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
        labelled = ((label, command) for label, command in buttons)
        return tuple(pair for pair in labelled if not pair[1].startswith(unoffered))

    every = tuple(
        Intent(
            table["name"],
            next((table[key] for key in hidden if key in table), table["says"]),
            table.get("serves", ""),
            pairs(table["buttons"]) or _MENU,
            pairs(table.get("duties", ())),
            pairs(table.get("begun", ())),
            tuple(table.get("commands", ())),
            phrases(table),
            phrases(table, exact=True),
            tuple(line[1:] for line in table["phrases"].splitlines() if line.startswith("!")),
        )
        for table in data["intent"]
    )
    words = {concept: tuple(written.split()) for concept, written in data["words"].items()}
    return Intents(every, words, phrases(data["other"]), folder / WEIGHTS)
