"""The guard at the door: seeded leaks of every kind are caught, taken out and not shown, and reports raise no alarm."""

import base64
import dataclasses
import gzip
import io
import json
import zipfile
import zlib
from pathlib import Path

import nbformat
import pandas as pd
import pyarrow.parquet as pq
import pytest
import toys
from made_results import EVENTS, SHARE, measured
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ddns_utils.disclosure import Policy, disclose
from ddns_utils.disclosure.leaks import (
    COUNT,
    FRAME,
    NUMBER,
    PERSONS,
    PSEUDONYM,
    few_in,
    html_tables_in,
    values_in,
    without_values,
)
from ddns_utils.display.tables import data_table
from ddns_utils.errors import DataError, RunError
from ddns_utils.indicators import INDICATORS
from ddns_utils.language import CATALOGUE, LANGUAGES
from ddns_utils.runs import door, save

ROOT = Path(__file__).parents[2]
POLICY_FILE = ROOT / "parameters" / "disclosure.toml"
POLICY = Policy.read(POLICY_FILE)
PNG = b"\x89PNG\r\n\x1a\n"
BORN = "0101" + "90"
PERSON = BORN + "1234"
HYPHEN = f"{BORN}-1234"
TOKEN = "0f" + "3a91c5" * 5
FRAME_OF_PERSONS = pd.DataFrame({"sex": ["F", "M", "F"], "age": [71, 82, 93], "n": [1, 2, 3]})


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(data, made=None):
    return new_output("display_data", data=data, metadata={"ddns": made} if made else {})


def error(words, trace=()):
    return new_output("error", ename="ValueError", evalue=words, traceback=list(trace))


def html(head, cell):
    return f"<table><tr><th>Område</th><th>{head}</th></tr><tr><th>Læsø</th><td>{cell}</td></tr></table>"


def figure(svg=toys.SVG, **made):
    return shown({"image/svg+xml": svg, "text/plain": ""}, {"role": "figure", "alt": "a", "table": toys.TABLE} | made)


