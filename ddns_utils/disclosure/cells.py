"""The cells of one indicator's table and the sums that tie them together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd
from scipy import sparse

from ddns_utils import areas
from ddns_utils.errors import DataError
from ddns_utils.period import Period

DIMENSIONS = ("area", "sex", "age_band", "period")
PERIOD = DIMENSIONS.index("period")
ALL = "all"
SHOWN = ["exact_n", "exact_of", "rounded_n", "rounded_of", "base", "row", "said_small"]
TOLERANCE = 1e-6


@dataclass
class Cells:
    """Cells by key, their true numbers, and the sums between them.

    ``keys[i]`` holds area, sex, age band, period and other strata. The first ``published`` cells are rows that are
    about to be published. Those after them, up to ``told``, are rows of earlier tables; then come remainders that
    nobody printed, but that a reader gets by subtraction. ``shown`` has what readers have seen of each cell in earlier
    tables, missing where they have not: exact or rounded numbers, 1 where there was a ``row``, and whether that said
    that its number is small. ``sums`` are (parent, children) by position; those of ``only_n`` do not hold for of,
    where strata share a population. ``n`` of a mean is the sum of its values.
    """

    keys: list[tuple]
    n: list[float]
    of: list[float]
    published: int
    sums: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    only_n: set[int] = field(default_factory=set)
    told: int = 0
    shown: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SHOWN, dtype=float))

    def matrix(self) -> sparse.csr_array:
        """One row per sum: 1 at the parent and -1 at each child, so that the matrix times the numbers is constant."""
        rows, columns, values = [], [], []
        for row, (parent, children) in enumerate(self.sums):
            rows += [row] * (1 + len(children))
            columns += [parent, *children]
            values += [1.0] + [-1.0] * len(children)
        return sparse.csr_array((values, (rows, columns)), shape=(len(self.sums), len(self.keys)))


def require_once(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise DataError when a cell of an indicator occurs twice."""
    if twice := int(frame.duplicated(["indicator", *columns]).sum()):
        raise DataError(
            f"{twice} cells of an indicator occur twice. One row per {', '.join(columns)} is needed: measure one "
            "breakdown at a time."
        )


def read_cells(
    frame: pd.DataFrame, strata: Sequence[str] = (), kind: str = "", earlier: pd.DataFrame | None = None
) -> Cells:
    """The table of one indicator, one row per cell, with every sum that a reader can use.

    ``earlier`` has what was shown before of the same numbers: the cells' columns, n, of and the columns of ``SHOWN``.
    """
    columns = [*DIMENSIONS, *strata]
    keys = list(frame[columns].itertuples(index=False, name=None))
    cells = Cells(keys, frame["n"].tolist(), frame["of"].tolist(), published=len(keys))
    if earlier is not None:
        _add_earlier(cells, earlier, columns)
    cells.told = len(cells.keys)
    while _add_remainders(cells, kind):
        pass
    for dimension in range(len(columns)):
        families = _families(cells.keys, dimension, kind)
        if dimension == PERIOD:
            families = [one for one in families if _adds_up(cells.n, *one[1:]) and _adds_up(cells.of, *one[1:])]
        elif dimension > PERIOD:  # same either way: PERIOD itself is above
            families = [one for one in families if _adds_up(cells.n, *one[1:])]
            apart = [at for at, one in enumerate(families) if not _adds_up(cells.of, *one[1:])]
            cells.only_n |= {len(cells.sums) + at for at in apart}
        cells.sums += [(parent, children) for _, parent, children in families]
    return cells


def _add_earlier(cells: Cells, earlier: pd.DataFrame, columns: list[str]) -> None:
    """Add the rows of earlier tables, and what was shown of every cell that is in them."""
    places = {key: position for position, key in enumerate(cells.keys)}
    keys = list(earlier[columns].itertuples(index=False, name=None))
    new = [position for position, key in enumerate(keys) if key not in places]
    places |= {keys[position]: len(places) + count for count, position in enumerate(new)}
    cells.keys += [keys[position] for position in new]
    cells.n += earlier["n"].iloc[new].tolist()
    cells.of += earlier["of"].iloc[new].tolist()
    cells.shown = pd.DataFrame(
        earlier[SHOWN].to_numpy(float), index=[places[key] for key in keys], columns=SHOWN
    ).reindex(range(len(places)))


