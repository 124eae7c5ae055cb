"""How a disease is declared: named rules in a list, each with its register, its codes and where it comes from.

A rule finds events (``person_id``, ``day``). The rules of a disease give episodes: one row per person with
``person_id``, ``disease``, ``since`` (the first day on which a rule knew it) and ``rule`` (the one that did; the first
in the list if several knew it that day). A person is never cured: since registers only say who was seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis

from ddns_utils.errors import DefinitionError
from ddns_utils.kept import keep
from ddns_utils.language import Text
from ddns_utils.snapshot import Snapshot

FindEvents = Callable[[Snapshot], ibis.Table]
ROLES = ("includes", "excludes", "decides type")
CONFIDENCE = ("high", "medium", "unverified")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: what it finds in which table of the model, by which codes, on whose word.

    ``times`` is how many different days an event must occur on; the last of them is when the disease is known.
    A rule that excludes events or decides a type has no events of its own.
    """

    name: str
    register: str
    finds: Text
    codes: tuple[str, ...]
    source: str
    confidence: str
    events: FindEvents | None = None
    times: int = 1
    role: str = "includes"

    def __post_init__(self) -> None:
        for name, allowed in (("role", ROLES), ("confidence", CONFIDENCE)):
            if (value := getattr(self, name)) not in allowed:
                raise DefinitionError(f"{self.name}: {name} '{value}' is not one of: {', '.join(allowed)}.")
        if (self.role == "includes") != (self.events is not None) or self.times < 1:
            raise DefinitionError(
                f"{self.name}: a rule that includes has events, others have none; times is at least 1."
            )


@dataclass(frozen=True, kw_only=True)
class Disease:
    """A disease and the rules that know it. ``find`` gives its episodes where the rules do not simply add up."""

    id: str
    title: Text
    rules: tuple[Rule, ...]
    note: Text
    find: FindEvents | None = None

    def episodes(self, snapshot: Snapshot) -> ibis.Table:
        """One row per person with the disease: person_id, disease, since, rule."""
        return keep(snapshot, f"episodes_{self.id}", self.find or self._first_known)

    def _first_known(self, snapshot: Snapshot) -> ibis.Table:
        known = [
            _known(rule, snapshot).mutate(place=ibis.literal(place), rule=ibis.literal(rule.name))
            for place, rule in enumerate(self.rules)
            if rule.events is not None
        ]
        known = ibis.union(*known)
        rank = ibis.row_number().over(group_by=known.person_id, order_by=[known.day, known.place])
        first = known.mutate(rank=rank).filter(lambda rows: rows["rank"] == 0)
        return first.select("person_id", disease=ibis.literal(self.id), since="day", rule="rule")


def _known(rule: Rule, snapshot: Snapshot) -> ibis.Table:
    days = rule.events(snapshot).select("person_id", "day").distinct()
    rank = ibis.row_number().over(group_by=days.person_id, order_by=days.day)
    return days.mutate(rank=rank).filter(lambda rows: rows["rank"] == rule.times - 1).drop("rank")
