"""Indicators of data quality, one boundary at a time."""

import pytest
from drawing import draw, measured

from ddns_utils.errors import DefinitionError
from ddns_utils.indicators import quality as q
from ddns_utils.indicators.quality_rows import plans_from_hospital
from ddns_utils.measure import measure
from ddns_utils.period import Period

KL = q.KL_GATEWAY
MARCH = "2025-03"
SENDER = "9991011000016009"  # municipality 101


def block(table, /, **row):
    return f"{table}\n{' '.join(row)}\n{' '.join(row.values())}"


def blocks(*parts):
    return "\n\n".join(parts)


def plan(**changed):
    return block("referral", **({"person_id": "anna", "received_on": "2025-03-10", "discharged_on": "2025-03-09",
                                 "first_offer_on": "2025-03-12", "municipality": "101"} | changed))  # fmt: skip


def encounter(**changed):
    return block("encounter", **({"person_id": "anna", "start": "2025-03-10T10:00", "municipality": "101",
                                  "status": "finished", "delivery_id": "2025-03-11-a"} | changed))  # fmt: skip


def contact(**changed):
    return block("hospital_contact", **({"person_id": "anna", "start": "2025-03-01T08:00", "end": "2025-03-09T12:00",
                                         "delivery_id": "2025-03-11-a"} | changed))  # fmt: skip


def delivery(*days, sender=SENDER, read="10", bad="0"):
    rows = "\n".join(f"{day}-a {sender} {read} {bad}" for day in days)
    return f"delivery\ndelivery_id sender rows_read rows_quarantined\n{rows}"


def share(indicator, drawing, tmp_path, period=MARCH, **where):
    row = measured(indicator, drawing, tmp_path, period, **where)
    return row.n, row.of


@pytest.mark.parametrize(("offer", "n"), [("2025-03-12", 1), ("-", 0)])
def test_an_offer_is_given_when_its_day_is_filled(tmp_path, offer, n):
    assert share(q.OFFER_GIVEN, plan(first_offer_on=offer), tmp_path) == (n, 1)


@pytest.mark.parametrize(
    ("received", "of"), [("2025-02-28", 0), ("2025-03-01", 1), ("2025-03-31", 1), ("2025-04-01", 0)]
)
def test_plans_count_in_the_period_they_were_received(tmp_path, received, of):
    assert share(q.OFFER_GIVEN, plan(received_on=received), tmp_path)[1] == of


@pytest.mark.parametrize(
    ("discharged", "of"), [("2025-02-28", 0), ("2025-03-01", 1), ("2025-03-31", 1), ("2025-04-01", 0)]
)
def test_plans_are_looked_up_at_the_hospital_in_the_period_of_their_discharge(tmp_path, discharged, of):
    assert share(q.PLAN_HAS_STAY, plan(discharged_on=discharged), tmp_path)[1] == of


@pytest.mark.parametrize(
    ("start", "of"),
    [("2025-02-28T23:59", 0), ("2025-03-01T00:00", 1), ("2025-03-31T23:59", 1), ("2025-04-01T00:00", 0)],
)
def test_encounters_count_in_the_period_they_were_held(tmp_path, start, of):
    assert share(q.ENCOUNTER_ALIVE, encounter(start=start), tmp_path)[1] == of


@pytest.mark.parametrize(("offer", "discharge", "expected"), [
    ("2025-03-01", "2025-03-31", (1, 1)), ("2025-02-28", "2025-03-31", (0, 1)), ("-", "2025-03-31", (0, 0)),
    ("2025-03-12", "-", (0, 0)), ("2025-06-01", "2025-03-31", (1, 1)),
])  # fmt: skip
def test_an_offer_30_days_before_discharge_is_possible_and_31_is_not(tmp_path, offer, discharge, expected):
    assert share(q.OFFER_PLAUSIBLE, plan(first_offer_on=offer, discharged_on=discharge), tmp_path) == expected


@pytest.mark.parametrize(("field", "value", "indicator", "n"), [
    ("end", "2025-04-20T12:00", q.CONTACT_ENDED, 1), ("end", "-", q.CONTACT_ENDED, 0),
    ("main_diagnosis", "DI219", q.DIAGNOSIS_GIVEN, 1), ("main_diagnosis", "-", q.DIAGNOSIS_GIVEN, 0),
])  # fmt: skip
def test_a_hospital_contact_has_an_end_and_a_diagnosis(tmp_path, field, value, indicator, n):
    assert share(indicator, contact(**{field: value}), tmp_path) == (n, 1)


