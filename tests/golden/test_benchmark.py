"""Funnel limits and false discoveries against numbers made outside this project.

SOURCE: ../shared/reference: PHEindicatormethods testdata_funnel_prop_*.csv. Absolute tolerance 1e-6 percentage points: they
are printed with 6 decimals. PHEindicatormethods testdata_funnel_ratio_outputs.csv (5 of its rows). Relative tolerance 1e-5:
its limits are found by bisection to 1e-7 of v, where the number expected is (1 + observed) v / (1 - v). Benjamini and Hochberg 1995,
section 4.1: the 15 p-values and the 4 rejections, as SciPy's documentation of false_discovery_control quotes them
too. SciPy's chisquare (relative tolerance 1e-12: one closed formula).
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ddns_utils.statistics import benchmark

LABELS = {
    "High (0.001)": "high_998",
    "High (0.025)": "high_95",
    "Not significant": "expected",
    "Low (0.025)": "low_95",
    "Low (0.001)": "low_998",
}
# observed events: the numbers expected at which that is just low and just high, at 95 % and at 99.8 %
RATIOS = {
    2: (7.224687515, 0.242209467, 11.22886836, 0.04540199),
    5: (11.6683331, 1.623486324, 16.45474478, 0.739371928),
    20: (30.88838097, 12.21651877, 38.04188668, 8.958211233),
    100: (121.6268111, 81.36400699, 134.9243187, 71.92139974),
    716: (770.4222128, 664.5083011, 802.60414, 636.1521174),
}
TRIAL = [
    0.0001,
    0.0004,
    0.0019,
    0.0095,
    0.0201,
    0.0278,
    0.0298,
    0.0344,
    0.0459,
    0.324,
    0.4262,
    0.5719,
    0.6528,
    0.759,
    1,
]


@pytest.mark.reproduces(
    "benchmark.funnel_limits", source="PHEindicatormethods, testdata_funnel_prop", numbers=401, abs=1e-6
)
def test_limits_of_a_proportion_reproduce_phe(shared, agree):
    areas = pd.read_csv(shared / "reference" / "funnel_prop_inputs.csv")
    curve = pd.read_csv(shared / "reference" / "funnel_prop_outputs.csv")
    baseline = areas["numerator"].sum() / areas["denominator"].sum()
    agree(100 * baseline, curve["Baseline"].iloc[0])
    for confidence, lower, upper in (
        (0.95, "Lower2s0025limit", "Upper2s0025limit"),
        (0.998, "Lower3s0001limit", "Upper3s0001limit"),
    ):
        ours = benchmark.funnel_limits(curve["Population"], baseline, "proportion", confidence)
        agree(100 * ours[0], curve[lower])
        agree(100 * ours[1], curve[upper])


@pytest.mark.reproduces("benchmark.funnel", source="PHEindicatormethods, testdata_funnel_prop (labels)", numbers=303)
def test_every_label_of_303_areas_is_the_published_one(shared, agree):
    areas = pd.read_csv(shared / "reference" / "funnel_prop_inputs.csv").set_index("Area")
    found = benchmark.funnel(areas["numerator"], areas["denominator"], "proportion")
    agree(found["label"], areas["significance"].map(LABELS))


@pytest.mark.reproduces(
    "benchmark.funnel_limits", source="PHEindicatormethods, testdata_funnel_ratio_outputs", numbers=20, rel=1e-5
)
@pytest.mark.parametrize("kind", ["ratio", "rate"])
def test_limits_of_a_ratio_and_of_a_rate_reproduce_phe(kind, agree):
    baseline = {"ratio": 1, "rate": 0.02}[kind]
    for observed, (low95, high95, low998, high998) in RATIOS.items():
        for confidence, low, high in ((0.95, low95, high95), (0.998, low998, high998)):
            lower, _ = benchmark.funnel_limits(low / baseline, baseline, kind, confidence)
            _, upper = benchmark.funnel_limits(high / baseline, baseline, kind, confidence)
            agree([lower, upper], [baseline * observed / low, baseline * observed / high])


@pytest.mark.reproduces(
    "benchmark.over_dispersion", source="SciPy, chisquare (nothing winsorised)", numbers=2, rel=1e-12
)
def test_dispersion_without_winsorising_is_pearsons_statistic_for_each_area(agree):
    for observed in ([16, 14, 28, 16, 12, 20, 10, 12], [5, 20, 100, 716]):
        expected = np.mean(observed)
        z = (np.array(observed) - expected) / np.sqrt(expected)
        agree(benchmark.over_dispersion(z, winsorise=0), stats.chisquare(observed).statistic / len(observed))


@pytest.mark.reproduces(
    "benchmark.over_dispersion",
    source="SciPy, mstats.winsorize (10% at each end, where both cut whole areas)",
    numbers=4,
    rel=1e-12,
)
def test_winsorised_dispersion_is_the_mean_square_of_scipys_winsorised_scores(agree):
    dice = np.random.default_rng(4)
    for areas in (11, 21, 51, 101):
        z = dice.normal(0, 2, areas)
        scores = np.asarray(stats.mstats.winsorize(z, limits=(0.1, 0.1)))
        agree(benchmark.over_dispersion(z), np.mean(scores**2))


@pytest.mark.reproduces("benchmark.false_discovery", source="Benjamini and Hochberg 1995, section 4.1", numbers=15)
def test_benjamini_and_hochberg_reject_four_of_their_fifteen(agree):
    found = benchmark.false_discovery(pd.Series(TRIAL))
    agree(found["found"], [True] * 4 + [False] * 11)
    assert found["q"].iloc[3] == pytest.approx(0.0095 * 15 / 4)
    assert np.all(np.diff(found["q"]) >= 0)
