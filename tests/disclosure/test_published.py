"""What has left is one record: true numbers, and what readers saw of them."""

import pandas as pd
import pytest
from made_results import POLICY, SHARE, measured

from ddns_utils.disclosure import disclose
from ddns_utils.disclosure.published import published
from ddns_utils.disclosure.relation import small_changes

ROWS = [{"area": "1081", "n": 30.0, "of": 90.0}, {"area": "1082", "n": 3.0, "of": 80.0}]


def record(rows=ROWS, run=""):
    made = measured(rows)
    return published(made.frame, disclose(made, POLICY).frame, {SHARE.id: SHARE.kind}, run)


def test_a_hidden_number_is_kept_true_and_shown_missing_with_its_reason():
    hidden = record().frame.iloc[1]
    assert (hidden["n"], hidden["of"], hidden["shown_of"]) == (3, 80, 80)
    assert pd.isna(hidden["shown_n"])
    assert pd.isna(hidden["shown_value"])
    assert (hidden["shown_status"], hidden["shown_note"]) == ("suppressed", "small count")


def test_a_small_change_is_one_below_the_threshold_between_two_counts_that_readers_have():
    rows = [(40, 42, -2), (40, 36, 4), (40, None, -2), (None, 42, -2), (40, 40, 0), (40, 45, -5)]
    compared = pd.DataFrame(rows, columns=["shown_n", "before_shown_n", "change_n"], dtype=float)
    compared = compared.assign(shown_of=90.0, before_shown_of=90.0, change_of=0.0)
    assert small_changes(compared, 5).index.tolist() == [0, 1]
    swapped = compared.rename(columns=lambda name: name[:-1] + "of" if name.endswith("_n") else name[:-2] + "n")
    assert small_changes(swapped, 5).index.tolist() == [0, 1]


def test_the_same_numbers_are_the_same_content_in_any_order_and_run():
    assert record(run="a").content == record(ROWS[::-1], run="b").content


@pytest.mark.parametrize("change", [{"n": 31.0}, {"of": 91.0}, {"period": "2024"}, {"area": "1083"}])
def test_another_number_is_another_content(change):
    assert record().content != record([ROWS[0] | change, ROWS[1]]).content


def test_rows_about_deliveries_are_not_compared():
    made = measured(ROWS)
    assert len(published(made.frame, made.frame, {}).about_persons().frame) == 0
