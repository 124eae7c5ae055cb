"""Atrial fibrillation and heart failure: treatment begun, kept up and followed, as AFDK and DHD ask."""

from __future__ import annotations

from datetime import timedelta

import ibis

from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import LookBack, known, new, wanted
from ddns_utils.indicators.rows import ill_before, with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, TYPE_2
from ddns_utils.phenotypes.burden import newly_ill
from ddns_utils.phenotypes.diseases import diagnosis_codes, medicine_codes, purchases, starts_with
from ddns_utils.phenotypes.stroke_risk import with_stroke_risk
from ddns_utils.registers import Snapshot

AF, HF = DISEASES["atrial_fibrillation"], DISEASES["heart_failure"]
DOAC = medicine_codes("dabigatran", "rivaroxaban", "apixaban", "edoxaban")
ANTICOAGULANTS = (*DOAC, *medicine_codes("warfarin", "phenprocoumon"))
SGLT2 = medicine_codes("SGLT2 inhibitor")
CREATININE, TSH = "NPU18016", "NPU03577"
STROKE = diagnosis_codes("apopleksi (iskaemisk)")
RISK_FROM = 2
ANTICOAGULANT_DAYS, SGLT2_DAYS, MORTALITY_DAYS = 30, 90, 365
TSH_BEFORE_DAYS, TSH_AFTER_DAYS = 150, 30
ENOUGH_COVERED = 0.8
FEWEST_PURCHASES = 2


def _source(title: str, confidence: str) -> Source:
    return Source(title=title, retrieved="2026-11", confidence=confidence)


