"""Makes the weights of the checks, `data/posting.npz`, from labelled posts.

    python -m bot.posting.training

Run it after a change to the notions of `data/posting.toml` or to `data/publications`, where each file is one
writer's. A softmax regression by L-BFGS. From which likelihood a check is shown, or certain, is learnt on
writers whose posts are read by the weights learnt from the others.
"""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.answers import bank, intents
from bot.answers.engine.features import Floats
from bot.answers.engine.model import encoder
from bot.posting import checks, recognition
from bot.posting.examining import WEIGHTS
from bot.posting.features import BUCKETS, Notions, Reader, counted, pairs
from bot.posting.model import NOTHING, softmax
from bot.posting.posts import Post
from bot.posting.segments import Segment, cut
from bot.settings import SEED

LINES: Final = "publications"
POLICY: Final = "politique/pa20/annotations.toml"  # the one that the writers read
SHOWN, CERTAIN = 0.88, 0.95  # shares of what is shown, and of what is certain, that are right
GROUPS: Final = 3  # of writers, each read by what is learnt of the others
RIDGE: Final = 0.02
STEPS: Final = 100
RECOGNIZER_STEPS: Final = 40
MEMORY: Final = 10
RARE: Final = 3  # segments that a pair of notions must be in
BATCH: Final = 64
HALF: Final = 0.5  # of a segment, or of the words, in common: the segment is then the words'


@dataclass(frozen=True, slots=True)
class PostLabel:
    """What some words of a post touch. `clauses`: the one that a writer named, then those that could be."""

    check: str
    start: int
    end: int
    in_image: bool
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled post. `harmless`: why it touches nothing, "" when it touches something."""

    post: Post
    labels: tuple[PostLabel, ...]
    harmless: str
    author: str

    def allows(self, clause: str) -> bool:
        """Return whether a careful reader could name this clause."""
        return any(clause in label.clauses for label in self.labels)

    def checks_of(self, segment: Segment) -> set[str]:
        """Return the checks that a segment raises."""
        start, end = segment.extent
        raised = set()
        for label in self.labels:
            common = min(end, label.end) - max(start, label.start)
            shortest = min(end - start, label.end - label.start)
            if label.in_image == segment.in_image and common >= HALF * shortest > 0:
                raised.add(label.check)
        return raised


def read_lessons(path: Path) -> list[Lesson]:
    """Return a writer's posts. Raises `OSError`, and `ValueError` for words that a post does not have."""
    lessons = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        post = Post(row["text"], row.get("image", ""), row.get("venue", ""))
        labels = []
        for touched in row["touches"]:
            in_image = touched.get("in") == "image"
            start = (post.image if in_image else post.text).index(touched["words"])
            clauses = (touched["clause"], *touched["also"])
            labels.append(
                PostLabel(touched["check"], start, start + len(touched["words"]), in_image, clauses)
            )
        lessons.append(Lesson(post, tuple(labels), row.get("harmless", ""), path.stem))
    return lessons


def all_lessons(folder: Path) -> list[Lesson]:
    """Return the posts of every writer to learn from. Raises as `read_lessons` does."""
    paths = sorted((folder / LINES).glob("*.jsonl"))
    return [lesson for path in paths for lesson in read_lessons(path)]


@dataclass(frozen=True)
class Lessons:
    """Labelled posts, cut and embedded. `owners`: of each segment, its lesson's place.

    `embedded`: `(m, d)`. `whole`: `(lessons, d)`, the mean of each post's segments.
    """

    every: Sequence[Lesson]
    segments: Sequence[Segment]
    owners: NDArray[np.intp]
    embedded: Floats
    whole: Floats

    @classmethod
    def of(cls, every: Sequence[Lesson]) -> Lessons:
        """Return lessons ready to be learnt."""
        segments = [(owner, segment) for owner, lesson in enumerate(every) for segment in cut(lesson.post)]
        owners = np.array([owner for owner, _ in segments])
        words, encode = [segment.words for _, segment in segments], encoder()
        embedded = np.concatenate([encode(words[at : at + BATCH]) for at in range(0, len(words), BATCH)])
        whole = np.zeros((len(every), embedded.shape[1]), np.float32)
        np.add.at(whole, owners, embedded)
        whole /= np.bincount(owners, minlength=len(every))[:, np.newaxis]
        return cls(every, [segment for _, segment in segments], owners, embedded, whole)

    def by(self, authors: set[str]) -> NDArray[np.intp]:
        """Return the places of the segments of these writers."""
        return np.flatnonzero([self.every[owner].author in authors for owner in self.owners])


