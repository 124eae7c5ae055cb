"""Flat register files (CSV, Parquet, SAS) as rows of the model: one query a table, run by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb

from ddns_utils.errors import DataError
from ddns_utils.intake import contract, flat_text
from ddns_utils.intake.at_once import BAD_ROWS, write_at_once
from ddns_utils.intake.delimited import FAULT, LINE, load_csv, scan_csv
from ddns_utils.intake.deliveries import DeliveredFile
from ddns_utils.intake.flat_registers import REGISTERS, Flat
from ddns_utils.intake.pseudonym import hide
from ddns_utils.intake.sas import load_sas
from ddns_utils.intake.settle import WITH_CONTACT
from ddns_utils.intake.staging import Staging
from ddns_utils.model import SQL_TYPES, TABLES, Column

_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_FROM_TEXT = {
    "text": "{0}",
    "whole": "read_whole({0})",
    "decimal": "read_decimal({0})",
    "yes_no": "read_yes_no({0})",
    "moment": "read_moment({0})",
    "day": "read_day({0})",
    "cpr": "{0}",
    "lower": "lower({0})",
    "result": "read_result({0})",
    "given": "{0} IS NOT NULL",
}
_SQL_TYPE = SQL_TYPES | {"cpr": "VARCHAR", "lower": "VARCHAR", "result": "DOUBLE"}
OTHER = "other_pseudonym"  # of a second CPR number in a row, beside that of whom the row is about
_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT")
_DECIMAL = ("DOUBLE", "FLOAT")
_TIME = ("DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
_AS_IT_IS = {"whole": _WHOLE, "decimal": _WHOLE, "yes_no": ("BOOLEAN",), "moment": _TIME, "day": _TIME}


@dataclass(frozen=True)
class _File:
    """A flat file: how SQL reads it, with trimmed texts; its fields by upper-case name with their SQL name and type.

    ``faulty`` says that it has columns for what is wrong with a line as a whole, ``people`` that its rows come with
    their pseudonym. ``person`` is SQL for who a row is about, if that is not yet a pseudonym; ``number`` SQL for the
    number of a row, if the rows come without.
    """

    scan: str
    fields: dict[str, tuple[str, str]]
    faulty: bool
    people: bool = False
    person: str = ""
    number: str = ""

    @property
    def numbered(self) -> str:
        """SQL that reads the rows with their number in the file."""
        return f"(SELECT *, {self.number} AS file_row_number FROM {self.scan})" if self.number else self.scan

    @property
    def fault(self) -> str:
        """SQL for what is wrong with a line as a whole."""
        return f'"{FAULT}"' if self.faulty else "NULL::VARCHAR"

    @property
    def line(self) -> str:
        """SQL for such a line itself."""
        return f'"{LINE}"' if self.faulty else "NULL::VARCHAR"


def stage_flat(file: DeliveredFile, arrival: int, staged: Staging) -> None:
    """Check a file's rows and stage them. DataError, and nothing staged, if it cannot be read or lacks a field."""
    flat = REGISTERS[file.source]
    keyed = any(TABLES[table].key for table in flat.tables)
    try:
        opened = _open(file, staged, in_one_pass=not keyed)
        _require_fields(file, flat, opened)
        if keyed:
            staged.stage({t: _query(file.source, file.delivery_id, t, opened, str(arrival)) for t in flat.tables})
            return
        try:
            _write(file, arrival, opened, staged)
        except duckdb.Error:
            if not opened.number:
                raise
            # A badly formed line: which ones, only reading line by line can say.
            _write(file, arrival, _open(file, staged, in_one_pass=False), staged)
    except duckdb.Error as error:
        reason = hide(str(error).splitlines()[0].replace(str(staged.folder / "delivered"), "delivered"))
        raise DataError(f"{file.name} cannot be read as {file.path.suffix[1:].upper()}: {reason}") from None


