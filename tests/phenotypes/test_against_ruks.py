"""Our rules find about as many in a made-up Denmark as RUKS publishes for the real one, and care is about as published."""

import csv
from datetime import date

import pytest

from ddns_utils.indicators import INDICATORS
from ddns_utils.indicators.rows import residents
from ddns_utils.intake import land
from ddns_utils.measure import measure
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.burden import prevalent
from ddns_utils.registers import Registers
from ddns_utils.statistics.intervals import proportion
from ddns_utils.synthetic import synthesize

# SOURCE: RUKS 2010–2025 as read in ruks_national.csv; prevalence per 100,000 in 2025.
NAMES = {
    "asthma": "astma", "dementia": "demens", "heart_failure": "hjertesvigt", "kol": "KOL", "rheumatoid_arthritis": "leddegigt",
    "osteoporosis": "osteoporose", "schizophrenia": "skizofreni", "type_1_diabetes": "Type 1 - Diabetes", "type_2_diabetes": "Type 2 - Diabetes",
}  # fmt: skip
CITIZENS = 20_000
TOLERANCE = (
    0.15  # a disease of 485 per 100,000 is 97 of 20,000 citizens; the made-up counts are drawn with low variance
)
LAST_DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    top = tmp_path_factory.mktemp("denmark")
    synthesize(top / "deliveries", citizens=CITIZENS, years=4, seed=1)
    registers = Registers(top / "registers")
    land(top / "deliveries", registers)
    return registers.snapshot()


@pytest.fixture(scope="module")
def published(shared):
    with (shared / "domain" / "ruks_national.csv").open(encoding="utf-8") as file:
        return {
            row["disease"]: float(row["value"])
            for row in csv.DictReader(file)
            if (row["measure"], row["unit"], row["year"]) == ("prevalence", "per_100k_population", "2025")
        }


@pytest.mark.parametrize("disease", NAMES)
def test_prevalence_is_within_15_per_cent_of_ruks(snapshot, published, disease):
    people = residents(snapshot, LAST_DAY)
    ill = people.semi_join(prevalent(snapshot, [DISEASES[disease]], LAST_DAY), "person_id")
    found, of = (snapshot.engine.to_pandas(table.count()) for table in (ill, people))
    assert 100_000 * found / of == pytest.approx(published[NAMES[disease]], rel=TOLERANCE)


def test_every_disease_of_ruks_is_compared(published):
    assert set(NAMES.values()) == set(published)


# SOURCE: AFDK annual reports 2023-25 (1, 5, 7, 8) and Frost et al. 2023, 10.2147/CLEP.S443473 (echocardiography, 2021); DHD
# annual report 2023 (SGLT2). Of a range the middle.
CARE = {
    "af_anticoagulant_30d": 0.916, "af_echocardiography": 0.826, "af_ischaemic_stroke": 0.008, "af_other_severe_bleeding": 0.023,
    "af_patient_education_1y": 0.192, "hf_sglt2_90d": 0.64,
}  # fmt: skip


@pytest.mark.parametrize("id", CARE)
def test_published_care_lies_within_what_chance_allows(snapshot, id):
    years = [Period.parse(year) for year in ("2024", "2025")]
    frame = measure(INDICATORS[id], snapshot, years, levels=["country"]).frame
    lower, upper = proportion(frame["n"].sum(), frame["of"].sum(), confidence=0.998)
    assert lower <= CARE[id] <= upper
    assert upper - lower < 0.45
