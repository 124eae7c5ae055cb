"""Declarations + a snapshot + a breakdown → one tidy result.

The engine is asked once per indicator and period, for the finest cells (``counting``). Wider areas and margins are sums
of those, so that parts always add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ddns_utils import areas, standardisation
from ddns_utils.completeness import completeness, register_of
from ddns_utils.counting import AGE_BANDS, FINEST_AGES, PARTS, SEXES, STANDARD_BANDS, kept_cells, placed_rows, sums_of
from ddns_utils.coverage import covered, require_covered
from ddns_utils.deliveries import WITH_SYSTEMS, systems
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators import indicator_named
from ddns_utils.indicators.declare import Indicator, Mean, Proportion, Rate
from ddns_utils.indicators.look_back import SHORT, is_short
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot
from ddns_utils.statistics import intervals

COLUMNS = (
    "indicator", "version", "period", "area_level", "area", "sex", "age_band", "n", "of", "value", "lower", "upper",
    "method", "standard_population", "status", "note",
)  # fmt: skip
LARGEST = "largest"  # for disclose() alone, which takes it away
BREAKDOWNS = ("sex", "age_band")
METHODS = {"proportion": "Clopper-Pearson", "rate": "exact Poisson", "mean": "Student's t"}


@dataclass(frozen=True)
class Measured:
    """A tidy result, not yet fit to be shown: pass it to ``disclose()``.

    ``frame`` has one row per indicator, period, area, sex and age band, with the columns of ``COLUMNS``: ``n`` is the
    numerator (missing for a mean), ``of`` the denominator (rows, or person-years for a rate by person-time),
    ``value`` a proportion between 0 and 1, a rate per ``indicator.per`` or a mean, with 95 per cent limits.
    ``status`` is ``ok``; ``incomplete`` where there is a value but a register that it needs is not yet complete for
    the period; ``no_data``; ``not_applicable`` where there is nothing to check; or ``not_given`` where counts are too
    few for a standardised value, as ``note`` says. ``note`` is also ``short look-back`` where registers begin later
    than an indicator wants. ``standard_population`` is empty for a crude value. Beside them stands ``largest``, the
    largest number that one person adds to a mean (missing for others), by which ``disclose()`` sees who dominates it.
    ``indicators`` maps ids to declarations.
    """

    frame: pd.DataFrame
    indicators: dict[str, Indicator]


def measure(
    indicators: Indicator | str | Sequence[Indicator | str],
    snapshot: Snapshot,
    periods: Period | str | Sequence[Period | str],
    by: str | Sequence[str] = (),
    levels: str | Sequence[str] = areas.USUAL_LEVELS,
    area: str | Sequence[str] = (),
    geography: date | None = None,
    levels_of: Mapping[str, Sequence[str]] | None = None,
    where_covered: bool = False,
) -> Measured:
    """Compute indicators for each period, for every area of ``levels``, in all and by ``by`` (sex, age_band).

    An indicator is its declaration or its id, a period a ``Period`` or its text ("2025"). ``area`` names further
    areas by code, whatever their level: a cluster, a council, several joined by ``+``. All periods have the areas
    that there are on the day ``geography`` (the last day of the latest period), so that a series does not break
    where regions change. ``levels_of`` gives an indicator, by id, levels of its own in place of both: more, where
    areas are compared, or fewer, where its small numbers would hide another's. With ``where_covered``, an indicator
    has those of the periods before the last one that the registers reach. The level ``system``, or a system as
    ``area``, gives every clinic system that sent rows, in all only, where the rows tell.

    Raises DataError, before anything is computed, if the registers do not cover a period and its follow-up, and
    DefinitionError for an indicator, period, breakdown, level or area that does not exist.
    """
    indicators = tuple(_declared(one) for one in _several(indicators))
    periods = tuple(one if isinstance(one, Period) else Period.parse(_text("period", one)) for one in _several(periods))
    by, levels, area = (
        tuple(_text(name, one) for one in _several(given))
        for name, given in (("by", by), ("levels", levels), ("area", area))
    )
    if wrong := [name for name in by if name not in BREAKDOWNS]:
        raise DefinitionError(f"There is no breakdown '{wrong[0]}'. Choose among: {', '.join(BREAKDOWNS)}.")
    on = geography or max(p.last_day for p in periods)
    with_systems = areas.SYSTEM in levels or any(map(areas.is_system, area))
    levels = [level for level in levels if level != areas.SYSTEM]
    further = [code for code in area if not areas.is_system(code)]
    levels_of = levels_of or {}
    for name in set(levels_of).difference(one.id for one in indicators):
        indicator_named(name)
    usual = _places(levels, further, on)
    own = {level for named in levels_of.values() for level in named if level != areas.CHOSEN}
    every = _places({*levels, *own}, further, on)
    for indicator in indicators:
        if indicator.crude and by:
            raise DefinitionError(
                f"{indicator.id} is standardised, so it is not broken down by {by[0]}. Leave 'by' out."
            )
        for period in periods[-1:] if where_covered else periods:
            require_covered(indicator, snapshot, period)
    placed = {
        one.id: [(level, code) for level, code in every if level in levels_of[one.id]] if one.id in levels_of else usual
        for one in indicators
    }
    frames = [
        _with_status(frame, indicator, snapshot, period)
        for indicator in indicators
        for period in (covered(indicator, snapshot, periods) if where_covered else periods)
        for frame in (
            _measured(indicator, snapshot, period, by, placed[indicator.id]),
            *([_by_system(indicator, snapshot, period)] if with_systems else []),
        )
        if frame is not None
    ]
    return Measured(pd.concat(frames, ignore_index=True), {indicator.id: indicator for indicator in indicators})


def _several(given: object) -> tuple[Any, ...]:
    """One thing or several as several."""
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _text(name: str, given: object) -> str:
    """What is written as text, which a code or a year is too; DefinitionError for anything else."""
    if not isinstance(given, str):
        raise DefinitionError(f"measure() takes {name} as text, but was given {given!r}. Write '{given}'.")
    return given


def _declared(given: object) -> Indicator:
    """The indicator of an id, or the declaration itself; DefinitionError for anything else."""
    if isinstance(given, Indicator):
        return given
    if not isinstance(given, str):
        raise DefinitionError(f"measure() takes an indicator or its id, but was given {type(given).__name__}.")
    return indicator_named(given)


def _measured(
    indicator: Indicator, snapshot: Snapshot, period: Period, by: Sequence[str], places: list[tuple[str, str]]
) -> pd.DataFrame:
    cells = kept_cells(indicator.crude or indicator, snapshot, period)
    rows = _frame(indicator, period, cells, by, places)
    if indicator.crude is None:
        return rows
    bands = _bands(STANDARD_BANDS)
    sums = cells[:, : len(SEXES), :, :-1]
    areas_cells = np.einsum("am,by,mxyk->axbk", _roll_up(places), bands, sums, optimize=True)
    country = np.einsum("by,mxyk->xbk", bands, sums, optimize=True)
    return standardisation.standardise_rows(indicator, rows, areas_cells, country, str(period))


def _by_system(indicator: Indicator, snapshot: Snapshot, period: Period) -> pd.DataFrame | None:
    """One row per clinic system that has delivered or is in the rows; None where rows do not tell their system."""
    if isinstance(indicator, Rate) and indicator.events is not None:
        return None
    rows = placed_rows(indicator, snapshot, period)
    if "system" not in rows.columns:
        return None
    known = {code for register in WITH_SYSTEMS for code in systems(snapshot, register)}
    rows = rows.filter(rows.system.notnull())
    found = snapshot.engine.to_pandas(rows.group_by("system").aggregate(**sums_of(rows))).set_index("system")
    codes = sorted(known.union(found.index))
    parts = found.reindex(codes)[list(PARTS)].astype(float).fillna(0.0).to_numpy().T
    cells = pd.DataFrame({"area_level": areas.SYSTEM, "area": codes, "sex": "all", "age_band": "all"})
    return _result(indicator, period, cells, *parts)


def _places(levels: Iterable[str], further: Sequence[str], on: date) -> list[tuple[str, str]]:
    """(level, code) of every area to be measured, each once."""
    codes = [code for level in levels for code in areas.codes(level, on)]
    return [(areas.level_of(code), code) for code in areas.in_order({*codes, *further})]


def _frame(
    indicator: Indicator, period: Period, cells: np.ndarray, by: Sequence[str], places: list[tuple[str, str]]
) -> pd.DataFrame:
    sexes, sex_sums = _margins(SEXES, np.eye(len(SEXES), len(SEXES) + 1), "sex" in by)
    bands, band_sums = _margins(tuple(AGE_BANDS), _bands(AGE_BANDS), "age_band" in by)
    whole = _roll_up(places), sex_sums, band_sums
    sums = np.einsum("am,sx,by,mxyk->kasb", *whole, cells[..., :-1], optimize=True)
    n, of, squares = sums.reshape(len(PARTS) - 1, -1)
    index = pd.MultiIndex.from_product([range(len(places)), sexes, bands], names=["place", "sex", "age_band"])
    frame = index.to_frame(index=False)
    frame["area_level"] = [places[place][0] for place in frame["place"]]
    frame["area"] = [places[place][1] for place in frame["place"]]
    largest = _largest(*whole, cells[..., -1]).ravel() if isinstance(indicator, Mean) else np.full(len(n), np.nan)
    return _result(indicator, period, frame, n, of, squares, largest)


def _largest(places: np.ndarray, sexes: np.ndarray, bands: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The largest in each place × sex × age band, of the finest cells that it is made of."""
    for axis, sums in enumerate((places, sexes, bands)):
        found = [np.where(row.astype(bool), np.moveaxis(cells, axis, -1), 0).max(axis=-1) for row in sums]
        cells = np.stack(found, axis=axis)
    return cells


