"""One version of the store of registers, as readers see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import ibis
from deltalake import DeltaTable

from ddns_utils import engines
from ddns_utils.errors import DataError, did_you_mean
from ddns_utils.model import TABLES, Table
from ddns_utils.persons import present_pseudonyms, unite
from ddns_utils.table_files import stored_schema


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
        model = table_model(name)
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

    def stored_rows(self, name: str) -> int:
        """How many rows the files of a table have, as its log says; those that were withdrawn are among them."""
        if name not in self.tables:
            return 0
        return DeltaTable(str(table_path(self.path, name)), version=self.tables[name]).count()

    def span(self, name: str) -> tuple[date, date] | None:
        """First and last day on which a table has rows, by its time column; None if it has no rows or no time."""
        if name not in self._found_spans:
            self._found_spans[name] = self._find_span(name)
        return self._found_spans[name]

    def _find_span(self, name: str) -> tuple[date, date] | None:
        time = table_model(name).time
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


def overview(snapshot: Snapshot, names: Iterable[str] = tuple(TABLES)) -> list[dict[str, object]]:
    """One row per table: table, rows, persons, first_day, last_day (None if it has none), Delta version."""
    lines = []
    for name in names:
        model, rows = table_model(name), snapshot.table(name)
        persons = rows.person_id.nunique() if "person_id" in model.columns else ibis.literal(None, "int64")
        counts = snapshot.engine.to_pyarrow(rows.aggregate(rows=rows.count(), persons=persons)).to_pylist()[0]
        first, last = snapshot.span(name) or (None, None)
        lines.append(
            {"table": name, **counts, "first_day": first, "last_day": last, "version": snapshot.tables.get(name)}
        )
    return lines


def table_model(name: str) -> type[Table]:
    """The model of a table; DataError if there is none of that name."""
    if name not in TABLES:
        raise DataError(
            f"The data model has no table '{name}'. {did_you_mean(name, TABLES)}It has: {', '.join(TABLES)}."
        )
    return TABLES[name]


def table_path(path: Path, name: str) -> Path:
    """The folder of a table in a store."""
    return path / "tables" / name
