"""When a row was first received: corrections, and deliveries of everything once more, do not make a sender late.

Of all versions of a row the first counts that came on or after its event: a meeting that was planned has not been
reported before it was held. So the order in which deliveries land does not matter here either.
"""

from __future__ import annotations

import pyarrow as pa

from ddns_utils.intake.staging import Staging
from ddns_utils.merging import same_key
from ddns_utils.model import Table
from ddns_utils.registers import Writer

FIRST = "first_received_on"


def know_receipts(staged: Staging, writer: Writer) -> None:
    """Make the table ``receipts``: the day on which each delivery of the store and of this landing was received."""
    schema = pa.schema([("delivery_id", pa.string()), ("received_on", pa.date32())])
    columns = [list(staged.received), list(staged.received.values())]
    staged.engine.register("received_now", pa.table(columns, schema=schema))
    staged.engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE receipts AS
        FROM received_now UNION ALL
        SELECT delivery_id, received_at::DATE AS received_on
        FROM {writer.scan_before("delivery")} ANTI JOIN received_now USING (delivery_id)""")


def with_receipts(rows: str) -> str:
    """SQL for rows with the day on which they were first received, as far as they know: that of their delivery."""
    return f"""(SELECT known.* REPLACE (coalesce(known.{FIRST}, receipts.received_on) AS {FIRST})
        FROM {rows} AS known LEFT JOIN receipts USING (delivery_id))"""


def earliest(model: type[Table], row: str, days: str) -> str:
    """SQL for the first of some days that is not before the event of a row; the row's own day if none is."""
    return f"""coalesce(list_min(list_filter({days}, lambda day: day >= {row}."{model.event}"::DATE)), {row}.{FIRST})"""


def receive_earlier(model: type[Table], decided: str, writer: Writer) -> None:
    """Where an earlier version of a row lands late, the row that stands has been received with it already."""
    key = ", ".join(f'"{column}"' for column in model.key)
    late = (
        f"""(SELECT {key}, list({FIRST}) AS days FROM {decided} WHERE reasons IS NULL AND NOT stands GROUP BY {key})"""
    )
    holding = writer.holding(model.name, late)
    day = earliest(model, "stored", f"list_append(days, stored.{FIRST})")
    writer.engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE earlier AS
        SELECT stored.* EXCLUDE (days) REPLACE ({day} AS {FIRST})
        FROM (SELECT stored.*, days FROM {with_receipts(writer.scan(model.name, holding))} AS stored
            JOIN {late} AS late ON {same_key(model, "stored", "late")}) AS stored
        WHERE {day} <> stored.{FIRST}""")
    if writer.engine.execute("SELECT count(*) FROM earlier").fetchone() != (0,):
        writer.put(model.name, "earlier", writer.holding(model.name, "earlier"))
