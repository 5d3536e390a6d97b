"""The training of the weights of the intents, `data/intents.npz`, on their phrases.

    python -m bot.answers.intents_training [BANK…]

Run it after a change to `data/intents.toml`. The questions of the shipped banks, and of each BANK, are
examples of no intent. Questions that are still taken for an intent then weigh more. A bank's off-topic lines
that a first model takes for intents are left out, since they are small talk and insults, which are intents. A
ridge regression with one target per class measures how close a text is to each class. A logistic regression,
on the phrases alone, tells which intent is the likeliest. Both are solved by conjugate gradients.
"""

import json
import re
import sys
import zlib
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.answers import bank, intents
from bot.answers.engine.encoder import encoder
from bot.answers.intents import BUCKETS, Intents
from bot.settings import SEED

RIDGE = 0.2  # L2 penalty
ROUNDS = 12  # rounds of conjugate gradients per fit; more of them change no answer
CHOICE_RIDGE = 0.1  # L2 penalty for the choice among intents
CHOICE_ROUNDS = 30  # rounds for the choice among intents
OTHER_WEIGHT = 0.5  # weight of a question that is not an intent, since there are more of them
TAKEN_WEIGHT = 4.0  # weight of a question nearly taken for an intent
NEARLY = 0.26  # a question that scores more than UNSURE - NEARLY was nearly taken for an intent
SMALL_TALK = 0.15  # least score at which an off-topic line is a remark to the bot
# Words added around the texts of training, so that the model ignores them: « bonjour, », « svp ».
_BEFORE = (
    "", "", "", "bonjour, ", "", "", "salut ", "", "", "allo! ", "", "hey, ", "", "bonjour vigie, ", "", "",
    "ok, ", "", "hi, ", "", "", "hello, ", "", "euh ",
)  # fmt: skip
_AFTER = (
    "", "", "", "", " svp", "", "", "", " merci", "", "", "", " s'il vous plaît", "", " stp", "", "?", "",
    " please", "", " thanks", "", " point d'interrogation", "", " point",
)  # fmt: skip
_NAMED = re.compile(r"\bpa[ -]?\d+\b", re.IGNORECASE)  # names of policies, replaced as `Naming.neutral` does
_SPOKEN = {"greeting", "thanks", "approval", "goodbye"}  # intents whose phrases have such words


def main() -> None:
    """Train, and write the weights beside the phrases."""
    catalogue = intents.load_intents(SEED)
    about, beside = counterexamples(
        [
            *SEED.glob(f"politique/*/{bank.BANK}"),
            *SEED.glob(f"politique/*/{bank.FOLLOW_UPS}"),
            *map(Path, sys.argv[1:]),
        ]
    )
    phrases = [phrase for intent in catalogue.every for phrase in intent.phrases]
    centre: NDArray[np.float32] = encoder()(phrases).mean(0)
    rarity, *weights = learn(catalogue, about, centre, rounds=1)
    off_topic = excess(weigh_all(catalogue, beside, rarity, centre), *weights) < SMALL_TALK
    others = [*about, *(text for text, off in zip(beside, off_topic, strict=True) if off)]
    rarity, *weights = learn(catalogue, others, centre, rounds=3)
    scales = [np.abs(table).max() / 127 for table in weights]
    small = [np.round(table / scale).astype(np.int8) for table, scale in zip(weights, scales, strict=True)]
    np.savez_compressed(
        SEED / intents.WEIGHTS,
        names=np.array([*(intent.name for intent in catalogue.every), intents.OTHER]),
        rarity=rarity.astype(np.float16),
        centre=centre.astype(np.float16),
        weights=small[0],
        weights_scale=np.float32(scales[0]),
        choice=small[1],
        choice_scale=np.float32(scales[1]),
        phrases=np.uint32(fingerprint(SEED)),
    )


def fingerprint(folder: Path) -> int:
    """Return a hash of the training data: phrases and words, not the answers."""
    catalogue = intents.load_intents(folder)
    phrases = [(intent.name, intent.phrases) for intent in catalogue.every]
    learnt = json.dumps([phrases, catalogue.other, dict(catalogue.words)])
    return zlib.crc32(learnt.encode())


def counterexamples(banks: Iterable[Path]) -> tuple[list[str], list[str]]:
    """Return the banks' questions about a policy or close to it, then their off-topic questions."""
    about: list[str] = []
    beside: list[str] = []
    for path in sorted(banks):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            lines = beside if row["kind"] in {"off_topic", "adversarial"} else about
            lines.append(_NAMED.sub("politique", row["question"]))
    return about, beside


