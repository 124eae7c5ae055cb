"""The checker's pack: every figure and table with its counts, what is hidden and why, and what was published before."""

import dataclasses
import re
import stat

import pandas as pd
import pytest
from house import FIRST, HYPHEN, SECOND, House
from made_results import POLICY, SHARE

from ddns_utils.errors import DataError
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.language import say
from ddns_utils.publish.checker import build_pack, in_lines, pack_folder
from ddns_utils.publish.exhibits import counts, population
from ddns_utils.runs.folders import list_runs
from ddns_utils.runs.manifest import write_json

ROWS = [
    {"area": "DK", "n": 100.0, "of": 330.0}, {"area": "1081", "n": 30.0, "of": 90.0}, {"area": "1082", "n": 3.0, "of": 80.0},
    {"area": "1083", "n": 7.0, "of": 80.0}, {"area": "1084", "n": 60.0, "of": 80.0},
]  # fmt: skip


@pytest.fixture
def house(new_toys):
    made = House(new_toys)
    made.policy(POLICY)
    return made


def read(folder, name):
    return pd.read_csv(folder / name, sep=";", decimal=",", encoding="utf-8-sig", dtype={"area": str})


def answers(asked):
    return {one.asks: one for one in asked}


def test_every_figure_and_table_has_its_true_counts_beside_what_is_shown(house):
    run = house.run(rows=ROWS)
    index, _ = build_pack(house.project, run, house.ledger)
    folder = pack_folder(run)
    assert sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()) == [
        "counts/02-figure.csv", "counts/03-table.csv", "earlier.csv", "hidden.csv", "index.html",
    ]  # fmt: skip
    rows = read(folder, "counts/02-figure.csv")
    assert rows["Tæller"].tolist() == [row["n"] for row in ROWS]
    hidden = rows[rows["Tæller"] == 3].iloc[0]
    assert pd.isna(hidden["Tæller, vist"])
    assert hidden["Skjult, fordi"] == "det er lille"
    assert hidden["Nævner, vist"] == 80
    page = index.read_text(encoding="utf-8")
    for said in ("Fortroligt", "2. Figur: <span>Stiger<", "En kurve", "3. Tabel: <span>Alle tal<", READMISSION_30D.title.da,
                 READMISSION_30D.counted.da, READMISSION_30D.one_row_is.da, f"ddns release story/{run.id}"):  # fmt: skip
        assert said in page


def test_what_is_hidden_is_listed_with_its_reason(house):
    run = house.run(rows=ROWS)
    build_pack(house.project, run, house.ledger, "en")
    hidden = read(pack_folder(run), "hidden.csv")
    assert len(hidden) >= 2
    assert set(hidden["Hidden because"]) == {"it is small", "it would give a small one away"}


def test_the_pack_is_beside_the_run_and_its_owners_only(house):
    run = house.run()
    build_pack(house.project, run, house.ledger)
    folder = pack_folder(run)
    assert folder.parent == run.path.parent
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {0o700, 0o600}
    assert list_runs(house.project) == [run]
    house.site()
    assert not list((house.project.outputs / "site").rglob("*checker*"))
    assert not list((house.project.outputs / "site").rglob("*.csv"))


def test_eight_questions_answer_what_checkers_reject_for(house):
    _, asked = build_pack(house.project, house.run(rows=ROWS), house.ledger, "en")
    assert [one.asks for one in asked] == [
        "Is everything small hidden?", "Are counts rounded, or hidden by rule?",
        "Is it clear what every figure and table shows, and of whom?", "Are the underlying counts here?",
        "Is it safe beside earlier releases?", "Are there only files of the kinds that may leave?",
        "Is there anything about single persons?",
        "Is it what the run wrote, from code and data that can be found again?",
    ]  # fmt: skip
    assert [one.asks for one in asked if not one.fine] == []
    assert "not rounded; those from 1 to 4 are hidden" in asked[1].answer
    assert "Counts of 2 figures and tables are in the folder counts; 1 show no results" in asked[3].answer


