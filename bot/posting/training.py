"""The training of the model of the checks on labelled posts, which writes `data/posting.npz`.

python -m bot.posting.training
python -m bot.posting.training --comparer    (trains again, and compares the result byte for byte)

Run it after a change to the notions of `data/posting.toml` or to `data/publications`, where each file has the
posts of one writer. The model is a softmax regression, fitted by L-BFGS, and a network (see `tuning`), which
needs PyTorch (`requirements-training.lock`). Both are trained twice. The first time leaves out some writers,
on whose posts the thresholds for a check to be shown or certain are then chosen. The second time takes all
the writers. This takes a quarter of an hour on one core.
"""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np
from numpy.typing import NDArray

from bot.answers import bank, intents
from bot.answers.engine.features import Floats
from bot.posting import checks, recognition
from bot.posting.examining import WEIGHTS
from bot.posting.features import BUCKETS, Notions, Reader, counted, pairs
from bot.posting.model import NETWORK, NOTHING, PostModel, softmax
from bot.posting.network import Network
from bot.posting.posts import Post
from bot.posting.segments import Segment, cut
from bot.settings import SEED

if TYPE_CHECKING:
    from bot.posting.tuning import NetworkLesson

LINES: Final = "publications"
POLICY: Final = "politique/pa20/annotations.toml"  # the annotations of the policy that the writers read
WRONG_CLAUSE_COST: Final = 1.5  # the cost of a clause shown wrongly; a clause shown rightly is worth 1
FALSE_ALARM_COST: Final = 2.5  # the cost of a clause shown for a post that raises nothing
CERTAIN_PRECISION: Final = 0.95  # minimum share of the certain concerns that are right
APART: Final = 4  # one writer in four is held out for the thresholds
RIDGE: Final = 0.02  # strength of the L2 penalty
STEPS: Final = 60  # maximum steps of L-BFGS, for the checks
RECOGNIZER_STEPS: Final = 60  # maximum steps of L-BFGS, for the recognizer
MEMORY: Final = 10  # past steps that L-BFGS uses
RARE: Final = 3  # a notion or a pair of notions that fewer segments have gets no weight
HALF: Final = 0.5  # minimum overlap for a label to apply, as a share of the shorter of segment and label


@dataclass(frozen=True, slots=True)
class PostLabel:
    """The label of some words of a post, at `start` to `end` (excluded).

    `clauses`: the clause that the writer named, then other acceptable clauses.
    """

    check: str
    start: int
    end: int
    in_image: bool
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled post. `harmless`: why it raises nothing, "" when it raises something."""

    post: Post
    labels: tuple[PostLabel, ...]
    harmless: str
    author: str

    def allows(self, clause: str) -> bool:
        """Return whether one of the post's labels accepts this clause."""
        return any(clause in label.clauses for label in self.labels)

    def checks_of(self, segment: Segment) -> set[str]:
        """Return the names of the checks that a segment raises, according to the labels."""
        start, end = segment.extent
        raised = set()
        for label in self.labels:
            common = min(end, label.end) - max(start, label.start)
            shortest = min(end - start, label.end - label.start)
            if label.in_image == segment.in_image and common >= HALF * shortest > 0:
                raised.add(label.check)
        return raised


def read_lessons(path: Path) -> list[Lesson]:
    """Return a writer's posts. Raises `OSError`, and `ValueError` for labelled words not in their post."""
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
    """Return the labelled posts of every writer. Raises the same errors as `read_lessons`."""
    paths = sorted((folder / LINES).glob("*.jsonl"))
    return [lesson for path in paths for lesson in read_lessons(path)]


@dataclass(frozen=True)
class Lessons:
    """Labelled posts, cut into segments. `owners`: for each segment, the index of its lesson."""

    every: Sequence[Lesson]
    segments: Sequence[Segment]
    owners: NDArray[np.intp]

    @classmethod
    def of(cls, every: Sequence[Lesson]) -> Lessons:
        """Cut lessons into segments."""
        segments = [(owner, segment) for owner, lesson in enumerate(every) for segment in cut(lesson.post)]
        owners = np.array([owner for owner, _ in segments])
        return cls(every, [segment for _, segment in segments], owners)

    def by(self, authors: set[str]) -> NDArray[np.intp]:
        """Return the indices of the segments that `authors` wrote, `(m,) intp`."""
        return np.flatnonzero([self.every[owner].author in authors for owner in self.owners])


