"""Checked rows on their way into the store: Parquet files in a folder of their own, so that memory stays bounded.

The first few rows of a table are kept in the engine instead: much quicker for the reports of a day, but every table of
an engine takes memory that does not spill. What is staged has the columns of its table, then ``arrival`` (the file's
number in this landing), ``source_row``, ``reasons`` (NULL for a good row), ``content`` (the refused row as JSON,
without CPR numbers) and ``staged_as``, a number of its own. A delivery is staged in whole or not at all. The folder
lives inside the registers and is emptied before and after every landing.
"""

from __future__ import annotations

import itertools
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddns_utils.intake import contract, fhir, flat_text
from ddns_utils.intake.account import Fate
from ddns_utils.intake.invariants import broken_rules, rules_of, severity_of
from ddns_utils.intake.kl_gateway import DELIVERY_ID, NO_SHAPE, Rows
from ddns_utils.intake.pseudonym import Pseudonyms, hide_in_json, may_hold_cpr
from ddns_utils.intake.replacing import replaced_since
from ddns_utils.model import TABLES, Table
from ddns_utils.registers import Writer

FEW_ROWS, FEW_BYTES = 20_000, 100_000_000
ROWS_PER_GROUP = 8_192
QUARANTINE, FINDING = "quarantine", "finding"


@dataclass(frozen=True)
class _Source:
    """Something staged: as SQL the name of a file, or of a table of the engine for ``few`` rows; and how many rows."""

    sql: str
    rows: int
    few: bool


