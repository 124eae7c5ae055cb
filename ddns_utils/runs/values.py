"""Values of parameters: read from text by the declared type, checked and brought to one form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from babel import Locale

from ddns_utils.language import day, require_language, say

Value = str | int | float | bool | list[str]

TYPES = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "list[str]": "texts"}
KINDS = ("area", "date", "language", "municipality", "period")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a value must meet beyond its type. ``kind`` names a rule of the domain, which also normalises."""

    choices: tuple[Value, ...] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    kind: str | None = None

    def require(self, value: Value) -> Value:
        """The value in its normal form ("0101" becomes "101" for a municipality).

        Raises ValueError with what is expected, and DefinitionError with the rule's own words.
        """
        if isinstance(value, list):
            return [self.require(item) for item in value]
        if self.choices is not None and value not in self.choices:
            raise ValueError(f"Choose one of: {', '.join(map(str, self.choices))}.")
        if self.pattern is not None and not re.fullmatch(self.pattern, str(value)):
            raise ValueError(self._form())
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"It must be at least {self.minimum}.")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"It must be at most {self.maximum}.")
        if self.kind is not None:
            return _rule(self.kind)(value)
        return value

    def _form(self) -> str:
        if self.kind == "period":
            from ddns_utils.period import forms

            return f"Write {forms(self.pattern)}."
        return f"It must have the form {self.pattern}."


def _rule(kind: str) -> Callable[[str], str]:
    if kind == "period":
        from ddns_utils.period import Period

        return lambda text: str(Period.parse(text))
    if kind == "date":
        return _day
    if kind == "language":
        return require_language
    from ddns_utils import areas

    return areas.municipality_code if kind == "municipality" else areas.chosen


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("Write a day as 2025-01-31.") from None


def from_text(text: str, kind: str) -> Value:
    """A value of a declared type from its text; text stays as it is, so that "0147" keeps its zero.

    Raises ValueError if the text is not of the type.
    """
    if kind == "int" and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if kind == "float" and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.IGNORECASE):
        return float(text)
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    if kind == "list[str]":
        return [part.strip() for part in text.split(",")] if text.strip() else []
    if kind == "str":
        return text
    raise ValueError(f"It must be {TYPES[kind]}.")


def of_type(value: object, kind: str) -> Value:
    """The value if it has the declared type (a whole number is also a number); ValueError otherwise."""
    if kind == "float" and type(value) is int:
        return float(value)
    if kind == "list[str]" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if type(value).__name__ == kind:
        return value  # type: ignore[return-value]
    raise ValueError(f"It must be {TYPES[kind]}.")


def in_words(value: Value, kind: str | None, language: str) -> str:
    """A checked value as readers see it: areas and languages by name, days in words."""
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    if kind in ("area", "municipality"):
        from ddns_utils import areas

        return areas.name(str(value), language)
    if kind == "language":
        return Locale(str(value)).get_language_name(language)
    if kind == "period":
        from ddns_utils.period import Period

        return Period.parse(str(value)).in_words(language)
    if kind == "date":
        return day(date.fromisoformat(str(value)), language)
    return str(value)
