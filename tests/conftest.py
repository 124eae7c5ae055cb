"""What several kinds of tests share."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import toys

SHARED = Path(__file__).parents[2] / "shared"
# Outside facts and numbers lie beside the project, not in it. Where they are missing, tests against them are left out
# and the report says so; in continuous integration they must be there.
collect_ignore = [] if SHARED.is_dir() else ["intake/test_official_examples.py"]


SPARK = find_spec("pyspark") is not None and shutil.which("java") is not None
MISSING = [
    what
    for what, there in (
        ("../shared: tests against outside examples and reference numbers", SHARED.is_dir()),
        ("Spark (make spark): tests that both engines give the same numbers", SPARK),
    )
    if not there
]


def pytest_report_header() -> list[str]:
    """Say what is left out."""
    return [f"No {what} are left out." for what in MISSING]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of what this machine does not have."""
    if MISSING and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"Continuous integration needs everything. Missing: {'; '.join(MISSING)}.")
    left_out = [item for item in items if _is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Item) -> bool:
    needs_shared = "shared" in getattr(item, "fixturenames", ())
    return (needs_shared and not SHARED.is_dir()) or (item.get_closest_marker("spark") is not None and not SPARK)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Facts and reference numbers beside the project."""
    return SHARED


@pytest.fixture(scope="session")
def run_toys(tmp_path_factory: pytest.TempPathFactory) -> toys.Toys:
    """A toy project whose Danish report has been run once; tests only read it."""
    made = toys.make(tmp_path_factory.mktemp("toys"))
    made.add("story", toys.STORY, toys.STORY_PARAMETERS)
    made.run("story")
    return made


@pytest.fixture
def new_toys(tmp_path: Path) -> toys.Toys:
    """A toy project of one's own, with registers and no notebooks."""
    return toys.make(tmp_path)
