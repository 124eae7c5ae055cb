"""Large files of registers without a key: written in parts of bounded size, in whole or not at all."""

import duckdb
import pyarrow.parquet as pq
import pytest
from intake.deliver import ANNA, BO, KEY, RESULT, landed, write_csv, write_parquet

from ddns_utils import registers as store
from ddns_utils import table_files
from ddns_utils.intake import delimited, flat_file
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.registers import Registers

ROWS = 50_000
RESULTS = f"""
    SELECT CASE WHEN i % 1000 = 7 THEN '9999999999' WHEN i % 2 = 0 THEN '{ANNA}' ELSE '010180-1234' END AS pnr,
        DATE '2024-06-01' + (i % 365)::INT AS samplingdate, 'NPU27300' AS analysiscode,
        CASE WHEN i % 5000 = 9 THEN NULL ELSE (40 + i % 9)::VARCHAR END AS value, 'mmol/mol' AS unit,
        'KPLL' AS laboratorium_idcode
    FROM range({ROWS}) AS r(i)"""


@pytest.fixture
def short_parts(monkeypatch):
    """Parts of about 4,000 rows; gives how long those written were."""
    written = []
    write = table_files.TableFiles.write

    def noted(files, rows):
        written.append(len(rows))
        write(files, rows)

    monkeypatch.setattr(table_files, "ROWS_PER_WRITE", 4_000)
    monkeypatch.setattr(flat_file, "ROWS_PER_BATCH", 2_048)
    monkeypatch.setattr(delimited, "ROWS_PER_BATCH", 2_048)
    monkeypatch.setattr(store, "ROWS_PER_BATCH", 2_048)
    monkeypatch.setattr(table_files.TableFiles, "write", noted)
    return written


@pytest.fixture
def registers(tmp_path):
    return Registers(tmp_path / "registers")


def stored(registers, table="lab_result"):
    snapshot = registers.snapshot()
    return snapshot.engine.to_pandas(snapshot.table(table))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_however_long_a_file_is_few_rows_are_in_memory_and_none_is_lost(kind, short_parts, registers, tmp_path):
    file = tmp_path / "2025-06-01" / f"LAB.{kind}"
    file.parent.mkdir()
    duckdb.sql(f"COPY ({RESULTS}) TO '{file}'")
    (count,) = landed(tmp_path / "2025-06-01", registers).counts
    assert max(short_parts) < 4_000 + 2_048
    assert (count.read, count.quarantined, count.reasons) == (ROWS, 50, {"impossible CPR number": 50})
    rows = stored(registers)
    assert len(rows) == count.kept == ROWS - 50
    assert set(rows.person_id) == {Pseudonyms(KEY).of(ANNA)}
    assert set(stored(registers, "quarantine").source_row) == {1 + 7 + 1000 * n for n in range(50)}
    assert (rows.sampled_at.min().year, rows.sampled_at.max().year) == (2024, 2025)


@pytest.mark.usefixtures("short_parts")
def test_a_file_that_breaks_off_after_some_parts_leaves_nothing_and_the_next_lands(registers, tmp_path):
    day = tmp_path / "2025-06-01"
    write_parquet(day, "LAB", RESULTS)
    table = pq.read_table(day / "LAB.parquet")
    pq.write_table(table, day / "LAB.parquet", row_group_size=10_000, compression="zstd")
    group = pq.ParquetFile(day / "LAB.parquet").metadata.row_group(4)
    content = bytearray((day / "LAB.parquet").read_bytes())
    for number in range(group.num_columns):
        start = group.column(number).dictionary_page_offset or group.column(number).data_page_offset
        content[start : start + group.column(number).total_compressed_size] = bytes(
            group.column(number).total_compressed_size
        )
    (day / "LAB.parquet").write_bytes(content)
    write_csv(day, "LAB_2", [RESULT, RESULT | {"pnr": BO}])
    landing = landed(day, registers)
    assert list(landing.refused) == ["LAB.parquet"]
    assert "cannot be read as PARQUET" in landing.refused["LAB.parquet"], landing.refused
    assert len(stored(registers)) == 2
    assert len(list((registers.path / "tables" / "lab_result").rglob("*.parquet"))) == 1


