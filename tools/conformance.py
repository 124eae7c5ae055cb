"""Write docs/conformance.md: every function of ddns_utils.statistics, and the outside numbers that it reproduces.

    python tools/conformance.py           write the page
    python tools/conformance.py --check   exit with 1 if the page is not what the tests declare

The declarations are the ``reproduces`` marks of tests/golden, which hold the tests to their precision and count.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import pkgutil
import sys
from pathlib import Path

import pytest

from ddns_utils import statistics

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
HEAD = """\
# Conformance of the statistics

Made from the tests by `python tools/conformance.py`; a test holds it up to date. Each row is a test in `tests/golden`
that compares our numbers with numbers made outside this project, and fails beyond the precision stated.

| function | reproduces | numbers | precision |
|---|---|---|---|
"""
REST = """
## Without outside numbers

No published numbers are at hand for these. They are held by values worked out by hand, by planted truths that they must
recover, and by properties that must hold for any input, in the files named.

| function | tests |
|---|---|
"""


class Marks:
    """Collects the marks of the golden tests, before any test is left out."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], int] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Add up the numbers of each function, source and precision."""
        for mark in (mark for item in items for mark in item.iter_markers("reproduces")):
            for function in mark.args:
                row = (function, mark.kwargs["source"], precision(mark.kwargs))
                self.rows[row] = self.rows.get(row, 0) + mark.kwargs["numbers"]


def precision(declared: dict[str, object]) -> str:
    """A mark's precision in words."""
    if "digits" in declared:
        return f"every digit printed, to decimal {declared['digits']}"
    parts = [
        f"{declared[key]:.0e} {word}" for key, word in (("rel", "relative"), ("abs", "absolute")) if key in declared
    ]
    return " or ".join(parts) or "all equal"


def functions() -> list[str]:
    """Every public function of ddns_utils.statistics, as module.function."""
    found = []
    for module in pkgutil.iter_modules(statistics.__path__):
        if module.name.startswith("_"):
            continue
        content = importlib.import_module(f"ddns_utils.statistics.{module.name}")
        found += [
            f"{module.name}.{name}"
            for name, _ in inspect.getmembers(content, inspect.isfunction)
            if not name.startswith("_") and inspect.getmodule(getattr(content, name)) is content
        ]
    return found


def page() -> str:
    """The page's text."""
    marks, said = Marks(), io.StringIO()
    arguments = [str(ROOT / "tests" / "golden"), "--collect-only", "-q", "-p", "no:cacheprovider", "-n", "0"]
    with contextlib.redirect_stdout(said):
        code = pytest.main(arguments, plugins=[marks])
    known = functions()
    strange = sorted({function for function, *_ in marks.rows} - set(known))
    if code or strange:
        sys.exit(f"Marked, but not in ddns_utils.statistics: {', '.join(strange)}" if strange else said.getvalue())
    rows = sorted(marks.rows.items(), key=lambda row: (known.index(row[0][0]), row[0]))
    shown = [f"| `{function}` | {source} | {numbers:,} | {how} |\n" for (function, source, how), numbers in rows]
    without = [name for name in known if name not in {function for (function, *_), _ in rows}]
    tested = [f"| `{name}` | `tests/statistics/test_{name.split('.')[0]}.py` |\n" for name in without]
    return HEAD + "".join(shown) + REST + "".join(tested)


def main() -> None:
    """Write the page, or say whether it is up to date."""
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != made:
        sys.exit("docs/conformance.md is not what the tests declare. Run: python tools/conformance.py")


if __name__ == "__main__":
    main()
