"""Indicators asked of the engine: sums by municipality, sex and age, as finely as anything is shown.

What the engine answered is kept beside the registers it comes from, under a key of the definition, the code and the
versions of the tables, so that 98 reports ask it once.
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path

import ibis
import numpy as np
import pandas as pd

from ddns_utils import areas, codelists, standardisation
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator, Mean, Rate
from ddns_utils.kept import kept
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot

SEXES = codelists.codes("sex")
AGE_BANDS = {"0-17": 0, "18-39": 18, "40-64": 40, "65-79": 65, "80+": 80}
# The engine counts in bands that both those and the standard populations' are sums of.
STANDARD_BANDS = {band: int(band.replace("+", "-").split("-")[0]) for band in standardisation.BANDS}
FINEST_AGES = tuple(sorted({*AGE_BANDS.values(), *STANDARD_BANDS.values()}))
UNKNOWN = "unknown"  # rows that are placed nowhere, or count whoever they are about
DAYS_PER_YEAR = 365.25
PARTS = ("n", "of", "squares", "largest")


def kept_cells(indicator: Indicator, snapshot: Snapshot, period: Period) -> np.ndarray:
    """Sums by municipality, sex and finest age band, and the largest value: see ``ask``."""
    tables = sorted(snapshot.tables.items())
    key = hashlib.sha256(repr((indicator.id, indicator.version, str(period), tables, _code())).encode()).hexdigest()[
        :32
    ]
    file = snapshot.path / "results" / f"{indicator.id}-{key}.npy"
    if file.is_file():
        return np.load(file)
    cells = ask(indicator, snapshot, period)
    file.parent.mkdir(exist_ok=True)
    written = file.with_suffix(f".{id(cells)}.tmp")
    with written.open("wb") as out:
        np.save(out, cells)
    written.rename(file)
    return cells


def ask(indicator: Indicator, snapshot: Snapshot, period: Period) -> np.ndarray:
    """The same, from the engine: an array of municipality × sex × finest age (each with one more for unknown) × 4.

    The last axis has numerator, denominator (rows, or person-years), the sum of squares of what is counted, and the
    largest that one row counts, whatever its sign.
    """
    if isinstance(indicator, Rate) and indicator.events is not None:
        events = indicator.events(snapshot, period)
        events = events.mutate(counts=ibis.literal(1)) if "counts" not in events.columns else events
        n = _grid(snapshot, _summed(_placed(events, snapshot, age_on=period.start)))[..., 0]
        person_years = _grid(snapshot, _summed(_days_lived(snapshot, period)))[..., 0] / DAYS_PER_YEAR
        return np.stack([n, person_years, np.zeros_like(n), np.zeros_like(n)], axis=-1)
    return _grid(snapshot, _summed(placed_rows(indicator, snapshot, period)))


def placed_rows(indicator: Indicator, snapshot: Snapshot, period: Period) -> ibis.Table:
    """The rows of the denominator where they are placed, with what they count."""
    rows = indicator.numerator(indicator.denominator(snapshot, period), snapshot, period)
    if indicator.rows_about != "persons" and "person_id" in rows.columns:
        raise DefinitionError(f"{indicator.id}: rows about {indicator.rows_about} must not have person_id.")
    if isinstance(indicator, Mean):
        rows = rows.filter(rows.counts.notnull())
    return _placed(rows, snapshot)


def _placed(rows: ibis.Table, snapshot: Snapshot, age_on: date | None = None) -> ibis.Table:
    """Rows with the municipality, sex and age band of their person; a row of nobody resident that day is left out.

    Rows that are not placed by their person count in their own municipality, or in the country alone if they have none.
    """
    if "weight" not in rows.columns:
        rows = rows.mutate(weight=ibis.literal(1.0))
    sent = {"system": rows.system} if "system" in rows.columns else {}
    if "person_id" not in rows.columns:
        return rows.select(
            "weight",
            **sent,
            municipality=rows.municipality.fill_null(UNKNOWN),
            sex=ibis.literal(UNKNOWN),
            age_band=ibis.literal(UNKNOWN),
            counts=rows.counts.cast("float64"),
        )
    if "municipality" not in rows.columns:
        homes = _homes(snapshot).select("person_id", "municipality", since="start", until="end")
        rows = rows.inner_join(
            homes,
            [rows.person_id == homes.person_id, homes.since <= rows.on, homes.until.isnull() | (rows.on < homes.until)],
        ).drop("person_id_right")
    rows = rows.inner_join(_persons(snapshot).select("person_id", "sex", "birth_date"), "person_id")
    return rows.select(
        "municipality",
        "sex",
        "weight",
        *sent,
        age_band=_age_band(rows.birth_date, rows.on if age_on is None else ibis.literal(age_on)),
        counts=rows.counts.cast("float64"),
    )


@kept
def _persons(snapshot: Snapshot) -> ibis.Table:
    return snapshot.table("person").select("person_id", "sex", "birth_date", "death_date")


@kept
def _homes(snapshot: Snapshot) -> ibis.Table:
    return snapshot.table("residence").select("person_id", "municipality", "start", "end")


def _days_lived(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Days lived in each municipality within the period, whole numbers so that any order of adding gives the same sum.

    Age is that on the period's first day.
    """
    homes = _homes(snapshot).inner_join(_persons(snapshot), "person_id")
    until = ibis.least(
        homes.end.fill_null(period.end), homes.death_date.fill_null(period.end), ibis.literal(period.end)
    )
    days = until.delta(ibis.greatest(homes.start, ibis.literal(period.start)), unit="day")
    lived = homes.mutate(days=days).filter(lambda rows: rows.days > 0)
    return lived.select(
        "municipality",
        "sex",
        weight=ibis.literal(1.0),
        age_band=_age_band(lived.birth_date, ibis.literal(period.start)),
        counts=lived.days.cast("float64"),
    )


