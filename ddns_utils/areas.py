"""Danish geography: municipalities in regions in the country, by code."""

from __future__ import annotations

import re
from functools import cache

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text

COUNTRY = "DK"
LEVELS = ("country", "region", "municipality")
LEVEL_NAMES = {
    "country": Text(da="Hele landet", en="Denmark"),
    "region": Text(da="Region", en="Region"),
    "municipality": Text(da="Kommune", en="Municipality"),
}


def codes(level: str) -> tuple[str, ...]:
    """Codes of all areas of a level, in the official order."""
    return (COUNTRY,) if _require_level(level) == "country" else codelists.codes(level)


def name(code: str, language: str = "da") -> str:
    """Name of an area by its code: a municipality (``"101"``), a region (``"1084"``) or the country (``"DK"``)."""
    if code == COUNTRY:
        return LEVEL_NAMES["country"][language]
    return codelists.labels(level_of(code), language)[code]


def level_of(code: str) -> str:
    """Level of an area code; DefinitionError with the nearest forms if no area has it."""
    for level in LEVELS:
        if code in codes(level):
            return level
    raise DefinitionError(
        f"There is no area '{code}'. Municipalities have three digits ('101'), regions four ('1084'); 'DK' is all."
    )


@cache
def region_of() -> dict[str, str]:
    """Municipality code → region code, for all 98 municipalities."""
    return {row["code"]: row["region"] for row in codelists.rows("municipality")}


def within(code: str) -> tuple[str, ...]:
    """Codes of the municipalities that make up an area."""
    level = level_of(code)
    if level == "municipality":
        return (code,)
    return tuple(m for m, region in region_of().items() if level == "country" or region == code)


def municipality_code(text: str) -> str:
    """The three-digit code for a municipality written with three digits ('101') or four ('0101')."""
    code = text[1:] if re.fullmatch(r"0\d{3}", text) else text
    if code not in codes("municipality"):
        raise DefinitionError(f"'{text}' is not a municipality code. Write three digits, such as '101' for København.")
    return code


def _require_level(level: str) -> str:
    if level not in LEVELS:
        raise DefinitionError(f"There is no area level '{level}'. Choose one of: {', '.join(LEVELS)}.")
    return level
