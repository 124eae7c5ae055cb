"""The versioned store of registers. Nothing else opens data.

Each table of the model is a Delta Lake table, partitioned by year and sorted by person within a write. Delta is
atomic per table only, so the store has versions of its own: ``versions/<number>.json`` names the Delta version of
every table. That file is written last, in one step; a reader sees a version whole or not at all, and what a killed
writer left behind is undone by the next one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, cached_property
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake

from ddns_utils import engines
from ddns_utils.errors import DataError
from ddns_utils.merging import by_person, known_years, newest
from ddns_utils.model import TABLES, Table

ROWS_PER_WRITE = 2_000_000


@dataclass(frozen=True)
class Snapshot:
    """One version of the store: the Delta version of every table that has data."""

    path: Path
    version: int
    tables: dict[str, int] = field(hash=False)

    @cached_property
    def engine(self) -> ibis.BaseBackend:
        """The query engine: DuckDB in this process, or Spark if DDNS_ENGINE says so."""
        return engines.connect()

    def table(self, name: str, include_voided: bool = False) -> ibis.Table:
        """A table with the model's columns and types, empty if nothing was delivered.

        Rows that their sender withdrew are left out unless ``include_voided``. Raises DataError for a name that the
        model does not have.
        """
        model = _model(name)
        files = self._files(name)
        if not files:
            return ibis.memtable(_stored_schema(model).empty_table())
        stored = engines.read(self.engine, files, f"{name}_v{self.version}")
        rows = stored.select(*model.columns)
        return rows.filter(~rows[model.voided_by]) if model.voided_by and not include_voided else rows

    @cache  # noqa: B019 — a version never changes, and there are few of them
    def span(self, name: str) -> tuple[date, date] | None:
        """First and last day on which a table has rows, by its time column; None if it has no rows or no time."""
        time = _model(name).time
        if time is None:
            return None
        rows = self.table(name)
        first, last = self.engine.to_pyarrow(
            rows.aggregate(first=rows[time].min().cast("date"), last=rows[time].max().cast("date"))
        ).to_pylist()[0].values()  # fmt: skip
        return None if first is None else (first, last)

    def _files(self, name: str) -> list[str]:
        if name not in self.tables:
            return []
        return DeltaTable(_table_path(self.path, name), version=self.tables[name]).file_uris()


@dataclass(frozen=True)
class Registers:
    """A store in a folder. Opening one that does not exist yet gives an empty store, version 0."""

    path: Path

    def snapshot(self, version: int | None = None) -> Snapshot:
        """The latest version, or the one numbered ``version``; DataError if there is no such version."""
        latest = self.latest_version
        version = latest if version is None else version
        if version == 0:
            return Snapshot(self.path, 0, {})
        file = self._version_file(version)
        if not file.is_file():
            raise DataError(f"The registers in {self.path.name} have no version {version}. The latest is {latest}.")
        return Snapshot(self.path, version, json.loads(file.read_text())["tables"])

    @property
    def latest_version(self) -> int:
        """Number of the latest version; 0 while nothing has been delivered."""
        return max((int(file.stem) for file in (self.path / "versions").glob("*.json")), default=0)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Write to several tables as one: all of it becomes the next version, or nothing does.

        Raises DataError if somebody else is writing.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    f"Somebody else is writing to the registers in {self.path.name}. Try again when they are done."
                ) from None
            writer = Writer(self, self.snapshot())
            writer.roll_back()
            try:
                yield writer
            except BaseException:
                writer.roll_back()
                raise
            if writer.changed:
                self._publish(writer)

    def _publish(self, writer: Writer) -> None:
        tables = writer.snapshot.tables | {
            name: DeltaTable(_table_path(self.path, name)).version() for name in writer.changed
        }
        version = writer.snapshot.version + 1
        file = self._version_file(version)
        file.parent.mkdir(exist_ok=True)
        written = file.with_suffix(".tmp")
        with written.open("w") as out:
            json.dump(
                {"version": version, "written_at": datetime.now(UTC).isoformat(timespec="seconds"), "tables": tables},
                out,
            )
            out.flush()
            os.fsync(out.fileno())
        written.rename(file)

    def _version_file(self, version: int) -> Path:
        return self.path / "versions" / f"{version:08d}.json"


class Writer:
    """Writes of one coming version. Made by ``Registers.writing``."""

    def __init__(self, registers: Registers, snapshot: Snapshot) -> None:
        self.registers = registers
        self.snapshot = snapshot
        self.changed: set[str] = set()

    def append(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows with the model's columns to a table."""
        model = _model(name)
        for part in _parts(data):
            rows = part.select(list(model.columns)).cast(_stored_schema(model))
            if rows.num_rows == 0:
                continue
            by = ["year"] if model.time else None
            if model.time:
                rows = rows.append_column("year", pc.fill_null(pc.year(rows[model.time]), 0).cast(pa.int32()))
            if "person_id" in model.columns:
                rows = rows.take(by_person(rows))
            write_deltalake(_table_path(self.registers.path, name), rows, mode="append", partition_by=by)
            self.changed.add(name)

    def merge(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows, where a row with a key that is already there replaces it.

        Of several rows with one key the one with the latest ``order`` stays; among equals, and for tables without an
        order, the last one given. Tables without a key are only added to.
        """
        model = _model(name)
        if not model.key:
            return self.append(name, data)
        with duckdb.connect(config=engines.NO_EXTENSIONS) as engine:
            rows = newest(engine, model, data)
            path = _table_path(self.registers.path, name)
            files = DeltaTable(path).file_uris() if DeltaTable.is_deltatable(path) else []
            known = known_years(engine, model, files, rows)
            if not known:
                return self.append(name, rows.to_arrow_reader(ROWS_PER_WRITE))
            rows = rows.to_arrow_table().cast(_stored_schema(model))
        if model.time:
            rows = rows.append_column("year", pc.fill_null(pc.year(rows[model.time]), 0).cast(pa.int32()))
        same = " AND ".join(f'old."{column}" = new."{column}"' for column in model.key)
        if model.time:
            same += f" AND old.year IN ({', '.join(map(str, known))})"  # so that other years are not even read
        later = f'new."{model.order}" >= old."{model.order}"' if model.order else None
        merge = DeltaTable(path).merge(rows, predicate=same, source_alias="new", target_alias="old")
        merge.when_matched_update_all(predicate=later).when_not_matched_insert_all().execute()
        self.changed.add(name)
        return None

    def replace(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Put rows with the model's columns in place of all that a table has. Earlier versions keep theirs."""
        table = DeltaTable(_table_path(self.registers.path, name))
        table.delete()
        self.changed.add(name)
        self.append(name, data)

    def roll_back(self) -> None:
        """Put every table back to the state of ``snapshot``."""
        for folder in sorted((self.registers.path / "tables").glob("*")):
            known = self.snapshot.tables.get(folder.name)
            if known is None:
                shutil.rmtree(folder)
                continue
            table = DeltaTable(str(folder))
            if table.version() != known and sorted(table.file_uris()) != sorted(self.snapshot._files(folder.name)):
                table.restore(known)


def open_registers(path: Path | str | None = None) -> Registers:
    """The store at ``path``, else where DDNS_REGISTERS points, else the folder ``registers`` of the project."""
    chosen = path or os.environ.get("DDNS_REGISTERS")
    return Registers(Path(chosen).resolve() if chosen else _project() / "registers")


def open_snapshot() -> Snapshot:
    """What a notebook reads: the version that its run pinned (DDNS_STORE_VERSION), else the latest.

    Raises DataError if nothing has been delivered yet.
    """
    pinned = os.environ.get("DDNS_STORE_VERSION")
    snapshot = open_registers().snapshot(int(pinned) if pinned else None)
    if not snapshot.tables:
        raise DataError(f"The registers in {snapshot.path.name} are empty. Land deliveries first: ddns intake PATH.")
    return snapshot


def overview(snapshot: Snapshot, names: Iterable[str] = tuple(TABLES)) -> list[dict[str, object]]:
    """One row per table: table, rows, persons, first_day, last_day (None if it has none), Delta version."""
    lines = []
    for name in names:
        model, rows = _model(name), snapshot.table(name)
        persons = rows.person_id.nunique() if "person_id" in model.columns else ibis.literal(None, "int64")
        counts = snapshot.engine.to_pyarrow(rows.aggregate(rows=rows.count(), persons=persons)).to_pylist()[0]
        first, last = snapshot.span(name) or (None, None)
        lines.append(
            {"table": name, **counts, "first_day": first, "last_day": last, "version": snapshot.tables.get(name)}
        )
    return lines


def _project() -> Path:
    here = Path.cwd()
    return next(
        (p for p in (here, *here.parents) if (p / "notebooks").is_dir() and (p / "pyproject.toml").is_file()), here
    )


def _model(name: str) -> type[Table]:
    if name not in TABLES:
        raise DataError(f"The data model has no table '{name}'. It has: {', '.join(TABLES)}.")
    return TABLES[name]


def _table_path(path: Path, name: str) -> str:
    return str(path / "tables" / name)


def _stored_schema(model: type[Table]) -> pa.Schema:
    return pa.schema([column.with_nullable(True) for column in model.schema()])


def _parts(data: pa.Table | pa.RecordBatchReader) -> Iterator[pa.Table]:
    if isinstance(data, pa.Table):
        yield data
        return
    waiting: list[pa.RecordBatch] = []
    for batch in data:
        waiting.append(batch)
        if sum(part.num_rows for part in waiting) >= ROWS_PER_WRITE:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)
