"""A report is one page that says what was found: no code, no script, no request, nothing that display did not make."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
import toys
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ddns_utils.errors import DefinitionError
from ddns_utils.publish.page import report
from ddns_utils.runs.folders import list_runs

RECORD = {
    "run": "20260101T000000Z-00000000", "analysis": "toy", "language": "da", "notice": None, "started": "2026-01-02T03:04:05+00:00",
    "shown": [{"label": "Område", "value": "Hele landet"}], "registers": {"version": 7},
    "code": {"commit": "abcdef0123456789", "dirty": True, "ddns_utils_sha256": "0" * 64},
}  # fmt: skip


class Elements(HTMLParser):
    """Every element's name and attributes, in order."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def shown(data, made=None):
    return new_output("display_data", data=data, metadata={"ddns": made} if made else {})


def figure(**made):
    data = {"image/svg+xml": made.pop("svg", toys.SVG), "text/plain": ""}
    return shown(
        data, {"role": "figure", "alt": "En stolpe", "caption": "Antal pr. 100 borgere", "table": toys.TABLE} | made
    )


def page(*outputs, text="# Titel\n\nFørste afsnit.", record=RECORD, **metadata):
    cells = [new_markdown_cell(text), new_code_cell("secret_code = 1", outputs=list(outputs))]
    return report(new_notebook(cells=cells, metadata=metadata), dict(record))


@pytest.fixture
def story(run_toys):
    (run,) = list_runs(run_toys.project, "story")
    return (run.path / "report.html").read_text(encoding="utf-8")


def test_a_page_has_one_main_heading_a_language_and_a_way_past_the_top(story):
    elements = Elements(story)
    assert len(elements.named("h1")) == len(elements.named("main")) == 1
    assert elements.named("html") == [{"lang": "da"}]
    assert elements.named("a")[0] == {"class": "skip", "href": "#content"}
    assert elements.named("main")[0]["id"] == "content"
    assert "<title>Får flere diabetes?</title>" in story


def test_a_page_has_no_code_no_script_no_warning_and_no_print(story):
    assert Elements(story).named("script") == []
    for word in ("display(", "import os", "a warning for the log", "stdout DK", "DDNS_RUN_FOLDER", "# the year"):
        assert word not in story


def test_a_page_asks_for_nothing_from_outside(story):
    elements = Elements(story)
    (policy,) = [meta["content"] for meta in elements.named("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    loading = [attributes.get(name) for _, attributes in elements.found for name in ("src", "srcset", "xlink:href")]
    assert [link for link in loading if link and not link.startswith(("#", "data:"))] == []
    assert elements.named("link") == elements.named("img") == elements.named("iframe") == []
    assert "@import" not in story
    assert "url(http" not in story


def test_a_page_with_two_figures_is_small(story):
    assert len(story.encode()) < 50_000


def test_figures_have_names_descriptions_and_ids_of_their_own(story):
    elements = Elements(story)
    figures = [attributes for attributes in elements.named("svg") if attributes.get("role") == "img"]
    assert [svg["aria-labelledby"] for svg in figures] == [
        "figure-1-title figure-1-desc",
        "figure-2-title figure-2-desc",
    ]
    assert '<title id="figure-1-title">Andelen stiger</title><desc id="figure-1-desc">En stolpe på 4 %</desc>' in story
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = re.findall(r'url\(#([^)]+)\)|xlink:href="#([^"]+)"', story)
    assert {a or b for a, b in used} == {"figure-1-frame", "figure-1-mark", "figure-2-frame", "figure-2-mark"}
    assert {a or b for a, b in used} <= set(ids)
    assert "<style" not in story.partition("</style>")[2]


def test_a_figures_data_can_be_read_as_a_table(story):
    assert story.count("<details><summary>Figurens data som tabel</summary>") == 2
    assert story.count('<div class="scroll" tabindex="0" role="group" aria-label="Andel efter år"><table>') == 3


def test_the_footer_says_where_the_numbers_come_from(story, run_toys):
    (run,) = list_runs(run_toys.project, "story")
    footer = " ".join(re.sub(r"<[^>]+>", " ", story[story.index("<footer>") :]).split())
    assert "Valgt til denne rapport Valg Værdi Område Hele landet Periode 2025 Sprog dansk" in footer
    assert f"Kørsel story / {run.id} Dataversion 1" in footer
    assert "uden for versionsstyring" in footer
    assert "abcdef012345 (med ændringer, der ikke er gemt i versionsstyringen)" in page()


def test_readers_are_told_that_data_are_made_up(story):
    assert '<aside class="notice" aria-label="Om data">Opdigtede data.</aside>' in story
    assert "<aside" not in page()


def test_an_english_page_is_all_english(new_toys):
    new_toys.add("story", toys.STORY, toys.STORY_PARAMETERS)
    run = new_toys.run("story", language="en", area="101")
    html = (run.path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in html
    words = " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<body>") :]).split())
    for english in (
        "Skip to content",
        "Made-up data.",
        "Do more people have diabetes?",
        "Area: Copenhagen",
        "Data version 1",
    ):
        assert english in words
    for danish in ("Gå til", "Opdigtede", "Får flere", "Område", "Dataversion", "Figurens"):
        assert danish not in words


