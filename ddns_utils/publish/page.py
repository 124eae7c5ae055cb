"""An executed notebook as one HTML page: no code, no script, no request, and nothing that display did not make."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import mistune
import nh3
from nbformat import NotebookNode

from ddns_utils.errors import DefinitionError
from ddns_utils.language import day, say
from ddns_utils.publish.figures import accessible_svg

TEMPLATES = Path(__file__).parent / "templates"
TAGS = nh3.ALLOWED_TAGS - {"img", "map", "area"}
ATTRIBUTES = {
    "*": {"class", "lang", "dir"},
    "a": {"href"},
    "abbr": {"title"},
    "ol": {"start"},
    "th": {"scope", "colspan", "rowspan", "abbr"},
    "td": {"colspan", "rowspan"},
}


def report(notebook: NotebookNode, record: dict[str, Any]) -> str:
    """The page of a run. Fills in the record's ``title`` and ``summary``.

    Raises DefinitionError, naming the cell, for a picture without alternative text, a rich output that
    ddns_utils.display did not make, and headings that do not form one outline.
    """
    language = record["language"]
    body = "\n".join(_blocks(notebook, language))
    record["title"] = _outline(body)
    record["summary"] = _summary(notebook, body, language)
    before, heading, after = body.partition("</h1>")
    return page(
        "report.html.j2", language, record=record, top=before + heading, rest=after,
        made=day(datetime.fromisoformat(record["started"]), language),
    )  # fmt: skip


def page(template: str, language: str, **values: Any) -> str:
    """A template filled in. Values are escaped unless they are the page's own, already sanitised HTML."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(
        language=language, style=style, say=lambda words, **named: say(words, language, **named), **values
    )  # fmt: skip


def clean(html: str) -> str:
    """HTML without anything that runs, loads or styles."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _blocks(notebook: NotebookNode, language: str) -> list[str]:
    markdown = mistune.create_markdown(escape=False, plugins=["table", "footnotes", "strikethrough"])
    blocks = []
    figures = 0
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            blocks.append(scrolling(clean(markdown(cell.source)), ""))
        for output in cell.get("outputs", []):
            data, made = output.get("data", {}), output.get("metadata", {}).get("ddns", {})
            if made.get("role") == "figure":
                figures += 1
                blocks.append(_figure(data, made, figures, number, language))
            elif made.get("role") in ("table", "text") and "text/html" in data:
                blocks.append(scrolling(clean(data["text/html"]), f"Table in cell {number}"))
            elif made.get("role") == "text" and "text/markdown" in data:
                blocks.append(clean(markdown(data["text/markdown"])))
            elif set(data) - {"text/plain"}:
                raise DefinitionError(
                    f"Cell {number} of report.ipynb shows {', '.join(sorted(set(data) - {'text/plain'}))} that "
                    "ddns_utils.display did not make. Show results with its functions, which need disclosed results."
                )
    return blocks


def _figure(data: dict[str, str], made: dict[str, str], figure: int, cell: int, language: str) -> str:
    for part, words in (("alt", "alternative text"), ("table", "table of its data")):
        if not str(made.get(part, "")).strip():
            raise DefinitionError(f"The figure in cell {cell} of report.ipynb has no {words}. Give it one.")
    if "image/svg+xml" not in data:
        raise DefinitionError(f"The figure in cell {cell} of report.ipynb is not SVG. Show it with ddns_utils.display.")
    svg = accessible_svg(data["image/svg+xml"], f"figure-{figure}", made["alt"])
    title = re.search(r"<title[^>]*>(.*?)</title>", svg)[1]  # the drawing is wider than a telephone
    caption = f"<figcaption>{escape(made['caption'])}</figcaption>" if made.get("caption") else ""
    shown = say("The figure's data as a table", language)
    name = say("Figure {number}", language, number=figure)
    finding = f'<p class="finding" aria-hidden="true">{title}</p>'
    drawn = f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">{svg}</div>'
    data = f"<details><summary>{shown}</summary>{scrolling(clean(made['table']), shown)}</details>"
    return f"<figure>{finding}{drawn}{caption}{data}</figure>"


def scrolling(html: str, label: str) -> str:
    """Wide tables scroll by themselves, also by keyboard, and leave the page as wide as the screen."""

    def wrap(table: re.Match[str]) -> str:
        caption = re.search(r"<caption[^>]*>(.*?)</caption>", table[0], re.DOTALL)
        name = re.sub(r"<[^>]+>", "", caption[1]).strip() if caption else escape(label)
        named = f' role="group" aria-label="{name}"' if name else ""
        return f'<div class="scroll" tabindex="0"{named}>{table[0]}</div>'

    return re.sub(r"<table.*?</table>", wrap, html, flags=re.DOTALL)


def _outline(body: str) -> str:
    """The text of the one h1; the headings below it may not skip a level."""
    headings = re.findall(r"<h([1-6])[^>]*>(.*?)</h\1>", body, re.DOTALL)
    levels = [int(level) for level, _ in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        raise DefinitionError(f"A report begins with its one main heading (#), but this has {levels.count(1)} of them.")
    for above, level in pairwise(levels):
        if level > above + 1:
            raise DefinitionError(
                f"A heading of level {level} stands under one of level {above}. Use level {above + 1}."
            )
    return _text(headings[0][1])


def _summary(notebook: NotebookNode, body: str, language: str) -> str:
    """What the notebook's metadata says (``ddns.summary.<language>``), else its first paragraph."""
    said = notebook.metadata.get("ddns", {}).get("summary", {}).get(language)
    first = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    return said or (_text(first[1]) if first else "")


def _text(html: str) -> str:
    plain = re.sub(r"<[^>]+>", "", html)
    for written, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(written, sign)
    return " ".join(plain.split())
