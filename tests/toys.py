"""Toy projects: registers with one home, and notebooks written for a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ddns_utils.disclosure.ledger import ledger_of
from ddns_utils.model import TABLES
from ddns_utils.publish.page import report
from ddns_utils.publish.site import build_site
from ddns_utils.registers import Registers
from ddns_utils.runs.contract import Contract, read_contract
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.project import Project
from ddns_utils.runs.running import plan, run

PARAMETERS = 'period: str = "2025"  # the year'
SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="216pt" height="72pt"
 viewBox="0 0 216 72"><title>Andelen stiger</title><metadata>matplotlib</metadata><defs><style type="text/css">*{stroke-linejoin: round}</style>
 <clipPath id="frame"><rect width="216" height="72"/></clipPath><path id="mark" d="M 0 0 L 9 9"/></defs>
 <g clip-path="url(#frame)"><rect x="9" y="9" width="90" height="18" style="fill: #0b5c7d"/>
 <use xlink:href="#mark" x="20" y="20"/></g><text x="9" y="60" style="font: 12px sans-serif">Andel</text></svg>"""
TABLE = (
    "<table><caption>Andel efter år</caption><thead><tr><th scope='col'>År</th><th scope='col'>Andel</th></tr></thead>"
    "<tbody><tr><th scope='row'>2024</th><td class='number'>4,1 %</td></tr></tbody></table>"
)


def show(data: dict[str, str], made: dict[str, str] | None) -> str:
    """Code that displays one output."""
    metadata = {"ddns": made} if made else {}
    return f"from IPython.display import display\ndisplay({data!r}, raw=True, metadata={metadata!r})"


def show_figure(**made: str) -> str:
    figure = {"role": "figure", "alt": "En stolpe på 4 %", "caption": "Antal pr. 100 borgere", "table": TABLE} | made
    return show({"image/svg+xml": SVG, "text/plain": figure["alt"]}, figure)


def text(language: str, words: str) -> Any:
    return new_markdown_cell(words, metadata={"tags": [f"lang-{language}"]})


STORY_PARAMETERS = 'area: str = "DK"  # the area\nperiod: str = "2025"  # the year\nlanguage: str = "da"  # da or en'
STORY = [
    text("da", "# Får flere diabetes?\n\nAndelen stiger svagt, mest blandt de ældste.\n\n## Hvad vi ser"),
    text("en", "# Do more people have diabetes?\n\nThe share rises slightly, most among the oldest.\n\n## What we see"),
    "import os, sys\nprint('stdout', area, period)\nprint('a warning for the log', file=sys.stderr)",
    show_figure(),
    show_figure(caption="Og igen"),
    show({"text/html": TABLE, "text/plain": "table"}, {"role": "table"}),
    "print({name: os.environ[name] for name in sorted(os.environ) if name.startswith('DDNS_')})",
]
SETTINGS = """
schedule = "0 6 1 * *"
[checks]
area = { kind = "area" }
period = { kind = "period" }
language = { kind = "language" }
[labels]
area = { da = "Område", en = "Area" }
period = { da = "Periode", en = "Period" }
language = { da = "Sprog", en = "Language" }
"""

DISCLOSING = """
import pandas as pd
from ddns_utils import disclose, save
from ddns_utils.indicators.cross_sector import READMISSION_30D as ONE
from ddns_utils.measure import COLUMNS, Measured
row = dict(indicator=ONE.id, version=1, period='2025', area_level='region', sex='all', age_band='all', lower=0.1,
           upper=0.9, method='', standard_population='', status='ok', note='', value=0.5)
frames = [pd.DataFrame([row | dict(area=a, n=n, of=2 * n) for a, n in part])[list(COLUMNS)]
          for part in ([('1081', 30.0), ('1082', 2.0)], [('1083', 40.0)])]
shown = [disclose(Measured(frame, {ONE.id: ONE})) for frame in frames]
save(shown[0], 'first')
"""


@dataclass(frozen=True)
class Toys:
    """A project for tests."""

    root: Path

    @property
    def project(self) -> Project:
        return Project(self.root)

    def add(self, name: str, cells: list[Any], parameters: str = PARAMETERS, settings: str | None = None) -> None:
        """Write a notebook: texts and code after the parameters cell, which comes after leading texts."""
        made = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
        first = next((i for i, cell in enumerate(made) if cell.cell_type == "code"), len(made))
        made.insert(first, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        nbformat.write(new_notebook(cells=made), self.root / "notebooks" / f"{name}.ipynb")
        if settings or parameters == STORY_PARAMETERS:
            (self.root / "parameters" / f"{name}.toml").write_text(settings or SETTINGS, encoding="utf-8")

    def contract(self, name: str) -> Contract:
        return read_contract(self.project, name)

    def run(self, name: str, seconds: float = 60, **given: str) -> RunFolder:
        contract = self.contract(name)
        planned = plan(self.project, contract, contract.values(given), Registers(self.root / "registers").snapshot())
        return run(self.project, planned, report, seconds=seconds)

    def site(self, language: str = "da") -> tuple[Path, int]:
        """Build the site beside this project's own registers: its index and the number of reports."""
        return build_site(self.project, language, ledger_of(Registers(self.root / "registers")))

    def runs(self, name: str) -> list[Path]:
        return sorted(path for path in (self.root / "outputs" / name).glob("2*"))


def make(root: Path) -> Toys:
    """A project with one version of the registers, which tell their readers that they are made up."""
    for folder in ("notebooks", "parameters"):
        (root / folder).mkdir()
    (root / "pyproject.toml").touch()
    registers = Registers(root / "registers")
    home = {"person_id": "p", "municipality": "101", "start": date(2020, 1, 1), "end": None, "delivery_id": "d"}
    with registers.writing() as writer:
        writer.append("residence", pa.Table.from_pylist([home], TABLES["residence"].schema()))
    (registers.path / "notice.txt").write_text("da: Opdigtede data.\nen: Made-up data.\n", encoding="utf-8")
    return Toys(root)


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
