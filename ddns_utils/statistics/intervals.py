"""Confidence limits for proportions, rates and means, and for differences and ratios of them, vectorised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics._inputs import tail

Limits = tuple[NDArray[np.float64], NDArray[np.float64]]
Estimate = tuple[ArrayLike, ArrayLike, ArrayLike]  # value, lower and upper limit


def proportion(n: ArrayLike, of: ArrayLike, confidence: float = 0.95, method: str = "exact") -> Limits:
    """Lower and upper limits of n / of, between 0 and 1; missing where ``of`` is 0 or missing.

    ``exact`` is Clopper and Pearson (Biometrika 1934), the method of the Danish quality institute's reports;
    ``wilson`` is Wilson's score interval (JASA 1927). Raises DefinitionError for counts outside 0–of.
    """
    n, of = _arrays(n, of)
    if np.any((n < 0) | (n > of)):
        raise DefinitionError("A numerator lies outside 0 and its denominator. Check which counts were given.")
    beyond = tail(confidence)
    of = np.where(of == 0, np.nan, of)
    if method == "exact":
        lower = np.where(n == 0, 0 * of, stats.beta.ppf(beyond, n, of - n + 1))
        upper = np.where(n == of, 1.0, stats.beta.ppf(1 - beyond, n + 1, of - n))
    elif method == "wilson":
        z = stats.norm.ppf(1 - beyond)
        middle, spread = 2 * n + z**2, z * np.sqrt(z**2 + 4 * n * (1 - n / of))
        lower, upper = (middle - spread) / (2 * (of + z**2)), (middle + spread) / (2 * (of + z**2))
    else:
        raise DefinitionError(f"A proportion has no interval '{method}'. Choose one of: exact, wilson.")
    return lower, upper


def rate(n: ArrayLike, exposure: ArrayLike, confidence: float = 0.95, method: str = "exact") -> Limits:
    """Lower and upper limits of n / exposure, in events per unit of exposure; missing where there is no exposure.

    ``exact`` is the Poisson interval from the chi-squared distribution (Garwood, Biometrika 1936); ``byar`` is Byar's
    approximation (Breslow and Day, IARC 1987). Raises DefinitionError for negative counts.
    """
    n, exposure = _arrays(n, exposure)
    if np.any(n < 0) or np.any(exposure < 0):
        raise DefinitionError("A count or exposure is negative. Check which counts were given.")
    beyond = tail(confidence)
    if method == "exact":
        lower = np.where(n == 0, 0.0, stats.chi2.ppf(beyond, 2 * n) / 2)
        upper = stats.chi2.ppf(1 - beyond, 2 * n + 2) / 2
    elif method == "byar":
        z = stats.norm.ppf(1 - beyond)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower = np.where(n == 0, 0.0, n * (1 - 1 / (9 * n) - z / (3 * np.sqrt(n))) ** 3)
        upper = (n + 1) * (1 - 1 / (9 * (n + 1)) + z / (3 * np.sqrt(n + 1))) ** 3
    else:
        raise DefinitionError(f"A rate has no interval '{method}'. Choose one of: exact, byar.")
    exposure = np.where(exposure == 0, np.nan, exposure)
    return lower / exposure, upper / exposure


def mean(total: ArrayLike, squares: ArrayLike, of: ArrayLike, confidence: float = 0.95) -> Limits:
    """Lower and upper limits of a mean by Student's t, from the sum and sum of squares of ``of`` values.

    Missing where there are fewer than two values.
    """
    total, squares, of = np.broadcast_arrays(*(np.asarray(values, dtype=float) for values in (total, squares, of)))
    of = np.where(of < 2, np.nan, of)
    middle = total / of
    error = np.sqrt(np.maximum(squares - of * middle**2, 0) / (of - 1) / of)
    reach = stats.t.ppf(1 - tail(confidence), of - 1) * error
    return middle - reach, middle + reach


def difference(first: Estimate, second: Estimate) -> Limits:
    """Lower and upper limits of first − second, from two independent (value, lower, upper).

    The limits have the confidence of those given, and their good properties: with ``intervals.proportion`` and
    Wilson's it is Newcombe's hybrid score interval (Statistics in Medicine 1998, method 10). Works for proportions,
    rates and standardised rates alike, vectorised. Missing where a value or limit is. Raises DefinitionError for a
    value outside its limits. Source: Zou and Donner, Statistics in Medicine 2008 (MOVER).
    """
    a, a_low, a_high = _estimate(first)
    b, b_low, b_high = _estimate(second)
    return (
        a - b - np.sqrt((a - a_low) ** 2 + (b_high - b) ** 2),
        a - b + np.sqrt((a_high - a) ** 2 + (b - b_low) ** 2),
    )


def ratio(first: Estimate, second: Estimate) -> Limits:
    """Lower and upper limits of first / second, from two independent (value, lower, upper), none below 0.

    The upper limit is infinite where the second's lower limit is 0. Missing where a value or limit is, or the second's
    upper limit is 0. Raises DefinitionError for a value outside its limits or below 0. Source: Donner and Zou,
    Statistical Methods in Medical Research 2012 (MOVER for ratios).
    """
    a, a_low, a_high = _estimate(first)
    b, b_low, b_high = _estimate(second)
    b_high = np.where(b_high == 0, np.nan, b_high)
    if np.any(a_low < 0) or np.any(b_low < 0):
        raise DefinitionError("A ratio needs values and limits of 0 or more. Use a difference instead.")
    with np.errstate(divide="ignore", invalid="ignore"):
        # Fieller's two roots, with each side's own limits; the roots are real because values lie within their limits.
        low_square = (a * b) ** 2 - a_low * b_high * (2 * a - a_low) * (2 * b - b_high)
        high_square = (a * b) ** 2 - a_high * b_low * (2 * a - a_high) * (2 * b - b_low)
        lower = a_low * (2 * a - a_low) / (a * b + np.sqrt(np.maximum(low_square, 0)))
        upper = (a * b + np.sqrt(np.maximum(high_square, 0))) / (b_low * (2 * b - b_low))
    return np.where(a_low == 0, 0 * a * b_high, lower), np.where((b_low == 0) & ~np.isnan(a + b_high), np.inf, upper)


def _arrays(n: ArrayLike, of: ArrayLike) -> Limits:
    return tuple(np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(of, dtype=float)))


def _estimate(given: Estimate) -> tuple[NDArray[np.float64], ...]:
    value, lower, upper = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in given))
    if np.any((value < lower) | (value > upper)):
        raise DefinitionError("A value lies outside its own limits. Give them as (value, lower, upper).")
    return value, lower, upper
