"""Meetings in care reports: what law they are held under, and what they are for."""

import itertools

import pytest
from intake.deliver import KEY, landed, report, rows, write_reports

from ddns_utils.intake import retry_quarantine

FSIII = "urn:oid:1.2.208.176.2.21"
CARE = "http://fhir.kl.dk/gateway/StructureDefinition/"
NURSING, HOME = "I2.1", "J3.8"
FOLLOW_UP = "9f03dfbb-7a97-45a5-94db-d4c3501714a9"
DELIVERY_1_2, DELIVERY_1_3 = "784275f1-6822-4a88-b361-d958007d5253", "4530b499-d74b-4d2e-9df9-247047fb231d"


def condition(code, followed_up_at):
    url, meeting_ = f"{CARE}klgateway-care-follow-up-encounter-extension", {"reference": f"Encounter/{followed_up_at}"}
    return {
        "resourceType": "Condition",
        "id": f"condition-{code}",
        "meta": {"profile": [f"{CARE}klgateway-care-condition"]},
        "code": {"coding": [{"system": FSIII, "code": code}]},
        "recordedDate": "2025-03-01",
        "extension": [{"url": url, "valueReference": meeting_}],
    } | ({"severity": {"coding": [{"system": FSIII, "code": "B2"}]}} if code == HOME else {})


def meeting(id_, kind=FOLLOW_UP, status="planned"):
    return {
        "resourceType": "Encounter",
        "id": id_,
        "meta": {"profile": [f"{CARE}klgateway-care-encounter"]},
        "status": status,
        "class": {"code": "HH"},
        "type": [{"coding": [{"code": kind}]}],
        "period": {"start": "2025-03-20"},
    }


def land_care(folder, registers, *resources):
    bundle = report(*resources)
    del bundle["meta"]
    write_reports(folder / "r.ndjson", bundle)
    return landed(folder / "r.ndjson", registers)


def laws(registers):
    return {row["encounter_id"]: row["law"] for row in rows(registers, "encounter")}


BOTH = condition(NURSING, "nurse"), condition(HOME, "helper"), meeting("nurse"), meeting("helper")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::11], ids=str)
def test_a_planned_follow_up_has_the_law_of_the_condition_that_names_it(order, tmp_path, registers):
    assert land_care(tmp_path, registers, *(BOTH[number] for number in order)).findings == {}
    assert laws(registers) == {"nurse": "138", "helper": "83"}


def test_a_condition_without_shape_takes_no_meeting_with_it(tmp_path, registers):
    land_care(tmp_path, registers, BOTH[0], BOTH[1] | {"extension": [{"valueReference": 5}]}, *BOTH[2:])
    assert laws(registers) == {"nurse": "138", "helper": "138"}


def test_a_planned_follow_up_keeps_its_law_through_quarantine(tmp_path, registers, unknown):
    unknown(FOLLOW_UP)
    land_care(tmp_path, registers, *BOTH)
    assert rows(registers, "encounter") == []
    unknown()
    assert retry_quarantine(registers, KEY).landed == 2
    assert laws(registers) == {"nurse": "138", "helper": "83"}


def test_a_delivered_intervention_is_one_word_whatever_version_of_the_guide_it_comes_by(tmp_path, registers):
    held = [meeting(kind, kind, "finished") for kind in (DELIVERY_1_2, DELIVERY_1_3)]
    land_care(tmp_path, registers, condition(HOME, "later"), *held)
    found = {row["encounter_id"]: row["encounter_type"] for row in rows(registers, "encounter")}
    assert found == {DELIVERY_1_2: "delivery", DELIVERY_1_3: "delivery"}


def test_a_meeting_of_several_kinds_keeps_them_all_and_one_that_is_unknown_is_in_quarantine(tmp_path, registers):
    both = [*meeting("a")["type"], *meeting("b", DELIVERY_1_2)["type"]]
    odd = [*both, *meeting("c", "odd")["type"]]
    landing = land_care(
        tmp_path, registers, condition(HOME, "a"), meeting("a") | {"type": both}, meeting("c") | {"type": odd}
    )
    assert [row["encounter_type"] for row in rows(registers, "encounter")] == ["follow_up|delivery"]
    assert [count.reasons for count in landing.counts if count.table == "encounter"] == [{"unknown encounter_type": 1}]
