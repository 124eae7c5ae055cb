"""What truth.json says is in the deliveries: found again with the hidden frailty, missed or biased without it."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ddns_utils import codelists
from ddns_utils.synthetic import disease


@pytest.fixture(scope="module")
def courses(denmark) -> pd.DataFrame:
    """Rehabilitation plans of the whole years, with acute contacts on days 1–90 and what is hidden."""
    plans = denmark.municipal["plans"].sort_values("received").drop_duplicates(["PNR", "discharged"], keep="last")
    plans = plans[plans["discharged"] <= "2025-12-31"].merge(denmark.hidden, on="PNR")
    plans["discharged"], plans["offered"] = pd.to_datetime(plans["discharged"]), pd.to_datetime(plans["offered"])
    day = (plans["discharged"] - pd.Timestamp("1970-01-01")).dt.days.to_numpy()
    plans["early"] = ((plans["offered"] - plans["discharged"]).dt.days <= 7).astype(float)
    plans["age"] = (day - plans["born"]) / 365.25
    plans["age_squared"] = plans["age"] ** 2
    plans["ill"] = disease.number(denmark.lives.onset, plans["person"].to_numpy(), day).astype(float)
    plans["log_frailty"] = np.log(plans["frailty"])
    plans["exposed_days"] = np.clip(plans["last"] - day - 1, 1, 90)
    denmark.registers.register("plans", plans[["PNR", "discharged"]])
    acute = denmark.registers.execute("""
        SELECT plans.PNR, plans.discharged, count(starts) AS acute
        FROM plans LEFT JOIN stays ON stays.PNR = plans.PNR AND stays.acute
            AND starts::DATE BETWEEN discharged::DATE + 1 AND discharged::DATE + 90
        GROUP BY ALL""").df()
    return plans.merge(acute, on=["PNR", "discharged"])


def rate_ratio(courses: pd.DataFrame, *columns: str) -> tuple[float, float, float]:
    """Rate ratio of acute contacts, early against later start, with 95 % limits allowing for over-dispersion."""
    design = sm.add_constant(courses[["early", *columns]].astype(float))
    offset = np.log(courses["exposed_days"])
    fit = sm.GLM(courses["acute"], design, family=sm.families.Poisson(), offset=offset).fit(scale="X2")
    low, high = fit.conf_int().loc["early"]
    return float(np.exp(fit.params["early"])), float(np.exp(low)), float(np.exp(high))


def test_with_the_hidden_frailty_the_planted_effect_of_an_early_start_is_found(denmark, courses):
    estimate, low, high = rate_ratio(courses, "log_frailty", "age", "age_squared", "ill")
    true = denmark.truth["rehabilitation_effect"]["rate_ratio"]
    assert low < true < high
    assert estimate == pytest.approx(true, rel=0.12)


def test_a_crude_comparison_makes_the_effect_far_too_large(denmark, courses):
    _, _, high = rate_ratio(courses)
    assert high < 0.75 * denmark.truth["rehabilitation_effect"]["rate_ratio"]


def test_age_and_disease_alone_take_away_part_of_the_bias(courses):
    crude, _, _ = rate_ratio(courses)
    by_what_is_seen, _, _ = rate_ratio(courses, "age", "age_squared", "ill")
    with_frailty, _, _ = rate_ratio(courses, "log_frailty", "age", "age_squared", "ill")
    assert crude < by_what_is_seen < with_frailty


def test_the_frail_the_old_and_the_ill_start_later(courses):
    means = courses.groupby("early")[["frailty", "age", "ill"]].mean()
    assert (means.loc[0.0] > means.loc[1.0]).all()


def test_municipalities_start_early_as_often_as_planted(denmark, courses):
    keepers = {row["code"]: row["municipality"] for row in codelists.rows("municipal_organization")}
    planted = denmark.truth["quality"]["rehabilitation_within_7_days"]["municipalities"]
    shares = courses.groupby(courses["keeper"].map(keepers))["early"].mean()
    elsewhere = courses[~courses["keeper"].map(keepers).isin(planted)]["early"].mean()
    for code, shift in planted.items():
        assert np.sign(shares[code] - elsewhere) == np.sign(shift)


def test_hba1c_differs_between_municipalities_as_planted(denmark):
    planted = denmark.truth["quality"]["hba1c"]["municipalities"]
    means = denmark.registers.execute("""
        SELECT KOM, avg(value) AS mean, count(DISTINCT PNR) AS persons FROM (
            SELECT homes.PNR, KOM, avg(try_cast(VALUE AS DOUBLE)) AS value FROM LAB JOIN homes USING (PNR)
            WHERE ANALYSISCODE = 'NPU27300' AND SAMPLINGDATE >= BOP_VFRA
              AND (BOP_VTIL IS NULL OR SAMPLINGDATE < BOP_VTIL)
              AND homes.PNR IN (SELECT PNR FROM LMDB WHERE ATC LIKE 'A10%') GROUP BY ALL)
        GROUP BY KOM""").df().set_index("KOM")  # fmt: skip
    elsewhere = means[~means.index.isin(planted)]
    usual = np.average(elsewhere["mean"], weights=elsewhere["persons"])
    for code, shift in planted.items():
        allowed = 2.5 * 12 / np.sqrt(means.loc[code, "persons"])
        assert means.loc[code, "mean"] - usual == pytest.approx(shift, abs=allowed)


def test_follow_up_by_general_practice_differs_as_planted(denmark):
    planted = denmark.truth["quality"]["gp_follow_up_14_days"]["municipalities"]
    shares = denmark.registers.execute("""
        SELECT KOM, avg((EXISTS (SELECT 1 FROM SSSY WHERE SSSY.PNR = stays.PNR AND SPECIALE LIKE '80%'
            AND BEHANDLINGSDATO BETWEEN ends::DATE + 1 AND ends::DATE + 14))::INT) AS seen, count(*) AS number
        FROM stays JOIN homes ON homes.PNR = stays.PNR AND starts >= BOP_VFRA AND (BOP_VTIL IS NULL OR starts < BOP_VTIL)
        WHERE admission AND year(ends) <= 2025 AND date_diff('day', BOP_VFRA, starts) > 5 GROUP BY KOM
        """).df().set_index("KOM")  # fmt: skip
    elsewhere = shares[~shares.index.isin(planted)]
    usual = np.average(elsewhere["seen"], weights=elsewhere["number"])
    for code, extra in planted.items():
        assert np.sign(shares.loc[code, "seen"] - usual) == np.sign(extra)
        assert abs(shares.loc[code, "seen"] - usual) > abs(extra) / 4


def test_acute_contacts_peak_in_winter_by_the_planted_amplitude(denmark):
    per_day = denmark.registers.execute("""
        SELECT dayofyear(starts) AS day, count(*) AS number FROM stays
        WHERE acute AND year(starts) BETWEEN 2022 AND 2025 GROUP BY ALL""").df()
    per_day = per_day[per_day["day"] <= 365]
    angle = 2 * np.pi * per_day["day"] / 365.25
    design = sm.add_constant(np.column_stack([np.cos(angle), np.sin(angle)]))
    _, cosine, sine = sm.OLS(per_day["number"] / per_day["number"].mean(), design).fit().params
    season = denmark.truth["seasonality"]
    assert np.hypot(cosine, sine) == pytest.approx(season["amplitude"], abs=0.03)
    assert np.degrees(np.arctan2(sine, cosine)) * 365.25 / 360 == pytest.approx(season["peak_day"], abs=12)


def test_the_last_weeks_are_incomplete_by_the_planted_lag(denmark):
    weeks = denmark.registers.execute("""
        SELECT floor(date_diff('day', BEHANDLINGSDATO, DATE '2026-05-01') / 7)::INT AS ago, count(*) AS number
        FROM SSSY WHERE BEHANDLINGSDATO > DATE '2025-10-01' GROUP BY ALL ORDER BY ago""").df().set_index("ago")["number"]  # fmt: skip
    usual = weeks.loc[16:24].mean()
    lag = denmark.truth["reporting_lag_days"]["registers"]["SSSY"]
    mean = lag["mean"] - lag["least"]
    for ago in (2, 3, 5, 8):
        reported = 1 - np.exp(-np.maximum(7 * ago + 3.5 - lag["least"], 0) / mean)
        assert weeks.loc[ago] / usual == pytest.approx(reported, abs=0.12)


def test_late_municipalities_send_as_many_days_later_as_planted(denmark):
    late = denmark.truth["reporting_lag_days"]["municipalities"]["late"]
    waits: dict[str, set[int]] = {}
    for file in sorted((denmark.folder / "kl_gateway").glob("2026-0[234]-*/*.ndjson")):
        for line in file.read_text(encoding="utf-8").splitlines():
            made = pd.Timestamp(json.loads(line)["timestamp"][:10])
            if made >= pd.Timestamp("2026-01-02"):
                waits.setdefault(file.stem[1:], set()).add((pd.Timestamp(file.parent.name) - made).days)
    assert {code: waits[code] for code in late} == {code: {days} for code, days in late.items()}
    assert set.union(*(found for code, found in waits.items() if code not in late)) == {0}


def test_the_truth_says_that_nobody_is_real(denmark):
    written = json.loads((denmark.folder / "truth.json").read_text(encoding="utf-8"))
    assert written == denmark.truth
    assert "Nobody in these files is a real person" in written["notice"]
    assert "Nobody in these files is a real person" in (denmark.folder / "README.txt").read_text(encoding="utf-8")
