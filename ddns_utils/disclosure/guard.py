"""Which numbers of one indicator are hidden: the small ones, and those that would give them away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ddns_utils import areas
from ddns_utils.disclosure.attack import System, cheapest_cover, recovered
from ddns_utils.disclosure.cells import ALL, Cells
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.protect import components, protect
from ddns_utils.errors import DataError


@dataclass(frozen=True)
class Hidden:
    """Flags per cell. ``n`` and ``of``: not published. ``small``: small in itself. ``attacked``, ``found``: counts."""

    n: np.ndarray
    of: np.ndarray
    small: np.ndarray
    attacked: int
    found: int


def guard(cells: Cells, kind: str, policy: Policy) -> Hidden:
    """Decide what to hide in one table, and attack the result until the intruder finds nothing.

    Raises DataError when even hiding everything that is not zero leaves a number that can be worked out.
    """
    table = _Table(cells, kind, policy)
    hidden_of = protect(table.sums, table.small_of, table.never, table.order)
    hidden_n = protect(table.sums, table.small_n | hidden_of, table.never, table.order)
    hidden = np.concatenate([hidden_n, hidden_of])
    vague = np.zeros(len(hidden), dtype=bool)
    found = recovered(table.system(hidden, vague), hidden, table.targets(hidden))
    while found.any():
        hidden, vague = _cover(table, hidden, vague, found)
        found = recovered(table.system(hidden, vague), hidden, table.targets(hidden))
    n, of = np.split(hidden, 2)
    small = (table.small_n | table.small_of) & ~np.logical_or(*np.split(vague, 2))
    return Hidden(n, of, small, attacked=int(table.targets(hidden).sum()), found=int(found.sum()))


class _Table:
    """One indicator's numbers as the vector (n of every cell, of of every cell)."""

    def __init__(self, cells: Cells, kind: str, policy: Policy) -> None:
        self.cells, self.kind, self.policy = cells, kind, policy
        self.of = np.nan_to_num(np.array(cells.of, dtype=float))
        self.n = self.of.copy() if kind == "mean" else np.nan_to_num(np.array(cells.n, dtype=float))
        self.true = np.concatenate([self.n, self.of])
        self.sums = cells.matrix()
        self.never = np.arange(len(self.of)) >= cells.published
        self.small_of = self._small(self.of, zeros=False)
        left = self.of - self.n
        self.small_n = self._small(self.n) | ((self.of > 0) & (self.of < policy.minimum_denominator))
        if kind == "proportion" and policy.protect_complements:
            self.small_n |= self._small(left)
        self.order = self._order(left)
        self.pairs = sparse.hstack([-sparse.eye_array(len(self.of)), sparse.eye_array(len(self.of))]).tocsr()
        if kind == "rate":
            self.pairs = self.pairs[:0]

    def _small(self, numbers: np.ndarray, zeros: bool = True) -> np.ndarray:
        counted = (numbers > 0) & (numbers < self.policy.threshold)
        if zeros and not self.policy.zeros_are_safe:
            counted |= (numbers == 0) & (self.of > 0)
        return counted

    def _order(self, left: np.ndarray) -> np.ndarray:
        """Rank of each cell, the most wanted first.

        Numbers that protect nobody (zeros), then the country, regions and totals, then cells in fewer sums with small
        ones, then the largest: what is hidden to protect lies close to what it protects.
        """
        keys = self.cells.keys
        level = [0 if key[0] == areas.COUNTRY else 1 if key[0] in areas.codes("region") else 2 for key in keys]
        split = [sum(value != ALL for value in key[1:3]) for key in keys]
        inside = np.minimum(self.n, left) if self.kind == "proportion" else self.n
        rank = np.empty(len(keys), dtype=int)
        ties = abs(self.sums)
        near = ties.T @ (ties @ (self.small_n | self.small_of).astype(float))
        rank[np.lexsort((-inside, near, split, level, inside != 0))] = np.arange(len(keys))
        return rank

    def targets(self, hidden: np.ndarray) -> np.ndarray:
        """The hidden numbers that must stay unknown: all but safe zeros and remainders that are not small."""
        wanted = hidden & ((self.true > 0) | (not self.policy.zeros_are_safe))
        return wanted & np.concatenate([~self.never | self.small_n, ~self.never | self.small_of])

    def system(self, hidden: np.ndarray, vague: np.ndarray) -> System:
        """What the intruder knows when ``hidden`` is hidden and ``vague`` cells do not say that they are small."""
        most = self.policy.threshold - 1
        least = 1 if self.policy.zeros_are_safe else 0
        small = np.concatenate([self._small(self.n), self.small_of])
        lower = np.where(small, least, np.where(self.true >= self.policy.threshold, self.policy.threshold, 0.0))
        upper = np.where(small, float(most), np.inf)
        if self.kind == "proportion" and self.policy.protect_complements:
            left = self.of - self.n
            few_left = np.concatenate([self._small(left) & ~hidden[len(left) :], np.zeros(len(left), dtype=bool)])
            of = np.concatenate([self.of, self.of])
            lower = np.where(few_left, np.maximum(lower, of - most), lower)
            upper = np.where(few_left, np.minimum(upper, of - least), upper)
        open_ended = vague | np.tile(self.never, 2)
        lower, upper = np.where(open_ended, 0.0, lower), np.where(open_ended, np.inf, upper)
        return System(sparse.block_diag([self.sums, self.sums]).tocsr(), self.pairs, self.true, lower, upper)


def _cover(table: _Table, hidden: np.ndarray, vague: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hide more, so that what was found is found no longer.

    Where hiding cannot help (four cells known to be 1-4 that sum to 4), the cells tied to it no longer say that they
    are small: first those in a sum with it, then all.
    """
    system = table.system(hidden, vague)
    hidden, vague = hidden.copy(), vague.copy()
    wanted = 1 / (1 + np.tile(table.order, 2) / len(table.order))
    for part in components(sparse.vstack([system.sums, system.pairs]).tocsr()):
        inside = System(
            system.sums[:, part], system.pairs[:, part], system.true[part], system.lower[part], system.upper[part]
        )
        if not found[part].any():
            continue
        cover, beyond = cheapest_cover(inside, found[part], np.where(hidden[part], 0.0, wanted[part]))
        hidden[part] |= cover
        if beyond.any() and vague[part].all():
            raise DataError(
                "A table of counts cannot be protected: with every number hidden, the sums still give one away. "
                "Publish fewer breakdowns."
            )
        if beyond.any():
            touching = inside.sums[np.unique(inside.sums[:, np.flatnonzero(beyond)].nonzero()[0])]
            near = part[np.union1d(touching.nonzero()[1], np.flatnonzero(beyond))]
            vague[near if not vague[near].all() else part] = True
    half = len(hidden) // 2
    hidden[:half] |= hidden[half:]
    return hidden, vague
