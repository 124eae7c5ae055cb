"""Results that are safe to show: the only type that figures, tables, files and runs accept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from ddns_utils.disclosure import session
from ddns_utils.disclosure.guard import Hidden, guard
from ddns_utils.disclosure.history import SMALL, read_tables, strata_of
from ddns_utils.disclosure.links import linked
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.published import Published
from ddns_utils.disclosure.rounding import round_together
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.measure import LARGEST, Measured
from ddns_utils.statistics import intervals

PROTECTS = "protects another number"
NUMBERS = ["value", "lower", "upper"]
_FROM_DISCLOSE = object()


@dataclass(frozen=True)
class Audit:
    """What was done: rows in all; hidden as small; hidden to protect those; hidden numbers attacked and what was found.

    ``recovered`` numbers were found exactly, ``narrow`` small ones were found to lie in a smaller interval than the
    policy allows. The ``narrowest`` interval of a hidden small count is at least this wide, None where there is
    none. ``earlier`` counts the tables that were published before and taken into account.
    """

    cells: int
    small: int
    protecting: int
    attacked: int
    recovered: int
    narrow: int
    narrowest: float | None
    earlier: int


class Disclosed:
    """A tidy frame in which nothing small is left. Only ``disclose()`` makes one; it cannot be changed.

    Columns are those of ``Measured.frame``. A hidden row has NaN in n, value, lower and upper (and in of where the
    denominator itself is hidden), status "suppressed" and a note: "small count" or "protects another number".
    """

    __slots__ = ("__audit", "__frame", "__indicators", "__policy")

    def __init__(
        self, token: object, frame: pd.DataFrame, indicators: Mapping[str, Indicator], policy: Policy, audit: Audit
    ) -> None:
        if token is not _FROM_DISCLOSE:
            raise DefinitionError("Disclosed results are made by disclose(measured) only. Call disclose().")
        object.__setattr__(self, "_Disclosed__frame", frame.copy(deep=True))
        object.__setattr__(self, "_Disclosed__indicators", MappingProxyType(dict(indicators)))
        object.__setattr__(self, "_Disclosed__policy", policy)
        object.__setattr__(self, "_Disclosed__audit", audit)

    def __setattr__(self, name: str, value: object) -> None:
        raise DefinitionError(f"Disclosed results cannot be changed, so {name} is not set. Measure and disclose again.")

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the rows."""
        return self.__frame.copy(deep=True)

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """Declarations by id."""
        return self.__indicators

    @property
    def policy(self) -> Policy:
        """The rules that were applied."""
        return self.__policy

    @property
    def audit(self) -> Audit:
        """How much was hidden, and what the attack found."""
        return self.__audit

    def __repr__(self) -> str:
        a = self.audit
        return f"Disclosed({', '.join(self.indicators)}: {a.cells} rows, {a.small} small, {a.protecting} protecting)"


def disclose(measured: Measured, policy: Policy | None = None, earlier: Sequence[Published] | None = None) -> Disclosed:
    """Hide what is small and what would give it away, and attack the result.

    Without a ``policy`` the data owner's file ``parameters/disclosure.toml`` is read. The indicators of one call are
    protected together where they print the same numbers: one counts what another divides by, or they share a
    denominator. ``earlier`` is what has left already; without it, in a notebook, it is what was published before
    (the ledger beside the registers) and what the notebook has disclosed so far. Counts of deliveries tell nothing of
    persons and are shown as they are. Raises DataError when a cell occurs twice or a table
    cannot be protected, DefinitionError without policy.
    """
    if not isinstance(measured, Measured):
        raise DefinitionError(f"disclose() takes what measure() gives, but it was given {type(measured).__name__}.")
    policy = policy or Policy.read()
    earlier = session.earlier() if earlier is None else earlier
    true = measured.frame.reset_index(drop=True)
    frame = true.drop(columns=LARGEST, errors="ignore")
    about_persons = [name for name in frame["indicator"].unique() if measured.indicators[name].rows_about == "persons"]
    kinds = {name: measured.indicators[name].kind for name in about_persons}
    counted = {name: frame.index[(frame["indicator"] == name) & frame["of"].notna()] for name in kinds}
    tables = read_tables(true, kinds, strata_of([frame, *(one.frame for one in earlier)]), earlier)
    done = []
    for group in linked(tables) if kinds else ():
        if group[0] >= len(kinds):
            continue
        together = [tables[position] for position in group]
        done.append(round_together(together, policy) if policy.method == "round" else guard(together, policy))
        for table, made in zip(together, done[-1].tables, strict=True):
            if table.cells.published:
                rows = counted[table.indicator]
                if policy.method == "round":
                    _show_rounded(frame, rows, *made, measured.indicators[table.indicator], policy)
                else:
                    _hide(frame, rows, made)
    notes = frame.loc[frame["status"] == "suppressed", "note"].value_counts()
    audit = Audit(
        cells=len(frame),
        small=int(notes.get(SMALL, 0)),
        protecting=int(notes.get(PROTECTS, 0)),
        attacked=sum(one.attacked for one in done),
        recovered=sum(one.exact for one in done),
        narrow=sum(one.narrow for one in done),
        narrowest=min((one.narrowest for one in done if one.narrowest is not None), default=None),
        earlier=len(earlier),
    )
    made = Disclosed(_FROM_DISCLOSE, frame, measured.indicators, policy, audit)
    session.remember(made, measured.frame, kinds)
    return made


def _hide(frame: pd.DataFrame, rows: pd.Index, hidden: Hidden) -> None:
    """Take out of rows what is hidden, and say why."""
    frame.loc[rows[hidden.n], [*NUMBERS, "n"]] = np.nan
    frame.loc[rows[hidden.of], "of"] = np.nan
    frame.loc[rows[hidden.n], "status"] = "suppressed"
    frame.loc[rows[hidden.n], "note"] = np.where(hidden.small[hidden.n], SMALL, PROTECTS)


def _show_rounded(
    frame: pd.DataFrame, rows: pd.Index, n: np.ndarray, of: np.ndarray, indicator: Indicator, policy: Policy
) -> None:
    """Put rounded numbers into rows, and values and limits that follow from these alone."""
    limits = intervals.proportion(np.minimum(n, of), of) if indicator.kind == "proportion" else intervals.rate(n, of)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = n / of
    few = (of < max(policy.minimum_denominator, 1)) & (frame.loc[rows, "status"] != "no_data").to_numpy()
    hidden = few | bool(indicator.standardised_to)
    for column, numbers in zip(NUMBERS, (value, *limits), strict=True):
        frame.loc[rows, column] = np.where(hidden, np.nan, numbers * indicator.per)
    frame.loc[rows, "n"], frame.loc[rows, "of"] = np.where(hidden, np.nan, n), of
    frame.loc[rows[hidden], "status"] = "suppressed"
    said = frame.loc[rows, "note"].where(frame.loc[rows, "note"] == "", frame.loc[rows, "note"] + "; ")
    frame.loc[rows, "note"] = said + f"rounded to {policy.rounding_base}"
