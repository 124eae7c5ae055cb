"""The slope index against an independent fit of the same line, and its limits against simulation.

SOURCE: statsmodels' WLS (relative tolerance 1e-9: one closed formula). Public Health England's phe_sii takes limits from
simulated values; 4,000 of them know a limit to 2.2 % of its distance (relative tolerance three times that).
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ddns_utils.statistics.inequality import inequality

TENTHS = pd.DataFrame(
    {
        "value": [74.1, 75.3, 76.0, 77.2, 77.1, 78.4, 78.9, 79.6, 80.2, 81.5],
        "population": [9800, 10400, 10100, 9900, 11000, 9300, 10250, 9700, 10600, 8900],
        "error": [0.42, 0.4, 0.41, 0.39, 0.38, 0.4, 0.37, 0.4, 0.36, 0.41],
    },
    index=pd.RangeIndex(1, 11),
)


SHARE = TENTHS["population"] / TENTHS["population"].sum()
RANK = (SHARE.cumsum() - SHARE / 2).to_numpy()


@pytest.mark.reproduces("inequality.inequality", source="statsmodels, WLS", numbers=2, rel=1e-9)
def test_the_slope_is_the_weighted_lines(agree):
    line = sm.WLS(TENTHS["value"], sm.add_constant(RANK), weights=TENTHS["population"]).fit()
    bottom, slope = line.params
    found = inequality(TENTHS["value"], TENTHS["population"], TENTHS["error"])
    agree([found.slope, found.relative], [slope, (bottom + slope) / bottom])


def test_limits_are_those_that_simulation_gives():
    random = np.random.default_rng(8)
    drawn = random.normal(TENTHS["value"], TENTHS["error"], (4000, 10)).T
    slope, bottom = np.polyfit(RANK, drawn, 1, w=np.sqrt(SHARE))
    found = inequality(TENTHS["value"], TENTHS["population"], TENTHS["error"])
    for ours, drawn_values in (
        ((found.slope_lower, found.slope, found.slope_upper), slope),
        ((found.relative_lower, found.relative, found.relative_upper), (bottom + slope) / bottom),
    ):
        lower, upper = np.quantile(drawn_values, [0.025, 0.975])
        assert ours[1] - ours[0] == pytest.approx(ours[1] - lower, rel=0.07)
        assert ours[2] - ours[1] == pytest.approx(upper - ours[1], rel=0.07)
