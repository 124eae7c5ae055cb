"""Hospital stays as rows of LPR_A: contacts with transfers, diagnoses of three kinds, procedures."""

from __future__ import annotations

from functools import cache

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import disease
from ddns_utils.synthetic.draw import generator, pick
from ddns_utils.synthetic.hospital import Stays
from ddns_utils.synthetic.people import People

# Action diagnosis and specialty of contacts for a chronic disease.
CHRONIC = {
    "type1_diabetes": ("DE109", "medicinsk endokrinologi"),
    "type2_diabetes": ("DE119", "medicinsk endokrinologi"),
    "copd": ("DJ449", "medicinsk lungesygdomme"),
    "asthma": ("DJ459", "medicinsk lungesygdomme"),
    "heart_failure": ("DI509", "kardiologi"),
    "atrial_fibrillation": ("DI489", "kardiologi"),
    "hypertension": ("DI109", "intern medicin"),
    "osteoporosis": ("DM819", "medicinsk endokrinologi"),
    "dementia": ("DF039", "geriatri"),
    "rheumatoid_arthritis": ("DM069", "reumatologi"),
    "schizophrenia": ("DF209", "psykiatri"),
    "ischaemic_heart_disease": ("DI259", "kardiologi"),
    "cancer": ("DC189", "kirurgi"),
}
CANCER_BY_SEX = "DC509", "DC619"  # women, men; the rest of either have DC189
OF_EITHER_SEX = 0.4
# Chance that an acute stay is for the disease, when a person has it.
ACUTE_FOR = {
    "type1_diabetes": 0.1, "type2_diabetes": 0.02, "copd": 0.35, "heart_failure": 0.25, "schizophrenia": 0.45,
    "atrial_fibrillation": 0.12, "asthma": 0.06, "ischaemic_heart_disease": 0.12, "cancer": 0.1,
}  # fmt: skip
ACUTE_CODE = {"copd": "DJ441", "asthma": "DJ469", "ischaemic_heart_disease": "DI219"}
# In atrial fibrillation: chance that an acute admission is a bleeding, and that a stroke becomes a faint instead.
BLEEDS, STROKE_PREVENTED = {"DK922": 0.035, "DI619": 0.006}, 0.5
# On the first visit for atrial fibrillation, which comes within so many days of its onset: shares, fitted to AFDK.
FIRST_VISIT_DAYS, ECHO, TAUGHT = 85, 0.85, 0.17
# Some who wait for help at home are reported to their municipality as treated before they leave; made up.
WAITING, DONE_BEFORE_LEAVING = ("S72", "I63", "J18", "E86", "Z74"), 0.15
SECONDARY = 0.3  # chance that a chronic disease is coded as a secondary diagnosis on an admission
PSYCHIATRIC = ("DF209", "DF100", "DF329")
RETRACTED = {"Nej": 0.965, None: 0.02, "Ja": 0.015}


@cache
def specialties() -> dict[str, str]:
    """Specialty by diagnosis, as the register writes it (lower case)."""
    found = {row["code"]: row["specialty"] for row in codelists.rows("hospital_diagnosis")}
    found |= dict(CHRONIC.values()) | {"DJ441": "medicinsk lungesygdomme", "DJ469": "lungesygdomme"}
    return found | {"DO800": "gynækologi og obstetrik", "DZ380": "gynækologi og obstetrik"}


def _mix(column: str) -> dict[str, float]:
    return {r["code"]: float(r[column]) for r in codelists.rows("hospital_diagnosis") if float(r[column])}


