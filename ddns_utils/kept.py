"""Tables that many indicators rest on are computed once for each snapshot and kept in its engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import ibis

from ddns_utils import engines
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

Find = Callable[[Snapshot], ibis.Table]


def kept(find: Find) -> Find:
    """A function of a snapshot that computes its table the first time and reads it from the engine afterwards."""

    @wraps(find)
    def once(snapshot: Snapshot) -> ibis.Table:
        return keep(snapshot, f"{find.__module__.rpartition('.')[2]}_{find.__name__}", find)

    return once


def keep_for(snapshot: Snapshot, period: Period, name: str, find: Find) -> ibis.Table:
    """The same for a table of one period."""
    return keep(snapshot, f"{name}_{period.start:%Y%m%d}_{period.end:%Y%m%d}", find)


def keep(snapshot: Snapshot, name: str, find: Find) -> ibis.Table:
    """The table that ``find`` gives, computed unless the snapshot's engine already keeps it under ``name``."""
    name = f"kept_{name}"
    if name not in snapshot.engine.list_tables():
        return engines.keep(snapshot.engine, name, find(snapshot))
    return snapshot.engine.table(name)