def _add_remainders(cells: Cells, kind: str) -> bool:
    """Add what is left of a parent when its children do not make up all of it; True if a cell was added."""
    known = set(cells.keys)
    before = len(known)
    for dimension in range(len(DIMENSIONS) if kind == "rate" else PERIOD):
        incomplete = defaultdict(list)
        for name, parent, children in _families(cells.keys, dimension, kind):
            incomplete[name].append((parent, children))
        for (parent_value, values), families in incomplete.items():
            left = [(p, _left(cells.n, p, c), _left(cells.of, p, c)) for p, c in families]
            numbers = [number for _, *pair in left for number in pair if not math.isnan(number)]
            if not numbers or min(numbers) < -TOLERANCE or max(numbers) <= TOLERANCE:  # same either way: none is near
                continue
            for parent, n, of in left:
                key = _replace(cells.keys[parent], dimension, ("rest", parent_value, values))
                if key not in known:
                    known.add(key)
                    cells.keys.append(key)
                    cells.n.append(n)
                    cells.of.append(of)
    return len(known) > before


def _families(keys: list[tuple], dimension: int, kind: str) -> list[tuple[tuple, int, tuple[int, ...]]]:
    """Every (name, parent, children) along one dimension; the name is the parent's value and the children's.

    Periods that do not make up the whole leave a remainder only where events are counted, which surely add up.
    """
    lines: dict[tuple, dict] = defaultdict(dict)
    for position, key in enumerate(keys):
        lines[key[:dimension] + key[dimension + 1 :]][key[dimension]] = position
    families, known = [], {}
    for line in lines.values():
        values = tuple(value for value in line if not isinstance(value, tuple))
        if values not in known:
            known[values] = list(_trees(dimension, values, kind))
        for parent, children in known[values]:
            members = [line[child] for child in children]
            rest = line.get(("rest", parent, children))
            members += [rest] if rest is not None else []
            families.append(((parent, children), line[parent], tuple(members)))
    return families


def _trees(dimension: int, values: tuple, kind: str) -> Iterable[tuple[str, tuple]]:
    """(parent, children) among the values that one dimension takes; a stratum has a total if it is called "all"."""
    name = DIMENSIONS[dimension] if dimension < len(DIMENSIONS) else ""
    if name == "area":
        return areas.sums(values)
    if name == "age_band":
        spans = {value: (0, math.inf) if value == ALL else _ages(value) for value in values}
        return _span_trees(spans, whole=False)
    if name == "period":
        spans = {value: (p.start.toordinal(), p.end.toordinal()) for value in values for p in [Period.parse(value)]}
        return _span_trees(spans, whole=kind != "rate")
    children = tuple(value for value in values if value != ALL)
    return [(ALL, children)] if children and ALL in values else []


def _span_trees(spans: dict[str, tuple], whole: bool) -> Iterable[tuple[str, tuple]]:
    for parent, (start, end) in spans.items():
        inside = {v: s for v, s in spans.items() if v != parent and start <= s[0] and s[1] <= end}
        largest = {
            v: s
            for v, s in inside.items()
            if not any(o != v and t[0] <= s[0] and s[1] <= t[1] for o, t in inside.items())
        }
        ordered = sorted(largest, key=largest.get)
        apart = all(largest[a][1] <= largest[b][0] for a, b in pairwise(ordered))
        if ordered and apart and (not whole or sum(b - a for a, b in largest.values()) == end - start):
            yield parent, tuple(ordered)


def _ages(band: str) -> tuple[int, float]:
    first, _, last = band.replace("+", "-").partition("-")
    return int(first), int(last) + 1 if last else math.inf


def _left(numbers: list[float], parent: int, children: tuple[int, ...]) -> float:
    return numbers[parent] - sum(numbers[child] for child in children)


def _adds_up(numbers: list[float], parent: int, children: tuple[int, ...]) -> bool:
    left = _left(numbers, parent, children)
    return math.isnan(left) or abs(left) <= TOLERANCE  # same either way: only what rounding leaves is so near 0


def _replace(key: tuple, dimension: int, value: object) -> tuple:
    return (*key[:dimension], value, *key[dimension + 1 :])
