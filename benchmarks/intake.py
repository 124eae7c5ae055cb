"""How fast deliveries are read and landed, as ratios within one run. See README.md beside this file.

python benchmarks/intake.py [--citizens 40000] [--rows 1000000] [--fhir-resources PYTHON]
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
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


def flat(top: Path, number: int) -> None:
    """A laboratory file as Parquet and CSV: landing, beside DuckDB's own copy into Parquet."""
    query = f"""
        SELECT lpad((1 + i % 28)::VARCHAR, 2, '0') || lpad((1 + i % 12)::VARCHAR, 2, '0') || (10 + i % 80)::VARCHAR
                || lpad((i % 3000)::VARCHAR, 4, '0') AS pnr,
            DATE '2025-01-01' + (i % 365)::INT AS samplingdate, 'NPU27300' AS analysiscode,
            (30 + i % 60)::VARCHAR AS value, 'mmol/mol' AS unit, 'KPLL' AS laboratorium_idcode
        FROM range({number}) AS r(i)"""
    for kind, options in (("parquet", "FORMAT parquet"), ("csv", "FORMAT csv, DELIMITER ';', HEADER")):
        file = top / kind / "2025-12-31" / f"LAB.{kind}"
        file.parent.mkdir(parents=True)
        duckdb.sql(f"COPY ({query}) TO '{file}' ({options})")
        copied = seconds(lambda: duckdb.sql(f"COPY (FROM '{file}') TO '{top / 'copy.parquet'}'"))  # noqa: B023
        landed = seconds(lambda: land(file, Registers(top / f"registers-{kind}"), KEY))  # noqa: B023
        say(f"DuckDB copies {number:,} laboratory results from {kind}", f"{number / copied / 1e6:.2f} M rows/s")
        say(f"landing them from {kind}", f"{number / landed / 1e6:.2f} M rows/s", f"{copied / landed:.2f} of the copy")


def a_day(made: Path, top: Path) -> None:
    """A year of reports landed at once, then one day more; and the memory that the year takes."""
    days = sorted((made / "kl_gateway").iterdir())
    last = max(days[-90:], key=lambda day: sum(file.stat().st_size for file in day.iterdir()))
    year = top / "year" / "kl_gateway"
    shutil.copytree(made / "kl_gateway", year, ignore=lambda _, names: [n for n in names if n == last.name])
    registers = top / "registers-year"
    taken = seconds(lambda: land(year, Registers(registers), KEY))
    size = sum(file.stat().st_size for file in year.rglob("*.ndjson")) / 1e6
    say(f"landing a year of delivery reports, {size:.0f} MB", f"{taken:.1f} s", f"{size / taken:.1f} MB/s")
    one = seconds(lambda: land(last, Registers(registers), KEY))
    say("landing one day more", f"{one:.2f} s", f"{one / taken:.1%} of the year")
    nothing = top / "nothing"
    nothing.mkdir()
    (nothing / "r.ndjson").write_bytes(next(last.iterdir()).read_bytes().splitlines()[0])
    least = seconds(lambda: land(nothing, Registers(top / "registers-nothing"), KEY))
    say("landing one report in an empty store", f"{least:.2f} s", f"{least / taken:.1%} of the year")
    done = subprocess.run(
        [sys.executable, "-c", LAND, year, top / "registers-memory"], check=True, capture_output=True, text=True
    )
    say("memory at its highest while the year lands", f"{float(done.stdout):.0f} MB")


def main() -> None:
    """Make a country, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--citizens", type=int, default=40_000)
    options.add_argument("--rows", type=int, default=1_000_000)
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


if __name__ == "__main__":
    main()
