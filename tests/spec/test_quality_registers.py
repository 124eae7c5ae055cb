"""Checks of what registers and clinic systems send, one boundary at a time; weeks against the weeks before."""

from datetime import date, timedelta

import pandas as pd
import pytest
from drawing import draw, measured
from made_results import POLICY

from ddns_utils.disclosure import disclose
from ddns_utils.indicators import quality as q
from ddns_utils.indicators import quality_registers as registers
from ddns_utils.indicators.quality_words import LIVES_IN, SENT_BY, SENT_FROM
from ddns_utils.indicators.weekly_rows import as_expected, judged
from ddns_utils.measure import measure
from ddns_utils.period import Period

MARCH = "2025-03"
MONDAY = date(2024, 1, 1)
ALWAYS = Period.parse("2020-01-01/2030-01-01")


def block(table, *rows):
    return "\n".join([table, " ".join(rows[0]), *(" ".join(row.values()) for row in rows)])


def blocks(*parts):
    return "\n\n".join(parts)


def entry(**changed):
    return {"record_id": "a", "person_id": "anna", "recorded_on": "2025-03-10", "clinic": "1", "system": "ALFA",
            "code": "T90", "delivery_id": "2025-03-11-a"} | changed  # fmt: skip


def special(**changed):
    return {"record_id": "a", "person_id": "anna", "contact_on": "2025-03-10", "system": "ALFA", "diagnosis": "DH360",
            "delivery_id": "2025-03-11-a"} | changed  # fmt: skip


def delivery(day="2025-03-11", number="a", **changed):
    return {"delivery_id": f"{day}-{number}", "source": "AIM", "sender": "ALFA", "rows_read": "10",
            "rows_quarantined": "0"} | changed  # fmt: skip


def counts(indicator, drawing, tmp_path, **where):
    row = measured(indicator, drawing, tmp_path, MARCH, **where)
    return row.n, row.of


@pytest.mark.parametrize(("born", "died", "n"), [
    ("2025-03-10", "-", 1), ("2025-03-11", "-", 0), ("1950-01-01", "2025-03-10", 1), ("1950-01-01", "2025-03-09", 0),
])  # fmt: skip
def test_an_entry_is_from_the_day_of_birth_to_the_day_of_death(tmp_path, born, died, n):
    person = block("person", {"person_id": "anna", "birth_date": born, "death_date": died})
    assert counts(registers.WITHIN_LIFE["AIM"], blocks(block("practice_record", entry()), person), tmp_path) == (n, 1)


def test_a_hospital_contact_may_end_after_death_but_not_begin(tmp_path):
    stay = {"person_id": "anna", "start": "2025-03-09T20:00", "end": "2025-03-11T08:00"}
    for died, n in (("2025-03-09", 1), ("2025-03-08", 0)):
        person = block("person", {"person_id": "anna", "death_date": died})
        drawing = blocks(block("hospital_contact", stay), person)
        assert counts(registers.WITHIN_LIFE["LPR_A"], drawing, tmp_path) == (n, 1)


@pytest.mark.parametrize(("day", "of"), [("2025-02-28", 0), ("2025-03-01", 1), ("2025-03-31", 1), ("2025-04-01", 0)])
def test_rows_count_in_the_period_of_their_event(tmp_path, day, of):
    drawing = block("practice_record", entry(recorded_on=day))
    assert counts(registers.RESIDENT["AIM"], drawing, tmp_path)[1] == of


def test_a_row_about_somebody_who_lives_nowhere_counts_in_the_country_and_fails(tmp_path):
    home = block("residence", {"person_id": "anna", "start": "2020-01-01", "end": "2021-01-01", "municipality": "851"})
    drawing = blocks(block("practice_record", entry()), home)
    assert counts(registers.RESIDENT["AIM"], drawing, tmp_path) == (0, 1)
    assert counts(registers.RESIDENT["AIM"], drawing, tmp_path, area="851") == (0, 0)


@pytest.mark.parametrize(("other", "n"), [
    ({}, 1), ({"code": "R95"}, 2), ({"person_id": "bodil"}, 2), ({"recorded_on": "2025-03-11"}, 2), ({"clinic": "2"}, 2),
    ({"delivery_id": "2025-03-12-a"}, 1),
])  # fmt: skip
def test_entries_that_only_their_keys_tell_apart_are_duplicates(tmp_path, other, n):
    drawing = block("practice_record", entry(), entry(record_id="b") | other)
    assert counts(registers.UNIQUE["AIM"], drawing, tmp_path) == (n, 2)


