"""Calls and releases are protected together; the attack here is the tests' own, with whole numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intruder import KINDS, REGIONS, Intruder, kept, only, table
from made_results import EVENTS, POLICY, SHARE, WAIT

from ddns_utils.disclosure import PROTECTS, SMALL, disclose
from ddns_utils.disclosure.history import read_tables
from ddns_utils.disclosure.published import published
from ddns_utils.errors import DataError

EITHER_WAY = dataclasses.replace(POLICY, hide_small_changes=False)


def shown(result, area, sex="all"):
    return result.frame.set_index(["area", "sex"]).loc[(area, sex)]


OF = [[100, 110], [120, 130], [140, 150]]
N = [[40, 3], [50, 60], [70, 80]]


def test_a_later_call_does_not_give_away_by_subtraction_what_an_earlier_one_hid():
    whole = table(N, OF)
    by_sex = only(whole, area=REGIONS[0])
    first = disclose(by_sex, POLICY, [])
    assert pd.isna(shown(first, REGIONS[0], "M").n)
    margins = only(whole, sex="all")
    again = disclose(
        type(whole)(pd.concat([margins.frame, whole.frame.query("sex == 'F'")]), whole.indicators), POLICY, []
    )
    assert pd.notna(shown(again, REGIONS[0], "F").n) or pd.notna(shown(again, REGIONS[0]).n)
    together = disclose(margins, POLICY, [kept(by_sex, first)])
    seen = Intruder().read(by_sex.frame, first.frame, KINDS).read(margins.frame, together.frame, KINDS)
    seen.add_up("", "share")
    assert seen.found(2) == []


def test_what_was_shown_of_the_women_and_is_shown_of_all_does_not_tell_of_the_men():
    whole = table([[40, 2], [50, 60], [70, 80]], OF)
    women, everybody = only(whole, sex="F"), only(whole, sex="all")
    first = disclose(women, POLICY, [])
    assert (first.frame.status == "ok").all()
    alone = disclose(everybody, POLICY, [])
    assert (alone.frame.status == "ok").all()
    second = disclose(everybody, POLICY, [kept(women, first)])
    assert pd.isna(shown(second, REGIONS[0]).n)
    assert second.audit.earlier == 1
    assert (second.audit.recovered, second.audit.narrow) == (0, 0)


@pytest.mark.parametrize(("indicator", "of"), [(SHARE, OF), (WAIT, [[100, 110], [120, 2], [140, 150]])])
def test_of_an_earlier_table_readers_know_what_was_shown_and_which_numbers_it_called_small(indicator, of):
    made = table(N, of, indicator)
    first = disclose(made, POLICY, [])
    (read,) = read_tables(made.frame, {indicator.id: indicator.kind}, [], [kept(made, first)])
    shown, notes = read.cells.shown, first.frame["note"]
    assert set(notes) == {"", SMALL, PROTECTS}
    true = pd.Series(read.cells.n[: len(notes)])  # of a mean the sum, which anyone can multiply
    pd.testing.assert_series_equal(shown["exact_n"], true.where(notes == ""), check_names=False)
    assert shown["said_small"].notna().tolist() == (notes == SMALL).tolist()


def test_the_same_table_again_shows_the_same_numbers():
    made = table(N, OF)
    first = disclose(made, POLICY, [])
    again = disclose(made, POLICY, [kept(made, first)] * 2)
    pd.testing.assert_frame_equal(first.frame, again.frame)


@pytest.mark.parametrize(("change", "hidden"), [(0, False), (1, True), (4, True), (5, False), (-1, True), (-4, True), (-5, False)])  # fmt: skip
def test_a_number_that_was_corrected_by_one_to_four_is_hidden_when_the_old_one_was_shown(change, hidden):
    before, after = table([[40, 40], [50, 60], [70, 80]], OF), table([[40 + change, 40], [90, 60], [70, 80]], OF)
    first = disclose(before, POLICY, [])
    second = disclose(after, POLICY, [kept(before, first)])
    assert pd.isna(shown(second, REGIONS[0], "F").n) == hidden
    assert pd.notna(shown(disclose(after, EITHER_WAY, [kept(before, first)]), REGIONS[0], "F").n)


def test_a_small_change_cannot_be_worked_out_from_the_other_changes():
    before, after = table([[40, 40], [50, 60], [70, 80]], OF), table([[42, 90], [95, 60], [70, 80]], OF)
    first = disclose(before, POLICY, [])
    second = disclose(after, POLICY, [kept(before, first)])
    seen = Intruder().read(before.frame, first.frame, KINDS, "old").read(after.frame, second.frame, KINDS, "new")
    seen.add_up("old", "share")
    seen.add_up("new", "share")
    old, new = (seen.place[since, "share", REGIONS[0], "F"][0] for since in ("old", "new"))
    low, high = seen.spread(seen.differ(new, old))
    assert high - low >= 2


def test_what_is_out_cannot_be_taken_back_and_then_nothing_is_published():
    made = table(N, OF)
    careless = published(made.frame, made.frame, {SHARE.id: SHARE.kind}, "old_run")
    with pytest.raises(DataError, match=r"Nothing can be published: .* published before, whatever is hidden now"):
        disclose(made, POLICY, [careless])
    by_sum = made.frame.copy()
    by_sum.loc[(by_sum.area == REGIONS[0]) & (by_sum.sex == "M"), ["n", "value", "lower", "upper"]] = np.nan
    with pytest.raises(DataError, match="Nothing can be published"):
        disclose(made, POLICY, [published(made.frame, by_sum, {SHARE.id: SHARE.kind})])


def test_the_mean_of_few_is_not_found_from_sums_of_values():
    of = [[30, 3], [40, 50], [60, 70]]
    made = table([[300, 21], [410, 520], [630, 740]], of, WAIT)
    result = disclose(made, POLICY, [])
    assert pd.isna(shown(result, REGIONS[0], "M").value)
    seen = Intruder().read(made.frame, result.frame, KINDS)
    seen.add_up("", "wait")
    for area in (*REGIONS[:3], "DK"):
        for sex in ("F", "M", "all"):
            if pd.isna(shown(result, area, sex).value):
                low, high = seen.spread(seen.place["", "wait", area, sex][0])
                assert high - low >= 2
    careless = result.frame.copy()
    hidden = careless.sex.ne("M") | careless.area.ne(REGIONS[0])
    careless.loc[hidden, ["value", "of"]] = made.frame.loc[hidden, ["value", "of"]]
    caught = Intruder().read(made.frame, careless, KINDS)
    caught.add_up("", "wait")
    assert caught.spread(caught.place["", "wait", REGIONS[0], "M"][0]) == (21, 21)


@pytest.mark.parametrize(
    ("largest", "allowed", "hidden"), [(85, 85, False), (86, 85, True), (86, 100, False), (51, 50, True)]
)
def test_a_mean_is_hidden_where_one_person_makes_up_most_of_its_sum(largest, allowed, hidden):
    made = table([[100, 210], [410, 520], [630, 740]], [[20, 30], [40, 50], [60, 70]], WAIT)
    first = (made.frame.area == REGIONS[0]) & (made.frame.sex == "F")
    made.frame.loc[first, "largest"] = largest
    result = disclose(made, dataclasses.replace(POLICY, dominant_percent=allowed), [])
    row = shown(result, REGIONS[0], "F")
    assert pd.isna(row.value) == hidden
    assert row.of == 20
    assert row.note == (PROTECTS if hidden else "")
    assert "largest" not in result.frame
    if hidden:
        seen = Intruder().read(made.frame, result.frame, KINDS)
        seen.add_up("", "wait")
        low, high = seen.spread(seen.place["", "wait", REGIONS[0], "F"][0])
        assert high - low >= 10


def test_a_mean_that_does_not_tell_its_largest_number_is_refused():
    made = table([[100, 210], [410, 520]], [[20, 30], [40, 50]], WAIT)
    without = type(made)(made.frame.drop(columns="largest"), made.indicators)
    with pytest.raises(DataError, match="must tell the largest number that one person adds to it"):
        disclose(without, POLICY, [])


def test_the_only_person_in_a_number_does_not_find_the_others():
    made = table([[1, 40], [3, 50], [60, 70]], np.array(OF) * 10, EVENTS)
    for policy, lonely in ((POLICY, False), (dataclasses.replace(POLICY, singletons_know_themselves=False), None)):
        result = disclose(made, policy, [])
        seen = Intruder().read(made.frame, result.frame, KINDS)
        seen.add_up("", "events")
        one, other = (seen.place["", "events", area, "F"][0] for area in REGIONS[:2])
        seen.lower[one] = seen.upper[one] = 1
        low, high = seen.spread(other)
        assert lonely is None or (high - low < 1) == lonely


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.sampled_from([SHARE, EVENTS, WAIT]), st.integers(2, 4), st.booleans(), st.integers(0, 10_000))
def test_two_calls_and_a_corrected_release_give_nothing_away(indicator, regions, zeros, seed):
    dice = np.random.default_rng(seed)
    policy = dataclasses.replace(POLICY, zeros_are_safe=zeros)
    of = dice.choice([6, 9, 20, 60, 200], (regions, 2))
    n = dice.binomial(of, dice.choice([0.05, 0.3, 0.9], (regions, 2)))
    n = n * 7 if indicator is WAIT else n
    old, new = table(n, of, indicator), table(np.minimum(n + dice.choice([0, 0, 2, 9], n.shape), of if indicator is SHARE else 9999), of, indicator)  # fmt: skip
    out, seen = [], Intruder(zeros)
    for since, part in (("old", only(old, sex="all")), ("old", old), ("new", new)):
        try:
            result = disclose(part, policy, out)
        except DataError:
            assert out or not zeros  # a table on its own can always be protected where zeros are safe
            break
        out.append(kept(part, result))
        seen.read(part.frame, result.frame, KINDS, since)
        ok = result.frame.value.notna()
        columns = ["of", "value"] if indicator is WAIT else ["n", "of", "value"]
        pd.testing.assert_frame_equal(result.frame.loc[ok, columns], part.frame.loc[ok, columns])
        assert not result.frame.n.between(1, 4).any()
        assert zeros or not (result.frame.n == 0).any()
    for since in ("old", "new"):
        seen.add_up(since, indicator.id)
    assert seen.found(2) == []


def test_the_one_who_is_left_of_a_proportion_is_the_same_person_after_a_correction_elsewhere():
    before = table([[109, 99], [115, 60], [70, 80]], [[110, 110], [120, 130], [140, 150]])
    after = table([[109, 99], [115, 60], [79, 89]], [[110, 110], [120, 130], [149, 159]])
    first = disclose(before, POLICY, [])
    second = disclose(after, POLICY, [kept(before, first)])
    assert pd.isna(shown(second, REGIONS[0], "F").n)
    assert pd.notna(shown(second, REGIONS[2], "F").n)
    assert (second.audit.recovered, second.audit.narrow) == (0, 0)
