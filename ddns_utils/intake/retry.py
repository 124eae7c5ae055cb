"""Quarantine again: refused rows are read anew from what was kept of them, and land if they have become valid.

Rows become valid when what they miss has come (a contact) or a code list has got their code. A row keeps its delivery,
whose counts move from quarantine to kept or superseded. Not read again: rows whose kept content had a CPR number in
it, which is hidden now, rows without a person, and what was no row at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ddns_utils.intake import fhir
from ddns_utils.intake.account import Fate
from ddns_utils.intake.deliveries import KL_GATEWAY
from ddns_utils.intake.fhir import Resource
from ddns_utils.intake.first_receipt import know_receipts
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.intake.flat_rows import kept_query
from ddns_utils.intake.kl_gateway import Report, Rows
from ddns_utils.intake.pseudonym import HIDDEN, Pseudonyms, read_key, require_same_key
from ddns_utils.intake.settle import (
    WAITING,
    WITH_CONTACT,
    settle,
    settle_findings,
    settle_refused,
)
from ddns_utils.intake.staging import FINDING, QUARANTINE, ROWS_PER_GROUP, Staging, staging
from ddns_utils.model import TABLES
from ddns_utils.registers import Registers, Writer
from ddns_utils.table_files import ROWS_PER_BATCH, by_bytes, parts

BYTES_AT_A_TIME = 10_000_000
ROWS_OF_A_DELIVERY = 10**12  # more than any has


@dataclass(frozen=True)
class Retry:
    """How many rows left quarantine, how many are in it still, and the store's version afterwards."""

    landed: int
    left: int
    version: int

    def lines(self) -> list[str]:
        """The result in words."""
        said = f"{self.landed:,} rows have left quarantine, {self.left:,} are in it still."
        return [f"{said} Store version {self.version}."]


class _Unchanged(Exception):  # noqa: N818
    """Nothing has become valid: no new version."""


class _Kept(Report):
    """A report that was cut down to one refused resource; the person is known already."""

    def __init__(self, bundle: Resource, delivery_id: str, number: int, person_id: str, pseudonyms: Pseudonyms) -> None:
        self._person_id = person_id
        super().__init__(bundle, delivery_id, number, pseudonyms)

    def read_citizen(self, pseudonyms: Pseudonyms) -> None:
        """As it was read when the report came."""
        self.person_id, self.custodian = self._person_id, self.bundle["custodian"]
        self.by_id.setdefault(fhir.referred(self.resources[0].get("subject")), {})  # the citizen is not kept

    def to_read(self) -> list[Resource]:
        """The refused resource; the others are what it refers to."""
        return self.resources[:1]


def retry_quarantine(registers: Registers, key: bytes | None = None) -> Retry:
    """Land the rows in quarantine that have become valid, as one new version; none if there are no such rows.

    DataError if the key is not the store's, or somebody else is writing.
    """
    landed, left = 0, 0
    try:
        with registers.writing() as writer:
            pseudonyms = Pseudonyms(key or read_key(registers.path))
            require_same_key(registers.path, pseudonyms)
            with staging(writer, pseudonyms) as staged:
                ((left,),) = writer.engine.execute(f"SELECT count(*) FROM {writer.scan(QUARANTINE)}").fetchall()
                fates = _land_again(staged, writer, pseudonyms)
            landed = sum(fate.kept + fate.superseded for fate in fates)
            if not landed:
                raise _Unchanged
            writer.merge("delivery", _delivery_rows(fates, writer))
    except _Unchanged:
        pass
    return Retry(landed, left - landed, registers.latest_version)


def _land_again(staged: Staging, writer: Writer, pseudonyms: Pseudonyms) -> list[Fate]:
    engine = staged.engine
    # A view, because the rows may be many; ``place`` is a number for delivery and row together.
    engine.execute(f"""
        CREATE TEMP TABLE deliveries AS SELECT delivery_id, source, row_number() OVER () AS delivery_number
        FROM {writer.scan("delivery")}""")
    engine.execute(f"""
        CREATE TEMP VIEW asked AS SELECT *, delivery_number * {ROWS_OF_A_DELIVERY} + source_row AS place, coalesce(
            json_valid(content) AND NOT contains(content, '{HIDDEN}') AND CASE
                WHEN source = '{KL_GATEWAY}' THEN person_id IS NOT NULL AND content LIKE '{{"resourceType":"Bundle"%'
                    AND "table" <> 'Bundle'
                ELSE (person_id IS NOT NULL OR "table" IN {tuple(WITH_CONTACT)}) AND content NOT LIKE '{{"line":%' END,
            false) AS again
        FROM {writer.scan(QUARANTINE)} LEFT JOIN deliveries USING (delivery_id)""")
    if QUARANTINE in writer.snapshot.tables:
        columns = ", ".join(f'"{column}"' for column in TABLES[QUARANTINE].columns)
        stay = engine.execute(f"SELECT {columns} FROM asked WHERE NOT again").to_arrow_reader(ROWS_PER_BATCH)
        writer.replace(QUARANTINE, stay)
    _stage_flat(staged)
    _stage_reports(staged, pseudonyms)
    know_receipts(staged, writer)
    fates = []
    for table in staged.tables:
        fates += settle(table, staged, set(), writer)
    if QUARANTINE in staged.sources:
        fates += settle_refused(staged, set(), writer)
    if FINDING in staged.sources:
        settle_findings(staged, set(), writer)
    return fates


