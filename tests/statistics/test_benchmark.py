"""Comparison of areas: equal ones are left alone, different ones are found, and every edge is on its side."""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics import intervals
from ddns_utils.statistics.benchmark import false_discovery, funnel, funnel_limits, over_dispersion

COUNTRIES = 1000
MUNICIPALITIES = 98


@functools.cache
def equal_countries(kind, seed=20261123):
    """Funnels of many made-up countries of 98 equal municipalities, their sizes as uneven as the Danish ones."""
    found = []
    random = np.random.default_rng(seed)
    of = np.round(np.exp(random.normal(6.5, 0.8, MUNICIPALITIES)) + 100)
    for _ in range(COUNTRIES):
        n = random.binomial(of.astype(int), 0.3) if kind == "proportion" else random.poisson(0.3 * of)
        found.append(funnel(pd.Series(n), pd.Series(of), kind))
    return found


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_ninety_eight_equal_municipalities_raise_no_more_false_alarms_than_the_nominal(kind):
    labels = pd.concat([country["label"] for country in equal_countries(kind)]).value_counts(normalize=True)
    outer = labels.get("high_998", 0) + labels.get("low_998", 0)
    any_alarm = 1 - labels["expected"]
    # 98,000 tests: three standard errors of 5 % are 0.21 % and of 0.2 % are 0.043 %. Counts are whole, so exact limits
    # raise somewhat fewer alarms; a score limit may raise slightly more or fewer.
    assert 0.038 < any_alarm < 0.0521
    assert 0.0008 < outer < 0.00243


def test_among_equal_municipalities_false_discovery_control_finds_someone_in_at_most_one_country_of_twenty():
    found = [false_discovery(country["p"])["found"].any() for country in equal_countries("proportion")]
    # Three standard errors of 5 % in 1,000 countries are 2.1 %.
    assert np.mean(found) < 0.071


def test_equal_municipalities_are_not_over_dispersed_and_uneven_ones_are():
    equal = [over_dispersion(country["z"]) for country in equal_countries("proportion")]
    assert np.mean(np.array(equal) > 1) < 0.02
    random = np.random.default_rng(1)
    of = pd.Series(np.full(MUNICIPALITIES, 2000))
    n = pd.Series(random.binomial(2000, random.beta(60, 140, MUNICIPALITIES)))
    raw = funnel(n, of, "proportion")
    dispersion = over_dispersion(raw["z"])
    assert dispersion > 3
    widened = funnel(n, of, "proportion", dispersion=dispersion)
    assert (widened["label"] != "expected").sum() < (raw["label"] != "expected").sum() / 3


def test_planted_differences_are_found():
    random = np.random.default_rng(2)
    of = pd.Series(np.full(MUNICIPALITIES, 1500))
    truth = np.where(np.arange(MUNICIPALITIES) < 8, 0.40, 0.30)
    power, false = [], []
    for _ in range(200):
        n = pd.Series(random.binomial(1500, truth))
        found = false_discovery(funnel(n, of, "proportion", float((n / of).median()))["p"])["found"]
        power.append(found[:8].mean())
        false.append(found[8:].sum() / max(found.sum(), 1))
    assert np.mean(power) > 0.95
    # The median is still a little high, by the eight; three standard errors of 5 % over 200 countries are some 2 %.
    assert np.mean(false) < 0.07


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.sampled_from([0.95, 0.998]))
def test_an_area_is_outside_the_funnel_exactly_when_its_interval_leaves_the_baseline(n, expected, confidence):
    lower, upper = intervals.rate(n, expected, confidence)
    low, high = funnel_limits(expected, 1.0, "ratio", confidence)
    assert (n / expected > high) == (lower > 1)
    assert (n / expected < low) == (upper < 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.floats(0.05, 0.95))
def test_a_proportion_is_outside_exactly_when_its_score_interval_leaves_the_baseline(of, share, baseline):
    n = round(share * of)
    lower, upper = intervals.proportion(n, of, method="wilson")
    low, high = funnel_limits(of, baseline, "proportion")
    if abs(float(lower) - baseline) > 1e-9 and abs(float(upper) - baseline) > 1e-9:
        assert (n / of > high) == (lower > baseline)
        assert (n / of < low) == (upper < baseline)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.sampled_from(["proportion", "rate", "ratio"]), st.floats(1, 4))
def test_p_and_label_agree(n, kind, dispersion):
    row = funnel(pd.Series([n]), pd.Series([60]), kind, 0.3, dispersion).iloc[0]
    if abs(row["p"] - 0.05) > 1e-9 and abs(row["p"] - 0.002) > 1e-9:
        side = "high" if row["z"] > 0 else "low"
        level = "998" if row["p"] < 0.002 else "95"
        assert row["label"] == (f"{side}_{level}" if row["p"] < 0.05 else "expected")


