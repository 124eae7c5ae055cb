"""A run: what its folder holds, what its record says, and what it leaves alone."""

import hashlib
import json
import sys

import nbformat
import pytest
import toys

from ddns_utils.errors import DataError
from ddns_utils.registers import Registers
from ddns_utils.runs.folders import RUN_ID, list_runs
from ddns_utils.runs.running import plan


@pytest.fixture
def finished(run_toys):
    return list_runs(run_toys.project, "story")[0]


def test_a_finished_run_has_everything_and_latest_names_it(finished):
    assert finished.status == "finished"
    assert {file.relative_to(finished.path).as_posix() for file in finished.path.rglob("*") if file.is_file()} == {
        "report.ipynb", "report.html", "log.txt", "manifest.json", "figures/figure-1.svg", "figures/figure-2.svg",
    }  # fmt: skip
    assert RUN_ID.fullmatch(finished.id)
    assert (finished.path.parent / "latest").resolve() == finished.path


def test_the_manifest_has_the_hash_of_every_other_file(finished):
    files = {file for file in finished.path.rglob("*") if file.is_file() and file.name != "manifest.json"}
    hashes = {
        file.relative_to(finished.path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
    assert finished.record["files"] == hashes


def test_the_manifest_says_what_the_run_was_made_of(finished, run_toys):
    record = finished.record
    assert record["run"] == finished.id
    assert finished.id.endswith(record["key"][:8])
    assert record["parameters"] == {"area": "DK", "period": "2025", "language": "da"}
    assert record["registers"] == {"version": 1, "tables": {"residence": 0}}
    assert record["code"]["commit"] is None
    assert len(record["code"]["ddns_utils_sha256"]) == 64
    assert record["packages"]["versions"]["pandas"]
    assert record["started"] < record["ended"]
    assert {cell["status"] for cell in record["cells"]} == {"completed"}
    assert all(cell["seconds"] >= 0 for cell in record["cells"])
    assert (record["title"], record["summary"]) == (
        "Får flere diabetes?",
        "Andelen stiger svagt, mest blandt de ældste.",
    )
    assert record["notice"] == "Opdigtede data."


def test_the_notebook_is_kept_in_its_language_with_the_values_it_ran_with(finished):
    notebook = nbformat.read(finished.path / "report.ipynb", as_version=4)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(texts) == 1
    assert texts[0].startswith("# Får flere diabetes?")
    assert notebook.metadata.papermill.parameters == finished.record["parameters"]
    assert notebook.metadata.papermill.input_path == "story.ipynb"
    assert "kernelspec" not in notebook.metadata


def test_the_log_has_what_cells_printed_and_warned(finished):
    log = (finished.path / "log.txt").read_text(encoding="utf-8")
    assert "stdout\nstdout DK 2025" in log
    assert "stderr\na warning for the log" in log


def test_the_kernel_is_told_where_it_is(finished, run_toys):
    log = (finished.path / "log.txt").read_text(encoding="utf-8")
    told = {
        "DDNS_PROJECT": run_toys.root, "DDNS_REGISTERS": run_toys.root / "registers", "DDNS_STORE_VERSION": 1,
        "DDNS_RUN_FOLDER": finished.path, "DDNS_LANGUAGE": "da",
    }  # fmt: skip
    for name, value in told.items():
        assert f"'{name}': '{value}'" in log


def test_a_second_run_gets_a_folder_of_its_own_and_the_first_stays_as_it_was(new_toys):
    new_toys.add("toy", [toys.text("da", "# Titel"), toys.text("en", "# Title"), "print(period)"])
    first = new_toys.run("toy")
    before = {file: file.read_bytes() for file in first.path.rglob("*") if file.is_file()}
    second = new_toys.run("toy")
    assert first.path != second.path
    assert first.record["key"] == second.record["key"]
    assert {file: file.read_bytes() for file in first.path.rglob("*") if file.is_file()} == before
    assert (first.path.parent / "latest").resolve() == second.path


def test_the_key_changes_with_what_decides_the_result_and_only_then(new_toys):
    new_toys.add("toy", ["print(period)"])
    snapshot = Registers(new_toys.root / "registers").snapshot()

    def key(**given):
        contract = new_toys.contract("toy")
        return plan(new_toys.project, contract, contract.values(given), snapshot).key

    first = key()
    assert key(period="2025") == first
    assert key(period="2024") != first
    (new_toys.root / "parameters" / "disclosure.toml").write_text("threshold = 3\n")
    with_policy = key()
    assert with_policy != first
    new_toys.add("toy", ["print(period, 1)"])
    assert key() not in (first, with_policy)


def test_a_notebook_runs_on_this_interpreter_whatever_kernel_it_names(new_toys):
    new_toys.add("toy", [toys.text("da", "# T"), "import sys\nprint(sys.executable)"])
    file = new_toys.root / "notebooks" / "toy.ipynb"
    content = json.loads(file.read_text())
    content["metadata"]["kernelspec"] = {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}
    file.write_text(json.dumps(content))
    log = (new_toys.run("toy").path / "log.txt").read_text()
    assert log.splitlines()[1] == sys.executable


def test_empty_registers_are_refused_before_anything_is_written(new_toys):
    new_toys.add("toy", [])
    contract = new_toys.contract("toy")
    with pytest.raises(DataError, match=r"The registers in nothing are empty, so toy has nothing to read"):
        plan(new_toys.project, contract, contract.values({}), Registers(new_toys.root / "nothing").snapshot())
    assert not new_toys.project.outputs.exists()
