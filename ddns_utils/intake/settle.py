"""Settling what was staged: which row of each key stands, and what became of every row that was read.

The order of arrival must not matter where a delivery says itself what is later. Municipal resources are ordered by
the report's timestamp, which is not believed if the resource ended later; reports with one timestamp by what they say:
a withdrawn resource is later than one that stands, an ended one later than one under way, that later than a planned
one; if that says nothing either, by their content, so that any order of arrival gives the same. Flat registers are
ordered by the day of delivery, then arrival.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from ddns_utils.intake.account import UNKNOWN_CONTACT, Fate
from ddns_utils.intake.contract import SEPARATOR
from ddns_utils.intake.first_receipt import FIRST, earliest, receive_earlier, with_receipts
from ddns_utils.intake.number_changes import CIRCLE, NUMBER_CHANGE, refuse_circles
from ddns_utils.intake.staging import FINDING, QUARANTINE, Staging
from ddns_utils.merging import hash_of_key, met_twice, same_key
from ddns_utils.model import TABLES, Table
from ddns_utils.registers import Writer

WAITING = (UNKNOWN_CONTACT, CIRCLE)  # reasons that other rows may take away; the refused row is kept as one of ours
WITH_CONTACT = {"hospital_diagnosis": ("person_id", "contact_start"), "hospital_procedure": ("person_id",)}
UNDER_WAY = (
    "('active', 'on-hold', 'scheduled', 'in-progress', 'arrived', 'triaged', 'onleave', 'accepted', 'preliminary')"
)
ENDED = "('completed', 'revoked', 'cancelled', 'stopped', 'finished', 'rejected', 'final', 'amended', 'corrected')"


def settle(table: str, staged: Staging, refused: set[str], writer: Writer) -> list[Fate]:
    """Write the rows of a table that stand, and say what became of each delivery's rows. Receipts are known already."""
    model, engine = TABLES[table], staged.engine
    rows = _accepted(table, staged, refused)
    if table in WITH_CONTACT:
        rows = staged.put_in_place(table, f"FROM {_with_contact(table, rows, writer)}")
    if table == NUMBER_CHANGE:
        rows = refuse_circles(rows, writer)
    decided = _decide(model, rows, staged, writer) if model.key else _all_stand(table, rows, staged)
    day = f'"{model.time}"::DATE' if model.time else "NULL::DATE"
    counted = engine.execute(f"""
        SELECT delivery_id, held_in, count(*) FILTER (stands), count(*) FILTER (reasons IS NOT NULL),
            count(*) FILTER (reasons IS NULL AND NOT stands),
            min({day}) FILTER (stands), max({day}) FILTER (stands)
        FROM {decided} GROUP BY delivery_id, held_in""").fetchall()
    if any(standing for _, _, standing, *_ in counted):
        holding = {file for _, file, *_ in counted if file}
        writer.put(table, f"(SELECT * FROM {decided} WHERE stands)", holding)
    if FIRST in model.columns and any(superseded for *_, superseded, _, _ in counted):
        receive_earlier(model, decided, writer)
    reasons: dict = defaultdict(dict)
    if any(bad for _, _, _, bad, *_ in counted):
        reasons = _quarantine(f"SELECT *, '{table}' AS \"table\" FROM {decided} WHERE reasons IS NOT NULL", writer)
    return [Fate(id_, table, *numbers, reasons.pop((id_, table), {})) for id_, _, *numbers in counted]


