"""Rows that need no settling, because their table has no key, are written into the store as they are read.

A million rows at a time are pseudonymised, sorted by person and written; nothing counts before the store's version is
published. CPR numbers stay in memory, or spilled and encrypted; each is hashed once a file.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.intake.account import Fate
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.intake.staging import Staging
from ddns_utils.model import TABLES
from ddns_utils.table_files import ROWS_PER_WRITE

BAD_ROWS = "bad_rows"


def write_at_once(query: str, table: str, delivery_id: str, staged: Staging) -> int:
    """Write the good rows that a query gives; gives how many were bad, whose numbers are in the table BAD_ROWS.

    The query gives the rows in the file's order: the table's columns except ``delivery_id``, with the CPR number as
    ``person_id``; and ``broken``, true for a row that breaks a rule. If it fails, nothing of it is written.
    """
    files = staged.writer.files(table)
    before = set(files.added)
    time = TABLES[table].time
    kept, bad, days = 0, 0, []
    # A connection of its own, because the engine is busy with the query.
    with staged.engine.cursor() as aside:
        staged.pseudonyms.teach(aside)
        aside.execute(f"CREATE OR REPLACE TABLE {BAD_ROWS} (file_row_number BIGINT)")
        aside.execute("CREATE TEMP TABLE people (number VARCHAR, pseudonym VARCHAR)")
        try:
            for rows in _read(query, staged.engine):
                persons = _persons(rows["person_id"].chunk(0), aside, staged.pseudonyms)
                good = pc.and_(pc.invert(rows["broken"].chunk(0)), pc.is_valid(persons.indices))
                rows = rows.set_column(rows.column_names.index("person_id"), "person_id", persons)
                if not pc.all(good).as_py():
                    numbers = kept + bad + np.flatnonzero(~good.to_numpy(zero_copy_only=False))
                    aside.register("bad", pa.table({"file_row_number": numbers}))
                    aside.execute(f"INSERT INTO {BAD_ROWS} SELECT file_row_number FROM bad")
                    rows = rows.filter(good)
                    bad += len(numbers)
                kept += len(rows)
                days += pc.min_max(rows[time]).as_py().values()
                files.write(rows.append_column("delivery_id", _always(delivery_id, len(rows))))
        except BaseException:
            files.remove(set(files.added) - before)
            raise
    days = [day for day in days if day]
    if kept:
        staged.fates.append(Fate(delivery_id, table, kept, 0, 0, min(days, default=None), max(days, default=None), {}))
    return bad


def _read(query: str, engine: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    try:
        for batch in engine.execute(query).to_arrow_reader(ROWS_PER_WRITE):
            yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowException) as error:  # what goes wrong in the engine comes through Arrow as these
        raise duckdb.Error(str(error)) from None


def _persons(numbers: pa.Array, aside: duckdb.DuckDBPyConnection, pseudonyms: Pseudonyms) -> pa.DictionaryArray:
    """Pseudonyms for CPR numbers, as numbers into a dictionary; null where there is no possible number."""
    encoded = numbers.dictionary_encode()
    places = pa.array(np.arange(len(encoded.dictionary)))
    aside.register("numbers", pa.table({"number": encoded.dictionary, "place": places}))
    new = aside.execute("""
        SELECT number, CASE WHEN possible_cpr(digits) THEN digits END AS digits
        FROM (SELECT number, cpr_digits(number) AS digits FROM numbers ANTI JOIN people USING (number))
    """).to_arrow_table()
    hashed = [digits and pseudonyms.hash(digits) for digits in new["digits"].to_pylist()]
    aside.register("hashed", new.append_column("pseudonym", pa.array(hashed, pa.string())))
    aside.execute("INSERT INTO people SELECT number, pseudonym FROM hashed")
    found = aside.execute(
        "SELECT pseudonym FROM numbers LEFT JOIN people USING (number) ORDER BY place"
    ).to_arrow_table()
    persons = found["pseudonym"].combine_chunks().dictionary_encode()
    return pa.DictionaryArray.from_arrays(persons.indices.take(encoded.indices), persons.dictionary)


def _always(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text]))