def _stage_flat(staged: Staging) -> None:
    groups = staged.flat_engine.execute(f"""
        SELECT source, "table", reasons IN {WAITING} AS waiting, list(DISTINCT field)
        FROM (SELECT *, unnest(json_keys(content)) AS field FROM asked WHERE again AND source <> '{KL_GATEWAY}')
        GROUP BY ALL ORDER BY ALL""").fetchall()
    for source, table, waiting, fields in groups:
        rows = (
            f"SELECT * FROM asked WHERE again AND source = '{source}' AND \"table\" = '{table}' "
            f"AND (reasons IN {WAITING}) = {waiting}"
        )
        given = ", ".join(f"""content->>'$."{name}"' AS "{name}\"""" for name in sorted(fields))
        read = f"SELECT {given}, person_id AS pseudonym, place - 1 AS file_row_number FROM kept"
        again = kept_query(source, "", table, read, fields)
        query = f"""
            SELECT * EXCLUDE (delivery_number, source) REPLACE (
                deliveries.delivery_id AS delivery_id, source_row % {ROWS_OF_A_DELIVERY} AS source_row)
            FROM ({again}) AS own JOIN deliveries ON delivery_number = source_row // {ROWS_OF_A_DELIVERY}"""
        for part in _kept(staged, rows):
            staged.engine.register("kept", part)
            staged.stage({table: _waiting_query(table, "kept") if waiting else query})


def _kept(staged: Staging, query: str) -> Iterator[pa.Table]:
    """Rows in quarantine, a bounded number of bytes at a time, because they may be long."""
    file = staged.folder / "kept.parquet"  # because the engine cannot give some rows and stage others meanwhile
    staged.engine.execute(f"COPY ({query}) TO '{file}' (ROW_GROUP_SIZE {ROWS_PER_GROUP})")
    for part in parts(pq.ParquetFile(file).iter_batches(ROWS_PER_BATCH)):
        yield from by_bytes(part, BYTES_AT_A_TIME)


def _waiting_query(table: str, rows: str) -> str:
    """Rows that only waited for others are kept as rows of our table."""
    kinds = {"text": "VARCHAR", "whole": "BIGINT", "decimal": "DOUBLE", "yes_no": "BOOLEAN", "day": "DATE"}
    shape = {name: kinds.get(column.type, "TIMESTAMP") for name, column in TABLES[table].columns.items()}
    columns = ", ".join(f'own."{name}"' for name in shape)
    return f"""
        SELECT {columns}, NULL::BIGINT AS arrival, source_row, NULL::VARCHAR AS reasons, NULL::VARCHAR AS content
        FROM (SELECT from_json(content, '{orjson.dumps(shape).decode()}') AS own, source_row FROM {rows})"""


def _stage_reports(staged: Staging, pseudonyms: Pseudonyms) -> None:
    query = f"SELECT delivery_id, person_id, source_row, content FROM asked WHERE again AND source = '{KL_GATEWAY}'"
    for part in _kept(staged, query):
        rows = Rows()
        for delivery_id, person_id, number, content in zip(
            *(column.to_pylist() for column in part.columns), strict=True
        ):
            _Kept(orjson.loads(content), delivery_id, number, person_id, pseudonyms).read(rows)
        staged.stage_reports(rows)


def _delivery_rows(fates: list[Fate], writer: Writer) -> pa.Table:
    """The deliveries whose rows have landed, with their counts and days moved."""
    model, snapshot = TABLES["delivery"], writer.snapshot
    deliveries = {row["delivery_id"]: row for row in snapshot.engine.to_pyarrow(snapshot.table("delivery")).to_pylist()}
    moved: dict[str, Counter] = defaultdict(Counter)
    for fate in fates:
        row = deliveries[fate.delivery_id]
        for name, choose in (("first_day", min), ("last_day", max)):
            days = [day for day in (row[name], getattr(fate, name)) if day]
            row[name] = choose(days, default=None)
        if row["source"] == KL_GATEWAY or fate.table == REGISTERS[row["source"]].tables[0]:
            moved[fate.delivery_id].update(kept=fate.kept, superseded=fate.superseded)
    changed: list[dict[str, Any]] = []
    for delivery_id, counts in moved.items():
        row = deliveries[delivery_id]
        row["rows_kept"] += counts["kept"]
        row["rows_superseded"] += counts["superseded"]
        row["rows_quarantined"] -= counts["kept"] + counts["superseded"]
        changed.append(row)
    return pa.Table.from_pylist(changed, schema=model.schema())
