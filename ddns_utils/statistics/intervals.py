"""Confidence limits for proportions, rates and means, vectorised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ddns_utils.errors import DefinitionError

Limits = tuple[NDArray[np.float64], NDArray[np.float64]]


def proportion(n: ArrayLike, of: ArrayLike, confidence: float = 0.95, method: str = "exact") -> Limits:
    """Lower and upper limits of n / of, between 0 and 1; missing where ``of`` is 0 or missing.

    ``exact`` is Clopper and Pearson (Biometrika 1934), the method of the Danish quality institute's reports;
    ``wilson`` is Wilson's score interval (JASA 1927); ``jeffreys`` is the interval from the Beta(½, ½) prior, closed
    at 0 and 1 (Brown, Cai and DasGupta, Statistical Science 2001). Raises DefinitionError for counts outside 0–of.
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
    elif method == "jeffreys":
        lower = np.where(n == 0, 0 * of, stats.beta.ppf(beyond, n + 0.5, of - n + 0.5))
        upper = np.where(n == of, 1.0, stats.beta.ppf(1 - beyond, n + 0.5, of - n + 0.5))
    else:
        raise DefinitionError(f"A proportion has no interval '{method}'. Choose one of: exact, wilson, jeffreys.")
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


def _arrays(n: ArrayLike, of: ArrayLike) -> Limits:
    return tuple(np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(of, dtype=float)))


def tail(confidence: float) -> float:
    """The probability beyond each of two limits. Raises DefinitionError for a confidence outside 0–1."""
    if not 0 < confidence < 1:
        raise DefinitionError(f"Confidence is a proportion between 0 and 1, such as 0.95; {confidence} is not.")
    return (1 - confidence) / 2
