"""Indicators that print the same numbers are protected together; the attack here is a linear programme of its own."""

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_results import EVENTS, POLICY, SHARE, WAIT, measured
from scipy.optimize import linprog

from ddns_utils import areas
from ddns_utils.disclosure import disclose

REGIONS = areas.codes("region", date(2025, 12, 31))
KEYS = ["area", "sex"]


def share(name):
    return dataclasses.replace(SHARE, id=name)


MEASURED_IN_YEAR, BELOW, EYES = share("measured_in_year"), share("below"), share("eyes")


def cells(counts, sexes):
    """Regions × sexes with their margins, by (area, sex)."""
    leaves = {
        (region, sex): counts[r][s]
        for r, region in enumerate(REGIONS[: len(counts)])
        for s, sex in enumerate(sexes)
    }  # fmt: skip
    for region in REGIONS[: len(counts)]:
        leaves[region, "all"] = sum(leaves[region, sex] for sex in sexes)
    for sex in [*sexes, "all"]:
        leaves["DK", sex] = sum(leaves[region, sex] for region in REGIONS[: len(counts)])
    return leaves


def rows(name, n, of):
    return [
        {"indicator": name, "area": area, "sex": sex, "n": float(n[area, sex]), "of": float(of[area, sex])}
        for area, sex in of
    ]  # fmt: skip


def chain(sick, seen, well, eyed, sexes=("F", "M")):
    """Of the sick some are seen, of the seen some are well, and of the sick some had their eyes checked."""
    sick, seen, well, eyed = (cells(counts, sexes) for counts in (sick, seen, well, eyed))
    made = [*rows("measured_in_year", seen, sick), *rows("below", well, seen), *rows("eyes", eyed, sick)]
    return measured(made, MEASURED_IN_YEAR, BELOW, EYES)


def exactly_known(shown, truth):
    """Hidden numbers (indicator, area, sex, column) that a reader of ``shown`` works out, by two linear programmes each.

    The reader knows what is printed, every sum, that seen is both a numerator and a denominator and that sick is two
    denominators, and that a part is not larger than its whole.
    """
    same = {("below", "of"): ("measured_in_year", "n"), ("eyes", "of"): ("measured_in_year", "of")}
    places, at, limits = {}, {}, []
    for row in range(len(shown)):
        for column in ("n", "of"):
            name = (shown.indicator[row], column)
            key = (*same.get(name, name), shown.area[row], shown.sex[row])
            at[row, column] = places.setdefault(key, len(places))
            if at[row, column] == len(limits):
                limits.append([0, None])
            if not np.isnan(shown[column][row]):
                limits[at[row, column]] = [truth[column][row]] * 2
    equal, at_most = [], []
    for quantity in {key[:2] for key in places}:
        here = {key[2:]: place for key, place in places.items() if key[:2] == quantity}
        families = [
            (parent, [c for c in here if c[0] == parent[0] and c[1] != "all"]) for parent in here if parent[1] == "all"
        ]
        families += [
            (parent, [c for c in here if c[1] == parent[1] and c[0] != "DK"]) for parent in here if parent[0] == "DK"
        ]
        for parent, children in families:
            line = np.zeros(len(places))
            line[here[parent]] = 1
            line[[here[child] for child in children]] = -1
            equal.append(line)
    for row in range(len(shown)):
        line = np.zeros(len(places))
        line[at[row, "n"]] += 1
        line[at[row, "of"]] -= 1
        at_most.append(line)
    found = []
    for row in range(len(shown)):
        for column in ("n", "of"):
            if np.isnan(shown[column][row]) and truth[column][row] > 0:
                goal = np.eye(len(places))[at[row, column]]
                ends = [
                    linprog(sign * goal, A_eq=equal, b_eq=np.zeros(len(equal)), A_ub=at_most, b_ub=np.zeros(len(at_most)), bounds=limits)
                    for sign in (1, -1)
                ]  # fmt: skip
                most = -ends[1].fun if ends[1].fun is not None else np.inf
                assert ends[0].fun <= truth[column][row] + 1e-6 <= most + 2e-6
                if most - ends[0].fun < 1 - 1e-6:
                    found.append((shown.indicator[row], shown.area[row], shown.sex[row], column))
    return found


