"""Models, curves and quantiles of persons: what may be shown of them, made safe or refused with a reason.

Rows that go in are persons; what comes out is a ``SafeEstimates``, which display takes and nothing else makes. Fitted
values, residuals and points of a scatter plot are about one person each, so nothing here gives them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ddns_utils.disclosure.policy import Policy
from ddns_utils.errors import DataError, DefinitionError

DIGITS = 4  # significant ones of what is shown: more could be solved for single persons' values
_FROM_HERE = object()


class SafeEstimates:
    """A frame of estimates that may be shown. Only the functions of this module make one; it cannot be changed.

    ``kind`` is "coefficients" (term, estimate, lower, upper), "survival" (time, survival, lower, upper) or "quantiles"
    (at, value). ``persons`` is how many they rest on, and ``events`` how many of those had the event, None where there
    is none.
    """

    __slots__ = ("__events", "__frame", "__kind", "__persons")

    def __init__(self, token: object, kind: str, frame: pd.DataFrame, persons: int, events: int | None) -> None:
        if token is not _FROM_HERE:
            raise DefinitionError(
                "Estimates that may be shown are made by disclose_coefficients(), disclose_survival() and "
                "disclose_quantiles() only. Call one of them."
            )
        rounded = frame.apply(lambda column: column.map(_rounded) if column.dtype.kind == "f" else column)
        object.__setattr__(self, "_SafeEstimates__kind", kind)
        object.__setattr__(self, "_SafeEstimates__frame", rounded)
        object.__setattr__(self, "_SafeEstimates__persons", persons)
        object.__setattr__(self, "_SafeEstimates__events", events)

    def __setattr__(self, name: str, value: object) -> None:
        raise DefinitionError(f"Estimates cannot be changed, so {name} is not set. Estimate and disclose again.")

    @property
    def kind(self) -> str:
        """What the rows are."""
        return self.__kind

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the rows."""
        return self.__frame.copy(deep=True)

    @property
    def persons(self) -> int:
        """How many persons they rest on."""
        return self.__persons

    @property
    def events(self) -> int | None:
        """How many of them had the event."""
        return self.__events


def disclose_coefficients(
    fitted: Any, policy: Policy | None = None, *, persons: Sequence[object] | None = None
) -> SafeEstimates:
    """The coefficients of a fitted statsmodels model with 95 per cent limits, if it does not retell its persons.

    Each row of the model is a person, unless ``persons`` names the person of each row. Needed are, by the policy,
    ``persons_per_coefficient`` persons for each coefficient (events or those without, where they are fewer),
    ``residual_degrees`` degrees of freedom left, no small count in a group that a coefficient stands for, with or
    without the event, and no pattern of all variables that is small where there are no more patterns than
    coefficients. Raises DefinitionError for anything but a fitted model and DataError, saying which, otherwise.
    """
    from statsmodels.base.wrapper import ResultsWrapper

    if not isinstance(fitted, ResultsWrapper) and not hasattr(fitted, "conf_int"):
        raise DefinitionError(
            f"disclose_coefficients() takes a fitted statsmodels model, but was given {type(fitted).__name__}. "
            "Call fit() and pass what it gives."
        )
    policy = policy or Policy.read()
    design = np.asarray(fitted.model.exog, dtype=float)
    who = np.arange(len(design)) if persons is None else pd.factorize(np.asarray(persons))[0]
    if len(who) != len(design):
        raise DefinitionError(f"The model has {len(design)} rows, but persons names {len(who)}. Name one for each row.")
    terms = list(fitted.model.exog_names)
    happened, both = _events(fitted.model)
    for number, what in _fewest(who, happened, both):
        if number < policy.persons_per_coefficient * len(terms):
            raise DataError(
                f"A model of {len(terms)} coefficients needs {policy.persons_per_coefficient * len(terms)} {what}, but "
                f"has fewer. Use fewer variables."
            )
    left = len(np.unique(who)) - np.linalg.matrix_rank(design)
    if left < policy.residual_degrees:
        raise DataError(
            f"The model needs {policy.residual_degrees} degrees of freedom left, but has fewer. Use fewer variables."
        )
    _require_groups(design, terms, who, happened, policy)
    limits = np.asarray(fitted.conf_int())
    frame = pd.DataFrame(
        {
            "term": terms,
            "estimate": np.asarray(fitted.params, dtype=float),
            "lower": limits[:, 0],
            "upper": limits[:, 1],
        }
    )
    events = None if happened is None else len(np.unique(who[happened]))
    return SafeEstimates(_FROM_HERE, "coefficients", frame, len(np.unique(who)), events)


