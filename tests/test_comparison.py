"""Areas compared from what was disclosed: who stands out, who is left out, and every edge between them."""

import numpy as np
import pandas as pd
import pytest
from made_results import EVENTS, SHARE, WAIT, cube, measured

from ddns_utils import areas
from ddns_utils.comparison import FEWEST_AREAS, compare, peers
from ddns_utils.disclosure import Policy, disclose
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.measure import Measured
from ddns_utils.standardisation import standardised
from ddns_utils.statistics import benchmark, shrinkage

POLICY = Policy.read()
CODES = areas.codes("municipality")


def disclosed(rows, *indicators):
    return disclose(measured(rows, *indicators), POLICY)


def alike(many=40, of=400.0, n=160.0, **others):
    """Areas that are all the same, but for those named by their code."""
    return [{"area": code, "of": of, "n": others.get(f"m{code}", n)} for code in CODES[:many]]


def test_an_area_that_differs_stands_out_and_one_that_may_be_chance_does_not():
    found = compare(disclosed(alike(m101=220.0, m147=184.0)), SHARE)
    assert list(found.standing_out.index) == ["101"]
    assert list(found.perhaps_chance.index) == ["147"]
    assert found.frame.loc["147", "label"] == "high_95"
    assert (found.frame["label"] == "expected").sum() == 38


def test_everything_comes_from_the_numbers_that_readers_see():
    shown = disclose(cube(1), POLICY)
    found = compare(shown, SHARE).frame
    rows = shown.frame[(shown.frame["area_level"] == "municipality") & (shown.frame["status"] == "ok")].set_index(
        "area"
    )
    country = shown.frame[shown.frame["area"] == "DK"].iloc[0]
    funnel = benchmark.funnel(rows["n"], rows["of"], "proportion", country["value"])
    dispersion = benchmark.over_dispersion(funnel["z"])
    funnel = benchmark.funnel(rows["n"], rows["of"], "proportion", country["value"], dispersion)
    assert found["label"].equals(funnel["label"])
    assert found["q"].equals(benchmark.false_discovery(funnel["p"])["q"])
    rest = pd.Series({"rest": country["n"] - rows["n"].sum()}), pd.Series({"rest": country["of"] - rows["of"].sum()})
    everybody = pd.concat([rows["n"], rest[0]]), pd.concat([rows["of"], rest[1]])
    prior = shrinkage.shrink(*(everybody if rest[1]["rest"] > 0 else (rows["n"], rows["of"])), "proportion").prior
    shrunk = shrinkage.Shrunk("proportion", rows["n"], rows["of"], prior)
    assert found["smoothed"].to_numpy() == pytest.approx(shrunk.frame()["value"].to_numpy())
    assert found["rank"].equals(shrunk.ranks()["rank"])


def test_the_country_is_the_baseline_where_it_is_shown_since_hiding_takes_areas_from_the_average():
    rows = [*alike(m101=220.0), {"area": "DK", "of": 40_000.0, "n": 14_000.0}]
    assert compare(disclosed(rows), SHARE).frame["baseline"].unique() == [0.35]
    own = compare(disclosed(rows[:-1]), SHARE).frame["baseline"].unique()
    assert own == pytest.approx((39 * 160 + 220) / (40 * 400))


def test_the_hidden_take_part_together_in_what_areas_are_smoothed_to():
    rows = [*alike(n=8.0), *({"area": code, "of": 400.0, "n": 3.0} for code in CODES[40:60])]
    country = {"area": "DK", "of": 60 * 400.0, "n": 40 * 8.0 + 20 * 3.0}
    found = compare(disclosed([*rows, country], EVENTS), EVENTS).frame
    own = compare(disclosed(rows, EVENTS), EVENTS).frame
    assert found["smoothed"].mean() < own["smoothed"].mean() - 0.5
    assert own["smoothed"].mean() == pytest.approx(20, abs=0.1)


def test_areas_that_vary_no_more_than_chance_are_said_to_be_alike():
    assert compare(disclosed(alike()), SHARE).alike
    assert not compare(disclose(cube(1), POLICY), SHARE).alike
    assert not compare(disclosed(alike(FEWEST_AREAS - 1)), SHARE).alike


