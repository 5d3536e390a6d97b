"""The assignment problem: pair rows with columns so that the sum of the scores is greatest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np


def assign(scores: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Return the (row, column) pairs with the greatest total score. Each row and column is used at most once.

    Pairs that are not in `scores` are never returned. Groups of pairs without a common row or column are
    solved separately, so a long text costs no more than its hard parts.
    """
    chosen: list[tuple[int, int]] = []
    for group in _components(scores):
        rows, columns = (sorted({pair[side] for pair in group}) for side in (0, 1))
        gain = np.zeros((len(rows), len(columns)))
        for row, column in group:
            gain[rows.index(row), columns.index(column)] = scores[row, column]
        chosen.extend(pair for i, j in _optimal(gain) if (pair := (rows[i], columns[j])) in scores)
    return sorted(chosen)


def _components(pairs: Iterable[tuple[int, int]]) -> Iterable[list[tuple[int, int]]]:
    """Group the pairs that have a row or column in common, directly or through other pairs (union-find)."""
    parent: dict[tuple[str, int], tuple[str, int]] = {}

    def root(node: tuple[str, int]) -> tuple[str, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for row, column in pairs:
        parent[root(("row", row))] = root(("column", column))
    groups: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for row, column in pairs:
        groups[root(("row", row))].append((row, column))
    return groups.values()


def _optimal(gain: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[tuple[int, int]]:
    """Return the assignment with the greatest sum of `gain`, `(rows, columns) float64`.

    Uses the Hungarian method with shortest augmenting paths: Crouse, « On implementing 2D rectangular
    assignment algorithms », IEEE Transactions on Aerospace and Electronic Systems 52(4), 2016.
    """
    if gain.shape[0] > gain.shape[1]:
        return sorted((i, j) for j, i in _optimal(gain.T))
    cost = gain.max() - gain
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    row_of, column_of = np.full(columns, -1), np.full(rows, -1)
    for start in range(rows):
        shortest = np.full(columns, np.inf)
        previous = np.full(columns, -1)
        visited_rows, visited = [], np.zeros(columns, dtype=bool)
        row = start
        distance = 0.0
        end = -1
        while end == -1:
            visited_rows.append(row)
            through = distance + cost[row] - row_price[row] - column_price
            better = ~visited & (through < shortest)
            shortest[better], previous[better] = through[better], row
            column = int(np.where(visited, np.inf, shortest).argmin())
            distance, visited[column] = float(shortest[column]), True
            if row_of[column] == -1:
                end = column
            else:
                row = int(row_of[column])
        row_price[start] += distance
        for row in visited_rows[1:]:
            row_price[row] += distance - shortest[column_of[row]]
        column_price[visited] -= distance - shortest[visited]
        while end != -1:
            row = int(previous[end])
            row_of[end] = row
            column_of[row], end = end, int(column_of[row])
            if row == start:
                break
    return [(row, int(column)) for row, column in enumerate(column_of)]