def new_reader(notions: Notions, lessons: Lessons, places: NDArray[np.intp]) -> Reader:
    """Return a reader with the rarities and the centres of these segments."""
    frequency, notion_frequency = np.zeros(BUCKETS), np.zeros(notions.columns)
    for place in places:
        words = lessons.segments[place].words
        frequency[np.unique(np.concatenate(counted(words)).astype(np.intp))] += 1
        notion_frequency[pairs(notions, words)] += 1
    total = len(places)
    return Reader(
        notions,
        np.log((1 + total) / (1 + frequency)).astype(np.float32),
        np.where(notion_frequency >= RARE, np.log((1 + total) / (1 + notion_frequency)), 0).astype(
            np.float32
        ),
        lessons.embedded[places].mean(0),
        lessons.whole[np.unique(lessons.owners[places])].mean(0),
    )


def rows_of(reader: Reader, lessons: Lessons, places: NDArray[np.intp]) -> Floats:
    """Return the rows of these segments, `(m, reader.width)`."""
    meaning = reader.meaning(lessons.embedded[places], lessons.whole[lessons.owners[places]])
    rows = np.zeros((len(places), reader.width), np.float32)
    rows[:, -meaning.shape[1] :] = meaning
    owners = lessons.owners[places].tolist()
    notions = {owner: reader.notions.among(lessons.every[owner].post.text) for owner in set(owners)}
    for row, place, owner in zip(rows, places, owners, strict=True):
        np.add.at(row, *reader.sparse(lessons.segments[place], notions[owner]))
    return rows


def targets_of(names: Sequence[str], lessons: Lessons, places: NDArray[np.intp]) -> Floats:
    """Return what each segment raises, `(m, n)`, each row summing to 1."""
    targets = np.zeros((len(places), len(names)), np.float32)
    for row, place in zip(targets, places, strict=True):
        raised = lessons.every[lessons.owners[place]].checks_of(lessons.segments[place])
        row[[names.index(name) for name in raised] or [len(names) - 1]] = 1
    shares: Floats = targets / targets.sum(axis=1, keepdims=True)
    return shares


def fit(rows: Floats, targets: Floats, most: int) -> Floats:
    """Return the weights of a softmax regression, `(1 + width, n)`, the bias first, by L-BFGS.

    `most`: steps.
    """
    weights = np.zeros((1 + rows.shape[1], targets.shape[1]), np.float32)
    steps: list[tuple[Floats, Floats]] = []
    loss, slope = _loss(rows, targets, weights)
    for _ in range(most):
        direction = slope.copy()
        seen = []
        for moved, turned in reversed(steps):
            share = (moved * direction).sum() / (moved * turned).sum()
            direction -= share * turned
            seen.append(share)
        if steps:
            moved, turned = steps[-1]
            direction *= (moved * turned).sum() / (turned * turned).sum()
        for (moved, turned), share in zip(steps, reversed(seen), strict=True):
            direction += moved * (share - (turned * direction).sum() / (moved * turned).sum())
        length = 1.0 if steps else 1 / max(float(np.abs(slope).sum()), 1e-9)
        for _ in range(20):
            tried = weights - length * direction
            next_loss, next_slope = _loss(rows, targets, tried)
            if next_loss <= loss - 1e-4 * length * float((slope * direction).sum()):
                break
            length /= 2
        else:
            break
        if ((tried - weights) * (next_slope - slope)).sum() > 0:
            steps = [*steps, (tried - weights, next_slope - slope)][-MEMORY:]
        weights, loss, slope = tried, next_loss, next_slope
    return weights


def _loss(rows: Floats, targets: Floats, weights: Floats) -> tuple[float, Floats]:
    likely = softmax(rows @ weights[1:] + weights[0])
    difference: Floats = likely - targets
    slope: Floats = np.concatenate([difference.sum(0, keepdims=True), rows.T @ difference])
    slope[1:] += RIDGE * weights[1:]
    cross = -float((targets * np.log(np.maximum(likely, 1e-12))).sum())
    return cross + RIDGE / 2 * float((weights[1:] ** 2).sum()), slope


