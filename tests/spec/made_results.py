"""Measured results made by hand, with the columns that measure() gives, and the invented indicators they belong to."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from ddns_utils import areas
from ddns_utils.disclosure import Policy
from ddns_utils.indicators.declare import Mean, Proportion, Rate, Source
from ddns_utils.language import Text
from ddns_utils.measure import COLUMNS, Measured
from ddns_utils.statistics import intervals

POLICY = Policy(
    owner="a test", rule="cells", threshold=5, zeros_are_safe=True, protect_complements=True, minimum_denominator=5,
    hide_small_changes=True, method="suppress", rounding_base=0, narrowest_interval=2, narrowest_sum_percent=10, dominant_percent=85,
    singletons_know_themselves=True, publish_first=areas.LEVELS, persons_per_value=5, persons_per_coefficient=10,
    residual_degrees=10, release_required=False,
)  # fmt: skip


def _unused(*_: object) -> None:
    raise AssertionError("a made result asks no register")


_WORDS = {
    "one_row_is": Text(da="en borger", en="a resident"),
    "counted": Text(da="Borgere, der tælles", en="Residents who count"),
    "needs": ("person",),
    "source": Source(title="Opfundet <til> prøve", retrieved="2026-11", confidence="unverified"),
    "caveats": (Text(da="Ikke standardiseret.", en="Not standardised."),),
}
SHARE = Proportion(
    id="share", title=Text(da="HbA1c under 59 mmol/mol", en="HbA1c under 59 mmol/mol"), standard=0.4,
    denominator=_unused, numerator=_unused, direction="higher is better", **_WORDS,
)  # fmt: skip
EVENTS = Rate(
    id="events", title=Text(da="Akutte kontakter", en="Acute contacts"), events=_unused,
    unit=Text(da="pr. 1.000 borgere om året", en="per 1,000 residents a year"), **_WORDS,
)  # fmt: skip
EVENTS_AFTER = Rate(
    id="events_after", title=Text(da="Akutte kontakter efter start", en="Acute contacts after the start"),
    events=_unused, unit=EVENTS.unit, **_WORDS,
)  # fmt: skip
WAIT = Mean(
    id="wait", title=Text(da="Ventetid til første kontakt", en="Wait for the first contact"),
    unit=Text(da="dage", en="days"), denominator=_unused, numerator=_unused, **_WORDS,
)  # fmt: skip


def measured(rows: list[dict], *indicators) -> Measured:
    """Rows that give what differs from: SHARE, 2025, the country, both sexes, all ages. Values follow from n and of."""
    known = {indicator.id: indicator for indicator in indicators or (SHARE,)}
    default = {
        "indicator": next(iter(known)), "version": 1, "period": "2025", "area": "DK", "sex": "all", "age_band": "all",
        "n": np.nan, "method": "", "standard_population": "", "note": "",
    }  # fmt: skip
    frame = pd.DataFrame([default | row for row in rows])
    frame["area_level"] = frame["area"].map(areas.level_of)
    for column in ("value", "lower", "upper"):
        frame[column] = frame.get(column, pd.Series(np.nan, index=frame.index))
    for name, indicator in known.items():
        here = (frame["indicator"] == name) & (frame["of"] > 0)
        n, of = frame.loc[here, "n"].to_numpy(float), frame.loc[here, "of"].to_numpy(float)
        if indicator.kind == "mean":
            continue
        limits = intervals.proportion(n, of) if indicator.kind == "proportion" else intervals.rate(n, of)
        frame.loc[here, "value"] = n / of * indicator.per
        frame.loc[here, "lower"], frame.loc[here, "upper"] = (side * indicator.per for side in limits)
    frame["status"] = np.where(frame["of"] > 0, "ok", "no_data")
    frame["largest"] = frame.get("largest", 0.0)
    return Measured(frame[[*COLUMNS, "largest"]], known)


def cube(seed: int = 1, periods=("2025",), by=(), size: float = 1.0, *indicators) -> Measured:
    """A whole Denmark by chance: every municipality, region and the country, and the breakdowns of ``by``."""
    dice = np.random.default_rng(seed)
    sexes = ["F", "M"] if "sex" in by else ["all"]
    bands = ["0-17", "18-39", "40-64", "65-79", "80+"] if "age_band" in by else ["all"]
    rows = []
    for indicator in indicators or (SHARE,):
        for step, period in enumerate(periods):
            for code in areas.codes("municipality"):
                level = dice.normal(0.42, 0.05) + 0.02 * step
                for sex in sexes:
                    for at, band in enumerate(bands):
                        of = dice.poisson(size * dice.gamma(2, 400) / len(sexes) / len(bands))
                        share = np.clip(level + 0.07 * (at - 2) * ("age_band" in by) + 0.04 * (sex == "F"), 0.02, 0.95)
                        n = dice.binomial(of, share) if indicator.kind == "proportion" else dice.poisson(of * share / 3)
                        rows.append({"indicator": indicator.id, "period": period, "area": code, "sex": sex,
                                     "age_band": band, "n": float(n), "of": float(of)})  # fmt: skip
    cells = pd.DataFrame(rows)
    parts = [cells]
    for column in [name for name in ("sex", "age_band") if name in by]:
        parts.append(_summed(pd.concat(parts), {column: "all"}))
        parts = [pd.concat(parts)]
    region = pd.concat(parts).assign(area=lambda f: f["area"].map(areas.region_of(date(2025, 1, 1))))
    regions = _summed(region, {})
    everything = pd.concat([_summed(regions, {"area": "DK"}), regions, *parts], ignore_index=True)
    return measured(everything.to_dict("records"), *(indicators or (SHARE,)))


def _summed(frame: pd.DataFrame, into: dict) -> pd.DataFrame:
    keys = ["indicator", "period", "area", "sex", "age_band"]
    return frame.assign(**into).groupby(keys, as_index=False, sort=False)[["n", "of"]].sum()
