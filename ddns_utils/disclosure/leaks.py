"""What must never leave, recognised in what is about to leave: in text, in HTML tables and in saved rows.

This is the last look, not the rule: results are made safe by ``disclose()``. What is found is named, never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser

import pandas as pd

from ddns_utils.disclosure.forms import forms
from ddns_utils.disclosure.policy import Policy
from ddns_utils.indicators import INDICATORS
from ddns_utils.language import LANGUAGES, say

NUMBER = "a number that could be a CPR number"
PSEUDONYM = "a pseudonym"
PERSONS = "a column about single persons"
FRAME = "printed rows of data"
COUNT = "a count that the disclosure policy hides"
REMOVED = "[removed]"

_DASH = "-\u00ad\u2010-\u2015\u2212"
_GAP = rf"(?:[^\S\n]{{0,2}}[{_DASH}][^\S\n]{{0,2}}|[^\S\n]{{1,3}})"
_NUMBER = re.compile(
    r"(?<!\d)(?<!\d\.)(?:"
    rf"(\d\d)(\d\d)(\d\d){_GAP}?\d{{4}}"
    rf"|(\d\d)(?P<mark>[{_DASH}./])(\d\d)(?P=mark)(\d\d){_GAP}\d{{4}}"  # 01.02.90-1234
    rf"|(\d\d) (\d\d) (\d\d) ?[{_DASH}] ?\d{{4}}"  # 01 02 90-1234
    r"|(\d)(\d\d)(\d\d)\d{4}"  # a day below 10 loses its zero where the number has been read as one
    r")(?!\d)"
)
_PSEUDONYM = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_HARMLESS = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])"  # UUIDs
    r"|(?<![0-9a-f])(?![0-9a-f]{32}(?![0-9a-f]))(?=\d*[a-f])[0-9a-f]{12,}(?![0-9a-f])"  # hashes and their beginnings
    r'|(?:id="|#)(?:figure-\d+-)?[a-z][0-9a-f]{10}(?![0-9a-f])'  # what matplotlib calls its parts
)
_PERSON_WORDS = {
    "person_id", "pnr", "cpr", "cprnr", "cpr_nr", "v_cpr", "cpr_nummer", "personnummer", "birth_date", "death_date",
    "foed_dag", "doed_dag",
}  # fmt: skip
_PERSON_NAME = re.compile(r"(?i)(?<![\w.])(person_id|pnr|v_cpr|cpr_?nr|foed_dag|birth_date|death_date)(?!\w)")
_PRINTED = re.compile(
    r"\[\d+ rows x \d+ columns\]|\bdtype: \w+|Empty DataFrame|^pyarrow\.(?:Table|RecordBatch)|^shape: \(\d+|[│┃]", re.M
)
_WORDS_FOR = {
    word: number
    for words in ("to tre fire fem seks syv otte ni", "two three four five six seven eight nine")
    for number, word in enumerate(words.split(), 2)
}
_PERSONS = (
    r"borger(?:e|ne)?|person(?:er|erne|s)?|patient(?:er|erne|s)?|mennesker|kvinder|mænd|børn|"
    r"residents?|citizens?|people|women|men|children"
)
_FEW = re.compile(
    r"\b[nN]\s*=\s*(?P<n>\d+)(?![\d.,])"
    rf"|(?<![\d.,–/-])(?P<of>\d+|{'|'.join(_WORDS_FOR)})[ \u00a0]+(?:{_PERSONS})\b"
    r"|(?<![\d.,–/-])(?P<out>\d+)[ \u00a0](?:ud af|out of)[ \u00a0]\d",
    re.I,
)
_HTML_TAG = re.compile(r"</?\w[^<>]*>")
_COUNTED = {"n", "of", "count", "counts", "antal"} | {
    say(words, language).casefold() for words in ("Numerator", "Denominator") for language in LANGUAGES
}


def values_in(text: str) -> set[str]:
    """Which of NUMBER and PSEUDONYM a text has, also in what is escaped, marked up or embedded in it."""
    return {
        what
        for form in forms(text)
        for what, found in ((NUMBER, any(_numbers(form))), (PSEUDONYM, _PSEUDONYM.search(form)))
        if found
    }


def without_values(text: str) -> str:
    """The text with every number and pseudonym replaced; all of it, where they are written in a way that hides them."""
    for start, end in reversed(list(_numbers(text))):
        text = text[:start] + REMOVED + text[end:]
    text = _PSEUDONYM.sub(REMOVED, text)
    return REMOVED if values_in(text) else text


def rows_in(text: str) -> set[str]:
    """Which of PERSONS and FRAME a printed text has."""
    found = {PERSONS} if _PERSON_NAME.search(text) else set()
    return found | ({FRAME} if _PRINTED.search(text) or _has_lines_of_numbers(text) else set())


def few_in(text: str, policy: Policy | None) -> set[str]:
    """COUNT, if a text says ``n = 3``, ``3 persons``, ``three persons``, ``3 out of 80`` or the like."""
    if policy is None:
        return set()
    said = (found["n"] or found["of"] or found["out"] for found in _FEW.finditer(_HTML_TAG.sub(" ", text)))
    numbers = (int(one) if one.isdigit() else _WORDS_FOR[one.lower()] for one in said)
    return {COUNT} if any(0 < number < policy.threshold for number in numbers) else set()


def html_tables_in(html: str, policy: Policy | None) -> set[str]:
    """Which of PERSONS and COUNT the tables of a page have: in columns that are named as persons or counts.

    Counts of deliveries, in a table of that class, tell nothing of persons.
    """
    reader = _Tables()
    reader.feed(html)
    found = set()
    for table, about_deliveries in zip(reader.tables, reader.about_deliveries, strict=True):
        heads = [head.casefold() for head in table[0]] if table else []
        if _PERSON_WORDS.intersection(heads):
            found.add(PERSONS)
        counted = [position for position, head in enumerate(heads) if head in _COUNTED]
        cells = [row[position] for row in table[1:] for position in counted if position < len(row)]
        if policy and not about_deliveries and any(_is_few(cell, policy) for cell in cells):
            found.add(COUNT)
    return found


def rows_are(frame: pd.DataFrame, policy: Policy) -> set[str]:
    """Which of PERSONS and COUNT saved rows have; the rows are tidy, as ``disclose()`` gives them."""
    found = {PERSONS} if _PERSON_WORDS.intersection(str(name).casefold() for name in frame.columns) else set()
    n, of = (pd.to_numeric(frame[name], errors="coerce") for name in ("n", "of"))
    value = pd.to_numeric(frame["value"], errors="coerce")
    known = frame["indicator"].map(INDICATORS)
    persons = known.map(lambda one: getattr(one, "rows_about", "persons") == "persons").astype(bool)
    kind = known.map(lambda one: getattr(one, "kind", "")).where(known.notna(), "")
    share = (kind == "proportion") | ((kind == "") & ((value * of - n).abs() < 1e-6))
    few = n.between(1, policy.threshold - 1) | ((of > 0) & (of < min(policy.minimum_denominator, policy.threshold)))
    few |= (of > 0) & (of < policy.minimum_denominator) & value.notna()
    if policy.protect_complements:
        few |= share & (of - n).between(1, policy.threshold - 1)
    if not policy.zeros_are_safe:
        few |= (n == 0) & (of > 0)
    told = (frame["status"] == "suppressed") & frame[["n", "value", "lower", "upper"]].notna().any(axis=1)
    return found | ({COUNT} if (persons & (few | told)).any() else set())


def _is_few(shown: str, policy: Policy) -> bool:
    whole = re.fullmatch(r"(\d{1,3})(?:[.,]0)?", shown)
    return bool(whole and 0 < int(whole[1]) < policy.threshold)


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where ten digits (or nine) begin with a day, a month and a year."""
    text = _HARMLESS.sub(lambda found: "x" * len(found[0]), text)
    for found in _NUMBER.finditer(text):
        day, month, year = (int(part) for part in found.groups() if part and part.isdigit())
        try:
            date(2000 + year, month, day)
        except ValueError:
            if (day, month) != (29, 2):
                continue
        yield found.span()


def _has_lines_of_numbers(text: str) -> bool:
    """Three lines one after the other with as many words, of which two or more are numbers in the same places."""
    lines = [[_is_number(word.strip("[](),;|")) for word in line.split()] for line in text.splitlines()]
    return any(
        len(a) == len(b) == len(c) >= 2 and sum(map(all, zip(a, b, c, strict=True))) >= 2
        for a, b, c in zip(lines, lines[1:], lines[2:], strict=False)
    )


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?|NaN|nan|<NA>", word))


class _Tables(HTMLParser):
    """Texts of the cells of every table, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.about_deliveries: list[bool] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
            self.about_deliveries.append("deliveries" in (dict(attrs).get("class") or "").split())
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        self._in_cell = tag in ("th", "td") or (self._in_cell and tag not in ("table", "tr"))
        if tag in ("th", "td") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("th", "td", "tr", "table")

    def handle_data(self, data: str) -> None:
        if self._in_cell and self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] = (self.tables[-1][-1][-1] + data).strip()