class Staging:
    """What one landing has staged, and the engine that it is staged and settled with.

    ``fates`` tell of rows that were written at once instead of being staged, ``received`` on which day each delivery of
    the landing was received, ``systems`` which clinic systems the rows of each say they were sent from. ``written`` are
    files of a table that may be taken back: where the numbers of their rows are, and the arrival.
    """

    def __init__(self, folder: Path, writer: Writer, pseudonyms: Pseudonyms) -> None:
        self.folder, self.writer, self.engine, self.pseudonyms = folder, writer, writer.engine, pseudonyms
        self.fates: list[Fate] = []
        self.received: dict[str, date] = {}
        self.systems: dict[str, set[str]] = defaultdict(set)
        self.written: dict[str, dict[str, tuple[Path, int]]] = {}
        self.sources: dict[str, list[_Source]] = {}
        self._numbers, self._rows, self._bytes = itertools.count(), 0, 0
        self._replaced: dict[str, str] = {}

    @cached_property
    def flat_engine(self) -> duckdb.DuckDBPyConnection:
        """The engine, taught to read the text of flat files."""
        flat_text.teach(self.engine)
        return self.engine

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is staged or written in here comes in whole or, if something fails, not at all."""
        staged = self._staged()
        written = {name: set(files.added) for name, files in self.writer.changed.items()}
        try:
            yield
        except BaseException:
            self._forget(staged)
            for name, files in self.writer.changed.items():
                files.remove(set(files.added) - written.get(name, set()))
            raise

    @contextmanager
    def again(self) -> Iterator[list[Fate]]:
        """Only what is written in here counts, not what is staged, because it was before; gives the fates of rows."""
        staged, fates = self._staged(), list[Fate]()
        yield fates
        fates += self._forget(staged)

    def _staged(self) -> tuple[dict[str, list[_Source]], int]:
        return {table: list(sources) for table, sources in self.sources.items()}, len(self.fates)

    def _forget(self, staged: tuple[dict[str, list[_Source]], int]) -> list[Fate]:
        """Forget what was staged since; gives the fates told since."""
        before, told = staged
        for table, sources in self.sources.items():
            for source in sources[len(before.get(table, ())) :]:
                self._drop(source)
        self.sources, fates = before, self.fates[told:]
        del self.fates[told:]
        return fates

    def stage(self, parts: dict[str, str], few: bool = False) -> None:
        """Stage what each table's query gives; all of them or, if one fails, none. ``few``: there are few rows."""
        with self.whole():
            for table, query in parts.items():
                numbered = f"SELECT *, {self._rows} + row_number() OVER () AS staged_as FROM ({query})"
                source = self._keep(table, numbered, few and self.few(table))
                self.sources.setdefault(table, []).append(source)
                self._rows += source.rows

    def stage_good(self, table: str, rows: pa.Table, source_rows: np.ndarray, arrival: int) -> None:
        """Stage rows of a table that break no rule."""
        more = {
            "arrival": pa.array(np.full(len(rows), arrival)),
            "source_row": pa.array(source_rows),
            "reasons": pa.nulls(len(rows), pa.string()),
            "content": pa.nulls(len(rows), pa.string()),
            "staged_as": pa.array(np.arange(self._rows + 1, self._rows + 1 + len(rows))),
        }
        for name, column in more.items():
            rows = rows.append_column(name, column)
        self._rows += len(rows)
        if few := self.is_little(table, rows):
            self.engine.register("given", rows)
            source = self._keep(table, "FROM given", few)
        else:  # in a third of the time that the engine takes
            path = self.folder / f"{table}-{next(self._numbers)}.parquet"
            texts = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
            pq.write_table(rows, path, use_dictionary=texts, compression="lz4")
            source = _Source(f"'{path}'", len(rows), few)
        self.sources.setdefault(table, []).append(source)

    def replaced_since(self, table: str) -> str:
        """SQL that says of a table's row whether a delivery in the store has replaced its period later."""
        if table not in self._replaced:
            self._replaced[table] = replaced_since(table, self.writer)
        return self._replaced[table]

    def _drop(self, source: _Source) -> None:
        if source.few:
            self.engine.execute(f"DROP TABLE {source.sql}")
        else:
            Path(source.sql[1:-1]).unlink()

    @property
    def tables(self) -> list[str]:
        """The tables with something to settle, in the order to do so."""
        there = self.sources.keys() | self.written.keys()
        return [name for name in TABLES if name in there and name not in (QUARANTINE, FINDING)]

    def put_in_place(self, table: str, query: str) -> str:
        """Stage what the query gives in the place of all that was staged for a table; gives SQL that reads it."""
        self.sources[table] = [self._keep(table, query, self.few(table))]
        return self.rows(table)

    def is_little(self, table: str, rows: pa.Table) -> bool:
        """Whether rows are few and short enough to be kept in the engine, beside those that it has."""
        little = self.few(table) and len(rows) <= FEW_ROWS and self._bytes + rows.nbytes <= FEW_BYTES
        self._bytes += little * rows.nbytes
        return little

    def few(self, table: str) -> bool:
        """Whether the engine has all that is staged for a table, and that is few rows, or none."""
        sources = self.sources.get(table, ())
        return all(source.few for source in sources) and sum(source.rows for source in sources) <= FEW_ROWS

    def _keep(self, table: str, query: str, few: bool) -> _Source:
        name = f"{table}-{next(self._numbers)}"
        if few:
            ((rows,),) = self.engine.execute(f'CREATE TEMP TABLE "{name}" AS {query}').fetchall()
            return _Source(f'"{name}"', rows, few)
        # The engine holds a group until it is written, and rows may be long.
        to = f"'{self.folder / name}.parquet' (ROW_GROUP_SIZE {ROWS_PER_GROUP})"
        ((rows,),) = self.engine.execute(f"COPY ({query}) TO {to}").fetchall()
        return _Source(f"'{self.folder / name}.parquet'", rows, few)

    def stage_reports(self, rows: Rows) -> None:
        """Check what delivery reports brought and stage it. The order of arrival says nothing about reports."""
        for table, tuples in rows.tables.items():
            model = TABLES[table]
            resources = rows.resources[table]
            schema = pa.schema([*_nullable(model), ("source_row", pa.int64()), ("faults", pa.string())])
            try:
                given = _as_table(tuples, schema)
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                # Somewhere a value has another type than FHIR gives it. Find those rows; the rest is good.
                shapely = [_fits(row, schema) for row in tuples]
                for row, (_, resource), fits in zip(tuples, resources, shapely, strict=True):
                    if not fits:
                        rows.refuse(row[DELIVERY_ID], table, row[-2], NO_SHAPE, resource)
                resources = list(itertools.compress(resources, shapely))
                given = _as_table(list(itertools.compress(tuples, shapely)), schema)
            self.engine.register("given", given)
            suspects = self._suspects(model, given)
            if pc.any(suspects).as_py():
                self._judge(model, given.filter(suspects), list(itertools.compress(resources, suspects.to_pylist())))
                given = given.filter(pc.invert(suspects))
                self.engine.register("given", given)
            if len(given):
                columns = ", ".join(f'"{name}"' for name in model.columns)
                good = "NULL::BIGINT AS arrival, source_row, NULL::VARCHAR AS reasons, NULL::VARCHAR AS content"
                self.stage({table: f"SELECT {columns}, {good} FROM given"}, few=self.is_little(table, given))
        if rows.findings:
            self.engine.register("given", _as_table(rows.findings, TABLES[FINDING].schema()))
            self._stage_findings("SELECT * FROM given")
        if rows.refused:
            schema = TABLES[QUARANTINE].schema()
            refused = [(*row[:-1], shown(row[-1])) for row in rows.refused]
            self.engine.register("given", _as_table(refused, schema))
            self.stage({QUARANTINE: "SELECT * FROM given"})

    def _suspects(self, model: type[Table], given: pa.Table) -> pa.ChunkedArray:
        """For each of the ``given`` rows whether it may break a rule or hold a CPR number: most do not, and a yes or no
        is quicker to have than reasons."""
        texts = [pc.unique(given[name]) for name in model.columns if contract.is_senders_text(model, name)]
        if may_hold_cpr(pa.concat_arrays(texts)):
            return pa.chunked_array([pa.array(np.ones(len(given), dtype=bool))])
        broken = ["faults IS NOT NULL", *(condition for condition, _ in contract.breaches(model))]
        broken += [f"NOT voided AND ({rule.broken})" for rule in rules_of(model.name)]
        asked = f"SELECT (({') OR ('.join(broken)})) IS TRUE AS suspect FROM given"
        return self.engine.execute(asked).to_arrow_table()["suspect"]

    def _judge(self, model: type[Table], given: pa.Table, resources: list) -> None:
        """Stage rows with the reasons to refuse them, and the rules that those that are not refused break."""
        table = model.name
        self.engine.register("given", given)
        stored = ", ".join(contract.safe_column(model, name) for name in model.columns)
        judged = self.engine.execute(f"""
            SELECT {stored}, NULL::BIGINT AS arrival, source_row,
                coalesce(breach, {broken_rules(table, "quarantine")}) AS reasons,
                CASE WHEN breach IS NULL THEN {broken_rules(table)} END AS rules
            FROM (SELECT *, coalesce(faults, {contract.reasons(model)}) AS breach FROM given)""").to_arrow_table()
        content = [
            shown(report.cut_to(resource)) if reason else None
            for reason, (report, resource) in zip(judged["reasons"].to_pylist(), resources, strict=True)
        ]
        judged = judged.append_column("content", pa.array(content, pa.string()))
        self.engine.register("given", judged)
        self.stage({table: "SELECT * EXCLUDE (rules) FROM given"}, few=self.is_little(table, judged))
        if judged["rules"].null_count < len(judged):
            self._stage_findings(f"""
                SELECT delivery_id, custodian, '{table}' AS "table", "{table}_id" AS resource_id,
                    unnest(string_split(rules, '{contract.SEPARATOR}')) AS rule,
                    {severity_of("rule")} AS severity, reported_at, source_row
                FROM given WHERE rules IS NOT NULL""")

    def _stage_findings(self, query: str) -> None:
        stored = ", ".join(contract.safe_column(TABLES[FINDING], name) for name in TABLES[FINDING].columns)
        self.stage({FINDING: f"SELECT {stored} FROM ({query})"})

    def rows(self, table: str) -> str:
        """SQL that reads everything staged for a table."""
        sources = self.sources[table]
        files = ", ".join(source.sql for source in sources if not source.few)
        parts = [f"SELECT * FROM read_parquet([{files}])"] if files else []
        parts += [f"SELECT * FROM {source.sql}" for source in sources if source.few]
        return f"({' UNION ALL '.join(parts)})"


def shown(content: object) -> str:
    """What was refused as text for quarantine, without CPR numbers and names."""
    try:
        text = content if isinstance(content, bytes) else orjson.dumps(fhir.without_citizen(content))
    except (TypeError, RecursionError):
        text = b"nested too deep to be shown"
    return hide_in_json(text.decode("utf-8", "replace").strip())


def _nullable(model: type[Table]) -> list[pa.Field]:
    return [field.with_nullable(True) for field in model.schema()]


def _as_table(tuples: list[tuple], schema: pa.Schema) -> pa.Table:
    columns = zip(*tuples, strict=True) if tuples else [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _fits(row: tuple, schema: pa.Schema) -> bool:
    try:
        _as_table([row], schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


@contextmanager
def staging(writer: Writer, pseudonyms: Pseudonyms) -> Iterator[Staging]:
    """An empty staging area inside the registers, gone afterwards."""
    folder = writer.registers.path / "staging"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        pseudonyms.teach(writer.engine)
        yield Staging(folder, writer, pseudonyms)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