def learn(
    catalogue: Intents, others: Sequence[str], centre: NDArray[np.float32], rounds: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return `rarity`, `weights` and `choice` (see `intents.IntentModel`), before they are quantized.

    `rounds`: the number of fits. After each, the texts nearly taken for an intent weigh more.
    """
    texts, classes = lessons(catalogue, others)
    rarity = rarities(catalogue, texts)
    rows = weigh_all(catalogue, texts, rarity, centre)
    other = np.array(classes) == len(catalogue.every)
    importance = np.where(other, OTHER_WEIGHT, 1.0)
    weights = np.zeros((rows.shape[1], len(catalogue.every) + 1), np.float32)
    choice = choose(rows[~other], [place for place in classes if place < len(catalogue.every)])
    for _ in range(rounds):
        weights = fit(rows, classes, importance, weights)
        importance[other & (excess(rows, weights, choice) > intents.UNSURE - NEARLY)] *= TAKEN_WEIGHT
    return rarity, weights, choice


def excess(
    rows: NDArray[np.float32], weights: NDArray[np.float32], choice: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the score of each text's best intent, `(m,)`, as `IntentModel.find` computes it."""
    closeness = rows @ weights
    scores = closeness[:, :-1] + intents.CHOICE * intents.likelihoods(rows @ choice)
    difference: NDArray[np.float32] = scores.max(1) - intents.RIVAL * closeness[:, -1]
    return difference


def lessons(catalogue: Intents, others: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the texts to learn, and their classes: an intent's index, or the number of intents for none."""
    before, after = cycle(_BEFORE), cycle(_AFTER)
    texts, classes = [], []
    for place, intent in enumerate(catalogue.every):
        for phrase in intent.phrases:
            around = intent.name not in _SPOKEN
            texts.append(f"{next(before)}{phrase}{next(after)}" if around else phrase)
            classes.append(place)
    for text in (*catalogue.other, *others):
        wrapped = f"{next(before)}{text}{next(after)}"
        texts += [text[: intents.LONGEST], wrapped[: intents.LONGEST]]
    classes += [len(catalogue.every)] * (len(texts) - len(classes))
    return texts, classes


def rarities(catalogue: Intents, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the inverse document frequency of each bucket in `texts`: `(BUCKETS,) float32`."""
    frequency = np.zeros(BUCKETS)
    for text in texts:
        for family in catalogue.count(text):
            frequency[np.unique(np.array(family, np.intp))] += 1
    return np.log((1 + len(texts)) / (1 + frequency)).astype(np.float32)


def weigh_all(
    catalogue: Intents,
    texts: Sequence[str],
    rarity: NDArray[np.float32],
    centre: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the model's input for texts, `(m, BUCKETS + d)`."""
    rows = np.zeros((len(texts), BUCKETS + len(centre)), np.float32)
    rows[:, BUCKETS:] = intents.embedded(texts, centre)
    for row, text in zip(rows, texts, strict=True):
        np.add.at(row, *intents.weigh(catalogue.count(text), rarity))
    return rows


def fit(
    rows: NDArray[np.float32],
    classes: Sequence[int],
    importance: NDArray[np.float64],
    weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Fit `weights` (see `intents.IntentModel`) further, and return them. `importance`: `(m,)`, by text."""
    targets = np.eye(weights.shape[1], dtype=np.float32)[list(classes)]
    counts = importance.astype(np.float32)[:, None]
    residual = rows.T @ (counts * (targets - rows @ weights)) - RIDGE * weights
    direction = residual.copy()
    size = (residual**2).sum(0)
    for _ in range(ROUNDS):
        image = rows.T @ (counts * (rows @ direction)) + RIDGE * direction
        step = size / np.maximum((direction * image).sum(0), 1e-12)
        weights = weights + step * direction
        residual -= step * image
        former, size = size, (residual**2).sum(0)
        direction = residual + size / np.maximum(former, 1e-12) * direction
    return weights


def choose(rows: NDArray[np.float32], classes: Sequence[int]) -> NDArray[np.float32]:
    """Return the weights of the softmax over the intents: `IntentModel.choice`, before rounding."""
    targets = np.eye(max(classes) + 1, dtype=np.float32)[list(classes)]
    weights = np.zeros((rows.shape[1], targets.shape[1]), np.float32)
    scores = rows @ weights
    direction = weights
    former = np.inf
    for _ in range(CHOICE_ROUNDS):
        likely = intents.likelihoods(scores)
        slope = rows.T @ (targets - likely) - CHOICE_RIDGE * weights
        size = float((slope**2).sum())
        direction = slope + size / former * direction
        image = rows @ direction
        spread = (likely * image**2).sum() - ((likely * image).sum(1) ** 2).sum()
        step = float((slope * direction).sum() / (spread + CHOICE_RIDGE * (direction**2).sum()))
        weights, scores, former = weights + step * direction, scores + step * image, size
    return weights


if __name__ == "__main__":
    main()
