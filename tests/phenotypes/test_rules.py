"""Diseases other than diabetes and KOL, how many a person has, and comorbidity. A person's id says what they test."""

from datetime import date

import pytest
from drawing import draw

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text
from ddns_utils.phenotypes import DISEASES, Disease, page
from ddns_utils.phenotypes.burden import multimorbidity, newly_ill, prevalent
from ddns_utils.phenotypes.comorbidity import charlson, prefixes
from ddns_utils.phenotypes.declare import Rule

DIAGNOSIS = "hospital_diagnosis\nperson_id contact_id contact_start code kind retracted"
RECORD = "practice_record\nperson_id recorded_on kind code"
BUY = "prescription\nperson_id dispensed_on atc"
NEW_YEAR = date(2025, 1, 1)


def rows(snapshot, table):
    return {row.pop("person_id"): row for row in snapshot.engine.to_pyarrow(table).to_pylist()}


def episodes(drawing, tmp_path, disease):
    snapshot = draw(drawing, tmp_path)
    return rows(snapshot, DISEASES[disease].episodes(snapshot))


@pytest.mark.parametrize(
    ("disease", "code", "icpc"),
    [
        ("asthma", "DJ459", "R96"), ("asthma", "DJ469", "R96"), ("heart_failure", "DI509", "K77"), ("atrial_fibrillation", "DI489", "K78"),
        ("ischaemic_heart_disease", "DI259", "K74"), ("ischaemic_heart_disease", "DI209", "K76"), ("hypertension", "DI109", "K86"),
        ("osteoporosis", "DM819", "L95"), ("rheumatoid_arthritis", "DM069", "L88"), ("dementia", "DG309", "P70"),
        ("schizophrenia", "DF209", "P72"), ("kol", "DJ449", "R95"),
    ],
)  # fmt: skip
def test_a_disease_is_known_from_hospital_and_from_general_practice(tmp_path, disease, code, icpc):
    drawing = f"{DIAGNOSIS}\nhospital k 2024-05-01T08:00 {code} B -\nretracted l 2024-05-01T08:00 {code} A yes\naddition m 2024-05-01T08:00 {code} + no\n\n{RECORD}\npractice 2024-06-01 diagnosis {icpc}\nmeasured 2024-06-01 measurement {icpc}"
    assert episodes(drawing, tmp_path, disease) == {
        "hospital": {"disease": disease, "since": date(2024, 5, 1), "rule": "hospital diagnosis"},
        "practice": {"disease": disease, "since": date(2024, 6, 1), "rule": "general practice"},
    }


@pytest.mark.parametrize(
    ("disease", "atc"),
    [
        ("kol", "R03BB04"),
        ("asthma", "R03BA02"),
        ("asthma", "R03AK07"),
        ("osteoporosis", "M05BA04"),
        ("dementia", "N06DA02"),
        ("hypertension", "C09AA05"),
    ],
)
def test_the_second_day_of_purchase_makes_a_disease_known(tmp_path, disease, atc):
    drawing = f"{BUY}\nonce 2024-01-01 {atc}\nsame_day 2024-01-01 {atc}\nsame_day 2024-01-01 {atc}\ntwice 2024-01-01 {atc}\ntwice 2024-03-01 {atc}\ntwice 2024-04-01 {atc}"
    assert episodes(drawing, tmp_path, disease) == {
        "twice": {"disease": disease, "since": date(2024, 3, 1), "rule": "medicine"}
    }


@pytest.mark.parametrize(
    ("disease", "atc", "other"),
    [("asthma", "R03BA02", "DJ449"), ("hypertension", "C09AA05", "DI509"), ("hypertension", "C07AB02", "DI489"), ("hypertension", "C07AB02", "DI259")],
)  # fmt: skip
def test_medicine_that_another_disease_explains_does_not_count(tmp_path, disease, atc, other):
    drawing = (
        f"{BUY}\nanna 2024-01-01 {atc}\nanna 2024-03-01 {atc}\n\n{DIAGNOSIS}\nanna k 2025-05-01T08:00 {other} A no"
    )
    assert episodes(drawing, tmp_path, disease) == {}


def test_the_first_rule_in_the_list_is_named_when_several_knew_it_that_day(tmp_path):
    drawing = f"{RECORD}\nboth 2024-05-01 diagnosis R95\nlater 2024-04-30 diagnosis R95\n\n{DIAGNOSIS}\nboth k 2024-05-01T08:00 DJ449 A no\nlater l 2024-05-01T08:00 DJ449 A no"
    found = episodes(drawing, tmp_path, "kol")
    assert {who: row["rule"] for who, row in found.items()} == {
        "both": "hospital diagnosis",
        "later": "general practice",
    }


