"""Atrial fibrillation and heart failure, one boundary or exclusion at a time. A drawn person is a woman born in 1950."""

import pytest
from drawing import draw, measured

from ddns_utils.indicators.heart import (
    ANTICOAGULANT_30_DAYS,
    CREATININE_YEARLY,
    DAYS_COVERED,
    ECHO,
    ISCHAEMIC_STROKE,
    MORTALITY_1_YEAR,
    SGLT2_90_DAYS,
    TAUGHT,
    TSH_MEASURED,
    new_atrial_fibrillation,
)
from ddns_utils.period import Period
from ddns_utils.phenotypes.stroke_risk import with_stroke_risk

DIAGNOSIS = "hospital_diagnosis\nperson_id contact_id contact_start code kind retracted"
NEW = f"{DIAGNOSIS}\nanna k 2025-05-01T08:00 DI489 A no"
OLD = f"{DIAGNOSIS}\nanna k 2024-12-31T08:00 DI489 A no"
BUY = "prescription\nperson_id dispensed_on atc ddd"
LAB = "lab_result\nperson_id sampled_at npu value"
PERSON = "person\nperson_id sex birth_date death_date\nanna"


@pytest.mark.parametrize(
    ("bought", "n"),
    [
        ("2025-05-01 B01AF02", 1), ("2025-05-31 B01AA03", 1), ("2025-06-01 B01AF02", 0), ("2025-04-30 B01AF02", 0),
        ("2025-05-10 B01AC06", 0),
    ],
)  # fmt: skip
def test_anticoagulants_are_bought_on_day_0_to_30(tmp_path, bought, n):
    row = measured(ANTICOAGULANT_30_DAYS, f"{NEW}\n\n{BUY}\nanna {bought} 90", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("since", "of"), [("2024-12-31", 0), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)])
