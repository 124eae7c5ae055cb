"""Disease algorithms: register events → who has a disease, since when and how it is known.

Each disease is a list of named rules (``declare``); ``DISEASES`` has them all. ``diabetes`` and ``kol`` came first and
keep their own columns.
"""

from __future__ import annotations

import ibis

from ddns_utils.phenotypes import diseases
from ddns_utils.phenotypes.declare import Disease, Rule
from ddns_utils.phenotypes.diabetes import TYPE_1, TYPE_2, diabetes
from ddns_utils.snapshot import Snapshot

DISEASES: dict[str, Disease] = {TYPE_1.id: TYPE_1, TYPE_2.id: TYPE_2} | diseases.BY_ID

__all__ = ["DISEASES", "TYPE_1", "TYPE_2", "Disease", "Rule", "diabetes", "kol"]


def kol(snapshot: Snapshot) -> ibis.Table:
    """People with KOL (COPD): person_id, since, type (empty)."""
    return diseases.KOL.episodes(snapshot).select("person_id", "since", type=ibis.literal(""))
