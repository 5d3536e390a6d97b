"""`python -m tests.posting.figures`: what `/verifier` finds in the posts of writers held apart.

Nothing was chosen by them: neither the weights, nor the thresholds. Vigie beside what others would do, in one
run: lists of words, the engine of questions as it is, and sentence embeddings alone. The three learn, or are
tuned, on the same posts as Vigie.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter, thread_time
from typing import TypeAlias

import click
import numpy as np
from numpy.typing import NDArray

from bot.answers.engine.encoder import encoder
from bot.answers.engine.features import direction
from bot.answers.engine.shelf import FixedModel
from bot.answers.questions import Engine
from bot.cli.posts import touched_clauses
from bot.posting import checks, training
from bot.posting.examining import load_examiner
from bot.posting.features import Notions
from bot.posting.model import softmax
from bot.posting.posts import Extent, Post
from bot.posting.segments import cut
from bot.posting.settled import Settlings
from bot.posting.training import Lesson, Lessons
from bot.settings import SEED
from tests.bench import engines
from tests.kits import measures
from tests.kits.measures import Figure, at_least, at_most, number, table
from tests.posting import missed

MARK = "publications"
_DATA = Path(__file__).resolve().parents[1] / "data"
UNSEEN = _DATA / "posts_unseen.jsonl"
CAMPUS = _DATA / "posts_unseen_campus.jsonl"  # student life, on four social networks
IMPLIED = _DATA / "unseen" / "posts_y.jsonl"  # by someone who knew only the policy, and says little outright
FOREIGN = _DATA / "unseen" / "posts_z.jsonl"  # an older clerk, an officer, a newcomer to French
VOICES = _DATA / "unseen" / "posts_v.jsonl"  # four voices that speak by situations and images; `--sur`
ALONE = 0.4  # likelihood from which embeddings alone show a clause
BATCH = 64  # sentences
TURNS = 3  # of each post; the best counts, in the processor's time
ORDINARY = "ordinary"  # a post that does not even look dangerous

Touched: TypeAlias = Mapping[str, Sequence[Extent]]
"""By clause, the words of the text that touch it."""
Booleans: TypeAlias = NDArray[np.bool_]
Reads: TypeAlias = Callable[[Post], Touched]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader finds. Shares, and milliseconds.

    `harmless`: of the posts that only look dangerous, those in which something is found; `ordinary`: of the
    others that touch nothing. `overlap`: of what is rightly found, the share whose words are the writer's.
    """

    precision: float
    recall: float
    overlap: float
    harmless: float
    ordinary: float
    p50: float
    p99: float


def read_all(reads: Reads, lessons: Sequence[Lesson]) -> Reading:
    """Have a reader read posts, and compare what it finds with what their writer says."""
    right = wrong = recalled = overlapping = located = 0
    alarms: dict[str, list[bool]] = {"harmless": [], ORDINARY: []}
    times = []
    reads(lessons[0].post)
    for lesson in lessons:
        turns = []
        for _ in range(TURNS):
            since = thread_time()
            touched = reads(lesson.post)
            turns.append((thread_time() - since) * 1_000)
        times.append(min(turns))
        right += sum(lesson.allows(clause) for clause in touched)
        wrong += sum(not lesson.allows(clause) for clause in touched)
        if not lesson.labels:
            alarms[ORDINARY if lesson.harmless == ORDINARY else "harmless"].append(bool(touched))
        for label in lesson.labels:
            extents = [extent for clause in label.clauses for extent in touched.get(clause, ())]
            recalled += any(clause in touched for clause in label.clauses)
            if extents and not label.in_image:
                located += 1
                overlapping += any(start < label.end and label.start < end for start, end in extents)
    p50, p99 = np.percentile(times, [50, 99])
    return Reading(
        right / max(right + wrong, 1),
        recalled / sum(len(lesson.labels) for lesson in lessons),
        overlapping / max(located, 1),
        float(np.mean(alarms["harmless"])),
        float(np.mean(alarms[ORDINARY])),
        float(p50),
        float(p99),
    )


def vigie(*, settling: bool = True) -> Reads:
    """Vigie, as `vigie verifier` reads. `settling`: whether what a text says is settled is not shown."""
    examiner, annotations = load_examiner(SEED, [SEED]), engines.pa20().annotations
    if not settling:
        examiner = replace(examiner, settlings=Settlings((), frozenset(), frozenset()))

    def reads(post: Post) -> Touched:
        [concerns] = examiner.examine(post, [annotations.checks])
        clauses = touched_clauses(concerns, annotations.joint_checks)
        return {str(clause.number): clause.extents for clause in clauses}

    return reads


def word_lists(lessons: Lessons, clauses: Mapping[str, str]) -> Reads:
    """Lists of words: for each check, the pair of notions that finds it best in the posts that are learnt."""
    notions = Notions(checks.load_notions(SEED))
    seen = [frozenset(notions.among(segment.words)) for segment in lessons.segments]
    pairs: dict[tuple[int, int], Booleans] = {}
    for first in range(notions.count):
        for second in range(first, notions.count):
            have = np.array([first in some and second in some for some in seen])
            if have.sum() >= training.RARE:
                pairs[first, second] = have
    names = list(clauses)
    chosen = {}
    for name in names:
        raised = np.array(
            [
                name in lessons.every[owner].checks_of(segment)
                for owner, segment in zip(lessons.owners, lessons.segments, strict=True)
            ]
        )
        chosen[name] = max(pairs, key=partial(_agreement, pairs, raised))

    def reads(post: Post) -> Touched:
        touched: dict[str, list[Extent]] = defaultdict(list)
        for segment in cut(post):
            some = set(notions.among(segment.words))
            for name, pair in chosen.items():
                if some.issuperset(pair):
                    touched[clauses[name]].append(segment.extent)
        return touched

    return reads


