"""The funnel: areas by size, with the limits within which chance alone would keep them."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ddns_utils import areas
from ddns_utils.comparison import Comparison, compare
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.compared import columns, left_out, nothing_to_compare, pointed_out, rows_of
from ddns_utils.display.drawing import finish
from ddns_utils.display.rows import one_indicator
from ddns_utils.display.style import ACCENT, INK, MUTED, PALETTE, WIDTH, heading, house_style, value_axis
from ddns_utils.display.verdicts import MOST_NAMED
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import number, say

LIMITS = (("95%", "lower_95", "upper_95", (0, (5, 3))), ("99.8%", "lower_998", "upper_998", "-"))


def plot_funnel(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    level: str = "municipality",
    highlight: str | Sequence[str] | None = None,
    period: str = "",
) -> Axes:
    """Every area of a level by the size of its denominator, with 95 and 99.8 per cent limits around the average.

    Areas of ``highlight`` are marked and named, and so are those that stand out when it is taken into account how many
    are compared (filled dots). Areas without a value that can be compared are left out, and the figure says how many.
    """
    known = one_indicator(disclosed, indicator)
    compared = compare(disclosed, known, level, period)
    rows, frame = rows_of(compared, disclosed), compared.frame
    with house_style():
        figure, ax = plt.subplots(figsize=(WIDTH, 4.2))
        if frame.empty:
            nothing_to_compare(ax, compared, language)
        else:
            chosen = frame.index.isin(pointed_out(highlight, level))
            out = frame["found"].to_numpy()
            for some, colour, marker, size, fill in (
                (~out & ~chosen, PALETTE[0], "o", 26, "white"),
                (out & ~chosen, PALETTE[0], "o", 34, PALETTE[0]),
                (chosen, ACCENT, "D", 46, ACCENT),
            ):
                ax.scatter(frame["size"][some], frame["value"][some], s=size, marker=marker, edgecolors=colour,
                           facecolors=fill, linewidths=1.3, zorder=4 if fill == ACCENT else 3)  # fmt: skip
            ax.set_xscale("log")
            _limits(ax, compared, language)
            _names(ax, frame, chosen, language)
            value_axis(ax.yaxis, known, language)
            _size_axis(ax, language)
            ax.set_xlabel(_size_name(compared, language), color=MUTED)
            ax.grid(axis="y")
        heading(figure, known, language)
        notes = [_explained(compared, language), left_out(compared, language)]
        finish(ax, disclosed, rows, ("area",), language, usual=False, notes=[note for note in notes if note],
               more=columns(compared, rows, language))  # fmt: skip
    return ax


def _limits(ax: Axes, compared: Comparison, language: str) -> None:
    """The limits as curves over the sizes there are, and the average, each named at the right end."""
    frame = compared.frame.sort_values("size")
    ends = [(frame["baseline"].iloc[0], say("average", language))]
    ax.plot(frame["size"], frame["baseline"], color=MUTED, linewidth=1.4, zorder=1)
    sizes, curves = compared.limits()
    for name, lower, upper, style in LIMITS:
        for side in (lower, upper):
            ax.plot(sizes, curves[side], color=MUTED, linewidth=1.1, linestyle=style, zorder=1)
        ends.append((curves[upper][-1], name if language == "en" else name.replace("%", "\u00a0%").replace(".", ",")))
    values = pd.concat([frame["value"], frame["baseline"]])
    room = 0.12 * (values.max() - values.min() or 1)
    low, high = max(0.0, values.min() - room), values.max() + room
    if compared.indicator.kind == "proportion":
        high = min(high, 1.02)
    ax.set_ylim(low, high)
    ax.set_xlim(sizes[0], sizes[-1])
    for height, name in ends:
        ax.annotate(name, (1.01, height), xycoords=("axes fraction", "data"), color=MUTED, fontsize=8.5, va="center",
                    annotation_clip=False)  # fmt: skip


def _size_axis(ax: Axes, language: str) -> None:
    """Sizes at 1, 2 and 5 times each power of ten: the largest area is a hundred times the smallest."""
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language)))


def _names(ax: Axes, frame: pd.DataFrame, chosen: np.ndarray, language: str) -> None:
    """Names of the chosen areas and of those that stand out most."""
    named = frame[chosen | frame["found"].to_numpy()]
    named = named.reindex(named["z"].abs().sort_values(ascending=False, kind="stable").index)[:MOST_NAMED]
    middle = np.sqrt(np.prod(ax.get_xlim()))
    for code, row in named.iterrows():
        left = row["size"] > middle
        is_chosen = bool(chosen[frame.index.get_loc(code)])
        ax.annotate(
            areas.name(code, language), (row["size"], row["value"]), (-7 if left else 7, 5),
            textcoords="offset points", ha="right" if left else "left", fontsize=9, zorder=5,
            color=ACCENT if is_chosen else INK, fontweight="bold" if is_chosen else "normal",
        )  # fmt: skip


def _size_name(compared: Comparison, language: str) -> str:
    if compared.indicator.crude is not None:
        return say("Events expected at the country's rates", language)
    return say("Denominator: {row}", language, row=compared.indicator.one_row_is[language])


def _explained(compared: Comparison, language: str) -> str:
    if compared.frame.empty:
        return ""
    words = say("Filled: stands out, also when {areas} are compared.", language, areas=len(compared.frame))
    if compared.dispersion > 1:
        words += " " + say(
            "Areas vary more than chance alone would make them, so the limits are {times} times as wide.",
            language,
            times=number(compared.dispersion**0.5, language, 1),
        )
    return words
