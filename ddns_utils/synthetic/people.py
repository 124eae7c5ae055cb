"""The people of the made-up Denmark: birth, sex, homes, moves, death and a latent frailty that no register shows."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ddns_utils import codelists
from ddns_utils.errors import DataError
from ddns_utils.synthetic import truths
from ddns_utils.synthetic.draw import chosen, day_number, generator, scaled, spread

PUBLISHED = Path(__file__).parent / "published"
DEATHS_PER_PERSON_YEAR = 58_000 / 5_900_000
BIRTHS_PER_PERSON_YEAR = 58_500 / 5_900_000  # keeps the population's size; not a published figure
MOVES_PER_PERSON_YEAR = 0.05  # between municipalities; background knowledge, unverified
CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Window:
    """The time covered: whole years, then four months until the extraction. Days since 1970."""

    years: tuple[int, ...]

    @property
    def start(self) -> int:
        """First day."""
        return day_number(f"{self.years[0]}-01-01")

    @property
    def year_end(self) -> int:
        """First day after the last whole year."""
        return day_number(f"{self.years[-1] + 1}-01-01")

    @property
    def end(self) -> int:
        """Day of the extraction; nothing happens on it or later."""
        return day_number(f"{self.years[-1] + 1}-05-01")

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First day and first day after of each whole year, and of the last four months."""
        edges = [day_number(f"{year}-01-01") for year in (*self.years, self.years[-1] + 1)]
        return [*itertools.pairwise(edges), (self.year_end, self.end)]


