"""What has been published of a store of registers, kept beside it and readable by its owner only.

``ledger/runs/<run>/`` has the disclosed tables of a run with their true numbers, written while it runs and given its
name when the run has finished. ``ledger/entries/<number>.json`` has the decisions, one after the other: released,
published, withdrawn. Nothing is ever changed or taken away: an entry is written whole under the next free number and
names the hash of the one before it.

A run is published when it is released, or, where the policy does not demand release, when it first reaches the site.
What readers have seen they cannot unsee, so a withdrawn run stays among what was published.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ddns_utils.disclosure.published import Published
from ddns_utils.errors import DataError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.registers import Registers

RELEASED, PUBLISHED, WITHDRAWN = "released", "published", "withdrawn"
MADE_PUBLIC = (RELEASED, PUBLISHED)
OWNER_ONLY = 0o700
WORDS = ("title", "counted", "one_row_is")
Words = dict[str, dict[str, dict[str, str]]]  # indicator → one of WORDS → language → text


@dataclass(frozen=True)
class Table:
    """A disclosed table as a run recorded it: rows as in ``Published``, by which rules, and what the audit said.

    ``words`` has, by indicator, its title, what is counted and what one row is, by language.
    """

    frame: pd.DataFrame
    kinds: dict[str, str]
    audit: dict[str, Any]
    policy: dict[str, Any]
    words: Words = field(default_factory=dict)


@dataclass(frozen=True)
class Ledger:
    """The ledger in a folder; a folder that does not exist is an empty ledger, version 0."""

    path: Path

    @property
    def version(self) -> int:
        """Number of the last entry; 0 while nothing is published."""
        return max((int(file.stem) for file in (self.path / "entries").glob("*.json")), default=0)

    def entries(self, run: str | None = None) -> list[dict[str, Any]]:
        """The entries, or those about one run, oldest first. Raises DataError if one is missing or was changed."""
        found, before = [], ""
        for number in range(1, self.version + 1):
            file = self._entry(number)
            if not file.is_file():
                raise DataError(f"{file.name} is missing in {self.path.name}/entries. Put it back from a backup.")
            text = file.read_text(encoding="utf-8")
            entry = json.loads(text)
            if entry["before"] != before:
                raise DataError(
                    f"The entry before {file.name} in {self.path.name}/entries was changed. Put it back from a backup."
                )
            before = hashlib.sha256(text.encode()).hexdigest()
            found.append(entry)
        return [entry for entry in found if run in (None, entry["run"])]

    def state(self, run: str) -> dict[str, Any] | None:
        """The latest entry about a run; None if there is none."""
        entries = self.entries(run)
        return entries[-1] if entries else None

    def add(self, event: str, run: str, **what: Any) -> dict[str, Any]:
        """Write an entry about a run, whole or not at all, and return it; a run without a record discloses nothing."""
        with self._alone():
            entries = self.entries()
            seen = {content for entry in entries for content in entry["tables"]}
            tables = {table.content: len(table.frame) for table in (self.tables(run) if self.has(run) else [])}
            entry = {
                "number": len(entries) + 1,
                "event": event,
                "run": run,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                **what,
                "tables": tables,
                "new": sorted(set(tables) - seen),
                "before": self._hash(len(entries)),
            }
            _write(json.dumps(entry, indent=2, ensure_ascii=False, default=str) + "\n", self._entry(entry["number"]))
        return entry

    def published(self, version: int | None = None) -> list[Published]:
        """Every table that was published up to a version (the latest unless told), oldest first, each content once."""
        tables: dict[str, Published] = {}
        read = set()
        for entry in self.entries()[:version]:
            if entry["event"] in MADE_PUBLIC and entry["new"] and entry["run"] not in read:
                read.add(entry["run"])
                for table in self.tables(entry["run"]):
                    tables.setdefault(table.content, table)
        return list(tables.values())

    def fingerprint(self, version: int | None = None) -> str:
        """Hash of what was published up to a version; the same as long as nothing new is."""
        new = sorted(content for entry in self.entries()[:version] for content in entry["new"])
        return hashlib.sha256("\n".join(new).encode()).hexdigest()

    def has(self, run: str) -> bool:
        """Whether the true numbers of a run are here."""
        return (self.path / "runs" / run).is_dir()

    def require(self, run: str) -> None:
        """Raise DataError if the true numbers of a run are not here."""
        if not self.has(run):
            raise DataError(
                f"The ledger beside these registers has no record of the numbers of {run}. Name the registers that "
                "it was made from (--registers or DDNS_REGISTERS), or run the analysis again."
            )

    def tables(self, run: str) -> list[Published]:
        """The disclosed tables of a run, in the order they were made. Raises DataError if they are not here."""
        return [Published(one.frame, one.kinds, run).about_persons() for one in self.rows(run) if one.kinds]

    def rows(self, run: str) -> list[Table]:
        """The disclosed tables of a run with all their rows. Raises DataError if they are not here."""
        self.require(run)
        return [_read_table(file) for file in sorted((self.path / "runs" / run).glob("table-*.parquet"))]

    def shown(self, run: str) -> list[dict[str, Any]]:
        """What a run displayed, in order: kind, title, and the table (from 0) and positions of the rows.

        Estimates have their kind (``estimates``), ``persons`` and ``events`` instead.
        """
        file = self.path / "runs" / run / "shown.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []

    def estimates(self, run: str) -> list[dict[str, Any]]:
        """The estimates that a run displayed."""
        return [line | {"run": run} for line in self.shown(run) if "estimates" in line]

    def begin(self, run: str) -> Path:
        """The folder that a run which is being made writes its record to."""
        folder = self.path / "making" / run
        _protected(folder)
        return folder

    def keep(self, run: str) -> str:
        """Give the record of a finished run its name; returns the hash of what it holds."""
        folder = self.path / "runs" / run
        _protected(folder.parent)
        (self.path / "making" / run).rename(folder)
        return self.record_hash(run)

    def drop(self, run: str) -> None:
        """Throw the record of a run away that did not finish: nobody has seen it."""
        shutil.rmtree(self.path / "making" / run, ignore_errors=True)

    def record_hash(self, run: str) -> str:
        """The hash of a run's record."""
        digest = hashlib.sha256()
        for file in sorted((self.path / "runs" / run).iterdir()):
            digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def _entry(self, number: int) -> Path:
        return self.path / "entries" / f"{number:08d}.json"

    def _hash(self, number: int) -> str:
        return hashlib.sha256(self._entry(number).read_bytes()).hexdigest() if number else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        _protected(self.path / "entries")
        with (self.path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def ledger_of(registers: Registers) -> Ledger:
    """The ledger beside a store of registers."""
    return Ledger(registers.path / "ledger")


def write_table(
    folder: Path,
    number: int,
    table: Published,
    audit: Mapping[str, Any],
    policy: Mapping[str, Any],
    indicators: Mapping[str, Indicator],
) -> None:
    """Keep a disclosed table, with all its rows, in a run's record."""
    file = folder / f"table-{number:03d}.parquet"
    part = file.with_suffix(".part")
    table.frame.to_parquet(part, index=False)
    part.rename(file)
    words = {name: {part: asdict(getattr(one, part)) for part in WORDS} for name, one in indicators.items()}
    about = {"kinds": dict(table.kinds), "audit": dict(audit), "policy": dict(policy), "words": words}
    _write(json.dumps(about), file.with_suffix(".json"))


def _read_table(file: Path) -> Table:
    return Table(pd.read_parquet(file), **json.loads(file.with_suffix(".json").read_text(encoding="utf-8")))


def _protected(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part in (folder, *folder.parents):
        part.chmod(OWNER_ONLY)
        if part.name == "ledger":
            return


def _write(text: str, file: Path) -> None:
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)
