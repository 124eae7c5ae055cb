"""Areas held against each other: who differs by more than chance, and what small areas' values are worth.

Everything is worked out from a disclosed result, that is from numbers that readers see anyhow. Areas whose numbers are
hidden, provisional or not given are left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddns_utils import areas
from ddns_utils.disclosure import Disclosed
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.standardisation import COUNTRY
from ddns_utils.statistics import benchmark, shrinkage

FEWEST_AREAS = 10  # fewer have too little to tell of how areas differ
ALIKE = 0.02  # where not even the largest area's own numbers weigh so much, they say nothing of it
FALSE_DISCOVERIES = 0.05  # of those pointed at, so many may be mistakes
_VALUES = ("value", "baseline", "lower_95", "upper_95", "lower_998", "upper_998", "smoothed", "lower", "upper")


@dataclass(frozen=True)
class Comparison:
    """Areas of one level in one period, compared.

    ``frame`` has one row per area compared (its index), empty with fewer than 10. Values are in the indicator's
    unit: ``value``; ``baseline``, the country's where it is shown, since hiding takes some of the areas out of
    their own average; funnel limits ``lower_95`` … ``upper_998``, widened by ``dispersion``; ``smoothed``, the
    empirical-Bayes value, with ``lower`` and ``upper``; ``weight``, how much of it is the area's own (0–1). ``z``,
    ``p`` and ``label`` are those of ``benchmark.funnel``; ``q`` and ``found`` say whether the area is pointed at
    when 5 per cent of those pointed at may be mistakes. ``rank`` (1 is lowest), ``rank_lower`` and ``rank_upper``
    are of the smoothed values. ``size`` is the denominator, or the events expected of a standardised rate.
    ``left_out`` areas have no value that can be compared. ``kind`` and ``scale`` are what the benchmark compared,
    and what one of it is in the indicator's unit.
    """

    indicator: Indicator
    level: str
    period: str
    frame: pd.DataFrame
    dispersion: float
    left_out: int
    kind: str
    scale: float

    def limits(self) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Sizes from below the smallest area's to above the largest's, and the funnel's limits at each of them."""
        sizes = np.geomspace(self.frame["size"].min() / 1.2, self.frame["size"].max() * 1.2, 100)
        baseline = self.frame["baseline"].iloc[0] / self.scale
        curves = {}
        for confidence, name in ((0.95, "95"), (0.998, "998")):
            lower, upper = benchmark.funnel_limits(sizes, baseline, self.kind, confidence, self.dispersion)
            curves |= {f"lower_{name}": lower * self.scale, f"upper_{name}": upper * self.scale}
        return sizes, curves

    @property
    def alike(self) -> bool:
        """Whether the areas vary no more than chance alone makes them, so that all are smoothed to one value."""
        return len(self.frame) > 0 and bool(self.frame["weight"].max() < ALIKE)

    @property
    def standing_out(self) -> pd.DataFrame:
        """Areas that differ, when it is taken into account how many are compared."""
        return self.frame[self.frame["found"]]

    @property
    def perhaps_chance(self) -> pd.DataFrame:
        """Areas outside the 95 per cent limits that do not stand out when so many are compared."""
        return self.frame[(self.frame["label"] != "expected") & ~self.frame["found"]]


