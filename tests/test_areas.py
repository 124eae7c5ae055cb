"""Danish geography."""

import re
from datetime import date

import pytest

from ddns_utils import areas, codelists
from ddns_utils.errors import DefinitionError

BEFORE, AFTER = date(2026, 12, 31), date(2027, 1, 1)


def test_98_municipalities_lie_in_five_regions_until_the_end_of_2026():
    assert len(areas.codes("municipality")) == 98
    assert {region: len(areas.within(region)) for region in areas.codes("region", BEFORE)} == {
        "1084": 29, "1085": 17, "1083": 22, "1082": 19, "1081": 11,
    }  # fmt: skip


def test_four_regions_and_17_health_councils_begin_with_2027():
    assert {region: len(areas.within(region)) for region in areas.codes("region", AFTER)} == {
        "region-oestdanmark": 46, "1083": 22, "1082": 19, "1081": 11,
    }  # fmt: skip
    assert areas.codes("health_council", BEFORE) == ()
    assert len(areas.codes("health_council", AFTER)) == 17
    assert {areas.region_of(BEFORE)["101"], areas.region_of(AFTER)["101"]} == {"1084", "region-oestdanmark"}


def test_health_clusters_begin_in_july_2022():
    assert areas.codes("health_cluster", date(2022, 6, 30)) == ()
    assert len(areas.codes("health_cluster", date(2022, 7, 1))) == 22


@pytest.mark.parametrize("on", [BEFORE, AFTER])
@pytest.mark.parametrize("level", ["region", "health_cluster", "health_council", "municipality"])
def test_areas_of_a_level_share_no_municipality_and_leave_none_out(level, on):
    there = [code for area in areas.codes(level, on) for code in areas.within(area)]
    assert sorted(there) == (sorted(areas.within("DK")) if areas.codes(level, on) else [])


def test_names_have_their_danish_letters():
    assert areas.name("101") == "København"
    assert areas.name("101", "en") == "Copenhagen"
    assert areas.name("1081") == "Region Nordjylland"
    assert areas.name("cluster-holbaek") == "Sundhedsklynge Holbæk"
    assert areas.name("council-oestsjaelland-og-oeerne") == "Sundhedsråd Østsjælland og Øerne"
    assert areas.name("DK") == "Hele landet"


@pytest.mark.parametrize("text", ["147,101", "101+147", "0101, 0147"])
def test_several_areas_become_one(text):
    assert areas.chosen(text) == "101+147"
    assert areas.within("101+147") == ("101", "147")
    assert (areas.name("101+147"), areas.level_of("101+147")) == ("København og Frederiksberg", "chosen")
    assert areas.name("101+147+151", "en") == "Copenhagen, Frederiksberg and Ballerup"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("101,1084", "København is in more than one of the areas 101, 1084"),
        ("101,101", "København is in more than one"),
        (" , ", "No area is named"),
        ("101+999", "no area '999'"),
    ],
)
def test_areas_that_overlap_or_do_not_exist_cannot_be_joined(text, why):
    with pytest.raises(DefinitionError, match=why):
        areas.chosen(text)


def test_memberships_in_doubt_are_known_for_clusters_only():
    assert areas.uncertain("cluster-holbaek") == ("350",)
    assert areas.uncertain("cluster-holbaek+101") == ("350",)
    assert areas.uncertain("350") == areas.uncertain("1085") == areas.uncertain("cluster-byen") == ()
    doubted = {place for cluster in areas.codes("health_cluster") for place in areas.uncertain(cluster)}
    assert {areas.name(place) for place in doubted} == {
        "Lejre", "Ringsted", "Sorø", "Faxe", "Vordingborg", "Middelfart", "Jammerbugt", "Vesthimmerlands",
    }  # fmt: skip


def test_sums_of_nested_levels_go_one_step_at_a_time():
    there = ["DK", *areas.codes("region", BEFORE), *areas.codes("municipality")]
    parts = dict(areas.sums(there))
    assert parts["DK"] == areas.codes("region", BEFORE)
    assert parts["1085"] == areas.within("1085")
    assert set(parts) == {"DK", *areas.codes("region", BEFORE)}


def test_sums_of_levels_that_cross_are_told_from_both():
    there = ["DK", *areas.codes("health_cluster"), *areas.codes("health_council"), *areas.codes("municipality")]
    from_country = [parts for whole, parts in areas.sums(there) if whole == "DK"]
    assert from_country == [areas.codes("health_cluster"), areas.codes("health_council")]


def test_sums_know_parts_that_do_not_make_up_the_whole():
    assert list(areas.sums(["DK", "101", "147"])) == [("DK", ("101", "147"))]
    assert list(areas.sums(["cluster-bornholm", "400", "101"])) == [("cluster-bornholm", ("400",))]
    assert list(areas.sums(["101+147", "101"])) == [("101+147", ("101",))]


def test_areas_in_reading_order_are_wide_ones_first():
    assert areas.in_order(["101+147", "147", "cluster-byen", "DK", "1084"]) == [
        "DK", "1084", "cluster-byen", "147", "101+147",
    ]  # fmt: skip


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


@pytest.mark.parametrize(
    ("given", "meant"),
    [("Aarhuss", "Did you mean '751' (Aarhus)? "), ("midtjylland", "Did you mean '1082' (Region Midtjylland)? "),
     ("cluster-bye", "Did you mean 'cluster-byen' (Sundhedsklynge Byen)? "), ("852", ""), ("xyz", "")],
)  # fmt: skip
def test_an_area_that_there_is_not_is_taken_for_the_one_that_is_called_most_like_it(given, meant):
    with pytest.raises(DefinitionError, match=re.escape(f"There is no area '{given}'. {meant}Municipalities have")):
        areas.level_of(given)
