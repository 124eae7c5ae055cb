"""Parameters are read from the notebook and held to what they may be, before anything runs."""

import re

import nbformat
import pytest
import toys
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from papermill.parameterize import parameterize_notebook

from ddns_utils.errors import DefinitionError
from ddns_utils.runs.contract import Contract, read_parameters, split_settings

ALL_TYPES = """
from typing import Literal
code: str = "0101"  # a municipality
number: int = 3  # how many
share: float = 0.5  # of all
wanted: bool = True  # or not
disease: Literal["copd", "diabetes"] = "copd"  # which one
months: Literal[3, 12] = 12  # how long
areas: list[str] = ["101", "147"]  # where
"""


def contract(source=ALL_TYPES):
    return Contract("toy", None, read_parameters(source, "toy.ipynb"))


def test_defaults_and_meanings_come_from_the_cell():
    parameters = contract().parameters
    assert contract().values({}) == {
        "code": "0101", "number": 3, "share": 0.5, "wanted": True, "disease": "copd", "months": 12,
        "areas": ["101", "147"],
    }  # fmt: skip
    assert parameters["share"].meaning == "of all"


@given(st.text())
def test_text_stays_the_text_that_was_written(text):
    assert contract().values({"code": text})["code"] == text


@given(st.fixed_dictionaries({"code": st.text(), "number": st.integers(), "share": st.floats(allow_nan=False), "areas": st.lists(st.text())}))  # fmt: skip
def test_values_reach_the_notebook_as_they_are(values):
    notebook = new_notebook(cells=[new_code_cell(ALL_TYPES, metadata={"tags": ["parameters"]})])
    notebook.metadata.papermill = {}
    done = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    there = {}
    exec(done.cells[1].source, there)
    assert {name: there[name] for name in values} == values
    assert {name: type(there[name]) for name in values} == {name: type(value) for name, value in values.items()}


@pytest.mark.parametrize("code", ["0147", "0101", "0851", "1e5", "true", "08", "2025-01-01"])
def test_codes_that_look_like_numbers_stay_text(code):
    assert contract().values({"code": code})["code"] == code


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("number", "-7", -7), ("share", "2", 2.0), ("share", "1e-3", 0.001), ("wanted", "false", False),
     ("disease", "diabetes", "diabetes"), ("months", "3", 3), ("areas", "0101, 147", ["0101", "147"]), ("areas", "", [])],
)  # fmt: skip
def test_text_is_read_by_the_declared_type(name, text, value):
    read = contract().values({name: text})[name]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("number", "3.5", "toy: number cannot be '3.5'. It must be a whole number."),
        ("number", "three", "toy: number cannot be 'three'. It must be a whole number."),
        ("share", "0,5", "toy: share cannot be '0,5'. It must be a number."),
        ("share", "nan", "toy: share cannot be 'nan'. It must be a number."),
        ("wanted", "yes", "toy: wanted cannot be 'yes'. It must be true or false."),
        ("disease", "copp", "toy: disease cannot be 'copp'. Choose one of: copd, diabetes."),
        ("months", "6", "toy: months cannot be 6. Choose one of: 3, 12."),
    ],
)
def test_another_value_is_refused_in_one_sentence_that_says_what_it_may_be(name, text, message):
    with pytest.raises(DefinitionError, match=f"^{re.escape(message)}$"):
        contract().values({name: text})


def test_a_misspelt_name_is_refused_with_the_name_that_was_meant():
    message = "toy has no parameter 'disase'. Did you mean 'disease'? It has: areas, code, disease, months, number, share, wanted."
    with pytest.raises(DefinitionError, match=f"^{re.escape(message)}$"):
        contract().values({"disase": "copd"})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("period = '2025'  # the year", "line 1 of the parameters cell is not a parameter"),
        ("period: str  # the year", "line 1 of the parameters cell is not a parameter"),
        ("import os", "line 1 of the parameters cell is not a parameter"),
        ("a: int = 1  # one\nb: int = 2", "line 2 of the parameters cell does not say what 'b' means"),
        ("a: int = 1 + 1  # two", "line 1 of the parameters cell computes 'a'"),
        ("a: int = max(1, 2)  # two", "line 1 of the parameters cell computes 'a'"),
        ("a: dict = {}  # none", "line 1 of the parameters cell has the type dict"),
        ("a: Literal[1, 'b'] = 1  # mixed", "line 1 of the parameters cell has the type Literal"),
        ("a: int = 1  # one\na: int = 2  # two", "line 2 of the parameters cell declares 'a' a second time"),
        ("a: int = = 1", "the parameters cell is not Python"),
    ],
)
def test_a_line_that_declares_nothing_is_named(source, message):
    with pytest.raises(DefinitionError, match=re.escape(f"toy.ipynb: {message}")):
        read_parameters(source, "toy.ipynb")


def test_a_notebook_without_a_parameters_cell_is_refused(new_toys):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), new_toys.root / "notebooks" / "bare.ipynb")
    with pytest.raises(DefinitionError, match="must have exactly one code cell tagged 'parameters', but has 0"):
        new_toys.contract("bare")


def test_a_notebook_with_two_parameters_cells_is_refused(new_toys):
    new_toys.add("twice", [new_code_cell("1", metadata={"tags": ["parameters"]})])
    with pytest.raises(DefinitionError, match="must have exactly one code cell tagged 'parameters', but has 2"):
        new_toys.contract("twice")


