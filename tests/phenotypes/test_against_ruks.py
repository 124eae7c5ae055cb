"""Our rules find about as many in a made-up Denmark as RUKS publishes for the real one."""

import csv
from datetime import date

import pytest

from ddns_utils.indicators.rows import residents
from ddns_utils.intake import land
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.burden import prevalent
from ddns_utils.registers import Registers
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