def action_diagnoses(seed: int, chunk: int, people: People, onset: dict, stays: Stays) -> np.ndarray:
    """The action diagnosis of each stay."""
    rng = generator(seed, chunk, 4)
    age = (stays.start - people.born[stays.person]) / 365.25
    size = len(stays)
    code = pick(rng, _mix("outpatient"), size)
    acute = stays.of("acute", "readmission")
    for column, rows in (
        ("acute_child", acute & (age < 18)),
        ("acute_adult", acute & (age >= 18) & (age < 65)),
        ("acute_old", acute & (age >= 65)),
        ("short", stays.of("short")),
        ("planned", stays.of("planned")),
    ):
        code[rows] = pick(rng, _mix(column), int(rows.sum()))
    code[stays.of("birth")] = "DO800"
    code[stays.of("newborn")] = "DZ380"
    names = list(disease.DISEASES)
    for name, chance in ACUTE_FOR.items():
        has = acute & (onset[name][stays.person] <= stays.start) & (rng.random(size) < chance)
        code[has] = ACUTE_CODE.get(name, CHRONIC[name][0])
    fibrillates = acute & (onset["atrial_fibrillation"][stays.person] <= stays.start)
    code[fibrillates & (code == "DI639") & (rng.random(size) < STROKE_PREVENTED)] = "DR559"
    for bleeding, chance in BLEEDS.items():
        code[fibrillates & (rng.random(size) < chance)] = bleeding
    for at, name in enumerate(names):
        code[stays.disease == at] = CHRONIC[name][0]
    # Stays are ordered by person and start: whoever comes back after a psychiatric stay comes back to psychiatry.
    before = np.roll(code, 1)
    again = stays.of("readmission") & (np.roll(stays.person, 1) == stays.person) & np.isin(before, PSYCHIATRIC)
    code[again] = before[again]
    own = np.where(people.female, *CANCER_BY_SEX)[stays.person]
    either = (stays.person * 0.6180339887) % 1 < OF_EITHER_SEX  # the same cancer each time
    return np.where((code == CHRONIC["cancer"][0]) & ~either, own, code)


def tables(seed: int, chunk: int, people: People, onset: dict, stays: Stays, action: np.ndarray) -> dict[str, dict]:
    """LPR_A_KONTAKT, LPR_A_DIAGNOSE and LPR_A_PROCREGISTRERING as columns; moments in days since 1970."""
    rng = generator(seed, chunk, 5)
    stay, start, end = _split(rng, stays)
    key = chunk * 10_000_000_000 + np.arange(len(stay))
    person = stays.person[stay]
    virtual = stays.of("virtual")[stay]
    acute = stays.acute[stay]
    open_contact = ~stays.admission[stay] & (rng.random(len(stay)) < 0.002)
    types = np.where(
        virtual, "ALCA03", np.where(stays.of("outpatient")[stay] & (rng.random(len(stay)) < 0.01), "ALCA10", "ALCA00")
    )
    code = action[stay]
    contacts = {
        "PNR": people.cpr_at(person, start),
        "DW_EK_KONTAKT": key,
        "DW_EK_FORLOEB": chunk * 10_000_000_000 + stay,
        "KONT_STARTTIDSPUNKT": start,
        "KONT_SLUTTIDSPUNKT": np.where(open_contact, np.nan, end),
        "KONT_TYPE": types,
        "PRIORITET": np.where(acute, "ATA1", "ATA3"),
        "ADIAG": code,
        "KONT_ANS": _units(code),
        "KONT_ANS_HOVEDSPEC": np.array([specialties()[c] for c in code.tolist()], dtype=object),
        "LPRINDBERETNINGSSYSTEM": np.full(len(key), "LPR3"),
    }
    return {
        "LPR_A_KONTAKT": contacts,
        "LPR_A_DIAGNOSE": _diagnoses(rng, onset, stays, stay, key, code, person, start),
        "LPR_A_PROCREGISTRERING": _procedures(
            rng, key, code, stays.admission[stay], start, end, start - onset["atrial_fibrillation"][person]
        ),
    }