@pytest.mark.parametrize(("missing", "words"), [("alt", "alternative text"), ("table", "table of its data")])
def test_a_figure_without_words_or_data_is_not_published(missing, words):
    with pytest.raises(DefinitionError, match=f"The figure in cell 2 of report.ipynb has no {words}"):
        page(figure(**{missing: "  "}))


def test_a_figure_without_a_title_is_not_published():
    with pytest.raises(DefinitionError, match="figure-1 has no title"):
        page(figure(svg=toys.SVG.replace("Andelen stiger", " ")))


def test_a_figure_may_do_without_a_caption():
    assert "<figcaption>Antal pr. 100 borgere</figcaption>" in page(figure())
    assert "figcaption>" not in page(figure(caption=""))


@pytest.mark.parametrize("svg", ["not xml", "<html xmlns='http://www.w3.org/1999/xhtml'/>"])
def test_a_figure_that_is_not_svg_is_not_published(svg):
    with pytest.raises(DefinitionError, match="figure-1 is not SVG"):
        page(figure(svg=svg))


@pytest.mark.parametrize(
    "data",
    [{"text/html": "<table class='dataframe'></table>", "text/plain": ""}, {"image/png": "iVBORw0=", "text/plain": "<Figure>"},
     {"application/javascript": "alert(1)"}, {"text/markdown": "*x*"}],
)  # fmt: skip
def test_an_output_that_display_did_not_make_is_not_published(data):
    kind = next(iter(data))
    with pytest.raises(
        DefinitionError, match=f"Cell 2 of report.ipynb shows {kind} that ddns_utils.display did not make"
    ):
        page(shown(data))


def test_plain_text_results_are_not_published():
    assert "Axes" not in page(new_output("execute_result", data={"text/plain": "<Axes: >"}, execution_count=1))


@pytest.mark.parametrize(
    "html",
    ["<script>alert(1)</script>", "<p onclick='alert(1)'>x</p>", "<a href='javascript:alert(1)'>x</a>", "<img src='http://x/y.png'>",
     "<iframe src='http://x'></iframe>", "<style>@import url(http://x)</style>", "<p style='background: url(http://x)'>x</p>",
     "<link rel='stylesheet' href='http://x'>", "<svg onload='alert(1)'></svg>", "<form action='http://x'></form>"],
)  # fmt: skip
def test_nothing_that_runs_or_loads_survives_in_texts_and_tables(html):
    made = page(shown({"text/html": toys.TABLE + html}, {"role": "table"}), text=f"# Titel\n\nAfsnit.\n\n{html}")
    body = made[made.index("<body>") :]
    for trace in ("alert", "http://x", "onclick", "onload", "<iframe", "<style", "<form", "<img"):
        assert trace not in body


def test_nothing_that_runs_or_loads_survives_in_figures():
    bad = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)"><title>T</title>'
        '<script>alert(1)</script><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">alert</p></foreignObject>'
        '<image xlink:href="http://x/y.png"/><use href="http://x/z.svg#a"/><rect style="fill: url(http://x)" onclick="alert(1)"/>'
        '<image xlink:href="data:image/png;base64,AAAA"/><a xlink:href="javascript:alert(1)"><rect/></a></svg>'
    )
    made = page(figure(svg=bad))
    drawing = made[made.index("<svg") : made.index("</svg>")]
    for trace in ("alert", "http://x", "onclick", "onload", "foreignObject", "<script", "<a "):
        assert trace not in drawing
    assert "data:image/png;base64,AAAA" in drawing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ingen overskrift", "this has 0 of them"),
        ("# En\n\n# To", "this has 2 of them"),
        ("## Først\n\n# Så", "A report begins with its one main heading"),
        ("# En\n\n### Tre", "A heading of level 3 stands under one of level 1. Use level 2"),
    ],
)
def test_headings_form_one_outline(text, message):
    with pytest.raises(DefinitionError, match=message):
        page(text=text)


def test_words_from_the_run_are_escaped():
    record = RECORD | {"notice": "<b>x</b>", "shown": [{"label": "<i>", "value": '"><script>alert(1)</script>'}]}
    made = page(record=record)
    assert "<script" not in made
    assert "&lt;b&gt;x&lt;/b&gt;" in made


def test_the_summary_is_the_notebooks_own_or_its_first_paragraph():
    record = dict(RECORD)
    notebook = new_notebook(cells=[new_markdown_cell("# A & B\n\nMed *kursiv* &lt; 5.\n\nMere.")])
    report(notebook, record)
    assert (record["title"], record["summary"]) == ("A & B", "Med kursiv < 5.")
    notebook.metadata = nbformat.from_dict({"ddns": {"summary": {"da": "Kort sagt.", "en": "In short."}}})
    report(notebook, record)
    assert record["summary"] == "Kort sagt."


def test_the_same_run_gives_the_same_page():
    assert page(figure()) == page(figure())
