"""The publisher's example reports land with the results in ../shared/klgateway/expected.json."""

import csv
import itertools
import json
import shutil
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ddns_utils import codelists
from ddns_utils.intake import kl_codes, land
from ddns_utils.registers import Registers

SHARED = Path(__file__).parents[2].parent / "shared" / "klgateway"
EXPECTED = json.loads((SHARED / "expected.json").read_text())
KEY = bytes(range(32))
OF_GATEWAY_1_3 = "4530b499-d74b-4d2e-9df9-247047fb231d"
with (SHARED / "codes" / "value_sets.csv").open(encoding="utf-8") as file:
    VALUES = defaultdict(set)
    for row in csv.DictReader(file):
        VALUES[row["value_set"].rpartition("/")[2]].add(row["code"])
STORIES = ["rehab-ruddi", "rehab-ruddisummary", "prevention-brunosummary", "gateway-jensnew", "gateway-testperson"]
FILES = {
    story: [SHARED / "examples" / Path(bundle["file"]).name for bundle in EXPECTED[story]["bundles"]]
    for story in STORIES
}
TABLES = {
    "referrals": "referral",
    "care_plans": "care_plan",
    "interventions": "intervention",
    "encounters": "encounter",
    "conditions": "condition",
    "referral_diagnoses": "condition",
    "goals": "goal",
    "follow_up_observations": "follow_up",
    "completed_interventions": "completed_intervention",
    "citizens_own_observations": "observation",
    "matter_of_interest_observations": "observation",
}


def short(codelist, code):
    return next(row["short"] for row in codelists.rows(codelist) if row["code"] == code)


def uuid(codelist, code):
    row = next(row for row in codelists.rows(codelist) if row["code"] == code)
    return row["twin"] if row["form"] == "legacy" else code


def score(code):
    return next(int(row["score"]) for row in codelists.rows("severity") if code in (row["code"], row["legacy"]))


def uuid_of_view(code):
    return next(row["code"] for row in codelists.rows("citizen_view_kind") if code in (row["code"], row["legacy"]))


def moment(text):
    if len(text) == 10:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(ZoneInfo("Europe/Copenhagen")).replace(tzinfo=None)


def categories(given):
    words = {short("rehabilitation_plan_kind", c["code"]) for c in given}
    levels = words & {"basic", "advanced"}
    return {"kind": next(iter(words - levels), None), "level": next(iter(levels), None)}


SYSTEMS = {"urn:oid:1.2.208.176.2.21": "FSIII", "urn:oid:1.2.208.176.2.4.12": "SKS", "urn:oid:1.2.208.176.2.31": "ICPC-2"}  # fmt: skip

# What each expected field is in our tables. A field that is not here must be one that we leave out on purpose.
FIELDS = {
    "status": lambda v, _: {"status": v},
    "lifecycle": lambda v, _: {"status": v},
    "activity_status": lambda v, _: {"activity_status": v},
    "category": lambda v, _: {"category": short("care_plan_category", v)},
    "status_reason": lambda v, kind: (
        {"cancellation_reason": short("cancellation_reason", v["code"])}
        if kind == "care_plans"
        else {"status_reason": short("referral_status_reason", v["code"])}
    ),
    "categories": lambda v, _: categories(v),
    "authored_on": lambda v, _: {"received_on": date.fromisoformat(v)},
    "discharge_date": lambda v, _: {"discharged_on": date.fromisoformat(v)},
    "first_contact_offered": lambda v, _: {"first_offer_on": date.fromisoformat(v)},
    "requester_org": lambda v, _: {"requester": v},
    "performer_org": lambda v, _: {"performer": v},
    "referral": lambda v, _: {"referral_id": v},
    "part_of": lambda v, _: {"care_plan_id": v[0]},
    "based_on": lambda v, _: {"based_on": "|".join(v)},
    "focus": lambda v, _: {"subject_ids": "|".join(v)},
    "condition": lambda v, _: {"condition_id": v},
    "class": lambda v, _: {"encounter_class": short("encounter_class", v["code"])},
    "type": lambda v, _: {"encounter_type": short("encounter_type", v["code"])},
    "delivery": lambda v, _: {"delivery_types": "|".join(short("delivery_type", c["code"]) for c in v)},
    "code": lambda v, kind: {
        "interventions": lambda: {"code": uuid("fsiii_intervention", v["code"])},
        "conditions": lambda: {"code": uuid("fsiii_condition", v["code"])},
        "referral_diagnoses": lambda: {"code": v["code"]},
        "follow_up_observations": dict,
        "completed_interventions": lambda: {"code": uuid("fsiii_intervention", v["code"])},
        "citizens_own_observations": lambda: {"about": short("citizen_view_kind", uuid_of_view(v["code"]))},
        "matter_of_interest_observations": lambda: {"about": "area", "area": uuid("fsiii_condition", v["code"])},
    }[kind](),
    "level3": lambda v, _: {"local_code": v["code"]},
    "system": lambda v, _: {"code_system": SYSTEMS[v]},
    "severity": lambda v, _: {"severity": score(v["code"])},
    "target": lambda v, _: {"expected_severity": score(v["code"])},
    "clinical": lambda v, _: {"clinical_status": v},
    "verification": lambda v, _: {"verification_status": v},
    "in_focus": lambda v, _: {"in_focus": v},
    "recorded": lambda v, _: {"recorded_on": date.fromisoformat(v)},
    "start": lambda v, kind: {"start": date.fromisoformat(v) if kind == "goals" else moment(v)},
    "end": lambda v, _: {"end": moment(v)},
    "performed": lambda v, _: {"performed_at": moment(v)},
    "effective": lambda v, kind: {
        "followed_up_at" if kind == "follow_up_observations" else "observed_at": moment(v)
    },
    "value": lambda v, kind: {
        "follow_up_observations": lambda: {
            "result": v["code"] if v["code"].startswith("E") else short("follow_up_result", v["code"])
        },
        "citizens_own_observations": lambda: {
            "value": next(r["short"] for r in codelists.rows("citizen_view") if r["legacy"] == v["code"])
        },
    }[kind](),
}  # fmt: skip
LEFT_OUT = {"id", "version", "service", "requester", "reasons", "performer", "conditions", "follow_up_encounter", "resource"}  # fmt: skip


