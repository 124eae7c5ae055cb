"""What a report shows, one exhibit per figure and table, with the counts under it as only a checker sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape

import nbformat
import pandas as pd

from ddns_utils.disclosure import PROTECTS, SMALL
from ddns_utils.disclosure.ledger import WORDS, Ledger, Table, Words
from ddns_utils.display.rows import DIMENSIONS, dimension_name, value_name
from ddns_utils.language import say
from ddns_utils.runs.folders import RunFolder

LABELS = ("Indicator", "Period", "Area", "Sex", "Age")
COUNTED = (
    ("Numerator", "Numerator, shown", "n"),
    ("Denominator", "Denominator, shown", "of"),
    ("Value", "Value, shown", "value"),
)
BEFORE = ("Numerator, before", "Denominator, before")
WHY = "Hidden because"
REASONS = {SMALL: "it is small", PROTECTS: "it would give a small one away"}
FEW = 4


@dataclass(frozen=True)
class Exhibit:
    """A figure or table. ``counts`` is None where it shows no results: registers, definitions, the audit.
    Of estimates only the ``persons`` (and those with the event) are known that they rest on.

    ``population`` has title, what is counted and among what of each indicator; ``split`` says which periods, areas,
    sexes and ages there are.
    """

    number: int
    kind: str
    title: str
    alt: str = ""
    population: tuple[tuple[str, ...], ...] = ()
    split: str = ""
    counts: pd.DataFrame | None = None
    persons: int | None = None
    events: int | None = None

    @property
    def file(self) -> str:
        """Path of its counts in the pack."""
        return f"counts/{self.number:02}-{self.kind}.csv"

    @property
    def hidden(self) -> int:
        """How many of its rows are hidden."""
        return 0 if self.counts is None else int((self.counts[WHY] != "").sum())


def exhibits(run: RunFolder, ledger: Ledger, language: str) -> list[Exhibit]:
    """Every figure and table of a run's report, in order."""
    recorded = ledger.shown(run.id) if ledger.has(run.id) else []
    tables = ledger.rows(run.id) if recorded else []
    found = []
    for number, (kind, html, line) in enumerate(_outputs(run), 1):
        if line is None:
            caption = re.search(r"<caption[^>]*>(.*?)</caption>", html, re.DOTALL)
            title = unescape(re.sub(r"<[^>]+>", "", caption[1])) if caption else ""
            found.append(Exhibit(number, kind, title))
            continue
        shown = recorded[line - 1]
        if "estimates" in shown:
            found.append(Exhibit(number, kind, shown["title"], persons=shown["persons"], events=shown["events"]))
            continue
        of = tables[shown["table"]]
        seen = replace(of, frame=of.frame.iloc[shown["rows"]])
        found.append(
            Exhibit(
                number, kind, shown["title"], shown.get("alt", ""), tuple(population(seen, language)),
                split(seen.frame, language), counts(seen, language),
            )
        )  # fmt: skip
    return found


def counts(table: Table, language: str) -> pd.DataFrame:
    """Rows of a run's record in words, the true counts and values beside what readers see of them, and why not."""
    rows = table.frame
    cells = labels(rows, table.words, language)
    for label, seen, name in COUNTED:
        cells[label] = rows[name].tolist()
        cells[seen] = rows[f"shown_{name}"].tolist()
    gone = rows["shown_status"] == "suppressed"
    notes = rows["shown_note"].fillna("").where(gone, "")
    cells[WHY] = [say(REASONS[note], language) if note in REASONS else note for note in notes]
    return pd.DataFrame(cells)


def labels(rows: pd.DataFrame, words: Words, language: str) -> dict[str, Sequence[object]]:
    """What names each row, in words: indicator, period, area, sex and age."""
    named: dict[str, Sequence[object]] = {
        "Indicator": [_called(one, words, "title", language) for one in rows["indicator"]]
    }
    for label, name in zip(LABELS[1:], DIMENSIONS[1:], strict=True):
        named[label] = [value_name(name, value, language) for value in rows[name]]
    return named


def moved(rows: pd.DataFrame, words: Words, language: str) -> pd.DataFrame:
    """Rows of a comparison with what was published (``relation``) in words: counts now and before."""
    cells = labels(rows, words, language)
    for (label, _, name), before in zip(COUNTED, BEFORE, strict=False):
        cells |= {label: rows[name].tolist(), before: rows[f"before_{name}"].tolist()}
    return pd.DataFrame(cells)


def population(table: Table, language: str) -> list[tuple[str, ...]]:
    """Title, what is counted, and among what, of each indicator."""
    return [
        tuple(_called(one, table.words, part, language) for part in WORDS)
        for one in dict.fromkeys(table.frame["indicator"])
    ]


def split(rows: pd.DataFrame, language: str) -> str:
    """Which periods, areas, sexes and ages the rows are of."""
    parts = []
    for name in DIMENSIONS[1:]:
        values = [value_name(name, value, language) for value in dict.fromkeys(rows[name])]
        few = ", ".join(values) if len(values) <= FEW else f"{values[0]} … {values[-1]} ({len(values)})"
        parts.append(f"{dimension_name(name, language)}: {few}")
    return " · ".join(parts)


def _outputs(run: RunFolder) -> Iterator[tuple[str, str, int | None]]:
    """Role, HTML and number in the record of every figure and table of the report."""
    file = run.path / "report.ipynb"
    for cell in nbformat.read(file, as_version=4).cells if file.is_file() else []:
        for output in cell.get("outputs", []):
            made = output.get("metadata", {}).get("ddns", {})
            if made.get("role") in ("figure", "table"):
                html = str(output.get("data", {}).get("text/html", "")) + str(made.get("table", ""))
                yield made["role"], html, made.get("shown")


def _called(indicator: str, words: Words, part: str, language: str) -> str:
    """Words of an indicator; its id where the run is of a time when they were not kept."""
    return words[indicator][part][language] if indicator in words else indicator
