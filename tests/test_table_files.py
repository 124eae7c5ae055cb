"""Files of a table: sorted by person, cut by time, folded, and told to the Delta log."""

import json
from datetime import datetime, timedelta
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from ddns_utils import table_files
from ddns_utils.model import TABLES
from ddns_utils.registers import Registers
from ddns_utils.table_files import TableFiles, stored_schema


@pytest.fixture
def registers(tmp_path):
    return Registers(tmp_path / "registers")


@pytest.fixture
def short_files(monkeypatch):
    """Files of ten rows are long already."""
    monkeypatch.setattr(table_files, "ROWS_PER_FILE", 10)


def encounters(starts, first=0):
    empty = dict.fromkeys(TABLES["encounter"].columns) | {
        "custodian": "c", "law": "140", "reported_at": datetime(2025, 12, 31), "voided": False, "delivery_id": "d",
    }  # fmt: skip
    rows = [
        empty | {"encounter_id": str(first + n), "person_id": str(n % 7), "start": start}
        for n, start in enumerate(starts)
    ]
    return pa.Table.from_pylist(rows, TABLES["encounter"].schema())


def put(registers, *tables, name="encounter"):
    with registers.writing() as writer:
        for table in tables:
            writer.merge(name, table)
    return registers.snapshot()


def daily(days):
    return [datetime(2025, 1, 1) + timedelta(days=day) for day in range(days)]


def months(file):
    return {moment.month for moment in pq.ParquetFile(file).read()["start"].to_pylist()}


@pytest.mark.usefixtures("short_files")
def test_a_year_of_many_rows_is_cut_by_months_and_each_file_is_sorted_by_person(registers):
    files = put(registers, encounters(daily(365)))._files("encounter")
    assert sorted(map(months, files), key=min) == [{month} for month in range(1, 13)]
    for file in files:
        persons = pq.ParquetFile(file).read()["person_id"].to_pylist()
        assert persons == sorted(persons)


@pytest.mark.usefixtures("short_files")
def test_months_with_few_rows_share_a_file(registers):
    files = put(registers, encounters(daily(365)[::7]))._files("encounter")
    assert sorted(map(months, files), key=min) == [{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}]


@pytest.mark.usefixtures("short_files")
def test_a_row_that_is_replaced_leaves_the_files_of_other_months_alone(registers):
    before = set(put(registers, encounters(daily(365)))._files("encounter"))
    after = set(put(registers, encounters(daily(365)[40:41], first=40))._files("encounter"))
    assert [months(file) for file in before - after] == [months(file) for file in after - before] == [{2}]


@pytest.mark.usefixtures("short_files")
def test_rows_that_are_only_added_are_not_cut_by_months(registers):
    results = pa.Table.from_pylist(
        [{"person_id": "p", "sampled_at": day.date(), "npu": "NPU1", "delivery_id": "d"} for day in daily(365)],
        stored_schema(TABLES["lab_result"]),
    )
    assert len(put(registers, results, name="lab_result")._files("lab_result")) == 1


def test_many_small_files_of_a_year_become_one_and_earlier_versions_keep_theirs(registers):
    for day in range(table_files.SMALL_FILES):
        snapshot = put(registers, encounters(daily(20)[day : day + 1], first=day))
    assert len(snapshot._files("encounter")) == 1
    assert snapshot.table("encounter").count().execute() == table_files.SMALL_FILES
    before = registers.snapshot(snapshot.version - 1)
    assert len(before._files("encounter")) == before.table("encounter").count().execute() == table_files.SMALL_FILES - 1


def test_the_log_tells_other_readers_how_many_rows_of_what_time_a_file_has(registers):
    put(registers, encounters(daily(3)))
    table = DeltaTable(str(registers.path / "tables" / "encounter"))
    (file,) = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    assert (file["num_records"], file["partition.year"]) == (3, 2025)
    assert (file["min.start"], file["max.start"]) == (datetime(2025, 1, 1), datetime(2025, 1, 3))
    assert table.to_pyarrow_table().sort_by("start")["encounter_id"].to_pylist() == ["0", "1", "2"]


