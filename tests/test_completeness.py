"""How complete registers are, by how long their rows took to arrive."""

from datetime import date, timedelta

import pytest
from drawing import draw

from ddns_utils.completeness import SETTLED_DAYS, completeness, register_of

DAY = timedelta(days=1)
LAST = date(2025, 12, 31)
SENDERS = {"101": "9991011000016009", "265": "9992651000016007"}


def reports(lags, tmp_path, until=None):
    """One encounter a day and municipality for 200 days, delivered so many days after as ``lags`` say, by turns.

    There is a file every day up to LAST, or to the day in ``until``; what would come later has not come.
    """
    deliveries, met = [], []
    for municipality, turns in lags.items():
        last = (until or {}).get(municipality, LAST)
        for number in range(200):
            day = last - number * DAY
            deliveries.append(f"{day}-{municipality} {SENDERS[municipality]}")
            came = day + turns[number % len(turns)] * DAY
            if came <= last:
                met.append(f"anna {day}T10:00 {municipality} {came}-{municipality}")
    drawing = (
        ["delivery\ndelivery_id sender", *deliveries],
        ["encounter\nperson_id start municipality delivery_id", *met],
    )
    return draw("\n\n".join("\n".join(block) for block in drawing), tmp_path)


@pytest.mark.parametrize(("late", "until"), [(0, LAST), (1, LAST - DAY), (25, LAST - 25 * DAY)])
def test_a_register_is_complete_until_as_many_days_ago_as_its_rows_take(tmp_path, late, until):
    found = completeness(reports({"101": [late]}, tmp_path), "KL Gateway")
    assert found.until("101") == found.until() == until


@pytest.mark.parametrize(("late_in_20", "until"), [(1, LAST), (2, LAST - 10 * DAY)])
def test_95_per_cent_is_enough_and_less_is_not(tmp_path, late_in_20, until):
    lags = {"101": [10] * late_in_20 + [0] * (20 - late_in_20)}
    assert completeness(reports(lags, tmp_path), "KL Gateway").until() == until


def test_each_municipality_has_its_own_day_and_the_country_that_of_the_share_of_all_rows(tmp_path):
    found = completeness(reports({"101": [0], "265": [9]}, tmp_path), "KL Gateway")
    assert found.until("101") == LAST
    assert found.until("265") == found.until("DK") == LAST - 9 * DAY
    assert found.until("851") is None


@pytest.mark.parametrize(("back", "until"), [(2, LAST), (3, LAST - 3 * DAY)])
def test_a_silent_sender_is_complete_until_it_fell_silent_and_a_quiet_one_until_now(tmp_path, back, until):
    snapshot = reports({"101": [0], "265": [0]}, tmp_path, until={"265": LAST - back * DAY})
    assert completeness(snapshot, "KL Gateway").until("265") == until


def test_events_too_young_to_be_settled_say_nothing(tmp_path):
    assert completeness(reports({"101": [0]}, tmp_path), "KL Gateway").rows == {"101": 200 - SETTLED_DAYS}


def test_without_deliveries_nothing_is_known(tmp_path):
    assert completeness(draw("person\nperson_id\nanna", tmp_path), "KL Gateway").until() is None


@pytest.mark.parametrize(
    ("table", "register"),
    [
        ("referral", "KL Gateway"),
        ("hospital_diagnosis", "LPR_A"),
        ("lab_result", "LAB"),
        ("person", None),
        ("delivery", None),
    ],
)
def test_tables_share_the_lag_of_their_register(table, register):
    assert register_of(table) == register