@pytest.mark.parametrize(("other", "n"), [
    ({}, 2), ({"delivery_id": "2025-04-01-a"}, 1), ({"delivery_id": "2025-02-01-a"}, 1),
    ({"delivery_id": "2025-04-01-a", "atc": "C10AA01"}, 2), ({"delivery_id": "2025-04-01-a", "person_id": "bo"}, 2),
])  # fmt: skip
def test_rows_without_a_key_that_an_earlier_delivery_has_too_were_sent_twice(tmp_path, other, n):
    row = {"person_id": "anna", "dispensed_on": "2025-03-10", "atc": "A10BA02", "delivery_id": "2025-03-12-a"}
    drawing = block("prescription", row, row | other)
    assert counts(registers.SENT_ONCE["LMDB"], drawing, tmp_path) == (n, 2)


@pytest.mark.parametrize(("diagnosis", "n"), [("DH360", 1), ("-", 0)])
def test_a_specialist_gives_a_diagnosis(tmp_path, diagnosis, n):
    drawing = block("specialist_record", special(diagnosis=diagnosis))
    assert counts(registers.DIAGNOSIS_GIVEN, drawing, tmp_path) == (n, 1)


@pytest.mark.parametrize(("changed", "expected"), [
    ({}, (0, 1)), ({"code": "DP000"}, (0, 0)), ({"code": "DO000"}, (0, 1)), ({"retracted": "yes"}, (0, 0)),
    ({"person_id": "bodil"}, (1, 1)), ({"contact_start": "2025-02-28T23:00"}, (0, 0)), ({"retracted": "-"}, (0, 1)),
])  # fmt: skip
def test_a_pregnancy_is_a_womans(tmp_path, changed, expected):
    diagnosis = {"person_id": "adam", "contact_start": "2025-03-10T08:00", "code": "DO800", "retracted": "no"} | changed
    persons = block("person", {"person_id": "adam", "sex": "M"}, {"person_id": "bodil", "sex": "F"})
    drawing = blocks(block("hospital_diagnosis", diagnosis), persons)
    assert counts(registers.PREGNANCY_OF_WOMEN, drawing, tmp_path) == expected


# Clinic systems as senders


def by_system(indicator, drawing, tmp_path):
    frame = measure(indicator, draw(drawing, tmp_path), Period.parse(MARCH), levels=("country", "system")).frame
    return {row.area: (row.n, row.of, row.status) for row in frame.itertuples()}


def test_systems_are_senders_beside_the_country_and_sum_to_it(tmp_path):
    rows = block("practice_record", entry(), entry(record_id="b", system="BETA"), entry(record_id="c", system="-"))
    drawing = blocks(rows, block("delivery", delivery()))
    found = by_system(registers.RESIDENT["AIM"], drawing, tmp_path)
    assert found == {"DK": (3, 3, "ok"), "system:ALFA": (1, 1, "ok"), "system:BETA": (1, 1, "ok")}


def test_lag_is_told_by_system_and_by_home_and_both_are_of_the_same_rows(tmp_path):
    rows = block("practice_record", entry(), entry(record_id="b", system="BETA", delivery_id="2025-04-15-b"))
    came = block("delivery", delivery(), delivery("2025-04-15", "b", sender="BETA"))
    found = by_system(q.IN_TIME["AIM"], blocks(rows, came), tmp_path)
    assert {area: values[:2] for area, values in found.items()} == {
        "DK": (1, 2), "system:ALFA": (1, 1), "system:BETA": (0, 1),
    }  # fmt: skip
    assert counts(q.IN_TIME["AIM"], blocks(rows, came), tmp_path, area="101") == (1, 2)


@pytest.mark.parametrize(("days", "status"), [
    (["2025-02-10"], "no_data"), (["2025-02-10", "2025-03-10"], "not_applicable"), (["2025-04-10"], "not_applicable"),
])  # fmt: skip
def test_a_system_that_fell_silent_has_no_data_and_another_has_nothing_to_check(tmp_path, days, status):
    came = block("delivery", *(delivery(day) for day in days))
    assert by_system(registers.RESIDENT["AIM"], came, tmp_path)["system:ALFA"] == (0, 0, status)
    assert by_system(registers.RESIDENT["SENTINEL"], came, tmp_path)["system:ALFA"] == (0, 0, "not_applicable")


