"""The reporting guide for senders, written from the declarations. ``python -m ddns_utils.intake.guide`` writes it."""

from __future__ import annotations

from pathlib import Path

from ddns_utils import codelists
from ddns_utils.intake import guide_words as words
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.language import LANGUAGES
from ddns_utils.model import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reporting_guide.md"


def page() -> str:
    """The reporting guide as Markdown, Danish first, then English."""
    head = [
        f"# {' · '.join(words.TITLE[language] for language in LANGUAGES)}",
        "",
        "Skrevet ud fra erklæringerne · Written from the declarations: `python -m ddns_utils.intake.guide`.",
        "[Dansk](#dansk) · [English](#english)",
        "",
    ]
    parts = [_part(language) for language in LANGUAGES]
    return "\n".join([*head, *("\n".join(part) for part in parts)])


def _part(language: str) -> list[str]:
    lines = [f"## {'Dansk' if language == 'da' else 'English'}", "", words.HOW[language], ""]
    for register in words.ABOUT:
        lines += _register(register, language)
    lines += [f"### {words.WORDS['back'][language]}", "", words.BACK[language], ""]
    reasons = [(f"`{reason}`", text[language]) for reason, text in words.REASONS.items()]
    return [*lines, *_table(("reason", "what to do"), reasons, language)]


def _register(register: str, language: str) -> list[str]:
    flat = REGISTERS[register]
    (table,) = flat.tables
    fields = []
    for name, column in TABLES[table].columns.items():
        if not column.source.startswith(f"{register}."):
            continue
        field = column.source.removeprefix(f"{register}.")
        if field == flat.person:
            kind, said = words.WORDS["cpr"][language], ""
        else:
            kind, said = words.WORDS[column.type][language], _values(register, field, column.values)
        required = "" if column.nullable else words.WORDS["yes"][language]
        description = words.WORDS["cpr"][language] if field == flat.person else column.text[language]
        fields.append((f"`{field}`", f"`{name}`", kind, required, description, said))
    rules = [(f"`{word}`", words.RULES[word][language]) for word in flat.refuse]
    example = words.EXAMPLES[register]
    lines = [f"### {register}", "", words.ABOUT[register][language], ""]
    lines += _table(("field", "our name", "type", "required", "what it says", "values"), fields, language)
    lines += [f"#### {register}: {words.WORDS['rules'][language]}", ""]
    lines += _table(("reason", "what to do"), rules, language)
    if register == "AIM":
        lines += _codes(language)
    shown = [";".join(example[0]), *(";".join(row.values()) for row in example)]
    return [*lines, f"#### {register}: {words.WORDS['example'][language]}", "", "```text", *shown, "```", ""]


def _values(register: str, field: str, values: tuple[str, ...]) -> str:
    given = REGISTERS[register].words.get(field, {})
    return ", ".join(f"`{value}`" for value in (given or values))


def _codes(language: str) -> list[str]:
    areas = codelists.labels("practice_area", language)
    lines = [f"#### {words.WORDS['areas'][language]}", ""]
    listed = [(row[language], row["icpc2"], row["sks"]) for row in codelists.rows("practice_area")]
    lines += _table(("area", "ICPC-2", "SKS"), listed, language)
    measured = [
        (f"`{row['code']}`", row[language], row["unit"], row["least"], row["most"],
         ", ".join(areas[area] for area in row["areas"].split()))
        for row in codelists.rows("practice_measurement")
    ]  # fmt: skip
    lines += [f"#### {words.WORDS['measurements'][language]}", ""]
    return lines + _table(("code", "what it says", "unit", "least", "most", "area"), measured, language)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], language: str) -> list[str]:
    named = [words.WORDS[head][language] if head in words.WORDS else head for head in heads]
    lines = [named, ["---"] * len(heads), *rows]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
