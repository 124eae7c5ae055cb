"""How unequally something is spread over ordered groups: slope and relative index of inequality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics._inputs import tail

FEWEST_GROUPS = 3
NOTHING = 1e-9  # an end that is so small beside the other is 0, but for rounding


@dataclass(frozen=True)
class Inequality:
    """The value at the top of the order less (``slope``), or over (``relative``), that at the bottom.

    ``groups`` has for each group value, population, rank (the middle of its place in the population, 0–1) and fitted.
    Limits are missing where no standard errors were given; the relative index is missing where a fitted end is not
    above 0.
    """

    slope: float
    slope_lower: float
    slope_upper: float
    relative: float
    relative_lower: float
    relative_upper: float
    groups: pd.DataFrame


def inequality(
    value: pd.Series, population: pd.Series, error: pd.Series | None = None, confidence: float = 0.95
) -> Inequality:
    """Slope and relative index of inequality of a value over groups ordered from the first to the last.

    ``value`` is a proportion, rate or mean in each group, in the groups' order; ``population`` and ``error`` (standard
    errors of the values) are joined to it by index. A line is fitted to the values by least squares weighted by
    population, over each group's middle place in the population; the slope is its rise from the bottom (0) to the top
    (1) of the population, and the relative index the ratio of its ends. The slope's variance adds up those of the
    groups' values; the relative index's limits are the delta method's on the logarithm. Nothing is missing. Raises
    DefinitionError for fewer than three groups, missing or impossible numbers, or different groups.

    Sources: Preston, Haines and Pamuk 1981; Mackenbach and Kunst, Social Science and Medicine 1997; Public Health
    England's technical guide to the slope index (which simulates the limits that are calculated here).
    """
    error = pd.Series(np.nan, value.index) if error is None else error
    for other in (population, error):
        if other.index.has_duplicates or value.index.has_duplicates or set(other.index) != set(value.index):
            raise DefinitionError("Values, populations and errors are not about the same groups, each given once.")
    groups = pd.DataFrame({"value": value, "population": population.reindex(value.index)}).astype(float)
    error = error.reindex(value.index).to_numpy(dtype=float)
    if len(groups) < FEWEST_GROUPS:
        raise DefinitionError(f"{len(groups)} groups are too few for a slope. Give {FEWEST_GROUPS} or more, in order.")
    if groups.isna().any(axis=None) or (groups["population"] <= 0).any() or np.any(error < 0):
        raise DefinitionError("A value is missing, a population is not above 0 or an error is negative. Leave no gaps.")
    share = groups["population"] / groups["population"].sum()
    groups["rank"] = share.cumsum() - share / 2
    # Each of the fitted ends is a weighted sum of the groups' values.
    away = groups["rank"] - (share * groups["rank"]).sum()
    per_value = (share * away / (share * away**2).sum()).to_numpy()
    bottom = share.to_numpy() - per_value * (share * groups["rank"]).sum()
    top = bottom + per_value
    low, high = bottom @ groups["value"].to_numpy(), top @ groups["value"].to_numpy()
    groups["fitted"] = low + (high - low) * groups["rank"]
    z, slope = stats.norm.isf(tail(confidence)), high - low
    reach = z * np.sqrt(np.sum((per_value * error) ** 2))
    if min(low, high) > NOTHING * max(low, high):  # same either way: 0 over 0 is missing
        spread = np.exp(z * np.sqrt(np.sum(((top / high - bottom / low) * error) ** 2)))
        relative = (high / low, high / low / spread, high / low * spread)
    else:
        relative = (np.nan,) * 3
    return Inequality(*map(float, (slope, slope - reach, slope + reach, *relative)), groups)
