"""What several kinds of tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Facts and reference numbers beside the project."""
    return SHARED
