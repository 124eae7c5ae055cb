"""Accessible HTML tables of disclosed results, with numbers as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import publish_display_data

from ddns_utils.disclosure import Disclosed, session
from ddns_utils.display.rows import (
    DIMENSIONS,
    PROVISIONAL,
    dimension_name,
    mark,
    mark_notes,
    one_indicator,
    require_disclosed,
    select,
    shown_limits,
    shown_value,
    value_name,
)
from ddns_utils.display.style import value_label
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import number, say


def show_table(
    disclosed: Disclosed,
    *,
    language: str,
    caption: str,
    rows: Sequence[str] = ("area",),
    columns: str = "period",
    indicators: Sequence[str | Indicator] | None = None,
    level: str | Sequence[str] | None = None,
    period: str | Sequence[str] | None = None,
    area: str | Sequence[str] | None = None,
) -> None:
    """Display a table: ``rows`` and ``columns`` name dimensions, each cell a value with its 95 per cent interval.

    Dimensions are indicator, period, area, sex and age_band; those not named are totals (the latest period). Several
    indicators need "indicator" among rows or columns. ``level``, ``period`` and ``area`` keep fewer.
    """
    html, text, shown = table(disclosed, language=language, caption=caption, rows=rows, columns=columns,
                              indicators=indicators, level=level, period=period, area=area)  # fmt: skip
    recorded = session.showed("table", disclosed, shown, title=caption)
    publish_display_data({"text/html": html, "text/plain": text}, metadata={"ddns": {"role": "table"} | recorded})


def table(
    disclosed: Disclosed,
    *,
    language: str,
    caption: str,
    rows: Sequence[str],
    columns: str,
    indicators: Sequence[str | Indicator] | None = None,
    level: str | Sequence[str] | None = None,
    period: str | Sequence[str] | None = None,
    area: str | Sequence[str] | None = None,
) -> tuple[str, str, pd.DataFrame]:
    """The table of ``show_table`` as HTML and as plain text, and the rows that it shows."""
    require_disclosed(disclosed)
    rows = (rows,) if isinstance(rows, str) else tuple(rows)
    if wrong := [name for name in (*rows, columns) if name not in DIMENSIONS]:
        raise DefinitionError(f"A table has no dimension '{wrong[0]}'. Choose among: {', '.join(DIMENSIONS)}.")
    chosen = [one_indicator(disclosed, i).id for i in (indicators or list(disclosed.indicators))]
    if len(chosen) > 1 and "indicator" not in (*rows, columns):
        raise DefinitionError(f"A table of {len(chosen)} indicators needs 'indicator' among its rows or as columns.")
    found = select(disclosed, indicator=chosen, area_level=level, period=period, area=area, free=(*rows, columns))
    cells = {tuple(row[name] for name in (*rows, columns)): row for _, row in found.iterrows()}
    down = list(dict.fromkeys(key[:-1] for key in cells))
    across = list(
        dict.fromkeys(key[-1] for key in sorted(cells, key=lambda k: found[columns].cat.categories.get_loc(k[-1])))
    )
    single = disclosed.indicators[chosen[0]] if len(chosen) == 1 else None

    def heading(name: str, value: str) -> str:
        if name == "indicator":
            return value_label(disclosed.indicators[value], language)
        return value_name(name, value, language)

    def cell(row: pd.Series | None) -> str:
        if row is None:
            return "–"
        return mark(row, disclosed, language) or _value(row, disclosed.indicators[row["indicator"]], language)

    body = [
        ([heading(name, value) for name, value in zip(rows, key, strict=True)],
         [cell(cells.get((*key, value))) for value in across])
        for key in down
    ]  # fmt: skip
    notes = [f"{value_label(single, language)}."] if single else []
    notes += [say("In brackets: 95% interval.", language), *mark_notes(found, disclosed, language)]
    heads = [dimension_name(name, language) for name in rows], [heading(columns, value) for value in across]
    return render(caption, *heads, body, notes), _plain(caption, *heads, body, notes), found


def data_table(
    disclosed: Disclosed,
    rows: pd.DataFrame,
    dimensions: Sequence[str],
    caption: str,
    language: str,
    more: Mapping[str, pd.Series] | None = None,
) -> str:
    """The rows that a figure draws, one line each: what it is, value, interval, numerator and denominator.

    ``more`` are further columns of texts: heading → text by row, a dash where a row has none.
    """
    more = more or {}
    units = require_disclosed(disclosed).indicators
    body = []
    for _, row in rows.iterrows():
        indicator = units[row["indicator"]]
        sign = mark(row, disclosed, language)
        missing = (
            [sign, sign]
            if sign
            else [
                _provisional(shown_value(row["value"], indicator, language), row),
                shown_limits(row, indicator, language) or "–",
            ]
        )
        whole = [sign or "–" if pd.isna(row[c]) else number(row[c], language) for c in ("n", "of")]
        heads = [value_name(name, row[name], language, units) for name in dimensions]
        body.append((heads, missing + whole + [texts.get(row.name, "–") for texts in more.values()]))
    heads = [dimension_name(name, language) for name in dimensions]
    columns = [
        say("Value", language),
        say("95% interval", language),
        say("Numerator", language),
        say("Denominator", language),
        *more,
    ]
    about = "deliveries" if all(units[name].rows_about == "deliveries" for name in rows["indicator"]) else "persons"
    return render(caption, heads, columns, body, mark_notes(rows, disclosed, language), about)


def wide_table(
    disclosed: Disclosed, rows: pd.DataFrame, dimensions: Sequence[str], caption: str, language: str, across: str
) -> str:
    """The rows that a figure draws, values only, with one dimension laid across."""
    require_disclosed(disclosed)
    down = [name for name in dimensions if name != across]
    columns = [value for value in rows[across].cat.categories if (rows[across] == value).any()]
    body = []
    for key, group in rows.groupby(down, sort=True, observed=True):
        by = {row[across]: row for _, row in group.iterrows()}
        cells = []
        for row in (by.get(value) for value in columns):
            known = row is not None and disclosed.indicators[row["indicator"]]
            cells.append(
                (mark(row, disclosed, language) or shown_value(row["value"], known, language)) if known else "–"
            )
        body.append(([value_name(name, value, language) for name, value in zip(down, key, strict=True)], cells))
    heads = [dimension_name(name, language) for name in down]
    names = [value_name(across, value, language) for value in columns]
    return render(caption, heads, names, body, mark_notes(rows, disclosed, language))


def render(
    caption: str,
    row_heads: Sequence[str],
    column_heads: Sequence[str],
    body: Sequence[tuple[Sequence[str], Sequence[str]]],
    notes: Sequence[str] = (),
    about: str = "persons",
) -> str:
    """HTML of a table with a caption, a scope on every heading, no empty heading, and notes under it.

    A table about deliveries says so: its small counts are no secret to the guard at the door. One of words is set as
    such: ``persons words``.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in row_heads)
    head += "".join(f'<th scope="col" class="over">{escape(text)}</th>' for text in column_heads)
    lines = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{escape(text)}</th>' for text in heads)
        + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + "</tr>\n"
        for heads, cells in body
    )
    foot = "".join(f'<p class="note">{escape(text)}</p>\n' for text in notes)
    return (
        f'<table class="numbers {about}">\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{lines}</tbody>\n</table>\n{foot}"
    )


def _value(row: pd.Series, indicator: Indicator, language: str) -> str:
    limits = shown_limits(row, indicator, language)
    shown = shown_value(row["value"], indicator, language, unit=indicator.kind == "proportion")
    return _provisional(f"{shown} ({limits})" if limits else shown, row)


def _provisional(shown: str, row: pd.Series) -> str:
    return f"{shown} {PROVISIONAL}" if row["status"] == "incomplete" else shown


def _plain(caption: str, row_heads: list[str], column_heads: list[str], body: list, notes: Sequence[str]) -> str:
    frame = pd.DataFrame([[*heads, *cells] for heads, cells in body], columns=[*row_heads, *column_heads])
    return "\n".join([caption, frame.to_string(index=False), *notes])
