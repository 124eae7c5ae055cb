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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ddns_utils import engines, merging
from ddns_utils.errors import DataError
from ddns_utils.locks import hold, only_writer
from ddns_utils.model import TABLES
from ddns_utils.snapshot import Snapshot, table_model, table_path
from ddns_utils.table_files import ROWS_PER_BATCH, TableFiles, go_back, parts

LAND_FIRST = (
    "If they are elsewhere, name them by --registers or DDNS_REGISTERS; else land deliveries first: ddns intake PATH."
)
MEMORY, BUFFER, BUFFER_FOR_LONG_ROWS = "1GB", "64MB", "1MB"


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
            self._tables[name] = TableFiles(folder, table_model(name), self.snapshot.version + 1)
        return self._tables[name]

    @property
    def changed(self) -> dict[str, TableFiles]:
        """The tables that have been written to."""
        return {name: files for name, files in self._tables.items() if files.changed}

    def scan(self, name: str, paths: Iterable[str] | None = None, *more: str) -> str:
        """SQL that reads a table as it is after what has been written so far, or only these of its files.

        ``more`` names columns beside the model's: ``filename``.
        """
        return merging.scan(table_model(name), self.files(name).live if paths is None else paths, *more)

    def scan_before(self, name: str) -> str:
        """SQL that reads a table as it was before anything was written."""
        return merging.scan(table_model(name), self.files(name).committed)

    def append(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows with the model's columns to a table."""
        for part in parts(data):
            self.files(name).write(part)

    def merge(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows, where a row with a key that is already there replaces it.

        Of several rows with one key the one with the latest ``order`` stays; among equals, and for tables without an
        order, the last one given. Tables without a key are only added to.
        """
        if not table_model(name).key:
            self.append(name, data)
            return
        self.engine.register("given", data)
        self.merge_rows(name, "given")
        self.engine.unregister("given")

    def merge_rows(self, name: str, rows: str) -> None:
        """As ``merge``, of rows that the engine has; ``rows`` is SQL."""
        model = table_model(name)
        merging.keep_newest(self.engine, model, rows)
        holding = self.holding(name, "newest")
        merging.drop_earlier(self.engine, model, self.scan(name, holding))
        self.put(name, "newest", holding)
        self.engine.execute("DROP TABLE newest")

    def holding(self, name: str, rows: str) -> set[str]:
        """The files of a table that have rows with any of the keys in ``rows``, which is SQL."""
        return merging.holding(self.engine, table_model(name), self.files(name).live, rows)

    def put(self, name: str, rows: str, holding: set[str]) -> None:
        """Put rows, at most one of a key, in the place of those with their keys, which are in the files ``holding``.

        ``rows`` is SQL. Only those files are written anew.
        """
        together = merging.replaced(table_model(name), rows, self.scan(name, holding) if holding else None)
        self.append(name, self.engine.execute(together).to_arrow_reader(ROWS_PER_BATCH))
        self.files(name).remove(holding)

    @contextmanager
    def long_rows(self) -> Iterator[None]:
        """Rows put in here may have long texts, which the engine does not count in what it reads ahead."""
        self.engine.execute(f"SET streaming_buffer_size = '{BUFFER_FOR_LONG_ROWS}'")
        yield
        self.engine.execute(f"SET streaming_buffer_size = '{BUFFER}'")

    def replace(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Put rows with the model's columns in place of all that a table has. Earlier versions keep theirs."""
        self.files(name).remove(set(self.files(name).live))
        self.append(name, data)

    def add_columns(self) -> None:
        """Write tables anew that were written before one of their columns was declared."""
        for name in self.snapshot.tables:
            committed = next(iter(self.files(name).committed), None)
            if committed and not set(pq.read_schema(committed).names).issuperset(table_model(name).columns):
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
        raise DataError(f"The registers in {snapshot.path.name} are empty. {LAND_FIRST}")
    return snapshot


def _project() -> Path:
    here = Path.cwd()
    return next(
        (p for p in (here, *here.parents) if (p / "notebooks").is_dir() and (p / "pyproject.toml").is_file()), here
    )


def _columns() -> str:
    """Fingerprint of the columns that the model declares."""
    declared = {name: list(model.columns) for name, model in TABLES.items()}
    return hashlib.sha256(json.dumps(declared).encode()).hexdigest()[:16]
