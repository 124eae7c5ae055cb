"""Standardised indicators: the weights, what is given, what is not, and that nothing hidden comes out with them."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawing import draw
from made_results import EVENTS, SHARE, WAIT, measured
from scipy import stats

from ddns_utils import areas, codelists
from ddns_utils.counting import AGE_BANDS, FINEST_AGES, STANDARD_BANDS
from ddns_utils.disclosure import Policy, disclose
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.admissions import KOL_ACUTE_ADMISSIONS
from ddns_utils.indicators.declare import NOT_STANDARDISED
from ddns_utils.indicators.rehabilitation import OFFER_WITHIN_7_DAYS
from ddns_utils.measure import Measured, measure
from ddns_utils.period import Period
from ddns_utils.standardisation import BANDS, POPULATIONS, standardise_rows, standardised

YEAR = Period.parse("2025")
FEMALE_80, FEMALE_85 = 87_328, 82_504  # women of 80-84 and of 85 and over, Denmark, second quarter of 2021


def strata(**given):
    """Cells of one area: n, of and squares by sex and band, from n and of of the women in the bands named."""
    cells = np.zeros((2, len(BANDS), 3))
    for band, (n, of) in given.items():
        cells[0, BANDS.index(band)] = n, of, 0
    return cells


def result(indicator, *cells, country=None):
    """The standardised rows of København, Frederiksberg and so on, in that order."""
    cells = np.stack(cells)
    sums = cells.sum(axis=(1, 2))
    codes = areas.codes("municipality")[: len(cells)]
    rows = measured([{"area": a, "n": n, "of": of} for a, (n, of, _) in zip(codes, sums, strict=True)], indicator).frame
    return standardise_rows(indicator, rows, cells, cells.sum(axis=0) if country is None else country, "2025")


def plain(n, of, band="80-84"):
    return strata(**{band: (n, of), "85+": (n, of)})


def test_denmarks_own_population_is_the_published_one():
    assert POPULATIONS["dk_2021"].sum() == 5_843_347
    assert POPULATIONS["dk_2021"][["F 80-84", "F 85+"]].to_list() == [FEMALE_80, FEMALE_85]
    published = codelists.FOLDER.parent / "synthetic" / "published" / "population_age_sex.csv"
    people = pd.read_csv(published)
    for sex, column in (("F", "women"), ("M", "men")):
        assert POPULATIONS["dk_2021"].filter(like=f"{sex} ").sum() == people[column].sum()
        assert POPULATIONS["dk_2021"][f"{sex} 35-39"] == people[column][people["age"].between(35, 39)].sum()


def test_the_european_population_is_shared_equally_by_the_sexes():
    assert POPULATIONS["esp2013"].sum() == 100_000
    assert POPULATIONS["esp2013"][["F 85+", "M 85+", "F 0-4"]].to_list() == [1250, 1250, 2500]


def test_the_engines_bands_are_parts_of_the_reports_and_of_the_standards():
    assert set(AGE_BANDS.values()) | set(STANDARD_BANDS.values()) == set(FINEST_AGES)
    assert FINEST_AGES[:5] == (0, 5, 10, 15, 18)


def test_a_direct_value_and_its_limits_are_what_dobson_and_byar_say():
    rare = standardised(EVENTS)
    found = result(rare, strata(**{"80-84": (30, 200.0), "85+": (90, 300.0)})).iloc[0]
    weights = np.array([FEMALE_80, FEMALE_85]) / (FEMALE_80 + FEMALE_85)
    value = weights @ [30 / 200, 90 / 300]
    variance = weights**2 @ [30 / 200**2, 90 / 300**2]
    z = stats.norm.ppf(0.975)
    byar_low = 120 * (1 - 1 / (9 * 120) - z / (3 * math.sqrt(120))) ** 3
    byar_high = 121 * (1 - 1 / (9 * 121) + z / (3 * math.sqrt(121))) ** 3
    limits = [value + math.sqrt(variance / 120) * (side - 120) for side in (byar_low, byar_high)]
    assert found[["value", "lower", "upper"]].to_list() == [round(1000 * x, 1) for x in (value, *limits)]
    assert found[["n", "of", "method", "standard_population", "status"]].to_list() == [
        120,
        500,
        "Dobson",
        "dk_2021",
        "ok",
    ]


def test_an_indirect_value_is_the_countrys_times_what_happened_over_what_was_expected():
    rate = standardised(EVENTS, "country")
    young, old = (
        strata(**{"80-84": (20, 400.0), "85+": (5, 50.0)}),
        strata(**{"80-84": (10, 100.0), "85+": (45, 450.0)}),
    )
    found = result(rate, young, old)
    expected = 400 * 30 / 500 + 50 * 50 / 500
    assert found["value"].iloc[0] == round(1000 * 25 / expected * 80 / 1000, 1)
    assert found["method"].to_list() == ["indirect, Byar"] * 2
    assert found["standard_population"].to_list() == ["DK 2025"] * 2


def test_an_indirect_share_has_the_limits_of_a_share():
    share = standardised(SHARE, "country")
    (row,) = result(share, plain(60, 100)).itertuples()
    low, high = stats.beta.ppf(0.025, 120, 81), stats.beta.ppf(0.975, 121, 80)
    assert (row.value, row.lower, row.upper) == (0.6, round(low, 3), round(high, 3))
    assert row.method == "indirect, Clopper-Pearson"


def test_the_country_against_itself_is_as_it_is():
    (row,) = result(standardised(EVENTS, "country"), strata(**{"80-84": (30, 200.0), "85+": (90, 300.0)})).itertuples()
    assert row.value == 240.0


def test_areas_that_differ_in_age_alone_get_the_same_value():
    young, old = (
        strata(**{"40-44": (100, 1000.0), "80-84": (20, 50.0)}),
        strata(**{"40-44": (10, 100.0), "80-84": (200, 500.0)}),
    )
    for to in ("dk_2021", "esp2013", "country"):
        found = result(standardised(EVENTS, to), young, old)
        assert found["value"].nunique() == 1
    crude = found["n"] / found["of"]
    assert crude.max() > 2 * crude.min()


@pytest.mark.parametrize("to", ["dk_2021", "country"])
@pytest.mark.parametrize(("events", "status"), [(9, "not_given"), (10, "ok")])
def test_a_value_needs_ten_events(to, events, status):
    others = plain(50, 100)
    row = result(standardised(EVENTS, to), strata(**{"80-84": (events, 80.0), "85+": (0, 20.0)}), others).iloc[0]
    assert row["status"] == status
    assert row["note"] == ("fewer than 10 events" if status == "not_given" else "")
    assert row[["value", "lower", "upper"]].notna().all() == (status == "ok")
    assert row["n"] == events


def test_nobody_of_an_age_leaves_an_area_without_a_direct_value_but_not_without_an_indirect_one():
    cells = strata(**{"80-84": (50, 80.0)}), plain(50, 100)
    row = result(standardised(EVENTS), *cells).iloc[0]
    assert row[["status", "note"]].to_list() == ["not_given", "a band has no population"]
    assert result(standardised(EVENTS, "country"), *cells)["status"].iloc[0] == "ok"


def test_ages_that_the_country_has_nobody_of_do_not_count():
    (row,) = result(standardised(EVENTS, "esp2013"), plain(50, 100)).itertuples()
    assert (row.status, row.value) == ("ok", 500.0)


def test_nothing_to_count_is_no_data_and_not_too_few():
    found = result(standardised(EVENTS), strata(), plain(50, 100))
    assert found["status"].to_list() == ["no_data", "ok"]
    assert found["note"].to_list() == ["", ""]
    empty = result(standardised(EVENTS, "country"), strata())
    assert empty[["status", "value"]].iloc[0].isna().to_list() == [False, True]


def test_a_share_above_the_whole_is_not_given():
    country = strata(**{"80-84": (10, 100), "85+": (99, 100)})
    row = result(standardised(SHARE, "country"), strata(**{"80-84": (40, 60)}), country=country).iloc[0]
    assert row[["status", "note"]].to_list() == ["not_given", "more than the whole"]


def test_a_share_that_is_the_whole_is_given():
    (row,) = result(standardised(SHARE, "country"), plain(50, 50)).itertuples()
    assert (row.status, row.value, row.upper) == ("ok", 1.0, 1.0)


def test_several_events_of_one_person_widen_the_limits_alone():
    one, several = (strata(**{"80-84": (40, 100.0), "85+": (60, 100.0)}) for _ in range(2))
    several[0, -2:, 2] = 160, 240
    first, second = (result(standardised(EVENTS), cells).iloc[0] for cells in (one, several))
    assert first["value"] == second["value"]
    assert second["upper"] - second["lower"] == pytest.approx(2 * (first["upper"] - first["lower"]), abs=0.3)
    assert second["method"] == "Dobson, non-independent events"


def test_events_where_nobody_is_counted_do_not_stop_the_others():
    cells = plain(50, 100), strata(**{"80-84": (50, 80.0), "85+": (2, 0.0)})
    assert result(standardised(EVENTS), *cells)["status"].to_list() == ["ok", "not_given"]


def test_values_are_rounded_to_what_readers_see():
    (row,) = result(standardised(SHARE), strata(**{"80-84": (123, 1000), "85+": (371, 999)})).itertuples()
    assert row.value == round(row.value, SHARE.decimals + 2)
    assert row.value != pytest.approx(np.average([0.123, 371 / 999], weights=[FEMALE_80, FEMALE_85]), abs=1e-6)


def referrals(*groups):
    """Referrals of women in København, each group a number, a day of birth and the day of the first offer."""
    people = [(birth, offer) for many, birth, offer in groups for _ in range(many)]
    persons = "\n".join(f"p{i} F {birth}" for i, (birth, _) in enumerate(people))
    rows = "\n".join(f"p{i} 101 2025-03-01 {offer}" for i, (_, offer) in enumerate(people))
    return f"person\nperson_id sex birth_date\n{persons}\n\nreferral\nperson_id municipality discharged_on first_offer_on\n{rows}"


def test_who_turns_85_that_day_is_weighed_with_those_of_85(tmp_path):
    drawn = draw(referrals((20, "1940-03-02", "2025-03-02"), (20, "1940-03-01", "2025-04-20")), tmp_path)
    frame = measure(standardised(OFFER_WITHIN_7_DAYS), drawn, YEAR).frame.set_index("area")
    assert (
        frame.value["DK"] == frame.value["1084"] == frame.value["101"] == round(FEMALE_80 / (FEMALE_80 + FEMALE_85), 3)
    )
    assert frame.n["101"] == 20
    assert frame.status["851"] == "no_data"


def test_the_standardised_and_the_crude_ask_the_engine_once(tmp_path):
    drawn = draw(referrals((20, "1940-03-02", "2025-03-02")), tmp_path)
    crude = measure(OFFER_WITHIN_7_DAYS, drawn, YEAR).frame
    object.__setattr__(drawn, "drawn", lambda: pytest.fail("asked the engine again"))
    both = measure([OFFER_WITHIN_7_DAYS, standardised(OFFER_WITHIN_7_DAYS)], drawn, YEAR).frame
    for _, rows in both.groupby("indicator"):
        assert rows[["n", "of"]].reset_index(drop=True).equals(crude[["n", "of"]])


def test_a_standardised_value_is_hidden_where_its_count_is_and_shares_its_protection():
    of_region = {"1081": (3, 200), "1082": (50, 200), "1083": (60, 200), "1084": (70, 200), "1085": (80, 200)}
    rows = [{"area": a, "n": n, "of": of} for a, (n, of) in of_region.items()] + [{"area": "DK", "n": 263, "of": 1000}]
    crude, other = measured(rows, EVENTS), standardised(EVENTS)
    twin = crude.frame.assign(indicator=other.id, value=0.123, lower=0.1, upper=0.2, standard_population="dk_2021")
    both = Measured(pd.concat([crude.frame, twin], ignore_index=True), {EVENTS.id: EVENTS, other.id: other})
    policy = Policy.read(Path(__file__).parents[1] / "parameters" / "disclosure.toml")
    shown = disclose(both, policy).frame
    hidden = shown[shown["status"] == "suppressed"]
    assert hidden.groupby("area").size().to_list() == [2, 2]
    assert "1081" in set(hidden["area"])
    assert hidden[["n", "value", "lower", "upper"]].isna().all().all()


def test_a_standardised_indicator_says_so_and_loses_what_holds_for_crude_values_only():
    found = standardised(KOL_ACUTE_ADMISSIONS, "country")
    assert NOT_STANDARDISED in KOL_ACUTE_ADMISSIONS.caveats
    assert NOT_STANDARDISED not in found.caveats
    assert found.title["da"].endswith("standardiseret")
    assert "compared with the country" in found.caveats[-1]["en"]
    assert "the standard population's sexes and ages" in standardised(KOL_ACUTE_ADMISSIONS).caveats[-1]["en"]
    assert standardised(SHARE).standard is None
    assert SHARE.standard is not None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: standardised(SHARE, "mars"), "Nothing is standardised to 'mars'. Choose one of: dk_2021"),
        (lambda: standardised(WAIT), "wait cannot be standardised"),
        (lambda: standardised(standardised(SHARE)), "cannot be standardised"),
        (lambda: measure(standardised(SHARE), None, YEAR, by=("sex",)), "not broken down by sex"),
    ],
)
def test_what_cannot_be_standardised_is_refused(make, message):
    with pytest.raises(DefinitionError, match=message):
        make()
