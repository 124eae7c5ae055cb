"""Delivery reports that are not quite as the guides have them: nothing is lost, and nobody is named in quarantine."""

import json
from datetime import datetime, timedelta

import pytest
from intake.deliver import ANNA, BO, care_plan, landed, report, rows, write_reports

from ddns_utils import codelists
from ddns_utils.intake import kl_codes, landing, retry_quarantine
from ddns_utils.intake.pseudonym import HIDDEN
from ddns_utils.intake.staging import Staging

REHAB = "http://fhir.kl.dk/rehab/StructureDefinition/"


def land_bundles(tmp_path, registers, *bundles):
    write_reports(tmp_path / "2025-04-01" / "r.ndjson", *bundles)
    return landed(tmp_path / "2025-04-01" / "r.ndjson", registers)


def refused(registers):
    return [(row["table"], row["reasons"], row["source_row"]) for row in rows(registers, "quarantine")]


def plans(registers):
    return sorted(row["care_plan_id"] for row in rows(registers, "care_plan"))


def encounter(*plan_ids):
    return {
        "resourceType": "Encounter",
        "id": "meeting",
        "meta": {"profile": [f"{REHAB}klgateway-140-encounter"]},
        "status": "finished",
        "class": {"code": "AMB"},
        "period": {"start": "2025-03-05T08:00:00Z", "end": "2025-03-05T09:00:00Z"},
        "extension": [
            {"url": f"{REHAB}BasedOnCarePlanExtension", "valueReference": {"reference": f"CarePlan/{id_}"}}
            for id_ in plan_ids
        ],
    }


@pytest.mark.parametrize(
    "written",
    [
        "010180\t1234",
        "010180\n1234",
        "010180\u00a01234",
        "010180\u20111234",
        "\x010101801234",
        "010180/1234",
        101801234,
    ],
)
def test_no_number_is_left_in_quarantine_however_json_writes_it(written, tmp_path, registers):
    in_a_row = json.dumps(report(care_plan(status="odd", note=[{"text": written}])))
    no_bundle = json.dumps({"note": written})
    text = "\n".join([in_a_row, no_bundle, no_bundle.replace("}", ",}"), no_bundle.replace("/", r"\/")])
    (tmp_path / "r.ndjson").write_text(text + "\n" + json.dumps(report()))
    landed(tmp_path / "r.ndjson", registers)
    contents = [row["content"] for row in rows(registers, "quarantine")]
    assert len(contents) == 4
    assert all(HIDDEN in content and "1234" not in content for content in contents)


def test_quarantine_names_nobody(tmp_path, registers):
    subject = {"reference": "Patient/citizen", "display": "Anna Andersen"}
    story = {"status": "generated", "div": "<div>Anna Andersen</div>"}
    named = {"resourceType": "Patient", "name": [{"family": "Andersen"}], "birthDate": "1980-01-01"}
    shapeless = report(care_plan(subject=subject, text=story), named, {"resourceType": {}})
    shapeless["entry"].append({})
    land_bundles(
        tmp_path,
        registers,
        report(care_plan(status="odd", subject=subject, text=story, description={"text": "kept"})),
        report(care_plan(id_=7, subject=subject, text=story)),
        shapeless,
        named,
    )
    contents = [row["content"] for row in rows(registers, "quarantine")]
    assert len(contents) == 4
    assert "Andersen" not in "".join(contents)
    assert "1980-01-01" not in "".join(contents)
    assert "Patient/citizen" in "".join(contents)


def test_ids_in_a_list_are_hidden_one_by_one_and_meet_the_rows_they_point_to(tmp_path, registers):
    uuid, with_cpr = "ab010180-1234-4abc-8abc-abcdefabcdef", f"plan-{ANNA}"
    land_bundles(tmp_path, registers, report(care_plan(uuid), care_plan(with_cpr), encounter(uuid, with_cpr)))
    (meeting,) = rows(registers, "encounter")
    first, second = meeting["based_on"].split("|")
    assert first == uuid
    assert ANNA not in second
    assert sorted([first, second]) == plans(registers)


def test_what_stands_beside_delivery_reports_is_in_quarantine(tmp_path, registers):
    inside = {
        "resourceType": "Bundle",
        "entry": [{"resource": report(care_plan("in"))}, {"resource": care_plan("out")}],
    }
    around = {"resourceType": "Bundle", "entry": [{"resource": inside}, {"resource": None}]}
    land_bundles(tmp_path, registers, around)
    assert plans(registers) == ["in"]
    assert sorted(refused(registers)) == [
        ("Bundle", "not the shape of a delivery report", 3),
        ("care_plan", "no citizen", 2),
    ]


def test_a_resource_without_shape_is_in_quarantine_and_its_report_lands(tmp_path, registers):
    land_bundles(tmp_path, registers, report(care_plan("bad", extension=[{"valueCode": "x"}]), care_plan("good")))
    assert refused(registers) == [("CarePlan", "not the shape of a delivery report", 1)]
    assert plans(registers) == ["good"]


