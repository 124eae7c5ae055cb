"""Until which day each register is complete enough to publish, from how long its rows took to arrive before.

Of the rows with events of one day, how many had come by a later delivery of the same sender, against how many are known
now? That share by the events' age at the delivery is the sender's curve of completeness. Only deliveries are looked
at, so that a sender that delivers once a month is not taken for one that is late. A register is complete until the
latest day of which at least 95 per cent has arrived by that curve, seen from the latest delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import ibis
import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from ddns_utils import areas
from ddns_utils.deliveries import KL_GATEWAY, SILENT_AFTER_GAPS, received, usual_gap
from ddns_utils.model import TABLES
from ddns_utils.snapshot import Snapshot

# 95 per cent: what is still missing then moves a rate by less than the difference from one year to the next.
ENOUGH = 0.95
# After 90 days hardly anything more is expected: the slowest register here (SSSY) has sent 98 per cent by then. Younger
# events are not used, because nobody knows yet how many they will be.
SETTLED_DAYS = 90
WINDOW_DAYS = 365  # a year of events, so that holidays are in
FEWEST_ROWS = 10  # with fewer rows a sender is given the curve of all senders together
EVERYBODY = ""

# One table and its event per register: of municipal reports the meetings, because a meeting that was held says when.
EVENTS = {
    register: (name, TABLES[name].event)
    for register, name in {
        "LPR_A": "hospital_contact",
        "SSSY": "practice_service",
        "AIM": "practice_record",
        "SENTINEL": "specialist_record",
        "LMDB": "prescription",
        "LAB": "lab_result",
        KL_GATEWAY: "encounter",
    }.items()
}


@dataclass(frozen=True)
class Completeness:
    """How complete one register is, by sender (municipalities; one sender, "", for a national register).

    Practice is sent by clinic systems where the deliveries tell; what has no system is one sender, "".

    ``curves`` give the share that has come when the event is 0, 1, 2 … days old; ``rows`` say how many rows each
    rests on, and ``last`` the day each sender is judged from: its latest delivery or, while it keeps to its own
    rhythm, the latest of the register.
    """

    register: str
    curves: dict[str, np.ndarray]
    rows: dict[str, int]
    last: dict[str, date]
    known: dict[str, date | None] = field(default_factory=dict, compare=False, repr=False)

    def until(self, area: str = areas.COUNTRY) -> date | None:
        """The latest day of which 95 per cent has arrived from the senders of an area; None if that is not known."""
        if area not in self.known:
            self.known[area] = self._until(area)
        return self.known[area]

    def _until(self, area: str) -> date | None:
        national = [sender for sender in self.rows if sender == EVERYBODY or areas.is_system(sender)]
        if areas.is_system(area):
            national = [sender for sender in national if sender == area]
        senders = national or [code for code in areas.within(area) if code in self.rows]
        if not senders:
            return None
        weights = np.array([self.rows[sender] for sender in senders])
        latest = max(self.last[sender] for sender in senders)
        for back in range(SETTLED_DAYS + WINDOW_DAYS):
            day = latest - timedelta(days=back)
            shares = [_at(self.curves[sender], (self.last[sender] - day).days) for sender in senders]
            if np.dot(weights, shares) >= ENOUGH * weights.sum():
                return day
        return None

    def settled(self, sender: str, seen_from: date | None) -> date | None:
        """The latest day of which 95 per cent should have come from a sender by a day; None if its lag is not known."""
        if seen_from is None or sender not in self.curves:
            return None
        enough = np.flatnonzero(self.curves[sender] >= ENOUGH)
        return seen_from - timedelta(days=int(enough[0])) if len(enough) else None


def register_of(table: str) -> str | None:
    """The register whose lag a table shares; None for the population and for what intake writes itself."""
    origin = TABLES[table].origin
    return next((register for register in EVENTS if origin.startswith(register)), None)


def arrivals(snapshot: Snapshot, register: str) -> ibis.Table:
    """Every row of the register's table of events: happened_on, received_on, person_id and its sender.

    A row that was corrected or sent again counts from the first day on which it was received. The sender is
    ``municipality`` or ``system``; both are missing for national registers. Rows that came before their event are plans
    and are left out.
    """
    name, time = EVENTS[register]
    rows = snapshot.table(name)
    deliveries = received(snapshot).select("delivery_id", "received_on")
    rows = rows.select(
        "delivery_id",
        "person_id",
        municipality=rows.municipality if register == KL_GATEWAY else ibis.null("string"),
        system=system_code(rows, name),
        happened_on=rows[time].cast("date"),
        first=rows.first_received_on if "first_received_on" in rows.columns else ibis.null("date"),
    ).inner_join(deliveries, "delivery_id")
    rows = rows.mutate(received_on=ibis.coalesce(rows.first, rows.received_on)).drop("delivery_id", "first")
    return rows.filter(rows.happened_on <= rows.received_on)


def system_code(rows: ibis.Table, table: str) -> ibis.Value:
    """The code of the clinic system that sent each row of a table; missing where no system sends or none is told."""
    column = TABLES[table].sent_by
    return areas.SYSTEM_PREFIX + rows[column] if column else ibis.null("string")


@lru_cache(maxsize=32)
def completeness(snapshot: Snapshot, register: str) -> Completeness:
    """How complete a register is, seen from its deliveries; without any senders when too little is known of them."""
    delivery = received(snapshot)
    delivery = delivery.filter(delivery.source.startswith(register))
    came = delivery.select(
        "received_on",
        sender=delivery.municipality if register == KL_GATEWAY else delivery.system.fill_null(EVERYBODY),
    ).distinct()
    came = _days(snapshot.engine.to_pandas(came.filter(came.sender.notnull())))
    if came.empty:
        return Completeness(register, {}, {}, {})
    rows = arrivals(snapshot, register).mutate(sender=lambda t: ibis.coalesce(t.municipality, t.system, EVERYBODY))
    rows = rows.filter(rows.happened_on >= date.fromordinal(came["received_on"].max() - SETTLED_DAYS - WINDOW_DAYS))
    counted = rows.group_by("sender", "happened_on", "received_on").aggregate(rows=rows.count())
    found = _days(snapshot.engine.to_pandas(counted))
    if EVERYBODY in set(came["sender"]):  # files with rows of several systems
        found.loc[~found["sender"].isin(came["sender"]), "sender"] = EVERYBODY
    events = dict(list(found.groupby("sender")))
    deliveries = {sender: np.sort(group["received_on"].to_numpy()) for sender, group in came.groupby("sender")}
    seen = {sender: _seen(events[sender], days) for sender, days in deliveries.items() if sender in events}
    seen = {sender: tally for sender, tally in seen.items() if tally[2]}
    together = _curve(*(sum((tally[part] for tally in seen.values()), np.zeros(1)) for part in (0, 1)))
    return Completeness(
        register,
        {s: _curve(arrived, known) if rows >= FEWEST_ROWS else together for s, (arrived, known, rows) in seen.items()},
        {sender: rows for sender, (_, _, rows) in seen.items()},
        {sender: date.fromordinal(_seen_from(deliveries[sender], int(came["received_on"].max()))) for sender in seen},
    )


def _seen_from(days: np.ndarray, latest: int) -> int:
    """The day a sender is judged from: the register's latest delivery, unless the sender itself has fallen silent."""
    gap = usual_gap([date.fromordinal(day) for day in days.tolist()])
    silent = gap is None or latest - days[-1] > SILENT_AFTER_GAPS * gap
    return int(days[-1]) if silent else latest


