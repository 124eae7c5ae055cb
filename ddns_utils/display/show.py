"""Put figures and definitions into a report."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.display import publish_display_data
from matplotlib.axes import Axes

from ddns_utils.disclosure import session
from ddns_utils.display.shown import shown_by
from ddns_utils.display.style import FONTS, add_on_top, house_style
from ddns_utils.display.tables import data_table, wide_table
from ddns_utils.errors import DefinitionError

# What nobody sees of a drawing as matplotlib writes it, a third of its bytes: notes on what a text is, names
# that nothing refers to, turns by no degrees, the font of every word, and digits beyond a hundredth of a point.
_FONT = ", ".join(f"'{font}'" for font in FONTS[:-1]) + f", {FONTS[-1]}"
_UNSEEN = re.compile(
    rf"""<!--.*?-->|\sid="[a-z0-9]+_\d+"|\stransform="rotate\(-?0 [^"]*"|font-family: {_FONT};? ?|(?<=>)\s+(?=<)""",
    re.DOTALL,
)
_TAG, _LONG = re.compile(r"<[^>]+>"), re.compile(r"-?\d+\.\d{3,}")


def show_figure(ax: Axes | Sequence[Axes], *, title: str, alt: str, language: str, caption: str = "") -> None:
    """Display a figure of this package with its finding as title, an alternative text and its data as a table.

    ``title`` says what the figure shows, in words; ``alt`` tells it to someone who cannot see it. The figure is closed
    afterwards. Raises DefinitionError without title or alt, or for a figure that was not made here.
    """
    axes = [ax] if isinstance(ax, Axes) else list(ax) if isinstance(ax, list | tuple) else []
    if not axes or not all(isinstance(one, Axes) for one in axes):
        raise DefinitionError(
            f"show_figure() shows what the plot_ functions give, but was given {type(ax).__name__}. "
            "Call plot_trend(disclose(measure(...))) or another of them first."
        )
    figure = axes[0].figure
    shown = shown_by(figure)
    if not title.strip() or not alt.strip():
        raise DefinitionError(
            "A figure needs a title that says its finding, and an alt text for those who cannot see it."
        )
    svg = figure_svg(figure, title)
    make = partial(wide_table, across=shown.across) if shown.across else partial(data_table, more=shown.more)
    data = make(shown.disclosed, shown.rows, shown.dimensions, title, language)
    recorded = session.showed("figure", shown.disclosed, shown.rows, title=title, alt=alt)
    publish_display_data(
        {"image/svg+xml": svg, "text/plain": alt},
        metadata={"ddns": {"role": "figure", "alt": alt, "caption": caption, "table": data} | recorded},
    )


def show_text(words: str) -> None:
    """Display a sentence or two, such as those of ``words``, as text. DefinitionError for anything else."""
    if not isinstance(words, str):
        raise DefinitionError(
            f"show_text() shows words, but was given {type(words).__name__}. For numbers, call show_table() with "
            "disclosed results, or words.value()."
        )
    publish_display_data({"text/markdown": words, "text/plain": words}, metadata={"ddns": {"role": "text"}})


def figure_svg(figure: mpl.figure.Figure, title: str) -> str:
    """The figure as SVG with its title on top, the same bytes every time; the figure is closed."""
    with house_style():
        add_on_top(figure, title, 11.5, 72, fontweight="bold")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Title": title, "Creator": None})
    plt.close(figure)
    svg = out.getvalue()
    svg = _TAG.sub(lambda tag: _LONG.sub(_short, tag[0]), _UNSEEN.sub("", svg[svg.index("<svg") :]))
    return svg.replace("<svg ", f'<svg font-family="{_FONT}" ', 1)


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