def test_a_report_from_the_future_is_in_quarantine_because_no_correction_would_be_later(tmp_path, registers):
    soon, far = (f"{datetime.now() + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (0.5, 3))
    land_bundles(
        tmp_path,
        registers,
        report(care_plan(), timestamp=far),
        report(care_plan(status="completed")),
        report(care_plan("night"), timestamp=soon),
    )
    assert refused(registers) == [("care_plan", "reported_at in the future", 1)]
    assert {row["care_plan_id"]: row["status"] for row in rows(registers, "care_plan")} == {
        "plan": "completed",
        "night": "active",
    }
    landed_later = tmp_path / "9998-01-01" / "r.ndjson"
    write_reports(landed_later, report(care_plan("later"), timestamp="9998-01-01T10:00:00Z"))
    assert not landed(landed_later, registers).counts[0].quarantined
    first, _ = sorted(rows(registers, "delivery"), key=lambda delivery: delivery["delivery_id"])
    assert first["reported_at"] < datetime.now() + timedelta(days=1)


def test_a_resource_about_somebody_who_is_not_in_the_report_is_kept_and_found(tmp_path, registers):
    about = {"own": "Patient/citizen", "other": "Patient/somebody"}
    landing = land_bundles(
        tmp_path, registers, report(*(care_plan(id_, subject={"reference": ref}) for id_, ref in about.items()))
    )
    assert plans(registers) == ["other", "own"]
    assert landing.findings == {"reference-in-report": 1}
    assert [row["resource_id"] for row in rows(registers, "finding")] == ["other"]


def test_a_resource_from_quarantine_is_about_the_citizen_it_came_with(tmp_path, registers, monkeypatch):
    words = {row["code"]: row["short"] for row in codelists.rows("care_plan_category")}
    monkeypatch.setattr(kl_codes, "words", lambda _: {})
    land_bundles(tmp_path, registers, report(care_plan(subject={"reference": "Patient/citizen"})))
    assert refused(registers) == [("care_plan", "unknown category", 1)]
    monkeypatch.setattr(kl_codes, "words", lambda _: words)
    assert retry_quarantine(registers, bytes(range(32))).landed == 1
    assert plans(registers) == ["plan"]
    assert not rows(registers, "finding")


def test_of_several_profiles_the_gateways_own_counts(tmp_path, registers):
    plan = care_plan()
    plan["meta"] = {"profile": ["http://hl7.dk/fhir/core/dk-core-plan", *plan["meta"]["profile"]]}
    whole = report(plan)
    whole["meta"] = {"profile": ["http://example.org/bundle", *whole["meta"]["profile"]]}
    land_bundles(tmp_path, registers, whole)
    assert [row["law"] for row in rows(registers, "care_plan")] == ["140"]
    assert not rows(registers, "quarantine")


def test_blank_lines_line_ends_and_byte_order_marks_are_no_rows(tmp_path, registers):
    one, two = (json.dumps(report(care_plan(id_), cpr=cpr)).encode() for id_, cpr in (("one", ANNA), ("two", BO)))
    (tmp_path / "r.ndjson").write_bytes(b"\xef\xbb\xbf\r\n \r\n" + one + b"\r\n\r\n\xef\xbb\xbf" + two)
    landed(tmp_path / "r.ndjson", registers)
    assert plans(registers) == ["one", "two"]
    assert not rows(registers, "quarantine")


def test_a_file_whose_bundles_are_all_shapeless_is_refused_for_that(tmp_path, registers):
    landing = land_bundles(tmp_path, registers, {"resourceType": "Bundle", "entry": [1]})
    (why,) = landing.refused.values()
    assert why == (
        "r.ndjson holds no delivery report: no Bundle in it has the shape of one. Send FHIR Bundles as JSON: one in a "
        ".json file, or one a line in a .ndjson file."
    )


@pytest.mark.parametrize(("status", "kept"), [("finished", False), ("planned", True), ("entered-in-error", True)])
def test_a_meeting_that_is_finished_lies_not_in_the_future(status, kept, tmp_path, registers):
    period = {"start": "9998-03-05T08:00:00Z", "end": "9998-03-05T09:00:00Z"}
    land_bundles(tmp_path, registers, report(encounter() | {"status": status, "period": period}))
    assert refused(registers) == ([] if kept else [("encounter", "start in the future", 1)])
    assert len(rows(registers, "encounter", include_voided=True)) == kept


def test_a_referral_cannot_have_been_received_after_it_was_delivered(tmp_path, registers):
    referral = {"resourceType": "ServiceRequest", "id": "r", "status": "active", "authoredOn": "9998-03-05"}
    land_bundles(tmp_path, registers, report(referral))
    assert refused(registers) == [("referral", "received_on in the future", 1)]


@pytest.mark.parametrize(("limit", "most"), [("ROWS_AT_A_TIME", 10), ("BYTES_AT_A_TIME", 8_000)])
def test_a_file_of_more_reports_than_are_staged_at_a_time_lands_to_its_end(
    limit, most, tmp_path, registers, monkeypatch
):
    at_a_time = []
    stage_reports = Staging.stage_reports
    monkeypatch.setattr(landing, limit, most)
    monkeypatch.setattr(
        Staging, "stage_reports", lambda self, rows: (at_a_time.append(rows.count), stage_reports(self, rows))
    )
    numbers = range(35)
    given = [report(care_plan(f"p{n:02}", status="odd" if n % 7 == 6 else "active")) for n in numbers]
    (count,) = land_bundles(tmp_path, registers, *given).counts
    assert (count.kept, count.quarantined, count.superseded) == (30, 5, 0)
    assert plans(registers) == [f"p{n:02}" for n in numbers if n % 7 != 6]
    assert {number for *_, number in refused(registers)} == {n + 1 for n in numbers if n % 7 == 6}
    assert max(at_a_time) <= 10
