"""Query engines: DuckDB in this process, or Spark where one machine is not enough. Only the store uses them.

``DDNS_ENGINE=spark`` chooses Spark, which needs the extra ``spark`` and Java 17; it takes its cluster from the
environment and its own files of settings, as any Spark program does. Rules are Ibis expressions and give the same
numbers on both; ``tests/test_engines.py`` says so for every indicator.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import ibis

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

    DuckDB takes four fifths of the memory and spills into a folder of its own among the system's temporary ones
    (TMPDIR); two engines that spill into one folder bring each other down.
    Raises DefinitionError for an engine that does not exist or is not installed.
    """
    name = os.environ.get("DDNS_ENGINE", "duckdb")
    if name not in ENGINES:
        raise DefinitionError(f"DDNS_ENGINE names no engine '{name}'. Choose one of: {', '.join(ENGINES)}.")
    if name == "spark":
        return _spark()
    return ibis.duckdb.connect(**NO_EXTENSIONS, **spilling(Path(tempfile.gettempdir()) / f"ddns-spill-{uuid4().hex}"))


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


def keep(engine: ibis.BaseBackend, name: str, rows: ibis.Table) -> ibis.Table:
    """Rows that are asked for again and again, under a name: computed once by DuckDB, and by Spark when first read."""
    if engine.name == "duckdb":
        return engine.create_table(name, rows, temp=True)
    view = engine.create_view(name, rows)
    engine._session.catalog.cacheTable(name)
    return view


def _spark() -> ibis.BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DefinitionError(
            "DDNS_ENGINE is spark, but Spark is not installed. Install it (make spark) or use duckdb."
        ) from None
    session = SparkSession.builder.appName("ddns").getOrCreate()
    return ibis.pyspark.connect(session.newSession(), **SPARK)  # a session of its own for each snapshot's kept tables
