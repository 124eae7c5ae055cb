"""A table of the store as a folder: Parquet files and the Delta log that says which of them are the table.

Files are written sorted by person, one for each year; a year of many rows in a table whose rows can be replaced is cut
by months, so that replacing a few rows writes few anew. Nothing counts before ``commit``.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import (
    AddAction,
    PostCommitHookProperties,
    RemoveAction,
    create_table_with_add_actions,
)

from ddns_utils.model import Table

ROWS_PER_WRITE, BYTES_PER_WRITE = 1_000_000, 200_000_000
ROWS_PER_BATCH = 4_096  # of the longest rows many more do not fit into memory
ROWS_PER_FILE = 10_000
SMALL_FILES = 16
ROWS_PER_GROUP = 122_880  # as DuckDB writes and reads in parallel
SAMPLE, FEW = 1_000, 1_000
_WRITTEN = re.compile(r"\d{8}-.*\.parquet")  # begins with the store's version
# Old versions of the store need the whole log.
KEEP_LOG = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
CHECKPOINT = 10  # commits; reading what was committed since the last one soon takes longer than another one


@dataclass(frozen=True)
class File:
    """A file of a table: its path inside the table's folder, year (None if the table has no time), rows and bytes."""

    path: str
    year: int | None
    rows: int
    bytes: int
    stats: str = ""

    @property
    def partition(self) -> dict[str, str | None]:
        """The year, as Delta writes it."""
        return {} if self.year is None else {"year": str(self.year)}


