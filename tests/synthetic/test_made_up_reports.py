"""Made-up delivery reports keep to the profiles and invariants of the KL Gateway."""

import itertools
import json

import pytest
from kl_profiles import Profiles

from ddns_utils.synthetic.reading import reports

MUST_HAVE_PLAN = {
    "7f825e3e", "2abe20c7", "58293f63", "2c661159", "8d714c98", "66fb32c9", "f8ac963c",  # §140
    "f30cab6d", "e71b7d85", "01a500f6", "c203c6b5", "c9a99304", "ab87c0b5", "61692d91", "abe847e0", "d1e016b5",
    "cf7a55c2", "924e9828",  # §119
}  # fmt: skip
MUST_NOT_HAVE_PLAN = {"1130ad70", "ba3e17bd", "03a3ebdb", "ee5606ac", "6eddbaf7"}
KINDS = {"almen": "ffd81f78", "specialiseret": "0c8e2bfc", "rehabilitering": "83c89857"}


@pytest.fixture(scope="module")
def bundles(denmark) -> list[dict]:
    """Every seventh report of the made-up Denmark, 4,000 at most, from all guides."""
    return list(itertools.islice(reports(denmark.folder), 0, 28_000, 7))


@pytest.fixture(scope="module")
def resources(bundles) -> list[dict]:
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def of_profile(resources: list[dict], *endings: str) -> list[dict]:
    return [one for one in resources if one["meta"]["profile"][0].endswith(endings)]


def test_the_checker_finds_a_missing_a_prohibited_and_a_wrong_element(shared):
    profiles = Profiles(shared / "klgateway")
    good = json.loads((shared / "klgateway" / "examples" / "rehab-ruddi-1.json").read_text(encoding="utf-8"))
    patient = next(e["resource"] for e in good["entry"] if e["resource"]["resourceType"] == "Patient")
    assert profiles.faults(patient) == []
    without = {key: value for key, value in patient.items() if key != "identifier"}
    assert "identifier occurs 0 times" in profiles.faults(without)[0]
    assert "name occurs 1 times, not 0..0" in profiles.faults(patient | {"name": [{"text": "X"}]})[0]
    request = next(e["resource"] for e in good["entry"] if e["resource"]["resourceType"] == "ServiceRequest")
    assert "intent is not plan" in profiles.faults(request | {"intent": "order"})[0]


def test_the_official_examples_have_no_faults_by_the_same_checker(shared):
    profiles = Profiles(shared / "klgateway")
    for file in sorted((shared / "klgateway" / "examples").glob("rehab-ruddi-*.json")):
        bundle = json.loads(file.read_text(encoding="utf-8"))
        assert [fault for entry in bundle["entry"] for fault in profiles.faults(entry["resource"])] == []


def test_every_resource_has_what_its_profile_requires_and_nothing_that_it_prohibits(shared, resources):
    profiles = Profiles(shared / "klgateway")
    assert {fault for resource in resources for fault in profiles.faults(resource)} == set()


def test_every_report_has_what_its_profile_requires(shared, bundles):
    profiles = Profiles(shared / "klgateway")
    assert {fault for bundle in bundles for fault in profiles.faults(bundle)} == set()


def test_all_three_guides_and_every_kind_of_resource_occur(resources):
    assert {one["meta"]["profile"][0].split("klgateway-")[1] for one in resources} == {
        "140-citizen", "140-organization", "140-servicerequest", "140-focus-condition", "140-condition",
        "140-care-plan", "140-planned-intervention", "140-encounter",
        "119-citizen", "119-organization", "119-servicerequest", "119-focus-condition", "119-condition",
        "119-care-plan", "119-planned-intervention", "119-encounter",
        "care-citizen", "care-condition", "care-goal", "care-planned-intervention", "care-general-encounter",
        "care-follow-up-observation",
    }  # fmt: skip


def test_every_reference_resolves_in_its_own_report(bundles):
    for bundle in bundles:
        present = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
        assert set(_references(bundle)) <= present


def test_a_report_is_about_one_citizen_and_put_together_the_night_after(bundles):
    for bundle in bundles:
        assert sum(entry["resource"]["resourceType"] == "Patient" for entry in bundle["entry"]) == 1
        assert bundle["timestamp"].endswith("Z")
        assert bundle["timestamp"][11:13] < "06"


def test_a_report_id_is_used_once(denmark):
    ids = [bundle["id"] for bundle in reports(denmark.folder)]
    assert len(ids) == len(set(ids))


def test_a_reason_is_given_exactly_when_a_course_is_cancelled_or_stopped(resources):
    details = [one["activity"][0]["detail"] for one in of_profile(resources, "care-plan")]
    assert {detail["status"] for detail in details} >= {"in-progress", "completed", "cancelled", "stopped"}
    assert all(("statusReason" in detail) == (detail["status"] in ("cancelled", "stopped")) for detail in details)


def test_interventions_belong_to_a_course_exactly_where_they_must(resources):
    for one in of_profile(resources, "140-planned-intervention", "119-planned-intervention"):
        code = one["activity"][0]["detail"]["code"]["coding"][0]["code"][:8]
        assert code in MUST_HAVE_PLAN | MUST_NOT_HAVE_PLAN
        assert ("basedOn" in one) == (code in MUST_HAVE_PLAN)


def test_severity_is_given_exactly_for_home_care_conditions(shared, resources):
    homes = Profiles(shared / "klgateway").members["http://fhir.kl.dk/term/ValueSet/KLConditionCodesHomeCare"]
    conditions = of_profile(resources, "care-condition")
    assert all(("severity" in one) == (one["code"]["coding"][0]["code"] in homes) for one in conditions)


def test_goals_are_set_for_home_care_conditions_only(resources):
    homes = {one["id"] for one in of_profile(resources, "care-condition") if "severity" in one}
    goals = of_profile(resources, "care-goal")
    assert {goal["addresses"][0]["reference"].removeprefix("Condition/") for goal in goals} <= homes


def test_every_rehabilitation_plan_has_one_of_the_three_kinds(resources):
    for one in of_profile(resources, "140-servicerequest"):
        codes = [category["coding"][0]["code"][:8] for category in one["category"]]
        assert len(set(codes) & set(KINDS.values())) == 1


def test_corrections_of_every_kind_are_reported(denmark):
    seen = set()
    for bundle in reports(denmark.folder):
        for entry in bundle["entry"]:
            one = entry["resource"]
            kind = one["meta"]["profile"][0].split("klgateway-")[1]
            if one.get("status") in ("entered-in-error", "revoked", "on-hold"):
                seen.add((kind, one["status"]))
            if "replaces" in one:
                seen.add((kind, "replaces"))
    assert seen >= {
        ("140-servicerequest", "entered-in-error"), ("140-servicerequest", "revoked"),
        ("140-servicerequest", "on-hold"), ("140-servicerequest", "replaces"), ("140-care-plan", "revoked"),
        ("140-encounter", "entered-in-error"), ("care-follow-up-observation", "entered-in-error"),
    }  # fmt: skip


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["reference"]] if "reference" in part else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []
