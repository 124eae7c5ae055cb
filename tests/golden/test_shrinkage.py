"""The gamma prior against an independent fit of the same model.

SOURCE: statsmodels' NegativeBinomial (NB2): a gamma-Poisson count has dispersion 1 / a and mean a / b. Relative tolerance
1e-3: two optimisers on one likelihood.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import NegativeBinomial

from ddns_utils.statistics.shrinkage import shrink


@pytest.mark.reproduces("shrinkage.shrink", source="statsmodels, NegativeBinomial (gamma-Poisson)", numbers=2, rel=1e-3)
def test_the_gamma_prior_is_the_negative_binomials(agree):
    random = np.random.default_rng(3)
    exposure = np.round(np.exp(random.normal(6, 1, 98)))
    n = random.poisson(random.gamma(8, 1 / 40, 98) * exposure)
    a, b = shrink(pd.Series(n), pd.Series(exposure), "rate").prior
    fit = NegativeBinomial(n, np.ones(98), exposure=exposure).fit(disp=False, maxiter=500)
    agree([a, a / b], [1 / fit.params[1], np.exp(fit.params[0])])
