"""What later deliveries correct, and what is brought to one unit."""

from datetime import datetime

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
    SERVICE,
    landed,
    rows,
    write_csv,
)

from ddns_utils.intake.pseudonym import Pseudonyms

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
