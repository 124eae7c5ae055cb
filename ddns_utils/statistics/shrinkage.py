"""Small areas lend each other strength: empirical-Bayes estimates, and ranks that say how little they know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics._inputs import joined, tail

# Between areas that do not differ at all the prior grows without end; here it stops, far beyond any area's own weight.
NARROWEST = 1e6

Pair = NDArray[np.float64]


@dataclass(frozen=True)
class Shrunk:
    """Areas' estimates drawn towards what areas are like: a beta (proportion) or gamma (rate) distribution for each.

    ``prior`` is the fitted pair: for a proportion, successes and failures that every area is lent; for a rate, events
    and exposure.
    """

    kind: str
    n: pd.Series
    of: pd.Series
    prior: tuple[float, float]

    def frame(self, confidence: float = 0.95) -> pd.DataFrame:
        """One row per area: n, of, raw, value (posterior mean), lower, upper and weight (of the area's own data, 0–1).

        An area without data has the prior's value, weight 0 and no raw value. The limits take the prior as known.
        """
        posterior, beyond = self._posterior(), tail(confidence)
        lent = self.prior[1] + (self.prior[0] if self.kind == "proportion" else 0)
        return pd.DataFrame(
            {
                "n": self.n,
                "of": self.of,
                "raw": self.n / self.of,
                "value": posterior.mean(),
                "lower": posterior.ppf(beyond),
                "upper": posterior.isf(beyond),
                "weight": self.of / (self.of + lent),
            }
        )

    def ranks(self, confidence: float = 0.95, draws: int = 10_000, seed: int = 1) -> pd.DataFrame:
        """One row per area: rank (the median; 1 is the lowest value), lower and upper rank, from the posterior.

        Goldstein and Spiegelhalter, Journal of the Royal Statistical Society A, 1996.
        """
        beyond = tail(confidence)
        drawn = self._posterior().rvs(size=(draws, len(self.n)), random_state=np.random.default_rng(seed))
        ranks = drawn.argsort(axis=1).argsort(axis=1) + 1
        rank, lower, upper = np.quantile(ranks, [0.5, beyond, 1 - beyond], axis=0, method="nearest")
        return pd.DataFrame({"rank": rank, "lower": lower, "upper": upper}, index=self.n.index)

    def _posterior(self) -> stats.rv_frozen:
        first, second = self.prior
        if self.kind == "proportion":
            return stats.beta(first + self.n, second + self.of - self.n)
        return stats.gamma(first + self.n, scale=1 / (second + self.of))


def shrink(n: pd.Series, of: pd.Series, kind: str) -> Shrunk:
    """Empirical-Bayes estimates of a "proportion" (n of ``of`` persons) or "rate" (n events in ``of`` exposure).

    A beta or gamma distribution of the areas' true values is fitted by maximum likelihood to all of them
    (beta-binomial, gamma-Poisson), and each area's own numbers are added to it. A ratio is a rate whose exposure is
    the number expected.
    Joined by index; an area with a missing count or size counts as one without data. Raises DefinitionError for
    different areas, impossible counts, or nothing to learn from.

    Sources: Efron and Morris, JASA 1975; Clayton and Kaldor, Biometrics 1987.
    """
    if kind not in ("proportion", "rate"):
        raise DefinitionError(f"Shrinkage has no kind '{kind}'. Choose one of: proportion, rate.")
    n, of = joined(n, of)
    known = n.notna() & of.notna()
    n, of = n.where(known, 0.0), of.where(known, 0.0)
    if (
        (n < 0).any()
        or (of < 0).any()
        or (n > (of if kind == "proportion" else np.inf)).any()
        or (n[of == 0] > 0).any()
    ):
        raise DefinitionError("A count is negative or above what it is counted among. Check which counts were given.")
    if (of > 0).sum() < 2:
        raise DefinitionError("Fewer than two areas have data, so there is nothing to shrink towards.")
    fit = _fit_beta if kind == "proportion" else _fit_gamma
    return Shrunk(kind, n, of, fit(n[of > 0].to_numpy(), of[of > 0].to_numpy()))


def _fit_beta(n: NDArray[np.float64], of: NDArray[np.float64]) -> tuple[float, float]:
    middle = np.clip(n.sum() / of.sum(), 1e-9, 1 - 1e-9)

    def unlikely(parameters: Pair) -> float:
        a, b = shape(parameters)
        return -np.sum(special.betaln(a + n, b + of - n) - special.betaln(a, b))

    def shape(parameters: Pair) -> tuple[float, float]:
        mean, size = special.expit(parameters[0]), np.exp(parameters[1])
        return mean * size, (1 - mean) * size

    return shape(_least(unlikely, special.logit(middle), np.log(1e-2), np.log(NARROWEST)))


def _fit_gamma(n: NDArray[np.float64], exposure: NDArray[np.float64]) -> tuple[float, float]:
    middle = max(n.sum(), 1e-9) / exposure.sum()

    def unlikely(parameters: Pair) -> float:
        a, b = shape(parameters)
        return -np.sum(
            special.gammaln(a + n) - special.gammaln(a) - a * np.log1p(exposure / b) - n * np.log(b + exposure)
        )

    def shape(parameters: Pair) -> tuple[float, float]:
        a = np.exp(parameters[1])
        return a, a / np.exp(parameters[0])

    return shape(_least(unlikely, np.log(middle), np.log(1e-2), np.log(NARROWEST)))


def _least(unlikely: Callable[[Pair], float], middle: float, low: float, high: float) -> NDArray[np.float64]:
    """The most likely (mean, size), both on a logarithmic scale, from the best of a grid of sizes."""
    start = min(np.linspace(low, high, 40), key=lambda size: unlikely(np.array([middle, size])))
    fit = optimize.minimize(
        unlikely, [middle, start], method="Nelder-Mead", bounds=[(middle - 5, middle + 5), (low, high)],
        options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000},
    )  # fmt: skip
    return fit.x
