"""Courses across hospital and general practice: admissions, readmissions and contact after discharge."""

from __future__ import annotations

import ibis

from ddns_utils import courses
from ddns_utils.indicators.declare import Proportion, Rate, Source
from ddns_utils.indicators.rows import with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes.diseases import diagnosis_codes, starts_with
from ddns_utils.snapshot import Snapshot

READMISSION_DAYS = 30
GP_CONTACT_DAYS = 14
TREATED = diagnosis_codes("faerdigbehandlet - henvendelse til kommune", "sks_procedure")

ESUNDHED = Source(title="esundhed.dk, Genindlæggelser, Nøgletal", retrieved="2026-11", confidence="high")
STATISTICS_DENMARK = Source(title="dst.dk, Sygehusbenyttelse", retrieved="2026-11", confidence="high")


def admissions(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Admissions that begin in the period."""
    stays = courses.admissions(snapshot)
    return stays.filter(within(stays.started_on, period)).select("person_id", on="started_on")


def discharges(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Discharges alive from somatic admissions in the period, with the start of the next acute somatic admission."""
    return _discharges(snapshot, period, psychiatric=False)


def psychiatric_discharges(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Discharges alive from psychiatric admissions in the period, with the start of the next acute psychiatric one."""
    return _discharges(snapshot, period, psychiatric=True)


def _discharges(snapshot: Snapshot, period: Period, *, psychiatric: bool) -> ibis.Table:
    stays = courses.admissions(snapshot)
    after = ibis.window(group_by=stays.person_id, order_by=[stays.start, stays.end], following=(1, None))
    of_kind = stays.psychiatric if psychiatric else ~stays.psychiatric
    next_acute = ibis.ifelse(stays.acute & of_kind, stays.start, ibis.null("timestamp")).min().over(after)
    stays = stays.mutate(next_acute=next_acute).filter(of_kind, within(stays.discharged_on, period))
    person = snapshot.table("person")
    stays = stays.inner_join(person.select("person_id", "death_date"), "person_id")
    alive = stays.death_date.isnull() | (stays.death_date > stays.discharged_on)
    return stays.filter(alive).select("person_id", "next_acute", on="discharged_on")


def days_after_treatment(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Stays discharged in the period in which the municipality was told that treatment was done (procedure BVAW1A).

    ``counts`` is the days from the first such message to the discharge.
    """
    told = snapshot.table("hospital_procedure")
    told = told.filter(starts_with(told.code, TREATED)).select(patient="person_id", told="start")
    stays = courses.hospital_stays(snapshot)
    stays = stays.filter(within(stays.discharged_on, period))
    before_end = told.told < stays.end  # same either way: a message at the end is 0 days
    rows = stays.inner_join(told, [stays.person_id == told.patient, told.told >= stays.start, before_end])
    first = rows.group_by("person_id", on="discharged_on").aggregate(told=rows.told.min())
    return first.select("person_id", "on", counts=first.on.delta(first.told.date(), unit="day"))


def readmitted(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags an acute somatic admission that begins on day 0 to 30 after discharge."""
    days = rows.next_acute.date().delta(rows.on, unit="day")
    return rows.mutate(counts=(days <= READMISSION_DAYS).fill_null(False))


def seen_by_general_practice(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a contact with general practice on day 0 to 14 after discharge."""
    contacts = courses.general_practice_contacts(snapshot)
    return with_any(rows, contacts, rows.on, rows.on + ibis.interval(days=GP_CONTACT_DAYS))


ADMISSIONS_PER_1000 = Rate(
    id="admissions_per_1000",
    title=Text(da="Indlæggelser pr. 1.000 borgere", en="Admissions per 1,000 residents"),
    one_row_is=Text(da="et borgerår", en="a person-year of residence"),
    counted=Text(
        da="Indlæggelser: sygehusophold på mindst 12 timer, hvor kontakter med højst 4 timer imellem er lagt sammen",
        en="Admissions: hospital stays of at least 12 hours, with contacts at most 4 hours apart joined",
    ),
    events=admissions,
    needs=("hospital_contact", "residence"),
    unit=Text(da="pr. 1.000 borgere om året", en="per 1,000 residents a year"),
    source=STATISTICS_DENMARK,
    caveats=(
        Text(da="Ikke standardiseret for køn og alder.", en="Not standardised for sex and age."),
        Text(
            da="En borger kan have flere indlæggelser, så intervallet er lidt for smalt.",
            en="A person may have several admissions, so the interval is a little too narrow.",
        ),
    ),
)

READMISSION_30D = Proportion(
    id="readmission_30d",
    title=Text(da="Akut genindlæggelse inden for 30 dage", en="Acute readmission within 30 days"),
    one_row_is=Text(
        da="en udskrivning i live fra en somatisk indlæggelse", en="a discharge alive from a somatic admission"
    ),
    counted=Text(
        da="En akut somatisk indlæggelse, der begynder senest 30 dage efter udskrivningen",
        en="An acute somatic admission that begins at most 30 days after the discharge",
    ),
    denominator=discharges,
    numerator=readmitted,
    needs=("hospital_contact",),
    follow_up_days=READMISSION_DAYS,
    direction="lower is better",
    source=ESUNDHED,
    caveats=(
        Text(
            da="Ikke standardiseret for køn og alder, og eSundheds undtagelser (bl.a. kræft og fødsler) er ikke med.",
            en="Not standardised for sex and age, and without eSundhed's exclusions (cancer and births among others).",
        ),
        Text(da="Død inden for 30 dage udelukker ikke.", en="Death within 30 days does not exclude."),
    ),
)

GP_CONTACT_14D = Proportion(
    id="gp_contact_14d",
    title=Text(
        da="Kontakt med almen praksis inden for 14 dage efter udskrivning",
        en="Contact with general practice within 14 days of discharge",
    ),
    one_row_is=READMISSION_30D.one_row_is,
    counted=Text(
        da="En konsultation, telefon-, e-mail- eller videokontakt eller et sygebesøg senest 14 dage efter udskrivning",
        en="A consultation, telephone, e-mail or video contact or home visit at most 14 days after the discharge",
    ),
    denominator=discharges,
    numerator=seen_by_general_practice,
    needs=("hospital_contact", "practice_service"),
    follow_up_days=GP_CONTACT_DAYS,
    direction="neither",
    source=Source(title="Own definition; service numbers unverified", retrieved="2026-11", confidence="unverified"),
    caveats=(
        Text(
            da="En kontakt er ikke i sig selv god eller dårlig: nogle udskrevne har ikke brug for den.",
            en="A contact is neither good nor bad in itself: some who are discharged do not need one.",
        ),
    ),
)

PSYCHIATRIC_READMISSION_30D = Proportion(
    id="psychiatric_readmission_30d",
    title=Text(
        da="Akut psykiatrisk genindlæggelse inden for 30 dage", en="Acute psychiatric readmission within 30 days"
    ),
    one_row_is=Text(
        da="en udskrivning i live fra en psykiatrisk indlæggelse", en="a discharge alive from a psychiatric admission"
    ),
    counted=Text(
        da="En akut psykiatrisk indlæggelse, der begynder senest 30 dage efter udskrivningen",
        en="An acute psychiatric admission that begins at most 30 days after the discharge",
    ),
    denominator=psychiatric_discharges,
    numerator=readmitted,
    needs=("hospital_contact",),
    follow_up_days=READMISSION_DAYS,
    direction="lower is better",
    source=ESUNDHED,
    caveats=(
        Text(
            da="For usikkert til at sammenligne kommuner, og ikke standardiseret.",
            en="Too uncertain to compare municipalities, and not standardised.",
        ),
    ),
)

DAYS_AFTER_TREATMENT = Rate(
    id="bed_days_after_treatment",
    title=Text(
        da="Sengedage efter færdigbehandling pr. 1.000 borgere",
        en="Bed days after treatment was done per 1,000 residents",
    ),
    one_row_is=ADMISSIONS_PER_1000.one_row_is,
    counted=Text(
        da="Dage fra sygehusets første besked om færdigbehandling (BVAW1A) til udskrivning i perioden",
        en="Days from the hospital's first message that treatment is done (BVAW1A) to a discharge in the period",
    ),
    events=days_after_treatment,
    needs=("hospital_procedure", "hospital_contact", "residence"),
    unit=ADMISSIONS_PER_1000.unit,
    direction="lower is better",
    source=Source(title="esundhed.dk, Sundhedsaftaler; own proxy", retrieved="2026-11", confidence="unverified"),
    caveats=(
        Text(
            da="Den nationale opgørelse bruger en særskilt dato for færdigbehandling, som ikke er i registrene her. "
            "Dage i samme ophold følges ad, så intervallet er for smalt.",
            en="The national count has a date of its own for the end of treatment, which is not in the registers here. "
            "Days of one stay go together, so the interval is too narrow.",
        ),
    ),
)

INDICATORS = (
    ADMISSIONS_PER_1000, READMISSION_30D, PSYCHIATRIC_READMISSION_30D, GP_CONTACT_14D, DAYS_AFTER_TREATMENT,
)  # fmt: skip