def test_the_p_value_of_a_ratio_is_the_exact_poissons():
    row = funnel(pd.Series([14]), pd.Series([6.0]), "ratio").iloc[0]
    assert row["p"] == pytest.approx(2 * stats.poisson.sf(13, 6), rel=1e-9)
    row = funnel(pd.Series([1]), pd.Series([6.0]), "ratio").iloc[0]
    assert row["p"] == pytest.approx(2 * stats.poisson.cdf(1, 6), rel=1e-9)
    assert row["z"] < 0


@pytest.mark.parametrize(("expected", "low"), [(3.68, False), (3.70, True)])
def test_no_events_are_low_from_where_chance_gives_them_in_one_of_forty(expected, low):
    row = funnel(pd.Series([0]), pd.Series([expected]), "ratio").iloc[0]
    assert row["label"] == ("low_95" if low else "expected")


def test_on_the_limit_is_as_expected():
    upper = funnel_limits(100, 0.5, "proportion")[1]
    on = funnel(pd.Series([100 * float(upper)]), pd.Series([100.0]), "proportion", 0.5)
    assert list(on["label"]) == ["expected"]


def test_areas_are_joined_by_name_and_not_by_place():
    n, of = pd.Series({"a": 5, "b": 90}), pd.Series({"b": 100, "a": 10})
    assert funnel(n, of, "proportion")["value"].to_dict() == {"a": 0.5, "b": 0.9}


def test_what_is_missing_is_unknown_and_moves_no_baseline():
    found = funnel(pd.Series([5, np.nan, 0, 7]), pd.Series([10, 10, 0, np.nan]), "proportion")
    assert list(found["label"]) == ["expected", "unknown", "unknown", "unknown"]
    assert (found["baseline"] == 0.5).all()
    assert list(funnel(pd.Series([np.nan]), pd.Series([np.nan]), "rate")["label"]) == ["unknown"]


@pytest.mark.parametrize("kind", ["proportion", "rate", "ratio"])
def test_where_nothing_happened_anywhere_nobody_stands_out(kind):
    found = funnel(pd.Series([0, 0]), pd.Series([10, 2000]), kind, 0.0)
    assert list(found["label"]) == ["expected"] * 2
    assert list(found["p"]) == [1, 1]


def test_where_it_is_true_of_everybody_nobody_stands_out():
    found = funnel(pd.Series([10, 2000]), pd.Series([10, 2000]), "proportion")
    assert list(found["label"]) == ["expected"] * 2
    assert list(found["p"]) == [1, 1]


def test_winsorising_sets_the_tails_to_their_edge():
    z = [-10, *np.linspace(-1, 1, 9), 10]
    assert over_dispersion(z) == 1
    assert over_dispersion(z, winsorise=0) == pytest.approx(np.mean(np.square(z)))
    assert over_dispersion([*z, np.nan], winsorise=0) == over_dispersion(z, winsorise=0)
    assert over_dispersion([-4, -3, 3, 4], winsorise=0) == 12.5


def test_a_missing_p_value_is_no_test():
    found = false_discovery(pd.Series({"a": 0.04, "b": np.nan}))
    assert list(found["found"]) == [True, False]
    assert np.isnan(found.loc["b", "q"])
    assert not false_discovery(pd.Series([np.nan]))["found"].any()


ONE, TWO = pd.Series([1.0], ["a"]), pd.Series([2.0], ["a"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: funnel(ONE, TWO, "share"), "no kind 'share'"),
        (lambda: funnel(TWO, ONE, "proportion"), "above its denominator"),
        (lambda: funnel(-ONE, TWO, "rate"), "negative"),
        (lambda: funnel(ONE, TWO.rename({"a": "b"}), "rate"), "differ in: a, b"),
        (lambda: funnel(pd.concat([ONE, ONE]), pd.concat([TWO, TWO]), "rate"), "areas given twice"),
        (lambda: funnel_limits([10], 1.2, "proportion"), "1.2 cannot be the baseline of a proportion"),
        (lambda: funnel_limits([10], -1, "rate"), "-1 cannot be the baseline"),
        (lambda: funnel_limits([-1], 0.5, "rate"), "size is negative"),
        (lambda: funnel_limits([1], 0.5, "rate", 95), "between 0 and 1"),
        (lambda: funnel_limits([1], 0.5, "rate", 0), "between 0 and 1"),
        (lambda: funnel_limits([1], 0.5, "rate", 1), "between 0 and 1"),
        (lambda: funnel_limits([1], 0.5, "rate", dispersion=0.5), "would narrow the funnel"),
        (lambda: over_dispersion([1], 0.5), "winsorise is the share"),
        (lambda: over_dispersion([np.nan]), "no z-scores"),
        (lambda: false_discovery(pd.Series([1.2])), "between 0 and 1"),
        (lambda: false_discovery(pd.Series([0.2]), 5), "between 0 and 1"),
        (lambda: false_discovery(pd.Series([0.2]), 0), "between 0 and 1"),
        (lambda: false_discovery(pd.Series([0.2]), 1), "between 0 and 1"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
