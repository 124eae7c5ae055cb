"""Landing: idempotent, atomic, nothing lost, no CPR number anywhere, a bad file does not stop the others."""

import itertools
import json
import os
import re
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from intake.deliver import (
    ANNA,
    BO,
    CARL,
    CONTACT,
    DIAGNOSIS,
    FILES,
    RESULT,
    SENTINEL,
    SERVICE,
    care_plan,
    content,
    landed,
    report,
    rows,
    write_csv,
    write_reports,
)

from ddns_utils.cli import main
from ddns_utils.deliveries import days, lines, senders
from ddns_utils.errors import DataError


@pytest.fixture
def delivery(tmp_path):
    """A folder with one good file of every register and two days of reports."""
    top = tmp_path / "delivered"
    for name, row in FILES.items():
        write_csv(top / "registers" / "2025-04-01", name, [row])
    write_reports(top / "kl_gateway" / "2025-03-10" / "0316.ndjson", report(care_plan()))
    ended = report(care_plan(status="completed", activity="completed"), timestamp="2025-03-12T12:00:00Z")
    write_reports(top / "kl_gateway" / "2025-03-12" / "0316.ndjson", ended)
    return top


def counts(landing):
    return {(c.file.split("/")[-1], c.table): (c.read, c.kept, c.quarantined, c.superseded) for c in landing.counts}


def test_a_whole_folder_lands_as_one_version(delivery, registers):
    landing = landed(delivery, registers)
    assert not landing.failed
    assert registers.latest_version == landing.version == 1
    assert len(rows(registers, "delivery")) == len(FILES) + 2
    (plan,) = rows(registers, "care_plan")
    assert plan["status"] == "completed"


def test_the_same_delivery_twice_changes_nothing(delivery, registers):
    landed(delivery, registers)
    before = content(registers)
    again = landed(delivery, registers)
    assert (again.counts, len(again.known), again.version) == ([], len(FILES) + 2, 1)
    assert not again.failed
    assert content(registers) == before


def test_a_copy_of_a_file_under_another_name_changes_nothing(folder, registers):
    write_csv(folder, "SSSY", [SERVICE])
    write_csv(folder, "SSSY_copy", [SERVICE])
    landing = landed(folder, registers)
    assert landing.known == ["SSSY_copy.csv"]
    assert len(rows(registers, "practice_service")) == 1


def test_files_that_are_no_deliveries_are_named(delivery, registers):
    (delivery / "truth.json").write_text("{}")
    (delivery / "README.md").write_text("About this delivery")
    (delivery / "registers" / "2025-04-01" / "OTHER.csv").write_text("a;b\n1;2\n")
    landing = landed(delivery, registers)
    assert landing.others == ["README.md", "registers/2025-04-01/OTHER.csv", "truth.json"]
    assert not landing.failed
    assert landing.lines()[-1].startswith("Not deliveries, left alone: README.md")


def test_a_folder_with_nothing_in_it_is_told_how_deliveries_are_named(folder, registers):
    folder.mkdir(parents=True)
    landing = landed(folder, registers)
    assert landing.failed
    assert landing.lines()[-1] == "There is no file there. docs/intake.md says how a delivery is named."


def test_a_register_is_known_by_its_name_whatever_stands_after_it_but_a_letter(folder, registers):
    named = ["SENTINEL202412.csv", "sentinel-2025.csv", "SENTINEL (1).txt", "Sentinel.maj.tsv", "SENTINEL_ØST.csv"]
    others = ["MY_SENTINEL.csv", "SENTINEL.xlsx", "SENTINELS.csv", "SENTINELØ.csv"]
    for number, name in enumerate([*named, *others]):
        write_csv(folder, "SENTINEL", [FILES["SENTINEL"] | {"REGISTRERING_ID": number}]).rename(folder / name)
    landing = landed(folder, registers)
    assert {count.file for count in landing.counts} == set(named)
    assert landing.others == others
    assert landing.lines()[-1].endswith(" docs/intake.md says how a delivery is named.")


