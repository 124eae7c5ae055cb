"""A landing killed at any moment leaves the version before it, and the next landing gives what an unkilled one gives."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from intake.deliver import CONTACT, DISPENSING, FILES, KEY, care_plan, content, landed, report, write_csv, write_reports

from ddns_utils.registers import Registers

LAND = """
import sys
from pathlib import Path
from ddns_utils.intake import land
from ddns_utils.period import Period
from ddns_utils.registers import Registers
land(Path(sys.argv[1]), Registers(Path(sys.argv[2])), bytes.fromhex(sys.argv[3]),
     replaces={"LMDB": Period.parse("2025")}, on_progress=lambda what, done, total: print(what, done, flush=True))
"""
MOMENTS = 12


def start(delivery, registers):
    arguments = [sys.executable, "-c", LAND, str(delivery), str(registers), KEY.hex()]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A store with one version, a delivery that corrects, replaces and adds to it, what both give, and its progress."""
    top = tmp_path_factory.mktemp("killed")
    earlier = [CONTACT | {"DW_EK_KONTAKT": "k0"}, CONTACT | {"PRIORITET": "ATA3"}]
    write_csv(top / "2025-01-01", "LPR_A_KONTAKT", earlier)
    write_csv(top / "2025-01-01", "LMDB", [DISPENSING | {"VNR": "654321"}, DISPENSING])
    landed(top / "2025-01-01", Registers(top / "before"))
    delivery = top / "2025-04-01"
    for name, row in FILES.items():
        write_csv(delivery, name, [row])
    plans = care_plan(), care_plan("other", status="odd"), care_plan("p", activity="cancelled")
    write_reports(delivery / "r.ndjson", report(*plans))
    shutil.copytree(top / "before", top / "unkilled")
    with start(delivery, top / "unkilled") as process:
        progress = process.stdout.read().splitlines()
    assert process.returncode == 0
    return top, delivery, content(Registers(top / "unkilled")), progress


def test_the_moments_are_spread_over_reading_and_writing(story):
    progress = story[-1]
    assert sum(line.startswith("Reading") for line in progress) > MOMENTS / 2
    assert sum(line.startswith("Writing") for line in progress) > MOMENTS / 2


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_kill_leaves_the_last_version_and_the_next_landing_completes_it(moment, story, tmp_path):
    top, delivery, complete, progress = story
    registers = Registers(tmp_path / "registers")
    shutil.copytree(top / "before", registers.path)
    before = content(registers)
    drawn = random.Random(moment)
    # One of the lines in every twelfth of the landing's way, then some of the time until the next line.
    line = min(int((moment + drawn.random()) * len(progress) / MOMENTS), len(progress) - 1)
    with start(delivery, registers.path) as process:
        for _ in range(line + 1):
            process.stdout.readline()
        time.sleep(drawn.random() * 0.03)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode in (-signal.SIGKILL, 0)
    version = registers.latest_version
    assert version == 1 or (version == 2 and line == len(progress) - 1)
    assert content(registers) == (before if version == 1 else complete)
    landed(delivery, registers, LMDB="2025")
    assert content(registers) == complete
    assert not (registers.path / "staging").exists()