def disclose_survival(table: pd.DataFrame, *, every: float, policy: Policy | None = None) -> SafeEstimates:
    """A survival curve (Kaplan-Meier, 95 per cent log-log limits) in steps that rest on enough persons each.

    ``table`` has a row per time: ``time``, ``events`` and ``censored``, counts of persons. The curve is given at
    multiples of ``every`` only, so that no step is one person's day; multiples are joined until ``persons_per_value``
    have had the event since the last, neither those censored there nor those who are left are few, and it ends where
    that is no longer so. Raises DefinitionError for a table without these columns or with counts below nought, and
    DataError when not even one step may be shown.
    """
    policy = policy or Policy.read()
    if not isinstance(table, pd.DataFrame) or not {"time", "events", "censored"} <= set(table.columns):
        raise DefinitionError("disclose_survival() takes a table of time, events and censored. Count persons per time.")
    if not every > 0 or (table[["events", "censored"]] < 0).any(axis=None):
        raise DefinitionError("every is above nought, and counts of persons are not below it.")
    rows = table.groupby("time")[["events", "censored"]].sum().sort_index()
    gone = rows["events"] + rows["censored"]
    at_risk = gone.sum() - gone.cumsum().shift(fill_value=0)
    rows["survival"] = (1 - rows["events"] / at_risk).cumprod()
    rows["spread"] = (rows["events"] / (at_risk * (at_risk - rows["events"]))).replace(np.inf, np.nan).cumsum()
    rows["until"] = np.ceil(np.asarray(rows.index, dtype=float) / every - 1e-9) * every
    steps = rows.groupby("until").agg(
        events=("events", "sum"), censored=("censored", "sum"), survival=("survival", "last"), spread=("spread", "last")
    )
    kept, events, censored, left = [], 0, 0, int(gone.sum())
    for until, step in steps.iterrows():
        events, censored = events + int(step["events"]), censored + int(step["censored"])
        after = left - events - censored
        if events >= max(policy.persons_per_value, policy.threshold) and not (
            _few(censored, policy) or _few(after, policy)
        ):
            kept.append({"time": until, "survival": step["survival"], "spread": step["spread"]})
            events, censored, left = 0, 0, after
    if not kept:
        raise DataError(
            f"No step of the curve rests on {policy.persons_per_value} persons with the event. Show no curve."
        )
    frame = pd.DataFrame(kept)
    inside = frame["survival"].between(0, 1, inclusive="neither")
    width = stats.norm.ppf(0.975) * np.sqrt(frame["spread"]) / np.log(frame["survival"].where(inside))
    for side, sign in (("lower", -1), ("upper", 1)):
        frame[side] = frame["survival"] ** np.exp(-sign * width.abs())
    return SafeEstimates(
        _FROM_HERE,
        "survival",
        frame[["time", "survival", "lower", "upper"]],
        int(gone.sum()),
        int(rows["events"].sum()),
    )


