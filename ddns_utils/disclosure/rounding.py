"""Numbers rounded so that parts still add up to their wholes, as another way than hiding.

Every number becomes one of the two multiples of the base beside it, by chance and so that every printed sum is true of
what is printed (controlled rounding, Cox 1987). Whoever knows the base knows each number to within it, and may know
more by the sums: the same intruder as against hidden numbers tries all small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from ddns_utils.disclosure.attack import ranges
from ddns_utils.disclosure.history import Table
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.system import System, Together
from ddns_utils.errors import DataError, DefinitionError

DRAWS = 5
SECONDS = 60.0


@dataclass(frozen=True)
class Rounded:
    """n and of as they are printed, table by table, and what the attack found; see ``Guarded``."""

    tables: list[tuple[np.ndarray, np.ndarray]]
    attacked: int
    exact: int
    narrow: int
    narrowest: float | None


def round_together(tables: Sequence[Table], policy: Policy) -> Rounded:
    """Round tables that hang together, and attack the result; a number that stands in several is the same in all.

    Raises DefinitionError for means, and DataError where no rounding keeps all sums or leaves small numbers uncertain.
    """
    if means := [table.indicator for table in tables if table.kind == "mean"]:
        raise DefinitionError(
            f"{means[0]} is a mean, and the policy rounds counts. Leave it out, or choose the method 'suppress'."
        )
    together = Together(tables, policy)
    seed = int.from_bytes(sha256(together.true.tobytes()).digest()[:8], "big")
    apart = together.width
    for draw in range(DRAWS):
        numbers, free = _rounded(together, policy.rounding_base, np.random.default_rng([seed, draw]))
        known = _known(together, numbers, policy.rounding_base, free)
        low, high = ranges(known, ~together.known, apart)
        spread = high - low
        if (spread >= apart * (1 - 1e-6)).all():
            halves = [np.split(numbers[where], 2) for where in together.where]
            shown = [tuple(half[: t.cells.published] for half in both)
                     for t, both in zip(together.tables, halves, strict=True)]  # fmt: skip
            few = apart > 0
            return Rounded(shown, int(few.sum()), 0, 0, float(spread[few].min()) if few.any() else None)
    raise DataError(
        f"These tables cannot be rounded to multiples of {policy.rounding_base}: small numbers can be worked out from "
        "the sums. Choose a larger rounding_base, or publish fewer breakdowns."
    )


def _rounded(together: Together, base: int, dice: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Every number as a multiple of the base, and whether multiples had to move for the sums' sake."""
    down = np.floor(together.true / base + 1e-9)
    part = together.true / base - down
    printed = together.now
    whole_rows = abs(together.sums) @ (~printed).astype(float) == 0
    sums = together.sums[whole_rows]
    pairs = together.pairs[abs(together.pairs) @ (~printed).astype(float) == 0]
    ties = sparse.vstack([sums, pairs]).tocsc()
    start = ties @ down
    most = np.concatenate([-start[: sums.shape[0]], np.full(pairs.shape[0], np.inf)])
    fixed = _earlier(together) / base - down
    for free in (False, True):
        lower = np.where(part < 1e-9, -float(free), 0.0)
        upper = np.where(part < 1e-9, float(free), 1.0)
        lower, upper = (np.where(np.isnan(fixed), side, fixed) for side in (lower, upper))
        lower = np.maximum(lower, -down)
        answer = milp(
            np.where(part < 1e-9, 0.0, dice.random(len(down)) - part),
            integrality=np.ones(len(down)),
            bounds=Bounds(lower, np.maximum(lower, upper)),
            constraints=LinearConstraint(ties, -start, most) if ties.shape[0] else None,
            options={"time_limit": SECONDS, "mip_rel_gap": 0.02},
        )
        if answer.x is not None:
            return base * (down + np.round(answer.x)), free
    raise DataError(
        f"These tables cannot be rounded to multiples of {base} so that all parts add up. Publish fewer breakdowns."
    )


def _earlier(together: Together) -> np.ndarray:
    """What was printed of each number before, rounded; missing where it was not."""
    found = np.full(together.count, np.nan)
    for table, where in zip(together.tables, together.where, strict=True):
        found[where] = np.fmax(found[where], table.rounded)
    return found


def _known(together: Together, numbers: np.ndarray, base: int, free: bool) -> System:
    """What readers know: each printed number to within the base, and all that was printed earlier."""
    system = together.system(np.ones(together.count, dtype=bool))
    within = np.where(together.whole & (not free), base - 1.0, float(base))
    lower = np.where(together.now, np.maximum(system.lower, numbers - within), system.lower)
    upper = np.where(together.now, np.minimum(system.upper, numbers + within), system.upper)
    return replace(system, lower=lower, upper=upper)
