"""Who lets a run out, what must hold before it leaves, and what the site shows of it."""

import dataclasses
import json

import pandas as pd
import pytest
import toys
from house import FIRST, HYPHEN, SECOND, THIRD, House
from made_results import POLICY, SHARE, measured

from ddns_utils.disclosure import disclose
from ddns_utils.disclosure.ledger import RELEASED, WITHDRAWN, ledger_of
from ddns_utils.disclosure.published import published
from ddns_utils.disclosure.recheck import no_longer_safe
from ddns_utils.errors import DataError, DefinitionError, RunError
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.registers import Registers
from ddns_utils.runs import release as releasing
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.manifest import FAILED, file_hashes, policy_state, write_json
from ddns_utils.runs.release import find_run, release, standing, withdraw

RELEASE_IT = "nobody has released it. Look at it: ddns checker story/{run}. Then: ddns release story/{run} --by NAME"
DEMANDING = dataclasses.replace(POLICY, release_required=True)


@pytest.fixture
def house(new_toys):
    made = House(new_toys)
    made.policy(POLICY)
    return made


def test_a_release_records_who_when_what_and_by_which_rules(house):
    run = house.run()
    entry = release(house.project, run, house.ledger, POLICY, "Ada", "looked at every table")
    assert house.ledger.entries() == [entry]
    assert {name: entry[name] for name in ("event", "run", "analysis", "by", "note", "parameters")} == {
        "event": RELEASED, "run": run.id, "analysis": "story", "by": "Ada", "note": "looked at every table",
        "parameters": {"area": "DK"},
    }  # fmt: skip
    assert entry["policy"] == policy_state(POLICY)
    assert entry["manifest_sha256"] == file_hashes(run.path)["manifest.json"]
    assert [table.run for table in house.ledger.published()] == [run.id]


def test_a_release_needs_a_name_and_names_nobody_by_number(house):
    run = house.run()
    with pytest.raises(DefinitionError, match="needs the name of who decides"):
        house.release(run, by=" ")
    with pytest.raises(DefinitionError, match="no number that could be a CPR number"):
        house.release(run, by=HYPHEN)
    assert house.ledger.version == 0


def change_report(run):
    (run.path / "report.html").write_text("<h1>Other</h1>", encoding="utf-8")


def add_file(run):
    (run.path / "more.txt").write_text("x", encoding="utf-8")


def fail(run):
    (run.path / "manifest.json").rename(run.path / FAILED)


def forget_disclosure(run):
    record = {name: value for name, value in run.record.items() if name != "disclosure"}
    write_json(record, run.path / "manifest.json")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (fail, "is failed. Only a finished run can leave"),
        (change_report, "was changed: report.html is not what the run wrote"),
        (add_file, "was changed: more.txt is not what the run wrote"),
        (forget_disclosure, "does not say what it disclosed"),
    ],
)
def test_a_run_that_is_not_what_it_wrote_is_not_released(house, fault, words):
    run = house.run()
    fault(run)
    with pytest.raises(DataError, match=words.replace(".", r"\.")):
        house.release(RunFolder(run.path))
    assert house.ledger.version == 0


def test_a_record_that_was_changed_is_noticed(house):
    run = house.run()
    (house.ledger.path / "runs" / run.id / "table-001.json").write_text("{}")
    with pytest.raises(DataError, match=r"The record of .* in the ledger is not what the run wrote"):
        house.release(run)


def test_a_run_is_released_once(house):
    run = house.run()
    house.release(run)
    with pytest.raises(DataError, match="was released already, by Ada at "):
        house.release(run)


@pytest.mark.parametrize(("parameters", "superseded"), [({}, True), ({"area": "101"}, False)])
def test_a_run_is_superseded_by_a_later_released_one_with_the_same_parameters(house, parameters, superseded):
    old, new = house.run(FIRST), house.run(SECOND, **parameters)
    house.release(new)
    if superseded:
        with pytest.raises(DataError, match=f"is superseded: {SECOND}, with the same parameters, is released"):
            house.release(old)
    else:
        assert house.release(old)["new"] == []


