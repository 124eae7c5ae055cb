"""Chronic-disease management: who has what; and for each disease its burden and its care together."""

from __future__ import annotations

from dataclasses import replace

import ibis

from ddns_utils import phenotypes
from ddns_utils.indicators import admissions, asthma, diabetes, heart, kol, kol_hospital
from ddns_utils.indicators.after_admission import FOLLOW_UP
from ddns_utils.indicators.declare import FindRows, Indicator, LookAtRows, Proportion, Rate, Source
from ddns_utils.indicators.look_back import new, wanted
from ddns_utils.indicators.rows import residents
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, Disease, burden
from ddns_utils.snapshot import Snapshot

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

TYPE_1_DIABETES_PREVALENCE = replace(
    TYPE_2_DIABETES_PREVALENCE,
    id="type_1_diabetes_prevalence",
    title=Text(da="Borgere med type 1-diabetes", en="Residents with type 1 diabetes"),
    counted=Text(
        da="To hændelser (diabetesdiagnose, fodterapi, medicin, HbA1c på 48 mmol/mol eller mere) med tegn på type 1",
        en="Two events (diabetes diagnosis, podiatry, medicine, HbA1c of 48 mmol/mol or more) with signs of type 1",
    ),
    numerator=has(phenotypes.TYPE_1),
    version=1,
)
PREVALENCE: dict[str, Proportion] = {
    "type_1_diabetes": TYPE_1_DIABETES_PREVALENCE,
    "type_2_diabetes": TYPE_2_DIABETES_PREVALENCE,
    "kol": KOL_PREVALENCE,
    "asthma": ASTHMA_PREVALENCE,
    "atrial_fibrillation": ATRIAL_FIBRILLATION_PREVALENCE,
    "heart_failure": HEART_FAILURE_PREVALENCE,
}


def newly_ill(disease: Disease) -> FindRows:
    """A function that finds those whose disease begins in the period, after a year's wash-out, on that day."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        people = burden.newly_ill(snapshot, disease, period.start, period.end)
        return people.select("person_id", on="since")

    return find


def _incidence(disease: str) -> Rate:
    prevalence = PREVALENCE[disease]
    name = Text(prevalence.title.da.removeprefix("Borgere med "), prevalence.title.en.removeprefix("Residents with "))
    return Rate(
        id=f"{disease}_incidence",
        title=Text(da=f"Nye tilfælde af {name.da}", en=f"New cases of {name.en}"),
        one_row_is=Text(da="et borgerår", en="a person-year of residence"),
        counted=Text(
            da=f"{prevalence.counted.da}; første gang i perioden, og uden tegn på sygdommen i et år før",
            en=f"{prevalence.counted.en}; first in the period, without signs of the disease in the year before",
        ),
        events=newly_ill(DISEASES[disease]),
        needs=(*prevalence.needs, "residence"),
        look_back=(new(DISEASES[disease]),),
        unit=Text(da="pr. 1.000 borgere om året", en="per 1,000 residents a year"),
        decimals=2,
        source=prevalence.source,
        caveats=(
            ONLY_REGISTERS,
            Text(
                da="Den, der sidst blev set med sygdommen længere tilbage, end registrene går, tæller som ny.",
                en="Whoever was last seen with the disease before the registers begin counts as new.",
            ),
        ),
    )


INCIDENCE: dict[str, Rate] = {disease: _incidence(disease) for disease in PREVALENCE}
INDICATORS: tuple[Indicator, ...] = (*PREVALENCE.values(), *INCIDENCE.values())

# What the report on a disease shows: how well people are looked after, and what happens to them. Care of diabetes is
# that of both types together. Anticoagulants after five years are left to their own call, since few registers reach
# back that far.
OUTCOME: dict[str, tuple[Indicator, ...]] = {
    "type_1_diabetes": (admissions.DIABETES_ACUTE_ADMISSIONS, admissions.DIABETES_READMISSION),
    "type_2_diabetes": (admissions.DIABETES_ACUTE_ADMISSIONS, admissions.DIABETES_READMISSION),
    "kol": (admissions.KOL_ACUTE_ADMISSIONS, kol.KOL_READMISSION, kol.KOL_MORTALITY),
    "asthma": (admissions.ASTHMA_ACUTE_ADMISSIONS, admissions.ASTHMA_READMISSION),
    "atrial_fibrillation": (
        admissions.AF_ACUTE_ADMISSIONS, admissions.AF_READMISSION, heart.ISCHAEMIC_STROKE, heart.INTRACRANIAL_BLEEDING,
        heart.SEVERE_BLEEDING,
    ),
    "heart_failure": (admissions.HF_ACUTE_ADMISSIONS, admissions.HF_READMISSION, heart.MORTALITY_1_YEAR),
}  # fmt: skip
_DECLARED: dict[str, tuple[Indicator, ...]] = {
    "type_1_diabetes": (*diabetes.INDICATORS, FOLLOW_UP["type_2_diabetes"]),
    "type_2_diabetes": (*diabetes.INDICATORS, FOLLOW_UP["type_2_diabetes"]),
    "kol": (*kol.INDICATORS, *kol_hospital.INDICATORS, FOLLOW_UP["kol"]),
    "asthma": (*asthma.INDICATORS, FOLLOW_UP["asthma"]),
    "atrial_fibrillation": (*heart.ATRIAL_FIBRILLATION, FOLLOW_UP["atrial_fibrillation"]),
    "heart_failure": (*heart.HEART_FAILURE, FOLLOW_UP["heart_failure"]),
}
CARE: dict[str, tuple[Indicator, ...]] = {
    disease: tuple(one for one in declared if one not in OUTCOME[disease]) for disease, declared in _DECLARED.items()
}
# Where areas are compared: one indicator whose numbers are large enough in most municipalities.
COMPARED: dict[str, Indicator] = {
    "type_1_diabetes": diabetes.HBA1C_BELOW_59,
    "type_2_diabetes": diabetes.HBA1C_BELOW_59,
    "kol": admissions.KOL_ACUTE_ADMISSIONS,
    "asthma": asthma.ANNUAL_CONTROL,
    "atrial_fibrillation": heart.CREATININE_YEARLY,
    "heart_failure": admissions.HF_ACUTE_ADMISSIONS,
}
# The few without an HbA1c, and those with one, are what HbA1c below 59 is counted among: known by municipality, the
# few would hide it. So how many were measured is shown for the country and the regions alone.
LEVELS_OF: dict[str, tuple[str, ...]] = {diabetes.HBA1C_MEASURED.id: ("country", "region")}
# Everything there is about each of them.
ALL_BY_DISEASE: dict[str, tuple[Indicator, ...]] = {
    disease: (PREVALENCE[disease], INCIDENCE[disease], *CARE[disease], *OUTCOME[disease]) for disease in PREVALENCE
}
