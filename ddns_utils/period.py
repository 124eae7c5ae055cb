"""Periods of whole days: the start is included and the end is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ddns_utils.errors import DefinitionError
from ddns_utils.language import day, month, say

FORMS = {
    "2025": "a year (2025)",
    "2025Q1": "a quarter (2025Q1)",
    "2025-03": "a month (2025-03)",
    "2025-W07": "an ISO week (2025-W07)",
    "2025-01-01/2025-07-01": "two days (2025-01-01/2025-07-01, the last not included)",
}
_WEEK = timedelta(days=7)


@dataclass(frozen=True, order=True)
class Period:
    """Days from ``start`` up to, not including, ``end``.

    Raises DefinitionError if ``end`` is not after ``start``.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise DefinitionError(f"A period must end after it starts, but {self.start} is not before {self.end}.")

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a year, quarter, month, ISO week (``2025-W07``) or interval such as ``2025-01-01/2025-07-01``."""
        text = text.strip()
        if m := re.fullmatch(r"(\d{4})", text):
            year = int(m[1])
            return _make(text, year, 1, 12)
        if m := re.fullmatch(r"(\d{4})-?[QK]([1-4])", text):
            return _make(text, int(m[1]), 3 * int(m[2]) - 2, 3)
        if m := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return _make(text, int(m[1]), int(m[2]), 1)
        if m := re.fullmatch(r"(\d{4})-?[WU](\d{2})", text):
            return _week(text, int(m[1]), int(m[2]))
        if m := re.fullmatch(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", text):
            try:
                return cls(date.fromisoformat(m[1]), date.fromisoformat(m[2]))
            except ValueError as error:
                raise DefinitionError(f"'{text}' is not a period: {error}. Write {forms()}.") from None
        raise DefinitionError(f"'{text}' is not a period. Write {forms()}.")

    @property
    def days(self) -> int:
        """Number of days in the period."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - timedelta(days=1)

    def years(self) -> tuple[Period, ...]:
        """The calendar years that the period consists of; DefinitionError if it does not start and end on 1 January."""
        if (self.start.month, self.start.day, self.end.month, self.end.day) != (1, 1, 1, 1):
            raise DefinitionError(f"{self} does not consist of whole calendar years.")
        return tuple(Period.parse(str(year)) for year in range(self.start.year, self.end.year))

    def before(self, number: int) -> tuple[Period, ...]:
        """The ``number`` calendar years that end with this one, oldest first; needs a calendar year."""
        (this,) = self.years()
        return tuple(Period.parse(str(this.start.year - back)) for back in reversed(range(number)))

    def following(self) -> Period:
        """The period just after this one, as many calendar months long if this is whole months, else as many days."""
        if not self.start.day == self.end.day == 1:
            return Period(self.end, self.end + timedelta(days=self.days))
        months = 2 * (self.end.year * 12 + self.end.month - 1) - (self.start.year * 12 + self.start.month - 1)
        return Period(self.end, date(months // 12, months % 12 + 1, 1))

    def preceding(self) -> Period:
        """The period just before this one, counted as ``following``."""
        if not self.start.day == self.end.day == 1:
            return Period(self.start - timedelta(days=self.days), self.start)
        months = 2 * (self.start.year * 12 + self.start.month - 1) - (self.end.year * 12 + self.end.month - 1)
        return Period(date(months // 12, months % 12 + 1, 1), self.start)

    def weeks(self) -> tuple[Period, ...]:
        """The ISO weeks of the period: those whose Thursday lies in it, so that each week is in one month only."""
        first = self.start - timedelta(days=self.start.weekday())
        mondays = (first + number * _WEEK for number in range(self.days // 7 + 2))
        return tuple(Period(day, day + _WEEK) for day in mondays if self.start <= day + timedelta(days=3) < self.end)

    def latest_months(self, number: int) -> tuple[Period, ...]:
        """The ``number`` calendar months that end with the one of the last day, oldest first."""
        months = self.last_day.year * 12 + self.last_day.month - 1
        return tuple(
            Period.parse(f"{month // 12}-{month % 12 + 1:02}") for month in range(months - number + 1, months + 1)
        )

    def in_words(self, language: str) -> str:
        """As readers write it: 2025, 1. kvartal 2025, marts 2025, uge 7, 2025; of others the first and the last day."""
        written = str(self)
        if re.fullmatch(r"\d{4}", written):
            return written
        if quarter := re.fullmatch(r"(\d{4})Q(\d)", written):
            return say("Q{quarter} {year}", language, year=quarter[1], quarter=quarter[2])
        if week := re.fullmatch(r"(\d{4})-W(\d{2})", written):
            return say("week {week}, {year}", language, year=week[1], week=int(week[2]))
        if "/" not in written:
            return month(self.start, language)
        return f"{day(self.start, language)} – {day(self.last_day, language)}"

    def __str__(self) -> str:
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        if self.start.day == 1 and self.end.day == 1:
            if months == 12 and self.start.month == 1:
                return f"{self.start.year}"
            if months == 3 and self.start.month % 3 == 1:
                return f"{self.start.year}Q{(self.start.month + 2) // 3}"
            if months == 1:
                return f"{self.start:%Y-%m}"
        if self.days == 7 and self.start.weekday() == 0:
            return "{}-W{:02}".format(*self.start.isocalendar())
        return f"{self.start}/{self.end}"


def forms(pattern: str = ".*") -> str:
    """The ways to write a period, in words: all of them, or those that a regular expression takes."""
    *most, last = [words for example, words in FORMS.items() if re.fullmatch(pattern, example)]
    return f"{', '.join(most)} or {last}" if most else last


def _make(text: str, year: int, month: int, months: int) -> Period:
    try:
        start = date(year, month, 1)
        last = month + months
        return Period(start, date(year + (last > 12), last - 12 if last > 12 else last, 1))
    except ValueError as error:
        raise DefinitionError(f"'{text}' is not a period: {error}. Write {forms()}.") from None


def _week(text: str, year: int, week: int) -> Period:
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError as error:
        raise DefinitionError(f"'{text}' is not a period: {error}. Write {forms()}.") from None
    return Period(monday, monday + _WEEK)
