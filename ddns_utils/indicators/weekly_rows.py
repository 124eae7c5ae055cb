"""How many rows a sender has of each week, against what it had of the weeks before: jumps and silence.

A week's rows are expected to be the median of the latest 26 weeks before it. They may differ by 3.5 spreads, the limit
for a modified z-score (Iglewicz and Hoaglin 1993). The spread is 1.4826 times the median absolute deviation, which is
the standard deviation where numbers are normal, but never less than that of a Poisson count, so that chance in small
numbers is no jump. Median and absolute deviation are not moved by earlier jumps: half of the weeks would have to be
wrong. A mean with a standard deviation is moved by one, and a model with seasons needs years.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import ibis
import numpy as np
import pandas as pd

from ddns_utils.completeness import EVERYBODY, arrivals, completeness
from ddns_utils.deliveries import received
from ddns_utils.indicators.declare import FindRows
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

HISTORY_WEEKS = 26
FEWEST_WEEKS = 12  # with fewer weeks before it a week is not judged
MOST_SPREADS = 3.5
DEVIATION_TO_SPREAD = 1.4826
DAYS = 7
SCHEMA = {
    "municipality": "string", "system": "string", "on": "date", "rows": "float64", "expected": "float64",
    "spread": "float64",
}  # fmt: skip


def weeks(register: str) -> FindRows:
    """Finds the weeks beginning in the period that can be judged: one row per sender and week.

    ``rows`` are those of the week, ``expected`` and ``spread`` what the weeks before lead to. A week is judged when 12
    whole weeks of the sender come before it, and when 95 per cent of it should have come by the register's latest
    delivery, by the sender's own lag. A sender that has fallen silent has weeks with no rows.
    """

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        known, latest = completeness(snapshot, register), _latest(snapshot, register)
        found = []
        for (municipality, system), counted in _weekly(snapshot, register).groupby(
            ["municipality", "system"], dropna=False
        ):
            sender = {"municipality": _text(municipality), "system": _text(system)}
            until = known.settled(sender["municipality"] or sender["system"] or EVERYBODY, latest)
            found += [sender | week for week in judged(counted, period, until)]
        return ibis.memtable(pd.DataFrame(found, columns=list(SCHEMA)), schema=SCHEMA)

    return find


def as_expected(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags weeks whose rows differ from what is expected by at most 3.5 spreads."""
    return rows.mutate(counts=(rows.rows - rows.expected).abs() <= MOST_SPREADS * rows.spread)


def judged(counted: pd.DataFrame, period: Period, until: date | None) -> list[dict]:
    """The whole weeks of one sender that begin in the period, by ``until`` at the latest: on, rows, expected, spread.

    ``counted`` has rows by week, a week as the ordinal of its Monday.
    """
    if until is None:
        return []
    # The first week may have begun before the sender did.
    first = int(counted["week"].min()) + DAYS
    whole_weeks = max(0, (until.toordinal() + 1 - first) // DAYS)
    rows = np.zeros(whole_weeks)
    place = (counted["week"].to_numpy() - first) // DAYS
    there = (place >= 0) & (place < whole_weeks)
    np.add.at(rows, place[there], counted["rows"].to_numpy()[there])
    found = []
    for number in range(FEWEST_WEEKS, whole_weeks):
        monday = date.fromordinal(first) + timedelta(days=DAYS * number)
        if period.start <= monday < period.end:
            before = rows[max(0, number - HISTORY_WEEKS) : number]
            expected = float(np.median(before))
            deviation = float(np.median(np.abs(before - expected)))
            spread = max(DEVIATION_TO_SPREAD * deviation, max(expected, 1.0) ** 0.5)
            found.append({"on": monday, "rows": float(rows[number]), "expected": expected, "spread": spread})
    return found


@lru_cache(maxsize=32)
def _weekly(snapshot: Snapshot, register: str) -> pd.DataFrame:
    """Rows by sender and week; a week is the ordinal of its Monday."""
    rows = arrivals(snapshot, register)
    weekly = rows.group_by("municipality", "system", week=rows.happened_on.truncate("W")).aggregate(rows=rows.count())
    found = snapshot.engine.to_pandas(weekly)
    return found.assign(week=[day.toordinal() for day in pd.to_datetime(found["week"])])


@lru_cache(maxsize=32)
def _latest(snapshot: Snapshot, register: str) -> date | None:
    came = received(snapshot)
    last = came.filter(came.source.startswith(register)).received_on.max()
    return snapshot.engine.to_pyarrow(last).as_py()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
