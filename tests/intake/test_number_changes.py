"""One person with several CPR numbers: whatever comes under whichever number, and whenever, is one person's."""

import re
from datetime import date

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake.deliver import (
    AIM,
    ANNA,
    BEF,
    BO,
    CARL,
    CONTACT,
    DIAGNOSIS,
    DISPENSING,
    KEY,
    NUMBER_CHANGE,
    PROCEDURE,
    RESULT,
    SENTINEL,
    SERVICE,
    care_plan,
    landed,
    report,
    rows,
    write_csv,
    write_reports,
)

from ddns_utils.intake import retry_quarantine
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.persons import closes_circle, present_pseudonyms

ANNA_ID, BO_ID, CARL_ID = (Pseudonyms(KEY).of(cpr) for cpr in (ANNA, BO, CARL))
ROWS = {
    "LPR_A_KONTAKT": (CONTACT, "PNR", "hospital_contact"),
    "SSSY": (SERVICE, "PNR", "practice_service"),
    "LMDB": (DISPENSING, "PNR", "prescription"),
    "LAB": (RESULT, "pnr", "lab_result"),
    "AIM": (AIM, "CPR", "practice_record"),
    "SENTINEL": (SENTINEL, "CPR", "specialist_record"),
}
KEYS = ("DW_EK_KONTAKT", "REGISTRERING_ID")


@pytest.fixture
def day(tmp_path):
    """The folder of a day of delivery."""
    return lambda text: tmp_path / "delivered" / text


def change(former, present):
    return NUMBER_CHANGE | {"PNR": former, "PNRGAELD": present}


def everything(folder, cpr, number):
    """One row of every register about one CPR number."""
    for register, (row, field, _) in ROWS.items():
        own = {key: f"{row[key]}-{number}" for key in KEYS if key in row}
        write_csv(folder, register, [row | own | {field: cpr}])
    for register, row in (("LPR_A_DIAGNOSE", DIAGNOSIS), ("LPR_A_PROCREGISTRERING", PROCEDURE)):
        write_csv(folder, register, [row | {"DW_EK_KONTAKT": f"k1-{number}"}])
    write_reports(folder / "reports.ndjson", report(care_plan(f"plan-{number}"), cpr=cpr))


def persons(registers, table, version=None):
    snapshot = registers.snapshot(version)
    return sorted(snapshot.engine.to_pyarrow(snapshot.table(table).select("person_id"))["person_id"].to_pylist())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1)])
def test_all_rows_under_both_numbers_are_one_persons_whenever_the_change_comes(day, registers, order):
    everything(day("2025-04-01"), BO, 1)
    everything(day("2025-05-01"), ANNA, 2)
    write_csv(day("2025-06-01"), "CPR", [change(BO, ANNA)])
    folders = ["2025-04-01", "2025-05-01", "2025-06-01"]
    for number in order:
        assert not landed(day(folders[number]), registers).refused
    tables = [table for _, _, table in ROWS.values()]
    for table in (*tables, "hospital_diagnosis", "hospital_procedure", "care_plan"):
        assert persons(registers, table) == [ANNA_ID, ANNA_ID], table


def test_an_earlier_version_reads_as_it_did_and_nothing_else_is_written(day, registers):
    everything(day("2025-04-01"), BO, 1)
    landed(day("2025-04-01"), registers)
    before = registers.snapshot().tables
    landed(write_csv(day("2025-06-01"), "CPR", [change(BO, ANNA)]), registers)
    assert persons(registers, "prescription", version=1) == [BO_ID]
    assert persons(registers, "prescription", version=2) == [ANNA_ID]
    after = registers.snapshot().tables
    assert {name for name in after if after[name] != before.get(name)} == {"number_change", "delivery"}


def test_a_row_that_is_corrected_after_the_change_is_still_one_row(day, registers):
    everything(day("2025-04-01"), BO, 1)
    write_csv(day("2025-06-01"), "CPR", [change(BO, ANNA)])
    landed(day("2025-04-01"), registers)
    landed(day("2025-06-01"), registers)
    moved = CONTACT | {"DW_EK_KONTAKT": "k1-1", "KONT_STARTTIDSPUNKT": "2025-02-27 10:00:00"}
    landed(write_csv(day("2025-07-01"), "LPR_A_KONTAKT", [moved | {"PNR": BO}]), registers)
    (diagnosis,) = rows(registers, "hospital_diagnosis")
    assert (diagnosis["person_id"], diagnosis["contact_start"].day) == (ANNA_ID, 27)
    landed(write_csv(day("2025-08-01"), "LPR_A_KONTAKT", [moved | {"PNR": ANNA}]), registers)
    assert persons(registers, "hospital_contact") == persons(registers, "hospital_diagnosis") == [ANNA_ID]


