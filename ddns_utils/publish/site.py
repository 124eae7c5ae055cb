"""The site: an index of analyses and the report of every finished run that may leave, readable without a server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from ddns_utils.disclosure import Policy, Published
from ddns_utils.disclosure.alike import alike
from ddns_utils.disclosure.ledger import PUBLISHED, RELEASED, WITHDRAWN, Ledger, ledger_of
from ddns_utils.errors import DataError
from ddns_utils.language import day
from ddns_utils.publish.page import page
from ddns_utils.registers import open_registers
from ddns_utils.runs import door
from ddns_utils.runs.folders import RunFolder, list_runs
from ddns_utils.runs.manifest import sha256
from ddns_utils.runs.project import Project
from ddns_utils.runs.release import enter, given_away, require_recorded, require_whole
from ddns_utils.runs.running import owners_policy


def build_site(
    project: Project,
    language: str = "da",
    ledger: Ledger | None = None,
    on_left_out: Callable[[RunFolder, str], None] = lambda run, why: None,
) -> tuple[Path, int]:
    """Build ``outputs/site`` anew; the index is in ``language``, reports are as they were run.

    Returns its index page and the number of reports. It is built aside and swapped in when whole, so that readers
    see the old site or the new one. Raises DataError if no run was made from the registers of the ledger, if a report
    is no longer what its run wrote, or if anything about single persons or anything that the policy of today hides is
    in a run's folder.

    Runs that may not leave are left out, and ``on_left_out`` is told why: those that nobody released where the policy
    demands it, those that were withdrawn, and those that would give small numbers away beside what is published. What
    reaches the site for the first time is entered in the ``ledger`` (that of the registers of today unless given).
    """
    policy = owners_policy(project)
    ledger = ledger or ledger_of(open_registers())
    finished = [run for run in list_runs(project) if run.status == "finished"]
    if finished and not any(ledger.has(run.id) for run in finished):
        raise DataError(
            f"None of {len(finished)} finished runs was made from these registers. Nothing is published. "
            "Name the registers that they were made from (--registers or DDNS_REGISTERS)."
        )
    for run in finished:
        _require_unchanged(run, policy)
    new_here, why = _may_leave(finished, ledger, policy)
    for run in finished:
        if run.id in why:
            on_left_out(run, why[run.id])
    runs = [run for run in finished if run.id not in why]
    project.outputs.mkdir(exist_ok=True)
    site = project.outputs / "site"
    with tempfile.TemporaryDirectory(prefix=".site-", dir=project.outputs) as work:
        new, old = Path(work) / "new", Path(work) / "old"
        new.mkdir()
        for run in runs:
            (new / run.analysis).mkdir(exist_ok=True)
            shutil.copyfile(run.path / "report.html", new / run.analysis / f"{run.id}.html")
        analyses = [_entry(list(group), language) for _, group in groupby(runs, key=lambda run: run.analysis)]
        (new / "index.html").write_text(page("index.html.j2", language, analyses=analyses), encoding="utf-8")
        for run in new_here:  # before anybody can see it
            enter(PUBLISHED, run, ledger, policy)
        if site.exists():
            site.rename(old)
        new.rename(site)
    return site / "index.html", len(runs)


def _may_leave(
    runs: Sequence[RunFolder], ledger: Ledger, policy: Policy | None
) -> tuple[list[RunFolder], dict[str, str]]:
    """The runs that reach the site for the first time, and why others may not leave, by their id."""
    new_here, why = [], {}
    published = ledger.published()
    for run in sorted(runs, key=lambda run: run.id):
        try:
            reason = _why_not(run, ledger, policy, published)
        except DataError as error:
            reason = str(error)
        if reason:
            why[run.id] = reason
        elif ledger.state(run.id) is None and (run.record["disclosure"]["tables"] or ledger.shown(run.id)):
            new_here.append(run)
            published += ledger.tables(run.id)
    return new_here, why


def _why_not(run: RunFolder, ledger: Ledger, policy: Policy | None, published: Sequence[Published]) -> str:
    """Why a run may not leave; empty if it may. Raises DataError, which says why, where it is not what it wrote."""
    name = f"{run.analysis}/{run.id}"
    look = f"Look at it: ddns checker {name}. Then: ddns release {name} --by NAME"
    require_recorded(run, ledger)
    state = ledger.state(run.id)
    if state and state["event"] == WITHDRAWN:
        return f"it was withdrawn by {state['by']}."
    if policy and policy.release_required and not (state and state["event"] == RELEASED):
        return f"nobody has released it. {look}"
    if state is None:
        require_whole(run, ledger)
        if near := alike(run.id, ledger, policy):
            one, other = near[0]
            as_many = f"'{one['title']}' rests on nearly as many persons as '{other['title']}' of {other['run']}"
            return f"{as_many}, and nobody has said that they are not the same. {look}"
        return given_away(run, ledger, policy, published)
    return ""


def _require_unchanged(run: RunFolder, policy: Policy | None) -> None:
    report = run.path / "report.html"
    if not report.is_file() or sha256(report) != run.record["files"]["report.html"]:
        raise DataError(
            f"report.html of {run.analysis}/{run.id} is not what the run wrote. "
            "Nothing is published. Delete that run's folder, or put the file back."
        )
    if found := door.search(run.path, policy):
        raise DataError(
            f"{run.analysis}/{run.id} cannot be published: {door.in_words(found)}. "
            "Nothing is published. Delete that run's folder and run the analysis again."
        )


def _entry(runs: list[RunFolder], language: str) -> dict[str, object]:
    """An analysis on the index: its newest report in the index's language first, then the others."""
    first = next((run for run in runs if run.record["language"] == language), runs[0])
    return {"latest": _link(first, language), "earlier": [_link(run, language) for run in runs if run is not first]}


def _link(run: RunFolder, language: str) -> dict[str, object]:
    record = run.record
    return {
        "href": f"{run.analysis}/{run.id}.html",
        "title": record["title"],
        "summary": record["summary"],
        "language": record["language"],
        "made": day(datetime.fromisoformat(record["started"]), language),
        "shown": record["shown"],
        "notice": record["notice"],
    }
