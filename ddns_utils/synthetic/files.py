"""Writing deliveries: flat registers by year, each row in the first delivery after it was reported."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ddns_utils import areas, codelists
from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import day_number, days, minutes
from ddns_utils.synthetic.people import People, Window, municipalities

MOMENTS = {"KONT_STARTTIDSPUNKT", "KONT_SLUTTIDSPUNKT", "PROC_STARTTIDSPUNKT"}
AS_CSV = {"SENTINEL", "BEF", "CPR"}


def delivery_days(window: Window) -> list[int]:
    """Days of delivery: 15 January after each year, and the extraction."""
    return [day_number(f"{year + 1}-01-15") for year in window.years] + [window.end]


def reported(rng: np.random.Generator, register: str, happened: np.ndarray) -> np.ndarray:
    """When rows reach the register, by the planted reporting lag."""
    least, mean = truths.LAG[register]
    return happened + least + rng.exponential(mean, len(happened))


def write_register(folder: Path, name: str, suffix: str, columns: dict, known: np.ndarray, window: Window) -> int:
    """Write the rows of one register into the deliveries they belong to; returns how many rows were delivered.

    ``known`` says when each row was reported, in days since 1970; rows reported after the extraction are in none.
    """
    at = np.searchsorted(delivery_days(window), known, side="left")
    table = as_table(columns)
    order = np.argsort(at, kind="stable")
    edges = np.searchsorted(at[order], np.arange(len(delivery_days(window)) + 1))
    for number, day in enumerate(delivery_days(window)):
        rows = order[edges[number] : edges[number + 1]]
        if len(rows):
            write_table(folder, day, name, suffix, table.take(pa.array(rows)))
    return int(edges[-1])


def write_population(folder: Path, suffix: str, people: People, window: Window) -> int:
    """Write BEF, the full state at each delivery: one row per person and stay in a municipality."""
    first = np.arange(len(people))
    moved = np.flatnonzero(~np.isnan(people.moved))
    person = np.concatenate([first, moved])
    start = np.concatenate([people.settled, people.moved[moved]])
    end = np.concatenate([np.fmin(people.moved, people.died), people.died[moved]])
    home = np.concatenate([people.home, people.new_home[moved]])
    order = np.lexsort((start, person))
    person, start, end, home = person[order], start[order], end[order], home[order]
    codes = np.array(municipalities())
    in_bef = {row["code"]: row["bef"] for row in codelists.rows("region")}
    region_of = areas.region_of(date(2026, 1, 1))
    regions = np.array([in_bef[region_of[code]] for code in codes])
    written = 0
    for day in delivery_days(window):
        rows = start < day
        numbers = people.cpr_at(person[rows], day)
        woman = people.female[person[rows]] ^ (numbers != people.cpr[person[rows]])
        columns = {
            "PNR": numbers,
            "KOEN": np.where(woman, "2", "1"),
            "FOED_DAG": days(people.born[person][rows]),
            "KOM": codes[home][rows],
            "REG": regions[home][rows],
            "BOP_VFRA": days(start[rows]),
            "BOP_VTIL": _days_before(end[rows], day),
            "DOED_DAG": _days_before(people.died[person][rows], day),
        }
        write_table(folder, day, "BEF", suffix, as_table(columns))
        written = int(rows.sum())
    return written


def write_number_changes(folder: Path, suffix: str, people: People, window: Window) -> int:
    """Write CPR: the numbers that another one has replaced, in the first delivery after."""
    who = np.flatnonzero(~np.isnan(people.renumbered))
    day = people.renumbered[who]
    columns = {"PNR": people.former_cpr[who], "PNRGAELD": people.cpr[who], "STATUSHAENSTART": days(day)}
    return write_register(folder, "CPR", suffix, columns, day, window)


def _days_before(moment: np.ndarray, limit: int) -> np.ndarray:
    found = days(np.nan_to_num(moment))
    found[np.isnan(moment) | (moment >= limit)] = np.datetime64("NaT")
    return found


def as_table(columns: dict) -> pa.Table:
    """Columns as an Arrow table: days and moments typed, keys and codes as text, amounts as numbers."""
    arrays = {}
    for name, values in columns.items():
        values = minutes(values) if name in MOMENTS else values
        if values.dtype.kind == "M":
            arrays[name] = pa.array(values)
        elif values.dtype.kind == "f":
            arrays[name] = pa.array(values, from_pandas=True)
        elif values.dtype.kind == "i" and name not in ("YDLANT", "BARNMAK"):
            arrays[name] = pa.array(values).cast(pa.string())
        elif values.dtype.kind == "i":
            arrays[name] = pa.array(values)
        else:
            arrays[name] = pa.array(values, type=pa.string())
    return pa.table(arrays)


def write_table(folder: Path, day: int, name: str, suffix: str, table: pa.Table) -> None:
    """Write one file of a delivery: CSV with semicolons for the small registers, else Parquet."""
    target = folder / "registers" / str(np.datetime64(day, "D"))
    target.mkdir(parents=True, exist_ok=True)
    if name in AS_CSV:
        options = pa_csv.WriteOptions(delimiter=";", quoting_style="needed")
        pa_csv.write_csv(table, target / f"{name}{suffix}.csv", options)
    else:
        pq.write_table(table, target / f"{name}{suffix}.parquet", compression="zstd")