def test_the_latest_number_says_sex_and_day_of_birth(day, registers):
    former, present = BEF | {"PNR": BO, "KOEN": "1", "FOED_DAG": "1979-01-01"}, BEF
    landed(write_csv(day("2025-01-01"), "BEF", [present]), registers)
    landed(write_csv(day("2025-04-01"), "BEF", [former]), registers)
    landed(write_csv(day("2025-04-01"), "CPR", [change(BO, ANNA)]), registers)
    (person,) = rows(registers, "person")
    assert (person["person_id"], person["sex"], person["birth_date"].year) == (ANNA_ID, "F", 1980)


def test_a_person_known_under_a_former_number_only_is_a_person(day, registers):
    landed(write_csv(day("2025-01-01"), "BEF", [BEF | {"PNR": BO, "KOEN": "1"}]), registers)
    landed(write_csv(day("2025-04-01"), "CPR", [change(BO, ANNA)]), registers)
    (person,) = rows(registers, "person")
    assert (person["person_id"], person["sex"]) == (ANNA_ID, "M")
    assert persons(registers, "residence") == [ANNA_ID]


def homes(registers):
    found = [(row["municipality"], row["start"], row["end"]) for row in rows(registers, "residence")]
    return sorted(found, key=lambda home: home[1])


def test_homes_told_under_a_former_number_end_where_the_later_number_begins(day, registers):
    old = {"PNR": BO}
    delivered = [
        BEF | old | {"KOM": "101", "BOP_VFRA": "1980-01-01", "BOP_VTIL": "2000-01-01"},
        BEF | old | {"KOM": "147", "BOP_VFRA": "2000-01-01"},
        BEF | old | {"KOM": "147", "BOP_VFRA": "2010-01-01", "BOP_VTIL": "2011-01-01"},
        BEF | {"KOM": "151", "BOP_VFRA": "2010-01-01"},
    ]
    landed(write_csv(day("2025-01-01"), "BEF", delivered), registers)
    landed(write_csv(day("2025-01-01"), "CPR", [change(BO, ANNA)]), registers)
    first, second, third = date(1980, 1, 1), date(2000, 1, 1), date(2010, 1, 1)
    assert homes(registers) == [("101", first, second), ("147", second, third), ("151", third, None)]


def test_a_gap_before_the_later_number_stays_a_gap(day, registers):
    abroad = BEF | {"PNR": BO, "BOP_VTIL": "2000-01-01"}
    landed(write_csv(day("2025-01-01"), "BEF", [abroad, BEF | {"BOP_VFRA": "2010-01-01"}]), registers)
    landed(write_csv(day("2025-01-01"), "CPR", [change(BO, ANNA)]), registers)
    first, second = homes(registers)
    assert (first[2], second[1]) == (date(2000, 1, 1), date(2010, 1, 1))


def test_people_who_kept_their_number_are_untouched(day, registers):
    landed(write_csv(day("2025-01-01"), "BEF", [BEF, BEF | {"PNR": CARL}]), registers)
    before = rows(registers, "residence")
    landed(write_csv(day("2025-04-01"), "CPR", [change(BO, ANNA)]), registers)
    assert sorted(map(repr, rows(registers, "residence"))) == sorted(map(repr, before))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_chain_of_changes_leads_to_the_last_number_in_any_order(day, registers, order):
    everything(day("2025-04-01"), CARL, 1)
    landed(day("2025-04-01"), registers)
    write_csv(day("2025-05-01"), "CPR", [change(CARL, BO)])
    write_csv(day("2025-06-01"), "CPR", [change(BO, ANNA)])
    for number in order:
        landed(day(("2025-05-01", "2025-06-01")[number]), registers)
    assert persons(registers, "practice_service") == [ANNA_ID]
    assert persons(registers, "number_change") == [ANNA_ID, ANNA_ID]


def test_in_a_chain_the_latest_number_known_to_bef_says_sex(day, registers):
    of = {CARL: "1", BO: "2"}
    landed(write_csv(day("2025-01-01"), "BEF", [BEF | {"PNR": p, "KOEN": k} for p, k in of.items()]), registers)
    landed(write_csv(day("2025-01-01"), "CPR", [change(CARL, BO), change(BO, ANNA)]), registers)
    (person,) = rows(registers, "person")
    assert (person["person_id"], person["sex"]) == (ANNA_ID, "F")


@pytest.mark.parametrize("closing", [change(ANNA, BO), change(ANNA, ANNA)])
def test_a_change_that_closes_a_circle_is_in_quarantine(day, registers, closing):
    landed(write_csv(day("2025-05-01"), "CPR", [change(BO, ANNA)]), registers)
    landing = landed(write_csv(day("2025-06-01"), "CPR", [closing]), registers)
    assert [count.reasons for count in landing.counts] == [{"number change in a circle": 1}]
    (refused,) = rows(registers, "quarantine")
    assert refused["table"] == "number_change"
    assert ANNA_ID in refused["content"]
    assert ANNA not in refused["content"]
    assert len(rows(registers, "number_change")) == 1