def test_rows_accepted_and_days_with_a_delivery_are_the_systems_own(tmp_path):
    came = block("delivery", delivery(rows_quarantined="3"), delivery("2025-03-12", "b", sender="BETA"),
                 delivery("2025-03-13", "c", sender="-"), delivery("2025-03-14", "d", sender="AIM"))  # fmt: skip
    accepted = by_system(registers.ROWS_ACCEPTED["AIM"], came, tmp_path)
    assert {area: values[:2] for area, values in accepted.items()} == {
        "DK": (37, 40), "system:ALFA": (7, 10), "system:BETA": (10, 10),
    }  # fmt: skip
    days = by_system(q.DAYS_WITH_DELIVERY["AIM"], came, tmp_path)
    assert (days["system:ALFA"][:2], days["system:BETA"][:2]) == ((1, 4), (1, 3))


def test_an_indicator_of_no_clinic_system_has_none(tmp_path):
    came = block("delivery", delivery())
    assert by_system(q.OFFER_GIVEN, came, tmp_path).keys() == {"DK"}


def test_a_system_with_few_rows_is_hidden_and_cannot_be_had_by_subtraction(tmp_path):
    systems = ["ALFA"] * 12 + ["BETA"] * 3 + ["GAMMA"] * 15
    rows = [entry(record_id=f"r{n}", person_id=f"p{n}", system=name) for n, name in enumerate(systems)]
    drawing = blocks(block("practice_record", *rows), block("delivery", delivery()))
    result = measure(
        registers.RESIDENT["AIM"], draw(drawing, tmp_path), Period.parse(MARCH), levels=("country", "system")
    )
    shown = disclose(result, POLICY).frame.set_index("area")
    assert shown.loc["system:BETA", "status"] == "suppressed"
    hidden = shown.index[shown["status"] == "suppressed"]
    assert len(hidden) >= 2


# Weeks as expected


def weekly(*rows):
    """Rows of weeks that follow each other; the first whole week is the second."""
    ordinals = [MONDAY.toordinal() + 7 * number for number in range(len(rows))]
    return pd.DataFrame({"week": ordinals, "rows": rows})[lambda frame: frame["rows"] > 0]


def last_passes(history, rows):
    """Whether a last week with so many rows is as the weeks before it lead to expect."""
    counted = weekly(1, *history, rows)
    until = MONDAY + timedelta(days=7 * (len(history) + 2) - 1)
    found = pd.DataFrame(judged(counted, ALWAYS, until))
    (passes,) = draw_engine().to_pyarrow(as_expected(memtable(found.tail(1)), None, None).counts).to_pylist()
    return passes


def draw_engine():
    import ibis

    return ibis.duckdb.connect()


def memtable(frame):
    import ibis

    return ibis.memtable(frame)


@pytest.mark.parametrize(("history", "rows", "passes"), [
    ([16] * 12, 30, True), ([16] * 12, 31, False), ([16] * 12, 2, True), ([16] * 12, 1, False),  # 16 ± 3.5 √16
    ([10, 30] * 6, 71, True), ([10, 30] * 6, 72, False),  # 20 ± 3.5 × 1.4826 × 10
    ([1] * 12, 4, True), ([1] * 12, 5, False), ([1] * 12, 0, True),  # chance in small numbers is no jump
    ([0] * 12, 3, True), ([0] * 12, 4, False),
    ([100] * 30 + [16] * 26, 30, True), ([16] * 30 + [100] * 26, 16, False),  # 26 weeks are the history
    ([100] * 30 + [16, 30] * 13, 59, True), ([100] * 30 + [16, 30] * 13, 60, False),  # neither 25 nor 27
    ([16] * 14 + [400] * 12, 30, True), ([16] * 14 + [400] * 12, 31, False),  # a few wild weeks do not move the median
])  # fmt: skip
def test_a_week_may_differ_by_three_and_a_half_spreads(history, rows, passes):
    assert last_passes(history, rows) == passes


@pytest.mark.parametrize(("whole_weeks_before", "of"), [(11, 0), (12, 1), (13, 2)])
def test_a_week_is_judged_with_twelve_whole_weeks_before_it(whole_weeks_before, of):
    counted = weekly(5, *[5] * whole_weeks_before, 5)
    assert len(judged(counted, ALWAYS, MONDAY + timedelta(days=1_000))) >= of
    until = MONDAY + timedelta(days=7 * (whole_weeks_before + 2) - 1)
    assert len(judged(counted, ALWAYS, until)) == of


