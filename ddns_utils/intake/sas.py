"""SAS files (sas7bdat), read in chunks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyreadstat

from ddns_utils.errors import DataError
from ddns_utils.intake.flat_file import BYTES_PER_BATCH, ROWS_PER_BATCH, FlatFile

# Besides those that pyreadstat knows: the European ones, and those of the sender's own language.
_MORE_FORMATS = {
    "extra_date_formats": ["EURDFDD", "EURDFDE", "NLDATE"],
    "extra_datetime_formats": ["EURDFDT", "NLDATM"],
}


def open_sas(path: Path, name: str) -> FlatFile:
    """A sas7bdat file: plain numbers as numbers; dates, by their format, as text.

    Raises DataError if it cannot be read, and while it is read if it was cut off: it is not read in part.
    """
    with _sas_only(name):
        first, about = pyreadstat.read_sas7bdat(str(path), row_limit=1, **_MORE_FORMATS)
    numbers = [column for column in first if first[column].dtype == "float64"]
    schema = pa.schema([(column, pa.float64() if column in numbers else pa.string()) for column in first])

    def read(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        with _sas_only(name):
            kept = pa.schema([schema.field(column) for column in wanted])
            width = 1 + sum(about.variable_storage_width[column] for column in wanted)
            rows = max(1, min(ROWS_PER_BATCH, BYTES_PER_BATCH // width))
            chunks = pyreadstat.read_file_in_chunks(
                pyreadstat.read_sas7bdat, str(path), chunksize=rows, usecols=wanted, **_MORE_FORMATS
            )
            for chunk, _ in chunks:
                arrays = [pa.array(chunk[field.name], from_pandas=True).cast(field.type) for field in kept]
                yield pa.RecordBatch.from_arrays(arrays, schema=kept)

    return FlatFile(schema, read)


@contextmanager
def _sas_only(name: str) -> Iterator[None]:
    try:
        yield
    except (pyreadstat.ReadstatError, ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{name} cannot be read as SAS: {error}. Send the whole file again.") from None