def test_numbers_that_were_published_before_are_compared(house):
    house.release(house.run(FIRST, rows=ROWS))
    moved = [ROWS[0] | {"n": 102.0}, ROWS[1] | {"n": 50.0}, *ROWS[2:], {"area": "1085", "n": 9.0, "of": 20.0}]
    run = house.run(SECOND, rows=moved)
    _, asked = build_pack(house.project, run, house.ledger, "en")
    earlier = read(pack_folder(run), "earlier.csv").set_index("area")
    assert earlier["relation"].to_dict() == {
        "DK": "changed", "1081": "changed", "1082": "same", "1083": "same", "1084": "same", "1085": "new",
    }  # fmt: skip
    assert (earlier.loc["DK", "change_n"], earlier.loc["1081", "change_n"]) == (2, 20)
    assert set(earlier["before_run"].dropna()) == {FIRST}
    answer = answers(asked)["Is it safe beside earlier releases?"].answer
    assert "Published before: 3 as they are now and 2 with another number" in answer


def unclean(record):
    record["code"]["dirty"] = True


def recovered(record):
    record["disclosure"]["tables"][0]["recovered"] = 1


def leak(record):
    record["summary"] = HYPHEN


@pytest.mark.parametrize(
    ("fault", "asks"),
    [
        (unclean, "Is it what the run wrote, from code and data that can be found again?"),
        (recovered, "Is everything small hidden?"),
        (leak, "Is there anything about single persons?"),
    ],
)
def test_what_a_checker_must_look_at_stands_first_on_the_terminal(house, fault, asks):
    run = house.run()
    record = dict(run.record)
    fault(record)
    write_json(record, run.path / "manifest.json")
    (again,) = list_runs(house.project)
    _, asked = build_pack(house.project, again, house.ledger, "en")
    assert [one.asks for one in asked if not one.fine] == [asks]
    first, *others = in_lines(asked, "en")
    assert first.startswith(f"look here: {asks}")
    assert {line.partition(":")[0] for line in others} == {"fine"}
    assert HYPHEN not in " ".join([first, *others])


def test_a_policy_of_today_that_would_hide_more_is_said(house):
    run = house.run(rows=ROWS)
    house.policy(dataclasses.replace(POLICY, threshold=40))
    _, asked = build_pack(house.project, run, house.ledger, "en")
    assert not answers(asked)["Is it safe beside earlier releases?"].fine


def test_a_run_that_was_changed_has_no_pack(house):
    run = house.run()
    (run.path / "report.html").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"was changed: report\.html"):
        build_pack(house.project, run, house.ledger)
    assert not pack_folder(run).exists()


def test_questions_are_in_both_languages(house):
    run = house.run()
    danish, english = (build_pack(house.project, run, house.ledger, language)[1] for language in ("da", "en"))
    assert [one.asks for one in danish] == [say(one.asks, "da") for one in english]


def test_numbers_that_moved_a_little_are_named_in_words_with_what_they_were(house):
    seen = dataclasses.replace(POLICY, hide_small_changes=False)
    house.policy(seen)
    house.release(house.run(FIRST, rows=ROWS, policy=seen), policy=seen)
    run = house.run(SECOND, rows=[ROWS[0] | {"n": 102.0}, ROWS[1] | {"n": 32.0}, *ROWS[2:]], policy=seen)
    index, asked = build_pack(house.project, run, house.ledger, "en")
    assert not answers(asked)["Is it safe beside earlier releases?"].fine
    page = index.read_text(encoding="utf-8")
    table = page.partition("Numbers that moved by less than the threshold</caption>")[2].partition("</table>")[0]
    heads, *lines = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>.*?</tr>", table))
    assert heads == ["Area", "Numerator", "Numerator, before", "Denominator", "Denominator, before"]
    assert lines == [["Denmark", "102", "100", "330", "330"], ["North Denmark Region", "32", "30", "90", "90"]]


def test_an_indicator_that_only_the_notebook_knows_is_named_as_the_notebook_names_it(house):
    run = house.run(indicator=SHARE)
    index, _ = build_pack(house.project, run, house.ledger, "en")
    assert read(pack_folder(run), "counts/02-figure.csv")["Indicator"].tolist() == [SHARE.title.en]
    for words in (SHARE.title, SHARE.counted, SHARE.one_row_is):
        assert words.en in index.read_text(encoding="utf-8")


def test_a_run_of_a_time_when_words_were_not_kept_has_its_indicators_by_their_id(house):
    (table,) = house.ledger.rows(house.run().id)
    old = dataclasses.replace(table, words={})
    assert counts(old, "en")["Indicator"].tolist() == [READMISSION_30D.id]
    assert population(old, "en") == [(READMISSION_30D.id,) * 3]
