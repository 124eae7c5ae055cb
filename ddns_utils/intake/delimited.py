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
from pathlib import Path
from typing import TextIO

import duckdb
import orjson
import pyarrow as pa

from ddns_utils.errors import DataError
from ddns_utils.intake.flat_file import FAULT, LINE, FlatFile, quoted
from ddns_utils.intake.pseudonym import BETWEEN, HIDDEN, hide
from ddns_utils.table_files import ROWS_PER_BATCH

LONGEST_LINE = 1_000_000
MOST_COLUMNS, LONGEST_NAME = 1_000, 100
LINES_IN_ONE_ROW = 100
ROWS_AT_A_TIME, CHARACTERS_AT_A_TIME = 50_000, 20_000_000
# In a line that fell apart a CPR number may have run together with other digits.
_LIKE_CPR = re.compile(rf"\d{{6,}}{BETWEEN}\d{{4,}}")
_ONLY_WINDOWS = bytes(range(0x80, 0xA0))


def open_csv(path: Path, name: str, engine: duckdb.DuckDBPyConnection) -> list[FlatFile]:
    """A CSV file, all text: in one pass, which fails at a badly formed line; and line by line, with FAULT and LINE.

    The encoding is UTF-8, else Windows-1252, of which Latin-1 is a part; fields are parted by semicolon if the first
    line has one, else by comma. Raises DataError for a file without a readable first line.
    """
    encoding = _encoding(path, name)
    separator, columns = _header(path, name, encoding)
    schema = pa.schema([(column, pa.string()) for column in columns])
    ways = [
        FlatFile(schema, lambda wanted: _in_one_pass(path, encoding, separator, columns, wanted, engine)),
        FlatFile(schema, lambda wanted: _line_by_line(path, encoding, separator, columns, wanted), faulty=True),
    ]
    return ways[1:] if encoding == "cp1252" else ways


def _in_one_pass(
    path: Path, encoding: str, separator: str, columns: list[str], wanted: list[str], engine: duckdb.DuckDBPyConnection
) -> Iterator[pa.RecordBatch]:
    types = ", ".join("'" + column.replace("'", "''") + "': 'VARCHAR'" for column in columns)
    with engine.cursor() as reading:  # a connection of its own, because the engine is used between batches
        yield from reading.execute(f"""
            SELECT {", ".join(map(quoted, wanted))}
            FROM read_csv('{path}', auto_detect = false, header = true, delim = '{separator}', quote = '"',
                escape = '"', columns = {{{types}}}, max_line_size = {LONGEST_LINE},
                encoding = '{encoding.removesuffix("-sig")}')""").to_arrow_reader(ROWS_PER_BATCH)


def _encoding(path: Path, name: str) -> str:
    """utf-8-sig, latin-1 or cp1252, from every byte of the file."""
    decoder, is_utf8, is_latin1 = codecs.getincrementaldecoder("utf-8")(), True, True
    first = True
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if first and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise DataError(f"{name} is in UTF-16. Send it in UTF-8.")
            if first and b"\0" in block.partition(b"\n")[0]:
                raise DataError(f"{name} is not text. Send CSV in UTF-8.")
            first = False
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            if is_latin1 and not block.isascii():
                is_latin1 = len(block.translate(None, _ONLY_WINDOWS)) == len(block)
    if first:
        raise DataError(f"{name} is empty. Send a file with a line of column names, also when there are no rows.")
    if is_utf8 and not decoder.getstate()[0]:
        return "utf-8-sig"
    return "latin-1" if is_latin1 else "cp1252"


def _open(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


def _header(path: Path, name: str, encoding: str) -> tuple[str, list[str]]:
    with _open(path, encoding) as file:
        line = file.readline(LONGEST_LINE)
    separator = ";" if ";" in line else ","
    columns, fault = _fields(line, separator)
    if fault or not line.strip() or len(columns) > MOST_COLUMNS or max(map(len, columns)) > LONGEST_NAME:
        raise DataError(f"{name} does not begin with a line of column names. Send one, parted by semicolon or comma.")
    columns = [column.strip() or f"column {number}" for number, column in enumerate(columns, 1)]
    twice = [column for column, times in Counter(c.upper() for c in (*columns, FAULT, LINE)).items() if times > 1]
    if twice:
        raise DataError(f"{name} has more than one column {', '.join(map(hide, twice))}. Send each column once.")
    return separator, columns


def _line_by_line(
    path: Path, encoding: str, separator: str, columns: list[str], wanted: list[str]
) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(column, pa.string()) for column in (*wanted, FAULT, LINE)])
    places = [columns.index(column) for column in wanted]
    rows: list[tuple] = []
    characters = 0
    with _open(path, encoding) as file:
        file.readline(LONGEST_LINE)
        for line, fields, fault in _rows(file, separator, len(columns)):
            shown = orjson.dumps({"line": _LIKE_CPR.sub(HIDDEN, line)}).decode() if fault else None
            rows.append((*(fields[place] if fields else None for place in places), fault or None, shown))
            characters += len(line)
            if len(rows) >= ROWS_AT_A_TIME or characters >= CHARACTERS_AT_A_TIME:
                yield _batch(rows, schema)
                rows, characters = [], 0
    yield _batch(rows, schema)


def _batch(rows: list[tuple], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.RecordBatch.from_arrays([pa.array(values, pa.string()) for values in columns], schema=schema)


def _rows(file: TextIO, separator: str, width: int) -> Iterator[tuple[str, list[str] | None, str]]:
    """Every row as the line, its fields (None for a bad line) and what is wrong; empty lines are no rows.

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
        if not line.strip("\r\n"):
            continue
        fields, fault = _fields(line, separator, width)
        if fault and line.count('"') % 2:
            lines, length = [line], len(line)
            while len(lines) < LINES_IN_ONE_ROW and length < LONGEST_LINE and (more := following()):
                lines.append(more)
                length += len(more)
                if more.count('"') % 2:
                    break
            joined, joined_fault = _fields("".join(lines), separator, width)
            if joined_fault:
                waiting.extendleft(reversed(lines[1:]))
            else:
                line, fields, fault = "".join(lines), joined, ""
        yield line.rstrip("\r\n"), None if fault else fields, fault


def _fields(line: str, separator: str, width: int | None = None) -> tuple[list[str], str]:
    """The fields of a line and what is wrong with it; more fields than the header are right if they are empty."""
    if '"' not in line:
        fields = line.rstrip("\r\n").split(separator)
    else:
        try:
            (fields,) = csv.reader([line], delimiter=separator, strict=True)
        except (csv.Error, ValueError):
            return [], "unreadable line"
    if width is None:
        return fields, ""
    if len(fields) < width or any(field.strip() for field in fields[width:]):
        return [], "wrong number of fields"
    return fields[:width], ""
