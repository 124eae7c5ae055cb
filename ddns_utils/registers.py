"""The versioned store of registers. Nothing else opens data.

Each table of the model is a Delta Lake table, partitioned by year and sorted by person within a write. Delta is
atomic per table only, so the store has versions of its own: ``versions/<number>.json`` names the Delta version of
every table. That file is written last, in one step; a reader sees a version whole or not at all, and what a killed
writer left behind is undone by the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from ddns_utils import engines, merging
from ddns_utils.errors import DataError
from ddns_utils.locks import hold, only_writer
from ddns_utils.model import TABLES, Table
from ddns_utils.persons import present_pseudonyms, unite
from ddns_utils.table_files import ROWS_PER_BATCH, TableFiles, go_back, parts, stored_schema

MEMORY, BUFFER = "1GB", "64MB"


@dataclass(frozen=True)
class Snapshot:
    """One version of the store: the Delta version of every table that has data.

    As long as somebody has it open the version is not dropped.
    """

    path: Path
    version: int
    tables: dict[str, int] = field(hash=False)

    @cached_property
    def engine(self) -> ibis.BaseBackend:
        """The query engine: DuckDB in this process, or Spark if DDNS_ENGINE says so."""
        return engines.connect()

    def table(
        self, name: str, include_voided: bool = False, as_delivered: bool = False, person_id: str | None = None
    ) -> ibis.Table:
        """A table with the model's columns and types, empty if nothing was delivered; or its rows of one person.

        Rows that their sender withdrew are left out unless ``include_voided``. Rows of a person with several CPR
        numbers have the present pseudonym, unless ``as_delivered``. Raises DataError for a name that the model does
        not have.
        """
        model = _model(name)
        files = self._files(name)
        if not files:
            return ibis.memtable(stored_schema(model).empty_table())
        stored = engines.read(self.engine, files, f"{name}_v{self.version}")
        # A version from before a column was declared has nothing in it.
        types = ibis.schema(stored_schema(model))
        rows = stored.select(
            *(stored[c] if c in stored.columns else ibis.null(types[c]).name(c) for c in model.columns)
        )
        if model.voided_by and not include_voided:
            rows = rows.filter(~rows[model.voided_by])
        if "person_id" not in model.columns:
            return rows
        if person_id is not None:  # before pseudonyms are united, so that the engine skips what is about others
            rows = rows.filter(rows.person_id.isin(self._pseudonyms_of(person_id)))
        if not as_delivered and self._number_changes is not None:
            rows = unite(model, rows, self._number_changes)
        return rows if person_id is None else rows.filter(rows.person_id == person_id)

    def _pseudonyms_of(self, person_id: str) -> list[str]:
        """A person's pseudonym and the former ones."""
        changes = self._number_changes
        if changes is None:
            return [person_id]
        former = self.engine.to_pyarrow(changes.filter(changes.present == person_id).former)
        return [person_id, *former.to_pylist()]

    @cached_property
    def _number_changes(self) -> ibis.Table | None:
        """Former pseudonyms with the present ones; None if nobody has changed number."""
        if "number_change" not in self.tables:
            return None
        rows = self.table("number_change", as_delivered=True)
        changes = self.engine.to_pyarrow(rows.select("former_person_id", "person_id"))
        replaced_by = dict(zip(*(column.to_pylist() for column in changes.columns), strict=True))
        return ibis.memtable(present_pseudonyms(replaced_by))

    def span(self, name: str) -> tuple[date, date] | None:
        """First and last day on which a table has rows, by its time column; None if it has no rows or no time."""
        if name not in self._found_spans:
            self._found_spans[name] = self._find_span(name)
        return self._found_spans[name]

    def _find_span(self, name: str) -> tuple[date, date] | None:
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
        if name not in self._found_files:
            table = DeltaTable(str(table_path(self.path, name)), version=self.tables[name])
            # Delta writes a space or a letter such as ø in the folder's name as in an address; engines do not.
            self._found_files[name] = [unquote(uri) for uri in table.file_uris()]
        return self._found_files[name]

    # What was found is kept with the snapshot: a cache of its methods would keep the version open for ever.
    @cached_property
    def _found_spans(self) -> dict[str, tuple[date, date] | None]:
        return {}

    @cached_property
    def _found_files(self) -> dict[str, list[str]]:
        return {}


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
        file = self.version_file(version)
        try:
            held = hold(file)
        except FileNotFoundError:
            raise DataError(
                f"The registers in {self.path.name} have no version {version}. The latest is {latest}; earlier ones "
                "are gone if they were dropped (ddns drop-versions)."
            ) from None
        found = Snapshot(self.path, version, json.loads(file.read_text())["tables"])
        weakref.finalize(found, os.close, held)
        return found

    @property
    def versions(self) -> list[int]:
        """Numbers of the versions that there are, oldest first."""
        return sorted(int(file.stem) for file in (self.path / "versions").glob("*.json"))

    @property
    def latest_version(self) -> int:
        """Number of the latest version; 0 while nothing has been delivered."""
        return max(self.versions, default=0)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Write to several tables as one: all of it becomes the next version, or nothing does.

        Raises DataError if somebody else is writing, or the folder's path cannot be written to.
        """
        if escape := re.search("%[0-9A-Fa-f]{2}", str(self.path)):
            raise DataError(
                f"The registers are in a folder with {escape[0]} in its path, which Delta Lake takes for another sign. "
                "Rename the folder."
            )
        with only_writer(self.path):
            with self._engine() as engine:
                writer = Writer(self, self.snapshot(), engine)
                writer.roll_back()
                if self._columns_of(writer.snapshot.version) != _columns():
                    writer.add_columns()
                if writer.changed:
                    self._publish(writer)
                    writer = Writer(self, self.snapshot(), engine)
                try:
                    yield writer
                except BaseException:
                    writer.roll_back()
                    raise
            if writer.changed:
                self._publish(writer)

    @contextmanager
    def _engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An engine with bounded memory that spills into a folder of the store, gone after the landing."""
        spill = self.path / ".spill"
        shutil.rmtree(spill, ignore_errors=True)
        config = engines.NO_EXTENSIONS | engines.spilling(spill) | {"memory_limit": MEMORY}
        config["disabled_optimizers"] = "in_clause"  # comparing with a list of codes is quicker than joining with it
        try:
            with duckdb.connect(config=config) as engine:
                engine.execute("SET parquet_metadata_cache = true")  # no file of the store is ever written again
                engine.execute(f"SET streaming_buffer_size = '{BUFFER}'")  # with the usual 1 MB threads mostly wait
                yield engine
        finally:
            shutil.rmtree(spill, ignore_errors=True)

    def _publish(self, writer: Writer) -> None:
        tables = writer.snapshot.tables | {name: files.commit() for name, files in writer.changed.items()}
        version = writer.snapshot.version + 1
        file = self.version_file(version)
        file.parent.mkdir(exist_ok=True)
        written = file.with_suffix(".tmp")
        with written.open("w") as out:
            json.dump(
                {
                    "version": version,
                    "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "columns": _columns(),
                    "tables": tables,
                },
                out,
            )
            out.flush()
            os.fsync(out.fileno())
        written.rename(file)

    def _columns_of(self, version: int) -> str | None:
        """Fingerprint of the columns that were declared when a version was written."""
        return json.loads(self.version_file(version).read_text()).get("columns") if version else None

    def version_file(self, version: int) -> Path:
        """The file that says what a version consists of."""
        return self.path / "versions" / f"{version:08d}.json"


