"""What somebody finds who is the only person in a number that is hidden, and so knows that number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse.linalg import lsmr

from ddns_utils.disclosure.attack import parts
from ddns_utils.disclosure.system import System

DRAWS = 6
TINY = 1e-7


def given_away(
    system: System, hidden: np.ndarray, small: np.ndarray, alone: Sequence[tuple[np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, int]]:
    """Which ``small`` number each person finds: (what the person knows, the number), by the sums alone.

    ``alone`` has for each person the numbers that the person knows, and those of the same cell, which do not count.
    Random moves that keep every sum tell it: where what the person knows stays, the number cannot move either.
    """
    found = []
    dice = np.random.default_rng(len(hidden))
    for columns, inside in parts(system, hidden, small):
        place = np.full(len(hidden), -1)
        place[columns] = np.arange(len(columns))
        here = [(place[knows][place[knows] >= 0], cell) for knows, cell in alone]
        if not any(len(knows) for knows, _ in here):
            continue
        sums = inside.sums[np.diff(inside.sums.indptr) > 0]
        moves = dice.standard_normal((len(columns), DRAWS))
        for move in moves.T if sums.shape[0] else ():
            move -= sums.T @ lsmr(sums.T, move, atol=1e-13, btol=1e-13, conlim=0, maxiter=20 * len(columns))[0]
        size = np.linalg.norm(moves, axis=1)
        for knows, cell in here:
            if not len(knows):
                continue
            known = np.linalg.qr(moves[knows].T)[0]
            rest = np.linalg.norm(moves - (moves @ known) @ known.T, axis=1)
            lost = columns[small[columns] & (rest < TINY * np.maximum(size, 1))]
            found += [(columns[knows], int(number)) for number in np.setdiff1d(lost, cell)]
    return found
