"""Care and outcome of KOL, one boundary or exclusion at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators.kol import (
    KOL_BMI,
    KOL_MORTALITY,
    KOL_MRC,
    KOL_READMISSION,
    KOL_REFERRED,
)

RECORD = "practice_record\nperson_id recorded_on kind code value\nanna 2024-01-01 diagnosis R95 -"
REFERRAL = "referral\nperson_id received_on law status"
CONTACT = "hospital_contact\nperson_id start end priority main_diagnosis specialty"
WORSE = f"{CONTACT}\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 DJ441 kardiologi"


@pytest.mark.parametrize(("indicator", "code"), [(KOL_BMI, "BMI"), (KOL_MRC, "MRC")])
def test_each_measurement_counts_for_its_own_indicator(tmp_path, indicator, code):
    assert measured(indicator, f"{RECORD}\nanna 2025-05-01 measurement {code} 3", tmp_path).n == 1
    assert measured(indicator, f"{RECORD}\nanna 2025-05-01 measurement FEV1 60", tmp_path).n == 0
    assert measured(indicator, f"{RECORD}\nanna 2025-05-01 diagnosis {code} 3", tmp_path).n == 0


@pytest.mark.parametrize(
    ("entry", "of"),
    [
        ("2024-12-31 diagnosis R95", 1), ("2025-01-01 diagnosis R95", 0), ("2024-12-31 diagnosis R96", 0),
        ("2024-12-31 care_plan_contact R95", 0),
    ],
)  # fmt: skip
def test_general_practice_had_coded_r95_when_the_period_began(tmp_path, entry, of):
    assert measured(KOL_BMI, f"practice_record\nperson_id recorded_on kind code\nanna {entry}", tmp_path).of == of


@pytest.mark.parametrize(
    ("start", "end", "of"),
    [("2025-12-31", "-", 1), ("2026-01-01", "-", 0), ("2000-01-01", "2026-01-01", 1), ("2000-01-01", "2025-12-31", 0)],
)
def test_those_who_live_here_on_the_last_day_are_asked_about(tmp_path, start, end, of):
    drawn = f"{RECORD}\n\nresidence\nperson_id start end\nanna {start} {end}"
    assert measured(KOL_BMI, drawn, tmp_path).of == of


@pytest.mark.parametrize(
    ("born", "died", "of"),
    [
        ("2025-12-31", "-", 1), ("2026-01-01", "-", 0), ("1950-01-01", "2026-01-01", 1), ("1950-01-01", "2025-12-31", 0),
    ],
)  # fmt: skip
def test_those_who_are_born_and_alive_on_the_last_day_are_asked_about(tmp_path, born, died, of):
    drawn = f"{RECORD}\n\nperson\nperson_id birth_date death_date\nanna {born} {died}"
    assert measured(KOL_BMI, drawn, tmp_path).of == of


@pytest.mark.parametrize(
    ("scores", "of"),
    [
        ("", 0),
        ("\nanna 2025-05-01 measurement MRC 3", 1),
        ("\nanna 2025-05-01 measurement MRC 2", 0),
        ("\nanna 2024-12-31 measurement MRC 3", 0),
        ("\nanna 2026-01-01 measurement MRC 3", 0),
        ("\nanna 2025-05-01 measurement FEV1 60", 0),
        ("\nanna 2025-05-01 diagnosis MRC 3", 0),
        ("\nanna 2025-05-01 measurement MRC 3\nanna 2025-06-01 measurement MRC 2", 0),
        ("\nanna 2025-05-01 measurement MRC 2\nanna 2025-06-01 measurement MRC 3", 1),
        ("\nanna 2025-05-01 measurement MRC 3\nanna 2025-06-01 measurement MRC -", 1),
    ],
)
def test_only_those_known_to_be_breathless_are_to_be_offered_rehabilitation(tmp_path, scores, of):
    assert measured(KOL_REFERRED, RECORD + scores, tmp_path).of == of


@pytest.mark.parametrize(
    ("referral", "n"),
    [
        ("2025-01-01 119 active", 1), ("2025-12-31 140 completed", 1), ("2024-12-31 119 active", 0), ("2026-01-01 119 active", 0),
        ("2025-05-01 119 revoked", 0), ("2025-05-01 119 entered-in-error", 0),
    ],
)  # fmt: skip
def test_a_standing_referral_in_the_year_is_an_offer(tmp_path, referral, n):
    drawing = f"{RECORD}\nanna 2025-05-01 measurement MRC 4\n\n{REFERRAL}\nanna {referral}"
    row = measured(KOL_REFERRED, drawing, tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("contact", "of"),
    [
        ("2025-03-01T08:00 2025-03-03T08:00 ATA1 DJ440 kardiologi", 1), ("2025-03-01T08:00 2025-03-03T08:00 ATA1 DJ449 kardiologi", 0),
        ("2025-03-01T08:00 2025-03-03T08:00 ATA3 DJ441 kardiologi", 0), ("2025-03-01T08:00 2025-03-01T19:59 ATA1 DJ441 kardiologi", 0),
        ("2025-03-01T08:00 2025-03-03T08:00 ATA1 - kardiologi", 0), ("2024-12-31T08:00 2025-03-03T08:00 ATA1 DJ441 kardiologi", 0),
    ],
)  # fmt: skip
def test_mortality_is_counted_after_acute_admissions_for_kol_that_begin_in_the_period(tmp_path, contact, of):
    assert measured(KOL_MORTALITY, f"{CONTACT}\nanna {contact}", tmp_path).of == of


@pytest.mark.parametrize(("death", "n"), [("2025-03-31", 1), ("2025-04-01", 0), ("2025-03-02", 1), ("-", 0)])
def test_death_within_30_days_of_admission_counts_and_day_31_does_not(tmp_path, death, n):
    row = measured(KOL_MORTALITY, f"person\nperson_id death_date\nanna {death}\n\n{WORSE}", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("death", "of"), [("2025-04-02", 0), ("2025-04-03", 1), ("-", 1)])
def test_a_death_within_30_days_of_discharge_leaves_the_readmission_unasked(tmp_path, death, of):
    assert measured(KOL_READMISSION, f"person\nperson_id death_date\nanna {death}\n\n{WORSE}", tmp_path).of == of


@pytest.mark.parametrize(("start", "n"), [("2025-04-02T08:00", 1), ("2025-04-03T08:00", 0)])
def test_readmission_for_anything_acute_counts_until_day_30(tmp_path, start, n):
    drawing = f"{WORSE}\nanna {start} 2025-04-09T08:00 ATA1 DI509 kardiologi"
    row = measured(KOL_READMISSION, drawing, tmp_path, period="2025-03")
    assert (row.n, row.of) == (n, 1)


def test_other_admissions_are_not_followed(tmp_path):
    drawing = f"{CONTACT}\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 DI509 kardiologi"
    assert measured(KOL_READMISSION, drawing, tmp_path).of == 0


@pytest.mark.parametrize(("second_end", "of"), [("2025-03-03T20:00", 1), ("2025-03-04T21:00", 0)])
def test_the_diagnosis_with_the_longest_time_is_the_stays(tmp_path, second_end, of):
    drawing = (
        f"{CONTACT}\nanna 2025-03-01T08:00 2025-03-02T20:00 ATA1 DJ441 kardiologi"
        f"\nanna 2025-03-02T21:00 {second_end} ATA1 DI509 kardiologi"
    )
    assert measured(KOL_MORTALITY, drawing, tmp_path).of == of
