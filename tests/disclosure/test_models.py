"""Models, curves and quantiles: hand-worked numbers, and what retells single persons is refused with a reason."""

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from made_results import POLICY
from statsmodels.duration.hazard_regression import PHReg

from ddns_utils.disclosure import SafeEstimates, disclose_coefficients, disclose_quantiles, disclose_survival
from ddns_utils.display import estimates, show_estimates
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.language import Text


def two_by_two(a, b, c, d):
    """Outcome and design of a + b exposed (a with the event) and c + d not exposed (c with it)."""
    happened = np.repeat([1.0, 0.0, 1.0, 0.0], [a, b, c, d])
    exposed = np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d])
    return happened, sm.add_constant(pd.DataFrame({"exposed": exposed}))


def logit(*counts):
    return sm.Logit(*two_by_two(*counts)).fit(disp=0)


def line(persons, variables=1, seed=1):
    dice = np.random.default_rng(seed)
    design = sm.add_constant(pd.DataFrame(dice.normal(size=(persons, variables))))
    return sm.OLS(dice.normal(size=persons), design).fit()


def test_coefficients_are_the_log_odds_of_a_table_worked_by_hand():
    shown = disclose_coefficients(logit(40, 60, 20, 80), POLICY)
    intercept, exposed = shown.frame.itertuples(index=False)
    assert (intercept.term, exposed.term) == ("const", "exposed")
    assert intercept.estimate == pytest.approx(math.log(20 / 80), abs=5e-4)
    assert exposed.estimate == pytest.approx(math.log((40 / 60) / (20 / 80)), abs=5e-4)
    spread = 1.959964 * math.sqrt(1 / 40 + 1 / 60 + 1 / 20 + 1 / 80)
    assert exposed.lower == pytest.approx(exposed.estimate - spread, abs=5e-4)
    assert (shown.kind, shown.persons) == ("coefficients", 200)


def test_estimates_have_four_digits_and_no_more():
    shown = disclose_coefficients(line(500), POLICY).frame
    assert all(len(re.sub(r"e.*|[-.]|^0\.0*", "", repr(value)).lstrip("0")) <= 4 for value in shown["estimate"])


@pytest.mark.parametrize(("counts", "refused"), [((20, 80, 20, 80), False), ((19, 81, 0, 100), True), ((20, 80, 4, 96), True), ((20, 80, 5, 95), False), ((96, 4, 50, 50), True), ((95, 5, 50, 50), False), ((50, 50, 96, 4), True)])  # fmt: skip
def test_a_group_with_a_small_count_with_or_without_the_event_is_refused(counts, refused):
    fitted = sm.GLM(*two_by_two(*counts), family=sm.families.Binomial()).fit(maxiter=5)
    if refused:
        with pytest.raises(
            DataError, match=r"needs 20 persons with the event|The coefficient of exposed rests on a gr"
        ):
            disclose_coefficients(fitted, POLICY)
    else:
        assert len(disclose_coefficients(fitted, POLICY).frame) == 2


@pytest.mark.parametrize(("persons", "refused"), [(19, True), (20, False)])
@pytest.mark.parametrize("which", ["with", "without"])
def test_ten_persons_with_and_without_the_event_are_needed_for_each_coefficient(which, persons, refused):
    fitted = logit(persons - 10, 60, 10, 80) if which == "with" else logit(60, persons - 10, 80, 10)
    if refused:
        with pytest.raises(DataError, match=f"of 2 coefficients needs 20 persons {which} the event, but has fewer"):
            disclose_coefficients(fitted, POLICY)
    else:
        assert disclose_coefficients(fitted, POLICY).persons == 160


def test_the_intercept_is_no_group_of_nobody_where_zeros_are_not_safe():
    unsafe = dataclasses.replace(POLICY, zeros_are_safe=False)
    assert len(disclose_coefficients(logit(40, 60, 20, 80), unsafe).frame) == 2


@pytest.mark.parametrize(("persons", "refused"), [(19, True), (20, False)])
def test_ten_persons_are_needed_for_each_coefficient_of_a_measured_value(persons, refused):
    if refused:
        with pytest.raises(DataError, match="needs 20 persons, but has fewer"):
            disclose_coefficients(line(persons), POLICY)
    else:
        assert disclose_coefficients(line(persons), POLICY).persons == 20


@pytest.mark.parametrize(("persons", "refused"), [(12, True), (13, False)])
def test_degrees_of_freedom_must_be_left(persons, refused):
    few = dataclasses.replace(POLICY, persons_per_coefficient=1)
    if refused:
        with pytest.raises(DataError, match="needs 10 degrees of freedom left, but has fewer"):
            disclose_coefficients(line(persons, variables=2), few)
    else:
        assert len(disclose_coefficients(line(persons, variables=2), few).frame) == 3