class Writer:
    """Writes of one coming version. Made by ``Registers.writing``.

    ``engine`` is DuckDB, with bounded memory and a folder to spill to; what it reads of the store it is told in SQL by
    ``scan``.
    """

    def __init__(self, registers: Registers, snapshot: Snapshot, engine: duckdb.DuckDBPyConnection) -> None:
        self.registers, self.snapshot, self.engine = registers, snapshot, engine
        self._tables: dict[str, TableFiles] = {}

    def files(self, name: str) -> TableFiles:
        """The files of a table as they are after what has been written so far."""
        if name not in self._tables:
            folder = table_path(self.registers.path, name)
            self._tables[name] = TableFiles(folder, _model(name), self.snapshot.version + 1)
        return self._tables[name]

    @property
    def changed(self) -> dict[str, TableFiles]:
        """The tables that have been written to."""
        return {name: files for name, files in self._tables.items() if files.changed}

    def scan(self, name: str, paths: Iterable[str] | None = None, *more: str) -> str:
        """SQL that reads a table as it is after what has been written so far, or only these of its files.

        ``more`` names columns beside the model's: ``filename``.
        """
        return merging.scan(_model(name), self.files(name).live if paths is None else paths, *more)

    def scan_before(self, name: str) -> str:
        """SQL that reads a table as it was before anything was written."""
        return merging.scan(_model(name), self.files(name).committed)

    def append(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows with the model's columns to a table."""
        for part in parts(data):
            self.files(name).write(part)

    def merge(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows, where a row with a key that is already there replaces it.

        Of several rows with one key the one with the latest ``order`` stays; among equals, and for tables without an
        order, the last one given. Tables without a key are only added to.
        """
        if not _model(name).key:
            self.append(name, data)
            return
        self.engine.register("given", data)
        self.merge_rows(name, "given")
        self.engine.unregister("given")

    def merge_rows(self, name: str, rows: str) -> None:
        """As ``merge``, of rows that the engine has; ``rows`` is SQL."""
        model = _model(name)
        merging.keep_newest(self.engine, model, rows)
        holding = self.holding(name, "newest")
        merging.drop_earlier(self.engine, model, self.scan(name, holding))
        self.put(name, "newest", holding)
        self.engine.execute("DROP TABLE newest")

    def holding(self, name: str, rows: str) -> set[str]:
        """The files of a table that have rows with any of the keys in ``rows``, which is SQL."""
        return merging.holding(self.engine, _model(name), self.files(name).live, rows)

    def put(self, name: str, rows: str, holding: set[str]) -> None:
        """Put rows, at most one of a key, in the place of those with their keys, which are in the files ``holding``.

        ``rows`` is SQL. Only those files are written anew.
        """
        together = merging.replaced(_model(name), rows, self.scan(name, holding) if holding else None)
        self.append(name, self.engine.execute(together).to_arrow_reader(ROWS_PER_BATCH))
        self.files(name).remove(holding)

    def replace(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Put rows with the model's columns in place of all that a table has. Earlier versions keep theirs."""
        self.files(name).remove(set(self.files(name).live))
        self.append(name, data)

    def add_columns(self) -> None:
        """Write tables anew that were written before one of their columns was declared."""
        for name in self.snapshot.tables:
            committed = next(iter(self.files(name).committed), None)
            if committed and not set(pq.read_schema(committed).names).issuperset(_model(name).columns):
                rows = self.snapshot.table(name, include_voided=True, as_delivered=True)
                self.replace(name, self.snapshot.engine.to_pyarrow_batches(rows))

    def roll_back(self) -> None:
        """Put every table back to the state of ``snapshot``, and remove what was written since."""
        self._tables.clear()
        for folder in sorted((self.registers.path / "tables").glob("*")):
            known = self.snapshot.tables.get(folder.name)
            if known is None:
                shutil.rmtree(folder)
                continue
            go_back(folder, known, self.snapshot.version)


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


def _columns() -> str:
    """Fingerprint of the columns that the model declares."""
    declared = {name: list(model.columns) for name, model in TABLES.items()}
    return hashlib.sha256(json.dumps(declared).encode()).hexdigest()[:16]


def _model(name: str) -> type[Table]:
    if name not in TABLES:
        raise DataError(f"The data model has no table '{name}'. It has: {', '.join(TABLES)}.")
    return TABLES[name]


def table_path(path: Path, name: str) -> Path:
    """The folder of a table in a store."""
    return path / "tables" / name
