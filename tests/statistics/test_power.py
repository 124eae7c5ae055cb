"""The way reports judge areas: planted municipalities are found as surely as said, and equal ones are left alone."""

import power
import pytest

from ddns_utils.synthetic.truths import HBA1C_SHIFT

COUNTRIES = 200


@pytest.fixture(scope="module")
def equal():
    return power.simulate(power.SIZES["5.8 million"], {}, COUNTRIES)


def test_equal_municipalities_raise_no_more_alarms_than_the_limits_say(equal):
    # 19,600 tests: three standard errors of 5 % are 0.47 %, of 0.2 % 0.1 %.
    assert 0.044 < equal.outside_95 < 0.055
    assert equal.outside_998 < 0.003


def test_someone_is_pointed_at_in_about_one_equal_country_of_twenty(equal):
    assert equal.any_found < 0.10  # three standard errors above 5 % in 200 countries


def test_in_a_country_of_denmarks_size_all_that_is_planted_is_found():
    judged = power.simulate(power.SIZES["5.8 million"], HBA1C_SHIFT, COUNTRIES)
    assert min(judged.power.values()) > 0.99
    assert judged.false_among_found < 0.10


def test_in_a_hundredth_of_it_a_large_municipality_is_found_more_often_than_not_and_a_small_one_seldom():
    judged = power.simulate(power.SIZES["60,000"], HBA1C_SHIFT, COUNTRIES)
    assert judged.power["461"] > 0.8
    assert judged.power["265"] < 0.3
    assert judged.false_among_found < 0.10