def new_reader(notions: Notions, lessons: Lessons, places: NDArray[np.intp]) -> Reader:
    """Return a `Reader` whose inverse document frequencies come from the segments at `places`."""
    frequency = np.zeros(BUCKETS)
    notion_frequency = np.zeros(notions.columns)
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
    )


def rows_of(reader: Reader, lessons: Lessons, places: NDArray[np.intp]) -> Floats:
    """Return the rows of the segments at `places`, `(m, reader.width) float32`."""
    rows = np.zeros((len(places), reader.width), np.float32)
    owners = lessons.owners[places].tolist()
    notions = {owner: reader.notions.among(lessons.every[owner].post.text) for owner in set(owners)}
    for row, place, owner in zip(rows, places, owners, strict=True):
        np.add.at(row, *reader.row(lessons.segments[place], notions[owner]))
    return rows


def targets_of(names: Sequence[str], lessons: Lessons, places: NDArray[np.intp]) -> Floats:
    """Return the classes of the segments at `places`, `(m, n) float32`, each row summing to 1."""
    targets = np.zeros((len(places), len(names)), np.float32)
    for row, place in zip(targets, places, strict=True):
        raised = lessons.every[lessons.owners[place]].checks_of(lessons.segments[place])
        row[[names.index(name) for name in raised] or [len(names) - 1]] = 1
    shares: Floats = targets / targets.sum(axis=1, keepdims=True)
    return shares


