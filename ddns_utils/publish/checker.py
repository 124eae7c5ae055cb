"""The pack for the person who must release a run: what it shows, of whom, on which counts, what is hidden and why.

It lies beside the run, never in it and never on the site, because it has the counts that readers do not see; only its
owner can read it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from ddns_utils.disclosure.ledger import Ledger
from ddns_utils.disclosure.relation import relation, small_changes
from ddns_utils.display.tables import render
from ddns_utils.language import day, number, say
from ddns_utils.publish.exhibits import BEFORE, COUNTED, LABELS, WHY, Exhibit, counts, exhibits, moved
from ddns_utils.publish.page import page, scrolling
from ddns_utils.publish.questions import Question, questions
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.project import Project
from ddns_utils.runs.release import require_whole
from ddns_utils.runs.running import owners_policy

SUFFIX = "-checker"
MOST_LINES = 60  # of a table on the page; the file beside it has all


def pack_folder(run: RunFolder) -> Path:
    """Where the pack of a run is: beside its folder."""
    return run.path.with_name(f"{run.path.name}{SUFFIX}")


def build_pack(
    project: Project, run: RunFolder, ledger: Ledger, language: str | None = None
) -> tuple[Path, list[Question]]:
    """Make the pack of a run anew, beside what is published today. Returns its page, and the questions it answers.

    It is in the language of the report unless told. Raises DataError if the run did not finish, was changed, or its
    numbers are not in this ledger.
    """
    require_whole(run, ledger)
    language = language or str(run.record["language"])
    policy = owners_policy(project)
    shown = exhibits(run, ledger, language)
    there = ledger.has(run.id)
    published = [table for table in ledger.published() if table.run != run.id]
    compared = relation(ledger.tables(run.id) if there else [], published)
    asked = questions(run, ledger, policy, shown, compared, language)
    tables = ledger.rows(run.id) if there else []
    rows = [counts(one, language) for one in tables]
    everything = pd.concat(rows) if rows else pd.DataFrame(columns=[*LABELS, WHY])
    hidden = everything[everything[WHY] != ""]
    few = small_changes(compared, policy.threshold if policy else 0)
    words = {name: texts for one in tables for name, texts in one.words.items()}
    little = say("Numbers that moved by less than the threshold", language)
    html = page(
        "checker.html.j2",
        language,
        record=run.record,
        run=run,
        made=day(datetime.fromisoformat(run.record["started"]), language),
        questions=asked,
        exhibits=[(one, _table(one.counts, _under(one, language), language)) for one in shown],
        hidden=hidden.groupby(["Indicator", WHY], sort=False).size().reset_index().to_numpy().tolist(),
        changes=_table(moved(few, words, language) if len(few) else None, little, language),
        policy=policy,
        earlier=len(published),
    )  # fmt: skip
    folder = pack_folder(run)
    with tempfile.TemporaryDirectory(prefix=".checker-", dir=run.path.parent) as work:
        new = Path(work) / "new"
        (new / "counts").mkdir(parents=True)
        for one in shown:
            _write(one.counts, new / one.file, language)
        _write(hidden, new / "hidden.csv", language)
        _write(compared, new / "earlier.csv", language)
        (new / "index.html").write_text(html, encoding="utf-8")
        for path in (new, *new.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder / "index.html", asked


def _table(rows: pd.DataFrame | None, caption: str, language: str) -> str:
    """Rows as HTML, the first of them, without labels that are the same in all; empty where there are none."""
    if rows is None:
        return ""
    rows = _in_words(rows, language)
    named = [name for name in rows if name in {say(label, language) for label in LABELS}]
    labels = [name for name in named if rows[name].nunique() > 1] or [rows.columns[0]]
    others = [name for name in rows if name not in {*named, *labels}]
    lines = [
        ([str(value) for value in head], [_cell(value, language) for value in cells])
        for head, cells in zip(rows[labels].itertuples(index=False), rows[others].itertuples(index=False), strict=True)
    ]
    more = len(lines) - MOST_LINES
    notes = [say("and {number} rows more", language, number=number(more, language))] if more > 0 else []
    return scrolling(render(caption, labels, others, lines[:MOST_LINES], notes), caption)


def _under(one: Exhibit, language: str) -> str:
    kind = "Figure" if one.kind == "figure" else "Table"
    return f"{say('Underlying counts', language)}: {say(kind, language).lower()} {one.number}"


def _in_words(rows: pd.DataFrame, language: str) -> pd.DataFrame:
    """With headings in the language where the catalogue has them."""
    known = [*LABELS, WHY, *BEFORE, *(label for *labels, _ in COUNTED for label in labels)]
    return rows.rename(columns={name: say(name, language) for name in rows.columns if name in known})


def _write(rows: pd.DataFrame | None, file: Path, language: str) -> None:
    if rows is not None:
        _in_words(rows, language).to_csv(
            file, index=False, sep=";", decimal=",", encoding="utf-8-sig", float_format="%.12g"
        )


def _cell(value: object, language: str) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, float):
        return number(value, language, 0 if value == int(value) else 3)
    return str(value)


def in_lines(asked: Sequence[Question], language: str) -> list[str]:
    """The questions for a terminal, what has to be looked at first."""
    words = {True: say("fine", language), False: say("look here", language)}
    return [
        f"{words[one.fine]}: {one.asks} {one.answer} {one.detail}".rstrip()
        for one in sorted(asked, key=lambda one: one.fine)
    ]