def _split(rng, stays: Stays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contacts of each stay: admissions may be moved between units, with gaps of up to three and a half hours."""
    number = 1 + np.where(stays.admission, rng.poisson(0.8, len(stays)), rng.random(len(stays)) < 0.03).clip(0, 4)
    number[stays.of("virtual")] = 1
    stay = np.repeat(np.arange(len(stays)), number)
    turn = np.arange(len(stay)) - np.repeat(np.cumsum(number) - number, number)
    length = (stays.end - stays.start)[stay] / number[stay]
    start = stays.start[stay] + turn * length
    gap = np.minimum(rng.random(len(stay)) * 3.5 / 24, 0.3 * length) * (turn < number[stay] - 1)
    return stay, start, stays.start[stay] + (turn + 1) * length - gap


def _units(code: np.ndarray) -> np.ndarray:
    """Made-up SOR numbers, one per diagnosis chapter: not units that exist."""
    chapter = {c: f"9980{ord(c[1]):03d}1000016009" for c in set(code.tolist())}
    return np.array([chapter[c] for c in code.tolist()], dtype=object)


def _diagnoses(rng, onset, stays: Stays, stay, key, code, person, start) -> dict[str, np.ndarray]:
    parts = [(key, code, np.full(len(key), "A"), np.full(len(key), None, dtype=object))]
    admitted = stays.of("acute", "planned", "readmission")[stay]
    for name, (own, _) in CHRONIC.items():
        rows = admitted & (onset[name][person] <= start) & (rng.random(len(key)) < SECONDARY)
        rows &= np.array([c[:4] for c in code.tolist()]) != own[:4]
        count = int(rows.sum())
        parts.append(
            (key[rows], np.full(count, own, dtype=object), np.full(count, "B"), np.full(count, None, dtype=object))
        )
    extra = rng.random(len(key)) < 0.04
    parts.append(
        (
            key[extra],
            pick(rng, {"DZ720": 1, "DU071": 0.2}, int(extra.sum())),
            np.full(int(extra.sum()), "+"),
            code[extra],
        )
    )
    # A suspicion that was given up again: the disease is not there.
    wrong = stays.of("outpatient")[stay] & (rng.random(len(key)) < 0.004)
    suspected = pick(rng, {own: 1 for own, _ in CHRONIC.values()}, int(wrong.sum()))
    parts.append((key[wrong], suspected, np.full(len(suspected), "B"), np.full(len(suspected), None, dtype=object)))
    sizes = [len(part[0]) for part in parts]
    state = pick(rng, RETRACTED, sum(sizes))
    state[: sizes[0]] = np.where(state[: sizes[0]] == "Ja", "Nej", state[: sizes[0]])
    state[sum(sizes[:-1]) :] = "Ja"
    names = ("DW_EK_KONTAKT", "DIAG_KODE", "DIAG_KODE_TYPE", "DIAG_PARENT_KODE")
    columns = {name: np.concatenate([part[at] for part in parts]) for at, name in enumerate(names)}
    return columns | {"SENERE_AFKRAEFTET": state}


def _procedures(rng, key, code, admitted, start, end, fibrillating) -> dict[str, np.ndarray]:
    """Operations and training; echocardiography and teaching in atrial fibrillation; reports that treatment is done."""
    chapters = np.array([c[1:4] for c in code.tolist()])
    operated = {"S72": "KNFJ", "M16": "KNFB", "M17": "KNGB", "K40": "KJAB", "K80": "KJKA", "H25": "KCJE"}
    found = [
        (key[rows], np.full(int(rows.sum()), procedure, dtype=object), start[rows] + 0.2 / 24)
        for chapter, procedure in operated.items()
        if (rows := (chapters == chapter) & (admitted | (chapter == "H25"))).any()
    ]
    trained = np.isin(chapters, ["S72", "M16", "M17", "I63"]) & admitted & (rng.random(len(key)) < 0.6)
    found.append((key[trained], np.full(int(trained.sum()), "BTXY", dtype=object), start[trained] + 0.3))
    first = (chapters == "I48") & ~admitted & (fibrillating >= 0) & (fibrillating < FIRST_VISIT_DAYS)
    for procedure, share in (("UXUC80", ECHO), ("BVDY", TAUGHT)):
        rows = first & (rng.random(len(key)) < share)
        found.append((key[rows], np.full(int(rows.sum()), procedure, dtype=object), start[rows] + 0.5 / 24))
    done = admitted & np.isin(chapters, WAITING) & (end - start > 2) & (rng.random(len(key)) < DONE_BEFORE_LEAVING)
    found.append((key[done], np.full(int(done.sum()), "BVAW1A", dtype=object), start[done] + 0.6 * (end - start)[done]))
    columns = [np.concatenate(part) for part in zip(*found, strict=True)]
    return {
        "DW_EK_KONTAKT": columns[0],
        "PROC_KODE": columns[1],
        "PROC_KODE_TYPE": np.full(len(columns[0]), "P"),
        "PROC_STARTTIDSPUNKT": columns[2],
    }
