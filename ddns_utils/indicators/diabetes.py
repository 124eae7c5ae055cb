"""How well people with diabetes are looked after, as the adult diabetes database (DVDD) asks."""

from __future__ import annotations

import ibis

from ddns_utils import phenotypes
from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import LookBack, known, years_before
from ddns_utils.indicators.medicine import days_covered
from ddns_utils.indicators.rows import aged, residents, with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes.diseases import medicine_codes
from ddns_utils.snapshot import Snapshot

HBA1C_IFCC, HBA1C_DCCT, ALBUMIN_CREATININE = "NPU27300", "NPU03835", "NPU19661"
GOOD_CONTROL_BELOW, POOR_CONTROL_FROM = 59, 75
BLOOD_PRESSURE = ("BT_SYS", "BT_DIA")
PODIATRY, EYE_SPECIALIST = "54", "19"
ADULT = 18
YEARS_BETWEEN_CHECKS = 2


def _dvdd(number: str) -> Source:
    return Source(
        title=f"Dansk Voksen Diabetes Database, indikator {number} (dsbd.dk/indikatorer)",
        retrieved="2026-11",
        confidence="high",
    )


DVDD = _dvdd("1f1")
DIABETES_KNOWN = known(phenotypes.TYPE_1, phenotypes.TYPE_2)


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


