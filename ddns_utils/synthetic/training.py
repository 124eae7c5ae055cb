"""Rehabilitation plans as §140 delivery reports: referral, course, conditions, interventions, encounters."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import numpy as np

from ddns_utils import codelists
from ddns_utils.synthetic import fhir
from ddns_utils.synthetic.draw import generator
from ddns_utils.synthetic.fhir import REHABILITATION as GUIDE
from ddns_utils.synthetic.fhir import Ids, Report
from ddns_utils.synthetic.people import People, Window, municipalities
from ddns_utils.synthetic.rehabilitation import Plans

ASSESSMENT = "1130ad70-6553-490d-87f8-5e8941687a0c"
TRAINING = {
    "2abe20c7-c0b4-41c1-b397-52acf36499ef": 50,  # physical training
    "58293f63-00d7-4730-8dbc-c784d40f9e23": 25,  # functional training
    "7f825e3e-1a5c-4249-bf41-9f7171fb6b8a": 15,  # ADL training
    "2c661159-1bb3-4af2-bdf1-f3a9927a99e2": 4,  # cognitive training
    "66fb32c9-ecc3-484b-be49-f20094be237c": 6,  # guidance and teaching
}
CONDITIONS = (
    "dd41df82-3c13-4523-b9c5-e83676425299",  # mobility and movement
    "86e1982c-f459-4658-9071-e4bf3453a687",  # transferring oneself
    "243ae4ae-4e36-4192-88cb-399711ac3766",  # personal care
    "c6f49b84-58af-43df-bb3e-0d6a67fa0aba",  # musculoskeletal system
    "3c685f14-5d48-4b1c-a451-9da780e2b41c",  # senses and pain
)
REASONS = {
    "no_need_professional": 35,
    "no_need_citizen": 20,
    "did_not_attend": 20,
    "opt_out_illness": 15,
    "opt_out": 10,
}
FORMS = {"AMB": 70, "HH": 24, "1b55a4b0-1156-4f58-b2df-b5c6014d9048": 4, "124be95d-6924-4609-9d2a-e7c73ae3ab3d": 2}
ON_HOLD = {"postponed": 40, "free_choice": 35, "other_municipality": 25}
CANCELLED, SENT_IN_ERROR, REPLACED, CORRECTED = 0.14, 0.012, 0.02, 0.03
HOSPITAL_SOR, TEAM_SOR = "9980500{:03d}1000016009", "9980600{:03d}1000016009"


@cache
def keepers() -> list[str]:
    """The record-keeping organisation (SOR) of each municipality."""
    found = {row["municipality"]: row["code"] for row in codelists.rows("municipal_organization")}
    return [found[code] for code in municipalities()]


def reports(seed: int, chunk: int, people: People, plans: Plans, window: Window) -> Iterator[Report]:
    """The delivery reports about all rehabilitation plans of a chunk."""
    rng = generator(seed, chunk, 14)
    ids, luck = Ids(rng), random.Random(int(rng.integers(2**62)))
    names = {row["code"]: row["da"] for row in codelists.rows("hospital_diagnosis")}
    units = {home: (ids(), ids()) for home in range(len(municipalities()))}
    patients: dict[tuple[int, int], str] = {}
    for at in range(len(plans)):
        person, home = int(plans.person[at]), int(plans.home[at])
        patient = patients.setdefault((person, home), ids())
        course = Course(people, plans, at, patient, units[home], ids, luck, names.get(plans.diagnosis[at], "Diagnose"))
        for day, entries in course.days():
            if window.start <= day < window.end and day <= course.until + 1:
                yield Report(GUIDE, day, person, home, entries)


class Course:
    """One rehabilitation plan from its arrival to its end."""

    def __init__(self, people: People, plans: Plans, at: int, patient: str, units: tuple, ids: Ids, luck, name: str):
        self.ids, self.luck, self.patient = ids, luck, patient
        self.person, self.home = int(plans.person[at]), int(plans.home[at])
        self.sor = keepers()[self.home]
        self.received, self.discharged = int(plans.received[at]), int(plans.discharged[at])
        self.cpr = str(people.cpr_at(self.person, self.received))
        self.offered = None if np.isnan(plans.offered[at]) else int(plans.offered[at])
        self.hospital, self.team = units
        died, moved = people.last[self.person], people.moved[self.person]
        leaves = moved if moved > self.discharged else np.inf
        self.until = min(died, leaves)
        self.dead = died <= self.until
        self.referral, self.focus = ids(), ids()
        self.replaced: tuple[str, bytes] | None = None
        self.kind, self.code, self.name = plans.kind[at], plans.diagnosis[at], name

    def days(self) -> Iterator[tuple[int, dict[str, bytes]]]:
        """Days with changes, and the resources reported for each."""
        luck, first = self.luck, self.received
        if luck.random() < CORRECTED:  # the first report had a wrong day of discharge
            self.discharged -= 2
            yield first, self._referral("active", None)
            self.discharged += 2
        else:
            yield first, self._referral("active", None)
        if luck.random() < SENT_IN_ERROR:
            withdrawn = luck.random() < 0.6
            yield (
                first + 2,
                self._referral("entered-in-error", None) if withdrawn else self._held("sent_in_error", None),
            )
            return
        if self.offered is None:
            reason = luck.choices(list(ON_HOLD), ON_HOLD.values())[0]
            yield first + luck.randint(2, 6), self._held(reason, None)
            return
        if luck.random() < REPLACED:
            self.replaced = self.referral, self._referral("revoked", None)[self.referral]
            self.referral = self.ids()
        known = min(self.offered, first + luck.randint(1, 3))
        if self.offered > self.discharged + 7 and luck.random() < 0.3:
            yield known, self._held(luck.choice(("postponed", "free_choice_declined")), self.offered)
        else:
            yield known, self._referral("active", self.offered, level=True)
        yield from self._training()

    def _held(self, reason: str, offered: int | None) -> dict[str, bytes]:
        return self._referral("on-hold", offered, reason=fhir.code("referral_status_reason", reason))

    def _referral(self, status: str, offered: int | None, *, reason=None, level: bool = False) -> dict[str, bytes]:
        categories = [fhir.code("rehabilitation_plan_kind", self.kind)]
        if level and self.kind == "general":
            short = "basic" if int(self.patient[:6], 16) % 10 < 7 else "advanced"
            categories.append(fhir.code("rehabilitation_plan_kind", short))
        old = dict([self.replaced]) if self.replaced else {}
        return {
            self.patient: GUIDE.patient(self.patient, self.cpr, self.sor),
            self.hospital: GUIDE.organization(self.hospital, HOSPITAL_SOR.format(self.home)),
            self.focus: GUIDE.focus_condition(self.focus, self.patient, self.code, self.name),
            **old,
            self.referral: GUIDE.service_request(
                self.referral, self.patient, status, self.received, self.hospital, [self.focus], categories=categories,
                discharged=self.discharged, offered=offered, reason=reason, replaces=next(iter(old), None),
            ),
        }  # fmt: skip

    def _training(self) -> Iterator[tuple[int, dict[str, bytes]]]:
        luck, ids = self.luck, self.ids
        start = self.offered + (7 if luck.random() < 0.07 else 0)  # the first meeting was cancelled by the citizen
        if start >= self.until:
            return
        sessions = [start + 7 * turn + luck.randint(0, 2) for turn in range(1, luck.choice((2, 3, 3, 4, 5, 6)))]
        end = sessions[-1] + luck.randint(1, 5)
        cancelled = luck.random() < CANCELLED
        if cancelled and luck.random() < 0.3:  # given up after the first meeting
            sessions, end = [], start + luck.randint(1, 9)
        reason = luck.choices(list(REASONS), REASONS.values())[0] if cancelled else None
        if end >= self.until:
            sessions = [day for day in sessions if day < self.until]
            end, reason, cancelled = int(self.until) + 1, "event", True
        plan, assessment, conditions = (
            ids(),
            ids(),
            {ids(): code for code in luck.sample(CONDITIONS, luck.randint(1, 2))},
        )
        given = {
            ids(): code for code in dict.fromkeys(luck.choices(list(TRAINING), TRAINING.values(), k=luck.randint(1, 2)))
        }
        group = fhir.code("delivery_type", "group" if luck.random() < 0.45 else "individual")

        def courses(status: str, activity: str, ended: int | None, why: str | None = None) -> dict[str, bytes]:
            why = fhir.code("cancellation_reason", why) if why else None
            category = fhir.code("care_plan_category", "intervention_140")
            return {
                self.team: GUIDE.organization(self.team, TEAM_SOR.format(self.home)),
                plan: GUIDE.care_plan(
                    plan, self.patient, category, status, activity, start, ended, self.team, self.referral, why
                ),
            } | {
                one: GUIDE.intervention(
                    one, self.patient, code, status, activity if activity != "stopped" else "cancelled", start, ended,
                    plan=plan, performer=self.team, delivery=group, conditions=conditions,
                )
                for one, code in given.items()
            }  # fmt: skip

        def having(active: bool, focus: bool) -> dict[str, bytes]:
            return {
                one: GUIDE.condition(one, self.patient, code, start, active=active, focus=focus)
                for one, code in conditions.items()
            }

        base = self._referral("active", self.offered, level=True)
        assessed = GUIDE.intervention(
            assessment, self.patient, ASSESSMENT, "completed", "completed", start, start, referral=self.referral,
            delivery=fhir.code("delivery_type", "individual"),
        )  # fmt: skip
        running = courses("active", "in-progress", None)
        yield start, base | having(True, True) | running | {assessment: assessed} | self._met(start, plan)
        short = {self.team: running[self.team], plan: running[plan]}
        for day in sessions:
            if luck.random() < 0.08:
                continue
            met = self._met(day, plan)
            yield day, base | short | met
            if luck.random() < 0.01:
                wrong = {
                    one: entry.replace(b'"status":"finished"', b'"status":"entered-in-error"')
                    for one, entry in met.items()
                }
                yield day + 1, base | short | wrong
        over = "revoked" if cancelled else "completed"
        ended = courses(over, ("stopped" if sessions else "cancelled") if cancelled else "completed", end, reason)
        last = self._referral("active" if cancelled else "completed", self.offered, level=True)
        if self.dead and reason == "event":
            last[self.patient] = GUIDE.patient(self.patient, self.cpr, self.sor, deceased=True)
            yield end, last | ended | having(True, True)
            return
        better = luck.random() < 0.6
        yield end, last | having(not better, False) | ended

    def _met(self, day: int, plan: str) -> dict[str, bytes]:
        one = self.ids()
        form = self.luck.choices(list(FORMS), FORMS.values())[0]
        when = day + self.luck.randint(14, 28) / 48
        return {
            one: GUIDE.encounter(one, self.patient, "finished", form, when, self.luck.choice((30, 45, 60)), plan=plan)
        }
