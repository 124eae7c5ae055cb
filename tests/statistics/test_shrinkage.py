"""Empirical-Bayes estimates and ranks: planted distributions are found, small areas move most, equal ones are one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics.shrinkage import Shrunk, shrink

AREAS = 98


def uneven(kind, random):
    """Areas whose true values come from a known distribution, with their counts."""
    of = np.round(np.exp(random.normal(5, 1, AREAS)) + 20)
    if kind == "proportion":
        truth = random.beta(30, 70, AREAS)
        return truth, pd.Series(random.binomial(of.astype(int), truth)), pd.Series(of)
    truth = random.gamma(20, 1 / 100, AREAS)
    return truth, pd.Series(random.poisson(truth * of)), pd.Series(of)


@pytest.mark.parametrize(("kind", "mean", "spread"), [("proportion", 0.3, 0.0456), ("rate", 0.2, 0.0447)])
def test_the_planted_distribution_is_found_and_its_areas_are_covered(kind, mean, spread):
    random = np.random.default_rng(11)
    means, spreads, covered, better = [], [], [], []
    for _ in range(40):
        truth, n, of = uneven(kind, random)
        shrunk = shrink(n, of, kind)
        a, b = shrunk.prior
        prior = stats.beta(a, b) if kind == "proportion" else stats.gamma(a, scale=1 / b)
        means.append(prior.mean())
        spreads.append(prior.std())
        found = shrunk.frame()
        covered.append(found["lower"].le(truth).mean() - found["upper"].lt(truth).mean())
        better.append(((found["value"] - truth) ** 2).mean() / ((found["raw"] - truth) ** 2).mean())
    # 40 countries of 98 areas: the mean is known to some 0.001, the spread to some 0.001, the coverage to some 0.004.
    assert np.mean(means) == pytest.approx(mean, abs=0.004)
    assert np.mean(spreads) == pytest.approx(spread, abs=0.004)
    # The prior is taken as known, which costs a little coverage.
    assert 0.92 < np.mean(covered) < 0.965
    assert np.mean(better) < 0.9


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_equal_areas_all_get_the_same_value_and_ranks_that_say_nothing(kind):
    shrunk = shrink(pd.Series([100.0] * AREAS), pd.Series([400.0] * AREAS), kind)
    # How narrow the prior is makes no difference any more: the likelihood is flat there.
    assert shrunk.frame()["value"].to_numpy() == pytest.approx(0.25, abs=1e-4)
    ranks = shrunk.ranks(draws=2000)
    assert (ranks["upper"] - ranks["lower"] > 0.9 * AREAS).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(40, 400)), min_size=4, max_size=12), st.booleans())
def test_every_value_lies_between_its_own_and_the_common_one(areas, proportion):
    kind = "proportion" if proportion else "rate"
    shrunk = shrink(pd.Series([n for n, _ in areas]), pd.Series([of for _, of in areas]), kind)
    a, b = shrunk.prior
    common = a / (a + b) if proportion else a / b
    found = shrunk.frame()
    assert found["value"].to_numpy() == pytest.approx(
        (found["weight"] * found["raw"] + (1 - found["weight"]) * common).to_numpy(), abs=1e-9
    )
    assert found["weight"].between(0, 1).all()
    assert (found["lower"] <= found["value"]).all()
    assert (found["value"] <= found["upper"]).all()


def test_the_smaller_area_moves_further():
    found = shrink(pd.Series([30, 300, 60, 100]), pd.Series([100, 1000, 400, 1000]), "proportion").frame()
    assert found.loc[0, "raw"] == found.loc[1, "raw"]
    assert found.loc[0, "value"] < found.loc[1, "value"] < 0.3


def test_an_area_without_data_gets_the_common_value_and_does_not_change_it():
    n, of = pd.Series([30, 10, np.nan, 0, np.nan, 7]), pd.Series([100, 100, np.nan, 0, 50, np.nan])
    shrunk = shrink(n, of, "proportion")
    assert shrunk.prior == pytest.approx(shrink(n[:2], of[:2], "proportion").prior)
    a, b = shrunk.prior
    found = shrunk.frame()
    assert found["value"][2:].to_list() == pytest.approx([a / (a + b)] * 4)
    assert found["weight"][2:].to_list() == [0, 0, 0, 0]
    assert found["raw"][2:].isna().all()


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_nothing_happened_anywhere_gives_values_of_almost_nothing(kind):
    found = shrink(pd.Series([0, 0, 0]), pd.Series([100, 200, 300]), kind).frame()
    assert (found["value"] < 1e-6).all()


def test_areas_are_joined_by_name():
    found = shrink(pd.Series({"a": 5, "b": 90}), pd.Series({"b": 100, "a": 10}), "proportion").frame()
    assert found["raw"].to_dict() == {"a": 0.5, "b": 0.9}


def test_clear_differences_have_clear_ranks_and_a_seed_repeats_them():
    shrunk = Shrunk("rate", pd.Series([1000.0, 2000.0, 4000.0]), pd.Series([1000.0] * 3), (1.0, 1.0))
    ranks = shrunk.ranks()
    assert ranks.to_numpy().tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]
    close = Shrunk("rate", pd.Series([100.0, 101.0, 102.0]), pd.Series([1000.0] * 3), (1.0, 1.0))
    assert close.ranks(seed=3).equals(close.ranks(seed=3))
    assert (close.ranks()["lower"] == 1).all()
    assert (close.ranks()["upper"] == 3).all()


ONE = pd.Series([1.0, 2.0], ["a", "b"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shrink(ONE, ONE, "ratio"), "no kind 'ratio'"),
        (lambda: shrink(ONE + 1, ONE, "proportion"), "negative or above"),
        (lambda: shrink(ONE, ONE - 1, "proportion"), "negative or above"),
        (lambda: shrink(-ONE, ONE, "rate"), "negative or above"),
        (lambda: shrink(ONE, ONE - 1, "rate"), "negative or above"),
        (lambda: shrink(ONE, ONE.rename({"a": "c"}), "rate"), "differ in: a, c"),
        (lambda: shrink(ONE[:1], ONE[:1], "rate"), "Fewer than two areas"),
        (lambda: shrink(ONE - 1, ONE - 1, "rate"), "Fewer than two areas"),
        (lambda: shrink(ONE, ONE + 1, "rate").frame(95), "between 0 and 1"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
