"""Rows with a key that are written before it is known which of them stand: of a large file nearly always all do.

Only their keys are read again, to find those that other rows of the landing or of the store have too. A file with such
a row is taken back: its rows are staged, and settled like any others. The other files stay as they were written.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ddns_utils.intake.account import Fate
from ddns_utils.intake.number_changes import NUMBER_CHANGE
from ddns_utils.intake.settle import WITH_CONTACT
from ddns_utils.intake.staging import FEW_ROWS, Staging
from ddns_utils.merging import hash_of_key, met_twice, read_files
from ddns_utils.model import TABLES
from ddns_utils.table_files import TableFiles


def may_be_written(table: str, rows: int) -> bool:
    """Whether that many good rows of a table are better written at once. Some tables look elsewhere first."""
    return rows > FEW_ROWS and table not in WITH_CONTACT and table != NUMBER_CHANGE


def write_at_once(table: str, rows: pa.Table, source_rows: np.ndarray, arrival: int, staged: Staging) -> None:
    """Write rows that break no rule; the hashes of their keys, and their numbers in the delivered file in case they are
    taken back, are kept beside."""
    staged.engine.register("checked", rows)
    hashed = staged.engine.execute(f"SELECT {hash_of_key(TABLES[table])} AS number FROM checked").to_arrow_table()
    about = hashed.append_column("source_row", pa.array(source_rows))
    for path, places in staged.writer.files(table).write(rows).items():
        beside = staged.folder / Path(path).name
        pq.write_table(about.take(places), beside, use_dictionary=False, compression="none")
        staged.written.setdefault(table, {})[path] = beside, arrival


def take_back(table: str, staged: Staging) -> list[Fate]:
    """Stage the written rows whose files hold a key that another row has too; gives what became of the others."""
    files = staged.writer.files(table)
    # Of a delivery that could not be read to its end nothing was left.
    written = {path: of for path, of in staged.written.pop(table, {}).items() if path in files.added}
    if not written:
        return []
    for path in _with_rivals(table, written, files, staged):
        beside, arrival = written.pop(path)
        source_rows = pq.read_table(beside)["source_row"].to_numpy()
        staged.stage_good(table, files.read(path), source_rows, arrival)
        files.remove({path})
    day = f'"{files.model.time}"::DATE' if files.model.time else "NULL::DATE"
    counted = staged.engine.execute(f"""
        SELECT delivery_id, count(*), min({day}), max({day})
        FROM {staged.writer.scan(table, written)} GROUP BY delivery_id""").fetchall()
    return [Fate(id_, table, kept, 0, 0, first, last, {}) for id_, kept, first, last in counted]


def _with_rivals(table: str, written: dict[str, tuple[Path, int]], files: TableFiles, staged: Staging) -> set[str]:
    """Which of the written files have a key that is there once more, in them, among staged rows or in the store."""
    engine, hashed = staged.engine, hash_of_key(TABLES[table])
    path_of = {str(beside): path for path, (beside, _) in written.items()}
    keys = read_files(path_of, "filename = true")
    all_keys = f"SELECT number FROM {keys}"
    if table in staged.sources:
        all_keys += f" UNION ALL SELECT {hashed} FROM {staged.rows(table)} WHERE reasons IS NULL"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE rivals AS {met_twice(all_keys)}")
    if files.committed:
        stored = f"(SELECT {hashed} AS number FROM {staged.writer.scan_before(table)})"
        engine.execute(f"INSERT INTO rivals SELECT number FROM {stored} SEMI JOIN {keys} USING (number)")
    found = engine.execute(f"SELECT DISTINCT filename FROM {keys} SEMI JOIN rivals USING (number)")
    return {path_of[beside] for (beside,) in found.fetchall()}
