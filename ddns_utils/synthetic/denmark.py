"""The made-up Denmark as a whole: persons in chunks, what happens to them, and its deliveries."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
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


def _write_chunk(folder, seed, chunk, chunks, edges, window, counted, on_progress) -> None:
    suffix = f"_{chunk + 1}" if chunks > 1 else ""
    steps = 6

    def tell(what: str, step: int) -> None:
        on_progress(what, chunk * steps + step, chunks * steps)

    def write(name: str, register: str, columns: dict, happened: np.ndarray) -> None:
        rng = generator(seed, chunk, 20, *name.encode())
        known = files.reported(rng, register, happened)
        counted[name] += files.write_register(folder, name, suffix, columns, known, window)

    tell("people", 0)
    persons = people.make(seed, chunk, chunks, edges[chunk], edges[chunk + 1] - edges[chunk], window)
    counted["BEF"] += files.write_population(folder, suffix, persons, window)
    onset = disease.make(seed, chunk, persons, window)
    tell("hospital", 1)
    stays = hospital.make(seed, chunk, persons, onset, window)
    action = contacts.action_diagnoses(seed, chunk, persons, onset, stays)
    plans = rehabilitation.plan(seed, chunk, persons, onset, stays, action, window)
    happens = rehabilitation.spared(seed, chunk, persons, stays, plans)
    stays, action = stays.keep(happens), action[happens]
    rows = contacts.tables(seed, chunk, persons.cpr, onset, stays, action)
    counted.update(_write_hospital(folder, seed, chunk, suffix, rows, window))
    tell("practice", 2)
    services = practice.services(seed, chunk, persons, onset, stays, window)
    write("SSSY", "SSSY", services, services["BEHANDLINGSDATO"].astype("datetime64[D]").astype(float))
    entries = practice.records(seed, chunk, persons, onset, window)
    write("AIM", "AIM", entries, entries["DATO"].astype(float))
    seen = practice.specialist(seed, chunk, persons, onset, window)
    write("SENTINEL", "SENTINEL", seen, seen["DATO"].astype(float))
    tell("medicines and laboratories", 3)
    given = medicines.treatment(seed, chunk, persons, onset)
    bought = medicines.prescriptions(seed, chunk, persons, onset, given, window)
    write("LMDB", "LMDB", bought, bought["EKSD"].astype(float))
    measured = medicines.results(seed, chunk, persons, onset, given, window)
    write("LAB", "LAB", measured, measured["SAMPLINGDATE"].astype(float))
    tell("municipalities", 4)
    granted = home_care.grants(seed, chunk, persons, onset, window)
    reports = itertools.chain(
        training.reports(seed, chunk, persons, plans, window),
        prevention.reports(seed, chunk, persons, onset, window),
        home_care.reports(seed, chunk, persons, granted, window),
    )
    counted["KL reports"] += gateway.write(folder, seed, chunk, reports, window)
    tell("done", 6)


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
