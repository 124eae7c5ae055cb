"""The linked data model says what it must, once, in both languages."""

import csv

import pyarrow as pa
import pytest

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text
from ddns_utils.model import TABLES, Column, Table, dictionary

EVERY_COLUMN = [(table.name, name, column) for table in TABLES.values() for name, column in table.columns.items()]
# Fields that this project reads although register_fields.csv does not list them, and why.
OWN_FIELDS = {"BEF.BOP_VFRA", "BEF.BOP_VTIL", "BEF.DOED_DAG"}


def test_every_table_of_the_plan_is_declared():
    assert set(TABLES) == {
        "person", "number_change", "residence", "hospital_contact", "hospital_diagnosis", "hospital_procedure",
        "practice_service",
        "practice_record", "specialist_record", "prescription", "lab_result", "referral", "care_plan", "intervention",
        "encounter", "condition", "goal", "follow_up", "completed_intervention", "observation", "delivery",
        "finding", "quarantine",
    }  # fmt: skip


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_table_says_what_one_row_is_and_has_an_arrow_schema(table):
    assert table.one_row_is.da != table.one_row_is.en
    assert table.__doc__
    assert isinstance(table.schema(), pa.Schema)
    assert table.schema().names == list(table.columns)


def test_every_column_with_codes_has_some_and_a_text_type():
    coded = [(table, name, column) for table, name, column in EVERY_COLUMN if column.codes]
    assert coded
    for table, name, column in coded:
        assert column.values, (table, name)
        assert column.type == "text", (table, name)


def test_source_fields_are_the_registers_own(shared):
    with (shared / "domain" / "register_fields.csv").open(encoding="utf-8") as file:
        official = {f"{row['table']}.{row['field']}".upper() for row in csv.DictReader(file)}
    official |= {field.replace("LAB_FORSKER / LAB_DM_FORSKER.", "LAB.") for field in official}
    ours = {
        column.source
        for _, _, column in EVERY_COLUMN
        if column.source.split(".")[0]
        in {"LPR_A_KONTAKT", "LPR_A_DIAGNOSE", "LPR_A_PROCREGISTRERING", "SSSY", "LMDB", "LAB", "BEF"}
    }
    missing_key = {
        "LPR_A_PROCREGISTRERING.DW_EK_KONTAKT"
    }  # the procedure table's link to its contact is not in the list
    assert ours - official - OWN_FIELDS - missing_key == set()
    assert len(ours) > 30


def test_the_data_dictionary_page_is_up_to_date():
    assert dictionary.PAGE.read_text(encoding="utf-8") == dictionary.page()


def test_the_page_names_every_column():
    page = dictionary.page()
    for table, name, _ in EVERY_COLUMN:
        assert f"| `{name}` |" in page.split(f"## {table}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: Column(type="number", da="x", en="x"), "no type 'number'"),
        (lambda: Column(type="text", da="", en="x"), "both Danish and English"),
        (lambda: type("Odd", (Table,), {"name": "odd", "time": "start"}), "does not have: start"),
        (lambda: codelists.rows("nothing"), "no code list 'nothing'"),
        (lambda: Text(da="x", en=""), "both Danish and English"),
    ],
)
def test_a_wrong_declaration_is_refused(declare, message):
    with pytest.raises(DefinitionError, match=message):
        declare()


@pytest.mark.parametrize("name", codelists.names())
def test_a_code_list_tells_its_source_and_confidence_and_repeats_no_code(name):
    about = codelists.about(name)
    assert {"title", "source", "version", "confidence"} <= set(about)
    Text(**about["title"])
    rows = codelists.rows(name)
    first = next(iter(rows[0]))
    if first == "code" and name not in {"atc", "sks_diagnosis", "medicine_regimen", "municipal_organization"}:
        values = [row["code"] for row in rows]
        assert len(values) == len(set(values))


def test_unverified_rows_stay_marked(shared):
    for ours, theirs, column in (("npu", "npu", "code"), ("atc", "atc", "group"), ("sks_diagnosis", "icd", "group")):
        with (shared / "domain" / f"{theirs}.csv").open(encoding="utf-8") as file:
            unverified = {row[column] for row in csv.DictReader(file) if "unverified" in row["confidence"]}
        assert unverified
        assert unverified <= {row[column] for row in codelists.rows(ours) if "unverified" in row["confidence"]}
