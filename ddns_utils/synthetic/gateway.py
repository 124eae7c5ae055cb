"""Delivery reports into files: one Bundle a line, per municipality and day sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import day_number, generator
from ddns_utils.synthetic.fhir import Ids, Report, iso
from ddns_utils.synthetic.people import Window, municipalities


def write(folder: Path, seed: int, chunk: int, reports: Iterable[Report], window: Window) -> int:
    """Append the reports of a chunk to the files of the day they were sent; returns how many were sent.

    A report is put together in the night after its day. Until the last whole year municipalities deliver a month at a
    time (one report per citizen and day all the same), then every day; late ones as many days later as planted.
    What would be sent after the extraction is missing.
    """
    rng = generator(seed, chunk, 15)
    ids = Ids(rng)
    files: dict[tuple[int, str], list[tuple[float, bytes]]] = {}
    for _, same in itertools.groupby(reports, key=lambda report: (report.guide.name, report.person)):
        for report in _one_a_day(same):
            timestamp = report.day + 1 + (40 + int(rng.integers(0, 260))) / 1440
            code = municipalities()[report.municipality]
            sent = sending_day(report.day, code, window)
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


def sending_day(day: int, municipality: str, window: Window) -> int:
    """The day a report about ``day`` is sent."""
    late = truths.LATE_MUNICIPALITIES.get(municipality, truths.MUNICIPAL_LAG)
    if day < window.year_end - 1:
        month = np.datetime64(int(day), "D").astype("datetime64[M]")
        return day_number((month + 1).astype("datetime64[D]")) + 1 + late
    return day + 1 + late
