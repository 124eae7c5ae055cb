"""The house style of figures: one look, readable at report width, the same bytes every time."""

from __future__ import annotations

import re
import textwrap
from contextlib import contextmanager

import matplotlib as mpl
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import number, percent_sign

WIDTH = 7.2  # inches: the text width of a report
INK, MUTED, LINE = "#1b2430", "#55606e", "#d5dae0"
ACCENT = "#b3431e"  # what is pointed out
# Okabe and Ito's palette for colour-blind readers, without yellow (too light) and with the two darkest first.
PALETTE = ("#0b5fa5", "#b3431e", "#007a5e", "#8a3f73", "#b07d00", "#2b8cbe", "#4d4d4d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
RASTERISE_ABOVE = 2000
FONTS = ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]

_RC = {
    "svg.fonttype": "none", "svg.hashsalt": "ddns", "figure.dpi": 100, "savefig.dpi": 200,
    "font.family": "sans-serif", "font.sans-serif": FONTS,
    "font.size": 9.5, "axes.labelsize": 9.5, "axes.titlesize": 9.5, "xtick.labelsize": 9, "ytick.labelsize": 9,
    "legend.fontsize": 9, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.edgecolor": MUTED, "grid.color": LINE, "grid.linewidth": 0.8, "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
}  # fmt: skip


@contextmanager
def house_style():
    """Matplotlib settings of every figure, for as long as the block lasts."""
    with sns.axes_style("white"), mpl.rc_context(_RC):
        yield


def value_axis(axis: Axis, indicator: Indicator, language: str) -> None:
    """Ticks of a value axis as the language writes numbers, with per cent signs for proportions."""
    scale = 100 if indicator.kind == "proportion" else 1
    percent = percent_sign(language) if scale == 100 else ""
    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))

    def tick(value: float, _: int | None) -> str:
        locations = axis.get_majorticklocs() * scale
        step = abs(locations[1] - locations[0]) if len(locations) > 1 else 1
        decimals = next((d for d in range(4) if abs(round(step, d) - step) < 1e-9), 4)
        return number(value * scale, language, decimals) + percent

    axis.set_major_formatter(FuncFormatter(tick))


def add_on_top(figure: Figure, text: str, size: float, width: int, **font: str) -> None:
    """Make the figure taller by the lines of ``text`` and write them there, at the left, over all that it holds."""
    lines = wrapped(text, width)
    before, engine = figure.get_figheight(), figure.get_layout_engine()
    drawn = engine.get()["rect"][3] * before
    after = before + (lines.count("\n") + 1) * size * 1.25 / 72 + 0.06
    figure.set_figheight(after)
    engine.set(rect=(0, 0, 1, drawn / after))
    figure.text(0.07, before + 0.02, lines, transform=figure.dpi_scale_trans, va="bottom", fontsize=size, **font)


def heading(figure: Figure, indicator: Indicator, language: str) -> None:
    """The indicator's title and unit over the figure, where they are read before the numbers."""
    add_on_top(figure, value_label(indicator, language), 9.5, 95, color=MUTED)


def value_label(indicator: Indicator, language: str) -> str:
    """Title and unit of an indicator: "Borgere med KOL, procent"; the unit is not said twice."""
    title, unit = indicator.title[language], indicator.unit[language]
    words = " ".join(unit.split()[:2]) if indicator.kind == "rate" else unit
    said = re.search(rf"\b{re.escape(words)}\b", title, re.IGNORECASE)
    return title if said else f"{title}, {unit}"


def wrapped(text: str, width: int) -> str:
    """Text on lines of at most ``width`` characters."""
    return "\n".join(textwrap.wrap(text, width))