def test_areas_that_all_vary_widen_the_funnel():
    dice = np.random.default_rng(3)
    rows = [{"area": code, "of": 2000.0, "n": float(dice.binomial(2000, dice.beta(60, 140)))} for code in CODES]
    found = compare(disclosed(rows), SHARE)
    assert found.dispersion > 3
    sizes, curves = found.limits()
    here = found.frame.iloc[0]
    assert np.interp(here["size"], sizes, curves["upper_95"]) == pytest.approx(here["upper_95"], rel=1e-3)
    assert np.interp(here["size"], sizes, curves["lower_998"]) == pytest.approx(here["lower_998"], rel=1e-3)
    assert compare(disclosed(alike()), SHARE).dispersion == 1


def test_hidden_and_provisional_areas_are_left_out_and_counted():
    made = measured(alike(m101=3.0))
    made.frame.loc[made.frame["area"] == "147", "status"] = "incomplete"
    found = compare(disclose(made, POLICY), SHARE)
    assert found.left_out == 2
    assert not {"101", "147"} & set(found.frame.index)


@pytest.mark.parametrize(("many", "compared"), [(FEWEST_AREAS, FEWEST_AREAS), (FEWEST_AREAS - 1, 0)])
def test_fewer_than_ten_areas_are_not_compared(many, compared):
    found = compare(disclosed(alike(many)), SHARE)
    assert len(found.frame) == compared
    assert found.left_out == many - compared
    assert found.standing_out.empty == found.perhaps_chance.empty is True


def test_values_and_limits_are_in_the_indicators_unit():
    rate = compare(disclosed(alike(n=40.0, m101=90.0), EVENTS), EVENTS).frame
    assert rate.loc["101", ["value", "size", "n"]].to_list() == [225.0, 400.0, 90.0]
    assert rate.loc["147", "value"] == 100
    assert 100 < rate.loc["101", "baseline"] < 105
    assert rate.loc["101", "lower"] < rate.loc["101", "smoothed"] < rate.loc["101", "upper"] < 300


def test_a_rate_standardised_to_the_country_is_compared_by_what_was_expected():
    other = standardised(EVENTS, "country")
    rows = [*alike(n=40.0), {"area": "DK", "of": 40 * 400.0, "n": 40 * 40.0}]
    made = measured(rows, EVENTS)
    frame = made.frame.assign(indicator=other.id)
    frame.loc[frame["area"] == "101", ["value", "lower", "upper"]] = 50.0, 40.0, 60.0  # expected were 80
    found = compare(disclose(Measured(frame, {other.id: other}), POLICY), other).frame
    assert found.loc["101", ["size", "value", "baseline"]].to_list() == [80.0, 50.0, 100.0]
    assert found.loc["147", ["size", "value"]].to_list() == [40.0, 100.0]
    assert found.loc["101", "label"] == "low_998"


def test_the_latest_period_is_compared_unless_told():
    both = disclose(cube(1, ("2024", "2025")), POLICY)
    assert compare(both, SHARE).period == "2025"
    old = compare(both, SHARE, period="2024").frame["n"]
    rows = both.frame[(both.frame["period"] == "2024") & (both.frame["area"] == "101")]
    assert old["101"] == rows["n"].iloc[0]


def test_only_totals_are_compared_where_there_are_breakdowns():
    found = compare(disclose(cube(1, ("2025",), ("sex",)), POLICY), SHARE)
    assert found.frame.index.is_unique


def test_clusters_and_councils_have_peers_of_their_own_and_all_else_municipalities():
    assert peers("cluster-byen") == "health_cluster"
    assert peers(areas.codes("health_council")[0]) == "health_council"
    assert [peers(code) for code in ("DK", "1084", "101", "101+147")] == ["municipality"] * 4


@pytest.mark.parametrize(
    ("indicator", "given", "error", "message"),
    [
        (WAIT, {}, DefinitionError, "wait cannot be compared"),
        (standardised(EVENTS), {}, DefinitionError, "events_standardised_dk_2021 cannot be compared"),
        (SHARE, {"level": "health_cluster"}, DataError, "not measured for any health_cluster in 2025"),
        (SHARE, {"period": "2020"}, DataError, "not measured for any municipality in 2020"),
    ],
)
def test_what_cannot_be_compared_is_refused(indicator, given, error, message):
    made = measured(alike(), indicator)
    if indicator is WAIT:
        made.frame[["value", "lower", "upper"]] = 10.0, 9.0, 11.0
    with pytest.raises(error, match=message):
        compare(disclose(made, POLICY), indicator, **given)


def test_an_unknown_indicator_and_what_is_not_disclosed_are_refused():
    with pytest.raises(DefinitionError, match="no such indicator"):
        compare(disclosed(alike()), "shares")
    with pytest.raises(DefinitionError, match="takes disclosed results, not DataFrame"):
        compare(pd.DataFrame(), SHARE)
