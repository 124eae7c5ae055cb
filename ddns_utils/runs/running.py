"""One run of an analysis: pin the data, execute the notebook, keep what it made, and write the manifest last."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ddns_utils.disclosure import Policy
from ddns_utils.disclosure.leaks import without_values
from ddns_utils.disclosure.ledger import Ledger, ledger_of
from ddns_utils.errors import DataError, DdnsError, RunError
from ddns_utils.language import LANGUAGES
from ddns_utils.registers import LAND_FIRST, Registers
from ddns_utils.runs import door
from ddns_utils.runs.contract import Contract
from ddns_utils.runs.engine import CellError, execute
from ddns_utils.runs.folders import RunFolder, new_folder, point_latest
from ddns_utils.runs.manifest import (
    FAILED,
    MANIFEST,
    code_state,
    file_hashes,
    package_state,
    policy_state,
    sha256,
    write_json,
    write_whole,
)
from ddns_utils.runs.project import Project
from ddns_utils.snapshot import Snapshot

SECONDS = 3600.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
Render = Callable[[NotebookNode, dict[str, Any]], str]


@dataclass(frozen=True)
class Plan:
    """An analysis with checked values, the data it will read, and the record its run begins with."""

    contract: Contract
    values: dict[str, Any]
    snapshot: Snapshot
    notebook: NotebookNode
    record: dict[str, Any]

    @property
    def key(self) -> str:
        """Hash of all that decides the result: notebook, parameters, policy, data, code and packages."""
        parts = [
            self.values,
            self.record["sources"],
            self.record["registers"]["version"],
            self.record["registers"]["tables"],
            self.record["published_before"]["sha256"],
            self.record["code"]["ddns_utils_sha256"],
            self.record["packages"],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def plan(project: Project, contract: Contract, values: dict[str, Any], snapshot: Snapshot) -> Plan:
    """Read all that a run needs and write nothing. Raises DataError if the registers are empty."""
    if snapshot.version == 0:
        raise DataError(
            f"The registers in {snapshot.path.name} are empty, so {contract.analysis} has nothing to read. "
            f"{LAND_FIRST} For made-up ones: ddns synthesize."
        )
    language = str(values.get("language", LANGUAGES[0]))
    ledger = ledger_of(Registers(snapshot.path))
    record = {
        "analysis": contract.analysis,
        "notebook": contract.notebook.name,
        "parameters": values,
        "shown": contract.shown(values, language),
        "language": language,
        "registers": {"version": snapshot.version, "tables": snapshot.tables},
        "published_before": {"ledger_version": ledger.version, "sha256": ledger.fingerprint()},
        "notice": _notice(snapshot.path / "notice.txt", language),
        "sources": _sources(project, contract),
        "code": code_state(project.root),
        "packages": package_state(project.root),
    }
    notebook = in_language(nbformat.read(contract.notebook, as_version=4), language)
    return Plan(contract, values, snapshot, notebook, record)


def run(
    project: Project,
    planned: Plan,
    render: Render,
    on_cell: Callable[[int, int], None] = lambda cell, cells: None,
    seconds: float = SECONDS,
) -> RunFolder:
    """Carry out a plan in a new folder; ``render`` makes the report's HTML of the executed notebook and the record.

    Raises RunError if a cell does not finish within ``seconds`` for the whole notebook, if the report cannot be
    rendered, or if anything about single persons or anything small is in what was made. The folder then keeps notebook
    and log without that, and has ``failed.json`` instead of a manifest. The true numbers of a run that finished are
    kept in the ledger beside the registers.
    """
    folder, started = new_folder(project, planned.contract.analysis, planned.key)
    ledger = ledger_of(Registers(planned.snapshot.path))
    try:
        return _carry_out(project, planned, folder, started, ledger, render, on_cell, seconds)
    finally:
        ledger.drop(folder.id)


def _carry_out(
    project: Project,
    planned: Plan,
    folder: RunFolder,
    started: datetime,
    ledger: Ledger,
    render: Render,
    on_cell: Callable[[int, int], None],
    seconds: float,
) -> RunFolder:
    policy = owners_policy(project)
    record = {"run": folder.id, "key": planned.key, **planned.record, "started": started.isoformat()}
    env = os.environ | {
        "DDNS_PROJECT": str(project.root),
        "DDNS_REGISTERS": str(planned.snapshot.path),
        "DDNS_STORE_VERSION": str(planned.snapshot.version),
        "DDNS_RUN_FOLDER": str(folder.path),
        "DDNS_RECORD": str(ledger.begin(folder.id)),
        "DDNS_LEDGER_VERSION": str(record["published_before"]["ledger_version"]),
        "DDNS_LANGUAGE": record["language"],
    }
    try:
        notebook = execute(
            planned.notebook,
            planned.values,
            env=dict(env),
            folder=planned.contract.notebook.parent,
            seconds=seconds,
            on_start=on_cell,
        )
    except CellError as stop:
        removed = _keep(stop.notebook, folder, record, policy)
        begins = stop.notebook.cells[stop.index].source.partition("\n")[0][:60]
        at = f"cell {stop.index + 1}"
        reason = stop.reason if at not in removed else f"{stop.reason.partition(':')[0]}; its words were removed"
        why = f"{at} ({begins}) did not finish. {reason}"
        failure = _failure(folder, record, policy, why, stop.index + 1)
        raise (KeyboardInterrupt if isinstance(stop.__context__, KeyboardInterrupt) else failure) from None
    except Exception as error:
        raise _failure(
            folder, record, policy, f"the kernel could not be used. {type(error).__name__}: {error}"
        ) from error
    removed = _keep(notebook, folder, record, policy)
    if removed:
        raise _failure(
            folder,
            record,
            policy,
            f"{door.in_words(removed)}. It was removed. Show disclosed results with ddns_utils.display",
        )
    try:
        write_whole(render(notebook, record), folder.path / "report.html")
    except DdnsError as error:
        raise _failure(folder, record, policy, f"the report cannot be made. {error}") from None
    removed = door.search(folder.path, policy, delete=True) | door.in_record(record)
    if removed:
        raise _failure(
            folder, record, policy, f"{door.in_words(removed)}. It was removed. Save disclosed results with save()"
        )
    record["disclosure"] = _disclosure(ledger, folder.id, policy)
    write_json(record | {"files": file_hashes(folder.path)}, folder.path / MANIFEST)
    point_latest(folder)
    return folder


def _disclosure(ledger: Ledger, run: str, policy: Policy | None) -> dict[str, Any]:
    """What was disclosed: the policy, each table's indicators and audit, and the hash of their record in the ledger."""
    kept = ledger.keep(run)
    tables = ledger.rows(run)
    return {
        "policy": policy_state(policy),
        "tables": [{"indicators": sorted(set(one.frame["indicator"])), **one.audit} for one in tables],
        "record_sha256": kept,
    }