def _open(file: DeliveredFile, staged: Staging, in_one_pass: bool) -> _File:
    # Under a name of our own, because DuckDB would read * and [ in a path as a pattern.
    path = staged.folder / f"delivered{file.path.suffix.lower()}"
    path.unlink(missing_ok=True)
    path.symlink_to(file.path.resolve())
    flat_text.teach(staged.engine)
    faulty, number = False, ""
    if path.suffix == ".parquet":
        scan = f"read_parquet('{path}', file_row_number = true)"
    elif path.suffix == ".csv" and in_one_pass and (read := scan_csv(path, file.name)):
        scan, number = read, "row_number() OVER () - 1"
    else:
        if path.suffix == ".csv":
            faulty = load_csv(path, file.name, staged.engine)
        else:
            load_sas(path, file.name, staged.engine)
        scan = "(SELECT *, rowid AS file_row_number FROM delivered)"
    described = staged.engine.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    fields = {
        name.upper(): (name, kind) for name, kind, *_ in described if name not in (FAULT, LINE, "file_row_number")
    }
    texts = [_quoted(name) for name, kind in fields.values() if kind == "VARCHAR"]
    if texts:
        scan = f"(SELECT * REPLACE ({', '.join(f'trimmed({text}) AS {text}' for text in texts)}) FROM {scan})"
    return _File(scan, fields, faulty, number=number)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _require_fields(file: DeliveredFile, flat: Flat, opened: _File) -> None:
    wanted = [flat.person] if flat.person else []
    for table in flat.tables:
        for name, column in TABLES[table].columns.items():
            if column.source.startswith(f"{file.source}."):
                wanted += [found for found, _ in _FIELD.findall(_expression(file.source, flat, name, column))]
    missing = [name for name in dict.fromkeys(wanted) if name not in opened.fields and name not in flat.optional]
    if missing:
        found = ", ".join(hide(name) for name, _ in opened.fields.values())
        plural = "s" if len(missing) > 1 else ""
        raise DataError(f"{file.name} has no column{plural} {', '.join(missing)}. Columns found: {found}.")


def _expression(source: str, flat: Flat, name: str, column: Column) -> str:
    if name == "person_id":
        return f"{{{flat.person}:pseudonym}}"
    field = column.source.removeprefix(f"{source}.")
    return flat.columns.get(name, f"{{{field}:{column.type}}}")


def refused_query(source: str, delivery_id: str, table: str, rows: str, fields: Iterable[str]) -> str:
    """SQL that reads one delivery's refused rows of a table again.

    ``rows`` is SQL that gives the fields as text, ``pseudonym`` and ``file_row_number``.
    """
    opened = _File(f"({rows}) AS people", {name: (name, "VARCHAR") for name in fields}, faulty=False, people=True)
    return _query(source, delivery_id, table, opened, "NULL::BIGINT")


def _query(source: str, delivery_id: str, table: str, opened: _File, arrival: str) -> str:
    """SQL that reads a table's rows with what is wrong with them."""
    flat, model = REGISTERS[source], TABLES[table]
    read = _Reading(source, delivery_id, table, opened)
    unreadable = ", ".join(f"CASE WHEN {condition} THEN '{word}' END" for condition, word in read.unreadable)
    shown = {field: kind for field, kind in read.used.items() if field in opened.fields and field != flat.person}
    content = [f'"{field}" := {read.field(field, kind)}' for field, kind in shown.items()]
    rows = opened.numbered
    if flat.person and not opened.people:
        # A person has many rows, and hashing is the dearest part: hash each number once.
        number = _as(flat.person, "cpr", opened)
        people = f"SELECT number, pseudonym(number) AS pseudonym FROM (SELECT DISTINCT {number} AS number FROM {rows})"
        rows = f"{rows} LEFT JOIN ({people}) AS people ON people.number = {number}"
    stored = ", ".join(contract.safe_column(model, name) for name in model.columns)
    later = WITH_CONTACT.get(table, ())
    return f"""
        SELECT {stored}, {arrival} AS arrival, source_row, reasons,
            CASE WHEN reasons IS NOT NULL THEN coalesce(line, hide_cpr(to_json(given)::VARCHAR)) END AS content
        FROM (SELECT *, coalesce(
                fault, nullif(concat_ws('|', {unreadable}), ''), {contract.reasons(model, later)}) AS reasons
            FROM (SELECT {", ".join(read.values)}, file_row_number + 1 AS source_row, fault, line,
                    struct_pack({", ".join(content)}) AS given
                FROM {read.rows(rows, "file_row_number", f"{opened.line} AS line")}))"""


