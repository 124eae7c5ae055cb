"""Figures and words of compared areas, the map of tiles and the small multiples."""

import itertools
import math
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest
from made_results import EVENTS, SHARE, cube, measured

from ddns_utils import areas, codelists, display
from ddns_utils.disclosure import Policy, disclose
from ddns_utils.display import show, verdicts
from ddns_utils.errors import DefinitionError

POLICY = Policy.read()
CODES = areas.codes("municipality")
TILES = {row["code"]: (int(row["column"]), int(row["row"])) for row in codelists.rows("municipality_tile")}
PLACE = {row["code"]: row for row in codelists.rows("municipality")}


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def some():
    """Sixty municipalities that vary a little, but for København (high), Frederiksberg (perhaps) and Ballerup (hidden)."""
    counts = {"101": 220.0, "147": 184.0, "151": 3.0}
    rows = [
        {"area": code, "of": 400.0, "n": counts.get(code, 160.0 + at % 9 * 4 - 16)}
        for at, code in enumerate(CODES[:60])
    ]
    return disclose(measured(rows), POLICY)


@pytest.fixture(scope="module")
def same():
    return disclose(measured([{"area": code, "of": 400.0, "n": 160.0} for code in CODES]), POLICY)


@pytest.fixture(scope="module")
def few():
    return disclose(measured([{"area": code, "of": 40.0, "n": 3.0} for code in CODES[:5]]), POLICY)


PLOTS = {"funnel": display.plot_funnel, "smoothed": display.plot_smoothed, "map": display.plot_map}


def svg_of(ax):
    return show.figure_svg(ax.figure, "Titel")


def test_every_municipality_has_one_tile_and_a_short_name_of_its_own():
    assert set(TILES) == set(CODES)
    assert len(set(TILES.values())) == 98
    shorts = [row["short"] for row in codelists.rows("municipality_tile")]
    assert len(set(shorts)) == 98
    assert max(map(len, shorts)) <= 4


@pytest.mark.parametrize(
    ("axis", "column", "least", "share"), [(0, "longitude", 0.25, 0.95), (1, "latitude", 0.15, 0.88)]
)
def test_what_lies_west_or_north_in_denmark_does_so_on_the_tiles(axis, column, least, share):
    """Greater Copenhagen takes more room on tiles than on a map, so not every pair far from each other can be right."""
    sign = 1 if axis == 0 else -1
    pairs = [
        (sign * (float(PLACE[a][column]) - float(PLACE[b][column])), TILES[a][axis] - TILES[b][axis])
        for a, b in itertools.combinations(CODES, 2)
    ]
    far = [(real, tile) for real, tile in pairs if abs(real) > least]
    assert sum(real * tile > 0 for real, tile in far) / len(far) > share


def test_tiles_that_touch_are_near_in_denmark():
    """Every municipality on land touches at least one of its three nearest; Samsø and Bornholm touch none."""

    def apart(a, b):
        here, there = PLACE[a], PLACE[b]
        return math.hypot(
            (float(here["longitude"]) - float(there["longitude"])) * math.cos(math.radians(56)),
            float(here["latitude"]) - float(there["latitude"]),
        )

    alone = []
    for code in CODES:
        nearest = sorted((other for other in CODES if other != code), key=lambda other: apart(code, other))
        touching = [o for o in nearest if max(abs(TILES[o][i] - TILES[code][i]) for i in (0, 1)) == 1]
        if not touching:
            alone.append(code)
        elif code != "492":  # Ærø is nearest to Sønderborg, but belongs to Funen
            assert nearest.index(touching[0]) < 3, code
    assert alone == ["400", "741"]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_of_compared_areas_says_how_many_are_left_out(some, name, language):
    said = re.sub(r"<[^>]+>", " ", svg_of(PLOTS[name](some, language=language, indicator="share", highlight="157")))
    assert ("1 af 60 er ikke sammenlignet" if language == "da" else "1 of 60 are not compared") in re.sub(
        r"\s+", " ", said
    )


