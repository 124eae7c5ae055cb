"""The ledger of what was published: whole or not at all, nothing lost, and read back as disclose() takes it."""

import json
import multiprocessing
import os
import stat

import pandas as pd
import pytest
from made_results import POLICY, SHARE, measured

from ddns_utils.disclosure import disclose, session
from ddns_utils.disclosure.ledger import PUBLISHED, RELEASED, WITHDRAWN, Ledger, ledger_of, write_table
from ddns_utils.disclosure.published import published
from ddns_utils.errors import DataError
from ddns_utils.registers import Registers


def rows(first):
    return measured([{"area": "1081", "n": first, "of": 90.0}, {"area": "1082", "n": 3.0, "of": 80.0}])


def table(first=30.0):
    made = rows(first)
    return published(made.frame, disclose(made, POLICY).frame, {SHARE.id: SHARE.kind})


@pytest.fixture
def ledger(tmp_path):
    return ledger_of(Registers(tmp_path))


def record(ledger, run, *tables):
    folder = ledger.begin(run)
    for number, one in enumerate(tables, 1):
        write_table(folder, number, one, {}, {}, {})
    return ledger.keep(run)


def test_an_empty_ledger_has_published_nothing_and_writes_nothing(ledger):
    assert (ledger.version, ledger.entries(), ledger.published(), ledger.state("r")) == (0, [], [], None)
    assert not ledger.path.exists()


def test_what_is_published_is_read_back_with_its_true_numbers_and_what_was_shown(ledger):
    record(ledger, "r1", table())
    assert ledger.published() == []
    ledger.add(PUBLISHED, "r1", by="nobody")
    (back,) = ledger.published()
    pd.testing.assert_frame_equal(back.frame, table().frame)
    assert (back.kinds, back.run, back.content) == ({SHARE.id: "proportion"}, "r1", table().content)


def test_the_same_numbers_of_another_run_add_nothing(ledger):
    record(ledger, "r1", table())
    record(ledger, "r2", table())
    record(ledger, "r3", table(), table(31.0))
    assert [len(ledger.add(RELEASED, run)["new"]) for run in ("r1", "r2", "r3")] == [1, 0, 1]
    assert [(one.run, one.frame["n"][0]) for one in ledger.published()] == [("r1", 30.0), ("r3", 31.0)]


def test_an_earlier_version_of_the_ledger_has_what_was_published_until_then(ledger):
    for run, first in (("r1", 30.0), ("r2", 31.0)):
        record(ledger, run, table(first))
        ledger.add(RELEASED, run)
    assert [one.run for one in ledger.published(1)] == ["r1"]
    assert [one.run for one in ledger.published(0)] == []


def test_what_is_withdrawn_was_seen_and_stays(ledger):
    record(ledger, "r1", table())
    for event in (RELEASED, WITHDRAWN):
        ledger.add(event, "r1")
    assert ledger.state("r1")["event"] == WITHDRAWN
    assert [one.run for one in ledger.published()] == ["r1"]


def test_only_the_owner_can_read_it(ledger):
    record(ledger, "r1", table())
    ledger.add(RELEASED, "r1")
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o700


def test_the_numbers_of_a_run_without_a_record_are_asked_for_in_vain(ledger):
    with pytest.raises(
        DataError, match=r"no record of the numbers of r9\. Name the registers that it was made from \(--registers"
    ):
        ledger.tables("r9")


def test_the_fingerprint_is_the_same_until_something_new_is_published(ledger):
    record(ledger, "r1", table())
    record(ledger, "r2", table())
    record(ledger, "r3", table(31.0))
    seen = []
    for run in ("r1", "r2", "r3"):
        ledger.add(RELEASED, run)
        seen.append(ledger.fingerprint())
    assert seen[0] == seen[1] == ledger.fingerprint(1)
    assert len({ledger.fingerprint(0), seen[1], seen[2]}) == 3


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_an_entry_that_was_changed_or_taken_away_is_noticed(ledger, fault):
    record(ledger, "r1", table())
    for _ in range(2):
        ledger.add(RELEASED, "r1", note="fine")
    first = ledger.path / "entries" / "00000001.json"
    if fault == "changed":
        first.write_text(first.read_text().replace("fine", "fino"))
        with pytest.raises(DataError, match=r"The entry before 00000002\.json in ledger/entries was changed"):
            ledger.entries()
    else:
        first.unlink()
        with pytest.raises(DataError, match=r"00000001\.json is missing in ledger/entries"):
            ledger.published()


def test_a_writer_that_is_killed_leaves_the_last_good_state(ledger, monkeypatch):
    record(ledger, "r1", table())
    ledger.add(RELEASED, "r1")

    def killed(file):
        raise KeyboardInterrupt("killed")

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt, match="killed"):
        ledger.add(WITHDRAWN, "r1")
    monkeypatch.undo()
    assert (ledger.version, ledger.state("r1")["event"]) == (1, RELEASED)
    assert ledger.add(WITHDRAWN, "r1")["number"] == 2
    assert [json.loads(file.read_text())["number"] for file in sorted(ledger.path.glob("entries/*.json"))] == [1, 2]


def test_a_record_that_was_not_finished_is_no_record(ledger):
    write_table(ledger.begin("r1"), 1, table(), {}, {}, {})
    assert not ledger.has("r1")
    ledger.drop("r1")
    assert list((ledger.path / "making").iterdir()) == []


def _enter(path, run):
    Ledger(path).add(RELEASED, run)


def test_entries_made_at_the_same_time_are_all_kept(ledger):
    runs = [f"r{number}" for number in range(4)]
    for run in runs:
        record(ledger, run, table())
    at_once = multiprocessing.get_context("fork")
    writers = [at_once.Process(target=_enter, args=(ledger.path, run)) for run in runs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(entry["run"] for entry in ledger.entries()) == runs


@pytest.fixture
def notebook(ledger, monkeypatch):
    """A notebook that is being run after one release: its calls know of each other and are recorded."""
    record(ledger, "r1", table(20.0))
    ledger.add(RELEASED, "r1")
    monkeypatch.setenv("DDNS_REGISTERS", str(ledger.path.parent))
    monkeypatch.setenv("DDNS_RECORD", str(ledger.begin("now")))
    session.forget()
    yield ledger
    session.forget()


def test_a_call_of_a_notebook_knows_those_before_it_and_what_was_published(notebook):
    disclose(rows(30.0), POLICY)
    disclose(rows(31.0), POLICY)
    assert [(one.run, one.frame["n"][0]) for one in session.earlier()] == [("r1", 20.0), ("", 30.0), ("", 31.0)]
    notebook.keep("now")
    assert [one.frame["n"][0] for one in notebook.tables("now")] == [30.0, 31.0]


def test_a_run_reads_the_ledger_as_it_was_planned(notebook, monkeypatch):
    monkeypatch.setenv("DDNS_LEDGER_VERSION", "0")
    assert session.earlier() == []


def test_a_cell_of_jupyterlab_that_is_executed_again_replaces_what_it_disclosed(notebook, monkeypatch):
    for execution, (cell, first) in enumerate((("a", 30.0), ("b", 31.0), ("a", 32.0))):
        monkeypatch.setattr(session, "_cell", lambda now=(cell, execution): now)
        disclose(rows(first), POLICY)
    assert [one.frame["n"][0] for one in session.earlier()] == [20.0, 31.0, 32.0]


def test_a_script_has_no_notebook(ledger):
    disclose(rows(30.0), POLICY)
    assert session.earlier() == []
