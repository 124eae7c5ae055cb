"""Flat register files (CSV, Parquet, SAS): their rows checked, pseudonymised, and staged or written.

Rows of a table with a key are staged, to be settled, if they are few; others are written into the store at once. A
million rows at a time; nothing counts before the store's version is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.errors import DataError
from ddns_utils.intake.account import Fate
from ddns_utils.intake.answers import DIFFERENT, answer, forget_persons
from ddns_utils.intake.at_once import may_be_written, write_at_once
from ddns_utils.intake.delimited import open_csv
from ddns_utils.intake.deliveries import TEXTS, DeliveredFile
from ddns_utils.intake.first_receipt import FIRST
from ddns_utils.intake.flat_file import FAULT, LINE, FlatFile, Unreadable, open_parquet
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.intake.flat_rows import Question, fields_of, questions, refused_query
from ddns_utils.intake.pseudonym import hide
from ddns_utils.intake.sas import open_sas
from ddns_utils.intake.staging import FEW_ROWS, Staging
from ddns_utils.model import TABLES
from ddns_utils.table_files import by_bytes, parts

REFUSED = "refused_rows"
BYTES_REFUSED = 10_000_000  # at a time: the engine holds their texts several times over


def stage_flat(file: DeliveredFile, arrival: int, staged: Staging) -> None:
    """Check a file's rows and stage or write them. DataError, and nothing of it, if it is no file of its register."""
    try:
        *ways, last = _open(file, staged)
        for way in ways:
            try:
                _take(file, arrival, way, staged)
            except Unreadable:
                continue  # a badly formed line: which ones, only reading line by line can say
            return
        _take(file, arrival, last, staged)
    except (Unreadable, duckdb.Error, pa.ArrowException) as error:
        reason = hide(str(error).splitlines()[0].replace(str(staged.folder / "delivered"), "delivered")).rstrip(".")
        kind = file.path.suffix[1:].upper()
        raise DataError(f"{file.name} cannot be read as {kind}: {reason}. Send the whole file again.") from None


def _open(file: DeliveredFile, staged: Staging) -> list[FlatFile]:
    """The ways to read a file, the quickest first."""
    # Under a name of our own, because DuckDB would read * and [ in a path as a pattern.
    path = staged.folder / f"delivered{file.path.suffix.lower()}"
    path.unlink(missing_ok=True)
    path.symlink_to(file.path.resolve())
    if path.suffix == ".parquet":
        return [open_parquet(path)]
    return open_csv(path, file.name, staged.flat_engine) if path.suffix in TEXTS else [open_sas(path, file.name)]


def _take(file: DeliveredFile, arrival: int, way: FlatFile, staged: Staging) -> None:
    kinds = _kinds(file, way, staged.flat_engine)
    forget_persons(staged.flat_engine)
    tables = [_Table(table, file, arrival, kinds, way.faulty, staged) for table in REGISTERS[file.source].tables]
    first = 0
    with staged.whole():
        for rows in parts(way.batches([name for name, _ in kinds.values()])):
            rows = rows.unify_dictionaries()
            for table in tables:
                table.take(rows, first)
            first += len(rows)
        for table in tables:
            table.finish()


