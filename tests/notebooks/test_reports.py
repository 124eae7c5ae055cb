"""Every analysis runs on a small made-up Denmark, in both languages, and its report is fit to be read by everyone."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from ddns_utils.indicators import INDICATORS
from ddns_utils.intake import land
from ddns_utils.publish.page import report
from ddns_utils.registers import Registers
from ddns_utils.runs.contract import read_contract
from ddns_utils.runs.project import Project
from ddns_utils.runs.running import plan, run
from ddns_utils.synthetic import synthesize

ROOT = Path(__file__).parents[2]
ANALYSES = Project(ROOT).analyses
LARGEST_PAGE = 150_000  # bytes; nbconvert's own pages start at 311,000
# A report on a disease answers more questions than the others, and sets 98 municipalities beside each other twice.
LARGER = {"chronic_disease": 300_000}
MOST_FIGURES = {"chronic_disease": 6}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with these notebooks, whose outputs are its own."""
    root = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "parameters", "pyproject.toml"):
        (root / name).symlink_to(ROOT / name)
    synthesize(root / "deliveries", citizens=10_000, years=4, seed=1)
    land(root / "deliveries", Registers(root / "registers"))
    return Project(root)


@pytest.fixture(scope="module")
def finished(project):
    """Runs an analysis in a language, once."""
    done = {}

    def make(analysis, language, **given):
        key = (analysis, language, *given.items())
        if key not in done:
            contract = read_contract(project, analysis)
            values = contract.values({"language": language} | given)
            done[key] = run(
                project, plan(project, contract, values, Registers(project.root / "registers").snapshot()), report
            )
        return done[key]

    return make


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("analysis", ANALYSES)
def test_an_analysis_gives_a_small_page_with_a_few_figures_and_saved_tables(finished, analysis, language):
    made = finished(analysis, language)
    page = (made.path / "report.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert len(page.encode()) <= LARGER.get(analysis, LARGEST_PAGE)
    assert 2 <= page.count("<figure>") <= MOST_FIGURES.get(analysis, 4)
    assert len(list((made.path / "figures").iterdir())) == page.count("<figure>")
    assert (made.path / "results.parquet").is_file()
    assert list((made.path / "tables").glob("*.csv"))
    assert "stderr" not in (made.path / "log.txt").read_text(encoding="utf-8")
    assert (
        re.search("Gå til indholdet|Skip to content", page)[0]
        == {"da": "Gå til indholdet", "en": "Skip to content"}[language]
    )


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("analysis", ANALYSES)
def test_a_page_speaks_one_language_and_shows_no_missing_value(finished, analysis, language):
    page = (finished(analysis, language).path / "report.html").read_text(encoding="utf-8")
    assert ("Hele landet" in page, "Denmark" in page) == ((True, False) if language == "da" else (False, True))
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL))
    assert not re.search(r"\b(nan|None|NaT|True|False)\b", words)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_nothing_small_is_saved(finished, analysis):
    results = pd.read_parquet(finished(analysis, "da").path / "results.parquet")
    assert (results.status == "ok").any()
    about_deliveries = [name for name, one in INDICATORS.items() if one.rows_about == "deliveries"]
    results = results[~results.indicator.isin(about_deliveries)]
    assert not results.n.between(1, 4).any()
    assert not ((results["of"] > 0) & (results["of"] < 5)).any()
    hidden = results[results.status == "suppressed"]
    assert hidden[["n", "value", "lower", "upper"]].isna().all().all()
    assert hidden.note.str.len().gt(0).all()


def test_a_report_can_be_on_one_municipality_and_another_disease(finished):
    made = finished("chronic_disease", "da", area="0101", disease="kol")
    assert json.loads((made.path / "manifest.json").read_text())["parameters"]["area"] == "101"
    page = (made.path / "report.html").read_text(encoding="utf-8")
    assert "København" in page
    assert "Borgere med KOL" in page


def test_a_run_made_again_gives_the_same_numbers_and_figures(project, finished):
    first = finished("rehabilitation_effect", "da").path
    contract = read_contract(project, "rehabilitation_effect")
    registers = Registers(project.root / "registers")
    shutil.rmtree(registers.path / "results")
    again = run(
        project, plan(project, contract, contract.values({"language": "da"}), registers.snapshot()), report
    ).path
    assert pd.read_parquet(first / "results.parquet").equals(pd.read_parquet(again / "results.parquet"))
    for folder in ("figures", "tables"):
        for file in (first / folder).iterdir():
            assert file.read_bytes() == (again / folder / file.name).read_bytes()


@pytest.mark.browser
@pytest.mark.parametrize("analysis", ANALYSES)
def test_a_report_has_no_accessibility_violation_and_asks_for_nothing(finished, analysis):
    page_file = finished(analysis, "da").path / "report.html"
    asked = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 320, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        violations = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        browser.close()
    assert asked == [page_file.as_uri()]
