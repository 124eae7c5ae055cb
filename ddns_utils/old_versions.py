"""Dropping old versions of a store, so that it does not grow without end.

Every landing leaves the files that it replaces on disk, because earlier versions name them. A version is dropped by
taking its file ``versions/<number>.json`` away, so that nobody can open it any more; then the Parquet files go that no
version names. A kill in between loses nothing: the next time removes the rest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

from deltalake import DeltaTable

from ddns_utils.errors import DataError
from ddns_utils.locks import only_writer, taking_away
from ddns_utils.registers import Registers
from ddns_utils.snapshot import table_path

IN_USE = "somebody is reading it"


@dataclass
class Dropped:
    """The versions dropped, those kept although they are old with the reason, and the files freed.

    ``bytes`` is their size, ``bytes_left`` that of the files which versions still name.
    """

    versions: list[int] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    bytes_left: int = 0

    def lines(self, only_say: bool = False) -> list[str]:
        """The result in words; ``only_say``: nothing was done."""
        would = "would be " if only_say else ""
        lines = [
            f"{len(self.versions):,} old versions {would}dropped. {self.files:,} files of {_size(self.bytes)} {would}"
            f"freed, {_size(self.bytes_left)} are left."
        ]
        return lines + [f"Version {version} is kept: {why}." for version, why in self.kept.items()]


def drop_versions(registers: Registers, before: date, needed: Mapping[int, str], only_say: bool = False) -> Dropped:
    """Drop the versions that were no longer the latest when the day ``before`` began (UTC), and free their files.

    Not the ``needed`` ones, given with the reason, and not those that somebody is reading. With ``only_say`` nothing is
    changed. Raises DataError if there are no registers, or somebody else is writing.
    """
    if not registers.versions:
        raise DataError(f"The registers in {registers.path.name} are empty. There are no versions to drop.")
    outcome = Dropped()
    with only_writer(registers.path):
        for version, next_one in pairwise(registers.versions):
            if _written(registers, next_one) >= before:
                break
            _drop(registers, version, needed.get(version), outcome, only_say)
        _free(registers, outcome, only_say)
    return outcome


def _written(registers: Registers, version: int) -> date:
    return datetime.fromisoformat(json.loads(registers.version_file(version).read_text())["written_at"]).date()


def _drop(registers: Registers, version: int, needed: str | None, outcome: Dropped, only_say: bool) -> None:
    file = registers.version_file(version)
    with taking_away(file) as is_free:
        if needed or not is_free:
            outcome.kept[version] = needed or IN_USE
            return
        outcome.versions.append(version)
        if not only_say:
            file.unlink()


def _free(registers: Registers, outcome: Dropped, only_say: bool) -> None:
    """Remove the Parquet files that no version names."""
    if not only_say:
        _sync(registers.path / "versions")
    kept = set(registers.versions) - set(outcome.versions)
    states = {
        (name, number)
        for version in kept
        for name, number in json.loads(registers.version_file(version).read_text())["tables"].items()
    }
    # Names of files are unique, and the same however the store's folder is reached.
    named = {
        Path(uri).name
        for name, number in states
        for uri in DeltaTable(table_path(registers.path, name), number).file_uris()
    }
    for file in sorted((registers.path / "tables").glob("*/**/*.parquet")):
        if "_delta_log" in file.parts:
            continue
        size = file.stat().st_size
        if file.name in named:
            outcome.bytes_left += size
            continue
        outcome.files += 1
        outcome.bytes += size
        if not only_say:
            file.unlink()


def _sync(folder: Path) -> None:
    """Have the disk know which files are gone from a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB" if number < 1e9 else f"{number / 1e9:,.1f} GB"
