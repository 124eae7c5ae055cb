"""Raw values beside smoothed ones: how much of what sets an area apart is left when chance has had its share."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ddns_utils import areas
from ddns_utils.comparison import Comparison, compare
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.compared import alike, columns, left_out, nothing_to_compare, pointed_out, rows_of
from ddns_utils.display.drawing import finish
from ddns_utils.display.rows import one_indicator, shown_value
from ddns_utils.display.style import ACCENT, INK, MUTED, PALETTE, WIDTH, heading, house_style, value_axis
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import say

AT_EACH_END = 12


def plot_smoothed(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    level: str = "municipality",
    highlight: str | Sequence[str] | None = None,
    period: str = "",
) -> Axes:
    """The areas with the highest and lowest raw values (hollow), each with its smoothed value and 95 per cent interval.

    Twelve are shown at each end, and those of ``highlight`` wherever they lie. A smoothed value is the area's own
    drawn towards the average, the more the smaller the area is.
    """
    known = one_indicator(disclosed, indicator)
    compared = compare(disclosed, known, level, period)
    every = rows_of(compared, disclosed)
    frame = compared.frame.sort_values("value", ascending=False, kind="stable")
    chosen = frame.index.isin(pointed_out(highlight, level))
    ends = np.arange(len(frame))
    shown = chosen | (ends < AT_EACH_END) | (ends >= len(frame) - AT_EACH_END)
    frame, chosen = frame[shown], chosen[shown]
    rows = every[every["area"].isin(frame.index)]
    rows = rows.set_index(rows["area"].astype(str)).reindex(frame.index).set_axis(range(len(frame)))
    with house_style():
        figure, ax = plt.subplots(figsize=(WIDTH, 1.5 + 0.2 * max(len(frame), 8)))
        if frame.empty:
            nothing_to_compare(ax, compared, language)
            rows = every
        else:
            _lines(ax, frame, chosen, intervals=not compared.alike)
            ax.set_yticks(range(len(frame)), [areas.name(code, language) for code in frame.index])
            ax.set_ylim(len(frame) - 0.4, -0.6)
            ax.tick_params(axis="y", length=0, labelsize=8.8)
            for label, is_chosen in zip(ax.get_yticklabels(), chosen, strict=True):
                label.set(color=ACCENT if is_chosen else INK, fontweight="bold" if is_chosen else "normal")
            value_axis(ax.xaxis, known, language)
            ax.grid(axis="x")
            average = frame["baseline"].iloc[0]
            ax.axvline(average, color=MUTED, linewidth=1.4, zorder=1)
            said = shown_value(average, known, language, unit=known.kind == "proportion")
            ax.annotate(f"{say('average', language)} {said}", (average, 1), (3, 3), textcoords="offset points",
                        xycoords=("data", "axes fraction"), fontsize=8.5, color=MUTED)  # fmt: skip
        heading(figure, known, language)
        notes = [_explained(compared, frame, language), left_out(compared, language)]
        finish(ax, disclosed, rows, ("area",), language, usual=False, notes=[note for note in notes if note],
               more=columns(compared, rows, language))  # fmt: skip
    return ax


def _lines(ax: Axes, frame: pd.DataFrame, chosen: np.ndarray, intervals: bool) -> None:
    at = np.arange(len(frame))
    colours = np.where(chosen, ACCENT, PALETTE[0])
    if intervals:
        ax.hlines(at, frame["lower"], frame["upper"], color=colours, linewidth=2, alpha=0.45)
    ax.hlines(at, frame["value"], frame["smoothed"], color=MUTED, linewidth=1, linestyle=(0, (1, 1.5)))
    ax.scatter(frame["value"], at, s=22, facecolors="white", edgecolors=colours, linewidths=1.2, zorder=3)
    ax.scatter(frame["smoothed"], at, s=30, color=colours, zorder=4)


def _explained(compared: Comparison, frame: pd.DataFrame, language: str) -> str:
    if frame.empty:
        return ""
    words = (
        say("Hollow: as measured. Filled: smoothed.", language) + " " + alike(language)
        if compared.alike
        else say("Hollow: as measured. Filled: smoothed, with 95% interval.", language)
    )
    if len(frame) < len(compared.frame):
        words += " " + say("Shown are the {most} highest and lowest.", language, most=AT_EACH_END)
    return words
