"""Slope and relative index of inequality: straight lines are recovered, and what cannot be is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics.inequality import inequality

GROUPS = list("abcd")
PEOPLE = pd.Series([100, 300, 400, 200], GROUPS)


def values(*numbers):
    return pd.Series(numbers, GROUPS[: len(numbers)], dtype=float)


def test_a_straight_line_has_its_own_rise_and_ratio():
    rank = np.array([0.05, 0.25, 0.6, 0.9])
    found = inequality(values(*(0.2 + 0.1 * rank)), PEOPLE)
    assert found.groups["rank"].to_numpy() == pytest.approx(rank)
    assert found.slope == pytest.approx(0.1)
    assert found.relative == pytest.approx(1.5)
    assert found.groups["fitted"].to_numpy() == pytest.approx(found.groups["value"].to_numpy())


def test_equal_groups_are_equal():
    found = inequality(values(3, 3, 3, 3), PEOPLE, values(1, 1, 1, 1))
    assert found.slope == pytest.approx(0)
    assert found.relative == pytest.approx(1)
    assert found.slope_lower < 0 < found.slope_upper
    assert found.relative_lower < 1 < found.relative_upper


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1, 9), min_size=4, max_size=4), st.lists(st.integers(1, 900), min_size=4, max_size=4))
def test_the_opposite_order_has_the_opposite_slope(numbers, people):
    value, population = pd.Series(numbers), pd.Series(people)
    error = value / 10
    ours, other = inequality(value, population, error), inequality(value[::-1], population, error)
    assert other.slope == pytest.approx(-ours.slope, abs=1e-9)
    assert other.slope_upper == pytest.approx(-ours.slope_lower, abs=1e-9)
    if not np.isnan(ours.relative):
        assert other.relative == pytest.approx(1 / ours.relative)
        assert other.relative_upper == pytest.approx(1 / ours.relative_lower)


def test_populations_and_errors_are_joined_by_group():
    ours = inequality(values(1, 2, 3, 5), PEOPLE, values(0.1, 0.2, 0.3, 0.4))
    other = inequality(values(1, 2, 3, 5), PEOPLE[::-1], values(0.1, 0.2, 0.3, 0.4)[::-1])
    assert ours.slope == other.slope
    assert ours.slope_upper == other.slope_upper


def test_without_errors_there_are_no_limits():
    found = inequality(values(1, 2, 3, 5), PEOPLE)
    assert np.isnan([found.slope_lower, found.slope_upper, found.relative_lower, found.relative_upper]).all()


def test_a_line_that_ends_below_nothing_has_no_ratio():
    found = inequality(values(0, 0, 1, 9), PEOPLE)
    assert found.slope > 0
    assert np.isnan(found.relative)
    assert np.isnan(inequality(values(0, 0, 0, 0), PEOPLE).relative)


@pytest.mark.parametrize("people", [[1, 1, 1, 1], [1, 2, 2, 1], [2, 1, 1, 2], [1, 3, 1, 1]])
def test_a_line_that_begins_at_nothing_has_no_ratio(people):
    population = pd.Series(people, GROUPS, dtype=float)
    rank = (population.cumsum() - population / 2) / population.sum()
    assert np.isnan(inequality(rank, population).relative)
    assert np.isnan(inequality(1 - rank, population).relative)
    assert inequality(rank + 0.01, population).relative == pytest.approx(101)


def test_values_known_without_error_have_limits_at_the_slope():
    found = inequality(values(1, 2, 3, 5), PEOPLE, values(0, 0, 0, 0))
    assert found.slope_lower == found.slope == found.slope_upper


def test_three_groups_are_enough():
    assert inequality(values(1, 2, 3), pd.Series([1, 1, 1], GROUPS[:3])).slope == pytest.approx(3)


def test_limits_cover_a_planted_slope():
    random = np.random.default_rng(10)
    rank = np.array([0.05, 0.25, 0.6, 0.9])
    truth, error = 0.2 + 0.1 * rank, values(0.01, 0.01, 0.02, 0.01)
    found = [inequality(values(*random.normal(truth, error)), PEOPLE, error) for _ in range(600)]
    # 95 % of 600: three standard errors are 2.7 %.
    assert np.mean([fit.slope_lower < 0.1 < fit.slope_upper for fit in found]) == pytest.approx(0.95, abs=0.027)
    assert np.mean([fit.relative_lower < 1.5 < fit.relative_upper for fit in found]) == pytest.approx(0.95, abs=0.027)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inequality(values(1, 2), PEOPLE[:2]), "2 groups are too few"),
        (lambda: inequality(values(1, 2, 3), PEOPLE), "not about the same groups"),
        (lambda: inequality(pd.Series([1, 2, 3, 4], list("aabc")), PEOPLE), "each given once"),
        (lambda: inequality(values(1, 2, 3, np.nan), PEOPLE), "value is missing"),
        (lambda: inequality(values(1, 2, 3, 4), PEOPLE - 100), "population is not above 0"),
        (lambda: inequality(values(1, 2, 3, 4), PEOPLE, values(1, 1, 1, -1)), "error is negative"),
        (lambda: inequality(values(1, 2, 3, 4), PEOPLE, confidence=95), "between 0 and 1"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
