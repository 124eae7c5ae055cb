"""Anticoagulants kept up and bleeding while on them, one boundary at a time. A drawn person is a woman born in 1950."""

import pytest
from drawing import measured

from ddns_utils.errors import DataError
from ddns_utils.indicators.anticoagulation import (
    INTRACRANIAL_BLEEDING,
    KEPT_1_YEAR,
    KEPT_2_YEARS,
    KEPT_5_YEARS,
    SEVERE_BLEEDING,
)

DIAGNOSIS = "hospital_diagnosis\nperson_id contact_id contact_start code kind retracted"
CONTACT = "hospital_contact\nperson_id contact_id start priority"
BUY = "prescription\nperson_id dispensed_on atc ddd"


def new(since, *bought):
    rows = "\n".join(f"anna {day} {atc} 90" for day, atc in bought)
    return f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no\n\n{BUY}\n{rows}"


BEGUN = ("2024-05-01", "B01AF02")


@pytest.mark.parametrize(
    ("bought", "n"),
    [
        (("2025-05-01", "B01AF02"), 1), (("2025-05-02", "B01AF02"), 0), (("2024-11-02", "B01AF02"), 1), (("2024-11-01", "B01AF02"), 0),
        (("2025-03-01", "B01AA03"), 1), (("2025-03-01", "B01AC06"), 0),
    ],
)  # fmt: skip
def test_treatment_is_kept_when_bought_in_the_180_days_up_to_the_anniversary(tmp_path, bought, n):
    row = measured(KEPT_1_YEAR, new("2024-05-01", BEGUN, bought), tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("begun", "of"),
    [("2024-05-01", 1), ("2024-05-31", 1), ("2024-06-01", 0), ("2024-04-30", 0)],
)
def test_only_those_who_began_within_30_days_are_followed(tmp_path, begun, of):
    assert measured(KEPT_1_YEAR, new("2024-05-01", (begun, "B01AF02")), tmp_path).of == of


@pytest.mark.parametrize(
    ("indicator", "since", "of"),
    [
        (KEPT_1_YEAR, "2023-12-31", 0), (KEPT_1_YEAR, "2024-01-01", 1), (KEPT_1_YEAR, "2024-12-31", 1), (KEPT_1_YEAR, "2025-01-01", 0),
        (KEPT_2_YEARS, "2022-12-31", 0), (KEPT_2_YEARS, "2023-01-01", 1), (KEPT_2_YEARS, "2023-12-31", 1), (KEPT_2_YEARS, "2024-01-01", 0),
    ],
)  # fmt: skip
def test_the_anniversary_lies_in_the_period(tmp_path, indicator, since, of):
    assert measured(indicator, new(since, (since, "B01AF02")), tmp_path).of == of


def test_five_years_need_registers_that_reach_back_six(tmp_path):
    row = measured(KEPT_5_YEARS, new("2022-05-01", ("2022-05-01", "B01AF02")), tmp_path, period="2027")
    assert (row.n, row.of) == (0, 1)
    with pytest.raises(DataError, match="5 years and 365 days before the period"):
        measured(KEPT_5_YEARS, new("2020-05-01", ("2020-05-01", "B01AF02")), tmp_path)


@pytest.mark.parametrize(("death", "of"), [("2025-05-01", 0), ("2025-05-02", 1), ("-", 1)])
def test_those_who_died_by_the_anniversary_are_not_followed(tmp_path, death, of):
    person = f"person\nperson_id sex birth_date death_date\nanna F 1950-01-01 {death}"
    assert measured(KEPT_1_YEAR, f"{person}\n\n{new('2024-05-01', BEGUN)}", tmp_path).of == of


@pytest.mark.parametrize(
    ("person", "of"), [("M 1990-01-01", 0), ("F 1990-01-01", 0), ("M 1959-05-01", 0), ("F 1959-05-01", 1)]
)
def test_a_low_risk_of_stroke_is_not_followed(tmp_path, person, of):
    drawn = f"person\nperson_id sex birth_date\nanna {person}\n\n{new('2024-05-01', BEGUN)}"
    assert measured(KEPT_1_YEAR, drawn, tmp_path).of == of


def on_treatment(bought="2024-12-01", since="2024-06-01", bleeding="2025-05-01T08:00 DI619 A no", priority="ATA1"):
    return (
        f"{DIAGNOSIS}\nanna k {since}T08:00 DI489 A no\nanna b {bleeding}\n\n{BUY}\nanna {bought} B01AF02 90\n\n"
        f"{CONTACT}\nanna b 2025-05-01T08:00 {priority}"
    )


@pytest.mark.parametrize(("bought", "of"), [("2025-01-01", 1), ("2025-01-02", 0), ("2024-07-05", 1), ("2024-07-04", 0)])
def test_on_treatment_is_a_purchase_in_the_180_days_until_the_period_begins(tmp_path, bought, of):
    assert measured(INTRACRANIAL_BLEEDING, on_treatment(bought), tmp_path).of == of


@pytest.mark.parametrize(("since", "of"), [("2024-12-31", 1), ("2025-01-01", 0)])
def test_atrial_fibrillation_was_known_before_the_period(tmp_path, since, of):
    assert measured(SEVERE_BLEEDING, on_treatment(since=since), tmp_path).of == of


@pytest.mark.parametrize(
    ("bleeding", "intracranial", "other"),
    [
        ("2025-05-01T08:00 DI609 A no", 1, 0), ("2025-05-01T08:00 DI629 A -", 1, 0), ("2025-05-01T08:00 DK922 A no", 0, 1),
        ("2025-01-01T08:00 DR049 A no", 0, 1), ("2025-12-31T23:00 DI619 A no", 1, 0), ("2024-12-31T08:00 DI619 A no", 0, 0),
        ("2026-01-01T08:00 DI619 A no", 0, 0), ("2025-05-01T08:00 DI619 B no", 0, 0), ("2025-05-01T08:00 DI619 A yes", 0, 0),
        ("2025-05-01T08:00 DI639 A no", 0, 0),
    ],
)  # fmt: skip
def test_a_bleeding_is_an_action_diagnosis_of_the_period(tmp_path, bleeding, intracranial, other):
    drawn = on_treatment(bleeding=bleeding)
    assert measured(INTRACRANIAL_BLEEDING, drawn, tmp_path).n == intracranial
    assert measured(SEVERE_BLEEDING, drawn, tmp_path).n == other


def test_a_bleeding_that_was_not_acute_does_not_count(tmp_path):
    row = measured(INTRACRANIAL_BLEEDING, on_treatment(priority="ATA3"), tmp_path)
    assert (row.n, row.of) == (0, 1)


def test_one_year_is_not_one_years():
    assert [one.title.en for one in (KEPT_1_YEAR, KEPT_2_YEARS)] == [
        "Still on anticoagulants after 1 year",
        "Still on anticoagulants after 2 years",
    ]
