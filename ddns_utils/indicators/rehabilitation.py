"""Rehabilitation after hospital (§140): how many plans, how soon an offer, and contacts before and after."""

from __future__ import annotations

import ibis

from ddns_utils import courses
from ddns_utils.indicators.declare import Mean, Proportion, Rate, Source
from ddns_utils.indicators.look_back import LookBack
from ddns_utils.indicators.rows import with_number, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

OFFER_WITHIN_DAYS = 7
WINDOW_DAYS = 90
NOT_TO_START_NOW = ("other_municipality", "postponed", "sent_in_error")

SUU_568 = Source(
    title="Folketingets Sundhedsudvalg 2021-22, spørgsmål 568: personer med genoptræningsplan", retrieved="2026-11",
    confidence="high",
)  # fmt: skip
SEVEN_DAYS = Source(
    title="KL Gateway rehab 2.2.0 (første tilbudte kontakt) og esundhed.dk, Sundhedsaftaler", retrieved="2026-11",
    confidence="medium",
)  # fmt: skip
PROGRAMME = Source(
    title="Programgrundlag for Samlet indsats for data i det nære sundhedsvæsen (eksempel på anvendelse)",
    retrieved="2026-11", confidence="medium",
)  # fmt: skip


def plans(snapshot: Snapshot) -> ibis.Table:
    """Rehabilitation plans that stand: §140 referrals neither revoked nor sent in error."""
    referrals = snapshot.table("referral")
    return referrals.filter(
        referrals.law == "140",
        ~referrals.status.isin(["revoked", "entered-in-error"]),
        (referrals.status_reason != "sent_in_error").fill_null(True),
    )


