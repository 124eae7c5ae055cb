"""Rules of run and control charts drawn at their boundaries; changes and trends that were planted are found."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics.trend import change_points, p_chart, run_chart, signals, trend, u_chart


def marked(z, rule):
    """The places a rule marks in a series drawn in standard errors around 0."""
    found = signals(pd.Series(z, dtype=float), 0, 1)
    return list(np.flatnonzero(found[rule]))


@pytest.mark.parametrize(
    ("z", "places"),
    [
        ([3.0, 3.01, -3.0, -3.01], [1, 3]),
        ([np.nan, 4], [1]),
    ],
)
def test_one_beyond_three_sigma(z, places):
    assert marked(z, "beyond_3_sigma") == places


@pytest.mark.parametrize(
    ("z", "places"),
    [
        ([2.1, 0, 2.1], [0, 2]),
        ([2.1, 2.1], [0, 1]),
        ([0, 0, 0, 2.1, 2.1], [3, 4]),
        ([2.1, 0, 0, 2.1], []),
        ([2.1, 0, -2.1], []),
        ([2.0, 0, 2.1], []),
        ([-2.1, -2.1, 0], [0, 1]),
        ([2.1, np.nan, 2.1], []),
        ([2.1, -2.1, 2.1, -2.1], [0, 1, 2, 3]),
    ],
)
def test_two_of_three_beyond_two_sigma_on_one_side(z, places):
    assert marked(z, "two_of_three_beyond_2_sigma") == places


@pytest.mark.parametrize(
    ("z", "places"),
    [
        ([1] * 7, []),
        ([1] * 8, list(range(8))),
        ([-1, *[1] * 9], list(range(1, 10))),
        ([*[-1] * 8, 1], list(range(8))),
        ([*[1] * 4, -1, *[1] * 4], []),
        ([*[1] * 4, 0, *[1] * 4], []),
        ([*[1] * 4, np.nan, *[1] * 4], []),
        ([*[0] * 8], []),
    ],
)
def test_eight_on_one_side(z, places):
    assert marked(z, "eight_on_one_side") == places


@pytest.mark.parametrize(
    ("z", "places"),
    [
        ([1, 2, 3, 4, 5], []),
        ([1, 2, 3, 4, 5, 6], list(range(6))),
        ([9, 1, 2, 3, 4, 5, 6, 7, 0], list(range(1, 8))),
        ([6, 5, 4, 3, 2, 1], list(range(6))),
        ([1, 2, 3, 3, 4, 5, 6], []),
        ([1, 2, 3, np.nan, 4, 5, 6], []),
    ],
)
def test_six_rising_or_falling(z, places):
    assert marked(z, "trend_of_six") == places


def test_a_run_chart_passes_over_points_on_the_median():
    values = pd.Series([5, 9, 9, 9, 9, 5, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1])
    found = run_chart(values)
    assert found["centre"].iloc[0] == 5
    assert list(np.flatnonzero(found["eight_on_one_side"])) == [1, 2, 3, 4, 6, 7, 8, 9]
    broken = run_chart(values.astype(float).mask(values.index == 2))
    assert not broken["eight_on_one_side"].any()


def test_a_steady_process_gives_few_signals():
    random = np.random.default_rng(7)
    of = pd.Series([400] * 24)
    charts = [p_chart(pd.Series(random.binomial(400, 0.2, 24)), of) for _ in range(300)]
    beyond = np.mean([chart["beyond_3_sigma"].mean() for chart in charts])
    # 0.27 % of 7,200 points: three standard errors are 0.18 %; the centre is estimated and counts are whole.
    assert 0.0005 < beyond < 0.0046
    assert np.mean([chart["trend_of_six"].any() for chart in charts]) < 0.08
    assert np.mean([chart["eight_on_one_side"].any() for chart in charts]) < 0.15


def test_limits_of_charts_stay_where_values_can_be():
    rare = p_chart(pd.Series([0, 1, 0]), pd.Series([10, 10, 10]))
    assert (rare["lower"] == 0).all()
    assert (p_chart(pd.Series([10, 9, 10]), pd.Series([10, 10, 10]))["upper"] == 1).all()
    rate = u_chart(pd.Series([4, 9, 4, 0]), pd.Series([1.0, 4.0, np.nan, 0.0]))
    assert rate["centre"].iloc[0] == pytest.approx(13 / 5)
    assert rate["sigma"].iloc[1] == pytest.approx(np.sqrt(13 / 5 / 4))
    assert rate.loc[[2, 3], ["value", "lower", "upper"]].isna().all(axis=None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=9, max_size=30))
def test_turning_a_series_upside_down_or_around_marks_the_same_points(values):
    z = pd.Series(values, dtype=float) - 25.5
    ours, down = signals(z, 0, 10), signals(-z, 0, 10)
    around = signals(z[::-1].reset_index(drop=True), 0, 10)[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, down)
    pd.testing.assert_frame_equal(ours, around)


def test_planted_changes_of_level_are_found_and_a_level_series_has_none():
    random = np.random.default_rng(9)
    exposure = pd.Series(random.integers(800, 1200, 60), dtype=float)
    level = np.repeat([0.05, 0.08, 0.05], 20)
    places, false = [], 0
    for _ in range(50):
        places.append(change_points(pd.Series(random.poisson(level * exposure)), exposure))
        false += bool(change_points(pd.Series(random.poisson(0.05 * exposure)), exposure))
    assert np.mean([len(found) == 2 for found in places]) > 0.9
    assert np.mean([np.abs(np.subtract(found, [20, 40])).max() <= 2 for found in places if len(found) == 2]) > 0.9
    assert false / 50 < 0.15


def test_a_level_lasts_at_least_the_shortest():
    counts = pd.Series([10] * 10 + [60] * 3 + [10] * 10)
    assert change_points(counts, shortest=3) == [10, 13]
    assert change_points(counts, shortest=4) != [10, 13]
    assert change_points(pd.Series([10] * 10 + [90] + [10] * 10), shortest=1) == [10, 11]
    assert change_points(pd.Series([0] * 12)) == []
    assert change_points(pd.Series([3, 50])) == []


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_a_planted_yearly_change_is_covered_by_its_limits(family):
    random = np.random.default_rng(12)
    months = np.arange(60)
    mean = 80 * 1.05 ** (months / 12) * (1 + 0.3 * np.sin(months / 6 * np.pi))
    found = []
    for _ in range(60):
        extra = random.gamma(10, 0.1, 60) if family == "negative_binomial" else 1
        found.append(trend(pd.Series(random.poisson(mean * extra)), family=family))
    assert np.mean([fit.ratio for fit in found]) == pytest.approx(1.05, abs=0.02)
    # 95 % of 60: three standard errors are 8 %; maximum likelihood with 12 seasons in 60 months is a little narrow.
    assert np.mean([fit.lower <= 1.05 <= fit.upper for fit in found]) > 0.82
    if family == "negative_binomial":
        assert np.mean([fit.dispersion for fit in found]) > 3
        assert np.mean([fit.alpha for fit in found]) == pytest.approx(0.08, abs=0.03)
        assert all(fit.alpha > 0 for fit in found)


def test_rare_events_have_a_trend_too():
    random = np.random.default_rng(13)
    mean = np.exp(random.normal(0, 0.5, 60))
    found = [trend(pd.Series(random.poisson(mean))) for _ in range(20)]
    assert all(0 < fit.lower < fit.ratio < fit.upper < 5 for fit in found)


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_counts_no_more_scattered_than_chance_make_the_negative_binomial_a_poisson():
    counts = pd.Series([100 + (month % 12) for month in range(48)])
    assert trend(counts).alpha == 0
    assert trend(counts).ratio == pytest.approx(trend(counts, family="poisson").ratio)


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_the_trend_is_of_the_rate_and_a_missing_month_keeps_its_place():
    exposure = pd.Series([1000.0 * 1.1 ** (month / 12) for month in range(48)])
    counts = exposure * 0.1
    assert trend(counts, exposure, family="poisson").ratio == pytest.approx(1)
    assert trend(counts, family="poisson").ratio == pytest.approx(1.1)
    assert trend(counts.mask(counts.index == 20), family="poisson").ratio == pytest.approx(1.1)


SERIES = pd.Series([3.0, 4.0, 5.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: signals(SERIES[::-1], 0, 1), "not in order of time"),
        (lambda: run_chart(pd.concat([SERIES, SERIES])), "not in order of time, or has a period twice"),
        (lambda: p_chart(SERIES, SERIES - 1), "above its denominator"),
        (lambda: u_chart(-SERIES, SERIES), "negative"),
        (lambda: u_chart(SERIES, SERIES[:2]), "differ in: 2"),
        (lambda: change_points(SERIES.mask(SERIES > 4)), "missing or 0"),
        (lambda: change_points(SERIES, shortest=0), "1 or more"),
        (lambda: trend(SERIES, family="normal"), "no family 'normal'"),
        (lambda: trend(SERIES), "3 known periods are too few"),
        (lambda: trend(pd.Series(range(1, 14))), "13 known periods are too few"),
        (lambda: trend(pd.Series([0.0] * 30)), "no events"),
        (lambda: trend(pd.Series(range(1, 31)), confidence=95), "between 0 and 1"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
