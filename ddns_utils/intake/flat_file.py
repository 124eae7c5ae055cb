"""A flat file as it was delivered, whatever its format: its columns, and its rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

FAULT, LINE = "fault of the line", "line as delivered"
BYTES_PER_READ = 1 << 20
ROWS_PER_BATCH, BYTES_PER_BATCH = 100_000, 50_000_000
_TEXTS = (
    *(pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary),
)


class Unreadable(Exception):  # noqa: N818
    """What an engine says of a file that it cannot read, or read on."""


@contextmanager
def reading() -> Iterator[None]:
    """Raise Unreadable for what goes wrong in here."""
    try:
        yield
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        raise Unreadable(str(error).partition("\n")[0]) from None


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class FlatFile:
    """An opened file: its columns, and a function that gives batches of those it is asked for, in the file's order.

    ``faulty`` says that they come with FAULT, what is wrong with a line as a whole, and LINE, such a line itself;
    ``instants`` are columns of instants of which the file does not say whether they are in UTC.
    """

    schema: pa.Schema
    read: Callable[[list[str]], Iterator[pa.RecordBatch]]
    faulty: bool = False
    instants: Collection[str] = ()

    def batches(self, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        """Batches of these columns; raises Unreadable."""
        with reading():
            yield from self.read(wanted)


def open_parquet(path: Path) -> FlatFile:
    """A Parquet file. Texts that are stored as numbers into a dictionary are read so, because that is quicker."""
    with reading():
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()

    def read(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        texts = [name for name in wanted if pa.types.is_string(schema.field(name).type)]
        encoded = [name for name in texts if _has_dictionaries(metadata, name)]
        rows = max(1, min(ROWS_PER_BATCH, BYTES_PER_BATCH // _bytes_per_row(metadata, wanted)))
        with pq.ParquetFile(path, read_dictionary=encoded, buffer_size=BYTES_PER_READ) as file:
            for batch in file.iter_batches(rows, columns=wanted, use_threads=False):
                batch = batch.cast(_with_texts(batch.schema))
                batch.validate(full=True)  # texts that are not UTF-8
                yield batch

    columns = map(metadata.schema.column, range(len(metadata.schema)))
    return FlatFile(_with_texts(schema), read, instants=[c.name for c in columns if c.physical_type == "INT96"])


def _with_texts(schema: pa.Schema) -> pa.Schema:
    """Texts of every kind as one; some systems write them without saying that they are texts."""
    return pa.schema([field.with_type(_one_text(field.type)) for field in schema])


def _one_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _one_text(kind.value_type))
    return pa.string() if any(is_text(kind) for is_text in _TEXTS) else kind


def _has_dictionaries(metadata: pq.FileMetaData, name: str) -> bool:
    return all(column.has_dictionary_page for column in _columns(metadata, [name]))


def _bytes_per_row(metadata: pq.FileMetaData, names: list[str]) -> int:
    return 1 + sum(column.total_uncompressed_size for column in _columns(metadata, names)) // (1 + metadata.num_rows)


def _columns(metadata: pq.FileMetaData, names: list[str]) -> Iterator[pq.ColumnChunkMetaData]:
    places = [metadata.schema.names.index(name) for name in names]
    for number in range(metadata.num_row_groups):
        yield from map(metadata.row_group(number).column, places)
