"""Charlson's comorbidity index from hospital diagnoses, with Danish SKS codes (prefix D)."""

from __future__ import annotations

from datetime import date, timedelta

import ibis

from ddns_utils import codelists
from ddns_utils.phenotypes.diseases import hospital_diagnoses
from ddns_utils.snapshot import Snapshot

LOOK_BACK_DAYS = 3653  # ten years; our own choice, since sources count from birth, or over five or ten years


def prefixes() -> dict[str, str]:
    """SKS prefix → group of the code list ``charlson``."""
    return {code: row["group"] for row in codelists.rows("charlson") for code in row["code"].split("|")}


def charlson(snapshot: Snapshot, on: date, look_back_days: int = LOOK_BACK_DAYS) -> ibis.Table:
    """The index of each person with any of its diseases on a day: person_id, score (a whole number, 1 or more).

    Counts action and secondary diagnoses, not retracted, of contacts that began at most ``look_back_days`` before the
    day, or on it. A diagnosis counts in one group only, the one with the longest prefix of its code; a group counts
    once. Of a mild and a severe form of one disease both count, as in the source.
    """
    groups = prefixes()
    found = hospital_diagnoses(*groups)(snapshot)
    found = found.filter(found.day <= on, found.day >= on - timedelta(days=look_back_days))
    longest_first = sorted(groups, key=len, reverse=True)
    group = ibis.cases(*((found.code.startswith(prefix), groups[prefix]) for prefix in longest_first))
    found = found.select("person_id", group=group).distinct()
    weights = {row["group"]: int(row["weight"]) for row in codelists.rows("charlson")}
    weight = ibis.cases(*((found.group == name, weight) for name, weight in weights.items()))
    return found.mutate(weight=weight).group_by("person_id").aggregate(score=ibis._.weight.sum())
