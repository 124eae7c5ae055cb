"""Differences and ratios: what must hold for any two estimates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics import intervals

COUNTS = st.tuples(st.integers(0, 40), st.integers(40, 90))


def estimate(n, of):
    return np.divide(n, of), *intervals.proportion(n, of, method="wilson")


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS)
def test_the_limits_hold_the_contrast_and_turn_with_it(first, second):
    a, b = estimate(*first), estimate(*second)
    lower, upper = intervals.difference(a, b)
    assert lower <= a[0] - b[0] <= upper
    assert intervals.difference(b, a) == pytest.approx((-upper, -lower))
    lower, upper = intervals.ratio(a, b)
    if a[0] > 0 and b[0] > 0:
        assert lower <= a[0] / b[0] <= upper
        assert intervals.ratio(b, a) == pytest.approx((1 / upper, 1 / lower))


def test_contrasts_cover_what_was_planted():
    random = np.random.default_rng(14)
    a = estimate(random.binomial(120, 0.3, 4000), np.full(4000, 120))
    b = estimate(random.binomial(80, 0.2, 4000), np.full(4000, 80))
    for truth, (lower, upper) in ((0.1, intervals.difference(a, b)), (1.5, intervals.ratio(a, b))):
        # 95 % of 4,000: three standard errors are 1.0 %; counts are whole, which moves coverage about as much.
        assert np.mean((lower <= truth) & (truth <= upper)) == pytest.approx(0.95, abs=0.02)


def test_against_nothing_the_ratio_has_no_upper_limit():
    some, none = estimate(5, 10), estimate(0, 10)
    lower, upper = intervals.ratio(some, none)
    assert 0 < lower < np.inf
    assert upper == np.inf
    assert [float(limit) for limit in intervals.ratio(none, none)] == [0, np.inf]
    assert intervals.ratio(none, some)[0] == 0


def test_what_is_missing_stays_missing():
    unknown, some = (np.nan, np.nan, np.nan), estimate([5, 0], [10, 10])
    for contrast in (intervals.difference, intervals.ratio):
        assert np.isnan(contrast(unknown, some)).all()
        assert np.isnan(contrast(some, unknown)).all()
    assert np.isnan(intervals.ratio(some, (0, 0, 0))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intervals.difference((2, 0, 1), (0.5, 0, 1)), "outside its own limits"),
        (lambda: intervals.ratio((0.5, 0, 1), (2, 3, 4)), "outside its own limits"),
        (lambda: intervals.ratio((0.5, -1, 1), (0.5, 0, 1)), "0 or more"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
