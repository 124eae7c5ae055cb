"""Change one comparison at a time in a module of rules and see whether a spec fails.

    python tools/mutate.py ddns_utils/indicators/cross_sector.py [more modules …]

Works on a copy. Prints each comparison whose change no spec noticed, and exits with 1 if there is any.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGED = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "=="}
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, what was changed, changed source) for each comparison."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    raw = source.encode()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or type(node.ops[0]) not in CHANGED:
            continue
        begin = starts[node.left.end_lineno - 1] + node.left.end_col_offset
        end = starts[node.comparators[0].lineno - 1] + node.comparators[0].col_offset
        sign, other = SIGNS[type(node.ops[0])].encode(), CHANGED[type(node.ops[0])].encode()
        changed = raw[:begin] + raw[begin:end].replace(sign, other, 1) + raw[end:]
        yield node.lineno, f"{lines[node.lineno - 1].strip()}   ({sign.decode()} to {other.decode()})", changed.decode()


def survives(module: Path, source: str, folder: Path) -> bool:
    """Whether every spec still passes with the changed module."""
    target = folder / module
    original = target.read_text(encoding="utf-8")
    target.write_text(source, encoding="utf-8")
    passed = passes(folder)
    target.write_text(original, encoding="utf-8")
    return passed


def passes(folder: Path) -> bool:
    """Whether every spec passes on the copy in a folder."""
    tests = ["tests/spec", "-x", "-q", "-p", "no:cacheprovider", "-W", "ignore"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *tests], cwd=folder, env=environment, capture_output=True, check=False
    )
    return run.returncode == 0


def main(modules: list[str]) -> int:
    """Try every mutant of the modules; 1 if any survives."""
    survivors = tried = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in ("ddns_utils", "tests/spec"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        if not passes(folder):
            sys.exit("The specs fail as they are. Mend that first.")
        for name in modules:
            module = Path(name).resolve().relative_to(ROOT)
            for line, what, source in mutants((ROOT / module).read_text(encoding="utf-8")):
                tried += 1
                if survives(module, source, folder):
                    survivors += 1
                    print(f"{module}:{line}: no spec notices: {what}", flush=True)
    print(f"{tried} comparisons changed, {survivors} unnoticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