def test_a_folder_without_deliveries_fails(tmp_path, registers):
    (tmp_path / "empty").mkdir()
    assert landed(tmp_path / "empty", registers).failed


def test_a_path_that_is_not_there_is_an_error(tmp_path, registers):
    with pytest.raises(DataError, match="There is no file or folder nowhere to land"):
        landed(tmp_path / "nowhere", registers)


BAD_FILES = {
    "LAB.parquet": b"PAR1 this is not parquet",
    "LAB_2.csv": b"",
    "LAB_3.csv": b"\xff\xfe\x00garbage\x00",
    "broken.json": b'{"resourceType": "Bundle", "entry": [',
    "other.json": b'{"hello": "world"}',
    "list.json": b"[1, 2, 3]",
    "empty.ndjson": b"",
    "latin.json": '{"resourceType": "Bundle", "id": "æ"}'.encode("latin-1"),
}


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_a_bad_file_is_refused_and_does_not_stop_the_others(name, folder, registers):
    write_csv(folder, "SSSY", [SERVICE])
    write_csv(folder, "SENTINEL", [SENTINEL])
    (folder / name).write_bytes(BAD_FILES[name])
    landing = landed(folder, registers)
    assert list(landing.refused) == [name]
    assert landing.failed
    assert any(line.startswith(f"{name} is refused: ") for line in landing.lines())
    assert [len(rows(registers, table)) for table in ("practice_service", "specialist_record")] == [1, 1]
    assert registers.snapshot().tables.keys() == {"practice_service", "specialist_record", "delivery"}


def test_a_refused_file_lands_when_it_has_been_put_right(folder, registers):
    write_csv(folder, "LAB", [{"pnr": ANNA}])
    assert landed(folder, registers).failed
    write_csv(folder, "LAB", [RESULT])
    assert not landed(folder, registers).failed
    assert len(rows(registers, "lab_result")) == 1


def test_every_row_read_is_kept_quarantined_or_superseded(tmp_path, registers):
    top = tmp_path / "delivered"
    day = top / "registers" / "2025-04-01"
    contacts = [
        CONTACT,
        CONTACT | {"KONT_TYPE": "x"},
        CONTACT | {"PRIORITET": "ATA3"},
        CONTACT | {"DW_EK_KONTAKT": "k2"},
    ]
    write_csv(day, "LPR_A_KONTAKT", contacts)
    write_csv(
        day, "LPR_A_DIAGNOSE", [DIAGNOSIS, DIAGNOSIS | {"DW_EK_KONTAKT": "lost"}, DIAGNOSIS | {"DIAG_KODE_TYPE": "B"}]
    )
    other = {"resourceType": "Media", "id": "m"}
    write_reports(
        top / "reports.ndjson",
        report(care_plan(), care_plan("other", status="odd"), other),
        report(care_plan(status="completed"), timestamp="2025-03-11T12:00:00Z"),
    )
    landing = landed(top, registers)
    assert counts(landing) == {
        ("LPR_A_KONTAKT.csv", "hospital_contact"): (4, 2, 1, 1),
        ("LPR_A_DIAGNOSE.csv", "hospital_diagnosis"): (3, 2, 1, 0),
        ("reports.ndjson", "care_plan"): (3, 1, 1, 1),
        ("reports.ndjson", "Media"): (1, 0, 1, 0),
    }
    delivered = {row["file"].split("/")[-1]: row for row in rows(registers, "delivery")}
    assert {f: (d["rows_read"], d["rows_kept"], d["rows_quarantined"], d["rows_superseded"]) for f, d in delivered.items()} == {
        "LPR_A_KONTAKT.csv": (4, 2, 1, 1),
        "LPR_A_DIAGNOSE.csv": (3, 2, 1, 0),
        "reports.ndjson": (4, 1, 2, 1),
    }  # fmt: skip
    assert len(rows(registers, "quarantine")) == 4


