"""Checks of people with diabetes, one boundary or exclusion at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators.diabetes import (
    ALBUMIN_2_YEARS,
    BLOOD_PRESSURE_YEARLY,
    EYE_2_YEARS,
    FOOT_2_YEARS,
    HBA1C_FROM_75,
)

PERSON = "person\nperson_id birth_date\nanna"
ILL = "lab_result\nperson_id sampled_at npu value\nanna 2021-01-01 NPU27300 60\nanna 2021-06-01 NPU27300 60"


@pytest.mark.parametrize(
    ("results", "n"),
    [
        ("anna 2025-03-01 NPU27300 75", 1),
        ("anna 2025-03-01 NPU27300 74.9", 0),
        ("anna 2025-03-01 NPU27300 80\nanna 2025-04-01 NPU27300 50", 0),
        ("anna 2025-03-01 NPU27300 80\nanna 2025-04-01 NPU27300 -", 1),
        ("anna 2025-03-01 NPU27300 80\nanna 2025-04-01 NPU18016 50", 1),
        ("anna 2025-03-01 NPU27300 80\nanna 2026-01-01 NPU27300 50", 1),
    ],
)
def test_poor_control_is_a_latest_hba1c_of_75_or_more(tmp_path, results, n):
    row = measured(HBA1C_FROM_75, f"{ILL}\n{results}", tmp_path)
    assert (row.n, row.of) == (n, 1)
    assert measured(HBA1C_FROM_75, f"{ILL}\nanna 2024-12-31 NPU27300 80", tmp_path).of == 0


@pytest.mark.parametrize(
    ("entry", "n"),
    [
        ("2025-01-01 measurement BT_SYS", 1), ("2025-12-31 measurement BT_DIA", 1), ("2024-12-31 measurement BT_SYS", 0),
        ("2026-01-01 measurement BT_SYS", 0), ("2025-05-01 measurement BMI", 0), ("2025-05-01 diagnosis BT_SYS", 0),
    ],
)  # fmt: skip
def test_blood_pressure_counts_within_the_year(tmp_path, entry, n):
    row = measured(
        BLOOD_PRESSURE_YEARLY, f"{ILL}\n\npractice_record\nperson_id recorded_on kind code\nanna {entry}", tmp_path
    )
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("day", "n"), [("2025-06-30", 0), ("2025-07-01", 1), ("2025-07-31", 1), ("2025-08-01", 0)])
def test_in_a_shorter_period_the_year_is_the_period(tmp_path, day, n):
    drawn = f"{ILL}\n\npractice_record\nperson_id recorded_on kind code\nanna {day} measurement BT_SYS"
    assert measured(BLOOD_PRESSURE_YEARLY, drawn, tmp_path, period="2025-07").n == n


DAYS = [("2023-12-31", 0), ("2024-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)]


@pytest.mark.parametrize(("day", "n"), DAYS)
def test_albuminuria_is_tested_within_two_years(tmp_path, day, n):
    row = measured(ALBUMIN_2_YEARS, f"{ILL}\nanna {day} NPU19661 -\nanna 2025-05-01 NPU18016 80", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("day", "n"), DAYS)
@pytest.mark.parametrize(("table", "time"), [("practice_service", "service_date"), ("specialist_record", "contact_on")])
def test_eyes_are_seen_by_a_specialist_within_two_years(tmp_path, table, time, day, n):
    drawing = f"{ILL}\n\n{table}\nperson_id {time} specialty\nanna {day} 19\nanna 2025-05-01 21"
    assert measured(EYE_2_YEARS, drawing, tmp_path).n == n


@pytest.mark.parametrize(
    ("service", "n"),
    [("2024-01-01 54 no", 1), ("2023-12-31 54 no", 0), ("2025-05-01 54 yes", 0), ("2025-05-01 80 no", 0)],
)
def test_feet_are_seen_by_a_podiatrist_within_two_years(tmp_path, service, n):
    drawing = f"{ILL}\n\npractice_service\nperson_id service_date specialty for_child\nanna {service}"
    row = measured(FOOT_2_YEARS, drawing, tmp_path)
    assert (row.n, row.of) == (n, 1)


def test_an_eye_specialist_seeing_the_persons_child_does_not_count(tmp_path):
    drawing = f"{ILL}\n\npractice_service\nperson_id service_date specialty for_child\nanna 2025-05-01 19 yes"
    assert measured(EYE_2_YEARS, drawing, tmp_path).n == 0


@pytest.mark.parametrize(("born", "of"), [("2007-12-31", 1), ("2008-01-01", 0)])
@pytest.mark.parametrize("indicator", [ALBUMIN_2_YEARS, EYE_2_YEARS], ids=lambda one: one.id)
def test_eyes_and_kidneys_are_checked_in_those_who_are_18_on_the_last_day(tmp_path, indicator, born, of):
    assert measured(indicator, f"{PERSON} {born}\n\n{ILL}", tmp_path).of == of


def test_children_are_among_those_whose_blood_pressure_is_taken(tmp_path):
    assert measured(BLOOD_PRESSURE_YEARLY, f"{PERSON} 2015-01-01\n\n{ILL}", tmp_path).of == 1
