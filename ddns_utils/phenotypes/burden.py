"""How common diseases are: who has them on a day, who gets them, and how many a person has at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import ibis

from ddns_utils.phenotypes.declare import Disease
from ddns_utils.snapshot import Snapshot

WASH_OUT_DAYS = 365


def prevalent(snapshot: Snapshot, diseases: Iterable[Disease], on: date) -> ibis.Table:
    """Episodes that had begun on a day, that day included: person_id, disease, since, rule. Living or dead."""
    found = episodes(snapshot, diseases)
    return found.filter(found.since <= on)


def newly_ill(
    snapshot: Snapshot, disease: Disease, start: date, end: date, wash_out_days: int = WASH_OUT_DAYS
) -> ibis.Table:
    """Episodes that begin from ``start`` up to, not including, ``end``: person_id, disease, since, rule.

    Whoever is first seen while the registers are younger than ``wash_out_days`` may have had the disease before them,
    and is not new. The registers are as old as the youngest of those that the disease's rules read.
    """
    begins = _known_from(snapshot, disease)
    found = disease.episodes(snapshot)
    if begins is None:
        return found  # registers without rows find nobody
    washed_out = begins + timedelta(days=wash_out_days)
    return found.filter(found.since >= max(start, washed_out), found.since < end)


def multimorbidity(snapshot: Snapshot, diseases: Iterable[Disease], on: date) -> ibis.Table:
    """How many of the diseases each person had begun to have by a day: person_id, diseases (1 or more).

    Also ``combination``: their ids in alphabetical order, joined by `` + ``. People with none of them are not there.
    """
    found = prevalent(snapshot, diseases, on)
    return found.group_by("person_id").aggregate(
        diseases=found.count(), combination=found.disease.group_concat(" + ", order_by=found.disease)
    )


def episodes(snapshot: Snapshot, diseases: Iterable[Disease]) -> ibis.Table:
    """All episodes of several diseases: person_id, disease, since, rule."""
    columns = ("person_id", "disease", "since", "rule")
    found = [disease.episodes(snapshot).select(*columns) for disease in diseases]
    return ibis.union(*found)


def _known_from(snapshot: Snapshot, disease: Disease) -> date | None:
    spans = [snapshot.span(name) for name in {rule.register for rule in disease.rules}]
    return max((span[0] for span in spans if span), default=None)
