"""The training of a model on a bank of questions. Only `bot.answers.train`, a separate program, uses it.

The model is a kernel ridge regression, solved exactly, so the same bank always gives the same model. The
thresholds are set on the scores that each author's questions get from the *other* authors' questions alone.
These scores follow from the same solution, without retraining: they are the block form of a linear smoother's
leave-one-out residual.

The lower triangle of the kernel of n questions is the only table of its size, and is solved in place: 100 MB
for 7,000 questions.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.answers.bank import REASONS, BankLine
from bot.answers.engine import calibration
from bot.answers.engine.encoder import encoder, release_encoder
from bot.answers.engine.features import BUCKETS, Floats, Postings, counted, direction, weigh
from bot.answers.engine.model import MODEL_READ_LENGTH, Model
from bot.answers.engine.scores import IN_CONTEXT
from bot.language.spelling import Speller
from bot.policy.articles import Number, Version

Group: TypeAlias = NDArray[np.intp]
Table: TypeAlias = NDArray[np.float64]
# The lower triangle of an `(n, n) float32` table, a panel for each of the slices of `blocks(n)`: its rows, up
# to the column where they end. In the last columns of a panel, what is above the diagonal is not read.
Triangle: TypeAlias = list[Floats]

TOPICS = ("incident", "draft", "article")  # columns for the kind of text, after those for clauses
RIDGE = 1.0  # added to the diagonal of the kernel
# the embedding kernel's weight and width; each of the four linear kernels has weight 1
SHARE, WIDTH = 3.0, 1.0
ALSO = 0.3  # target of a clause in `also_ok`; a `gold` clause has 1
IN_SCOPE = 0.675  # assumed share of people's questions that a policy answers
TOO_FEW = 20  # authors with fewer lines are grouped together
_BLOCK = 256  # rows of the kernel processed at once


def fit(
    lines: Sequence[BankLine],
    version: Version,
    table: Mapping[str, str],
    follow_ups: Sequence[BankLine] = (),
) -> Model:
    """Train on n lines, of which `follow_ups` are learnt in their context.

    `table`: from typed words to intended words (`load_spelling_table`). Raises `ValueError` when no line is
    answered.
    """
    lines = [*lines, *follow_ups]
    clauses = answered_clauses(lines, version)
    if not clauses:
        raise ValueError("the bank has no line with an answer")
    # answered lines first, since `solve_subjects` learns from those
    lines = sorted(lines, key=lambda line: not line.gold)
    after = np.array([bool(line.context) for line in lines])
    alone_lines = [line for line in lines if not line.context]
    following = [line for line in lines if line.context]
    speller = speller_of(lines, version, table)
    spelled = [speller(line.in_context[:MODEL_READ_LENGTH]) for line in lines]
    by_themselves = [speller(line.question[:MODEL_READ_LENGTH]) for line in following]
    rarity = rarity_of(spelled)
    postings = Postings.of([weigh(text, rarity) for text in spelled])
    vectors = encoder()([*spelled, *by_themselves])
    release_encoder()  # frees its memory for the kernel
    centre: Floats = vectors[: len(lines)].mean(axis=0)
    seen = direction(vectors[: len(lines)], centre)
    facing = direction(vectors[len(lines) :], centre)
    del vectors
    kernel = [
        kernel_of(spelled[block], rarity, postings, seen[block], seen[: block.stop])
        for block in blocks(len(lines))
    ]
    targets = targets_of(lines, clauses)
    bias = targets.mean(axis=0)
    count = len(clauses)
    end = len(clauses) + len(REASONS)
    groups = groups_of(lines)
    learnt = sum(bool(line.gold) for line in lines)
    factor = invert_factor(kernel)

    def beside(rows: Group) -> Floats:  # computed in blocks: the whole would be a third of the kernel
        return kernel_of([spelled[at] for at in rows], rarity, postings, seen[rows], seen[:learnt])

    nearness, subjects, mean = solve_subjects(factor, learnt, beside, targets[:, :count], groups)
    dual, apart = solve(factor, targets - bias, groups)
    apart += bias
    plain = apart[~after]
    topics = [
        _best_split(plain[:, end + at], np.array([name in {line.outcome, line.kind} for line in alone_lines]))
        for at, name in enumerate(TOPICS)
    ]
    offsets = np.concatenate([np.zeros(end), topics])
    verdicts, sure = calibration.fit(
        _summary(plain - offsets, subjects[~after], [line.question for line in alone_lines]),
        alone_lines,
        _right(plain[:, :count], alone_lines, clauses),
        groups_of(alone_lines),
    )
    alone = np.zeros((len(following), len(offsets)))
    near = np.zeros((len(following), count))
    for group in groups:
        later = np.flatnonzero(np.isin(np.flatnonzero(after), group))
        if later.size:
            # In single precision, since numpy would otherwise convert all of the kernel.
            every = _without(factor, dual, group).astype(np.float32)
            first = group[group < learnt]
            some = _without(_first(factor, learnt), nearness[:learnt], first).astype(np.float32)
            for block in blocks(len(later)):
                texts = [by_themselves[at] for at in later[block]]
                kernel_alone = kernel_of(texts, rarity, postings, facing[later[block]], seen)
                alone[later[block]] = kernel_alone @ every + bias
                near[later[block]] = kernel_alone[:, :learnt] @ some + mean
    verdicts_after, sure_after = fit_after(
        following, clauses, (alone - offsets, near), (apart[after] - offsets, subjects[after])
    )
    return Model(
        clauses=clauses,
        reasons=REASONS,
        topics=TOPICS,
        rarity=rarity,
        postings=postings,
        bias=np.append(bias, mean).astype(np.float32),
        centre=centre,
        seen=seen,
        dual=np.column_stack([dual, nearness]).astype(np.float32),
        topic_thresholds=np.array(topics, dtype=np.float32),
        width=WIDTH,
        share=SHARE,
        verdicts=verdicts.astype(np.float32),
        threshold=threshold_of(clauses, alone_lines, plain[:, :end]),
        sharpness=_sharpness(targets[~after, :end], plain[:, :end]),
        sure=sure,
        verdicts_after=verdicts_after.astype(np.float32),
        sure_after=sure_after,
        speller=speller,
    )


def fit_after(
    lines: Sequence[BankLine],
    clauses: Sequence[str],
    alone: tuple[Table, Table],
    context: tuple[Table, Table],
) -> tuple[Table, float]:
    """Return `verdicts_after`, which is empty when no follow-up is usable, and `sure_after` of `Model`.

    `alone`, `context`: for the lines by themselves and in context, the scores of all columns (those of topics
    less their thresholds), and the scores of subjects. Each score was computed without the lines of the same
    author. The lines of an author of more than half of the follow-ups are left out, since too few other lines
    were left to score them with.
    """
    counts = Counter(line.author for line in lines)
    balanced_authors = {
        author for author, count in counts.items() if count <= len(lines) / 2
    } or counts.keys()
    judged = [
        at for at, line in enumerate(lines) if line.author in balanced_authors and str(line.after) in clauses
    ]
    if not judged:
        return np.zeros((0, len(calibration.VERDICTS))), 1.0
    lines = [lines[at] for at in judged]
    (scores, near), (read, close) = ((some[judged], subjects[judged]) for some, subjects in (alone, context))
    values, values_after = scores[:, : len(clauses)], read[:, : len(clauses)]
    features = calibration.summary_after(
        (_summary(scores, near, [line.question for line in lines]), values, near),
        (_summary(read, close, [line.in_context for line in lines]), values_after, close),
        np.array([clauses.index(str(line.after)) for line in lines]),
    )
    right = _right((1 - IN_CONTEXT) * values + IN_CONTEXT * values_after, lines, clauses)
    return calibration.fit(features, lines, right, groups_of(lines), after=True)


def _summary(scores: Table, subjects: Table, texts: Sequence[str]) -> Table:
    count = subjects.shape[1]
    end = subjects.shape[1] + len(REASONS)
    lengths = np.array([len(text[:MODEL_READ_LENGTH].split()) for text in texts], dtype=np.float64)
    return calibration.summary(scores[:, :count], subjects, scores[:, count:end], scores[:, end:], lengths)


def kernel_of(
    texts: Sequence[str], rarity: Floats, postings: Postings, facing: Floats, seen: Floats
) -> Floats:
    """Return the kernel of m texts and the first n texts of `postings`: `(m, n) float32`.

    `facing`, `seen`: the embeddings of the m texts, and of the n texts.
    """
    kernel: Floats = SHARE * np.exp(WIDTH * (facing @ seen.T - 1))
    for at, text in enumerate(texts):
        kernel[at] += postings.similarity(*weigh(text, rarity), len(seen))[: len(seen)]
    return kernel


def _right(scores: Table, lines: Sequence[BankLine], clauses: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether the best clause of each line answers it. `scores`: `(n, clauses) float64`."""
    best = [Number(clauses[at]) for at in scores.argmax(axis=1)]
    return np.array([bool(line.gold) and line.accepts(n) for line, n in zip(lines, best, strict=True)])