@pytest.mark.parametrize(("smallest", "refused"), [(9, True), (10, False)])
def test_a_saturated_model_retells_its_smallest_combination(smallest, refused):
    group = np.repeat([0, 1, 2], [50, 50, smallest])
    design = sm.add_constant(pd.get_dummies(pd.Series(group), drop_first=True, dtype=float))
    fitted = sm.OLS(np.arange(len(group)) % 7.0, design).fit()
    if refused:
        with pytest.raises(DataError, match="The model is saturated"):
            disclose_coefficients(fitted, POLICY)
    else:
        assert len(disclose_coefficients(fitted, POLICY).frame) == 3


@pytest.mark.parametrize(("size", "refused"), [(4, True), (5, False)])
def test_a_small_group_beside_others_is_refused(size, refused):
    dice = np.random.default_rng(2)
    group = np.repeat([1.0, 0.0], [size, 96])
    design = sm.add_constant(pd.DataFrame({"rare": group, "age": dice.normal(size=len(group))}))
    fitted = sm.OLS(dice.normal(size=len(group)), design).fit()
    if refused:
        with pytest.raises(DataError, match="The coefficient of rare rests on a group with fewer than 5 persons"):
            disclose_coefficients(fitted, POLICY)
    else:
        assert disclose_coefficients(fitted, POLICY).kind == "coefficients"


def test_rows_of_the_same_person_are_one_person():
    fitted = line(40)
    assert disclose_coefficients(fitted, POLICY, persons=np.repeat(np.arange(20), 2)).persons == 20
    with pytest.raises(DataError, match="needs 20 persons, but has fewer"):
        disclose_coefficients(fitted, POLICY, persons=np.repeat(np.arange(10), 4))
    with pytest.raises(DefinitionError, match="has 40 rows, but persons names 3"):
        disclose_coefficients(fitted, POLICY, persons=[1, 2, 3])


def test_a_model_of_time_counts_persons_with_the_event():
    dice = np.random.default_rng(3)
    age, times = dice.normal(size=60), dice.exponential(size=60) + 0.1
    for happened, refused in ((9, True), (10, False)):
        fitted = PHReg(times, age[:, None], status=np.arange(60) < happened).fit()
        if refused:
            with pytest.raises(DataError, match="of 1 coefficients needs 10 persons with the event"):
                disclose_coefficients(fitted, POLICY)
        else:
            assert disclose_coefficients(fitted, POLICY).persons == 60


def test_rows_that_are_counts_are_no_persons():
    weights = np.full(200, 2.0)
    fitted = sm.GLM(*two_by_two(40, 60, 20, 80), family=sm.families.Binomial(), freq_weights=weights).fit()
    with pytest.raises(DataError, match="rows of the model are counts, not persons"):
        disclose_coefficients(fitted, POLICY)


@pytest.mark.parametrize("wrong", [sm.OLS(np.ones(3), np.ones(3)), pd.DataFrame(), None])
def test_what_is_not_fitted_is_refused(wrong):
    with pytest.raises(DefinitionError, match=r"takes a fitted statsmodels model, .* Call fit\(\)"):
        disclose_coefficients(wrong, POLICY)


def curve(*rows):
    return pd.DataFrame(rows, columns=["time", "events", "censored"])


def test_a_survival_curve_worked_by_hand():
    shown = disclose_survival(curve((10, 5, 0), (20, 5, 0), (30, 5, 0), (40, 0, 5)), every=10, policy=POLICY)
    assert shown.frame["time"].tolist() == [10, 20, 30]
    assert shown.frame["survival"].tolist() == [0.75, 0.5, 0.25]
    first = shown.frame.iloc[0]  # Greenwood 5/(20*15); log-log: 0.75 ** exp(+-1.96 * sqrt(1/60) / ln 0.75)
    assert (first["lower"], first["upper"]) == (pytest.approx(0.4999, abs=2e-4), pytest.approx(0.8875, abs=2e-4))
    assert shown.persons == 20


