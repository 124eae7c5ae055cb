"""Small multiples: every indicator of a disease over time, each against its standard."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from ddns_utils import areas
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.drawing import finish, hollow, missing_marks, places, values
from ddns_utils.display.rows import SHOWN, one_indicator, select, shown_value, tick_name
from ddns_utils.display.style import (
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    WIDTH,
    add_on_top,
    house_style,
    value_axis,
    value_label,
    wrapped,
)
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import say

ACROSS = 3
MOST_PANELS = 15
MOST_AREAS = 3


def plot_against_standards(
    disclosed: Disclosed,
    *,
    language: str,
    indicators: Sequence[str | Indicator],
    area: str | Sequence[str] = areas.COUNTRY,
) -> list[Axes]:
    """One panel for each indicator: its values over the periods, with 95 per cent intervals, and its standard.

    Up to three areas are drawn in each, in the same colours. The standard is a dashed line with its value; indicators
    without one have none. A hidden value is a gap with its mark.
    """
    chosen = [one_indicator(disclosed, one) for one in indicators]
    codes = [area] if isinstance(area, str) else list(dict.fromkeys(area))
    if len(chosen) > MOST_PANELS or len(codes) > MOST_AREAS:
        raise DefinitionError(
            f"{len(chosen)} indicators for {len(codes)} areas cannot be read; at most {MOST_PANELS} for {MOST_AREAS}. "
            "Show fewer, or a table."
        )
    rows = select(disclosed, indicator=[one.id for one in chosen], area=codes, free=("indicator", "period", "area"))
    periods = values(rows, "period")
    down = math.ceil(len(chosen) / ACROSS)
    with house_style():
        figure, axes = plt.subplots(down, ACROSS, figsize=(WIDTH, 0.5 + 1.75 * down), squeeze=False)
        for ax, known in zip(axes.flat, chosen, strict=False):
            _panel(ax, rows[rows["indicator"] == known.id], known, codes, periods, disclosed, language)
        for ax in axes.flat[len(chosen) :]:
            ax.set_axis_off()
        top = figure.get_figheight()
        held = any(known.standard is not None for known in chosen)
        add_on_top(figure, say("Dashed: the standard.", language) if held else " ", 9.5, 95, color=MUTED)
        if len(codes) > 1:
            names = figure.legend(
                *axes[0][0].get_legend_handles_labels(), loc="lower right", ncols=len(codes), frameon=False,
                handletextpad=0.3, bbox_to_anchor=(WIDTH - 0.1, top + 0.01), bbox_transform=figure.dpi_scale_trans,
                borderaxespad=0, borderpad=0.1,
            )  # fmt: skip
            names.set_in_layout(False)
        finish(axes[0][0], disclosed, rows, ("indicator", "period", *(["area"] if len(codes) > 1 else [])), language)
    return list(axes.flat[: len(chosen)])


def _panel(
    ax: Axes,
    rows: pd.DataFrame,
    known: Indicator,
    codes: Sequence[str],
    periods: list[str],
    disclosed: Disclosed,
    language: str,
) -> None:
    gone = []
    for code, colour, marker in zip(codes, PALETTE, MARKERS, strict=False):
        lines = rows[rows["area"] == code]
        at = places(lines, "period", periods).astype(float) + 0.08 * (codes.index(code) - (len(codes) - 1) / 2)
        provisional = lines["status"] == "incomplete"
        ax.plot(at, lines["value"], color=colour, marker=marker, markersize=4.5, linewidth=1.6,
                label=areas.name(code, language))  # fmt: skip
        hollow(ax, at[provisional], lines["value"][provisional], colour, marker, 24)
        ax.vlines(at, lines["lower"], lines["upper"], color=colour, alpha=0.45, linewidth=1.5)
        gone += [(place, lines.loc[[row]], colour) for row, place in at.items()]
    low, high = rows["lower"].min(), rows["upper"].max()
    if known.standard is not None:
        ax.axhline(known.standard, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        low, high = min(low, known.standard), max(high, known.standard)
        ax.annotate(shown_value(known.standard, known, language), (1, known.standard), (1, 2), fontsize=7.8,
                    xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", color=INK)  # fmt: skip
    if not pd.isna(high):
        room = 0.12 * ((high - low) or high or 1)
        hidden = (~rows["status"].isin(SHOWN)).any()
        ax.set_ylim(low - 2 * room if hidden else max(low - 2 * room, 0), high + room)
    ax.set_xlim(-0.3, len(periods) - 0.7)
    ax.set_xticks(range(len(periods)), [tick_name(period, language) for period in periods])
    value_axis(ax.yaxis, known, language)
    ax.yaxis.get_major_locator().set_params(nbins=3)
    bottom, top = ax.get_ylim()
    ax.set_yticks([] if pd.isna(high) else [tick for tick in ax.get_yticks() if max(bottom, 0) <= tick <= top])
    ax.tick_params(labelsize=8)
    ax.grid(axis="y")
    ax.set_title(wrapped(value_label(known, language), 30), color=INK, fontsize=8.2, pad=5)
    missing_marks(ax, gone, disclosed, language)
