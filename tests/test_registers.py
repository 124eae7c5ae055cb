"""The store: versions across tables, merging by key, and what a broken or killed writer leaves."""

import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddns_utils.errors import DataError
from ddns_utils.model import TABLES
from ddns_utils.registers import Registers, open_registers, open_snapshot
from ddns_utils.snapshot import overview


def homes(*rows):
    columns = ("person_id", "municipality", "start", "end", "delivery_id")
    return pa.Table.from_pylist(
        [dict(zip(columns, (*row, "d"), strict=True)) for row in rows], TABLES["residence"].schema()
    )


def care_plan(reported_at, status="active", voided=False):
    row = dict.fromkeys(TABLES["care_plan"].columns) | {
        "person_id": "p", "custodian": "c", "law": "140", "reported_at": reported_at, "voided": voided, "delivery_id": "d",
        "care_plan_id": "1", "status": status,
    }  # fmt: skip
    return pa.Table.from_pylist([row], TABLES["care_plan"].schema())


def read(snapshot, name):
    return snapshot.engine.to_pandas(snapshot.table(name))


@pytest.fixture
def registers(tmp_path):
    return Registers(tmp_path / "registers")


def test_an_empty_store_has_every_table_with_its_columns(registers):
    snapshot = registers.snapshot()
    assert snapshot.version == 0
    for name, model in TABLES.items():
        assert list(read(snapshot, name).columns) == list(model.columns)


def test_a_path_that_delta_would_take_for_another_is_refused(tmp_path):
    with (
        pytest.raises(DataError, match="a folder with %20 in its path, which Delta Lake takes for another sign"),
        Registers(tmp_path / "50%" / "a%20b").writing(),
    ):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Mine registre", "Bjørn's", "a[x]*", "a#b?c=d&e", "50%"])
def test_a_store_may_be_in_a_folder_of_any_name(name, tmp_path):
    registers = Registers(tmp_path / name / "registers")
    for day in (1, 2):
        with registers.writing() as writer:
            writer.merge("care_plan", care_plan(datetime(2025, 1, day)))
    assert read(registers.snapshot(), "care_plan")["reported_at"].dt.day.tolist() == [2]


def test_several_tables_become_one_version(registers):
    with registers.writing() as writer:
        writer.append("residence", homes(("p", "101", date(2020, 1, 1), None)))
        writer.merge("care_plan", care_plan(datetime(2025, 1, 1)))
        assert registers.latest_version == 0
    assert registers.latest_version == 1
    assert set(registers.snapshot().tables) == {"residence", "care_plan"}


def test_an_old_version_still_reads_as_it_did(registers):
    with registers.writing() as writer:
        writer.merge("residence", homes(("p", "101", date(2020, 1, 1), None)))
    with registers.writing() as writer:
        writer.merge(
            "residence", homes(("p", "101", date(2020, 1, 1), date(2025, 1, 1)), ("p", "147", date(2025, 1, 1), None))
        )
    assert list(read(registers.snapshot(1), "residence").municipality) == ["101"]
    latest = read(registers.snapshot(), "residence").set_index("municipality")
    assert str(latest.end["101"])[:10] == "2025-01-01"
    assert len(latest) == 2


def test_an_earlier_report_does_not_replace_a_later_one(registers):
    for reported_at, status in [(datetime(2025, 2, 1), "completed"), (datetime(2025, 1, 1), "active")]:
        with registers.writing() as writer:
            writer.merge("care_plan", care_plan(reported_at, status))
    assert list(read(registers.snapshot(), "care_plan").status) == ["completed"]


def test_of_reports_at_the_same_moment_the_last_given_stays(registers):
    moment = datetime(2025, 2, 1)
    with registers.writing() as writer:
        writer.merge("care_plan", pa.concat_tables([care_plan(moment, "active"), care_plan(moment, "on-hold")]))
    assert list(read(registers.snapshot(), "care_plan").status) == ["on-hold"]
    with registers.writing() as writer:
        writer.merge("care_plan", care_plan(moment, "completed"))
    assert list(read(registers.snapshot(), "care_plan").status) == ["completed"]