@pytest.mark.parametrize("name", PLOTS)
def test_where_too_few_may_be_shown_there_is_a_figure_that_says_so(few, name):
    said = re.sub(r"<[^>]+>", " ", svg_of(PLOTS[name](few, language="da")))
    assert "5 af 5 er ikke sammenlignet" in re.sub(r"\s+", " ", said)


def test_the_funnel_names_the_chosen_and_those_that_stand_out(some):
    ax = display.plot_funnel(some, language="da", highlight="157")
    named = {text.get_text() for text in ax.texts}
    assert {"København", "Gentofte", "95\xa0%", "99,8\xa0%", "gennemsnit"} == named
    drawn = sum(len(dots.get_offsets()) for dots in ax.collections)
    assert drawn == 59


def test_a_region_points_out_its_municipalities_and_the_country_none(some):
    region = display.plot_smoothed(some, language="en", highlight="1084")
    bold = [label.get_text() for label in region.get_yticklabels() if label.get_fontweight() == "bold"]
    assert len(bold) == sum(code in areas.within("1084") for code in CODES[:60] if code != "151")
    country = display.plot_smoothed(some, language="en", highlight="DK")
    assert not [label for label in country.get_yticklabels() if label.get_fontweight() == "bold"]


def test_raw_beside_smoothed_shows_both_ends_and_the_chosen():
    shown = disclose(cube(1), POLICY)
    ax = display.plot_smoothed(shown, language="da", highlight="101")
    assert len(ax.get_yticklabels()) in (24, 25)
    assert "København" in [label.get_text() for label in ax.get_yticklabels()]


def test_the_map_hatches_the_hidden_and_edges_those_that_stand_out(some):
    ax = display.plot_map(some, language="da", highlight="157")
    tiles = ax.patches
    assert len(tiles) == 98
    assert sum(tile.get_hatch() is not None for tile in tiles) == 98 - 59
    by_name = dict(zip([text.get_text() for text in ax.texts], tiles, strict=True))
    assert by_name["Kbh"].get_linewidth() == 2.0
    assert by_name["Gent"].get_linewidth() == 2.6
    assert by_name["Frbg"].get_linewidth() == 0.5
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-2:] == ["ikke sammenlignet", "skiller sig ud"]


def test_the_data_of_a_funnel_has_smoothed_values_verdicts_and_ranks(some, monkeypatch):
    sent = []
    monkeypatch.setattr(show, "publish_display_data", lambda data, metadata: sent.append(metadata["ddns"]["table"]))
    display.show_figure(display.plot_funnel(some, language="da"), title="Fund", alt="Tragt", language="da")
    (table,) = sent
    assert "Udjævnet" in table
    assert "over 99,8 %-grænsen" in table
    assert len(re.findall(r"<td>\d+ \(\d+–\d+\)</td>", table)) == 59
    hidden = next(line for line in table.splitlines() if "Ballerup" in line)
    assert hidden.count("&lt;5") == 3
    assert hidden.count("<td>–</td>") == 3


def test_verdicts_tell_what_stands_out_from_what_may_be_chance(some):
    said = verdicts.stands_out(some, language="da")
    assert "Af 59 områder skiller disse sig ud" in said
    assert ": København over gennemsnittet. " in said
    assert "sandsynligvis ved et tilfælde: Frederiksberg. Omkring 3 ville ligge der alene ved tilfældigheder." in said
    assert said.endswith("1 af 60 er ikke sammenlignet, fordi deres tal er skjulte, foreløbige, for få eller mangler.")
    assert verdicts.finding(some, language="en") == "1 of 59 standing out"


