"""What several kinds of tests share."""

import os
from pathlib import Path

import pytest
import toys

SHARED = Path(__file__).parents[2] / "shared"
# Outside facts and numbers lie beside the project, not in it. Where they are missing, tests against them are left out
# and the report says so; in continuous integration they must be there.
collect_ignore = [] if SHARED.is_dir() else ["intake/test_official_examples.py"]


def pytest_report_header() -> str:
    """Say what is left out."""
    return "" if SHARED.is_dir() else "No ../shared: tests against outside examples and reference numbers are left out."


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that read ../shared where it is missing."""
    if SHARED.is_dir():
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError("../shared is missing; continuous integration needs it.")
    left_out = [item for item in items if "shared" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
