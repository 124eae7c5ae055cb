"""Which rows the indicators of data quality look at, and what is asked of them.

What a municipality sends counts in the municipality that sent it, whoever it is about: such rows have no person_id,
and patient where the rule needs the person. Rows of national registers count where the person lives.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import ibis
import pandas as pd

from ddns_utils import courses
from ddns_utils.completeness import arrivals
from ddns_utils.deliveries import DUE_DAYS, KL_GATEWAY, received
from ddns_utils.indicators.declare import FindAreas, FindRows, LookAtRows
from ddns_utils.indicators.rehabilitation import plans
from ddns_utils.indicators.rows import within
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

OPEN_AFTER_DAYS = 30
OFFER_BEFORE_DISCHARGE_DAYS = 30
DISCHARGE_MARGIN_DAYS = 1  # plans give a day, stays a clock time; midnight lies between them
TRAINING_WITHIN_DAYS = 30


@lru_cache(maxsize=32)
def _days_of_delivery(snapshot: Snapshot, register: str) -> pd.DataFrame:
    """Sender (municipality or system, neither for others) and day of each day on which a register was delivered."""
    came = received(snapshot)
    came = came.filter(came.source.startswith(register))
    if register == KL_GATEWAY:
        came = came.filter(came.municipality.notnull())
    found = snapshot.engine.to_pandas(came.select("municipality", "system", "received_on").distinct())
    return found.assign(received_on=pd.to_datetime(found["received_on"]).dt.date)


def silent_municipalities(snapshot: Snapshot, period: Period) -> set[str]:
    """Municipalities that have reported before the period, and nothing in it."""
    return _silent(snapshot, KL_GATEWAY, "municipality", period)


def silent_systems(register: str) -> FindAreas:
    """Finds the clinic systems that have sent for a register before the period, and nothing in it."""

    def find(snapshot: Snapshot, period: Period) -> set[str]:
        return _silent(snapshot, register, "system", period)

    return find


def _silent(snapshot: Snapshot, register: str, sender: str, period: Period) -> set[str]:
    came = _days_of_delivery(snapshot, register).dropna(subset=sender)
    before = came.loc[came["received_on"] < period.start, sender]  # same either way: who sends that day is not silent
    meanwhile = came.loc[came["received_on"].between(period.start, period.last_day), sender]
    return set(before) - set(meanwhile)


def nobody(snapshot: Snapshot, period: Period) -> tuple[str, ...]:
    """No municipality: what has no rows by municipality has nothing to check there."""
    return ()


def days_due(register: str) -> FindRows:
    """Finds the days on which each sender could deliver: from its first delivery to anybody's last; and if it did."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        came = _days_of_delivery(snapshot, register)
        last = min(period.last_day, max(came["received_on"], default=date.min))
        due = []
        for senders, days in came.groupby(["municipality", "system"], dropna=False)["received_on"]:
            municipality, system = (sender if isinstance(sender, str) else None for sender in senders)
            begin, delivered = max(min(days), period.start), set(days)
            for number in range((last - begin).days + 1):
                day = begin + timedelta(days=number)
                due.append((municipality, system, day, day in delivered))
        schema = {"municipality": "string", "system": "string", "on": "date", "delivered": "boolean"}
        return ibis.memtable(pd.DataFrame(due, columns=list(schema)), schema=schema)

    return find


