"""What to hide so that every small number can move.

If all numbers of a move are hidden, nobody can tell whether it was made. So for each small number the cheapest move is
looked for that takes it far enough, its numbers are hidden, and the move is the proof. Then each move is taken back
once more, and others are made where that costs less. The hypercubes of GHMITER are moves of this kind (Giessing and
Repsilber 2002; no code from it). Ours stay within what readers know, that "<5" is 1-4, unless it is cheaper that a
number does not say so any more, and add up wherever a number stands in several tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter

import numpy as np
from scipy import sparse

from ddns_utils.disclosure.attack import NEARLY
from ddns_utils.disclosure.cover import FREE
from ddns_utils.disclosure.grid import Grid
from ddns_utils.disclosure.system import System, Together

SMALL_UNSAID = 1.0  # what it costs that a small number says no more that it is small; hiding another costs 0.5 to 1
LARGE_UNSAID = 0.05
MANY = 10_000  # of more numbers than this, some may not say so; of fewer, linear programmes find what moves do not
NONE = np.array([], dtype=int)
TRIED, PASSES, WORTH_WHILE = 10, 4, 0.998  # cheapest moves looked at; rounds of improvement, and when to stop
Move = dict[int, float]
Goal = tuple[float, bool]  # how far, and whether as far the other way as well
# cost, which goal, which shape, how far, steps one way or both, places
Offer = tuple[float, int, int, float, list[np.ndarray], np.ndarray]


class Moves:
    """Moves that were made, and what is hidden for them: ``hidden()``, ``vague()`` and ``matrix()`` are the answer.

    ``need`` is how far apart a number's lowest and highest must be, ``silence`` what it costs that it does not say why.
    ``told`` and ``most`` are how far it can go alone, with its reason and without. Arrays of places have one more at
    their end, for cells that a table does not have.
    """

    def __init__(self, together: Together) -> None:
        self.together, self.count = together, together.count
        self.base, self.silent = together.closed & ~together.known, np.zeros(self.count, dtype=bool)
        self.need = np.where(together.wanted, np.maximum(together.width, together.least), 0.0)
        self.price = np.append(together.price, 0.0)
        silence = (
            np.where(together.small, SMALL_UNSAID, LARGE_UNSAID) if self.count > MANY else np.full(self.count, np.inf)
        )
        self.silence = np.append(silence, 0.0)
        told, untold = (together.system(np.full(self.count, vague)) for vague in (False, True))
        self.rooms, self.slack = (told.room, untold.room), told.slack
        self.told, self.most = self._alone(told), self._alone(untold)
        self.uses, self.unsaid = np.zeros((2, self.count), dtype=int)
        self.moves: dict[int, Move] = {}
        self.of: list[set[int]] = [set() for _ in range(self.count)]
        self.made = 0
        self.columns = [_columns(ties) for ties in (together.sums, told.pairs)]
        self.cells: dict[int, list[tuple[Grid, int]]] = {}
        for table, where in zip(together.tables, together.where, strict=True):
            for second, half in enumerate(np.split(where, 2)):
                grid = Grid(table, half, bool(second))
                for cell, place in enumerate(half.tolist()):
                    self.cells.setdefault(place, []).append((grid, cell))
        self.unprinted = dict(self._unprinted())
        self.makes: dict[int, list[tuple[int, float]]] = {}
        for extra, parts in self.unprinted.items():
            for place, factor in parts:
                self.makes.setdefault(place, []).append((extra, factor))

    def _unprinted(self) -> Iterator[tuple[int, list[tuple[int, float]]]]:
        """Numbers that nobody prints, each with what it is made of and by which factors."""
        rows = self.together.sums[self.together.pivots >= self.count - self.together.extra]
        for start, end in pairwise(rows.indptr.tolist()):
            parts = dict(zip(rows.indices[start:end].tolist(), rows.data[start:end].tolist(), strict=True))
            extra = max(parts)
            own = parts.pop(extra)
            yield extra, [(place, -factor / own) for place, factor in parts.items()]

    def _alone(self, system: System) -> tuple[np.ndarray, np.ndarray]:
        """How far each number can go alone: by what is known of it, of its whole or part, and of who is left."""
        down, up = (np.where(self.together.known, 0.0, side) for side in system.room)
        rows, places = system.pairs.nonzero()
        slack, part = system.slack[rows], system.pairs.data < 0  # same either way: no factor is 0
        np.minimum.at(up, places[part], slack[part])
        np.maximum.at(down, places[~part], -slack[~part])
        for left, (n, of) in self.together.complements.items():
            up[n], down[n] = min(up[n], -down[left]), max(down[n], -up[left])
            up[of], down[of] = min(up[of], up[left]), max(down[of], down[left])
        return np.append(down, -np.inf), np.append(up, np.inf)

    def cover(self) -> None:
        """Make moves for all that is hidden, and hide their numbers, at little cost to readers."""
        self._reach(self._short())
        for _ in range(PASSES):
            if not self._improve():
                break

    def part(self, knows: np.ndarray, number: int) -> bool:
        """Make a move of a number that leaves alone what somebody ``knows``; False if there is none."""
        least = self.together.least[number]
        if found := self._find(number, [(least, False), (-least, False)], knows):
            self._add(*found[1])
        return found is not None

    def keep(self, hidden: np.ndarray, vague: np.ndarray) -> None:
        """Take what is hidden, and does not say why, as given."""
        self.base, self.silent = self.base | hidden, self.silent | vague

    def vague(self) -> np.ndarray:
        """Flags of what must not say that it is small, or that it is not."""
        return self.silent | (self.unsaid > 0)

    def hidden(self) -> np.ndarray:
        """Flags of what is hidden: small itself, in a move, or the numerator of a hidden denominator."""
        return self.together.with_values(self.base | (self.uses > 0))

    def _cost(self) -> float:
        """What is lost to readers."""
        lost = self.hidden() & ~self.base
        return self.price[:-1][lost].sum() + self.silence[:-1][self.unsaid > 0].sum()

    def matrix(self) -> sparse.csc_array:
        """The moves, one a column."""
        rows = [number for move in self.moves.values() for number in move]
        steps = [step for move in self.moves.values() for step in move.values()]
        columns = np.repeat(np.arange(len(self.moves)), [len(move) for move in self.moves.values()])
        return sparse.csc_array((steps, (rows, columns)), shape=(self.count, len(self.moves)))

    def _goals(self, number: int) -> list[Goal]:
        """Where a number must get to, up or down, or both ways, to have moved far enough; none if it has."""
        steps = [self.moves[move][number] for move in self.of[number]]
        low, high = min([0.0, *steps]), max([0.0, *steps])
        if high - low >= self.need[number] * (1 - NEARLY):
            return []
        ways = [(low + self.need[number], False), (high - self.need[number], False)]
        half = self.need[number] / 2
        return [(half, True), *ways] if low == high and half.is_integer() else ways

    def _short(self) -> list[int]:
        """Hidden numbers that have not moved far enough, as tables have them: neighbours can share moves."""
        return [number for number in np.flatnonzero(self.hidden()).tolist() if self._goals(number)]

    def _add(self, *moves: Move) -> list[int]:
        numbers = []
        for move in moves:
            self.made += 1
            self.moves[self.made] = move
            self._count(self.made, move, 1)
            numbers.append(self.made)
        return numbers

    def _drop(self, number: int) -> Move:
        move = self.moves.pop(number)
        self._count(number, move, -1)
        return move

    def _count(self, number: int, move: Move, by: int) -> None:
        down, up = self.rooms[0]
        for place, step in move.items():
            self.uses[place] += by
            (self.of[place].add if by > 0 else self.of[place].discard)(number)
            if not down[place] <= step <= up[place]:
                self.unsaid[self.together.complements.get(place, (place,))[0]] += by

    def _reach(self, numbers: list[int]) -> None:
        """Make the cheapest moves for numbers, and for what is hidden with them."""
        while numbers:
            for number in numbers:
                while (goals := self._goals(number)) and (found := self._find(number, goals)):
                    self._add(*found[1])
            left = self._short()
            numbers = left if left != numbers else []

    def _find(self, number: int, goals: list[Goal], fixed: np.ndarray = NONE) -> tuple[float, list[Move]] | None:
        """The cheapest move (two, there and back) by which a number gets to a goal while ``fixed`` ones stay."""
        offers = sorted(self._offers(number, goals, fixed), key=itemgetter(0, 1, 2))
        for cost, _, _, goal, ways, places in offers[:TRIED]:
            moves = [self._whole(places, steps, fixed) for steps in ways]
            if all(move and abs(move.get(number, 0)) >= abs(goal) * (1 - NEARLY) for move in moves):
                return cost, moves
        return None

    def _offers(self, number: int, goals: list[Goal], fixed: np.ndarray) -> Iterator[Offer]:
        """The cheapest moves of each shape for each goal, as far as bounds of single numbers tell."""
        price = np.where(np.append(self.hidden(), False), FREE, self.price)
        silence = np.where(np.append(self.vague(), False), FREE, self.silence)
        (down, up), (least, most) = self.told, (side.copy() for side in self.most)
        least[fixed] = most[fixed] = 0
        shapes = ((factor, *shape) for grid, cell, factor in self._sources(number) for shape in grid.moves(cell))
        for shape, (factor, places, unit) in enumerate(shapes):
            for which, (goal, both) in enumerate(goals):
                steps = unit * (goal / factor)
                lowest, highest = (-abs(steps), abs(steps)) if both else (steps, steps)
                possible = ((highest <= most[places]) & (lowest >= least[places])).all(axis=1)
                if not possible.any():
                    continue
                unsaid = np.where((highest > up[places]) | (lowest < down[places]), silence[places], 0)
                cost = np.where(possible, (price[places] + unsaid).sum(axis=1), np.inf)
                cheap = np.argpartition(cost, TRIED)[:TRIED] if len(cost) > TRIED else np.arange(len(cost))
                for at in cheap[cost[cheap] < np.inf]:
                    yield cost[at], which, shape, goal, [steps[at], -steps[at]][: 1 + both], places[at]

    def _sources(self, number: int) -> Iterator[tuple[Grid, int, float]]:
        """The cells by which a number moves, and how far it does when they move by one."""
        for place, factor in self.unprinted.get(number, [(number, 1.0)]):
            for grid, cell in self.cells.get(place, ()):
                yield grid, cell, factor

    def _whole(self, places: np.ndarray, steps: np.ndarray, fixed: np.ndarray) -> Move | None:
        """A move with what follows for numbers that nobody prints; None if it breaks anything that is known."""
        move: Move = {}
        for place, step in zip(places.tolist(), steps.tolist(), strict=True):
            if place >= 0:
                move[place] = move.get(place, 0.0) + step
        for place, step in list(move.items()):
            for extra, factor in self.makes.get(place, ()):
                move[extra] = move.get(extra, 0.0) + factor * step
        move = {place: step for place, step in move.items() if step}
        down, up = self.rooms[1]
        if any(self.together.known[place] or not down[place] <= step <= up[place] for place, step in move.items()):
            return None
        if not move.keys().isdisjoint(fixed.tolist()):
            return None
        sums, pairs = {}, {}
        for found, columns in zip((sums, pairs), self.columns, strict=True):
            for place, step in move.items():
                for row, factor in columns[place]:
                    found[row] = found.get(row, 0.0) + factor * step
        kept = all(abs(off) < NEARLY for off in sums.values())
        return move if kept and all(by >= -self.slack[row] - NEARLY for row, by in pairs.items()) else None

    def _improve(self) -> bool:
        """Take each move back and make others for what it was made for, where that costs less; True if worth while."""
        before = self._cost()
        for number in np.random.default_rng(self.count).permutation(sorted(self.moves)).tolist():
            cost = self._cost()
            move = self._drop(number)
            made: list[int] = []
            if self._cost() >= cost - NEARLY or not self._again(move, cost, made):
                for other in made:
                    self._drop(other)
                self._add(move)
        return self._cost() < before * WORTH_WHILE

    def _again(self, move: Move, cost: float, made: list[int]) -> bool:
        """Make other moves for what a dropped one was made for; False if they cost as much or there are none."""
        hidden = self.hidden()
        for number in [place for place in move if hidden[place]]:
            while goals := self._goals(number):
                found = self._find(number, goals)
                if found is None or self._cost() + found[0] >= cost - NEARLY:
                    return False
                made += self._add(*found[1])
        return True


def _columns(ties: sparse.csr_array) -> list[list[tuple[int, float]]]:
    """For each number the rows in which it stands, with its factor there."""
    by = ties.tocsc()
    return [
        list(zip(by.indices[start:end].tolist(), by.data[start:end].tolist(), strict=True))
        for start, end in pairwise(by.indptr.tolist())
    ]
