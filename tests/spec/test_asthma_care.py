"""Asthma, one boundary or exclusion at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators.asthma import (
    ANNUAL_CONTROL,
    LONG_ACTING_ONLY,
    LUNG_FUNCTION_YEARLY,
    RELIEVERS_ONLY,
    SPIROMETRY_WHEN_NEW,
)

RECORD = "practice_record\nperson_id recorded_on kind code\nanna 2024-12-31 diagnosis R96"
BUY = "prescription\nperson_id dispensed_on atc ddd"


@pytest.mark.parametrize(
    ("indicator", "entry", "n"),
    [
        (LUNG_FUNCTION_YEARLY, "2025-01-01 measurement FEV1", 1), (LUNG_FUNCTION_YEARLY, "2025-12-31 measurement FEV1", 1),
        (LUNG_FUNCTION_YEARLY, "2024-12-31 measurement FEV1", 0), (LUNG_FUNCTION_YEARLY, "2026-01-01 measurement FEV1", 0),
        (LUNG_FUNCTION_YEARLY, "2025-05-01 measurement BMI", 0), (ANNUAL_CONTROL, "2025-05-01 care_plan_contact R96", 1),
        (ANNUAL_CONTROL, "2025-05-01 care_plan_contact R95", 0), (ANNUAL_CONTROL, "2025-05-01 diagnosis R96", 0),
    ],
)  # fmt: skip
def test_entries_count_within_the_year(tmp_path, indicator, entry, n):
    row = measured(indicator, f"{RECORD}\nanna {entry}", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("first", "second", "n"),
    [
        ("measurement FEV1", "measurement FVC", 1), ("measurement FEV1", "measurement MRC", 0), ("measurement MRC", "measurement FVC", 0),
        ("diagnosis FEV1", "measurement FVC", 0), ("measurement FEV1", "diagnosis FVC", 0),
    ],
)  # fmt: skip
def test_spirometry_is_both_fev1_and_fvc(tmp_path, first, second, n):
    new = "practice_record\nperson_id recorded_on kind code\nanna 2025-03-01 diagnosis R96"
    drawn = f"{new}\nanna 2025-03-02 {first}\nanna 2025-03-02 {second}"
    row = measured(SPIROMETRY_WHEN_NEW, drawn, tmp_path)
    assert (row.n, row.of) == (n, 1)


def test_who_got_asthma_within_the_year_is_not_followed_in_it(tmp_path):
    drawing = "practice_record\nperson_id recorded_on kind code\nanna 2025-01-01 diagnosis R96"
    assert measured(LUNG_FUNCTION_YEARLY, drawing, tmp_path).of == 0


@pytest.mark.parametrize(
    ("bought", "of"),
    [
        ("2025-05-01 R03AC02 150.1", 1), ("2025-05-01 R03AC02 150", 0), ("2024-12-31 R03AC02 200", 0), ("2026-01-01 R03AC02 200", 0),
        ("2025-05-01 R03AC12 200", 0),
    ],
)  # fmt: skip
def test_many_relievers_are_more_than_600_doses_in_the_year(tmp_path, bought, of):
    assert measured(RELIEVERS_ONLY, f"{RECORD}\n\n{BUY}\nanna {bought}", tmp_path).of == of


@pytest.mark.parametrize(
    ("steroid", "n"),
    [("2025-01-01 R03BA02", 0), ("2025-12-31 R03AK07", 0), ("2024-12-31 R03BA02", 1), ("2026-01-01 R03BA02", 1), ("2025-05-01 R03BB04", 1), ("2025-05-01 R03AL08", 0)],
)  # fmt: skip
@pytest.mark.parametrize(("indicator", "drug"), [(RELIEVERS_ONLY, "R03AC03 200"), (LONG_ACTING_ONLY, "R03AC12 30")])
def test_a_steroid_bought_in_the_year_is_what_is_missed(tmp_path, indicator, drug, steroid, n):
    row = measured(indicator, f"{RECORD}\n\n{BUY}\nanna 2025-03-01 {drug}\nanna {steroid} 30", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("bought", "of"),
    [("2025-01-01 R03BB04", 1), ("2025-12-31 R03AC13", 1), ("2024-12-31 R03AC13", 0), ("2026-01-01 R03AC13", 0), ("2025-05-01 R03AK07", 0)],
)  # fmt: skip
def test_long_acting_drugs_are_bought_in_the_year(tmp_path, bought, of):
    assert measured(LONG_ACTING_ONLY, f"{RECORD}\n\n{BUY}\nanna {bought} 30", tmp_path).of == of


def new(since, *measurements):
    rows = "\n".join(f"anna {entry}" for entry in (f"{since} diagnosis R96", *measurements))
    return f"practice_record\nperson_id recorded_on kind code\n{rows}"


@pytest.mark.parametrize(("since", "of"), [("2024-06-30", 0), ("2024-07-01", 1), ("2025-06-30", 1), ("2025-07-01", 0)])
def test_new_asthma_is_that_of_the_period_moved_back_by_184_days(tmp_path, since, of):
    assert measured(SPIROMETRY_WHEN_NEW, new(since), tmp_path).of == of


@pytest.mark.parametrize(
    ("fev1", "fvc", "n"),
    [
        ("2024-07-01", "2024-07-01", 1), ("2025-07-01", "2025-07-01", 1), ("2024-06-30", "2024-07-01", 0), ("2024-07-01", "2024-06-30", 0),
        ("2025-07-02", "2025-07-01", 0), ("2025-07-01", "2025-07-02", 0),
    ],
)  # fmt: skip
def test_both_fev1_and_fvc_are_measured_within_6_months_of_the_diagnosis(tmp_path, fev1, fvc, n):
    drawn = new("2025-01-01", f"{fev1} measurement FEV1", f"{fvc} measurement FVC")
    assert measured(SPIROMETRY_WHEN_NEW, drawn, tmp_path, period="2025").of == 1
    assert measured(SPIROMETRY_WHEN_NEW, drawn, tmp_path, period="2025").n == n


def test_one_measurement_alone_or_of_another_kind_is_not_enough(tmp_path):
    for drawn in (
        new("2025-01-01", "2025-01-02 measurement FEV1"),
        new("2025-01-01", "2025-01-02 measurement FVC"),
        new("2025-01-01", "2025-01-02 measurement FEV1", "2025-01-02 diagnosis FVC"),
    ):
        row = measured(SPIROMETRY_WHEN_NEW, drawn, tmp_path)
        assert (row.n, row.of) == (0, 1)
