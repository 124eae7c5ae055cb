"""How fast deliveries are read and landed, as ratios within one run. See README.md beside this file.

python benchmarks/intake.py [--citizens 60000] [--rows 1000000] [--gigabytes 3] [--fhir-resources PYTHON]
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import orjson

from ddns_utils.intake import land
from ddns_utils.intake.kl_gateway import Rows, read_document
from ddns_utils.intake.pseudonym import Pseudonyms
from ddns_utils.registers import Registers
from ddns_utils.synthetic import synthesize

KEY = bytes(range(32))
FHIR_RESOURCES = """
import sys, time
from fhir.resources.R4B.bundle import Bundle
texts = open(sys.argv[1], "rb").read().splitlines()
start = time.process_time()
for text in texts:
    Bundle.model_validate_json(text)
print(sum(map(len, texts)) / 1e6 / (time.process_time() - start))
"""
LAND = """
import re, sys
from pathlib import Path
from ddns_utils.intake import land
from ddns_utils.registers import Registers
land(Path(sys.argv[1]), Registers(Path(sys.argv[2])), bytes(range(32)))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def seconds(work: Callable[[], object]) -> float:
    """The processor's time for something, of all threads: what else the machine does is not in it."""
    start = time.process_time()
    work()
    return time.process_time() - start


def least(work: Callable[..., object], each: Iterator[object] | None = None) -> float:
    """The least of three times: what other work on the machine adds is not in it. ``each`` gives what it works on."""
    given = [(next(each),) for _ in range(3)] if each else [()] * 3
    return min(seconds(lambda: work(*arguments)) for arguments in given)  # noqa: B023


def say(what: str, value: str, ratio: str = "") -> None:
    """One line of the table."""
    print(f"{what:<66} {value:>14}  {ratio}", flush=True)


def walk(value: object) -> int:
    """Visit every node of a JSON document."""
    if isinstance(value, dict):
        return 1 + sum(walk(each) for each in value.values())
    if isinstance(value, list):
        return 1 + sum(walk(each) for each in value)
    return 1


