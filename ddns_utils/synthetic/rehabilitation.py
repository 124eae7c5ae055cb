"""Rehabilitation plans: who gets one after which hospital contact, when training is offered, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import disease, truths
from ddns_utils.synthetic.draw import chosen, generator, pick, scaled
from ddns_utils.synthetic.hospital import Stays
from ddns_utils.synthetic.people import People, Window, municipalities

PERSONS_PER_YEAR = 177_225 / 5_843_347  # with at least one plan, 2021
AFTER_OUTPATIENT = 0.55  # more than half follow an outpatient visit (2018)
KINDS = {"general": 159_913, "specialised": 16_775, "specialised_level": 537}
QUIET_DAYS = 180  # at least this long from one plan to the next of a person
WITHOUT_OFFER = 0.06


@dataclass
class Plans:
    """One value per rehabilitation plan."""

    person: np.ndarray
    stay: np.ndarray
    home: np.ndarray
    discharged: np.ndarray  # day
    received: np.ndarray  # day
    offered: np.ndarray  # day of the first contact offered, NaN if none was
    early: np.ndarray
    kind: np.ndarray
    diagnosis: np.ndarray
    inpatient: np.ndarray

    def __len__(self) -> int:
        return len(self.person)

    def keep(self, rows: np.ndarray) -> Plans:
        """Only some rows."""
        return Plans(*(getattr(self, field.name)[rows] for field in fields(self)))


def plan(seed: int, chunk: int, people: People, onset: dict, stays: Stays, action: np.ndarray, window: Window) -> Plans:
    """The plans of a chunk: hospital contacts that lead to one, and how soon the municipality offers training."""
    rng = generator(seed, chunk, 12)
    fit = {row["code"]: float(row["rehabilitation"]) for row in codelists.rows("hospital_diagnosis")}
    fit |= {"DJ449": 2.0, "DJ441": 3.0, "DI509": 1.0}
    weight = np.array([fit.get(code, 0.0) for code in action.tolist()])
    weight *= stays.end + 3 < people.last[stays.person]
    weight *= people.frailty[stays.person] ** 0.3
    places = []
    for start, end in window.spans:
        residents = ((people.born < start) & (people.last > start)).sum()
        inside = (stays.end >= start) & (stays.end < end)
        total = 1.09 * PERSONS_PER_YEAR * residents * (end - start) / 365.25
        for rows, share in (
            (stays.admission, 1 - AFTER_OUTPATIENT),
            (~stays.admission & ~stays.of("virtual"), AFTER_OUTPATIENT),
        ):
            drawn = chosen(rng, scaled(weight * inside * rows, total * share, 0.9), people.home[stays.person])
            places.append(np.flatnonzero(drawn))
    at = np.concatenate(places)
    at = at[np.lexsort((stays.end[at], stays.person[at]))]
    for _ in range(3):
        close = (np.diff(stays.person[at]) == 0) & (np.diff(stays.end[at]) < QUIET_DAYS)
        at = np.delete(at, np.flatnonzero(close) + 1)
    return _timed(rng, people, onset, stays, action, at)


def _timed(rng, people: People, onset: dict, stays: Stays, action: np.ndarray, at: np.ndarray) -> Plans:
    person, discharged = stays.person[at], np.floor(stays.end[at])
    home = people.home_at(person, discharged)
    received = discharged + pick(rng, {-1: 0.15, 0: 0.4, 1: 0.27, 2: 0.08, 3: 0.05, 4: 0.05}, len(at)).astype(int)
    ill = disease.number(onset, person, discharged)
    age = (discharged - people.born[person]) / 365.25
    logit = truths.EARLY_BASE + np.array([truths.EARLY_START_LOGIT.get(c, 0.0) for c in municipalities()])[home]
    logit = logit + truths.EARLY_PER_LOG_FRAILTY * np.log(people.frailty[person])
    logit = logit + truths.EARLY_PER_15_YEARS_ABOVE_60 * (age - 60) / 15 + truths.EARLY_PER_CHRONIC_DISEASE * ill
    early = rng.random(len(at)) < 1 / (1 + np.exp(-logit))
    wait = np.where(early, rng.integers(2, 8, len(at)), 8 + np.floor(rng.exponential(13, len(at))))
    offered = np.maximum(discharged + wait, np.minimum(received, discharged + 7))
    none = ~early & (rng.random(len(at)) < WITHOUT_OFFER / 0.4)
    return Plans(
        person, at, home, discharged, received, np.where(none, np.nan, offered), early,
        pick(rng, KINDS, len(at)), action[at], stays.admission[at],
    )  # fmt: skip


def spared(seed: int, chunk: int, people: People, stays: Stays, plans: Plans) -> np.ndarray:
    """Mask of the stays that happen: an early start prevents some acute contacts on days 1–90 after discharge."""
    rng = generator(seed, chunk, 13)
    treated = plans.keep(plans.early)
    treated = treated.keep(np.lexsort((treated.discharged, treated.person)))
    if not len(treated):
        return np.ones(len(stays), dtype=bool)
    # The latest plan of the same person before each stay: person and day as one sortable number.
    far = 1_000_000.0
    day = np.floor(stays.start)
    latest = np.searchsorted(treated.person * far + treated.discharged, stays.person * far + day - 1, side="right") - 1
    same = (latest >= 0) & (treated.person[latest] == stays.person)
    days_after = np.where(same, day - treated.discharged[latest], np.inf)
    exposed = stays.acute & ~stays.of("birth") & (days_after >= 1) & (days_after <= truths.FOLLOW_UP_DAYS)
    prevented = exposed & (rng.random(len(stays)) < 1 - truths.EARLY_RATE_RATIO)
    prevented[plans.stay] = False
    return ~prevented
