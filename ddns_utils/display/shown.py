"""What a figure shows, kept with the figure, so that its data can stand beside it as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import pandas as pd
from matplotlib.figure import Figure

from ddns_utils.disclosure import Disclosed
from ddns_utils.errors import DefinitionError


@dataclass(frozen=True)
class Shown:
    """The rows that a figure draws, the result they come from, and the dimensions in which they differ.

    ``across`` names the dimension that the data table lays across, where there would be too many lines. ``more`` are
    further columns of the data table: heading → texts by row, empty where there is nothing to say.
    """

    disclosed: Disclosed
    rows: pd.DataFrame
    dimensions: tuple[str, ...]
    across: str = ""
    more: Mapping[str, pd.Series] = field(default_factory=dict)


_SHOWN: WeakKeyDictionary[Figure, Shown] = WeakKeyDictionary()


def remember(
    figure: Figure,
    disclosed: Disclosed,
    rows: pd.DataFrame,
    dimensions: Sequence[str],
    across: str = "",
    more: Mapping[str, pd.Series] | None = None,
) -> None:
    """Keep with a figure what it shows."""
    _SHOWN[figure] = Shown(disclosed, rows, tuple(dimensions), across, more or {})


def shown_by(figure: Figure) -> Shown:
    """What a figure shows; DefinitionError for a figure that no ``plot_`` function here made."""
    if figure not in _SHOWN:
        raise DefinitionError(
            "show_figure() shows figures made by the plot_ functions of ddns_utils (plot_trend, plot_areas …), because "
            "only they are known to draw disclosed results. Use one of them."
        )
    return _SHOWN[figure]
