"""Hospital stays, admissions, readmissions and contact with general practice, one boundary at a time."""

import pytest
from drawing import draw, measured

from ddns_utils import courses
from ddns_utils.indicators.cross_sector import (
    ADMISSIONS_PER_1000,
    DAYS_AFTER_TREATMENT,
    GP_CONTACT_14D,
    PSYCHIATRIC_READMISSION_30D,
    READMISSION_30D,
)

INDEX = """
hospital_contact
person_id  start             end
anna       2025-03-01T08:00  2025-03-03T08:00
"""


def stays(drawing, tmp_path):
    snapshot = draw(drawing, tmp_path)
    return snapshot.engine.to_pandas(courses.hospital_stays(snapshot).order_by("start"))


@pytest.mark.parametrize(("next_start", "number"), [("2025-03-03T12:00", 1), ("2025-03-03T12:01", 2)])
def test_a_gap_of_4_hours_joins_and_a_minute_more_does_not(tmp_path, next_start, number):
    found = stays(f"{INDEX.rstrip()}\nanna {next_start} 2025-03-05T08:00", tmp_path)
    assert len(found) == number


def test_contacts_of_two_persons_are_never_joined(tmp_path):
    found = stays(f"{INDEX.rstrip()}\nbodil 2025-03-03T09:00 2025-03-05T08:00", tmp_path)
    assert list(found.person_id) == ["anna", "bodil"]


def test_a_contact_nested_in_a_longer_one_does_not_shorten_the_stay(tmp_path):
    drawing = f"{INDEX.rstrip()}\nanna 2025-03-01T10:00 2025-03-01T11:00\nanna 2025-03-03T10:00 2025-03-04T10:00"
    found = stays(drawing, tmp_path)
    assert len(found) == 1
    assert found.contacts[0] == 3
    assert str(found.end[0]) == "2025-03-04 10:00:00"


@pytest.mark.parametrize(("end", "admission"), [("2025-03-01T20:00", True), ("2025-03-01T19:59", False)])
def test_12_hours_are_an_admission_and_a_minute_less_is_not(tmp_path, end, admission):
    drawing = f"hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 {end}"
    assert bool(stays(drawing, tmp_path).admission[0]) is admission


@pytest.mark.parametrize(
    "odd", ["anna 2025-03-01T08:00 - ALCA00", "anna 2025-03-01T08:00 2025-03-03T08:00 ALCA03"], ids=["open", "virtual"]
)
def test_open_and_virtual_contacts_make_no_stay(tmp_path, odd):
    assert stays(f"hospital_contact\nperson_id start end contact_type\n{odd}", tmp_path).empty


def test_the_first_contact_decides_whether_a_stay_is_acute(tmp_path):
    drawing = """
hospital_contact
person_id start end priority
planned 2025-03-01T08:00 2025-03-02T08:00 ATA3
planned 2025-03-02T09:00 2025-03-03T08:00 ATA1
acute   2025-03-01T08:00 2025-03-02T08:00 ATA1
acute   2025-03-02T09:00 2025-03-03T08:00 ATA3
"""
    found = stays(drawing, tmp_path).set_index("person_id")
    assert found.acute.to_dict() == {"planned": False, "acute": True}


@pytest.mark.parametrize(
    ("contacts", "main"),
    [
        ("08:00 10:00 DI1 / 10:00 13:00 DJ1", "DJ1"),
        ("08:00 10:00 DI1 / 10:00 13:00 DJ1 / 13:00 15:00 DI1", "DI1"),
        ("08:00 10:00 DJ1 / 10:00 12:00 DI1", "DI1"),
        ("08:00 10:00 DJ1 / 10:00 12:00 -", "DJ1"),
        ("08:00 10:00 DJ1 / 10:00 13:00 -", None),
    ],
    ids=["longest", "longest in all", "of equals the first", "none is the last of equals", "none is longest"],
)
def test_the_main_diagnosis_is_that_with_the_longest_time_in_all(tmp_path, contacts, main):
    lines = [f"anna 2025-03-01T{contact.replace(' ', ' 2025-03-01T', 1)}" for contact in contacts.split(" / ")]
    found = stays("\n".join(["hospital_contact", "person_id start end main_diagnosis", *lines]), tmp_path)
    assert [value if isinstance(value, str) else None for value in found.main_diagnosis] == [main]


