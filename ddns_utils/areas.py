"""Danish geography, by code and by date: municipalities in clusters, health councils and regions in the country.

Every area is a set of municipalities. Areas have a first day and the day after their last one: the five regions are
four from 1 January 2027, when the health councils begin. Any area can be used for any period, since its
municipalities are the same all through; the dates say which areas make up the map of a day.

A clinic system that sends for general or specialist practice stands beside the areas as a sender. It is written
``system:NOVAX``, has no municipalities, and is part of the country.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text

COUNTRY = "DK"
LEVELS = ("country", "region", "health_cluster", "health_council", "municipality")
USUAL_LEVELS = ("country", "region", "municipality")
CHOSEN = "chosen"  # the level of an area that somebody put together
SYSTEM = "system"  # the level of a clinic system
SYSTEM_PREFIX = f"{SYSTEM}:"
LEVEL_NAMES = {
    "country": Text(da="Hele landet", en="Denmark"),
    "region": Text(da="Region", en="Region"),
    "health_cluster": Text(da="Sundhedsklynge", en="Health cluster"),
    "health_council": Text(da="Sundhedsråd", en="Health council"),
    "municipality": Text(da="Kommune", en="Municipality"),
    CHOSEN: Text(da="Udvalgt område", en="Chosen area"),
}
AND = Text(da="og", en="and")
_BELONGS = {
    "region": ("region", "region_2027"),
    "health_cluster": ("health_cluster",),
    "health_council": ("health_council",),
}


@cache
def codes(level: str, on: date | None = None) -> tuple[str, ...]:
    """Codes of all areas of a level, in the official order: those there are on a day, or those there ever were."""
    if _require_level(level) == "country":
        return (COUNTRY,)
    if level == "municipality" or on is None:
        return codelists.codes(level)
    return tuple(row["code"] for row in codelists.rows(level) if _is_there(row, on))


def name(code: str, language: str = "da") -> str:
    """Name of an area by its code, such as ``"101"``, ``"1084"``, ``"cluster-byen"``, ``"DK"`` or ``"101+147"``."""
    level = level_of(code)
    if level == "country":
        return LEVEL_NAMES["country"][language]
    if level == SYSTEM:
        return code.removeprefix(SYSTEM_PREFIX)
    if level != CHOSEN:
        return codelists.labels(level, language)[code]
    *most, last = [name(part, language) for part in code.split("+")]
    return f"{', '.join(most)} {AND[language]} {last}"


@cache
def level_of(code: str) -> str:
    """Level of an area code, ``chosen`` for several joined by ``+``, ``system``; DefinitionError if no area has it."""
    if is_system(code):
        return SYSTEM
    parts = code.split("+")
    if len(parts) > 1:
        for part in parts:
            level_of(part)
        return CHOSEN
    for level in LEVELS:
        if code in codes(level):
            return level
    raise DefinitionError(
        f"There is no area '{code}'. {_meant(code)}Municipalities have three digits ('101'), regions four ('1084'); "
        "health clusters begin with 'cluster-' and health councils with 'council-'; 'DK' is all. Join several with '+'."
    )


def _meant(given: str) -> str:
    """A question naming the area whose name or code is most like what was given, followed by a space; else empty."""
    known = {code.casefold(): code for level in LEVELS for code in codes(level)}
    for level, language in itertools.product(LEVELS[1:], ("da", "en")):
        known |= {label.casefold(): code for code, label in codelists.labels(level, language).items()}
    nearest = [] if given.isdecimal() else difflib.get_close_matches(given.casefold(), known, n=1)
    return f"Did you mean '{known[nearest[0]]}' ({name(known[nearest[0]])})? " if nearest else ""


def is_system(code: str) -> bool:
    """Whether a code is that of a clinic system."""
    return code.startswith(SYSTEM_PREFIX) and code != SYSTEM_PREFIX


@cache
def within(code: str) -> tuple[str, ...]:
    """Codes of the municipalities that make up an area, in the official order; none for a clinic system."""
    level = level_of(code)
    if level == SYSTEM:
        return ()
    rows = codelists.rows("municipality")
    if level == "country":
        return tuple(row["code"] for row in rows)
    if level == "municipality":
        return (code,)
    if level == CHOSEN:
        here = {municipality for part in code.split("+") for municipality in within(part)}
        return tuple(row["code"] for row in rows if row["code"] in here)
    return tuple(row["code"] for row in rows if code in {row[column] for column in _BELONGS[level]})


def chosen(text: str) -> str:
    """The one code for an area that is written as a code, or as several with commas or ``+`` between them.

    Municipalities may have four digits ("0101"). Several areas become one, made of all their municipalities.
    Raises DefinitionError for a code that no area has, and for areas that have a municipality in common.
    """
    if is_system(text):
        return text
    parts = [part.strip() for part in re.split(r"[,+]", text) if part.strip()]
    parts = [municipality_code(part) if re.fullmatch(r"0\d{3}", part) else part for part in parts]
    if systems := list(filter(is_system, parts)):
        raise DefinitionError(f"{systems[0]} is a clinic system, which stands alone. Name one system, or areas.")
    if not parts:
        raise DefinitionError("No area is named. Write a code such as '101', '1084' or 'DK', or several with commas.")
    together = [municipality for part in parts for municipality in within(part)]
    if len(set(together)) < len(together):
        twice = next(code for code in together if together.count(code) > 1)
        raise DefinitionError(f"{name(twice)} is in more than one of the areas {', '.join(parts)}. Name it once.")
    order = [code for level in LEVELS for code in codes(level)]
    return "+".join(sorted(parts, key=order.index))


def in_order(there: Iterable[str]) -> list[str]:
    """Area codes in reading order: the country, then each level in the official order, chosen areas last."""
    order = {code: place for place, code in enumerate(code for level in LEVELS for code in codes(level))}
    return sorted(there, key=lambda code: (order.get(code, len(order)), code))


@cache
def uncertain(code: str) -> tuple[str, ...]:
    """Municipalities of a health cluster of which it is in doubt that they belong to it; nothing for other areas."""
    doubted = codelists.codes("municipality", health_cluster_confidence="uncertain")
    if level_of(code) == CHOSEN:
        return tuple(place for part in code.split("+") for place in uncertain(part))
    return tuple(place for place in within(code) if place in doubted) if level_of(code) == "health_cluster" else ()


def sums(there: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Which of the given areas are parts of which: (area, the areas of one level that lie in it), none overlapping.

    The parts do not have to make up the whole. Levels may cross, since a cluster and a council can share a
    municipality, so an area can be told from several levels; a level that follows from a wider one is left out.
    """
    given = in_order(set(there))
    systems = tuple(filter(is_system, given))
    if systems and COUNTRY in given:
        yield COUNTRY, systems
    here = {code: frozenset(within(code)) for code in given if code not in systems}
    for code, whole in here.items():
        inside = [part for part in here if part != code and _is_part(part, code, here)]
        families = [_apart([part for part in inside if level_of(part) == level], here) for level in (*LEVELS, CHOSEN)]
        complete = [family for family in families if sum(len(here[part]) for part in family) == len(whole)]
        for family in families:
            if family and not any(_follows(family, wider, here) for wider in complete if wider is not family):
                yield code, tuple(family)