def expected_row(resource, kind):
    row = {}
    for field, value in resource.items():
        if field not in LEFT_OUT:
            row |= FIELDS[field](value, kind)
    return row


def landed_rows(snapshot, table, voided=False):
    rows = snapshot.engine.to_pyarrow(snapshot.table(table, include_voided=voided)).to_pylist()
    return {row[f"{table}_id"]: row for row in rows}


def land_in_order(files, tmp_path):
    registers = Registers(tmp_path / "registers")
    for number, file in enumerate(files):
        folder = tmp_path / f"delivery-{number}"
        folder.mkdir(parents=True)
        shutil.copy(file, folder)
        assert not land(folder, registers, KEY).failed
    return registers.snapshot()


def differences(snapshot, story):
    found = []
    for kind, table in TABLES.items():
        resources = {r["id"]: expected_row(r, kind) for r in EXPECTED[story]["final_state"].get(kind, ())}
        rows = landed_rows(snapshot, table)
        if table == "condition":
            role = "referral_diagnosis" if kind == "referral_diagnoses" else "condition"
            rows = {id_: row for id_, row in rows.items() if row["role"] == role}
        if table == "observation":
            rows = {id_: row for id_, row in rows.items() if (row["about"] == "area") == kind.startswith("matter")}
        if rows.keys() != resources.keys():
            found.append((kind, sorted(rows), sorted(resources)))
            continue
        silent = set().union(*resources.values()) if resources else set()
        for id_, expected in resources.items():
            full = dict.fromkeys(silent) | expected
            found += [(kind, id_, c, rows[id_][c], v) for c, v in full.items() if rows[id_][c] != v]
    return found


@pytest.mark.parametrize("story", STORIES)
def test_a_story_lands_with_the_publishers_final_state_and_what_was_withdrawn_is_kept_out_of_sight(story, tmp_path):
    snapshot = land_in_order(FILES[story], tmp_path)
    assert differences(snapshot, story) == []
    withdrawn = {
        id_ for t in set(TABLES.values()) for id_, row in landed_rows(snapshot, t, True).items() if row["voided"]
    }
    assert withdrawn == {resource["id"] for resource in EXPECTED[story]["voided"]}
    assert not withdrawn & {id_ for t in set(TABLES.values()) for id_ in landed_rows(snapshot, t)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[7::40])
def test_reports_in_any_order_give_the_same_final_state(order, tmp_path):
    snapshot = land_in_order([FILES["rehab-ruddi"][number] for number in order], tmp_path)
    assert differences(snapshot, "rehab-ruddi") == []


