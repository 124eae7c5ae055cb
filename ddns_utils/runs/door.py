"""The guard at the door: nothing about single persons, and nothing small, is kept in a run or published.

What is found is taken out of what is kept, so that a failed run does not keep it either; messages say where it was and
what kind of thing it is, never what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from nbformat import NotebookNode
from nbformat.v4 import new_output

from ddns_utils.disclosure import Policy
from ddns_utils.disclosure.forms import embedded
from ddns_utils.disclosure.leaks import (
    few_in,
    html_tables_in,
    rows_are,
    rows_in,
    values_in,
    without_values,
)
from ddns_utils.measure import COLUMNS
from ddns_utils.runs.manifest import FAILED, MANIFEST

FOREIGN = "a table or picture that ddns_utils.display did not make"
UNKNOWN = "content that save() did not write"
NO_POLICY = "counts, but the project has no disclosure policy"
OURS = ("figure", "table", "text")
TEXTS = ("report.ipynb", "report.html", "log.txt", MANIFEST, FAILED)


def clean(notebook: NotebookNode, policy: Policy | None) -> dict[str, set[str]]:
    """Take out of an executed notebook what must not be kept. Returns what it was, by the cell (``cell 5``).

    Outputs are replaced by a line that says so; in code, texts and metadata the values are replaced.
    """
    found: dict[str, set[str]] = {}
    for number, cell in enumerate(notebook.cells, 1):
        here: set[str] = set()
        for position, output in enumerate(cell.get("outputs", [])):
            if what := _in_output(output, policy):
                words = f"Removed before it was kept: {_listed(what)}.\n"
                cell.outputs[position] = new_output("stream", name="stderr", text=words)
                here |= what
        for part in ("source", "metadata", "attachments"):
            if part in cell and (what := values_in(_text(cell[part]))):
                cell[part] = without(cell[part])
                here |= what
        if here:
            found[f"cell {number}"] = here
    if what := values_in(_text(notebook.metadata)):
        notebook.metadata = without(notebook.metadata)
        found["the notebook's metadata"] = what
    return found


def search(folder: Path, policy: Policy | None, delete: bool = False) -> dict[str, set[str]]:
    """What must not leave, by the file of a run's folder that has it; ``delete`` takes those files away."""
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if what := values_in(name) | _in_file(file, name, policy):
            found[without_values(name)] = what
            if delete:
                file.unlink()
    return found


def in_record(record: dict[str, Any]) -> dict[str, set[str]]:
    """What must not leave in what the manifest will say, such as parameters and the report's title."""
    what = values_in(_text(record))
    return {MANIFEST: what} if what else {}


def without(value: Any) -> Any:
    """A value as JSON has them, without numbers and pseudonyms in any text of it."""
    if isinstance(value, dict):
        return type(value)({without_values(str(key)): without(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [without(item) for item in value]
    if isinstance(value, str) or values_in(str(value)):
        return without_values(str(value))
    return value


def in_words(found: dict[str, set[str]]) -> str:
    """Where what was found."""
    return "; ".join(f"{where} has {_listed(what)}" for where, what in found.items())


def _listed(what: Iterable[str]) -> str:
    return " and ".join(sorted(what))


def _in_output(output: NotebookNode, policy: Policy | None) -> set[str]:
    found = values_in(_text(output))
    if output.output_type == "error":
        return found | (rows_in(output.evalue) if "\n" in output.evalue else set())
    data, made = output.get("data", {}), output.get("metadata", {}).get("ddns", {})
    texts = [
        str(output.get("text", "")),
        *(str(content) for content in data.values()),
        *(str(made.get(part, "")) for part in ("alt", "caption")),
    ]
    for content in texts:
        found |= few_in(content, policy)
    for kind, content in data.items():
        if kind.startswith(("image/", "application/")) and isinstance(content, str):
            found |= values_in(embedded(content))
    found |= html_tables_in(str(data.get("text/html", "")) + str(made.get("table", "")), policy)
    if made.get("role") not in OURS:
        found |= rows_in(texts[0] + str(data.get("text/plain", "")))
        if any(not kind.startswith("text/") for kind in data) or "<table" in str(data.get("text/html", "")):
            found.add(FOREIGN)
    return found


def _in_file(file: Path, name: str, policy: Policy | None) -> set[str]:
    if name == "results.parquet":
        return _in_rows(file, policy)
    if name.startswith("tables/") and file.suffix == ".csv":
        return values_in(file.read_text(encoding="utf-8-sig")) | _in_rows(file, policy)
    if name not in TEXTS and not (name.startswith("figures/") and file.suffix == ".svg"):
        return {UNKNOWN}
    text = file.read_text(encoding="utf-8")
    if name == "report.html":
        return values_in(text) | html_tables_in(text, policy)
    return values_in(text) | (few_in(text, policy) if file.suffix == ".svg" else set())


def _in_rows(file: Path, policy: Policy | None) -> set[str]:
    try:
        frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, sep=";", decimal=",")
    except (ValueError, pa.ArrowException):
        return {UNKNOWN}
    found = set()
    if file.suffix == ".parquet":
        words = {str(key) + str(value) for key, value in (pq.read_schema(file).metadata or {}).items()}
        for column in frame.columns:
            words.add(str(column))
            values = frame[column].dropna()
            if isinstance(values.dtype, pd.CategoricalDtype):
                words.update(map(str, values.cat.categories))  # a category that no row has any more is in the file too
            whole = pd.api.types.is_float_dtype(values)
            words.update(f"{value:.0f}" if whole and value % 1 == 0 else str(value) for value in values.unique())
        found = values_in("\n".join(words))
    if policy is None:
        return found | {NO_POLICY}
    return found | (rows_are(frame, policy) if set(COLUMNS) <= set(frame.columns) else {UNKNOWN})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
