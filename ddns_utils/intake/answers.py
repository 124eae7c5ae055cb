"""The rules of a register asked of its rows: the columns of a table, and which rows break none.

Registers say the same again and again, so that of many rows every rule is asked once for each different combination
of the fields it looks at, not once for each row. CPR numbers stay in memory, or spilled and encrypted; each is hashed
once a file.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.intake.flat_rows import Question
from ddns_utils.intake.pseudonym import Pseudonyms, without_cpr

DIFFERENT = "different_rows"
SAMPLE = 1_000


def forget_persons(engine: duckdb.DuckDBPyConnection) -> None:
    """Begin a new file: ``people`` has each of its CPR numbers, as delivered, with the pseudonym."""
    engine.execute("CREATE OR REPLACE TEMP TABLE people (number VARCHAR, pseudonym VARCHAR)")


def answer(
    questions: Sequence[Question], rows: pa.Table, engine: duckdb.DuckDBPyConnection, pseudonyms: Pseudonyms
) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The columns of a table, texts perhaps as numbers into a dictionary; and which rows break a rule.

    ``questions`` are over DIFFERENT; one question is asked of the rows as they are.
    """
    columns: dict[str, pa.Array] = {}
    bad = np.zeros(len(rows), dtype=bool)
    for question in questions:
        # A question about no field, because an optional one is not there, has one answer for all rows.
        asked, places = rows.select(question.fields or rows.column_names[:1]), None
        if len(questions) > 1 and not _all_different(asked):  # same either way: a quicker one
            places, asked = _different(asked)
        engine.register(DIFFERENT, asked)
        quick = bool(question.as_given) and all(map(_is_tidy, asked.columns))
        answers = engine.execute(question.quick if quick else question.query).to_arrow_table()
        broken = answers["broken"].to_numpy()
        told = {name: answers[name] for name in answers.column_names[:-1]}
        if quick:
            told |= {name: asked[field] for name, field in question.as_given.items()}
        for name, column in told.items():
            values = _one(column)
            if name == "person_id":
                values = _persons(values, engine, pseudonyms)
                broken = broken | values.is_null().to_numpy(zero_copy_only=False)
            elif name in question.texts:
                values = without_cpr(values, engine)
            columns[name] = values if places is None else _spread(values, places)
        if broken.any():
            bad |= broken if places is None else broken[places.to_numpy()]
    return columns, bad


def _all_different(rows: pa.Table) -> bool:
    """Whether looking for the different rows would be wasted, by one row at random of each thousandth of them."""
    places = (np.arange(SAMPLE) + np.random.default_rng(0).random(SAMPLE)) * (len(rows) / SAMPLE)
    sample = rows.take(pa.array(places.astype(np.int64)))
    return any(len(column.unique()) == SAMPLE for column in sample.columns)  # same either way: a quicker one


def _is_tidy(column: pa.ChunkedArray) -> bool:
    """Whether no text needs trimming, by a quick look at all letters: no space, nothing beyond ASCII, no empty text."""
    for chunk in column.chunks:
        texts = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        if not pa.types.is_string(texts.type):
            continue
        _, offsets, letters = texts.buffers()
        first, last = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
        used = np.frombuffer(letters, np.uint8)[first:last] if letters else np.empty(0, np.uint8)
        plain = used.size and used.min() > ord(" ") and used.max() < 128  # same either way: DEL is no space
        if not plain or pc.min(pc.binary_length(texts)).as_py() == 0:
            return False
    return True


def _different(rows: pa.Table) -> tuple[pa.Array, pa.Table]:
    """For each row the place of its like among the different rows; and those, each once."""
    columns = [_numbered(column) for column in rows.columns]
    if len(columns) == 1:
        ((places, values),) = columns
        return places, pa.table([values], rows.column_names)
    places, number = pa.array(np.zeros(len(rows), dtype=np.int32)), 1
    for codes, values in columns:
        combined = places.to_numpy().astype(np.int64) * len(values) + codes.to_numpy()
        encoded = pa.array(combined).dictionary_encode()
        places, number = encoded.indices, len(encoded.dictionary)
    one_of_each = np.empty(number, dtype=np.int64)
    one_of_each[places.to_numpy()] = np.arange(len(rows))
    return places, rows.take(pa.array(one_of_each))


def _numbered(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """For each value its number among the different ones; and those, the last of them empty."""
    encoded = _one(column if pa.types.is_dictionary(column.type) else column.dictionary_encode())
    values = pa.concat_arrays([encoded.dictionary, pa.nulls(1, encoded.dictionary.type)])
    return encoded.indices.fill_null(len(values) - 1), values


def _persons(numbers: pa.Array, engine: duckdb.DuckDBPyConnection, pseudonyms: Pseudonyms) -> pa.DictionaryArray:
    """Pseudonyms for CPR numbers; null where there is no possible number."""
    encoded = numbers.dictionary_encode()
    places = pa.array(np.arange(len(encoded.dictionary)))
    engine.register("numbers", pa.table({"number": encoded.dictionary, "place": places}))
    new = engine.execute("""
        SELECT number, CASE WHEN possible_cpr(digits) THEN digits END AS digits
        FROM (SELECT number, cpr_digits(number) AS digits FROM numbers ANTI JOIN people USING (number))
    """).to_arrow_table()
    hashed = [digits and pseudonyms.hash(digits) for digits in new["digits"].to_pylist()]
    engine.register("hashed", new.append_column("pseudonym", pa.array(hashed, pa.string())))
    engine.execute("INSERT INTO people SELECT number, pseudonym FROM hashed")
    found = engine.execute("SELECT pseudonym FROM numbers LEFT JOIN people USING (number) ORDER BY place")
    return _spread(_one(found.to_arrow_table()["pseudonym"]), encoded.indices)


def _spread(values: pa.Array, places: pa.Array) -> pa.Array:
    """For each place the value there; texts as numbers into a dictionary."""
    encoded = values.dictionary_encode() if pa.types.is_string(values.type) else values
    if not pa.types.is_dictionary(encoded.type):
        return encoded.take(places)
    return pa.DictionaryArray.from_arrays(encoded.indices.take(places), encoded.dictionary)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