def _days(frame: pd.DataFrame) -> pd.DataFrame:
    """Days as whole numbers."""
    for column in frame.columns.intersection(["received_on", "happened_on"]):
        frame[column] = [day.toordinal() for day in pd.to_datetime(frame[column])]
    return frame


def _seen(events: pd.DataFrame, days: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """By age in days: rows that had arrived at a delivery, rows known now; and how many rows that rests on."""
    settled = days[-1] - SETTLED_DAYS
    events = events[(events["happened_on"] <= settled) & (events["happened_on"] > settled - WINDOW_DAYS)]
    happened, row = np.unique(events["happened_on"], return_inverse=True)
    by = np.searchsorted(days, events["received_on"])
    counts = np.zeros((len(happened), len(days) + 1))
    np.add.at(counts, (row, by), events["rows"])
    arrived = counts.cumsum(axis=1)[:, :-1]
    known = np.broadcast_to(counts.sum(axis=1, keepdims=True), arrived.shape)
    ages = days[None, :] - happened[:, None]
    of_age = ages >= 0
    tally = (
        np.bincount(ages[of_age], weights=numbers[of_age], minlength=SETTLED_DAYS + WINDOW_DAYS)
        for numbers in (arrived, known)
    )
    return *tally, int(events["rows"].sum())


def _curve(arrived: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Shares by age that never fall; an age that was never seen has the share of the age before it."""
    seen = np.flatnonzero(known)
    curve = np.zeros(len(known))
    if len(seen):
        curve[seen] = isotonic_regression(arrived[seen] / known[seen], weights=known[seen]).x
    return np.maximum.accumulate(curve)


def _at(curve: np.ndarray, age: int) -> float:
    return float(curve[min(age, len(curve) - 1)]) if age >= 0 else 0.0
