"""Snapshots drawn as text: each block is a table's name, a line of columns, and lines of values.

A value `-` is missing. Columns of the model that are not drawn get a harmless value, so that a spec shows only what
it is about. A person who is drawn nowhere else is a woman born in 1950 who has lived in København since 2000.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa

from ddns_utils.indicators.declare import Indicator
from ddns_utils.measure import measure
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

DEFAULTS = {
    "sex": "F", "birth_date": date(1950, 1, 1), "municipality": "101", "contact_type": "ALCA00", "priority": "ATA1",
    "specialty": {"hospital_contact": "kardiologi", "practice_service": "80"}, "retracted": False,
    "kind": {"hospital_diagnosis": "A", "referral": "general", "practice_record": "diagnosis"},
    "law": "140", "status": "active", "voided": False, "custodian": "1", "quantity": 1, "for_child": False,
    "code_system": "ICPC-2", "packs": 1.0, "ddd": 1.0, "npu": "NPU27300", "settled_week": "2025-W01", "source": "KL Gateway",
}  # fmt: skip
_NUMBERS = count()
COVERED = (date(2020, 1, 1), date(2030, 12, 31))


class DrawnSnapshot(Snapshot):
    """A snapshot of drawn rows, which says that its tables cover 2020–2030."""

    def table(
        self, name: str, include_voided: bool = False, as_delivered: bool = False, person_id: str | None = None
    ) -> ibis.Table:
        model = TABLES[name]
        rows = ibis.memtable(self.drawn().get(name, _schema(name).empty_table()))
        if person_id and "person_id" in model.columns:
            rows = rows.filter(rows.person_id == person_id)
        return rows.filter(~rows[model.voided_by]) if model.voided_by and not include_voided else rows

    def span(self, name: str) -> tuple[date, date]:
        return COVERED

    def drawn(self) -> dict[str, pa.Table]:
        return self.__dict__["_drawn"]


def draw(text: str, tmp_path: Path) -> DrawnSnapshot:
    """The snapshot that a drawing shows."""
    snapshot = DrawnSnapshot(tmp_path, 1, {"drawn": abs(hash(text)) % 10**9})
    blocks = [block.strip().splitlines() for block in text.strip().split("\n\n")]
    drawn = {block[0].strip(): _rows(block[0].strip(), block[1:]) for block in blocks}
    known = {row["person_id"] for row in drawn.get("person", [])}
    everybody = {row["person_id"]: None for rows in drawn.values() for row in rows if "person_id" in row}
    drawn.setdefault("person", []).extend(_row("person", {"person_id": p}) for p in everybody if p not in known)
    housed = {row["person_id"] for row in drawn.get("residence", [])}
    homes = [_row("residence", {"person_id": p, "start": date(2000, 1, 1)}) for p in everybody if p not in housed]
    drawn.setdefault("residence", []).extend(homes)
    object.__setattr__(
        snapshot, "_drawn", {name: pa.Table.from_pylist(rows, _schema(name)) for name, rows in drawn.items()}
    )
    return snapshot


def measured(indicator: Indicator, drawing: str, tmp_path: Path, period: str = "2025", **where: str) -> pd.Series:
    """The one result of an indicator for the country, or for the cell given by ``where``."""
    by = [name for name in ("sex", "age_band") if name in where]
    frame = measure(indicator, draw(drawing, tmp_path), Period.parse(period), by=by).frame
    where = {"area": "DK", "sex": "all", "age_band": "all"} | where
    for column, value in where.items():
        frame = frame[frame[column] == value]
    (row,) = (frame.iloc[i] for i in range(len(frame)))
    return row


def _schema(name: str) -> pa.Schema:
    return pa.schema([column.with_nullable(True) for column in TABLES[name].schema()])


def _rows(name: str, lines: list[str]) -> list[dict]:
    columns = lines[0].split()
    return [_row(name, dict(zip(columns, line.split(), strict=True))) for line in lines[1:]]


def _row(name: str, given: dict) -> dict:
    row = {}
    for column, declared in TABLES[name].columns.items():
        if column in given:
            value = given[column]
            row[column] = _read(value, declared.type) if isinstance(value, str) else value
        elif column in DEFAULTS:
            default = DEFAULTS[column]
            row[column] = default.get(name) if isinstance(default, dict) else default
        elif column == "received_at" and given.get("delivery_id", "x")[0].isdigit():
            row[column] = datetime.fromisoformat(
                given["delivery_id"][:10]
            )  # a drawn delivery came on the day of its id
        elif column in TABLES[name].key or not declared.nullable:
            row[column] = _filler(declared.type)
        else:
            row[column] = None
    return row


def _filler(type_: str) -> object:
    fillers = {"day": date(2020, 1, 1), "moment": datetime(2020, 1, 1), "whole": 0, "decimal": 0.0, "yes_no": False}
    return f"x{next(_NUMBERS)}" if type_ == "text" else fillers[type_]


def _read(text: str, type_: str) -> object:
    if text == "-":
        return None
    read = {
        "day": date.fromisoformat, "moment": datetime.fromisoformat, "whole": int, "decimal": float,
        "yes_no": {"yes": True, "no": False}.__getitem__, "text": str,
    }  # fmt: skip
    return read[type_](text)