def answered_clauses(lines: Sequence[BankLine], version: Version) -> tuple[str, ...]:
    """Return the numbers of the clauses that answer at least one line, in the order of the text."""
    return tuple(str(c.number) for c in version.clauses() if any(c.number in line.gold for line in lines))


def speller_of(lines: Sequence[BankLine], version: Version, table: Mapping[str, str]) -> Speller:
    """Return a speller that knows the words of the text and the bank, except the bank's typos."""
    return Speller.of([*(line.question for line in lines if line.kind != "typo"), *version.pieces()], table)


# --- The system to solve ------------------------------------------------------------------------


def rarity_of(spelled: Sequence[str]) -> Floats:
    """Return the smoothed inverse document frequency of each bucket: `(BUCKETS,) float32`, 0 if unseen."""
    seen = np.zeros(BUCKETS, dtype=np.float32)
    for text in spelled:
        seen[list({bucket for family in counted(text) for bucket in family})] += 1
    rare: Floats = np.where(seen > 0, np.log((1 + len(spelled)) / (1 + seen)) + 1, 0).astype(np.float32)
    return rare


def targets_of(lines: Sequence[BankLine], clauses: Sequence[str]) -> Table:
    """Return the target of each column for each of n lines: `(n, c) float64`, from 0 to 1.

    A whole article has no column, so a line that names an article teaches nothing about its clauses.
    """
    columns = (*clauses, *REASONS, *TOPICS)
    at = {name: column for column, name in enumerate(columns)}
    targets = np.zeros((len(lines), len(columns)))
    for row, line in enumerate(lines):
        first = {str(number) for number in line.gold} if line.gold else {line.reason}
        for name in {str(number) for number in line.also_ok} & at.keys():
            targets[row, at[name]] = ALSO
        for name in (first | {line.outcome, line.kind}) & at.keys():
            targets[row, at[name]] = 1.0
    return targets


