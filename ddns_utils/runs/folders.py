"""Run folders: ``outputs/<analysis>/<run id>/``, never written to again once they have a manifest."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ddns_utils.runs.manifest import FAILED, MANIFEST
from ddns_utils.runs.project import Project

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class RunFolder:
    """A run as it lies on disk."""

    path: Path

    @property
    def id(self) -> str:
        """When the run started (UTC) and eight digits of what it was made from."""
        return self.path.name

    @property
    def analysis(self) -> str:
        """Name of the analysis."""
        return self.path.parent.name

    @property
    def status(self) -> str:
        """``finished``, ``failed``, or ``unfinished`` (running, or killed)."""
        if (self.path / MANIFEST).is_file():
            return "finished"
        return "failed" if (self.path / FAILED).is_file() else "unfinished"

    @cached_property
    def record(self) -> dict[str, Any]:
        """The manifest, or what is known of a failure; empty for an unfinished run."""
        for name in (MANIFEST, FAILED):
            if (self.path / name).is_file():
                return json.loads((self.path / name).read_text(encoding="utf-8"))
        return {}


def list_runs(project: Project, analysis: str | None = None) -> list[RunFolder]:
    """All runs, or those of one analysis, newest first within each analysis."""
    folders = [path for path in project.outputs.glob(f"{analysis or '*'}/*") if RUN_ID.fullmatch(path.name)]
    newest_first = sorted(folders, key=lambda path: path.name, reverse=True)
    return [RunFolder(path) for path in sorted(newest_first, key=lambda path: path.parent.name)]


def new_folder(project: Project, analysis: str, key: str) -> tuple[RunFolder, datetime]:
    """A new empty run folder, named by the time and ``key``; waits a second if that name is taken."""
    while True:
        started = datetime.now(UTC)
        path = project.outputs / analysis / f"{started:%Y%m%dT%H%M%SZ}-{key[:8]}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            time.sleep(0.2)
        else:
            return RunFolder(path), started


def point_latest(run: RunFolder) -> None:
    """Let ``latest`` name this run."""
    link = run.path.parent / "latest"
    new = link.with_name(f".latest-{run.id}")
    new.symlink_to(run.id)
    new.replace(link)
