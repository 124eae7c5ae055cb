"""Rules of the delivery reports' profiles: each is broken and kept by a small resource; a breach never loses a row."""

import json
from pathlib import Path

import pytest
from intake.deliver import care_plan, landed, report, rows, write_reports

from ddns_utils.intake.invariants import RULES

FSIII = "urn:oid:1.2.208.176.2.21"
HOME, NURSING = "J1.2", "I1.1"
TRAINING, ASSESSMENT = "2abe20c7-c0b4-41c1-b397-52acf36499ef", "1130ad70-6553-490d-87f8-5e8941687a0c"
COOKING, CLOSING = "01a500f6-c221-4fd0-b518-cd361218b60d", "03a3ebdb-9e2d-4be1-b32b-42f0bd2a3362"
OPT_OUT = "3a5a72b7-addf-4857-b80c-04e4246e3072"
GENERAL, BASIC = "ffd81f78-352e-4589-a195-5350dd1df2a4", "8b962281-2ab6-4b10-9c91-4bac592d6d49"
POSTPONED = "a8632e22-bf0c-4f5a-92a7-70977ba104d5"
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"


def concept(code, system=FSIII):
    return {"coding": [{"system": system, "code": code}]}


def to(id_):
    return {"reference": f"CarePlan/{id_}"}


def stopping(activity, reason):
    detail = {"status": activity} | ({"statusReason": concept(reason)} if reason else {})
    return [care_plan(activity=None) | {"activity": [{"detail": detail}]}]


def intervention(code, in_plan, local=False):
    coding = [{"system": FSIII, "code": code}]
    if local:
        coding.append({"system": "http://gateway.kl.dk/1.0/CodeSystem/LocallyDefinedInterventions", "code": "x"})
    given = {
        "resourceType": "CarePlan",
        "id": "intervention",
        "status": "active",
        "period": {"start": "2025-03-01"},
        "activity": [{"detail": {"status": "in-progress", "code": {"coding": coding}}}],
    }
    return [given | ({"basedOn": [to("plan")]} if in_plan else {}), care_plan()]


def referral(*categories, status="active", reason=None):
    given = {
        "resourceType": "ServiceRequest",
        "id": "referral",
        "status": status,
        "category": [concept(category) for category in categories],
    }
    return [
        given | ({"extension": [{"url": STATUS_REASON, "valueCodeableConcept": concept(reason)}]} if reason else {})
    ]


def condition(code, severity=None, **more):
    given = {"resourceType": "Condition", "id": "condition", "code": concept(code), "recordedDate": "2025-03-01"}
    return given | ({"severity": concept(severity)} if severity else {}) | more


def goal(code):
    addressed = condition(code, severity="B2" if code == HOME else None)
    given = {"resourceType": "Goal", "id": "goal", "lifecycleStatus": "planned", "startDate": "2025-03-01"}
    return [given | {"addresses": [{"reference": "Condition/condition"}]}, addressed]


def view(code, value, **more):
    return {
        "resourceType": "Observation",
        "id": "view",
        "status": "final",
        "code": concept(code),
        "valueCodeableConcept": concept(value),
        "effectiveDateTime": "2025-03-01",
    } | more


def follow_up(status):
    return [view("712744002", "E1", status=status), condition(HOME, "B2")]


def span(kind, first, last):
    given = {"id": "span", "resourceType": kind, "period": {"start": first, "end": last}}
    if kind == "Encounter":
        return [given | {"status": "finished", "class": {"code": "HH"}}]
    return [care_plan() | given]


def in_care(bundle):
    del bundle["meta"]
    return bundle


def in_prevention(bundle):
    bundle["meta"] = {"profile": ["http://fhir.kl.dk/prevention/StructureDefinition/klgateway-119-delivery-report"]}
    return bundle


def of_dead(dead):
    bundle = in_care(report(condition(HOME, "B2")))
    bundle["entry"][0]["resource"]["deceasedBoolean"] = dead
    return bundle


