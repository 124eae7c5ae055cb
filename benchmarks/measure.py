"""measure() against what a user would write with pandas, and against reading the columns once.

    python benchmarks/measure.py [registers]        # default .demo/registers, which `make report` makes

Acute readmission within 30 days for the country and every municipality, one year. All three read the same files in
one process; the table gives the median of five runs and ratios within this run. Then everything there is about the five
areas of general practice, asked once with nothing kept, in the processor's seconds and against reading every column of
the registers that it needs once.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
from deltalake import DeltaTable

from ddns_utils.counting import ask
from ddns_utils.courses import PSYCHIATRIC
from ddns_utils.indicators.chronic import ALL_BY_DISEASE
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.registers import Registers
from ddns_utils.snapshot import Snapshot

RUNS = 5
YEAR = Period.parse("2025")


def with_pandas(snapshot: Snapshot) -> pd.Series:
    """Readmission by municipality, as a careful analyst would write it: sort, running maximum, shift, merge."""
    contacts = _read(
        snapshot, "hospital_contact", ["person_id", "start", "end", "contact_type", "priority", "specialty"]
    )
    contacts = contacts[(contacts.contact_type == "ALCA00") & contacts.end.notna()]
    contacts = contacts.sort_values(["person_id", "start", "end"])
    latest = contacts.groupby("person_id").end.cummax().groupby(contacts.person_id).shift()
    begins = latest.isna() | (contacts.start > latest + pd.Timedelta(hours=4))
    stays = contacts.groupby(begins.cumsum()).agg(
        person_id=("person_id", "first"), start=("start", "first"), end=("end", "max"), priority=("priority", "first"),
        specialty=("specialty", "first"),
    )  # fmt: skip
    stays = stays[stays.end >= stays.start + pd.Timedelta(hours=12)]
    somatic = ~stays.specialty.isin(PSYCHIATRIC)
    acute = stays.start.where((stays.priority == "ATA1") & somatic)
    after = acute[::-1].groupby(stays.person_id[::-1]).cummin()
    stays["next_acute"] = after.groupby(stays.person_id[::-1]).shift().groupby(stays.person_id[::-1]).ffill()
    stays["on"] = stays.end.dt.normalize()
    stays = stays[somatic & (stays.on >= str(YEAR.start)) & (stays.on < str(YEAR.end))]
    persons = _read(snapshot, "person", ["person_id", "death_date"])
    stays = stays.merge(persons, on="person_id")
    stays = stays[stays.death_date.isna() | (pd.to_datetime(stays.death_date) > stays.on)]
    homes = _read(snapshot, "residence", ["person_id", "municipality", "start", "end"])
    placed = stays.merge(homes, on="person_id", suffixes=("", "_home"))
    placed = placed[
        (pd.to_datetime(placed.start_home) <= placed.on)
        & (placed.end_home.isna() | (placed.on < pd.to_datetime(placed.end_home)))
    ]
    readmitted = (placed.next_acute.dt.normalize() - placed.on).dt.days <= 30
    return readmitted.groupby(placed.municipality).agg(["sum", "count"])


def with_measure(snapshot: Snapshot) -> pd.Series:
    """The same by the declared indicator, without kept results."""
    cells = ask(READMISSION_30D, snapshot, YEAR).sum(axis=(1, 2))
    return pd.DataFrame(cells[:, :2], columns=["sum", "count"])


def scan(snapshot: Snapshot) -> None:
    """The limit: read the columns that the question needs, once."""
    for name, columns in (
        ("hospital_contact", ("person_id", "start", "end", "contact_type", "priority", "specialty")),
        ("residence", ("person_id", "municipality", "start", "end")),
        ("person", ("person_id", "sex", "birth_date", "death_date")),
    ):
        asked = ", ".join(f'max("{column}")' for column in columns)
        duckdb.read_parquet(_files(snapshot, name), hive_partitioning=False).aggregate(asked).fetchall()


def five_areas(path: Path) -> tuple[int, float, float]:
    """How many indicators, and the processor's seconds: all in a fresh engine, and their registers read once."""
    indicators = list({one.id: one for ones in ALL_BY_DISEASE.values() for one in ones}.values())
    tables = sorted({table for one in indicators for table in one.needs} | {"person", "residence"})
    snapshot = Registers(path).snapshot()
    begin = time.process_time()
    for one in indicators:
        ask(one, snapshot, YEAR)
    asked = time.process_time() - begin
    begin = time.process_time()
    for name in tables:
        asked_for = ", ".join(f'max("{column}")' for column in TABLES[name].columns)
        duckdb.read_parquet(_files(snapshot, name), hive_partitioning=False).aggregate(asked_for).fetchall()
    return len(indicators), asked, time.process_time() - begin


def _files(snapshot: Snapshot, name: str) -> list[str]:
    return DeltaTable(str(snapshot.path / "tables" / name), version=snapshot.tables[name]).file_uris()


def _read(snapshot: Snapshot, name: str, columns: list[str]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file, columns=columns) for file in _files(snapshot, name)], ignore_index=True)


def _median(action: Callable[[Snapshot], object], snapshot: Snapshot) -> float:
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        action(snapshot)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    """Check that both ways give the same counts, then time them."""
    warnings.simplefilter("ignore")
    path = Path(sys.argv[1] if len(sys.argv) > 1 else ".demo/registers")
    snapshot = Registers(path.resolve()).snapshot()
    ours, theirs = with_measure(snapshot).sum(), with_pandas(snapshot).sum()
    assert list(ours) == list(theirs), f"the two ways differ: {list(ours)} and {list(theirs)}"
    print(f"{int(ours['sum'])} of {int(ours['count'])} discharges; both ways agree")
    seconds = {
        name: _median(way, snapshot)
        for name, way in (("scan", scan), ("measure", with_measure), ("pandas", with_pandas))
    }
    for name, value in seconds.items():
        against = f"{value / seconds['scan']:5.1f} × scan   {seconds['pandas'] / value:5.1f} × as fast as pandas"
        print(f"{name:8} {value:6.3f} s   {against}")
    number, asked, scanned = five_areas(path.resolve())
    print(f"{number} indicators of the five areas {asked:6.2f} s of the processor   {asked / scanned:5.1f} × scan")


if __name__ == "__main__":
    main()