def main() -> None:
    """Write the weights beside the checks."""
    lessons = Lessons.of(all_lessons(SEED))
    notions, names = Notions(checks.load_notions(SEED)), (*checks.load_checks(SEED), NOTHING)
    authors = sorted({lesson.author for lesson in lessons.every})
    likely = np.zeros((len(lessons.segments), len(names) - 1), np.float32)
    for group in range(GROUPS):
        unseen = set(authors[group::GROUPS])
        reader, weights = learn(notions, names, lessons, lessons.by(set(authors) - unseen))
        places = lessons.by(unseen)
        likely[places] = softmax(rows_of(reader, lessons, places) @ weights[1:] + weights[0])[:, :-1]
    reader, weights = learn(notions, names, lessons, lessons.by(set(authors)))
    annotations = tomllib.loads((SEED / POLICY).read_text("utf-8"))
    clauses = [annotations["check"][name][0] for name in names[:-1]]
    scale = np.abs(weights[1:]).max() / 127
    np.savez_compressed(
        SEED / WEIGHTS,
        names=np.array(names),
        rarity=reader.rarity.astype(np.float16),
        notion_rarity=reader.notion_rarity.astype(np.float16),
        centre=reader.centre.astype(np.float16),
        whole_centre=reader.whole_centre.astype(np.float16),
        bias=weights[0],
        weights=np.round(weights[1:] / scale).astype(np.int8),
        scale=np.float32(scale),
        thresholds=thresholds_of(clauses, lessons, likely),
        recognizer=recognizer(lessons).astype(np.float16),
        learnt=np.uint32(fingerprint(SEED)),
    )


def learn(
    notions: Notions, names: Sequence[str], lessons: Lessons, places: NDArray[np.intp]
) -> tuple[Reader, Floats]:
    """Return the reader of these segments, and the weights learnt from them, as `fit` returns them."""
    reader = new_reader(notions, lessons, places)
    return reader, fit(rows_of(reader, lessons, places), targets_of(names, lessons, places), STEPS)


def thresholds_of(clauses: Sequence[str], lessons: Lessons, likely: Floats) -> Floats:
    """Return, `(n - 1, 2)`, from where so much of what is shown, and of what is certain, is right.

    `clauses`: the one that each check is about. `likely`: `(m, n - 1)`, of segments of writers who were not
    learnt.
    """
    highest = np.zeros((len(lessons.every), len(clauses)), np.float32)
    np.maximum.at(highest, lessons.owners, likely)
    thresholds = np.ones((len(clauses), 2), np.float32)
    for column, clause in enumerate(clauses):
        order = np.argsort(-highest[:, column])
        right = np.array([lessons.every[place].allows(clause) for place in order])
        precision = np.cumsum(right) / np.arange(1, len(order) + 1)
        for which, least in enumerate((SHOWN, CERTAIN)):
            if (enough := np.flatnonzero(precision >= least)).size:
                thresholds[column, which] = highest[order[enough[-1]], column]
    return thresholds


def recognizer(lessons: Lessons) -> Floats:
    """Return the weights of `recognition.Recognizer`: posts against what people write to the bot."""
    paths = [*SEED.glob(f"politique/*/{bank.BANK}"), *SEED.glob(f"politique/*/{bank.FOLLOW_UPS}")]
    written = [
        json.loads(line)["question"] for path in paths for line in path.read_text("utf-8").splitlines()
    ]
    written += [phrase for intent in intents.load_intents(SEED).every for phrase in intent.phrases]
    texts = [lesson.post.text for lesson in lessons.every] + written
    rows = np.array([recognition.row(text) for text in texts])
    targets = np.zeros((len(texts), 2), np.float32)
    targets[: len(lessons.every), 0] = targets[len(lessons.every) :, 1] = 1
    weights = fit(rows, targets, RECOGNIZER_STEPS)
    odds: Floats = weights[:, 0] - weights[:, 1]
    return odds


def fingerprint(folder: Path) -> int:
    """Return a number that changes with what is learnt: the posts, the checks' names, the notions."""
    data = tomllib.loads((folder / checks.FILE).read_text("utf-8"))
    learnt = json.dumps([[table["name"] for table in data["check"]], data["notions"]]).encode()
    for path in sorted((folder / LINES).glob("*.jsonl")):
        learnt += path.read_bytes()
    return zlib.crc32(learnt)


if __name__ == "__main__":
    main()
