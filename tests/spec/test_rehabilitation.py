"""Rehabilitation plans, the seven-day rule, and contacts before and after, one boundary at a time."""

import pytest
from drawing import measured

from ddns_utils.indicators import rehabilitation as r

PLAN = """
referral
person_id received_on discharged_on first_offer_on municipality
anna      2025-03-01  2025-03-01    2025-03-05     101
"""


def plan(**changed):
    row = {"person_id": "anna", "received_on": "2025-03-01", "discharged_on": "2025-03-01", "first_offer_on": "2025-03-05",
           "municipality": "101"} | changed  # fmt: skip
    return f"referral\n{' '.join(row)}\n{' '.join(row.values())}"


@pytest.mark.parametrize(("offer", "n"), [("2025-03-08", 1), ("2025-03-09", 0), ("2025-02-27", 1), ("-", 0)])
def test_an_offer_on_day_7_is_in_time_and_on_day_8_is_not(tmp_path, offer, n):
    row = measured(r.OFFER_WITHIN_7_DAYS, plan(first_offer_on=offer), tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("changed", "of"),
    [
        ({"kind": "specialised"}, 0),
        ({"kind": "general"}, 1),
        ({"law": "119"}, 0),
        ({"status": "revoked"}, 0),
        ({"status": "on-hold", "status_reason": "postponed"}, 0),
        ({"status": "on-hold", "status_reason": "other_municipality"}, 0),
        ({"status": "on-hold", "status_reason": "sent_in_error"}, 0),
        ({"status": "on-hold", "status_reason": "free_choice_declined"}, 1),
        ({"voided": "yes"}, 0),
        ({"discharged_on": "2024-12-31"}, 0),
        ({"discharged_on": "2025-12-31"}, 1),
        ({"discharged_on": "2026-01-01"}, 0),
    ],
)
def test_which_plans_the_municipality_was_to_start(tmp_path, changed, of):
    assert measured(r.OFFER_WITHIN_7_DAYS, plan(**changed), tmp_path).of == of


def test_the_plan_belongs_to_the_municipality_that_received_it(tmp_path):
    assert measured(r.OFFER_WITHIN_7_DAYS, plan(municipality="851"), tmp_path, area="851").of == 1


@pytest.mark.parametrize(("offer", "value", "of"), [("2025-03-05", 4, 1), ("2025-02-27", 0, 1)])
def test_days_to_offer_are_calendar_days_and_never_negative(tmp_path, offer, value, of):
    row = measured(r.DAYS_TO_OFFER, plan(first_offer_on=offer), tmp_path)
    assert (row.value, row.of) == (value, of)


def test_the_longest_wait_of_one_person_is_told_for_each_cell(tmp_path):
    sexes = "person\nperson_id sex\nanna F\nbo M\n\n"
    drawing = f"{sexes}{PLAN.rstrip()}\nbo 2025-06-01 2025-06-01 2025-06-15 851"
    found = [
        measured(r.DAYS_TO_OFFER, drawing, tmp_path, **where).largest
        for where in ({}, {"sex": "F"}, {"area": "101"}, {"area": "851"})
    ]
    assert found == [14, 4, 4, 14]
    assert str(measured(r.PLANS_PER_1000, drawing, tmp_path).largest) == "nan"


def test_a_plan_without_an_offer_has_no_days(tmp_path):
    row = measured(r.DAYS_TO_OFFER, plan(first_offer_on="-"), tmp_path)
    assert (row.status, row.of) == ("no_data", 0)


def test_a_person_with_two_plans_counts_once(tmp_path):
    drawing = f"{PLAN.rstrip()}\nanna 2025-06-01 2025-06-01 2025-06-05 101"
    assert measured(r.PLANS_PER_1000, drawing, tmp_path).n == 1


