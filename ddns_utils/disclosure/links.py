"""Which tables print the same numbers, so that what one hides must not stand in another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ddns_utils.disclosure.cells import Cells

Table = tuple[Cells, str]


def numbers(cells: Cells) -> np.ndarray:
    """A table's numbers: n of every cell, then of of every cell. A missing one is 0."""
    return np.nan_to_num(np.array([*cells.n, *cells.of], dtype=float))


def same_numbers(tables: Sequence[Table]) -> np.ndarray:
    """For every number of every table, one after the other: which number it is, counted from 0.

    Two columns of different tables are one and the same when they agree in every cell that both tables have: the
    numerator of one indicator is the denominator of the next, or two share a denominator. Nobody has to declare it,
    so nobody can forget to; columns that agree by chance are protected together, which hides a little more and
    reveals nothing. The numerator of a mean is not printed.
    """
    starts = np.cumsum([0, *(2 * len(cells.keys) for cells, _ in tables)])
    positions = [{key: position for position, key in enumerate(cells.keys)} for cells, _ in tables]
    values = [numbers(cells) for cells, _ in tables]
    pairs = []
    for a in range(len(tables)):
        for b in range(a + 1, len(tables)):
            common = [(here, positions[b][key]) for key, here in positions[a].items() if key in positions[b]]
            if not common:
                continue
            here, there = np.array(common).T
            for first in _columns(tables[a]):
                for second in _columns(tables[b]):
                    one, other = here + first, there + second
                    if np.allclose(values[a][one], values[b][other], rtol=1e-9, atol=1e-6):
                        pairs.append(np.column_stack([starts[a] + one, starts[b] + other]))
    if not pairs:
        return np.arange(starts[-1])
    ends = np.vstack(pairs)
    ties = sparse.coo_array((np.ones(len(ends)), ends.T), shape=(starts[-1], starts[-1]))
    return csgraph.connected_components(ties, directed=False)[1]


def linked(tables: Sequence[Table]) -> list[list[int]]:
    """The tables that hang together through numbers that they share, as groups of their positions."""
    same = same_numbers(tables)
    owner = np.repeat(np.arange(len(tables)), [2 * len(cells.keys) for cells, _ in tables])
    shape = (len(tables), int(same.max(initial=-1)) + 1)
    uses = sparse.coo_array((np.ones(len(same)), (owner, same)), shape=shape).tocsr()
    groups = csgraph.connected_components(uses @ uses.T, directed=False)[1]
    return [np.flatnonzero(groups == group).tolist() for group in range(groups.max(initial=-1) + 1)]


def _columns(table: Table) -> tuple[int, ...]:
    cells, kind = table
    return (len(cells.keys),) if kind == "mean" else (0, len(cells.keys))
