"""Which further cells to hide, so that no sum gives a small one away.

Gaussian elimination: a hidden number is given away by sums alone exactly when its row lies in the span of the
published rows. Cells are published one at a time, the most wanted first, and one that would complete the span of a
small cell stays hidden (the idea of Statistics Norway's GaussSuppression, Langsrud 2024; no code from it).
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

TINY = 1e-9


def components(matrix: sparse.csr_array) -> list[np.ndarray]:
    """Positions of the columns that hang together through the rows of a matrix."""
    count, labels = csgraph.connected_components((matrix.T @ matrix) != 0, directed=False)
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))


def protect(matrix: sparse.csr_array, small: np.ndarray, never: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Flags of the cells to hide: the ``small``, and those needed so that no sum gives a small one away.

    ``matrix`` has a row per sum and a column per cell; ``never`` flags cells that are not published anyhow;
    ``order`` ranks cells, those that readers need most first.
    """
    hidden = small | never
    for cells in components(matrix):
        if small[cells].any():
            rows = matrix[:, cells]
            rows = rows[np.diff(rows.indptr) > 0]
            hidden[cells] = _eliminate(rows.toarray(), small[cells], never[cells], np.argsort(order[cells]))
    return hidden


def _eliminate(sums: np.ndarray, small: np.ndarray, never: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Flags of hidden cells among one component's. ``sums`` is dense; ``order`` lists cells, most wanted first."""
    free = _free_moves(sums)
    hidden = small | never
    for cell in order:
        if hidden[cell]:
            continue
        move = free[cell]
        pivot = int(np.argmax(np.abs(move)))
        if abs(move[pivot]) < TINY:
            continue
        touched = np.flatnonzero(np.abs(free[:, pivot]) > TINY)
        wide = np.flatnonzero(np.abs(move) > TINY)
        after = free[np.ix_(touched, wide)] - np.outer(free[touched, pivot] / move[pivot], move[wide])
        at_risk = small[touched]
        if at_risk.any():
            gone = np.abs(after[at_risk]).max(axis=1) < TINY
            outside = np.delete(np.arange(free.shape[1]), wide)
            elsewhere = np.abs(free[np.ix_(touched[at_risk], outside)]).max(axis=1, initial=0) > TINY
            if (gone & ~elsewhere).any():
                hidden[cell] = True
                continue
        after[np.abs(after) < TINY] = 0
        free[np.ix_(touched, wide)] = after
        free = np.delete(free, pivot, axis=1) if pivot == free.shape[1] - 1 else _drop(free, pivot)
    return hidden


def _drop(free: np.ndarray, column: int) -> np.ndarray:
    free[:, column] = free[:, -1]
    return free[:, :-1]


def _free_moves(sums: np.ndarray) -> np.ndarray:
    """A basis, one column each, of the changes to all cells that keep every sum true."""
    count = sums.shape[1]
    parents: dict[int, int] = {}
    for row, line in enumerate(sums):
        parents.setdefault(int(np.argmax(line)), row)
    leaves = [cell for cell in range(count) if cell not in parents]
    free = np.zeros((count, len(leaves)))
    free[leaves, np.arange(len(leaves))] = 1
    done = set(leaves)
    waiting = list(parents)
    while waiting:
        later = []
        for parent in waiting:
            children = np.flatnonzero(sums[parents[parent]] < 0)
            if done.issuperset(children.tolist()):
                free[parent] = free[children].sum(axis=0)
                done.add(parent)
            else:
                later.append(parent)
        waiting = later
    open_sums = sums @ free
    open_sums = open_sums[np.abs(open_sums).max(axis=1, initial=0) > TINY]
    return free @ linalg.null_space(np.unique(open_sums, axis=0)) if len(open_sums) else free
