"""What later deliveries correct, and what is brought to one unit."""

import itertools
from datetime import date, datetime

import pyarrow as pa
import pytest
from intake.deliver import (
    AIM,
    ANNA,
    BO,
    CONTACT,
    DIAGNOSIS,
    KEY,
    PROCEDURE,
    RESULT,
    SENTINEL,
    SERVICE,
    landed,
    report,
    rows,
    write_csv,
    write_reports,
)

from ddns_utils.completeness import arrivals, completeness
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.model import TABLES

ANNA_ID, BO_ID = Pseudonyms(KEY).of(ANNA), Pseudonyms(KEY).of(BO)


@pytest.fixture
def later(tmp_path):
    return tmp_path / "delivered" / "registers" / "2025-05-01"


@pytest.fixture
def first(folder, registers):
    """Two contacts with a diagnosis and a procedure each."""
    second = {"DW_EK_KONTAKT": "k2"}
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT, CONTACT | second])
    write_csv(folder, "LPR_A_DIAGNOSE", [DIAGNOSIS, DIAGNOSIS | second])
    write_csv(folder, "LPR_A_PROCREGISTRERING", [PROCEDURE, PROCEDURE | second])
    landed(folder, registers)


def of_contact(registers, table, contact="k1", version=None):
    snapshot = registers.snapshot(version)
    (row,) = [r for r in snapshot.engine.to_pyarrow(snapshot.table(table)).to_pylist() if r["contact_id"] == contact]
    return row


@pytest.mark.usefixtures("first")
def test_diagnoses_and_procedures_follow_a_contact_that_is_corrected(later, registers):
    write_csv(later, "LPR_A_KONTAKT", [CONTACT | {"PNR": BO, "KONT_STARTTIDSPUNKT": "2024-12-31 23:00:00"}])
    landed(later, registers)
    diagnosis = of_contact(registers, "hospital_diagnosis")
    assert (diagnosis["person_id"], diagnosis["contact_start"]) == (BO_ID, datetime(2024, 12, 31, 23))
    assert diagnosis["delivery_id"].startswith("2025-04-01")
    assert of_contact(registers, "hospital_procedure")["person_id"] == BO_ID
    assert of_contact(registers, "hospital_diagnosis", "k2")["person_id"] == ANNA_ID
    assert of_contact(registers, "hospital_diagnosis", version=1)["person_id"] == ANNA_ID
    assert len(rows(registers, "hospital_diagnosis")) == 2


@pytest.mark.usefixtures("first")
def test_a_contact_that_only_ends_leaves_its_diagnoses_untouched(later, registers):
    write_csv(later, "LPR_A_KONTAKT", [CONTACT | {"KONT_SLUTTIDSPUNKT": "2025-03-09 12:00:00"}])
    before = registers.snapshot().tables["hospital_diagnosis"]
    landed(later, registers)
    assert of_contact(registers, "hospital_contact")["end"] == datetime(2025, 3, 9, 12)
    assert registers.snapshot().tables["hospital_diagnosis"] == before


KEYED = {
    "LPR_A_KONTAKT": ("hospital_contact", CONTACT, "ADIAG", ("DJ440", "DJ441", "DJ442")),
    "AIM": ("practice_record", AIM, "VAERDI", ("48", "49", "50")),
    "SENTINEL": ("specialist_record", SENTINEL, "DIAGNOSE", ("DH259", "DH260", "DH261")),
}


def received(registers, table):
    (row,) = rows(registers, table, include_voided=True)
    return row["first_received_on"].isoformat(), row["delivery_id"][:10]


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["2025-04-01", "2025-04-05", "2025-04-09"])), ids="-".join
)
@pytest.mark.parametrize("source", KEYED)
def test_a_row_that_is_corrected_or_sent_again_was_received_when_it_first_came(source, order, tmp_path, registers):
    table, row, field, values = KEYED[source]
    contents = dict(zip(sorted(order), values, strict=True))
    for day in order:
        landed(write_csv(tmp_path / day, source, [row | {field: contents[day]}]), registers)
    assert received(registers, table) == ("2025-04-01", "2025-04-09")


def test_versions_that_land_together_and_a_key_of_its_own_are_no_different(tmp_path, registers):
    for day in ("2025-04-05", "2025-04-01"):
        write_csv(tmp_path / "in" / day, "LPR_A_KONTAKT", [CONTACT, CONTACT | {"DW_EK_KONTAKT": day}])
    landed(tmp_path / "in", registers)
    found = {row["contact_id"]: row["first_received_on"].isoformat() for row in rows(registers, "hospital_contact")}
    assert found == {"k1": "2025-04-01", "2025-04-01": "2025-04-01", "2025-04-05": "2025-04-05"}