def _result(
    indicator: Indicator,
    period: Period,
    cells: pd.DataFrame,
    n: np.ndarray,
    of: np.ndarray,
    squares: np.ndarray,
    largest: np.ndarray,
) -> pd.DataFrame:
    """The tidy frame of cells (area_level, area, sex, age_band) and what was computed of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(of > 0, n / of, np.nan) * indicator.per
    lower, upper = _limits(indicator, n, of, squares)
    return cells.assign(
        indicator=indicator.id, version=indicator.version, period=str(period),
        n=np.nan if isinstance(indicator, Mean) else np.round(n), of=of, value=value,
        lower=lower, upper=upper, method=METHODS[indicator.kind], standard_population="",
        status=np.where(of > 0, "ok", "no_data"), note="",
        largest=largest if isinstance(indicator, Mean) else np.nan,
    )[[*COLUMNS, LARGEST]]  # fmt: skip


def _limits(indicator: Indicator, n: np.ndarray, of: np.ndarray, squares: np.ndarray) -> intervals.Limits:
    if isinstance(indicator, Proportion):
        return intervals.proportion(n, of)
    if isinstance(indicator, Mean):
        return intervals.mean(n, squares, of)
    lower, upper = intervals.rate(n, of)
    return lower * indicator.per, upper * indicator.per


def _roll_up(places: list[tuple[str, str]]) -> np.ndarray:
    """Which municipalities, and the rows placed nowhere, each place is the sum of."""
    position = {code: index for index, code in enumerate(areas.codes("municipality"))}
    sums = np.zeros((len(places), len(position) + 1))
    for row, (level, code) in enumerate(places):
        sums[row, [position[municipality] for municipality in areas.within(code)]] = 1
        sums[row, -1] = level == "country"
    return sums


def _bands(starts: dict[str, int]) -> np.ndarray:
    """Which finest age bands each band, given by its first age, is the sum of."""
    band_of = np.searchsorted(list(starts.values()), FINEST_AGES, side="right") - 1
    return np.eye(len(starts), len(FINEST_AGES) + 1)[:, [*band_of, -1]] * ([1] * len(FINEST_AGES) + [0])


def _margins(values: Sequence[str], each: np.ndarray, wanted: bool) -> tuple[list[str], np.ndarray]:
    all_of_them = np.ones((1, each.shape[1]))
    return (["all", *values], np.vstack([all_of_them, each])) if wanted else (["all"], all_of_them)


def _with_status(frame: pd.DataFrame, indicator: Indicator, snapshot: Snapshot, period: Period) -> pd.DataFrame:
    """The frame with what else there is to say of its rows than that they have data, or none."""
    needed = period.last_day + timedelta(days=indicator.follow_up_days)
    registers = {register for table in indicator.needs if (register := register_of(table))}
    known = [completeness(snapshot, register) for register in sorted(registers)]
    incomplete = {
        area: any((until := register.until(area)) is not None and until < needed for register in known)
        for area in frame["area"].unique()
    }
    frame.loc[(frame["status"] == "ok") & frame["area"].map(incomplete), "status"] = "incomplete"
    if indicator.lacking is not None:
        lacking = set(indicator.lacking(snapshot, period))
        fine = {area: not lacking.intersection({area, *areas.within(area)}) for area in frame["area"].unique()}
        frame.loc[(frame["status"] == "no_data") & frame["area"].map(fine), "status"] = "not_applicable"
    if is_short(indicator.look_back, snapshot, period):
        frame.loc[frame["value"].notna(), "note"] = SHORT
    return frame
