"""Landing deliveries: files in, one new version of the store out, and a report that accounts for every row."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from ddns_utils.errors import DataError
from ddns_utils.intake.account import Count, Fate, Landing
from ddns_utils.intake.archives import unpack_all
from ddns_utils.intake.at_once import take_back
from ddns_utils.intake.contacts import follow_contacts
from ddns_utils.intake.deliveries import ARCHIVE, KL_GATEWAY, DeliveredFile, find
from ddns_utils.intake.first_receipt import know_receipts
from ddns_utils.intake.flat import stage_flat
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.intake.kl_gateway import Rows
from ddns_utils.intake.pseudonym import (
    Pseudonyms,
    hide,
    in_print,
    is_same_key,
    read_key,
    remember_key,
    require_same_key,
)
from ddns_utils.intake.replacing import Replacement
from ddns_utils.intake.reports import ReportFile, read_reports
from ddns_utils.intake.settle import settle, settle_findings, settle_refused
from ddns_utils.intake.staging import FINDING, QUARANTINE, Staging, staging
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.registers import Registers, Writer

ROWS_AT_A_TIME, BYTES_AT_A_TIME = 50_000, 100_000_000
BYTES_FOR_ONE_THREAD = 5_000_000
COUNTED = ("read", "kept", "quarantined", "superseded")
Progress = Callable[[str, int, int], None]


def land(
    path: Path,
    registers: Registers,
    key: bytes | None = None,
    on_progress: Progress | None = None,
    replaces: Mapping[str, Period] | None = None,
) -> Landing:
    """Land a delivered file, or every delivery in a folder, as one new version of the store.

    A delivery is in whole or not at all; one whose content has been landed before changes nothing. A file that cannot
    be read is refused and does not stop the others. The files of a register in ``replaces`` are together all there is
    of the period. DataError if there is nothing at ``path`` or nothing to replace a period with, the key is not the one
    the store was written with, or somebody else is writing.
    """
    deliveries, others = find(path)
    landing = Landing(others=others)
    with registers.writing() as writer:
        pseudonyms = Pseudonyms(key or read_key(registers.path))
        require_same_key(registers.path, pseudonyms)
        with staging(writer, pseudonyms) as staged:
            deliveries = unpack_all(deliveries, staged.folder, landing)
            if sum(file.path.stat().st_size for file in deliveries if file.path.is_file()) <= BYTES_FOR_ONE_THREAD:
                writer.engine.execute("SET threads = 1")  # sharing out a little work is more work than doing it
            whole = [Replacement(*told, deliveries, writer) for told in (replaces or {}).items()]
            _Work(deliveries, staged, writer, pseudonyms, landing, on_progress or (lambda *_: None)).do(whole)
    landing.version = registers.latest_version
    return landing


def change_key(registers: Registers, key: bytes | None = None) -> None:
    """Give a store another key: a new version without any rows, so that no person gets two pseudonyms.

    Every delivery has to be landed again. Earlier versions keep their rows and the pseudonyms of the key before. If the
    store is written with this key already, nothing changes.
    """
    pseudonyms = Pseudonyms(key or read_key(registers.path))
    if is_same_key(registers.path, pseudonyms):
        return
    with registers.writing() as writer:
        for table in writer.snapshot.tables:
            writer.replace(table, TABLES[table].schema().empty_table())
    remember_key(registers.path, pseudonyms)


class _Work:
    """One landing while it goes on."""

    def __init__(
        self,
        deliveries: list[DeliveredFile],
        staged: Staging,
        writer: Writer,
        pseudonyms: Pseudonyms,
        landing: Landing,
        tell: Progress,
    ) -> None:
        self.deliveries, self.staged, self.writer, self.pseudonyms = deliveries, staged, writer, pseudonyms
        self.landing, self.tell = landing, tell
        self.accepted: dict[str, tuple[DeliveredFile, ReportFile | None]] = {}
        self.refused_ids: set[str] = set()
        self.rows = Rows()

    def do(self, replacements: list[Replacement]) -> None:
        """Stage every file, settle every table, account for all of it."""
        known = _known_hashes(self.writer)
        with _no_collection():
            self._stage_all(known, replacements)
        # What is refused under one name may have landed under another.
        self.refused_ids -= self.accepted.keys()
        for replacement in replacements:
            self.staged.fates += replacement.carry_out()
        if self.accepted:
            self._settle()
        for replacement in replacements:
            replacement.note()
            self.landing.replaced += replacement.lines()
        self._remember_refused()

    def _stage_all(self, known: set[str], replacements: list[Replacement]) -> None:
        together = {replacement.register for replacement in replacements}
        for number, file in enumerate(self.deliveries):
            self.tell("Reading deliveries", number, len(self.deliveries))
            if file.source in together:
                continue
            try:
                if file.sha256 in known:
                    self.landing.known.append(file.name)
                    continue
                self._stage(file, number + 1)
                known.add(file.sha256)
            except (DataError, OSError) as error:
                self._refuse(file, _why(error))
        self._stage_rows()
        for replacement in replacements:
            self._stage_together(replacement)
        self.tell("Reading deliveries", len(self.deliveries), len(self.deliveries))

    def _refuse(self, file: DeliveredFile, why: str) -> None:
        self.landing.refuse(file, in_print(why))
        self.refused_ids |= {_identity(file)} - {None}

    def _stage_together(self, replacement: Replacement) -> None:
        """Stage the files that replace a period: all of them or, if one is refused, none."""
        new = replacement.new_files
        every = [file for file in self.deliveries if file.source == replacement.register]
        self.landing.known += [file.name for file in every if file not in new]
        try:
            for archive, why in self.landing.refused_files:
                if archive.source == ARCHIVE:
                    raise DataError(f"{why} It may hold a part of {replacement.period}.")
            with self.staged.whole():
                for file in new:
                    self._stage(file, 0)
                with self.staged.again() as again:
                    for file in replacement.landed_files:
                        stage_flat(file, 0, self.staged)
                replacement.take(self.staged.fates, again)
        except (DataError, OSError) as error:
            if not new:
                raise
            for file in new:
                self.accepted.pop(file.delivery_id, None)
                self._refuse(file, _why(error))

    def _stage(self, file: DeliveredFile, arrival: int) -> None:
        tally = None
        if file.source == KL_GATEWAY:
            tally = ReportFile()
            for size in read_reports(file.path, file.delivery_id, self.pseudonyms, self.rows, tally):
                self.rows.bytes += size
                if self.rows.count >= ROWS_AT_A_TIME or self.rows.bytes >= BYTES_AT_A_TIME:
                    self._stage_rows()
        else:
            stage_flat(file, arrival, self.staged)
        self.accepted[file.delivery_id] = file, tally

    def _stage_rows(self) -> None:
        try:
            self.staged.stage_reports(self.rows)
        finally:
            self.rows.clear()  # not new ones, because a file that is being read has these

    def _settle(self) -> None:
        tables = self.staged.tables
        fates: list[Fate] = list(self.staged.fates)
        self.staged.received = {id_: _received_at(*of).date() for id_, of in self.accepted.items()}
        know_receipts(self.staged, self.writer)
        for number, table in enumerate(tables):
            self.tell("Writing registers", number, len(tables))
            fates += take_back(table, self.staged)
            if table in self.staged.sources:
                fates += settle(table, self.staged, self.refused_ids, self.writer)
            if table == "hospital_contact":
                follow_contacts(self.writer)
        if QUARANTINE in self.staged.sources:
            fates += settle_refused(self.staged, self.refused_ids, self.writer)
        if FINDING in self.staged.sources:
            self.landing.findings = settle_findings(self.staged, self.refused_ids, self.writer)
        self._count(fates)
        self.writer.merge("delivery", self._delivery_rows(fates))
        self.tell("Writing registers", len(tables), len(tables))

    def _remember_refused(self) -> None:
        """Every refused file as a delivery without rows, unless it has been refused for the same reason before."""
        if not self.landing.refused_files:
            return
        known = f"SELECT delivery_id, refused_because FROM {self.writer.scan('delivery')}"
        before = set(self.writer.engine.execute(known).fetchall())
        rows = [
            _delivery_row(file, None, Counter(), [], {file.source} & REGISTERS.keys()) | {"refused_because": why}
            for file, why in self.landing.refused_files
            if (identity := _identity(file)) and identity not in self.accepted and (identity, why) not in before
        ]
        if rows:
            self.writer.merge("delivery", pa.Table.from_pylist(rows, schema=TABLES["delivery"].schema()))

    def _count(self, fates: list[Fate]) -> None:
        together: dict[tuple[str, str], list[Fate]] = {}
        for fate in fates:
            together.setdefault((fate.delivery_id, fate.table), []).append(fate)
        empty = self.accepted.keys() - {delivery_id for delivery_id, _ in together}
        for (delivery_id, table), parts in [*together.items(), *(((id_, ""), []) for id_ in sorted(empty))]:
            kept, bad, old = (sum(getattr(p, name) for p in parts) for name in ("kept", "quarantined", "superseded"))
            reasons = sum((Counter(part.reasons) for part in parts), Counter())
            name = self.accepted[delivery_id][0].name
            self.landing.counts.append(Count(delivery_id, name, table, kept, bad, old, dict(reasons.most_common())))

    def _delivery_rows(self, fates: list[Fate]) -> pa.Table:
        counts: dict[str, Counter] = defaultdict(Counter)
        for count in self.landing.counts:
            source = self.accepted[count.delivery_id][0].source
            # A file that fills two tables, as BEF does, is counted by the rows of its first.
            if source == KL_GATEWAY or count.table == REGISTERS[source].tables[0]:
                counts[count.delivery_id].update({name: getattr(count, name) for name in COUNTED})
        days = defaultdict(list)
        for fate in fates:
            days[fate.delivery_id] += [day for day in (fate.first_day, fate.last_day) if day]
        rows = []
        for id_, (file, tally) in self.accepted.items():
            senders = tally.custodians if tally else self.staged.systems.get(id_) or {file.source}
            rows.append(_delivery_row(file, tally, counts[id_], days[id_], senders))
        return pa.Table.from_pylist(rows, schema=TABLES["delivery"].schema())


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection while reports are read: JSON has no cycles, and looking for them takes 40 % of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _delivery_row(
    file: DeliveredFile, tally: ReportFile | None, counts: Counter, days: list, senders: set[str]
) -> dict:
    return {
        "delivery_id": file.delivery_id,
        "source": file.source,
        "sender": hide(next(iter(senders))) if len(senders) == 1 else None,
        "file": file.name,
        "sha256": file.sha256,
        "received_at": _received_at(file, tally),
        "reported_at": tally.latest if tally else None,
        "refused_because": None,
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        **{f"rows_{name}": counts[name] for name in COUNTED},
    }


def _received_at(file: DeliveredFile, tally: ReportFile | None) -> datetime:
    return (not file.day and tally and tally.latest) or file.received_at


def _known_hashes(writer: Writer) -> set[str]:
    landed = f"SELECT sha256 FROM {writer.scan('delivery')} WHERE refused_because IS NULL"
    return set(writer.engine.execute(landed).to_arrow_table()["sha256"].to_pylist())


def _identity(file: DeliveredFile) -> str | None:
    """The file's delivery id; None if it cannot even be read."""
    try:
        return file.delivery_id
    except OSError:
        return None


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, DataError) else f"the file cannot be opened ({error.strerror})."