def fit(rows: Floats, targets: Floats, most: int) -> Floats:
    """Return the weights of a softmax regression, `(1 + width, n) float32`, the bias first, by L-BFGS.

    `most`: the maximum number of steps.
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


@click.command(help="Apprendre des textes étiquetés ce que lit /verifier.")
@click.option("--comparer", is_flag=True, help="N'écrire rien; dire si les poids livrés sont bien ceux-là.")
def main(*, comparer: bool) -> None:
    """Write the file of weights or, with `comparer`, exit with code 1 if the existing file differs."""
    file = SEED / WEIGHTS
    learnt = packed(Lessons.of(all_lessons(SEED)))
    if not comparer:
        file.write_bytes(learnt)
    elif file.read_bytes() != learnt:
        raise SystemExit(f"{file.name} vient d'autres textes, d'un autre programme ou d'une autre machine.")


def packed(lessons: Lessons) -> bytes:
    """Return the content of the file of weights: the model trained on all the writers, and its thresholds.

    The thresholds come from another model, trained without some writers, on the posts of these writers.
    """
    names = (*checks.load_checks(SEED), NOTHING)
    authors = sorted({lesson.author for lesson in lessons.every})
    apart = set(authors[APART - 1 :: APART])
    annotations = tomllib.loads((SEED / POLICY).read_text("utf-8"))
    clauses = [annotations["check"][name][0] for name in names[:-1]]
    unseen = [lesson for lesson in lessons.every if lesson.author in apart]
    thresholds = thresholds_of(clauses, learn(names, lessons, set(authors) - apart), unseen)
    model = learn(names, lessons, set(authors))
    scale = np.abs(model.weights).max() / 127
    network: dict[str, Any] = {f"{NETWORK}{name}": array for name, array in model.network.pack().items()}
    file = BytesIO()
    np.savez_compressed(
        file,
        names=np.array(names),
        rarity=model.reader.rarity.astype(np.float16),
        notion_rarity=model.reader.notion_rarity.astype(np.float16),
        bias=model.bias,
        weights=np.round(model.weights / scale).astype(np.int8),
        scale=np.float32(scale),
        thresholds=thresholds,
        recognizer=recognizer(lessons).astype(np.float16),
        learnt=np.uint32(fingerprint(SEED)),
        **network,
    )
    return file.getvalue()


def learn(names: Sequence[str], lessons: Lessons, authors: set[str]) -> PostModel:
    """Return the model trained on the posts of `authors`. Its thresholds are 1, until they are chosen."""
    from bot.posting.tuning import tune  # noqa: PLC0415 — imports PyTorch, installed only for training

    places = lessons.by(authors)
    notions = Notions(checks.load_notions(SEED))
    reader = new_reader(notions, lessons, places)
    weights = fit(rows_of(reader, lessons, places), targets_of(names, lessons, places), STEPS)
    kinds = sorted({lesson.harmless for lesson in lessons.every})
    read = [lesson for lesson in lessons.every if lesson.author in authors]
    network = tune([example_of(names[:-1], kinds, lesson) for lesson in read], len(kinds))
    nothing = np.ones((len(names) - 1, 2), np.float32)
    packed = Network.unpack(network.pack())  # quantized to eight bits, as it will be loaded
    return PostModel(tuple(names), reader, weights[0], weights[1:], nothing, packed)


def example_of(names: Sequence[str], kinds: Sequence[str], lesson: Lesson) -> NetworkLesson:
    """Convert a lesson for the network. `kinds`: the reasons why a post is harmless, "" first."""
    from bot.posting.tuning import NetworkLesson  # noqa: PLC0415 — imports PyTorch

    segments = cut(lesson.post)
    raised = [lesson.checks_of(segment) for segment in segments]
    touched = {label.check for label in lesson.labels}
    return NetworkLesson(
        [segment.words for segment in segments],
        np.array([[name in some for name in names] for some in raised], np.float32),
        np.array([name in touched for name in names], np.float32),
        kinds.index(lesson.harmless),
    )


def thresholds_of(clauses: Sequence[str], model: PostModel, unseen: Sequence[Lesson]) -> Floats:
    """Return the best thresholds for each check to be shown, and to be certain, `(n - 1, 2) float32`.

    `clauses`: the clause of each check. `unseen`: posts of held-out writers.
    """
    highest = np.array([model.read(lesson.post)[1].max(axis=0) for lesson in unseen])
    right = np.array([[lesson.allows(clause) for clause in clauses] for lesson in unseen])
    costs = np.array([[WRONG_CLAUSE_COST if lesson.labels else FALSE_ALARM_COST] for lesson in unseen])
    odds = np.log(highest / (1 - highest))
    worth = np.where(right, 1, -costs)
    common = _best_from(odds.ravel(), worth.ravel())
    thresholds = np.ones((len(clauses), 2), np.float32)
    for column in range(len(clauses)):
        # A check has only a few dozen posts. The mean of its own best threshold and the best common threshold
        # generalizes better to other writers.
        separate = _best_from(odds[:, column], worth[:, column])
        thresholds[column, 0] = 1 / (1 + np.exp(-(separate + common) / 2))
        order = np.argsort(-highest[:, column])
        precision = np.cumsum(right[order, column]) / np.arange(1, len(order) + 1)
        if (enough := np.flatnonzero(precision >= CERTAIN_PRECISION)).size:
            thresholds[column, 1] = max(highest[order[enough[-1]], column], thresholds[column, 0])
    return thresholds


def _best_from(odds: Floats, worth: NDArray[np.float64]) -> float:
    """Return the log-odds threshold above which the total worth is the greatest."""
    order = np.argsort(-odds)
    last = int(np.cumsum(worth[order]).argmax())
    return float(odds[order[last : last + 2]].mean())


def recognizer(lessons: Lessons) -> Floats:
    """Return the weights of `recognition.Recognizer`, trained on posts and on messages to the bot."""
    paths = [*SEED.glob(f"politique/*/{bank.BANK}"), *SEED.glob(f"politique/*/{bank.FOLLOW_UPS}")]
    lines = [json.loads(line)["question"] for path in paths for line in path.read_text("utf-8").splitlines()]
    lines += [phrase for intent in intents.load_intents(SEED).every for phrase in intent.phrases]
    texts = [lesson.post.text for lesson in lessons.every] + lines
    rows = np.array([recognition.row(text) for text in texts])
    targets = np.zeros((len(texts), 2), np.float32)
    targets[: len(lessons.every), 0] = targets[len(lessons.every) :, 1] = 1
    weights = fit(rows, targets, RECOGNIZER_STEPS)
    odds: Floats = weights[:, 0] - weights[:, 1]
    return odds


def fingerprint(folder: Path) -> int:
    """Return a hash of the training data: the posts, the names of the checks, and the notions."""
    data = tomllib.loads((folder / checks.FILE).read_text("utf-8"))
    learnt = json.dumps([[table["name"] for table in data["check"]], data["notions"]]).encode()
    for path in sorted((folder / LINES).glob("*.jsonl")):
        learnt += path.read_bytes()
    return zlib.crc32(learnt)


if __name__ == "__main__":
    main()