def groups_of(lines: Sequence[BankLine]) -> list[Group]:
    """Return each author's rows. Authors with fewer than `TOO_FEW` lines share the last group."""
    rows: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        rows.setdefault(line.author, []).append(at)
    small_groups = [at for author in sorted(rows) if len(rows[author]) < TOO_FEW for at in rows[author]]
    groups = [rows[author] for author in sorted(rows) if len(rows[author]) >= TOO_FEW]
    return [np.array(group, dtype=np.intp) for group in (*groups, small_groups) if group]


def blocks(count: int) -> list[slice]:
    """Return the slices of the panels of a `Triangle` of `count` rows."""
    return [slice(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]


def invert_factor(kernel: Triangle) -> Triangle:
    """Return X, lower triangular, such that Xᵀ·X is the inverse of kernel + ridge.

    X, the inverse of the Cholesky factor, is written over the kernel. The first m rows and columns of X are
    the X of the first m rows and columns of the kernel.
    """
    for at, panel in enumerate(kernel):
        above = slice(0, at * _BLOCK)
        own = slice(at * _BLOCK, None)
        square = panel[:, own] - panel[:, above] @ panel[:, above].T
        panel[:, own] = np.linalg.cholesky(square + RIDGE * np.eye(len(panel), dtype=np.float32))
        across = np.linalg.inv(panel[:, own]).T
        for below in kernel[at + 1 :]:
            column = below[:, own.start : panel.shape[1]]
            column[:] = (column - below[:, above] @ panel[:, above].T) @ across
    for at, panel in reversed([*enumerate(kernel)]):
        own = slice(at * _BLOCK, panel.shape[1])
        panel[:, own] = np.tril(np.linalg.inv(panel[:, own]))
        beneath = [below[:, own] @ -panel[:, own] for below in kernel[at + 1 :]]
        for end, below in enumerate(kernel[at + 1 :], 1):
            below[:, own] = below[:, own.stop :] @ np.concatenate(beneath[:end])
    return kernel


def solve(factor: Triangle, targets: Table, groups: Sequence[Group]) -> tuple[Table, Table]:
    """Return the dual solution, and the scores that each group's rows would get if the group were left out.

    Both are `(n, c) float64`, like `targets`. `factor` is what `invert_factor` returns.
    """
    dual = _solution(factor, _product(factor, targets))
    apart = np.empty_like(targets)
    for group in groups:
        apart[group] = targets[group] - _residual(factor, dual, group)
    return dual, apart


def solve_subjects(
    factor: Triangle,
    learnt: int,
    beside: Callable[[Group], Floats],
    targets: Table,
    groups: Sequence[Group],
) -> tuple[Table, Table, Table]:
    """Return a dual solution and scores, as `solve` does, and a bias, from the first `learnt` lines alone.

    The other lines have no weight in the dual. All n lines are scored, each without the lines of its group.
    `targets`: `(n, c) float64`. `beside`: returns the kernel of some of the other lines and the first lines,
    `(k, learnt) float32`.
    """
    factor = _first(factor, learnt)
    bias: Table = targets[:learnt].mean(axis=0)
    wanted = targets[:learnt] - bias
    dual, apart = np.zeros_like(targets), np.empty_like(targets)
    dual[:learnt] = _solution(factor, _product(factor, wanted))
    for group in groups:
        standalone = group[group < learnt]
        others = group[group >= learnt]
        residual = _residual(factor, dual, standalone)
        apart[standalone] = wanted[standalone] - residual + bias
        without = _without(factor, dual[:learnt], standalone, residual).astype(np.float32)
        for block in blocks(len(others)):
            apart[others[block]] = beside(others[block]) @ without + bias
    return dual, apart, bias


def _first(factor: Triangle, count: int) -> Triangle:
    """Return the first rows and columns of a triangle."""
    return [factor[at][: block.stop - block.start, :count] for at, block in enumerate(blocks(count))]


def _product(factor: Triangle, table: Table) -> Floats:
    """Return X·table."""
    narrow = table.astype(np.float32)
    return np.concatenate([panel @ narrow[: panel.shape[1]] for panel in factor])


def _solution(factor: Triangle, halfway: Floats) -> Table:
    """Return Xᵀ·halfway."""
    solution = np.zeros_like(halfway)
    for panel, block in zip(factor, blocks(len(halfway)), strict=True):
        solution[: panel.shape[1]] += panel.T @ halfway[block]
    return solution.astype(np.float64)


def _without(factor: Triangle, dual: Table, group: Group, residual: Table | None = None) -> Table:
    """Return the dual solution without a group's rows. `residual`: what `_residual` returns, if known."""
    solution = (_residual(factor, dual, group) if residual is None else residual).astype(np.float32)
    halfway = np.concatenate([_columns(panel, group) @ solution for panel in factor])
    without: Table = dual - _solution(factor, halfway)
    return without


def _residual(factor: Triangle, dual: Table, group: Group) -> Table:
    """Return the difference between a group's targets and the scores that the other rows give it.

    With P the inverse of kernel + ridge and α = P·targets, the difference r is the solution of
    P[group, group]·r = α[group].
    """
    gram = np.zeros((len(group), len(group)), dtype=np.float32)
    for panel in factor:
        columns = _columns(panel, group)
        gram += columns.T @ columns
    return np.linalg.solve(gram, dual[group]).astype(np.float64)


def _columns(panel: Floats, group: Group) -> Floats:
    """Return a group's columns in the rows of a panel, with zeros where the panel ends before."""
    columns = np.zeros((len(panel), len(group)), dtype=np.float32)
    within = group < panel.shape[1]
    columns[:, within] = panel[:, group[within]]
    return columns


# --- Thresholds, set on each line's scores from the other authors' lines -----------------------


def threshold_of(clauses: Sequence[str], lines: Sequence[BankLine], scores: Table) -> float:
    """Return the offset to the best clause's score with which the most questions are handled correctly.

    `scores`: `(n, clauses + reasons) float64`. Lines are weighted so that a share `IN_SCOPE` of them should
    be answered. The joint measure is smoothed, to prefer the middle of a plateau to a spike.
    """
    count = len(clauses)
    best = scores[:, :count].argmax(axis=1)
    margins = scores[:, :count].max(axis=1) - scores[:, count:].max(axis=1)
    inside = np.array([bool(line.gold) for line in lines])
    if inside.all():
        return float(-np.quantile(margins, 0.02))  # the bank has no line to decline: decline 2 % of its lines
    accepted = [set(map(str, (*line.gold, *line.also_ok))) for line in lines]
    right = np.array([clauses[at] in numbers for at, numbers in zip(best, accepted, strict=True)])
    weight = np.where(inside, IN_SCOPE / inside.sum(), (1 - IN_SCOPE) / (~inside).sum())
    steps = np.linspace(-0.3, 0.3, 121)
    joint = [
        float(weight @ np.where(inside, right & (margins + step > 0), margins + step <= 0)) for step in steps
    ]
    smooth = np.convolve(np.pad(joint, 4, "edge"), np.ones(9) / 9, "valid")
    return float(steps[smooth.argmax()])


def _sharpness(targets: Table, scores: Table) -> float:
    """Return the softmax factor, an integer from 1 to 40, that maximizes the likelihood of the bank."""
    gold = (targets == 1).astype(float)
    gold /= np.maximum(gold.sum(axis=1, keepdims=True), 1)

    def surprise(sharpness: int) -> float:
        raised = sharpness * (scores - scores.max(axis=1, keepdims=True))
        return float(-(gold * (raised - np.log(np.exp(raised).sum(axis=1, keepdims=True)))).sum())

    return float(min(range(1, 41), key=surprise))


def _best_split(scores: NDArray[np.float64], wanted: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1, halfway between two scores, or infinity if none is positive."""
    if not wanted.any():
        return float("inf")
    order = np.argsort(-scores, kind="stable")
    f1 = 2 * np.cumsum(wanted[order]) / (np.arange(1, len(order) + 1) + wanted.sum())
    at = int(f1.argmax())
    below = scores[order[at + 1]] if at + 1 < len(order) else scores[order[at]] - 1
    return float((scores[order[at]] + below) / 2)
