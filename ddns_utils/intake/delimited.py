"""CSV as senders make it, read as text.

A well-formed file is read by DuckDB. A file with a badly formed line is read again line by line in Python, ten times
slower, so that only the bad lines are refused: they keep their number and come with a ``fault`` and the line itself.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TextIO

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.errors import DataError
from ddns_utils.intake.flat_file import FAULT, LINE, FlatFile, Unreadable, quoted
from ddns_utils.intake.pseudonym import BETWEEN, HIDDEN, hide
from ddns_utils.table_files import ROWS_PER_BATCH

LONGEST_LINE = 1_000_000
MOST_COLUMNS, LONGEST_NAME = 1_000, 100
LINES_IN_ONE_ROW = 100
ROWS_AT_A_TIME, CHARACTERS_AT_A_TIME = 50_000, 20_000_000
# In a line that fell apart a CPR number may have run together with other digits.
_LIKE_CPR = re.compile(rf"\d{{6,}}{BETWEEN}\d{{4,}}")
_ONLY_WINDOWS = bytes(range(0x80, 0xA0))
_DANISH_UTF8 = re.compile("|".join("æøåÆØÅ").encode())
SEPARATORS = ";\t|,"  # names of columns may have commas in them, hardly the others
_EXCELS_OWN = re.compile(rf'"?sep=([{SEPARATORS}])"?\s*', re.IGNORECASE)
# What SQL Server, R, pandas, SAS and Postgres write where there is nothing.
NOTHING = frozenset(("", "NULL", "null", "NA", "NaN", "nan", ".", r"\N"))


@dataclass(frozen=True)
class Layout:
    """How a CSV file is laid out: ``skipped`` lines stand before that of the names, ``named`` columns have one.

    Nameless columns after the last named one may be left out of a line. ``broken`` says that some lines are not in the
    encoding.
    """

    encoding: str
    broken: bool
    separator: str
    skipped: int
    columns: list[str]
    named: int


def open_csv(path: Path, name: str, engine: duckdb.DuckDBPyConnection) -> list[FlatFile]:
    """A CSV file, all text: in one pass, which fails at a badly formed line; and line by line, with FAULT and LINE.

    The encoding is UTF-8, also if single letters are broken, UTF-16 with its mark, else Windows-1252, of which Latin-1
    is a part; fields are parted by the first of SEPARATORS that the line of names has. Raises DataError for a file
    without a readable line of names.
    """
    layout = _layout(path, name)
    schema = pa.schema([(column, pa.string()) for column in layout.columns])
    ways = [
        FlatFile(schema, lambda wanted: _in_one_pass(path, layout, wanted, engine)),
        FlatFile(schema, lambda wanted: _line_by_line(path, layout, wanted), faulty=True),
    ]
    return ways[1:] if layout.broken or layout.encoding in ("cp1252", "utf-16") else ways


def _in_one_pass(
    path: Path, layout: Layout, wanted: list[str], engine: duckdb.DuckDBPyConnection
) -> Iterator[pa.RecordBatch]:
    types = ", ".join("'" + column.replace("'", "''") + "': 'VARCHAR'" for column in layout.columns)
    nothing = ", ".join(f"'{word}'" for word in sorted(NOTHING))
    with engine.cursor() as reading:  # a connection of its own, because the engine is used between batches
        batches = reading.execute(f"""
            SELECT {", ".join(map(quoted, wanted))}
            FROM read_csv('{path}', auto_detect = false, header = true, delim = '{layout.separator}', quote = '"',
                escape = '"', columns = {{{types}}}, max_line_size = {LONGEST_LINE}, skip = {layout.skipped},
                nullstr = [{nothing}], encoding = '{layout.encoding.removesuffix("-sig")}')
            """).to_arrow_reader(ROWS_PER_BATCH)
        for batch in batches:
            if all(column.null_count for column in batch.columns):
                empty = reduce(pc.and_, (pc.is_null(column) for column in batch.columns))
                if pc.any(empty).as_py():
                    raise Unreadable("of some line all that is read is empty, so the line may be")
            yield batch


def _encoding(path: Path, name: str) -> tuple[str, bool]:
    """utf-8-sig, utf-16, latin-1 or cp1252, from every byte of the file; and whether some are not in it.

    One broken letter does not make Windows-1252 of a file with Danish letters in UTF-8.
    """
    decoder, is_utf8, is_latin1, is_danish = codecs.getincrementaldecoder("utf-8")(), True, True, False
    first = True
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if first and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16", False
            if first and b"\0" in block.partition(b"\n")[0]:
                raise DataError(f"{name} is not text. Send CSV in UTF-8.")
            first = False
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            if not block.isascii():
                is_latin1 = is_latin1 and len(block.translate(None, _ONLY_WINDOWS)) == len(block)
                is_danish = is_danish or _DANISH_UTF8.search(block) is not None
    if first:
        raise DataError(f"{name} is empty. Send a file with a line of column names, also when there are no rows.")
    if is_utf8 and not decoder.getstate()[0]:
        return "utf-8-sig", False
    return ("utf-8-sig", True) if is_danish else ("latin-1" if is_latin1 else "cp1252", False)


def _open(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


def _layout(path: Path, name: str) -> Layout:
    encoding, broken = _encoding(path, name)
    with _open(path, encoding) as file:
        line = file.readline(LONGEST_LINE)
        told = _EXCELS_OWN.fullmatch(line)
        if told:
            line = file.readline(LONGEST_LINE)
    separator = told[1] if told else next((sign for sign in SEPARATORS if sign in line), ",")
    names, fault = _fields(line, separator)
    names = [each.replace("\ufeff", "").strip() for each in names]
    if fault or not any(names) or len(names) > MOST_COLUMNS or max(map(len, names)) > LONGEST_NAME:
        raise DataError(f"{name} does not begin with a line of column names. Send one, parted by semicolon or comma.")
    columns = [column or f"column {number}" for number, column in enumerate(names, 1)]
    twice = [column for column, times in Counter(c.upper() for c in (*columns, FAULT, LINE)).items() if times > 1]
    if twice:
        raise DataError(f"{name} has more than one column {', '.join(map(hide, twice))}. Send each column once.")
    named = max(number for number, column in enumerate(names, 1) if column)
    return Layout(encoding, broken, separator, int(told is not None), columns, named)


def _line_by_line(path: Path, layout: Layout, wanted: list[str]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(column, pa.string()) for column in (*wanted, FAULT, LINE)])
    places = [layout.columns.index(column) for column in wanted]
    rows: list[tuple] = []
    characters = 0
    with _open(path, layout.encoding) as file:
        for _ in range(layout.skipped + 1):
            file.readline(LONGEST_LINE)
        for line, fields, fault in _rows(file, layout):
            shown = orjson.dumps({"line": _LIKE_CPR.sub(HIDDEN, line)}).decode() if fault else None
            values = (fields[place] if fields and fields[place] not in NOTHING else None for place in places)
            rows.append((*values, fault or None, shown))
            characters += len(line)
            if len(rows) >= ROWS_AT_A_TIME or characters >= CHARACTERS_AT_A_TIME:
                yield _batch(rows, schema)
                rows, characters = [], 0
    yield _batch(rows, schema)


def _batch(rows: list[tuple], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.RecordBatch.from_arrays([pa.array(values, pa.string()) for values in columns], schema=schema)


def _rows(file: TextIO, layout: Layout) -> Iterator[tuple[str, list[str] | None, str]]:
    """Every row as the line, its fields (None for a bad line) and what is wrong; lines without any text are no rows.

    A quoted field may run over lines. Where a quote does not end, its first line is bad and the next is a row again.
    """
    waiting: deque[str] = deque()

    def following() -> str:
        return waiting.popleft() if waiting else file.readline(LONGEST_LINE)

    while line := following():
        if len(line) >= LONGEST_LINE:
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = following()
            yield line.rstrip("0123456789- \r\n"), None, "line too long"
            continue
        if not line.strip(f"\r\n{layout.separator}"):
            continue
        fields, fault = _fields(line, layout.separator, layout)
        if fault and line.count('"') % 2:
            lines, length = [line], len(line)
            while len(lines) < LINES_IN_ONE_ROW and length < LONGEST_LINE and (more := following()):
                lines.append(more)
                length += len(more)
                if more.count('"') % 2:
                    break
            joined, joined_fault = _fields("".join(lines), layout.separator, layout)
            if joined_fault:
                waiting.extendleft(reversed(lines[1:]))
            else:
                line, fields, fault = "".join(lines), joined, ""
        if layout.broken and "\N{REPLACEMENT CHARACTER}" in line:
            fault = "unreadable line"
        yield line.rstrip("\r\n"), None if fault else fields, fault


def _fields(line: str, separator: str, layout: Layout | None = None) -> tuple[list[str], str]:
    """The fields of a line and what is wrong with it; more fields than columns are right if they are empty."""
    if '"' not in line:
        fields = line.rstrip("\r\n").split(separator)
    else:
        try:
            (fields,) = csv.reader([line], delimiter=separator, strict=True)
        except (csv.Error, ValueError):
            return [], "unreadable line"
    if layout is None:
        return fields, ""
    width = len(layout.columns)
    if len(fields) < layout.named or any(field.strip() for field in fields[width:]):
        return [], "wrong number of fields"
    return fields[:width] + [""] * (width - len(fields)), ""