def test_the_guard_looks_once_more_before_a_release(house):
    run = house.run()
    (run.path / "log.txt").write_text(HYPHEN, encoding="utf-8")
    record = json.loads((run.path / "manifest.json").read_text())
    files = {name: content for name, content in file_hashes(run.path).items() if name != "manifest.json"}
    write_json(record | {"files": files}, run.path / "manifest.json")
    with pytest.raises(DataError, match=r"cannot be released: log\.txt has a number that could be a CPR") as stop:
        house.release(RunFolder(run.path))
    assert HYPHEN not in str(stop.value)


REGION = [{"area": "1081", "n": 30.0, "of": 90.0}, {"area": "1082", "n": 8.0, "of": 80.0}]


def test_a_run_that_the_policy_of_today_would_hide_is_not_released(house):
    run = house.run(rows=REGION)
    stricter = dataclasses.replace(POLICY, threshold=10)
    with pytest.raises(DataError, match=r"cannot be released: .* of its numbers would be hidden .* ddns run story"):
        house.release(run, policy=stricter)
    assert house.release(run)["event"] == RELEASED


def test_a_run_is_looked_at_again_only_when_rules_or_publications_have_changed(house, monkeypatch):
    asked = []
    monkeypatch.setattr(releasing, "no_longer_safe", lambda *about: asked.append(about) or 0)
    first, second = house.run(FIRST), house.run(SECOND, rows=REGION)
    house.release(first)
    assert len(asked) == 0
    house.release(second)
    assert len(asked) == 1


def test_what_would_be_hidden_today_is_counted_number_by_number():
    made = measured(REGION, READMISSION_30D)
    table = published(made.frame, disclose(made, POLICY, []).frame, {READMISSION_30D.id: "proportion"})
    assert no_longer_safe([table], POLICY, []) == 0
    assert no_longer_safe([table], dataclasses.replace(POLICY, threshold=10), []) == 2  # 8 and its share of 80


def test_numbers_that_would_be_rounded_otherwise_today_are_counted():
    rounding = dataclasses.replace(POLICY, method="round", rounding_base=5)
    made = measured(REGION, READMISSION_30D)
    table = published(made.frame, disclose(made, rounding, []).frame, {READMISSION_30D.id: "proportion"})
    assert no_longer_safe([table], rounding, []) == 0
    assert no_longer_safe([table], dataclasses.replace(rounding, rounding_base=7), []) >= 2


def test_an_indicator_that_is_not_declared_any_more_can_be_looked_at_again():
    made = measured(REGION)
    table = published(made.frame, made.frame, {SHARE.id: "proportion"})
    assert no_longer_safe([table], POLICY, []) == 0


def test_a_run_of_older_code_is_looked_at_again(house, monkeypatch):
    run = house.run()
    asked = []
    monkeypatch.setattr(releasing, "no_longer_safe", lambda *about: asked.append(about) or 3)
    monkeypatch.setattr(releasing, "package_hash", lambda: "newer")
    with pytest.raises(DataError, match="3 of its numbers would be hidden"):
        house.release(run)
    assert len(asked) == 1


def test_where_release_is_demanded_the_site_has_released_runs_only_and_says_why(house):
    house.policy(DEMANDING)
    first, second = house.run(FIRST, policy=DEMANDING), house.run(SECOND, policy=DEMANDING)
    house.release(first, policy=DEMANDING)
    assert house.site() == ([FIRST], {SECOND: RELEASE_IT.format(run=SECOND)})
    assert [entry["event"] for entry in house.ledger.entries()] == [RELEASED]
    house.release(second, policy=DEMANDING)
    assert house.site() == ([FIRST, SECOND], {})


