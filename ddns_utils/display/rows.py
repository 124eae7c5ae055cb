"""Which rows of a disclosed result are shown, and what their columns and values are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ddns_utils import areas, codelists
from ddns_utils.disclosure import SMALL, Disclosed
from ddns_utils.errors import DataError, DefinitionError, did_you_mean
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import Text, number, percent_sign, say
from ddns_utils.period import Period
from ddns_utils.standardisation import NOT_GIVEN

ALL = "all"
SHOWN = ("ok", "incomplete")  # statuses of rows that have a value
PROVISIONAL = "*"
DIMENSIONS = ("indicator", "period", "area", "sex", "age_band")
YEARS = Text(da="år", en="years")


def require_disclosed(given: object) -> Disclosed:
    """Return ``given`` if it is Disclosed; DefinitionError that says what to call for anything else."""
    if not isinstance(given, Disclosed):
        raise DefinitionError(
            f"Figures and tables show disclosed results only, but were given {type(given).__name__}. "
            "Call disclose(measure(...)) and pass its result on."
        )
    return given


def one_indicator(disclosed: Disclosed, indicator: str | Indicator | None) -> Indicator:
    """The indicator that is meant: by id or declaration, or the only one there is."""
    known = require_disclosed(disclosed).indicators
    if indicator is None and len(known) == 1:
        return next(iter(known.values()))
    name = indicator if isinstance(indicator, str) else getattr(indicator, "id", None)
    if name not in known:
        raise DefinitionError(
            f"There is no indicator '{name}' in these results. {did_you_mean(name, known)}"
            f"Choose one of: {', '.join(sorted(known))}."
        )
    return known[name]


def select(disclosed: Disclosed, *, free: Sequence[str] = (), **fixed: str | Sequence[str] | None) -> pd.DataFrame:
    """Rows where each dimension has the given value, or is free; those not named are totals (latest for the period).

    Raises DataError, naming what there is, when no row is left, and DefinitionError for an area that does not exist.
    """
    rows = require_disclosed(disclosed).frame
    for name in ("indicator", "area_level", *DIMENSIONS[1:]):
        wanted = fixed.get(name)
        if wanted is None and (name in free or name in ("indicator", "area_level")):
            continue
        if wanted is None:
            wanted = _default(name, rows)
        wanted = [wanted] if isinstance(wanted, str) else [str(value) for value in wanted]
        there = list(dict.fromkeys(rows[name]))
        if missing := [value for value in wanted if value not in there]:
            if name == "area":
                areas.level_of(missing[0])  # an area that does not exist is another mistake than one not measured
            near = "" if name == "period" else did_you_mean(missing[0], there)
            few = ", ".join(there[:12]) + (" …" if len(there) > 12 else "")
            raise DataError(
                f"These results have no {name} '{missing[0]}'. {near}They have: {few or 'no rows'}. Measure it as well."
            )
        rows = rows[rows[name].isin(wanted)]
    return rows.assign(**{name: _ordered(rows[name], name) for name in DIMENSIONS}).sort_values(
        list(DIMENSIONS), kind="stable"
    )


def _default(name: str, rows: pd.DataFrame) -> str:
    values = sorted(set(rows[name]))
    if name == "period" and values:
        return values[-1]
    total = areas.COUNTRY if name == "area" else ALL
    return values[0] if len(values) == 1 else total


def _ordered(values: pd.Series, name: str) -> pd.Series:
    """Values in reading order: totals first, areas in the official order, ages and periods upwards."""
    there = list(dict.fromkeys(values))
    if name == "area":
        there = areas.in_order(there)
    elif name in ("sex", "age_band"):
        order = [ALL, *codelists.codes("sex")] if name == "sex" else [ALL]
        there.sort(
            key=lambda v: (order.index(v) if v in order else len(order), int("".join(filter(str.isdigit, v[:2])) or 0))
        )
    elif name == "period":
        there.sort()
    return pd.Series(pd.Categorical(values, categories=there, ordered=True), index=values.index)


def dimension_name(name: str, language: str) -> str:
    """Heading of a dimension, such as "Kommune" or "Age"."""
    return {
        "indicator": say("Indicator", language),
        "period": say("Period", language),
        "area": say("Area", language),
        "sex": say("Sex", language),
        "age_band": say("Age", language),
    }[name]


def value_name(name: str, value: str, language: str, indicators: dict[str, Indicator] | None = None) -> str:
    """What one value of a dimension is called: "Kvinder", "65-79 år", "Hele landet", an indicator's title."""
    if name == "indicator":
        return indicators[value].title[language]
    if name == "area":
        return areas.name(value, language)
    if name == "period":
        return period_name(value, language)
    if value == ALL:
        return say("Both sexes", language) if name == "sex" else say("All ages", language)
    if name == "sex":
        return codelists.labels("sex", language)[value]
    return f"{value.replace('-', '–')} {YEARS[language]}"


