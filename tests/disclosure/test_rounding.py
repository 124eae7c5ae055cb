"""Rounding that keeps sums: checked by adding up, and by an intruder of the tests' own."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intruder import KINDS, Intruder, kept, only, table
from made_results import EVENTS, POLICY, SHARE, WAIT, measured

from ddns_utils.disclosure import disclose
from ddns_utils.display.rows import mark_notes
from ddns_utils.errors import DefinitionError

ROUND = dataclasses.replace(POLICY, method="round", rounding_base=5)


def rounded(made, earlier=()):
    return disclose(made, ROUND, list(earlier))


def reader(made, frame, base=5):
    """The intruder who has a rounded table: each number is less than a base from what is printed."""
    seen = Intruder().read(made.frame, frame.assign(n=np.nan, of=np.nan, value=np.nan), KINDS)
    for (_, row), (_, printed) in zip(made.frame.iterrows(), frame.iterrows(), strict=True):
        for column, at in zip(("n", "of"), seen.place["", row.indicator, row.area, row.sex], strict=True):
            if not np.isnan(printed[column]):
                seen.lower[at] = max(seen.lower[at], printed[column] - base + 1)
                seen.upper[at] = min(seen.upper[at], printed[column] + base - 1)
    return seen


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.sampled_from([SHARE, EVENTS]), st.integers(2, 4), st.integers(0, 10_000))
def test_rounded_numbers_add_up_lie_within_one_base_and_leave_small_ones_uncertain(indicator, regions, seed):
    dice = np.random.default_rng(seed)
    of = dice.choice([6, 9, 20, 60, 203], (regions, 2))
    made = table(dice.binomial(of, dice.choice([0.05, 0.3, 0.9], (regions, 2))), of, indicator)
    frame = rounded(made).frame
    for column in ("n", "of"):
        shown = frame[column].notna()
        assert (frame.loc[shown, column] % 5 == 0).all()
        assert ((frame[column] - made.frame[column]).abs()[shown] <= 5).all()
        cells = frame.pivot(index="area", columns="sex", values=column)
        whole = cells.notna().all(axis=1)
        assert (cells["F"] + cells["M"] == cells["all"])[whole].all()
        if cells.notna().all(axis=None):
            assert (cells.drop(index="DK").sum() == cells.loc["DK"]).all()
    seen = reader(made, frame, base=6)
    seen.add_up("", indicator.id)
    assert [name for name in seen.found(2) if 0 < name[-1] < 5] == []


def test_values_and_limits_follow_from_the_rounded_numbers():
    made = table([[41, 43], [52, 63], [74, 85]], [[101, 113], [122, 134], [143, 156]])
    frame = rounded(made).frame
    again = measured(frame[["area", "sex", "n", "of"]].to_dict("records")).frame
    pd.testing.assert_frame_equal(frame[["value", "lower", "upper"]], again[["value", "lower", "upper"]])
    assert (frame["note"] == "rounded to 5").all()


@pytest.mark.parametrize("least", range(6, 10))
def test_a_rounded_numerator_is_not_above_its_denominator(least):
    counts = np.array([[least, 7], [least + 1, least + 2], [least + 3, least]])
    frame = rounded(table(counts, counts)).frame
    assert (frame["n"] <= frame["of"]).all()


def test_only_small_numbers_are_attacked():
    assert rounded(table([[41, 3], [52, 63], [74, 85]], [[101, 113], [122, 134], [143, 156]])).audit.attacked == 1


def test_a_number_is_rounded_as_it_was_before():
    made = table([[41, 43], [52, 63], [74, 85]], [[101, 113], [122, 134], [143, 156]])
    part = only(made, sex="F")
    first = rounded(part)
    second = rounded(made, [kept(part, first)])
    pd.testing.assert_frame_equal(second.frame.query("sex == 'F'").reset_index(drop=True), first.frame)
    assert second.audit.recovered == second.audit.narrow == 0


def test_a_mean_is_not_rounded():
    with pytest.raises(DefinitionError, match="wait is a mean, and the policy rounds counts"):
        rounded(table([[300, 210]], [[30, 30]], WAIT))


def test_readers_are_told_that_numbers_are_rounded():
    result = rounded(table([[41, 43], [52, 63], [74, 85]], [[101, 113], [122, 134], [143, 156]]))
    assert "Alle tal er afrundet til multipla af 5." in mark_notes(result.frame, result, "da")
