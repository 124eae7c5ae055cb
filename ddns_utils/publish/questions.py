"""What a checker asks of a run before it may leave, and the answer that can be worked out.

The questions are those for which OpenSAFELY's output checkers reject most (docs, "Output checking"): counts that are
not rounded, too little context, counts that are not redacted, underlying data that are missing, files of a wrong type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddns_utils.disclosure import Policy
from ddns_utils.disclosure.alike import alike
from ddns_utils.disclosure.ledger import Ledger
from ddns_utils.disclosure.relation import CHANGED, SAME, small_changes
from ddns_utils.errors import DataError
from ddns_utils.language import number, say
from ddns_utils.publish.exhibits import Exhibit
from ddns_utils.runs import door
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.manifest import MANIFEST
from ddns_utils.runs.release import given_away, require_whole

FILES = (".html", ".ipynb", ".svg", ".csv", ".parquet", ".txt", ".json")


@dataclass(frozen=True)
class Question:
    """A question, whether its answer is as it should be, and the answer; ``detail`` is an error's words, in English."""

    asks: str
    fine: bool
    answer: str
    detail: str = ""


def questions(
    run: RunFolder,
    ledger: Ledger,
    policy: Policy | None,
    shown: Sequence[Exhibit],
    compared: pd.DataFrame,
    language: str,
) -> list[Question]:
    """The questions with their answers, in the order in which they are worth asking."""
    answers: list[tuple[Any, ...]] = [
        _hidden(run, policy, language),
        _rounded(policy, language),
        _context(shown, language),
        _underlying(shown, language),
        _earlier(run, ledger, policy, compared, language),
        _files(run, language),
        _guard(run, policy, language),
        _made(run, ledger, language),
    ]
    return [Question(say(asks, language), *answer) for asks, *answer in answers]


def _hidden(run: RunFolder, policy: Policy | None, language: str) -> tuple[str, bool, str]:
    audits = run.record.get("disclosure", {}).get("tables", [])
    names = ("cells", "small", "protecting", "attacked", "recovered", "narrow")
    total = {name: sum(int(audit.get(name) or 0) for audit in audits) for name in names}
    words = say(
        "Of {cells} numbers, {small} are hidden because they are small (below {threshold}) and {protecting} because "
        "they would give one away. Of {attacked} that were attacked, {recovered} were worked out.",
        language, threshold=policy.threshold if policy else "–",
        **{name: number(count, language) for name, count in total.items() if name != "narrow"},
    )  # fmt: skip
    return "Is everything small hidden?", total["recovered"] + total["narrow"] == 0, words


def _rounded(policy: Policy | None, language: str) -> tuple[str, bool, str]:
    if policy is None:
        return "Are counts rounded, or hidden by rule?", False, say("The project has no disclosure policy.", language)
    if policy.method == "round":
        words = say("{owner}: counts are rounded to {base}.", language, owner=policy.owner, base=policy.rounding_base)
    else:
        words = say(
            "{owner}: counts are not rounded; those from 1 to {most} are hidden, and what would give them away.",
            language, owner=policy.owner, most=policy.threshold - 1,
        )  # fmt: skip
    return "Are counts rounded, or hidden by rule?", True, words


def _context(shown: Sequence[Exhibit], language: str) -> tuple[str, bool, str]:
    bare = [one.number for one in shown if not one.title or (one.counts is not None and not one.population)]
    words = say(
        "{figures} figures and {tables} tables, each with its title, who is counted among whom, period and area.",
        language, figures=sum(one.kind == "figure" for one in shown), tables=sum(one.kind == "table" for one in shown),
    )  # fmt: skip
    if bare:
        words = say("Without title or population: {numbers}.", language, numbers=", ".join(map(str, bare)))
    return "Is it clear what every figure and table shows, and of whom?", not bare, words


def _underlying(shown: Sequence[Exhibit], language: str) -> tuple[str, bool, str]:
    there = sum(one.counts is not None for one in shown)
    estimates = sum(one.persons is not None for one in shown)
    words = say(
        "Counts of {there} figures and tables are in the folder counts; {others} show no results (registers, "
        "definitions, the audit).",
        language, there=there, others=len(shown) - there - estimates,
    )  # fmt: skip
    missing = [one.number for one in shown if one.kind == "figure" and one.counts is None]
    return "Are the underlying counts here?", there + estimates > 0 and not missing, words


def _earlier(
    run: RunFolder, ledger: Ledger, policy: Policy | None, compared: pd.DataFrame, language: str
) -> tuple[str, bool, str, str]:
    few = len(small_changes(compared, policy.threshold)) if policy else 0
    kinds = compared["relation"].value_counts()
    words = say(
        "Published before: {same} as they are now and {changed} with another number, of which {few} by less than the "
        "threshold.",
        language, same=number(int(kinds.get(SAME, 0)), language), changed=number(int(kinds.get(CHANGED, 0)), language),
        few=number(few, language),
    )  # fmt: skip
    near = alike(run.id, ledger, policy)
    for one, other in near:
        words += " " + say(
            "“{one}” rests on nearly as many persons as “{other}” ({run}): are they the same?",
            language, one=one["title"], other=other["title"], run=other["run"],
        )  # fmt: skip
    state = ledger.state(run.id)
    why = "" if state or "disclosure" not in run.record else given_away(run, ledger, policy, ledger.published())
    return "Is it safe beside earlier releases?", few == 0 and not near and not why, words, why


def _files(run: RunFolder, language: str) -> tuple[str, bool, str]:
    files = [file for file in run.record.get("files", {}) if file != MANIFEST]
    wrong = [file for file in files if not file.endswith(FILES)]
    words = say("{number} files, of the kinds that reports have.", language, number=len(files))
    if wrong:
        words = say("Files of another kind: {files}.", language, files=", ".join(wrong))
    return "Are there only files of the kinds that may leave?", not wrong, words


def _guard(run: RunFolder, policy: Policy | None, language: str) -> tuple[str, bool, str, str]:
    found = door.search(run.path, policy)
    said = "The guard found what must not leave." if found else "The guard searched every file and found nothing."
    return "Is there anything about single persons?", not found, say(said, language), door.in_words(found)


def _made(run: RunFolder, ledger: Ledger, language: str) -> tuple[str, bool, str, str]:
    asks = "Is it what the run wrote, from code and data that can be found again?"
    try:
        require_whole(run, ledger)
    except DataError as error:
        return asks, False, say("It cannot leave as it is.", language), str(error)
    code: dict[str, Any] = run.record.get("code", {})
    if code.get("commit") and not code.get("dirty"):
        unchanged = "Code {commit}; files and record are unchanged."
        return asks, True, say(unchanged, language, commit=code["commit"][:12]), ""
    changed = "The code was changed after its last commit, or is outside version control."
    return asks, False, say(changed, language), ""
