"""Which tables have the same numbers, so that what one hides must not stand in another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ddns_utils.disclosure.cells import Cells
from ddns_utils.disclosure.history import SAME, Table


def numbers(cells: Cells) -> np.ndarray:
    """A table's numbers: n of every cell, then of of every cell. A missing one is 0."""
    return np.nan_to_num(np.array([*cells.n, *cells.of], dtype=float))


def common_cells(tables: Sequence[Table]) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """For every two tables that have cells in common: the positions of those in the one and in the other."""
    ids: dict[tuple, int] = {}
    known = [np.array([ids.setdefault(key, len(ids)) for key in table.cells.keys], dtype=int) for table in tables]
    both = {pair: np.intersect1d(*(known[one] for one in pair), return_indices=True)[1:]
            for pair in combinations(range(len(tables)), 2)}  # fmt: skip
    return {pair: cells for pair, cells in both.items() if len(cells[0])}


def same_numbers(tables: Sequence[Table]) -> np.ndarray:
    """For every number of every table, one after the other: which number it is, counted from 0.

    Two columns of different tables are one and the same when they agree in every cell that both tables have: the
    numerator of one indicator is the denominator of the next, or two share a denominator. Nobody has to declare it,
    so nobody can forget to; columns that agree by chance are protected together, which hides a little more and
    reveals nothing. A sum of values is nothing but the sum of its own table. Tables of one indicator, as it is and as
    it was before a correction, have the same number in each cell that was not corrected.
    """
    starts = np.cumsum([0, *(2 * len(table.cells.keys) for table in tables)])
    values = [numbers(table.cells) for table in tables]
    pairs = []
    for (a, b), (here, there) in common_cells(tables).items():
        corrected = tables[a].indicator == tables[b].indicator != ""
        for first in (0, len(tables[a].cells.keys)):
            for second in (0, len(tables[b].cells.keys)):
                one, other = here + first, there + second
                equal = np.isclose(values[a][one], values[b][other], **SAME)
                if corrected and (first > 0) == (second > 0):
                    one, other = one[equal], other[equal]
                elif not equal.all() or "mean" in {
                    t.kind for t, at in ((tables[a], first), (tables[b], second)) if not at
                }:
                    continue
                pairs.append(np.column_stack([starts[a] + one, starts[b] + other]))
    if not pairs:
        return np.arange(starts[-1])
    ends = np.vstack(pairs)
    ties = sparse.coo_array((np.ones(len(ends)), ends.T), shape=(starts[-1], starts[-1]))
    return csgraph.connected_components(ties, directed=False)[1]


def linked(tables: Sequence[Table]) -> list[list[int]]:
    """The tables that hang together through numbers that they share, as groups of their positions.

    Tables of one indicator always do: what was corrected is the difference between two of them.
    """
    same = same_numbers(tables)
    owner = np.repeat(np.arange(len(tables)), [2 * len(table.cells.keys) for table in tables])
    shape = (len(tables), int(same.max(initial=-1)) + 1)
    uses = sparse.coo_array((np.ones(len(same)), (owner, same)), shape=shape).tocsr()
    names = [table.indicator or str(position) for position, table in enumerate(tables)]
    _, name = np.unique(names, return_inverse=True)
    named = sparse.coo_array((np.ones(len(tables)), (np.arange(len(tables)), name))).tocsr()
    groups = csgraph.connected_components(uses @ uses.T + named @ named.T, directed=False)[1]
    return [np.flatnonzero(groups == group).tolist() for group in range(groups.max(initial=-1) + 1)]