STEPS = {
    "few events are joined with the next": ([(10, 3, 0), (20, 2, 0), (30, 5, 0), (40, 0, 10)], [20, 30]),
    "few who are censored are joined with the next": ([(10, 5, 2), (20, 5, 3), (40, 0, 10)], [20]),
    "few who are left end the curve before": ([(10, 5, 0), (20, 5, 0), (30, 0, 4)], [10]),
    "all gone is no small number": ([(10, 5, 0), (20, 5, 0)], [10, 20]),
    "days are not shown, only multiples": ([(1, 2, 0), (7, 3, 0), (11, 5, 0), (40, 0, 10)], [10, 20]),
    "events after the last step are not shown": ([(10, 5, 0), (20, 4, 0), (40, 0, 10)], [10]),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_step_rests_on_enough_persons(case):
    rows, times = STEPS[case]
    assert disclose_survival(curve(*rows), every=10, policy=POLICY).frame["time"].tolist() == times


def test_nobody_censored_is_a_small_number_where_zeros_are_not_safe():
    unsafe = dataclasses.replace(POLICY, zeros_are_safe=False)
    with pytest.raises(DataError, match="No step of the curve rests on 5 persons"):
        disclose_survival(curve((10, 5, 0), (20, 5, 0), (40, 0, 10)), every=10, policy=unsafe)
    shown = disclose_survival(curve((10, 5, 5), (20, 5, 0), (40, 0, 10)), every=10, policy=unsafe)
    assert shown.frame["time"].tolist() == [10]


def test_a_joined_step_has_the_survival_of_its_end():
    shown = disclose_survival(curve((10, 3, 0), (20, 2, 0), (40, 0, 15)), every=10, policy=POLICY)
    assert shown.frame["survival"].tolist() == [0.75]


def test_a_curve_without_a_safe_step_is_refused():
    with pytest.raises(DataError, match="No step of the curve rests on 5 persons"):
        disclose_survival(curve((10, 4, 0), (20, 0, 20)), every=10, policy=POLICY)


@pytest.mark.parametrize("wrong", [pd.DataFrame({"time": [1]}), [1, 2], None])
def test_a_table_without_its_columns_is_refused(wrong):
    with pytest.raises(DefinitionError, match="takes a table of time, events and censored"):
        disclose_survival(wrong, every=10, policy=POLICY)


def test_a_grid_is_above_nought_and_counts_are_not_below():
    for table, every in ((curve((10, 5, 0)), 0), (curve((10, -5, 20)), 10)):
        with pytest.raises(DefinitionError, match="every is above nought"):
            disclose_survival(table, every=every, policy=POLICY)


def test_quantiles_are_means_of_the_five_nearest_worked_by_hand():
    shown = disclose_quantiles([*range(1, 26), np.nan], at=(1, 0, 0.5), policy=POLICY)
    assert shown.frame.to_numpy().tolist() == [[0, 3], [0.5, 13], [1, 23]]
    assert shown.persons == 25


def test_the_richest_person_is_not_shown():
    shown = disclose_quantiles([*range(1, 25), 1_000_000], at=(1,), policy=POLICY)
    assert shown.frame["value"].tolist() == [pytest.approx((21 + 22 + 23 + 24 + 1_000_000) / 5, rel=1e-3)]


@pytest.mark.parametrize(
    ("persons", "at", "refused"),
    [(4, (0.5,), True), (5, (0.5,), False), (9, (0.5,), True), (10, (0, 1), False), (9, (0, 1), True), (19, (0.25, 0.5, 0.75), True), (40, (0.5, 0.51), True)],
)  # fmt: skip
def test_nobody_is_in_two_quantiles_and_the_rest_are_not_few(persons, at, refused):
    if refused:
        with pytest.raises(DataError, match="need more persons than there are"):
            disclose_quantiles(range(persons), at, POLICY)
    else:
        assert len(disclose_quantiles(range(persons), at, POLICY).frame) == len(at)


def test_a_share_is_from_0_to_1():
    with pytest.raises(DefinitionError, match="shares from 0 to 1"):
        disclose_quantiles(range(100), at=(50,), policy=POLICY)


def test_estimates_are_made_here_only_and_cannot_be_changed():
    with pytest.raises(DefinitionError, match=r"made by disclose_coefficients\(\)"):
        SafeEstimates(None, "coefficients", pd.DataFrame(), 3, None)
    shown = disclose_quantiles(range(100), policy=POLICY)
    with pytest.raises(DefinitionError, match="cannot be changed"):
        shown.persons = 3
    copy = shown.frame
    copy.loc[0, "value"] = 0
    assert shown.frame["value"][0] > 0


def test_estimates_are_shown_as_a_table_in_words(monkeypatch):
    tables = []
    monkeypatch.setattr(estimates, "publish_display_data", lambda data, metadata: tables.append(data["text/html"]))
    labels = {"exposed": Text(da="Startede i tide", en="Started in time")}
    show_estimates(disclose_coefficients(logit(40, 60, 20, 80), POLICY), language="da", caption="T", labels=labels)
    show_estimates(disclose_quantiles(range(1, 26), (0.5,), POLICY), language="da", caption="T")
    assert re.findall(r"<th scope=.row.>(.*?)</th><td>(.*?)</td>", tables[0])[1] == ("Startede i tide", "0,981")
    assert "Bygger på 200 personer." in tables[0]
    assert re.findall(r"<th scope=.row.>(.*?)</th><td>(.*?)</td>", tables[1]) == [("0,50", "13,000")]
