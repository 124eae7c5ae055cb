"""Notebooks have the shape of an analysis; each rule is also broken once, to see that it holds."""

from pathlib import Path

import check_notebooks
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PARAMETERS = 'period: str = "2025"  # the year'


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_the_shape_of_an_analysis(notebook):
    assert check_notebooks.faults(notebook) == []


def test_every_analysis_has_a_readable_contract():
    assert check_notebooks.main() == 0


def parameters(**metadata):
    return new_code_cell(PARAMETERS, metadata={"tags": ["parameters"], **metadata})


def text(language):
    return new_markdown_cell("Text", metadata={"tags": [f"lang-{language}"]})


def faults(tmp_path, *cells, **metadata):
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), tmp_path / "toy.ipynb")
    return check_notebooks.faults(tmp_path / "toy.ipynb")


def test_a_good_notebook_has_no_faults(tmp_path):
    cells = [text("da"), text("en"), parameters(), new_code_cell("1 + 1"), text("da"), text("en")]
    assert faults(tmp_path, *cells) == []


BROKEN = {
    "16 code cells": ([parameters(), *(new_code_cell("1") for _ in range(15))], "has 16 code cells; 15 is the most"),
    "13 lines": ([parameters(), new_code_cell("1\n" * 13)], "cell 2 has 13 lines; 12 is the most"),
    "code before parameters": (
        [new_code_cell("1"), parameters()],
        "must have exactly one cell tagged parameters, before any other code",
    ),
    "two parameters cells": (
        [parameters(), parameters()],
        "must have exactly one cell tagged parameters, before any other code",
    ),
    "no code": ([text("da"), text("en")], "must have exactly one cell tagged parameters, before any other code"),
    "def": ([parameters(), new_code_cell("def f(): ...")], "cell 2 defines a function or a class; it belongs in ddns_utils"),
    "class": ([parameters(), new_code_cell("class C: ...")], "cell 2 defines a function or a class; it belongs in ddns_utils"),
    "lambda": ([parameters(), new_code_cell("f = lambda: 1")], "cell 2 defines a function or a class; it belongs in ddns_utils"),
    "today": ([parameters(), new_code_cell("date.today()")], "cell 2 asks what day it is; make it a parameter"),
    "now": ([parameters(), new_code_cell("pd.Timestamp.now()")], "cell 2 asks what day it is; make it a parameter"),
    "magic": ([parameters(), new_code_cell("%matplotlib inline")], "cell 2 is not plain Python"),
    "output": (
        [parameters(), new_code_cell("1", outputs=[new_output("stream", text="1")])],
        "cell 2 has outputs or an execution count; clear them",
    ),
    "count": ([parameters(), new_code_cell("1", execution_count=1)], "cell 2 has outputs or an execution count; clear them"),
    "no language": ([new_markdown_cell("Text"), parameters()], "cell 1 is text that is not tagged lang-da or lang-en"),
    "Danish alone": ([text("da"), parameters()], "cell 1 is Danish without its English beside it"),
    "English alone": ([parameters(), text("en")], "cell 2 is English without its Danish beside it"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(tmp_path, name):
    cells, fault = BROKEN[name]
    assert faults(tmp_path, *cells) == [fault]


def test_a_kernel_name_is_a_fault(tmp_path):
    found = faults(tmp_path, parameters(), kernelspec={"name": "python3", "display_name": "Python 3"})
    assert found == ["names a kernel; remove kernelspec from its metadata"]