def test_a_line_that_is_no_report_is_in_quarantine_and_the_rest_of_its_file_lands(tmp_path, registers):
    file = tmp_path / "2025-03-10" / "0316.ndjson"
    write_reports(file, report(care_plan()))
    file.write_text(
        file.read_text()
        + '{"half": \n'
        + '{"resourceType": "Patient"}\n'
        + '{"resourceType": "Bundle", "entry": [1]}\n'
    )
    landing = landed(tmp_path / "2025-03-10", registers)
    assert not landing.failed
    found = sorted((row["source_row"], row["reasons"]) for row in rows(registers, "quarantine"))
    assert found == [(2, "not JSON"), (3, "not a FHIR Bundle"), (4, "not the shape of a delivery report")]
    assert len(rows(registers, "care_plan")) == 1


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        (report(care_plan(), cpr="3113801234"), "impossible CPR number"),
        (report(care_plan(), timestamp="yesterday"), "unreadable reported_at"),
        (report(care_plan(), custodian=None), "missing custodian"),
        (report(care_plan(category=[{"coding": [{"code": "new"}]}])), "unknown category"),
        (report(care_plan(period={"start": "2025-13-01"})), "unreadable start"),
        (report(care_plan(status="finished")), "unknown status"),
        (report(care_plan(status=None)), "missing status"),
        (report(care_plan(meta={"profile": ["http://example.org/klgateway-140-new-thing"]})), "unknown profile"),
    ],
)  # fmt: skip
def test_a_resource_that_cannot_be_placed_is_in_quarantine_with_its_reason(bundle, reason, tmp_path, registers):
    write_reports(tmp_path / "report.ndjson", bundle)
    landed(tmp_path / "report.ndjson", registers)
    assert [row["reasons"] for row in rows(registers, "quarantine")] == [reason]


@pytest.mark.parametrize(
    "plan",
    [
        care_plan(id_=7),
        care_plan(id_={"a": 1}),
        care_plan(status=["active"]),
        care_plan(period="2025"),
        care_plan(activity=None) | {"activity": "none"},
        care_plan(extension=[{"valueReference": 1}]),
        "care plan",
        {"resourceType": "CarePlan"},
    ],
)
def test_a_resource_of_another_shape_is_in_quarantine_and_its_neighbours_land(plan, tmp_path, registers):
    write_reports(tmp_path / "report.ndjson", report(plan), report(care_plan("good")))
    landing = landed(tmp_path / "report.ndjson", registers)
    assert not landing.failed
    assert len(rows(registers, "quarantine")) == 1
    assert [row["care_plan_id"] for row in rows(registers, "care_plan")] == ["good"]


def test_a_reference_finds_its_resource_by_type_and_id_and_by_id_alone_where_the_type_is_misspelt(tmp_path, registers):
    unit = {"resourceType": "Organization", "id": "1", "identifier": [{"system": "sor", "value": "391111000016003"}]}
    plans = [
        care_plan(id_, activity=None)
        | {"activity": [{"detail": {"status": "in-progress", "performer": [{"reference": reference}]}}]}
        for id_, reference in (
            ("1", "Organization/1"),
            ("2", "https://test.fhir.dk/Organization/1"),
            ("3", "Organisation/9"),
        )
    ]
    write_reports(tmp_path / "report.ndjson", report(*plans, unit, unit | {"id": "9"}))
    landed(tmp_path / "report.ndjson", registers)
    assert [row["performer"] for row in rows(registers, "care_plan")] == ["391111000016003"] * 3


def test_bundles_nested_without_end_are_in_quarantine(tmp_path, registers):
    bundle = report(care_plan())
    for _ in range(300):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}
    write_reports(tmp_path / "report.ndjson", bundle, report(care_plan("good")))
    landed(tmp_path / "report.ndjson", registers)
    assert len(rows(registers, "quarantine")) == 1
    assert [row["care_plan_id"] for row in rows(registers, "care_plan")] == ["good"]


def test_the_signs_of_a_pattern_in_a_name_are_part_of_the_name(folder, registers):
    write_csv(folder, "SSSY_[1]*", [SERVICE])
    write_csv(folder, "SSSY_1", [SERVICE | {"YDLANT": "2"}])
    landed(folder, registers)
    assert sorted(row["quantity"] for row in rows(registers, "practice_service")) == [1, 2]


