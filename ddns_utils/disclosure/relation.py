"""How a run's numbers stand to what was published before: new, the same, or another number than readers know."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ddns_utils.disclosure.published import Published

NEW, SAME, CHANGED = "new", "same", "changed"
COUNTS = ("n", "of", "shown_n", "shown_of")
_NOT_KEYS = ("version", "area_level")


def relation(tables: Sequence[Published], earlier: Sequence[Published]) -> pd.DataFrame:
    """One row per number of ``tables`` about persons, beside what was last published of the same cell.

    Columns: those that name the cell; ``n``, ``of``, ``shown_n``, ``shown_of``; ``before_n``, ``before_of`` (the true
    numbers then), ``before_shown_n``, ``before_shown_of``, ``before_run``; ``change_n`` and ``change_of``, missing
    where a count was not there before; and ``relation``: new, same, or changed.
    """
    now, before = (pd.concat([_cells(one) for one in some] or [_cells(None)]) for some in (tables, earlier))
    keys = [name for name in now.columns if name not in COUNTS and name != "run"]
    before = before.reindex(columns=[*keys, *COUNTS, "run"])
    now, before = (some.drop_duplicates(keys, keep="last") for some in (now, before))
    both = now.drop(columns="run").merge(
        before.rename(columns={name: f"before_{name}" for name in (*COUNTS, "run")}), on=keys, how="left"
    )
    for name in ("n", "of"):
        both[f"change_{name}"] = both[name] - both[f"before_{name}"]
    known = both["before_run"].notna()
    moved = (both[["change_n", "change_of"]].fillna(0).abs() > 1e-9).any(axis=1)
    both["relation"] = moved.map({True: CHANGED, False: SAME}).where(known, NEW)
    return both.reset_index(drop=True)


def small_changes(compared: pd.DataFrame, threshold: int) -> pd.DataFrame:
    """The rows whose count was shown before and is shown now, and is less than the threshold from what it was."""
    few = pd.Series(False, index=compared.index)
    for name in ("n", "of"):
        both_shown = compared[f"shown_{name}"].notna() & compared[f"before_shown_{name}"].notna()
        few |= both_shown & compared[f"change_{name}"].abs().between(1e-9, threshold, inclusive="neither")
    return compared[few]


def _cells(table: Published | None) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame(columns=["indicator", *COUNTS, "run"])
    names = list(table.frame.columns)
    keys = [name for name in names[: names.index("n")] if name not in _NOT_KEYS]
    return table.frame[[*keys, *COUNTS]].assign(run=table.run or "this notebook")
