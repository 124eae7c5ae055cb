"""Which further cells to hide, so that no sum gives a small one away.

Gaussian elimination: a hidden number is given away by sums alone exactly when its row lies in the span of the
published rows. Cells are published one at a time, the most wanted first, and one that would complete the span of a
small cell stays hidden (the idea of Statistics Norway's GaussSuppression, Langsrud 2024; no code from it). Levels are
decided one after the other, each by the sums that it has a number in: so the municipalities of one region are parted
from those of the next. What is hidden at several levels at once is left to the attack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

TINY = 1e-9


@dataclass(frozen=True)
class Sums:
    """Sums, one a row, and the number that each defines by the others. ``order`` and ``stage`` rank the numbers."""

    matrix: sparse.csr_array
    pivots: np.ndarray
    order: np.ndarray
    stage: np.ndarray


def components(matrix: sparse.csr_array) -> list[np.ndarray]:
    """Positions of the columns that hang together through the rows of a matrix."""
    count, labels = csgraph.connected_components((abs(matrix).T @ abs(matrix)) != 0, directed=False)
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))


def protect(sums: Sums, small: np.ndarray, never: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Flags of the cells to hide: the ``small``, and those needed so that no sum gives a small one away.

    ``never`` flags cells that are not published anyhow, ``known`` those that readers know whatever is hidden now. A
    small one that follows from what is known, or was decided at a level before, is given up here.
    """
    hidden, decided = (small | never) & ~known, known.copy()
    for level in np.unique(sums.stage):
        here = sums.stage <= level
        outside = abs(sums.matrix) @ (~here).astype(float)
        at_level = abs(sums.matrix) @ (sums.stage == level).astype(float)
        rows = np.flatnonzero((outside == 0) & (at_level > 0))
        open_ = np.flatnonzero(here & ~decided)
        inside = sums.matrix[rows]
        for part in components(inside[:, open_]):
            cells = open_[part]
            if not small[cells].any():
                continue
            touching = inside[:, cells]
            touching = rows[np.diff(touching.indptr) > 0]
            columns = np.unique(sums.matrix[touching].indices)
            columns = columns if len(touching) else cells
            place = np.full(len(here), -1)
            place[columns] = np.arange(len(columns))
            shown = decided[columns] & ~hidden[columns]
            hidden[columns] = _eliminate(
                sums.matrix[touching][:, columns].toarray(),
                place[sums.pivots[touching]],
                small[columns] & ~known[columns],
                hidden[columns],
                shown,
                np.argsort(sums.order[columns], kind="stable"),
            )
        decided |= here & ~hidden
    return hidden


def _eliminate(
    sums: np.ndarray, pivots: np.ndarray, small: np.ndarray, hidden: np.ndarray, known: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Flags of hidden cells among one component's. ``sums`` is dense; ``order`` lists cells, most wanted first."""
    free = _free_moves(sums, pivots)
    hidden = hidden.copy()
    for cell in [*np.flatnonzero(known), *(cell for cell in order if not (hidden[cell] or known[cell]))]:
        if not free.shape[1]:
            break
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
            lost = touched[at_risk][gone & ~elsewhere]
            if len(lost) and not known[cell]:
                hidden[cell] = True
                continue
            small = small.copy()
            small[lost] = False
        after[np.abs(after) < TINY] = 0
        free[np.ix_(touched, wide)] = after
        free = np.delete(free, pivot, axis=1) if pivot == free.shape[1] - 1 else _drop(free, pivot)
    return hidden


def _drop(free: np.ndarray, column: int) -> np.ndarray:
    free[:, column] = free[:, -1]
    return free[:, :-1]


def _free_moves(sums: np.ndarray, pivots: np.ndarray) -> np.ndarray:
    """A basis, one column each, of the changes to all cells that keep every sum true."""
    count = sums.shape[1]
    defined: dict[int, int] = {}
    for row, pivot in enumerate(pivots):
        defined.setdefault(int(pivot), row)
    leaves = [cell for cell in range(count) if cell not in defined]
    free = np.zeros((count, len(leaves)))
    free[leaves, np.arange(len(leaves))] = 1
    done = set(leaves)
    waiting = list(defined)
    while waiting:
        later = []
        for cell in waiting:
            row = sums[defined[cell]]
            others = np.flatnonzero(row)
            others = others[others != cell]
            if done.issuperset(others.tolist()):
                free[cell] = -(row[others] / row[cell]) @ free[others]
                done.add(cell)
            else:
                later.append(cell)
        if len(later) == len(waiting):
            free = np.hstack([free, np.eye(count)[:, later]])
            break
        waiting = later
    open_sums = sums @ free
    open_sums = open_sums[np.abs(open_sums).max(axis=1, initial=0) > TINY]
    return free @ linalg.null_space(np.unique(open_sums, axis=0)) if len(open_sums) else free
