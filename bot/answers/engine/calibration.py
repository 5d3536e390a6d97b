"""The decision, from a model's scores, to answer, to say that the policy is silent, or to refer elsewhere.

Logistic regressions take a summary of a question's scores. They are fitted on scores that an author's
questions get from a model without any question of that author, since people's questions are new to it too.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.answers.bank import REASONS, BankLine

Table: TypeAlias = NDArray[np.float64]

RIGHT = "right"
VERDICTS = (RIGHT, "answer", "silent", "elsewhere")  # whether the best clause answers, then what to do
# maximum share of wrong answers among those announced as sure; the bank's questions are harder than people's
ANNOUNCED_ERRORS = 0.04
UNANSWERED_WEIGHT = 3.0  # weight of a line that the policy leaves unanswered, since a bank has few
_PAIRS = 7  # number of features that are products of scores; they come last
_BEST = 4  # number of best clauses in the summary
_RIDGE = 1.0  # L2 penalty
_RIDGE_AFTER = 20.0  # L2 penalty for follow-ups, higher since a bank has few
_STEPS = 12  # steps of Newton's method


def summary(clauses: Table, subjects: Table, reasons: Table, topics: Table, lengths: Table) -> Table:
    """Return the summary of n questions' scores: `(n, features)`.

    `clauses`, `subjects`: `(n, clauses)`. `reasons`: `(n, reasons)`. `topics`: `(n, topics)`. `lengths`:
    `(n,)`, in words.
    """
    topics = np.where(np.isfinite(topics), topics, 0.0)  # minus infinity for a topic that the bank lacks
    best, nearest = (_largest(table) for table in (clauses, subjects))
    # the subject score of the best clause
    subject = subjects[np.arange(len(subjects)), clauses.argmax(axis=1)]
    plain = [best, nearest, subject, reasons, np.sort(reasons, axis=1)[:, -2:], topics, np.log1p(lengths)]
    (first, near), (silent, beside) = (best[:, 0], nearest[:, 0]), reasons[:, :2].T
    pairs = [first**2, near**2, silent**2, first * near, first * silent, near * silent, near * beside]
    table: Table = np.column_stack(plain + pairs)
    return table


def summary_after(
    alone: tuple[Table, Table, Table], context: tuple[Table, Table, Table], previous: NDArray[np.intp]
) -> Table:
    """Return the summary of n follow-ups' scores: `(n, features)`.

    `alone`, `context`: the `summary` of the follow-ups by themselves, and in context, each with the `clauses`
    and `subjects` that it was computed from. `previous`: `(n,)`, the column of the clause shown before.
    """
    rows = np.arange(len(previous))
    (alone_columns, values, subjects), (read, values_after, subjects_after) = alone, context
    best, best_after = values.argmax(axis=1), values_after.argmax(axis=1)
    tables = (values, subjects, values_after, subjects_after)
    placed = [*(table[rows, previous] for table in tables), best_after == previous, best_after == best]
    table: Table = np.column_stack([alone_columns[:, :-_PAIRS], *placed, read])
    return table


def _largest(table: Table) -> Table:
    """Return each row's largest values, the largest first, with zeros where there are too few."""
    largest = -np.sort(-table, axis=1)[:, :_BEST]
    padded: Table = np.pad(largest, ((0, 0), (0, _BEST - largest.shape[1])))
    return padded


def chances(features: Table, weights: Table) -> Table:
    """Return the probability of each verdict. `weights`: `(1 + features, verdicts)`, intercepts first."""
    leaning = weights[0] + features @ weights[1:]
    likely: Table = 1 / (1 + np.exp(-np.clip(leaning, -30, 30)))
    return likely


def fit(
    features: Table,
    lines: Sequence[BankLine],
    right: NDArray[np.bool_],
    groups: Sequence[NDArray[np.intp]],
    *,
    after: bool = False,
) -> tuple[Table, float]:
    """Return the weights of `VERDICTS`, and the least likelihood of an answer announced as sure.

    `right`: `(n,)`, whether the best clause of each line answers it. `groups`: each author's rows. To choose
    that likelihood, each author's rows are judged with weights fitted on the other authors' rows. `after`:
    whether the lines are follow-ups.
    """
    declined = [line.reason for line in lines]
    wanted = {
        RIGHT: right,
        "answer": np.array([not reason for reason in declined]),
        "silent": np.array([reason == REASONS[0] for reason in declined]),
        "elsewhere": np.array([reason in REASONS[1:] for reason in declined]),
    }
    worth = np.where(wanted["silent"] & (not after), UNANSWERED_WEIGHT, 1.0)
    ridge = _RIDGE_AFTER if after else _RIDGE
    plain = features[:, :-_PAIRS]  # the products only help to tell whether the best clause answers
    weights = np.zeros((1 + features.shape[1], len(VERDICTS)))
    for at, verdict in enumerate(VERDICTS):
        read = features if verdict == RIGHT else plain
        weights[: 1 + read.shape[1], at] = _logistic(read, wanted[verdict], worth, ridge)
    likely = np.empty(len(lines))
    for group in groups:
        others = np.setdiff1d(np.arange(len(lines)), group)
        others = others if others.size else group
        alone = _logistic(features[others], right[others], worth[others], ridge)
        likely[group] = chances(features[group], alone[:, np.newaxis])[:, 0]
    return weights, _announced_from(likely, right)


def _logistic(features: Table, wanted: NDArray[np.bool_], worth: Table, ridge: float) -> Table:
    """Return a regression's intercept and weights, penalized as if the features had variance 1.

    `worth`: `(n,)`, the weight of each line. `ridge`: the penalty.
    """
    mean = features.mean(axis=0)
    spread = features.std(axis=0) + 1e-6
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    weights = np.zeros(scaled.shape[1])
    penalty = np.eye(scaled.shape[1]) * ridge
    for _ in range(_STEPS):
        likely = chances(scaled[:, 1:], weights[:, np.newaxis])[:, 0]
        slope = scaled.T @ (worth * (wanted - likely)) - penalty @ weights
        curvature = scaled.T @ (scaled * (worth * likely * (1 - likely))[:, np.newaxis]) + penalty
        weights = weights + np.linalg.solve(curvature, slope)
    raw: Table = np.append(weights[0] - (weights[1:] / spread) @ mean, weights[1:] / spread)
    return raw


def _announced_from(likely: Table, right: NDArray[np.bool_]) -> float:
    """Return the lowest likelihood above which at most `ANNOUNCED_ERRORS` of the answers are wrong, or 1."""
    order = np.argsort(-likely, kind="stable")
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    sound = np.flatnonzero(wrong <= ANNOUNCED_ERRORS)
    return float(likely[order[sound[-1]]]) if sound.size else 1.0
