"""Staging: however much a landing brings, the engine keeps few rows of it in memory."""

import pyarrow as pa
import pytest
from intake.deliver import KEY

from ddns_utils.intake import staging
from ddns_utils.intake.pseudonym import Pseudonyms


@pytest.mark.parametrize("way", ["reports", "flat"])
def test_of_many_small_deliveries_only_the_first_are_kept_in_the_engine(way, registers, monkeypatch):
    monkeypatch.setattr(staging, "FEW_ROWS", 3)
    with registers.writing() as writer, staging.staging(writer, Pseudonyms(KEY)) as staged:
        for number in range(20):
            if way == "reports":
                staged.stage({"goal": f"SELECT {number} AS goal"}, few=True)
            else:
                staged.stage_good("goal", pa.table({"goal": [number]}), [1], arrival=number)
        ((kept,),) = writer.engine.execute(
            "SELECT count() FROM duckdb_tables() WHERE table_name LIKE 'goal%'"
        ).fetchall()
        found = writer.engine.execute(f"SELECT goal FROM {staged.rows('goal')} ORDER BY goal").fetchall()
    assert kept == 4
    assert found == [(number,) for number in range(20)]
