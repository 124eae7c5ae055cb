"""One person with several CPR numbers: what was delivered under a former number is read as the person's own.

Tables keep the pseudonym that a row was delivered under. ``number_change`` says which pseudonyms another one has
replaced, and readers see every row under the present one. So a change that comes late, or is corrected, moves nothing
in the tables, and an earlier version of the store reads as it did.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import pyarrow as pa

from ddns_utils.model import Table

PRESENT = pa.schema([("former", pa.string()), ("present", pa.string()), ("steps", pa.int64())])


def present_pseudonyms(replaced_by: Mapping[str, str]) -> pa.Table:
    """For each former pseudonym the present one, and how many changes lie between them (1 or more).

    ``replaced_by`` gives the next pseudonym of each former one; there are no circles in it.
    """
    found = []
    for former in sorted(replaced_by):
        present, steps = former, 0
        while present in replaced_by:
            present, steps = replaced_by[present], steps + 1
        found.append((former, present, steps))
    columns = zip(*found, strict=True) if found else ([], [], [])
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, PRESENT, strict=True)], schema=PRESENT)


def closes_circle(former: str, present: str, replaced_by: Mapping[str, str]) -> bool:
    """Whether a change from one pseudonym to another would lead back to where it began."""
    while present != former and present in replaced_by:
        present = replaced_by[present]
    return present == former


def unite(model: type[Table], rows: ibis.Table, changes: ibis.Table) -> ibis.Table:
    """The rows of a table under the present pseudonyms of their persons; ``changes`` has the columns of ``PRESENT``.

    Of several rows of one person in ``person`` that under the latest number stands. In ``residence`` a stay told under
    a former number ends where the first stay told under a later one begins.
    """
    moved = rows.left_join(changes, rows.person_id == changes.former)
    moved = moved.mutate(person_id=moved.present.coalesce(moved.person_id), steps=moved.steps.fill_null(0))
    choose = {"person": _under_latest_number, "residence": _until_later_number}.get(model.name)
    if choose is None:
        return moved.select(*model.columns)
    several = changes.select(person_id="present").distinct()
    return moved.anti_join(several, "person_id").select(*model.columns).union(
        choose(moved.semi_join(several, "person_id")).select(*model.columns)
    )  # fmt: skip


def _under_latest_number(rows: ibis.Table) -> ibis.Table:
    least = rows.group_by("person_id").aggregate(least=rows.steps.min())
    both = rows.inner_join(least, "person_id")
    return both.filter(both.steps == both.least)


def _until_later_number(rows: ibis.Table) -> ibis.Table:
    told = rows.group_by(whose="person_id", fewer="steps").aggregate(first=rows.start.min())
    both = rows.left_join(told, [rows.person_id == told.whose, told.fewer < rows.steps])
    cut = both.group_by(rows.columns).aggregate(until=both.first.min())
    earlier = cut.end.isnull() | (cut.until < cut.end)  # same either way: on one day both say the same
    end = ibis.ifelse(cut.until.notnull() & earlier, cut.until, cut.end)
    return cut.filter(cut.until.isnull() | (cut.start < cut.until)).mutate(end=end)
