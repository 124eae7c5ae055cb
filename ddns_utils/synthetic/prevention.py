"""Patient-directed prevention (§119) for people with KOL or type 2 diabetes, as delivery reports."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from ddns_utils.synthetic import fhir
from ddns_utils.synthetic.draw import generator
from ddns_utils.synthetic.fhir import PREVENTION, Ids, Report
from ddns_utils.synthetic.people import People, Window, municipalities
from ddns_utils.synthetic.training import TEAM_SOR, keepers

ICPC2 = "urn:oid:1.2.208.176.2.31"
OFFERED = {"type2_diabetes": 0.035, "copd": 0.06}  # share of those with the disease, a year; made up
DIAGNOSIS = {"type2_diabetes": ("T90", "Type 2-diabetes"), "copd": ("R95", "Kronisk obstruktiv lungesygdom")}
COMPLETED, LONGEST_DAYS = 0.8, 150  # made up; a course that death or a move would cut short is not begun
CLINIC_SOR = "9980700{:03d}1000016009"
CLARIFYING, CLOSING = "6eddbaf7-2a73-49d4-91e7-6138d419f58c", "03a3ebdb-9e2d-4be1-b32b-42f0bd2a3362"
TREATMENT = {
    "copd": ("ab87c0b5-40be-4e0a-b749-d9f833bfed2d", "e71b7d85-5c78-49c2-8624-8499d162317b"),
    "type2_diabetes": ("c9a99304-1788-43b7-b7be-e187b092ae9c", "e71b7d85-5c78-49c2-8624-8499d162317b"),
}
CONDITION = {
    "copd": "f1f1eee3-a3ea-4ca1-bfa9-ebb381af1a1f",  # physical activity
    "type2_diabetes": "f715168e-125b-4d00-8e93-2ca4147ed13f",  # eating pattern
}


def reports(seed: int, chunk: int, people: People, onset: dict, window: Window) -> Iterator[Report]:
    """The §119 delivery reports of a chunk: one course at most for a person and disease."""
    rng = generator(seed, chunk, 18)
    ids, luck = Ids(rng), random.Random(int(rng.integers(2**62)))
    units = {home: (ids(), ids()) for home in range(len(municipalities()))}
    sors = keepers()
    span = (window.end - window.start) / 365.25
    patients: dict[tuple[int, int], str] = {}
    starts = []
    for name, share in OFFERED.items():
        who = np.flatnonzero(~np.isnan(onset[name]) & (rng.random(len(people)) < share * span))
        begin = np.maximum(onset[name][who], window.start) + rng.random(len(who)) * (window.end - window.start)
        completed = rng.random(len(who)) < COMPLETED
        starts += zip(who.tolist(), begin.astype(int).tolist(), [name] * len(who), completed.tolist(), strict=True)
    for person, day, name, completed in sorted(starts):
        until = min(people.last[person], people.moved[person] if people.moved[person] > day else np.inf)
        if day + LONGEST_DAYS >= until or day >= window.end:
            continue
        home = int(people.home_at(np.array([person]), np.array([float(day)]))[0])
        patient = patients.setdefault((person, home), ids())
        cpr = str(people.cpr_at(person, day))
        course = _course(ids, luck, patient, cpr, sors[home], units[home], home, name, day, completed)
        for when, entries in course:
            if window.start <= when < window.end:
                yield Report(PREVENTION, when, person, home, entries)


def _course(
    ids: Ids,
    luck: random.Random,
    patient: str,
    cpr: str,
    sor: str,
    units: tuple,
    home: int,
    name: str,
    day: int,
    completed: bool,
) -> Iterator[tuple[int, dict[str, bytes]]]:
    referral, focus, talk, plan, condition, closing = (ids() for _ in range(6))
    team, clinic = units
    diagnosis, display = DIAGNOSIS[name]
    self_referred = luck.random() < 0.15
    base = {patient: PREVENTION.patient(patient, cpr, sor), team: PREVENTION.organization(team, TEAM_SOR.format(home))}
    if not self_referred:
        base[clinic] = PREVENTION.organization(clinic, CLINIC_SOR.format(home))
    base[focus] = PREVENTION.focus_condition(focus, patient, diagnosis, display, system=ICPC2)

    def referred(status: str) -> dict[str, bytes]:
        sender = None if self_referred else clinic
        return {referral: PREVENTION.service_request(referral, patient, status, day, sender, [focus])}

    def granted(
        one: str, code: str, status: str, activity: str, start: int, end: int | None, of: str | None = None
    ) -> dict:
        delivery = "group" if of and luck.random() < 0.5 else "individual"
        return {
            one: PREVENTION.intervention(
                one, patient, code, status, activity, start, end, plan=of, referral=referral, performer=team,
                delivery=fhir.code("delivery_type", delivery), conditions=[condition] if of else (),
            )
        }  # fmt: skip

    def course(status: str, activity: str, end: int | None, reason: str | None = None) -> dict[str, bytes]:
        category, why = fhir.code("care_plan_category", "intervention_119"), None
        if reason:
            why = fhir.code("cancellation_reason", reason)
        return {plan: PREVENTION.care_plan(plan, patient, category, status, activity, begun, end, team, None, why)}

    def met(when: int, of: str) -> dict[str, bytes]:
        one = ids()
        moment = when + luck.randint(15, 28) / 48
        return {one: PREVENTION.encounter(one, patient, "finished", "AMB", moment, 60, plan=of)}

    yield day, base | referred("active")
    begun = day + luck.randint(7, 40)
    having = {condition: PREVENTION.condition(condition, patient, CONDITION[name], begun)}
    treatments = {ids(): code for code in TREATMENT[name]}
    running = course("active", "in-progress", None)
    for one, code in treatments.items():
        running |= granted(one, code, "active", "in-progress", begun, None, plan)
    clarified = granted(talk, CLARIFYING, "completed", "completed", begun, begun)
    yield begun, base | referred("active") | having | clarified | running | met(begun, talk)
    last = begun
    for turn in range(1, luck.randint(4, 8)):
        last = begun + 7 * turn + luck.randint(0, 2)
        yield last, base | {plan: running[plan]} | met(last, plan)
    end = last + 7
    status, activity = ("completed", "completed") if completed else ("revoked", "stopped")
    over = course(status, activity, end, None if completed else luck.choice(("opt_out", "did_not_attend")))
    for one, code in treatments.items():
        over |= granted(one, code, status, activity if completed else "cancelled", begun, end, plan)
    gone = {condition: PREVENTION.condition(condition, patient, CONDITION[name], begun, focus=False)}
    if completed:
        over |= granted(closing, CLOSING, "completed", "completed", end, end)
    yield end, base | referred("completed") | gone | over