def test_of_a_circle_in_one_file_the_last_row_is_refused(day, registers):
    circle = [change(BO, ANNA), change(ANNA, CARL), change(CARL, BO)]
    landed(write_csv(day("2025-05-01"), "CPR", circle), registers)
    assert [row["source_row"] for row in rows(registers, "quarantine")] == [3]
    assert persons(registers, "number_change") == [CARL_ID, CARL_ID]


def test_a_corrected_change_gives_the_rows_to_the_right_person_and_frees_the_circle(day, registers):
    everything(day("2025-04-01"), BO, 1)
    write_csv(day("2025-05-01"), "CPR", [change(BO, ANNA)])
    write_csv(day("2025-05-02"), "CPR", [change(ANNA, BO)])
    write_csv(day("2025-06-01"), "CPR", [change(BO, CARL)])
    for folder in ("2025-04-01", "2025-05-01", "2025-05-02"):
        landed(day(folder), registers)
    assert retry_quarantine(registers, KEY).landed == 0
    landed(day("2025-06-01"), registers)
    assert persons(registers, "lab_result") == [CARL_ID]
    assert retry_quarantine(registers, KEY).landed == 1
    assert {row["former_person_id"]: row["person_id"] for row in rows(registers, "number_change")} == {
        BO_ID: CARL_ID,
        ANNA_ID: CARL_ID,
    }
    assert rows(registers, "quarantine") == []


def test_an_earlier_change_landed_late_replaces_nothing_and_is_no_circle(day, registers):
    landed(write_csv(day("2025-06-01"), "CPR", [change(BO, CARL), change(ANNA, BO)]), registers)
    landing = landed(write_csv(day("2025-05-01"), "CPR", [change(BO, ANNA)]), registers)
    assert [(count.superseded, count.quarantined) for count in landing.counts] == [(1, 0)]
    assert persons(registers, "number_change") == [CARL_ID, CARL_ID]


def test_an_impossible_number_is_refused_and_kept_nowhere(day, registers):
    numbers = ("3102801234", "101801234", "nobody")
    given = [NUMBER_CHANGE | {field: number} for field in ("PNR", "PNRGAELD") for number in numbers]
    (counted,) = landed(write_csv(day("2025-05-01"), "CPR", given), registers).counts
    assert counted.reasons == {"impossible CPR number": 6}
    assert not any(cpr in str(row) for row in rows(registers, "quarantine") for cpr in (ANNA, BO, *numbers))


def test_a_missing_number_is_missing_and_the_day_of_the_change_may_lack(day, registers):
    given = [{"PNR": BO, "PNRGAELD": ""}, {"PNR": "", "PNRGAELD": ANNA}, {"PNR": BO, "PNRGAELD": ANNA}]
    (counted,) = landed(write_csv(day("2025-05-01"), "CPR", given), registers).counts
    assert counted.reasons == {"missing former_person_id": 1, "missing person_id": 1}
    assert [row["changed_on"] for row in rows(registers, "number_change")] == [None]


CHANGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12)


@given(changes=CHANGES)
@settings(max_examples=200)
def test_everybody_ends_at_a_number_that_nothing_replaces(changes):
    replaced_by = {}
    for former, present in changes:
        if not closes_circle(former, present, replaced_by):
            replaced_by[former] = present
    for row in present_pseudonyms(replaced_by).to_pylist():
        assert row["present"] not in replaced_by
        walked = row["former"]
        for _ in range(row["steps"]):
            walked = replaced_by[walked]
        assert walked == row["present"]


def test_the_rows_of_one_person_are_those_under_every_number_and_nothing_else_is_read(day, registers):
    everything(day("2025-04-01"), ANNA, 1)
    everything(day("2025-05-01"), BO, 2)
    everything(day("2025-06-01"), CARL, 3)
    write_csv(day("2025-05-01"), "CPR", [change(ANNA, BO)])
    landed(day(""), registers)
    snapshot = registers.snapshot()
    for _, _, table in ROWS.values():
        found = snapshot.table(table, person_id=BO_ID)
        assert snapshot.engine.to_pandas(found).person_id.tolist() == [BO_ID, BO_ID]
        assert {ANNA_ID, BO_ID} <= set(re.findall("[0-9a-f]{32}", str(ibis.to_sql(found, dialect="duckdb"))))
        assert snapshot.engine.to_pandas(snapshot.table(table, person_id=ANNA_ID)).empty
