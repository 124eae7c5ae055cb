"""A notebook that did not get to its end is never a finished run, whatever stopped it."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest
import toys

from ddns_utils.errors import RunError

AFTER = "print('after')"
FAULTS = {
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "DeadKernelError: The kernel died."),
    "exit_0_of_process": ("import os\nos._exit(0)", "DeadKernelError: The kernel died."),
    "sys_exit_0": ("import sys\nsys.exit(0)", "SystemExit: 0"),
    "error": ("1/0", "ZeroDivisionError: division by zero"),
    "syntax": ("1 +", "SyntaxError: invalid syntax"),
    "too_slow": ("import time\ntime.sleep(60)", "CellTimeoutError: The time for the whole notebook is used up."),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_leaves_notebook_and_log_but_no_manifest(new_toys, name):
    code, reason = FAULTS[name]
    new_toys.add(name, [toys.text("da", "# T"), "print('before')", code, AFTER])
    with pytest.raises(RunError, match=f"{name}: cell 5 .* did not finish. {reason}"):
        new_toys.run(name, seconds=3 if name == "too_slow" else 60)
    (folder,) = new_toys.runs(name)
    assert sorted(file.name for file in folder.iterdir()) == ["failed.json", "log.txt", "report.ipynb"]
    assert not (folder.parent / "latest").exists()
    notebook = nbformat.read(folder / "report.ipynb", as_version=4)
    statuses = [cell.metadata.papermill.status for cell in notebook.cells]
    assert statuses == ["completed"] * 4 + ["failed", "pending"]
    assert notebook.metadata.papermill.exception is True
    assert "before" in (folder / "log.txt").read_text()
    assert reason.split(":")[0] in (folder / "log.txt").read_text()
    assert json.loads((folder / "failed.json").read_text())["failed_cell"] == 5


def test_what_a_killed_kernel_spilled_is_gone(new_toys, monkeypatch, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    spill = """import os
from ddns_utils import engines
engine = engines.connect()
engine.raw_sql("SET memory_limit = '50MB'")
engine.raw_sql("CREATE TEMP TABLE long AS SELECT hash(i) FROM range(10_000_000) AS r(i)")
(folder,) = engine.raw_sql("SELECT current_setting('temp_directory')").fetchone()
print("files spilled:", len(os.listdir(folder)))"""
    new_toys.add("toy", [toys.text("da", "# T"), spill, FAULTS["killed"][0]])
    with pytest.raises(RunError, match="The kernel died"):
        new_toys.run("toy")
    (run,) = new_toys.runs("toy")
    assert re.search("files spilled: [1-9]", (run / "log.txt").read_text())
    assert not list(temporary.iterdir())


def test_a_tag_that_allows_errors_allows_none(new_toys):
    cell = nbformat.v4.new_code_cell("1/0", metadata={"tags": ["raises-exception"]})
    new_toys.add("toy", [toys.text("da", "# T"), "1", cell, AFTER])
    with pytest.raises(RunError, match="ZeroDivisionError"):
        new_toys.run("toy")


def test_latest_stays_at_the_run_that_succeeded(new_toys):
    new_toys.add("toy", [toys.text("da", "# T"), "1 / days"], "days: int = 1  # days")
    good = new_toys.run("toy")
    with pytest.raises(RunError, match="ZeroDivisionError"):
        new_toys.run("toy", days="0")
    assert (good.path.parent / "latest").resolve() == good.path


def test_a_report_that_cannot_be_made_is_a_failed_run_that_keeps_its_notebook(new_toys):
    new_toys.add("toy", [toys.text("da", "# T"), toys.show_figure(alt=" ")])
    with pytest.raises(
        RunError, match=r"toy: the report cannot be made. The figure in cell 4 .* has no alternative text"
    ):
        new_toys.run("toy")
    (folder,) = new_toys.runs("toy")
    assert not {"manifest.json", "report.html"} & {file.name for file in folder.iterdir()}
    assert (folder / "report.ipynb").is_file()


def command(new_toys, *words):
    env = os.environ | {"DDNS_PROJECT": str(new_toys.root), "DDNS_REGISTERS": str(new_toys.root / "registers")}
    return subprocess.Popen(
        [sys.executable, "-m", "ddns_utils.cli", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def wait_for(found, seconds=30):
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.1)
    assert found()


def started_sleeper(new_toys, *words):
    new_toys.add("sleeper", [toys.text("da", "# T"), f"open({str(new_toys.root / 'pid')!r}, 'w').write(str(__import__('os').getpid()))", "import time\ntime.sleep(60)"])  # fmt: skip
    new_toys.add("next_one", [toys.text("da", "# T"), AFTER])
    process = command(new_toys, "run", *words)
    wait_for(lambda: (new_toys.root / "pid").exists() and (new_toys.root / "pid").read_text())
    time.sleep(0.5)
    return process, int((new_toys.root / "pid").read_text())


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stopped_command_stops_its_kernel_records_it_and_starts_no_other(new_toys):
    process, kernel = started_sleeper(new_toys, "sleeper", "next_one")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 1
    (folder,) = new_toys.runs("sleeper")
    assert "The run was stopped." in json.loads((folder / "failed.json").read_text())["failed"]
    assert not (folder / "manifest.json").exists()
    assert new_toys.runs("next_one") == []
    wait_for(lambda: not alive(kernel))


def test_a_killed_command_leaves_an_unfinished_run_and_no_kernel(new_toys):
    process, kernel = started_sleeper(new_toys, "sleeper")
    process.kill()
    process.communicate(timeout=30)
    (folder,) = new_toys.runs("sleeper")
    assert [file.name for file in folder.iterdir()] == []
    wait_for(lambda: not alive(kernel))
    listed = command(new_toys, "runs", "sleeper").communicate(timeout=30)[0]
    assert f"sleeper\t{folder.name}\tunfinished\t" in listed
