"""Tables that many indicators rest on are computed once for each snapshot and kept in its engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

import ibis

from ddns_utils import engines
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

Find = Callable[[Snapshot], ibis.Table]
ROWS_AT_ONCE = 8_000_000  # windows over so many contacts take DuckDB about 2 GB


def kept(find: Find) -> Find:
    """A function of a snapshot that computes its table the first time and reads it from the engine afterwards."""

    return _once(find)


def kept_in_parts(table: str) -> Callable[[Find], Find]:
    """The same for what takes much memory for each row of a table: computed for some persons at a time.

    A row of what is found must rest on the rows of its own person alone.
    """
    return lambda find: _once(find, table)


def _once(find: Find, table: str | None = None) -> Find:
    @wraps(find)
    def once(snapshot: Snapshot) -> ibis.Table:
        name = f"{find.__module__.rpartition('.')[2]}_{find.__name__}"
        return keep(snapshot, name, find, table)

    return once


def keep_for(snapshot: Snapshot, period: Period, name: str, find: Find) -> ibis.Table:
    """The same for a table of one period."""
    return keep(snapshot, f"{name}_{period.start:%Y%m%d}_{period.end:%Y%m%d}", find)


def keep(snapshot: Snapshot, name: str, find: Find, table: str | None = None) -> ibis.Table:
    """The table that ``find`` gives, computed unless the snapshot's engine already keeps it under ``name``.

    Of a stored ``table`` with many rows it is computed for some persons at a time.
    """
    name = f"kept_{name}"
    if name in snapshot.engine.list_tables():
        return snapshot.engine.table(name)
    parts = math.ceil(snapshot.stored_rows(table) / ROWS_AT_ONCE) if table else 1
    return engines.keep(snapshot.engine, name, find(snapshot), max(1, parts))
