"""Atrial fibrillation and heart failure: treatment begun, kept up and followed, as AFDK and DHD ask."""

from __future__ import annotations

from datetime import timedelta

import ibis

from ddns_utils.indicators.anticoagulation import (
    AFDK,
    ANTICOAGULANT_DAYS,
    ANTICOAGULANTS,
    DOAC,
    INTRACRANIAL_BLEEDING,
    KEPT_1_YEAR,
    KEPT_2_YEARS,
    KEPT_5_YEARS,
    RISK_FROM,
    SEVERE_BLEEDING,
)
from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import LookBack, known, new, wanted
from ddns_utils.indicators.medicine import bought_within, buyers, days_covered
from ddns_utils.indicators.rows import dead_within, ill_before, with_any
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, TYPE_2
from ddns_utils.phenotypes.burden import newly_ill
from ddns_utils.phenotypes.diseases import diagnosis_codes, medicine_codes, starts_with
from ddns_utils.phenotypes.stroke_risk import with_stroke_risk
from ddns_utils.snapshot import Snapshot

AF, HF = DISEASES["atrial_fibrillation"], DISEASES["heart_failure"]
SGLT2 = medicine_codes("SGLT2 inhibitor")
CREATININE, TSH = "NPU18016", "NPU03577"
STROKE = diagnosis_codes("apopleksi (iskaemisk)")
SGLT2_DAYS, MORTALITY_DAYS, EDUCATION_DAYS = 90, 365, 365
ECHO_BEFORE_MONTHS, ECHO_AFTER_MONTHS = 6, 3
TSH_BEFORE_DAYS, TSH_AFTER_DAYS = 150, 30
ECHOCARDIOGRAPHY = diagnosis_codes("ekkokardiografi", "sks_procedure")
EDUCATION = diagnosis_codes("struktureret patientuddannelse", "sks_procedure")
RAS = medicine_codes("ACE inhibitor", "ARB", "ARNI")


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


