"""Old versions are dropped: what is kept reads as it did, what is needed or in use stays, and a kill does no harm."""

import gc
import json
import shutil
import signal
import subprocess
import sys
from datetime import date, datetime

import pyarrow as pa
import pytest

from ddns_utils.errors import DataError
from ddns_utils.model import TABLES
from ddns_utils.old_versions import IN_USE, drop_versions
from ddns_utils.registers import Registers

VERSIONS = 6
DROP_AND_BE_KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from ddns_utils.old_versions import drop_versions
from ddns_utils.registers import Registers
left, unlink = int(sys.argv[2]), Path.unlink
def unlink_or_die(path, **how):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    unlink(path, **how)
Path.unlink = unlink_or_die
drop_versions(Registers(Path(sys.argv[1])), date(2026, 2, 1), {3: "a run"})
"""


def encounters(version):
    """Two rows, of which one is new in every version and the other replaces what was there."""
    rows = [
        dict.fromkeys(TABLES["encounter"].columns)
        | {
            "person_id": "p", "custodian": "c", "law": "140", "voided": False, "delivery_id": f"v{version}",
            "reported_at": datetime(2026, 1, version), "start": datetime(2025, 1, 1), "encounter_id": id_,
        }
        for id_ in ("the same", f"of {version}")
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, TABLES["encounter"].schema())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a version for each of the first days of 2026."""
    registers = Registers(tmp_path_factory.mktemp("made") / "registers")
    for version in range(1, VERSIONS + 1):
        with registers.writing() as writer:
            writer.merge("encounter", encounters(version))
        file = registers.version_file(version)
        file.write_text(json.dumps(json.loads(file.read_text()) | {"written_at": f"2026-01-0{version}T06:00:00+00:00"}))
    return registers


@pytest.fixture
def registers(made, tmp_path):
    gc.collect()  # so that no earlier test is reading
    shutil.copytree(made.path, tmp_path / "registers")
    return Registers(tmp_path / "registers")


def read(registers, version):
    snapshot = registers.snapshot(version)
    return sorted(map(repr, snapshot.engine.to_pyarrow(snapshot.table("encounter")).to_pylist()))


def on_disk(registers):
    return {file.name for file in (registers.path / "tables").glob("*/year=*/*.parquet")}


def test_the_version_that_stood_when_the_day_began_and_all_later_ones_read_as_they_did(registers, made):
    size = sum(file.stat().st_size for file in (registers.path / "tables").glob("*/year=*/*.parquet"))
    outcome = drop_versions(registers, date(2026, 1, 4), {})
    assert (outcome.versions, outcome.kept, registers.versions) == ([1, 2], {}, [3, 4, 5, 6])
    assert len(on_disk(made)) - len(on_disk(registers)) == outcome.files > 0
    assert outcome.bytes + outcome.bytes_left == size
    for version in registers.versions:
        assert read(registers, version) == read(made, version)


def test_a_dropped_version_is_named_in_the_message_and_the_latest_is_never_dropped(registers, made):
    drop_versions(registers, date(2030, 1, 1), {})
    assert registers.versions == [VERSIONS]
    assert read(registers, None) == read(made, None)
    with pytest.raises(DataError, match=r"no version 2\. The latest is 6; earlier ones are gone if they were dropped"):
        registers.snapshot(2)
    assert drop_versions(registers, date(2030, 1, 1), {}).files == 0


def test_the_store_is_written_to_as_before(registers):
    drop_versions(registers, date(2030, 1, 1), {})
    with registers.writing() as writer:
        writer.merge("encounter", encounters(7))
    assert registers.versions == [VERSIONS, VERSIONS + 1]
    assert len(read(registers, None)) == VERSIONS + 2


def test_what_is_needed_and_what_somebody_reads_stays_with_the_reason(registers, made):
    reading = registers.snapshot(1)
    outcome = drop_versions(registers, date(2026, 2, 1), {3: "chronic_disease/x was released", 6: "the latest"})
    assert outcome.versions == [2, 4, 5]
    assert outcome.kept == {1: IN_USE, 3: "chronic_disease/x was released"}
    for version in (1, 3, 6):
        assert read(registers, version) == read(made, version)
    del reading
    gc.collect()
    assert drop_versions(registers, date(2026, 2, 1), {}).versions == [1, 3]


def test_a_dry_run_says_the_same_and_changes_nothing(registers):
    before = on_disk(registers)
    said = drop_versions(registers, date(2026, 2, 1), {3: "a run"}, only_say=True)
    assert registers.versions == list(range(1, VERSIONS + 1))
    assert on_disk(registers) == before
    assert "4 old versions would be dropped" in said.lines(only_say=True)[0]
    assert drop_versions(registers, date(2026, 2, 1), {3: "a run"}) == said


def test_nothing_is_dropped_while_somebody_writes(registers):
    with registers.writing(), pytest.raises(DataError, match="Somebody else is writing"):
        drop_versions(registers, date(2026, 2, 1), {})
    with pytest.raises(DataError, match="There are no versions to drop"):
        drop_versions(Registers(registers.path / "none"), date(2026, 2, 1), {})


@pytest.mark.parametrize("after", [0, 1, 4, 7])
def test_a_kill_at_any_file_leaves_whole_versions_and_the_next_time_frees_the_rest(after, registers, made, tmp_path):
    complete = Registers(tmp_path / "complete")
    shutil.copytree(made.path, complete.path)
    drop_versions(complete, date(2026, 2, 1), {3: "a run"})
    killed = subprocess.run([sys.executable, "-c", DROP_AND_BE_KILLED, registers.path, str(after)], check=False)
    assert killed.returncode == -signal.SIGKILL
    for version in registers.versions:
        assert read(registers, version) == read(made, version)
    assert {3, VERSIONS} <= set(registers.versions)
    gc.collect()
    drop_versions(registers, date(2026, 2, 1), {3: "a run"})
    assert (on_disk(registers), registers.versions) == (on_disk(complete), [3, VERSIONS])
