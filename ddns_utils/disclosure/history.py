"""The tables that are about to be published beside those that were: which of their numbers are the same.

A table that was published earlier and has the same numbers where both have a cell is one table with the new one, and
its sums run through both. Where numbers have been corrected since, the earlier table stands beside the new one, and
what has changed is a number of its own: whoever has both can subtract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddns_utils.disclosure.cells import ALL, DIMENSIONS, SHOWN, Cells, read_cells, require_once
from ddns_utils.disclosure.published import Published
from ddns_utils.errors import DataError
from ddns_utils.measure import LARGEST

NUMBERS = ["n", "of"]
SMALL = "small count"
ROUNDED_NOTE = r"rounded to (\d+)"
SAME = {"rtol": 1e-9, "atol": 1e-6}


@dataclass(frozen=True)
class Table:
    """The cells of one indicator: as they are now, or, for rows that were corrected since, as they were.

    ``largest`` is what one person adds to the sum behind a mean at most, for each cell that is about to be published.
    """

    cells: Cells
    kind: str
    indicator: str = ""
    largest: np.ndarray | None = None


def strata_of(frames: Iterable[pd.DataFrame]) -> list[str]:
    """Columns before the numbers that are neither dimensions nor say what a row is."""
    told = {*DIMENSIONS, "indicator", "version", "area_level"}
    columns = (column for frame in frames for column in frame.columns[: list(frame.columns).index("n")])
    return [column for column in dict.fromkeys(columns) if column not in told]


def read_tables(
    frame: pd.DataFrame, kinds: Mapping[str, str], strata: Sequence[str], earlier: Sequence[Published]
) -> list[Table]:
    """A table of each indicator in ``frame`` (first, in its order), and of everything earlier that is different.

    Raises DataError when a cell occurs twice in ``frame``, and when a mean does not tell the largest that one person
    adds.
    """
    require_once(frame[frame["indicator"].isin(list(kinds))], [*DIMENSIONS, *strata])
    before: dict[str, list[pd.DataFrame]] = {}
    known = dict(kinds)
    for one in earlier:
        for name, rows in one.frame[one.frame["of"].notna()].groupby("indicator", sort=False):
            if name in one.kinds:
                known.setdefault(name, one.kinds[name])
                before.setdefault(name, []).append(_shown(rows, one.kinds[name], strata))
    made, old = [], []
    for name in [*kinds, *(name for name in before if name not in kinds)]:
        rows = frame[(frame["indicator"] == name) & frame["of"].notna()] if name in kinds else frame.iloc[:0]
        now = with_sums(rows, known[name])
        if name not in before:
            made.append(Table(read_cells(now, strata, known[name]), known[name], name, _largest(now, known[name])))
            continue
        first, *others = _vintages(now, before[name], strata)
        if name in kinds:
            cells = read_cells(now, strata, known[name], first)
            made.append(Table(cells, known[name], name, _largest(now, known[name])))
        else:
            others = [first, *others]
        old += [Table(read_cells(now.iloc[:0], strata, known[name], one), known[name], name) for one in others]
    return [*made, *(table for table in old if table.cells.keys)]


def _largest(rows: pd.DataFrame, kind: str) -> np.ndarray | None:
    if kind != "mean":
        return None
    if LARGEST not in rows or rows[LARGEST].isna().any():
        raise DataError(
            f"A mean must tell the largest number that one person adds to it (column '{LARGEST}'), so that nobody is "
            "given away by dominating it. Pass what measure() gave, with all its columns."
        )
    return rows[LARGEST].to_numpy(float)


def with_sums(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rows of one indicator; n of a mean is the sum of its values, since anyone can multiply."""
    return rows.assign(n=_whole(rows["value"].fillna(0.0) * rows["of"])) if kind == "mean" else rows


def _shown(rows: pd.DataFrame, kind: str, strata: Sequence[str]) -> pd.DataFrame:
    """Cells, true numbers and what was shown of them. A value that was shown beside its denominator shows n."""
    rows = with_sums(rows, kind).assign(**{name: ALL for name in strata if name not in rows})
    base = rows["shown_note"].str.extract(ROUNDED_NOTE)[0].astype(float)
    exact, told = base.isna(), rows["shown_value"].notna() & rows["shown_of"].notna()
    n = rows["n"].where(told | rows["shown_n"].notna())
    keys = [*DIMENSIONS, *strata]
    shown = rows[[*keys, *NUMBERS]].assign(
        exact_n=n.where(exact), exact_of=rows["shown_of"].where(exact),
        rounded_n=rows["shown_n"].mask(exact), rounded_of=rows["shown_of"].mask(exact), base=base,
        row=1.0, said_small=np.where(rows["shown_note"] == SMALL, 1.0, np.nan),
    )  # fmt: skip
    return shown.drop_duplicates(keys).set_index(keys)


def _whole(sums: pd.Series) -> pd.Series:
    """Sums that are whole but for the last bits, as whole numbers."""
    return sums.where((sums - sums.round()).abs() > 1e-6 * sums.abs().clip(lower=1), sums.round())


def _vintages(now: pd.DataFrame, before: Sequence[pd.DataFrame], strata: Sequence[str]) -> list[pd.DataFrame]:
    """What was shown of the numbers as they are now, then what was shown of each set of numbers that were different."""
    found = [now.set_index([*DIMENSIONS, *strata])[NUMBERS].reindex(columns=[*NUMBERS, *SHOWN])]
    for one in reversed(before):
        for place, other in enumerate(found):
            both = one.index.intersection(other.index)
            if np.allclose(one.loc[both, NUMBERS], other.loc[both, NUMBERS], equal_nan=True, **SAME):
                found[place] = other.combine_first(one)
                break
        else:
            found.append(one)
    return [one.reset_index() for one in found]