def delivered(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags days with a delivery."""
    return rows.mutate(counts=rows.delivered)


def rows_read(register: str) -> FindRows:
    """Finds rows that deliveries of the period held: accepted and refused, each with its number of rows."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        came = received(snapshot)
        came = came.filter(came.source.startswith(register), within(came.received_on, period))
        accepted, refused = (
            came.select(
                "municipality", "system", on="received_on", accepted=ibis.literal(flag), weight=weight.cast("float64")
            )
            for flag, weight in ((True, came.rows_read - came.rows_quarantined), (False, came.rows_quarantined))
        )
        return accepted.union(refused)

    return find


def not_refused(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows that were not put in quarantine."""
    return rows.mutate(counts=rows.accepted)


def arrived(register: str) -> FindRows:
    """Finds the rows of a register's table of events that happened in the period, with the day they were received."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        rows = arrivals(snapshot, register)
        rows = rows.filter(within(rows.happened_on, period)).rename(on="happened_on")
        return rows.drop("person_id" if register == KL_GATEWAY else "municipality")

    return find


def days_to_receipt(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Days from the event to the delivery."""
    return rows.mutate(counts=rows.received_on.delta(rows.on, unit="day"))


def in_time(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows received at most 14 days after the end of the month of the event."""
    next_month = rows.on.truncate("M") + ibis.interval(months=1)
    return rows.mutate(counts=rows.received_on < next_month + ibis.interval(days=DUE_DAYS))


def within_days(most: int) -> LookAtRows:
    """Flags rows received at most so many days after the event."""

    def flag(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        return rows.mutate(counts=rows.received_on.delta(rows.on, unit="day") <= most)

    return flag


def plans_received(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Rehabilitation plans that municipalities received in the period, without their persons."""
    received_plans = plans(snapshot)
    received_plans = received_plans.filter(within(received_plans.received_on, period))
    return received_plans.select("municipality", "first_offer_on", "discharged_on", on="received_on")


def plans_with_offer_and_discharge(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Plans received in the period that give both an offer and a discharge."""
    rows = plans_received(snapshot, period)
    return rows.filter(rows.first_offer_on.notnull(), rows.discharged_on.notnull())


def offer_given(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags plans with a first offered contact."""
    return rows.mutate(counts=rows.first_offer_on.notnull())


def offer_plausible(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags plans whose first offer is at most 30 days before the discharge."""
    early = rows.discharged_on.delta(rows.first_offer_on, unit="day")
    return rows.mutate(counts=early <= OFFER_BEFORE_DISCHARGE_DAYS)


def hospital_contacts(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Hospital contacts that began in the period."""
    contacts = snapshot.table("hospital_contact")
    contacts = contacts.mutate(on=contacts.start.date())
    return contacts.filter(within(contacts.on, period)).select("person_id", "on", "end", "main_diagnosis")


def ended(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags contacts with an end; asked 30 days after the period, when few can still be open."""
    return rows.mutate(counts=rows.end.notnull())


def with_diagnosis(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags contacts with an action diagnosis."""
    return rows.mutate(counts=rows.main_diagnosis.notnull())


def hospital_contacts_anywhere(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Hospital contacts that began in the period, also of persons who live nowhere; they count in the country alone."""
    return hospital_contacts(snapshot, period).select("on", patient="person_id", municipality=ibis.null("string"))


def encounters(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Encounters of the period as their municipality sent them; patient is the person, who does not place the row."""
    met = snapshot.table("encounter")
    met = met.mutate(on=met.start.date())
    met = met.filter(within(met.on, period), ~met.status.isin(["planned", "cancelled"]))
    return met.select("municipality", "on", "start", "custodian", "encounter_type", "encounter_id", patient="person_id")


def first_of_its_kind(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags encounters, but of those with one sender, person, type and start only the first by id."""
    same = [rows.custodian, rows.patient, rows.encounter_type, rows.start]
    turn = ibis.row_number().over(group_by=same, order_by=rows.encounter_id)
    return rows.mutate(counts=turn).mutate(counts=lambda found: found.counts == 0)


def before_death(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows about a person who was not dead before that day; an unknown person is not known to be dead."""
    person = snapshot.table("person").select(patient="person_id", died="death_date")
    found = rows.left_join(person, "patient")
    return found.mutate(counts=(found.on <= found.died).fill_null(True)).drop("died", "patient_right")


def resident(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows about a person who lives in Denmark on the day."""
    homes = snapshot.table("residence").select(who="person_id", since="start", until="end")
    days = rows.select("patient", "on").distinct()
    at_home = days.inner_join(homes, days.patient == homes.who)
    at_home = at_home.filter(at_home.since <= at_home.on, at_home.until.isnull() | (at_home.on < at_home.until))
    return _flagged(rows, at_home)


def plans_from_hospital(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Plans with a discharge in the period; patient is the person, who does not place the row."""
    rows = plans(snapshot)
    rows = rows.filter(within(rows.discharged_on, period))
    return rows.select("municipality", patient="person_id", on="discharged_on")


def stay_behind(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags plans with a hospital stay that ended on the day of discharge, or a day before or after."""
    stays = courses.hospital_stays(snapshot).select(patient="person_id", day="discharged_on")
    return _met(rows, stays)


def stays_before_training(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Discharges of the period from a hospital stay with a §140 encounter of the person in the 30 days after."""
    stays = courses.admissions(snapshot)
    stays = stays.filter(within(stays.discharged_on, period)).select("person_id", on="discharged_on")
    met = snapshot.table("encounter")
    met = met.filter(met.law == "140", ~met.status.isin(["planned", "cancelled"]))
    met = met.select(who="person_id", day=met.start.date())
    both = stays.inner_join(met, stays.person_id == met.who)
    days = both.day.delta(both.on, unit="day")
    return both.filter(days.between(1, TRAINING_WITHIN_DAYS)).select("person_id", "on").distinct()


def plan_after(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags discharges with a rehabilitation plan of that day, or a day before or after."""
    known = plans(snapshot).select(patient="person_id", day="discharged_on")
    return _met(rows.mutate(patient=rows.person_id), known).drop("patient")


def _met(rows: ibis.Table, events: ibis.Table) -> ibis.Table:
    """The rows with ``counts``: whether the patient has an event at most a day from the row's."""
    days = rows.select("patient", "on").distinct()
    both = days.inner_join(events, "patient")
    return _flagged(rows, both.filter(both.day.delta(both.on, unit="day").abs() <= DISCHARGE_MARGIN_DAYS))


def _flagged(rows: ibis.Table, found: ibis.Table) -> ibis.Table:
    """The rows with ``counts``: whether their patient and day are among those found."""
    found = found.select("patient", "on").distinct().mutate(counts=ibis.literal(True))
    rows = rows.left_join(found, ["patient", "on"], rname="{name}_found")
    return rows.drop("patient_found", "on_found").mutate(counts=lambda both: both.counts.fill_null(False))
