"""SAS files (sas7bdat), loaded into a table ``delivered`` of the engine in chunks, so that memory stays bounded."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyreadstat

from ddns_utils.errors import DataError

ROWS_AT_A_TIME = 100_000


def load_sas(path: Path, name: str, engine: duckdb.DuckDBPyConnection) -> None:
    """Load a sas7bdat file into the table ``delivered``: plain numbers as numbers; dates, by their format, as text.

    Raises DataError if it cannot be read to its end; a file that was cut off is not read in part.
    """
    try:
        first, _ = pyreadstat.read_sas7bdat(str(path), row_limit=1)
        numbers = [column for column in first if first[column].dtype == "float64"]
        schema = pa.schema([(column, pa.float64() if column in numbers else pa.string()) for column in first])
        engine.register("batch", schema.empty_table())
        engine.execute("CREATE OR REPLACE TEMP TABLE delivered AS SELECT * FROM batch")
        for chunk, _ in pyreadstat.read_file_in_chunks(pyreadstat.read_sas7bdat, str(path), chunksize=ROWS_AT_A_TIME):
            engine.register("batch", _as_arrow(chunk, schema))
            engine.execute("INSERT INTO delivered SELECT * FROM batch")
    except (pyreadstat.ReadstatError, ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{name} cannot be read as SAS: {error}. Send the whole file again.") from None


def _as_arrow(chunk: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(chunk[field.name], from_pandas=True).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
