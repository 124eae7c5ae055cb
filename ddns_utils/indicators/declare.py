"""How an indicator is declared. Words and codes are data; who is counted is Python on Ibis.

A function that finds rows gets the snapshot and the period and gives an Ibis table with ``person_id`` and ``on``, the
day that decides where the person lived and how old they were; it may give ``municipality`` itself, and then leave out
``person_id`` where rows count whoever they are about. A column ``weight`` lets a row count as many. A function that
looks at rows gets the rows, the snapshot and the period, and gives the same rows with one column more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import ClassVar

import ibis

from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.look_back import LookBack
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

FindRows = Callable[[Snapshot, Period], ibis.Table]
LookAtRows = Callable[[ibis.Table, Snapshot, Period], ibis.Table]
FindAreas = Callable[[Snapshot, Period], Collection[str]]
PER_CENT = Text(da="procent", en="per cent")
NOT_STANDARDISED = Text(da="Ikke standardiseret for køn og alder.", en="Not standardised for sex and age.")
DIRECTIONS = ("higher is better", "lower is better", "neither")
CATEGORIES = ("", "conformance", "completeness", "plausibility")
ABOUT = ("persons", "deliveries")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a definition comes from, when it was read, and how sure we are of it (high, medium, unverified)."""

    title: str
    retrieved: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What every indicator says of itself.

    ``standard`` is a published target in units of the value. ``needs`` names the tables that must cover the period
    and ``follow_up_days`` after it; ``look_back`` says which of them must reach back before it, and how far.
    ``version`` is raised when numbers change.

    An indicator of data quality has a ``category`` (Kahn et al. 2016, 10.13063/2327-9214.1244) and needs no covered
    period, because what is missing is what it measures. ``lacking`` names the municipalities where no rows mean that
    data is missing; in other areas no rows mean that there is nothing to check (``not_applicable``). ``rows_about``
    deliveries says that a count of rows tells nothing of any person; such rows must not have ``person_id``.
    ``remedy`` says what a sender does about rows that fail.

    A standardised indicator, made by ``standardised()``, names the one whose rows it counts (``crude``) and what its
    values are standardised to.
    """

    kind: ClassVar[str]
    id: str
    title: Text
    one_row_is: Text
    counted: Text
    needs: tuple[str, ...]
    source: Source
    direction: str = "neither"
    standard: float | None = None
    follow_up_days: int = 0
    look_back: tuple[LookBack, ...] = ()
    unit: Text
    decimals: int = 1
    per: int = 1
    interval: str = "exact"
    caveats: tuple[Text, ...] = ()
    category: str = ""
    lacking: FindAreas | None = None
    rows_about: str = "persons"
    remedy: Text | None = None
    crude: Indicator | None = None
    standardised_to: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        for name, allowed in (("category", CATEGORIES), ("rows_about", ABOUT)):
            if (value := getattr(self, name)) not in allowed:
                raise DefinitionError(f"{self.id}: {name} '{value}' is not one of: {', '.join(filter(None, allowed))}.")
        if self.direction not in DIRECTIONS:
            raise DefinitionError(f"{self.id}: direction '{self.direction}' is not one of: {', '.join(DIRECTIONS)}.")
        if self.follow_up_days < 0 or not self.needs:
            raise DefinitionError(f"{self.id}: needs at least one table, and follow-up is not negative.")


@dataclass(frozen=True, kw_only=True)
class Proportion(Indicator):
    """A share of rows. The numerator flags the denominator's own rows (column ``counts``), so it cannot exceed one."""

    kind: ClassVar[str] = "proportion"
    unit: Text = PER_CENT
    denominator: FindRows
    numerator: LookAtRows


@dataclass(frozen=True, kw_only=True)
class Rate(Indicator):
    """Events per ``per`` person-years of residence. ``events`` gives one row per event.

    With a ``denominator`` it is instead the number (column ``counts``) that ``numerator`` finds for each of its rows,
    per ``per`` rows.
    """

    kind: ClassVar[str] = "rate"
    unit: Text
    per: int = 1000
    events: FindRows | None = None
    denominator: FindRows | None = None
    numerator: LookAtRows | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.events is None) == (self.denominator is None or self.numerator is None):
            raise DefinitionError(f"{self.id}: a rate has either events, or a denominator with a numerator.")


@dataclass(frozen=True, kw_only=True)
class Mean(Indicator):
    """The mean of a number (column ``counts``) over rows; rows where it is missing are not among them."""

    kind: ClassVar[str] = "mean"
    interval: str = "t"
    denominator: FindRows
    numerator: LookAtRows
