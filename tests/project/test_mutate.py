"""tools/mutate.py changes what it says it changes, and the code of an indicator has what it can change."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mutate():
    spec = importlib.util.spec_from_file_location("mutate", ROOT / "tools" / "mutate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a >= b", ["x = a > b"]),
        ("x = a == b", ["x = a != b"]),
        ("x = 0 <= a < 1", ["x = 0 < a < 1", "x = 0 <= a <= 1"]),
        ("x = (a < 1) & b", ["x = (a < 1) | b", "x = (a <= 1) & b"]),
        ("x = ~a | b", ["x = ~a & b", "x = a | b"]),
        ("x = rows.filter(a)", ["x = rows.filter(True)"]),
        ("x = rows.filter(a, b)", ["x = rows.filter(*(), b)", "x = rows.filter(a, *())"]),
        ("DAYS = 30", ["DAYS = 31"]),
        ("DAYS, AGE, NAME = 30, 65, 'x'", ["DAYS, AGE, NAME = 31, 65, 'x'", "DAYS, AGE, NAME = 30, 66, 'x'"]),
        ("days = 30", []),
        ("def f(a: int | None = b < c) -> str | None: pass", ["def f(a: int | None = b <= c) -> str | None: pass"]),
        ("x: int | None = 1", []),
        ("x = 'æø' < b", ["x = 'æø' <= b"]),
        ("x = 'a < b AND c'", ["x = 'a <= b AND c'", "x = 'a < b OR c'"]),
        (
            "x = f'{a} IS NOT NULL ORDER BY {b} DESC'",
            ["x = f'{a} IS NULL ORDER BY {b} DESC'", "x = f'{a} IS NOT NULL ORDER BY {b} ASC'"],
        ),
        ("x = 'CREATE OR REPLACE TABLE a'", []),
        ("def f():\n    'a < b'\n    return 1", []),
        ("x = 'a = b'  # same either way: b is never a", []),
        ("x = a < b  # same either way: b is never a", []),
    ],
)
def test_each_change_is_one_change(mutate, text, changed):
    assert [source for _, _, source in mutate.mutants(text)] == changed


def test_every_change_of_the_rules_is_code_that_can_be_read(mutate):
    for module in (ROOT / "ddns_utils" / "indicators").glob("*.py"):
        for _, _, source in mutate.mutants(module.read_text(encoding="utf-8")):
            ast.parse(source)


def test_the_specs_of_a_module_are_those_that_name_it_or_other_tests_that_do_or_all(mutate):
    own = mutate.specs_of(Path("ddns_utils/indicators/asthma.py"), ROOT)
    assert {Path(spec).name for spec in own} == {"test_asthma_care.py", "test_medicine.py"}
    others = mutate.specs_of(Path("ddns_utils/statistics/trend.py"), ROOT)
    assert {Path(spec).parent.name for spec in others} >= {"statistics", "golden"}
    assert len(mutate.specs_of(Path("ddns_utils/indicators/nobody_names_it.py"), ROOT)) > len(own)
