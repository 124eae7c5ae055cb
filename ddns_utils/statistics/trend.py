"""A series over time: what is chance, what is a signal, where it changed and how fast it moves.

Series have one value per period, in order of time; the index may be anything that increases (dates, periods, numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import optimize, special, stats

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics._inputs import joined, tail

SIDE, TREND = 8, 6


def run_chart(values: pd.Series) -> pd.DataFrame:
    """Each value with the median and the two signals of a run chart.

    Returns value, centre (the median), eight_on_one_side and trend_of_six. A value on the median neither makes nor
    breaks a run; a missing one breaks it. Source: Perla, Provost and Murray, BMJ Quality and Safety 2011, with the
    longer run of eight.
    """
    _require_order(values)
    values = values.astype(float)
    return pd.DataFrame(
        {
            "value": values,
            "centre": values.median(),
            "eight_on_one_side": _eight(np.sign(values - values.median()).to_numpy(), through_centre=True),
            "trend_of_six": _six(values.to_numpy()),
        }
    )


def p_chart(n: pd.Series, of: pd.Series) -> pd.DataFrame:
    """Control chart of a proportion, n of ``of`` in each period: limits at three standard errors, within 0–1.

    Returns value, centre, sigma, lower, upper and one column per rule of ``signals``. Missing where ``of`` is 0 or
    missing. Raises DefinitionError for counts outside 0–of or time out of order.
    """
    n, of = _counts(n, of)
    if (n > of).any():
        raise DefinitionError("A numerator is above its denominator. Check which counts were given.")
    centre = n.sum() / of.sum()
    return _chart(n / of, centre, np.sqrt(centre * (1 - centre) / of), 1.0)


def u_chart(n: pd.Series, exposure: pd.Series) -> pd.DataFrame:
    """Control chart of a rate, n events in each period's exposure; as ``p_chart``, with Poisson standard errors."""
    n, exposure = _counts(n, exposure)
    centre = n.sum() / exposure.sum()
    return _chart(n / exposure, centre, np.sqrt(centre / exposure), np.inf)


def signals(values: pd.Series, centre: float, sigma: pd.Series | float) -> pd.DataFrame:
    """The points of a control chart that are part of a pattern chance seldom makes, one column per rule.

    ``beyond_3_sigma``: the point itself. ``two_of_three_beyond_2_sigma``: points beyond 2σ, of which two of three in
    succession lie on the same side. ``eight_on_one_side``: a run of eight or more on one side of the centre; on the
    centre is on no side. ``trend_of_six``: six or more in succession, each above (or each below) the one before.
    On a limit is not beyond it; a missing value is in no pattern and breaks it.

    Sources: Western Electric, Statistical Quality Control Handbook 1956; Nelson, Journal of Quality Technology 1984.
    """
    _require_order(values)
    z = ((values.astype(float) - centre) / sigma).to_numpy()
    two = np.zeros(len(z), dtype=bool)
    for side in (1, -1):
        far = side * z > 2
        for start in range(len(z) - 1):
            window = slice(start, start + 3)
            if far[window].sum() >= 2 and not np.isnan(z[window]).any():
                two[window] |= far[window]
    return pd.DataFrame(
        {
            "beyond_3_sigma": np.abs(z) > 3,
            "two_of_three_beyond_2_sigma": two,
            "eight_on_one_side": _eight(np.sign(z), through_centre=False),
            "trend_of_six": _six(values.to_numpy(dtype=float)),
        },
        index=values.index,
    )


def change_points(counts: pd.Series, exposure: pd.Series | None = None, shortest: int = 4) -> list[object]:
    """The index of the first period of each new level of a rate; empty where the level stays.

    The segmentation with the highest Poisson likelihood less a penalty of 2 log(periods) for each change (its place
    and its new level), found exactly by optimal partitioning; no level is shorter than ``shortest`` periods. Sources:
    Jackson and others, IEEE Signal Processing Letters 2005; the penalty, Yao, Statistics and Probability Letters 1988.
    Raises DefinitionError for missing or negative counts, periods without exposure or time out of order.
    """
    counts, exposure = _counts(counts, pd.Series(1.0, counts.index) if exposure is None else exposure)
    if counts.isna().any():
        raise DefinitionError("A count or exposure is missing or 0. Change points need every period of the series.")
    if shortest < 1:
        raise DefinitionError(f"shortest is a number of periods, 1 or more; {shortest} is not.")
    n, size = (np.concatenate([[0], np.cumsum(series)]) for series in (counts, exposure))
    last = len(counts)
    best, came_from = np.full(last + 1, np.inf), np.zeros(last + 1, dtype=int)
    best[0] = -2 * np.log(max(last, 1))
    for end in range(shortest, last + 1):
        starts = np.arange(0, end - shortest + 1)
        events, units = n[end] - n[starts], size[end] - size[starts]
        cost = best[starts] - special.xlogy(events, events / units) + 2 * np.log(last)
        came_from[end], best[end] = starts[cost.argmin()], cost.min()
    found, end = [], last
    while came_from[end] > 0:
        end = came_from[end]
        found.append(counts.index[end])
    return found[::-1]


