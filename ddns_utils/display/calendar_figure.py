"""The calendar of deliveries, and the curve of how long rows take to arrive."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.transforms import blended_transform_factory

from ddns_utils import areas
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.area_figure import ONE_COLUMN
from ddns_utils.display.drawing import finish, missing_marks, points
from ddns_utils.display.figures import direct_labels
from ddns_utils.display.rows import one_indicator, period_name, select
from ddns_utils.display.style import (
    ACCENT,
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    WIDTH,
    add_on_top,
    heading,
    house_style,
    value_axis,
)
from ddns_utils.errors import DataError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import say
from ddns_utils.period import Period

# No sender, no delivery, fewer than half of the days, more, all days.
COLOURS = ("#ffffff", "#f3d3c4", "#bcd6ea", "#5a9fd0", "#08519c")
STEPS = (-0.5, 1e-9, 0.5, 1 - 1e-9)
SIDE = 12  # pixels of a cell, its white edge included


def plot_calendar(
    disclosed: Disclosed, *, language: str, indicator: str | Indicator | None = None, area: str = areas.COUNTRY
) -> Axes | list[Axes]:
    """Senders down, periods across, coloured by the share of days with a delivery.

    Shown are the municipalities of ``area`` (those of its region for a municipality, which is pointed out) that
    deliver, else the clinic systems, else the country alone. More than 30 stand in two columns. DataError if nothing
    was to be delivered in any of the periods.
    """
    known = one_indicator(disclosed, indicator)
    rows = select(disclosed, indicator=known.id, free=("area", "period"))
    latest = max(Period.parse(period).last_day for period in rows["period"].unique())
    around = areas.region_of(latest).get(area, area)
    periods = sorted(rows["period"].unique())
    rows = rows[rows["status"] != "not_applicable"]
    if rows.empty:
        raise DataError(
            f"{known.id} has no deliveries to show from {periods[0]} to {periods[-1]}: those periods lie before the "
            "first delivery or after the last. Choose a period in between; ddns registers --deliveries shows what came."
        )
    local = rows[rows["area"].isin(areas.within(around))]
    systems = rows[[areas.is_system(code) for code in rows["area"]]]
    rows = next(part for part in (local, systems, rows[rows["area"] == areas.COUNTRY], rows) if len(part))
    rows = rows.assign(area=rows["area"].cat.remove_unused_categories())
    shares = rows.pivot(index="area", columns="period", values="value").sort_index()
    columns = np.array_split(np.arange(len(shares)), 1 if len(shares) <= ONE_COLUMN else 2)
    with house_style():
        height = (0.26 if len(columns) == 1 else 0.158) * max(len(part) for part in columns)
        figure, axes = plt.subplots(1, len(columns), figsize=(WIDTH, 1.6 + height), squeeze=False)
        for ax, part in zip(axes[0], columns, strict=True):
            _weeks(ax, shares.iloc[part], area, language, small=len(columns) > 1)
        words = [say(word, language) for word in ("no delivery", "fewer than half", "half or more", "every day")]
        patches = [Patch(facecolor=colour, label=word) for colour, word in zip(COLOURS[1:], words, strict=True)]
        top = blended_transform_factory(figure.transFigure, axes[0][0].transAxes)
        legend = axes[0][0].legend(
            handles=patches, loc="lower left", bbox_to_anchor=(0, 1), bbox_transform=top, ncols=4, frameon=False
        )
        legend.set_in_layout(False)
        heading(figure, known, language)
        finish(axes[0][0], disclosed, rows, ("area", "period"), language, across="period")
    return axes[0][0] if len(columns) == 1 else list(axes[0])


def _weeks(ax: Axes, shares: pd.DataFrame, pointed: str, language: str, small: bool) -> None:
    """One column of senders."""
    colours = np.array([to_rgb(colour) for colour in COLOURS])[np.digitize(shares.fillna(-1), STEPS)]
    image = colours.repeat(SIDE, axis=0).repeat(SIDE, axis=1)
    image[::SIDE] = image[:, ::SIDE] = 1
    extent = (-0.5, shares.shape[1] - 0.5, len(shares) - 0.5, -0.5)
    ax.imshow(image, extent=extent, aspect="auto", interpolation="nearest")
    ax.set_title(" ", pad=14)
    ax.set_yticks(range(len(shares)), [areas.name(code, language) for code in shares.index])
    ax.tick_params(length=0)
    ax.tick_params(axis="y", labelsize=8.2 if small else 9)
    for label, code in zip(ax.get_yticklabels(), shares.index, strict=True):
        label.set(color=ACCENT if code == pointed else INK, fontweight="bold" if code == pointed else "normal")
    weeks = list(shares.columns)
    every = 1 if len(weeks) <= 14 and not small else 2
    ax.set_xticks(range(0, len(weeks), every), [week.split("-W")[-1].lstrip("0") for week in weeks[::every]])
    first, last = (period_name(week, language) for week in (weeks[0], weeks[-1]))
    ax.set_xlabel(say("{first} to {last}", language, first=first, last=last), color=MUTED)
    ax.spines[:].set_visible(False)


def plot_lag(
    disclosed: Disclosed,
    *,
    language: str,
    indicators: Sequence[str | Indicator],
    area: str | Sequence[str] = areas.COUNTRY,
    period: str | None = None,
) -> Axes:
    """The share of rows received within so many days of the event, one line per area.

    ``indicators`` are those of one lag curve, in order; each says its number of days as its follow-up.
    """
    chosen = [one_indicator(disclosed, one) for one in indicators]
    codes = [area] if isinstance(area, str) else list(area)
    rows = select(
        disclosed, indicator=[one.id for one in chosen], area=codes, period=period, free=("indicator", "area")
    )
    at = {one.id: place for place, one in enumerate(chosen)}
    with house_style():
        figure, ax = plt.subplots(figsize=(WIDTH, 3.7))
        gone, ends = [], []
        for code, colour, marker in zip(codes, PALETTE, MARKERS, strict=False):
            there = rows[rows["area"] == code]
            x = there["indicator"].astype(str).map(at)
            there, x = there.loc[x.sort_values().index], x.sort_values()
            ax.plot(x, there["value"], color=colour, linewidth=2, alpha=0.6)
            points(ax, x, there, colour, marker)
            gone += [(place, there.loc[[row]], colour) for row, place in x.items()]
            if there["value"].notna().any():
                ends.append([there["value"].dropna().iloc[-1], areas.name(code, language), colour])
        ax.set_xticks(range(len(chosen)), [str(one.follow_up_days) for one in chosen])
        ax.set_xlabel(say("days after the event", language), color=MUTED)
        ax.set_ylim(-0.08, 1.05)
        value_axis(ax.yaxis, chosen[0], language)
        ax.grid(axis="y")
        direct_labels(ax, ends)
        missing_marks(ax, gone, disclosed, language)
        add_on_top(
            figure,
            say("Share of rows received within so many days of the event, per cent", language),
            9.5,
            95,
            color=MUTED,
        )
        finish(ax, disclosed, rows, ("indicator", "area"), language)
    return ax
