"""Hold every notebook in notebooks/ to the shape of an analysis. Prints what is wrong, and where."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import nbformat

from ddns_utils.errors import DdnsError
from ddns_utils.language import LANGUAGES
from ddns_utils.runs.contract import read_contract
from ddns_utils.runs.project import Project

ROOT = Path(__file__).parents[1]
MOST_CODE_CELLS = 15
MOST_LINES = 12
CLOCK = {"today", "now", "utcnow"}


def faults(notebook: Path) -> list[str]:
    """What keeps a notebook from being an analysis; empty if nothing does."""
    content = nbformat.read(notebook, as_version=4)
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    found = []
    if len(code) > MOST_CODE_CELLS:
        found.append(f"has {len(code)} code cells; {MOST_CODE_CELLS} is the most")
    if "kernelspec" in content.metadata:
        found.append("names a kernel; remove kernelspec from its metadata")
    if [cell for cell in content.cells if "parameters" in _tags(cell)] != code[:1] or not code:
        found.append("must have exactly one cell tagged parameters, before any other code")
    for number, cell in enumerate(content.cells, 1):
        if cell.cell_type == "code":
            found += [f"cell {number} {fault}" for fault in _code_faults(cell)]
    return found + _language_faults(content.cells)


def _code_faults(cell: Any) -> list[str]:
    found = []
    lines = len(cell.source.splitlines())
    if lines > MOST_LINES:
        found.append(f"has {lines} lines; {MOST_LINES} is the most")
    if cell.outputs or cell.execution_count is not None:
        found.append("has outputs or an execution count; clear them")
    try:
        nodes = list(ast.walk(ast.parse(cell.source)))
    except SyntaxError:
        return [*found, "is not plain Python"]
    if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) for node in nodes):
        found.append("defines a function or a class; it belongs in ddns_utils")
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    if any(getattr(name, "attr", getattr(name, "id", "")) in CLOCK for name in called):
        found.append("asks what day it is; make it a parameter")
    return found


def _language_faults(cells: list[Any]) -> list[str]:
    """Texts stand in pairs, Danish then English, side by side."""
    spoken = [[language for language in LANGUAGES if f"lang-{language}" in _tags(cell)] for cell in cells]
    found = []
    for number, (cell, here) in enumerate(zip(cells, spoken, strict=True), 1):
        if cell.cell_type == "markdown" and len(here) != 1:
            found.append(f"cell {number} is text that is not tagged lang-da or lang-en")
        if here == ["da"] and spoken[number : number + 1] != [["en"]]:
            found.append(f"cell {number} is Danish without its English beside it")
        if here == ["en"] and (number == 1 or spoken[number - 2] != ["da"]):
            found.append(f"cell {number} is English without its Danish beside it")
    return found


def _tags(cell: Any) -> list[str]:
    return cell.metadata.get("tags", [])


def main() -> int:
    """Check every notebook and every parameter file; 1 if any has a fault."""
    project = Project(ROOT)
    found = []
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found += [f"{notebook.name}: {fault}." for fault in faults(notebook)]
    for analysis in project.analyses:
        try:
            read_contract(project, analysis)
        except DdnsError as error:
            found.append(str(error))
    print("\n".join(found) or f"{len(project.analyses)} analyses have the right shape.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
