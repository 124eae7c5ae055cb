"""Follow-up after an admission for the disease, one boundary at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators.after_admission import FOLLOW_UP

CONTACT = "hospital_contact\nperson_id contact_id start end priority main_diagnosis"
STAY = "anna k 2025-03-01T08:00 2025-03-03T08:00 ATA1 {}"
SERVICE = "practice_service\nperson_id service_date specialty service_code"


def admitted(code="DJ441", more="", stay=STAY):
    return f"{CONTACT}\n{stay.format(code)}\n{more}".strip()


@pytest.mark.parametrize(
    ("disease", "code"),
    [
        ("type_2_diabetes", "DE119"), ("type_2_diabetes", "DE109"), ("kol", "DJ449"), ("asthma", "DJ469"), ("atrial_fibrillation", "DI489"),
        ("heart_failure", "DI509"),
    ],
)  # fmt: skip
def test_each_disease_is_followed_after_its_own_admissions(tmp_path, disease, code):
    assert {name: int(measured(one, admitted(code), tmp_path).of) for name, one in FOLLOW_UP.items()} == {
        name: int(name == disease) for name in FOLLOW_UP
    }


@pytest.mark.parametrize(
    ("stay", "of"),
    [
        ("anna k 2025-03-01T08:00 2025-03-01T20:00 ATA1 {}", 1), ("anna k 2025-03-01T08:00 2025-03-01T19:59 ATA1 {}", 0),
        ("anna k 2025-03-01T08:00 2025-03-03T08:00 ATA3 {}", 0), ("anna k 2024-12-30T08:00 2025-01-01T08:00 ATA1 {}", 1),
        ("anna k 2024-12-30T08:00 2024-12-31T23:00 ATA1 {}", 0), ("anna k 2025-12-30T08:00 2026-01-01T00:00 ATA1 {}", 0),
    ],
)  # fmt: skip
def test_the_discharge_of_an_acute_admission_lies_in_the_period(tmp_path, stay, of):
    assert measured(FOLLOW_UP["kol"], admitted(stay=stay), tmp_path).of == of


def test_an_admission_without_a_diagnosis_is_for_nothing_known(tmp_path):
    assert measured(FOLLOW_UP["kol"], admitted("-"), tmp_path).of == 0


@pytest.mark.parametrize(("death", "of"), [("2025-04-02", 0), ("2025-04-03", 1)])
def test_who_died_within_30_days_is_not_asked_for(tmp_path, death, of):
    person = f"person\nperson_id death_date\nanna {death}"
    assert measured(FOLLOW_UP["kol"], f"{admitted()}\n\n{person}", tmp_path).of == of


@pytest.mark.parametrize(
    ("service", "n"),
    [
        ("2025-03-03 80 0101", 0), ("2025-03-04 80 0101", 1), ("2025-04-02 80 0201", 1), ("2025-04-03 80 0101", 0),
        ("2025-03-10 80 7101", 0), ("2025-03-10 54 2101", 0),
    ],
)  # fmt: skip
def test_general_practice_sees_them_on_day_1_to_30(tmp_path, service, n):
    row = measured(FOLLOW_UP["kol"], f"{admitted()}\n\n{SERVICE}\nanna {service}", tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("visit", "n"),
    [
        ("2025-03-03T20:00 2025-03-03T21:00 ATA3 DJ449", 0), ("2025-03-04T00:00 2025-03-04T01:00 ATA3 DJ449", 1),
        ("2025-04-02T23:00 2025-04-02T23:30 ATA3 DZ000", 1), ("2025-04-03T00:00 2025-04-03T01:00 ATA3 DJ449", 0),
        ("2025-03-10T08:00 2025-03-10T09:00 ATA1 DJ449", 0),
    ],
)  # fmt: skip
def test_a_planned_hospital_contact_on_day_1_to_30_counts(tmp_path, visit, n):
    row = measured(FOLLOW_UP["kol"], admitted(more=f"anna v {visit}"), tmp_path)
    assert (row.n, row.of) == (n, 1)


def test_each_is_named_after_its_disease():
    assert [one.id.removesuffix("_follow_up_30d") for one in FOLLOW_UP.values()] == [
        "diabetes", "kol", "asthma", "atrial_fibrillation", "heart_failure",
    ]  # fmt: skip
