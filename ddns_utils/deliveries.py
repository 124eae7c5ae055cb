"""What was delivered, by whom and when; who is silent, and which months are overdue.

A day without a delivery is not yet silence: a small municipality may have had nothing to report. Only a sender's own
rhythm can tell. A sender's usual gap is what 19 in 20 of its latest gaps between days of delivery do not exceed. It is
*silent* when more than twice as long has passed; until then the day is *quiet*. With fewer than 5 gaps the rhythm is
*unknown*, and nothing is concluded. A file without rows says by itself that there was *nothing to report*.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import ibis
import pandas as pd

from ddns_utils import areas, codelists
from ddns_utils.errors import DataError, did_you_mean
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

KL_GATEWAY = "KL Gateway"
WITH_SYSTEMS = tuple(table.origin for table in TABLES.values() if table.sent_by)  # sent from clinic systems
DUE_DAILY = (KL_GATEWAY, *WITH_SYSTEMS)  # reporting is due daily; other registers are extracts that come when they come
DUE_DAYS = 14  # at the latest this many days after the end of the month (KL Gateway; our reporting guide for practice)
GAPS = 30  # how many of a sender's latest gaps make its rhythm
FEWEST_GAPS = 5
MONTHS = 12  # how far back late and overdue months are told
USUAL_SHARE = 0.95
SILENT_AFTER_GAPS = 2  # one usual gap would call 1 in 20 senders silent on any day
COUNTS = ("files", "files_refused", "rows_read", "rows_kept", "rows_quarantined", "rows_superseded")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One sender's deliveries on a day, or a run of days without any (``first`` to ``last``, both included).

    ``state`` is received, nothing to report, refused (only files of which nothing is in), quiet, silent or unknown
    rhythm. Counts are files and rows; ``files`` are those that landed.
    """

    source: str
    sender: str
    first: date
    last: date
    state: str
    files: int = 0
    files_refused: int = 0
    rows_read: int = 0
    rows_kept: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0


@dataclass(frozen=True)
class Sender:
    """One sender seen on a day: its rhythm and what it owes.

    ``usual_gap_days`` is None while the rhythm is unknown. ``late`` and ``overdue`` are months that came after their
    due day, or not at all yet; both are empty for sources that are not due daily.
    """

    source: str
    sender: str
    last_received: date
    days_since: int
    usual_gap_days: int | None
    state: str
    late: tuple[str, ...]
    overdue: tuple[str, ...]


def received(snapshot: Snapshot) -> ibis.Table:
    """The deliveries that landed, with ``received_on`` and their sender where it is known to be one of a kind.

    That is ``municipality`` for what municipalities send, and ``system`` (``system:NOVAX``) for practice.
    """
    every = _every_file(snapshot)
    return every.filter(every.refused_because.isnull())


def _every_file(snapshot: Snapshot) -> ibis.Table:
    delivery = snapshot.table("delivery")
    organisations = ibis.memtable(
        pd.DataFrame(codelists.rows("municipal_organization"))[["code", "municipality"]].astype(str)
    )
    known = delivery.left_join(organisations, delivery.sender == organisations.code).drop("code")
    named = known.source.isin(WITH_SYSTEMS) & (known.sender != known.source)
    system = ibis.ifelse(named, areas.SYSTEM_PREFIX + known.sender, ibis.null("string"))
    return known.mutate(received_on=known.received_at.date(), system=system)


def systems(snapshot: Snapshot, register: str) -> list[str]:
    """The clinic systems that have delivered to a register, as codes."""
    came = received(snapshot)
    came = came.filter(came.source == register, came.system.notnull())
    return sorted(snapshot.engine.to_pyarrow(came.select("system").distinct())["system"].to_pylist())


def days(snapshot: Snapshot, source: str | None = None, sender: str | None = None) -> pd.DataFrame:
    """One row per source, sender and day with deliveries, in order: received_on, and sums of ``COUNTS``.

    ``sender`` is a municipality's code where the sender is known as one. Raises DataError if nothing was delivered,
    or a source or sender is asked for that never delivered.
    """
    table = _named(_every_file(snapshot))
    landed = table.refused_because.isnull()
    sums = table.group_by("source", "sender", "received_on").aggregate(
        files=landed.sum(), files_refused=(~landed).sum(), **{name: table[name].sum() for name in COUNTS[2:]}
    )
    found = snapshot.engine.to_pandas(sums).sort_values(["source", "sender", "received_on"], ignore_index=True)
    found["received_on"] = pd.to_datetime(found["received_on"]).dt.date
    if found.empty:
        raise DataError("Nothing has been delivered yet. Land deliveries first: ddns intake PATH.")
    for column, wanted in (("source", source), ("sender", sender)):
        there = list(dict.fromkeys(found[column]))
        if wanted is not None and wanted not in there:
            raise DataError(
                f"No delivery has the {column} '{wanted}'. {did_you_mean(wanted, there)}There are: {', '.join(there)}."
            )
        found = found if wanted is None else found[found[column] == wanted]
    return found