@dataclass(frozen=True)
class Trend:
    """How a rate moves: ``ratio`` is the rate of one year against the year before, with its limits and p-value.

    ``dispersion`` is the Pearson statistic per degree of freedom of a Poisson fit (1 is chance alone) and, for the
    negative binomial, ``alpha`` its extra variance. ``fitted`` is the expected count of each period.
    """

    ratio: float
    lower: float
    upper: float
    p: float
    family: str
    dispersion: float
    alpha: float
    fitted: pd.Series


def trend(
    counts: pd.Series,
    exposure: pd.Series | None = None,
    periods_per_year: int = 12,
    family: str = "negative_binomial",
    confidence: float = 0.95,
) -> Trend:
    """A yearly rate ratio from a log-linear regression of counts, with a level for each season of the year.

    Periods are equally long and in order of time; missing ones are left out and keep their place. ``family`` is
    "poisson" or "negative_binomial" (variance μ + α μ²; Hilbe, Negative Binomial Regression 2011), fitted by
    statsmodels, α by profile likelihood. Where counts vary no more than a Poisson's, it is the Poisson. Raises
    DefinitionError for negative counts, too few periods, no events, or an unknown family.
    """
    if family not in ("poisson", "negative_binomial"):
        raise DefinitionError(f"A trend has no family '{family}'. Choose one of: poisson, negative_binomial.")
    counts, exposure = _counts(counts, pd.Series(1.0, counts.index) if exposure is None else exposure)
    place = np.arange(len(counts))
    seasons = np.eye(periods_per_year)[place % periods_per_year][:, 1:]
    design = np.column_stack([place / periods_per_year, np.ones(len(counts)), seasons])
    known = counts.notna().to_numpy()
    if known.sum() <= design.shape[1] or np.linalg.matrix_rank(design[known]) < design.shape[1]:
        raise DefinitionError(
            f"{known.sum()} known periods are too few for a trend and {periods_per_year} seasons. Give two full years."
        )
    n, size = counts[known].to_numpy(), exposure[known].to_numpy()
    if not n.sum():
        raise DefinitionError("There are no events in the series, so it has no trend.")

    def fit_at(family: sm.families.Family) -> sm.genmod.generalized_linear_model.GLMResultsWrapper:
        return sm.GLM(n, design[known], family=family, exposure=size).fit()

    fit = fit_at(sm.families.Poisson())
    dispersion, alpha = fit.pearson_chi2 / fit.df_resid, 0.0
    if family == "negative_binomial" and dispersion > 1:  # same either way: at 1 the likeliest alpha is nearly 0
        likeliest = optimize.minimize_scalar(
            lambda log: -fit_at(sm.families.NegativeBinomial(alpha=np.exp(log))).llf, bounds=(-12, 3), method="bounded"
        )
        alpha = float(np.exp(likeliest.x))
        fit = fit_at(sm.families.NegativeBinomial(alpha=alpha))
    slope, error = fit.params[0], fit.bse[0]
    reach = stats.norm.isf(tail(confidence)) * error
    fitted = pd.Series(np.exp(design @ fit.params) * exposure, counts.index)
    ratio, lower, upper = np.exp([slope, slope - reach, slope + reach])
    p = 2 * stats.norm.sf(abs(slope / error))
    return Trend(ratio, lower, upper, float(p), family, float(dispersion), alpha, fitted)


def _chart(values: pd.Series, centre: float, sigma: pd.Series, most: float) -> pd.DataFrame:
    limits = {"lower": (centre - 3 * sigma).clip(0, most), "upper": (centre + 3 * sigma).clip(0, most)}
    chart = pd.DataFrame({"value": values, "centre": centre, "sigma": sigma, **limits})
    return chart.join(signals(values, centre, sigma))


def _eight(sides: NDArray[np.float64], *, through_centre: bool) -> NDArray[np.bool_]:
    """Which points are in a run of eight or more on one side; 0 is the centre and NaN is missing."""
    marked, run = np.zeros(len(sides), dtype=bool), []
    for place, side in enumerate(sides):
        if side == 0 and through_centre:
            continue
        if not run or side != sides[run[-1]]:
            run = []
        run = [*run, place] if side in (1, -1) else []
        if len(run) >= SIDE:
            marked[run] = True
    return marked


def _six(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points are in six or more in succession that all rise or all fall."""
    marked = np.zeros(len(values), dtype=bool)
    steps = np.sign(np.diff(values))
    for start in range(len(values) - TREND + 1):
        if abs(steps[start : start + TREND - 1].sum()) == TREND - 1:
            marked[start : start + TREND] = True
    return marked


def _counts(n: pd.Series, of: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Counts and sizes by time, both missing where one is missing or there is no size."""
    _require_order(n)
    n, of = joined(n, of)
    if (n < 0).any() or (of < 0).any():
        raise DefinitionError("A count or size is negative. Check which counts were given.")
    known = n.notna() & (of > 0)
    return n.where(known), of.where(known)


def _require_order(values: pd.Series) -> None:
    if not values.index.is_monotonic_increasing or values.index.has_duplicates:
        raise DefinitionError("The series is not in order of time, or has a period twice. Sort it and add it up first.")
