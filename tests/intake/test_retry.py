"""Rows in quarantine land once they have become valid; counts still add up, and nothing comes twice."""

from intake.deliver import (
    ANNA,
    BEF,
    BO,
    CONTACT,
    DIAGNOSIS,
    KEY,
    PROCEDURE,
    RESULT,
    care_plan,
    content,
    landed,
    report,
    rows,
    write_csv,
    write_reports,
)

from ddns_utils.intake import retry, retry_quarantine
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.intake.retry import Retry
from ddns_utils.registers import Registers

COUNTS = ("rows_read", "rows_kept", "rows_quarantined", "rows_superseded")
FOLLOW_UP_COURSE = "4863001e-14c7-4be8-a2da-e4f21a4b6ac4"


def counts(registers):
    return {row["file"]: tuple(row[name] for name in COUNTS) for row in rows(registers, "delivery")}


def add_up(registers):
    return all(read == kept + bad + old for read, kept, bad, old in counts(registers).values())


def retried(registers):
    outcome = retry_quarantine(registers, KEY)
    return outcome.landed, outcome.left


def test_diagnoses_and_procedures_land_when_their_contact_has_come(tmp_path, registers):
    for name, row in (("LPR_A_DIAGNOSE", DIAGNOSIS), ("LPR_A_PROCREGISTRERING", PROCEDURE)):
        landed(write_csv(tmp_path / "2025-04-01", name, [row, row | {"DW_EK_KONTAKT": "never"}]), registers)
    assert retried(registers) == (0, 4)
    landed(write_csv(tmp_path / "2025-04-02", "LPR_A_KONTAKT", [CONTACT]), registers)
    assert retried(registers) == (2, 2)
    (diagnosis,) = rows(registers, "hospital_diagnosis")
    assert (diagnosis["person_id"], diagnosis["code"]) == (Pseudonyms(KEY).of(ANNA), "DJ440")
    assert diagnosis["contact_start"].day == 1
    assert len(rows(registers, "hospital_procedure")) == 1
    assert counts(registers)["LPR_A_DIAGNOSE.csv"] == (2, 1, 1, 0)
    assert {row["reasons"] for row in rows(registers, "quarantine")} == {"unknown contact"}
    assert add_up(registers)


def test_rows_that_landed_from_quarantine_are_what_they_would_have_been(tmp_path, registers, unknown):
    folder = tmp_path / "2025-04-01"
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT, CONTACT | {"PNR": BO, "DW_EK_KONTAKT": "k2", "KONT_TYPE": "ALCA20"}])
    write_csv(folder, "LPR_A_DIAGNOSE", [DIAGNOSIS, DIAGNOSIS | {"DW_EK_KONTAKT": "k2"}])
    write_csv(folder, "LAB", [RESULT, RESULT | {"PNR": "3102801234"}])
    write_csv(folder, "BEF", [BEF, BEF | {"PNR": BO, "KOM": "751", "FOED_DAG": "1945-03-02"}])
    other = care_plan("other", category=[{"coding": [{"code": FOLLOW_UP_COURSE}]}])
    write_reports(folder / "r.ndjson", report(care_plan(), other, cpr=BO))
    unknown("ALCA20", "751", FOLLOW_UP_COURSE)
    landed(folder, registers)
    assert len(rows(registers, "quarantine")) > 3
    unknown()
    assert retried(registers)[1] == 1
    at_once = Registers(tmp_path / "at_once")
    landed(folder, at_once)
    assert content(registers) == content(at_once)
    version = registers.latest_version
    assert retried(registers) == (0, 1)
    assert registers.latest_version == version


def test_a_resource_keeps_its_performer_and_law_through_quarantine(tmp_path, registers, unknown):
    unit = {"resourceType": "Organization", "id": "u", "identifier": [{"system": "sor", "value": "391111000016003"}]}
    detail = {"status": "in-progress", "performer": [{"reference": "Organization/u"}]}
    plan = care_plan(activity=None) | {"activity": [{"detail": detail}]}
    unknown(plan["category"][0]["coding"][0]["code"])
    write_reports(tmp_path / "r.ndjson", report(plan, unit))
    landed(tmp_path / "r.ndjson", registers)
    assert rows(registers, "quarantine")[0]["person_id"] == Pseudonyms(KEY).of(ANNA)
    unknown()
    assert retried(registers) == (1, 0)
    (row,) = rows(registers, "care_plan")
    assert (row["performer"], row["law"], row["municipality"]) == ("391111000016003", "140", "316")