def _decide(model: type[Table], rows: str, staged: Staging, writer: Writer) -> str:
    """SQL that says of each row whether it stands, and in which file its key is stored."""
    engine, key, is_timed = staged.engine, ", ".join(f'"{column}"' for column in model.key), FIRST in model.columns
    good = f"(SELECT *, false AS stored, NULL::VARCHAR AS held_in FROM {rows} WHERE reasons IS NULL)"
    # Stored rows that share a key with the new ones, withdrawn ones included.
    if holding := writer.holding(model.name, good):
        stored = f"(SELECT *, filename AS held_in, true AS stored FROM {writer.scan(model.name, holding, 'filename')})"
        good = f"""({good} UNION ALL BY NAME
            SELECT *, 0 AS arrival, 0 AS source_row
            FROM {stored} AS landed SEMI JOIN {good} AS new ON {same_key(model, "landed", "new")})"""
    if not staged.few(model.name):
        hashed = hash_of_key(model)
        rivals = met_twice(f"SELECT {hashed} AS number FROM {good}")
        engine.execute(f"CREATE OR REPLACE TEMP TABLE rivals AS {rivals}")
        good = f"(SELECT * FROM {good} AS good SEMI JOIN rivals ON {hashed} = number)"
    if is_timed:
        rows, good = with_receipts(rows), with_receipts(good)
    later = _later_by(model)
    compared = ", ".join(f"{expression} AS later_{number}" for number, expression in enumerate(later))
    latest_first = ", ".join([*(f"later_{number} DESC" for number in range(len(later))), "delivery_id"])
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE compared AS
        SELECT staged_as, row_number() OVER (PARTITION BY {key} ORDER BY {latest_first}) = 1 AS latest,
            any_value(held_in) OVER (PARTITION BY {key}) AS held_in,
            {f"list({FIRST}) OVER (PARTITION BY {key})" if is_timed else "NULL"} AS received
        FROM (SELECT * EXCLUDE (arrival, source_row), {compared} FROM {good})""")
    day = f" REPLACE ({earliest(model, 'own', 'received')} AS {FIRST})" if is_timed else ""
    return f"""(SELECT own.*{day}, reasons IS NULL AND latest IS NOT false AS stands, held_in
        FROM {rows} AS own LEFT JOIN compared USING (staged_as))"""


def _all_stand(table: str, rows: str, staged: Staging) -> str:
    """Rows without a key stand if they are good and no later delivery has replaced their period."""
    stands = f"reasons IS NULL AND NOT ({staged.replaced_since(table)})"
    return f"(SELECT *, {stands} AS stands, NULL::VARCHAR AS held_in FROM {rows})"


def settle_refused(staged: Staging, refused: set[str], writer: Writer) -> list[Fate]:
    """Put into quarantine what is no row of any table, and count it."""
    rows = f"SELECT * FROM {_accepted(QUARANTINE, staged, refused)}"
    reasons = _quarantine(rows, writer)
    counted = staged.engine.execute(f'SELECT delivery_id, "table", count(*) FROM ({rows}) GROUP BY ALL').fetchall()
    return [Fate(id_, table, 0, number, 0, None, None, reasons[id_, table]) for id_, table, number in counted]


def settle_findings(staged: Staging, refused: set[str], writer: Writer) -> dict[str, int]:
    """Write the breaches of rules of the delivery reports; gives how often each occurs, most frequent first."""
    rows = _accepted(FINDING, staged, refused)
    writer.merge_rows(FINDING, rows)
    return dict(staged.engine.execute(f"SELECT rule, count(*) FROM {rows} GROUP BY rule ORDER BY 2 DESC, 1").fetchall())


def _accepted(table: str, staged: Staging, refused: set[str]) -> str:
    if not refused:
        return staged.rows(table)
    staged.engine.execute("CREATE OR REPLACE TEMP TABLE refused AS SELECT unnest($1) AS delivery_id", [sorted(refused)])
    return f"(SELECT * FROM {staged.rows(table)} ANTI JOIN refused USING (delivery_id))"


def _quarantine(rows: str, writer: Writer) -> dict[tuple[str, str], dict[str, int]]:
    """Append rows to quarantine; gives how often each reason occurs, by delivery and table."""
    with writer.long_rows():
        writer.put(QUARANTINE, f"({rows})", set())
    counted = writer.engine.execute(f"""
        SELECT delivery_id, "table", reason, count(*) AS number
        FROM (SELECT *, unnest(string_split(reasons, '{SEPARATOR}')) AS reason FROM ({rows}))
        GROUP BY ALL ORDER BY reason""").fetchall()
    reasons: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for delivery_id, table, reason, number in counted:
        reasons[delivery_id, table][reason] = number
    return reasons


def _later_by(model: type[Table]) -> list[str]:
    """What is greater in the later of two rows with one key, what counts most first."""
    if model.order is None:
        # A row that comes out of quarantine has no arrival; of the same day, what stands already is later.
        return ["left(delivery_id, 10)", "arrival IS NOT NULL", "NOT stored", "arrival", "source_row"]
    content = ", ".join(f'"{column}"' for column in model.columns if column not in ("delivery_id", FIRST))
    return [_told_at(model), f'"{model.voided_by}"', _phase(model), f"hash({content})", "stored"]


def _told_at(model: type[Table]) -> str:
    """When a report was put together; not before its resource ended, if that day had come when it was delivered."""
    statuses = [column for column in ("status", "activity_status") if column in model.columns]
    if not statuses or "end" not in model.columns:
        return f'"{model.order}"'
    ended = " OR ".join(f'"{column}" IN {ENDED}' for column in statuses)
    delivered_on = f"coalesce(TRY_CAST(left(delivery_id, 10) AS DATE), DATE '{date.today()}')"
    believed = f'"end"::DATE > "{model.order}"::DATE AND "end"::DATE <= {delivered_on}'
    return f'CASE WHEN ({ended}) AND {believed} THEN "end"::TIMESTAMP ELSE "{model.order}" END'


def _phase(model: type[Table]) -> str:
    """How far a resource has come, by its statuses."""
    phases = [
        f'CASE WHEN "{column}" IN {ENDED} THEN 2 WHEN "{column}" IN {UNDER_WAY} THEN 1 ELSE 0 END'
        for column in ("status", "activity_status")
        if column in model.columns
    ]
    if "in_focus" in model.columns:
        phases += [
            "(NOT in_focus)::INT",
            "coalesce(clinical_status IN ('inactive', 'remission', 'resolved'), false)::INT",
        ]
    return " + ".join(phases)


def _with_contact(table: str, rows: str, writer: Writer) -> str:
    """The rows with person and start of their hospital contact, from this landing or the store."""
    contacts = f"SELECT contact_id, person_id, start FROM {writer.scan('hospital_contact')}"
    filled = ["contact.person_id AS person_id"]
    if "contact_start" in WITH_CONTACT[table]:
        filled.append("contact.start AS contact_start")
    own = ", ".join(f'own."{column}"' for column in TABLES[table].columns if column not in WITH_CONTACT[table])
    lost = "contact.contact_id IS NULL AND own.reasons IS NULL"
    return f"""(
        SELECT {own}, {", ".join(filled)}, own.arrival, own.source_row, own.staged_as,
            CASE WHEN {lost} THEN '{UNKNOWN_CONTACT}' ELSE own.reasons END AS reasons,
            CASE WHEN {lost} THEN to_json(own)::VARCHAR ELSE own.content END AS content
        FROM {rows} AS own LEFT JOIN ({contacts}) AS contact USING (contact_id))"""