@pytest.mark.parametrize(
    ("start", "of"),
    [("2025-02-28T23:59", 0), ("2025-03-01T00:00", 1), ("2025-03-31T23:59", 1), ("2025-04-01T00:00", 0)],
)
def test_hospital_contacts_count_in_the_period_they_began(tmp_path, start, of):
    assert share(q.CONTACT_ENDED, contact(start=start, end="2025-04-20T12:00"), tmp_path)[1] == of


@pytest.mark.parametrize(("received", "n"), [("2025-04-14", 1), ("2025-04-15", 0)])
def test_in_time_is_14_days_after_the_end_of_the_month_of_the_event(tmp_path, received, n):
    drawing = blocks(encounter(delivery_id=f"{received}-a"), delivery(received))
    assert share(q.IN_TIME[KL], drawing, tmp_path) == (n, 1)
    drawing = blocks(encounter(start="2025-03-31T23:00", delivery_id=f"{received}-a"), delivery(received))
    assert share(q.IN_TIME[KL], drawing, tmp_path) == (n, 1)


@pytest.mark.parametrize(
    ("start", "of"),
    [("2025-02-28T23:59", 0), ("2025-03-01T00:00", 1), ("2025-03-31T23:59", 1), ("2025-04-01T00:00", 0)],
)
def test_lag_is_that_of_what_happened_in_the_period_whenever_it_came(tmp_path, start, of):
    drawing = blocks(encounter(start=start, delivery_id="2025-04-02-a"), delivery("2025-04-02"))
    assert share(q.IN_TIME[KL], drawing, tmp_path)[1] == of


@pytest.mark.parametrize(("received", "days"), [("2025-03-10", 0), ("2025-03-11", 1), ("2025-04-09", 30)])
def test_days_to_receipt_are_days_of_the_calendar(tmp_path, received, days):
    row = measured(
        q.DAYS_TO_RECEIPT[KL], blocks(encounter(delivery_id=f"{received}-a"), delivery(received)), tmp_path, MARCH
    )
    assert (row.value, row.of) == (days, 1)


def test_a_report_that_came_before_its_event_is_a_plan_and_has_no_lag(tmp_path):
    drawing = blocks(encounter(delivery_id="2025-03-09-a"), delivery("2025-03-09"))
    assert share(q.IN_TIME[KL], drawing, tmp_path)[1] == 0


@pytest.mark.parametrize(("received", "n"), [("2025-03-17", 1), ("2025-03-18", 0)])
def test_within_7_days_counts_day_7_and_not_day_8(tmp_path, received, n):
    (week,) = (one for one in q.LAG_CURVE[KL] if "_7_days_" in one.id)
    assert share(week, blocks(encounter(delivery_id=f"{received}-a"), delivery(received)), tmp_path) == (n, 1)


@pytest.mark.parametrize("register", q.NAMES)
def test_every_register_has_a_lag(tmp_path, register):
    table, time = q.EVENTS[register]
    moment = "2025-03-10T10:00" if "T" in {"start": "T", "end": "T"}.get(time, "") else "2025-03-10"
    drawing = blocks(block(table, person_id="anna", **{time: moment}, delivery_id="2025-03-12-a", **MORE.get(table, {})),
                     delivery("2025-03-12"))  # fmt: skip
    assert measured(q.DAYS_TO_RECEIPT[register], drawing, tmp_path, MARCH).value == 2


MORE = {"encounter": {"status": "finished", "municipality": "101"}, "hospital_contact": {"start": "2025-03-01T08:00"}}


@pytest.mark.parametrize(("days", "expected"), [
    (["2025-03-01", "2025-03-02", "2025-03-31"], (3, 31)), (["2025-03-30", "2025-03-31"], (2, 2)),
    (["2025-02-01", "2025-03-10"], (1, 10)), (["2025-02-01", "2025-04-01"], (0, 31)), (["2025-04-01"], (0, 0)),
])  # fmt: skip
def test_days_with_a_delivery_are_counted_from_the_first_to_the_last_there_is(tmp_path, days, expected):
    assert share(q.DAYS_WITH_DELIVERY[KL], delivery(*days), tmp_path, area="101") == expected


