"""Resources of every kind that reports carry: entered in error they are withdrawn, and without a code refused."""

import pytest
from intake.deliver import care_plan, landed, report, rows, write_reports

FSIII = "urn:oid:1.2.208.176.2.21"
TRAINING, HOME = "2abe20c7-c0b4-41c1-b397-52acf36499ef", "J1.2"
IN_ERROR = "entered-in-error"


def concept(code):
    return {"coding": [{"system": FSIII, "code": code}]}


HELD = {"focus": [{"reference": "Condition/x"}], "effectiveDateTime": "2025-03-01"}
PLANNED = {"activity": [{"detail": {"status": "in-progress", "code": concept(TRAINING)}}]}
# For each table a resource, and what says that it is in error.
RESOURCES = {
    "referral": ({"resourceType": "ServiceRequest", "status": "active"}, {"status": IN_ERROR}),
    "care_plan": (care_plan(), {"status": IN_ERROR}),
    "intervention": (
        {"resourceType": "CarePlan", "status": "active", "period": {"start": "2025-03-01"}, **PLANNED},
        {"status": IN_ERROR},
    ),
    "encounter": ({"resourceType": "Encounter", "status": "planned", "class": {"code": "HH"}}, {"status": IN_ERROR}),
    "condition": (
        {"resourceType": "Condition", "code": concept(HOME), "recordedDate": "2025-03-01"},
        {"verificationStatus": {"coding": [{"code": IN_ERROR}]}},
    ),
    "goal": ({"resourceType": "Goal", "lifecycleStatus": "planned"}, {"lifecycleStatus": IN_ERROR}),
    "follow_up": (
        {"resourceType": "Observation", "status": "final", "code": concept("712744002"), **HELD},
        {"status": IN_ERROR},
    ),
    "completed_intervention": (
        {"resourceType": "Procedure", "status": "completed", "code": concept(TRAINING), "performedDateTime": "2025-03-01"},
        {"status": IN_ERROR},
    ),
    "observation": (
        {"resourceType": "Observation", "status": "final", "code": concept(HOME), **HELD},
        {"status": IN_ERROR},
    ),
}  # fmt: skip


def land_one(folder, registers, resource, day):
    write_reports(folder / f"{day}.ndjson", report(resource | {"id": "x"}, timestamp=f"2025-03-{day}T12:00:00Z"))
    return landed(folder / f"{day}.ndjson", registers)


@pytest.mark.parametrize("table", RESOURCES)
def test_what_is_entered_in_error_no_longer_counts_and_is_kept_as_withdrawn(table, tmp_path, registers):
    resource, in_error = RESOURCES[table]
    land_one(tmp_path, registers, resource, 10)
    (row,) = rows(registers, table)
    assert not row["voided"]
    land_one(tmp_path, registers, resource | in_error, 11)
    assert rows(registers, table) == []
    (row,) = rows(registers, table, include_voided=True)
    assert row["voided"]


@pytest.mark.parametrize(("profile", "reasons"), [("condition", ["missing code"]), ("focus-condition", [])])
def test_a_municipal_condition_needs_a_code_and_what_a_referral_came_with_may_be_text(
    profile, reasons, tmp_path, registers
):
    of = {"meta": {"profile": [f"http://fhir.kl.dk/rehab/StructureDefinition/klgateway-140-{profile}"]}}
    land_one(tmp_path, registers, RESOURCES["condition"][0] | of | {"code": {"text": "pain"}}, 10)
    assert [row["reasons"] for row in rows(registers, "quarantine")] == reasons


def test_a_condition_that_only_loses_its_category_stands_but_is_not_in_focus(tmp_path, registers):
    plain, _ = RESOURCES["condition"]
    focus = {"category": [{"coding": [{"code": "problem-list-item"}]}]}
    for day, given in ((10, plain | focus), (11, plain)):
        land_one(tmp_path, registers, given, day)
        (row,) = rows(registers, "condition")
        assert row["in_focus"] == (given is not plain)
