"""The page of indicators follows the declarations, and answers every row that was asked."""

import csv

import pytest

from ddns_utils.indicators import INDICATORS
from ddns_utils.indicators.chronic import ALL_BY_DISEASE
from ddns_utils.indicators.page import ASKED, PAGE, page
from ddns_utils.language import Text


def test_the_page_in_the_docs_is_the_one_that_the_declarations_give():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.fixture
def rows(shared):
    with (shared / "domain" / "indicators.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_every_row_that_is_asked_has_an_answer(rows):
    assert set(ASKED) == set(rows)


def test_standards_and_their_directions_are_those_that_were_asked(rows):
    ours, theirs = {}, {}
    for id, row in rows.items():
        answer = INDICATORS[ASKED[id][0]]
        if row["standard_value"] and row["window"] != "7 days rule":
            theirs[id] = (float(row["standard_value"]) / 100, row["standard_dir"][0])
            ours[id] = (answer.standard, ">" if answer.direction == "higher is better" else "<")
    assert ours == theirs


def test_all_five_areas_of_general_practice_have_burden_care_adherence_and_follow_up():
    areas = ("type_2_diabetes", "kol", "asthma", "atrial_fibrillation", "heart_failure")
    for ids in ([one.id for one in ALL_BY_DISEASE[area]] for area in areas):
        assert ids[0].endswith("_prevalence")
        assert len([id for id in ids if id.endswith("_follow_up_30d")]) == 1
        assert len([id for id in ids if id.endswith("_80_per_cent_covered")]) == 1
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("id", INDICATORS)
def test_words_are_there_in_both_languages_and_differ(id):
    one = INDICATORS[id]
    texts = [one.title, one.one_row_is, one.counted, *one.caveats]
    assert all(isinstance(text, Text) and text.da and text.en and text.da != text.en for text in texts)
