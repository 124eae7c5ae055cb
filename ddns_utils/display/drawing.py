"""What all figures draw alike: dots with intervals, marks of hidden values, the line under the figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ddns_utils.disclosure import Disclosed
from ddns_utils.display.rows import SHOWN, mark, mark_notes, value_name
from ddns_utils.display.shown import remember
from ddns_utils.display.style import MUTED, RASTERISE_ABOVE, wrapped
from ddns_utils.errors import DataError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import say


def points(
    ax: Axes,
    at: pd.Series,
    rows: pd.DataFrame,
    colour: str,
    marker: str,
    label: str = "",
    sideways: bool = False,
    size: float = 46,
) -> None:
    """Dots with 95 per cent intervals, hollow and dashed where provisional; rows without a value draw nothing."""
    provisional = rows["status"] == "incomplete"
    draw = ax.hlines if sideways else ax.vlines
    for some, style in ((~provisional, "solid"), (provisional, "dashed")):
        there = some & rows["value"].notna() & rows["lower"].notna()
        draw(
            at[there],
            rows["lower"][there],
            rows["upper"][there],
            color=colour,
            linewidth=2,
            alpha=0.55,
            linestyle=style,
        )
    x, y = (rows["value"], at) if sideways else (at, rows["value"])
    sns.scatterplot(x=x[rows["value"].notna()], y=y[rows["value"].notna()], ax=ax, color=colour, marker=marker, s=size,
                    label=label or None, zorder=3, legend=False, rasterized=len(rows) > RASTERISE_ABOVE)  # fmt: skip
    hollow(ax, x[provisional], y[provisional], colour, marker, size)
    ax.set_xlabel("")
    ax.set_ylabel("")


def hollow(ax: Axes, x: pd.Series, y: pd.Series, colour: str, marker: str, size: float) -> None:
    """Provisional values: the same marks with nothing in them."""
    ax.scatter(x, y, s=size, marker=marker, facecolors="white", edgecolors=colour, linewidths=1.4, zorder=4)


def missing_marks(ax: Axes, cells: list, disclosed: Disclosed, language: str) -> None:
    """Marks along the lower edge for the values that are not drawn, stacked where several stand side by side."""
    height: dict[int, int] = {}
    for at, rows, colour in cells:
        for _, row in rows.iterrows():
            if sign := mark(row, disclosed, language):
                level = height[round(at)] = height.get(round(at), -1) + 1
                ax.annotate(
                    sign,
                    (at, 0),
                    (0, 4 + 12 * level),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    color=colour,
                    fontsize=8.5,
                )


def value_range(ax: Axes, rows: pd.DataFrame, indicator: Indicator) -> None:
    """From zero where that leaves the differences visible, with room below for marks of hidden values."""
    low, high = rows["lower"].min(), rows["upper"].max()
    if pd.isna(high):
        low, high = 0.0, 1.0 if indicator.kind == "proportion" else float(indicator.per)
    if low < 0.6 * high:
        low = 0.0
    room = (high - low) * 0.08
    below = room * 2 if (~rows["status"].isin(SHOWN)).any() else (room if low else 0)
    ax.set_ylim(low - below, high + room)


def without_totals(rows: pd.DataFrame, *dimensions: str) -> pd.DataFrame:
    """Rows of the parts of every dimension that has parts; DataError if none of them has."""
    split = [dimension for dimension in dimensions if (rows[dimension] != "all").any()]
    if not split:
        raise DataError(
            f"These results are not broken down by {' or '.join(dimensions)}. Measure them with by={dimensions}."
        )
    return rows[(rows[split] != "all").all(axis=1)]


def values(rows: pd.DataFrame, dimension: str) -> list[str]:
    """Values that a dimension takes among the rows, in reading order."""
    return [value for value in rows[dimension].cat.categories if (rows[dimension] == value).any()]


def finish(
    ax: Axes,
    disclosed: Disclosed,
    rows: pd.DataFrame,
    dimensions: Sequence[str],
    language: str,
    also: pd.DataFrame | None = None,
    across: str = "",
    usual: bool = True,
    more: Mapping[str, pd.Series] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """What is fixed, what the marks mean and what the intervals are, under the figure; and the data with it.

    Without the ``usual`` notes on intervals and marks, where a figure has neither, there are its own ``notes`` alone.
    """
    fixed = [
        value_name(name, rows[name].iloc[0], language)
        for name in ("area", "sex", "age_band", "period")
        if name not in dimensions and rows[name].iloc[0] != "all" and rows[name].nunique() == 1
    ]
    notes = [*([", ".join(fixed)] if fixed else []), *notes]
    notes += [] if across or not usual else [say("Bands and lines: 95% interval.", language)]
    notes += mark_notes(rows, disclosed, language, figure=True) if usual else []
    figure = ax.figure
    figure.supxlabel(wrapped(" · ".join(notes), 105), x=0.01, ha="left", fontsize=8.5, color=MUTED)
    remember(figure, disclosed, rows if also is None else pd.concat([also, rows]), dimensions, across, more)


def places(rows: pd.DataFrame, dimension: str, order: list[str]) -> pd.Series:
    """Position of each row's value in ``order``."""
    return rows[dimension].astype(str).map({value: at for at, value in enumerate(order)})
