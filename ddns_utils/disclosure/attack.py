"""An intruder with a linear programme: what can be worked out from everything that is published.

The intruder knows every sum, every published number, that counts are not negative and a numerator is not above its
denominator, why each cell is hidden (so that "<5" means 1-4), and that a cell hidden for another's sake is not small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from ddns_utils.disclosure.protect import components

MOVED = 1 - 1e-6
FAR = 1e5
PRICELESS = 1e4


@dataclass(frozen=True)
class System:
    """Numbers tied by ``sums @ x = constant`` and ``pairs @ x >= constant``; each may lie from ``lower`` to ``upper``.

    ``true`` are the numbers; only the sums' coefficients matter, since the true numbers give the constants.
    """

    sums: sparse.csr_array
    pairs: sparse.csr_array
    true: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def room(self) -> tuple[np.ndarray, np.ndarray]:
        """How far each number can go down (zero or less) and up (zero or more) from the truth."""
        return np.minimum(self.lower - self.true, 0), np.maximum(self.upper - self.true, 0)


def recovered(system: System, hidden: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Flags of the ``targets`` that the intruder finds: those whose possible whole numbers are only the true one."""
    found = np.zeros(len(hidden), dtype=bool)
    columns = np.flatnonzero(hidden)
    if not len(columns):
        return found
    sums, pairs = system.sums[:, columns], system.pairs[:, columns]
    for part in components(sparse.vstack([sums, pairs]).tocsr()):
        wanted = targets[columns[part]]
        if wanted.any():
            found[columns[part]] = ~_movable(system, sums[:, part], pairs[:, part], columns[part], wanted) & wanted
    return found


def _movable(system: System, sums, pairs, columns: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Flags of cells that can be at least one away from the truth while everything published stays true."""
    down, up = (side[columns] for side in system.room)
    sums, pairs = sums[np.diff(sums.indptr) > 0], pairs[np.diff(pairs.indptr) > 0]
    slack = (system.pairs @ system.true)[np.diff(system.pairs[:, columns].indptr) > 0]
    moved = ~wanted

    def push(objective: np.ndarray, most: np.ndarray) -> int:
        answer = linprog(
            -objective,
            A_eq=sums if sums.shape[0] else None,
            b_eq=np.zeros(sums.shape[0]) if sums.shape[0] else None,
            A_ub=-pairs if pairs.shape[0] else None,
            b_ub=slack if pairs.shape[0] else None,
            bounds=np.column_stack([np.maximum(down, -most), np.minimum(up, most)]),
            method="highs",
        )
        before = moved.sum()
        if answer.x is not None:
            np.logical_or(moved, np.abs(answer.x) >= MOVED, out=moved)
        return int(moved.sum() - before)

    dice = np.random.default_rng(len(columns))
    fruitless = 0
    while fruitless < 3 and not moved.all():  # many at a time: one answer clears every cell that it moves
        signs = np.where(up < 1, -1.0, np.where(down > -1, 1.0, dice.choice([-1.0, 1.0], len(columns))))
        cleared = push(np.where(moved, 0.0, signs), most=np.where(moved, FAR, 1.0))
        fruitless = fruitless + 1 if cleared == 0 else 0
    for cell in np.flatnonzero(~moved):
        for sign in (1.0, -1.0):
            if not moved[cell]:
                push(np.where(np.arange(len(columns)) == cell, sign, 0.0), most=np.full(len(columns), FAR))
    return moved


def cheapest_cover(system: System, targets: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells to hide so that each target can be one more or one less, and the targets for which nothing helps.

    ``cost`` is what hiding each number costs, zero for those hidden already. Many targets share one linear programme,
    which is paid for every target it moves; each that is left gets one of its own.
    """
    down, up = system.room
    cover, left = np.zeros(len(cost), dtype=bool), targets.copy()
    cost = cost + 1e-6
    dice = np.random.default_rng(len(cost))

    def solve(reward: np.ndarray) -> bool:
        most = np.where(reward != 0, 1.0, FAR)
        price = np.where(cover, 1e-6, cost)
        answer = linprog(
            np.concatenate([price - reward, price + reward]),  # moves up, then moves down
            A_eq=sparse.hstack([system.sums, -system.sums]),
            b_eq=np.zeros(system.sums.shape[0]),
            A_ub=sparse.hstack([-system.pairs, system.pairs]) if system.pairs.shape[0] else None,
            b_ub=system.pairs @ system.true if system.pairs.shape[0] else None,
            bounds=np.column_stack(
                [np.zeros(2 * len(cost)), np.minimum(np.concatenate([up, -down]), np.tile(most, 2))]
            ),
            method="highs",
        )
        if answer.x is None:
            return False
        move = np.abs(answer.x[: len(cost)] - answer.x[len(cost) :])
        helped = left & (move >= MOVED)
        if helped.any():
            cover[move > 1e-7] = True
            left[helped] = False
        return bool(helped.any())

    fruitless = 0
    while fruitless < 2 and left.any():
        signs = np.where(up < 1, -1.0, np.where(down > -1, 1.0, dice.choice([-1.0, 1.0], len(cost))))
        fruitless = 0 if solve(np.where(left, PRICELESS * signs, 0.0)) else fruitless + 1
    for cell in np.flatnonzero(left):
        for sign in (1.0, -1.0):
            if left[cell]:
                solve(np.where(np.arange(len(cost)) == cell, PRICELESS * sign, 0.0))
    return cover, left
