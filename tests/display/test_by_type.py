"""Whatever displays or writes takes disclosed results, or something that holds no counts; checked over all there is."""

import importlib
import inspect
import pkgutil
import re

import numpy as np
import pandas as pd
import pytest
from made_results import EVENTS, POLICY, SHARE, WAIT, cube, measured

import ddns_utils
from ddns_utils import display
from ddns_utils.disclosure import Disclosed, disclose
from ddns_utils.display import audit, tables, words
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Mean

SHOWS = re.compile(r"(plot|show|save|write)(_|$)")
NOT_RESULTS = (cube(1), cube(1).frame, {"n": [3]}, [3], np.array([3]), 3, None)


def found():
    """Every public function in the display package and in saving whose name or first parameter says that it shows."""
    modules = [importlib.import_module(f"ddns_utils.display.{m.name}") for m in pkgutil.iter_modules(display.__path__)]
    functions = {}
    for module in (*modules, importlib.import_module("ddns_utils.runs.saving")):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                functions[f"{module.__name__.rpartition('.')[2]}.{name}"] = function
    return functions


def takes(function):
    """What the first parameter is, as it is written."""
    return next((str(p.annotation) for p in inspect.signature(function).parameters.values()), "")


def needed(function):
    """Values for the other parameters that must be given."""
    fill = {"language": "da", "level": "municipality", "area": "DK", "caption": "T", "title": "T", "alt": "a",
            "name": "t", "names": ["person"], "rows": ("area",), "columns": "period", "dimensions": ("area",),
            "indicators": [SHARE], "across": "period"}  # fmt: skip
    _, *others = inspect.signature(function).parameters.values()
    must = {p.name: fill.get(p.name) for p in others if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    return must | ({"language": "da", "level": "region"} if any(p.kind is p.VAR_KEYWORD for p in others) else {})


FUNCTIONS = found()
OF_RESULTS = [name for name, function in FUNCTIONS.items() if "Disclosed" in takes(function)]
HARMLESS = re.compile(r"str|(Axes|Indicator|Snapshot|SafeEstimates)\b.*")  # made safe, or without counts of persons


@pytest.mark.parametrize("name", OF_RESULTS)
def test_a_function_of_results_refuses_everything_else_and_says_what_to_call(name):
    for wrong in NOT_RESULTS:
        with pytest.raises(DefinitionError, match=r"Call disclose\("):
            FUNCTIONS[name](wrong, **needed(FUNCTIONS[name]))


SHOWING = [name for name in FUNCTIONS if SHOWS.match(name.rpartition(".")[2])]


@pytest.mark.parametrize("name", sorted(set(SHOWING) - set(OF_RESULTS)))
def test_what_shows_anything_but_results_holds_no_counts_and_refuses_them(name):
    assert HARMLESS.fullmatch(takes(FUNCTIONS[name]))
    for wrong in (cube(1), cube(1).frame, [cube(1)], 3):
        with pytest.raises(DefinitionError, match=r"show"):
            FUNCTIONS[name](wrong, **needed(FUNCTIONS[name]))


def test_the_names_that_a_notebook_has_are_among_them():
    assert {name for name in ddns_utils.__all__ if SHOWS.match(name)} <= {name.rpartition(".")[2] for name in SHOWING}
    assert len(OF_RESULTS) >= 15


def by_hand(result: Disclosed) -> pd.DataFrame:
    return result.frame[result.frame["status"] == "suppressed"]


@pytest.mark.parametrize("indicator", [SHARE, EVENTS, WAIT], ids=["share", "rate", "mean"])
def test_what_is_derived_of_a_hidden_number_is_hidden_too(indicator):
    rows = [{"area": area, "n": np.nan if isinstance(indicator, Mean) else n, "of": of, "value": 7.5, "lower": 6.0, "upper": 9.0}
            for area, n, of in (("1081", 3.0, 3.0), ("1082", 2.0, 40.0), ("1083", 30.0, 90.0), ("1084", 0.0, 2.0))]  # fmt: skip
    made = measured(rows, indicator)
    hidden = by_hand(disclose(made, POLICY))
    assert len(hidden) >= 2
    assert hidden[["n", "value", "lower", "upper"]].isna().all().all()
    assert set(hidden["note"]) <= {"small count", "protects another number"}


@pytest.fixture(scope="module")
def small():
    counts = {"1081": 3, "1082": 50, "1083": 60, "1084": 70, "1085": 80}
    rows = [{"area": area, "n": float(n), "of": 200.0} for area, n in counts.items()]
    return disclose(measured([*rows, {"area": "DK", "n": 263.0, "of": 1000.0}]), POLICY)


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_hidden_number_is_marked_in_a_figures_table_and_never_nought_or_blank(small, language):
    rows = small.frame.assign(area=lambda f: f["area"].astype("category"))
    html = tables.data_table(small, rows, ("area",), "T", language)
    lines = [re.findall(r"<td>(.*?)</td>", line) for line in html.split("<tr>")[2:]]
    hidden = [line for line, status in zip(lines, rows["status"], strict=True) if status == "suppressed"]
    word = {"da": "skjult", "en": "hidden"}[language]
    assert len(hidden) == 2
    for value, interval, n, of in hidden:
        assert {value, interval, n} <= {"&lt;5", word}
        assert of == "200"
    assert not {"0", "", "nan", "–"} & {cell for line in hidden for cell in line}


@pytest.mark.parametrize("say", [words.value, words.against, words.standard])
def test_a_hidden_number_is_called_hidden_in_words_and_not_compared(small, say):
    said = say(small, language="da", area="1081")
    assert "<5" in said
    assert "0 %" not in said.replace("40,0 %", "")
    if say is not words.value:
        assert re.search("kan ikke sammen(lignes|holdes)", said)


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_audit_says_what_was_hidden_and_found_for_every_result(small, monkeypatch, language):
    shown = []
    monkeypatch.setattr(audit, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    whole = disclose(cube(1, ("2024", "2025")), POLICY)
    display.show_audit([small, whole], language=language)
    first, second = re.findall(r'<th scope="col" class="over">(.*?)</th>', shown[0])
    lines = {
        re.search(r"<th scope=.row.*?>(.*?)</th>", row)[1]: re.findall(r"<td>(.*?)</td>", row)
        for row in re.findall(r"<tr>(<th scope=.row.*?)</tr>", shown[0])
    }
    hidden, worked_out = {
        "da": ("Skjult, fordi de er små", "Kunne regnes ud præcist"),
        "en": ("Hidden: small", "Worked out exactly"),
    }[language]
    assert lines[hidden][0] == "1"
    assert lines[worked_out] == ["0", "0"]
    assert f"{SHARE.title[language]} ({ {'da': 'område', 'en': 'area'}[language] })" in first
    assert {"da": "periode", "en": "period"}[language] in second
