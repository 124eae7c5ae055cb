"""Figures over time, by age and sex, and of several indicators beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from ddns_utils.disclosure import Disclosed
from ddns_utils.display.drawing import (
    finish,
    hollow,
    missing_marks,
    places,
    points,
    value_range,
    values,
    without_totals,
)
from ddns_utils.display.rows import DIMENSIONS, mark, one_indicator, require_disclosed, select, tick_name, value_name
from ddns_utils.display.style import (
    MARKERS,
    MUTED,
    PALETTE,
    WIDTH,
    heading,
    house_style,
    value_axis,
    value_label,
    wrapped,
)
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator

MOST_LINES = len(PALETTE)
MOST_LABELS = 8


def plot_trend(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    hue: str | None = None,
    area: str | Sequence[str] | None = None,
    level: str | None = None,
) -> Axes:
    """Values over periods with a band for the 95 per cent interval; one line, or one per value of ``hue``.

    ``hue`` is "area", "sex" or "age_band". ``area`` picks areas (the country unless told); with ``hue="area"`` and a
    ``level``, all areas of it are drawn. A hidden value is a gap with its mark on the axis.
    """
    known = one_indicator(disclosed, indicator)
    hue = hue or ("area" if area is not None and not isinstance(area, str) else None)
    if hue not in (None, "area", "sex", "age_band"):
        raise DefinitionError(f"plot_trend has no hue '{hue}'. Choose one of: area, sex, age_band.")
    free = ["period"] + ([hue] if hue else [])
    rows = select(disclosed, indicator=known.id, area=area, area_level=level, free=free)
    if hue in ("sex", "age_band"):
        rows = without_totals(rows, hue)
    groups = [(v, rows[rows[hue] == v]) for v in values(rows, hue)] if hue else [(None, rows)]
    if len(groups) > MOST_LINES:
        raise DefinitionError(
            f"{len(groups)} lines cannot be told apart; at most {MOST_LINES}. Pick fewer, or plot_areas."
        )
    periods = values(rows, "period")
    with house_style():
        _, ax = plt.subplots(figsize=(WIDTH, 3.7))
        ends = []
        for colour, marker, (value, lines) in zip(PALETTE, MARKERS, groups, strict=False):
            lines = lines.assign(x=places(lines, "period", periods)).set_index("x").reindex(range(len(periods)))
            provisional = lines["status"] == "incomplete"
            leading = provisional | provisional.shift(-1, fill_value=False) | provisional.shift(1, fill_value=False)
            ax.plot(
                lines.index, lines["value"].mask(provisional), color=colour, marker=marker, markersize=6, linewidth=2
            )
            ax.plot(lines.index, lines["value"].where(leading), color=colour, linewidth=2, linestyle=(0, (1.5, 1.5)))
            hollow(ax, lines.index[provisional], lines["value"][provisional], colour, marker, 38)
            ax.fill_between(lines.index, lines["lower"], lines["upper"], color=colour, alpha=0.16, linewidth=0)
            ax.vlines(lines.index, lines["lower"], lines["upper"], color=colour, alpha=0.35, linewidth=1.5)
            last = lines["value"].last_valid_index()
            if value is not None and last is not None:
                ends.append([lines["value"][last], value_name(hue, value, language), colour])
        every = 1 if len(periods) <= MOST_LABELS else 2
        ax.set_xticks(range(0, len(periods), every), [tick_name(p, language) for p in periods[::every]])
        ax.set_xlim(-0.35, len(periods) - 0.65)
        ax.set_xlabel("")
        ax.set_ylabel("")
        value_range(ax, rows, known)
        value_axis(ax.yaxis, known, language)
        ax.grid(axis="y")
        direct_labels(ax, ends)
        missing_marks(ax, [(p, lines[lines["period"] == period], colour) for p, period in enumerate(periods)
                      for colour, (_, lines) in zip(PALETTE, groups, strict=False)], disclosed, language)  # fmt: skip
        heading(ax.figure, known, language)
        finish(ax, disclosed, rows, ("period", *([hue] if hue else [])), language)
    return ax


def plot_age_sex(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    period: str | None = None,
    area: str | None = None,
) -> Axes:
    """Values by age band for women and men, with 95 per cent intervals, in one period and area."""
    known = one_indicator(disclosed, indicator)
    rows = select(disclosed, indicator=known.id, period=period, area=area, free=("sex", "age_band"))
    rows = without_totals(rows, "sex", "age_band")
    bands, sexes = values(rows, "age_band"), values(rows, "sex")
    with house_style():
        _, ax = plt.subplots(figsize=(WIDTH, 3.7))
        gone = []
        for index, sex in enumerate(sexes):
            there = rows[rows["sex"] == sex]
            x = places(there, "age_band", bands) + (index - (len(sexes) - 1) / 2) * 0.24
            points(ax, x, there, PALETTE[index], MARKERS[index], label=value_name("sex", sex, language))
            gone += [(at, there.loc[[row]], PALETTE[index]) for row, at in x.items()]
        ax.set_xticks(range(len(bands)), [value_name("age_band", band, language) for band in bands])
        ax.set_xlim(-0.5, len(bands) - 0.5)
        value_range(ax, rows, known)
        value_axis(ax.yaxis, known, language)
        ax.grid(axis="y")
        missing_marks(ax, gone, disclosed, language)
        heading(ax.figure, known, language)
        if len(sexes) > 1 and ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(sexes), handletextpad=0.3)
        finish(ax, disclosed, rows, ("age_band", "sex"), language)
    return ax


def plot_indicators(
    disclosed: Disclosed,
    *,
    language: str,
    indicators: Sequence[str | Indicator] | None = None,
    by: str = "area",
    level: str = "region",
    period: str | None = None,
    area: str | None = None,
) -> list[Axes]:
    """Several indicators beside each other, one panel each, with the same rows down the side.

    ``by`` is what the rows are: "area" (the country and all areas of ``level``), "sex", "age_band" or "period".
    Indicators of one unit share their axis, so that before and after can be compared by eye.
    """
    if by not in DIMENSIONS[1:]:
        raise DefinitionError(f"plot_indicators has no rows by '{by}'. Choose one of: {', '.join(DIMENSIONS[1:])}.")
    chosen = [one_indicator(disclosed, i) for i in (indicators or require_disclosed(disclosed).indicators)]
    rows = select(disclosed, indicator=[i.id for i in chosen], period=period, area=area, free=("indicator", by))
    if by == "area":
        rows = rows[rows["area_level"].isin(["country", level])]
    down = values(rows, by)
    if len(down) > 20:
        raise DefinitionError(f"{len(down)} rows are too many for small panels. Use plot_areas, or level='region'.")
    shared = len({(i.unit["en"], i.per, i.kind) for i in chosen}) == 1
    with house_style():
        _, axes = plt.subplots(
            1, len(chosen), figsize=(WIDTH, 1.5 + 0.27 * len(down)), sharey=True, sharex=shared, squeeze=False
        )
        for ax, known, colour in zip(axes[0], chosen, PALETTE * 2, strict=False):
            there = rows[rows["indicator"] == known.id]
            y = places(there, by, down)
            points(ax, y, there, colour, "o", sideways=True)
            for row, at in y.items():
                if sign := mark(there.loc[row], disclosed, language):
                    ax.annotate(
                        sign, (0.02, at), xycoords=("axes fraction", "data"), va="center", color=MUTED, fontsize=8.5
                    )
            value_axis(ax.xaxis, known, language)
            ax.xaxis.get_major_locator().set_params(nbins=4)
            ax.grid(axis="x")
            ax.set_title(wrapped(value_label(known, language), 66 // len(chosen)), color=MUTED, pad=8)
            ax.tick_params(axis="y", length=0)
            ax.set_ylabel("")
        top = axes[0][0]
        top.set_yticks(range(len(down)), [value_name(by, v, language) for v in down])
        top.set_ylim(len(down) - 0.5, -0.5)
        _same_start(axes[0], rows, shared)
        finish(top, disclosed, rows, ("indicator", by), language)
    return list(axes[0])


def direct_labels(ax: Axes, ends: list) -> None:
    """Names at the right end of lines, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    apart = (high - low) * 0.062
    ends.sort(key=lambda end: end[0])
    places = [end[0] for end in ends]
    for _ in range(50):
        for i in range(1, len(places)):
            if (short := apart - (places[i] - places[i - 1])) > 0:
                places[i - 1] -= short / 2
                places[i] += short / 2
    for place, (_, name, colour) in zip(places, ends, strict=True):
        ax.annotate(wrapped(name, 22), (1.01, place), xycoords=("axes fraction", "data"), color=colour, va="center",
                    annotation_clip=False)  # fmt: skip


def _same_start(axes: Sequence[Axes], rows: pd.DataFrame, shared: bool) -> None:
    for ax in axes:
        low, high = ax.get_xlim()
        ax.set_xlim(0 if 0 < low < 0.6 * high else low, high)
        if shared:
            break
