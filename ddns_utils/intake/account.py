"""The account of a landing: what became of every file and every row."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddns_utils.intake.deliveries import DeliveredFile
from ddns_utils.model import TABLES

SHOWN = 25
UNKNOWN_CONTACT = "unknown contact"
ADVICE = (
    "Let senders put these rows right and send them again: docs/intake.md says what each reason means (of AIM and "
    "SENTINEL docs/reporting_guide.md), the table quarantine which rows they are."
)
HOW_NAMED = "docs/intake.md says how a delivery is named."
WAITING = "Rows of an unknown contact land when it has come: ddns intake --retry-quarantine"


@dataclass(frozen=True)
class Count:
    """What became of one delivery's rows of one table, with the reasons of those refused."""

    delivery_id: str
    file: str
    table: str
    kept: int = 0
    quarantined: int = 0
    superseded: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Rows read: kept, quarantined and superseded."""
        return self.kept + self.quarantined + self.superseded


@dataclass(frozen=True)
class Fate:
    """What became of rows of one delivery and table, all of them or a part; the days are those of the rows kept."""

    delivery_id: str
    table: str
    kept: int
    quarantined: int
    superseded: int
    first_day: object
    last_day: object
    reasons: dict[str, int]


@dataclass
class Landing:
    """What one landing did.

    ``refused`` maps a file's name to why nothing of it is in; ``known`` are files that had been landed before;
    ``others`` are files that are no deliveries. ``findings`` says how often delivery reports broke each rule of their
    profiles, ``replaced`` what became of periods that were replaced. ``refused_files`` are the refused files
    themselves. ``version`` is the store's version afterwards.
    """

    version: int = 0
    counts: list[Count] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    findings: dict[str, int] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    refused_files: list[tuple[DeliveredFile, str]] = field(default_factory=list)

    def refuse(self, file: DeliveredFile, why: str) -> None:
        """Note that nothing of a file is in, and why."""
        self.refused[file.name] = why
        self.refused_files.append((file, why))

    @property
    def failed(self) -> bool:
        """Whether a file was refused as a whole, or there was no delivery at all. Quarantined rows are no failure."""
        return bool(self.refused) or not (self.counts or self.known)

    def lines(self) -> list[str]:
        """The report in words: totals, then what needs somebody's attention."""
        landed = len({count.delivery_id for count in self.counts})
        lines = [f"{landed:,} deliveries landed, {len(self.known):,} known already. Store version {self.version}."]
        for table in TABLES:
            of_table = [count for count in self.counts if count.table == table]
            if of_table:
                kept, bad, old = (sum(getattr(c, n) for c in of_table) for n in ("kept", "quarantined", "superseded"))
                lines.append(f"  {table}: {kept:,} rows kept, {old:,} superseded, {bad:,} in quarantine")
        lines += self.replaced
        if bad_rows := [_bad_rows(count) for count in self.counts if count.quarantined]:
            lines += [*_first(bad_rows), ADVICE]
            lines += [WAITING] * any(UNKNOWN_CONTACT in count.reasons for count in self.counts)
        lines += [f"{name} is refused: {why} Nothing of it is in." for name, why in self.refused.items()]
        if self.findings:
            lines.append("Rules of the reports' profiles broken, see the table finding:")
            lines += _first([f"  {rule}: {number:,}" for rule, number in self.findings.items()])
        if self.others:
            lines.append(f"Not deliveries, left alone: {', '.join(_first(self.others))}. {HOW_NAMED}")
        elif self.failed and not self.refused:
            lines.append(f"There is no file there. {HOW_NAMED}")
        return lines


def _first(words: list[str]) -> list[str]:
    return words if len(words) <= SHOWN else [*words[:SHOWN], f"and {len(words) - SHOWN:,} more"]


def _bad_rows(count: Count) -> str:
    reasons = ", ".join(f"{word} ({number:,})" for word, number in count.reasons.items())
    return (
        f"delivery {count.delivery_id} ({count.file}): {count.quarantined:,} of {count.read:,} rows of {count.table} "
        f"are in quarantine: {reasons}. {'The rest is in' if count.read > count.quarantined else 'None is in'}."
    )