# For every rule: reports that break it, and reports that keep it by the least difference.
CASES = {
    "gateway-140-service-request-1": (
        [report(*referral(BASIC)), report(*referral())],
        [report(*referral(GENERAL)), report(*referral(BASIC, GENERAL)), in_prevention(report(*referral()))],
    ),
    "on-hold-with-reason": (
        [report(*referral(GENERAL, status="on-hold"))],
        [report(*referral(GENERAL, status="on-hold", reason=POSTPONED))],
    ),
    "klgateway-140-care-plan-1": (
        [report(*stopping("cancelled", None)), report(*stopping("stopped", None)), report(*stopping("completed", OPT_OUT))],
        [report(*stopping("cancelled", OPT_OUT)), report(*stopping("stopped", OPT_OUT)), report(*stopping("completed", None))],
    ),
    "klgateway-119-care-plan-1": (
        [in_prevention(report(*stopping("cancelled", None)))],
        [in_prevention(report(*stopping("cancelled", OPT_OUT)))],
    ),
    "klgateway-140-intervention-1": (
        [report(*intervention(TRAINING, False))],
        [report(*intervention(TRAINING, True)), report(*intervention(TRAINING, False, local=True))],
    ),
    "klgateway-140-intervention-2": (
        [report(*intervention(ASSESSMENT, True))],
        [report(*intervention(ASSESSMENT, False)), report(*intervention(ASSESSMENT, True, local=True))],
    ),
    "klgateway-119-intervention-1": (
        [in_prevention(report(*intervention(COOKING, False)))],
        [in_prevention(report(*intervention(COOKING, True)))],
    ),
    "klgateway-119-intervention-2": (
        [in_prevention(report(*intervention(CLOSING, True)))],
        [in_prevention(report(*intervention(CLOSING, False)))],
    ),
    "per-1-care-plan": (
        [report(*span("CarePlan", "2025-03-02", "2025-03-01"))],
        [report(*span("CarePlan", "2025-03-01T10:00:00Z", "2025-03-01"))],
    ),
    "per-1-intervention": (
        [report(intervention(ASSESSMENT, False)[0] | {"period": {"start": "2025-03-02", "end": "2025-03-01"}})],
        [report(intervention(ASSESSMENT, False)[0] | {"period": {"start": "2025-03-01", "end": "2025-03-01"}})],
    ),
    "per-1-encounter": (
        [report(*span("Encounter", "2025-03-02T10:00:00Z", "2025-03-01T11:00:00Z"))],
        [report(*span("Encounter", "2025-03-02T10:00:00Z", "2025-03-02T11:00:00Z"))],
    ),
    "klgateway-severity-mandatory-in-home-care-not-allowed-in-nursing": (
        [in_care(report(condition(HOME))), in_care(report(condition(NURSING, "B2")))],
        [in_care(report(condition(HOME, "B2"))), in_care(report(condition(NURSING)))],
    ),
    "klgateway-adresses-must-be-home-care-condition": (
        [in_care(report(*goal(NURSING)))],
        [in_care(report(*goal(HOME)))],
    ),
    "gateway-care-follow-up-1": (
        [in_care(report(*follow_up("preliminary")))],
        [in_care(report(*follow_up("final"))), in_care(report(*follow_up("entered-in-error")))],
    ),
    "klgateway-citizen-observation-code-and-value-must-match": (
        [in_care(report(view("C", "D1"), condition(HOME, "B2")))],
        [in_care(report(view("C", "C1"), condition(HOME, "B2"))), in_care(report(view("J1", "B6")))],
    ),
    "data-about-deceased-citizen-warning": ([of_dead(True)], [of_dead(False)]),
    "reference-in-report": (
        [report(intervention(TRAINING, True)[0])],
        [report(*intervention(TRAINING, True))],
    ),
}  # fmt: skip


def landed_once(bundle, tmp_path, registers):
    write_reports(tmp_path / "report.ndjson", bundle)
    landing = landed(tmp_path / "report.ndjson", registers)
    assert not landing.failed
    return landing


def test_every_rule_is_drawn():
    assert set(CASES) == {rule.name for rule in RULES}
    assert len(RULES) == len(CASES)


def test_the_page_on_intake_has_every_rule_with_its_severity():
    page = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")
    for rule in RULES:
        fate = "quarantine" if rule.severity == "quarantine" else "kept"
        assert f"| `{rule.name}` | {fate} | {rule.says.en} |" in page


