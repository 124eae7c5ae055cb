"""Delivery reports into files: one Bundle a line, per municipality and day sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import generator
from ddns_utils.synthetic.fhir import Ids, Report, iso
from ddns_utils.synthetic.people import Window, municipalities


def write(folder: Path, seed: int, chunk: int, reports: Iterable[Report], window: Window) -> int:
    """Append the reports of a chunk to the files of the day they were sent; returns how many were sent.

    A report is put together in the night after its day and sent that day; late municipalities send as many days later
    as planted. What would be sent after the extraction is missing.
    """
    rng = generator(seed, chunk, 15)
    ids = Ids(rng)
    files: dict[tuple[int, str], list[tuple[float, bytes]]] = {}
    for _, same in itertools.groupby(reports, key=lambda report: (report.guide.name, report.person)):
        for report in _one_a_day(same):
            timestamp = report.day + 1 + (40 + int(rng.integers(0, 260))) / 1440
            code = municipalities()[report.municipality]
            sent = sending_day(report.day, code)
            if sent < window.end:
                line = report.guide.bundle(ids(), timestamp, report.entries.values())
                files.setdefault((sent, code), []).append((timestamp, line))
    for (sent, code), lines in sorted(files.items()):
        target = folder / "kl_gateway" / iso(sent)
        target.mkdir(parents=True, exist_ok=True)
        lines.sort()
        with (target / f"0{code}.ndjson").open("ab") as file:
            file.write(b"\n".join(line for _, line in lines) + b"\n")
    return sum(map(len, files.values()))


def _one_a_day(reports: Iterable[Report]) -> list[Report]:
    """One citizen's reports under one guide, those of a day and record-keeper as one."""
    merged: dict[tuple[int, int], Report] = {}
    for report in reports:
        key = (report.day, report.municipality)
        if key in merged:
            merged[key].entries |= report.entries
        else:
            merged[key] = report
    return list(merged.values())


def sending_day(day: int, municipality: str) -> int:
    """The day a report about ``day`` is sent."""
    return day + 1 + truths.LATE_MUNICIPALITIES.get(municipality, truths.MUNICIPAL_LAG)