def test_a_report_about_two_citizens_is_in_quarantine(tmp_path, registers):
    bundle = report(care_plan())
    bundle["entry"].append(report(cpr=BO)["entry"][0])
    write_reports(tmp_path / "report.ndjson", bundle)
    landed(tmp_path / "report.ndjson", registers)
    assert [row["reasons"] for row in rows(registers, "quarantine")] == ["more than one citizen"]


VERSIONS = {
    "planned": report(care_plan(status="draft", activity="not-started"), timestamp="2025-03-10T12:00:00Z"),
    "active": report(care_plan(), timestamp="2025-03-10T12:00:00Z"),
    "ended": report(care_plan(status="completed", activity="completed"), timestamp="2025-03-10T12:00:00Z"),
}


@pytest.mark.parametrize("order", list(itertools.permutations(VERSIONS)), ids="-".join)
def test_of_reports_with_one_timestamp_the_one_furthest_on_stands(order, tmp_path, registers):
    for number, version in enumerate(order):
        write_reports(tmp_path / f"{number}.ndjson", VERSIONS[version])
        landed(tmp_path / f"{number}.ndjson", registers)
    (plan,) = rows(registers, "care_plan")
    assert plan["status"] == "completed"


def dated(status, timestamp, end=None, activity=None):
    period = {"start": "2025-03-01"} | ({"end": end} if end else {})
    return report(care_plan(status=status, activity=activity or status, period=period), timestamp=timestamp)


UNDER_WAY = dated("active", "2025-04-04T22:00:00Z", activity="in-progress")
DATED_TOO_EARLY = dated("completed", "2025-03-10T22:00:00Z", end="2025-04-09")


@pytest.mark.parametrize("first", [UNDER_WAY, DATED_TOO_EARLY], ids=["in order", "the other way"])
@pytest.mark.parametrize(("delivered", "believed"), [("undated", True), ("2025-04-09", True), ("2025-04-08", False)])
def test_a_timestamp_before_the_resource_ended_is_not_believed_once_that_day_has_come(
    first, delivered, believed, tmp_path, registers
):
    second = DATED_TOO_EARLY if first is UNDER_WAY else UNDER_WAY
    for number, bundle in enumerate((first, second)):
        write_reports(tmp_path / delivered / f"{number}.ndjson", bundle)
        landed(tmp_path / delivered / f"{number}.ndjson", registers)
    (plan,) = rows(registers, "care_plan")
    assert plan["status"] == ("completed" if believed else "active")


@pytest.mark.parametrize(
    ("bundle", "stands"),
    [
        (dated("active", "2025-03-10T22:00:00Z", end="2025-04-09", activity="in-progress"), False),
        (dated("completed", "2025-03-10T22:00:00Z", end="2025-04-03"), False),
        (dated("active", "2025-03-10T22:00:00Z", end="2025-04-09", activity="completed"), True),
        (dated("entered-in-error", "2025-03-10T22:00:00Z", end="2025-04-09", activity="completed"), True),
    ],
    ids=["a planned end", "an end before the other report", "an ended activity", "withdrawn after its end"],
)
def test_only_an_end_that_came_later_moves_a_report(bundle, stands, tmp_path, registers):
    write_reports(tmp_path / "r.ndjson", UNDER_WAY, bundle)
    landed(tmp_path / "r.ndjson", registers)
    (plan,) = rows(registers, "care_plan", include_voided=True)
    assert (plan["end"] is not None) == stands


def test_a_report_of_the_day_of_the_end_is_as_late_as_it_says(tmp_path, registers):
    morning = dated("active", "2025-04-09T06:00:00Z", activity="in-progress")
    write_reports(tmp_path / "r.ndjson", morning, dated("completed", "2025-04-09T10:00:00Z", end="2025-04-09"))
    landed(tmp_path / "r.ndjson", registers)
    (plan,) = rows(registers, "care_plan")
    assert plan["status"] == "completed"


