"""The numbers of a table by the values of its dimensions, and the moves between them that keep every sum.

Along one dimension a move is a municipality up and a neighbour of its region down, or a part and its whole up. One
such move along each dimension, multiplied, keeps every sum of the table: with two ends along each of three dimensions
it changes eight numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from ddns_utils.disclosure.system import OneTable

USUAL, LONGEST, ENOUGH = 3, 6, 10  # ends of a move along a dimension; and so many moves that none need be longer
MOST = 100  # moves along a dimension with the same number of ends


class Grid:
    """The numbers of half a table (n or of) by the values of its dimensions, and its moves along each dimension."""

    def __init__(self, table: OneTable, where: np.ndarray, second: bool) -> None:
        keys = table.cells.keys
        values = [{value: at for at, value in enumerate(dict.fromkeys(column))} for column in zip(*keys, strict=True)]
        self.at = np.array([[of[value] for of, value in zip(values, key, strict=True)] for key in keys])
        self.place = np.full([len(of) for of in values], -1)
        self.place[tuple(self.at.T)] = where
        sums = [set() for _ in values]
        for step, (parent, children) in enumerate(table.cells.sums):
            if second and step in table.cells.only_n:
                continue
            line = self.at[[parent, *children]]
            along = int(np.argmax((line != line[0]).any(axis=0)))
            whole, *parts = line[:, along].tolist()
            sums[along].add((whole, tuple(sorted(parts))))
        self.sums = [[dict.fromkeys(parts, -1) | {whole: 1} for whole, parts in sorted(along)] for along in sums]
        self.known: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}

    def along(self, dimension: int, value: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Moves along one dimension that raise a value by one, those with as many ends together: values and steps."""
        if (dimension, value) not in self.known:
            shapes = []
            for ends in range(1, LONGEST + 1):
                moves = sorted(_line_moves(self.sums[dimension], value, ends))[:MOST]
                if moves:
                    shapes.append(tuple(np.array(moves).transpose(2, 0, 1)))
                if ends >= USUAL and sum(len(values) for values, _ in shapes) >= ENOUGH:
                    break
            self.known[dimension, value] = shapes
        return self.known[dimension, value]

    def moves(self, cell: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Moves that raise a cell by one, those of one shape together: places and steps, a row for each move."""
        size = len(self.sums)
        for shapes in product(*(self.along(dimension, int(at)) for dimension, at in enumerate(self.at[cell]))):
            places, steps = [], np.ones([1] * 2 * size)
            for dimension, (values, step) in enumerate(shapes):
                shape = [1] * 2 * size
                shape[dimension], shape[size + dimension] = values.shape
                places.append(values.reshape(shape))
                steps = steps * step.reshape(shape)
            found = self.place[tuple(places)]
            count = int(np.prod(found.shape[:size]))
            yield found.reshape(count, -1), steps.reshape(count, -1)


def _line_moves(sums: list[dict[int, int]], value: int, ends: int) -> set[tuple[tuple[int, int], ...]]:
    """Every way to raise a value by one and exactly so many others by one up or down, such that each sum holds."""
    found = set()
    waiting = [{value: 1}]
    seen = set()
    while waiting:
        state = waiting.pop()
        key = tuple(sorted(state.items()))
        if key in seen:
            continue
        seen.add(key)
        off = next(((sum_, by) for sum_ in sums if (by := sum(sum_.get(at, 0) * step for at, step in key))), None)
        if off is None:
            found |= {key} if len(key) == ends else set()
        elif len(key) < ends and abs(off[1]) == 1:
            waiting += [{**state, at: -off[1] * sign} for at, sign in off[0].items() if at not in state]
    return found