@pytest.mark.parametrize("separator", [";", ","])
def test_a_row_that_breaks_several_rules_has_its_reasons_and_its_number(separator, registers, tmp_path):
    good, bad = RESULT, RESULT | {"pnr": "1", "samplingdate": "once", "value": "high"}
    write_csv(tmp_path / "2025-06-01", "LAB", [good, bad, good], separator)
    (count,) = landed(tmp_path / "2025-06-01", registers).counts
    assert (count.kept, count.quarantined) == (2, 1)
    (row,) = stored(registers, "quarantine").to_dict("records")
    assert (row["source_row"], row["reasons"]) == (2, "impossible CPR number|unreadable sampled_at")


def test_a_file_larger_than_memory_with_a_badly_formed_last_line_lands(monkeypatch, registers, tmp_path):
    monkeypatch.setattr(store, "MEMORY", "60MB")
    day = tmp_path / "2025-06-01"
    day.mkdir()
    comment = "(i * 7919)::VARCHAR || repeat('abcdefghi ', 60) || i"
    query = f"SELECT *, {comment} AS comment FROM ({RESULTS}), range(3) AS again(i)"
    duckdb.sql(f"COPY ({query}) TO '{day / 'LAB.csv'}' (FORMAT csv, DELIMITER ';', HEADER)")
    with (day / "LAB.csv").open("a") as file:
        file.write("a line;without the rest\n")
    (count,) = landed(day, registers).counts
    assert (count.read, count.kept) == (3 * ROWS + 1, 3 * (ROWS - 50))
    assert count.reasons == {"impossible CPR number": 3 * 50, "wrong number of fields": 1}


@pytest.mark.parametrize("encrypted", [True, False])
def test_what_the_engine_spills_is_encrypted_and_gone_afterwards(encrypted, monkeypatch, registers):
    monkeypatch.setattr(store, "MEMORY", "100MB")
    registers.path.mkdir()
    with registers._engine() as engine:
        if not encrypted:
            engine.execute("SET temp_file_encryption = false")
        rows = engine.execute(f"""
            SELECT '{ANNA}' || i || repeat('abcdefghi ', 20) AS number FROM range(1_000_000) AS r(i) ORDER BY hash(i)""")
        rows.fetchone()
        spilled = b"".join(file.read_bytes() for file in (registers.path / ".spill").iterdir())
        assert len(spilled) > 1_000_000
        assert (ANNA.encode() in spilled) is not encrypted
    assert not (registers.path / ".spill").exists()


@pytest.mark.usefixtures("short_parts")
def test_a_badly_formed_last_line_of_a_long_file_is_one_row_in_quarantine_and_no_row_is_there_twice(
    registers, tmp_path
):
    day = tmp_path / "2025-06-01"
    day.mkdir()
    duckdb.sql(f"COPY ({RESULTS}) TO '{day / 'LAB.csv'}' (FORMAT csv, DELIMITER ';', HEADER)")
    with (day / "LAB.csv").open("a") as file:
        file.write("a line;without the rest\n")
    (count,) = landed(day, registers).counts
    assert count.reasons == {"impossible CPR number": 50, "wrong number of fields": 1}
    assert len(stored(registers)) == count.kept == ROWS - 50


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_long_texts_that_are_refused_are_in_quarantine_whatever_they_are_together(
    kind, monkeypatch, registers, tmp_path
):
    monkeypatch.setattr(store, "MEMORY", "300MB")
    day = tmp_path / "2025-06-01"
    day.mkdir()
    long = "repeat('abcde ghi ', 3000) || i"
    rows = RESULTS.replace(str(ROWS), "2000").replace("'mmol/mol'", long)
    duckdb.sql(f"COPY ({rows}) TO '{day}/LAB.{kind}'")
    landing = landed(day, registers)
    assert not landing.refused
    (count,) = landing.counts
    assert (count.read, count.kept, count.reasons["unit too long"]) == (2000, 0, 2000 - 2)
    refused = stored(registers, "quarantine")
    assert set(refused.source_row) == set(range(1, 2001))
    assert refused.content.str.len().min() > 30_000
