"""The site: an index of analyses and a copy of every finished run's report, readable without a server."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from itertools import groupby
from pathlib import Path

from ddns_utils.disclosure import Policy
from ddns_utils.errors import DataError
from ddns_utils.language import day
from ddns_utils.publish.page import page
from ddns_utils.runs import door
from ddns_utils.runs.folders import RunFolder, list_runs
from ddns_utils.runs.manifest import sha256
from ddns_utils.runs.project import Project
from ddns_utils.runs.running import owners_policy


def build_site(project: Project, language: str = "da") -> tuple[Path, int]:
    """Build ``outputs/site`` anew; the index is in ``language``, reports are as they were run.

    Returns its index page and the number of reports. It is built aside and swapped in when whole, so that readers
    see the old site or the new one. Raises DataError if a report is no longer what its run wrote, or if anything about
    single persons or anything that the policy of today hides is in a run's folder.
    """
    policy = owners_policy(project)
    runs = [run for run in list_runs(project) if run.status == "finished"]
    project.outputs.mkdir(exist_ok=True)
    site = project.outputs / "site"
    with tempfile.TemporaryDirectory(prefix=".site-", dir=project.outputs) as work:
        new, old = Path(work) / "new", Path(work) / "old"
        new.mkdir()
        for run in runs:
            _copy(run, new, policy)
        analyses = [_entry(list(group), language) for _, group in groupby(runs, key=lambda run: run.analysis)]
        (new / "index.html").write_text(page("index.html.j2", language, analyses=analyses), encoding="utf-8")
        if site.exists():
            site.rename(old)
        new.rename(site)
    return site / "index.html", len(runs)


def _copy(run: RunFolder, new: Path, policy: Policy | None) -> None:
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
    (new / run.analysis).mkdir(exist_ok=True)
    shutil.copyfile(report, new / run.analysis / f"{run.id}.html")


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
