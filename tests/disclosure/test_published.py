"""What has left is one record: true numbers, and what readers saw of them."""

import pandas as pd
import pytest
from made_results import POLICY, SHARE, measured

from ddns_utils.disclosure import disclose
from ddns_utils.disclosure.published import published

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


def test_the_same_numbers_are_the_same_content_in_any_order_and_run():
    assert record(run="a").content == record(ROWS[::-1], run="b").content


@pytest.mark.parametrize("change", [{"n": 31.0}, {"of": 91.0}, {"period": "2024"}, {"area": "1083"}])
def test_another_number_is_another_content(change):
    assert record().content != record([ROWS[0] | change, ROWS[1]]).content


def test_rows_about_deliveries_are_not_compared():
    made = measured(ROWS)
    assert len(published(made.frame, made.frame, {}).about_persons().frame) == 0