@dataclass
class People:
    """Columns of one chunk, one value per person; times in days since 1970, NaN where nothing happened."""

    cpr: np.ndarray
    female: np.ndarray
    born: np.ndarray
    died: np.ndarray
    home: np.ndarray  # index of the first municipality
    moved: np.ndarray
    new_home: np.ndarray
    settled: np.ndarray  # when they came to the first municipality
    frailty: np.ndarray
    mother: np.ndarray  # index of the mother for children born in the window, else -1
    former_cpr: np.ndarray  # of those who get another number in the window; says the other sex
    renumbered: np.ndarray  # when they get it

    def __len__(self) -> int:
        return len(self.born)

    @property
    def last(self) -> np.ndarray:
        """When each person's time ends: death, or never."""
        return np.where(np.isnan(self.died), np.inf, self.died)

    def age(self, when: np.ndarray | float) -> np.ndarray:
        """Age in years."""
        return (when - self.born) / 365.25

    def home_at(self, person: np.ndarray, when: np.ndarray) -> np.ndarray:
        """Index of the municipality of some persons at some moments."""
        return np.where(when >= np.nan_to_num(self.moved[person], nan=np.inf), self.new_home[person], self.home[person])

    def cpr_at(self, person: np.ndarray | int, when: np.ndarray | float) -> np.ndarray | str:
        """CPR numbers of some persons at some moments."""
        former = when < np.nan_to_num(self.renumbered[person], nan=-np.inf)
        return np.where(former, self.former_cpr[person], self.cpr[person])[()]

    def stratum(self, when: float) -> np.ndarray:
        """Municipality, sex and ten-year age band in one number."""
        band = np.clip(self.age(when) // 10, 0, 9).astype(int)
        return (band * 2 + self.female) * 100 + self.home


@cache
def municipalities() -> tuple[str, ...]:
    """Codes in the order of the indexes used here."""
    return codelists.codes("municipality")


@cache
def municipality_shares() -> np.ndarray:
    """Share of the population by municipality, 1 January 2020."""
    people = np.array([float(row["population_2020"]) for row in codelists.rows("municipality")])
    return people / people.sum()


@cache
def age_sex() -> np.ndarray:
    """Persons by age (rows) and sex (men, women), second quarter of 2021."""
    with (PUBLISHED / "population_age_sex.csv").open(encoding="utf-8") as file:
        return np.array([[float(row["men"]), float(row["women"])] for row in csv.DictReader(file)])


def make(seed: int, chunk: int, chunks: int, first: int, count: int, window: Window) -> People:
    """Persons ``first`` to ``first + count`` with what happens to them in the window, and the children they get."""
    rng = generator(seed, chunk, 1)
    by_municipality, by_age_sex = spread(first, count)
    home = np.searchsorted(np.cumsum(municipality_shares()), by_municipality).clip(0, len(municipalities()) - 1)
    cells = age_sex().ravel()
    cell = np.searchsorted(np.cumsum(cells) / cells.sum(), by_age_sex).clip(0, len(cells) - 1)
    age, female = np.divmod(cell, 2)
    born = window.start - age * 365.25 - 1 - rng.random(count) * 364
    frailty = np.exp(rng.normal(-(truths.FRAILTY_SD**2) / 2, truths.FRAILTY_SD, count))
    people = People(
        cpr=np.array([]),
        female=female.astype(bool),
        born=np.floor(born),
        died=np.full(count, np.nan),
        home=home,
        moved=np.full(count, np.nan),
        new_home=home.copy(),
        settled=np.maximum(np.floor(born), np.floor(window.start - 1 - rng.exponential(9 * 365, count))),
        frailty=frailty,
        mother=np.full(count, -1),
        former_cpr=np.array([]),
        renumbered=np.array([]),
    )
    _add_children(people, rng, window)
    _add_deaths(people, rng, window)
    _add_moves(people, rng, window)
    _add_numbers(people, generator(seed, chunk, 22), window, chunk, chunks)
    return people


def _add_children(people: People, rng: np.random.Generator, window: Window) -> None:
    grown = len(people)
    mothers, days_born = [], []
    pause = np.full(grown, -np.inf)
    for start, end in window.spans:
        age = people.age(start)
        fertile = np.exp(-(((age - 30.5) / 5.2) ** 2) / 2) * (people.female & (age > 17) & (age < 46))
        fertile *= start - pause > 700
        births = chosen(rng, scaled(fertile, BIRTHS_PER_PERSON_YEAR * grown * (end - start) / 365.25, 0.5))
        who = np.flatnonzero(births)
        when = start + np.floor(rng.random(len(who)) * (end - start))
        pause[who] = when
        mothers.append(who)
        days_born.append(when)
    mother, born = np.concatenate(mothers), np.concatenate(days_born)
    more = len(mother)
    people.mother = np.concatenate([people.mother, mother])
    people.born = np.concatenate([people.born, born])
    people.settled = np.concatenate([people.settled, born])
    people.female = np.concatenate([people.female, rng.random(more) < 0.487])
    people.home = np.concatenate([people.home, people.home[mother]])
    people.new_home = people.home.copy()
    people.died = np.full(grown + more, np.nan)
    people.moved = np.full(grown + more, np.nan)
    sd = truths.FRAILTY_SD
    people.frailty = np.concatenate([people.frailty, np.exp(rng.normal(-(sd**2) / 2, sd, more))])


def _add_deaths(people: People, rng: np.random.Generator, window: Window) -> None:
    for start, end in window.spans:
        alive = np.isnan(people.died) & (people.born < end)
        age = np.maximum(people.age(start), 0)
        hazard = np.where(age < 1, 0.003, 0.00004 * np.exp(0.094 * age)) * np.where(people.female, 0.8, 1.2)
        hazard = hazard * people.frailty**0.8 * alive
        dies = chosen(rng, scaled(hazard, DEATHS_PER_PERSON_YEAR * alive.sum() * (end - start) / 365.25))
        who = np.flatnonzero(dies)
        low = np.maximum(people.born[who] + 1, start)
        people.died[who] = np.floor(low + rng.random(len(who)) * np.maximum(end - low, 1))


def _add_moves(people: People, rng: np.random.Generator, window: Window) -> None:
    grown = (people.mother < 0) & (window.end - people.born > 0)
    age = people.age(window.start)
    wish = np.where((age > 17) & (age < 32), 2.5, np.where(age < 60, 1.0, 0.4)) * grown
    total = MOVES_PER_PERSON_YEAR * grown.sum() * (window.end - window.start) / 365.25
    # Moves go both ways between the same sizes of place, so that municipalities keep their share.
    who = np.flatnonzero(chosen(rng, scaled(wish, total, 0.7)))
    when = np.floor(window.start + 1 + rng.random(len(who)) * (window.end - window.start - 2))
    target = people.home[who][rng.permutation(len(who))]
    stays = (target == people.home[who]) | (when >= people.last[who])
    people.moved[who[~stays]] = when[~stays]
    people.new_home[who[~stays]] = target[~stays]


def _add_numbers(people: People, rng: np.random.Generator, window: Window, chunk: int, chunks: int) -> None:
    """CPR numbers; a few grown persons who outlive the window have one of the other sex before."""
    everybody = len(people)
    years = (window.end - window.start) / 365.25
    wanted = max(truths.FEWEST_NUMBER_CHANGES, round(truths.NUMBER_CHANGES_PER_PERSON_YEAR * everybody * years))
    grown = np.flatnonzero(np.isnan(people.died) & (people.age(window.start) > 17))
    who = rng.permutation(grown)[:wanted]
    days = np.linspace(window.start + 60, window.end - 30, len(who)).round()
    people.renumbered = np.full(everybody, np.nan)
    people.renumbered[who] = days
    born, female = (np.concatenate([column, column[who]]) for column in (people.born, people.female))
    female[everybody:] = ~female[everybody:]
    numbers = cpr_numbers(born, female, chunk, chunks)
    people.cpr = numbers[:everybody]
    people.former_cpr = people.cpr.copy()
    people.former_cpr[who] = numbers[everybody:]


def cpr_numbers(born: np.ndarray, female: np.ndarray, chunk: int, chunks: int) -> np.ndarray:
    """Made-up CPR numbers: the date part and sex are right, modulus 11 is not met, and no two are alike."""
    day = born.astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(int) + 1970
    month = day.astype("datetime64[M]").astype(int) % 12 + 1
    in_month = (day - day.astype("datetime64[M]")).astype(int) + 1
    group = born.astype(np.int64) * 2 + female
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=group[order][0] - 1))
    turn = np.empty(len(born), dtype=np.int64)
    turn[order] = np.arange(len(born)) - np.repeat(first, np.diff(np.append(first, len(born))))
    room = 1600 // chunks
    if len(turn) and turn.max() >= room:
        raise DataError(
            f"The made-up Denmark has {turn.max() + 1} births of one sex on one day in a chunk, but CPR numbers for "
            f"{room} only. Ask for fewer citizens."
        )
    slot = turn + chunk * room
    seventh = slot // 400 + np.where(year >= 2000, 4, 0)
    date_digits = (in_month // 10, in_month % 10, month // 10, month % 10, year % 100 // 10, year % 10)
    digits = np.stack([*date_digits, seventh, slot // 40 % 10, slot // 4 % 10])
    total = (digits * np.array(CPR_WEIGHTS[:9])[:, None]).sum(axis=0)
    # Of the five last digits with the right parity at most one meets modulus 11: leave it out.
    meets = (-total) % 11
    odd = (~female.astype(bool)).astype(int)
    bad = np.where((meets <= 9) & (meets % 2 == odd), meets // 2, 9)
    option = slot % 4
    last = (option + (option >= bad)) * 2 + odd
    number = np.zeros(len(born), dtype=np.int64)
    for row in (*digits, last):
        number = number * 10 + row
    return np.char.zfill(number.astype("U10"), 10)
