"""save(): disclosed results become files of the run, and nothing else does."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from made_results import POLICY

from ddns_utils.disclosure import disclose
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.measure import COLUMNS, Measured
from ddns_utils.runs import save

POLICY = dataclasses.replace(POLICY, minimum_denominator=1)


def measured():
    one = {"indicator": READMISSION_30D.id, "version": 1, "period": "2025", "sex": "all", "age_band": "all", "method": "",
           "standard_population": "", "status": "ok", "note": ""}  # fmt: skip
    counts = {"101": (3, 400), "147": (40, 300), "151": (50, 250), "153": (60, 350)}
    rows = [one | {"area_level": "municipality", "area": a, "n": float(n), "of": float(of), "value": n / of, "lower": 0.0, "upper": 1.0} for a, (n, of) in counts.items()]  # fmt: skip
    return Measured(pd.DataFrame(rows)[list(COLUMNS)], {READMISSION_30D.id: READMISSION_30D})


@pytest.fixture
def disclosed():
    return disclose(measured(), POLICY)


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DDNS_RUN_FOLDER", str(tmp_path))
    return tmp_path


def test_a_table_is_written_as_danish_spreadsheets_read_it(disclosed, run_folder):
    save(disclosed, "readmissions")
    content = (run_folder / "tables" / "readmissions.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfindicator;version;period;")
    read = pd.read_csv(run_folder / "tables" / "readmissions.csv", sep=";", decimal=",", dtype={"area": str})
    assert list(read.columns) == list(COLUMNS)
    assert list(read.area) == ["101", "147", "151", "153"]
    assert read.value[2] == pytest.approx(0.2)
    assert b";0,2;" in content


def test_a_hidden_number_is_empty_with_a_reason_and_never_0(disclosed, run_folder):
    save(disclosed, "readmissions")
    lines = (run_folder / "tables" / "readmissions.csv").read_text("utf-8-sig").splitlines()
    hidden = dict(zip(COLUMNS, lines[1].split(";"), strict=True))
    assert (hidden["n"], hidden["value"], hidden["status"], hidden["note"]) == ("", "", "suppressed", "small count")


def test_results_of_all_tables_are_collected(disclosed, run_folder):
    save(disclosed, "first")
    save(disclosed, "second")
    results = pd.read_parquet(run_folder / "results.parquet")
    assert list(results.columns) == [*COLUMNS, "table"]
    assert results.table.tolist() == ["first"] * 4 + ["second"] * 4
    assert np.isnan(results.n[0])


def test_a_name_is_used_once(disclosed, run_folder):
    save(disclosed, "first")
    with pytest.raises(DefinitionError, match="has already saved a table named 'first'"):
        save(disclosed, "first")


@pytest.mark.parametrize("name", ["", "Første", "a/b", "../a", "a.csv"])
def test_a_name_is_plain(disclosed, run_folder, name):
    with pytest.raises(DefinitionError, match="cannot name a table"):
        save(disclosed, name)
    assert list(run_folder.iterdir()) == []


@pytest.mark.parametrize("undisclosed", [measured(), measured().frame, None])
def test_only_disclosed_results_are_saved(run_folder, undisclosed):
    with pytest.raises(
        DefinitionError, match=r"save\(\) takes disclosed results only, but 'x' is a .* Call disclose\(\)"
    ):
        save(undisclosed, "x")
    assert list(run_folder.iterdir()) == []


@pytest.mark.parametrize(("language", "words"), [("da", "Ikke gemt"), ("en", "Not saved")])
def test_outside_a_run_nothing_is_saved_and_it_says_so(disclosed, tmp_path, monkeypatch, capsys, language, words):
    monkeypatch.delenv("DDNS_RUN_FOLDER", raising=False)
    monkeypatch.setenv("DDNS_LANGUAGE", language)
    monkeypatch.chdir(tmp_path)
    save(disclosed, "readmissions")
    assert words in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