def disclose_quantiles(
    values: Sequence[float], at: Sequence[float] = (0.25, 0.5, 0.75), policy: Policy | None = None
) -> SafeEstimates:
    """Quantiles of one value per person, each the mean of the ``persons_per_value`` persons who are nearest to it.

    ``at`` has shares from 0 (the smallest) to 1 (the largest). Nobody is among the nearest of two quantiles, and those
    who are among none are not few. Raises DataError when there are too few persons for that, DefinitionError for a
    share outside 0-1.
    """
    policy = policy or Policy.read()
    known = np.sort(np.asarray(values, dtype=float))
    known = known[~np.isnan(known)]
    shares = sorted(at)
    if not shares or not all(0 <= share <= 1 for share in shares):
        raise DefinitionError("disclose_quantiles() takes shares from 0 to 1, such as 0.5 for the median.")
    size = max(policy.persons_per_value, policy.threshold)
    starts = [round(share * (len(known) - 1) - (size - 1) / 2 + 1e-9) for share in shares]
    starts = [min(max(start, 0), len(known) - size) for start in starts]
    apart = all(after - before >= size for before, after in pairwise(starts))
    if starts[0] < 0 or not apart or _few(len(known) - size * len(starts), policy):
        raise DataError(
            f"{len(shares)} quantiles of {size} persons each need more persons than there are. Ask for fewer quantiles."
        )
    means = [float(known[start : start + size].mean()) for start in starts]
    return SafeEstimates(_FROM_HERE, "quantiles", pd.DataFrame({"at": shares, "value": means}), len(known), None)


def _events(model: Any) -> tuple[np.ndarray | None, bool]:
    """Whether each row had the event (None for a measured value), and whether those without it are few or many too."""
    timed = hasattr(model, "status")
    outcome = np.asarray(model.status if timed else model.endog, dtype=float)
    weights = np.asarray(getattr(model, "freq_weights", 1.0), dtype=float)
    if outcome.ndim > 1 or (weights != 1).any():
        raise DataError("The rows of the model are counts, not persons. Call disclose(measure(...)) and show a table.")
    names = {type(model).__name__, type(getattr(model, "family", None)).__name__}
    if names & {"Logit", "Probit", "Binomial"}:
        return outcome > 0.5, True  # same either way: an outcome is 0 or 1
    return (outcome > 0, False) if timed or "Poisson" in names else (None, False)


def _fewest(who: np.ndarray, happened: np.ndarray | None, both: bool) -> list[tuple[int, str]]:
    """Numbers that must be large enough for the coefficients, and what they count."""
    numbers = [(len(np.unique(who)), "persons")]
    if happened is not None:
        numbers.append((len(np.unique(who[happened])), "persons with the event"))
    if happened is not None and both:
        numbers.append((len(np.unique(who[~happened])), "persons without the event"))
    return numbers


def _require_groups(
    design: np.ndarray, terms: Sequence[str], who: np.ndarray, happened: np.ndarray | None, policy: Policy
) -> None:
    """Raise DataError when a group that a coefficient stands for is small, or the model is a table of small cells."""
    for column, term in zip(design.T, terms, strict=True):
        if set(np.unique(column)) <= {0.0, 1.0} and not (column == 1).all():
            for side in (column == 1, column == 0):
                if any(_few(number, policy) for number in _numbers(who, side, happened)):
                    raise DataError(
                        f"The coefficient of {term} rests on a group with fewer than {policy.threshold} persons, "
                        "with or without the event. Join groups, or leave it out."
                    )
    patterns = np.unique(design, axis=0, return_inverse=True)[1].ravel()
    if patterns.max() + 1 <= len(terms):
        for pattern in range(patterns.max() + 1):
            inside = patterns == pattern
            few = len(np.unique(who[inside])) < policy.persons_per_coefficient
            if few or any(_few(number, policy) for number in _numbers(who, inside, happened)):
                raise DataError(
                    "The model is saturated: it has a coefficient for every combination of its variables, and one of "
                    "them has few persons. Use fewer variables."
                )


def _numbers(who: np.ndarray, inside: np.ndarray, happened: np.ndarray | None) -> list[int]:
    """Persons in a group, and those of them with and without the event."""
    parts = [inside] if happened is None else [inside, inside & happened, inside & ~happened]
    return [len(np.unique(who[part])) for part in parts]


def _few(number: int, policy: Policy) -> bool:
    return 0 < number < policy.threshold or (number == 0 and not policy.zeros_are_safe)


def _rounded(value: float) -> float:
    if not math.isfinite(value) or value == 0:
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
