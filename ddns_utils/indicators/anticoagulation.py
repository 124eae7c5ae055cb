"""Anticoagulants in atrial fibrillation: whether they are kept up, and bleeding while on them, as AFDK asks."""

from __future__ import annotations

import ibis

from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import known, new, wanted, years_before
from ddns_utils.indicators.medicine import bought_before, bought_within
from ddns_utils.indicators.rows import ill_before, with_any
from ddns_utils.kept import keep_for
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, TYPE_2
from ddns_utils.phenotypes.burden import newly_ill
from ddns_utils.phenotypes.diseases import diagnosis_codes, medicine_codes, starts_with
from ddns_utils.phenotypes.stroke_risk import with_stroke_risk
from ddns_utils.snapshot import Snapshot

AF = DISEASES["atrial_fibrillation"]
DOAC = medicine_codes("dabigatran", "rivaroxaban", "apixaban", "edoxaban")
ANTICOAGULANTS = (*DOAC, *medicine_codes("warfarin", "phenprocoumon"))
ANTICOAGULANT_DAYS = 30
RISK_FROM = 2
ON_TREATMENT_DAYS = 180  # a purchase lasts about three months; our own choice
INTRACRANIAL = diagnosis_codes("intrakraniel bloedning")
OTHER_BLEEDING = diagnosis_codes("anden svaer bloedning", "event")
AFDK = "Atrieflimren i Danmark (AFDK), årsrapporter 2023–25, indikator"


def begun(years: int) -> FindRows:
    """A function that finds people whose treatment was begun some years ago, on the day in the period that is so.

    Their atrial fibrillation was new then, with CHA2DS2-VASc of 2 or more, and they bought an anticoagulant on day 0
    to 30. Those who have died are not among them.
    """

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        start, end = years_before(period.start, years), years_before(period.end, years)
        rows = newly_ill(snapshot, AF, start, end).select("person_id", on="since")
        rows = with_stroke_risk(rows, snapshot)
        rows = rows.filter(rows.stroke_risk >= RISK_FROM).drop("stroke_risk")
        rows = bought_within(ANTICOAGULANTS, ANTICOAGULANT_DAYS)(rows, snapshot, period)
        rows = rows.filter(rows.counts).select("person_id", on=(rows.on + ibis.interval(years=years)).cast("date"))
        person = snapshot.table("person").select("person_id", "death_date")
        rows = rows.inner_join(person, "person_id")
        return rows.filter((rows.death_date > rows.on).fill_null(True)).select("person_id", "on")

    return find


def on_anticoagulants(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Residents of the period's first day with atrial fibrillation who bought an anticoagulant in 180 days before."""
    return keep_for(snapshot, period, "on_anticoagulants", lambda snapshot: _on_anticoagulants(snapshot, period))


def _on_anticoagulants(snapshot: Snapshot, period: Period) -> ibis.Table:
    rows = ill_before(snapshot, AF, period.start, period.start)
    rows = bought_before(ANTICOAGULANTS, ON_TREATMENT_DAYS)(rows, snapshot, period)
    return rows.filter(rows.counts).drop("counts")


def admitted_with_bleeding(codes: tuple[str, ...]) -> LookAtRows:
    """A function that flags an action diagnosis of an acute hospital contact in the period, not retracted."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        found, contacts = snapshot.table("hospital_diagnosis"), snapshot.table("hospital_contact")
        found = found.filter(starts_with(found.code, codes), found.kind == "A", ~found.retracted.fill_null(False))
        found = found.semi_join(contacts.filter(contacts.priority == "ATA1"), "contact_id")
        events = found.select("person_id", day=found.contact_start.date())
        return with_any(rows, events, ibis.literal(period.start), ibis.literal(period.last_day))

    return look


def _continued(years: int) -> Proportion:
    en = f"{years} year{'s' * (years > 1)}"
    return Proportion(
        id=f"af_anticoagulant_kept_{years}y",
        title=Text(f"Fortsat blodfortyndende efter {years} år", f"Still on anticoagulants after {en}"),
        one_row_is=Text(
            f"en levende borger, der begyndte på blodfortyndende for {years} år siden, da atrieflimren var ny",
            f"a living person who began on anticoagulants {en} ago, when atrial fibrillation was new",
        ),
        counted=Text(
            f"Et køb i de {ON_TREATMENT_DAYS} dage op til årsdagen",
            f"A purchase in the {ON_TREATMENT_DAYS} days up to the anniversary",
        ),
        denominator=begun(years),
        numerator=bought_before(ANTICOAGULANTS, ON_TREATMENT_DAYS),
        needs=("hospital_diagnosis", "prescription"),
        look_back=(new(AF, years=years), wanted(DISEASES["heart_failure"], DISEASES["hypertension"], TYPE_2)),
        direction="higher is better",
        source=Source(title=f"{AFDK} 4a; vinduet er vores eget", retrieved="2026-11", confidence="medium"),
    )


def _bleeding(id: str, number: str, da: str, en: str, codes: tuple[str, ...], confidence: str) -> Proportion:
    return Proportion(
        id=id,
        title=Text(f"{da} under blodfortyndende behandling", f"{en} while on anticoagulants"),
        one_row_is=Text(
            "en borger med atrieflimren i blodfortyndende behandling på periodens første dag",
            "a person with atrial fibrillation on anticoagulants on the first day of the period",
        ),
        counted=Text(
            "En akut sygehuskontakt i perioden med blødningen som aktionsdiagnose",
            "An acute hospital contact in the period with the bleeding as action diagnosis",
        ),
        denominator=on_anticoagulants,
        numerator=admitted_with_bleeding(codes),
        needs=("hospital_diagnosis", "hospital_contact", "prescription"),
        look_back=known(AF),
        direction="lower is better",
        decimals=2,
        source=Source(title=f"{AFDK} {number}", retrieved="2026-11", confidence=confidence),
        caveats=(
            Text(
                "I behandling er den, der har købt i de 180 dage før. Borgere, der dør i året, følges til da.",
                "On treatment means bought in the 180 days before. People who die in the year are followed until then.",
            ),
        ),
    )


KEPT_1_YEAR, KEPT_2_YEARS, KEPT_5_YEARS = (_continued(years) for years in (1, 2, 5))
INTRACRANIAL_BLEEDING = _bleeding(
    "af_intracranial_bleeding", "6", "Blødning i hjernen", "Intracranial bleeding", INTRACRANIAL, "high"
)
SEVERE_BLEEDING = _bleeding(
    "af_other_severe_bleeding", "7; kodeliste uverificeret", "Anden svær blødning", "Other severe bleeding",
    OTHER_BLEEDING, "unverified",
)  # fmt: skip

INDICATORS = (KEPT_1_YEAR, KEPT_2_YEARS, KEPT_5_YEARS, INTRACRANIAL_BLEEDING, SEVERE_BLEEDING)
