"""Code lists: one CSV with the codes and one YAML with source, version and confidence for each.

A list is read once and is the only place where its codes are written. Each row of a list keeps the confidence
it has in its source; a row marked unverified stays marked.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from ddns_utils.errors import DefinitionError

FOLDER = Path(__file__).parent


@cache
def rows(name: str) -> tuple[MappingProxyType[str, str], ...]:
    """Every row of the code list ``name``, in file order, as read-only mappings of text to text."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        raise DefinitionError(f"There is no code list '{name}'. There are: {', '.join(names())}.")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(MappingProxyType(row) for row in csv.DictReader(file))


@cache
def about(name: str) -> MappingProxyType[str, Any]:
    """Title, source, version, retrieval date and confidence of the code list ``name``."""
    with (FOLDER / f"{name}.yml").open(encoding="utf-8") as file:
        return MappingProxyType(yaml.safe_load(file))


@cache
def codes(name: str, **where: str) -> tuple[str, ...]:
    """Values of the column ``code`` of a list, where the other columns have the given values."""
    return tuple(row["code"] for row in rows(name) if all(row[column] == value for column, value in where.items()))


@cache
def labels(name: str, language: str = "da") -> MappingProxyType[str, str]:
    """Code → label in a language, from the columns ``da`` and ``en``."""
    return MappingProxyType({row["code"]: row[language] for row in rows(name)})


def names() -> list[str]:
    """Names of all code lists."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))
