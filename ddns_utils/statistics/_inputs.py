"""What the statistics ask of their input before they count on it."""

from __future__ import annotations

import pandas as pd

from ddns_utils.errors import DefinitionError


def tail(confidence: float) -> float:
    """The probability beyond each of two limits. Raises DefinitionError for a confidence outside 0–1."""
    if not 0 < confidence < 1:
        raise DefinitionError(f"Confidence is a proportion between 0 and 1, such as 0.95; {confidence} is not.")
    return (1 - confidence) / 2


def joined(n: pd.Series, of: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Counts and sizes in the counts' order. Raises DefinitionError where they are not about the same areas."""
    if n.index.has_duplicates or of.index.has_duplicates or set(n.index) != set(of.index):
        differ = ", ".join(sorted(map(str, set(n.index) ^ set(of.index)))) or "areas given twice"
        raise DefinitionError(f"Counts and sizes are not about the same areas. They differ in: {differ}.")
    return n.astype(float), of.reindex(n.index).astype(float)
