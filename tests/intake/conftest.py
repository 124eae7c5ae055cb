import pytest

from ddns_utils.registers import Registers


@pytest.fixture
def registers(tmp_path):
    return Registers(tmp_path / "registers")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "delivered" / "registers" / "2025-04-01"
