"""No file that git tracks holds a number that could be a CPR number."""

import check_cpr
import pytest

BORN = "0101" + "50"  # put together here, so that this file passes its own test


def test_no_tracked_file_has_a_number_that_could_be_a_cpr_number():
    assert check_cpr.main() == 0


@pytest.mark.parametrize("number", [f"{BORN}1234", f"{BORN}-1234", f"cpr={BORN}1234,", "2902" + "001234"])
def test_ten_digits_that_begin_with_a_day_are_found(number):
    assert check_cpr.suspects(f"first line\n{number}") == [2]


@pytest.mark.parametrize(
    "number", ["3201" + "501234", "0113" + "50-1234", f"9{BORN}1234", f"{BORN}12345", f"a{BORN}1234"]
)
def test_other_digits_are_left_alone(number):
    assert check_cpr.suspects(number) == []
