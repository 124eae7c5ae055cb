"""Confidence limits against numbers made outside this project.

SOURCE: ../shared/reference: PHEindicatormethods testdata_Byars_Wilson.xlsx (relative tolerance 1e-9: closed formulas in
double precision); the atrial fibrillation database's annual report 2024 (all printed digits). Newcombe, Statistics in
Medicine 1998, 873-890, table II, method 10 (all printed digits; read again in several packages' tests, which quote all
eight rows alike). NIST/SEMATECH e-Handbook 1.3.5.2 gives 9.258242 to 9.264679 (5 of its 6 decimals:
the spread it starts from is rounded). statsmodels' confint_poisson_2indep (relative tolerance
1e-9: the same closed formula in another's hands).
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.rates import confint_poisson, confint_poisson_2indep

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics import intervals


@pytest.mark.reproduces(
    "intervals.proportion", source="PHEindicatormethods, testdata_Byars_Wilson.xlsx (Wilson)", numbers=12, rel=1e-9
)
def test_wilson_reproduces_phe(shared, agree):
    published = pd.read_csv(shared / "reference" / "intervals_byar_wilson.csv").query("method == 'Wilson'")
    for row in published.itertuples():
        confidence = float(row.confidence.rstrip("%")) / 100
        agree(intervals.proportion(row.x, row.n, confidence, "wilson"), (row.lowercl, row.uppercl))


@pytest.mark.reproduces(
    "intervals.rate", source="PHEindicatormethods, testdata_Byars_Wilson.xlsx (Byar)", numbers=13, rel=1e-9
)
def test_byar_reproduces_phe(shared, agree):
    published = pd.read_csv(shared / "reference" / "intervals_byar_wilson.csv").query("method == 'Byars'")
    for row in published.itertuples():
        limits = zip(intervals.rate(row.x, 1, float(row.confidence.rstrip("%")) / 100, "byar"), row[3:5], strict=True)
        for ours, theirs in limits:
            if not np.isnan(theirs):
                agree(ours, theirs)


@pytest.mark.reproduces(
    "intervals.proportion", source="Atrial fibrillation database, annual report 2024 (exact)", numbers=24, digits=1
)
def test_clopper_pearson_reproduces_every_printed_digit_of_the_annual_report(shared, agree):
    published = pd.read_csv(shared / "reference" / "intervals_exact_published.csv")
    lower, upper = intervals.proportion(published["numerator"], published["denominator"])
    agree(100 * lower, published["published_lo"])
    agree(100 * upper, published["published_hi"])


@pytest.mark.reproduces("intervals.difference", source="Newcombe 1998, table II, method 10", numbers=2, digits=4)
@pytest.mark.parametrize(
    ("first", "second", "limits"),
    [
        ((56, 70), (48, 80), [0.0524, 0.3339]),
        ((9, 10), (3, 10), [0.1705, 0.8090]),
        ((6, 7), (2, 7), [0.0582, 0.8062]),
        ((5, 56), (0, 29), [-0.0381, 0.1926]),
        ((0, 10), (0, 20), [-0.1611, 0.2775]),
        ((0, 10), (0, 10), [-0.2775, 0.2775]),
        ((10, 10), (0, 20), [0.6791, 1.0]),
        ((10, 10), (0, 10), [0.6075, 1.0]),
    ],
)
def test_newcombes_differences_of_two_proportions(first, second, limits, agree):
    estimates = [(n / of, *intervals.proportion(n, of, method="wilson")) for n, of in (first, second)]
    agree(intervals.difference(*estimates), limits)


def two_rates(first, compare):
    """Our estimates of two rates, with limits by statsmodels, and statsmodels' limits of their contrast."""
    second = (15, 19.017)
    estimates = [(n / size, *confint_poisson(n, size, method="score")) for n, size in (first, second)]
    return estimates, confint_poisson_2indep(*first, *second, method="mover", method_mover="score", compare=compare)


@pytest.mark.reproduces(
    "intervals.difference", source="statsmodels, confint_poisson_2indep (mover)", numbers=2, rel=1e-9
)
@pytest.mark.parametrize("first", [(41, 28.010), (0, 5.0)])
def test_statsmodels_differences_of_two_rates(first, agree):
    estimates, theirs = two_rates(first, "diff")
    agree(intervals.difference(*estimates), theirs)


@pytest.mark.reproduces(
    "intervals.ratio", source="statsmodels, confint_poisson_2indep (mover)", numbers=2, rel=1e-9, abs=1e-12
)
@pytest.mark.parametrize("first", [(41, 28.010), (0, 5.0)])
def test_statsmodels_ratios_of_two_rates(first, agree):
    estimates, theirs = two_rates(first, "ratio")
    agree(intervals.ratio(*estimates), theirs)


@pytest.mark.reproduces("intervals.mean", source="NIST e-Handbook 1.3.5.2 (ZARR13)", numbers=2, digits=5)
def test_limits_of_a_mean_are_those_of_the_nist_handbook(agree):
    of, mean, spread = 195, 9.261460, 0.0227888
    agree(intervals.mean(of * mean, (of - 1) * spread**2 + of * mean**2, of), [9.25824, 9.26468])


def test_exact_poisson_limits_hold_their_tail_probabilities():
    from scipy import stats

    for n in (1, 4, 20, 300):
        lower, upper = intervals.rate(n, 1)
        assert stats.poisson.sf(n - 1, lower) == pytest.approx(0.025, rel=1e-9)
        assert stats.poisson.cdf(n, upper) == pytest.approx(0.025, rel=1e-9)


def test_limits_reach_the_edges_only_there():
    lower, upper = intervals.proportion([0, 10, 5], [10, 10, 10])
    assert (lower[0], upper[1]) == (0, 1)
    assert 0 < lower[2] < 0.5 < upper[2] < 1
    for method in ("exact", "byar"):
        assert intervals.rate(0, 10, method=method)[0] == 0
        assert intervals.rate(1, 10, method=method)[0] > 0


def test_no_denominator_gives_no_limits():
    assert np.isnan(intervals.proportion(0, 0)).all()
    assert np.isnan(intervals.rate(0, 0)).all()
    assert np.isnan(intervals.mean(3, 9, 1)).all()


@pytest.mark.parametrize("values", [[1.0, 2.0, 4.0, 7.0], [1.0, 2.0]])
def test_mean_limits_are_students(values):
    from scipy import stats

    expected = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert intervals.mean(np.sum(values), np.sum(np.square(values)), len(values)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intervals.proportion(5, 4), "outside 0 and its denominator"),
        (lambda: intervals.proportion(-1, 4), "outside 0 and its denominator"),
        (lambda: intervals.rate(-1, 4), "negative"),
        (lambda: intervals.proportion(1, 4, confidence=95), "between 0 and 1"),
        (lambda: intervals.proportion(1, 4, method="wald"), "no interval 'wald'"),
        (lambda: intervals.rate(1, 4, method="wald"), "no interval 'wald'"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DefinitionError, match=message):
        call()