def test_a_row_from_quarantine_does_not_replace_what_stands_since_the_same_day_or_later(tmp_path, registers, unknown):
    old = CONTACT | {"KONT_TYPE": "ALCA20", "PRIORITET": "ATA3"}
    unknown("ALCA20")
    landed(write_csv(tmp_path / "2025-04-01", "LPR_A_KONTAKT", [old, CONTACT]), registers)
    unknown()
    assert retried(registers) == (1, 0)
    (contact,) = rows(registers, "hospital_contact")
    assert contact["contact_type"] == CONTACT["KONT_TYPE"]
    assert counts(registers)["LPR_A_KONTAKT.csv"] == (2, 1, 0, 1)


def test_a_row_in_which_a_cpr_number_was_hidden_stays_in_quarantine(tmp_path, registers, unknown):
    unknown("ALCA20")
    row = CONTACT | {"KONT_TYPE": "ALCA20", "KONT_ANS": BO}
    landed(write_csv(tmp_path / "2025-04-01", "LPR_A_KONTAKT", [row]), registers)
    unknown()
    assert retried(registers) == (0, 1)


def test_an_empty_store_has_nothing_to_retry(registers):
    assert retried(registers) == (0, 0)
    assert registers.latest_version == 0


def test_rows_of_several_deliveries_keep_their_delivery_and_number_and_reports_come_in_batches(
    tmp_path, registers, unknown, monkeypatch
):
    monkeypatch.setattr(retry, "BYTES_AT_A_TIME", 1_500)
    monkeypatch.setattr(retry, "ROWS_PER_BATCH", 2)
    bad = [RESULT | {"value": f"{n}"} | ({"samplingdate": "never"} if n % 2 else {}) for n in range(4)]
    contacts = [CONTACT | {"DW_EK_KONTAKT": f"k{n}", "KONT_TYPE": f"ALCA{n % 2}0"} for n in range(8)]
    unknown("ALCA00", "ALCA10", FOLLOW_UP_COURSE)
    for day in range(4):
        folder = tmp_path / f"2025-04-0{day + 1}"
        # One register's files do not all have the optional field.
        more = {"LPRINDBERETNINGSSYSTEM": "LPR3"} if day else {}
        write_csv(folder, "LPR_A_KONTAKT", [row | more for row in contacts[2 * day : 2 * day + 2]])
        write_csv(folder, "LAB", [row | {"laboratorium_idcode": f"lab{day}"} for row in bad])
        plan = care_plan(f"plan{day}", category=[{"coding": [{"code": FOLLOW_UP_COURSE}]}])
        write_reports(folder / "r.ndjson", report(plan, timestamp=f"2025-04-0{day + 1}T00:00:00Z"))
        landed(folder, registers)
    before = [row for row in rows(registers, "quarantine") if row["table"] == "lab_result"]
    assert len(rows(registers, "quarantine")) == 4 * 2 + 4 + 4 * 2
    unknown("ALCA10")
    assert retried(registers) == (4 + 4, 4 * 2 + 4)
    assert sorted(row["care_plan_id"] for row in rows(registers, "care_plan")) == [f"plan{day}" for day in range(4)]
    days = {row["contact_id"]: row["delivery_id"][:10] for row in rows(registers, "hospital_contact")}
    assert days == {f"k{2 * day}": f"2025-04-0{day + 1}" for day in range(4)}
    after = [row for row in rows(registers, "quarantine") if row["table"] == "lab_result"]
    assert sorted(map(repr, after)) == sorted(map(repr, before))
    assert add_up(registers)


def test_a_row_refused_for_a_field_that_no_column_is_read_from_stays_in_quarantine(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT | {"LPRINDBERETNINGSSYSTEM": "LPR2"}])
    landed(folder, registers)
    assert retry_quarantine(registers, KEY) == Retry(0, 1, registers.latest_version)
