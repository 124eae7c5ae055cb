"""What the store has to know before it writes: which of several rows with one key stands, and where its key is already.

The engine is DuckDB in this process, over rows in memory and the files of a table.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.model import Table


def by_person(rows: pa.Table) -> pa.Array:
    """The order of rows by person. A person has many rows, so that few texts need be compared."""
    persons = rows["person_id"].combine_chunks().dictionary_encode()
    return pc.sort_indices(pc.take(pc.rank(persons.dictionary), persons.indices))


def newest(
    engine: duckdb.DuckDBPyConnection, model: type[Table], data: pa.Table | pa.RecordBatchReader
) -> duckdb.DuckDBPyRelation:
    """One row per key: the latest by the table's order, then the last given."""
    engine.register("given", data)
    columns = _names(model.columns)
    engine.execute(f"CREATE TEMP TABLE numbered AS SELECT {columns}, row_number() OVER () AS given_as FROM given")
    order = f'"{model.order}" DESC, ' if model.order else ""
    newest_first = f"PARTITION BY {_names(model.key)} ORDER BY {order}given_as DESC"
    return engine.sql(f"SELECT {columns} FROM numbered QUALIFY row_number() OVER ({newest_first}) = 1")


def known_years(
    engine: duckdb.DuckDBPyConnection, model: type[Table], files: list[str], rows: duckdb.DuckDBPyRelation
) -> list[int]:
    """The years (0 without one) in which a table's files have rows with any of the keys; if none, a merge only adds."""
    if not files:
        return []
    engine.register("newest", rows)
    engine.register("stored", engine.read_parquet(files, hive_partitioning=False))
    year = f'coalesce(year("{model.time}"), 0)' if model.time else "0"
    found = engine.sql(f"SELECT DISTINCT {year} FROM stored SEMI JOIN newest USING ({_names(model.key)})").fetchall()
    return sorted(year for (year,) in found)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