def period_name(period: str, language: str) -> str:
    """A period as readers write it, such as "marts 2025"."""
    return Period.parse(period).in_words(language)


def tick_name(period: str, language: str) -> str:
    """A period beside an axis: its year on a line of its own."""
    return "\n".join(period_name(period, language).rsplit(" ", 1))


def shown_value(value: float, indicator: Indicator, language: str, unit: bool = True) -> str:
    """A value in its display unit: "62,3 %", "31,2 pr. 1.000 borgere om året", "12,3 dage"."""
    if indicator.kind == "proportion":
        return number(value * 100, language, indicator.decimals) + (percent_sign(language) if unit else "")
    return number(value, language, indicator.decimals) + (f"\u00a0{indicator.unit[language]}" if unit else "")


def shown_limits(row: pd.Series, indicator: Indicator, language: str) -> str:
    """The 95 per cent limits, "61,0–63,5"; empty when there are none."""
    if np.isnan(row["lower"]) or np.isnan(row["upper"]):
        return ""
    return "–".join(shown_value(row[side], indicator, language, unit=False) for side in ("lower", "upper"))


def mark(row: pd.Series, disclosed: Disclosed, language: str) -> str:
    """What stands where a value is missing: "<5", "skjult", "ikke relevant", "for få", "–" for no data; else empty."""
    if row["status"] == "suppressed":
        return f"<{disclosed.policy.threshold}" if row["note"] == SMALL else say("hidden", language)
    if row["status"] == "not_applicable":
        return say("not applicable", language)
    if row["status"] == NOT_GIVEN:
        return say("too few", language)
    return "" if row["status"] in SHOWN else "–"


def mark_notes(rows: pd.DataFrame, disclosed: Disclosed, language: str, figure: bool = False) -> list[str]:
    """One sentence for each mark that occurs among the rows; a ``figure`` marks provisional values by their look."""
    marks = {mark(row, disclosed, language) for _, row in rows.iterrows()}
    threshold = disclosed.policy.threshold
    sentences = {
        f"<{threshold}": say(
            "<{threshold}: not shown, because it rests on 1–{most} persons or events, or on all but 1–{most}.",
            language, threshold=threshold, most=threshold - 1,
        ),
        say("hidden", language): say("hidden: not shown, because it would give away a small number.", language),
        say("too few", language): say(
            "too few: fewer than 10 events, or nobody of some sex and age, so a standardised value would say nothing.",
            language,
        ),
        "–": say("–: no data.", language),
    }  # fmt: skip
    notes = [sentence for sign, sentence in sentences.items() if sign in marks]
    if rows["note"].str.contains("rounded to").any():
        base = disclosed.policy.rounding_base
        notes.append(say("All numbers are rounded to multiples of {base}.", language, base=base))
    if doubted := list(dict.fromkeys(place for code in rows["area"].unique() for place in areas.uncertain(code))):
        names = ", ".join(areas.name(place, language) for place in doubted)
        notes.append(say("Which health cluster these belong to is in doubt: {names}.", language, names=names))
    if (rows["status"] == "incomplete").any():
        look = say("Hollow or dashed", language) if figure else PROVISIONAL
        notes.append(say("{mark}: provisional, because not everything has been received yet.", language, mark=look))
    return notes
