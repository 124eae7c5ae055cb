"""What data a report rests on, so that a reader can judge whether to trust it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from IPython.display import publish_display_data

from ddns_utils.coverage import months
from ddns_utils.disclosure import Policy
from ddns_utils.display.tables import render
from ddns_utils.errors import DefinitionError
from ddns_utils.language import month, number, say
from ddns_utils.model import TABLES
from ddns_utils.snapshot import Snapshot, overview


def show_coverage(snapshot: Snapshot, names: Iterable[str], language: str) -> None:
    """Display, for each register, what one row is, about how many rows and persons, and the first and last month.

    Rows and persons are those of all areas, and are not among the numbers that ``disclose()`` knows. Therefore they are
    given with two digits, so that no change of a few persons can be seen by comparing reports, and a month only where
    it has as many persons as the policy asks for behind a smallest or largest value.
    """
    require_snapshot(snapshot)
    policy = Policy.read()
    body = []
    for line in overview(snapshot, names):
        span = months(snapshot, line["table"], max(policy.persons_per_value, policy.threshold))
        cells = [about(line[column], policy, language) for column in ("rows", "persons")]
        cells += [month(each, language) for each in span] if span else ["–", "–"]
        body.append(([TABLES[line["table"]].one_row_is[language].capitalize()], cells))
    heads = [say(word, language) for word in ("Rows", "Persons", "First month", "Last month")]
    caption = say("The registers behind this report, data version {version}", language, version=snapshot.version)
    note = say("Numbers are rounded to two digits. A month is shown where several persons have rows.", language)
    html = render(caption, [say("One row is", language)], heads, body, [note])
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body), note])
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"}})


def about(value: int | None, policy: Policy, language: str) -> str:
    """A count with two digits, in steps that are never smaller than what the policy calls small: 62,576 as 63,000."""
    if value is None:
        return "–"
    if value == 0 and policy.zeros_are_safe:
        return "0"
    smallest = 10 ** math.ceil(math.log10(policy.threshold))
    step = max(smallest, 10 ** (len(str(value)) - 2))
    rounded = (value + step // 2) // step * step
    return number(rounded, language) if rounded >= 10 * smallest else f"<{number(10 * smallest, language)}"


def require_snapshot(given: object) -> Snapshot:
    """Return ``given`` if it is registers at one version; DefinitionError that says what to call for anything else."""
    if not isinstance(given, Snapshot):
        raise DefinitionError(
            f"What registers hold is shown of open_snapshot(), but this is {type(given).__name__}. "
            "For results, call show_table(disclose(measure(...)))."
        )
    return given
