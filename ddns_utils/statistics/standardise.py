"""Rates made comparable between populations of different age: direct and indirect standardisation.

Everything is joined by key. A band or area that is missing, unknown or given twice stops the calculation and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ddns_utils.errors import DefinitionError
from ddns_utils.statistics import intervals

FEWEST_EVENTS = 10

# Eurostat, Revision of the European Standard Population, Methodologies and working papers 2013: 100,000 persons.
# The bands 0 and 1-4 are joined, and so are 90-94 and 95+.
ESP2013 = pd.Series(
    [5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000],
    index=pd.Index([f"{start}-{start + 4}" for start in range(0, 90, 5)] + ["90+"], name="age_band"),
    name="European Standard Population 2013",
    dtype=float,
)


def direct(
    data: pd.DataFrame,
    by: str | Sequence[str],
    standard: pd.Series = ESP2013,
    *,
    per: float = 100_000,
    confidence: float = 0.95,
    band: str = "age_band",
    count: str = "count",
    population: str = "population",
    frequency: str | None = None,
    squares: str | None = None,
) -> pd.DataFrame:
    """Directly standardised rate of each area, with limits by Dobson's method around Byar's.

    ``data`` has one row per area (``by``) and band; ``standard`` has the weight of each band in its index. Where one
    person may have several events, give ``frequency``: one row per area, band and number of events, ``count`` being
    the persons with that number. The variance then adds up persons, not events. Where they are added up already, name
    instead the column of ``squares``: the sum over persons of their number of events squared.

    Returns one row per area: count (events), population, value and limits per ``per``, standard_population, method
    and note. Value and limits are missing, and the note says so, with fewer than 10 events or where a band has no
    population. A missing count means no events. Raises DefinitionError for missing, unknown or repeated keys, a
    missing population, negative numbers, and events where nobody lives.

    Sources: Dobson, Kuulasmaa, Eberle and Scherer, Statistics in Medicine 1991; Breslow and Day, IARC 1987; the
    variance over frequencies as in Public Health England's PHEindicatormethods (calculate_dsr).
    """
    by = [by] if isinstance(by, str) else list(by)
    _require_weights(standard, "The standard population")
    rows = _rows(data, by, band, count, population, standard.index, [frequency] if frequency else [])
    if squares is not None:
        _require_columns(data, [squares])
        rows = rows.assign(**{squares: data[squares].astype(float).to_numpy()})
        if frequency or (rows[squares] < rows[count]).any():
            raise DefinitionError(f"Column {squares} is a sum of squares, so not below {count}; it replaces frequency.")
    _require_population(rows, [*by, band], population, pd.Series(True, rows.index))
    times = rows[frequency] if frequency else 1
    if np.any(np.asarray(times) < 1):
        raise DefinitionError(
            f"Column {frequency} has values below 1. It is the number of events of each person counted."
        )
    people = rows.groupby([*by, band], sort=False)[population].agg(["min", "max"])
    if (people["min"] != people["max"]).any():
        raise DefinitionError(f"Column {population} differs within an area and band. Give each {frequency} the same.")
    weight = rows[band].map(standard) / standard.sum() / rows[population]
    sums = (
        rows[by]
        .assign(
            count=times * rows[count],
            value=times * rows[count] * weight,
            variance=(times**2 * rows[count] if squares is None else rows[squares]) * weight**2,
        )
        .groupby(by, sort=False)
        .sum()
    )
    events, people = sums["count"], people["min"].groupby(level=by, sort=False)
    lower, upper = intervals.rate(events, 1, confidence, "byar")
    few, empty = events < FEWEST_EVENTS, people.min() == 0
    value = sums["value"].where(~few & ~empty)
    scale = np.sqrt(sums["variance"] / events.where(~few))
    return pd.DataFrame(
        {
            "count": events,
            "population": people.sum(),
            "value": value * per,
            "lower": (value + scale * (lower - events)) * per,
            "upper": (value + scale * (upper - events)) * per,
            "confidence": confidence,
            "standard_population": standard.name or "",
            "method": "Dobson" if frequency is None and squares is None else "Dobson, non-independent events",
            "note": np.select([few, empty], [f"fewer than {FEWEST_EVENTS} events", "a band has no population"], ""),
        }
    )


def indirect(
    data: pd.DataFrame,
    by: str | Sequence[str],
    reference: pd.DataFrame,
    *,
    kind: str = "ratio",
    per: float | None = None,
    confidence: float = 0.95,
    observed: pd.Series | None = None,
    band: str = "age_band",
    count: str = "count",
    population: str = "population",
) -> pd.DataFrame:
    """Indirectly standardised ratio or rate of each area: events against those expected at the reference's rates.

    ``data`` has one row per area (``by``) and band; ``reference`` has one row per band (its index) with the same two
    columns. Where an area's events are known in total only, give them as ``observed``, by area, and leave ``count``
    out. ``kind`` is "ratio" (observed / expected, times ``per``, 1) or "rate" (that ratio times the reference's crude
    rate, times ``per``, 100,000).

    Returns one row per area: observed, expected, reference_rate (per ``per``; missing for a ratio), value, limits and
    method: Byar's, and exact Poisson limits below 10 events. Missing where nothing is expected. A missing count means
    no events; a missing population is accepted only where the reference's rate is 0. Raises DefinitionError for
    missing, unknown or repeated keys and negative numbers.

    Source: Breslow and Day, Statistical Methods in Cancer Research II, IARC 1987.
    """
    if kind not in ("ratio", "rate"):
        raise DefinitionError(f"Indirect standardisation has no kind '{kind}'. Choose one of: ratio, rate.")
    by = [by] if isinstance(by, str) else list(by)
    per = per or (1 if kind == "ratio" else 100_000)
    _require_columns(reference, [count, population])
    _require_weights(reference[population], "The reference's population")
    if not reference[count].ge(0).all():
        raise DefinitionError("The reference's counts must be there and not negative, for every band.")
    if observed is not None:
        data = data.drop(columns=count, errors="ignore").assign(**{count: 0.0})
    rows = _rows(data, by, band, count, population, reference.index, [])
    rate = rows[band].map(reference[count] / reference[population])
    _require_population(rows, [*by, band], population, rate > 0)
    sums = (
        rows[by]
        .assign(observed=rows[count], expected=(rate * rows[population]).fillna(0))
        .groupby(by, sort=False)
        .sum()
    )
    if observed is not None:
        _require_same("Observed events", observed.index, sums.index)
        sums["observed"] = observed.astype(float)
    scale = per if kind == "ratio" else per * reference[count].sum() / reference[population].sum()
    exact, byar = (
        intervals.rate(sums["observed"], sums["expected"], confidence, method) for method in ("exact", "byar")
    )
    few = sums["observed"] < FEWEST_EVENTS
    return sums.assign(
        reference_rate=np.nan if kind == "ratio" else scale,
        value=sums["observed"] / sums["expected"].where(sums["expected"] > 0) * scale,
        lower=np.where(few, exact[0], byar[0]) * scale,
        upper=np.where(few, exact[1], byar[1]) * scale,
        confidence=confidence,
        method=np.where(few, "exact", "Byar"),
    )


def _rows(
    data: pd.DataFrame, by: list[str], band: str, count: str, population: str, bands: pd.Index, more: list[str]
) -> pd.DataFrame:
    """The rows with numbers as numbers, when each area has each band once and nothing is impossible."""
    _require_columns(data, [*by, band, count, population, *more])
    rows = data[[*by, band, *more, count, population]].reset_index(drop=True)
    rows = rows.astype(dict.fromkeys((*more, count, population), float))
    if rows[[*by, band, *more]].isna().any(axis=None):
        raise DefinitionError(f"A key is missing in {', '.join([*by, band, *more])}. Every row needs all of them.")
    twice = rows[rows.duplicated([*by, band, *more])]
    if len(twice):
        raise DefinitionError(f"Given more than once: {_names(twice[[*by, band, *more]])}. Add the rows up first.")
    _require_known(rows[band].unique(), bands)
    areas, given = rows[by].drop_duplicates(), rows[[*by, band]].drop_duplicates()
    wanted = areas.merge(pd.DataFrame({band: bands}), how="cross")
    absent = wanted.merge(given, how="left", indicator=True).query("_merge == 'left_only'")[[*by, band]]
    if len(absent):
        raise DefinitionError(
            f"No row for {_names(absent)}. Give every area every band, with 0 where nothing happened."
        )
    if (rows[[count, population]] < 0).any(axis=None):
        raise DefinitionError(f"Column {count} or {population} is negative. Check which counts were given.")
    impossible = rows[(rows[count] > 0) & (rows[population] == 0)]
    if len(impossible):
        raise DefinitionError(f"Events without population: {_names(impossible[[*by, band]])}. Check the populations.")
    return rows.fillna({count: 0.0})


def _require_population(rows: pd.DataFrame, keys: list[str], population: str, needed: pd.Series) -> None:
    missing = rows[rows[population].isna() & needed]
    if len(missing):
        raise DefinitionError(f"Column {population} is missing for {_names(missing[keys])}. Give it for every band.")


def _require_columns(data: pd.DataFrame, columns: list[str]) -> None:
    absent = [column for column in columns if column not in data]
    if absent:
        found = ", ".join(map(str, data.columns))
        raise DefinitionError(f"No column {', '.join(absent)}. Columns found: {found}.")


def _require_weights(weights: pd.Series, what: str) -> None:
    if weights.index.has_duplicates or not (weights > 0).all():
        raise DefinitionError(f"{what} must have each band once, with a number above 0.")


def _require_known(found: Iterable[object], known: pd.Index) -> None:
    unknown = [str(value) for value in found if value not in known]
    if unknown:
        raise DefinitionError(f"Unknown bands: {', '.join(unknown)}. The standard has: {', '.join(map(str, known))}.")


def _require_same(what: str, found: pd.Index, wanted: pd.Index) -> None:
    if found.has_duplicates or set(found) != set(wanted):
        differs = ", ".join(sorted(map(str, set(found) ^ set(wanted)))) or "repeated keys"
        raise DefinitionError(f"{what} and data are not about the same areas; they differ in: {differs}.")


def _names(keys: pd.DataFrame, most: int = 5) -> str:
    shown = [" ".join(map(str, row)) for row in keys.head(most).itertuples(index=False)]
    return ", ".join(shown) + (f" and {len(keys) - most} more" if len(keys) > most else "")
