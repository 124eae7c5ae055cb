"""Who may let a run out, and what must hold before it leaves: the decision is an entry of the ledger.

A run is not let out when it failed, when its folder or its record is no longer what it wrote, when a later run of the
same analysis with the same parameters is out already, when the guard finds anything, or when what it shows would give
small numbers away beside what was published since it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ddns_utils.disclosure import Policy, Published
from ddns_utils.disclosure.leaks import values_in
from ddns_utils.disclosure.ledger import PUBLISHED, RELEASED, WITHDRAWN, Ledger
from ddns_utils.disclosure.recheck import no_longer_safe
from ddns_utils.errors import DataError, DefinitionError, did_you_mean
from ddns_utils.runs import door
from ddns_utils.runs.folders import RunFolder, list_runs
from ddns_utils.runs.manifest import MANIFEST, file_hashes, package_hash, policy_state, sha256
from ddns_utils.runs.project import Project


def find_run(project: Project, name: str) -> RunFolder:
    """The run that is meant: by its id, or by ``analysis/id``. Raises DefinitionError for any other name."""
    runs = list_runs(project)
    found = [run for run in runs if name in (run.id, f"{run.analysis}/{run.id}")]
    if len(found) == 1:
        return found[0]
    names = [f"{run.analysis}/{run.id}" for run in runs]
    if found:
        raise DefinitionError(f"{len(found)} analyses have a run '{name}'. Write the analysis before it: {names[0]}.")
    raise DefinitionError(f"There is no run '{name}'. {did_you_mean(name, names)}ddns runs lists them.")


def release(
    project: Project, run: RunFolder, ledger: Ledger, policy: Policy | None, by: str, note: str = ""
) -> dict[str, Any]:
    """Record that ``by`` lets a run out, and return the entry. Raises DataError, saying why, where it may not leave."""
    _require_who(by, note)
    if (state := ledger.state(run.id)) and state["event"] == RELEASED:
        raise DataError(f"{run.analysis}/{run.id} was released already, by {state['by']} at {state['at']}.")
    require_whole(run, ledger)
    if later := _later_released(project, run, ledger):
        raise DataError(f"{run.analysis}/{run.id} is superseded: {later.id}, with the same parameters, is released.")
    if found := door.search(run.path, policy):
        raise DataError(f"{run.analysis}/{run.id} cannot be released: {door.in_words(found)}. Run the analysis again.")
    if why := given_away(run, ledger, policy, ledger.published()):
        raise DataError(f"{run.analysis}/{run.id} cannot be released: {why}")
    return enter(RELEASED, run, ledger, policy, by=by, note=note)


def withdraw(run: RunFolder, ledger: Ledger, by: str, note: str = "") -> dict[str, Any]:
    """Record that a run is to leave the site. What readers saw stays in the ledger.

    Raises DataError if it is not out, or if its numbers are in another ledger, which then has to be told.
    """
    _require_who(by, note)
    require_recorded(run, ledger)
    state = ledger.state(run.id)
    if state is None or state["event"] == WITHDRAWN:
        raise DataError(f"{run.analysis}/{run.id} is not out, so it cannot be withdrawn. ddns runs shows what is.")
    return enter(WITHDRAWN, run, ledger, None, by=by, note=note)


def enter(event: str, run: RunFolder, ledger: Ledger, policy: Policy | None, **who: str) -> dict[str, Any]:
    """Write a decision about a run to the ledger, with all that it was made from."""
    record = run.record
    return ledger.add(
        event,
        run.id,
        analysis=run.analysis,
        **who,
        manifest_sha256=sha256(run.path / MANIFEST) if (run.path / MANIFEST).is_file() else None,
        parameters=record.get("parameters"),
        registers=record.get("registers"),
        policy=policy_state(policy),
    )


def require_whole(run: RunFolder, ledger: Ledger) -> None:
    """Raise DataError unless a run finished, its folder is what it wrote, and the ledger has its record."""
    name = f"{run.analysis}/{run.id}"
    if run.status != "finished":
        raise DataError(f"{name} is {run.status}. Only a finished run can leave. Run the analysis again.")
    written = run.record["files"]
    there = {file: content for file, content in file_hashes(run.path).items() if file != MANIFEST}
    if changed := sorted(file for file in {*written, *there} if written.get(file) != there.get(file)):
        raise DataError(f"{name} was changed: {changed[0]} is not what the run wrote. Run the analysis again.")
    disclosure = run.record.get("disclosure")
    if disclosure is None:
        raise DataError(f"{name} does not say what it disclosed: it was made before that was kept. Run it again.")
    require_recorded(run, ledger)
    if ledger.record_hash(run.id) != disclosure["record_sha256"]:
        raise DataError(f"The record of {name} in the ledger is not what the run wrote. Run the analysis again.")


def require_recorded(run: RunFolder, ledger: Ledger) -> None:
    """Raise DataError if the record of a run is not in this ledger: decisions about it are elsewhere."""
    if _is_elsewhere(run, ledger):
        ledger.require(run.id)


def _is_elsewhere(run: RunFolder, ledger: Ledger) -> bool:
    return "disclosure" in run.record and not ledger.has(run.id)


def given_away(run: RunFolder, ledger: Ledger, policy: Policy | None, earlier: Sequence[Published]) -> str:
    """Why a run is not safe beside what is published; empty if it is.

    It is not looked at again while publications, policy and code are those it was made with, and each of its tables was
    disclosed by that policy, knowing all that was published and the tables before it.
    """
    disclosure = run.record["disclosure"]
    if not disclosure["tables"]:
        return ""
    if policy is None:
        return "it discloses counts, but the project has no disclosure policy."
    if _as_made(run, ledger, policy, earlier):
        return ""
    try:
        lost = no_longer_safe(ledger.tables(run.id), policy, earlier)
    except DataError as error:
        return f"beside what was published since it was made it cannot be protected. {error}"
    words = f"{lost} of its numbers would be hidden beside what is published now, or by the policy of today"
    return f"{words}. Run the analysis again: ddns run {run.analysis}." if lost else ""


def _as_made(run: RunFolder, ledger: Ledger, policy: Policy, earlier: Sequence[Published]) -> bool:
    """Whether everything that a run was protected by is still so, and every table was protected by it."""
    known = ledger.published(run.record["published_before"]["ledger_version"])
    own = ledger.tables(run.id)
    since = {table.content for table in earlier} - {table.content for table in (*known, *own)}
    if since or run.record["code"]["ddns_utils_sha256"] != package_hash():
        return False
    there = len(known)
    for table in ledger.rows(run.id):
        if table.policy != policy_state(policy) or table.audit["earlier"] != there:
            return False
        there += bool(table.kinds)
    return True


def standing(run: RunFolder, ledger: Ledger) -> str:
    """Whether a run is out: released by whom and when, on the site since when, withdrawn, or not; for ``ddns runs``.

    Of a run whose numbers are in another ledger only that is known.
    """
    if _is_elsewhere(run, ledger):
        return "made from other registers"
    state = ledger.state(run.id)
    if state is None:
        return "not out" if run.status == "finished" else ""
    by = f" by {state['by']}" if state.get("by") else ""
    return {PUBLISHED: "on the site since"}.get(state["event"], state["event"]) + f" {state['at'][:10]}{by}"


def _require_who(by: str, note: str) -> None:
    if not by.strip():
        raise DefinitionError("A release needs the name of who decides. Write --by NAME.")
    if values_in(f"{by} {note}"):
        raise DefinitionError("Name and note must have no number that could be a CPR number, and no pseudonym.")


def _later_released(project: Project, run: RunFolder, ledger: Ledger) -> RunFolder | None:
    """A later run of the same analysis and parameters that is released."""
    for other in list_runs(project, run.analysis):
        same = other.id > run.id and other.record.get("parameters") == run.record["parameters"]
        if same and (state := ledger.state(other.id)) and state["event"] == RELEASED:
            return other
    return None