class _Reading:
    """How a table's columns are read from a file.

    ``values`` are columns of SQL, ``unreadable`` conditions on them with the reason they give, ``used`` the fields and
    what quarantine keeps of them: their text, or the pseudonym in the place of a CPR number. All of them rest on
    ``rows``, in which each field is read once as each type that is asked for.
    """

    def __init__(self, source: str, delivery_id: str, table: str, opened: _File) -> None:
        flat, model, later = REGISTERS[source], TABLES[table], WITH_CONTACT.get(table, ())
        self.opened = opened
        self.fields: dict[str, str] = {}
        self.values: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self.used: dict[str, str] = {}
        for name, column in model.columns.items():
            if name == "delivery_id" or name in later:
                value = f"'{delivery_id}'" if name == "delivery_id" else f"NULL::{_SQL_TYPE[column.type]}"
                self.values.append(f'{value} AS "{name}"')
                continue
            expression = _expression(source, flat, name, column)
            kinds = dict(_FIELD.findall(expression))
            fields = list(kinds)
            self.used |= {field: OTHER if kind == OTHER else "text" for field, kind in kinds.items()}
            self.values.append(f'{self._filled(expression)} AS "{name}"')
            as_text = [f"{{{f}:text}}" for f in fields]
            if name not in flat.lenient and (column.type != "text" or expression not in as_text):
                given = " OR ".join(self.field(found, "given") for found in fields)
                self.values.append(f'({given}) AS "given {name}"')
                word = "impossible CPR number" if name.endswith("person_id") else f"unreadable {name}"
                self.unreadable.append((f'"{name}" IS NULL AND "given {name}"', word))
        for word, condition in flat.refuse.items():
            self.values.append(f'{self._filled(condition)} AS "{word}"')
            self.unreadable.append((f'"{word}"', word))

    def field(self, name: str, wanted: str) -> str:
        """SQL for a field as the wanted type, in ``rows``."""
        self.fields[f"{name} {wanted}"] = _as(name, wanted, self.opened)
        return f'"{name} {wanted}"'

    def rows(self, scan: str, *more: str) -> str:
        """SQL for the file's rows with every field that has been asked for, ``fault``, and ``more``."""
        fields = [f'{value} AS "{name}"' for name, value in self.fields.items()]
        return f"(SELECT {', '.join([*fields, f'{self.opened.fault} AS fault', *more])} FROM {scan})"

    def _filled(self, expression: str) -> str:
        return _FIELD.sub(lambda match: self.field(match[1], match[2] or "text"), expression)


def _write(file: DeliveredFile, arrival: int, opened: _File, staged: Staging) -> None:
    """Write the good rows of a table without a key at once, and stage the others with what is wrong with them."""
    flat = REGISTERS[file.source]
    (table,) = flat.tables
    model = TABLES[table]
    read = _Reading(file.source, file.delivery_id, table, replace(opened, person=_as(flat.person, "cpr", opened)))
    broken = ["fault IS NOT NULL", *(condition for condition, _ in (*read.unreadable, *contract.breaches(model)))]
    stored = ", ".join(contract.safe_column(model, name) for name in model.columns if name != "delivery_id")
    query = f"""
        SELECT {stored}, ({" OR ".join(broken)}) IS TRUE AS broken
        FROM (SELECT {", ".join(read.values)}, fault FROM {read.rows(opened.scan)})"""
    if write_at_once(query, table, file.delivery_id, staged):
        bad = f"(SELECT * FROM {opened.numbered} SEMI JOIN {BAD_ROWS} USING (file_row_number))"
        opened = replace(opened, scan=bad, number="")
        staged.stage({table: _query(file.source, file.delivery_id, table, opened, str(arrival))})


def _as(field: str, wanted: str, opened: _File) -> str:
    """SQL for a field as the wanted type: as it is where the file has that type, else by way of text."""
    if wanted == "pseudonym":
        return opened.person or "people.pseudonym"
    if wanted == OTHER:
        return _as(field, "text", opened) if opened.people else f"pseudonym({_as(field, 'cpr', opened)})"
    if field not in opened.fields:
        return "false" if wanted == "given" else f"NULL::{_SQL_TYPE[wanted]}"
    name, kind = opened.fields[field]
    quoted = _quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        quoted, kind = f"timezone('Europe/Copenhagen', {quoted})", "TIMESTAMP"
    if wanted == "decimal" and kind in _DECIMAL:
        return f"CASE WHEN isfinite({quoted}) THEN {quoted}::DOUBLE END"
    if kind in _AS_IT_IS.get(wanted, ()):
        return f"{quoted}::{_SQL_TYPE[wanted]}"
    if kind == "VARCHAR" or (wanted == "given" and kind not in _DECIMAL):
        text = quoted
    elif kind in _DECIMAL:
        text = (
            f"CASE WHEN isnan({quoted}) THEN NULL WHEN {quoted} = trunc({quoted}) AND abs({quoted}) < 1e15 "
            f"THEN {quoted}::BIGINT::VARCHAR ELSE {quoted}::VARCHAR END"
        )
    else:
        text = f"{quoted}::VARCHAR"
    if wanted == "cpr" and kind != "VARCHAR":
        return f"lpad({text}, 10, '0')"
    return _FROM_TEXT[wanted].format(text)
