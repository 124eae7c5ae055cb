"""Hospital stays: what brings people to hospital, when and for how long. ``contacts`` turns them into LPR rows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import disease, truths
from ddns_utils.synthetic.draw import counts, generator, repeated
from ddns_utils.synthetic.people import People, Window, municipalities

# Stays per 1,000 persons and year. Admissions by region are published for two regions; the others share the rest.
ADMISSIONS = 135.1
BY_REGION = {"1085": 152 / 135.1, "1082": 121 / 135.1}
ELSEWHERE = 136.1 / 135.1
FIRST_ACUTE = 74.0
BEFORE_DEATH = 0.9, 60.0  # acute admissions of the dying, and how many days before death they are, on average
PLANNED = 23.0
SHORT_ACUTE = 137.0
OUTPATIENT = 1130.0
VIRTUAL = 80.0
READMITTED = 0.088  # chance of an arranged acute readmission within 30 days, besides chance ones
KINDS = ("acute", "planned", "short", "outpatient", "virtual", "birth", "newborn", "readmission", "chronic")
AGE_EDGES = (1, 18, 40, 60, 70, 80, 90)
ACUTE_BY_AGE = (3.0, 0.55, 0.62, 0.85, 1.6, 2.6, 4.2, 5.0)
PLANNED_BY_AGE = (0.4, 0.3, 0.5, 1.0, 2.0, 2.2, 1.2, 0.5)
OUT_BY_AGE = (0.8, 0.5, 0.7, 1.0, 1.5, 1.9, 1.6, 0.9)
# Share followed at hospital, and days between visits.
FOLLOWED = {
    "type1_diabetes": (1.0, 170),
    "type2_diabetes": (0.18, 190),
    "copd": (0.6, 330),
    "asthma": (0.25, 330),
    "heart_failure": (1.0, 250),
    "atrial_fibrillation": (1.0, 270),
    "osteoporosis": (0.85, 400),
    "dementia": (0.95, 250),
    "rheumatoid_arthritis": (1.0, 190),
    "schizophrenia": (1.0, 120),
    "ischaemic_heart_disease": (1.0, 330),
    "cancer": (1.0, 330),
}


@dataclass
class Stays:
    """One value per stay: person, start and end (days since 1970; NaN while open), kind (index in KINDS), disease."""

    person: np.ndarray
    start: np.ndarray
    end: np.ndarray
    kind: np.ndarray
    disease: np.ndarray  # index in DISEASES of a visit for a chronic disease, else -1

    def __len__(self) -> int:
        return len(self.person)

    def keep(self, rows: np.ndarray) -> Stays:
        """Only some rows, by mask or index."""
        return Stays(*(getattr(self, field.name)[rows] for field in fields(self)))

    def of(self, *kinds: str) -> np.ndarray:
        """Mask of the stays of some kinds."""
        return np.isin(self.kind, [KINDS.index(kind) for kind in kinds])

    @property
    def acute(self) -> np.ndarray:
        """Mask of acute stays."""
        return self.of("acute", "short", "birth", "readmission")

    @property
    def admission(self) -> np.ndarray:
        """Mask of stays of 12 hours or more."""
        return self.end - self.start >= 0.5


def make(seed: int, chunk: int, people: People, onset: dict[str, np.ndarray], window: Window) -> Stays:
    """All stays of a chunk, without overlaps within a person, ordered by person and start."""
    rng = generator(seed, chunk, 3)
    found = [_births(rng, people, window), *_chronic(rng, people, onset, window), _dying(rng, people)]
    for start, end in window.spans:
        found += _in_span(rng, people, onset, start, end)
    stays = _tidy(_join(found), people, window)
    return _tidy(_join([stays, *_readmissions(rng, people, stays)]), people, window)


def region_factor(people: People, when: float) -> np.ndarray:
    """How often people are admitted in their region, against the country."""
    regions = {row["code"]: row["region"] for row in codelists.rows("municipality")}
    factor = np.array([BY_REGION.get(regions[code], ELSEWHERE) for code in municipalities()])
    return factor[people.home_at(np.arange(len(people)), np.full(len(people), when))]


def _in_span(rng, people: People, onset, start: int, end: int) -> list[Stays]:
    begins = np.maximum(people.born, start)
    lived = np.clip((np.minimum(people.last, end) - begins) / 365.25, 0, None)
    everybody = np.arange(len(people))
    ill = disease.number(onset, everybody, np.full(len(people), (start + end) / 2))
    band = np.searchsorted(AGE_EDGES, people.age((start + end) / 2), side="right")
    region = region_factor(people, start)
    burden = people.frailty * (1 + truths.ACUTE_PER_CHRONIC_DISEASE * ill) * region
    stratum = people.stratum(start)
    rates = {
        "acute": (np.array(ACUTE_BY_AGE)[band] * burden, FIRST_ACUTE, True),
        "short": ((0.5 + np.array(ACUTE_BY_AGE)[band] / 2) * burden, SHORT_ACUTE, True),
        "planned": (
            np.array(PLANNED_BY_AGE)[band] * np.sqrt(people.frailty) * (1 + 0.3 * ill) * region,
            PLANNED,
            False,
        ),
        "outpatient": (np.array(OUT_BY_AGE)[band] * np.sqrt(people.frailty) * (1 + 0.2 * ill), OUTPATIENT, False),
        "virtual": (np.array(OUT_BY_AGE)[band] * (1 + 0.2 * ill), VIRTUAL, False),
    }
    found = []
    for kind, (weight, per_1000, seasonal) in rates.items():
        season = np.mean(_season_at(np.arange(start, end))) if seasonal else 1.0  # four winter months are not a third
        weight = weight * lived
        expected = weight / max(weight.sum(), 1e-12) * lived.sum() * per_1000 / 1000 * season
        person = np.repeat(everybody, counts(rng, expected, stratum))
        if seasonal:
            moment = start + _season_within(rng, len(person), start, end) * (end - start)
        else:
            moment = start + rng.random(len(person)) * (end - start)
        outside = (moment < begins[person]) | (moment >= people.last[person])
        again = begins[person] + rng.random(len(person)) * (np.minimum(people.last, end) - begins)[person]
        moment = np.where(outside, again, moment)
        found.append(_stays(rng, person, moment, kind))
    return found


def _season_at(day: np.ndarray) -> np.ndarray:
    of_year = day - day.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(int)
    return 1 + truths.SEASON_AMPLITUDE * np.cos(2 * np.pi * (of_year - truths.SEASON_PEAK_DAY) / 365.25)


def _season_within(rng, size: int, start: int, end: int) -> np.ndarray:
    """Moments in a span, 0 to 1, by the planted season."""
    weight = np.cumsum(_season_at(np.arange(start, end)))
    day = np.searchsorted(weight / weight[-1], rng.random(size)).clip(0, end - start - 1)
    return (day + rng.random(size)) / (end - start)


def _stays(rng, person: np.ndarray, moment: np.ndarray, kind: str, of: int = -1) -> Stays:
    size = len(person)
    if kind in ("outpatient", "chronic", "virtual", "planned"):
        moment = np.floor(moment) + (7.5 + 8 * rng.random(size)) / 24
    if kind in ("acute", "planned", "birth", "newborn", "readmission"):
        length = 0.52 + np.exp(rng.normal(0.35, 1.0, size))
        length = np.minimum(length, 60)
        if kind in ("birth", "newborn"):
            length = 0.6 + 2.2 * rng.random(size)
    elif kind == "short":
        length = (1 + 9.5 * rng.random(size)) / 24
    else:
        length = (0.25 + 1.5 * rng.random(size)) / 24
    fixed = np.full(size, KINDS.index(kind), dtype=np.int8)
    return Stays(person, moment, moment + length, fixed, np.full(size, of, dtype=np.int8))


def _births(rng, people: People, window: Window) -> Stays:
    child = np.flatnonzero(people.mother >= 0)
    moment = people.born[child] + rng.random(len(child)) * 0.9
    mother = _stays(rng, people.mother[child], moment - 0.3, "birth")
    newborn = _stays(rng, child, moment, "newborn")
    return _join([mother, newborn])


def _dying(rng, people: People) -> Stays:
    often, earlier = BEFORE_DEATH
    dies = np.isfinite(people.last) & (people.last - people.born > 365)
    person = np.repeat(np.arange(len(people)), counts(rng, often * dies))
    return _stays(rng, person, people.last[person] - rng.exponential(earlier, len(person)), "acute")


def _chronic(rng, people: People, onset, window: Window) -> list[Stays]:
    found = []
    for at, name in enumerate(disease.DISEASES):
        if name not in FOLLOWED:
            continue
        share, interval = FOLLOWED[name]
        who = np.flatnonzero(~np.isnan(onset[name]) & (rng.random(len(people)) < share))
        start = np.maximum(onset[name][who], window.start)
        end = np.minimum(people.last[who], window.end)
        which, when = repeated(rng, start, end, np.full(len(who), float(interval)), start > window.start)
        found.append(_stays(rng, who[which], when, "chronic", at))
    return found


def _readmissions(rng, people: People, stays: Stays) -> list[Stays]:
    found, basis = [], stays.keep(stays.admission & ~stays.of("newborn"))
    for _ in range(2):  # a readmission may itself be followed by one
        chance = READMITTED * np.clip(people.frailty[basis.person], 0.3, 4) ** 0.6
        back = basis.keep(rng.random(len(basis)) < chance)
        basis = _stays(rng, back.person, back.end + 0.4 + np.minimum(rng.exponential(10, len(back)), 29), "readmission")
        found.append(basis)
    return found


def _join(parts: list[Stays]) -> Stays:
    return Stays(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Stays)))


def _tidy(stays: Stays, people: People, window: Window) -> Stays:
    """Ends at death; nobody is at two places at once, nor back within five hours."""
    stays = stays.keep(
        (stays.start >= window.start) & (stays.start < np.minimum(people.last[stays.person], window.end))
    )
    stays.end = np.minimum(stays.end, np.maximum(people.last[stays.person] + 0.5, stays.start + 0.02))
    # Admissions are kept before visits on the same day.
    stays = stays.keep(np.lexsort((stays.start, stays.person)))
    physical = ~stays.of("virtual")
    for _ in range(3):
        at = np.flatnonzero(physical)
        if len(at) < 2:
            break
        clash = (stays.person[at][1:] == stays.person[at][:-1]) & (stays.start[at][1:] < stays.end[at][:-1] + 5 / 24)
        if not clash.any():
            break
        weaker = np.where(_rank(stays)[at][1:] < _rank(stays)[at][:-1], at[1:], at[:-1])[clash]
        physical[weaker] = False
    return stays.keep(physical | stays.of("virtual"))


def _rank(stays: Stays) -> np.ndarray:
    order = {"virtual": 0, "outpatient": 1, "short": 2, "chronic": 3, "planned": 4, "acute": 5, "readmission": 6}
    return np.array([order.get(kind, 7) for kind in KINDS])[stays.kind]