@pytest.mark.parametrize(("start", "n"), [("2025-04-02T23:00", 1), ("2025-04-03T00:00", 0)])
def test_day_30_counts_and_day_31_does_not(tmp_path, start, n):
    row = measured(READMISSION_30D, f"{INDEX.rstrip()}\nanna {start} 2025-04-09T00:00", tmp_path, period="2025-03")
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("drawn", "n"),
    [
        ("2025-03-10T08:00 2025-03-12T08:00 ATA1 kardiologi", 1),
        ("2025-03-10T08:00 2025-03-12T08:00 ATA3 kardiologi", 0),
        ("2025-03-10T08:00 2025-03-12T08:00 ATA1 psykiatri", 0),
        ("2025-03-10T08:00 2025-03-10T19:00 ATA1 kardiologi", 0),
    ],
    ids=["acute", "planned", "psychiatric", "under 12 hours"],
)
def test_only_an_acute_somatic_admission_is_a_readmission(tmp_path, drawn, n):
    drawing = f"""
hospital_contact
person_id start end priority specialty
anna 2025-03-01T08:00 2025-03-03T08:00 ATA1 kardiologi
anna {drawn}
"""
    row = measured(READMISSION_30D, drawing, tmp_path, period="2025-03-01/2025-03-05")
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(("died", "of"), [("2025-03-03", 0), ("2025-03-04", 1)])
def test_one_who_died_on_the_day_of_discharge_was_not_discharged_alive(tmp_path, died, of):
    row = measured(READMISSION_30D, f"{INDEX}\nperson\nperson_id death_date\nanna {died}", tmp_path)
    assert row.of == of


def test_a_psychiatric_discharge_is_not_in_the_denominator(tmp_path):
    drawing = "hospital_contact\nperson_id start end specialty\nanna 2025-03-01T08:00 2025-03-03T08:00 psykiatri"
    assert measured(READMISSION_30D, drawing, tmp_path).of == 0


@pytest.mark.parametrize(("day", "n"), [("2025-03-02", 0), ("2025-03-03", 1), ("2025-03-17", 1), ("2025-03-18", 0)])
def test_general_practice_within_14_days_of_discharge(tmp_path, day, n):
    drawing = f"{INDEX}\npractice_service\nperson_id service_date service_code\nanna {day} 0101"
    row = measured(GP_CONTACT_14D, drawing, tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("service", "n"), [("80 0101 no", 1), ("80 0101 yes", 0), ("54 0101 no", 0), ("80 9999 no", 0)],
    ids=["own", "for a child", "podiatry", "not a contact"],
)  # fmt: skip
def test_only_own_contacts_with_general_practice_count(tmp_path, service, n):
    drawing = (
        f"{INDEX}\npractice_service\nperson_id service_date specialty service_code for_child\nanna 2025-03-05 {service}"
    )
    assert measured(GP_CONTACT_14D, drawing, tmp_path).n == n


@pytest.mark.parametrize(
    ("start", "n"), [("2024-12-31T23:59", 0), ("2025-01-01T00:00", 1), ("2025-12-31T23:00", 1), ("2026-01-01T00:00", 0)]
)
def test_an_admission_counts_in_the_period_in_which_it_begins(tmp_path, start, n):
    row = measured(
        ADMISSIONS_PER_1000, f"hospital_contact\nperson_id start end\nanna {start} 2026-02-01T00:00", tmp_path
    )
    assert row.n == n


