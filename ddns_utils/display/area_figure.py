"""The figure of areas beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ddns_utils import areas
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.compared import pointed_out
from ddns_utils.display.drawing import finish, points
from ddns_utils.display.rows import mark, one_indicator, select, shown_value
from ddns_utils.display.style import ACCENT, INK, MUTED, PALETTE, WIDTH, heading, house_style, value_axis
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import say

ONE_COLUMN = 30


def plot_areas(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    level: str = "municipality",
    highlight: str | Sequence[str] | None = None,
    period: str | None = None,
) -> Axes | list[Axes]:
    """Every area of a level, sorted, with 95 per cent intervals, the country's value and the published standard.

    ``highlight`` points out areas by code: a region stands for its municipalities, the country for none. More than 30
    areas stand in two columns that share their axis, so that every name can be read; then a list of both Axes is
    given. Hidden values stand last, with their mark.
    """
    known = one_indicator(disclosed, indicator)
    if level not in areas.LEVELS[1:]:
        raise DefinitionError(f"plot_areas has no level '{level}'. Choose one of: {', '.join(areas.LEVELS[1:])}.")
    rows = select(disclosed, indicator=known.id, area_level=level, period=period, free=("area",))
    pointed = pointed_out(highlight, level)
    rows = rows.sort_values("value", ascending=False, na_position="last", kind="stable")
    nation = _nation(disclosed, known, period)
    parts = (
        [rows] if len(rows) <= ONE_COLUMN else [rows.iloc[: (len(rows) + 1) // 2], rows.iloc[(len(rows) + 1) // 2 :]]
    )
    longest = max(len(part) for part in parts)
    with house_style():
        figure, axes = plt.subplots(
            1,
            len(parts),
            figsize=(WIDTH, 1.7 + (0.26 if len(parts) == 1 else 0.158) * longest),
            sharex=True,
            squeeze=False,
        )
        for ax, part in zip(axes[0], parts, strict=True):
            _column(ax, part, pointed, disclosed, language, longest)
            value_axis(ax.xaxis, known, language)
            ax.xaxis.get_major_locator().set_params(nbins=6 if len(parts) == 1 else 4)
            ax.grid(axis="x")
            _references(ax, nation, known, language, labelled=True)
        heading(figure, known, language)
        finish(axes[0][0], disclosed, rows, ("area",), language, also=nation)
    return axes[0][0] if len(parts) == 1 else list(axes[0])


def _column(ax: Axes, rows: pd.DataFrame, pointed: set[str], disclosed: Disclosed, language: str, longest: int) -> None:
    """Dots and names of one column of areas, from the top."""
    at = pd.Series(np.arange(len(rows)), index=rows.index)
    points(ax, at, rows, PALETTE[0], "o", sideways=True, size=30 if len(rows) <= ONE_COLUMN else 16)
    chosen = rows["area"].isin(pointed)
    if chosen.any():
        points(ax, at[chosen], rows[chosen], ACCENT, "D", sideways=True, size=40)
    for row, place in at.items():
        if sign := mark(rows.loc[row], disclosed, language):
            ax.annotate(sign, (0.02, place), xycoords=("axes fraction", "data"), va="center", color=MUTED, fontsize=8.5)
    ax.set_yticks(at, [areas.name(code, language) for code in rows["area"]])
    ax.set_ylim(longest - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize=9 if len(rows) <= ONE_COLUMN else 8.2)
    for label, is_chosen in zip(ax.get_yticklabels(), chosen, strict=True):
        label.set(color=ACCENT if is_chosen else INK, fontweight="bold" if is_chosen else "normal")


def _reference(ax: Axes, value: float, words: str, style: str, side: str) -> None:
    ax.axvline(value, color=MUTED, linewidth=1.4, linestyle=style, zorder=1)
    ax.annotate(words, (value, 1), (3 if side == "left" else -3, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha=side, va="bottom", fontsize=8.5, color=MUTED)  # fmt: skip


def _references(ax: Axes, nation: pd.DataFrame, indicator: Indicator, language: str, labelled: bool) -> None:
    """Lines at the country's value and at the standard, named above the axes."""
    country = nation["value"].iloc[0] if len(nation) else np.nan
    lines = [(country, areas.name(areas.COUNTRY, language), "-"), (indicator.standard, say("Standard", language), "--")]
    there = sorted((line for line in lines if line[0] is not None and not np.isnan(line[0])), key=lambda line: line[0])
    for place, (value, words, style) in enumerate(there):
        side = "right" if place == 0 and len(there) == 2 else "left"
        text = f"{words} {shown_value(value, indicator, language, unit=indicator.kind == 'proportion')}"
        _reference(ax, value, text if labelled else "", style, side)


def _nation(disclosed: Disclosed, indicator: Indicator, period: str | None) -> pd.DataFrame:
    """The country's row, or no row where it is not among the results."""
    if areas.COUNTRY not in set(disclosed.frame["area"]):
        return disclosed.frame.iloc[:0]
    return select(disclosed, indicator=indicator.id, area=areas.COUNTRY, period=period)
