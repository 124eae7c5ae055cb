"""Chronic-disease management: who has what, and how well diabetes is looked after."""

from __future__ import annotations

import ibis

from ddns_utils import phenotypes
from ddns_utils.indicators.declare import LookAtRows, Proportion, Source
from ddns_utils.indicators.rows import residents, with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.registers import Snapshot

HBA1C_IFCC, HBA1C_DCCT = "NPU27300", "NPU03835"
GOOD_CONTROL_BELOW = 59

DVDD = Source(
    title="Dansk Voksen Diabetes Database, indikator 1f1 (dsbd.dk/indikatorer)", retrieved="2026-11", confidence="high"
)
OSDC = Source(
    title="Open Source Diabetes Classifier, steno-aarhus/osdc v0.11.3", retrieved="2026-11", confidence="high"
)
RUKS_SPIRIT = Source(
    title="Own rules in the spirit of RUKS; codes from BMC Fam Pract 2018, s12875-018-0820-8",
    retrieved="2026-11",
    confidence="medium",
)


def residents_at_end(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Everybody living in Denmark on the last day of the period."""
    return residents(snapshot, period.last_day)


def has_type_2_diabetes(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags those with type 2 diabetes by the row's day."""
    people = phenotypes.diabetes(snapshot)
    return _has(rows, people.filter(people.type == "2"))


def has_kol(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags those with KOL by the row's day."""
    return _has(rows, phenotypes.kol(snapshot))


def people_with_diabetes(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with diabetes when the period begins who still live in Denmark on its last day."""
    people = phenotypes.diabetes(snapshot)
    return residents(snapshot, period.last_day).semi_join(people.filter(people.since < period.start), "person_id")


def measured_hba1c(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags those with an HbA1c in the period."""
    results = hba1c(snapshot, period)
    return with_any(rows, results, ibis.literal(period.start), ibis.literal(period.last_day))


def people_with_hba1c(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with diabetes who have an HbA1c in the period, with ``latest``, the last one in mmol/mol.

    Several results on that day count as their mean.
    """
    results = hba1c(snapshot, period)
    last = results.group_by("person_id").aggregate(day=results.day.max())
    latest = results.inner_join(last, ["person_id", "day"]).group_by("person_id").aggregate(latest=ibis._.value.mean())
    return people_with_diabetes(snapshot, period).inner_join(latest, "person_id")


def below_59(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a latest HbA1c under 59 mmol/mol."""
    return rows.mutate(counts=rows.latest < GOOD_CONTROL_BELOW)


def people_with_kol_in_general_practice(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whom general practice had coded R95 when the period began, still living in Denmark on its last day."""
    records = snapshot.table("practice_record")
    coded = records.filter(records.kind == "diagnosis", records.code == "R95", records.recorded_on < period.start)
    return residents(snapshot, period.last_day).semi_join(coded, "person_id")


def measured_in_practice(code: str) -> LookAtRows:
    """A function that flags those with a measurement ``code`` in general practice in the period."""

    def measured(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        records = snapshot.table("practice_record")
        records = records.filter(records.kind == "measurement", records.code == code)
        entries = records.select("person_id", day="recorded_on")
        return with_any(rows, entries, ibis.literal(period.start), ibis.literal(period.last_day))

    return measured


def hba1c(snapshot: Snapshot, period: Period) -> ibis.Table:
    """HbA1c results in the period: person_id, day, value in mmol/mol (per cent converted: 10.93 × % − 23.5)."""
    results = snapshot.table("lab_result")
    results = results.filter(
        results.npu.isin([HBA1C_IFCC, HBA1C_DCCT]), within(results.sampled_at, period), results.value.notnull()
    )
    value = ibis.ifelse(results.npu == HBA1C_DCCT, 10.93 * results.value - 23.5, results.value)
    return results.select("person_id", day="sampled_at", value=value)


def _has(rows: ibis.Table, people: ibis.Table) -> ibis.Table:
    rows = rows.left_join(people.select("person_id", "since"), "person_id")
    return rows.mutate(counts=(rows.since <= rows.on).fill_null(False)).drop("since")


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
    numerator=has_type_2_diabetes,
    needs=("lab_result", "prescription"),
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
    numerator=has_kol,
    needs=("hospital_diagnosis", "prescription"),
    decimals=2,
    source=RUKS_SPIRIT,
    caveats=(ONLY_REGISTERS,),
)

HBA1C_MEASURED = Proportion(
    id="hba1c_measured",
    title=Text(
        da="Borgere med diabetes, der fik målt HbA1c i året",
        en="People with diabetes whose HbA1c was measured in the year",
    ),
    one_row_is=Text(
        da="en borger, der havde diabetes, da perioden begyndte, og bor i Danmark på dens sidste dag",
        en="a person with diabetes when the period began, living in Denmark on its last day",
    ),
    counted=Text(da="Mindst ét HbA1c-svar i perioden", en="At least one HbA1c result in the period"),
    denominator=people_with_diabetes,
    numerator=measured_hba1c,
    needs=("lab_result", "prescription"),
    direction="higher is better",
    source=DVDD,
    caveats=(
        Text(
            da="Målinger i egen klinik, som ikke sendes til laboratoriedatabasen, ses ikke.",
            en="Measurements in the clinic that are not sent to the laboratory database are not seen.",
        ),
    ),
    version=2,
)

HBA1C_BELOW_59 = Proportion(
    id="hba1c_below_59",
    title=Text(
        da="Borgere med diabetes med seneste HbA1c under 59 mmol/mol",
        en="People with diabetes with latest HbA1c under 59 mmol/mol",
    ),
    one_row_is=Text(
        da="en borger med diabetes, der fik målt HbA1c i perioden",
        en="a person with diabetes with HbA1c measured in the period",
    ),
    counted=Text(
        da="Periodens seneste HbA1c er under 59 mmol/mol", en="The latest HbA1c of the period is under 59 mmol/mol"
    ),
    denominator=people_with_hba1c,
    numerator=below_59,
    needs=("lab_result", "prescription"),
    direction="higher is better",
    standard=0.40,
    source=DVDD,
    caveats=(
        Text(
            da="Patienter uden måling indgår ikke. Målet afhænger af alder og anden sygdom hos den enkelte.",
            en="Patients without a measurement are left out. The right goal depends on age and other disease.",
        ),
    ),
    version=2,
)


def _kol_yearly(id: str, number: int, code: str, what: Text) -> Proportion:
    return Proportion(
        id=id,
        title=Text(da=f"Borgere med KOL, der fik {what.da} i året", en=f"People with COPD with {what.en} in the year"),
        one_row_is=Text(
            da="en borger med KOL-diagnosen R95 i almen praksis, da perioden begyndte",
            en="a person with COPD coded R95 in general practice when the period began",
        ),
        counted=Text(
            da=f"{what.da.capitalize()} mindst én gang i perioden", en=f"{what.en.capitalize()} in the period"
        ),
        denominator=people_with_kol_in_general_practice,
        numerator=measured_in_practice(code),
        needs=("practice_record",),
        direction="higher is better",
        standard=0.90,
        source=Source(title=f"DrKOL-GP{number}: DSAM's KOL-vejledning 2017", retrieved="2026-11", confidence="high"),
        caveats=(
            Text(
                da="Det, klinikken har målt uden at kode det, ses ikke.",
                en="What the clinic measured without coding it is not seen.",
            ),
        ),
    )


KOL_FEV1 = _kol_yearly(
    "kol_fev1_yearly", 1, "FEV1", Text(da="målt lungefunktion (FEV1)", en="lung function (FEV1) measured")
)
KOL_SMOKING = _kol_yearly(
    "kol_smoking_yearly", 4, "RYG", Text(da="registreret rygestatus", en="smoking status recorded")
)

INDICATORS = (TYPE_2_DIABETES_PREVALENCE, KOL_PREVALENCE, HBA1C_MEASURED, HBA1C_BELOW_59, KOL_FEV1, KOL_SMOKING)
BY_DISEASE = {
    "type_2_diabetes": (TYPE_2_DIABETES_PREVALENCE, HBA1C_MEASURED, HBA1C_BELOW_59),
    "kol": (KOL_PREVALENCE, KOL_FEV1, KOL_SMOKING),
}
