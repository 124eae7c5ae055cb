"""Estimates that rest on nearly as many persons as others: who is in one only could be told from their difference."""

from __future__ import annotations

from typing import Any

from ddns_utils.disclosure.ledger import MADE_PUBLIC, Ledger
from ddns_utils.disclosure.policy import Policy


def alike(run: str, ledger: Ledger, policy: Policy | None) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The estimates of a run, each with one that readers have, or that the run shows before it, of nearly as many.

    Those are estimates of the same kind whose numbers of persons, or of persons with the event, differ, but by less
    than the policy's threshold. Whether they are the same persons is not known. None where the policy lets small
    changes be seen.
    """
    if policy is None or not policy.hide_small_changes:
        return []
    public = dict.fromkeys(entry["run"] for entry in ledger.entries() if entry["event"] in MADE_PUBLIC)
    known = [line for other in public if other != run for line in ledger.estimates(other)]
    found = []
    for line in ledger.estimates(run):
        near = [other for other in known if _near(line, other, policy.threshold)]
        found += [(line, near[-1])] if near else []
        known.append(line)
    return found


def _near(one: dict[str, Any], other: dict[str, Any], threshold: int) -> bool:
    if one["estimates"] != other["estimates"]:
        return False
    apart = [abs((one[name] or 0) - (other[name] or 0)) for name in ("persons", "events")]
    return any(0 < number < threshold for number in apart)
