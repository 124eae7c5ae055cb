"""The reporting guide is held to the declarations, and what it promises is what happens."""

import re

import pytest
from intake.deliver import AIM, ANNA, SENTINEL, landed, rows, write_csv

from ddns_utils import codelists
from ddns_utils.intake import contract, guide, guide_words
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.model import TABLES


def test_the_page_is_up_to_date():
    assert guide.PAGE.read_text(encoding="utf-8") == guide.page(), "run: python -m ddns_utils.intake.guide"


@pytest.mark.parametrize("register", ["AIM", "SENTINEL"])
def test_the_examples_land_whole(register, folder, registers):
    example = [row | {"CPR": ANNA} for row in guide_words.EXAMPLES[register]]
    write_csv(folder, register, example)
    landing = landed(folder, registers)
    assert [(c.read, c.kept) for c in landing.counts] == [(len(example), len(example))]


def test_every_rule_is_explained_in_both_languages_and_every_reason_of_the_contract_is_listed():
    rules = {word for register in guide_words.ABOUT for word in REGISTERS[register].refuse}
    assert rules == guide_words.RULES.keys()
    listed = [re.escape(part).replace("…", r"\w+") for reason in guide_words.REASONS for part in reason.split(", ")]
    for register in guide_words.ABOUT:
        given = contract.reasons(TABLES[REGISTERS[register].tables[0]])
        for word in re.findall("THEN '([^']+)'", given):
            assert any(re.fullmatch(pattern, word) for pattern in listed), word


def test_a_measurement_belongs_to_areas_that_there_are():
    areas = set(codelists.codes("practice_area"))
    assert len(areas) == 5
    assert {area for row in codelists.rows("practice_measurement") for area in row["areas"].split()} == areas


MEASURED = AIM | {"KODE": "MRC", "KODESYSTEM": "DDNS", "VAERDI": "3", "ENHED": ""}
AIM_BREACHES = [
    (MEASURED | {"VAERDI": ""}, "measurement without a value"),
    (MEASURED | {"ART": "diagnose"}, "code system of another kind"),
    (MEASURED | {"KODESYSTEM": "ICPC-2", "KODE": "R95"}, "code system of another kind"),
    (MEASURED | {"KODE": "HEIGHT"}, "unknown code"),
    (MEASURED | {"KODESYSTEM": "NPU", "KODE": "27300"}, "unknown code"),
    (AIM | {"ART": "diagnose", "KODE": "KOL", "KODESYSTEM": "ICPC-2", "VAERDI": ""}, "unknown code"),
    (AIM | {"ART": "årskontrol", "KODE": "J44", "KODESYSTEM": "SKS", "VAERDI": ""}, "unknown code"),
    (MEASURED | {"VAERDI": "0"}, "implausible value"),
    (MEASURED | {"VAERDI": "5,1"}, "implausible value"),
    (MEASURED | {"ENHED": "%"}, "another unit"),
    (MEASURED | {"ART": "samtale"}, "unknown kind"),
    (MEASURED | {"VAERDI": "tre"}, "unreadable value"),
    (MEASURED | {"VAERDI": "1"}, None),
    (MEASURED | {"VAERDI": "5,0", "ENHED": "score"}, None),
    (AIM | {"ART": "diagnose", "KODE": "DJ449", "KODESYSTEM": "SKS", "VAERDI": ""}, None),
]
SENTINEL_BREACHES = [
    (SENTINEL | {"DIAGNOSE": "H259"}, "unknown code"),
    (SENTINEL | {"SPECIALE": "øjne"}, "unknown specialty"),
    (SENTINEL | {"DIAGNOSE": ""}, None),
    (SENTINEL | {"SPECIALE": "4"}, None),
]


@pytest.mark.parametrize(("register", "breaches"), [("AIM", AIM_BREACHES), ("SENTINEL", SENTINEL_BREACHES)])
def test_a_breach_of_a_rule_is_its_reason(register, breaches, folder, registers):
    write_csv(folder, register, [row | {"REGISTRERING_ID": f"r{n}"} for n, (row, _) in enumerate(breaches, 1)])
    landed(folder, registers)
    found = {row["source_row"]: row["reasons"] for row in rows(registers, "quarantine")}
    assert found == {number: reason for number, (_, reason) in enumerate(breaches, 1) if reason}
