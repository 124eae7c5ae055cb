"""What the figures of compared areas have in common: which rows they show, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from ddns_utils import areas
from ddns_utils.comparison import Comparison
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.rows import select, shown_value
from ddns_utils.display.style import MUTED
from ddns_utils.language import number, say


def pointed_out(codes: str | Sequence[str] | None, level: str) -> set[str]:
    """Areas of the level that the codes stand for; DefinitionError for a code that no area has.

    An area of another level stands for its municipalities, the country for none.
    """
    codes = [codes] if isinstance(codes, str) else list(codes or ())
    return {
        area
        for code in codes
        if areas.level_of(code) != "country"
        for area in ([code] if areas.level_of(code) == level else areas.within(code))
    }


def rows_of(compared: Comparison, disclosed: Disclosed) -> pd.DataFrame:
    """The rows of every area of the comparison's level, also those that could not be compared."""
    return select(
        disclosed, indicator=compared.indicator.id, area_level=compared.level, period=compared.period, free=("area",)
    )


def left_out(compared: Comparison, language: str) -> str:
    """How many areas are not in the figure, and why; empty when all are."""
    if not compared.left_out:
        return ""
    return say(
        "{left_out} of {all} are not compared, because their numbers are hidden, provisional, too few or missing.",
        language,
        left_out=number(compared.left_out, language),
        all=number(compared.left_out + len(compared.frame), language),
    )


def alike(language: str) -> str:
    """What is said where the areas vary no more than chance makes them."""
    return say("The areas vary no more than chance alone would make them, so all are smoothed to one value.", language)


def in_the_funnel(label: str, language: str) -> str:
    """Where an area lies in the funnel, in words."""
    return {
        "expected": say("as expected", language),
        "high_95": say("above the 95% limit", language),
        "low_95": say("below the 95% limit", language),
        "high_998": say("above the 99.8% limit", language),
        "low_998": say("below the 99.8% limit", language),
    }[label]


def columns(compared: Comparison, rows: pd.DataFrame, language: str) -> dict[str, pd.Series]:
    """Columns of the data table: the smoothed value, where the area lies in the funnel, and its rank."""
    frame = compared.frame.reindex(rows["area"].astype(str)).set_axis(rows.index)
    known = frame.dropna(subset=["value"])
    ranks = [f"{rank:.0f} ({low:.0f}–{high:.0f})" for rank, low, high in _ranks(known)]
    smoothed = [shown_value(value, compared.indicator, language, unit=False) for value in known["smoothed"]]
    return {
        say("Smoothed", language): pd.Series(smoothed, known.index, dtype=object),
        say("In the funnel", language): known["label"].map(lambda label: in_the_funnel(label, language)),
        say("Rank, 95% interval", language): pd.Series(ranks, known.index, dtype=object),
    }


def nothing_to_compare(ax: Axes, compared: Comparison, language: str) -> None:
    """Say in an empty figure that there is nothing that may be shown."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, say("Too few areas have a value that can be shown and compared.", language), color=MUTED,
            ha="center", va="center", transform=ax.transAxes)  # fmt: skip


def _ranks(frame: pd.DataFrame) -> list[tuple[float, float, float]]:
    return list(frame[["rank", "rank_lower", "rank_upper"]].itertuples(index=False, name=None))
