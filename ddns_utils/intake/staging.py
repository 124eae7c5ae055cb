"""Checked rows on their way into the store, as Parquet files in a folder of their own, so that memory stays bounded.

A staged file has the columns of its table, then ``arrival`` (the file's number in this landing), ``source_row``,
``reasons`` (NULL for a good row) and ``content`` (the refused row as JSON, without CPR numbers). A delivery is staged
in whole or not at all. The folder lives inside the registers and is emptied before and after every landing.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa

from ddns_utils.intake import contract
from ddns_utils.intake.invariants import broken_rules, severity_of
from ddns_utils.intake.kl_gateway import DELIVERY_ID, NO_SHAPE, Rows
from ddns_utils.intake.pseudonym import Pseudonyms, hide
from ddns_utils.model import TABLES, Table

EXTRA = pa.schema(
    [("arrival", pa.int64()), ("source_row", pa.int64()), ("reasons", pa.string()), ("content", pa.string())]
)
MEMORY = "1GB"
QUARANTINE, FINDING = "quarantine", "finding"


class Staging:
    """The staged files of one landing and the engine that makes them."""

    def __init__(self, folder: Path, engine: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.engine = folder, engine
        self.files: dict[str, list[Path]] = {}

    def stage(self, parts: dict[str, str]) -> None:
        """Run each table's query into a staged file; all of them or, if one fails, none."""
        written: list[tuple[str, Path]] = []
        try:
            for table, query in parts.items():
                file = self.folder / f"{table}-{sum(map(len, self.files.values()))}.parquet"
                written.append((table, file))
                self.engine.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
        except BaseException:
            for _, file in written:
                file.unlink(missing_ok=True)
            raise
        for table, file in written:
            self.files.setdefault(table, []).append(file)

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
            breach = f"coalesce(faults, {contract.reasons(model)})"
            forbidding = f"list_aggregate({broken_rules(table, 'quarantine')}, 'string_agg', '{contract.SEPARATOR}')"
            judged = self.engine.execute(f"""
                SELECT coalesce({breach}, nullif({forbidding}, '')) AS reasons,
                    CASE WHEN {breach} IS NULL THEN {broken_rules(table)} ELSE [] END AS rules
                FROM given""").to_arrow_table()
            reasons = judged["reasons"]
            content = [
                shown(report.cut_to(resource)) if reason else None
                for reason, (report, resource) in zip(reasons.to_pylist(), resources, strict=True)
            ]
            checked = given.drop_columns("faults").append_column("reasons", reasons)
            checked = checked.append_column("content", pa.array(content, pa.string()))
            checked = checked.append_column("arrival", pa.nulls(len(checked), pa.int64()))
            self.engine.register("given", checked.append_column("rules", judged["rules"]))
            stored = ", ".join(contract.safe_column(model, name) for name in model.columns)
            self.stage({table: f"SELECT {stored}, {', '.join(EXTRA.names)} FROM given"})
            self._stage_findings(f"""
                SELECT delivery_id, custodian, '{table}' AS "table", "{table}_id" AS resource_id, unnest(rules) AS rule,
                    {severity_of("rule")} AS severity, reported_at, source_row FROM given""")
        if rows.findings:
            self.engine.register("given", _as_table(rows.findings, TABLES[FINDING].schema()))
            self._stage_findings("SELECT * FROM given")
        if rows.refused:
            schema = TABLES[QUARANTINE].schema()
            refused = [(*row[:-1], shown(row[-1])) for row in rows.refused]
            self.engine.register("given", _as_table(refused, schema))
            self.stage({QUARANTINE: "SELECT * FROM given"})

    def _stage_findings(self, query: str) -> None:
        model = TABLES[FINDING]
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE found AS {query}")
        if self.engine.execute("SELECT count(*) FROM found").fetchone() != (0,):
            stored = ", ".join(contract.safe_column(model, name) for name in model.columns)
            self.stage({FINDING: f"SELECT {stored} FROM found"})

    def rows(self, table: str) -> str:
        """SQL that reads everything staged for a table."""
        files = ", ".join(f"'{file}'" for file in self.files[table])
        return f"read_parquet([{files}])"


def shown(content: object) -> str:
    """What was refused as text for quarantine, without CPR numbers."""
    try:
        text = content if isinstance(content, bytes) else orjson.dumps(content)
    except TypeError:
        text = b"nested too deep to be shown"
    return hide(text.decode("utf-8", "replace").strip())


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
def staging(registers: Path, pseudonyms: Pseudonyms) -> Iterator[Staging]:
    """An empty staging area inside the registers, gone afterwards."""
    folder = registers / "staging"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spill"),
        "temp_file_encryption": "true",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        with duckdb.connect(config=config) as engine:
            pseudonyms.teach(engine)
            yield Staging(folder, engine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
