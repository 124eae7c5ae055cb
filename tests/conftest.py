"""What several kinds of tests share."""

from pathlib import Path

import pytest
import toys

SHARED = Path(__file__).parents[2] / "shared"


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