SICK = [[40, 50], [60, 70], [80, 90]]
SEEN = [[30, 3], [50, 60], [70, 80]]
WELL = [[12, 1], [20, 30], [30, 40]]
EYED = [[20, 20], [30, 30], [40, 40]]


def test_a_numerator_hidden_in_one_table_is_no_denominator_in_another():
    before = chain(SICK, SEEN, WELL, EYED)
    frame = disclose(before, POLICY).frame
    counted = frame.set_index(["indicator", *KEYS])
    assert np.isnan(counted.loc[("measured_in_year", REGIONS[0], "M"), "n"])
    assert np.isnan(counted.loc[("below", REGIONS[0], "M"), "of"])
    counted = counted.sort_index()
    one, other = counted.loc["measured_in_year", "n"], counted.loc["below", "of"]
    assert (one.isna() == other.isna()).all()
    assert exactly_known(frame, before.frame) == []


def test_the_attack_here_finds_what_is_hidden_in_one_table_only():
    before = chain(SICK, SEEN, WELL, EYED)
    alone = [
        disclose(type(before)(before.frame[before.frame.indicator == name], before.indicators), POLICY).frame
        for name in before.indicators
    ]
    apart = pd.concat(alone, ignore_index=True)
    assert ("measured_in_year", REGIONS[0], "M", "n") in exactly_known(apart, before.frame)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_random_linked_tables_give_no_hidden_number_away_and_print_true_ones(regions, seed):
    dice = np.random.default_rng(seed)
    sick = dice.choice([0, 2, 4, 6, 9, 20, 60, 200], (regions, 2))
    seen = dice.binomial(sick, dice.choice([0.1, 0.5, 0.9]))
    before = chain(sick, seen, dice.binomial(seen, 0.5), dice.binomial(sick, 0.3))
    result = disclose(before, POLICY)
    frame = result.frame
    assert result.audit.recovered == 0
    for column in ("n", "of"):
        shown = frame[column].notna()
        assert (frame.loc[shown, column] == before.frame.loc[shown, column]).all()
        assert not frame[column].between(1, 4).any()
        assert frame.loc[~shown, ["n", "value", "lower", "upper"]].isna().all(axis=None)
    assert exactly_known(frame, before.frame) == []


def test_indicators_that_share_no_number_do_not_touch_each_other():
    few, many = cells([[3, 50], [60, 70]], ("F", "M")), cells([[90, 90], [95, 95]], ("F", "M"))
    other = cells([[400, 500], [600, 700]], ("F", "M"))
    wide = cells([[900, 901], [902, 903]], ("F", "M"))
    before = measured([*rows("measured_in_year", few, many), *rows("below", other, wide)], MEASURED_IN_YEAR, BELOW)
    frame = disclose(before, POLICY).frame
    assert (frame.loc[frame.indicator == "below", "status"] == "ok").all()
    assert (frame.loc[frame.indicator == "measured_in_year", "status"] == "suppressed").any()


@pytest.mark.parametrize("second", [EVENTS, WAIT])
def test_kinds_that_share_a_denominator_hide_it_together(second):
    of = cells([[3, 50], [60, 70], [80, 90]], ("F", "M"))
    n = {key: count // 2 for key, count in of.items()}
    one, two = rows("share", n, of), rows(second.id, n, of)
    if second is WAIT:
        two = [row | {"n": np.nan} for row in two]
    frame = disclose(measured([*one, *two], SHARE, second), POLICY).frame
    hidden = frame.pivot(index=KEYS, columns="indicator", values="of").isna()
    assert hidden.any(axis=None)
    assert (hidden["share"] == hidden[second.id]).all()
