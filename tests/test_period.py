"""Periods are half-open and read from text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.period import FORMS, Period, forms


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1)), ("2025Q1", date(2025, 1, 1), date(2025, 4, 1)),
        ("2025K4", date(2025, 10, 1), date(2026, 1, 1)), ("2025-12", date(2025, 12, 1), date(2026, 1, 1)),
        ("2025-11", date(2025, 11, 1), date(2025, 12, 1)),
        ("2025-W07", date(2025, 2, 10), date(2025, 2, 17)), ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 4)), ("2024-02", date(2024, 2, 1), date(2024, 3, 1)), ("2025-01-05/2025-02-03", date(2025, 1, 5), date(2025, 2, 3)),
    ],
)  # fmt: skip
def test_text_gives_start_and_the_day_after_the_last(text, start, end):
    period = Period.parse(text)
    assert (period.start, period.end) == (start, end)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(1, 2000))
def test_a_period_reads_back_from_its_own_text(start, days):
    period = Period(start, date.fromordinal(start.toordinal() + days))
    assert Period.parse(str(period)) == period
    assert period.days == days
    assert (period.end - period.last_day).days == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25",
        "2025Q5",
        "2025-13",
        "2025-02-30/2025-03-01",
        "2025-01-01",
        "next year",
        "2025-W53",
        "2025-W00",
        "2025-W7",
    ],
)
def test_what_is_not_a_period_is_refused(text):
    with pytest.raises(DefinitionError, match="is not a period"):
        Period.parse(text)


@pytest.mark.parametrize("days", [0, -1])
def test_a_period_ends_after_it_starts(days):
    with pytest.raises(DefinitionError, match="must end after it starts"):
        Period(date(2025, 1, 1), date.fromordinal(date(2025, 1, 1).toordinal() + days))


def test_years_up_to_and_with_this_one():
    assert [str(year) for year in Period.parse("2025").before(3)] == ["2023", "2024", "2025"]
    with pytest.raises(DefinitionError, match="whole calendar years"):
        Period.parse("2025Q1").before(2)


def test_a_week_is_written_as_a_week_and_seven_other_days_are_not():
    assert str(Period(date(2024, 12, 30), date(2025, 1, 6))) == "2025-W01"
    assert str(Period(date(2025, 1, 1), date(2025, 1, 8))) == "2025-01-01/2025-01-08"


@pytest.mark.parametrize(
    ("text", "first", "last", "number"),
    [("2025", "2025-W01", "2025-W52", 52), ("2026", "2026-W01", "2026-W53", 53), ("2025-05", "2025-W18", "2025-W22", 5),
     ("2025-06", "2025-W23", "2025-W26", 4), ("2025Q1", "2025-W01", "2025-W13", 13)],
)  # fmt: skip
def test_a_week_belongs_to_the_period_of_its_thursday(text, first, last, number):
    weeks = [str(week) for week in Period.parse(text).weeks()]
    assert (weeks[0], weeks[-1], len(weeks)) == (first, last, number)


def test_months_up_to_and_with_the_last_of_the_period():
    assert [str(month) for month in Period.parse("2025Q1").latest_months(4)] == [
        "2024-12", "2025-01", "2025-02", "2025-03",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2025", "2026"), ("2025Q4", "2026Q1"), ("2025-12", "2026-01"), ("2024-02", "2024-03"), ("2025-W52", "2026-W01"),
        ("2025-01-01/2025-07-01", "2025-07-01/2026-01-01"), ("2025-01-02/2025-02-01", "2025-02-01/2025-03-03"),
        ("2025-01-01/2025-01-03", "2025-01-03/2025-01-05"),
    ],
)  # fmt: skip
def test_the_period_that_follows_and_the_one_before(text, after):
    assert str(Period.parse(text).following()) == after
    assert str(Period.parse(after).preceding()) == text


@pytest.mark.parametrize(
    ("text", "danish", "english"),
    [
        ("2025", "2025", "2025"), ("2025Q1", "1. kvartal 2025", "Q1 2025"), ("2025-03", "marts 2025", "March 2025"),
        ("2025-W07", "uge 7, 2025", "week 7, 2025"),
        ("2025-01-05/2025-02-03", "5. januar 2025 – 2. februar 2025", "5 January 2025 – 2 February 2025"),
    ],
)  # fmt: skip
def test_readers_see_a_period_in_their_own_words_with_its_last_day(text, danish, english):
    assert Period.parse(text).in_words("da") == danish
    assert Period.parse(text).in_words("en") == english


def test_the_ways_to_write_a_period_are_those_that_a_pattern_takes():
    assert forms("[0-9]{4}") == "a year (2025)"
    assert forms("[0-9]{4}(Q[1-4]|-[0-9]{2})") == "a quarter (2025Q1) or a month (2025-03)"
    assert forms().startswith(
        "a year (2025), a quarter (2025Q1), a month (2025-03), an ISO week (2025-W07) or two days"
    )


@pytest.mark.parametrize("example", FORMS)
def test_every_way_to_write_a_period_can_be_read(example):
    assert str(Period.parse(example)) == example