def _kinds(file: DeliveredFile, way: FlatFile, engine: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """The fields that are read, by upper-case name, with their name and SQL type; DataError if one is not to be had."""
    wanted, optional = fields_of(file.source), REGISTERS[file.source].optional
    names = {name.upper(): name for name in way.schema.names}
    missing = [field for field in wanted if field not in names and field not in optional]
    if missing:
        found = ", ".join(map(hide, way.schema.names))
        plural = "s" if len(missing) > 1 else ""
        raise DataError(f"{file.name} has no column{plural} {', '.join(missing)}. Columns found: {found}.")
    times = Counter(name.upper() for name in way.schema.names)
    twice = [field for field in wanted if times[field] > 1]
    if twice:
        raise DataError(f"{file.name} has more than one column {', '.join(twice)}. Send each column once.")
    schema = pa.schema([way.schema.field(names[field]) for field in wanted if field in names])
    _require_readable(file, schema, way.instants)
    engine.register("delivered", schema.empty_table())
    described = engine.execute("DESCRIBE delivered").fetchall()
    return {name.upper(): (name, kind) for name, kind, *_ in described}


def _require_readable(file: DeliveredFile, schema: pa.Schema, instants: Collection[str]) -> None:
    odd = {
        "more than one value in a row of {}. Send one value a row.": lambda f: pa.types.is_nested(f.type),
        "times in {} that may be in UTC or not, because they are stored as INT96. Send text, or timestamps without a "
        "time zone.": lambda f: f.name in instants,
        "numbers in {} of a kind that is not read. Send text, or numbers of eight bytes.": lambda f: (
            pa.types.is_float16(f.type) or pa.types.is_decimal256(f.type)
        ),
    }
    for what, is_odd in odd.items():
        if found := ", ".join(field.name for field in schema if is_odd(field)):
            raise DataError(f"{file.name} has {what.format(found)}")


class _Table:
    """One table that a file fills."""

    def __init__(
        self,
        table: str,
        file: DeliveredFile,
        arrival: int,
        kinds: dict[str, tuple[str, str]],
        faulty: bool,
        staged: Staging,
    ) -> None:
        self.name, self.model, self.file, self.arrival, self.staged = table, TABLES[table], file, arrival, staged
        self.kinds, self.faulty = kinds, faulty
        self.kept, self.superseded, self.days = 0, 0, set[date]()

    @cache  # noqa: B019 — a table is gone after its file
    def _questions(self, few: bool) -> list[Question]:
        return questions(self.file.source, self.file.delivery_id, self.name, self.kinds, DIFFERENT, as_one=few)

    def take(self, rows: pa.Table, first: int) -> None:
        """Stage or write the good rows of those from the file's row ``first`` on, and stage the others."""
        asked = self._questions(len(rows) <= FEW_ROWS)
        columns, bad = answer(asked, rows, self.staged.flat_engine, self.staged.pseudonyms)
        if self.faulty:
            bad |= rows[FAULT].is_valid().to_numpy()
        numbers = np.arange(first, first + len(rows))
        columns["delivery_id"] = _always(self.file.delivery_id, len(rows))
        if FIRST in self.model.columns:  # by what is known of this row alone
            columns[FIRST] = pa.repeat(self.file.received_at.date(), len(rows))
        if self.model.sent_by:
            told = pc.unique(columns[self.model.sent_by]).to_pylist()
            self.staged.systems[self.file.delivery_id] |= set(told) - {None}
        for field in self.model.schema():
            if field.name not in columns:  # looked up later
                columns[field.name] = pa.nulls(len(rows), field.type)
        checked = pa.table({name: columns[name] for name in self.model.columns})
        if bad.any():
            self._refuse(rows.filter(pa.array(bad)).append_column("file_row_number", pa.array(numbers[bad])))
            checked, numbers = checked.filter(pa.array(~bad)), numbers[~bad]
        if self.model.key and may_be_written(self.name, len(checked)):
            write_at_once(self.name, checked, numbers + 1, self.arrival, self.staged)
        elif self.model.key:
            self.staged.stage_good(self.name, checked, numbers + 1, self.arrival)
        else:
            read = len(checked)
            checked = self._not_replaced(checked)
            self.staged.writer.files(self.name).write(checked)
            self.superseded += read - len(checked)
            self.kept += len(checked)
            self.days |= {day for day in pc.min_max(checked[self.model.time]).as_py().values() if day}

    def _not_replaced(self, checked: pa.Table) -> pa.Table:
        if (replaced := self.staged.replaced_since(self.name)) == "false":
            return checked
        self.staged.engine.register("checked", checked)
        return self.staged.engine.execute(f"FROM checked WHERE NOT ({replaced})").to_arrow_table()

    def _refuse(self, rows: pa.Table) -> None:
        about = self.file.source, self.file.delivery_id, self.name, self.kinds, REFUSED, self.arrival
        query = refused_query(*about, *[FAULT, LINE] * self.faulty)
        for part in by_bytes(rows, BYTES_REFUSED):
            self.staged.flat_engine.register(REFUSED, part)
            self.staged.stage({self.name: query}, few=self.staged.is_little(self.name, part))

    def finish(self) -> None:
        """Tell what has become of rows that are in the store already."""
        if self.kept or self.superseded:
            days = min(self.days, default=None), max(self.days, default=None)
            self.staged.fates.append(Fate(self.file.delivery_id, self.name, self.kept, 0, self.superseded, *days, {}))


def _always(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text]))
