"""A project with runs made by hand, so that what happens to runs is tried without running notebooks."""

from __future__ import annotations

import dataclasses
import json

import nbformat
import toys
from made_results import POLICY, measured
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ddns_utils.disclosure import disclose
from ddns_utils.disclosure.ledger import ledger_of, write_table
from ddns_utils.disclosure.published import published
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.publish.site import build_site
from ddns_utils.registers import Registers
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.manifest import file_hashes, package_hash, policy_state, write_json
from ddns_utils.runs.release import release

HYPHEN = "0101" + "90-1234"
FIRST, SECOND, THIRD = (f"2026010{day}T000000Z-00000000" for day in (1, 2, 3))


class House:
    """A project with finished runs made by hand, and the ledger beside its registers."""

    def __init__(self, made):
        self.project = made.project
        self.ledger = ledger_of(Registers(made.root / "registers"))
        made.add("story", toys.STORY, toys.STORY_PARAMETERS)

    def policy(self, policy):
        lines = [f"{name} = {json.dumps(value)}" for name, value in dataclasses.asdict(policy).items()]
        self.project.parameter_file("disclosure").write_text("\n".join(lines), encoding="utf-8")

    def run(
        self,
        name=FIRST,
        rows=({"area": "1081", "n": 30.0, "of": 90.0},),
        policy=POLICY,
        indicator=READMISSION_30D,
        estimates=(),
        **parameters,
    ):
        """A finished run that knew what the ledger has when it was made; ``estimates`` are (title, persons, events)."""
        folder = RunFolder(self.project.outputs / "story" / name)
        folder.path.mkdir(parents=True)
        made = measured(list(rows), indicator)
        known = self.ledger.published()
        shown = disclose(made, policy, known)
        table = published(made.frame, shown.frame, {indicator.id: "proportion"})
        write_table(
            self.ledger.begin(name),
            1,
            table,
            dataclasses.asdict(shown.audit),
            dataclasses.asdict(policy),
            shown.indicators,
        )
        self._report(name, folder, len(table.frame), estimates)
        record = {
            "parameters": {"area": "DK"} | parameters, "shown": [], "title": "T", "summary": "S", "language": "da",
            "started": "2026-01-01T00:00:00+00:00", "notice": None, "registers": {"version": 1, "tables": {}},
            "published_before": {"ledger_version": self.ledger.version, "sha256": self.ledger.fingerprint()},
            "code": {"commit": "c" * 40, "dirty": False, "ddns_utils_sha256": package_hash()}, "packages": {"versions": {"pandas": "3"}},
            "disclosure": {"policy": policy_state(policy), "tables": [dataclasses.asdict(shown.audit)], "record_sha256": self.ledger.keep(name)},
        }  # fmt: skip
        write_json(record | {"files": file_hashes(folder.path)}, folder.path / "manifest.json")
        return folder

    def release(self, run, by="Ada", policy=POLICY):
        return release(self.project, run, self.ledger, policy, by)

    def site(self):
        """Runs on the site, and why others are left out."""
        why = {}
        index, count = build_site(self.project, "da", self.ledger, lambda run, words: why.update({run.id: words}))
        there = sorted(page.stem for page in index.parent.glob("*/*.html"))
        assert len(there) == count
        return there, why

    def _report(self, name, folder, rows, estimates):
        """A page, and a notebook with a table of no results, a figure and a table of all rows, and estimates."""
        (folder.path / "report.html").write_text("<h1>T</h1>", encoding="utf-8")
        shown = [{"kind": "figure", "title": "Stiger", "alt": "En kurve"}, {"kind": "table", "title": "Alle tal"}]
        lines = [json.dumps(one | {"table": 0, "rows": list(range(rows))}) for one in shown]
        for title, persons, events, *kind in estimates:
            about = {"estimates": kind[0] if kind else "coefficients", "persons": persons, "events": events}
            lines.append(json.dumps({"kind": "table", "title": title, **about}))
        (self.ledger.path / "making" / name / "shown.jsonl").write_text("\n".join(lines), encoding="utf-8")
        made = [{"role": "table"}, {"role": "figure", "shown": 1, "alt": "a"}, {"role": "table", "shown": 2}]
        made += [{"role": "table", "shown": 3 + number} for number in range(len(estimates))]
        outputs = [new_output("display_data", data={"text/html": toys.TABLE}, metadata={"ddns": one}) for one in made]
        nbformat.write(new_notebook(cells=[new_code_cell("1", outputs=outputs)]), folder.path / "report.ipynb")
