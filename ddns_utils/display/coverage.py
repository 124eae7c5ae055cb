"""What data a report rests on, so that a reader can judge whether to trust it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from IPython.display import publish_display_data

from ddns_utils.disclosure import Policy
from ddns_utils.display.tables import render
from ddns_utils.errors import DefinitionError
from ddns_utils.language import day, number, say
from ddns_utils.model import TABLES
from ddns_utils.registers import Snapshot, overview


def show_coverage(snapshot: Snapshot, names: Iterable[str], language: str) -> None:
    """Display, for each register, what one row is, how many rows and persons, and the first and last day.

    A count below the disclosure policy's threshold is shown as less than the threshold.
    """
    require_snapshot(snapshot)
    threshold = Policy.read().threshold
    body = []
    for line in overview(snapshot, names):
        counts = [_count(line[column], threshold, language) for column in ("rows", "persons")]
        days = [day(line[column], language) if line[column] else "–" for column in ("first_day", "last_day")]
        body.append(([TABLES[line["table"]].one_row_is[language].capitalize()], [*counts, *days]))
    heads = [say(word, language) for word in ("Rows", "Persons", "First day", "Last day")]
    caption = say("The registers behind this report, data version {version}", language, version=snapshot.version)
    html = render(caption, [say("One row is", language)], heads, body)
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"}})


def require_snapshot(given: object) -> Snapshot:
    """Return ``given`` if it is registers at one version; DefinitionError that says what to call for anything else."""
    if not isinstance(given, Snapshot):
        raise DefinitionError(
            f"What registers hold is shown of open_snapshot(), but this is {type(given).__name__}. "
            "For results, call show_table(disclose(measure(...)))."
        )
    return given


def _count(value: int | None, threshold: int, language: str) -> str:
    if value is None:
        return "–"
    return f"<{threshold}" if 0 < value < threshold else number(value, language)