def reading(reports: list[bytes], top: Path, fhir_resources: str | None) -> None:
    """Delivery reports in memory, on one core: JSON in, rows of our tables out."""
    megabytes = sum(map(len, reports)) / 1e6

    def ours() -> None:
        pseudonyms, rows = Pseudonyms(KEY), Rows()
        for number, text in enumerate(reports):
            read_document(orjson.loads(text), "d", number, pseudonyms, rows)
            if rows.count >= 50_000:
                rows = Rows()

    gc.disable()  # as landing does
    speed = {
        "delivery reports to rows": megabytes / seconds(ours),
        "orjson.loads alone": megabytes / seconds(lambda: [orjson.loads(text) is None for text in reports]),
        "orjson.loads and a walk over every node": megabytes
        / seconds(lambda: [walk(orjson.loads(t)) for t in reports]),
        "json.loads and a walk over every node": megabytes / seconds(lambda: [walk(json.loads(t)) for t in reports]),
    }
    gc.enable()
    if fhir_resources:
        sample = top / "sample.ndjson"
        sample.write_bytes(b"\n".join(reports[: max(1, len(reports) * 2 // int(megabytes + 1))]))
        done = subprocess.run(
            [fhir_resources, "-c", FHIR_RESOURCES, sample], check=True, capture_output=True, text=True
        )
        speed["fhir.resources, parsed and validated (2 MB of them)"] = float(done.stdout)
    base = speed["delivery reports to rows"]
    for what, each in speed.items():
        say(what, f"{each:.1f} MB/s", f"ours is {base / each:.2f} x")


NUMBER = """lpad((1 + i % 28)::VARCHAR, 2, '0') || lpad((1 + i % 12)::VARCHAR, 2, '0') || (10 + i % 80)::VARCHAR
            || lpad((i % 3000)::VARCHAR, 4, '0')"""
LABORATORY = f"""
    SELECT {NUMBER} AS pnr,
        DATE '2025-01-01' + (i % 365)::INT AS samplingdate, 'NPU27300' AS analysiscode,
        (30 + i % 60)::VARCHAR AS value, 'mmol/mol' AS unit, 'KPLL' AS laboratorium_idcode
    FROM range({{rows}}) AS r(i)"""
CONTACTS = f"""
    SELECT 'k' || md5(i::VARCHAR) AS dw_ek_kontakt, {NUMBER} AS pnr,
        TIMESTAMP '2025-01-01 10:00' + INTERVAL 1 DAY * (i % 360) AS kont_starttidspunkt,
        TIMESTAMP '2025-01-03 10:00' + INTERVAL 1 DAY * (i % 360) AS kont_sluttidspunkt,
        'ALCA00' AS kont_type, 'ATA1' AS prioritet, 'DE11' || i % 10 AS adiag,
        'intern medicin' AS kont_ans_hovedspec, '6600' || i % 100 AS kont_ans, 'f' || i // 5 AS dw_ek_forloeb
    FROM range({{rows}}) AS r(i)"""
# What landing has to do whatever it checks: pseudonyms, types, the delivery's id, the latest row of each key, and rows
# sorted by person.
PEOPLE = """(SELECT number, pseudonym(number) AS person_id FROM (SELECT DISTINCT pnr::VARCHAR AS number FROM '{file}'))
        AS people ON pnr = number"""
LABORATORY_LANDED = f"""
    SELECT person_id, samplingdate::DATE AS sampled_at, analysiscode, value::DOUBLE AS value, unit, laboratorium_idcode,
        '2025-12-31-0123456789ab' AS delivery_id
    FROM '{{file}}' JOIN {PEOPLE} ORDER BY person_id"""
CONTACTS_LANDED = f"""
    SELECT * EXCLUDE (pnr, number, kont_starttidspunkt, kont_sluttidspunkt),
        kont_starttidspunkt::TIMESTAMP AS start, kont_sluttidspunkt::TIMESTAMP AS stop,
        '2025-12-31-0123456789ab' AS delivery_id
    FROM '{{file}}' JOIN {PEOPLE}
    QUALIFY row_number() OVER (PARTITION BY dw_ek_kontakt ORDER BY kont_starttidspunkt DESC) = 1 ORDER BY person_id"""
FLAT = {
    "LAB": ("results", LABORATORY, LABORATORY_LANDED),
    "LPR_A_KONTAKT": ("contacts", CONTACTS, CONTACTS_LANDED),
}


def flat(top: Path, number: int) -> None:
    """A register without a key and one with, as Parquet and CSV: landing, beside DuckDB's own copy into Parquet.

    Both sides write Parquet with Snappy and row groups of 122,880 rows, which is what DuckDB does unasked; landing
    leaves texts as they are that Snappy hardly shortens.
    """
    for (register, (rows, made, as_landed)), kind in itertools.product(FLAT.items(), ("parquet", "csv")):
        file = top / f"{register}-{kind}" / "2025-12-31" / f"{register}.{kind}"
        file.parent.mkdir(parents=True)
        options = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, DELIMITER ';', HEADER"
        duckdb.sql(f"COPY ({made.format(rows=number)}) TO '{file}' ({options})")
        engine = duckdb.connect()
        Pseudonyms(KEY).teach(engine)
        copies = {
            "copies": f"FROM '{file}'",
            "copies, sorted by number,": f"FROM '{file}' ORDER BY pnr",
            "pseudonymises, sorts by person and copies": as_landed.format(file=file),
        }
        if kind == "csv":
            engine.execute(f"CREATE VIEW typed AS FROM read_csv('{file}', types = {{'pnr': 'VARCHAR'}})")
            copies = {what: query.replace(f"'{file}'", "typed") for what, query in copies.items()}
        stores = (top / f"registers-{register}-{kind}-{n}" for n in itertools.count())
        landed = least(lambda store: land(file, Registers(store), KEY), stores)  # noqa: B023
        for what, query in copies.items():
            taken = least(lambda: engine.execute(f"COPY ({query}) TO '{top / 'copy.parquet'}'"))  # noqa: B023
            say(
                f"DuckDB {what} {number:,} {rows} from {kind}",
                f"{number / taken / 1e6:.2f} M rows/s",
                f"landing is {taken / landed:.2f} x",
            )
        say(f"landing them from {kind}", f"{number / landed / 1e6:.2f} M rows/s")


def large(top: Path, gigabytes: float) -> None:
    """The memory that landing a large CSV takes at its highest."""
    file = top / "large" / "2025-12-31" / "LAB.csv"
    file.parent.mkdir(parents=True)
    rows = int(gigabytes * 1e9 / 150)
    query = f"SELECT *, repeat('abcdefghij', 10) AS comment FROM ({LABORATORY.format(rows=rows)})"
    duckdb.sql(f"COPY ({query}) TO '{file}' (FORMAT csv, DELIMITER ';', HEADER)")
    size = file.stat().st_size / 1e9
    say(
        f"memory at its highest while a CSV of {size:.1f} GB lands ({rows:,} rows)",
        f"{memory(file, top / 'registers-large'):.0f} MB",
    )


def a_day(made: Path, top: Path) -> None:
    """A year of reports landed at once, then one day more; the same where a month was landed day by day; and memory."""
    days = {day: sum(file.stat().st_size for file in day.iterdir()) for day in sorted((made / "kl_gateway").iterdir())}
    largest = max(list(days)[-90:], key=days.__getitem__)

    def without(left_out: list[Path], name: str) -> Path:
        names = [day.name for day in left_out]
        return shutil.copytree(made / "kl_gateway", top / name / "kl_gateway", ignore=lambda *_: names)

    def one_more(store: Path) -> float:
        copies = (shutil.copytree(store, top / f"{store.name}-{n}") for n in itertools.count())
        return least(lambda copy: land(largest, Registers(copy), KEY), copies)

    year, registers = without([largest], "year"), top / "registers-year"
    taken = seconds(lambda: land(year, Registers(registers), KEY))
    size = sum(file.stat().st_size for file in year.rglob("*.ndjson")) / 1e6
    files = sum(1 for _ in year.rglob("*.ndjson"))
    say(
        f"landing a year of delivery reports, {size:.0f} MB in {files:,} files",
        f"{taken:.1f} s",
        f"{size / taken:.1f} MB/s",
    )
    one = one_more(registers)
    say(f"landing one day more, {days[largest] / 1e6:.2f} MB", f"{one:.2f} s", f"{one / taken:.1%} of the year")
    daily, lately = top / "registers-daily", list(days)[-31:]
    for delivery in (without([*lately, largest], "before"), *(day for day in lately if day != largest)):
        land(delivery, Registers(daily), KEY)
    usual = one_more(daily)
    say("… where the last month was landed day by day", f"{usual:.2f} s", f"{usual / taken:.1%} of the year")
    nothing = top / "nothing"
    nothing.mkdir()
    (nothing / "r.ndjson").write_bytes(next(largest.iterdir()).read_bytes().splitlines()[0])
    empty = (top / f"registers-nothing-{n}" for n in itertools.count())
    smallest = least(lambda store: land(nothing, Registers(store), KEY), empty)
    say("landing one report in an empty store", f"{smallest:.2f} s", f"{smallest / taken:.1%} of the year")
    say("memory at its highest while the year lands", f"{memory(year, top / 'registers-memory'):.0f} MB")


def memory(delivery: Path, registers: Path) -> float:
    """Megabytes at the highest, of a process that lands a delivery."""
    done = subprocess.run([sys.executable, "-c", LAND, delivery, registers], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Make a country, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--citizens", type=int, default=60_000)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--gigabytes", type=float, default=0, help="also land a CSV file of this size")
    options.add_argument("--fhir-resources", metavar="PYTHON", help="an interpreter that has fhir.resources installed")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        synthesize(top / "made", citizens=chosen.citizens, years=1, seed=1)
        reports = [
            line
            for file in sorted((top / "made" / "kl_gateway").rglob("*.ndjson"))
            for line in file.read_bytes().splitlines()
        ]
        reading(reports[:: 1 + len(reports) // 10_000], top, chosen.fhir_resources)
        flat(top, chosen.rows)
        a_day(top / "made", top)
        if chosen.gigabytes:
            large(top, chosen.gigabytes)


if __name__ == "__main__":
    main()
