"""Redeemed prescriptions (LMDB) and laboratory results (LAB) of chronic disease, and common short treatments."""

from __future__ import annotations

from functools import cache

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import days, generator, repeated
from ddns_utils.synthetic.people import People, Window, municipalities

# Common medicine: ATC, doses in a pack, days between purchases (0: now and then), share of persons, only from this age.
COMMON = (
    ("C10AA05", 100, 98, 0.22, 50),
    ("A02BC01", 56, 90, 0.10, 40),
    ("N06AB04", 98, 98, 0.06, 18),
    ("N02BE01", 50, 60, 0.08, 60),
    ("J01CE02", 7, 700, 0.45, 0),
    ("N02AX02", 20, 150, 0.04, 40),
)
DIET_ONLY = "type2_diabetes", 5
AFTER_ONSET = {"atrial_fibrillation": (9, 14), "heart_failure": (9, 40)}  # treatment waits for the diagnosis: days
SELDOM, SLOWER = 0.12, (1.3, 2.0)  # share who take less than they are given, and how much longer a pack lasts them
GIVES_UP_A_YEAR = {"atrial_fibrillation": 0.08}  # made up
PCOS = 0.006  # share of women 18–39 who get metformin for polycystic ovaries and have no diabetes
TSH_WHEN_NEW = 0.8  # share of those with new atrial fibrillation; made up
MONITORED = {"hypertension": 400, "heart_failure": 200, "atrial_fibrillation": 330, "type2_diabetes": 300}


@cache
def regimens() -> dict[str, dict[int, tuple[float, list[tuple[str, float, float]]]]]:
    """Disease → alternative → its share and its medicines (ATC, doses in a pack, days)."""
    found: dict = {}
    for row in codelists.rows("medicine_regimen"):
        _share, drugs = found.setdefault(row["disease"], {}).setdefault(
            int(row["alternative"]), (float(row["share"]), [])
        )
        if row["code"]:
            drugs.append((row["code"], float(row["ddd_per_pack"]), float(row["days"])))
    return found


def treatment(seed: int, chunk: int, people: People, onset: dict) -> dict[str, np.ndarray]:
    """Which alternative each person with a disease gets; 0 without the disease."""
    rng = generator(seed, chunk, 9)
    given = {}
    for name, alternatives in regimens().items():
        shares = np.cumsum([share for share, _ in alternatives.values()])
        drawn = np.array(list(alternatives))[
            np.searchsorted(shares / shares[-1], rng.random(len(people))).clip(0, len(shares) - 1)
        ]
        given[name] = np.where(np.isnan(onset[name]), 0, drawn)
    return given


def prescriptions(
    seed: int, chunk: int, people: People, onset: dict, given: dict, window: Window
) -> dict[str, np.ndarray]:
    """LMDB as columns."""
    rng = generator(seed, chunk, 10)
    parts = []

    def add(
        who: np.ndarray,
        since: np.ndarray,
        atc: str,
        doses: float,
        interval: float,
        indication: str | None,
        gives_up: float = 0,
    ) -> None:
        begin = np.maximum(np.maximum(since, window.start), people.born[who])
        own = interval * rng.uniform(0.9, 1.15, len(who))
        own *= np.where(rng.random(len(who)) < SELDOM, rng.uniform(*SLOWER, len(who)), 1)
        end = np.minimum(people.last[who], window.end)
        if gives_up:
            end = np.minimum(end, begin + rng.exponential(365.25 / gives_up, len(who)))
        which, when = repeated(rng, begin, end, own, since > window.start)
        size = len(which)
        reason = np.full(size, indication, dtype=object)
        reason[rng.random(size) < 0.15] = None
        packs = np.where(rng.random(size) < 0.05, 2.0, 1.0)
        parts.append((who[which], when, np.full(size, atc, dtype=object), packs, np.full(size, doses), reason))

    for at, (name, alternatives) in enumerate(regimens().items()):
        for number, (_, drugs) in alternatives.items():
            who = np.flatnonzero(given[name] == number)
            least, spread = AFTER_ONSET.get(name, (0, 0))
            since = onset[name][who] + least + spread * rng.random(len(who))
            for atc, doses, interval in drugs:
                add(who, since, atc, doses, interval, f"00005{at:02d}", GIVES_UP_A_YEAR.get(name, 0))
    age = people.age(window.start)
    for atc, doses, interval, share, least_age in COMMON:
        who = np.flatnonzero((age >= least_age) & (rng.random(len(people)) < share))
        add(who, np.full(len(who), float(window.start)), atc, doses, interval, None)
    young = (
        people.female & (age >= 18) & (age < 35) & np.isnan(onset["type2_diabetes"]) & np.isnan(onset["type1_diabetes"])
    )
    who = np.flatnonzero(young & (rng.random(len(people)) < PCOS))
    add(who, np.full(len(who), float(window.start)), "A10BA02", 100, 110, "0000276")
    person, when, atc, packs, doses, reason = (np.concatenate(column) for column in zip(*parts, strict=True))
    number = np.unique(atc.astype("U7"), return_inverse=True)[1]
    return {
        "PNR": people.cpr_at(person, when),
        "EKSD": days(when),
        "ATC": atc,
        "VNR": np.char.add("9", np.char.zfill(number.astype("U5"), 5)),
        "APK": packs,
        "PACKSIZE": doses,
        "VOLUME": doses,
        "INDO": reason,
    }


