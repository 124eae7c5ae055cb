import pytest

from ddns_utils import codelists
from ddns_utils.intake import kl_codes
from ddns_utils.registers import Registers

CODES = codelists.rows


@pytest.fixture
def registers(tmp_path):
    return Registers(tmp_path / "registers")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "delivered" / "registers" / "2025-04-01"


@pytest.fixture
def unknown(monkeypatch):
    """Takes codes out of the code lists until it is called with nothing."""

    def without(*taken):
        monkeypatch.setattr(
            codelists, "rows", lambda name: [row for row in CODES(name) if row.get("code") not in taken]
        )
        kl_codes.words.cache_clear()

    yield without
    kl_codes.words.cache_clear()