def from_75(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a latest HbA1c of 75 mmol/mol or more."""
    return rows.mutate(counts=rows.latest >= POOR_CONTROL_FROM)


def hba1c(snapshot: Snapshot, period: Period) -> ibis.Table:
    """HbA1c results in the period: person_id, day, value in mmol/mol (per cent converted: 10.93 × % − 23.5)."""
    results = snapshot.table("lab_result")
    results = results.filter(
        results.npu.isin([HBA1C_IFCC, HBA1C_DCCT]), within(results.sampled_at, period), results.value.notnull()
    )
    value = ibis.ifelse(results.npu == HBA1C_DCCT, 10.93 * results.value - 23.5, results.value)
    return results.select("person_id", day="sampled_at", value=value)


def adults_with_diabetes(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those of ``people_with_diabetes`` who are 18 or older on the last day of the period."""
    return aged(people_with_diabetes(snapshot, period), snapshot, ADULT, period.last_day)


def checked(events: FindRows, years: int) -> LookAtRows:
    """A function that flags those with an event in the ``years`` that end with the period."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        since = years_before(period.end, years) if years > 1 else period.start
        return with_any(rows, events(snapshot, period), ibis.literal(since), ibis.literal(period.last_day))

    return look


def blood_pressures(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Blood pressures from general practice: person_id, day."""
    records = snapshot.table("practice_record")
    records = records.filter(records.kind == "measurement", records.code.isin(BLOOD_PRESSURE))
    return records.select("person_id", day="recorded_on")


def albumin_tests(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Albumin/creatinine ratios in urine, whatever the result: person_id, day."""
    results = snapshot.table("lab_result")
    return results.filter(results.npu == ALBUMIN_CREATININE).select("person_id", day="sampled_at")


def eye_examinations(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Contacts with an eye specialist, settled or reported by the specialist: person_id, day."""
    services, records = snapshot.table("practice_service"), snapshot.table("specialist_record")
    services = services.filter(services.specialty == EYE_SPECIALIST, ~services.for_child)
    records = records.filter(records.specialty == EYE_SPECIALIST)
    return ibis.union(services.select("person_id", day="service_date"), records.select("person_id", day="contact_on"))


def foot_examinations(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Podiatry on one's own card: person_id, day."""
    services = snapshot.table("practice_service")
    return services.filter(services.specialty == PODIATRY, ~services.for_child).select("person_id", day="service_date")


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
    counted=Text(
        da="Mindst ét svar på HbA1c (langtidsblodsukker) i perioden",
        en="At least one result of HbA1c (long-term blood sugar) in the period",
    ),
    denominator=people_with_diabetes,
    numerator=measured_hba1c,
    needs=("lab_result", "prescription"),
    look_back=DIABETES_KNOWN,
    direction="higher is better",
    source=DVDD,
    caveats=(
        Text(
            da="Målinger i egen klinik, som ikke sendes til laboratoriedatabasen, ses ikke.",
            en="Measurements in the clinic that are not sent to the laboratory database are not seen.",
        ),
        Text(
            da="Rapporten viser den for land og regioner; i kommuner ville de få uden måling skjule HbA1c under 59.",
            en="The report shows it for country and regions; by municipality the few without would hide HbA1c < 59.",
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
        da="Periodens seneste HbA1c (langtidsblodsukker) er under 59 mmol/mol",
        en="The latest HbA1c (long-term blood sugar) of the period is under 59 mmol/mol",
    ),
    denominator=people_with_hba1c,
    numerator=below_59,
    needs=("lab_result", "prescription"),
    look_back=DIABETES_KNOWN,
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

HBA1C_FROM_75 = Proportion(
    id="hba1c_75_or_more",
    title=Text(
        da="Borgere med diabetes med seneste HbA1c på 75 mmol/mol eller mere",
        en="People with diabetes with latest HbA1c of 75 mmol/mol or more",
    ),
    one_row_is=HBA1C_BELOW_59.one_row_is,
    counted=Text(
        da="Periodens seneste HbA1c (langtidsblodsukker) er 75 mmol/mol eller mere",
        en="The latest HbA1c (long-term blood sugar) of the period is 75 mmol/mol or more",
    ),
    denominator=people_with_hba1c,
    numerator=from_75,
    needs=("lab_result", "prescription"),
    look_back=DIABETES_KNOWN,
    direction="lower is better",
    standard=0.20,
    source=_dvdd("1f2"),
    caveats=(Text(da="Patienter uden måling indgår ikke.", en="Patients without a measurement are left out."),),
)


def _two_years(*tables: str) -> tuple[LookBack, ...]:
    return (LookBack(tables=tables, ending_years=YEARS_BETWEEN_CHECKS),)


def _check(
    id: str,
    title: Text,
    counted: Text,
    denominator: FindRows,
    numerator: LookAtRows,
    table: str,
    standard: float,
    *caveats: Text,
    look_back: tuple[LookBack, ...] = (),
) -> Proportion:
    who = (
        Text(da="en borger", en="a person")
        if denominator is people_with_diabetes
        else Text(da="en borger på 18 år eller derover", en="a person aged 18 or over")
    )
    return Proportion(
        id=id, title=title, counted=counted, denominator=denominator, numerator=numerator, standard=standard,
        one_row_is=Text(
            da=f"{who.da}, der havde diabetes, da perioden begyndte, og bor i Danmark på dens sidste dag",
            en=f"{who.en} with diabetes when the period began, living in Denmark on its last day",
        ),
        needs=(table, "lab_result", "prescription"), look_back=look_back + DIABETES_KNOWN,
        direction="higher is better", source=_dvdd("blodtryk, albuminuri, øjne og fødder"), caveats=caveats,
    )  # fmt: skip


BLOOD_PRESSURE_YEARLY = _check(
    "diabetes_blood_pressure_yearly",
    Text(da="Borgere med diabetes, der fik målt blodtryk i året", en="People with diabetes with blood pressure taken"),
    Text(da="Et blodtryk i almen praksis i perioden", en="A blood pressure in general practice in the period"),
    people_with_diabetes, checked(blood_pressures, 1), "practice_record", 0.95,
    Text(da="Blodtryk målt på sygehus eller hjemme ses ikke.", en="Blood pressure at hospital or home is not seen."),
)  # fmt: skip
ALBUMIN_2_YEARS = _check(
    "diabetes_albumin_2_years",
    Text(da="Voksne med diabetes undersøgt for albuminuri", en="Adults with diabetes tested for albuminuria"),
    Text(da="Albumin/kreatinin i urin inden for to år", en="Albumin/creatinine in urine within two years"),
    adults_with_diabetes, checked(albumin_tests, YEARS_BETWEEN_CHECKS), "lab_result", 0.95,
    look_back=_two_years("lab_result"),
)  # fmt: skip
EYE_2_YEARS = _check(
    "diabetes_eye_2_years",
    Text(da="Voksne med diabetes set af øjenlæge", en="Adults with diabetes seen by an eye specialist"),
    Text(da="En kontakt med øjenlæge inden for to år", en="A contact with an eye specialist within two years"),
    adults_with_diabetes, checked(eye_examinations, YEARS_BETWEEN_CHECKS), "practice_service", 0.90,
    Text(
        da="Kontakter af anden grund tæller med, og screening på sygehus ses ikke.",
        en="Contacts for other reasons count too, and screening at hospitals is not seen.",
    ),
    look_back=_two_years("practice_service", "specialist_record"),
)  # fmt: skip
FOOT_2_YEARS = _check(
    "diabetes_foot_2_years",
    Text(da="Borgere med diabetes, der fik fødderne undersøgt", en="People with diabetes whose feet were examined"),
    Text(da="En ydelse hos fodterapeut inden for to år", en="A service of a podiatrist within two years"),
    people_with_diabetes, checked(foot_examinations, YEARS_BETWEEN_CHECKS), "practice_service", 0.95,
    Text(da="Fødder undersøgt hos egen læge ses ikke.", en="Feet examined in general practice are not seen."),
    look_back=_two_years("practice_service"),
)  # fmt: skip

METFORMIN_COVERED = days_covered(
    "diabetes_metformin_80_per_cent_covered", Text("diabetes", "diabetes"), Text("metformin", "metformin"),
    people_with_diabetes, medicine_codes("metformin"), DIABETES_KNOWN,
)  # fmt: skip

INDICATORS = (
    HBA1C_MEASURED, HBA1C_BELOW_59, HBA1C_FROM_75, BLOOD_PRESSURE_YEARLY, ALBUMIN_2_YEARS, EYE_2_YEARS, FOOT_2_YEARS,
    METFORMIN_COVERED,
)  # fmt: skip
