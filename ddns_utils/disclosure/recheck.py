"""Whether tables that were disclosed earlier are still safe beside what has been published since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ddns_utils.disclosure.disclosed import disclose
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.published import Published
from ddns_utils.indicators.declare import Indicator
from ddns_utils.measure import Measured

SHOWN = ("n", "of", "value")
TOLERANCE = 1e-6


@dataclass(frozen=True)
class _Recorded:
    """What ``disclose()`` needs to know of an indicator, also of one that is no longer declared."""

    kind: str
    rows_about: str = "persons"
    per: int = 1
    standardised_to: str = ""


def no_longer_safe(tables: Sequence[Published], policy: Policy, earlier: Sequence[Published]) -> int:
    """How many numbers ``disclose()`` would hide or round otherwise today, knowing what was published ``earlier``.

    Tables are looked at in their order, each beside those before it as they were shown. Raises DataError when a table
    cannot be made safe at all.
    """
    known, found = list(earlier), 0
    for table in tables:
        true = table.frame[[name for name in table.frame.columns if not name.startswith("shown_")]]
        recorded = {name: _Recorded(kind) for name, kind in table.kinds.items()}
        again = disclose(Measured(true, cast(dict[str, Indicator], recorded)), policy, known).frame
        for name in SHOWN:
            shown, today = table.frame[f"shown_{name}"], again[name]
            found += int((shown.notna() & today.isna()).sum())
            found += int(((shown - today).abs() > TOLERANCE).sum()) if name != "value" else 0
        known.append(table)
    return found
