"""What one notebook has disclosed so far, and what was published before it: each call of ``disclose()`` knows both.

A run's kernel is one notebook, and so is a kernel of JupyterLab, where a cell that is executed again takes the place of
what it disclosed before. Outside a kernel (in a script or a test) calls know nothing of each other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython import get_ipython

from ddns_utils.disclosure.ledger import Ledger, ledger_of, write_table
from ddns_utils.disclosure.published import Published, published
from ddns_utils.registers import open_registers

if TYPE_CHECKING:
    from ddns_utils.disclosure.disclosed import Disclosed
    from ddns_utils.disclosure.models import SafeEstimates


@dataclass(frozen=True)
class _Call:
    disclosed: Disclosed
    table: Published
    cell: str
    execution: int


_calls: list[_Call] = []
_shown: list[int] = []


def earlier() -> list[Published]:
    """Earlier releases, and what this notebook has disclosed already, oldest first."""
    if not _is_notebook():
        return []
    cell, execution = _cell()
    if cell:
        _calls[:] = [call for call in _calls if call.cell != cell or call.execution == execution]
    version = os.environ.get("DDNS_LEDGER_VERSION")
    ledger = ledger_of(open_registers())
    return [
        *_released(ledger, int(version) if version else ledger.version),
        *(call.table for call in _calls if call.table.kinds),
    ]


def remember(disclosed: Disclosed, true: pd.DataFrame, kinds: Mapping[str, str]) -> None:
    """Keep what a call was given and what it gave; a run also writes it to its record."""
    if not _is_notebook():
        return
    rows = published(true, disclosed.frame, kinds)
    _calls.append(_Call(disclosed, rows.about_persons(), *_cell()))
    if record := _record():
        write_table(record, len(_calls), rows, asdict(disclosed.audit), asdict(disclosed.policy), disclosed.indicators)


def showed(kind: str, disclosed: Disclosed, rows: pd.DataFrame, **words: Any) -> dict[str, int]:
    """Write to a run's record which rows a figure or table shows; returns its number there, empty outside a run."""
    record = _record()
    tables = [number for number, call in enumerate(_calls) if call.disclosed is disclosed]
    if record is None or not tables:
        return {}
    return _write(record, {"kind": kind, **words, "table": tables[0], "rows": [int(row) for row in rows.index]})


def estimated(estimates: SafeEstimates, title: str) -> dict[str, int]:
    """Write to a run's record on how many persons the estimates of a table rest on; returns what ``showed`` does."""
    record = _record()
    if record is None:
        return {}
    about = {"estimates": estimates.kind, "persons": estimates.persons, "events": estimates.events}
    return _write(record, {"kind": "table", "title": title, **about})


def forget() -> None:
    """Begin a new notebook."""
    _calls.clear()
    _shown.clear()


@cache
def _released(ledger: Ledger, version: int) -> tuple[Published, ...]:
    return tuple(ledger.published(version))


def _write(record: Path, line: dict[str, Any]) -> dict[str, int]:
    _shown.append(len(_shown))
    with (record / "shown.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return {"shown": len(_shown)}


def _record() -> Path | None:
    return Path(os.environ["DDNS_RECORD"]) if "DDNS_RECORD" in os.environ else None


def _is_notebook() -> bool:
    return _record() is not None or getattr(get_ipython(), "kernel", None) is not None


def _cell() -> tuple[str, int]:
    """The id that JupyterLab gives the cell, and which execution this is; empty where cells have no id."""
    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:
        return "", 0
    return shell.kernel.get_parent("shell").get("metadata", {}).get("cellId", ""), shell.execution_count
