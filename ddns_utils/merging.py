"""SQL of merging: which of several rows with one key stands, which files hold its key already, what takes their place.

The engine is DuckDB in this process, over rows in memory and the files of a table.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from ddns_utils.model import SQL_TYPES, Table


def scan(model: type[Table], paths: Iterable[str], *more: str) -> str:
    """SQL that reads files of a table with the model's columns and ``more``; without files, no rows."""
    if not paths:
        nothing = ", ".join(f'NULL::{SQL_TYPES[column.type]} AS "{name}"' for name, column in model.columns.items())
        return f"(SELECT {nothing} WHERE false)"
    options = [f"{name} = true" for name in more]
    return f"(SELECT {_names([*model.columns, *more])} FROM {read_files(paths, *options)})"


def keep_newest(engine: duckdb.DuckDBPyConnection, model: type[Table], rows: str) -> None:
    """Make the table ``newest`` with one row per key: the latest by the table's order, then the last given."""
    columns = _names(model.columns)
    order = f'"{model.order}" DESC, ' if model.order else ""
    newest_first = f"PARTITION BY {_names(model.key)} ORDER BY {order}given_as DESC"
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE newest AS SELECT {columns}
        FROM (SELECT {columns}, row_number() OVER () AS given_as FROM {rows})
        QUALIFY row_number() OVER ({newest_first}) = 1""")


def drop_earlier(engine: duckdb.DuckDBPyConnection, model: type[Table], stored: str) -> None:
    """Take rows out of ``newest`` that are earlier, by the table's order, than the stored row with their key."""
    if model.order:
        same = same_key(model, "newest", "stored")
        later = f'stored."{model.order}" > newest."{model.order}"'
        engine.execute(f"DELETE FROM newest USING {stored} AS stored WHERE {same} AND {later}")


def holding(engine: duckdb.DuckDBPyConnection, model: type[Table], paths: Iterable[str], rows: str) -> set[str]:
    """Which of a table's files have a row with any of the keys of ``rows``."""
    if not paths:
        return set()
    stored = f"(SELECT {_names(model.key)}, filename FROM {read_files(paths, 'filename = true')})"
    same = same_key(model, "stored", "new")
    found = engine.execute(f"SELECT DISTINCT filename FROM {stored} AS stored SEMI JOIN {rows} AS new ON {same}")
    return {path for (path,) in found.fetchall()}


def replaced(model: type[Table], rows: str, stored: str | None) -> str:
    """SQL for the stored rows, if any, whose key is not among the new ``rows``, and then the new rows."""
    columns = _names(model.columns)
    new = f"SELECT {columns} FROM {rows}"
    if stored is None:
        return new
    same = same_key(model, "stored", "new")
    return f"SELECT {columns} FROM {stored} AS stored ANTI JOIN {rows} AS new ON {same} UNION ALL {new}"


def hash_of_key(model: type[Table]) -> str:
    """SQL for a number that rows with one key have in common, and other rows hardly ever."""
    return f"hash({_names(model.key)})"


def met_twice(numbers: str) -> str:
    """SQL for those that occur more than once among the ``number`` of some rows. Sorting takes half of grouping."""
    return f"""
        SELECT DISTINCT number
        FROM (SELECT number, lag(number) OVER (ORDER BY number) AS before FROM ({numbers})) WHERE number = before"""


def same_key(model: type[Table], one: str, other: str) -> str:
    """SQL that says whether rows of two tables have one key; what may be empty is the same if both are."""
    is_ = {name: "IS NOT DISTINCT FROM" if model.columns[name].nullable else "=" for name in model.key}
    return " AND ".join(f'{one}."{name}" {is_[name]} {other}."{name}"' for name in model.key)


def read_files(paths: Iterable[str], *options: str) -> str:
    """SQL that reads Parquet files as they are."""
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet({', '.join([f'[{files}]', 'hive_partitioning = false', *options])})"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
