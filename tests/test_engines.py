"""DuckDB and Spark give the same numbers for every indicator, on a small made-up Denmark."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest
from drawing import draw

from ddns_utils import courses, engines, kept
from ddns_utils.counting import ask
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators import INDICATORS
from ddns_utils.intake import land
from ddns_utils.period import Period
from ddns_utils.registers import Registers
from ddns_utils.snapshot import Snapshot
from ddns_utils.synthetic import synthesize

YEAR = Period.parse("2024")
# A session for tiny data: one thread, and no code is compiled for a query that reads a few hundred rows.
TINY = {
    "spark.master": "local[1]",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Registers:
    """600 made-up citizens, three years."""
    folder = tmp_path_factory.mktemp("small")
    synthesize(folder / "deliveries", 600, 3, until_year=2025)
    registers = Registers(folder / "registers")
    land(folder / "deliveries", registers)
    return registers


def on(engine: str, snapshot: Snapshot) -> Snapshot:
    """The snapshot, connected to an engine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DDNS_ENGINE", engine)
        assert snapshot.engine.name == {"duckdb": "duckdb", "spark": "pyspark"}[engine]
    return snapshot


@pytest.fixture(scope="module")
def both(small: Registers) -> Iterator[dict[str, Snapshot]]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for setting, value in TINY.items():
        builder = builder.config(setting, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    yield {engine: on(engine, small.snapshot()) for engine in engines.ENGINES}
    builder.getOrCreate().stop()


@pytest.fixture(scope="module")
def cells(both: dict[str, Snapshot]) -> Callable[[str, str], np.ndarray]:
    """The cells of an indicator on an engine, asked for once."""
    return cache(lambda engine, name: ask(INDICATORS[name], both[engine], YEAR))


@pytest.mark.spark
@pytest.mark.parametrize("name", INDICATORS)
def test_an_indicator_has_the_same_cells_on_both_engines(cells, name):
    assert np.allclose(cells("duckdb", name), cells("spark", name), rtol=1e-9, atol=1e-9)


@pytest.mark.spark
def test_most_indicators_have_something_to_compare(cells):
    empty = [name for name in INDICATORS if not cells("duckdb", name)[..., 1].any()]
    assert len(empty) < len(INDICATORS) / 4, empty


def test_an_engine_that_does_not_exist_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("DDNS_ENGINE", "sprak")
    with pytest.raises(DefinitionError, match="no engine 'sprak'"):
        draw("person\nperson_id\nanna", tmp_path).engine.list_tables()


def test_spark_that_is_not_installed_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("DDNS_ENGINE", "spark")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(DefinitionError, match=r"Spark is not installed. Install it \(make spark\)"):
        draw("person\nperson_id\nanna", tmp_path).engine.list_tables()


@pytest.mark.parametrize("given", ["5", "half", "60%", "0GB", "5 GB'; --"])
def test_memory_that_is_no_size_is_refused(monkeypatch, given):
    monkeypatch.setenv("DDNS_MEMORY", given)
    with pytest.raises(DefinitionError, match=r"DDNS_MEMORY is no size: .* Give a whole number and MB or GB"):
        engines.connect()


def test_duckdb_leaves_room_for_python_unless_told_otherwise(monkeypatch):
    def limit(connection):
        amount, unit = connection.sql("SELECT current_setting('memory_limit')").fetchone()[0].split()
        return float(amount) * {"MiB": 1, "GiB": 1024, "TiB": 1024**2}[unit]

    monkeypatch.delenv("DDNS_MEMORY", raising=False)
    assert limit(engines.connect().con) / limit(duckdb.connect()) == pytest.approx(0.75, abs=0.02)
    monkeypatch.setenv("DDNS_MEMORY", "2GiB")
    assert limit(engines.connect().con) == 2048


def test_stays_found_in_parts_are_those_found_at_once(monkeypatch, small):
    def stays():
        snapshot = small.snapshot()
        found = courses.hospital_stays(snapshot)
        return snapshot.engine.to_pandas(found.order_by("person_id", "start"))

    at_once = stays()
    asked = []
    monkeypatch.setattr(
        engines, "_keep_parts", lambda *given, keep=engines._keep_parts: asked.append(1) or keep(*given)
    )
    monkeypatch.setattr(kept, "ROWS_AT_ONCE", len(at_once) // 7)
    pd.testing.assert_frame_equal(stays(), at_once)
    assert asked


def test_whatever_a_pseudonym_is_its_rows_are_in_one_part():
    persons = ["", "0", "00ff", "5554", "5555", "5556", "aaaa", "aaab", "ffff", "anna", "ødis", "Å", None]
    engine = engines.connect()
    rows = ibis.memtable({"person_id": persons}, schema={"person_id": "string"})
    found = engine.to_pandas(engines.keep(engine, "kept", rows, parts=3))
    assert sorted(found.person_id.fillna("none")) == sorted(
        person or ("none" if person is None else "") for person in persons
    )


def test_of_a_table_kept_in_parts_nothing_stays_if_a_part_fails():
    engine = engines.connect()
    rows = ibis.memtable({"person_id": ["1", "x"]}).mutate(number=lambda t: t.person_id.cast("int64"))
    with pytest.raises(duckdb.ConversionException, match="Could not convert string 'x'"):
        engines.keep(engine, "kept", rows, parts=2)
    assert "kept" not in engine.list_tables()


def test_each_engine_spills_into_a_folder_of_its_own_encrypted_and_takes_it_away(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = [engines.connect() for _ in range(2)]
    for engine in opened:
        engine.raw_sql("SET memory_limit = '50MB'")
        engine.raw_sql("CREATE TEMP TABLE long AS SELECT 'a person ' || hash(i) AS text FROM range(5_000_000) AS r(i)")
    folders = list(tmp_path.iterdir())
    assert len(folders) == 2
    assert not any(b"a person" in file.read_bytes() for folder in folders for file in folder.iterdir())
    for engine in opened:
        engine.disconnect()
    assert not list(tmp_path.iterdir())