def persons_with_a_plan(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Persons who got a rehabilitation plan in the period, on the day of their first."""
    received = plans(snapshot)
    received = received.filter(within(received.received_on, period))
    return received.group_by("person_id").aggregate(on=received.received_on.min())


def plans_to_start(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Plans for general rehabilitation with discharge in the period that the municipality was to start now.

    Placed in the municipality that received them, if its code is known.
    """
    due = plans(snapshot)
    due = due.filter(
        due.kind == "general",
        within(due.discharged_on, period),
        due.municipality.notnull(),
        (~due.status_reason.isin(NOT_TO_START_NOW)).fill_null(True),
    )
    return due.select("person_id", "municipality", "first_offer_on", on="discharged_on")


def offered_within_7_days(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a first offered contact at most 7 days after discharge."""
    return rows.mutate(counts=(_days_to_offer(rows) <= OFFER_WITHIN_DAYS).fill_null(False))


def days_to_offer(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Days from discharge to the first offered contact, 0 if it was offered before; missing without an offer."""
    return rows.mutate(counts=_days_to_offer(rows).clip(lower=0))


def _days_to_offer(rows: ibis.Table) -> ibis.Value:
    return rows.first_offer_on.delta(rows.on, unit="day")


def courses_begun(snapshot: Snapshot, period: Period) -> ibis.Table:
    """The first rehabilitation that each person was offered in the period: on (first offered contact), ill_from.

    ``ill_from`` is the start of the hospital stay that the plan came from, else the day of discharge.
    """
    offered = plans(snapshot)
    offered = offered.filter(within(offered.first_offer_on, period), offered.discharged_on.notnull())
    rank = ibis.row_number().over(
        group_by=offered.person_id, order_by=[offered.first_offer_on, offered.discharged_on, offered.referral_id]
    )
    offered = offered.mutate(rank=rank).filter(lambda rows: rows["rank"] == 0)
    offered = offered.select("person_id", "discharged_on", on="first_offer_on")
    stays = courses.hospital_stays(snapshot).select(patient="person_id", first="started_on", last="discharged_on")
    behind = offered.left_join(
        stays,
        [
            offered.person_id == stays.patient,
            offered.discharged_on.between(stays.first, stays.last),
        ],
    )
    return behind.group_by("person_id", "on").aggregate(
        ill_from=ibis.coalesce(behind.first.min(), behind.discharged_on.min())
    )


def acute_before(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Acute hospital contacts in the 90 days before the hospital stay."""
    return _before(rows, courses.acute_contacts(snapshot).select("person_id", day="started_on"))


def acute_after(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Acute hospital contacts in the 90 days after the first offered contact."""
    return _after(rows, courses.acute_contacts(snapshot).select("person_id", day="started_on"))


def general_practice_before(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Contacts with general practice in the 90 days before the hospital stay."""
    return _before(rows, courses.general_practice_contacts(snapshot))


def general_practice_after(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Contacts with general practice in the 90 days after the first offered contact."""
    return _after(rows, courses.general_practice_contacts(snapshot))


def _before(rows: ibis.Table, events: ibis.Table) -> ibis.Table:
    since, until = rows.ill_from - ibis.interval(days=WINDOW_DAYS), rows.ill_from - ibis.interval(days=1)
    return with_number(rows, events, since, until)


def _after(rows: ibis.Table, events: ibis.Table) -> ibis.Table:
    return with_number(rows, events, rows.on + ibis.interval(days=1), rows.on + ibis.interval(days=WINDOW_DAYS))


PLAN_TO_START = Text(
    da="en plan for almen genoptræning efter udskrivning i perioden, som kommunen skulle sætte i gang",
    en="a plan for general rehabilitation after discharge in the period that the municipality was to start",
)
LATER_STARTS_MISSING = Text(
    da="Planer, der er udskudt, fejlsendt eller overgivet til en anden kommune, indgår ikke.",
    en="Plans that are postponed, sent in error or handed to another municipality are left out.",
)
BEFORE_AFTER = (
    Text(
        da="Før og efter er ikke årsag og virkning: sygdom, der går over af sig selv, ligner også en virkning.",
        en="Before and after is not cause and effect: illness that passes by itself looks like an effect too.",
    ),
    Text(
        da="En borgers kontakter hænger sammen, så intervallet er for smalt.",
        en="One person's contacts go together, so the interval is too narrow.",
    ),
)
COURSE = Text(
    da="en borgers første genoptræningsforløb med første tilbudte kontakt i perioden",
    en="a person's first rehabilitation course with first offered contact in the period",
)
PER_100_COURSES = Text(da="pr. 100 forløb", en="per 100 courses")

PLANS_PER_1000 = Rate(
    id="rehabilitation_plans_per_1000",
    title=Text(
        da="Borgere med genoptræningsplan pr. 1.000 borgere",
        en="Persons with a rehabilitation plan per 1,000 residents",
    ),
    one_row_is=Text(da="et borgerår", en="a person-year of residence"),
    counted=Text(
        da="Borgere, der fik mindst én genoptræningsplan i perioden",
        en="Persons who got at least one plan in the period",
    ),
    events=persons_with_a_plan,
    needs=("referral", "residence"),
    unit=Text(da="pr. 1.000 borgere om året", en="per 1,000 residents a year"),
    source=SUU_568,
)

OFFER_WITHIN_7_DAYS = Proportion(
    id="rehabilitation_offer_within_7_days",
    title=Text(
        da="Første tilbudte kontakt inden for 7 dage efter udskrivning",
        en="First offered contact within 7 days of discharge",
    ),
    one_row_is=PLAN_TO_START,
    counted=Text(
        da="Den første tilbudte kontakt ligger senest 7 dage efter udskrivningen, også hvis den blev aflyst",
        en="The first contact offered is at most 7 days after discharge, even if it was cancelled",
    ),
    denominator=plans_to_start,
    numerator=offered_within_7_days,
    needs=("referral",),
    follow_up_days=OFFER_WITHIN_DAYS,
    direction="higher is better",
    source=SEVEN_DAYS,
    caveats=(LATER_STARTS_MISSING,),
)

DAYS_TO_OFFER = Mean(
    id="rehabilitation_days_to_offer",
    title=Text(
        da="Dage fra udskrivning til første tilbudte kontakt", en="Days from discharge to first offered contact"
    ),
    one_row_is=PLAN_TO_START,
    counted=Text(
        da="Kalenderdage fra udskrivning til første tilbudte kontakt; planer uden tilbud indgår ikke",
        en="Calendar days from discharge to first offered contact; plans without an offer are left out",
    ),
    denominator=plans_to_start,
    numerator=days_to_offer,
    needs=("referral",),
    follow_up_days=30,
    direction="lower is better",
    unit=Text(da="dage", en="days"),
    source=SEVEN_DAYS,
    caveats=(LATER_STARTS_MISSING,),
)


def _per_100_courses(id: str, title: Text, numerator, needs: tuple[str, ...], follow_up_days: int) -> Rate:
    # What is counted before begins 90 days before the stay, and the offer comes some weeks after the stay began.
    look_back = () if follow_up_days else (LookBack(tables=needs, days=2 * WINDOW_DAYS),)
    return Rate(
        id=id, title=title, one_row_is=COURSE, counted=title, denominator=courses_begun, numerator=numerator,
        needs=("referral", *needs), follow_up_days=follow_up_days, unit=PER_100_COURSES, per=100, decimals=1,
        look_back=look_back, source=PROGRAMME, caveats=BEFORE_AFTER,
    )  # fmt: skip


ACUTE_BEFORE = _per_100_courses(
    "acute_contacts_90d_before",
    Text(
        da="Akutte sygehuskontakter i de 90 dage før sygdomsforløbet",
        en="Acute hospital contacts in the 90 days before",
    ),
    acute_before,
    ("hospital_contact",),
    0,
)
ACUTE_AFTER = _per_100_courses(
    "acute_contacts_90d_after",
    Text(
        da="Akutte sygehuskontakter i de 90 dage efter start",
        en="Acute hospital contacts in the 90 days after the start",
    ),
    acute_after,
    ("hospital_contact",),
    WINDOW_DAYS,
)
GP_BEFORE = _per_100_courses(
    "gp_contacts_90d_before",
    Text(
        da="Kontakter med almen praksis i de 90 dage før sygdomsforløbet",
        en="General practice contacts in the 90 days before",
    ),
    general_practice_before,
    ("practice_service",),
    0,
)
GP_AFTER = _per_100_courses(
    "gp_contacts_90d_after",
    Text(
        da="Kontakter med almen praksis i de 90 dage efter start",
        en="General practice contacts in the 90 days after the start",
    ),
    general_practice_after,
    ("practice_service",),
    WINDOW_DAYS,
)

INDICATORS = (PLANS_PER_1000, OFFER_WITHIN_7_DAYS, DAYS_TO_OFFER, ACUTE_BEFORE, ACUTE_AFTER, GP_BEFORE, GP_AFTER)