def refusals(snapshot: Snapshot, found: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Files of which nothing is in, of the sources and senders among the days of ``days``, from one day to another.

    One row per file in order of days: source, sender, received_on, file, refused_because.
    """
    table = _named(_every_file(snapshot))
    table = table.filter(table.refused_because.notnull(), table.received_on.between(first, last))
    files = snapshot.engine.to_pandas(table.select("source", "sender", "received_on", "file", "refused_because"))
    files["received_on"] = pd.to_datetime(files["received_on"]).dt.date
    asked = found[["source", "sender"]].drop_duplicates()
    return files.merge(asked, on=["source", "sender"]).sort_values(["received_on", "source", "file"], ignore_index=True)


def _named(table: ibis.Table) -> ibis.Table:
    """Deliveries with a word for every sender: a municipality's code, what the files say, or that there are several.

    Of a file that cannot be read nobody knows.
    """
    nobody_told = ibis.ifelse(table.refused_because.isnull(), "several", "unknown")
    return table.mutate(sender=ibis.coalesce(table.municipality, table.sender, nobody_told))


def never_delivered(snapshot: Snapshot) -> list[str]:
    """The municipalities that nothing has ever landed from; none as long as nothing has from any."""
    came = received(snapshot)
    came = came.filter(came.source == KL_GATEWAY, came.municipality.notnull()).select("municipality").distinct()
    there = set(snapshot.engine.to_pyarrow(came)["municipality"].to_pylist())
    return [code for code in areas.codes("municipality") if code not in there] if there else []


def senders(found: pd.DataFrame, on: date) -> list[Sender]:
    """Every sender among the days of ``days`` that had delivered by a day, as seen on that day."""
    seen = []
    landed = found[(found["received_on"] <= on) & (found["files"] > 0)]
    for (source, sender), rows in landed.groupby(["source", "sender"], sort=False):
        came = list(rows["received_on"])
        gap = usual_gap(came)
        late, overdue = _months(came, on) if source in DUE_DAILY else ((), ())
        since = (on - came[-1]).days
        seen.append(Sender(source, sender, came[-1], since, gap, _state(since, gap, "in rhythm"), late, overdue))
    return seen


def lines(found: pd.DataFrame, first: date, last: date) -> Iterator[Line]:
    """What came and what did not, per sender, from one day to another, both included."""
    for (source, sender), rows in found.groupby(["source", "sender"], sort=False):
        by_day = {row.received_on: row for row in rows.itertuples()}
        came = [day for day, row in by_day.items() if row.files]
        waiting: list[tuple[date, str]] = []
        for number in range((last - first).days + 1):
            day = first + number * DAY
            if day not in by_day:
                if before := came[: bisect_left(came, day)]:
                    waiting.append((day, _state((day - before[-1]).days, usual_gap(before), "quiet")))
                continue
            yield from _runs(source, sender, waiting)
            waiting = []
            counts = {name: int(getattr(by_day[day], name)) for name in COUNTS}
            state = "refused" if not counts["files"] else "received" if counts["rows_read"] else "nothing to report"
            yield Line(source, sender, day, day, state, **counts)
        yield from _runs(source, sender, waiting)


def usual_gap(came: list[date]) -> int | None:
    """The gap in days that 19 in 20 of a sender's latest gaps do not exceed; None with fewer than 5 gaps."""
    gaps = sorted((later - earlier).days for earlier, later in pairwise(came[-GAPS - 1 :]))
    return gaps[math.ceil(USUAL_SHARE * len(gaps)) - 1] if len(gaps) >= FEWEST_GAPS else None


def _state(days_since: int, gap: int | None, otherwise: str) -> str:
    if gap is None:
        return "unknown rhythm"
    return "silent" if days_since > SILENT_AFTER_GAPS * gap else otherwise


def _runs(source: str, sender: str, waiting: list[tuple[date, str]]) -> Iterator[Line]:
    """Days that follow each other in one state, as one line."""
    start = 0
    for number, (day, state) in enumerate(waiting, 1):
        if number == len(waiting) or waiting[number][1] != state:
            yield Line(source, sender, waiting[start][0], day, state)
            start = number


def _months(came: list[date], on: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the latest 12 months, those that came late and those that are overdue, as seen on a day.

    A month has come with the first delivery after its end, because that one can hold its last day.
    """
    late, overdue = [], []
    for month in Period(came[0], on + DAY).latest_months(MONTHS):
        due = month.last_day + timedelta(days=DUE_DAYS)
        if month.end <= came[0] or due >= on:
            continue
        first_after = next((day for day in came if day >= month.end), None)
        if first_after is None:
            overdue.append(str(month))
        elif first_after > due:
            late.append(str(month))
    return tuple(late), tuple(overdue)
