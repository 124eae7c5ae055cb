"""What was found of a sender's data and what to do about it; until when registers are complete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

import pandas as pd
from IPython.display import publish_display_data

from ddns_utils import areas
from ddns_utils.completeness import ENOUGH, EVENTS, completeness
from ddns_utils.deliveries import received
from ddns_utils.disclosure import Disclosed, session
from ddns_utils.display.coverage import require_snapshot
from ddns_utils.display.rows import SHOWN, mark, mark_notes, one_indicator, select, shown_limits, shown_value
from ddns_utils.display.tables import render
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator, Proportion
from ddns_utils.language import Text, day, number, say
from ddns_utils.registers import Snapshot

# One row in a hundred: what is left where each single fault has a reason of its own.
PASSES = 0.99


def show_findings(
    disclosed: Disclosed,
    *,
    language: str,
    caption: str,
    indicators: Sequence[str | Indicator],
    area: str,
    period: str | None = None,
) -> None:
    """Display each check of an area's data: the share that passes, the finding, and what to do.

    A check needs attention when its share is certainly (by its 95 per cent interval) below 99 per cent. Where there
    is nothing to check, and where nothing has come, that is said instead; neither is a pass.
    """
    chosen = [one_indicator(disclosed, one) for one in indicators]
    if wrong := [one.id for one in chosen if not isinstance(one, Proportion) or one.remedy is None]:
        raise DefinitionError(f"show_findings() shows checks, proportions with a remedy; {wrong[0]} is none.")
    rows = select(disclosed, indicator=[one.id for one in chosen], area=area, period=period, free=("indicator",))
    by = {row["indicator"]: row for _, row in rows.iterrows()}
    body = []
    for check in chosen:
        row = by[check.id]
        what = finding(row, language)
        value = mark(row, disclosed, language)
        if row["status"] in SHOWN:
            limits = shown_limits(row, check, language)
            value = f"{shown_value(row['value'], check, language)} ({limits})"
        body.append(([check.title[language]], [value, what, check.remedy[language] if _fails(row) else "–"]))
    heads = [say(word, language) for word in ("Value", "Finding", "What to do")]
    share = number(PASSES * 100, language) + {"da": "\u00a0%", "en": "%"}[language]
    notes = [say("Passed: not certainly below {share}. Needs attention: certainly below.", language, share=share)]
    notes += mark_notes(rows[rows["status"] == "suppressed"], disclosed, language)
    html = render(caption, [say("Check", language)], heads, body, notes).replace('"numbers"', '"numbers words"', 1)
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    recorded = session.showed("table", disclosed, rows, title=caption)
    publish_display_data(
        {"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"} | recorded}
    )


def finding(row: pd.Series, language: str) -> str:
    """What one row of a check says: passed, needs attention, nothing to check, nothing has come, or hidden."""
    if row["status"] in SHOWN:
        said = say("needs attention" if _fails(row) else "passed", language)
        return said + (say(", provisional", language) if row["status"] == "incomplete" else "")
    if row["status"] == "not_applicable":
        return say("nothing to check", language)
    return say("nothing has come", language) if row["status"] == "no_data" else say("too few to be shown", language)


def _fails(row: pd.Series) -> bool:
    return bool(row["status"] in SHOWN and row["upper"] < PASSES)


def show_completeness(snapshot: Snapshot, names: dict[str, Text], area: str, language: str) -> None:
    """Display, for each register, its latest delivery and until which day it is complete, in the country and the area.

    ``names`` gives the registers' rows in words. The area has a day of its own only in what municipalities send.
    """
    require_snapshot(snapshot)
    codes = list(dict.fromkeys([areas.COUNTRY, area]))
    body = []
    for register in EVENTS:
        came = received(snapshot)
        came = came.filter(came.source.startswith(register)).received_on.max()
        days: list[date | None] = [snapshot.engine.to_pyarrow(came).as_py()]
        days += [completeness(snapshot, register).until(code) for code in codes]
        shown = [day(one, language) if one else say("not known yet", language) for one in days]
        body.append(([names[register][language].capitalize()], shown))
    heads = [say("Latest delivery", language)]
    heads += [say("Complete until: {area}", language, area=areas.name(code, language)) for code in codes]
    share = number(ENOUGH * 100, language) + {"da": "\u00a0%", "en": "%"}[language]
    note = say(
        "Complete until: the latest day of which {share} is expected to have arrived, judged by how long rows took "
        "before.", language, share=share,
    )  # fmt: skip
    caption = say("The registers behind this report, data version {version}", language, version=snapshot.version)
    html = render(caption, [say("Register", language)], heads, body, [note])
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"}})
