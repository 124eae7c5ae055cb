"""Which numbers of indicators that hang together are hidden: the small ones, and those that would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from ddns_utils import areas
from ddns_utils.disclosure.attack import System, cheapest_cover, recovered
from ddns_utils.disclosure.cells import ALL, Cells
from ddns_utils.disclosure.links import Table, numbers, same_numbers
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.protect import components, protect
from ddns_utils.errors import DataError


@dataclass(frozen=True)
class Hidden:
    """Flags per cell of a table. ``n`` and ``of``: not published. ``small``: small in itself."""

    n: np.ndarray
    of: np.ndarray
    small: np.ndarray


@dataclass(frozen=True)
class Guarded:
    """What is hidden, table by table; how many hidden numbers were attacked, and how many of them found."""

    tables: list[Hidden]
    attacked: int
    found: int


def guard(tables: Sequence[Table], policy: Policy) -> Guarded:
    """Decide what to hide in tables that hang together, and attack the result until the intruder finds nothing.

    A table is its cells and the kind of its indicator. A number that stands in several of them is hidden in all or
    none. Raises DataError when even hiding everything that is not zero leaves a number that can be worked out.
    """
    together = _Together(tables, policy)
    hidden = _by_sums(together)
    vague = np.zeros(len(hidden), dtype=bool)
    found = recovered(together.system(hidden, vague), hidden, together.targets(hidden))
    while found.any():
        hidden, vague = _cover(together, hidden, vague, found)
        found = recovered(together.system(hidden, vague), hidden, together.targets(hidden))
    parts = []
    for table, where in zip(together.tables, together.where, strict=True):
        n, of = np.split(hidden[where], 2)
        small = (table.small_n | table.small_of) & ~np.logical_or(*np.split(vague[where], 2))
        parts.append(Hidden(*(flags[: table.cells.published] for flags in (n, of, small))))
    return Guarded(parts, attacked=int(together.targets(hidden).sum()), found=int(found.sum()))


def _by_sums(together: _Together) -> np.ndarray:
    """Flags of the numbers to hide so that no sum gives a small one away: first denominators, then what is of them."""
    parts = components(together.sums)
    hidden, done, wanted = together.never.copy(), np.zeros(together.count, dtype=bool), together.small_of
    while True:
        for part in parts:
            if (wanted[part] & ~done[part]).any():
                hidden[part] = protect(together.sums[:, part], wanted[part], together.never[part], together.order[part])
        done, wanted = wanted, wanted | together.small_n | together.values_of(hidden)
        if not (wanted & ~done).any():
            return hidden


class _Table:
    """One indicator's numbers: n of every cell, then of of every cell."""

    def __init__(self, cells: Cells, kind: str, policy: Policy) -> None:
        self.cells, self.kind, self.policy = cells, kind, policy
        self.n, self.of = np.split(numbers(cells), 2)
        self.n = self.of.copy() if kind == "mean" else self.n
        self.true = np.concatenate([self.n, self.of])
        self.sums = cells.matrix()
        self.never = np.arange(len(self.of)) >= cells.published
        self.small_of = self._small(self.of, zeros=False)
        self.left = self.of - self.n
        self.small_n = self._small(self.n) | ((self.of > 0) & (self.of < policy.minimum_denominator))
        if kind == "proportion" and policy.protect_complements:
            self.small_n |= self._small(self.left)
        self.pairs = sparse.hstack([-sparse.eye_array(len(self.of)), sparse.eye_array(len(self.of))]).tocsr()
        if kind == "rate":
            self.pairs = self.pairs[:0]

    def _small(self, counts: np.ndarray, zeros: bool = True) -> np.ndarray:
        counted = (counts > 0) & (counts < self.policy.threshold)
        if zeros and not self.policy.zeros_are_safe:
            counted |= (counts == 0) & (self.of > 0)
        return counted

    def rank(self) -> tuple[np.ndarray, ...]:
        """What a cell's rank is made of, least important first; see ``_Together.order``."""
        keys = self.cells.keys
        width = {code: level for level, name in enumerate(areas.LEVELS) for code in areas.codes(name)}
        level = [width.get(key[0], len(areas.LEVELS)) for key in keys]
        split = [sum(value != ALL for value in key[1:3]) for key in keys]
        inside = np.minimum(self.n, self.left) if self.kind == "proportion" else self.n
        ties = abs(self.sums)
        near = ties.T @ (ties @ (self.small_n | self.small_of).astype(float))
        return -inside, near, np.array(split), np.array(level), inside != 0

    def wanted(self) -> np.ndarray:
        """The numbers that must stay unknown once hidden: all but safe zeros and remainders that are not small."""
        wanted = (self.true > 0) | (not self.policy.zeros_are_safe)
        return wanted & np.concatenate([~self.never | self.small_n, ~self.never | self.small_of])

    def bounds(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From where to where each number may lie, as the reason for hiding it tells."""
        most = self.policy.threshold - 1
        least = 1 if self.policy.zeros_are_safe else 0
        small = np.concatenate([self._small(self.n), self.small_of])
        lower = np.where(small, least, np.where(self.true >= self.policy.threshold, self.policy.threshold, 0.0))
        upper = np.where(small, float(most), np.inf)
        if self.kind == "proportion" and self.policy.protect_complements:
            few_left = self._small(self.left) & ~hidden[len(self.of) :]
            few_left = np.concatenate([few_left, np.zeros(len(few_left), dtype=bool)])
            of = np.concatenate([self.of, self.of])
            lower = np.where(few_left, np.maximum(lower, of - most), lower)
            upper = np.where(few_left, np.minimum(upper, of - least), upper)
        never = np.tile(self.never, 2)
        return np.where(never, 0.0, lower), np.where(never, np.inf, upper)


class _Together:
    """The numbers of all tables, each of them once. ``where`` has the places of a table's numbers."""

    def __init__(self, tables: Sequence[Table], policy: Policy) -> None:
        self.tables = [_Table(cells, kind, policy) for cells, kind in tables]
        place = same_numbers(tables)
        self.where = np.split(place, np.cumsum([len(table.true) for table in self.tables])[:-1])
        self.count = int(place.max()) + 1
        to_place = sparse.csr_array((np.ones(len(place)), (np.arange(len(place)), place)))
        self.true = np.zeros(self.count)
        self.true[place] = np.concatenate([table.true for table in self.tables])
        sums = sparse.block_diag([table.sums for table in self.tables for _ in ("n", "of")], format="csr")
        self.sums = _once(sums @ to_place)
        pairs = sparse.block_diag([table.pairs for table in self.tables], format="csr")
        self.pairs = (pairs @ to_place).tocsr()
        none = [np.zeros(len(table.of), dtype=bool) for table in self.tables]
        self.small_n = self._any([(t.small_n, no) for t, no in zip(self.tables, none, strict=True)])
        self.small_of = self._any([(no, t.small_of) for t, no in zip(self.tables, none, strict=True)])
        self.never = ~self._any([(~table.never, ~table.never) for table in self.tables])
        self.wanted = self._any([np.split(table.wanted(), 2) for table in self.tables])
        self.order = self._order()

    def _any(self, flags: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        """Flags by place of what is flagged (n, of) in any table."""
        found = np.zeros(self.count, dtype=bool)
        for where, (n, of) in zip(self.where, flags, strict=True):
            found[where[np.concatenate([n, of])]] = True
        return found

    def _order(self) -> np.ndarray:
        """Rank of each number, the most wanted first.

        Numbers that protect nobody (zeros), then the country, regions and totals, then cells in fewer sums with small
        ones, then the largest: what is hidden to protect lies close to what it protects.
        """
        ranks = [table.rank() for table in self.tables]
        keys = []
        for parts in zip(*ranks, strict=True):
            key = np.full(self.count, -np.inf)
            for where, part in zip(self.where, parts, strict=True):
                np.maximum.at(key, where, np.tile(part, 2))
            keys.append(key)
        order = np.empty(self.count, dtype=int)
        order[np.lexsort(keys)] = np.arange(self.count)
        return order

    def values_of(self, hidden: np.ndarray) -> np.ndarray:
        """Flags of the numerators of the denominators that are hidden: they are not published without them."""
        of = [np.split(hidden[where], 2)[1] for where in self.where]
        return self._any([(flags, np.zeros_like(flags)) for flags in of])

    def targets(self, hidden: np.ndarray) -> np.ndarray:
        """The hidden numbers that must stay unknown."""
        return hidden & self.wanted

    def system(self, hidden: np.ndarray, vague: np.ndarray) -> System:
        """What the intruder knows when ``hidden`` is hidden and ``vague`` numbers do not say that they are small."""
        lower, upper = np.zeros(self.count), np.full(self.count, np.inf)
        for table, where in zip(self.tables, self.where, strict=True):
            least, most = table.bounds(hidden[where])
            np.maximum.at(lower, where, least)
            np.minimum.at(upper, where, most)
        lower, upper = np.where(vague, 0.0, lower), np.where(vague, np.inf, upper)
        return System(self.sums, self.pairs, self.true, lower, upper)


def _once(sums: sparse.csr_array) -> sparse.csr_array:
    """The rows that differ: tables that share a column share its sums."""
    sums.sum_duplicates()
    rows = {}
    for row, (start, end) in enumerate(pairwise(sums.indptr)):
        rows.setdefault((sums.indices[start:end].tobytes(), sums.data[start:end].tobytes()), row)
    return sums[list(rows.values())]


def _cover(
    together: _Together, hidden: np.ndarray, vague: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hide more, so that what was found is found no longer.

    Where hiding cannot help (four cells known to be 1-4 that sum to 4), the cells tied to it no longer say that they
    are small: first those in a sum with it, then all.
    """
    system = together.system(hidden, vague)
    hidden, vague = hidden.copy(), vague.copy()
    wanted = 1 / (1 + together.order / len(together.order))
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
    while (more := together.values_of(hidden) & ~hidden).any():
        hidden |= more
    return hidden, vague