def atrial_fibrillation_a_year_ago(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose atrial fibrillation was new in the 365 days before the period, so that each is followed a year."""
    start = period.start - timedelta(days=EDUCATION_DAYS)
    return newly_ill(snapshot, AF, start, period.start).select("person_id", on="since")


def heart_failure_a_year_ago(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose heart failure was new in the 365 days before the period, so that each is followed a year."""
    start = period.start - timedelta(days=MORTALITY_DAYS)
    return newly_ill(snapshot, HF, start, period.start).select("person_id", on="since")


def with_heart_failure(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with heart failure when the period began who live in Denmark on its last day."""
    return ill_before(snapshot, HF, period.start, period.last_day)


def with_atrial_fibrillation(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with atrial fibrillation when the period began who live in Denmark on its last day."""
    return ill_before(snapshot, AF, period.start, period.last_day)


def creatinine_in_period(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a creatinine in the period."""
    return with_any(rows, _tests(snapshot, CREATININE), ibis.literal(period.start), ibis.literal(period.last_day))


def tsh_around(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a TSH from 150 days before to 30 days after the row's day."""
    since = rows.on - ibis.interval(days=TSH_BEFORE_DAYS)
    return with_any(rows, _tests(snapshot, TSH), since, rows.on + ibis.interval(days=TSH_AFTER_DAYS))


def echocardiography_around(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags an echocardiography from 6 months before to 3 months after the row's day."""
    since = rows.on - ibis.interval(months=ECHO_BEFORE_MONTHS)
    return with_any(
        rows, _procedures(snapshot, ECHOCARDIOGRAPHY), since, rows.on + ibis.interval(months=ECHO_AFTER_MONTHS)
    )


def taught_within_a_year(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags structured patient education on day 0 to 365 after the row's day."""
    return with_any(rows, _procedures(snapshot, EDUCATION), rows.on, rows.on + ibis.interval(days=EDUCATION_DAYS))


def stroke_in_period(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags an action diagnosis of ischaemic stroke in the period, not retracted."""
    found = snapshot.table("hospital_diagnosis")
    found = found.filter(starts_with(found.code, STROKE), found.kind == "A", ~found.retracted.fill_null(False))
    events = found.select("person_id", day=found.contact_start.date())
    return with_any(rows, events, ibis.literal(period.start), ibis.literal(period.last_day))


def _procedures(snapshot: Snapshot, codes: tuple[str, ...]) -> ibis.Table:
    done = snapshot.table("hospital_procedure")
    return done.filter(starts_with(done.code, codes)).select("person_id", day=done.start.date())


def _tests(snapshot: Snapshot, npu: str) -> ibis.Table:
    results = snapshot.table("lab_result")
    return results.filter(results.npu == npu).select("person_id", day="sampled_at")


NEW = Text(
    da="Ny er den, der ikke er set med sygdommen i registrenes første år eller før.",
    en="New means not seen with the disease in the registers' first year or before.",
)


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
    buyers(with_atrial_fibrillation, DOAC), creatinine_in_period, ("prescription", "lab_result"),
    _source(f"{AFDK} 4b", "high"), standard=0.95, look_back=known(AF),
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
DAYS_COVERED = days_covered(
    "af_doac_80_per_cent_covered", Text("atrieflimren", "atrial fibrillation"), Text("DOAC", "a DOAC"),
    with_atrial_fibrillation, DOAC, known(AF),
)  # fmt: skip
ECHO = _declare(
    "af_echocardiography",
    ("Nye med atrieflimren, der fik ekkokardiografi", "New atrial fibrillation with an echocardiography"),
    ("en borger med ny atrieflimren", "a person with new atrial fibrillation"),
    ("Ekkokardiografi fra 6 måneder før til 3 måneder efter", "Echocardiography from 6 months before to 3 after"),
    new_atrial_fibrillation, echocardiography_around, ("hospital_diagnosis", "hospital_procedure"),
    _source(f"{AFDK} 2 (procedurekoder uverificerede)", "unverified"), follow_up_days=92,
    look_back=(new(AF), LookBack(tables=("hospital_procedure",), days=184)),
    caveats=(NEW, Text("Undersøgelser i speciallægepraksis ses ikke.", "Those in specialist practice are not seen.")),
)  # fmt: skip
TAUGHT = _declare(
    "af_patient_education_1y",
    ("Nye med atrieflimren, der fik patientuddannelse inden et år", "New atrial fibrillation, education in a year"),
    ("en borger, hvis atrieflimren var ny i de 365 dage før perioden", "a person newly ill in the 365 days before"),
    ("Struktureret patientuddannelse dag 0–365", "Structured patient education on day 0–365"),
    atrial_fibrillation_a_year_ago, taught_within_a_year, ("hospital_diagnosis", "hospital_procedure"),
    _source(f"{AFDK} 8 (procedurekode uverificeret)", "unverified"), standard=0.50, caveats=(NEW,),
    look_back=(new(AF, days=EDUCATION_DAYS), LookBack(tables=("hospital_procedure",), days=EDUCATION_DAYS)),
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
    heart_failure_a_year_ago, dead_within(MORTALITY_DAYS), ("hospital_diagnosis",),
    _source("Dansk Hjertesvigtdatabase (DHD)", "medium"), direction="lower is better", caveats=(NEW,),
    look_back=(new(HF, days=MORTALITY_DAYS),),
)  # fmt: skip

RAS_DAYS_COVERED = days_covered(
    "hf_ras_80_per_cent_covered", Text("hjertesvigt", "heart failure"),
    Text("ACE-hæmmer, ARB eller ARNI", "RAS inhibitors"), with_heart_failure, RAS, known(HF),
)  # fmt: skip

ATRIAL_FIBRILLATION = (
    ANTICOAGULANT_30_DAYS, ECHO, TSH_MEASURED, KEPT_1_YEAR, KEPT_2_YEARS, DAYS_COVERED, CREATININE_YEARLY,
    ISCHAEMIC_STROKE, INTRACRANIAL_BLEEDING, SEVERE_BLEEDING, TAUGHT,
)  # fmt: skip
HEART_FAILURE = (SGLT2_90_DAYS, RAS_DAYS_COVERED, MORTALITY_1_YEAR)
INDICATORS = (*ATRIAL_FIBRILLATION, KEPT_5_YEARS, *HEART_FAILURE)
