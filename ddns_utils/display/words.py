"""Published numbers in words, so that a notebook titles its figures without doing arithmetic.

Two numbers are called different only when their 95 per cent intervals do not overlap. That asks for more than a test
of the difference does, and is said the same way everywhere. A hidden or provisional number is never compared.
"""

from __future__ import annotations

import pandas as pd

from ddns_utils import areas
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.rows import (
    SHOWN,
    mark,
    one_indicator,
    period_name,
    require_disclosed,
    select,
    shown_limits,
    shown_value,
)
from ddns_utils.errors import DataError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import number, say


def value(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    area: str | None = None,
    period: str | None = None,
    sex: str | None = None,
    age_band: str | None = None,
) -> str:
    """One number with its interval: "62,3 % (61,0–63,5)"; "skjult" or "<5" when it is hidden; says if provisional."""
    known = one_indicator(disclosed, indicator)
    row = _row(disclosed, known, area=area, period=period, sex=sex, age_band=age_band)
    return _in_words(row, known, disclosed, language)


def highest(disclosed: Disclosed, indicator: str | Indicator | None = None, **where: str) -> str:
    """The area of a level with the highest value: "Lolland 7,9 % (7,1–8,7)". Needs ``language`` and ``level``."""
    return _extreme(disclosed, indicator, last=True, **where)


def lowest(disclosed: Disclosed, indicator: str | Indicator | None = None, **where: str) -> str:
    """The area of a level with the lowest value. Needs ``language`` and ``level``."""
    return _extreme(disclosed, indicator, last=False, **where)


def spread(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    level: str,
    period: str | None = None,
) -> str:
    """From the lowest area to the highest: "fra 2,1 % (Gentofte) til 7,9 % (Lolland)", and how many are hidden.

    That the two are not certainly different is said, because a range reads as if they were.
    """
    known = one_indicator(disclosed, indicator)
    rows, hidden = _areas(disclosed, known, level, period)
    if rows.empty:
        return say("nothing that can be shown", language)
    low, high = rows.loc[rows["value"].idxmin()], rows.loc[rows["value"].idxmax()]
    words = say(
        "from {low} ({low_area}) to {high} ({high_area})",
        language,
        low=shown_value(low["value"], known, language, unit=known.kind == "proportion"),
        low_area=areas.name(low["area"], language),
        high=shown_value(high["value"], known, language),
        high_area=areas.name(high["area"], language),
    )
    if len(rows) > 1 and not _apart(low, high):
        words += say(", with no certain difference", language)
    words += say("; {hidden} areas are hidden", language, hidden=hidden) if hidden else ""
    return words + (say(", provisional", language) if (rows["status"] == "incomplete").any() else "")


def change(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    area: str | None = None,
    first: str | None = None,
    last: str | None = None,
) -> str:
    """How one number went from the first period to the last: risen, fallen, or no certain difference."""
    known = one_indicator(disclosed, indicator)
    periods = sorted(set(select(disclosed, indicator=known.id, area=area, free=("period",))["period"]))
    ends = (first or periods[0], last or periods[-1])
    before, after = (_row(disclosed, known, area=area, period=end) for end in ends)
    if ends[0] == ends[1]:
        return f"{_in_words(after, known, disclosed, language)} ({period_name(ends[1], language)})"
    named = {
        "first": period_name(ends[0], language), "last": period_name(ends[1], language),
        "before": _in_words(before, known, disclosed, language), "after": _in_words(after, known, disclosed, language),
    }  # fmt: skip
    if before["status"] != "ok" or after["status"] != "ok":
        return say("{before} in {first} and {after} in {last}; they cannot be compared", language, **named)
    if _apart(before, after):
        if after["value"] > before["value"]:
            return say("risen from {before} in {first} to {after} in {last}", language, **named)
        return say("fallen from {before} in {first} to {after} in {last}", language, **named)
    return say("no certain difference between {before} in {first} and {after} in {last}", language, **named)


