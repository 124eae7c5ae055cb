"""The numbers of tables that hang together as one system: what is true of them, and what readers know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ddns_utils import areas
from ddns_utils.disclosure.cells import ALL
from ddns_utils.disclosure.history import Table
from ddns_utils.disclosure.links import common_cells, numbers, same_numbers
from ddns_utils.disclosure.policy import Policy

WIDER = 4.0  # what hiding a number costs, of hiding one of the level that is published next
HARDLY = 1e-3  # what is no whole number must be unknown by at least this share of it


@dataclass(frozen=True)
class System:
    """Numbers tied by ``sums @ x = constant`` and ``pairs @ x >= 0``; each may lie from ``lower`` to ``upper``.

    ``true`` are the numbers; only the sums' coefficients matter, since the true numbers give the constants. ``slack``
    is how far each pair is apart in truth. Those of ``whole`` are whole numbers.
    """

    sums: sparse.csr_array
    pairs: sparse.csr_array
    slack: np.ndarray
    true: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    whole: np.ndarray

    @property
    def room(self) -> tuple[np.ndarray, np.ndarray]:
        """How far each number can go down (zero or less) and up (zero or more) from the truth."""
        return np.minimum(self.lower - self.true, 0), np.maximum(self.upper - self.true, 0)

    def part(self, places: np.ndarray) -> System:
        """The system of some of the numbers, the others being known."""
        columns = [side[places] for side in (self.true, self.lower, self.upper, self.whole)]
        return System(self.sums[:, places], self.pairs[:, places], self.slack, *columns)


class OneTable:
    """One indicator's numbers: n of every cell, then of of every cell; which are small, and what readers know."""

    def __init__(self, table: Table, policy: Policy) -> None:
        self.cells, self.kind, self.policy = table.cells, table.kind, policy
        self.true = numbers(self.cells)
        self.n, self.of = np.split(self.true, 2)
        self.sums = self.cells.matrix()
        self.of_too = np.array([at not in self.cells.only_n for at in range(len(self.cells.sums))], dtype=bool)
        cells = np.arange(len(self.of))
        self.now, self.told = cells < self.cells.published, cells < self.cells.told
        self.left = self.of - self.n
        self.small_of = self._small(self.of, zeros=False)
        self.few = (self.of > 0) & (self.of < policy.minimum_denominator)
        self.small_n = self._small(self.n) if self.kind != "mean" else self.small_of.copy()
        self.dominated = np.zeros_like(self.now)
        if table.largest is not None:
            most = abs(self.n) * policy.dominant_percent / 100
            self.dominated[self.now] = table.largest > most[self.now] * (1 + HARDLY)
        complements = self.kind == "proportion" and policy.protect_complements
        self.small_left = self._small(self.left) if complements else np.zeros_like(self.now)
        shown = self.cells.shown.reindex(range(len(self.of)))
        self.seen = shown["row"].notna().to_numpy()
        self.said = np.where(
            self.seen, shown["said_small"] > 0, self.small_n | self.small_of | self.small_left | self.few
        )
        self.exact = np.concatenate([shown["exact_n"].notna(), shown["exact_of"].notna()])
        self.rounded = shown[["rounded_n", "rounded_of"]].to_numpy(float).T.ravel()
        self.base = np.tile(shown["base"].to_numpy(float), 2)
        self.whole = np.repeat([bool((part == part.round()).all()) for part in (self.n, self.of)], len(self.of))

    def _small(self, counts: np.ndarray, zeros: bool = True) -> np.ndarray:
        small = (counts > 0) & (counts < self.policy.threshold)
        if self.policy.rule == "groupings":
            ties = self.sums < 0
            few = np.array([small[parent] for parent, _ in self.cells.sums], dtype=bool)
            small = (counts > 0) & ((ties.T @ few.astype(float)) > 0)
        if zeros and not self.policy.zeros_are_safe:
            small |= (counts == 0) & (self.of > 0)
        return small

    def rank(self) -> tuple[np.ndarray, ...]:
        """What a cell's rank is made of, least important first; see ``Together.order``."""
        split = np.array([sum(value != ALL for value in (*key[1:3], *key[4:])) for key in self.cells.keys])
        inside = {"proportion": np.minimum(self.n, self.left), "mean": self.of}.get(self.kind, self.n)
        ties = abs(self.sums)
        near = ties.T @ (ties @ (self.small_n | self.small_of | self.small_left).astype(float))
        return -inside, near, split, self.level(), inside != 0

    def level(self) -> np.ndarray:
        """The place of each cell's area among the levels that are published first; remainders come last."""
        first = self.policy.publish_first
        place = {code: place for place, level in enumerate(first) for code in areas.codes(level)}
        return np.array([place.get(key[0], len(first)) for key in self.cells.keys])

    def small(self) -> np.ndarray:
        """The numbers that are small."""
        return np.concatenate([self.small_n | self.small_left | self.few, self.small_of])

    def secret(self) -> np.ndarray:
        """The numbers that are not published for their own sake: the small, and sums that one person dominates."""
        return self.small() | np.append(self.dominated, np.zeros_like(self.dominated))

    def width(self) -> np.ndarray:
        """How far apart the lowest and the highest possible number must be, 0 where the number is no secret."""
        safe = (self.true == 0) & self.policy.zeros_are_safe
        width = np.where(self.small() & ~safe, float(self.policy.narrowest_interval), 0.0)
        if self.kind == "mean":
            few = self.secret()[: len(self.n)]
            width[: len(self.n)] = np.where(
                few, np.maximum(1, abs(self.n) * self.policy.narrowest_sum_percent / 100), 0
            )
        return width

    def wanted(self) -> np.ndarray:
        """The numbers that must stay unknown once hidden: all but safe zeros and remainders that are not small."""
        zero = (self.true == 0) & self.policy.zeros_are_safe
        return (~zero | (self.width() > 0)) & (np.tile(self.now, 2) | (self.width() > 0))

    def bounds(self, vague: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From where to where each number may lie, as the reason for hiding it tells where it is not ``vague``."""
        most, least = self.policy.threshold - 1.0, float(self.policy.zeros_are_safe)
        small = np.concatenate([self._small(self.n) if self.kind != "mean" else np.zeros_like(self.now), self.small_of])
        least_told = np.where(self.whole, least, 0.0)
        most_told = np.where(self.whole, most, self.policy.threshold)
        large = (self.true >= self.policy.threshold) & (self.policy.rule == "cells")
        if self.kind == "mean":
            large[: len(self.n)] = False
        careless = (self.seen & (self.small_n | self.small_of) & ~self.said).any()
        told = np.tile(self.told & (self.said | ~self.seen), 2) & (small | large) & ~(vague & ~np.tile(self.seen, 2))
        told |= np.tile(self.seen & ~self.said & (not careless), 2) & large
        lower = np.where(told, np.where(small, least_told, self.policy.threshold), 0.0)
        upper = np.where(told & small, most_told, np.inf)
        negative = (self.true < 0).any()
        lower[lower == 0] = -np.inf if negative else 0.0
        near = np.where(self.whole, self.base - 1, self.base)
        lower = np.fmax(lower, self.rounded - near)
        return np.where(self.exact, self.true, lower), np.where(
            self.exact, self.true, np.fmin(upper, self.rounded + near)
        )


class Together:
    """The numbers of all tables, each of them once. ``where`` has the places of a table's numbers.

    After them come numbers that nobody prints, but that readers can find by subtraction: small complements, and small
    changes since an earlier table. ``price`` is what hiding each costs, from the order in which the policy publishes.
    """

    def __init__(self, tables: Sequence[Table], policy: Policy) -> None:
        self.policy, self.tables = policy, [OneTable(table, policy) for table in tables]
        place = same_numbers(tables)
        self.where = np.split(place, np.cumsum([len(table.true) for table in self.tables])[:-1])
        printed = int(place.max()) + 1
        complements, changes = self._complements(), self._changes(tables) if policy.hide_small_changes else []
        self.complements = {printed + at: tuple(sum_)[::-1] for at, (_, sum_) in enumerate(complements)}
        extra = [*complements, *changes]
        self.extra, self.count = len(extra), printed + len(extra)
        self.true = np.zeros(self.count)
        self.true[place] = np.concatenate([table.true for table in self.tables])
        self._gather_sums(place, extra)
        some = np.zeros(len(extra), dtype=bool)
        self.now = self._any([(table.now, table.now) for table in self.tables], some)
        self.known = self._any([np.split(table.exact, 2) for table in self.tables], some)
        self.wanted = self._any([np.split(table.wanted(), 2) for table in self.tables], ~some)
        self.whole = ~self._any([np.split(~table.whole, 2) for table in self.tables], some)
        self.width = self._most([table.width() for table in self.tables], float(policy.narrowest_interval))
        self.small = self.width > 0
        self.closed = ~self.now | self._any([np.split(table.secret(), 2) for table in self.tables], some)
        self.least = np.where(self.whole, 1.0, HARDLY * np.maximum(1, abs(self.true)))
        self.stage = -self._most([-np.tile(table.level(), 2).astype(float) for table in self.tables], -np.inf)
        for at, (_, sum_) in zip(range(printed, self.count), extra, strict=True):
            self.stage[at] = min(self.stage[list(sum_)])
        self.order = self._order()
        levels = np.unique(self.stage, return_inverse=True)[1]
        self.price = WIDER ** (levels.max() - levels) / (1 + self.order / self.count)

    def _complements(self) -> list[tuple[float, dict[int, float]]]:
        """Small numbers who are left, each with the sum that gives it."""
        found = {}
        for table, where in zip(self.tables, self.where, strict=True):
            for cell in np.flatnonzero(table.small_left & table.told):
                n, of = int(where[cell]), int(where[cell + len(table.of)])
                found[n, of] = (table.left[cell], {of: -1.0, n: 1.0})
        return list(found.values())

    def _changes(self, tables: Sequence[Table]) -> list[tuple[float, dict[int, float]]]:
        """Small changes since earlier tables, each with the sum that gives it."""
        found = []
        for (a, b), (here, there) in common_cells(tables).items():
            if tables[a].indicator != tables[b].indicator or not self.tables[a].cells.published:
                continue
            for half in (0, 1) if tables[a].kind != "mean" else (1,):
                at = [cells + half * len(t.of) for cells, t in ((here, self.tables[a]), (there, self.tables[b]))]
                change = self.tables[a].true[at[0]] - self.tables[b].true[at[1]]
                few = (abs(change) > HARDLY) & (abs(change) < self.policy.threshold) & self.tables[a].now[here]
                for one in np.flatnonzero(few & self.tables[a].whole[at[0]]):
                    places = int(self.where[a][at[0][one]]), int(self.where[b][at[1][one]])
                    found.append((change[one], {places[0]: -1.0, places[1]: 1.0}))
        return list({tuple(sorted(sum_.items())): (change, sum_) for change, sum_ in found}.values())

    def _gather_sums(self, place: np.ndarray, extra: Sequence[tuple[float, dict[int, float]]]) -> None:
        """``sums``, the number that each defines (``pivots``), and ``pairs``: a part is not larger than its whole."""
        first = self.count - len(extra)
        self.true[first:] = [number for number, _ in extra]
        to_place = sparse.csr_array(
            (np.ones(len(place)), (np.arange(len(place)), place)), shape=(len(place), self.count)
        )
        both = [part for table in self.tables for part in (table.sums, table.sums[table.of_too])]
        sums = sparse.block_diag(both, format="csr")
        parents = []
        for table, where in zip(self.tables, self.where, strict=True):
            parent = np.array([parent for parent, _ in table.cells.sums], dtype=int)
            parents += [where[parent], where[parent[table.of_too] + len(table.of)]]
        rows = np.repeat(np.arange(len(extra)), [len(sum_) + 1 for _, sum_ in extra])
        columns = [at for step, (_, sum_) in enumerate(extra) for at in (first + step, *sum_)]
        factors = [factor for _, sum_ in extra for factor in (1.0, *sum_.values())]
        more = sparse.csr_array((factors, (rows, columns)), shape=(len(extra), self.count))
        every = sparse.vstack([sums @ to_place, more]).tocsr()
        pivots = np.concatenate([*parents, first + np.arange(len(extra))]).astype(int)
        once = _once(every)
        self.sums, self.pivots = every[once], pivots[once]
        parts = [np.flatnonzero(np.full(len(t.of), t.kind == "proportion")) for t in self.tables]
        n = np.concatenate([where[cells] for where, cells in zip(self.where, parts, strict=True)])
        of = np.concatenate([w[c + len(t.of)] for w, c, t in zip(self.where, parts, self.tables, strict=True)])
        apart = n != of
        n, of = n[apart], of[apart]
        rows = np.tile(np.arange(len(n)), 2)
        values = np.repeat([-1.0, 1.0], len(n))
        self.pairs = sparse.csr_array((values, (rows, np.concatenate([n, of]))), shape=(len(n), self.count))

    def _any(self, flags: Sequence[Sequence[np.ndarray]], extra: np.ndarray) -> np.ndarray:
        """Flags by place of what is flagged (n, of) in any table, and of the numbers that nobody prints."""
        found = np.zeros(self.count, dtype=bool)
        for where, (n, of) in zip(self.where, flags, strict=True):
            found[where[np.concatenate([n, of]).astype(bool)]] = True
        found[self.count - len(extra) :] = extra
        return found

    def _most(self, numbers_: Sequence[np.ndarray], extra: float) -> np.ndarray:
        """By place the largest of the numbers that tables have for it."""
        found = np.full(self.count, -np.inf)
        for where, part in zip(self.where, numbers_, strict=True):
            np.maximum.at(found, where, part)
        return np.where(np.isinf(found), extra, found)

    def _order(self) -> np.ndarray:
        """Rank of each number, the most wanted first.

        Numbers that protect nobody (zeros), then levels as the policy has them and totals, then cells in fewer sums
        with small ones, then the largest: what is hidden to protect lies close to what it protects.
        """
        ranks = zip(*(table.rank() for table in self.tables), strict=True)
        keys = [self._most([np.tile(part, 2).astype(float) for part in parts], np.inf) for parts in ranks]
        order = np.empty(self.count, dtype=int)
        order[np.lexsort(keys)] = np.arange(self.count)
        return order

    def alone(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Who is the only one in a number: what that person knows, and all numbers of those cells, which are no secret.

        It is the same person in a whole of one and in the part of it that is one.
        """
        cells: dict[int, set[int]] = {}
        lefts = {both: left for left, both in self.complements.items()}
        sums_of_values = set()
        for table, where in zip(self.tables, self.where, strict=True):
            for n, of in zip(*(half.tolist() for half in np.split(where, 2)), strict=True):
                cell = {n, of, lefts.get((n, of), n)}
                for number in cell:
                    cells.setdefault(number, set()).update(cell)
                sums_of_values |= {n} if table.kind == "mean" else set()
        one = (self.true == 1) & self.whole
        one[[*sums_of_values, *range(self.count - self.extra + len(self.complements), self.count)]] = False
        rows, columns = self.sums.nonzero()
        same = one[self.pivots[rows]] & one[columns] & (self.pivots[rows] < self.count - self.extra)
        ties = sparse.coo_array((np.ones(same.sum()), (self.pivots[rows][same], columns[same])), shape=[self.count] * 2)
        person = csgraph.connected_components(ties, directed=False)[1]
        order = np.flatnonzero(one)[np.argsort(person[one], kind="stable")]
        found = []
        for numbers_ in np.split(order, np.flatnonzero(np.diff(person[order])) + 1) if len(order) else ():
            all_of_them = set().union(*(cells.get(number, {number}) for number in numbers_.tolist()))
            sums = sorted(all_of_them & sums_of_values)
            found.append((np.array([*numbers_, *sums]), np.array(sorted(all_of_them))))
        return found

    def with_values(self, hidden: np.ndarray) -> np.ndarray:
        """What is hidden, and the numerators of hidden denominators: they are not published without them."""
        while True:
            of = [np.split(hidden[where], 2)[1] for where in self.where]
            values = self._any([(flags, 0 * flags) for flags in of], np.zeros(0, dtype=bool)) & ~self.known
            if not (values & ~hidden).any():
                return hidden
            hidden = hidden | values

    def system(self, vague: np.ndarray) -> System:
        """What readers know when ``vague`` numbers do not say that they are small."""
        lower, upper = np.full(self.count, -np.inf), np.full(self.count, np.inf)
        for table, where in zip(self.tables, self.where, strict=True):
            least, most = table.bounds(vague[where])
            np.maximum.at(lower, where, least)
            np.minimum.at(upper, where, most)
        for left, (n, _) in self.complements.items():
            lower[left] = 0 if vague[n] else float(self.policy.zeros_are_safe)
            upper[left] = np.inf if vague[n] else self.policy.threshold - 1.0
        return System(self.sums, self.pairs, self.pairs @ self.true, self.true, lower, upper, self.whole)


def _once(sums: sparse.csr_array) -> list[int]:
    """The rows that differ: tables that share a column share its sums."""
    sums.sum_duplicates()
    rows: dict[tuple[bytes, bytes], int] = {}
    for row, (start, end) in enumerate(pairwise(sums.indptr)):
        rows.setdefault((sums.indices[start:end].tobytes(), sums.data[start:end].tobytes()), row)
    return list(rows.values())