def test_a_national_register_is_its_own_sender(tmp_path):
    drawing = "delivery\ndelivery_id source sender\n2025-03-01-a LMDB LMDB\n2025-03-04-a LMDB LMDB"
    assert share(q.DAYS_WITH_DELIVERY["LMDB"], drawing, tmp_path) == (2, 4)
    assert share(q.DAYS_WITH_DELIVERY["LAB"], drawing, tmp_path) == (0, 0)
    assert measured(q.DAYS_WITH_DELIVERY["LMDB"], drawing, tmp_path, MARCH, area="101").status == "not_applicable"


def test_two_files_on_a_day_are_one_day_with_a_delivery(tmp_path):
    drawing = f"{delivery('2025-03-01', '2025-03-02')}\n2025-03-02-b {SENDER} 5 0"
    assert share(q.DAYS_WITH_DELIVERY[KL], drawing, tmp_path) == (2, 2)


@pytest.mark.parametrize(
    ("read", "bad", "expected"), [("10", "3", (7, 10)), ("10", "0", (10, 10)), ("4", "4", (0, 4)), ("0", "0", (0, 0))]
)
def test_rows_read_are_accepted_unless_they_are_in_quarantine(tmp_path, read, bad, expected):
    assert share(q.ROWS_ACCEPTED, delivery("2025-03-05", read=read, bad=bad), tmp_path, area="101") == expected


def test_rows_read_are_those_of_the_registers_own_deliveries_of_the_period(tmp_path):
    ours = delivery("2025-02-28", "2025-03-01", "2025-03-31", "2025-04-01")
    assert share(q.ROWS_ACCEPTED, ours, tmp_path, area="101") == (20, 20)
    other = f"delivery\ndelivery_id source sender rows_read rows_quarantined\n2025-03-05-a LMDB {SENDER} 10 0"
    assert share(q.ROWS_ACCEPTED, other, tmp_path) == (0, 0)


def test_days_of_a_sender_nobody_knows_are_nobodys(tmp_path):
    assert share(q.DAYS_WITH_DELIVERY[KL], delivery("2025-03-05", sender="-"), tmp_path) == (0, 0)


def test_rows_of_a_sender_nobody_knows_count_in_the_country_alone(tmp_path):
    drawing = delivery("2025-03-05", sender="-", read="8", bad="2")
    assert share(q.ROWS_ACCEPTED, drawing, tmp_path) == (6, 8)
    assert share(q.ROWS_ACCEPTED, drawing, tmp_path, area="1084") == (0, 0)


def test_of_encounters_of_one_person_type_and_start_one_counts(tmp_path):
    head = "encounter\nperson_id custodian start municipality status encounter_id encounter_type"
    rows = ["anna 1 2025-03-10T10:00 101 finished a x", "anna 1 2025-03-10T10:00 101 finished b x"]
    others = ["anna 1 2025-03-10T10:01 101 finished c x", "bodil 1 2025-03-10T10:00 101 finished d x",
              "anna 2 2025-03-10T10:00 101 finished e x", "anna 1 2025-03-10T10:00 101 finished f y"]  # fmt: skip
    assert share(q.ENCOUNTER_UNIQUE, "\n".join([head, *rows]), tmp_path) == (1, 2)
    assert share(q.ENCOUNTER_UNIQUE, "\n".join([head, rows[0], *others]), tmp_path) == (5, 5)


@pytest.mark.parametrize(("status", "of"), [("finished", 1), ("planned", 0), ("cancelled", 0), ("in-progress", 1)])
def test_encounters_that_were_not_held_are_not_checked(tmp_path, status, of):
    assert share(q.ENCOUNTER_ALIVE, encounter(status=status), tmp_path)[1] == of


@pytest.mark.parametrize(("died", "n"), [("2025-03-10", 1), ("2025-03-09", 0), ("-", 1)])
def test_an_encounter_on_the_day_of_death_is_possible_and_the_day_after_is_not(tmp_path, died, n):
    drawing = blocks(encounter(), block("person", person_id="anna", death_date=died))
    assert share(q.ENCOUNTER_ALIVE, drawing, tmp_path) == (n, 1)