def _age_band(born: ibis.Value, on: ibis.Value) -> ibis.Value:
    had_birthday = (on.month() * 100 + on.day()) >= (born.month() * 100 + born.day())
    age = on.year() - born.year() - ibis.ifelse(had_birthday, 0, 1)
    bands = [str(start) for start in FINEST_AGES]
    return ibis.cases(*((age < end, band) for end, band in zip(FINEST_AGES[1:], bands, strict=False)), else_=bands[-1])


def _summed(rows: ibis.Table) -> ibis.Table:
    return rows.group_by("municipality", "sex", "age_band").aggregate(**sums_of(rows))


def sums_of(rows: ibis.Table) -> dict[str, ibis.Value]:
    """What is computed of rows that are placed: numerator, denominator, squares, and the largest value."""
    return {
        "n": (rows.counts * rows.weight).sum(),
        "of": rows.weight.sum().cast("float64"),
        "squares": (rows.counts * rows.counts * rows.weight).sum(),
        "largest": rows.counts.abs().max(),
    }


def _grid(snapshot: Snapshot, summed: ibis.Table) -> np.ndarray:
    found = snapshot.engine.to_pandas(summed).set_index(["municipality", "sex", "age_band"])
    axes = [(*values, UNKNOWN) for values in (areas.codes("municipality"), SEXES, map(str, FINEST_AGES))]
    cells = found.reindex(pd.MultiIndex.from_product(axes))[list(PARTS)].fillna(0.0).to_numpy(dtype=float)
    return cells.reshape(*map(len, axes), len(PARTS))


@cache
def _code() -> str:
    """Fingerprint of the code that decides numbers, so that kept results never outlive a change of it."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    rooms = (
        "measure.py", "counting.py", "standardisation.py", "persons.py", "courses.py", "phenotypes", "completeness.py",
        "deliveries.py", "areas.py", "indicators", "codelists", "model",
    )  # fmt: skip
    for file in sorted(
        path for room in rooms for path in (folder / room, *(folder / room).rglob("*")) if path.is_file()
    ):
        if file.suffix in {".py", ".csv"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()
