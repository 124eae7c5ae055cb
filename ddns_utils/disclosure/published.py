"""What has left, or is about to: the true numbers of a disclosed table beside what readers are shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import pandas as pd

COUNTS = ("n", "of", "value", "lower", "upper")


@dataclass(frozen=True)
class Published:
    """One disclosed table: what later tables must not give away by being compared with it.

    ``frame`` has the rows and columns that ``disclose()`` was given (``Measured.frame``, with the true n, of, value,
    lower and upper), and a column ``shown_n``, ``shown_of``, ``shown_value``, ``shown_lower`` and ``shown_upper`` with
    what readers see of each: missing where it is hidden, another number than the true one where it is rounded.
    ``shown_status`` and ``shown_note`` say why. ``kinds`` has the kind (proportion, rate, mean) of each indicator whose
    rows are about persons; rows about deliveries reveal nothing and are left out of comparisons. ``run`` names the run
    that published it; empty for an earlier call of the same notebook.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str]
    run: str = ""

    def about_persons(self) -> Published:
        """Without rows about deliveries."""
        return replace(self, frame=self.frame[self.frame["indicator"].isin(list(self.kinds))].reset_index(drop=True))

    @property
    def content(self) -> str:
        """A hash of the table's rows and what is shown, the same for every run that shows the same numbers."""
        columns = sorted(self.frame.columns)
        rows = self.frame[columns].sort_values(columns, kind="stable")
        return sha256(rows.to_csv(index=False, float_format="%.12g").encode()).hexdigest()


def published(true: pd.DataFrame, shown: pd.DataFrame, kinds: Mapping[str, str], run: str = "") -> Published:
    """A table as it was measured and as ``disclose()`` shows it, row by row in the same order, all rows of it."""
    both = true.reset_index(drop=True).assign(
        **{f"shown_{name}": shown[name].to_numpy() for name in (*COUNTS, "status", "note")}
    )
    return Published(both, dict(kinds), run)
