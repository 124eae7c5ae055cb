"""Acute admissions of people with chronic disease, admissions that might be prevented, and use of general practice."""

from __future__ import annotations

from dataclasses import replace

import ibis

from ddns_utils import courses
from ddns_utils.indicators.cross_sector import READMISSION_30D, discharges
from ddns_utils.indicators.declare import NOT_STANDARDISED, FindRows, LookAtRows, Proportion, Rate, Source
from ddns_utils.indicators.look_back import known
from ddns_utils.indicators.rows import aged, ill_before, residents, with_number, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, Disease
from ddns_utils.phenotypes.burden import episodes
from ddns_utils.phenotypes.diseases import diagnosis_codes, starts_with
from ddns_utils.snapshot import Snapshot

OLD = 65
GROUPS = {
    "dehydrering": Text("dehydrering", "dehydration"),
    "forstoppelse": Text("forstoppelse", "constipation"),
    "nedre luftvejssygdom": Text("nedre luftvejssygdom", "lower respiratory disease"),
    "blaerebetaendelse": Text("blærebetændelse", "cystitis"),
    "gastroenteritis": Text("mave-tarm-infektion", "gastroenteritis"),
    "brud": Text("brud", "fracture"),
    "ernaeringsbetinget anaemi": Text("ernæringsbetinget anæmi", "nutritional anaemia"),
    "sociale og plejemaessige forhold": Text("sociale og plejemæssige forhold", "social and care circumstances"),
    "tryksaar": Text("tryksår", "pressure ulcer"),
}


def acute_somatic(snapshot: Snapshot) -> ibis.Table:
    """Acute admissions that did not begin in psychiatry: the columns of ``courses.hospital_stays``."""
    stays = courses.admissions(snapshot)
    return stays.filter(stays.acute, ~stays.psychiatric)