def new_atrial_fibrillation(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose atrial fibrillation is new in the period, on the day it was first known."""
    return newly_ill(snapshot, AF, period.start, period.end).select("person_id", on="since")


def new_at_risk_of_stroke(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those of them with CHA2DS2-VASc of 2 or more that day."""
    rows = with_stroke_risk(new_atrial_fibrillation(snapshot, period), snapshot)
    return rows.filter(rows.stroke_risk >= RISK_FROM).drop("stroke_risk")


def new_heart_failure(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose heart failure is new in the period, on the day it was first known."""
    return newly_ill(snapshot, HF, period.start, period.end).select("person_id", on="since")


def heart_failure_a_year_ago(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose heart failure was new in the 365 days before the period, so that each is followed a year."""
    start = period.start - timedelta(days=MORTALITY_DAYS)
    return newly_ill(snapshot, HF, start, period.start).select("person_id", on="since")


def with_atrial_fibrillation(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with atrial fibrillation when the period began who live in Denmark on its last day."""
    return ill_before(snapshot, AF, period.start, period.last_day)


def on_doac(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those of them who bought a DOAC in the period."""
    bought = purchases(*DOAC)(snapshot)
    return with_atrial_fibrillation(snapshot, period).semi_join(bought.filter(within(bought.day, period)), "person_id")


def covered_by_doac(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those who bought a DOAC on two days or more, with ``covered``: the share of days with medicine at hand.

    From their first purchase of the period to its end. A defined daily dose lasts a day, and what is left at the next
    purchase is used after it.
    """
    bought = purchases(*DOAC)(snapshot)
    bought = bought.filter(within(bought.day, period), bought.ddd.notnull())
    days = bought.group_by("person_id", "day").aggregate(doses=bought.ddd.sum())
    so_far = ibis.window(group_by=days.person_id, order_by=days.day, preceding=None, following=0)
    days = days.mutate(
        place=days.day.delta(period.start, unit="day"), before=days.doses.sum().over(so_far) - days.doses
    )
    people = days.group_by("person_id").aggregate(
        purchases=days.count(), first=days.place.min(), total=days.doses.sum(), shift=(days.place - days.before).max()
    )
    # Medicine bought in all lasts until total + shift, where shift grows by each day on which there was none.
    people = people.filter(people.purchases >= FEWEST_PURCHASES)
    until = ibis.least(people["shift"] + people.total, ibis.literal(period.days))
    people = people.select("person_id", covered=(until - people["shift"]) / (period.days - people["first"]))
    return (
        with_atrial_fibrillation(snapshot, period)
        .inner_join(people, "person_id")
        .select("person_id", "on", "municipality", "covered")
    )


def enough_covered(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags 80 per cent of the days or more."""
    return rows.mutate(counts=rows.covered >= ENOUGH_COVERED)


def bought_within(codes: tuple[str, ...], days: int) -> LookAtRows:
    """A function that flags a purchase on day 0 to ``days`` after the row's day."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        bought = purchases(*codes)(snapshot).select("person_id", "day")
        return with_any(rows, bought, rows.on, rows.on + ibis.interval(days=days))

    return look


def creatinine_in_period(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a creatinine in the period."""
    return with_any(rows, _tests(snapshot, CREATININE), ibis.literal(period.start), ibis.literal(period.last_day))


def tsh_around(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a TSH from 150 days before to 30 days after the row's day."""
    since = rows.on - ibis.interval(days=TSH_BEFORE_DAYS)
    return with_any(rows, _tests(snapshot, TSH), since, rows.on + ibis.interval(days=TSH_AFTER_DAYS))


def stroke_in_period(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags an action diagnosis of ischaemic stroke in the period, not retracted."""
    found = snapshot.table("hospital_diagnosis")
    found = found.filter(starts_with(found.code, STROKE), found.kind == "A", ~found.retracted.fill_null(False))
    events = found.select("person_id", day=found.contact_start.date())
    return with_any(rows, events, ibis.literal(period.start), ibis.literal(period.last_day))


def dead_within_a_year(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a death on day 0 to 365 after the row's day."""
    deaths = snapshot.table("person").filter(ibis._.death_date.notnull()).select("person_id", day="death_date")
    return with_any(rows, deaths, rows.on, rows.on + ibis.interval(days=MORTALITY_DAYS))


def _tests(snapshot: Snapshot, npu: str) -> ibis.Table:
    results = snapshot.table("lab_result")
    return results.filter(results.npu == npu).select("person_id", day="sampled_at")


NEW = Text(
    da="Ny er den, der ikke er set med sygdommen i registrenes første år eller før.",
    en="New means not seen with the disease in the registers' first year or before.",
)
AFDK = "Atrieflimren i Danmark (AFDK), årsrapporter 2023–25, indikator"


def _declare(
    id: str,
    title: tuple[str, str],
    row: tuple[str, str],
    counted: tuple[str, str],
    denominator: FindRows,
    numerator: LookAtRows,
    needs: tuple[str, ...],
    source: Source,
    **more: object,
) -> Proportion:
    return Proportion(
        id=id, title=Text(*title), one_row_is=Text(*row), counted=Text(*counted), denominator=denominator,
        numerator=numerator, needs=needs, source=source, **{"direction": "higher is better"} | more,
    )  # fmt: skip


ANTICOAGULANT_30_DAYS = _declare(
    "af_anticoagulant_30d",
    ("Nye med atrieflimren, der fik blodfortyndende inden 30 dage", "New atrial fibrillation on anticoagulants"),
    ("en borger med ny atrieflimren og CHA2DS2-VASc på mindst 2", "a person newly ill, with CHA2DS2-VASc of 2 or more"),
    ("En indløst recept på blodfortyndende medicin dag 0–30", "A prescription for anticoagulants redeemed on day 0–30"),
    new_at_risk_of_stroke, bought_within(ANTICOAGULANTS, ANTICOAGULANT_DAYS), ("hospital_diagnosis", "prescription"),
    _source(f"{AFDK} 1", "high"), standard=0.90, follow_up_days=ANTICOAGULANT_DAYS, caveats=(NEW,),
    look_back=(new(AF), wanted(HF, DISEASES["hypertension"], TYPE_2)),
)  # fmt: skip
TSH_MEASURED = _declare(
    "af_tsh_measured",
    ("Nye med atrieflimren, der fik målt stofskifte", "New atrial fibrillation with TSH measured"),
    ("en borger med ny atrieflimren", "a person with new atrial fibrillation"),
    ("TSH fra 150 dage før til 30 dage efter", "TSH from 150 days before to 30 days after"),
    new_atrial_fibrillation, tsh_around, ("hospital_diagnosis", "lab_result"),
    _source(f"{AFDK} 3 (analysekode uverificeret)", "unverified"), follow_up_days=TSH_AFTER_DAYS, caveats=(NEW,),
    look_back=(new(AF), LookBack(tables=("lab_result",), days=TSH_BEFORE_DAYS)),
)  # fmt: skip
CREATININE_YEARLY = _declare(
    "af_creatinine_yearly",
    ("Borgere med atrieflimren på DOAC, der fik målt kreatinin", "Atrial fibrillation on a DOAC, creatinine measured"),
    ("en borger med atrieflimren, der købte DOAC i perioden", "a person with atrial fibrillation who bought a DOAC"),
    ("Kreatinin mindst én gang i perioden", "Creatinine at least once in the period"),
    on_doac, creatinine_in_period, ("prescription", "lab_result"), _source(f"{AFDK} 4b", "high"), standard=0.95,
    look_back=known(AF),
)  # fmt: skip
ISCHAEMIC_STROKE = _declare(
    "af_ischaemic_stroke",
    ("Borgere med atrieflimren, der fik iskæmisk apopleksi", "Atrial fibrillation with ischaemic stroke"),
    ("en borger med atrieflimren, da perioden begyndte", "a person with atrial fibrillation when the period began"),
    ("Aktionsdiagnose DI63 eller DI64 i perioden", "Action diagnosis DI63 or DI64 in the period"),
    with_atrial_fibrillation, stroke_in_period, ("hospital_diagnosis",), _source(f"{AFDK} 5", "high"),
    direction="lower is better", decimals=2, look_back=known(AF),
    caveats=(Text("Borgere, der døde i perioden, indgår ikke.", "People who died in the period are left out."),),
)  # fmt: skip
DAYS_COVERED = _declare(
    "af_doac_80_per_cent_covered",
    ("Borgere med atrieflimren med DOAC på 80 % af dagene", "Atrial fibrillation with a DOAC on 80% of days"),
    ("en borger med atrieflimren, der købte DOAC mindst to gange", "a person who bought a DOAC on two days or more"),
    ("Medicin nok til mindst 80 % af dagene fra første køb", "Medicine for at least 80% of days from the first one"),
    covered_by_doac, enough_covered, ("prescription",),
    _source("Proportion of days covered; 80 per cent by convention", "unverified"), look_back=known(AF),
    caveats=(Text("En døgndosis regnes som én dag.", "A defined daily dose is taken to last one day."),),
)  # fmt: skip
SGLT2_90_DAYS = _declare(
    "hf_sglt2_90d",
    ("Nye med hjertesvigt, der fik SGLT2-hæmmer inden 90 dage", "New heart failure on an SGLT2 inhibitor"),
    ("en borger med nyt hjertesvigt", "a person with new heart failure"),
    ("En indløst recept på SGLT2-hæmmer dag 0–90", "A prescription for an SGLT2 inhibitor redeemed on day 0–90"),
    new_heart_failure, bought_within(SGLT2, SGLT2_DAYS), ("hospital_diagnosis", "prescription"),
    _source("Dansk Hjertesvigtdatabase (DHD); vinduet på 90 dage er vores eget", "medium"), standard=0.90,
    follow_up_days=SGLT2_DAYS, look_back=(new(HF),),
    caveats=(
        NEW,
        Text(
            "Databasen ser kun på nedsat pumpefunktion, som registrene ikke viser.",
            "The database looks at reduced ejection fraction only, which registers do not show.",
        ),
    ),
)  # fmt: skip
MORTALITY_1_YEAR = _declare(
    "hf_mortality_1y",
    ("Døde inden for et år efter nyt hjertesvigt", "Death within a year of new heart failure"),
    ("en borger, hvis hjertesvigt var nyt i de 365 dage før perioden", "a person newly ill in the 365 days before"),
    ("Død senest 365 dage efter", "Death at most 365 days after"),
    heart_failure_a_year_ago, dead_within_a_year, ("hospital_diagnosis",),
    _source("Dansk Hjertesvigtdatabase (DHD)", "medium"), direction="lower is better", caveats=(NEW,),
    look_back=(new(HF, days=MORTALITY_DAYS),),
)  # fmt: skip

ATRIAL_FIBRILLATION = (ANTICOAGULANT_30_DAYS, TSH_MEASURED, DAYS_COVERED, ISCHAEMIC_STROKE, CREATININE_YEARLY)
HEART_FAILURE = (SGLT2_90_DAYS, MORTALITY_1_YEAR)
INDICATORS = (*ATRIAL_FIBRILLATION, *HEART_FAILURE)
