"""Which further cells to hide, at least cost, so that numbers that were found can lie further apart."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from ddns_utils.disclosure.attack import FAR, NEARLY
from ddns_utils.disclosure.system import System

PRICELESS = 1e4
FREE = 1e-6


def cheapest_cover(
    system: System,
    low: np.ndarray,
    high: np.ndarray,
    apart: np.ndarray,
    cost: np.ndarray,
    fixed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cells to hide so that each number can lie ``apart``, and flags of those for which nothing helps.

    ``low`` and ``high`` is how far each can be from the truth already; ``apart`` is 0 for those that need nothing.
    ``cost`` is what hiding each costs, zero for those hidden already; ``fixed`` ones do not move. Many share one linear
    programme, which is paid for every number that it moves far enough; each that is left gets one of its own.
    """
    down, up = system.room
    down, up = (np.where(fixed, 0, side) for side in (down, up)) if fixed is not None else (down, up)
    rise, fall = np.minimum(low + apart, up), np.maximum(high - apart, down)
    rise, fall = np.where(rise > high, rise, 0), np.where(fall < low, fall, 0)
    left = apart > 0
    cover = np.zeros(len(cost), dtype=bool)
    cost = cost + FREE
    dice = np.random.default_rng(len(cost))

    def solve(signs: np.ndarray) -> None:
        price = np.where(cover, FREE, cost)
        reward = PRICELESS * signs / np.where(signs > 0, np.maximum(rise, 1), np.maximum(-fall, 1))
        most = np.concatenate(
            [np.where(signs > 0, rise, np.minimum(up, FAR)), np.where(signs < 0, -fall, np.minimum(-down, FAR))]
        )
        answer = linprog(
            np.concatenate([price - reward, price + reward]),  # moves up, then moves down
            A_eq=sparse.hstack([system.sums, -system.sums]),
            b_eq=np.zeros(system.sums.shape[0]),
            A_ub=sparse.hstack([-system.pairs, system.pairs]) if system.pairs.shape[0] else None,
            b_ub=system.slack if system.pairs.shape[0] else None,
            bounds=np.column_stack([np.zeros(2 * len(cost)), most]),
            method="highs",
        )
        if answer.x is None:
            return
        move = answer.x[: len(cost)] - answer.x[len(cost) :]
        far = ((signs > 0) & (move >= rise * (1 - NEARLY))) | ((signs < 0) & (move <= fall * (1 - NEARLY)))
        if (helped := left & (signs != 0) & far).any():
            cover[abs(move) > NEARLY] = True
            left[helped] = False

    fruitless = 0
    while fruitless < 2 and left.any():
        signs = np.where(rise == 0, -1.0, np.where(fall == 0, 1.0, dice.choice([-1.0, 1.0], len(cost))))
        before = left.sum()
        solve(np.where(left & ((rise != 0) | (fall != 0)), signs, 0.0))
        fruitless = 0 if left.sum() < before else fruitless + 1
    for cell in np.flatnonzero(left):
        for sign, way in ((1.0, rise), (-1.0, fall)):
            if left[cell] and way[cell] != 0:
                solve(np.where(np.arange(len(cost)) == cell, sign, 0.0))
    return cover, left