def test_what_is_reported_after_the_end_is_later(tmp_path, registers):
    corrected = dated("completed", "2025-04-10T22:00:00Z", end="2025-04-05")
    write_reports(tmp_path / "r.ndjson", UNDER_WAY, corrected, DATED_TOO_EARLY)
    landed(tmp_path / "r.ndjson", registers)
    (plan,) = rows(registers, "care_plan")
    assert plan["end"].day == 5


def test_a_report_that_is_not_later_does_not_bring_back_what_was_withdrawn(tmp_path, registers):
    withdrawn = report(care_plan(status="entered-in-error"))
    for number, bundle in enumerate(
        [withdrawn, VERSIONS["ended"], report(care_plan(), timestamp="2025-03-09T12:00:00Z")]
    ):
        write_reports(tmp_path / f"{number}.ndjson", bundle)
        landed(tmp_path / f"{number}.ndjson", registers)
    assert rows(registers, "care_plan") == []
    assert len(rows(registers, "care_plan", include_voided=True)) == 1


def test_a_later_report_brings_back_what_was_withdrawn(tmp_path, registers):
    write_reports(
        tmp_path / "reports.ndjson",
        report(care_plan(), timestamp="2025-03-11T12:00:00Z"),
        report(care_plan(status="entered-in-error")),
    )
    landed(tmp_path / "reports.ndjson", registers)
    assert len(rows(registers, "care_plan")) == 1


def test_the_same_id_from_two_custodians_is_two_resources(tmp_path, registers):
    write_reports(tmp_path / "r.ndjson", report(care_plan()), report(care_plan(), custodian="9991011000016009"))
    landed(tmp_path / "r.ndjson", registers)
    assert {(r["care_plan_id"], r["municipality"]) for r in rows(registers, "care_plan")} == {
        ("plan", "316"),
        ("plan", "101"),
    }


def test_an_unknown_custodian_has_no_municipality_and_its_rows_are_kept(tmp_path, registers):
    write_reports(tmp_path / "r.ndjson", report(care_plan(), custodian="123456789012345"))
    landed(tmp_path / "r.ndjson", registers)
    (plan,) = rows(registers, "care_plan")
    assert plan["municipality"] is None


def test_no_cpr_number_is_in_any_file_of_the_store_or_in_the_report(tmp_path, registers, capfd):
    top = tmp_path / "delivered"
    day = top / "2025-04-01"
    odd = "-".join([BO[:6], BO[6:]])
    write_csv(
        day,
        "LPR_A_KONTAKT",
        [
            CONTACT | {"DW_EK_KONTAKT": BO, "KONT_ANS": odd},
            CONTACT | {"DW_EK_KONTAKT": "k2", "KONT_TYPE": BO, "KONT_ANS": f"{BO},{CARL},{ANNA}"},
            CONTACT | {"PNR": f"{BO}x", "DW_EK_KONTAKT": "k3"},
        ],
    )
    write_csv(day, "LPR_A_DIAGNOSE", [DIAGNOSIS | {"DW_EK_KONTAKT": BO, "DIAG_KODE": odd}])
    write_csv(day, f"LAB_{CARL}", [RESULT | {"value": f"se {CARL}", "unit": CARL, "analysiscode": f"kode {odd}"}])
    write_csv(day, "SSSY", [{BO: 1, CARL: 2}])
    write_csv(day, f"UKENDT_{CARL}", [{"a": 1}])
    noted = {"text": {"div": f"Om {BO}"}, "note": [{"text": odd}]}
    write_reports(
        day / f"{CARL}.ndjson",
        report(care_plan(id_=f"plan-{BO}", **noted), care_plan(id_=odd, status=BO), timestamp=f"2025 {CARL}"),
        report(care_plan(id_=f"plan-{CARL}"), custodian=odd),
        report({"resourceType": "Procedure", "id": CARL, **noted}),
        {"cpr": BO},
    )
    (day / "broken.ndjson").write_text(f'{{"cpr": {BO}\n')
    landing = landed(top, registers)
    assert len(rows(registers, "hospital_diagnosis")) == 1
    said = "\n".join(landing.lines()) + repr(landing) + "".join(capfd.readouterr())
    names = "\n".join(path.as_posix() for path in registers.path.rglob("*"))
    for number in (ANNA, BO, CARL):
        written = re.compile(rf"{number[:6]}\D{{0,3}}{number[6:]}")
        for table in registers.snapshot().tables:
            for row in rows(registers, table, include_voided=True):
                assert not written.search(json.dumps(row, default=str)), table
        assert not written.search(said)
        assert not written.search(names)
        for file in registers.path.rglob("*"):
            if file.is_file():
                assert number.encode() not in file.read_bytes(), file.name