def _agreement(pairs: Mapping[tuple[int, int], Booleans], raised: Booleans, pair: tuple[int, int]) -> float:
    """Return the F1 of a pair of notions that stands for a check."""
    return float(2 * (pairs[pair] & raised).sum() / (pairs[pair].sum() + raised.sum()))


def questions() -> Reads:
    """The engine of questions as it is: the best clause that it announces for each sentence."""
    policy, engine = engines.pa20(), Engine([SEED], FixedModel(engines.trained()))
    version = policy.versions[-1]

    def reads(post: Post) -> Touched:
        touched: dict[str, list[Extent]] = defaultdict(list)
        for segment in cut(post):
            answer = engine.answer(policy, version, segment.words)
            if answer.sure and answer.clauses:
                touched[str(answer.clauses[0].number)].append(segment.extent)
        return touched

    return reads


def embeddings(lessons: Lessons, clauses: Mapping[str, str]) -> Reads:
    """Sentence embeddings alone, with the same regression."""
    names = (*clauses, "")
    words, encode = [segment.words for segment in lessons.segments], encoder()
    embedded = np.concatenate([encode(words[at : at + BATCH]) for at in range(0, len(words), BATCH)])
    centre = embedded.mean(0)
    every = np.arange(len(lessons.segments))
    scaled = direction(embedded, centre)
    weights = training.fit(scaled, training.targets_of(names, lessons, every), training.STEPS)

    def reads(post: Post) -> Touched:
        touched: dict[str, list[Extent]] = defaultdict(list)
        segments = cut(post)
        embedded = direction(encode([segment.words for segment in segments]), centre)
        for segment, likely in zip(segments, softmax(embedded @ weights[1:] + weights[0]), strict=True):
            for column in np.flatnonzero(likely[:-1] >= ALONE):
                touched[clauses[names[column]]].append(segment.extent)
        return touched

    return reads


def page_of(readings: Mapping[str, Reading]) -> str:
    """Return the comparison as a table."""
    headings = ("", "Précision", "Rappel", "Mots", "Alarmes", "Ordinaires", "p50", "p99")
    return table(
        headings,
        (
            (
                name,
                *map(number, (reading.precision, reading.recall, reading.overlap, reading.harmless)),
                number(reading.ordinary),
                f"{number(reading.p50)}\u00a0ms",
                f"{number(reading.p99)}\u00a0ms",
            )
            for name, reading in readings.items()
        ),
    )


def targets_of(own: Reading) -> list[Figure]:
    """Return what Vigie does beside what it must."""
    return [
        Figure("Précision, par clause", own.precision, at_least(0.88)),
        Figure("Rappel, par clause", own.recall, at_least(0.88)),
        Figure("Mots montrés qui recoupent les bons", own.overlap, at_least(0.8)),
        Figure("Textes sans danger où quelque chose est trouvé", own.harmless, at_most(0.04)),
        Figure("Textes ordinaires où quelque chose est trouvé", own.ordinary, at_most(0.04)),
        Figure("Temps, p99", own.p99, at_most(20), unit="ms"),
    ]


@click.command(help="Mesurer ce que /verifier trouve chez des plumes tenues à part.")
@click.option(
    "--sur",
    "paths",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    default=(UNSEEN, CAMPUS, IMPLIED, FOREIGN),
    help="Les textes de l'une d'elles, ou d'une autre.",
)
@click.option("--ecrire", is_flag=True, help="Mettre les tableaux dans docs/mesures.md.")
def main(*, paths: Sequence[Path], ecrire: bool) -> None:
    """Measure, print, and judge."""
    began = perf_counter()
    learnt = Lessons.of(training.all_lessons(SEED))
    asked = engines.pa20().annotations.checks
    clauses = {name: str(asked[name][0]) for name in checks.load_checks(SEED)}
    readers = {
        "Vigie": vigie(),
        "Vigie, réglé ou non": vigie(settling=False),
        "Listes de mots": word_lists(learnt, clauses),
        "Moteur des questions": questions(),
        "Vecteurs de phrases": embeddings(learnt, clauses),
    }
    targets, parts = [], []
    for path in paths:
        lessons = training.read_lessons(path)
        readings = {name: read_all(reads, lessons) for name, reads in readers.items()}
        own = targets_of(readings["Vigie"])
        heading = f"`{path.name}`, {len(lessons)} textes\u00a0:"
        click.echo(f"{heading}\n\n{page_of(readings)}\n")
        targets += own
        lowered = Figure(missed.LOWERED, missed.precision_at(lessons))
        parts.append(f"{heading}\n\n{measures.table_of([*own, lowered])}\n\n{page_of(readings)}")
    causes = missed.causes_of([lesson for path in paths for lesson in training.read_lessons(path)])
    parts.append(f"Ce qui n'est pas montré, et pourquoi, toutes ces plumes ensemble\u00a0:\n\n{causes}")
    click.echo(f"{parts[-1]}\n")
    code = measures.told(targets, "python -m tests.posting.figures", perf_counter() - began, None)
    if ecrire:
        passage = measures.passage("python -m tests.posting.figures --ecrire", perf_counter() - began)
        measures.write("\n\n".join([passage, *parts]), MARK)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