def against(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    area: str,
    other: str = areas.COUNTRY,
    period: str | None = None,
) -> str:
    """One area beside another, the country unless told: higher, lower, or not certainly different."""
    known = one_indicator(disclosed, indicator)
    here, there = (_row(disclosed, known, area=code, period=period) for code in (area, other))
    named = {
        "area": areas.name(area, language), "other": areas.name(other, language),
        "here": _in_words(here, known, disclosed, language), "there": _in_words(there, known, disclosed, language),
    }  # fmt: skip
    if here["status"] != "ok" or there["status"] != "ok":
        return say("{area} {here}, {other} {there}; they cannot be compared", language, **named)
    if not _apart(here, there):
        return say("{area} {here} is not certainly different from {other} {there}", language, **named)
    if here["value"] > there["value"]:
        return say("{area} {here} is higher than {other} {there}", language, **named)
    return say("{area} {here} is lower than {other} {there}", language, **named)


def standard(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    area: str | None = None,
    period: str | None = None,
) -> str:
    """A number beside the indicator's published standard; DataError when it has none."""
    known = one_indicator(disclosed, indicator)
    if known.standard is None:
        raise DataError(f"{known.id} has no published standard to be held against.")
    row = _row(disclosed, known, area=area, period=period)
    named = {
        "value": _in_words(row, known, disclosed, language),
        "standard": shown_value(known.standard, known, language),
    }
    if row["status"] != "ok":
        return say("{value}; it cannot be held against the standard of {standard}", language, **named)
    if row["lower"] <= known.standard <= row["upper"]:
        return say("{value}, not certainly different from the standard of {standard}", language, **named)
    if row["value"] > known.standard:
        return say("{value}, above the standard of {standard}", language, **named)
    return say("{value}, below the standard of {standard}", language, **named)


def hidden(disclosed: Disclosed, language: str) -> str:
    """How many numbers are hidden, why, and what the attack on the result found."""
    audit = require_disclosed(disclosed).audit
    counts = {name: getattr(audit, name) for name in ("cells", "small", "protecting", "recovered")}
    return say(
        "Of {cells} numbers, {small} are hidden because they are small and {protecting} because they would give a "
        "small one away. An attack on what is left worked out {recovered} of them.",
        language, **{name: number(count, language) for name, count in counts.items()},
    )  # fmt: skip


def _row(disclosed: Disclosed, indicator: Indicator, **where: str | None) -> pd.Series:
    return select(disclosed, indicator=indicator.id, **where).iloc[0]


def _in_words(row: pd.Series, indicator: Indicator, disclosed: Disclosed, language: str) -> str:
    if row["status"] not in SHOWN:
        return say("no data", language) if row["status"] == "no_data" else mark(row, disclosed, language)
    inside = [shown_limits(row, indicator, language)]
    inside += [say("provisional", language)] if row["status"] == "incomplete" else []
    said = "; ".join(filter(None, inside))
    return shown_value(row["value"], indicator, language) + (f" ({said})" if said else "")


def _areas(disclosed: Disclosed, indicator: Indicator, level: str, period: str | None) -> tuple[pd.DataFrame, int]:
    rows = select(disclosed, indicator=indicator.id, area_level=level, period=period, free=("area",))
    shown = rows[rows["status"].isin(SHOWN)]
    return shown, int((rows["status"] == "suppressed").sum())


def _extreme(
    disclosed: Disclosed,
    indicator: str | Indicator | None,
    *,
    last: bool,
    language: str,
    level: str,
    period: str | None = None,
) -> str:
    known = one_indicator(disclosed, indicator)
    rows, _ = _areas(disclosed, known, level, period)
    if rows.empty:
        return say("nothing that can be shown", language)
    row = rows.loc[rows["value"].idxmax() if last else rows["value"].idxmin()]
    return f"{areas.name(row['area'], language)} {_in_words(row, known, disclosed, language)}"


def _apart(one: pd.Series, other: pd.Series) -> bool:
    return bool(one["lower"] > other["upper"] or other["lower"] > one["upper"])
