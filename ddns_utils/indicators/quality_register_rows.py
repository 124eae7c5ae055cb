"""Rows of national registers as they were sent, and what indicators of data quality ask of them.

They count in the country and in the clinic system that sent them, whoever they are about: patient is the person.
"""

from __future__ import annotations

import ibis

from ddns_utils.completeness import EVENTS, system_code
from ddns_utils.indicators.declare import FindRows
from ddns_utils.indicators.rows import within
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot


def events(register: str) -> FindRows:
    """Finds a national register's rows of the period as they were sent; patient is the person, who does not place them.

    A hospital contact is dated by its start. The other columns are those of the register's table of events.
    """

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        name, time = EVENTS[register]
        rows = snapshot.table(name)
        rows = rows.mutate(
            on=rows["start" if register == "LPR_A" else time].cast("date"), system=system_code(rows, name)
        )
        rows = rows.filter(within(rows.on, period))
        return rows.rename(patient="person_id").mutate(municipality=ibis.null("string"))

    return find


def within_life(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows from the day the person was born to the day of death; an unknown person has neither."""
    person = snapshot.table("person").select(patient="person_id", born="birth_date", died="death_date")
    found = rows.left_join(person, "patient").drop("patient_right")
    inside = (found.on >= found.born).fill_null(True) & (found.on <= found.died).fill_null(True)
    return found.mutate(counts=inside).drop("born", "died")


def first_of_equals(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows, but of those that only their keys and deliveries tell apart just the first by key."""
    same = [column for column in rows.columns if column not in ("record_id", "delivery_id", "first_received_on")]
    turn = ibis.row_number().over(group_by=same, order_by="record_id")
    return rows.mutate(turn=turn).mutate(counts=lambda found: found.turn == 0).drop("turn")


def of_first_delivery(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows that no earlier delivery has the same of; within one delivery rows may well be the same."""
    same = [column for column in rows.columns if column != "delivery_id"]
    return rows.mutate(counts=rows.delivery_id == rows.delivery_id.min().over(ibis.window(group_by=same)))


def has_diagnosis(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags contacts with specialists that have a diagnosis."""
    return rows.mutate(counts=rows.diagnosis.notnull())


def pregnancy_diagnoses(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Diagnoses of the chapter on pregnancy and birth at hospital contacts of the period, not retracted."""
    rows = snapshot.table("hospital_diagnosis")
    rows = rows.mutate(on=rows.contact_start.date())
    rows = rows.filter(within(rows.on, period), rows.code.startswith("DO"), ~rows.retracted.fill_null(False))
    return rows.select("on", patient="person_id", municipality=ibis.null("string"))


def of_women(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags rows that are not about a man; an unknown person is not known to be one."""
    person = snapshot.table("person").select(patient="person_id", sex="sex")
    found = rows.left_join(person, "patient").drop("patient_right")
    return found.mutate(counts=(found.sex != "M").fill_null(True)).drop("sex")