def test_person_time_ends_with_death_and_moves_with_the_person(tmp_path):
    drawing = """
person
person_id birth_date death_date
mover 1950-01-01 -
dead 1950-01-01 2025-01-11

residence
person_id municipality start end
mover 101 2000-01-01 2025-01-31
mover 147 2025-01-31 -
dead 101 2000-01-01 -

hospital_contact
person_id start end
mover 2025-01-31T08:00 2025-02-03T08:00
"""
    here = measured(ADMISSIONS_PER_1000, drawing, tmp_path, area="101")
    there = measured(ADMISSIONS_PER_1000, drawing, tmp_path, area="147")
    assert here.of * 365.25 == pytest.approx(30 + 10)
    assert there.of * 365.25 == pytest.approx(335)
    assert (here.n, there.n) == (0, 1)
    assert there.value == pytest.approx(1000 * 365.25 / 335)


@pytest.mark.parametrize(("birth", "band"), [("1945-03-04", "65-79"), ("1945-03-03", "80+")])
def test_age_changes_on_the_birthday(tmp_path, birth, band):
    drawing = f"{INDEX}\nperson\nperson_id birth_date\nanna {birth}"
    assert measured(READMISSION_30D, drawing, tmp_path, age_band=band).of == 1


PSYCHIATRY = (
    "hospital_contact\nperson_id start end priority specialty\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 psykiatri"
)


@pytest.mark.parametrize(
    ("again", "n", "of"),
    [
        ("2025-04-02T08:00 2025-04-03T08:00 ATA1 psykiatri", 1, 2), ("2025-04-03T08:00 2025-04-04T08:00 ATA1 psykiatri", 0, 2),
        ("2025-03-10T08:00 2025-03-12T08:00 ATA3 psykiatri", 0, 2), ("2025-03-10T08:00 2025-03-12T08:00 ATA1 kardiologi", 0, 1),
    ],
)  # fmt: skip
def test_an_acute_psychiatric_admission_within_30_days_is_a_psychiatric_readmission(tmp_path, again, n, of):
    row = measured(PSYCHIATRIC_READMISSION_30D, f"{PSYCHIATRY}\nanna {again}", tmp_path)
    assert (row.n, row.of) == (n, of)


def test_a_psychiatric_admission_is_no_somatic_readmission(tmp_path):
    drawing = "hospital_contact\nperson_id start end priority specialty\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 kardiologi\nanna 2025-03-10T08:00 2025-03-12T08:00 ATA1 psykiatri"
    row = measured(READMISSION_30D, drawing, tmp_path)
    assert (row.n, row.of) == (0, 1)


TOLD = "hospital_procedure\nperson_id contact_id code start"


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ("anna p BVAW1A 2025-03-02T12:00", 1), ("anna p BVAW1A 2025-03-01T08:00", 2), ("anna p BVAW1A 2025-03-03T08:00", 0),
        ("anna p BVAW1A 2025-03-01T07:59", 0), ("anna p BVAW1A 2025-03-03T08:01", 0), ("anna p BTXY 2025-03-01T09:00", 0),
        ("anna p BVAW1A 2025-03-01T12:00\nanna q BVAW1A 2025-03-02T12:00", 2), ("bodil p BVAW1A 2025-03-01T12:00", 0),
    ],
)  # fmt: skip
def test_days_from_the_first_message_to_the_discharge_count(tmp_path, told, days):
    assert measured(DAYS_AFTER_TREATMENT, f"{INDEX.strip()}\n\n{TOLD}\n{told}", tmp_path).n == days


@pytest.mark.parametrize(("end", "days"), [("2025-12-31T23:00", 10), ("2026-01-01T00:00", 0)])
def test_days_belong_to_the_period_of_the_discharge(tmp_path, end, days):
    drawing = (
        f"hospital_contact\nperson_id start end\nanna 2025-12-20T08:00 {end}\n\n{TOLD}\nanna p BVAW1A 2025-12-21T08:00"
    )
    assert measured(DAYS_AFTER_TREATMENT, drawing, tmp_path).n == days