@pytest.mark.parametrize(
    ("rule", "bundle"), [(rule, bundle) for rule in RULES for bundle in CASES[rule.name][0]], ids=lambda v: getattr(v, "name", "")
)  # fmt: skip
def test_a_breach_is_a_finding_and_its_row_is_kept_or_in_quarantine_as_the_rule_says(rule, bundle, tmp_path, registers):
    landing = landed_once(bundle, tmp_path, registers)
    assert landing.findings == {rule.name: 1}
    (finding,) = rows(registers, "finding")
    assert (finding["rule"], finding["severity"]) == (rule.name, rule.severity)
    refused = rows(registers, "quarantine")
    assert [row["reasons"] for row in refused] == ([rule.name] if rule.severity == "quarantine" else [])
    if rule.severity == "finding" and finding["table"] != "Patient":
        of_table = rows(registers, finding["table"])
        assert finding["resource_id"] in {row[f"{finding['table']}_id"] for row in of_table}
    assert sum(count.kept + count.quarantined for count in landing.counts) == len(bundle["entry"]) - 1


def test_breaches_are_told_the_most_frequent_first(tmp_path, registers):
    seldom, *_, often = sorted(CASES)
    (once, *_), (twice, *_) = CASES[seldom][0], CASES[often][0]
    bundles = once, *(twice | {"timestamp": f"2025-03-1{day}T12:00:00Z"} for day in (1, 2))
    write_reports(tmp_path / "r.ndjson", *bundles)
    assert list(landed(tmp_path / "r.ndjson", registers).findings.items()) == [(often, 2), (seldom, 1)]


@pytest.mark.parametrize(
    ("rule", "bundle"), [(rule, bundle) for rule, (_, kept) in CASES.items() for bundle in kept], ids=lambda v: v if isinstance(v, str) else ""
)  # fmt: skip
def test_a_resource_that_keeps_the_rule_is_no_finding(rule, bundle, tmp_path, registers):
    assert rule not in landed_once(bundle, tmp_path, registers).findings
    assert rows(registers, "quarantine") == []


def test_a_resource_entered_in_error_breaks_no_rule(tmp_path, registers):
    (plan,) = stopping("cancelled", None)
    assert landed_once(report(plan | {"status": "entered-in-error"}), tmp_path, registers).findings == {}


def test_a_row_with_an_unknown_code_is_in_quarantine_for_that_and_is_no_finding_too(tmp_path, registers):
    landing = landed_once(report(*stopping("cancelled", "new reason")), tmp_path, registers)
    assert landing.findings == {}
    assert [row["reasons"] for row in rows(registers, "quarantine")] == ["unknown cancellation_reason"]


@pytest.mark.parametrize("together", [False, True])
def test_a_breach_that_is_reported_again_is_one_finding_of_the_latest_report(together, tmp_path, registers):
    days = "11", "12", "10"
    reports = [report(*stopping("cancelled", None), timestamp=f"2025-03-{day}T12:00:00Z") for day in days]
    for number, some in enumerate([reports] if together else [[one] for one in reports]):
        write_reports(tmp_path / f"{number}.ndjson", *some)
        landed(tmp_path / f"{number}.ndjson", registers)
    (finding,) = rows(registers, "finding")
    assert finding["reported_at"].day == 12


def test_a_condition_reported_in_the_old_style_is_the_same_condition_whatever_its_id(tmp_path, registers):
    old = "http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII"

    def reported(id_, severity, day):
        given = condition(HOME, severity, id=id_) | {"code": concept(HOME, old)}
        aim = goal(HOME)[0] | {"id": f"goal-{id_}", "addresses": [{"reference": f"Condition/{id_}/_history/1"}]}
        return in_care(report(given, aim, timestamp=f"2025-03-{day}T12:00:00Z"))

    write_reports(tmp_path / "report.ndjson", reported("a", "B2", 10), reported("b", "B4", 11))
    landing = landed(tmp_path / "report.ndjson", registers)
    (only,) = rows(registers, "condition")
    assert only["severity"] == 3
    assert {row["condition_id"] for row in rows(registers, "goal")} == {only["condition_id"]}
    assert landing.findings == {}


def test_two_conditions_in_the_current_style_with_one_code_are_two(tmp_path, registers):
    bundle = in_care(report(condition(HOME, "B2", id="a"), condition(HOME, "B4", id="b")))
    landed_once(json.loads(json.dumps(bundle)), tmp_path, registers)
    assert len(rows(registers, "condition")) == 2