def admitted_acutely(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """How many acute somatic admissions begin in the period."""
    return _number(rows, acute_somatic(snapshot), period)


def admitted_with(codes: tuple[str, ...]) -> LookAtRows:
    """A function that counts acute somatic admissions in the period with a main diagnosis among the codes."""

    def count(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        stays = acute_somatic(snapshot)
        return _number(rows, stays.filter(starts_with(stays.main_diagnosis, codes).fill_null(False)), period)

    return count


def ill_at_start(*diseases: Disease) -> FindRows:
    """A function that finds residents of the period's first day who had any of the diseases before it."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        if len(diseases) == 1:
            return ill_before(snapshot, diseases[0], period.start, period.start)
        people = episodes(snapshot, diseases)
        return residents(snapshot, period.start).semi_join(people.filter(people.since < period.start), "person_id")

    return find


def discharges_of(*diseases: Disease) -> FindRows:
    """A function that finds discharges of people who had any of the diseases before the day of discharge."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        rows, people = discharges(snapshot, period), episodes(snapshot, diseases)
        return rows.semi_join(people, [rows.person_id == people.person_id, people.since < rows.on])

    return find


def old_at_start(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Residents of the period's first day aged 65 or more."""
    return aged(residents(snapshot, period.start), snapshot, OLD, period.start)


def practice_contacts(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Contacts with general practice in the period; ``counts`` is their number."""
    contacts = courses.general_practice_contacts(snapshot)
    return contacts.filter(within(contacts.day, period)).select("person_id", on="day", counts="quantity")


def _number(rows: ibis.Table, stays: ibis.Table, period: Period) -> ibis.Table:
    events = stays.select("person_id", day="started_on")
    return with_number(rows, events, ibis.literal(period.start), ibis.literal(period.last_day))


def _with_disease(id: str, da: str, en: str, *diseases: Disease) -> Rate:
    return Rate(
        id=id,
        title=Text(f"Akutte indlæggelser pr. 1.000 borgere med {da}", f"Acute admissions per 1,000 people with {en}"),
        one_row_is=Text(
            f"en borger, der havde {da}, da perioden begyndte", f"a person who had {en} when the period began"
        ),
        counted=Text("Akutte somatiske indlæggelser, uanset årsag", "Acute somatic admissions, for any reason"),
        denominator=ill_at_start(*diseases),
        numerator=admitted_acutely,
        needs=("hospital_contact", "hospital_diagnosis"),
        look_back=known(*diseases),
        unit=Text(f"pr. 1.000 borgere med {da}", f"per 1,000 people with {en}"),
        direction="lower is better",
        source=Source(title="eSundhed, nationale mål; own counting", retrieved="2026-11", confidence="medium"),
        caveats=(NOT_STANDARDISED,),
    )


KOL_ACUTE_ADMISSIONS = _with_disease("kol_acute_admissions", "KOL", "COPD", DISEASES["kol"])
DIABETES_ACUTE_ADMISSIONS = _with_disease(
    "diabetes_acute_admissions", "diabetes", "diabetes", DISEASES["type_1_diabetes"], DISEASES["type_2_diabetes"]
)
ASTHMA_ACUTE_ADMISSIONS = _with_disease("asthma_acute_admissions", "astma", "asthma", DISEASES["asthma"])
AF_ACUTE_ADMISSIONS = _with_disease(
    "af_acute_admissions", "atrieflimren", "atrial fibrillation", DISEASES["atrial_fibrillation"]
)
HF_ACUTE_ADMISSIONS = _with_disease("hf_acute_admissions", "hjertesvigt", "heart failure", DISEASES["heart_failure"])


def _readmitted_with_disease(id: str, da: str, en: str, *diseases: Disease) -> Proportion:
    return replace(
        READMISSION_30D,
        id=id,
        title=Text(
            f"Akut genindlæggelse inden for 30 dage af borgere med {da}",
            f"Acute readmission within 30 days of people with {en}",
        ),
        one_row_is=Text(
            f"en udskrivning i live fra en somatisk indlæggelse af en borger, der havde {da} før udskrivningen",
            f"a discharge alive from a somatic admission of a person who had {en} before it",
        ),
        denominator=discharges_of(*diseases),
        needs=("hospital_contact", "hospital_diagnosis"),
        look_back=known(*diseases),
    )


DIABETES_READMISSION = _readmitted_with_disease(
    "diabetes_readmission_30d", "diabetes", "diabetes", DISEASES["type_1_diabetes"], DISEASES["type_2_diabetes"]
)
ASTHMA_READMISSION = _readmitted_with_disease("asthma_readmission_30d", "astma", "asthma", DISEASES["asthma"])
AF_READMISSION = _readmitted_with_disease(
    "af_readmission_30d", "atrieflimren", "atrial fibrillation", DISEASES["atrial_fibrillation"]
)
HF_READMISSION = _readmitted_with_disease(
    "hf_readmission_30d", "hjertesvigt", "heart failure", DISEASES["heart_failure"]
)


def _preventable(id: str, what: Text, codes: tuple[str, ...]) -> Rate:
    return Rate(
        id=id,
        title=Text(
            f"Forebyggelige indlæggelser, 65 år og derover: {what.da}", f"Preventable admissions, 65 or over: {what.en}"
        ),
        one_row_is=Text(
            "en borger på 65 år eller derover på periodens første dag", "a resident aged 65 or over on the first day"
        ),
        counted=Text(
            f"Akutte somatiske indlæggelser efter hoveddiagnose: {what.da}",
            f"Acute somatic admissions by main diagnosis: {what.en}",
        ),
        denominator=old_at_start,
        numerator=admitted_with(codes),
        needs=("hospital_contact",),
        unit=Text("pr. 1.000 borgere på 65 år og derover", "per 1,000 residents aged 65 or over"),
        direction="lower is better",
        source=Source(
            title="eSundhed (the nine groups); diagnosis codes are background knowledge",
            retrieved="2026-11",
            confidence="unverified",
        ),
        caveats=(
            Text(
                "Den officielle kodeliste er ikke fundet. Kun en del af indlæggelserne kan i virkeligheden forebygges.",
                "The official list of codes was not found. Only some of the admissions can in fact be prevented.",
            ),
        ),
    )


NAMES = (
    "dehydration", "constipation", "respiratory", "cystitis", "gastroenteritis", "fracture", "anaemia", "social",
    "pressure_ulcer",
)  # fmt: skip
CODES = {group: diagnosis_codes(group, "preventable65") for group in GROUPS}
PREVENTABLE_65 = _preventable(
    "preventable_admissions_65",
    Text("alle ni grupper", "all nine groups"),
    tuple(code for codes in CODES.values() for code in codes),
)
PREVENTABLE_BY_GROUP = tuple(
    _preventable(f"preventable_admissions_65_{name}", GROUPS[group], CODES[group])
    for name, group in zip(NAMES, GROUPS, strict=True)
)
GP_CONTACTS = Rate(
    id="gp_contacts_per_citizen",
    title=Text("Kontakter med almen praksis pr. borger", "Contacts with general practice per resident"),
    one_row_is=Text("et borgerår", "a person-year of residence"),
    counted=Text(
        "Konsultationer, telefon-, e-mail- og videokontakter og sygebesøg",
        "Consultations, telephone, e-mail and video contacts and home visits",
    ),
    events=practice_contacts,
    needs=("practice_service", "residence"),
    unit=Text("pr. borger om året", "per resident a year"),
    per=1,
    decimals=2,
    source=Source(title="dst.dk, Lægebesøg; ydelsesnumre uverificerede", retrieved="2026-11", confidence="unverified"),
)

INDICATORS = (
    KOL_ACUTE_ADMISSIONS, DIABETES_ACUTE_ADMISSIONS, ASTHMA_ACUTE_ADMISSIONS, AF_ACUTE_ADMISSIONS, HF_ACUTE_ADMISSIONS,
    DIABETES_READMISSION, ASTHMA_READMISSION, AF_READMISSION, HF_READMISSION,
    PREVENTABLE_65, *PREVENTABLE_BY_GROUP, GP_CONTACTS,
)  # fmt: skip
