"""Who differs from the others, and who only seems to: funnel limits, over-dispersion and false discoveries.

Three kinds of comparison: a ``proportion`` (n of ``of`` persons), a ``rate`` (n events in ``of`` person-years) and a
``ratio`` (n observed events against ``of`` expected). Areas are the index of two Series, joined by that index.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics._inputs import joined, tail
from ddns_utils.statistics.intervals import Limits

KINDS = ("proportion", "rate", "ratio")


def funnel_limits(
    of: ArrayLike, baseline: float, kind: str, confidence: float = 0.95, dispersion: float = 1.0
) -> Limits:
    """Lower and upper funnel limits at each size ``of``: the value whose interval just touches the baseline.

    For a proportion the interval is Wilson's score interval, so that the limits are π ± z √(π (1 − π) / of), kept
    within 0–1. For a rate or ratio it is the exact Poisson interval (Garwood): the count, not necessarily whole, whose
    upper (lower) limit is the number expected; 0 where even no events at all would not be low. ``dispersion`` widens z
    by its square root (Spiegelhalter, Statistics in Medicine 2005). Missing where ``of`` is 0 or missing. Raises
    DefinitionError for an unknown kind, an impossible baseline or a negative size.
    """
    of = _require_sizes(of, baseline, kind, dispersion)
    z = stats.norm.isf(tail(confidence)) * np.sqrt(dispersion)
    if kind == "proportion":
        reach = z * np.sqrt(baseline * (1 - baseline) / of)
        return np.clip(baseline - reach, 0, 1), np.clip(baseline + reach, 0, 1)
    expected, beyond = baseline * of, stats.norm.sf(z)
    # chdtriv finds the degrees of freedom, twice the count, at which the chi-squared limit is the expected number.
    none_is_low = np.exp(-expected) < beyond  # same either way: on the limit both give 0
    fewest = np.where(none_is_low, special.chdtriv(1 - beyond, 2 * expected) / 2 - 1, 0.0)
    most = np.where(expected == 0, 0.0, special.chdtriv(beyond, 2 * expected) / 2)
    return np.where(np.isnan(of), np.nan, np.maximum(fewest, 0)) / of, most / of


def funnel(
    n: pd.Series, of: pd.Series, kind: str, baseline: float | None = None, dispersion: float = 1.0
) -> pd.DataFrame:
    """Each area against the baseline, which is the areas' own average (for a ratio, 1) unless given.

    Areas far out pull the average with them and make others look different; give the areas' median then.

    Returns, for the areas of ``n``: n, of, value, baseline, z (how many standard errors from the baseline, after
    ``dispersion``), p (two-sided, of the same test as the limits), lower_95, upper_95, lower_998, upper_998 and label:
    "high_998", "high_95", "expected", "low_95", "low_998" or, where a count or size is missing or 0
    of 0, "unknown". On a limit is as expected. Raises DefinitionError where the two Series are not about the same
    areas or a count is impossible.
    """
    n, of = joined(n, of)
    if (n < 0).any() or (kind == "proportion" and (n > of).any()):
        raise DefinitionError("A numerator is negative or above its denominator. Check which counts were given.")
    both = n.notna() & (of > 0)
    if baseline is None:
        baseline = 1.0 if kind == "ratio" else float(n[both].sum() / of[both].sum()) if both.any() else np.nan
    found = pd.DataFrame({"n": n, "of": of, "value": (n / of).where(both), "baseline": baseline})
    if not both.any():
        return found.assign(**dict.fromkeys(("z", "p", *_LIMITS), np.nan), label="unknown")
    found["z"] = np.where(both, _scores(n, of.where(both), kind, baseline), np.nan) / np.sqrt(dispersion)
    found["p"] = 2 * stats.norm.sf(found["z"].abs())
    for confidence, lower, upper in ((0.95, *_LIMITS[:2]), (0.998, *_LIMITS[2:])):
        found[lower], found[upper] = funnel_limits(of, baseline, kind, confidence, dispersion)
    value = found["value"]
    found["label"] = np.select(
        [~both, value > found["upper_998"], value < found["lower_998"], value > found["upper_95"],
         value < found["lower_95"]],
        ["unknown", "high_998", "low_998", "high_95", "low_95"],
        "expected",
    )  # fmt: skip
    return found


def over_dispersion(z: ArrayLike, winsorise: float = 0.1) -> float:
    """How much more the areas vary than chance alone would make them: the mean of winsorised z², at least 1.

    Spiegelhalter's multiplicative φ (Statistics in Medicine 2005; Quality and Safety in Health Care 2005): the
    ``winsorise`` lowest and highest shares of the z-scores are set to the values at those shares, so that outliers do
    not hide themselves. Below 1 the limits stay as they are. Missing scores are left out. Raises DefinitionError for a
    share outside 0–½ or no scores.
    """
    if not 0 <= winsorise < 0.5:
        raise DefinitionError(f"winsorise is the share cut at each end, from 0 to below 0.5; {winsorise} is not.")
    z = np.asarray(z, dtype=float)
    z = z[~np.isnan(z)]
    if not len(z):
        raise DefinitionError("There are no z-scores, so nothing can be said of their dispersion.")
    low, high = np.quantile(z, [winsorise, 1 - winsorise])
    return max(1.0, float(np.mean(np.clip(z, low, high) ** 2)))


def false_discovery(p: pd.Series, rate: float = 0.05) -> pd.DataFrame:
    """Which areas to point at when at most ``rate`` of those pointed at may be mistakes.

    Benjamini and Hochberg (Journal of the Royal Statistical Society B, 1995), by statsmodels. Returns for each area:
    p, q (the smallest rate at which it is pointed at) and found. Missing p-values are no tests: q missing, not found.
    Raises DefinitionError for a p-value or rate outside 0–1.
    """
    if not 0 < rate < 1 or not p.dropna().between(0, 1).all():
        raise DefinitionError("A p-value and the rate of false discoveries lie between 0 and 1. Check what was given.")
    result = pd.DataFrame({"p": p.astype(float), "q": np.nan, "found": False})
    tested = p.notna()
    if tested.any():
        found, q, *_ = multipletests(p[tested].to_numpy(dtype=float), alpha=rate, method="fdr_bh")
        result.loc[tested, "q"], result.loc[tested, "found"] = q, found
    return result


_LIMITS = ("lower_95", "upper_95", "lower_998", "upper_998")


def _scores(n: pd.Series, of: pd.Series, kind: str, baseline: float) -> NDArray[np.float64]:
    """Standard errors from the baseline: the score test, and the exact Poisson test's normal equivalent."""
    if kind == "proportion":
        away = (n / of - baseline).to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(away == 0, 0.0, away / np.sqrt(baseline * (1 - baseline) / of.to_numpy()))
    expected = baseline * of
    at_least = np.where(n == 0, 1.0, special.gammainc(np.where(n == 0, 1.0, n), expected))
    at_most = special.gammaincc(n + 1, expected)
    high = at_least < at_most  # same either way: equal ones are both above a half, which is 0
    return np.where(high, np.maximum(stats.norm.isf(at_least), 0), -np.maximum(stats.norm.isf(at_most), 0))


def _require_sizes(of: ArrayLike, baseline: float, kind: str, dispersion: float) -> NDArray[np.float64]:
    if kind not in KINDS:
        raise DefinitionError(f"A funnel has no kind '{kind}'. Choose one of: {', '.join(KINDS)}.")
    if not 0 <= baseline <= (1 if kind == "proportion" else np.inf):
        raise DefinitionError(f"{baseline} cannot be the baseline of a {kind}. Check which counts were given.")
    if not dispersion >= 1:
        raise DefinitionError(f"Dispersion {dispersion} would narrow the funnel. Give 1 or more.")
    of = np.asarray(of, dtype=float)
    if np.any(of < 0):
        raise DefinitionError("A size is negative. Check which denominators were given.")
    return np.where(of == 0, np.nan, of)