def plans(*id_and_start):
    template = care_plan(datetime(2025, 2, 1)).to_pylist()[0]
    rows = [template | {"care_plan_id": id_, "start": start} for id_, start in id_and_start]
    return pa.Table.from_pylist(rows, TABLES["care_plan"].schema())


def test_a_merge_finds_a_row_in_whatever_year_it_was_and_leaves_files_of_other_years(registers):
    first = [("a", datetime(2023, 1, 1)), ("b", datetime(2024, 1, 1)), ("c", datetime(2025, 1, 1)), ("d", None)]
    with registers.writing() as writer:
        writer.merge("care_plan", plans(*first))
    before = set(registers.snapshot()._files("care_plan"))
    moved = [("a", datetime(2025, 5, 1)), ("d", datetime(2026, 5, 1)), ("e", datetime(2024, 5, 1))]
    with registers.writing() as writer:
        writer.merge("care_plan", plans(*moved))
    rows = read(registers.snapshot(), "care_plan").set_index("care_plan_id")["start"]
    assert rows.to_dict() == dict(first) | dict(moved)
    kept = before & set(registers.snapshot()._files("care_plan"))
    assert {file.split("year=")[1][:4] for file in kept} == {"2024", "2025"}


def test_rows_of_one_write_are_sorted_by_person(registers):
    people = ["q", "p", "r", "p", "q"]
    with registers.writing() as writer:
        writer.append("residence", homes(*((p, "101", date(2020, 1, n + 1), None) for n, p in enumerate(people))))
    (file,) = registers.snapshot()._files("residence")
    written = pq.read_table(file, columns=["person_id", "start"])
    assert written["person_id"].to_pylist() == sorted(people)
    assert [day.day for day in written["start"].to_pylist()] == [2, 4, 1, 5, 3]


def test_replacing_a_table_leaves_its_earlier_version(registers):
    for place in ("101", "147"):
        with registers.writing() as writer:
            put = writer.append if place == "101" else writer.replace
            put("residence", homes(("p", place, date(2020, 1, 1), None)))
    assert [list(read(registers.snapshot(n), "residence").municipality) for n in (1, 2)] == [["101"], ["147"]]


def test_withdrawn_rows_are_hidden_unless_asked_for(registers):
    with registers.writing() as writer:
        writer.merge("care_plan", care_plan(datetime(2025, 1, 1), "entered-in-error", voided=True))
    snapshot = registers.snapshot()
    assert read(snapshot, "care_plan").empty
    assert snapshot.engine.to_pandas(snapshot.table("care_plan", include_voided=True)).voided.all()


def test_a_failed_write_leaves_the_last_version(registers):
    with registers.writing() as writer:
        writer.append("residence", homes(("p", "101", date(2020, 1, 1), None)))

    def fail():
        with registers.writing() as writer:
            writer.append("residence", homes(("q", "101", date(2020, 1, 1), None)))
            writer.merge("care_plan", care_plan(datetime(2025, 1, 1)))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fail()
    with registers.writing() as writer:
        writer.append("residence", homes(("r", "101", date(2020, 1, 1), None)))
    assert sorted(read(registers.snapshot(), "residence").person_id) == ["p", "r"]
    assert read(registers.snapshot(), "care_plan").empty


def test_a_killed_write_leaves_the_last_version_and_the_next_write_goes_on(registers, tmp_path):
    with registers.writing() as writer:
        writer.append("residence", homes(("p", "101", date(2020, 1, 1), None)))
    code = (
        "import time, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from datetime import date\n"
        "from test_registers import homes, Registers\n"
        "with Registers(Path(sys.argv[1])).writing() as w:\n"
        "    w.append('residence', homes(('q', '101', date(2020, 1, 1), None)))\n"
        "    Path(sys.argv[1], 'written').touch(); time.sleep(60)\n"
    )
    here = os.path.dirname(__file__)  # noqa: PTH120
    child = subprocess.Popen([sys.executable, "-c", code, str(registers.path), here])
    while not (registers.path / "written").exists():
        assert child.poll() is None
        time.sleep(0.05)
    with pytest.raises(DataError, match="Somebody else is writing"), registers.writing():
        pass
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert list(read(registers.snapshot(), "residence").person_id) == ["p"]
    with registers.writing() as writer:
        writer.append("residence", homes(("r", "101", date(2020, 1, 1), None)))
    assert sorted(read(registers.snapshot(), "residence").person_id) == ["p", "r"]


