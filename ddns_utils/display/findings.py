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
from ddns_utils.disclosure import SMALL, Disclosed, session
from ddns_utils.display.coverage import require_snapshot
from ddns_utils.display.rows import SHOWN, mark, mark_notes, one_indicator, select, shown_limits, shown_value
from ddns_utils.display.tables import render
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator, Proportion
from ddns_utils.language import Text, day, number, percent_sign, say
from ddns_utils.snapshot import Snapshot

# One row in a hundred: what is left where each single fault has a reason of its own.
PASSES = 0.99
WORST = 8  # senders named for a check


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
    chosen = _checks(disclosed, indicators)
    rows = select(disclosed, indicator=[one.id for one in chosen], area=area, period=period, free=("indicator",))
    by = {row["indicator"]: row for _, row in rows.iterrows()}
    body = []
    for check in chosen:
        row = by[check.id]
        what = finding(row, check, language)
        value = mark(row, disclosed, language)
        if row["status"] in SHOWN:
            limits = shown_limits(row, check, language)
            value = f"{shown_value(row['value'], check, language)} ({limits})"
        body.append(([check.title[language]], [value, what, check.remedy[language] if _fails(row, check) else "–"]))
    heads = [say(word, language) for word in ("Value", "Finding", "What to do")]
    notes = [say("Passed: not certainly below {share}. Needs attention: certainly below.", language,
                 share=_percent(language))]  # fmt: skip
    notes += mark_notes(rows[rows["status"] == "suppressed"], disclosed, language)
    html = render(caption, [say("Check", language)], heads, body, notes, about="persons words")
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    recorded = session.showed("table", disclosed, rows, title=caption)
    publish_display_data(
        {"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"} | recorded}
    )


def show_findings_by_sender(
    disclosed: Disclosed,
    *,
    language: str,
    caption: str,
    indicators: Sequence[str | Indicator],
    level: str,
    area: str = areas.COUNTRY,
    period: str | None = None,
) -> None:
    """Display, for each check that needs attention somewhere, how many senders that is, which are worst, what to do.

    ``level`` says who sends: municipalities, of which those of ``area`` are shown, or clinic systems (``system``).
    """
    chosen = _checks(disclosed, indicators)
    rows = select(disclosed, indicator=[one.id for one in chosen], period=period, free=("indicator", "area"))
    here = set(areas.within(area))
    of_level = rows[rows["area_level"].astype(str) == level]
    senders = of_level[[code in here or areas.is_system(code) for code in of_level["area"].astype(str)]]
    body = []
    for check in chosen:
        failing = senders[senders["indicator"].astype(str) == check.id]
        failing = failing[[_fails(row, check) for _, row in failing.iterrows()]].sort_values("value", kind="stable")
        if len(failing):
            worst = [
                f"{areas.name(row['area'], language)} ({shown_value(row['value'], check, language)})"
                for _, row in failing.head(WORST).iterrows()
            ]
            body.append(([check.title[language]], [str(len(failing)), ", ".join(worst), check.remedy[language]]))
    if not body:
        body.append(([say("Every check", language)], ["0", "–", "–"]))
    heads = [say(word, language) for word in ("Senders", "Worst", "What to do")]
    notes = [say("Senders whose share is certainly below {share}; at most {most} are named.", language,
                 share=_percent(language), most=WORST)]  # fmt: skip
    html = render(caption, [say("Check", language)], heads, body, notes, about="deliveries words")
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    made = {"role": "table"} | session.showed("table", disclosed, senders, title=caption)
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": made})


def _checks(disclosed: Disclosed, indicators: Sequence[str | Indicator]) -> list[Indicator]:
    chosen = [one_indicator(disclosed, one) for one in indicators]
    if wrong := [one.id for one in chosen if not isinstance(one, Proportion) or one.remedy is None]:
        raise DefinitionError(f"show_findings() shows checks, proportions with a remedy; {wrong[0]} is none.")
    return chosen


def _percent(language: str) -> str:
    return number(PASSES * 100, language) + percent_sign(language)


def finding(row: pd.Series, check: Indicator, language: str) -> str:
    """What one row of a check says: passed, needs attention, nothing to check, nothing has come, or hidden."""
    if row["status"] in SHOWN:
        said = say("needs attention" if _fails(row, check) else "passed", language)
        return said + (say(", provisional", language) if row["status"] == "incomplete" else "")
    if row["status"] == "not_applicable":
        return say("nothing to check", language)
    if row["status"] == "no_data":
        return say("nothing has come", language)
    why = "too few to be shown" if row["note"] == SMALL else "cannot be shown"
    return say(why, language)


def _fails(row: pd.Series, check: Indicator) -> bool:
    """Whether a check fails. Days and weeks of deliveries are all there are, so that for them nothing is by chance."""
    most = row["value"] if check.rows_about == "deliveries" else row["upper"]
    return bool(row["status"] in SHOWN and most < PASSES)


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
    share = number(ENOUGH * 100, language) + percent_sign(language)
    note = say(
        "Complete until: the latest day of which {share} is expected to have arrived, judged by how long rows took "
        "before.", language, share=share,
    )  # fmt: skip
    caption = say("The registers behind this report, data version {version}", language, version=snapshot.version)
    html = render(caption, [say("Register", language)], heads, body, [note])
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"}})