def test_prevalence_counts_the_day_itself(tmp_path):
    snapshot = draw(
        f"{RECORD}\nthat_day 2025-01-01 diagnosis R95\nday_after 2025-01-02 diagnosis R95\nbefore 2024-01-01 diagnosis R95",
        tmp_path,
    )
    assert set(rows(snapshot, prevalent(snapshot, [DISEASES["kol"]], NEW_YEAR))) == {"that_day", "before"}


@pytest.mark.parametrize(
    ("since", "start", "new"),
    [("2024-01-01", 2024, True), ("2024-12-31", 2024, True), ("2025-01-01", 2024, False), ("2023-12-31", 2024, False), ("2020-12-31", 2020, True), ("2020-12-30", 2020, False)],
)  # fmt: skip
def test_new_cases_begin_in_the_period_and_after_the_wash_out(tmp_path, since, start, new):
    snapshot = draw(f"{RECORD}\nanna {since} diagnosis R95", tmp_path)  # drawn registers begin on 1 January 2020
    found = newly_ill(snapshot, DISEASES["kol"], date(start, 1, 1), date(start + 1, 1, 1))
    assert bool(rows(snapshot, found)) is new


def test_multimorbidity_counts_diseases_and_names_their_combination(tmp_path):
    snapshot = draw(
        f"{RECORD}\none 2024-01-01 diagnosis R95\ntwo 2024-01-01 diagnosis R95\ntwo 2024-02-01 diagnosis K78\nlater 2025-01-02 diagnosis K78",
        tmp_path,
    )
    assert rows(snapshot, multimorbidity(snapshot, DISEASES.values(), NEW_YEAR)) == {
        "one": {"diseases": 1, "combination": "kol"},
        "two": {"diseases": 2, "combination": "atrial_fibrillation + kol"},
    }


@pytest.mark.parametrize(
    ("codes", "score"),
    [
        (["DI219"], 1), (["DI219", "DI229"], 1), (["DI219", "DJ449"], 2), (["DE119"], 1), (["DE112"], 2), (["DC509"], 2), (["DC780"], 6),
        (["DI130"], 1), (["DI139"], 2), (["DD869"], 1), (["DK703", "DK704"], 4), (["DB249"], 6), (["D869"], None), (["DZ039"], None),
    ],
)  # fmt: skip
def test_charlson_counts_each_group_once_and_each_code_in_one_group(tmp_path, codes, score):
    drawing = DIAGNOSIS + "".join(f"\nanna k{i} 2024-05-01T08:00 {code} A no" for i, code in enumerate(codes))
    snapshot = draw(drawing, tmp_path)
    found = rows(snapshot, charlson(snapshot, NEW_YEAR))
    assert found == ({"anna": {"score": score}} if score else {})


@pytest.mark.parametrize(
    ("day", "counts"), [("2024-01-02", True), ("2024-01-01", False), ("2025-01-01", True), ("2025-01-02", False)]
)
def test_charlson_looks_back_from_the_day(tmp_path, day, counts):
    snapshot = draw(f"{DIAGNOSIS}\nanna k {day}T08:00 DI219 A no", tmp_path)
    assert bool(rows(snapshot, charlson(snapshot, NEW_YEAR, look_back_days=365))) is counts


def test_every_charlson_prefix_is_danish_and_has_one_group():
    listed = [code for row in codelists.rows("charlson") for code in row["code"].split("|")]
    assert len(listed) == len(prefixes())
    assert all(code[0] == "D" and code[1].isalpha() and code[2].isdigit() for code in listed)


def test_the_page_is_up_to_date_and_names_every_rule():
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.page()
    assert written.count("| includes |") == sum(
        rule.role == "includes" for disease in DISEASES.values() for rule in disease.rules
    ) - len([rule for rule in DISEASES["type_1_diabetes"].rules if rule.role == "includes"])


def test_a_rule_that_includes_needs_events_and_words_that_exist():
    given = {"name": "r", "register": "lab_result", "finds": Text(da="x", en="x"), "codes": (), "source": "s"}
    with pytest.raises(DefinitionError, match="a rule that includes has events"):
        Rule(**given, confidence="high")
    with pytest.raises(DefinitionError, match="confidence 'sure' is not one of: high, medium, unverified"):
        Rule(**given, confidence="sure", role="excludes")
    assert isinstance(DISEASES["kol"], Disease)