def chunk(kind, body):
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def packed_picture(words, kind=b"zTXt"):
    """A PNG whose text is compressed."""
    before = {b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0da\0\0"}[kind]
    body = before + zlib.compress(f"{words}\n{words}\n".encode())
    return base64.b64encode(PNG + chunk(b"IHDR", bytes(13)) + chunk(kind, body) + chunk(b"IEND", b"")).decode()


def zipped(words):
    """A spreadsheet as it is: a zip with XML in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sharedStrings.xml", f"<t>{words}</t>")
    return base64.b64encode(out.getvalue()).decode()


def text64(words):
    return base64.b64encode(words.encode()).decode()


def picture(words):
    return base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x20tEXtComment\x00" + words.encode()).decode()


OUTPUTS = {
    "number with two spaces": (stream(f"id {BORN}  1234\n"), NUMBER),
    "number with a tab": (stream(f"id {BORN}\t1234\n"), NUMBER),
    "number with a spaced dash": (stream(f"id {BORN}  -  1234\n"), NUMBER),
    "number with points in its date": (stream("id 01.01.90-1234\n"), NUMBER),
    "number with strokes in its date": (stream("id 01/01/90 1234\n"), NUMBER),
    "number with dashes in its date": (stream("id 01-01-90-1234\n"), NUMBER),
    "number with spaces in its date": (stream("id 01 01 90-1234\n"), NUMBER),
    "number spelled digit by digit": (stream(f"id {' '.join(PERSON)}\n"), NUMBER),
    "number with an invisible character": (stream(f"id {BORN}\u200b1234\n"), NUMBER),
    "number in wide digits": (stream("id " + "".join(chr(0xFF10 + int(d)) for d in PERSON)), NUMBER),
    "number in a picture's compressed text": (shown({"image/png": packed_picture(HYPHEN)}), NUMBER),
    "number in a picture's international text": (shown({"image/png": packed_picture(HYPHEN, b"iTXt")}), NUMBER),
    "number in a drawn picture's compressed text": (
        figure(f'<svg><image href="data:image/png;base64,{packed_picture(HYPHEN)}"/></svg>'),
        NUMBER,
    ),
    "number in an embedded spreadsheet": (
        shown({"text/html": f'<a href="data:application/zip;base64,{zipped(HYPHEN)}">hent</a>'}, {"role": "text"}),
        NUMBER,
    ),
    "number in embedded gzip": (
        shown({"application/gzip": base64.b64encode(gzip.compress(HYPHEN.encode())).decode()}),
        NUMBER,
    ),
    "number in an attribute in base64": (
        shown({"text/html": f'<p data-rows="{text64(HYPHEN)}">x</p>'}, {"role": "text"}),
        NUMBER,
    ),
    "number in a drawing's description": (figure(f"<svg><desc>{HYPHEN}</desc></svg>"), NUMBER),
    "number in a drawing's own attribute": (figure(f'<svg><g inkscape:label="{HYPHEN}"/></svg>'), NUMBER),
    "number in a widget's state": (
        shown({"application/vnd.jupyter.widget-state+json": {"state": {"m": {"value": HYPHEN}}}}),
        NUMBER,
    ),
    "pseudonym in an attribute in base64": (
        shown({"text/html": f'<p data-id="{text64(TOKEN)}">x</p>'}, {"role": "text"}),
        PSEUDONYM,
    ),
    "a widget": (shown({"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}), door.FOREIGN),
    "rows as JSON": (shown({"application/vnd.dataresource+json": {"data": [{"age": 71}]}}), door.FOREIGN),
    "an interactive figure": (shown({"application/vnd.vegalite.v5+json": {"data": {"values": [71, 82]}}}), door.FOREIGN),
    "number printed": (stream(f"id {PERSON}\n"), NUMBER),
    "number with a hyphen": (stream(f"id {HYPHEN}\n"), NUMBER),
    "number with a space": (stream(f"id {BORN} 1234\n"), NUMBER),
    "number with a no-break space": (stream(f"id {BORN}\u00a01234\n"), NUMBER),
    "number with an en dash": (stream(f"id {BORN}–1234\n"), NUMBER),
    "number that lost its first zero": (stream(f"id {PERSON[1:]}\n"), NUMBER),
    "number glued to letters": (stream(f"person{PERSON}\n"), NUMBER),
    "number of a leap day": (stream("2902" + "001234"), NUMBER),
    "number in a warning": (stream(f"UserWarning: {HYPHEN}", "stderr"), NUMBER),
    "number in an error's words": (error(f"no such person {PERSON}"), NUMBER),
    "number in a traceback": (error("no", [f"----> 1 find('{HYPHEN}')"]), NUMBER),
    "number coloured in a traceback": (error("no", [f"\x1b[32m'{PERSON}'\x1b[39m"]), NUMBER),
    "number in a repr": (new_output("execute_result", data={"text/plain": f"['{PERSON}']"}), NUMBER),
    "number in a table": (shown({"text/html": html("Navn", HYPHEN)}, {"role": "table"}), NUMBER),
    "number in bold halves": (
        shown({"text/html": f"<p>{BORN}<b>-</b>1234</p>", "text/plain": ""}, {"role": "text"}),
        NUMBER,
    ),
    "number with an entity": (shown({"text/html": f"<p>{BORN}&#45;1234</p>"}, {"role": "text"}), NUMBER),
    "number in a comment of HTML": (shown({"text/html": f"<!-- {PERSON} -->"}, {"role": "text"}), NUMBER),
    "number in a text": (shown({"text/markdown": f"Borger {HYPHEN}"}, {"role": "text"}), NUMBER),
    "number drawn": (figure(f"<svg><text>{HYPHEN}</text></svg>"), NUMBER),
    "number drawn in two parts": (figure(f"<svg><text><tspan>{BORN}</tspan>-1234</text></svg>"), NUMBER),
    "number in a drawing's metadata": (figure(f"<svg><metadata>{PERSON}</metadata></svg>"), NUMBER),
    "number in a picture in a drawing": (
        figure(f'<svg><image href="data:image/png;base64,{picture(PERSON)}"/></svg>'),
        NUMBER,
    ),
    "number in a picture's metadata": (shown({"image/png": picture(HYPHEN)}), NUMBER),
    "number in embedded data": (
        shown({"text/html": f'<a href="data:text/csv,id%0A{BORN}%2D1234">hent</a>'}, {"role": "text"}),
        NUMBER,
    ),
    "number in alt text": (figure(alt=f"Borger {HYPHEN}"), NUMBER),
    "number in a caption": (figure(caption=f"Borger {HYPHEN}"), NUMBER),
    "number in a figure's data": (figure(table=html("Navn", PERSON)), NUMBER),
    "number in JSON": (shown({"application/json": {"id": PERSON}}), NUMBER),
    "number in an output's metadata": (new_output("display_data", data={}, metadata={"id": PERSON}), NUMBER),
    "pseudonym printed": (stream(f"person {TOKEN}"), PSEUDONYM),
    "pseudonym in an error": (error(f"KeyError: {TOKEN}"), PSEUDONYM),
    "pseudonym drawn": (figure(f"<svg><text>{TOKEN.upper()}</text></svg>"), PSEUDONYM),
    "persons' column in a table": (shown({"text/html": html("person_id", "x")}, {"role": "table"}), PERSONS),
    "persons' column printed": (stream("  PNR  value\n0  x  1\n"), PERSONS),
    "frame printed": (stream(FRAME_OF_PERSONS.to_string()), FRAME),
    "frame without index printed": (stream(FRAME_OF_PERSONS.to_string(index=False, header=False)), FRAME),
    "series as a result": (new_output("execute_result", data={"text/plain": repr(FRAME_OF_PERSONS["n"])}), FRAME),
    "array printed": (stream(str(FRAME_OF_PERSONS[["age", "n"]].to_numpy())), FRAME),
    "frame in an error": (error(f"bad rows:\n{FRAME_OF_PERSONS}"), FRAME),
    "frame as HTML": (shown({"text/html": FRAME_OF_PERSONS.to_html()}), door.FOREIGN),
    "small count in a table": (shown({"text/html": html("Tæller", "3")}, {"role": "table"}), COUNT),
    "small count in a figure's data": (figure(table=html("Denominator", "4")), COUNT),
    "small count drawn": (figure("<svg><text>n = 3</text></svg>"), COUNT),
    "small count in alt text": (figure(alt="Læsø (n=2)"), COUNT),
    "small count in a title": (figure("<svg><title>Læsø: 3 borgere</title></svg>"), COUNT),
    "small count in a drawn title": (figure("<svg><text>Kun <tspan>3</tspan> patienter</text></svg>"), COUNT),
    "small count in words": (shown({"text/markdown": "På Læsø er der tre borgere."}, {"role": "text"}), COUNT),
    "small count in English words": (shown({"text/markdown": "Four women died."}, {"role": "text"}), COUNT),
    "small count of a whole": (shown({"text/markdown": "3 ud af 80 fik tilbud"}, {"role": "text"}), COUNT),
    "small count in a caption": (figure(caption="2 of them: n = 2"), COUNT),
    "small count printed": (stream("n = 4"), COUNT),
    "picture of points": (shown({"image/png": picture("")}), door.FOREIGN),
}  # fmt: skip


@pytest.mark.parametrize("leak", OUTPUTS)
def test_a_leak_in_an_output_is_named_taken_out_and_not_shown(leak):
    output, kind = OUTPUTS[leak]
    notebook = new_notebook(
        cells=[new_markdown_cell("# T", id="a"), new_code_cell("1", id="b", outputs=[stream("fine"), output])]
    )
    found = door.clean(notebook, POLICY)
    assert list(found) == ["cell 2"]
    assert kind in found["cell 2"]
    fine, removed = notebook.cells[1].outputs
    assert fine.text == "fine"
    assert removed.text.startswith("Removed before it was kept: ")
    assert door.clean(notebook, POLICY) == {}
    words = door.in_words(found) + nbformat.writes(notebook)
    assert not any(secret in words for secret in (PERSON, HYPHEN, "1234", TOKEN, TOKEN.upper()))


@pytest.mark.parametrize("part", ["code", "text", "parameters", "cell metadata", "notebook metadata"])
def test_a_value_elsewhere_in_the_notebook_is_replaced_and_the_rest_stays(part):
    notebook = new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("keep = 1")])
    notebook.metadata["papermill"] = {"parameters": {"period": "2025"}, "duration": 1.5}
    if part == "code":
        notebook.cells[1].source += f"\nrows.filter(rows.id == '{TOKEN}')"
    elif part == "text":
        notebook.cells[0].source += f"\n\nBorger {HYPHEN}"
    elif part == "parameters":
        notebook.metadata["papermill"]["parameters"]["person"] = PERSON
    elif part == "cell metadata":
        notebook.cells[1].metadata["note"] = [PERSON]
    else:
        notebook.metadata["author"] = f"{PERSON}@dk"
    assert len(door.clean(notebook, POLICY)) == 1
    kept = nbformat.writes(notebook)
    assert not any(secret in kept for secret in (PERSON, HYPHEN, TOKEN))
    assert "keep = 1" in kept
    assert notebook.metadata.papermill.duration == 1.5
    assert "[removed]" in kept


def saved(folder, monkeypatch):
    """A run's folder with a table that is fine."""
    monkeypatch.setenv("DDNS_RUN_FOLDER", str(folder))
    save(
        disclose(measured([{"area": "1081", "n": 30.0, "of": 90.0}, {"area": "1082", "n": 3.0, "of": 80.0}]), POLICY),
        "t",
    )
    save(disclose(measured([{"n": 7.0, "of": 8.5}], EVENTS), POLICY), "events")
    return folder


def test_what_save_writes_raises_no_alarm(tmp_path, monkeypatch):
    assert door.search(saved(tmp_path, monkeypatch), POLICY) == {}


def change(column, value):
    return lambda frame: frame.assign(**{column: value})


ROWS = {
    "person's number as text": (change("note", HYPHEN), NUMBER),
    "person's number as a whole number": (change("extra", int("31" + "12901234")), NUMBER),
    "person's number as a float": (change("extra", float(PERSON)), NUMBER),
    "pseudonym": (change("area", TOKEN), PSEUDONYM),
    "persons' column": (change("person_id", "p1"), PERSONS),
    "birth dates": (change("birth_date", "1990"), PERSONS),
    "small numerator": (change("n", 3.0), COUNT),
    "small denominator": (change("of", 2.0), COUNT),
    "small complement": (lambda frame: frame.assign(n=88.0, of=90.0, value=88 / 90), COUNT),
    "value of a hidden row": (change("value", 0.0375), COUNT),
    "rows that were not disclosed": (lambda frame: frame[["area", "n"]], door.UNKNOWN),
}


@pytest.mark.parametrize("leak", ROWS)
@pytest.mark.parametrize("name", ["tables/t.csv", "results.parquet"])
def test_a_leak_in_saved_rows_is_named_by_its_file(tmp_path, monkeypatch, name, leak):
    make, kind = ROWS[leak]
    file = saved(tmp_path, monkeypatch) / name
    if file.suffix == ".csv":
        make(pd.read_csv(file, sep=";", decimal=",")).to_csv(file, sep=";", decimal=",", index=False)
    else:
        make(pd.read_parquet(file)).to_parquet(file)
    found = door.search(tmp_path, POLICY, delete=True)
    assert list(found) == [name]
    assert kind in found[name]
    assert not file.exists()


FILES = {
    "report.html": (f"<html><p>{HYPHEN}</p></html>", NUMBER),
    "report.ipynb": (json.dumps({"cells": [{"source": [TOKEN]}]}), PSEUDONYM),
    "manifest.json": (json.dumps({"parameters": {"area": PERSON}}), NUMBER),
    "figures/figure-1.svg": ("<svg><text>n=3</text></svg>", COUNT),
    "log.txt": (f"--- cell 1\n{HYPHEN}", NUMBER),
    "persons.csv": ("age\n71\n", door.UNKNOWN),
    f"tables/{PERSON}.csv": ("", NUMBER),
}


@pytest.mark.parametrize("name", FILES)
def test_a_leak_in_a_file_is_found_and_its_name_is_not_shown_either(tmp_path, name):
    text, kind = FILES[name]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    ((where, what),) = door.search(tmp_path, POLICY).items()
    assert kind in what
    assert PERSON not in where


def test_a_category_that_no_row_has_any_more_is_still_in_a_parquet_file(tmp_path, monkeypatch):
    file = saved(tmp_path, monkeypatch) / "results.parquet"
    frame = pd.read_parquet(file)
    frame["note"] = pd.Categorical(frame["note"].fillna(""), [*frame["note"].fillna("").unique(), HYPHEN])
    frame.to_parquet(file)
    assert door.search(tmp_path, POLICY) == {"results.parquet": {NUMBER}}


def test_a_column_that_is_named_after_a_person_is_found(tmp_path, monkeypatch):
    file = saved(tmp_path, monkeypatch) / "results.parquet"
    table = pq.read_table(file).append_column(HYPHEN, pq.read_table(file)["note"])
    pq.write_table(table.replace_schema_metadata(None), file)
    assert door.search(tmp_path, POLICY) == {"results.parquet": {NUMBER}}


def test_a_leak_in_a_parquet_files_metadata_is_found(tmp_path, monkeypatch):
    file = saved(tmp_path, monkeypatch) / "results.parquet"
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"note": HYPHEN.encode()}), file)
    assert door.search(tmp_path, POLICY) == {"results.parquet": {NUMBER}}


