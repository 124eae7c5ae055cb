"""Report, index and checker's packs in a real browser: accessible, complete from disk, readable on a small screen."""

import dataclasses

import pytest
import toys
from axe_playwright_python.sync_playwright import Axe
from house import FIRST, SECOND, House
from made_results import POLICY
from playwright.sync_api import sync_playwright

from ddns_utils.publish.checker import build_pack

pytestmark = pytest.mark.browser
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = ("index", "report", "pack_da", "pack_en")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture(scope="module")
def pages(run_toys, packs):
    index, _ = run_toys.site()
    (report,) = (index.parent / "story").glob("*.html")
    return {"index": index, "report": report, **packs}


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """The pack of a Danish report in both languages, with hidden numbers and some that moved a little."""
    house = House(toys.make(tmp_path_factory.mktemp("packs")))
    policy = dataclasses.replace(POLICY, hide_small_changes=False)
    house.policy(policy)
    rows = [{"area": "DK", "n": 100.0, "of": 330.0}, {"area": "1081", "n": 30.0, "of": 90.0}, {"area": "1082", "n": 3.0, "of": 80.0},
            {"area": "1083", "n": 7.0, "of": 80.0}, {"area": "1084", "n": 60.0, "of": 80.0}]  # fmt: skip
    house.release(house.run(FIRST, rows=rows, policy=policy), policy=policy)
    moved = [rows[0] | {"n": 102.0}, rows[1] | {"n": 32.0}, *rows[2:]]
    run = house.run(SECOND, rows=moved, policy=policy)
    made = {}
    for language in ("da", "en"):
        index, _ = build_pack(house.project, run, house.ledger, language)
        made[f"pack_{language}"] = index.parents[1] / f"{language}.html"
        made[f"pack_{language}"].write_bytes(index.read_bytes())
    return made


@pytest.fixture
def opened(browser, pages):
    """Opens a page by name; what it asked for is in ``asked`` and what it complained of in ``complaints``."""
    page = browser.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))

    def go(name):
        page.goto(pages[name].as_uri())
        return page

    yield go
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_no_accessibility_violation_is_found(opened, name):
    page = opened(name)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert [
        (v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page, options=WCAG).response["violations"]
    ] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_itself_only(opened, pages, name):
    page = opened(name)
    assert page.asked == [pages[name].as_uri()]
    assert page.complaints == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (640, 2), (1280, 1)])
def test_a_page_is_no_wider_than_its_screen(opened, name, width, zoom):
    page = opened(name)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(f"document.documentElement.style.fontSize = '{zoom * 100}%'")
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_tab_leads_past_the_top(opened):
    page = opened("report")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Gå til indholdet"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_figures_are_drawn_and_named(opened):
    page = opened("report")
    figures = page.get_by_role("img", name="Andelen stiger En stolpe på 4 %")
    assert figures.count() == 2
    assert figures.first.bounding_box()["width"] > 300
    assert figures.first.bounding_box()["height"] > 100


def test_the_index_leads_to_the_report(opened):
    page = opened("index")
    page.get_by_role("link", name="Får flere diabetes?").click()
    assert page.locator("h1").inner_text() == "Får flere diabetes?"


@pytest.mark.parametrize(("width", "wrapped"), [(360, True), (1280, False)])
def test_on_a_narrow_screen_the_finding_stands_over_the_figure_in_lines_that_fit(opened, width, wrapped):
    page = opened("report")
    page.set_viewport_size({"width": width, "height": 800})
    finding = page.locator("figure .finding").first
    assert finding.is_visible() == wrapped
    assert finding.text_content() == "Andelen stiger"


def test_definitions_are_printed_open(opened):
    page = opened("report")
    closed = "<details><summary>Hvad</summary><p id='counted'>Det tælles</p></details>"
    page.evaluate(f'document.querySelector("main").insertAdjacentHTML("beforeend", "{closed}")')
    assert not page.locator("#counted").is_visible()
    page.emulate_media(media="print")
    assert page.locator("#counted").is_visible()


def test_the_report_can_be_printed(opened, tmp_path):
    page = opened("report")
    page.emulate_media(media="print")
    assert not page.locator("figure details").first.is_visible()
    assert page.locator("footer").is_visible()


def test_a_pack_says_which_of_its_words_are_in_another_language(opened):
    for name, foreign in (("pack_da", 0), ("pack_en", 6)):
        page = opened(name)
        assert page.locator("main [lang]").count() == foreign


def test_what_a_pack_folds_away_can_be_unfolded_and_scrolled_by_keyboard(opened):
    page = opened("pack_da")
    page.set_viewport_size({"width": 320, "height": 800})
    page.locator("summary").first.press("Enter")
    table = page.get_by_role("group", name="Underliggende tal").last
    assert page.locator("details[open]").count() == 1
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