class TableFiles:
    """The files of one table, with the changes of one coming version of the store."""

    def __init__(self, folder: Path, model: type[Table], version: int) -> None:
        self.folder, self.model, self.version = folder, model, version
        self.schema = stored_schema(model)
        self.added: dict[str, File] = {}
        self.removed: dict[str, File] = {}

    @cached_property
    def _log(self) -> DeltaTable | None:
        return DeltaTable(str(self.folder)) if DeltaTable.is_deltatable(str(self.folder)) else None

    @cached_property
    def committed(self) -> dict[str, File]:
        """The files by their full path before the changes."""
        if self._log is None:
            return {}
        actions = pa.table(self._log.get_add_actions(flatten=True))
        told = ["path", *(["partition.year"] if self.model.time else []), "num_records", "size_bytes"]
        files = [
            File(a["path"], a.get("partition.year"), a["num_records"] or 0, a["size_bytes"])
            for a in actions.select(told).to_pylist()
        ]
        return {str(self.folder / file.path): file for file in files}

    @property
    def live(self) -> dict[str, File]:
        """The files by their full path after the changes."""
        return {path: file for path, file in (self.committed | self.added).items() if path not in self.removed}

    @property
    def changed(self) -> bool:
        """Whether there is something to commit."""
        return bool(self.added or self.removed)

    def write(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Add rows with the model's columns; those of one call are sorted together. Texts may be dictionary-encoded.

        Gives for each file that was written the places of its rows among those given.
        """
        if rows.num_rows == 0:
            return {}
        slices = _slices(rows, self.model)
        persons = _ranked(rows["person_id"]) if "person_id" in self.schema.names else None
        order = _order(slices, persons)
        taken = pa.array(order)
        columns = {
            field.name: _few(_typed(rows[field.name], field.type)).take(taken)
            for field in self.schema
            if field.name != "person_id"
        }
        if persons is not None:
            columns["person_id"] = persons.take(taken)
        ordered, slices = pa.table({name: columns[name] for name in self.schema.names}), slices[order]
        starts = [0, *(np.flatnonzero(np.diff(slices)) + 1).tolist(), len(slices)]
        return {
            self._write_file(
                ordered.slice(first, end - first), int(slices[first]) // 12 if self.model.time else None
            ): order[first:end]
            for first, end in itertools.pairwise(starts)
        }

    def remove(self, paths: set[str]) -> None:
        """Take files out of the table. What is on disk stays for earlier versions."""
        for path in paths:
            if path in self.added:
                del self.added[path]
                Path(path).unlink()
            else:
                self.removed[path] = self.committed[path]

    def fold(self) -> None:
        """Put small files of a year together where there are many, because every file costs its readers time."""
        small = {path: file for path, file in self.live.items() if file.rows < ROWS_PER_FILE}
        many = {year for year, number in Counter(file.year for file in small.values()).items() if number >= SMALL_FILES}
        paths = {path for path, file in small.items() if file.year in many}
        for part in parts(batch for path in sorted(paths) for batch in self.read(path).to_batches()):
            self.write(part)
        self.remove(paths)

    def read(self, path: str) -> pa.Table:
        """The rows of one of the files."""
        return pq.ParquetFile(path).read().select(self.schema.names).cast(self.schema)

    def commit(self) -> int:
        """Make the changes the table's next Delta version; gives its number."""
        self.fold()
        now = int(time.time() * 1000)
        by = ["year"] if self.model.time else []
        schema = Schema.from_arrow(pa.schema([*self.schema, *(pa.field(name, pa.int32()) for name in by)]))
        adds = [AddAction(f.path, f.bytes, f.partition, now, True, f.stats) for f in self.added.values()]
        if self._log is None:
            create_table_with_add_actions(str(self.folder), schema, adds, partition_by=by)
            return 0
        removes = [RemoveAction(f.path, True, now, f.bytes, f.partition) for f in self.removed.values()]
        self._log.create_write_transaction([*removes, *adds], "append", schema, by, post_commithook_properties=KEEP_LOG)
        version = self._log.version() + 1  # the store has one writer
        if version % CHECKPOINT == 0:
            self._log.update_incremental()
            self._log.create_checkpoint()
        return version

    def _write_file(self, rows: pa.Table, year: int | None) -> str:
        name = f"{self.version:08d}-{uuid4().hex[:12]}.parquet"
        path = name if year is None else f"year={year}/{name}"
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        groups = [_own_persons(rows.slice(first, ROWS_PER_GROUP)) for first in range(0, len(rows), ROWS_PER_GROUP)]
        with pq.ParquetWriter(target, rows.schema, store_schema=False, **_encoding(rows)) as writer:
            for group in groups:
                writer.write_table(group, ROWS_PER_GROUP)
        stats = {"numRecords": len(rows)}
        if self.model.time:
            days = pc.min_max(rows[self.model.time])
            bounds = {w: {self.model.time: day.as_py().isoformat()} for w, day in days.items() if day.is_valid}
            stats |= {f"{which}Values": bound for which, bound in bounds.items()}
        self.added[str(target)] = File(path, year, len(rows), target.stat().st_size, json.dumps(stats))
        return str(target)


def go_back(folder: Path, known: int, version: int) -> None:
    """Bring a table back to a Delta version, and remove the files of versions of the store after ``version``."""
    log = max(int(file.stem) for file in (folder / "_delta_log").glob("*.json"))
    if log != known:
        table = DeltaTable(str(folder))
        if sorted(table.file_uris()) != sorted(DeltaTable(str(folder), version=known).file_uris()):
            table.restore(known)
    for within, _, names in os.walk(folder):
        for name in names:
            if _WRITTEN.fullmatch(name) and int(name[:8]) > version:
                Path(within, name).unlink()


def parts(data: pa.Table | Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Data in tables of about ROWS_PER_WRITE rows, fewer if they are long, so that memory stays bounded."""
    batches = data.to_batches(max_chunksize=ROWS_PER_WRITE) if isinstance(data, pa.Table) else data
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if waiting and (rows >= ROWS_PER_WRITE or size + batch.nbytes > BYTES_PER_WRITE):
            yield pa.Table.from_batches(waiting)
            waiting, rows, size = [], 0, 0
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if waiting:
        yield pa.Table.from_batches(waiting)


def by_bytes(rows: pa.Table, most: int) -> Iterator[pa.Table]:
    """The rows in slices with about that many bytes of text, each row at its full length."""
    size = np.zeros(len(rows), dtype=np.int64)
    for column in map(_one, rows.columns):
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if pa.types.is_string(texts.type):
            length = pc.binary_length(texts)
            length = length if texts is column else length.take(column.indices)
            size += length.fill_null(0).to_numpy()
    slices = np.cumsum(size) // most
    starts = [0, *(np.flatnonzero(np.diff(slices)) + 1).tolist(), len(rows)]
    yield from (rows.slice(first, end - first) for first, end in itertools.pairwise(starts))


def stored_schema(model: type[Table]) -> pa.Schema:
    """The model's columns as they are stored: every one may be empty."""
    return pa.schema([column.with_nullable(True) for column in model.schema()])


def _slices(rows: pa.Table, model: type[Table]) -> np.ndarray:
    """For each row the file it belongs to: twelve times its year (0 without one), and the first month of its slice."""
    if not model.time:
        return np.zeros(len(rows), dtype=np.int32)
    years = pc.fill_null(pc.year(rows[model.time]), 0).to_numpy().astype(np.int32)
    slices = years * 12
    if not model.key or len(rows) < 2 * ROWS_PER_FILE:
        return slices
    months = pc.fill_null(pc.month(rows[model.time]), 1).to_numpy().astype(np.int32) - 1
    for year in np.unique(years):
        of_year = years == year
        monthly = of_year.sum() / len(np.unique(months[of_year]))
        long = next((length for length in (1, 2, 3, 4, 6) if length * monthly >= ROWS_PER_FILE), 12)
        slices[of_year] += months[of_year] // long * long
    return slices


def _order(slices: np.ndarray, persons: pa.DictionaryArray | None) -> np.ndarray:
    """The order of rows by slice, then person, then as given; sorted by 16 bits at a time, which numpy does fastest."""
    numbers = [slices]
    if persons is not None:
        numbers = [persons.indices.fill_null(len(persons.dictionary)).to_numpy(), slices]
    order = np.arange(len(slices))
    for digit in (part for number in numbers for part in (number & 0xFFFF, number >> 16)):
        if np.ptp(digit):
            order = order[np.argsort(digit.astype(np.uint16)[order], kind="stable")]
    return order


def _ranked(persons: pa.ChunkedArray) -> pa.DictionaryArray:
    """Persons as numbers that sort as the persons do. A person has many rows, so that few texts need be compared."""
    encoded = _one(persons)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(ranks).take(encoded.indices), encoded.dictionary.take(order))


def _own_persons(rows: pa.Table) -> pa.Table:
    """Rows sorted by person, with a dictionary of their own persons only: Parquet keeps the whole dictionary."""
    if "person_id" not in rows.column_names:
        return rows
    persons = _one(rows["person_id"])
    used = pc.unique(persons.indices).drop_null()
    indices = pc.index_in(persons.indices, used)
    own = pa.DictionaryArray.from_arrays(indices, persons.dictionary.take(used))
    return rows.set_column(rows.column_names.index("person_id"), "person_id", own)


def _few(column: pa.ChunkedArray) -> pa.Array:
    """A text of which there are few different ones as numbers into a dictionary; anything else as it is."""
    plain = _one(column)
    if pa.types.is_dictionary(plain.type):
        return plain if len(plain.dictionary) <= FEW else plain.dictionary_decode()
    if not pa.types.is_string(plain.type) or pc.count_distinct(plain.slice(0, SAMPLE)).as_py() > FEW / 10:
        return plain
    encoded = plain.dictionary_encode()
    return encoded if len(encoded.dictionary) <= FEW else plain


def _encoding(rows: pa.Table) -> dict:
    """Options for writing rows: for texts that are hardly ever the same, no dictionary, and no compression either if it
    takes away less than a tenth."""
    if len(rows) < SAMPLE:
        return {}
    dictionary, compression = [], {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        sample = _one(column.slice(0, SAMPLE))
        all_different = pa.types.is_string(sample.type) and len(sample.unique()) > 0.99 * SAMPLE
        if not all_different:
            dictionary.append(name)
        compression[name] = "none" if all_different and not _is_compressible(sample) else "snappy"
    return {"use_dictionary": dictionary, "compression": compression}


def _is_compressible(texts: pa.Array) -> bool:
    joined = "".join(texts.drop_null().to_pylist()).encode()
    return len(pa.compress(joined, "snappy", asbytes=True)) < 0.9 * len(joined)


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if pa.types.is_dictionary(column.type) else column.cast(kind)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
