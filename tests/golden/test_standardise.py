"""Standardised rates against numbers made outside this project.

SOURCE: ../shared/reference: PHEindicatormethods testdata_DSR_ISR.xlsx. Relative tolerance 1e-9: closed formulas in double
precision.
"""

import numpy as np
import pandas as pd
import pytest

from ddns_utils.statistics import intervals, standardise

LEVELS = ((0.95, "lower95_0cl", "upper95_0cl"), (0.998, "lower99_8cl", "upper99_8cl"))


@pytest.fixture
def dsr(shared):
    # The file calls the band 55-59 "55-69".
    return pd.read_csv(shared / "reference" / "dsr_input.csv").replace({"ageband": {"55-69": "55-59"}})


@pytest.fixture
def isr(shared):
    return pd.read_csv(shared / "reference" / "isr_input.csv")


@pytest.fixture
def reference(isr):
    return isr.groupby("ageband", sort=False)[["refcount", "refpop"]].first().set_axis(["count", "pop"], axis=1)


@pytest.mark.reproduces("standardise.direct", source="PHEindicatormethods, testdata_DSR_ISR.xlsx", numbers=60, rel=1e-9)
def test_direct_standardisation_reproduces_phe(shared, dsr, agree):
    expected = pd.read_csv(shared / "reference" / "dsr_expected.csv")
    expected = expected[expected["area"].isin(dsr["area"])]
    for row in expected.itertuples():
        per = 10_000 if str(row.statistic).split()[-1] == "10000" else 100_000
        for confidence, lower, upper in LEVELS:
            found = standardise.direct(dsr, "area", per=per, confidence=confidence, band="ageband", population="pop")
            area = found.loc[row.area]
            theirs = [row.total_count, row.total_pop, row.value, getattr(row, lower), getattr(row, upper)]
            agree(area[["count", "population", "value", "lower", "upper"]], theirs)


@pytest.mark.parametrize("area", ["testdata_nonind_big", "testdata_nonind_dummy", "testdata_nonind_small"])
def test_the_published_limits_of_non_independent_events_follow_from_one_variance(shared, area):
    """Their inputs are not at hand. Their form is: Byar's limits of all events, stretched by one number."""
    row = pd.read_csv(shared / "reference" / "dsr_expected.csv").set_index("area").loc[area]
    scales = [
        (row[limit] - row["value"]) / (float(byar) - row["total_count"])
        for confidence, *names in LEVELS
        for limit, byar in zip(names, intervals.rate(row["total_count"], 1, confidence, "byar"), strict=True)
    ]
    assert scales == pytest.approx([scales[0]] * 4, rel=1e-9)


@pytest.mark.reproduces(
    "standardise.indirect", source="PHEindicatormethods, testdata_DSR_ISR.xlsx", numbers=144, rel=1e-9
)
def test_indirect_standardisation_reproduces_phe(shared, isr, reference, agree):
    expected = pd.read_csv(shared / "reference" / "isr_expected.csv")
    expected = expected[expected["area"].isin(isr["area"])]
    for row in expected.itertuples():
        kind = "rate" if " rate " in row.statistic else "ratio"
        per = float(row.statistic.split()[-1])
        for confidence, lower, upper in LEVELS:
            found = standardise.indirect(
                isr, "area", reference, kind=kind, per=per, confidence=confidence, band="ageband", population="pop"
            ).loc[row.area]
            theirs = [row.observed, row.expected, row.ref_rate, row.value, getattr(row, lower), getattr(row, upper)]
            agree(found[["observed", "expected", "reference_rate", "value", "lower", "upper"]], theirs)
            assert found["method"] == row.method.removesuffix("s").replace("Exact", "exact")


@pytest.mark.reproduces(
    "standardise.indirect", source="PHEindicatormethods, testdata_DSR_ISR.xlsx (totals observed)", numbers=8, rel=1e-9
)
@pytest.mark.parametrize(("area", "copy_of"), [("Area1", "testdata_big"), ("Area2", "testdata_small")])
def test_observed_events_known_in_total_only_reproduce_phe(shared, isr, reference, area, copy_of, agree):
    """Area1 is testdata_big without its 558 persons aged 5-9."""
    rows = isr[isr["area"] == copy_of].assign(area=area).drop(columns="count")
    if area == "Area1":
        rows.loc[rows["ageband"] == "5-9", "pop"] = 0
    expected = pd.read_csv(shared / "reference" / "isr_expected.csv").query("area == @area")
    for row in expected.itertuples():
        found = standardise.indirect(
            rows,
            "area",
            reference,
            kind="rate" if " rate " in row.statistic else "ratio",
            per=float(row.statistic.split()[-1]),
            observed=pd.Series({area: row.observed}),
            band="ageband",
            population="pop",
        ).loc[area]
        agree(
            found[["expected", "value", "lower", "upper"]],
            [row.expected, row.value, row.lower95_0cl, row.upper95_0cl],
        )


def test_the_european_standard_population_is_the_published_one():
    assert standardise.ESP2013.sum() == 100_000
    assert list(standardise.ESP2013.index[[0, 17, 18]]) == ["0-4", "85-89", "90+"]
    assert list(np.array(standardise.ESP2013.iloc[-4:])) == [4000, 2500, 1500, 1000]
