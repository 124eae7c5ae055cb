"""What a notebook leaves behind: disclosed results as files of its run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ddns_utils.errors import DefinitionError
from ddns_utils.language import say

if TYPE_CHECKING:
    from ddns_utils.disclosure import Disclosed


def save(disclosed: Disclosed, name: str) -> None:
    """Write a disclosed result to the run: ``tables/<name>.csv``, and its rows to ``results.parquet``.

    The CSV is UTF-8 with semicolons and decimal commas, as Danish spreadsheets read it. In JupyterLab, outside a run,
    nothing is written and the notebook says so. Raises DefinitionError for anything but a ``Disclosed`` and for a name
    that is not lower-case letters, digits and ``_`` or is already used.
    """
    from ddns_utils.disclosure import Disclosed

    if not isinstance(disclosed, Disclosed):
        raise DefinitionError(
            f"save() takes disclosed results only, but {name!r} is a {type(disclosed).__name__}. Call disclose() first."
        )
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise DefinitionError(f"{name!r} cannot name a table. Use lower-case letters, digits and _.")
    folder = os.environ.get("DDNS_RUN_FOLDER")
    if folder is None:
        print(say("Not saved: this is not a run. ddns run saves.", os.environ.get("DDNS_LANGUAGE", "da")))
        return
    _write(disclosed, name, Path(folder))


def _write(disclosed: Disclosed, name: str, folder: Path) -> None:
    import pandas as pd

    csv = folder / "tables" / f"{name}.csv"
    if csv.exists():
        raise DefinitionError(f"This run has already saved a table named '{name}'. Choose another name.")
    csv.parent.mkdir(exist_ok=True)
    frame = disclosed.frame
    frame.convert_dtypes().to_csv(csv, index=False, sep=";", decimal=",", encoding="utf-8-sig")
    results = folder / "results.parquet"
    rows = frame.assign(table=name)
    if results.exists():
        rows = pd.concat([pd.read_parquet(results), rows], ignore_index=True)
    rows.to_parquet(results, index=False)