@pytest.mark.parametrize(
    ("received", "n"), [("2024-12-31", 0), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)]
)
def test_a_plan_counts_in_the_period_in_which_it_was_received(tmp_path, received, n):
    assert measured(r.PLANS_PER_1000, plan(received_on=received), tmp_path).n == n


STAY = """

hospital_contact
person_id start end priority
anna 2025-02-20T08:00 2025-03-01T12:00 ATA1
anna {0}T08:00 {0}T10:00 {1}
"""


@pytest.mark.parametrize(
    ("day", "n"), [("2024-11-21", 0), ("2024-11-22", 1), ("2025-02-19", 1), ("2025-02-20", 0)],
)  # fmt: skip
def test_before_is_the_90_days_up_to_the_hospital_stay(tmp_path, day, n):
    assert measured(r.ACUTE_BEFORE, plan() + STAY.format(day, "ATA1"), tmp_path).n == n


@pytest.mark.parametrize(("day", "n"), [("2025-03-05", 0), ("2025-03-06", 1), ("2025-06-03", 1), ("2025-06-04", 0)])
def test_after_is_the_90_days_from_the_day_after_the_first_offer(tmp_path, day, n):
    row = measured(r.ACUTE_AFTER, plan() + STAY.format(day, "ATA1"), tmp_path)
    assert (row.n, row.of, row.value) == (n, 1, 100 * n)


def test_a_planned_contact_is_not_acute(tmp_path):
    assert measured(r.ACUTE_AFTER, plan() + STAY.format("2025-04-01", "ATA3"), tmp_path).n == 0


@pytest.mark.parametrize(
    ("indicator", "day", "n"),
    [
        (r.GP_BEFORE, "2024-12-01", 3), (r.GP_BEFORE, "2024-11-30", 0), (r.GP_BEFORE, "2025-02-28", 3),
        (r.GP_BEFORE, "2025-03-01", 0), (r.GP_AFTER, "2025-03-05", 0), (r.GP_AFTER, "2025-03-06", 3), (r.GP_AFTER, "2025-06-03", 3),
        (r.GP_AFTER, "2025-06-04", 0),
    ],
)  # fmt: skip
def test_contacts_with_general_practice_are_summed_within_90_days(tmp_path, indicator, day, n):
    service = f"\n\npractice_service\nperson_id service_date service_code quantity\nanna {day} 0101 3"
    assert measured(indicator, plan() + service, tmp_path).n == n


@pytest.mark.parametrize(
    ("changed", "of"),
    [
        ({"first_offer_on": "2024-12-31"}, 0), ({"first_offer_on": "2025-01-01"}, 1), ({"first_offer_on": "2025-12-31"}, 1),
        ({"first_offer_on": "2026-01-01"}, 0), ({"discharged_on": "-"}, 0), ({"first_offer_on": "-"}, 0),
    ],
)  # fmt: skip
def test_a_course_begins_with_an_offer_in_the_period_after_a_discharge(tmp_path, changed, of):
    drawn = plan(**{"received_on": "2024-12-01", "discharged_on": "2024-12-20"} | changed)
    assert measured(r.ACUTE_AFTER, drawn, tmp_path).of == of


@pytest.mark.parametrize(("reason", "n"), [("sent_in_error", 0), ("postponed", 1), ("-", 1)])
def test_a_plan_that_was_sent_in_error_was_none(tmp_path, reason, n):
    assert measured(r.PLANS_PER_1000, plan(status="on-hold", status_reason=reason), tmp_path).n == n


def test_a_plan_that_no_known_municipality_received_is_nobodys_to_start(tmp_path):
    assert measured(r.OFFER_WITHIN_7_DAYS, plan(municipality="-"), tmp_path).of == 0


def test_only_the_first_course_of_a_person_counts(tmp_path):
    drawing = f"{PLAN.rstrip()}\nanna 2025-06-01 2025-06-01 2025-06-05 101"
    assert measured(r.ACUTE_AFTER, drawing, tmp_path).of == 1
