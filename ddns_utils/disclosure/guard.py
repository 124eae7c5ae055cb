"""Which numbers of indicators that hang together are hidden: the small ones, and those that would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddns_utils.disclosure.alone import given_away
from ddns_utils.disclosure.attack import parts, ranges
from ddns_utils.disclosure.cover import cheapest_cover
from ddns_utils.disclosure.history import Table
from ddns_utils.disclosure.moves import Moves
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.system import System, Together
from ddns_utils.errors import DataError

ROUNDS = 50


@dataclass(frozen=True)
class Hidden:
    """Flags per cell of a table. ``n`` and ``of``: not published. ``small``: small in itself."""

    n: np.ndarray
    of: np.ndarray
    small: np.ndarray


@dataclass(frozen=True)
class Guarded:
    """What is hidden, table by table, and what the attack on it found.

    ``attacked`` hidden numbers; ``exact`` of them found, ``narrow`` ones known to be in a smaller interval than the
    policy allows; ``narrowest``: no hidden small count is known any closer than this (None if there is none).
    """

    tables: list[Hidden]
    attacked: int
    exact: int
    narrow: int
    narrowest: float | None


def guard(tables: Sequence[Table], policy: Policy) -> Guarded:
    """Decide what to hide in tables that hang together, and attack the result until the intruder finds nothing.

    A number that stands in several tables is hidden in all or none. Raises DataError when a number can be worked out
    whatever is hidden: from what was published earlier, or because hiding everything that is not zero is not enough.
    """
    together = Together(tables, policy)
    out = together.known & together.now & together.small
    if out.any():
        _stop(int(out.sum()))
    moves = Moves(together)
    moves.cover()
    for _ in range(ROUNDS):
        hidden, vague = moves.hidden(), moves.vague()
        system = together.system(vague)
        apart = np.where(hidden & together.wanted, np.maximum(together.width, together.least), 0)
        low, high = ranges(system, hidden, apart, moves.matrix())
        short = np.where(high - low < apart * (1 - 1e-6), apart, 0)
        if short.any():
            moves.keep(*_cover(together, system, moves, (low, high, short)))
        elif not (persons := _found_by_persons(together, system, hidden)):
            break
        else:
            moves.keep(*_cover_from_persons(together, system, moves, persons))
    else:
        _stop(int((short > 0).sum()))
    return _result(together, hidden, vague, high - low, apart)


def _result(
    together: Together, hidden: np.ndarray, vague: np.ndarray, spread: np.ndarray, apart: np.ndarray
) -> Guarded:
    made = []
    for table, where in zip(together.tables, together.where, strict=True):
        n, of = np.split(hidden[where], 2)
        small = np.logical_or(*np.split(table.small(), 2)) & ~np.logical_or(*np.split(vague[where], 2))
        made.append(Hidden(*(flags[: table.cells.published] for flags in (n, of, small))))
    attacked, counts = apart > 0, together.width >= together.policy.narrowest_interval
    few = spread < apart * (1 - 1e-6)
    return Guarded(
        made,
        attacked=int(attacked.sum()),
        exact=int((attacked & (spread < together.least * (1 - 1e-6))).sum()),
        narrow=int((few & together.small).sum()),
        narrowest=float(spread[attacked & counts].min()) if (attacked & counts).any() else None,
    )


def _cover(
    together: Together, system: System, moves: Moves, found: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Hide more, so that what was found lies further apart.

    Where hiding cannot help (four cells known to be 1-4 that sum to 4), the cells tied to it no longer say that they
    are small: first those in a sum with it, then all. Numbers that nobody can hide any more do not move.
    """
    hidden, vague = moves.hidden(), moves.vague()
    low, high, short = found
    movable = ~together.known
    for part, inside in parts(system, movable, short > 0):
        before = hidden[part].sum() + vague[part].sum()
        cover, beyond = cheapest_cover(
            inside, low[part], high[part], short[part], np.where(hidden[part], 0.0, together.price[part])
        )
        hidden[part] |= cover
        if not beyond.any() and hidden[part].sum() + vague[part].sum() == before:
            beyond = short[part] > 0
        if beyond.any():
            if vague[part].all():
                if hidden[part].all():
                    _stop(int(beyond.sum()), bool(together.known.any()))
                hidden[part] = True
            touching = inside.sums[np.unique(inside.sums[:, np.flatnonzero(beyond)].nonzero()[0])]
            near = part[np.union1d(touching.nonzero()[1], np.flatnonzero(beyond))]
            vague[near if not vague[near].all() else part] = True
    return together.with_values(hidden), vague


def _found_by_persons(together: Together, system: System, hidden: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """What the only person in a number finds of another; nothing where the policy does not ask."""
    if not together.policy.singletons_know_themselves:
        return []
    return given_away(system, hidden, hidden & together.small & together.wanted, together.alone())


def _cover_from_persons(
    together: Together,
    system: System,
    moves: Moves,
    persons: Sequence[tuple[np.ndarray, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Hide more, so that each number can move while what the persons know stays: by moves, all together, one by one.

    Where that does not help, the cells tied to the number no longer say that they are small.
    """
    left = [one for one in persons if not moves.part(*one)]
    hidden, vague = moves.hidden(), moves.vague()
    for at_once in (True, True, False):
        fixed, targets = np.zeros((2, together.count), dtype=bool)
        batches = [left] if at_once else [[one] for one in left]
        left = []
        for batch in batches:
            fixed[:], targets[:] = False, False
            for knows, number in batch:
                if fixed[number] or targets[knows].any():
                    left.append((knows, number))
                else:
                    fixed[knows], targets[number] = True, True
            beyond = np.zeros(together.count, dtype=bool)
            for part, inside in parts(system, ~together.known, targets):
                none = np.zeros(len(part))
                cover, lost = cheapest_cover(
                    inside, none, none, np.where(targets[part], together.least[part], 0),
                    np.where(hidden[part], 0.0, together.price[part]), fixed[part],
                )  # fmt: skip
                hidden[part] |= cover
                beyond[part] = lost
            left += [one for one in batch if beyond[one[1]]]
    if left:
        ties = abs(system.sums)
        near = ties.T @ (ties @ np.isin(np.arange(together.count), [number for _, number in left]).astype(float)) > 0
        if vague[near].all():
            _stop(len(left), bool(together.known.any()))
        vague |= near
    return together.with_values(hidden), vague


def _stop(count: int, earlier: bool = True) -> None:
    if earlier:
        raise DataError(
            f"Nothing can be published: {count} numbers that must stay hidden can be worked out from what was "
            "published before, whatever is hidden now. Publish fewer breakdowns, or the areas and periods of the "
            "earlier tables."
        )
    raise DataError(
        "A table of counts cannot be protected: with every number hidden, the sums still give one away. "
        "Publish fewer breakdowns."
    )
