"""Changes of CPR numbers that would lead back to where they began are refused: nobody could say which number stands."""

from __future__ import annotations

import pyarrow as pa

from ddns_utils.persons import closes_circle
from ddns_utils.registers import Writer

CIRCLE = "number change in a circle"
NUMBER_CHANGE = "number_change"


def refuse_circles(rows: str, writer: Writer) -> str:
    """SQL for staged number changes, where those that close a circle have that reason.

    Changes are looked at in the order in which they stand: by day of delivery, then arrival, then row. A change of a
    number replaces an earlier one of that number, here as in the store.
    """
    engine = writer.engine
    stored = engine.execute(f"""
        SELECT former_person_id, person_id, left(delivery_id, 10) FROM {writer.scan(NUMBER_CHANGE)}""").fetchall()
    replaced_by = {former: present for former, present, _ in stored}
    days = {former: day for former, _, day in stored}
    given = engine.execute(f"""
        SELECT former_person_id, person_id, left(delivery_id, 10), arrival, delivery_id, source_row FROM {rows}
        WHERE reasons IS NULL ORDER BY 3, arrival NULLS FIRST, source_row""").fetchall()
    refused = []
    for former, present, day, arrival, *place in given:
        stands = days.get(former, "")
        if stands > day or (stands == day and arrival is None):
            continue
        if closes_circle(former, present, replaced_by):
            refused.append(place)
        else:
            replaced_by[former], days[former] = present, day
    columns = zip(*refused, strict=True) if refused else ([], [])
    schema = pa.schema([("delivery_id", pa.string()), ("source_row", pa.int64())])
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    engine.register("circles", pa.Table.from_arrays(arrays, schema=schema))
    closes = "circles.delivery_id IS NOT NULL"
    return f"""(
        SELECT own.* REPLACE (
            CASE WHEN {closes} THEN '{CIRCLE}' ELSE own.reasons END AS reasons,
            CASE WHEN {closes} THEN to_json(own)::VARCHAR ELSE own.content END AS content)
        FROM {rows} AS own LEFT JOIN circles USING (delivery_id, source_row))"""
