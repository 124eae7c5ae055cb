"""General and specialist practice: settled services (SSSY), coded entries (AIM) and specialist contacts (Sentinel)."""

from __future__ import annotations

from functools import cache

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import chosen, counts, days, generator, pick, repeated, scaled
from ddns_utils.synthetic.hospital import Stays
from ddns_utils.synthetic.people import People, Window, municipalities, municipality_shares

GP_CONTACTS = 41_000_000 / 5_800_000  # a person and year; dst.dk, Lægebesøg
BY_MUNICIPALITY = {"240": 6.1, "101": 6.3, "482": 8.6}  # published; the others share the rest evenly
NO_CONTACT = 0.15  # share of citizens without a contact in a year; published 2023
AGE_EDGES = (1, 6, 18, 30, 50, 65, 80)
CONTACTS_BY_AGE = (0.9, 0.65, 0.55, 0.9, 1.0, 1.0, 1.0, 1.8)
PER_CHRONIC_DISEASE = 0.12  # added to the rate, per disease
UNSEEN_IN_FOUR_MONTHS = 1.8
ON_MOTHERS_CARD = 0.3  # share of services to children under one year; made up
UNSEEN_BY_AGE = (0.3, 0.7, 1.5, 1.3, 1.2, 0.9, 0.4, 0.25)
CHANNELS = {"800101": 0.46, "800201": 0.26, "800105": 0.21, "800125": 0.02, "800106": 0.03, "800421": 0.02}
CONTROLLED = {
    "type2_diabetes": "T90",
    "copd": "R95",
    "asthma": "R96",
    "heart_failure": "K77",
    "atrial_fibrillation": "K78",
}
ICPC = CONTROLLED | {"type1_diabetes": "T89", "hypertension": "K86", "osteoporosis": "L95", "dementia": "P70",
                     "ischaemic_heart_disease": "K76"}  # fmt: skip
SEEN_IN_PRACTICE = 0.8  # share of controls with each measurement


@cache
def municipality_factor() -> np.ndarray:
    """GP contacts by municipality against the country."""
    known = np.array([BY_MUNICIPALITY.get(code, np.nan) for code in municipalities()])
    share, missing = municipality_shares(), np.isnan(known)
    rest = (GP_CONTACTS - (share * np.nan_to_num(known)).sum()) / share[missing].sum()
    return np.where(missing, rest, known) / GP_CONTACTS


