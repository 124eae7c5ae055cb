"""Areas that cross, strata, periods and groupings: an intruder of whole numbers knows only what is printed."""

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest
from made_results import EVENTS, POLICY, measured
from scipy.optimize import Bounds, LinearConstraint, milp

from ddns_utils import areas
from ddns_utils.disclosure import disclose
from ddns_utils.disclosure.cells import DIMENSIONS, read_cells

ISLAND = areas.within("1083")[:9]
GROUPINGS = dataclasses.replace(
    POLICY, rule="groupings", threshold=3, minimum_denominator=0, narrowest_interval=1, singletons_know_themselves=False
)


def spreads(parts, truth, frame, key):
    """How far apart the lowest and the highest value of each hidden row are, when rows are sums of invisible parts."""
    columns = sorted({part for there in parts.values() for part in there})
    matrix = np.array([[part in parts[name] for part in columns] for name in frame[key]], dtype=float)
    shown = frame["n"].notna().to_numpy()
    hidden = {}
    for row in np.flatnonzero(~shown):
        ends = [
            milp(sign * matrix[row], integrality=np.ones(len(columns)), bounds=Bounds(0, 1e5),
                 constraints=LinearConstraint(matrix[shown], *[frame.loc[shown, "n"]] * 2)).fun
            for sign in (1, -1)
        ]  # fmt: skip
        assert ends[0] <= truth[frame[key][row]] <= -ends[1]
        hidden[frame[key][row]] = -ends[1] - ends[0]
    return hidden


@pytest.mark.parametrize("seed", range(6))
def test_clusters_and_councils_that_cross_give_no_municipality_away(seed):
    dice = np.random.default_rng(seed)
    levels = [level for level in areas.LEVELS if level != "region"]
    people = dict(zip(areas.codes("municipality"), dice.choice([0, 2, 4, 9, 30, 200], 98), strict=True))
    parts = {code: areas.within(code) for level in levels for code in areas.codes(level)}
    truth = {code: float(sum(people[one] for one in there)) for code, there in parts.items()}
    made = measured([{"area": code, "n": n, "of": 1e6} for code, n in truth.items()], EVENTS)
    result = disclose(made, POLICY, [])
    hidden = spreads(parts, truth, result.frame, "area")
    assert all(spread >= 2 for code, spread in hidden.items() if 0 < truth[code] < 5)
    assert {code for code, n in truth.items() if 0 < n < 5} <= set(hidden)
    assert pd.notna(result.frame.set_index("area").loc["DK", "n"])


def test_the_old_regions_and_the_one_they_become_are_one_sum():
    before, after = areas.codes("region", date(2026, 1, 1)), areas.codes("region", date(2027, 1, 1))
    new = next(code for code in after if code not in before)
    merged = [code for code in before if set(areas.within(code)) < set(areas.within(new))]
    counts = dict.fromkeys(before, 50.0) | {merged[0]: 3.0}
    truth = counts | {new: sum(counts[code] for code in merged), "DK": sum(counts.values())}
    result = disclose(measured([{"area": code, "n": n, "of": 1e6} for code, n in truth.items()], EVENTS), POLICY, [])
    hidden = spreads({code: areas.within(code) for code in truth}, truth, result.frame, "area")
    assert hidden[merged[0]] >= 2
    assert hidden.keys() & {new, *merged[1:]}


@pytest.mark.parametrize("kinds", [("copd", "asthma"), ("copd", "asthma", "all")])
def test_a_stratum_with_a_total_adds_up_and_one_without_does_not(kinds):
    counts = {"copd": 3.0, "asthma": 40.0, "all": 43.0}
    made = measured([{"n": counts[kind], "of": 1e6} for kind in kinds], EVENTS)
    frame = made.frame.assign(disease=kinds)
    frame = frame[[*frame.columns[:6], "disease", *frame.columns[6:-1]]]
    shown = disclose(type(made)(frame, made.indicators), POLICY, []).frame.set_index("disease")["n"]
    assert np.isnan(shown["copd"])
    assert shown.isna().sum() == len(kinds) - 1


@pytest.mark.parametrize("quarters", [4, 3])
def test_a_year_and_its_quarters_give_no_quarter_away_even_when_one_is_missing(quarters):
    counts = {f"2025Q{q}": n for q, n in zip((1, 2, 3, 4), (30.0, 40.0, 50.0, 2.0), strict=True)}
    periods = [*list(counts)[:quarters], "2025"]
    rows = [
        {"period": period, "n": counts.get(period, 122.0), "of": 25e4 if period in counts else 1e6}
        for period in periods
    ]
    frame = disclose(measured(rows, EVENTS), POLICY, []).frame
    shown = frame.set_index("period")["n"]
    assert shown.isna().sum() >= (2 if quarters == 4 else 1)


QUARTERS = {"2025Q1": 10, "2025Q2": 20, "2025Q3": 30, "2025Q4": 40}
MONTHS = {"2025-01": 2, "2025-02": 3, "2025-03": 5}
SPANS = {
    "a year is its quarters, and a quarter its months": (
        "period", "proportion", {"2025": 100} | QUARTERS | MONTHS, {"2025": list(QUARTERS), "2025Q1": list(MONTHS)},
    ),
    "periods that are not the whole year are no sum, even when the numbers add up": (
        "period", "proportion", {"2025": 60, "2025Q1": 10, "2025Q2": 20, "2025Q3": 30}, {},
    ),
    "persons who count in several quarters do not add up": ("period", "proportion", {"2025": 90} | QUARTERS, {}),
    "events add up, and what is left is a quarter that nobody printed": (
        "period", "rate", {"2025": 100, "2025Q1": 10, "2025Q2": 20, "2025Q3": 30},
        {"2025": ["2025Q1", "2025Q2", "2025Q3", "rest"]},
    ),
    "ages are sums of the widest within them": (
        "age_band", "proportion", {"all": 100, "0-17": 10, "18+": 90, "18-39": 30, "40+": 60},
        {"all": ["0-17", "18+"], "18+": ["18-39", "40+"]},
    ),
    "ages that overlap are no sum": ("age_band", "proportion", {"all": 100, "0-39": 40, "18-64": 50}, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", SPANS)
def test_spans_are_sums_of_spans_that_lie_side_by_side(case):
    column, kind, counts, sums = SPANS[case]
    rows = [{column: span, "n": float(n), "of": 10.0 * n} for span, n in counts.items()]
    cells = read_cells(measured(rows).frame, [], kind)
    names = [key[DIMENSIONS.index(column)] for key in cells.keys]
    names = ["rest" if isinstance(name, tuple) else name for name in names]
    assert {names[parent]: [names[part] for part in parts] for parent, parts in cells.sums} == sums


def test_a_grouping_that_leaves_one_variable_out_decides_instead_of_the_cell():
    by = {("1084", "F"): 2, ("1084", "M"): 20, ("1085", "F"): 1, ("1085", "M"): 1}
    rows = [{"area": area, "sex": sex, "n": float(n), "of": 1e6} for (area, sex), n in by.items()]
    rows += [
        {"area": area, "n": float(sum(n for key, n in by.items() if key[0] == area)), "of": 1e6}
        for area in ("1084", "1085")
    ]
    shown = disclose(measured(rows, EVENTS), GROUPINGS, []).frame.set_index(["area", "sex"])["n"]
    assert shown["1084", "F"] == 2
    assert np.isnan(shown["1085", "F"])
    assert np.isnan(shown["1085", "M"])
