"""How surely funnel and false-discovery control find the municipalities that are planted, and how often they are wrong.

    python tools/power.py        # prints the tables of docs/comparison.md

Countries of 98 municipalities are drawn, of the sizes that the Danish ones have, and judged as reports judge them. What
is counted is HbA1c under 59 mmol/mol; the planted municipalities are those of the made-up Denmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ddns_utils import areas, codelists
from ddns_utils.comparison import judge
from ddns_utils.synthetic.truths import HBA1C_SHIFT

SHARE, SPREAD = 0.646, 11.4  # of people with diabetes under 59 mmol/mol, and the standard deviation of their HbA1c
WITH_DIABETES = 0.05
POPULATION = {row["code"]: int(row["population_2020"]) for row in codelists.rows("municipality")}
SIZES = {"60,000": 60_000, "600,000": 600_000, "5.8 million": sum(POPULATION.values())}


@dataclass(frozen=True)
class Judged:
    """What was found in drawn countries: shares of areas, or of countries for ``any_found``."""

    power: dict[str, float]
    false_among_found: float
    outside_95: float
    outside_998: float
    any_found: float


def simulate(citizens: int, planted: dict[str, float], countries: int = 1000, seed: int = 1) -> Judged:
    """Judge drawn countries in which the ``planted`` municipalities have so much (mmol/mol) added to every HbA1c."""
    dice = np.random.default_rng(seed)
    sizes = pd.Series(POPULATION) * WITH_DIABETES * citizens / sum(POPULATION.values())
    of = np.maximum(sizes.round().astype(int), 1)
    shift = pd.Series(planted, dtype=float).reindex(of.index).fillna(0.0)
    share = stats.norm.cdf(stats.norm.ppf(SHARE) - shift / SPREAD)
    found, outside_95, outside_998 = [], [], []
    for _ in range(countries):
        judged, _ = judge(pd.Series(dice.binomial(of, share), of.index), of, "proportion")
        found.append(judged["found"])
        outside_95.append((judged["p"] < 0.05).mean())
        outside_998.append((judged["p"] < 0.002).mean())
    found = pd.DataFrame(found)
    wrong, all_found = found.drop(columns=list(planted)).sum(axis=1), found.sum(axis=1)
    return Judged(
        {code: float(found[code].mean()) for code in planted},
        float((wrong / all_found.clip(lower=1)).mean()), float(np.mean(outside_95)), float(np.mean(outside_998)),
        float((all_found > 0).mean()),
    )  # fmt: skip


def main() -> None:
    """Print both tables."""
    print(
        "| citizens | outside 95% limits | outside 99.8% limits | countries where anyone is found |\n|---|---|---|---|"
    )
    for name, citizens in SIZES.items():
        equal = simulate(citizens, {})
        print(f"| {name} | {equal.outside_95:.1%} | {equal.outside_998:.2%} | {equal.any_found:.1%} |")
    heads = [f"{areas.name(code)} ({shift:+.0f})" for code, shift in HBA1C_SHIFT.items()]
    print(f"\n| citizens | {' | '.join(heads)} | wrong among those found |\n|---|{'---|' * len(heads)}---|")
    for name, citizens in SIZES.items():
        judged = simulate(citizens, HBA1C_SHIFT)
        power = " | ".join(f"{judged.power[code]:.0%}" for code in HBA1C_SHIFT)
        print(f"| {name} | {power} | {judged.false_among_found:.1%} |")


if __name__ == "__main__":
    main()
