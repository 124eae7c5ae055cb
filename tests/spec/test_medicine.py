"""Days covered by medicine: the medicine and the people of each area. The arithmetic is in test_heart_care."""

import pytest
from drawing import measured

from ddns_utils.indicators import asthma, diabetes, heart, kol

RECORD = "practice_record\nperson_id recorded_on kind code"
BUY = "prescription\nperson_id dispensed_on atc ddd"


@pytest.mark.parametrize(
    ("indicator", "icpc", "atc", "other"),
    [
        (diabetes.METFORMIN_COVERED, None, "A10BA02", "A10BH01"), (kol.KOL_DAYS_COVERED, "R95", "R03BB04", "R03AC02"),
        (asthma.DAYS_COVERED, "R96", "R03BA02", "R03AC12"), (heart.DAYS_COVERED, "K78", "B01AF02", "B01AA03"),
        (heart.RAS_DAYS_COVERED, "K77", "C09AA05", "C07AB02"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("since", "known"), [("2024-12-31", True), ("2025-01-01", False)])
def test_medicine_for_80_per_cent_of_the_days_from_the_first_purchase(
    tmp_path, indicator, icpc, atc, other, since, known
):
    ill = (
        f"{RECORD}\nanna {since} diagnosis {icpc}"
        if icpc
        else f"lab_result\nperson_id sampled_at npu value\nanna 2024-06-01 NPU27300 60\nanna {since} NPU27300 60"
    )
    for bought, n, of in (
        (f"anna 2025-10-01 {atc} 50\nanna 2025-11-20 {atc} 24", 1, 1),
        (f"anna 2025-10-01 {atc} 50\nanna 2025-11-20 {atc} 23", 0, 1),
        (f"anna 2025-10-01 {other} 50\nanna 2025-11-20 {other} 24", 0, 0),
    ):
        row = measured(indicator, f"{ill}\n\n{BUY}\n{bought}", tmp_path, period="2025")
        year = row.n, row.of
        assert year == (n * known, of * known)


@pytest.mark.parametrize(
    ("entry", "n"),
    [
        ("2025-01-01 measurement INHAL", 1), ("2025-12-31 measurement INHAL", 1), ("2024-12-31 measurement INHAL", 0),
        ("2026-01-01 measurement INHAL", 0), ("2025-05-01 measurement MRC", 0),
    ],
)  # fmt: skip
def test_inhalation_technique_is_checked_in_the_year(tmp_path, entry, n):
    drawn = f"{RECORD}\nanna 2024-06-01 diagnosis R95\nanna {entry}\n\n{BUY}\nanna 2025-03-01 R03AC02 50"
    row = measured(kol.KOL_TECHNIQUE, drawn, tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("bought", "of"),
    [("2025-01-01 R03BB04", 1), ("2025-12-31 R03AC02", 1), ("2024-12-31 R03BB04", 0), ("2026-01-01 R03BB04", 0), ("2025-05-01 C09AA05", 0)],
)  # fmt: skip
def test_technique_is_asked_of_those_who_bought_inhaled_medicine_in_the_year(tmp_path, bought, of):
    drawn = f"{RECORD}\nanna 2024-06-01 diagnosis R95\n\n{BUY}\nanna {bought} 50"
    assert measured(kol.KOL_TECHNIQUE, drawn, tmp_path).of == of


@pytest.mark.parametrize(("second", "n"), [("2025-10-20 R03BB04 30", 1), ("2025-10-20 R03BB04 29.9", 0)])
def test_80_of_100_days_are_80_per_cent(tmp_path, second, n):
    drawn = f"{RECORD}\nanna 2024-06-01 diagnosis R95\n\n{BUY}\nanna 2025-09-23 R03BB04 50\nanna {second}"
    row = measured(kol.KOL_DAYS_COVERED, drawn, tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize("other", ["2024-12-31", "2026-01-01"])
def test_a_purchase_outside_the_period_is_none(tmp_path, other):
    drawn = f"{RECORD}\nanna 2024-06-01 diagnosis R95\n\n{BUY}\nanna 2025-06-01 R03BB04 90\nanna {other} R03BB04 90"
    assert measured(kol.KOL_DAYS_COVERED, drawn, tmp_path).of == 0


def test_a_purchase_without_doses_is_none(tmp_path):
    drawn = f"{RECORD}\nanna 2024-06-01 diagnosis R95\n\n{BUY}\nanna 2025-03-01 R03BB04 90\nanna 2025-06-01 R03BB04 -"
    assert measured(kol.KOL_DAYS_COVERED, drawn, tmp_path).of == 0
