"""One made-up Denmark that all these tests read; it takes about 20 seconds to make."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from ddns_utils.synthetic import synthesize
from ddns_utils.synthetic.denmark import Lives, lives
from ddns_utils.synthetic.people import Window
from ddns_utils.synthetic.reading import delivered, municipal

CITIZENS, YEARS, UNTIL = 60_000, 4, 2025


@dataclass
class Denmark:
    """Deliveries of a made-up Denmark, its truth, and the lives behind it."""

    folder: Path
    truth: dict

    @cached_property
    def registers(self) -> duckdb.DuckDBPyConnection:
        return delivered(self.folder)

    @cached_property
    def municipal(self) -> dict[str, pd.DataFrame]:
        return municipal(self.folder)

    @cached_property
    def lives(self) -> Lives:
        return lives(1, 0, 1, 0, CITIZENS, Window(tuple(range(UNTIL - YEARS + 1, UNTIL + 1))))

    @cached_property
    def hidden(self) -> pd.DataFrame:
        """What no delivery shows: frailty, with birth and death as days since 1970, by CPR number."""
        people = self.lives.people
        columns = {"PNR": people.cpr, "frailty": people.frailty, "born": people.born, "last": people.last}
        return pd.DataFrame(columns | {"person": np.arange(len(people))})


@pytest.fixture(scope="session")
def denmark(tmp_path_factory: pytest.TempPathFactory) -> Denmark:
    folder = tmp_path_factory.mktemp("denmark")
    return Denmark(folder, synthesize(folder, CITIZENS, YEARS, until_year=UNTIL))