def test_atrial_fibrillation_is_new_in_the_period(tmp_path, since, of):
    assert measured(ANTICOAGULANT_30_DAYS, f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no", tmp_path).of == of
    assert measured(TSH_MEASURED, f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no", tmp_path).of == of


@pytest.mark.parametrize(
    ("person", "more", "score"),
    [
        ("M 1990-01-01 -", "", 0), ("F 1990-01-01 -", "", 1), ("M 1960-05-01 -", "", 1), ("M 1960-05-02 -", "", 0),
        ("M 1950-05-01 -", "", 2), ("M 1950-05-02 -", "", 1), ("M 1990-01-01 -", "DI509", 1), ("M 1990-01-01 -", "DI109", 1),
        ("M 1990-01-01 -", "DI639", 2), ("M 1990-01-01 -", "DI219", 1), ("M 1990-01-01 -", "DI709", 1), ("M 1990-01-01 -", "DJ449", 0),
    ],
)  # fmt: skip
def test_the_risk_of_stroke_adds_up(tmp_path, person, more, score):
    other = f"\nanna m 2025-05-01T08:00 {more} A no\nanna n 2024-05-01T08:00 {more} A yes" if more else ""
    snapshot = draw(f"{PERSON} {person}\n\n{NEW}{other}", tmp_path)
    rows = with_stroke_risk(new_atrial_fibrillation(snapshot, Period.parse("2025")), snapshot)
    assert list(snapshot.engine.to_pandas(rows).stroke_risk) == [score]


def test_diabetes_adds_to_the_risk_and_what_comes_later_does_not(tmp_path):
    ill = f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna 2024-02-01 NPU27300 60"
    later = f"{NEW}\nanna l 2025-05-02T08:00 DI639 A no"
    snapshot = draw(f"{PERSON} M 1990-01-01 -\n\n{later}\n\n{ill}", tmp_path)
    rows = with_stroke_risk(new_atrial_fibrillation(snapshot, Period.parse("2025")), snapshot)
    assert list(snapshot.engine.to_pandas(rows).stroke_risk) == [1]


@pytest.mark.parametrize(("person", "of"), [("F 1990-01-01 -", 0), ("F 1955-01-01 -", 1)])
def test_anticoagulants_are_asked_for_from_a_risk_of_two(tmp_path, person, of):
    assert measured(ANTICOAGULANT_30_DAYS, f"{PERSON} {person}\n\n{NEW}", tmp_path).of == of


@pytest.mark.parametrize(("day", "n"), [("2024-12-02", 1), ("2024-12-01", 0), ("2025-05-31", 1), ("2025-06-01", 0)])
def test_tsh_is_measured_from_150_days_before_to_30_days_after(tmp_path, day, n):
    assert (
        measured(TSH_MEASURED, f"{NEW}\n\n{LAB}\nanna {day} NPU03577 2\nanna 2025-05-01 NPU18016 80", tmp_path).n == n
    )


@pytest.mark.parametrize(
    ("result", "n"),
    [("2025-01-01 NPU18016", 1), ("2025-12-31 NPU18016", 1), ("2024-12-31 NPU18016", 0), ("2026-01-01 NPU18016", 0), ("2025-05-01 NPU03577", 0)],
)  # fmt: skip
def test_creatinine_is_measured_in_the_year(tmp_path, result, n):
    row = measured(
        CREATININE_YEARLY, f"{OLD}\n\n{BUY}\nanna 2025-03-01 B01AF01 90\n\n{LAB}\nanna {result} 80", tmp_path
    )
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("bought", "of"),
    [("2025-01-01 B01AF02", 1), ("2025-12-31 B01AE07", 1), ("2024-12-31 B01AF02", 0), ("2026-01-01 B01AF02", 0), ("2025-05-01 B01AA03", 0)],
)  # fmt: skip
def test_creatinine_is_asked_of_those_who_bought_a_doac_in_the_year(tmp_path, bought, of):
    assert measured(CREATININE_YEARLY, f"{OLD}\n\n{BUY}\nanna {bought} 90", tmp_path).of == of


@pytest.mark.parametrize(("since", "of"), [("2024-12-31", 1), ("2025-01-01", 0)])
def test_those_who_were_ill_before_the_period_are_followed_in_it(tmp_path, since, of):
    assert measured(ISCHAEMIC_STROKE, f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no", tmp_path).of == of


@pytest.mark.parametrize(
    ("stroke", "n"),
    [
        ("2025-01-01T08:00 DI639 A no", 1), ("2025-12-31T08:00 DI649 A -", 1), ("2024-12-31T08:00 DI639 A no", 0), ("2026-01-01T08:00 DI639 A no", 0),
        ("2025-05-01T08:00 DI639 B no", 0), ("2025-05-01T08:00 DI639 A yes", 0), ("2025-05-01T08:00 DI619 A no", 0),
    ],
)  # fmt: skip
def test_an_ischaemic_stroke_is_an_action_diagnosis_in_the_period(tmp_path, stroke, n):
    row = measured(ISCHAEMIC_STROKE, f"{OLD}\nanna s {stroke}", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("bought", "n", "of"),
    [
        # October to December has 92 days, 80 per cent of them are 73.6.
        ("\nanna 2025-10-01 B01AF02 50\nanna 2025-11-20 B01AF02 24", 1, 1),
        ("\nanna 2025-10-01 B01AF02 50\nanna 2025-11-20 B01AF02 23", 0, 1),
        ("\nanna 2025-10-01 B01AF02 50\nanna 2025-10-01 B01AF02 50", 0, 0),
        ("\nanna 2025-10-01 B01AF02 100", 0, 0),
        ("\nanna 2025-10-01 B01AF02 40\nanna 2025-10-11 B01AF02 40", 1, 1),  # what is left is used later
        ("\nanna 2025-10-01 B01AF02 10\nanna 2025-11-01 B01AF02 90", 0, 1),  # 21 days without
        ("\nanna 2025-12-01 B01AF02 10\nanna 2025-12-11 B01AF02 90", 1, 1),  # from the first purchase
        ("\nanna 2025-09-30 B01AF02 50\nanna 2025-10-01 B01AF02 90", 0, 0),  # bought before the period
        ("\nanna 2025-10-01 B01AF02 50\nanna 2026-01-01 B01AF02 90", 0, 0),  # bought after it
        ("\nanna 2025-10-01 B01AA03 50\nanna 2025-11-01 B01AA03 90", 0, 0),
    ],
)
def test_days_covered(tmp_path, bought, n, of):
    row = measured(DAYS_COVERED, f"{OLD}\n\n{BUY}{bought}", tmp_path, period="2025Q4")
    assert (row.n, row.of) == (n, of)


FAILURE = f"{DIAGNOSIS}\nanna k 2025-05-01T08:00 DI509 A no"


@pytest.mark.parametrize(
    ("bought", "n"),
    [("2025-05-01 A10BK01", 1), ("2025-07-30 A10BK03", 1), ("2025-07-31 A10BK01", 0), ("2025-04-30 A10BK01", 0), ("2025-05-10 A10BA02", 0)],
)  # fmt: skip
def test_sglt2_inhibitors_are_bought_on_day_0_to_90(tmp_path, bought, n):
    row = measured(SGLT2_90_DAYS, f"{FAILURE}\n\n{BUY}\nanna {bought} 90", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("since", "of"), [("2025-01-01", 0), ("2024-12-31", 1), ("2024-01-02", 1), ("2024-01-01", 0)])
def test_death_is_counted_for_those_new_in_the_365_days_before_the_period(tmp_path, since, of):
    row = measured(MORTALITY_1_YEAR, f"{DIAGNOSIS}\nanna k {since}T08:00 DI509 A no", tmp_path, period="2025")
    assert row.of == of


@pytest.mark.parametrize(("death", "n"), [("2025-06-01", 1), ("2025-06-02", 0), ("-", 0)])
def test_death_on_day_365_counts_and_on_day_366_does_not(tmp_path, death, n):
    drawing = f"{PERSON} F 1950-01-01 {death}\n\n{DIAGNOSIS}\nanna k 2024-06-01T08:00 DI509 A no"
    row = measured(MORTALITY_1_YEAR, drawing, tmp_path)
    assert (row.n, row.of) == (n, 1)


PROCEDURE = "hospital_procedure\nperson_id contact_id code start"


@pytest.mark.parametrize(
    ("done", "n"),
    [
        ("UXUC80 2024-11-01T00:00", 1), ("UXUC80 2024-10-31T23:00", 0), ("UXUC81 2025-08-01T23:00", 1), ("UXUC80 2025-08-02T00:00", 0),
        ("UXUC85 2025-05-01T10:00", 0),
    ],
)  # fmt: skip
def test_echocardiography_from_6_months_before_to_3_months_after(tmp_path, done, n):
    row = measured(ECHO, f"{NEW}\n\n{PROCEDURE}\nanna p {done}", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("since", "of"), [("2024-01-01", 0), ("2024-01-02", 1), ("2024-12-31", 1), ("2025-01-01", 0)])
def test_education_is_asked_for_those_new_in_the_365_days_before_the_period(tmp_path, since, of):
    assert measured(TAUGHT, f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no", tmp_path).of == of


@pytest.mark.parametrize(
    ("taught", "n"),
    [
        ("BVDY 2024-05-01T00:00", 1), ("BVDY02 2025-05-01T23:00", 1), ("BVDY 2025-05-02T00:00", 0), ("BVDY 2024-04-30T23:00", 0),
        ("BVDA 2024-06-01T08:00", 0),
    ],
)  # fmt: skip
def test_education_is_given_on_day_0_to_365(tmp_path, taught, n):
    drawn = f"{DIAGNOSIS}\nanna k 2024-05-01T08:00 DI489 A no\n\n{PROCEDURE}\nanna p {taught}"
    row = measured(TAUGHT, drawn, tmp_path)
    assert (row.n, row.of) == (n, 1)
