"""How complete registers are, by how long their rows took to arrive."""

import json
import math
from datetime import date, timedelta

import numpy as np
import pytest
from drawing import draw

from ddns_utils.completeness import (
    FEWEST_ROWS,
    SETTLED_DAYS,
    WINDOW_DAYS,
    Completeness,
    completeness,
    register_of,
)
from ddns_utils.display import findings, show_completeness
from ddns_utils.indicators import quality
from ddns_utils.intake import land
from ddns_utils.registers import Registers
from ddns_utils.synthetic import synthesize

DAY = timedelta(days=1)
LAST = date(2025, 12, 31)
SENDERS = {"101": "9991011000016009", "147": "9991471000016008", "265": "9992651000016007"}


def reports(lags, tmp_path, until=None, days=200):
    """One encounter a day and municipality for 200 days, delivered so many days after as ``lags`` say, by turns.

    There is a file every day up to LAST, or to the day in ``until``; what would come later has not come. A lag of None
    is a day without an encounter.
    """
    deliveries, met = [], []
    for municipality, turns in lags.items():
        last = (until or {}).get(municipality, LAST)
        for number in range(days):
            day = last - number * DAY
            deliveries.append(f"{day}-{municipality} {SENDERS[municipality]}")
            lag = turns[number % len(turns)]
            if lag is not None and (came := day + lag * DAY) <= last:
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


def test_exactly_95_per_cent_of_all_rows_is_enough_for_the_country(tmp_path):
    found = completeness(reports({"101": [10] + [0] * 9, "265": [0]}, tmp_path), "KL Gateway")  # 11 of 220 are late
    assert found.until("101") == LAST - 10 * DAY
    assert found.until("DK") == LAST


def test_a_sender_is_settled_as_long_ago_as_95_per_cent_take():
    curve = np.array([0.949, 0.95, 1.0])
    found = Completeness("AIM", {"": curve}, {"": 100}, {"": LAST})
    assert found.settled("", LAST) == LAST - DAY
    assert found.settled("", None) is found.settled("another", LAST) is None


def test_deliveries_of_another_register_say_nothing_of_this_one(tmp_path):
    deliveries = [f"{LAST + number * DAY}-x {'LPR_A' if number <= 0 else 'LMDB'}" for number in range(-199, 31)]
    contacts = [f"anna {day}T01:00 {day}T15:00 {day}-x" for day in (LAST - number * DAY for number in range(200))]
    drawing = [
        "delivery\ndelivery_id source",
        *deliveries,
        "\nhospital_contact\nperson_id start end delivery_id",
        *contacts,
    ]
    assert completeness(draw("\n".join(drawing), tmp_path), "LPR_A").until() == LAST


def test_each_municipality_has_its_own_day_and_the_country_that_of_the_share_of_all_rows(tmp_path):
    found = completeness(reports({"101": [0], "265": [9]}, tmp_path), "KL Gateway")
    assert found.until("101") == LAST
    assert found.until("265") == found.until("DK") == LAST - 9 * DAY
    assert found.until("851") is None


@pytest.mark.parametrize(("back", "until"), [(2, LAST), (3, LAST - 3 * DAY)])
def test_a_silent_sender_is_complete_until_it_fell_silent_and_a_quiet_one_until_now(tmp_path, back, until):
    snapshot = reports({"101": [0], "265": [0]}, tmp_path, until={"265": LAST - back * DAY})
    assert completeness(snapshot, "KL Gateway").until("265") == until


def test_events_too_young_to_be_settled_say_nothing_and_those_before_a_year_of_settled_ones_neither(tmp_path):
    assert completeness(reports({"101": [0]}, tmp_path), "KL Gateway").rows == {"101": 200 - SETTLED_DAYS}
    assert completeness(reports({"101": [0]}, tmp_path, days=500), "KL Gateway").rows == {"101": WINDOW_DAYS}


@pytest.mark.parametrize(("every", "rows", "back"), [(11, 10, 9), (12, 9, 0)])
def test_a_sender_of_ten_rows_has_a_curve_of_its_own_and_one_of_nine_that_of_all(tmp_path, every, rows, back):
    seldom = [9] + [None] * (every - 1)
    found = completeness(reports({"101": [0], "147": [0], "265": seldom}, tmp_path), "KL Gateway")
    assert found.rows["265"] == rows
    assert found.until("265") == LAST - back * DAY