def compare(
    disclosed: Disclosed, indicator: Indicator | str, level: str = "municipality", period: str = ""
) -> Comparison:
    """Hold every area of a level against their common value; the latest period unless told.

    For a crude proportion or rate, and for a rate standardised to the country, which is compared by events against
    those expected. Over-dispersion widens the limits where the areas vary more than chance would make them. Raises
    DefinitionError for other indicators, DataError for a level or period that was not measured.
    """
    if not isinstance(disclosed, Disclosed):
        raise DefinitionError(f"compare() takes disclosed results, not {type(disclosed).__name__}. Call disclose().")
    known = disclosed.indicators.get(indicator if isinstance(indicator, str) else indicator.id)
    if known is None:
        raise DefinitionError(
            f"These results have no such indicator. Choose one of: {', '.join(disclosed.indicators)}."
        )
    by_country = known.standardised_to == COUNTRY and known.kind == "rate"
    if known.kind == "mean" or (known.crude is not None and not by_country):
        raise DefinitionError(
            f"{known.id} cannot be compared: its value is not a count over a size. Give a crude proportion or rate, or "
            "a rate standardised to the country."
        )
    rows = disclosed.frame
    rows = rows[(rows["indicator"] == known.id) & (rows["sex"] == "all") & (rows["age_band"] == "all")]
    period = str(period) or max(rows["period"], default="")
    rows = rows[rows["period"] == period]
    ours = rows[rows["area_level"] == level].set_index("area")
    if ours.empty:
        raise DataError(f"{known.id} was not measured for any {level} in {period or 'any period'}. Measure it as well.")
    country = rows[(rows["area"] == areas.COUNTRY) & (rows["status"] == "ok") & (rows["of"] > 0)]
    there = ours[(ours["status"] == "ok") & ours["n"].notna() & (ours["of"] > 0)]
    whole = (float(country["n"].iloc[0]), float(country["of"].iloc[0])) if len(country) else None
    if by_country:
        scale = float(country["value"].iloc[0]) if len(country) else np.nan
        size, kind, whole = there["n"] / there["value"] * scale, "ratio", whole and (whole[0], whole[0])
    else:
        scale, size, kind = float(known.per), there["of"], known.kind
    if len(there) < FEWEST_AREAS or np.isnan(scale):
        return Comparison(known, level, period, pd.DataFrame(columns=_COLUMNS), 1.0, len(ours), kind, scale)
    frame, dispersion = _compared(there["n"], size, kind, whole)
    frame[list(_VALUES)] *= scale
    return Comparison(known, level, period, frame[list(_COLUMNS)], dispersion, len(ours) - len(there), kind, scale)


def peers(area: str) -> str:
    """The level at which an area is compared: clusters and councils with their like, all else by municipality."""
    level = areas.level_of(area)
    return level if level in ("health_cluster", "health_council") else "municipality"


_COLUMNS = ("n", "size", *_VALUES, "weight", "z", "p", "q", "label", "found", "rank", "rank_lower", "rank_upper")


def judge(n: pd.Series, size: pd.Series, kind: str, baseline: float | None = None) -> tuple[pd.DataFrame, float]:
    """The funnel of areas with ``q`` and ``found``, and the over-dispersion that its limits are widened by."""
    dispersion = benchmark.over_dispersion(benchmark.funnel(n, size, kind, baseline)["z"])
    frame = benchmark.funnel(n, size, kind, baseline, dispersion)
    found = benchmark.false_discovery(frame["p"], FALSE_DISCOVERIES)
    return frame.assign(q=found["q"], found=found["found"]).rename(columns={"of": "size"}), dispersion


def _compared(
    n: pd.Series, size: pd.Series, kind: str, whole: tuple[float, float] | None
) -> tuple[pd.DataFrame, float]:
    frame, dispersion = judge(n, size, kind, whole[0] / whole[1] if whole else None)
    shrunk = _shrunk(n, size, "proportion" if kind == "proportion" else "rate", whole)
    smoothed, ranks = shrunk.frame(), shrunk.ranks()
    return frame.assign(
        smoothed=smoothed["value"], lower=smoothed["lower"], upper=smoothed["upper"], weight=smoothed["weight"],
        rank=ranks["rank"], rank_lower=ranks["lower"], rank_upper=ranks["upper"],
    ), dispersion  # fmt: skip


def _shrunk(n: pd.Series, size: pd.Series, kind: str, whole: tuple[float, float] | None) -> shrinkage.Shrunk:
    """Smoothed values. Areas left out take part together, as one: the hidden have fewer events than those shown."""
    rest = (whole[0] - n.sum(), whole[1] - size.sum()) if whole else (0.0, 0.0)
    everybody = n, size
    if rest[0] >= 0 and rest[1] > 0 and (kind == "rate" or rest[0] <= rest[1]):
        everybody = pd.concat([n, pd.Series({"rest": rest[0]})]), pd.concat([size, pd.Series({"rest": rest[1]})])
    return shrinkage.Shrunk(kind, n, size, shrinkage.shrink(*everybody, kind).prior)