@pytest.mark.parametrize(
    "fine",
    [
        "3202" + "901234", "0.0101" + "901234", "a" * 40, "0101" + "901234" + "ab" * 27, "p-0101" + "90", "20251123T135138Z-752a28e4",
        "2025-11-23T13:51:43.820817+00:00", "M 101.290123 41.234", f'<use href="#m{PERSON}"/>', f"{PERSON}5", "12.345.678", "311225,5 1234,5",
    ],
)  # fmt: skip
def test_other_numbers_raise_no_alarm(fine):
    assert values_in(fine) == set()
    assert without_values(fine) == fine


DECLARED = [
    words[language]
    for one in INDICATORS.values()
    for language in LANGUAGES
    for words in (one.title, one.one_row_is, one.counted, one.unit, *one.caveats, *filter(None, [one.remedy]))
]


@pytest.mark.parametrize(
    "fine",
    [
        "1–4 personer eller hændelser", "n = 5", "n=30", "N = 1.234", "pr. 1.000 borgere", "12 ud af 80", "type 2 patienter med KOL"[7:],
        "33 personer", "mindst 5 persons", "2,3 patienter pr. dag", "25 ud af 60", "en borger", "one person",
    ],
)  # fmt: skip
def test_words_that_tell_no_small_count_raise_no_alarm(fine):
    assert few_in(fine, POLICY) == set()


