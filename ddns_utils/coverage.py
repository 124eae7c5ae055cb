"""Whether the registers reach far enough back and forward for an indicator to mean what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ddns_utils.errors import DataError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.indicators.look_back import require_begun
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot


def covered(indicator: Indicator, snapshot: Snapshot, periods: Sequence[Period]) -> list[Period]:
    """Those of the periods for which the indicator can be measured, and the last one whether it can or not."""

    def is_covered(period: Period) -> bool:
        try:
            require_covered(indicator, snapshot, period)
        except DataError:
            return False
        return True

    return [period for period in periods if period == periods[-1] or is_covered(period)]


def months(snapshot: Snapshot, name: str, fewest: int) -> tuple[date, date] | None:
    """The first and the last month, as their first days, in which at least ``fewest`` persons have rows of a table.

    Rows count where a table has no persons. None if no month has so many, or the table has no time.
    """
    time = TABLES[name].time
    if time is None:
        return None
    rows = snapshot.table(name)
    rows = rows.mutate(month=rows[time].cast("date").truncate("M"))
    who = rows.person_id.nunique() if "person_id" in rows.columns else rows.count()
    filled = rows.group_by("month").aggregate(who=who).filter(lambda month: month.who >= fewest)
    ends = filled.aggregate(first=filled.month.min(), last=filled.month.max())
    first, last = snapshot.engine.to_pyarrow(ends).to_pylist()[0].values()
    return None if first is None else (first, last)


def require_covered(indicator: Indicator, snapshot: Snapshot, period: Period) -> None:
    """Raise DataError if a table the indicator needs does not cover its look-back, the period and its follow-up.

    Indicators of data quality are never refused: what is missing is what they measure.
    """
    for name in () if indicator.category else indicator.needs:
        span = snapshot.span(name)
        if span is None:
            raise DataError(f"{indicator.id} needs {name}, but no rows of it have been delivered.")
        first, last = span
        needed = period.last_day + timedelta(days=indicator.follow_up_days)
        if needed > last:
            latest = last - timedelta(days=indicator.follow_up_days)
            lacking = (
                f"{indicator.follow_up_days} days after {period.last_day}, but {name} ends {last}"
                if indicator.follow_up_days
                else f"{name} until {period.last_day}, but it ends {last}"
            )
            usable = period
            while usable.last_day > latest:
                usable = usable.preceding()
            named = f"{usable} or another period" if usable.start >= first else "a period"
            raise DataError(f"{indicator.id} needs {lacking}. Use {named} that ends by {latest}, or deliver more data.")
    if not indicator.category:
        require_begun(indicator.id, indicator.needs, indicator.look_back, snapshot, period)