@pytest.mark.parametrize(("start", "end", "n"), [
    ("2025-03-10", "-", 1), ("2025-03-11", "-", 0), ("2020-01-01", "2025-03-11", 1), ("2020-01-01", "2025-03-10", 0),
])  # fmt: skip
@pytest.mark.parametrize("indicator", [q.ENCOUNTER_RESIDENT, q.CONTACT_RESIDENT], ids=["encounter", "contact"])
def test_a_resident_lives_somewhere_on_the_day_itself(tmp_path, start, end, n, indicator):
    home = block("residence", person_id="anna", start=start, end=end, municipality="851")
    drawing = blocks(encounter(), contact(start="2025-03-10T08:00"), home)
    assert share(indicator, drawing, tmp_path) == (n, 1)


def test_what_a_municipality_sent_counts_there_whoever_it_is_about(tmp_path):
    home = block("residence", person_id="anna", start="2020-01-01", municipality="851")
    assert share(q.ENCOUNTER_RESIDENT, blocks(encounter(), home), tmp_path, area="101") == (1, 1)
    abroad = block("residence", person_id="anna", start="2020-01-01", end="2021-01-01", municipality="851")
    assert share(q.ENCOUNTER_RESIDENT, blocks(encounter(), abroad), tmp_path, area="101") == (0, 1)


@pytest.mark.parametrize(
    ("discharged", "n"), [("2025-03-07", 0), ("2025-03-08", 1), ("2025-03-09", 1), ("2025-03-10", 1), ("2025-03-11", 0)]
)
def test_a_plan_has_a_stay_that_ended_at_most_a_day_away(tmp_path, discharged, n):
    drawing = blocks(plan(discharged_on=discharged), contact())
    assert share(q.PLAN_HAS_STAY, drawing, tmp_path) == (n, 1)


def test_another_persons_stay_is_not_the_plans(tmp_path):
    assert share(q.PLAN_HAS_STAY, blocks(plan(), contact(person_id="bodil")), tmp_path) == (0, 1)


@pytest.mark.parametrize(
    ("met", "of"), [("2025-03-09T16:00", 0), ("2025-03-10T08:00", 1), ("2025-04-08T08:00", 1), ("2025-04-09T08:00", 0)]
)
def test_training_counts_from_the_day_after_discharge_to_day_30(tmp_path, met, of):
    drawing = blocks(contact(), encounter(start=met))
    assert share(q.STAY_HAS_PLAN, drawing, tmp_path) == (0, of)


@pytest.mark.parametrize(
    ("end", "of"), [("2025-02-28T23:00", 0), ("2025-03-01T12:00", 1), ("2025-03-31T23:00", 1), ("2025-04-01T12:00", 0)]
)
def test_discharges_before_training_count_in_the_period_they_happened(tmp_path, end, of):
    met = "2025-03-20T10:00" if end < "2025-03-20" else "2025-04-10T10:00"
    drawing = blocks(contact(start="2025-02-20T08:00", end=end), encounter(start=met))
    assert share(q.STAY_HAS_PLAN, drawing, tmp_path)[1] == of


@pytest.mark.parametrize(
    ("discharged", "n"), [("2025-03-07", 0), ("2025-03-08", 1), ("2025-03-10", 1), ("2025-03-11", 0)]
)
def test_a_discharge_before_training_has_a_plan_of_at_most_a_day_away(tmp_path, discharged, n):
    drawing = blocks(contact(), encounter(), plan(discharged_on=discharged))
    assert share(q.STAY_HAS_PLAN, drawing, tmp_path) == (n, 1)


@pytest.mark.parametrize(("changed", "of"), [({"law": "83"}, 0), ({"law": "140"}, 1), ({"status": "cancelled"}, 0)])
def test_training_is_an_encounter_under_140_that_was_held(tmp_path, changed, of):
    assert share(q.STAY_HAS_PLAN, blocks(contact(), encounter(**changed)), tmp_path)[1] == of


ON_HOLD = next(one for one in q.RULES_KEPT if one.id == "quality_rule_on_hold_with_reason")