def test_no_declared_word_of_an_indicator_raises_an_alarm():
    words = "\n".join([*DECLARED, CATALOGUE.read_text(encoding="utf-8")])
    assert (few_in(words, POLICY), values_in(words)) == (set(), set())


@pytest.mark.parametrize("about", ["persons", "deliveries"])
def test_small_counts_in_a_figures_table_are_a_leak_unless_they_are_of_deliveries(about):
    late = dataclasses.replace(SHARE, rows_about=about)
    shown = disclose(measured([{"n": 30.0, "of": 90.0}], late), POLICY)
    page = data_table(shown, shown.frame.assign(n=3.0), ["area"], "T", "da")
    assert html_tables_in(page, POLICY) == ({COUNT} if about == "persons" else set())


@pytest.fixture
def project(new_toys):
    """A toy project with the demo's disclosure policy."""
    (new_toys.root / "parameters" / "disclosure.toml").write_bytes(POLICY_FILE.read_bytes())
    return new_toys


def kept(folder):
    return "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())


def test_a_run_that_prints_a_number_fails_and_keeps_the_cell_without_it(project):
    project.add("toy", [toys.text("da", "# T"), f"who = '0101' + '{PERSON[4:]}'\nprint(who)", "print('after')"])
    with pytest.raises(
        RunError, match=r"toy: cell 4 has a number that could be a CPR number\. It was removed"
    ) as failure:
        project.run("toy")
    (folder,) = project.runs("toy")
    assert sorted(file.name for file in folder.iterdir()) == ["failed.json", "log.txt", "report.ipynb"]
    assert PERSON not in kept(folder) + str(failure.value)
    assert "after" in kept(folder)


