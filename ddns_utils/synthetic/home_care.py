"""Home care (§83) and home nursing (§138): who is granted what and when, as care delivery reports."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import fhir
from ddns_utils.synthetic.draw import chosen, generator, scaled
from ddns_utils.synthetic.fhir import CARE, Ids, Report
from ddns_utils.synthetic.people import People, Window
from ddns_utils.synthetic.training import keepers

RECEIVE = 156_100 / 5_873_000  # home help in own home, 2022, of the population of that year
RECEIVE_80 = 0.28  # share of those aged 80 or more, 2022
ENDED_A_YEAR = 0.25  # courses that end while the person lives, against those going on; made up
NURSED, ONLY_NURSED = 0.55, 0.008  # share of home care receivers with nursing; share of others; made up
# Condition (home care) → intervention that answers it.
HOME = {
    "feb38b55-c2d7-4d57-99c2-93622eaa0025": "17312894-b23f-43d9-9723-b725ac25d872",  # personal care → hygiene
    "a7ac8429-513f-43cd-bc69-96a8d0e0f0ff": "43608562-e356-4990-8b96-e35128bbdc4f",  # housework → cleaning
    "d8aa5f09-cd9c-4996-a853-1c95ee98f25c": "ef8ee035-00d2-48b9-b366-27753ccd5504",  # mobility → mobility
    "75bfc8db-a220-4801-a8c7-5e968e94d44b": "1d25d761-72a9-41c8-a29d-d6a47975dc05",  # cooking → preparing food
    "293bd85b-d9b4-4e2c-83d9-d3df32ce9d82": "bc0306e2-5090-4bc8-b878-9814cafea403",  # shopping → shopping
}
NURSING = {
    "3dac3b51-364e-47c0-a043-15b6d7a6c405": "23eb1228-e878-4960-8d3c-2c022c66a489",  # circulation → compression
    "e1dcf02e-6df5-487d-b596-3d499545468f": "81ad7190-f253-47c2-a7c9-3d61dd4f7275",  # memory → dispensing medicine
    "e4a049fc-e20c-4117-b834-b475eee781da": "d2d42368-9d6d-4ca2-affe-f7116da86e1b",  # chronic pain → giving medicine
    "bb0ea5fa-3462-40de-9047-a16fc4815a47": "76878386-b3d2-4320-828a-a700e8a66234",  # pressure ulcer → wound care
}
RESULTS = {"E1": 68, "E2": 22, "E3": 4, "E4": 6}
FOLLOW_UP_TYPE = fhir.code("encounter_type", "follow_up")
SEVERITY = {int(row["score"]): row["code"] for row in codelists.rows("severity")}


@dataclass
class Grants:
    """Who is granted care: person, first and last day (days since 1970), home care or only nursing."""

    person: np.ndarray
    start: np.ndarray
    end: np.ndarray
    home: np.ndarray
    nursed: np.ndarray


def grants(seed: int, chunk: int, people: People, onset: dict, window: Window) -> Grants:
    """Those with care during the window; at the end of the last whole year as many as published, by age."""
    rng = generator(seed, chunk, 16)
    at = float(window.year_end)
    alive = (people.last > at) & (people.born < at)
    age = people.age(np.minimum(people.last, at))
    need = people.frailty * (1 + 1.5 * (onset["dementia"] <= at) + 0.3 * (onset["heart_failure"] <= at))
    young = need * np.exp(0.085 * (age - 60)) * (age >= 18)
    old = need * np.exp(0.11 * (np.minimum(age, 95) - 80))
    aged = age >= 80
    in_80 = RECEIVE_80 * (alive & aged).sum()
    chance = scaled(old * (alive & aged), in_80, 0.85)
    chance = chance + scaled(young * (alive & ~aged), RECEIVE * alive.sum() - in_80, 0.5)
    # Those who die in the window had care more often than those of their age who live.
    dying = ~alive & (people.born < at) & (age >= 50)
    chance = chance + dying * np.clip(0.12 * need * np.exp(0.05 * (age - 75)), 0, 0.7)
    home = chosen(rng, chance, people.stratum(at))
    person = np.flatnonzero(home)
    until = np.minimum(people.last[person], np.inf)
    start = np.minimum(until, at) - 5 - rng.exponential(1000, len(person))
    # Courses that ended while the person lived on.
    span = (window.year_end - window.start) / 365.25
    gone = np.flatnonzero(chosen(rng, scaled(young * alive * ~home, ENDED_A_YEAR * RECEIVE * alive.sum() * span, 0.3)))
    gone_end = window.start + 30 + rng.random(len(gone)) * (window.year_end - window.start - 60)
    only = np.flatnonzero(~home & alive & (rng.random(len(people)) < ONLY_NURSED * np.clip(need, 0, 3) * (age > 50)))
    only_start = window.start + rng.random(len(only)) * (window.end - window.start - 40)
    only_end = only_start + 20 + rng.exponential(200, len(only))
    everyone = np.concatenate([person, gone, only])
    starts = np.concatenate([start, gone_end - 20 - rng.exponential(400, len(gone)), only_start])
    starts = np.maximum(starts, people.born[everyone] + 18 * 365.25)
    ends = np.concatenate([until, gone_end, only_end])
    is_home = np.concatenate([np.ones(len(person) + len(gone), bool), np.zeros(len(only), bool)])
    nursed = ~is_home | (rng.random(len(everyone)) < NURSED)
    ends = np.minimum(ends, people.last[everyone])
    return Grants(everyone, np.floor(starts), ends, is_home, nursed)


def reports(seed: int, chunk: int, people: People, granted: Grants, window: Window) -> Iterator[Report]:
    """The care delivery reports of a chunk."""
    rng = generator(seed, chunk, 17)
    ids, luck = Ids(rng), random.Random(int(rng.integers(2**62)))
    sors = keepers()
    patients: dict[tuple[int, int], str] = {}
    for at in np.argsort(granted.person, kind="stable").tolist():
        person = int(granted.person[at])
        start, end = int(granted.start[at]), float(granted.end[at])
        moved = people.moved[person]
        home = int(people.home[person] if not moved <= max(start, window.start) else people.new_home[person])
        # Whoever moves is granted care anew by the new municipality.
        stays = [(start, end, home)]
        if max(start, window.start) < moved < end:
            stays = [(start, moved, home), (int(moved) + 3, end, int(people.new_home[person]))]
        for begins, ends, place in stays:
            patient = patients.setdefault((person, place), ids())
            course = _Course(ids, luck, patient, str(people.cpr_at(person, begins)), sors[place], begins, ends)
            course.dies = bool(people.last[person] <= ends)
            course.grant(granted.home[at], granted.nursed[at], float(people.frailty[person]))
            for day, entries in course.days(window):
                if window.start <= day < window.end:
                    yield Report(CARE, day, person, place, entries)


class _Course:
    """One citizen's care in one municipality."""

    def __init__(self, ids: Ids, luck: random.Random, patient: str, cpr: str, sor: str, start: int, end: float) -> None:
        self.ids, self.luck, self.start, self.end = ids, luck, start, end
        self.patient, self.cpr, self.sor = patient, cpr, sor
        self.dies = False
        self.conditions: dict[str, tuple[str, int | None]] = {}  # id → code, severity (home care only)
        self.goals: dict[str, str] = {}  # condition → goal
        self.interventions: dict[str, tuple[str, str]] = {}  # id → code, condition

    def grant(self, home: bool, nursed: bool, frailty: float) -> None:
        """Draw conditions and what is granted for them."""
        for wanted, answers, most in ((home, HOME, 3), (nursed, NURSING, 2)):
            if not wanted:
                continue
            for code in self.luck.sample(list(answers), self.luck.randint(1, most)):
                one, severity = self.ids(), None
                if answers is HOME:
                    severity = min(4, max(1, round(self.luck.gauss(1.6 + 0.5 * frailty, 0.8))))
                    self.goals[one] = self.ids()
                self.conditions[one] = (code, severity)
                self.interventions[self.ids()] = (answers[code], one)

    def days(self, window: Window) -> Iterator[tuple[int, dict[str, bytes]]]:
        """Days with changes, and the resources reported for each."""
        luck = self.luck
        day = self.start if self.start >= window.start else window.start + luck.randint(0, 25)
        if day >= self.end:
            return
        following = day + luck.randint(120, 300)
        yield day, self._all(day) | self._meeting("planned", following)
        while following < min(self.end, window.end):
            yield from self._follow_up(following)
            following += luck.randint(170, 380)
        if self.end < window.end:
            yield int(self.end) + (1 if self.dies else 0), self._over(int(self.end))

    def _all(self, day: int) -> dict[str, bytes]:
        found = {self.patient: CARE.patient(self.patient, self.cpr, self.sor)}
        for one in self.conditions:
            found[one] = self._condition(one)
        for condition, goal in self.goals.items():
            severity = max(0, (self.conditions[condition][1] or 0) - self.luck.randint(0, 1))
            found[goal] = CARE.goal(goal, self.patient, condition, SEVERITY[severity], day)
        for one in self.interventions:
            found[one] = self._intervention(one, "active", "in-progress", None)
        return found

    def _condition(self, one: str, active: bool = True, focus: bool = True) -> bytes:
        code, severity = self.conditions[one]
        coded = None if severity is None else SEVERITY[severity]
        return CARE.condition(one, self.patient, code, self.start, active=active, focus=focus, severity=coded)

    def _intervention(self, one: str, status: str, activity: str, end: int | None, linked: bool = True) -> bytes:
        code, condition = self.interventions[one]
        conditions = [condition] if linked else []
        return CARE.intervention(one, self.patient, code, status, activity, self.start, end, conditions=conditions)

    def _meeting(self, status: str, day: int) -> dict[str, bytes]:
        one = self.ids()
        when = day + self.luck.randint(15, 28) / 48
        conditions = list(self.conditions)[:1]
        length = 45 if status == "finished" else None
        return {
            one: CARE.encounter(
                one, self.patient, status, "HH", when, length, kind=FOLLOW_UP_TYPE, conditions=conditions
            )
        }

    def _follow_up(self, day: int) -> Iterator[tuple[int, dict[str, bytes]]]:
        luck = self.luck
        found = {self.patient: CARE.patient(self.patient, self.cpr, self.sor)}
        observed = {}
        for one, (code, severity) in list(self.conditions.items()):
            if severity is None:
                continue
            result = luck.choices(list(RESULTS), RESULTS.values())[0]
            if result in ("E2", "E4"):  # the need has changed: new severity, new goal
                self.conditions[one] = (code, min(4, max(1, severity + luck.choice((-1, 1, 1)))))
                old, self.goals[one] = self.goals[one], self.ids()
                lowest = SEVERITY[max(0, (self.conditions[one][1] or 1) - 1)]
                found[old] = CARE.goal(old, self.patient, one, SEVERITY[severity], day, "completed")
                found[self.goals[one]] = CARE.goal(self.goals[one], self.patient, one, lowest, day)
            found[one] = self._condition(one)
            note = self.ids()
            coded = fhir.code("follow_up_result", result)
            observed[note] = CARE.follow_up(note, self.patient, one, coded, day + 0.5)
        for one in list(self.conditions)[:1]:
            found.setdefault(one, self._condition(one))
        yield day, found | observed | self._meeting("finished", day)
        if observed and luck.random() < 0.02:  # one of them was noted on the wrong day
            note, entry = next(iter(observed.items()))
            wrong = entry.replace(b'"status":"final"', b'"status":"entered-in-error"')
            yield day + 1, found | {note: wrong}

    def _over(self, end: int) -> dict[str, bytes]:
        found = {self.patient: CARE.patient(self.patient, self.cpr, self.sor, deceased=self.dies)}
        if not self.dies:  # conditions are reported for living citizens only
            for one in self.conditions:
                found[one] = self._condition(one, active=False, focus=False)
            for condition, goal in self.goals.items():
                found[goal] = CARE.goal(goal, self.patient, condition, SEVERITY[1], self.start, "completed")
        for one in self.interventions:
            found[one] = self._intervention(one, "completed", "completed", end, linked=not self.dies)
        return found
