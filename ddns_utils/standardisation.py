"""Indicators made comparable between areas whose people differ in sex and age.

A standardised indicator counts what the indicator that it comes from counts, so that ``disclose()`` hides both or
neither. Only its value differs. Bands are those of the European Standard Population, five years wide, for each sex: in
the bands of the reports (0-17, 18-39 …) an area with many of 64 and few of 40 would still look ill.

Values are rounded to the decimals that readers see. Unrounded, a value could be solved for the counts of single age
groups, since the populations of all of them are public.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import NOT_STANDARDISED, Indicator
from ddns_utils.language import Text
from ddns_utils.statistics import intervals, standardise

BANDS = codelists.codes("standard_population")
SEXES = codelists.codes("sex")
STRATA = [f"{sex} {band}" for sex in SEXES for band in BANDS]
NOT_GIVEN = "not_given"  # status of a row whose counts stand, but whose value would say too little


def _denmark() -> pd.Series:
    rows = codelists.rows("standard_population")
    return pd.Series({f"{sex} {row['code']}": float(row[sex]) for sex in SEXES for row in rows}, name="dk_2021")


def _europe() -> pd.Series:
    """The published weights, half for each sex, those from 85 years joined."""
    weights = standardise.ESP2013.groupby(lambda band: "85+" if int(band[:2].strip("-")) >= 85 else band).sum()
    return pd.Series({f"{sex} {band}": weights[band] / len(SEXES) for sex in SEXES for band in BANDS}, name="esp2013")


# Where values are standardised to a population (direct), the weight of each sex and age.
POPULATIONS = {"dk_2021": _denmark(), "esp2013": _europe()}
COUNTRY = "country"  # indirect: what the area's people would have had at the country's own rates of the period
NAMES = {
    "dk_2021": Text(da="Danmarks befolkning 2021 (direkte)", en="the population of Denmark 2021 (direct)"),
    "esp2013": Text(
        da="den europæiske standardbefolkning 2013 (direkte)", en="the European Standard Population 2013 (direct)"
    ),
    COUNTRY: Text(
        da="hele landets rater i samme periode (indirekte)", en="the country's rates of the same period (indirect)"
    ),
}


def standardised(indicator: Indicator, to: str = "dk_2021") -> Indicator:
    """The indicator standardised for sex and age; measure it like any other, and together with the crude one.

    ``to`` is "dk_2021" or "esp2013" (direct, for what is counted among residents of all ages), or "country"
    (indirect, for what is counted among patients, where a small area has nobody in many age groups). A published
    standard does not follow, since it holds for crude values. Raises DefinitionError for a mean, for deliveries, for
    an indicator that is standardised already and for an unknown ``to``.
    """
    if to not in NAMES:
        raise DefinitionError(f"Nothing is standardised to '{to}'. Choose one of: {', '.join(NAMES)}.")
    if indicator.kind == "mean" or indicator.rows_about != "persons" or indicator.crude is not None:
        raise DefinitionError(f"{indicator.id} cannot be standardised. Give a crude proportion or rate about persons.")
    kept = tuple(caveat for caveat in indicator.caveats if caveat is not NOT_STANDARDISED)
    return replace(
        indicator,
        id=f"{indicator.id}_standardised_{to}",
        title=Text(da=f"{indicator.title.da}, standardiseret", en=f"{indicator.title.en}, standardised"),
        crude=indicator,
        standardised_to=to,
        standard=None,
        caveats=(*kept, *_CAVEATS[to == COUNTRY]),
    )


_CAVEATS = {
    False: (
        Text(
            da="Værdien er den, området ville have med standardbefolkningens køn og alder. Tæller og nævner er rå.",
            en="The value is that which the area would have with the standard population's sexes and ages. Numerator "
            "and denominator are crude.",
        ),
    ),
    True: (
        Text(
            da="Værdien er landets, ganget med områdets antal i forhold til det, dets køn og alder lader vente. To "
            "områder sammenlignes kun med landet, ikke med hinanden.",
            en="The value is the country's, times the area's number over that which its sexes and ages lead one to "
            "expect. Areas are compared with the country, not with each other.",
        ),
    ),
}


def standardise_rows(
    indicator: Indicator, rows: pd.DataFrame, cells: np.ndarray, country: np.ndarray, period: str
) -> pd.DataFrame:
    """Crude rows with the standardised value, its limits, method, standard population and status in their place.

    ``rows`` are those of one period, one for each area. ``cells`` has n, of and sum of squares by area (in the order
    of ``rows``), sex and band; ``country`` has those of the whole country. A value is not given (status "not_given",
    the reason in ``note``) with fewer than 10 events, where a sex and age has nobody though the country has, and
    where a proportion would be above 1.
    """
    data = _strata(cells, rows["area"].tolist())
    everywhere = _strata(country[np.newaxis], ["all"]).set_index("stratum")
    there = everywhere.index[everywhere["population"] > 0]
    data = data[data["stratum"].isin(there)]
    if not len(there):
        found = pd.DataFrame({"value": np.nan, "lower": np.nan, "upper": np.nan, "method": "", "note": ""}, rows.index)
    elif indicator.standardised_to == COUNTRY:
        found = _indirect(indicator, rows, data, everywhere.loc[there])
    else:
        found = _direct(indicator, data, POPULATIONS[indicator.standardised_to].loc[there])
    found = found.set_axis(rows.index)
    decimals = indicator.decimals + (2 if indicator.kind == "proportion" else 0)
    known, given = rows["status"] != "no_data", found["value"].notna()
    return rows.assign(
        **{name: found[name].round(decimals) for name in ("value", "lower", "upper")},
        method=found["method"],
        standard_population=f"DK {period}" if indicator.standardised_to == COUNTRY else indicator.standardised_to,
        status=rows["status"].mask(known & ~given, NOT_GIVEN),
        note=found["note"].where(known & ~given, ""),
    )


def _strata(cells: np.ndarray, areas: Sequence[str]) -> pd.DataFrame:
    """One row for each area and stratum. Events where nobody is counted are no part of a rate, and left out."""
    index = pd.MultiIndex.from_product([areas, STRATA], names=["area", "stratum"])
    data = pd.DataFrame(cells.reshape(-1, 3), index, ["count", "population", "squares"]).reset_index()
    return data.assign(count=data["count"].where(data["population"] > 0, 0.0))


def _direct(indicator: Indicator, data: pd.DataFrame, standard: pd.Series) -> pd.DataFrame:
    several = "squares" if indicator.kind == "rate" and data["squares"].any() else None
    found = standardise.direct(data, "area", standard, per=indicator.per, band="stratum", squares=several)
    return _above_the_whole(indicator, found)


def _indirect(indicator: Indicator, rows: pd.DataFrame, data: pd.DataFrame, country: pd.DataFrame) -> pd.DataFrame:
    found = standardise.indirect(
        data, "area", country, kind="rate", per=indicator.per, band="stratum",
        observed=rows.set_index("area")["n"],
    )  # fmt: skip
    if indicator.kind == "proportion":  # Byar's limits are those of events without a whole, far too wide for a share
        limits = intervals.proportion(rows["n"], rows["of"])
        scale = (rows["of"] / rows["n"]).to_numpy() * found["value"]
        found = found.assign(lower=limits[0] * scale, upper=np.minimum(limits[1] * scale, 1), method="Clopper-Pearson")
    few = found["observed"] < standardise.FEWEST_EVENTS
    note = np.where(few, f"fewer than {standardise.FEWEST_EVENTS} events", "")
    found = found.assign(note=note, method="indirect, " + found["method"])
    found.loc[few, ["value", "lower", "upper"]] = np.nan
    return _above_the_whole(indicator, found)


def _above_the_whole(indicator: Indicator, found: pd.DataFrame) -> pd.DataFrame:
    above = (indicator.kind == "proportion") & (found["value"] > 1)
    note = found["note"].mask(above, "more than the whole")
    return found.mask(above).assign(note=note, method=found["method"])
