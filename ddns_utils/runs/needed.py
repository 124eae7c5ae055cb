"""Which versions of the registers somebody may have to read again: those that runs were made from."""

from __future__ import annotations

from collections.abc import Iterable

from ddns_utils.disclosure.ledger import Ledger
from ddns_utils.runs.folders import list_runs
from ddns_utils.runs.project import Project


def needed_versions(projects: Iterable[Project], ledger: Ledger) -> dict[int, str]:
    """Version → why it is needed: a run in one of the projects, or an entry of the ledger, names it."""
    needed: dict[int, str] = {}
    for entry in ledger.entries():
        if registers := entry.get("registers"):
            needed.setdefault(registers["version"], f"{entry['analysis']}/{entry['run']} was {entry['event']}")
    for project in projects:
        for run in list_runs(project):
            if registers := run.record.get("registers"):
                needed.setdefault(registers["version"], f"{run.analysis}/{run.id} was made from it")
    return needed
