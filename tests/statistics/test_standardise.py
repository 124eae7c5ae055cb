"""Standardisation: what must hold for any numbers, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics.standardise import ESP2013, direct, indirect

BANDS = pd.Index(["young", "old"], name="age_band")
WEIGHTS = pd.Series([3.0, 1.0], BANDS, name="ours")
REFERENCE = pd.DataFrame({"count": [10.0, 90.0], "population": [1000.0, 1000.0]}, BANDS)


def country(counts, population=1000.0, area="A"):
    return pd.DataFrame({"area": area, "age_band": BANDS, "count": counts, "population": population})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=4, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_weights_changes_nothing(counts, random):
    data = pd.concat([country(counts[:2], area="A"), country(counts[2:], 500, area="B")])
    mixed = data.sample(frac=1, random_state=random.randrange(1000))
    ours = direct(mixed, "area", WEIGHTS[::-1]).sort_index()
    pd.testing.assert_frame_equal(ours, direct(data, "area", WEIGHTS).sort_index())
    ours = indirect(mixed, "area", REFERENCE[::-1]).sort_index()
    pd.testing.assert_frame_equal(ours, indirect(data, "area", REFERENCE).sort_index())


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 400))
def test_equal_rates_in_every_band_are_the_standardised_rate(count):
    found = direct(country([count, count]), "area", WEIGHTS, per=1000).loc["A"]
    assert found["value"] == pytest.approx(count)
    assert found["lower"] < found["value"] < found["upper"]


def test_a_population_like_the_reference_has_the_ratio_one():
    found = indirect(country([10, 90]), "area", REFERENCE).loc["A"]
    assert (found["observed"], found["expected"], found["value"]) == (100, 100, 1)
    assert np.isnan(found["reference_rate"])
    rate = indirect(country([10, 90]), "area", REFERENCE, kind="rate", per=100).loc["A"]
    assert rate[["value", "reference_rate"]].to_list() == pytest.approx([5, 5])


@pytest.mark.parametrize(("events", "given"), [(9, False), (10, True)])
def test_ten_events_give_a_direct_rate_and_nine_do_not(events, given):
    found = direct(country([events, 0]), "area", WEIGHTS).loc["A"]
    assert (found[["value", "lower", "upper"]].notna() == given).all()
    assert found["note"] == ("" if given else "fewer than 10 events")


@pytest.mark.parametrize(("events", "method"), [(0, "exact"), (9, "exact"), (10, "Byar")])
def test_limits_of_a_ratio_are_exact_below_ten_events(events, method):
    found = indirect(country([events, 0]), "area", REFERENCE).loc["A"]
    assert found["method"] == method
    assert (found["lower"] == 0) == (events == 0)


def test_a_band_where_nobody_lives_leaves_the_area_without_a_rate():
    found = direct(country([30, 0], [1000, 0]), "area", WEIGHTS).loc["A"]
    assert np.isnan(found["value"])
    assert found["note"] == "a band has no population"


def test_a_missing_count_means_no_events():
    pd.testing.assert_frame_equal(
        direct(country([30, np.nan]), "area", WEIGHTS), direct(country([30, 0]), "area", WEIGHTS)
    )


def test_nothing_expected_gives_no_ratio():
    nobody = indirect(country([0, 0], 0), "area", REFERENCE).loc["A"]
    assert nobody[["value", "lower", "upper"]].isna().all()
    never = REFERENCE.assign(count=[0.0, 90.0])
    unexpected = indirect(country([3, 0], [1000, 0]), "area", never).loc["A"]
    assert (unexpected["observed"], unexpected["expected"]) == (3, 0)
    assert unexpected[["value", "lower", "upper"]].isna().all()


def test_a_population_may_be_missing_where_the_reference_has_no_events():
    young_never = REFERENCE.assign(count=[0.0, 90.0])
    found = indirect(country([0, 90], [np.nan, 1000]), "area", young_never).loc["A"]
    assert (found["expected"], found["value"]) == (90, 1)


def test_areas_may_have_several_keys():
    data = pd.concat([country([30, 20]).assign(year=year) for year in (2024, 2025)])
    found = direct(data, ["area", "year"], WEIGHTS)
    assert list(found.index) == [("A", 2024), ("A", 2025)]
    assert found["value"].nunique() == 1


def test_one_event_a_person_is_the_ordinary_rate():
    once = country([30, 20]).assign(times=1)
    ours, theirs = direct(once, "area", WEIGHTS, frequency="times"), direct(once, "area", WEIGHTS)
    pd.testing.assert_frame_equal(ours.drop(columns="method"), theirs.drop(columns="method"))


def test_events_of_the_same_persons_widen_the_limits_and_leave_the_rate():
    single = direct(country([80, 40]), "area", WEIGHTS).loc["A"]
    four_each = direct(country([20, 10]).assign(times=4), "area", WEIGHTS, frequency="times").loc["A"]
    assert four_each["count"] == 120
    assert four_each["value"] == pytest.approx(single["value"])
    # Variance adds up times² × persons: 4² × 30 against 120 is four times, so limits lie twice as far away.
    assert four_each["upper"] - four_each["value"] == pytest.approx(2 * (single["upper"] - single["value"]))


def test_persons_with_different_numbers_of_events_add_up():
    mixed = pd.concat([country([60, 0]).assign(times=1), country([10, 10]).assign(times=2)])
    found = direct(mixed, "area", WEIGHTS, frequency="times", per=1000).loc["A"]
    assert (found["count"], found["population"]) == (100, 2000)
    assert found["value"] == pytest.approx(0.75 * 80 + 0.25 * 20)


DATA = country([30, 20])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: direct(DATA.iloc[:1], "area", WEIGHTS), "No row for A old"),
        (lambda: direct(pd.concat([DATA, DATA]), "area", WEIGHTS), "more than once: A young, A old"),
        (lambda: direct(DATA, "area", ESP2013), "Unknown bands: young, old"),
        (lambda: direct(DATA, "area", WEIGHTS - 1), "with a number above 0"),
        (lambda: direct(DATA, "region", WEIGHTS), "No column region. Columns found: area, age_band"),
        (lambda: direct(DATA.assign(area=None), "area", WEIGHTS), "A key is missing in area, age_band"),
        (lambda: direct(country([-1, 20]), "area", WEIGHTS), "is negative"),
        (lambda: direct(country([1, 20], [0, 1000]), "area", WEIGHTS), "Events without population: A young"),
        (lambda: direct(country([1, 20], [np.nan, 1000]), "area", WEIGHTS), "population is missing for A young"),
        (lambda: direct(DATA.assign(times=0), "area", WEIGHTS, frequency="times"), "times has values below 1"),
        (
            lambda: direct(
                pd.concat([DATA.assign(times=1), country([1, 1], 999).assign(times=2)]),
                "area", WEIGHTS, frequency="times",
            ),
            "population differs within an area and band",
        ),
        (lambda: direct(DATA, "area", WEIGHTS, confidence=95), "between 0 and 1"),
        (lambda: indirect(DATA, "area", REFERENCE, kind="share"), "no kind 'share'"),
        (lambda: indirect(DATA, "area", REFERENCE.iloc[:1]), "Unknown bands: old"),
        (lambda: indirect(DATA, "area", -REFERENCE.assign(population=-1)), "counts must be there"),
        (lambda: indirect(DATA, "area", REFERENCE.assign(population=0)), "number above 0"),
        (lambda: indirect(country([1, 2], [np.nan, 1]), "area", REFERENCE), "population is missing for A young"),
        (lambda: indirect(DATA, "area", REFERENCE, observed=pd.Series({"B": 3})), "differ in: A, B"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_and_named(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()


def test_squares_added_up_beforehand_widen_as_much_as_the_frequencies_they_come_from():
    times = country([30, 40]).assign(times=1), country([5, 10]).assign(times=2)
    one = direct(pd.concat(times), "area", WEIGHTS, frequency="times").loc["A"]
    summed = country([40, 60]).assign(squares=[30 + 4 * 5, 40 + 4 * 10])
    other = direct(summed, "area", WEIGHTS, squares="squares").loc["A"]
    assert other["count"] == one["count"] == 100
    assert other[["value", "lower", "upper"]].to_list() == pytest.approx(one[["value", "lower", "upper"]].to_list())
    assert other["method"] == one["method"]


def test_squares_that_are_the_counts_are_one_event_a_person():
    once = direct(country([40, 60]).assign(squares=[40, 60]), "area", WEIGHTS, squares="squares")
    pd.testing.assert_frame_equal(
        once.drop(columns="method"), direct(country([40, 60]), "area", WEIGHTS).drop(columns="method")
    )


@pytest.mark.parametrize(("lacking", "named"), [(5, "A 80-84, A 85-89, A 90\\+. Give"), (6, "A 85-89 and 1 more")])
def test_five_missing_bands_are_named_and_further_ones_counted(lacking, named):
    some = pd.DataFrame({"area": "A", "age_band": ESP2013.index[:-lacking], "count": 1, "population": 10})
    with pytest.raises(DefinitionError, match=named):
        direct(some, "area")


def test_a_sum_of_squares_below_the_sum_is_refused():
    with pytest.raises(DefinitionError, match="a sum of squares, so not below count"):
        direct(country([40, 60]).assign(squares=[39, 60]), "area", WEIGHTS, squares="squares")
