"""Control charts, change points and trends against numbers made outside this project.

SOURCE: Montgomery, Introduction to Statistical Quality Control, table 7.1 (30 samples of 50 cans of orange juice, also told
as wafers in NIST/SEMATECH e-Handbook 6.3.3.2): 0.2313, 0.0524, 0.4102; all printed digits. NIST 6.3.3.1 (25 wafers: 16, 4, 28).
Coal-mining disasters 1851-1962: Jarrett, Biometrika 1979, the yearly counts as Carlin, Gelfand and Smith, Applied Statistics
1992, print them; R's boot::coal cut by year gives 1941 and 1942 as 3, 3 instead of 4, 2. They put the change most probably
after 1891, 1890 or 1889 being nearly as likely. Two of three beyond 2σ: NHSRplotthedots,
tests/testthat/test-ptd_calculate_point_type.R, which marks the same points. The trend is compared with statsmodels' GLM with
the design written out another way (a level for each month instead of an intercept and differences), and with statsmodels'
NegativeBinomial, which finds everything at once (relative tolerance 1e-3: two optimisers on one likelihood).
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ddns_utils.statistics import trend

WAFERS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
DEFECTS = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13]
DISASTERS = (
    "4 5 4 1 0 4 3 4 0 6 3 3 4 0 2 6 3 3 5 4 5 3 1 4 4 1 5 5 3 4 2 5 2 2 3 4 2 1 3 2 2 1 1 1 1 3 0 0 1 0 1 1 0 0 3 1 0 3 2 2 "
    "0 1 1 1 0 1 0 1 0 0 0 2 1 0 0 0 1 1 0 2 3 3 1 1 2 1 1 1 1 2 4 2 0 0 0 1 4 0 0 0 1 0 0 0 0 0 1 0 0 1 0 1"
)


@pytest.mark.reproduces("trend.p_chart", source="Montgomery, table 7.1", numbers=3, digits=4)
def test_the_p_chart_of_montgomerys_orange_juice(agree):
    chart = trend.p_chart(pd.Series(WAFERS), pd.Series([50] * 30))
    agree(chart[["centre", "lower", "upper"]].iloc[0], [0.2313, 0.0524, 0.4102])
    assert chart.index[chart["beyond_3_sigma"]].tolist() == [14, 22]


@pytest.mark.reproduces("trend.u_chart", source="NIST e-Handbook 6.3.3.1", numbers=3, digits=4)
def test_the_chart_of_counts_of_the_nist_handbook(agree):
    chart = trend.u_chart(pd.Series(DEFECTS), pd.Series([1] * 25))
    agree(chart[["centre", "lower", "upper"]].iloc[0], [16, 4, 28])
    assert chart.index[chart["beyond_3_sigma"]].tolist() == [23]


@pytest.mark.reproduces("trend.signals", source="NHSRplotthedots, ptd_part_of_two_in_three", numbers=32)
def test_two_of_three_are_the_points_that_plot_the_dots_marks(agree):
    for beyond, marked in (
        ([1, 0, 1], [1, 0, 1]),
        ([0, 1, 1], [0, 1, 1]),
        ([1, 1, 0], [1, 1, 0]),
        ([0, 0, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 0, 0]),
        ([0, 0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0]),
        ([1, 0, 0, 1], [0, 0, 0, 0]),
        ([1, 0, 0, 1, 1], [0, 0, 0, 1, 1]),
    ):
        z = pd.Series(beyond) * 2.5
        agree(trend.signals(z, 0, 1)["two_of_three_beyond_2_sigma"].astype(int), marked)


@pytest.mark.reproduces("trend.change_points", source="Coal-mining disasters 1851-1962 (Jarrett 1979)", numbers=1)
@pytest.mark.parametrize("of_1941_and_1942", [(4, 2), (3, 3)])
def test_the_level_of_coal_mining_disasters_changes_once_about_1890(of_1941_and_1942, agree):
    disasters = pd.Series([int(count) for count in DISASTERS.split()], range(1851, 1963))
    assert tuple(disasters[[1941, 1942]]) == (4, 2)
    disasters[[1941, 1942]] = of_1941_and_1942
    assert disasters.sum() == 191
    changes = trend.change_points(disasters)
    agree(changes, [1892])


@pytest.mark.reproduces("trend.trend", source="statsmodels, GLM (Poisson)", numbers=64, rel=1e-6)
def test_a_poisson_trend_is_the_glm_written_out(agree):
    months = np.arange(60)
    counts = np.random.default_rng(4).poisson(50 * 1.03 ** (months / 12) * (1 + 0.3 * np.sin(months / 6 * np.pi)))
    design = pd.get_dummies(months % 12).astype(float).assign(year=months / 12)
    fit = sm.GLM(counts, design, family=sm.families.Poisson()).fit()
    found = trend.trend(pd.Series(counts), family="poisson")
    limits = np.exp(fit.conf_int().loc["year"])
    agree([found.ratio, found.lower, found.upper], [np.exp(fit.params["year"]), *limits])
    agree(found.p, fit.pvalues["year"])
    agree(found.fitted, fit.fittedvalues)


@pytest.mark.reproduces("trend.trend", source="statsmodels, NegativeBinomial", numbers=2, rel=1e-3)
def test_a_negative_binomial_trend_is_the_likeliest(agree):
    random, months = np.random.default_rng(6), np.arange(60)
    counts = random.poisson(100 * random.gamma(10, 0.1, 60))
    design = np.column_stack([months / 12, pd.get_dummies(months % 12).astype(float)])
    fit = sm.NegativeBinomial(counts, design).fit(disp=False, maxiter=1000)
    found = trend.trend(pd.Series(counts))
    agree([found.alpha, np.log(found.ratio)], fit.params[[-1, 0]])
    # Its standard error takes the observed information, ours the expected.
    assert np.log(found.upper / found.ratio) / 1.959964 == pytest.approx(fit.bse[0], rel=0.02)