def test_a_row_that_was_refused_was_not_received(tmp_path, registers):
    other = CONTACT | {"DW_EK_KONTAKT": "k2"}
    landed(write_csv(tmp_path / "2025-04-05", "LPR_A_KONTAKT", [CONTACT, other]), registers)
    landed(write_csv(tmp_path / "2025-04-01", "LPR_A_KONTAKT", [CONTACT, other | {"KONT_TYPE": "odd"}]), registers)
    found = {row["contact_id"]: row["first_received_on"].isoformat() for row in rows(registers, "hospital_contact")}
    assert found == {"k1": "2025-04-01", "k2": "2025-04-05"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_a_meeting_was_first_received_when_it_had_been_held(order, tmp_path, registers):
    story = [  # delivered, status
        ("2025-03-01", "planned"), ("2025-03-05", "finished"), ("2025-03-07", "finished"), ("2025-03-20", "entered-in-error"),
    ]  # fmt: skip
    for number in order:
        day, status = story[number]
        period = {"start": "2025-03-04T09:00:00Z", "end": "2025-03-04T10:00:00Z"}
        meeting = {"resourceType": "Encounter", "id": "e", "status": status, "class": {"code": "HH"}, "period": period}
        write_reports(tmp_path / day / "r.ndjson", report(meeting, timestamp=f"{day}T20:00:00Z"))
        landed(tmp_path / day / "r.ndjson", registers)
    assert received(registers, "encounter") == ("2025-03-05", "2025-03-20")


def test_a_contact_that_was_open_was_first_received_when_it_had_ended(tmp_path, registers):
    for day, end in (("2025-03-01", ""), ("2025-03-08", "2025-03-07 12:00:00"), ("2025-03-20", "2025-03-07 13:00:00")):
        landed(write_csv(tmp_path / day, "LPR_A_KONTAKT", [CONTACT | {"KONT_SLUTTIDSPUNKT": end}]), registers)
    assert received(registers, "hospital_contact") == ("2025-03-08", "2025-03-20")


def test_a_row_from_before_the_column_was_received_with_its_delivery(tmp_path, registers):
    landed(write_csv(tmp_path / "2025-04-01", "LPR_A_KONTAKT", [CONTACT]), registers)
    with registers.writing() as writer:
        old = pa.Table.from_pylist(rows(registers, "hospital_contact"), TABLES["hospital_contact"].schema())
        at = old.column_names.index("first_received_on")
        writer.replace("hospital_contact", old.set_column(at, "first_received_on", pa.nulls(1, pa.date32())))
    snapshot = registers.snapshot()
    (arrived,) = snapshot.engine.to_pyarrow(arrivals(snapshot, "LPR_A")).to_pylist()
    assert arrived["received_on"].isoformat() == "2025-04-01"
    landed(write_csv(tmp_path / "2025-04-05", "LPR_A_KONTAKT", [CONTACT | {"PRIORITET": "ATA3"}]), registers)
    assert received(registers, "hospital_contact") == ("2025-04-01", "2025-04-05")


def test_a_sender_that_sends_everything_every_month_is_not_late(tmp_path, registers):
    contacts = []
    for month in range(1, 9):
        for day in range(1, 25):
            end = f"2025-{month:02}-{day:02} 12:00:00"
            times = {"KONT_STARTTIDSPUNKT": f"2025-{month:02}-{day:02} 10:00:00", "KONT_SLUTTIDSPUNKT": end}
            contacts.append(CONTACT | times | {"DW_EK_KONTAKT": f"{month} {day}"})
        write_csv(tmp_path / "in" / f"2025-{month:02}-26", "LPR_A_KONTAKT", contacts)
    landed(tmp_path / "in", registers)
    assert completeness(registers.snapshot(), "LPR_A").until() == date(2025, 8, 24)


@pytest.mark.usefixtures("first")
def test_an_earlier_delivery_landed_late_moves_nothing(tmp_path, registers):
    earlier = tmp_path / "delivered" / "registers" / "2025-01-01"
    write_csv(earlier, "LPR_A_KONTAKT", [CONTACT | {"PNR": BO}])
    landed(earlier, registers)
    assert of_contact(registers, "hospital_diagnosis")["person_id"] == ANNA_ID


@pytest.mark.usefixtures("first")
def test_a_diagnosis_corrected_together_with_its_contact_has_both_corrections(later, registers):
    write_csv(later, "LPR_A_KONTAKT", [CONTACT | {"PNR": BO}])
    write_csv(later, "LPR_A_DIAGNOSE", [DIAGNOSIS | {"SENERE_AFKRAEFTET": "Ja"}])
    landed(later, registers)
    diagnosis = of_contact(registers, "hospital_diagnosis")
    assert (diagnosis["person_id"], diagnosis["retracted"]) == (BO_ID, True)


@pytest.mark.parametrize(
    ("code", "given", "unit", "value", "kept_unit"),
    [
        ("NPU27300", "6,5", "%", 48.0, "mmol/mol"),
        ("NPU27300", "7.5", "%", 58.0, "mmol/mol"),
        ("NPU27300", "<6,5", "Procent", 48.0, "mmol/mol"),
        ("NPU27300", "48", "mmol/mol", 48.0, "mmol/mol"),
        ("NPU27300", "48", "%", 48.0, "%"),
        ("NPU03835", "48", "mmol/mol", 6.5, "%"),
        ("NPU03835", "0,065", "1", 6.5, "%"),
        ("NPU03835", "6,5", "%", 6.5, "%"),
        ("NPU01568", "2,5", "%", 2.5, "%"),
        ("DNK35302", "60", "mL/min", 60.0, "mL/min"),
        ("NPU27300", "48", "", 48.0, None),
    ],
)
def test_hba1c_is_kept_in_the_unit_of_its_code(code, given, unit, value, kept_unit, folder, registers):
    write_csv(folder, "LAB", [RESULT | {"analysiscode": code, "value": given, "unit": unit}])
    write_csv(folder, "AIM", [AIM | {"KODE": code, "VAERDI": given.strip("<"), "ENHED": unit}])
    landed(folder, registers)
    for table in ("lab_result", "practice_record"):
        (found,) = rows(registers, table)
        assert (found["value"], found["unit"]) == (value, kept_unit)


def test_a_service_to_a_child_stands_on_the_parents_card_and_says_so(folder, registers):
    write_csv(folder, "SSSY", [SERVICE | {"BARNMAK": "1"}, SERVICE | {"BARNMAK": "2"}])
    landed(folder, registers)
    (service,) = rows(registers, "practice_service")
    assert (service["person_id"], service["for_child"]) == (ANNA_ID, True)
    assert [row["reasons"] for row in rows(registers, "quarantine")] == ["unreadable for_child"]
