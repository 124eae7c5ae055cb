"""Chronic diseases with onset: as common at the end of the last whole year as published."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ddns_utils.synthetic.draw import chosen, generator, scaled
from ddns_utils.synthetic.people import PUBLISHED, People, Window

Weight = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Disease:
    """How a disease is spread: weight by age and sex, how far it follows frailty, its share that is new each year."""

    weight: Weight
    frailty: float
    new_a_year: float
    dying: float  # weight of persons who die in the window, against others of the same age
    excludes: str = ""


def _logistic(age: np.ndarray, middle: float, scale: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(age - middle) / scale))


DISEASES: dict[str, Disease] = {
    "type1_diabetes": Disease(lambda age, female: (age > 3) * np.where(female, 0.8, 1.1), 0, 0.05, 1.5),
    "type2_diabetes": Disease(
        lambda age, female: (age > 25) * _logistic(age, 66, 9) * np.where(female, 0.75, 1.2),
        0.3,
        0.071,
        1.5,
        "type1_diabetes",
    ),
    "copd": Disease(lambda age, female: (age > 38) * _logistic(age, 68, 7), 0.7, 0.096, 2.5),
    "asthma": Disease(
        lambda age, female: (age > 4) * np.where(age < 18, 1.0, np.where(female, 1.15, 0.9)), 0.1, 0.08, 1.2, "copd"
    ),
    "heart_failure": Disease(
        lambda age, female: (age > 40) * _logistic(age, 78, 7) * np.where(female, 0.7, 1.3), 0.7, 0.156, 1.5
    ),
    "atrial_fibrillation": Disease(
        lambda age, female: (age > 40) * _logistic(age, 76, 7) * np.where(female, 0.8, 1.2), 0.4, 0.156, 2.0
    ),
    "hypertension": Disease(lambda age, female: (age > 28) * _logistic(age, 62, 10), 0.2, 0.06, 1.2),
    "osteoporosis": Disease(
        lambda age, female: (age > 45) * _logistic(age, 72, 7) * np.where(female, 1.6, 0.35), 0.3, 0.114, 1.5
    ),
    "dementia": Disease(lambda age, female: (age > 55) * _logistic(age, 84, 5), 0.5, 0.245, 4.0),
    "rheumatoid_arthritis": Disease(
        lambda age, female: (age > 25) * _logistic(age, 58, 10) * np.where(female, 1.4, 0.6), 0.1, 0.066, 1.2
    ),
    "schizophrenia": Disease(
        lambda age, female: ((age > 18) & (age < 85)) * np.where(female, 0.8, 1.2), 0.3, 0.049, 1.5
    ),
    "ischaemic_heart_disease": Disease(
        lambda age, female: (age > 40) * _logistic(age, 70, 8) * np.where(female, 0.6, 1.4), 0.4, 0.1, 1.8
    ),
    "cancer": Disease(lambda age, female: (age > 20) * _logistic(age, 70, 9), 0.2, 0.1, 2.5),
}


@cache
def prevalence() -> dict[str, float]:
    """Share of the population with each disease at the end of 2025."""
    with (PUBLISHED / "prevalence.csv").open(encoding="utf-8") as file:
        return {row["disease"]: float(row["per_100000_2025"]) / 100_000 for row in csv.DictReader(file)}


def make(seed: int, chunk: int, people: People, window: Window) -> dict[str, np.ndarray]:
    """Onset of each disease by person, in days since 1970; NaN for those who never get it."""
    rng = generator(seed, chunk, 2)
    when = np.minimum(people.last, window.year_end)
    age = people.age(when)
    alive = people.last > window.year_end
    stratum = people.stratum(window.year_end)
    born_in_time = people.born < window.year_end
    onset: dict[str, np.ndarray] = {}
    for name, disease in DISEASES.items():
        weight = disease.weight(age, people.female) * people.frailty**disease.frailty * born_in_time
        if disease.excludes:
            weight = weight * np.isnan(onset[disease.excludes])
        target = prevalence()[name] * (alive & born_in_time).sum()
        chance = scaled(np.where(alive, weight, 0), target, 0.9)
        factor = chance.sum() / max(weight[alive].sum(), 1e-9)
        has = chosen(rng, np.where(alive, chance, np.minimum(weight * factor * disease.dying, 0.9)), stratum)
        ago = rng.exponential(365.25 / disease.new_a_year, len(people))
        first_possible = people.born + 2 * 365
        onset[name] = np.where(has, np.maximum(when - ago, np.minimum(first_possible, when - 30)), np.nan)
        months = (window.end - window.year_end) / 365.25  # new cases after the last whole year
        later = chosen(rng, scaled(weight * alive * ~has, target * disease.new_a_year * months, 0.5), stratum)
        onset[name][later] = window.year_end + rng.random(int(later.sum())) * (window.end - window.year_end)
    return onset


def number(onset: dict[str, np.ndarray], person: np.ndarray, when: np.ndarray) -> np.ndarray:
    """How many of the chronic diseases some persons have at some moments."""
    return sum((onset[name][person] <= when).astype(int) for name in DISEASES)