def test_a_file_that_is_no_notebook_is_refused(new_toys):
    (new_toys.root / "notebooks" / "broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"broken.ipynb is not a notebook"):
        new_toys.contract("broken")


def with_settings(new_toys, settings):
    new_toys.add("story", toys.STORY, toys.STORY_PARAMETERS, settings)
    return new_toys.contract("story")


def test_the_parameter_file_sets_values_checks_and_labels(new_toys):
    made = with_settings(new_toys, toys.SETTINGS + '[parameters]\narea = "0147"\n')
    assert made.values({}) == {"area": "147", "period": "2025", "language": "da"}
    assert made.schedule == "0 6 1 * *"
    shown = made.shown(made.values({"language": "en"}), "en")
    assert shown == [
        {"label": "Area", "value": "Frederiksberg"}, {"label": "Period", "value": "2025"},
        {"label": "Language", "value": "English"},
    ]  # fmt: skip


def test_values_can_have_words_of_their_own(new_toys):
    settings = "[values.wanted]\nkol = { da = 'KOL', en = 'COPD' }"
    new_toys.add("d", [], 'wanted: list[str] = ["kol", "other"]  # diseases', settings)
    made = new_toys.contract("d")
    assert made.shown(made.values({}), "en") == [{"label": "diseases", "value": "COPD, other"}]


@pytest.mark.parametrize(("written", "code"), [("0101", "101"), ("101", "101"), ("1084", "1084"), ("DK", "DK")])
def test_areas_are_brought_to_one_form(new_toys, written, code):
    assert with_settings(new_toys, toys.SETTINGS).values({"area": written})["area"] == code


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("area", "0999", "story: area: '0999' is not a municipality code"),
        ("area", "København", "story: area: There is no area 'København'. Did you mean '101' (København)?"),
        ("period", "2025-13", "story: period: '2025-13' is not a period"),
        ("language", "se", "story: language: There is no language 'se'"),
    ],
)
def test_values_are_held_to_the_rules_of_the_domain(new_toys, name, text, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        with_settings(new_toys, toys.SETTINGS).values({name: text})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("schedul = 'x'", "story.toml has no setting 'schedul'. Did you mean 'schedule'?"),
        ("schedule = 6", "story.toml: schedule must be text."),
        ("checks = 1", "story.toml: checks must be a table."),
        ("= 1", "story.toml is not TOML"),
        ("notebook = 'other'", "story.toml names the notebook 'other', but other.ipynb does not exist."),
        ("[parameters]\nare = 'DK'", "story.toml: story has no parameter 'are'. Did you mean 'area'?"),
        ("[parameters]\nperiod = 2025", "story.toml: period cannot be 2025. It must be text."),
        ("[checks.perod]\nkind = 'period'", "story.toml: story has no parameter 'perod'. Did you mean 'period'?"),
        ("[checks.period]\nkin = 'period'", "story.toml: checks.period has no check 'kin'. Did you mean 'kind'?"),
        ("[checks.period]\nkind = 'perid'", "story.toml: checks.period cannot have the kind 'perid'."),
        ("[checks.period]\nminimum = 2", "story.toml: checks.period sets a limit, but period is not a number."),
        (
            "[checks.period]\nkind = 'period'\npattern = '[0-9]{4}-[0-9]{2}'",
            "story.ipynb: period cannot be '2025'. Write a month (2025-03).",
        ),
        ("[checks.period]\npattern = '20\\d'", "story.ipynb: period cannot be '2025'. It must have the form 20\\d."),
        ("[checks.period]\nchoices = ['2024']", "story.ipynb: period cannot be '2025'. Choose one of: 2024."),
        ("[labels]\narea = { da = 'Område' }", "story.toml: labels.area must be written"),
    ],
)
def test_a_mistake_in_the_parameter_file_is_named(new_toys, settings, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        with_settings(new_toys, settings)


def test_numbers_have_limits(new_toys):
    new_toys.add("n", [], "days: int = 30  # follow-up", "[checks.days]\nminimum = 1\nmaximum = 90")
    made = new_toys.contract("n")
    assert [made.values({"days": day})["days"] for day in ("1", "90")] == [1, 90]
    for day, limit in (("0", "at least 1"), ("91", "at most 90")):
        with pytest.raises(DefinitionError, match=f"n: days cannot be {day}. It must be {limit}."):
            made.values({"days": day})


def test_one_notebook_can_serve_several_analyses(new_toys):
    new_toys.add("story", toys.STORY, toys.STORY_PARAMETERS)
    (new_toys.root / "parameters" / "west.toml").write_text('notebook = "story"\n[parameters]\narea = "1082"\n')
    (new_toys.root / "parameters" / "disclosure.toml").write_text("threshold = 5\n")
    assert new_toys.project.analyses == ["story", "west"]
    assert new_toys.contract("west").notebook.name == "story.ipynb"
    assert new_toys.contract("west").values({})["area"] == "1082"


def test_an_unknown_analysis_is_refused_with_the_nearest(new_toys):
    new_toys.add("story", [])
    with pytest.raises(
        DefinitionError, match=r"^There is no analysis 'stori'. Did you mean 'story'\? There are: story.$"
    ):
        new_toys.contract("stori")


@pytest.mark.parametrize(
    ("settings", "message"),
    [(("area",), "'area' does not set a parameter"), (("=1",), "'=1' does not"), (("a=1", "a=2"), "'a' is set twice")],
)
def test_settings_are_written_name_equals_value_once(settings, message):
    with pytest.raises(DefinitionError, match=message):
        split_settings(settings)


def test_a_value_may_hold_an_equals_sign():
    assert split_settings(("a=b=c", "d=")) == {"a": "b=c", "d": ""}
