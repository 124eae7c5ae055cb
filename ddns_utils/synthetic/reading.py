"""Deliveries as tables to count in: what calibration and tests read, never the truth behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson
import pandas as pd

REGISTERS = ("LPR_A_KONTAKT", "LPR_A_DIAGNOSE", "SSSY", "LMDB", "LAB", "AIM")


def delivered(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database with a view of each flat register (all deliveries together; BEF of the last one only) and of stays.

    ``persons`` has one row per person, ``homes`` one per stay in a municipality, ``stays`` one per hospital stay:
    contacts with attendance joined at gaps of four hours or less.
    """
    database = duckdb.connect()
    for name in REGISTERS:
        files = folder / "registers" / "*" / f"{name}*.parquet"
        database.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{files}')")
    last = max((folder / "registers").iterdir())
    database.execute(f"""
        CREATE TABLE homes AS SELECT PNR, KOEN, FOED_DAG, KOM, BOP_VFRA, BOP_VTIL, DOED_DAG
        FROM read_csv('{last}/BEF*.csv', delim=';', types={{'PNR': 'VARCHAR', 'KOM': 'VARCHAR', 'KOEN': 'VARCHAR',
            'FOED_DAG': 'DATE', 'BOP_VFRA': 'DATE', 'BOP_VTIL': 'DATE', 'DOED_DAG': 'DATE'}});
        CREATE VIEW persons AS SELECT PNR, any_value(KOEN) KOEN, any_value(FOED_DAG) FOED_DAG,
            any_value(DOED_DAG) DOED_DAG, min(BOP_VFRA) settled FROM homes GROUP BY PNR;
        CREATE TABLE stays AS
        WITH contact AS (
            SELECT DISTINCT ON (DW_EK_KONTAKT) PNR, KONT_STARTTIDSPUNKT starts, KONT_SLUTTIDSPUNKT ends, PRIORITET,
                   KONT_ANS_HOVEDSPEC specialty
            FROM LPR_A_KONTAKT WHERE KONT_TYPE = 'ALCA00' AND KONT_SLUTTIDSPUNKT IS NOT NULL
        ), marked AS (
            SELECT *, CASE WHEN starts <= max(ends) OVER (PARTITION BY PNR ORDER BY starts, ends
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + INTERVAL 4 HOUR THEN 0 ELSE 1 END begins
            FROM contact
        ), numbered AS (SELECT *, sum(begins) OVER (PARTITION BY PNR ORDER BY starts, ends) stay FROM marked)
        SELECT PNR, stay, min(starts) starts, max(ends) ends, arg_min(PRIORITET, starts) = 'ATA1' acute,
               max(ends) - min(starts) >= INTERVAL 12 HOUR admission, arg_min(specialty, starts) specialty
        FROM numbered GROUP BY PNR, stay;
    """)
    return database


def reports(folder: Path) -> Iterator[dict]:
    """Every delivery report, in the order of the files."""
    for file in sorted((folder / "kl_gateway").rglob("*.ndjson")):
        with file.open("rb") as lines:
            yield from map(orjson.loads, lines)


def municipal(folder: Path) -> dict[str, pd.DataFrame]:
    """Rehabilitation plans and home care interventions as last reported, without those entered in error."""
    plans: dict[tuple, dict] = {}
    care: dict[tuple, dict] = {}
    for bundle in reports(folder):
        resources = [entry["resource"] for entry in bundle["entry"]]
        citizen = next(one for one in resources if one["resourceType"] == "Patient")
        who = citizen["identifier"][0]["value"]
        keeper = citizen["managingOrganization"]["identifier"]["value"]
        about = {"PNR": who, "keeper": keeper, "at": bundle["timestamp"]}
        for one in resources:
            profile = one["meta"]["profile"][0].rsplit("/", 1)[1]
            if profile == "klgateway-140-servicerequest":
                _latest(plans, (keeper, one["id"]), about | _plan(one))
            elif profile == "klgateway-care-planned-intervention":
                coded = one["activity"][0]["detail"]["code"]["coding"][0]["code"]
                period = {"start": one["period"]["start"], "end": one["period"].get("end")}
                _latest(care, (keeper, one["id"]), about | period | {"code": coded, "status": one["status"]})
    return {name: _frame(rows) for name, rows in (("plans", plans), ("care", care))}


def _latest(rows: dict[tuple, dict], key: tuple, row: dict) -> None:
    if key not in rows or rows[key]["at"] <= row["at"]:
        rows[key] = row


def _plan(one: dict) -> dict:
    extensions = {e["url"].rsplit("/", 1)[1]: e for e in one["extension"]}
    return {
        "kind": one["category"][0]["coding"][0]["code"],
        "status": one["status"],
        "received": one["authoredOn"],
        "discharged": extensions["PreconditionDate"]["valueDate"],
        "offered": one.get("occurrencePeriod", {}).get("start"),
    }


def _frame(rows: dict[tuple, dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows.values())
    return frame[~frame["status"].isin(["entered-in-error", "revoked"])] if len(frame) else frame