def test_nothing_written_is_no_new_version(registers):
    with registers.writing() as writer:
        writer.append("residence", homes())
    assert registers.latest_version == 0


def test_an_unknown_version_or_table_is_refused(registers):
    with pytest.raises(DataError, match="no version 7"):
        registers.snapshot(7)
    with pytest.raises(DataError, match="no table 'hospital'"):
        registers.snapshot().table("hospital")


def test_overview_counts_rows_persons_and_days(registers):
    with registers.writing() as writer:
        rows = homes(("p", "101", date(2020, 1, 1), date(2021, 5, 1)), ("p", "147", date(2021, 5, 1), None))
        writer.append("residence", rows)
    lines = {line["table"]: line for line in overview(registers.snapshot())}
    assert lines["residence"] == {
        "table": "residence", "rows": 2, "persons": 1, "first_day": date(2020, 1, 1), "last_day": date(2021, 5, 1), "version": 0,
    }  # fmt: skip
    assert lines["person"]["rows"] == 0


def test_a_run_reads_the_version_it_pinned(registers, monkeypatch):
    monkeypatch.setenv("DDNS_REGISTERS", str(registers.path))
    with pytest.raises(DataError, match="ddns intake"):
        open_snapshot()
    for person in "pq":
        with registers.writing() as writer:
            writer.append("residence", homes((person, "101", date(2020, 1, 1), None)))
    assert open_snapshot().version == 2
    monkeypatch.setenv("DDNS_STORE_VERSION", "1")
    assert list(read(open_snapshot(), "residence").person_id) == ["p"]
    assert open_registers().path == registers.path


def test_a_table_from_before_a_column_was_declared_is_read_and_written_with_it(registers, monkeypatch):
    model = TABLES["residence"]
    row = homes(("p", "101", date(2020, 1, 1), None))
    with monkeypatch.context() as earlier:
        earlier.setattr(model, "columns", {name: c for name, c in model.columns.items() if name != "delivery_id"})
        with registers.writing() as writer:
            writer.append("residence", row.drop_columns("delivery_id"))
    assert read(registers.snapshot(), "residence")["delivery_id"].isna().tolist() == [True]
    for person, write in (("q", "append"), ("r", "merge")):
        with registers.writing() as writer:
            getattr(writer, write)("residence", homes((person, "147", date(2021, 1, 1), None)))
    found = read(registers.snapshot(), "residence").sort_values("person_id")
    assert found["person_id"].tolist() == ["p", "q", "r"]
    assert found["delivery_id"].fillna("none").tolist() == ["none", "d", "d"]
    assert read(registers.snapshot(1), "residence")["delivery_id"].isna().tolist() == [True]


def test_a_merge_adds_the_column_that_a_table_lacks(registers, monkeypatch):
    model = TABLES["residence"]
    row = homes(("p", "101", date(2020, 1, 1), None))
    with monkeypatch.context() as earlier:
        earlier.setattr(model, "columns", {name: c for name, c in model.columns.items() if name != "delivery_id"})
        with registers.writing() as writer:
            writer.append("residence", row.drop_columns("delivery_id"))
    with registers.writing() as writer:
        writer.merge("residence", row)
    assert read(registers.snapshot(), "residence")["delivery_id"].tolist() == ["d"]


def test_a_table_that_the_model_does_not_have_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(DataError, match=r"has no table 'lab_results'\. Did you mean 'lab_result'"):
        Registers(tmp_path).snapshot().table("lab_results")