def municipality_code(text: str) -> str:
    """The three-digit code for a municipality written with three digits ('101') or four ('0101')."""
    code = text[1:] if re.fullmatch(r"0\d{3}", text) else text
    if code not in codes("municipality"):
        raise DefinitionError(f"'{text}' is not a municipality code. Write three digits, such as '101' for København.")
    return code


@cache
def region_of(on: date) -> dict[str, str]:
    """Municipality code → code of the region that it lies in on a day, for all 98 municipalities."""
    return {municipality: region for region in codes("region", on) for municipality in within(region)}


def _is_part(part: str, code: str, here: dict[str, frozenset[str]]) -> bool:
    """Areas of the same municipalities are parts of the one that comes first."""
    return here[part] < here[code] or (here[part] == here[code] and in_order([part, code])[0] == code)


def _apart(parts: list[str], here: dict[str, frozenset[str]]) -> list[str]:
    """The parts, without those that share a municipality with one before them."""
    kept: list[str] = []
    for part in parts:
        if all(here[part].isdisjoint(here[other]) for other in kept):
            kept.append(part)
    return kept


def _follows(family: list[str], wider: list[str], here: dict[str, frozenset[str]]) -> bool:
    """Whether every part lies in one part of the wider family, which itself is made of smaller ones."""
    return len(wider) <= len(family) and all(any(_is_part(part, whole, here) for whole in wider) for part in family)


def _is_there(row: dict[str, str], on: date) -> bool:
    return (not row["start"] or row["start"] <= on.isoformat()) and (not row["end"] or on.isoformat() < row["end"])


def _require_level(level: str) -> str:
    if level not in LEVELS:
        raise DefinitionError(f"There is no area level '{level}'. Choose one of: {', '.join(LEVELS)}.")
    return level
