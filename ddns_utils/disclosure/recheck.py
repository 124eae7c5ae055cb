"""Whether tables that were disclosed earlier are still safe beside what has been published since."""

from __future__ import annotations

from collections.abc import Sequence

from ddns_utils.disclosure.disclosed import disclose
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.published import Published
from ddns_utils.errors import DataError
from ddns_utils.indicators import INDICATORS
from ddns_utils.measure import Measured

SHOWN = ("n", "of", "value")


def no_longer_safe(tables: Sequence[Published], policy: Policy, earlier: Sequence[Published]) -> int:
    """How many numbers the tables show that ``disclose()`` would hide today, knowing what was published ``earlier``.

    Tables are looked at in their order, each beside those before it as they were shown. Raises DataError when a table
    cannot be made safe at all, or has an indicator that is not declared any more.
    """
    known, found = list(earlier), 0
    for table in tables:
        if gone := sorted(set(table.kinds) - set(INDICATORS)):
            raise DataError(f"{gone[0]} is not declared any more, so it cannot be looked at again. Run the analysis.")
        true = table.frame[[name for name in table.frame.columns if not name.startswith("shown_")]]
        again = disclose(Measured(true, {name: INDICATORS[name] for name in table.kinds}), policy, known).frame
        found += sum(int((table.frame[f"shown_{name}"].notna() & again[name].isna()).sum()) for name in SHOWN)
        known.append(table)
    return found