def reported(moment="2025-03-10T10:00"):
    return plan(referral_id="a", custodian="1", reported_at=moment)


@pytest.mark.parametrize(
    ("moment", "of"),
    [("2025-02-28T23:59", 0), ("2025-03-01T00:00", 1), ("2025-03-31T23:59", 1), ("2025-04-01T00:00", 0)],
)
def test_a_rule_is_asked_of_resources_last_reported_in_the_period(tmp_path, moment, of):
    assert share(ON_HOLD, reported(moment), tmp_path, area="101") == (of, of)


@pytest.mark.parametrize(("changed", "n"), [
    ({}, 0), ({"rule": "gateway-140-service-request-1"}, 1), ({"custodian": "2"}, 1), ({"resource_id": "b"}, 1),
    ({"reported_at": "2025-03-09T10:00"}, 1),
])  # fmt: skip
def test_a_resource_keeps_a_rule_unless_its_latest_report_breaks_that_rule(tmp_path, changed, n):
    finding = {"rule": "on-hold-with-reason", "table": "referral", "custodian": "1", "resource_id": "a",
               "reported_at": "2025-03-10T10:00"} | changed  # fmt: skip
    assert share(ON_HOLD, blocks(reported(), block("finding", **finding)), tmp_path) == (n, 1)


def test_rules_have_titles_of_their_own_and_those_that_refuse_rows_are_no_shares():
    titles = [one.title["en"] for one in q.RULES_KEPT]
    assert len(set(titles)) == len(titles)
    assert "A care plan has a reason for stopping exactly when it is cancelled or stopped (§140)" in titles
    assert "A rehabilitation plan is general, specialised, or rehabilitation at specialised level" in titles
    assert "A period does not end before it begins" not in titles


@pytest.mark.parametrize(("days", "status"), [
    (["2025-02-10"], "no_data"), (["2025-02-10", "2025-03-10"], "not_applicable"), (["2025-03-10"], "not_applicable"),
    (["2025-02-10", "2025-02-28"], "no_data"), (["2025-02-10", "2025-03-01"], "not_applicable"),
    (["2025-02-10", "2025-03-31"], "not_applicable"), (["2025-02-10", "2025-04-01"], "no_data"),
    (["2025-04-10"], "not_applicable"),
])  # fmt: skip
def test_nothing_to_check_is_kept_apart_from_silence(tmp_path, days, status):
    row = measured(q.OFFER_GIVEN, delivery(*days), tmp_path, MARCH, area="101")
    assert row.status == status
    assert measured(q.OFFER_GIVEN, delivery(*days), tmp_path, MARCH, area="851").status == "not_applicable"


def test_a_passed_check_is_neither(tmp_path):
    assert measured(q.OFFER_GIVEN, blocks(plan(), delivery("2025-03-10")), tmp_path, MARCH, area="101").status == "ok"


def test_data_quality_is_measured_also_where_registers_do_not_reach(tmp_path):
    snapshot = draw(plan(), tmp_path)
    object.__setattr__(snapshot, "span", lambda name: None)
    assert measure(q.OFFER_GIVEN, snapshot, Period.parse("2040")).frame.of.max() == 0


def test_rows_about_deliveries_have_no_persons(tmp_path):
    wrong = type(q.OFFER_GIVEN)(**vars(q.PLAN_HAS_STAY) | {"rows_about": "deliveries", "denominator": with_person,
                                                            "numerator": lambda rows, *_: rows.mutate(counts=True)})  # fmt: skip
    with pytest.raises(DefinitionError, match="rows about deliveries must not have person_id"):
        measure(wrong, draw(plan(), tmp_path), Period.parse(MARCH))


def with_person(snapshot, period):
    return plans_from_hospital(snapshot, period).rename(person_id="patient")


def test_lag_counts_by_sender_for_municipalities_and_by_home_for_national_registers(tmp_path):
    home = block("residence", person_id="anna", start="2020-01-01", municipality="851")
    drawing = blocks(encounter(), contact(), delivery("2025-03-11"), home)
    assert share(q.IN_TIME[KL], drawing, tmp_path, area="101") == (1, 1)
    assert share(q.LAG_CURVE["LPR_A"][-1], drawing, tmp_path, area="851") == (1, 1)