def test_a_delivery_of_a_sender_nobody_knows_says_nothing(tmp_path):
    deliveries = [f"{LAST - number * DAY}-x {SENDERS['101']}" for number in range(200)]
    met = [f"anna {day}T10:00 101 {day}-x" for day in (LAST - number * DAY for number in range(200))]
    drawing = ["delivery\ndelivery_id sender", *deliveries, f"{LAST + DAY}-y -",
               "\nencounter\nperson_id start municipality delivery_id", *met]  # fmt: skip
    assert completeness(draw("\n".join(drawing), tmp_path), "KL Gateway").until("101") == LAST


def test_rows_of_a_system_that_does_not_deliver_itself_are_those_of_whoever_does(tmp_path):
    days = [LAST - number * DAY for number in range(200)]
    drawing = ["delivery\ndelivery_id source sender", *(f"{day}-{s} AIM {s}" for day in days for s in ("AIM", "BETA")),
               "\npractice_record\nperson_id recorded_on system delivery_id",
               *(f"anna {day} {system} {day}-{sender}" for day in days
                 for system, sender in (("ALFA", "AIM"), ("-", "AIM"), ("BETA", "BETA")))]  # fmt: skip
    found = completeness(draw("\n".join(drawing), tmp_path), "AIM")
    assert found.rows == {"": 2 * (200 - SETTLED_DAYS), "system:BETA": 200 - SETTLED_DAYS}


def test_a_system_is_complete_by_its_own_rows_and_every_other_area_by_those_of_all():
    curves = {"system:ALFA": np.ones(2), "system:BETA": np.array([0.0, 1.0])}
    found = Completeness("AIM", curves, dict.fromkeys(curves, 100), dict.fromkeys(curves, LAST))
    assert found.until("system:ALFA") == LAST
    assert found.until("system:BETA") == found.until("DK") == found.until("101") == LAST - DAY


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


@pytest.fixture(scope="module")
def denmark(tmp_path_factory):
    """A made-up Denmark of two years and its planted lags."""
    top = tmp_path_factory.mktemp("denmark")
    synthesize(top / "delivered", citizens=10_000, years=2, seed=1)
    land(top / "delivered", Registers(top / "registers"))
    truth = json.loads((top / "delivered" / "truth.json").read_text(encoding="utf-8"))
    return Registers(top / "registers").snapshot(), truth["reporting_lag_days"]


@pytest.mark.parametrize("register", ["LPR_A", "SSSY", "LMDB", "LAB", "AIM", "SENTINEL"])
def test_the_planted_lag_of_a_national_register_is_found_again(denmark, register):
    """A minimum plus an exponential: 95 per cent has come after least + (mean - least) × ln 20 days.

    Each age is seen once a year, on some tens of rows, so that a share of 95 per cent is uncertain by a few per cent:
    a quarter of an exponential's mean, and a week for the smallest registers.
    """
    snapshot, lags = denmark
    planted = lags["registers"][register]
    days = planted["least"] + (planted["mean"] - planted["least"]) * math.log(20)
    until = completeness(snapshot, register).until()
    assert (date(2026, 5, 1) - until).days == pytest.approx(days, abs=7 + 0.25 * planted["mean"])


def test_the_planted_lag_of_a_late_municipality_is_found_again_to_the_day(denmark):
    snapshot, lags = denmark
    found = completeness(snapshot, "KL Gateway")
    late = {
        code: days for code, days in lags["municipalities"]["late"].items() if found.rows.get(code, 0) >= FEWEST_ROWS
    }
    assert len(late) >= 3
    for code, days in late.items():
        assert found.last[code] - found.until(code) == timedelta(days=days + 1)


def test_a_reader_is_shown_days_and_no_count(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(findings, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    show_completeness(reports({"101": [0], "265": [9]}, tmp_path), quality.NAMES, "265", "en")
    cells = {cell.partition("</td>")[0] for cell in shown[0].split("<td>")[1:]}
    assert cells == {"31 December 2025", "22 December 2025", "not known yet"}
