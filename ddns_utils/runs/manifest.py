"""What a run was made of: code, packages, data and the hash of every file, so that it can be made again."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ddns_utils.disclosure.policy import Policy

MANIFEST = "manifest.json"
FAILED = "failed.json"
PACKAGES = (
    "ibis-framework", "duckdb", "deltalake", "pyarrow", "pandas", "numpy", "scipy", "statsmodels", "matplotlib",
    "seaborn", "papermill", "nbclient", "ipykernel",
)  # fmt: skip


def code_state(root: Path) -> dict[str, Any]:
    """The commit of the project and whether files differ from it (None outside git), and ddns_utils by hash."""
    commit = _git(root, "rev-parse", "HEAD")
    return {
        "commit": commit,
        "dirty": None if commit is None else bool(_git(root, "status", "--porcelain")),
        "ddns_utils": version("ddns_utils"),
        "ddns_utils_sha256": package_hash(),
    }


def package_hash() -> str:
    """The hash of ddns_utils, every file of it."""
    package = Path(__file__).parents[1]
    files = sorted(file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    tree = hashlib.sha256()
    for file in files:
        tree.update(f"{file.relative_to(package).as_posix()}\0{sha256(file)}\n".encode())
    return tree.hexdigest()


def package_state(root: Path) -> dict[str, Any]:
    """The lock file's hash, if there is one, and the versions of the packages that make numbers and figures."""
    lock = root / "requirements.lock"
    return {
        "requirements_lock_sha256": sha256(lock) if lock.is_file() else None,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def policy_state(policy: Policy | None) -> dict[str, Any] | None:
    """The disclosure policy's settings, as JSON gives them back."""
    return json.loads(json.dumps(asdict(policy))) if policy else None


def sha256(file: Path) -> str:
    """The hash of a file's content."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def file_hashes(folder: Path) -> dict[str, str]:
    """Path in the folder → hash, for every file in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}


def write_json(content: dict[str, Any], file: Path) -> None:
    """Write a JSON file in one step, so that it is there whole or not at all."""
    write_whole(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", file)


def write_whole(text: str, file: Path) -> None:
    """Write a text file in one step."""
    part = file.with_name(f".{file.name}.part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
