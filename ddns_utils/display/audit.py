"""What was hidden in a report and why, and what the attack on it found: the last thing a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from IPython.display import publish_display_data

from ddns_utils.disclosure import Disclosed
from ddns_utils.display.rows import DIMENSIONS, dimension_name, require_disclosed
from ddns_utils.display.tables import render
from ddns_utils.language import number, say

LINES = {
    "cells": "Numbers",
    "small": "Hidden: small",
    "protecting": "Hidden: would give one away",
    "attacked": "Attacked",
    "recovered": "Worked out exactly",
    "narrow": "Known too closely",
    "narrowest": "Narrowest interval",
    "earlier": "Earlier tables known",
}


def show_audit(disclosed: Disclosed | Sequence[Disclosed], *, language: str) -> None:
    """Display, for each result that a report rests on, how much is hidden and why, and what the attack found.

    Raises DefinitionError for anything but disclosed results.
    """
    results = [disclosed] if not isinstance(disclosed, list | tuple) else list(disclosed)
    audits = [asdict(require_disclosed(one).audit) for one in results]
    heads = [audit_name(one, language) for one in results]
    body = [
        ([say(words, language)], [_cell(audit[name], language) for audit in audits]) for name, words in LINES.items()
    ]
    threshold = results[0].policy.threshold if results else 0
    notes = [
        say(
            "Small: 1–{most} persons or events. Would give one away: could be subtracted from what is shown.",
            language, most=threshold - 1,
        ),
        say(
            "The attack tries to work out every hidden number from everything that is shown: sums, other results of "
            "this report, and what was published before.",
            language,
        ),
    ]  # fmt: skip
    caption = say("What is hidden, and what an attack found", language)
    html = render(caption, [say("Count", language)], heads, body, notes)
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body), *notes])
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": {"role": "table"}})


def audit_name(disclosed: Disclosed, language: str) -> str:
    """A result by its first indicator, how many others it has, and what it is split by."""
    first, *others = require_disclosed(disclosed).indicators.values()
    name = first.title[language]
    if others:
        name = say("{first} and {others} others", language, first=name, others=len(others))
    frame = disclosed.frame
    split = [dimension_name(column, language).lower() for column in DIMENSIONS[1:] if frame[column].nunique() > 1]
    return f"{name} ({', '.join(split)})" if split else name


def _cell(value: object, language: str) -> str:
    return "–" if value is None or value != value else number(float(str(value)), language)
