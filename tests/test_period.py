"""Periods are half-open and read from text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.period import Period


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1)), ("2025Q1", date(2025, 1, 1), date(2025, 4, 1)),
        ("2025K4", date(2025, 10, 1), date(2026, 1, 1)), ("2025-12", date(2025, 12, 1), date(2026, 1, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)), ("2025-01-05/2025-02-03", date(2025, 1, 5), date(2025, 2, 3)),
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


@pytest.mark.parametrize("text", ["", "25", "2025Q5", "2025-13", "2025-02-30/2025-03-01", "2025-01-01", "next year"])
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
