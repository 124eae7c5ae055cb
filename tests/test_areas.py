"""Danish geography."""

import pytest

from ddns_utils import areas, codelists
from ddns_utils.errors import DefinitionError


def test_98_municipalities_lie_in_five_regions():
    assert len(areas.codes("municipality")) == 98
    assert sorted(sum((areas.within(region) for region in areas.codes("region")), ())) == sorted(areas.within("DK"))
    assert {region: len(areas.within(region)) for region in areas.codes("region")} == {
        "1084": 29, "1085": 17, "1083": 22, "1082": 19, "1081": 11,
    }  # fmt: skip


def test_names_have_their_danish_letters():
    assert areas.name("101") == "København"
    assert areas.name("101", "en") == "Copenhagen"
    assert areas.name("1081") == "Region Nordjylland"
    assert areas.name("DK") == "Hele landet"


@pytest.mark.parametrize("text", ["101", "0101"])
def test_three_and_four_digits_are_the_same_municipality(text):
    assert areas.municipality_code(text) == "101"


@pytest.mark.parametrize("text", ["1", "411", "0411", "00101", "København", ""])
def test_what_is_not_a_municipality_is_refused(text):
    with pytest.raises(DefinitionError, match="is not a municipality code"):
        areas.municipality_code(text)


def test_an_unknown_area_or_level_is_refused():
    with pytest.raises(DefinitionError, match="no area '999'"):
        areas.within("999")
    with pytest.raises(DefinitionError, match="no area level 'parish'"):
        areas.codes("parish")


def test_populations_are_the_published_ones():
    assert sum(int(row["population_2020"]) for row in codelists.rows("municipality")) == 5_822_763 - 84