@pytest.mark.parametrize(("days_short", "of"), [(0, 1), (1, 0)])
def test_a_week_is_judged_when_its_sunday_has_come_in(days_short, of):
    until = MONDAY + timedelta(days=7 * 14 - 1 - days_short)
    assert len(judged(weekly(*[5] * 14), ALWAYS, until)) == of
    assert judged(weekly(*[5] * 14), ALWAYS, None) == []


@pytest.mark.parametrize(("start", "end", "of"), [
    ("2024-04-01", "2024-04-02", 1), ("2024-04-02", "2024-04-08", 0), ("2024-03-31", "2024-04-01", 0),
])  # fmt: skip
def test_a_week_belongs_to_the_period_that_it_begins_in(start, end, of):
    until = MONDAY + timedelta(days=7 * 14 - 1)
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    assert len(judged(weekly(*[5] * 14), period, until)) == of


def test_weeks_after_a_sender_fell_silent_have_no_rows():
    found = judged(weekly(*[20] * 14), ALWAYS, MONDAY + timedelta(days=7 * 16 - 1))
    assert [week["rows"] for week in found] == [20, 0, 0]


def test_a_jump_is_found_where_the_system_sent_it(tmp_path):
    rows, came = [], []
    for number in range(40):
        monday = MONDAY + timedelta(days=7 * number)
        day = monday + timedelta(days=1)
        for system in ("ALFA", "BETA"):
            came.append(delivery(str(day), system, source="SENTINEL", sender=system))
            twice = 8 if (system, number) == ("BETA", 35) else 1
            rows += [special(contact_on=str(monday), system=system, delivery_id=f"{day}-{system}")] * 6 * twice
    came.append(delivery("2024-12-02", source="LMDB", sender="LMDB"))
    drawing = blocks(block("specialist_record", *rows), block("delivery", *came))
    week = Period.parse("2024-W36")
    frame = measure(
        registers.WEEKS_AS_EXPECTED["SENTINEL"], draw(drawing, tmp_path), week, levels=("country", "system")
    ).frame.set_index("area")
    assert frame["n"].to_dict() == {"DK": 1, "system:ALFA": 1, "system:BETA": 0}
    for too_early_or_only_reached_by_another_register in ("2024-W05", "2024-W44"):
        other = Period.parse(too_early_or_only_reached_by_another_register)
        found = measure(registers.WEEKS_AS_EXPECTED["SENTINEL"], draw(drawing, tmp_path), other)
        assert set(found.frame["status"]) == {"not_applicable"}


@pytest.mark.parametrize(("register", "sender", "whose"), [
    ("KL Gateway", "101", "101"), ("KL Gateway", "1084", "1084"), ("KL Gateway", "DK", "DK"), ("AIM", "101", "DK"),
    ("AIM", "system:ALFA", "system:ALFA"), ("LMDB", "101", "DK"), ("LMDB", "DK", "DK"),
])  # fmt: skip
def test_deliveries_are_those_of_whoever_sends_for_the_register(register, sender, whose):
    assert q.deliverer(register, sender) == whose


def test_a_check_says_who_sends_its_rows():
    for register, whose in (("KL Gateway", SENT_BY), ("AIM", SENT_FROM)):
        assert registers.WEEKS_AS_EXPECTED[register].caveats[0] is whose
    assert [q.DAYS_TO_RECEIPT[register].caveats[0] for register in ("KL Gateway", "LMDB")] == [SENT_BY, LIVES_IN]


def test_only_municipalities_that_used_to_send_lack_rows_of_their_lag():
    assert q.DAYS_TO_RECEIPT["KL Gateway"].lacking is not None
    assert [q.DAYS_TO_RECEIPT[register].lacking for register in ("LMDB", "LPR_A")] == [None, None]


def test_only_what_is_due_is_checked_to_have_come_in_time():
    due = {register for register, checks in q.CHECKS.items() if any("in_time" in check.id for check in checks)}
    assert due == q.SENDERS_AT.keys() == {"KL Gateway", "AIM", "SENTINEL"}
    assert [q.TIMELY[register].id for register in ("AIM", "LMDB")] == [
        "quality_in_time_aim", "quality_received_within_30_days_lmdb"
    ]  # fmt: skip
