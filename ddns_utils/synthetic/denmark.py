"""The made-up Denmark as a whole: persons in chunks, what happens to them, and its deliveries."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddns_utils.errors import DataError
from ddns_utils.synthetic import (
    contacts,
    disease,
    files,
    gateway,
    home_care,
    hospital,
    medicines,
    people,
    practice,
    prevention,
    rehabilitation,
    training,
    truths,
)
from ddns_utils.synthetic.draw import generator

CHUNK = 100_000
Progress = Callable[[str, int, int], None]


def synthesize(
    folder: Path,
    citizens: int,
    years: int = 4,
    seed: int = 1,
    until_year: int = 2025,
    on_progress: Progress = lambda what, done, total: None,
) -> dict:
    """Make a Denmark of ``citizens`` persons and write its deliveries into ``folder``; returns the planted truth.

    It covers ``years`` whole calendar years to the end of ``until_year`` and four months more, until the extraction.
    The same arguments give the same files, byte for byte. Raises DataError if the folder already has deliveries, or
    if citizens or years are fewer than one.
    """
    folder = Path(folder)
    if citizens < 1 or years < 1:
        raise DataError(f"A made-up Denmark needs at least 1 citizen and 1 year, not {citizens} and {years}.")
    if any((folder / name).exists() for name in ("registers", "kl_gateway", "truth.json")):
        raise DataError(f"{folder} already has deliveries. Choose an empty folder, or delete what is in it.")
    folder.mkdir(parents=True, exist_ok=True)
    window = people.Window(tuple(range(until_year - years + 1, until_year + 1)))
    chunks = -(-citizens // CHUNK)
    edges = [citizens * number // chunks for number in range(chunks + 1)]
    counted: Counter[str] = Counter()
    for chunk in range(chunks):
        _write_chunk(folder, seed, chunk, chunks, edges, window, counted, on_progress)
    truth = truths.describe(citizens, years, seed, until_year, dict(counted))
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / "README.txt").write_text(truths.NOTICE + "\n", encoding="utf-8")
    (folder / "notice.txt").write_text(truths.READERS_NOTICE, encoding="utf-8")
    return truth


@dataclass(frozen=True)
class Lives:
    """What is behind the deliveries of one chunk. Nothing but the writers and the tests of the truths sees it."""

    people: people.People
    onset: dict[str, np.ndarray]
    stays: hospital.Stays
    action: np.ndarray
    plans: rehabilitation.Plans


def lives(seed: int, chunk: int, chunks: int, first: int, count: int, window: people.Window) -> Lives:
    """The persons of a chunk with their diseases, hospital stays and rehabilitation plans."""
    persons = people.make(seed, chunk, chunks, first, count, window)
    onset = disease.make(seed, chunk, persons, window)
    stays = hospital.make(seed, chunk, persons, onset, window)
    action = contacts.action_diagnoses(seed, chunk, persons, onset, stays)
    plans = rehabilitation.plan(seed, chunk, persons, onset, stays, action, window)
    happens = rehabilitation.spared(seed, chunk, persons, stays, plans)
    return Lives(persons, onset, stays.keep(happens), action[happens], plans)


def _write_chunk(folder, seed, chunk, chunks, edges, window, counted, on_progress) -> None:
    suffix = f"_{chunk + 1}" if chunks > 1 else ""
    steps = 4

    def tell(what: str, step: int) -> None:
        on_progress(what, chunk * steps + step, chunks * steps)

    def write(name: str, columns: dict, day: str) -> None:
        known = files.reported(generator(seed, chunk, 20, *name.encode()), name, columns[day].astype(float))
        if "SYSTEM" not in columns:
            counted[name] += files.write_register(folder, name, suffix, columns, known, window)
            return
        for system in truths.SYSTEMS:
            sent = columns["SYSTEM"] == system
            part = {field: values[sent] for field, values in columns.items()}
            counted[name] += files.write_register(folder, name, f"_{system}{suffix}", part, known[sent], window)

    tell("people and hospitals", 0)
    made = lives(seed, chunk, chunks, edges[chunk], edges[chunk + 1] - edges[chunk], window)
    persons, onset = made.people, made.onset
    counted["BEF"] += files.write_population(folder, suffix, persons, window)
    counted["CPR"] += files.write_number_changes(folder, suffix, persons, window)
    rows = contacts.tables(seed, chunk, persons, onset, made.stays, made.action)
    counted.update(_write_hospital(folder, seed, chunk, suffix, rows, window))
    tell("practices", 1)
    write("SSSY", practice.services(seed, chunk, persons, onset, made.stays, window), "BEHANDLINGSDATO")
    write("AIM", practice.records(seed, chunk, persons, onset, window), "DATO")
    write("SENTINEL", practice.specialist(seed, chunk, persons, onset, window), "DATO")
    tell("medicines and laboratories", 2)
    given = medicines.treatment(seed, chunk, persons, onset)
    write("LMDB", medicines.prescriptions(seed, chunk, persons, onset, given, window), "EKSD")
    write("LAB", medicines.results(seed, chunk, persons, onset, given, window), "SAMPLINGDATE")
    tell("municipalities", 3)
    granted = home_care.grants(seed, chunk, persons, onset, window)
    reports = itertools.chain(
        training.reports(seed, chunk, persons, made.plans, window),
        prevention.reports(seed, chunk, persons, onset, window),
        home_care.reports(seed, chunk, persons, granted, window),
    )
    counted["KL reports"] += gateway.write(folder, seed, chunk, reports, window)
    tell("done", 4)


def _write_hospital(folder, seed, chunk, suffix, rows: dict[str, dict], window) -> dict[str, int]:
    contact = rows["LPR_A_KONTAKT"]
    # A contact that lasts beyond the extraction is delivered open.
    end = contact["KONT_SLUTTIDSPUNKT"]
    end[end >= window.end] = np.nan
    happened = np.where(np.isnan(end), contact["KONT_STARTTIDSPUNKT"], end)
    known = files.reported(generator(seed, chunk, 21), "LPR_A", happened)
    counted = {"LPR_A_KONTAKT": files.write_register(folder, "LPR_A_KONTAKT", suffix, contact, known, window)}
    for name in ("LPR_A_DIAGNOSE", "LPR_A_PROCREGISTRERING"):
        of_contact = rows[name]["DW_EK_KONTAKT"] - contact["DW_EK_KONTAKT"][0]
        counted[name] = files.write_register(folder, name, suffix, rows[name], known[of_contact], window)
    return counted