def test_a_cell_that_fails_on_a_person_says_neither_who_nor_in_the_log(project):
    project.add("toy", [toys.text("da", "# T"), f"raise ValueError('0101' + '{PERSON[4:]}')"])
    with pytest.raises(RunError, match=r"did not finish\. ValueError; its words were removed") as failure:
        project.run("toy")
    (folder,) = project.runs("toy")
    assert PERSON not in kept(folder) + str(failure.value)


def test_a_run_that_writes_a_file_of_its_own_fails_without_it(project):
    code = "import os, pathlib\npathlib.Path(os.environ['DDNS_RUN_FOLDER'], 'persons.csv').write_text('age;71')"
    project.add("toy", [toys.text("da", "# T"), f"{code};"])
    with pytest.raises(RunError, match=r"persons.csv has content that save\(\) did not write"):
        project.run("toy")
    assert not (project.runs("toy")[0] / "persons.csv").exists()


def test_a_parameter_that_is_a_person_is_not_kept(project):
    project.add("toy", [toys.text("da", "# T"), "1"], 'who: str = "x"  # whom')
    with pytest.raises(RunError, match="has a number that could be a CPR number"):
        project.run("toy", who=HYPHEN)
    assert HYPHEN not in kept(project.runs("toy")[0])


def test_saved_counts_need_the_owners_policy_at_the_door(tmp_path, monkeypatch):
    found = door.search(saved(tmp_path, monkeypatch), None)
    assert set(found) == {"results.parquet", "tables/t.csv", "tables/events.csv"}
    assert set.union(*found.values()) == {door.NO_POLICY}


def test_publication_stops_at_a_run_that_was_added_to(project):
    project.add("story", toys.STORY, toys.STORY_PARAMETERS)
    run = project.run("story")
    assert project.site()[1] == 1
    (run.path / "log.txt").write_text(HYPHEN, encoding="utf-8")
    with pytest.raises(
        DataError, match=rf"story/{run.id} cannot be published: log.txt has a number that could be"
    ) as stop:
        project.site()
    assert HYPHEN not in str(stop.value)
