"""Finding delivered files: what is a delivery, of which register and day, and in what order deliveries land."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path

from ddns_utils.errors import DataError
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.intake.pseudonym import in_print

KL_GATEWAY = "KL Gateway"
REPORTS = (".json", ".ndjson", ".jsonl")
TEXTS = (".csv", ".txt", ".tsv")
TABLES = (".parquet", ".sas7bdat", *TEXTS)
ARCHIVE = "archive"
ARCHIVES = (".zip", ".tar", ".tgz", ".gz")
NOT_DELIVERIES = ("truth.json",)
UNDATED = "undated"
_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


@dataclass(frozen=True)
class DeliveredFile:
    """One file to land. ``day`` is the date in its path, if there is one; the path may hold a CPR number."""

    path: Path = field(repr=False)
    name: str
    source: str
    day: date | None

    @cached_property
    def sha256(self) -> str:
        """Hash of the content; the same content is the same delivery."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def received_at(self) -> datetime:
        """When it arrived, as far as the file itself tells: the day in its path, else when it was last changed."""
        return datetime.combine(self.day, time()) if self.day else datetime.fromtimestamp(self.path.stat().st_mtime)

    @property
    def delivery_id(self) -> str:
        """Day and hash. A delivery without a date sorts after all that have one."""
        return f"{self.day or UNDATED}-{self.sha256[:12]}"


def find(path: Path) -> tuple[list[DeliveredFile], list[str]]:
    """The deliveries in a file or folder in the order to land them, and the names of files that are none.

    Contacts come before what refers to them. An archive is one delivery here, unpacked later. Raises DataError if
    nothing is there.
    """
    if not path.exists():
        raise DataError(f"There is no file or folder {in_print(path.name)} to land.")
    top = path if path.is_dir() else path.parent
    deliveries, others = [], []
    for file in [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file()):
        name, source = in_print(file.relative_to(top).as_posix()), _source(file)
        if source is None:
            others.append(name)
        else:
            # A file given alone may have its day in the folders above it; of several dates the nearest counts.
            parts = file.parts if path.is_file() else file.relative_to(top.parent).parts
            deliveries.append(DeliveredFile(file, name, source, _day(parts)))
    return in_order(deliveries), others


def in_order(deliveries: list[DeliveredFile]) -> list[DeliveredFile]:
    """Deliveries in the order to land them: by day, then register, then name."""
    turn = {source: number for number, source in enumerate([*REGISTERS, KL_GATEWAY, ARCHIVE])}
    return sorted(deliveries, key=lambda file: (file.day or date.max, turn[file.source], file.name))


def _source(file: Path) -> str | None:
    if file.name in NOT_DELIVERIES or file.name.startswith("."):
        return None
    if file.suffix.lower() in REPORTS:
        return KL_GATEWAY
    if file.name.lower().endswith(ARCHIVES):
        return ARCHIVE
    if file.suffix.lower() not in TABLES:
        return None
    stem = file.stem.upper()
    named = (name for name in REGISTERS if re.fullmatch(rf"{name}([\W\d_].*)?", stem, re.DOTALL))
    return max(named, key=len, default=None)


def _day(parts: Iterable[str]) -> date | None:
    for part in reversed(list(parts)):
        for text in reversed(_DAY.findall(part)):
            try:
                return date.fromisoformat(text)
            except ValueError:
                continue
    return None