def test_where_all_are_alike_nobody_stands_out_and_no_smoothed_value_claims_to_be_sure(same):
    said = verdicts.stands_out(same, language="en")
    assert said.startswith(
        "None of the 98 areas stands out when so many are compared. The areas vary no more than chance"
    )
    assert verdicts.finding(same, language="da") == "ingen af 98 skiller sig ud"
    assert verdicts.standing(same, language="da", area="101") == "København: 40,0\xa0%, som ventet."
    ax = display.plot_smoothed(same, language="da")
    assert "så alle udjævnes" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", svg_of(ax)))
    assert len(display.plot_smoothed(same, language="da").collections) == 3
    legend = display.plot_map(same, language="da").get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["40,0\xa0%", "ikke sammenlignet"]


def test_where_too_few_may_be_shown_the_words_say_so(few):
    assert verdicts.stands_out(few, language="da").startswith("For få områder har en værdi")
    assert verdicts.finding(few, language="en") == "too few to be compared"
    assert verdicts.standing(few, language="da", area="101") == "København har ingen værdi, der kan sammenlignes."


def test_the_standing_of_an_area_says_how_little_its_rank_is_worth(some):
    said = verdicts.standing(some, language="da", area="147")
    assert said.startswith("Frederiksberg: 46,0\xa0%, udjævnet 4")
    assert re.search(r"over 95 %-grænsen. Nummer \d+ af 59 regnet fra den laveste, .* fra \d+ til \d+\.$", said)
    assert verdicts.standing(some, language="da", area="DK") == ""
    assert verdicts.standing(some, language="en", area="147+151").endswith(
        "Ballerup has no value that can be compared."
    )


def test_small_multiples_have_a_panel_and_a_standard_for_each_indicator():
    both = disclose(cube(1, ("2024", "2025"), (), 1.0, SHARE, EVENTS), POLICY)
    axes = display.plot_against_standards(both, language="da", indicators=[SHARE, EVENTS], area=["DK", "101"])
    assert len(axes) == 2
    dashed = [[line for line in ax.lines if line.get_linestyle() == "--"] for ax in axes]
    assert [len(lines) for lines in dashed] == [1, 0]
    assert dashed[0][0].get_ydata()[0] == SHARE.standard
    assert [len(ax.lines) for ax in axes] == [3, 2]
    svg = svg_of(axes[0])
    for said in ("Stiplet: standarden.", "Hele landet", "København", "40,0\xa0%", "2024"):
        assert said in svg


def test_too_many_areas_or_panels_are_refused():
    both = disclose(cube(1), POLICY)
    with pytest.raises(DefinitionError, match="1 indicators for 4 areas cannot be read"):
        display.plot_against_standards(both, language="da", indicators=[SHARE], area=["DK", "101", "147", "151"])
    with pytest.raises(DefinitionError, match="16 indicators for 1 areas cannot be read"):
        display.plot_against_standards(both, language="da", indicators=[SHARE] * 16)


def test_standards_are_reached_missed_or_uncertain():
    rows = [
        {"area": area, "n": n, "of": 400.0}
        for area, n in (("101", 250.0), ("147", 100.0), ("157", 160.0), ("159", 3.0))
    ]
    one = disclose(measured(rows), POLICY)
    said = [verdicts.standards(one, [SHARE], language="en", area=area) for area in ("101", "147", "157", "159", "151")]
    assert said == [
        "1 of 1 standards reached",
        "0 of 1 standards reached, 1 missed",
        *["0 of 1 standards reached, 1 uncertain"] * 3,
    ]
    rate = disclose(measured(rows, EVENTS), POLICY)
    assert verdicts.standards(rate, [EVENTS], language="da", area="101") == "ingen offentliggjorte standarder"


def test_lower_is_better_turns_a_standard_round():
    fewer = replace(SHARE, direction="lower is better")
    rows = [{"area": area, "n": n, "of": 400.0} for area, n in (("101", 250.0), ("147", 100.0))]
    one = disclose(measured(rows, fewer), POLICY)
    assert verdicts.standards(one, [fewer], language="en", area="101").startswith("0 of 1 standards reached, 1 missed")
    assert verdicts.standards(one, [fewer], language="en", area="147").startswith("1 of 1 standards reached")