def test_all_reports_of_a_story_landed_at_once_give_the_same_final_state(tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    for file in FILES["rehab-ruddi"]:
        shutil.copy(file, folder)
    registers = Registers(tmp_path / "registers")
    land(folder, registers, KEY)
    assert differences(registers.snapshot(), "rehab-ruddi") == []


def test_the_five_ruddi_reports_give_the_referral_one_cancelled_care_plan_and_no_wrongly_sent_resources(tmp_path):
    snapshot = land_in_order(FILES["rehab-ruddi"], tmp_path)
    (referral,) = landed_rows(snapshot, "referral").values()
    days = referral["received_on"], referral["discharged_on"], referral["first_offer_on"]
    assert days == (date(2022, 5, 23), date(2022, 5, 24), date(2022, 5, 28))
    (plan,) = landed_rows(snapshot, "care_plan").values()
    assert (plan["activity_status"], plan["cancellation_reason"]) == ("cancelled", "opt_out_other_training")
    assert len(EXPECTED["rehab-ruddi"]["voided"]) == 3


def test_an_incremental_delivery_lands_the_report_inside_it(tmp_path):
    file = SHARED / "examples" / Path(EXPECTED["rehab-incremental"]["file"]).name
    snapshot = land_in_order([file], tmp_path)
    assert differences(snapshot, "rehab-ruddisummary") == []


def test_a_report_that_comes_again_inside_an_incremental_delivery_changes_nothing(tmp_path):
    files = [*FILES["rehab-ruddisummary"], SHARED / "examples" / "rehab-incremental-1.json"]
    snapshot = land_in_order(files, tmp_path)
    (referral,) = landed_rows(snapshot, "referral").values()
    first = snapshot.engine.to_pyarrow(snapshot.table("delivery")).to_pylist()
    assert referral["delivery_id"] == next(d["delivery_id"] for d in first if d["file"].startswith("rehab-ruddi"))


def test_every_resource_of_every_example_is_in_a_table_and_breaks_no_rule_of_its_profile(tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    for file in sorted((SHARED / "examples").glob("*.json")):
        shutil.copy(file, folder)
    registers = Registers(tmp_path / "registers")
    landing = land(folder, registers, KEY)
    assert sum(count.kept for count in landing.counts) > 0
    assert sum(count.quarantined for count in landing.counts) == 0
    assert landing.findings == {}


def old_style(text):
    """The same report as the outbound guides of 2022 and 2023 write it."""
    for now, then in {
        "urn:oid:1.2.208.176.2.21": "http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII",
        "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes": "http://kl.dk/fhir/common/caresocial/CodeSystem/KLCommonCareSocialCodes",
        "http://fhir.kl.dk/gateway/CodeSystem/LocallyDefinedInterventions": "http://gateway.kl.dk/CodeSystem/LocallyDefinedInterventions",
        "http://fhir.kl.dk/gateway/StructureDefinition": "http://municipality-care-data.gateway.kl.dk/1.0/StructureDefinition",
        "https://test.fhir.dk/": "",
    }.items():  # fmt: skip
        text = text.replace(now, then)
    return text


def without_profiles(text):
    report = json.loads(text)
    for entry in report["entry"]:
        del entry["resource"]["meta"]
    return json.dumps(report)


def land_rewritten(story, rewrite, tmp_path):
    folder = tmp_path / "rewritten"
    folder.mkdir()
    files = []
    for file in FILES[story]:
        files.append(folder / file.name)
        files[-1].write_text(rewrite(file.read_text()))
    return land_in_order(files, tmp_path / "landed")


@pytest.mark.parametrize("story", STORIES)
def test_reports_whose_resources_claim_no_profile_give_the_same_final_state(story, tmp_path):
    assert differences(land_rewritten(story, without_profiles, tmp_path), story) == []


@pytest.mark.parametrize("story", ["gateway-jensnew", "gateway-testperson"])
def test_the_outbound_flavour_with_its_older_addresses_gives_the_same_final_state_but_for_the_conditions_ids(
    story, tmp_path
):
    found = differences(land_rewritten(story, old_style, tmp_path), story)
    assert {(kind, *rest[1:2]) for kind, *rest in found if kind != "conditions"} <= {
        ("goals", "condition_id"),
        ("follow_up_observations", "subject_ids"),
        ("citizens_own_observations", "subject_ids"),
    }
    assert [kind for kind, *_ in found].count("conditions") == 1


def test_every_code_of_the_care_guides_is_known_in_both_forms(tmp_path):
    assert (
        set(kl_codes.uuids("fsiii_condition")) >= VALUES["FSIIICareConditions"] | VALUES["FSIIICareMatterOfInterests"]
    )
    assert set(kl_codes.uuids("fsiii_intervention")) >= VALUES["FSIIICareInterventions"]
    assert set(kl_codes.severities()) == VALUES["KLSeveritiesFSIII"]
    assert set(kl_codes.words("encounter_type")) == VALUES["KLEncounterTypes"] | {OF_GATEWAY_1_3}
    assert set(kl_codes.follow_up_results()) == VALUES["KLFollowUpCodesFSIII"]
    assert set(kl_codes.either("citizen_view")) == (
        VALUES["KLCitizenObservationResultCodesFSIII"] | VALUES["KLGatewayCareMatterOfInterestValues"]
    )
    assert set(kl_codes.either("citizen_view_kind")) == VALUES["KLCitizenObservationCodesFSIII"]
    assert set(kl_codes.words("delivery_type")) >= VALUES["DeliveryTypes140"] | VALUES["DeliveryTypes119"]


def test_the_current_and_the_legacy_code_of_a_concept_are_one_code():
    twins = [row for name in ("fsiii_condition", "fsiii_intervention") for row in codelists.rows(name)]
    assert len(twins) > 600
    known = kl_codes.uuids("fsiii_condition") | kl_codes.uuids("fsiii_intervention")
    assert all(known[row["code"]] == known[row["twin"]] for row in twins)
    assert kl_codes.severities()["B1"] == 0