def provider(home: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Made-up provider numbers (six digits from 980000): one clinic for each 1,500 or so persons of a municipality."""
    clinics = np.maximum((municipality_shares() * 1980).round().astype(int), 1)
    first = np.concatenate([[0], np.cumsum(clinics)[:-1]])
    return 980_000 + first[home] + person % clinics[home]


def services(seed: int, chunk: int, people: People, onset: dict, stays: Stays, window: Window) -> dict[str, np.ndarray]:
    """SSSY as columns."""
    rng = generator(seed, chunk, 6)
    everybody = np.arange(len(people))
    chronic = sum((~np.isnan(onset[name])).astype(int) for name in onset)
    parts = [_after_discharge(rng, people, stays), *_beside(rng, people, onset, window)]
    arranged, arranged_on, code = (np.concatenate([part[at] for part in parts]) for at in range(3))
    is_contact = np.isin(code.astype("U6"), codelists.codes("practice_service", gp_contact="yes"))
    arranged, arranged_on = arranged[is_contact], arranged_on[is_contact]
    for start, end in window.spans:
        whole_year = end - start > 300
        begins = np.maximum(people.born, start)
        lived = np.clip((np.minimum(people.last, end) - begins) / 365.25, 0, None)
        band = np.searchsorted(AGE_EDGES, people.age((start + end) / 2), side="right")
        home = people.home_at(everybody, np.full(len(people), start))
        unseen = np.array(UNSEEN_BY_AGE)[band] * np.where(people.female, 0.7, 1.3) * (chronic == 0) * (lived > 0)
        share_unseen = NO_CONTACT if whole_year else NO_CONTACT * UNSEEN_IN_FOUR_MONTHS
        not_seen = chosen(rng, scaled(unseen, share_unseen * (lived > 0).sum()))
        fertile = people.female & (band >= 3) & (band <= 4)
        weight = np.array(CONTACTS_BY_AGE)[band] * np.where(people.female, np.where(fertile, 1.65, 1.25), 1.0)
        weight = weight * (1 + PER_CHRONIC_DISEASE * chronic) * people.frailty**0.4 * lived * ~not_seen
        # As many as published in each municipality, with those arranged elsewhere.
        places = len(municipalities())
        total = GP_CONTACTS * municipality_factor() * np.bincount(home, lived, places)
        inside = arranged[(arranged_on >= start) & (arranged_on < np.minimum(people.last[arranged], end))]
        total = np.maximum(total - np.bincount(home[inside], minlength=places), 0)
        expected = weight * (total / np.maximum(np.bincount(home, weight, places), 1e-9))[home]
        at_least_one = (~not_seen & (expected > 0.3)).astype(int) if whole_year else np.zeros(len(people), dtype=int)
        more = counts(rng, expected - at_least_one, people.home * 10 + band)
        person = np.repeat(everybody, at_least_one + more)
        when = begins[person] + rng.random(len(person)) * (np.minimum(people.last, end) - begins)[person]
        parts.append((person, when, pick(rng, CHANNELS, len(person))))
    person, when, code = (np.concatenate([part[at] for part in parts]) for at in range(3))
    kept = (when >= np.maximum(people.born[person], window.start)) & (
        when < np.minimum(people.last[person], window.end)
    )
    return _rows(rng, people, person[kept], when[kept], code[kept])


def _after_discharge(rng, people: People, stays: Stays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contacts that follow up a discharge within 14 days: here municipalities differ, as planted."""
    extra = np.array([truths.GP_FOLLOW_UP_EXTRA.get(code, 0.0) for code in municipalities()])
    home = people.home_at(stays.person, stays.start)
    chance = (truths.GP_FOLLOW_UP_BASE + extra[home]) * stays.admission * ~stays.of("newborn")
    rows = rng.random(len(stays)) < chance
    size = int(rows.sum())
    return stays.person[rows], stays.end[rows] + 1 + 12.5 * rng.random(size), pick(rng, CHANNELS, size)


def _beside(rng, people: People, onset: dict, window: Window) -> list:
    """Annual controls, podiatry, eye specialists and other services beside the contacts above."""
    found = []
    everyone = np.full(len(people), float(window.start))
    plans = [("800107", onset[name], 0.75, 365.0) for name in CONTROLLED]
    plans += [("542170", onset["type2_diabetes"], 0.7, 380.0), ("542101", onset["type2_diabetes"], 0.3, 120.0)]
    plans += [("542170", onset["type1_diabetes"], 0.7, 380.0), ("190101", onset["type2_diabetes"], 0.8, 620.0)]
    plans += [("190101", everyone, 0.12, 500.0), ("210101", everyone, 0.1, 500.0), ("510101", everyone, 0.06, 60.0)]
    plans += [("807101", everyone, 0.3, 250.0)]
    for code, since, share, interval in plans:
        who = np.flatnonzero(~np.isnan(since) & (rng.random(len(people)) < share))
        begin = np.maximum(np.maximum(since[who], window.start), people.born[who])
        end = np.minimum(people.last[who], window.end)
        which, when = repeated(rng, begin, end, np.full(len(who), interval))
        found.append((who[which], when, np.full(len(when), code, dtype=object)))
    return found


def _rows(rng, people: People, person: np.ndarray, when: np.ndarray, code: np.ndarray) -> dict[str, np.ndarray]:
    # Practices are closed at the weekend: those contacts are on the Friday before, except for the newly born.
    day = np.floor(when).astype("datetime64[D]")
    weekend = (day.astype(int) + 3) % 7 - 4  # 1 Saturday, 2 Sunday
    moved = day - np.where(weekend > 0, weekend, 0).astype("timedelta64[D]")
    day = np.where(moved.astype(int) < np.floor(people.born[person]).astype(int), day, moved)
    settled = day + rng.integers(3, 20, len(day)).astype("timedelta64[D]")
    thursday = settled - ((settled.astype(int) + 3) % 7).astype("timedelta64[D]") + np.timedelta64(3, "D")
    year = thursday.astype("datetime64[Y]").astype(int) + 1970
    week = (thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) // 7 + 1
    # A service to a baby may be settled on the mother's card; the mark then says that it is the child's.
    baby = (
        (people.mother[person] >= 0) & (when - people.born[person] < 365) & (rng.random(len(person)) < ON_MOTHERS_CARD)
    )
    baby &= people.last[people.mother[person]] > when + 3
    card = np.where(baby, people.mother[person], person)
    several = np.where(code == "807101", 1 + rng.poisson(0.4, len(person)), 1)
    return {
        "PNR": people.cpr_at(card, when),
        "YDERNR": provider(people.home_at(card, when), card),
        "SPECIALE": code,
        "YDLANT": several,
        "HONUGE": np.char.zfill((year % 100 * 100 + week).astype("U4"), 4),
        "BARNMAK": baby.astype(int),
        "BEHANDLINGSDATO": day,
    }


def records(seed: int, chunk: int, people: People, onset: dict, window: Window) -> dict[str, np.ndarray]:
    """AIM as columns: diagnoses, annual controls and measurements of the five areas of general practice."""
    rng = generator(seed, chunk, 7)
    parts = []
    for name, icpc in ICPC.items():
        in_practice = ~np.isnan(onset[name]) & (rng.random(len(people)) < (0.9 if name in CONTROLLED else 0.6))
        who = np.flatnonzero(in_practice)
        since = np.maximum(np.maximum(onset[name][who], people.born[who]), window.start - 0.0)
        first = since + 40 * rng.random(len(who))
        end = np.minimum(people.last[who], window.end)
        parts.append(_entries(who, first, "diagnose", icpc, "ICPC-2", np.full(len(who), np.nan), ""))
        if name not in CONTROLLED:
            continue
        which, when = repeated(rng, since + 20, end, np.full(len(who), 365.0))
        person = who[which]
        parts.append(_entries(person, when, "årskontrol", icpc, "ICPC-2", np.full(len(person), np.nan), ""))
        parts += _measured(rng, people, person, when, name)
    person, when, kind, code, system, value, unit = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = (when >= window.start) & (when < np.minimum(people.last[person], window.end))
    number = chunk * 10_000_000_000 + np.arange(len(person))
    clinic = provider(people.home_at(person[kept], when[kept]), person[kept])
    return {
        "REGISTRERING_ID": number[kept],
        "CPR": people.cpr_at(person[kept], when[kept]),
        "DATO": days(when[kept]),
        "YDERNR": clinic,
        "SYSTEM": np.array(truths.SYSTEMS)[clinic % len(truths.SYSTEMS)],
        "ART": kind[kept],
        "KODE": code[kept],
        "KODESYSTEM": system[kept],
        "VAERDI": value[kept],
        "ENHED": unit[kept],
    }


def _measured(rng, people: People, person: np.ndarray, when: np.ndarray, name: str) -> list:
    size = len(person)
    frail = np.log(people.frailty[person])
    pressure = rng.normal(134, 13, size).round()
    drawn = {
        "BT_SYS": pressure,
        "BT_DIA": (pressure * 0.58 + rng.normal(0, 6, size)).round(),
        "BMI": rng.normal(29 if name == "type2_diabetes" else 26.5, 4.5, size).clip(15, 55).round(1),
    }
    if name in ("copd", "asthma"):
        drawn = {
            "BMI": drawn["BMI"],
            "FEV1": (rng.normal(62 if name == "copd" else 86, 14, size) - 4 * frail).clip(15, 125).round(),
            "FVC": (rng.normal(80 if name == "copd" else 95, 13, size) - 2 * frail).clip(20, 130).round(),
            "INHAL": (rng.random(size) < 0.8).astype(float),
            "MRC": (2 + frail + rng.normal(0, 0.8, size)).round().clip(1, 5),
            "RYG": rng.choice([0.0, 1.0, 2.0], size, p=[0.2, 0.5, 0.3]),
        }
    units = {row["code"]: row["unit"] for row in codelists.rows("practice_measurement")}
    found = []
    for code, value in drawn.items():
        rows = rng.random(size) < SEEN_IN_PRACTICE + 0.12
        found.append(_entries(person[rows], when[rows], "måling", code, "DDNS", value[rows], units[code]))
    return found


def _entries(person, when, kind: str, code: str, system: str, value: np.ndarray, unit: str) -> tuple:
    def constant(text: str) -> np.ndarray:
        return np.full(len(person), text, dtype=object)

    return person, when, constant(kind), constant(code), constant(system), value, constant(unit or None)


def specialist(seed: int, chunk: int, people: People, onset: dict, window: Window) -> dict[str, np.ndarray]:
    """SENTINEL as columns: eye examinations in diabetes and other specialist contacts with a diagnosis."""
    rng = generator(seed, chunk, 8)
    plans = [
        ("19", "DH360", onset["type2_diabetes"], 0.8, 620.0),
        ("19", "DH360", onset["type1_diabetes"], 0.85, 400.0),
    ]
    everyone = np.full(len(people), float(window.start))
    plans += [("19", "DH259", everyone, 0.05, 500.0), ("21", "DH919", everyone, 0.08, 600.0)]
    plans += [("04", "DL409", everyone, 0.04, 300.0)]
    parts = []
    for specialty, code, since, share, interval in plans:
        who = np.flatnonzero(~np.isnan(since) & (rng.random(len(people)) < share))
        begin = np.maximum(np.maximum(since[who], window.start), people.born[who])
        which, when = repeated(rng, begin, np.minimum(people.last[who], window.end), np.full(len(who), interval))
        parts.append((who[which], when, np.full(len(when), specialty), np.full(len(when), code)))
    person, when, specialty, code = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "REGISTRERING_ID": chunk * 10_000_000_000 + np.arange(len(person)),
        "CPR": people.cpr_at(person, when),
        "DATO": days(when),
        "SPECIALE": specialty,
        "YDERNR": 990_000 + person % 900,
        "SYSTEM": np.array(truths.SYSTEMS)[person % len(truths.SYSTEMS)],
        "DIAGNOSE": code,
    }
