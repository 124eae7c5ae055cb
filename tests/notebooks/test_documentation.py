"""The Python that README and docs show can be pasted: it runs, in the order it stands in."""

import re
from pathlib import Path

import drawing
import pytest

from ddns_utils.indicators import cross_sector
from ddns_utils.intake import land
from ddns_utils.registers import Registers
from ddns_utils.synthetic import synthesize

ROOT = Path(__file__).parents[2]


def blocks(page):
    """The blocks of Python of a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def registers(tmp_path_factory):
    root = tmp_path_factory.mktemp("asked")
    synthesize(root / "deliveries", citizens=1_500, years=4, seed=1)
    land(root / "deliveries", Registers(root / "registers"))
    return root / "registers"


@pytest.fixture
def asked(registers, monkeypatch):
    """Runs blocks of Python as one notebook, and gives its names."""
    monkeypatch.setenv("DDNS_REGISTERS", str(registers))

    def run(sources):
        names = {}
        for source in sources:
            exec(source, names)
        return names

    return run


def test_the_question_in_the_readme_is_answered(asked, capsys):
    asked(blocks("README.md")[:1])
    assert re.search(r"Aarhus .+ Hele landet", capsys.readouterr().out)


def test_the_questions_of_the_docs_are_answered(asked, capsys):
    names = asked(blocks("docs/own_questions.md"))
    said = capsys.readouterr().out
    assert re.search(r"Aarhus .+ Hele landet", said)
    assert "Akutte genindlæggelser" in said
    assert set(names["before_after"].frame["sex"]) == {"all", "F", "M"}
    assert set(names["readmission"].frame["period"]) == {"2022", "2023", "2024", "2025"}


def test_the_indicator_in_the_readme_passes_its_test(tmp_path):
    _, rule, spec = blocks("README.md")
    names = dict(vars(cross_sector))
    exec(rule, names)
    names |= {"pytest": pytest, "measured": drawing.measured}
    exec(spec, names)
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    cases = test.pytestmark[0].args[1]
    assert [n for _, n in cases] == [0, 1]
    for case in cases:
        test(tmp_path, *case)
