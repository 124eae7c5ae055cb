"""The data dictionary: a page written from the declarations. ``python -m ddns_utils.model.dictionary`` writes it."""

from __future__ import annotations

from pathlib import Path

from ddns_utils.model import TABLES, Column, Table

PAGE = Path(__file__).parents[2] / "docs" / "data_dictionary.md"
TYPES = {
    "text": "text", "whole": "whole number", "decimal": "decimal number", "yes_no": "yes/no", "day": "day",
    "moment": "day and time (Danish clock)",
}  # fmt: skip
LISTED_VALUES = 12


def page() -> str:
    """The data dictionary as Markdown: for each table what one row is, its key, and every column."""
    head = [
        "# Data dictionary",
        "",
        "Written from the declarations in `ddns_utils/model` by `python -m ddns_utils.model.dictionary`; a test",
        "holds it to them. *Missing* says whether a value may be missing. A span ends before its end.",
        "",
        *(f"- [{table.name}](#{table.name}): {table.one_row_is.en} ({table.origin})" for table in TABLES.values()),
        "",
    ]
    return "\n".join([*head, *("\n".join(_table(table)) for table in TABLES.values())])


def _table(table: type[Table]) -> list[str]:
    facts = [f"One row is {table.one_row_is.en} (*{table.one_row_is.da}*). From: {table.origin}."]
    if table.key:
        facts.append(
            f"A row is known by {', '.join(f'`{column}`' for column in table.key)}: a later delivery replaces it."
        )
    if table.time:
        facts.append(f"It is dated by `{table.time}`.")
    if table.voided_by:
        facts.append(f"Rows with `{table.voided_by}` are kept but never read.")
    return [
        f"## {table.name}",
        "",
        " ".join((table.__doc__ or "").split()),
        "",
        " ".join(facts),
        "",
        "| column | type | missing | description | beskrivelse | values | source |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, column) for name, column in table.columns.items()),
        "",
    ]


def _row(name: str, column: Column) -> str:
    kind = TYPES[column.type] + (f", {column.unit}" if column.unit else "")
    cells = (f"`{name}`", kind, "yes" if column.nullable else "", column.en, column.da, _values(column), column.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(column: Column) -> str:
    if column.least is not None:
        return f"{column.least:g} to {column.most:g}" if column.most is not None else f"{column.least:g} or more"
    if column.codes:
        listed = f"code list {column.codes.partition('.')[0]}"
        return f"{', '.join(column.values)} ({listed})" if len(column.values) <= LISTED_VALUES else listed
    return ", ".join(column.allowed)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
