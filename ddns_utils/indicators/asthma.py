"""How well people with asthma are looked after: controls in general practice, and medicine as DrAstma asks."""

from __future__ import annotations

from datetime import timedelta

import ibis

from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import LookBack, known, new
from ddns_utils.indicators.medicine import INHALED, days_covered
from ddns_utils.indicators.rows import ill_before, with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.burden import newly_ill
from ddns_utils.phenotypes.diseases import medicine_codes, purchases
from ddns_utils.snapshot import Snapshot

ASTHMA, ICPC = DISEASES["asthma"], "R96"
RELIEVERS = medicine_codes("SABA")
STEROIDS = medicine_codes("ICS", "LABA+ICS", "LAMA+LABA+ICS")
LONG_ACTING = medicine_codes("LABA", "LAMA")
SPIROMETRY = ("FEV1", "FVC")
SPIROMETRY_MONTHS, SPIROMETRY_DAYS = 6, 184
MANY_DOSES = 600
DOSES_PER_DDD = 4  # 0.2 mg salbutamol of 0.8 mg, 0.5 mg terbutaline of 2 mg; background knowledge, unverified


def with_asthma(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with asthma when the period began who live in Denmark on its last day."""
    return ill_before(snapshot, ASTHMA, period.start, period.last_day)


def with_many_relievers(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those of them who bought more than 600 doses of short-acting relievers in the period."""
    bought = purchases(*RELIEVERS)(snapshot)
    bought = bought.filter(within(bought.day, period))
    doses = bought.group_by("person_id").aggregate(doses=bought.ddd.sum() * DOSES_PER_DDD)
    return with_asthma(snapshot, period).semi_join(doses.filter(doses.doses > MANY_DOSES), "person_id")


def with_long_acting(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those of them who bought a long-acting bronchodilator on its own in the period."""
    bought = purchases(*LONG_ACTING)(snapshot)
    return with_asthma(snapshot, period).semi_join(bought.filter(within(bought.day, period)), "person_id")


def without_steroids(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags those who bought no inhaled corticosteroid in the period."""
    bought = purchases(*STEROIDS)(snapshot).select("person_id", "day")
    rows = with_any(rows, bought, ibis.literal(period.start), ibis.literal(period.last_day))
    return rows.mutate(counts=~rows.counts)


def new_half_a_year_ago(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whose asthma was new in the period moved back by 184 days, so that each is followed half a year."""
    back = timedelta(days=SPIROMETRY_DAYS)
    return newly_ill(snapshot, ASTHMA, period.start - back, period.end - back).select("person_id", on="since")


def spirometry_around(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags both FEV1 and FVC in general practice from 6 months before to 6 months after the row's day."""
    records = snapshot.table("practice_record")
    reach = ibis.interval(months=SPIROMETRY_MONTHS)
    for code in SPIROMETRY:
        measured = records.filter(records.kind == "measurement", records.code == code)
        rows = with_any(rows, measured.select("person_id", day="recorded_on"), rows.on - reach, rows.on + reach)
        rows = rows.mutate(both=rows.counts if code == SPIROMETRY[0] else rows.both & rows.counts).drop("counts")
    return rows.mutate(counts=rows.both).drop("both")


def recorded(kind: str, code: str) -> LookAtRows:
    """A function that flags those with an entry of a kind and code from general practice in the period."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        records = snapshot.table("practice_record")
        entries = records.filter(records.kind == kind, records.code == code).select("person_id", day="recorded_on")
        return with_any(rows, entries, ibis.literal(period.start), ibis.literal(period.last_day))

    return look


def _declare(
    id: str,
    title: tuple[str, str],
    row: tuple[str, str],
    counted: tuple[str, str],
    denominator: FindRows,
    numerator: LookAtRows,
    table: str,
    direction: str,
    source: str,
    *caveats: Text,
    **more: object,
) -> Proportion:
    return Proportion(
        id=id, title=Text(*title), one_row_is=Text(*row), counted=Text(*counted), denominator=denominator,
        numerator=numerator, needs=(table, "hospital_diagnosis"), direction=direction, caveats=caveats,
        **{"look_back": known(ASTHMA)} | more,
        source=Source(title=source, retrieved="2026-11", confidence="medium"),
    )  # fmt: skip


PERSON = ("en borger med astma, da perioden begyndte", "a person with asthma when the period began")
CODED = Text("Det, klinikken ikke har kodet, ses ikke.", "What the clinic did not code is not seen.")
GUESSED = Text(
    "Fire doser pr. døgndosis er en antagelse. Databasen ser kun på sygehusets patienter.",
    "Four doses in a defined daily dose is an assumption. The database looks at hospital patients only.",
)
DRASTMA = "Dansk register for Astma (DrAstma), dokumentalistrapport 2016, indikator"
RELIEVERS_ONLY = _declare(
    "asthma_relievers_without_steroid",
    ("Borgere med astma og stort SABA-forbrug uden inhalationssteroid", "Asthma, many relievers, no inhaled steroid"),
    ("en borger med astma, der købte over 600 doser SABA (hurtigtvirkende luftvejsudvidende medicin)",
     "a person with asthma who bought over 600 reliever doses"),
    ("Intet køb af inhalationssteroid i perioden", "No purchase of an inhaled steroid in the period"),
    with_many_relievers, without_steroids, "prescription", "lower is better", f"{DRASTMA} 2", GUESSED,
    version=2,
)  # fmt: skip
LONG_ACTING_ONLY = _declare(
    "asthma_long_acting_without_steroid",
    ("Borgere med astma på LABA eller LAMA uden inhalationssteroid", "Asthma, long-acting drug, no inhaled steroid"),
    ("en borger med astma, der købte LABA eller LAMA (langtidsvirkende luftvejsudvidende medicin)",
     "a person with asthma who bought a long-acting bronchodilator"),
    ("Intet køb af inhalationssteroid i perioden", "No purchase of an inhaled steroid in the period"),
    with_long_acting, without_steroids, "prescription", "lower is better", f"{DRASTMA} 3", version=2,
)  # fmt: skip
LUNG_FUNCTION_YEARLY = _declare(
    "asthma_fev1_yearly",
    ("Borgere med astma, der fik målt lungefunktion i året", "People with asthma with lung function measured"),
    PERSON, ("FEV1 i almen praksis i perioden", "FEV1 in general practice in the period"),
    with_asthma, recorded("measurement", "FEV1"), "practice_record", "higher is better", f"{DRASTMA} 4a, årlig", CODED,
)  # fmt: skip
ANNUAL_CONTROL = _declare(
    "asthma_annual_control",
    ("Borgere med astma, der var til årskontrol", "People with asthma who had an annual control"),
    PERSON, ("En årskontrol for astma i almen praksis i perioden", "A control of asthma in general practice"),
    with_asthma, recorded("care_plan_contact", ICPC), "practice_record", "higher is better",
    f"{DRASTMA} 1, i almen praksis", CODED,
)  # fmt: skip

SPIROMETRY_WHEN_NEW = _declare(
    "asthma_spirometry_6_months",
    ("Nye med astma, der fik målt FEV1 og FVC", "New asthma with FEV1 and FVC measured"),
    ("en borger, hvis astma var ny i perioden rykket et halvt år tilbage",
     "a person whose asthma was new in the period moved back half a year"),
    ("FEV1 og FVC i almen praksis fra 6 måneder før til 6 måneder efter",
     "FEV1 and FVC in general practice from 6 months before to 6 months after"),
    new_half_a_year_ago, spirometry_around, "practice_record", "higher is better", f"{DRASTMA} 4a", CODED,
    Text("Målinger på sygehus ses ikke.", "Measurements at hospitals are not seen."),
    look_back=(new(ASTHMA, days=SPIROMETRY_DAYS), LookBack(tables=("practice_record",), days=2 * SPIROMETRY_DAYS)),
)  # fmt: skip
DAYS_COVERED = days_covered(
    "asthma_steroid_80_per_cent_covered", Text("astma", "asthma"), Text("inhalationssteroid", "inhaled steroids"),
    with_asthma, STEROIDS, known(ASTHMA), INHALED,
)  # fmt: skip

INDICATORS = (
    LUNG_FUNCTION_YEARLY, ANNUAL_CONTROL, SPIROMETRY_WHEN_NEW, RELIEVERS_ONLY, LONG_ACTING_ONLY, DAYS_COVERED,
)  # fmt: skip