def test_rows_without_a_person_or_a_time_are_kept(registers):
    rows = encounters([None, datetime(2025, 1, 1)])
    rows = rows.set_column(0, "person_id", pa.array([None, "p"]))
    stored = put(registers, rows).table("encounter").execute()
    assert sorted(stored.encounter_id) == ["0", "1"]
    assert stored.person_id.isna().sum() == stored.start.isna().sum() == 1


def stored(registers, name="encounter"):
    """The columns of the only file of a table, as Parquet describes them."""
    (file,) = (registers.path / "tables" / name).rglob("*.parquet")
    group = pq.read_metadata(file).row_group(0)
    return {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}


@pytest.mark.parametrize(
    ("text", "has_dictionary", "compression"),
    [
        (lambda number: sha256(bytes(number)).hexdigest(), False, "UNCOMPRESSED"),
        (lambda number: f"{number:032d}", False, "SNAPPY"),
        (lambda number: sha256(bytes(number % 900)).hexdigest(), True, "SNAPPY"),
    ],
    ids=["nothing twice", "much alike", "some twice"],
)
def test_texts_that_are_hardly_ever_the_same_have_no_dictionary_and_are_compressed_if_they_shrink(
    text, has_dictionary, compression, registers
):
    rows = encounters([datetime(2025, 1, 1)] * 1_500)
    ids = [text(number) for number in range(1_500)]
    put(registers, rows.set_column(rows.column_names.index("encounter_id"), "encounter_id", pa.array(ids)))
    column = stored(registers)["encounter_id"]
    assert (column.has_dictionary_page, column.compression) == (has_dictionary, compression)
    assert stored(registers)["person_id"].has_dictionary_page
    kept = registers.snapshot().table("encounter", include_voided=True).to_pyarrow()
    assert set(kept["encounter_id"].to_pylist()) == set(ids)


def test_a_table_written_by_another_writer_of_delta_is_gone_on_with(registers):
    put(registers, encounters(daily(2)))
    table = DeltaTable(str(registers.path / "tables" / "encounter"))
    other = encounters(daily(4)[2:], first=2).append_column("year", pa.array([2025, 2025], pa.int32()))
    write_deltalake(table, other.cast(pa.schema([f.with_nullable(True) for f in other.schema])), mode="append")
    version = registers.path / "versions" / "00000001.json"
    version.write_text(version.read_text().replace('"encounter": 0', '"encounter": 1'))
    snapshot = put(registers, encounters([datetime(2025, 2, 1)], first=3))
    assert sorted(snapshot.table("encounter").encounter_id.execute()) == ["0", "1", "2", "3"]


def test_a_version_stays_readable_however_many_follow_and_the_last_needs_few_of_them(tmp_path):
    folder = tmp_path / "encounter"
    for version in range(1, 104):
        files = TableFiles(folder, TABLES["encounter"], version)
        files.write(encounters(daily(1), first=version))
        files.commit()
    assert json.loads((folder / "_delta_log" / "_last_checkpoint").read_text())["version"] == 100
    assert len(list((folder / "_delta_log").glob("*.checkpoint.parquet"))) == 10
    assert len(DeltaTable(str(folder), version=4).file_uris()) == 5


def test_what_a_killed_writer_left_is_removed_by_the_next(registers):
    put(registers, encounters(daily(1)))
    left = TableFiles(registers.path / "tables" / "encounter", TABLES["encounter"], 2)
    left.write(encounters(daily(1), first=9))
    (file,) = left.added
    put(registers, encounters(daily(1), first=1))
    assert file not in {str(path) for path in registers.path.rglob("*.parquet")}
    assert sorted(registers.snapshot().table("encounter").encounter_id.execute()) == ["0", "1"]


def test_rows_are_written_in_parts_of_bounded_length_and_of_bounded_size(monkeypatch):
    monkeypatch.setattr(table_files, "ROWS_PER_WRITE", 1_000)
    monkeypatch.setattr(table_files, "BYTES_PER_WRITE", 1_300_000)
    of_one_size = pa.RecordBatch.from_pydict({"a": list(range(400))})
    assert [len(part) for part in table_files.parts([of_one_size] * 4)] == [1_200, 400]
    of_long_texts = pa.RecordBatch.from_pydict({"a": ["x" * 300_000] * 2})
    assert [len(part) for part in table_files.parts([of_long_texts] * 5)] == [4, 4, 2]
