"""Denmark as 98 tiles, one for each municipality, placed roughly as on a map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ddns_utils import codelists
from ddns_utils.comparison import Comparison, compare
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.compared import columns, left_out, pointed_out, rows_of
from ddns_utils.display.drawing import finish
from ddns_utils.display.rows import one_indicator, shown_value
from ddns_utils.display.style import ACCENT, INK, MUTED, WIDTH, heading, house_style
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import percent_sign, say

# One hue from light to dark: read alike in print and by those who do not tell red from green.
COLOURS = ("#e3eef8", "#b3d0e8", "#74add1", "#3279b5", "#0b4a8a")
LIGHT = 3  # from this colour on, the text on it is white
HATCH = "////"


def plot_map(
    disclosed: Disclosed,
    *,
    language: str,
    indicator: str | Indicator | None = None,
    highlight: str | Sequence[str] | None = None,
    period: str = "",
) -> Axes:
    """Every municipality as a tile, coloured by its smoothed value in five steps of equal width.

    Smoothed, because on a map the raw values of small areas draw the eye. Municipalities that stand out have a thick
    edge, those of ``highlight`` a red one, and those without a value that can be compared are hatched.
    """
    known = one_indicator(disclosed, indicator)
    compared = compare(disclosed, known, "municipality", period)
    rows, frame = rows_of(compared, disclosed), compared.frame
    edges = _steps(compared)
    chosen = pointed_out(highlight, "municipality")
    with house_style():
        figure, ax = plt.subplots(figsize=(WIDTH, 5.6))
        for tile in codelists.rows("municipality_tile"):
            code, at = tile["code"], (int(tile["column"]), int(tile["row"]))
            step = None if code not in frame.index else _step(frame.at[code, "smoothed"], edges)
            out = code in frame.index and bool(frame.at[code, "found"])
            _tile(ax, at, tile["short"], step, out, code in chosen)
        ax.set_xlim(-0.05, 20.05)
        ax.set_ylim(13.05, -0.05)
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.legend(handles=_legend(compared, edges, language), loc="upper left", bbox_to_anchor=(0.36, 1.0),
                  frameon=False, ncols=2, handlelength=1.3, handleheight=1.2, columnspacing=1.2)  # fmt: skip
        heading(figure, known, language)
        note = [left_out(compared, language)] if compared.left_out else []
        finish(ax, disclosed, rows, ("area",), language, usual=False, notes=note,
               more=columns(compared, rows, language))  # fmt: skip
    return ax


def _steps(compared: Comparison) -> np.ndarray:
    """Bounds of five steps between the lowest and the highest smoothed value; one where all are alike."""
    if compared.frame.empty:
        return np.array([])
    smoothed = compared.frame["smoothed"]
    return np.linspace(smoothed.min(), smoothed.max(), 2 if compared.alike else len(COLOURS) + 1)


def _step(value: float, edges: np.ndarray) -> int:
    return int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 2))


def _tile(ax: Axes, at: tuple[int, int], short: str, step: int | None, out: bool, chosen: bool) -> None:
    inset = 0.04 if not (out or chosen) else 0.08
    ax.add_patch(
        Rectangle(
            (at[0] + inset, at[1] + inset), 1 - 2 * inset, 1 - 2 * inset,
            facecolor="white" if step is None else COLOURS[step],
            edgecolor=ACCENT if chosen else INK if out else MUTED,
            linewidth=2.6 if chosen else 2.0 if out else 0.5,
            hatch=HATCH if step is None else None,
        )
    )  # fmt: skip
    text = ax.text(at[0] + 0.5, at[1] + 0.52, short, ha="center", va="center", fontsize=7.2,
                   color="white" if step is not None and step >= LIGHT else INK)  # fmt: skip
    if step is None:
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})


def _legend(compared: Comparison, edges: np.ndarray, language: str) -> list[Patch]:
    known = compared.indicator
    said = [shown_value(edge, known, language, unit=False) for edge in (edges[:1] if compared.alike else edges)]
    percent = percent_sign(language) if known.kind == "proportion" else ""
    ranges = said if compared.alike else [f"{low}–{high}" for low, high in pairwise(said)]
    patches = [
        Patch(facecolor=colour, edgecolor=MUTED, linewidth=0.5, label=f"{between}{percent}")
        for colour, between in zip(COLOURS, ranges, strict=False)
    ]
    patches.append(Patch(facecolor="white", edgecolor=MUTED, hatch=HATCH, label=say("not compared", language)))
    if compared.frame["found"].any():
        patches.append(Patch(facecolor="white", edgecolor=INK, linewidth=2.0, label=say("stands out", language)))
    return patches
