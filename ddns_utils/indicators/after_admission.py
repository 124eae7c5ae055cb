"""Follow-up after an admission for a chronic disease: seen by general practice or at hospital within 30 days."""

from __future__ import annotations

import ibis

from ddns_utils import courses
from ddns_utils.indicators.declare import FindRows, Proportion, Source
from ddns_utils.indicators.rows import with_any, within
from ddns_utils.kept import keep_for
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.diseases import starts_with
from ddns_utils.snapshot import Snapshot

FOLLOW_UP_DAYS = 30
NAMES = {
    "type_2_diabetes": Text("diabetes", "diabetes"),
    "kol": Text("KOL", "COPD"),
    "asthma": Text("astma", "asthma"),
    "atrial_fibrillation": Text("atrieflimren", "atrial fibrillation"),
    "heart_failure": Text("hjertesvigt", "heart failure"),
}


def admitted_for(disease: str) -> FindRows:
    """Discharges in the period from acute admissions whose main diagnosis is the disease, of people alive on day 30."""
    (codes,) = (rule.codes for rule in DISEASES[disease].rules if rule.name == "hospital diagnosis")

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        stays = courses.admissions(snapshot)
        stays = stays.filter(
            stays.acute, starts_with(stays.main_diagnosis, codes).fill_null(False), within(stays.discharged_on, period)
        )
        person = snapshot.table("person").select("person_id", "death_date")
        stays = stays.select("person_id", on="discharged_on").inner_join(person, "person_id")
        days = stays.death_date.delta(stays.on, unit="day")
        return stays.filter((days > FOLLOW_UP_DAYS).fill_null(True)).select("person_id", "on")

    return find


def seen_within_30_days(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a contact with general practice, or a planned one with a hospital, on day 1 to 30 after discharge."""
    seen = keep_for(snapshot, period, "seen_after_admission", lambda snapshot: _seen(snapshot, period))
    return with_any(rows, seen, rows.on + ibis.interval(days=1), rows.on + ibis.interval(days=FOLLOW_UP_DAYS))


def _seen(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Such contacts of those who were discharged in the period after an admission for any of the diseases."""
    people = ibis.union(*(admitted_for(disease)(snapshot, period).select("person_id") for disease in NAMES))
    practice = courses.general_practice_contacts(snapshot).select("person_id", "day")
    hospital = snapshot.table("hospital_contact")
    hospital = hospital.filter(hospital.priority == "ATA3").select("person_id", day=hospital.start.date())
    return ibis.union(practice, hospital).semi_join(people, "person_id")


def _declare(disease: str, name: Text) -> Proportion:
    return Proportion(
        id=f"{'diabetes' if disease == 'type_2_diabetes' else disease}_follow_up_30d",
        title=Text(
            f"Fulgt op inden for 30 dage efter indlæggelse med {name.da}",
            f"Seen within 30 days of admission for {name.en}",
        ),
        one_row_is=Text(
            f"en udskrivning efter akut indlæggelse med {name.da}, hvor borgeren levede mere end 30 dage efter",
            f"a discharge after an acute admission for {name.en} where the person lived more than 30 days after it",
        ),
        counted=Text(
            "En kontakt med almen praksis eller en planlagt sygehuskontakt dag 1–30 efter udskrivningen",
            "A contact with general practice or a planned hospital contact on day 1–30 after the discharge",
        ),
        denominator=admitted_for(disease),
        numerator=seen_within_30_days,
        needs=("hospital_contact", "practice_service"),
        follow_up_days=FOLLOW_UP_DAYS,
        direction="higher is better",
        source=Source(title="Own definition; service numbers unverified", retrieved="2026-11", confidence="unverified"),
        caveats=(
            Text(
                "Kontakten kan være af anden grund, og hjemmesygepleje tæller ikke med.",
                "The contact may be for another reason, and home nursing is not counted.",
            ),
        ),
    )


FOLLOW_UP = {disease: _declare(disease, name) for disease, name in NAMES.items()}
INDICATORS = tuple(FOLLOW_UP.values())
