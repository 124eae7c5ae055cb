"""An intruder of the tests' own: whole numbers, everything that was printed, every sum; no code of the guard's.

It knows tables of regions × sexes with their margins. A number that was the same in two publications is taken for the
same one; ``small count`` beside a rate is known to mean 1-4, or 0-4 where zeros are not safe.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from made_results import EVENTS, SHARE, WAIT, measured
from scipy.optimize import Bounds, LinearConstraint, milp

from ddns_utils import areas
from ddns_utils.disclosure.published import published

REGIONS = areas.codes("region", date(2025, 1, 1))
KINDS = {one.id: one.kind for one in (SHARE, EVENTS, WAIT)}


def table(n, of, indicator=SHARE, sexes=("F", "M")):
    """Regions × sexes with all their margins, from counts by region and sex."""
    n, of = np.asarray(n, dtype=float), np.asarray(of, dtype=float)
    rows = []
    for r, area in enumerate([*REGIONS[: len(n)], "DK"]):
        for s, sex in enumerate([*sexes, "all"]):
            at = (slice(None) if area == "DK" else r, slice(None) if sex == "all" else s)
            rows.append({"area": area, "sex": sex, "n": n[at].sum(), "of": of[at].sum()})
    if indicator.kind != "mean":
        return measured(rows, indicator)
    rows = [row | {"n": np.nan, "value": row["n"] / row["of"] if row["of"] else np.nan} for row in rows]
    return measured(rows, indicator)


def only(made, **where):
    kept = made.frame
    for column, value in where.items():
        kept = kept[kept[column] == value]
    return type(made)(kept.reset_index(drop=True), made.indicators)


def kept(made, result, run=""):
    return published(made.frame, result.frame, {name: one.kind for name, one in made.indicators.items()}, run)


class Intruder:
    def __init__(self, zeros_are_safe: bool = True) -> None:
        self.zeros_are_safe, self.names = zeros_are_safe, {}
        self.place, self.true, self.lower, self.upper, self.equal, self.least = {}, [], [], [], [], []
        self.hidden, self.small = set(), set()

    def read(self, true: pd.DataFrame, shown: pd.DataFrame, kinds: dict[str, str], since: str = "") -> Intruder:
        """Take in one publication; those with the same ``since`` are of the same data."""
        for (_, row), (_, printed) in zip(true.iterrows(), shown.iterrows(), strict=True):
            ends = []
            for column in ("n", "of"):
                number = row[column] if kinds[row.indicator] != "mean" or column == "of" else row.value * row.of
                at = self._number(row.indicator, row.area, row.sex, column, float(number))
                ends.append(at)
                seen = printed.value if column == "n" and kinds[row.indicator] == "mean" else printed[column]
                if not np.isnan(seen):
                    self.lower[at] = self.upper[at] = number
                    self.hidden.discard(at)
                elif self.lower[at] < self.upper[at]:
                    self.hidden.add(at)
                    self.small |= {at} if 0 < number < 5 and kinds[row.indicator] != "mean" else set()
                    if kinds[row.indicator] == "rate" and column == "n" and printed.note == "small count":
                        self.lower[at], self.upper[at] = int(self.zeros_are_safe), 4
            if kinds[row.indicator] == "proportion":
                self.least.append({ends[1]: 1, ends[0]: -1})
            self.place[since, row.indicator, row.area, row.sex] = ends
        return self

    def add_up(self, since: str, indicator: str) -> None:
        """Sums over the regions and over the sexes, of all that was printed of one state of the data."""
        here = {key[2:]: ends for key, ends in self.place.items() if key[:2] == (since, indicator)}
        families = [((area, "all"), [k for k in here if k[0] == area and k[1] != "all"]) for area, _ in here]
        families += [(("DK", sex), [k for k in here if k[1] == sex and k[0] != "DK"]) for _, sex in here]
        for parent, children in families:
            for half in (0, 1):
                if parent in here and children:
                    self.equal.append({here[parent][half]: 1} | {here[child][half]: -1 for child in children})

    def differ(self, one: int, other: int) -> int:
        """A number that is the difference of two."""
        at = self._number("difference", one, other, "", self.true[one] - self.true[other])
        self.lower[at] = -np.inf
        self.equal.append({at: 1, one: -1, other: 1})
        return at

    def spread(self, at: int) -> tuple[float, float]:
        """The lowest and the highest that a number can be."""
        rows = [*self.equal, *self.least]
        matrix = np.zeros((len(rows), len(self.true)))
        for line, terms in enumerate(rows):
            for place, factor in terms.items():
                matrix[line, place] += factor
        top = np.array([0.0] * len(self.equal) + [np.inf] * len(self.least))
        goal = np.eye(len(self.true))[at]
        ends = [
            milp(sign * goal, integrality=np.ones(len(goal)), bounds=Bounds(self.lower, self.upper),
                 constraints=LinearConstraint(matrix, np.zeros(len(rows)), top)) for sign in (1, -1)
        ]  # fmt: skip
        low, high = (
            sign * end.fun if end.fun is not None else sign * -np.inf for sign, end in zip((1, -1), ends, strict=True)
        )
        assert low <= self.true[at] + 1e-6
        assert high >= self.true[at] - 1e-6
        return low, high

    def found(self, apart: float) -> list[tuple]:
        """Hidden numbers that are known exactly, and small ones that are known more closely than ``apart``."""
        names = {at: name for name, at in self.names.items()}
        return [names[at] for at in sorted(self.hidden) if self.true[at] != 0
                for low, high in [self.spread(at)] if high - low < (apart if at in self.small else 1) - 1e-6]  # fmt: skip

    def _number(self, *name: object) -> int:
        if name not in self.names:
            self.names[name] = len(self.true)
            self.true.append(name[-1])
            self.lower.append(0.0)
            self.upper.append(1e6)
        return self.names[name]