def results(seed: int, chunk: int, people: People, onset: dict, given: dict, window: Window) -> dict[str, np.ndarray]:
    """LAB as columns; values are text with a decimal comma, some with a comparison sign."""
    rng = generator(seed, chunk, 11)
    parts = [_hba1c(rng, people, onset, given, window)]

    def plan(who: np.ndarray, since: np.ndarray, interval: float) -> tuple[np.ndarray, np.ndarray]:
        begin = np.maximum(np.maximum(since, window.start), people.born[who])
        which, when = repeated(rng, begin, np.minimum(people.last[who], window.end), np.full(len(who), interval))
        return who[which], when

    for name, interval in MONITORED.items():
        who = np.flatnonzero(~np.isnan(onset[name]))
        who = who[rng.random(len(who)) < 0.93]
        person, when = plan(who, onset[name][who], interval)
        creatinine = np.exp(rng.normal(4.35, 0.25, len(person))) * np.where(people.female[person], 0.9, 1.1)
        parts.append(_lab(person, when, "NPU18016", creatinine.round().astype(int).astype("U8"), "µmol/L"))
        if name == "type2_diabetes":
            low = rng.normal(2.2, 0.8, len(person)).clip(0.3, 7)
            parts.append(_lab(person, when, "NPU01568", _decimal(low, 1), "mmol/L"))
            albumin = np.exp(rng.normal(2.6, 1.2, len(person)))
            text = np.where(albumin < 5, "<5", albumin.round().astype(int).astype("U8"))
            parts.append(_lab(person, when + 0.1, "NPU19661", text, "mg/g"))
    who = np.flatnonzero(~np.isnan(onset["atrial_fibrillation"]) & (rng.random(len(people)) < TSH_WHEN_NEW))
    when = onset["atrial_fibrillation"][who] + rng.uniform(-60, 25, len(who))
    who, when = (
        column[(when >= window.start) & (when < np.minimum(people.last[who], window.end))] for column in (who, when)
    )
    parts.append(_lab(who, when, "NPU03577", _decimal(np.exp(rng.normal(0.6, 0.5, len(who))), 1), "× 10^-3 int.enh./L"))
    tested = np.flatnonzero(
        (people.age(window.start) > 35) & np.isnan(onset["type2_diabetes"]) & np.isnan(onset["type1_diabetes"])
    )
    tested = tested[rng.random(len(tested)) < 0.3]
    person, when = plan(tested, np.full(len(tested), float(window.start)), 700)
    usual = rng.normal(37, 3, len(person)).clip(25, 46).round().astype(int)
    parts.append(_lab(person, when, "NPU27300", usual.astype("U8"), "mmol/mol"))
    rate = np.where(
        rng.random(len(person)) < 0.3,
        ">90",
        rng.normal(78, 10, len(person)).clip(20, 90).round().astype(int).astype("U8"),
    )
    parts.append(_lab(person, when, "DNK35302", rate, "mL/min/1,73 m2"))
    person, when, code, value, unit = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "PNR": people.cpr_at(person, when),
        "SAMPLINGDATE": days(when),
        "ANALYSISCODE": code,
        "VALUE": value,
        "UNIT": unit,
        "LABORATORIUM_IDCODE": np.char.add("OPDIGTET", (person % 9).astype("U1")),
    }


def _hba1c(rng, people: People, onset: dict, given: dict, window: Window) -> tuple:
    """HbA1c of people with diabetes, with the planted shift by municipality."""
    kind = np.where(~np.isnan(onset["type1_diabetes"]), 1, np.where(~np.isnan(onset["type2_diabetes"]), 2, 0))
    who = np.flatnonzero(kind > 0)
    since = np.where(kind[who] == 1, onset["type1_diabetes"][who], onset["type2_diabetes"][who])
    begin = np.maximum(np.maximum(since, window.start), people.born[who])
    interval = rng.choice([95.0, 150.0, 260.0, 600.0], len(who), p=[0.28, 0.42, 0.2, 0.1])  # some are seldom measured
    which, when = repeated(rng, begin, np.minimum(people.last[who], window.end), interval, since > window.start)
    usual = np.where(kind[who] == 1, rng.normal(60, 11, len(who)), rng.normal(54.0, 12.5, len(who)))
    diet = given[DIET_ONLY[0]][who] == DIET_ONLY[1]
    usual = np.where(diet, rng.normal(51, 2.5, len(who)).clip(49), usual)
    shift = np.array([truths.HBA1C_SHIFT.get(code, 0.0) for code in municipalities()])
    person = who[which]
    value = (
        usual[which] + shift[people.home_at(person, when)] + rng.normal(0, np.where(diet[which], 1.5, 4.5), len(which))
    )
    value = np.where(diet[which], np.maximum(value, 48), value).clip(25, 160).round().astype(int)
    return _lab(person, when, "NPU27300", value.astype("U8"), "mmol/mol")


def _decimal(value: np.ndarray, digits: int) -> np.ndarray:
    text = np.round(value, digits).astype("U8")
    return np.char.replace(text, ".", ",") if len(text) else text


def _lab(person: np.ndarray, when: np.ndarray, code: str, value: np.ndarray, unit: str) -> tuple:
    return person, when, np.full(len(person), code), value, np.full(len(person), unit)
