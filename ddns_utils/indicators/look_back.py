"""How far before a period registers must reach for an indicator to mean what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import Disease
from ddns_utils.phenotypes.burden import WASH_OUT_DAYS
from ddns_utils.snapshot import Snapshot

KNOWN_YEARS = 1  # with less, hardly anybody has been seen with a disease that is followed yearly
FirstDay = Callable[[Period], date]
WANTED_YEARS = 10  # our own choice, as for comorbidity; RUKS counts over its registers' whole history
SHORT = "short look-back"  # the note of a value whose registers begin later than is wanted


@dataclass(frozen=True, kw_only=True)
class LookBack:
    """Rows of ``tables`` decide from ``years`` and ``days`` before the period's start, or ``ending_years`` to its end.

    A period for which they begin later is refused. Where that is too strict, since less only finds fewer, ``refuses``
    is False and the value gets the note ``SHORT``.
    """

    tables: tuple[str, ...]
    years: int = 0
    days: int = 0
    ending_years: int = 0
    refuses: bool = True

    def __post_init__(self) -> None:
        spans = (self.years, self.days, self.ending_years)
        if not self.tables or min(spans) < 0 or not any(spans):
            raise DefinitionError("A look-back names its tables, and years or days above 0.")

    def first_day(self, period: Period) -> date:
        """The first day whose rows decide."""
        before = years_before(period.start, self.years) - timedelta(days=self.days)
        return min(before, years_before(period.end, self.ending_years))

    @property
    def words(self) -> Text:
        """The same for a reader."""
        if self.ending_years:
            words = Text(
                f"{self.ending_years} år til periodens slutning", f"{self.ending_years} years to the period's end"
            )
        else:
            years = Text(f"{self.years} år", f"{self.years} year{'s' * (self.years > 1)}") if self.years else None
            days = Text(f"{self.days} dage", f"{self.days} days") if self.days else None
            parts = [part for part in (years, days) if part]
            words = Text(
                " og ".join(part.da for part in parts) + " før perioden",
                " and ".join(part.en for part in parts) + " before the period",
            )
        if self.refuses:
            return words
        return Text(f"helst {words.da}; går registrene kortere tilbage, findes for få",
                    f"preferably {words.en}; where registers reach less far back, too few are found")  # fmt: skip


def new(disease: Disease, days: int = 0, years: int = 0) -> LookBack:
    """For whoever is new with a disease in the period, moved back by ``years`` and ``days``: a wash-out before that."""
    return LookBack(tables=_registers(disease), years=years, days=days + WASH_OUT_DAYS)


def known(*diseases: Disease) -> tuple[LookBack, LookBack]:
    """For whoever had any of the diseases when the period began: a year is required, and ten are wanted."""
    tables = _registers(*diseases)
    return LookBack(tables=tables, years=KNOWN_YEARS), wanted(*diseases)


def wanted(*diseases: Disease) -> LookBack:
    """For whoever has any of the diseases by the period's end."""
    return LookBack(tables=_registers(*diseases), ending_years=WANTED_YEARS, refuses=False)


def require_begun(
    name: str, needs: Iterable[str], look_back: Iterable[LookBack], snapshot: Snapshot, period: Period
) -> None:
    """Raise DataError if a table begins after the period does, or after what is looked back at, to the month.

    A table that was never delivered is left to others: a disease is known by those of its registers that there are.
    """
    for table in needs:
        _require(name, table, snapshot, period, lambda each: each.start, "")
    for back in sorted((each for each in look_back if each.refuses), key=lambda each: each.first_day(period)):
        for table in back.tables:
            _require(name, table, snapshot, period, back.first_day, f" ({back.words.en})")


def is_short(look_back: Iterable[LookBack], snapshot: Snapshot, period: Period) -> bool:
    """Whether any table begins later than is wanted."""
    return any(
        (begins := _begins(snapshot, table)) is not None and back.first_day(period) < begins
        for back in look_back
        for table in back.tables
    )


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 28 February for the 29th where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def _require(name: str, table: str, snapshot: Snapshot, period: Period, first_day: FirstDay, why: str) -> None:
    begins = _begins(snapshot, table)
    if begins is None or first_day(period) >= begins:
        return
    usable = period
    while first_day(usable) < begins:
        usable = usable.following()
    raise DataError(
        f"{name} needs {table} from {first_day(period)}{why}, but it begins {snapshot.span(table)[0]}. "
        f"Use {usable} or a later period, or deliver older data."
    )


def _begins(snapshot: Snapshot, table: str) -> date | None:
    """The first day of the month of a table's first row; None if it has none, or no time."""
    span = snapshot.span(table)
    return span and span[0].replace(day=1)


def _registers(*diseases: Disease) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.register for disease in diseases for rule in disease.rules))
