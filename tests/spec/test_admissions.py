"""Acute and preventable admissions, and contacts with general practice, one boundary or exclusion at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators.admissions import (
    DIABETES_ACUTE_ADMISSIONS,
    GP_CONTACTS,
    KOL_ACUTE_ADMISSIONS,
    PREVENTABLE_65,
    PREVENTABLE_BY_GROUP,
)

RECORD = "practice_record\nperson_id recorded_on kind code\nanna 2024-12-31 diagnosis R95"
CONTACT = "hospital_contact\nperson_id start end priority main_diagnosis specialty"


@pytest.mark.parametrize(
    ("contact", "n"),
    [
        ("2025-01-01T08:00 2025-01-03T08:00 ATA1 DI509 kardiologi", 1), ("2025-12-31T08:00 2026-01-03T08:00 ATA1 - kardiologi", 1),
        ("2024-12-31T08:00 2025-01-03T08:00 ATA1 DI509 kardiologi", 0), ("2026-01-01T08:00 2026-01-03T08:00 ATA1 DI509 kardiologi", 0),
        ("2025-05-01T08:00 2025-05-03T08:00 ATA3 DI509 kardiologi", 0), ("2025-05-01T08:00 2025-05-03T08:00 ATA1 DF329 psykiatri", 0),
        ("2025-05-01T08:00 2025-05-01T19:59 ATA1 DI509 kardiologi", 0),
    ],
)  # fmt: skip
def test_acute_somatic_admissions_in_the_period_count_for_any_reason(tmp_path, contact, n):
    row = measured(KOL_ACUTE_ADMISSIONS, f"{RECORD}\n\n{CONTACT}\nanna {contact}", tmp_path)
    assert (row.n, row.of, row.value) == (n, 1, 1000 * n)


def test_each_admission_of_a_person_counts(tmp_path):
    twice = f"{CONTACT}\nanna 2025-02-01T08:00 2025-02-03T08:00 ATA1 - kardiologi\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 - kardiologi"
    assert measured(KOL_ACUTE_ADMISSIONS, f"{RECORD}\n\n{twice}", tmp_path).n == 2


@pytest.mark.parametrize(
    ("since", "death", "of"), [("2024-12-31", "-", 1), ("2025-01-01", "-", 0), ("2024-12-31", "2025-01-01", 0), ("2024-12-31", "2025-01-02", 1)]
)  # fmt: skip
def test_those_ill_and_alive_on_the_first_day_are_followed_even_if_they_die(tmp_path, since, death, of):
    drawing = f"person\nperson_id death_date\nanna {death}\n\npractice_record\nperson_id recorded_on kind code\nanna {since} diagnosis R95"
    assert measured(KOL_ACUTE_ADMISSIONS, drawing, tmp_path).of == of


@pytest.mark.parametrize(("second", "of"), [("2024-12-31", 1), ("2025-01-01", 0)])
def test_diabetes_counts_from_its_second_event(tmp_path, second, of):
    lab = f"lab_result\nperson_id sampled_at npu value\nanna 2024-01-01 NPU27300 60\nanna {second} NPU27300 60"
    assert measured(DIABETES_ACUTE_ADMISSIONS, lab, tmp_path).of == of


@pytest.mark.parametrize(("born", "of"), [("1960-01-01", 1), ("1960-01-02", 0)])
def test_preventable_admissions_are_of_those_who_are_65_on_the_first_day(tmp_path, born, of):
    assert measured(PREVENTABLE_65, f"person\nperson_id birth_date\nanna {born}", tmp_path).of == of


CODES = ("DE869", "DK590", "DJ189", "DN300", "DA099", "DS720", "DD509", "DZ740", "DL899")


@pytest.mark.parametrize(("group", "code"), list(zip(PREVENTABLE_BY_GROUP, CODES, strict=True)), ids=CODES)
def test_each_group_counts_its_own_diagnoses_and_all_nine_are_one_sum(tmp_path, group, code):
    stays = "\n".join(
        f"anna 2025-{month:02}-01T08:00 2025-{month:02}-03T08:00 ATA1 {other} kardiologi"
        for month, other in enumerate((*CODES, "DI509", "-"), 1)
    )
    assert code in stays
    born = "person\nperson_id birth_date\nanna 1940-01-01"
    assert measured(group, f"{born}\n\n{CONTACT}\n{stays}", tmp_path).n == 1
    only = f"{born}\n\n{CONTACT}\nanna 2025-02-01T08:00 2025-02-03T08:00 ATA1 {code} kardiologi"
    assert (measured(group, only, tmp_path).n, measured(PREVENTABLE_65, only, tmp_path).n) == (1, 1)
    assert measured(PREVENTABLE_65, f"{born}\n\n{CONTACT}\n{stays}", tmp_path).n == len(CODES)


def test_a_planned_admission_is_not_preventable(tmp_path):
    drawing = f"person\nperson_id birth_date\nanna 1940-01-01\n\n{CONTACT}\nanna 2025-02-01T08:00 2025-02-03T08:00 ATA3 DS720 kardiologi"
    assert measured(PREVENTABLE_65, drawing, tmp_path).n == 0


@pytest.mark.parametrize(
    ("service", "n"),
    [
        ("2025-01-01 80 0101 1 no", 1), ("2025-12-31 80 0201 2 no", 2), ("2024-12-31 80 0101 1 no", 0), ("2026-01-01 80 0101 1 no", 0),
        ("2025-05-01 80 2101 1 no", 0), ("2025-05-01 80 0101 1 yes", 0),
    ],
)  # fmt: skip
def test_contacts_with_general_practice_are_summed_over_the_period(tmp_path, service, n):
    drawing = f"practice_service\nperson_id service_date specialty service_code quantity for_child\nanna {service}"
    row = measured(GP_CONTACTS, drawing, tmp_path)
    assert (row.n, round(row.of, 2)) == (n, 1.0)