def owners_policy(project: Project) -> Policy | None:
    """The data owner's rules; None in a project that has none, which can neither save nor publish counts."""
    file = project.parameter_file("disclosure")
    return Policy.read(file) if file.is_file() else None


def _notice(file: Path, language: str) -> str | None:
    """What readers must know about the data: the line that begins with the language ("da: …"), else the whole file."""
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8").strip()
    ours = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(f"{language}:")]
    return " ".join(ours) or text


def _sources(project: Project, contract: Contract) -> dict[str, str]:
    """Path → hash of the project's own files that decide a result: notebook, parameter file, disclosure policy."""
    policy = project.parameter_file("disclosure")
    files = (contract.notebook, project.parameter_file(contract.analysis), policy)
    return {file.relative_to(project.root).as_posix(): sha256(file) for file in files if file.is_file()}


def in_language(notebook: NotebookNode, language: str) -> NotebookNode:
    """The notebook without the cells that are tagged with another language."""
    others = {f"lang-{other}" for other in LANGUAGES if other != language}
    notebook.cells = [cell for cell in notebook.cells if not others & set(cell.metadata.get("tags", []))]
    return notebook


def _keep(
    notebook: NotebookNode, folder: RunFolder, record: dict[str, Any], policy: Policy | None
) -> dict[str, set[str]]:
    """Write the executed notebook, its log and its figures, and add times to the record.

    What must not be kept is taken out first; returns what it was, by the cell.
    """
    removed = door.clean(notebook, policy)
    notebook.metadata.papermill.update(input_path=record["notebook"], output_path="report.ipynb")
    notebook.metadata.pop("kernelspec", None)
    write_whole(nbformat.writes(notebook), folder.path / "report.ipynb")
    write_whole("".join(_log(notebook)), folder.path / "log.txt")
    figures = [
        out for cell in notebook.cells for out in cell.get("outputs", []) if "image/svg+xml" in out.get("data", {})
    ]
    for number, output in enumerate(figures, 1):
        (folder.path / "figures").mkdir(exist_ok=True)
        write_whole(output.data["image/svg+xml"], folder.path / "figures" / f"figure-{number}.svg")
    record["ended"] = datetime.now(UTC).isoformat()
    record["cells"] = [
        {"cell": number, "seconds": cell.metadata.papermill.duration, "status": cell.metadata.papermill.status}
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code"
    ]
    return removed


def _log(notebook: NotebookNode) -> list[str]:
    """What the cells printed and warned, and the error that stopped them."""
    lines = []
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                lines.append(f"--- cell {number}, {output.name}\n{output.text.rstrip()}\n")
            elif output.output_type == "error":
                trace = COLOURS.sub("", "\n".join(output.traceback)) or f"{output.ename}: {output.evalue}"
                lines.append(f"--- cell {number}, error\n{trace}\n")
    return lines


def _failure(
    folder: RunFolder, record: dict[str, Any], policy: Policy | None, why: str, cell: int | None = None
) -> RunError:
    """Record a failure in the run's folder, leave nothing there that must not be kept, and give the error."""
    door.search(folder.path, policy, delete=True)
    why = without_values(why)
    write_json(door.without(record | {"failed": why, "failed_cell": cell}), folder.path / FAILED)
    where = Path(*folder.path.parts[-3:])
    return RunError(f"{folder.analysis}: {why.rstrip('.')}. What was made of it is in {where}.")