def test_where_release_is_not_demanded_what_reaches_the_site_is_entered_once(house):
    run = house.run()
    assert house.site() == house.site() == ([FIRST], {})
    (entry,) = house.ledger.entries()
    assert (entry["event"], entry["run"]) == ("published", run.id)


def test_a_withdrawn_run_leaves_the_site_but_not_the_ledger(house):
    run = house.run()
    house.site()
    withdraw(run, house.ledger, "Bo", "wrong year")
    assert house.site() == ([], {FIRST: "it was withdrawn by Bo."})
    assert len(house.ledger.published()) == 1
    with pytest.raises(DataError, match="is not out, so it cannot be withdrawn"):
        withdraw(run, house.ledger, "Bo")


def test_a_run_whose_numbers_are_in_another_ledger_is_left_out(house, tmp_path):
    house.run(FIRST)
    house.ledger = ledger_of(Registers(tmp_path / "elsewhere"))
    house.run(SECOND)
    there, why = house.site()
    assert there == [SECOND]
    assert "no record of the numbers" in why[FIRST]


def test_a_site_is_not_emptied_by_who_names_other_registers(house, tmp_path):
    house.run()
    house.site()
    house.ledger = ledger_of(Registers(tmp_path / "elsewhere"))
    with pytest.raises(
        DataError, match=r"None of 1 finished runs was made from these registers\. Nothing is published"
    ):
        house.site()
    assert [page.stem for page in (house.project.outputs / "site").glob("*/*.html")] == [FIRST]


def test_runs_say_whether_they_are_out(house):
    first, second, third = (house.run(name) for name in (FIRST, SECOND, THIRD))
    house.release(first)
    withdraw(first, house.ledger, "Bo")
    house.release(second)
    day = house.ledger.state(SECOND)["at"][:10]
    assert [standing(run, house.ledger) for run in (first, second, third)] == [
        f"{WITHDRAWN} {day} by Bo", f"{RELEASED} {day} by Ada", "not out",
    ]  # fmt: skip
    fail(third)
    assert standing(third, house.ledger) == ""


def test_a_run_is_named_by_its_id_with_or_without_its_analysis(house):
    run = house.run()
    assert find_run(house.project, FIRST) == find_run(house.project, f"story/{FIRST}") == run
    with pytest.raises(DefinitionError, match=f"There is no run 'story/{FIRST}0'. Did you mean 'story/{FIRST}'"):
        find_run(house.project, f"story/{FIRST}0")


def test_a_run_keeps_the_true_numbers_of_every_call_beside_the_registers_and_none_in_its_folder(house, new_toys):
    new_toys.add("discloses", [toys.text("da", "# T\n\nSum."), toys.DISCLOSING])
    run = new_toys.run("discloses")
    first, second = house.ledger.tables(run.id)
    assert (first.frame["n"].tolist(), second.frame["n"].tolist()) == ([30.0, 2.0], [40.0])
    assert pd.isna(first.frame["shown_n"][1])
    disclosure = run.record["disclosure"]
    assert disclosure["record_sha256"] == house.ledger.record_hash(run.id)
    assert [(table["indicators"], table["cells"], table["small"]) for table in disclosure["tables"]] == [
        (["readmission_30d"], 2, 1), (["readmission_30d"], 1, 0),
    ]  # fmt: skip
    assert disclosure["policy"] == policy_state(POLICY)
    assert run.record["published_before"]["ledger_version"] == 0
    assert house.release(run)["new"]
    assert not (house.project.root / "registers" / "ledger" / "making" / run.id).exists()


def test_a_run_that_fails_leaves_no_record(house, new_toys):
    new_toys.add("fails", [toys.text("da", "# T"), toys.DISCLOSING, "1/0"])
    with pytest.raises(RunError, match="ZeroDivisionError"):
        new_toys.run("fails")
    assert not (house.ledger.path / "runs").exists()
    assert list((house.ledger.path / "making").iterdir()) == []
