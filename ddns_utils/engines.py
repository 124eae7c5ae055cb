"""Query engines: DuckDB in this process, or Spark where one machine is not enough. Only the store uses them.

``DDNS_ENGINE=spark`` chooses Spark, which needs the extra ``spark`` and Java 17; it takes its cluster from the
environment and its own files of settings, as any Spark program does. Rules are Ibis expressions and give the same
numbers on both; ``tests/test_engines.py`` says so for every indicator.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import ibis
from duckdb import DuckDBPyConnection

from ddns_utils.errors import DefinitionError

ENGINES = ("duckdb", "spark")
NO_EXTENSIONS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# What makes Spark answer as DuckDB does: clock time without zones, null instead of an error where there is no answer.
SPARK = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "false",
}


def connect() -> ibis.BaseBackend:
    """The engine that DDNS_ENGINE names, DuckDB if it names none.

    DuckDB plans with three fifths of the memory, its own four fifths lessened by a quarter: it takes up to 1 GB more,
    and Python stands beside it. DDNS_MEMORY, such as 5GB, says otherwise. It spills into a folder of its own among the
    system's temporary ones (TMPDIR); two engines that spill into one folder bring each other down.
    Raises DefinitionError for an engine that does not exist or is not installed, and for memory that is no size.
    """
    name = os.environ.get("DDNS_ENGINE", "duckdb")
    if name not in ENGINES:
        raise DefinitionError(f"DDNS_ENGINE names no engine '{name}'. Choose one of: {', '.join(ENGINES)}.")
    if name == "spark":
        return _spark()
    spill = Path(tempfile.gettempdir()) / f"ddns-spill-{uuid4().hex}"
    engine = ibis.duckdb.connect(**NO_EXTENSIONS, **spilling(spill))
    engine.con.execute(f"SET memory_limit = '{_memory(engine.con)}'")
    return engine


def _memory(duckdb: DuckDBPyConnection) -> str:
    """How much DuckDB plans with: DDNS_MEMORY, or its own choice, which knows a container's limit, less a quarter."""
    if given := os.environ.get("DDNS_MEMORY"):
        if not re.fullmatch(r"[1-9]\d* ?[MGT]i?B", given):
            raise DefinitionError(f"DDNS_MEMORY is no size: '{given}'. Give a whole number and MB or GB, such as 5GB.")
        return given
    amount, unit = duckdb.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
    return f"{float(amount) * 0.75} {unit}"


def spilling(folder: Path) -> dict[str, str]:
    """Settings by which DuckDB spills, encrypted, into a folder. It makes the folder when it has to, and removes it.

    Without an extension to download DuckDB encrypts by its own AES only if told that this is unsafe: the key, which
    stays in memory, comes from an ordinary random generator.
    """
    return {"temp_directory": str(folder), "temp_file_encryption": "true", "force_mbedtls_unsafe": "true"}


def read(engine: ibis.BaseBackend, files: Sequence[str], name: str) -> ibis.Table:
    """Parquet files as one table."""
    if engine.name == "duckdb":
        return engine.read_parquet(files, table_name=name, hive_partitioning=False)
    engine._session.read.parquet(*files).createOrReplaceTempView(name)
    return engine.table(name)


def keep(engine: ibis.BaseBackend, name: str, rows: ibis.Table, parts: int = 1) -> ibis.Table:
    """Rows that are asked for again and again, under a name: computed once by DuckDB, and by Spark when first read.

    With several ``parts`` DuckDB computes them for some persons at a time, as many as there are parts; Spark cuts its
    work itself.
    """
    if engine.name == "duckdb":
        return engine.create_table(name, rows, temp=True) if parts == 1 else _keep_parts(engine, name, rows, parts)
    view = engine.create_view(name, rows)
    engine._session.catalog.cacheTable(name)
    return view


def _keep_parts(engine: ibis.BaseBackend, name: str, rows: ibis.Table, parts: int) -> ibis.Table:
    person = rows.person_id.fill_null("")
    ends = [f"{part * 16**4 // parts:04x}" for part in range(1, parts)]  # pseudonyms begin with any hexadecimal digits
    kept = engine.create_table(name, schema=rows.schema(), temp=True)
    try:
        for first, end in itertools.pairwise(["", *ends, None]):
            engine.insert(name, rows.filter(person >= first, *(() if end is None else (person < end,))))
    except BaseException:
        engine.drop_table(name)
        raise
    return kept


def _spark() -> ibis.BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DefinitionError(
            "DDNS_ENGINE is spark, but Spark is not installed. Install it (make spark) or use duckdb."
        ) from None
    session = SparkSession.builder.appName("ddns").getOrCreate()
    return ibis.pyspark.connect(session.newSession(), **SPARK)  # a session of its own for each snapshot's kept tables