def test_a_refused_file_is_a_delivery_without_rows_that_says_why(folder, registers):
    write_csv(folder, "SSSY", [SERVICE])
    write_csv(folder, "LAB", [{"pnr": ANNA}])
    landing = landed(folder, registers)
    by_file = {row["file"]: row for row in rows(registers, "delivery")}
    assert by_file["SSSY.csv"]["refused_because"] is None
    refused = by_file["LAB.csv"]
    assert refused["refused_because"] == landing.refused["LAB.csv"]
    assert (refused["source"], refused["sender"], refused["rows_read"]) == ("LAB", "LAB", 0)
    assert refused["received_at"] == datetime(2025, 4, 1)
    found = days(registers.snapshot(), "LAB")
    assert found[["files", "files_refused"]].to_numpy().tolist() == [[0, 1]]
    (line,) = lines(found, date(2025, 4, 1), date(2025, 4, 1))
    assert (line.state, line.files_refused) == ("refused", 1)
    assert senders(found, date(2025, 4, 1)) == []
    shown = CliRunner().invoke(main, ["registers", "--deliveries", "--registers", str(registers.path)])
    assert f"LAB\tLAB\t2025-04-01\tLAB.csv\t{refused['refused_because']}" in shown.output


def test_of_a_file_that_cannot_be_read_the_sender_is_unknown(folder, registers):
    folder.mkdir(parents=True)
    (folder / "r.json").write_text("{")
    landed(folder, registers)
    assert days(registers.snapshot()).sender.tolist() == ["unknown"]


def test_a_file_refused_again_changes_nothing_and_lands_once_it_can_be_read(folder, registers, monkeypatch):
    write_csv(folder, "LAB", [RESULT])
    with monkeypatch.context() as patched:
        patched.setattr("ddns_utils.intake.landing.stage_flat", raise_full)
        assert [landed(folder, registers).version for _ in range(2)] == [1, 1]
    assert not landed(folder, registers).refused
    (delivery,) = rows(registers, "delivery")
    assert (delivery["refused_because"], delivery["rows_kept"]) == (None, 1)


def raise_full(*_):
    raise DataError("the disk is full.")


def test_when_a_delivery_arrived_is_its_day_and_not_when_its_reports_were_put_together(tmp_path, registers):
    write_reports(tmp_path / "2025-03-12" / "dated.ndjson", report(care_plan(), timestamp="2025-03-10T22:30:00Z"))
    write_reports(tmp_path / "undated.ndjson", report(care_plan("other"), timestamp="2025-03-10T22:30:00Z"))
    landed(tmp_path, registers)
    told = datetime(2025, 3, 10, 23, 30)
    arrived = {row["file"]: (row["received_at"], row["reported_at"]) for row in rows(registers, "delivery")}
    assert arrived == {"2025-03-12/dated.ndjson": (datetime(2025, 3, 12), told), "undated.ndjson": (told, told)}


def test_an_undated_flat_file_arrived_when_it_was_last_changed(tmp_path, registers):
    file = write_csv(tmp_path, "LAB", [RESULT])
    moment = datetime(2025, 5, 6, 7, 8)
    os.utime(file, (moment.timestamp(), moment.timestamp()))
    landed(file, registers)
    (delivery,) = rows(registers, "delivery")
    assert (delivery["received_at"], delivery["reported_at"]) == (moment, None)
