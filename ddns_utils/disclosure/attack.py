"""An intruder with a linear programme: what can be worked out from everything that is published.

The intruder knows every sum, every published number, that counts are whole and not negative and a numerator is not
above its denominator, why each cell is hidden (so that "<5" means 1-4), and that a cell hidden for another's sake is
not small.

What cannot be worked out is shown by worlds: other numbers, whole where numbers are whole, of which everything that is
published is true as well. Two worlds in which a number lies far enough apart are a proof, whatever the intruder may
try; a number without them counts as found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csgraph

from ddns_utils.disclosure.system import System

NEARLY = 1e-6
FAR = 1e5
NODES = 500  # for whole numbers where the linear programme has fractions; no seconds, so that a run can be repeated


def ranges(
    system: System, hidden: np.ndarray, apart: np.ndarray, moves: sparse.csc_array | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How far below and above the truth each number is in some world, or ``apart`` in all: then it is far enough.

    ``hidden`` flags what readers do not know, and ``apart`` is 0 for numbers that are not looked for. ``moves``, one a
    column, are looked at first: those after which everything published is still true are worlds.
    """
    low, high = worlds(system, hidden, moves) if moves is not None else np.zeros((2, len(hidden)))
    left = np.where(high - low < apart * (1 - NEARLY), apart, 0)
    for columns, inside in parts(system, hidden, left > 0):
        _Attack(inside, apart[columns], low, high, columns).run()
    return low, high


def worlds(system: System, hidden: np.ndarray, moves: sparse.csc_array) -> tuple[np.ndarray, np.ndarray]:
    """How far below and above the truth each number is in those of the moves that leave everything published true."""
    down, up = (np.where(hidden, side, 0) for side in system.room)
    number = np.repeat(np.arange(moves.shape[1]), np.diff(moves.indptr))
    place, step = moves.indices, moves.data
    fits = (step >= down[place] - NEARLY) & (step <= up[place] + NEARLY)
    fits &= ~system.whole[place] | (abs(step - np.round(step)) < NEARLY)
    true = np.bincount(number, ~fits, moves.shape[1]) == 0
    for ties, least in ((system.sums, 0.0), (-system.sums, 0.0), (system.pairs, -system.slack)):
        off = (ties @ moves).tocoo()
        true[off.coords[1][off.data < np.broadcast_to(least, ties.shape[0])[off.coords[0]] - NEARLY]] = False
    kept = true[number]
    low, high = np.zeros(len(hidden)), np.zeros(len(hidden))
    np.minimum.at(low, place[kept], step[kept])
    np.maximum.at(high, place[kept], step[kept])
    return low, high


def parts(system: System, hidden: np.ndarray, wanted: np.ndarray) -> Iterator[tuple[np.ndarray, System]]:
    """The hidden numbers that hang together and have a wanted one among them, each with the system they make up."""
    columns = np.flatnonzero(hidden)
    if not len(columns) or not wanted.any():
        return
    inside = system.part(columns)
    for part in _components(sparse.vstack([inside.sums, inside.pairs]).tocsr()):
        if wanted[columns[part]].any():
            yield columns[part], inside.part(part)


def _components(matrix: sparse.csr_array) -> list[np.ndarray]:
    """Positions of the columns that hang together through the rows of a matrix."""
    count, labels = csgraph.connected_components((abs(matrix).T @ abs(matrix)) != 0, directed=False)
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))


class World:
    """Other numbers of which everything published is true: moves that keep sums, wholes above parts, and bounds."""

    def __init__(self, system: System) -> None:
        self.system = system
        sums = system.sums[np.diff(system.sums.indptr) > 0]
        pairs = np.diff(system.pairs.indptr) > 0
        slack = system.slack[pairs]
        self.ties = sparse.vstack([sums, system.pairs[pairs]]).tocsc()
        self.least = np.concatenate([np.zeros(sums.shape[0]), -slack])
        self.most = np.concatenate([np.zeros(sums.shape[0]), np.full(len(slack), np.inf)])
        self.down, self.up = system.room

    def find(self, wanted: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray | None:
        """The move with most of what is ``wanted`` from ``lower`` to ``upper``; whole, or not given."""
        move = self._solve(wanted, lower, upper, whole=False)
        if move is None or self._is_whole(move):
            return move
        tidy = np.where(self.system.whole, np.round(move), move)
        if self.holds(tidy, lower, upper):
            return tidy
        move = self._solve(wanted, lower, upper, whole=True)
        return move if move is not None and self._is_whole(move) else None

    def _solve(self, wanted: np.ndarray, lower: np.ndarray, upper: np.ndarray, whole: bool) -> np.ndarray | None:
        answer = milp(
            -wanted,
            integrality=self.system.whole.astype(int) if whole else None,
            bounds=Bounds(np.maximum(self.down, lower), np.minimum(self.up, upper)),
            constraints=LinearConstraint(self.ties, self.least, self.most) if self.ties.shape[0] else None,
            options={"node_limit": NODES, "mip_rel_gap": 0.05} if whole else {},
        )
        return answer.x

    def _is_whole(self, move: np.ndarray) -> bool:
        return bool((abs(move - np.round(move))[self.system.whole] < NEARLY).all())

    def holds(self, move: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
        """Whether everything published is still true after a move, which goes from ``lower`` to ``upper`` at most."""
        ties = self.ties @ move
        inside = (move >= np.maximum(self.down, lower) - NEARLY) & (move <= np.minimum(self.up, upper) + NEARLY)
        return bool(inside.all() and (ties >= self.least - NEARLY).all() and (ties <= self.most + NEARLY).all())


class _Attack:
    def __init__(
        self, system: System, apart: np.ndarray, low: np.ndarray, high: np.ndarray, columns: np.ndarray
    ) -> None:
        self.world, self.apart, self.columns = World(system), apart, columns
        self.low, self.high = low, high
        self.dice = np.random.default_rng(len(columns))

    def run(self) -> None:
        fruitless = 0
        while fruitless < 3 and self.left().any():  # many at a time: one world clears every cell that moves in it
            up, down = self.world.up, self.world.down
            signs = self.dice.choice([-1.0, 1.0], len(self.apart))
            signs = np.where(up < 1, -1.0, np.where(down > -1, 1.0, signs))
            fruitless = 0 if self.push(np.where(self.left(), signs, 0.0)) else fruitless + 1
        for cell in np.flatnonzero(self.left()):
            for sign in (1.0, -1.0):
                if self.left()[cell]:
                    self.push(np.where(np.arange(len(self.apart)) == cell, sign, 0.0))

    def left(self) -> np.ndarray:
        spread = self.high[self.columns] - self.low[self.columns]
        return spread < self.apart * (1 - NEARLY)

    def push(self, wanted: np.ndarray) -> int:
        """Look for a world; returns how many numbers it shows to be far enough apart."""
        left = self.left()
        most = np.where(left, self.apart, FAR)
        move = self.world.find(wanted, -most, most)
        if move is None:
            return 0
        self.low[self.columns] = np.minimum(self.low[self.columns], move)
        self.high[self.columns] = np.maximum(self.high[self.columns], move)
        return int(left.sum() - self.left().sum())
