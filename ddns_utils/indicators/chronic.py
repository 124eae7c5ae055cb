"""Chronic-disease management: who has what; and for each disease its burden and its care together."""

from __future__ import annotations

import ibis

from ddns_utils import phenotypes
from ddns_utils.indicators import admissions, asthma, diabetes, heart, kol, kol_hospital
from ddns_utils.indicators.after_admission import FOLLOW_UP
from ddns_utils.indicators.declare import Indicator, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import wanted
from ddns_utils.indicators.rows import residents
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, Disease
from ddns_utils.registers import Snapshot

OSDC = Source(
    title="Open Source Diabetes Classifier, steno-aarhus/osdc v0.11.3", retrieved="2026-11", confidence="high"
)
RUKS_SPIRIT = Source(
    title="Own rules in the spirit of RUKS; codes from BMC Fam Pract 2018, s12875-018-0820-8",
    retrieved="2026-11",
    confidence="medium",
)
OWN_RULES = Source(
    title="Own rules in the spirit of RUKS (docs/phenotypes.md)", retrieved="2026-11", confidence="unverified"
)


def residents_at_end(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Everybody living in Denmark on the last day of the period."""
    return residents(snapshot, period.last_day)


def has(disease: Disease) -> LookAtRows:
    """A function that flags those who have the disease by the row's day."""

    def flag(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        people = disease.episodes(snapshot).select("person_id", "since")
        rows = rows.left_join(people, "person_id")
        return rows.mutate(counts=(rows.since <= rows.on).fill_null(False)).drop("since")

    return flag


RESIDENT = Text(da="en borger med bopæl i Danmark på periodens sidste dag", en="a resident of Denmark on the last day")
ONLY_REGISTERS = Text(
    da="Registrene finder dem, der er i kontakt med sundhedsvæsenet. Uopdaget og ubehandlet sygdom tæller ikke med.",
    en="Registers find those in contact with the health service; undetected and untreated disease is not counted.",
)

TYPE_2_DIABETES_PREVALENCE = Proportion(
    id="type_2_diabetes_prevalence",
    title=Text(da="Borgere med type 2-diabetes", en="Residents with type 2 diabetes"),
    one_row_is=RESIDENT,
    counted=Text(
        da="To hændelser (diabetesdiagnose, fodterapi, medicin, HbA1c på 48 mmol/mol eller mere) uden tegn på type 1",
        en="Two events (diabetes diagnosis, podiatry, medicine, HbA1c of 48 mmol/mol or more) without signs of type 1",
    ),
    denominator=residents_at_end,
    numerator=has(phenotypes.TYPE_2),
    needs=("lab_result", "prescription"),
    look_back=(wanted(phenotypes.TYPE_2),),
    decimals=2,
    source=OSDC,
    caveats=(ONLY_REGISTERS,),
    version=2,
)

KOL_PREVALENCE = Proportion(
    id="kol_prevalence",
    title=Text(da="Borgere med KOL", en="Residents with COPD (KOL)"),
    one_row_is=RESIDENT,
    counted=Text(
        da="Diagnosen DJ44 på sygehus, R95 i almen praksis eller to køb af langtidsvirkende KOL-medicin",
        en="Diagnosis DJ44 at a hospital, R95 in general practice or two purchases of long-acting COPD medicine",
    ),
    denominator=residents_at_end,
    numerator=has(DISEASES["kol"]),
    needs=("hospital_diagnosis", "prescription"),
    look_back=(wanted(DISEASES["kol"]),),
    decimals=2,
    source=RUKS_SPIRIT,
    caveats=(ONLY_REGISTERS,),
)


def _prevalence(disease: str, da: str, en: str) -> Proportion:
    rules = DISEASES[disease].rules
    return Proportion(
        id=f"{disease}_prevalence",
        title=Text(da=f"Borgere med {da}", en=f"Residents with {en}"),
        one_row_is=RESIDENT,
        counted=Text(
            da="; ".join(rule.finds.da for rule in rules if rule.role == "includes"),
            en="; ".join(rule.finds.en for rule in rules if rule.role == "includes"),
        ),
        denominator=residents_at_end,
        numerator=has(DISEASES[disease]),
        needs=tuple(dict.fromkeys(rule.register for rule in rules)),
        look_back=(wanted(DISEASES[disease]),),
        decimals=2,
        source=OWN_RULES,
        caveats=(ONLY_REGISTERS,),
    )


ASTHMA_PREVALENCE = _prevalence("asthma", "astma", "asthma")
ATRIAL_FIBRILLATION_PREVALENCE = _prevalence("atrial_fibrillation", "atrieflimren", "atrial fibrillation")
HEART_FAILURE_PREVALENCE = _prevalence("heart_failure", "hjertesvigt", "heart failure")

INDICATORS: tuple[Indicator, ...] = (
    TYPE_2_DIABETES_PREVALENCE, KOL_PREVALENCE, ASTHMA_PREVALENCE, ATRIAL_FIBRILLATION_PREVALENCE,
    HEART_FAILURE_PREVALENCE,
)  # fmt: skip

# Everything there is about each of the five areas of general practice.
# Anticoagulants after five years are left to their own call, since few registers reach back that far.
ALL_BY_DISEASE: dict[str, tuple[Indicator, ...]] = {
    "type_2_diabetes": (
        TYPE_2_DIABETES_PREVALENCE, *diabetes.INDICATORS, admissions.DIABETES_ACUTE_ADMISSIONS,
        FOLLOW_UP["type_2_diabetes"],
    ),
    "kol": (
        KOL_PREVALENCE, *kol.INDICATORS, *kol_hospital.INDICATORS, admissions.KOL_ACUTE_ADMISSIONS, FOLLOW_UP["kol"],
    ),
    "asthma": (ASTHMA_PREVALENCE, *asthma.INDICATORS, FOLLOW_UP["asthma"]),
    "atrial_fibrillation": (
        ATRIAL_FIBRILLATION_PREVALENCE, *heart.ATRIAL_FIBRILLATION, FOLLOW_UP["atrial_fibrillation"],
    ),
    "heart_failure": (HEART_FAILURE_PREVALENCE, *heart.HEART_FAILURE, FOLLOW_UP["heart_failure"]),
}  # fmt: skip
# What the report shows: the burden, and two or three of the care, since its figure has a panel for each. HbA1c
# measured is left out: the few without would hide the next one too, whose denominator is those with.
BY_DISEASE: dict[str, tuple[Indicator, ...]] = {
    "type_2_diabetes": (
        TYPE_2_DIABETES_PREVALENCE, diabetes.BLOOD_PRESSURE_YEARLY, diabetes.FOOT_2_YEARS, diabetes.HBA1C_BELOW_59,
    ),
    "kol": (KOL_PREVALENCE, kol.KOL_FEV1, kol.KOL_MRC, kol.KOL_SMOKING),
    "asthma": (ASTHMA_PREVALENCE, asthma.LUNG_FUNCTION_YEARLY, asthma.ANNUAL_CONTROL),
    "atrial_fibrillation": (
        ATRIAL_FIBRILLATION_PREVALENCE, heart.ANTICOAGULANT_30_DAYS, heart.DAYS_COVERED, heart.CREATININE_YEARLY,
    ),
    "heart_failure": (HEART_FAILURE_PREVALENCE, heart.SGLT2_90_DAYS, heart.MORTALITY_1_YEAR),
}  # fmt: skip
