"""The assignment problem: of all the ways to pair things, the one whose pairs together score the most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np


def assigned(scores: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Return the pairs, no place in two of them, whose scores have the greatest sum.

    What shares no candidate is settled apart, so that a long text costs no more than its knots.
    """
    chosen: list[tuple[int, int]] = []
    for knot in _knots(scores):
        rows, columns = (sorted({pair[side] for pair in knot}) for side in (0, 1))
        gain = np.zeros((len(rows), len(columns)))
        for one, other in knot:
            gain[rows.index(one), columns.index(other)] = scores[one, other]
        pairs = [(rows[i], columns[j]) for i, j in _optimal(gain)]
        chosen.extend(pair for pair in pairs if pair in scores)
    return sorted(chosen)


def _knots(pairs: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the pairs, gathered by what they have in common (union-find)."""
    root: dict[tuple[int, int], tuple[int, int]] = {}

    def find(node: tuple[int, int]) -> tuple[int, int]:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    ordered = sorted(pairs)
    for one, other in ordered:
        root[find((0, one))] = find((1, other))
    knots: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for one, other in ordered:
        knots[find((0, one))].append((one, other))
    return list(knots.values())


def _optimal(gain: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[tuple[int, int]]:
    """Return the assignment of greatest sum (Hungarian method by shortest augmenting paths).

    Crouse, « On implementing 2D rectangular assignment algorithms », IEEE Transactions on Aerospace
    and Electronic Systems 52(4), 2016; the steps along a row are numpy's.
    """
    if gain.shape[0] > gain.shape[1]:
        return sorted((i, j) for j, i in _optimal(gain.T))
    cost = gain.max() - gain
    rows, columns = cost.shape
    of_row, of_column = np.zeros(rows), np.zeros(columns)
    row_of = np.full(columns, -1)
    column_of = np.full(rows, -1)
    for start in range(rows):
        shortest, before = np.full(columns, np.inf), np.full(columns, -1)
        done_rows, done = [], np.zeros(columns, dtype=bool)
        row, reached, end = start, 0.0, -1
        while end == -1:
            done_rows.append(row)
            through = reached + cost[row] - of_row[row] - of_column
            better = ~done & (through < shortest)
            shortest[better], before[better] = through[better], row
            column = int(np.where(done, np.inf, shortest).argmin())
            reached, done[column] = float(shortest[column]), True
            if row_of[column] == -1:
                end = column
            else:
                row = int(row_of[column])
        of_row[start] += reached
        for other in done_rows[1:]:
            of_row[other] += reached - shortest[column_of[other]]
        of_column[done] -= reached - shortest[done]
        while end != -1:
            row = int(before[end])
            row_of[end] = row
            column_of[row], end = end, int(column_of[row])
            if row == start:
                break
    return [(row, int(column)) for row, column in enumerate(column_of)]
