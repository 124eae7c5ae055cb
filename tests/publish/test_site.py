"""The site: every finished run's report, an index, and nothing else."""

import json
import re

import pytest
import toys

from ddns_utils.errors import DataError, RunError


@pytest.fixture
def two_runs(new_toys):
    new_toys.add("story", toys.STORY, toys.STORY_PARAMETERS)
    return new_toys, new_toys.run("story"), new_toys.run("story", language="en")


def names(site):
    return sorted(file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())


def test_the_site_has_every_finished_run_as_it_was_written(two_runs):
    made, danish, english = two_runs
    index, reports = made.site()
    assert (index, reports) == (made.root / "outputs" / "site" / "index.html", 2)
    assert names(index.parent) == sorted(["index.html", f"story/{danish.id}.html", f"story/{english.id}.html"])
    for run in (danish, english):
        assert (index.parent / "story" / f"{run.id}.html").read_bytes() == (run.path / "report.html").read_bytes()


@pytest.mark.parametrize(("language", "first", "heading"), [("da", 1, "Får flere"), ("en", 2, "Do more people")])
def test_the_index_leads_with_the_latest_report_in_its_language(two_runs, language, first, heading):
    made, *runs = two_runs
    page = made.site(language)[0].read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    links = re.findall(r'<a href="(story/[^"]+)"', page)
    other = runs[2 - first]
    assert links == [f"story/{runs[first - 1].id}.html", f"story/{other.id}.html"]
    assert re.search(rf'<h2 lang="{language}"><a [^>]+>{heading}', page)
    assert page.count('class="notice"') == 1


def test_links_lead_to_files_of_the_site(two_runs):
    made, *_ = two_runs
    index, _ = made.site()
    links = re.findall(r'href="([^"#]+)"', index.read_text(encoding="utf-8"))
    assert len(links) == 2
    assert all((index.parent / link).is_file() for link in links)


def test_a_run_without_a_manifest_is_not_published(two_runs):
    made, danish, english = two_runs
    (english.path / "manifest.json").unlink()
    made.add("broken", [toys.text("da", "# T"), "1/0"])
    with pytest.raises(RunError, match="ZeroDivisionError"):
        made.run("broken")
    index, reports = made.site()
    assert reports == 1
    assert names(index.parent) == sorted(["index.html", f"story/{danish.id}.html"])
    assert english.id not in index.read_text(encoding="utf-8")


def test_a_report_that_was_changed_after_its_run_stops_publication_and_the_old_site_stays(two_runs):
    made, danish, _ = two_runs
    index, _ = made.site()
    before = index.read_bytes()
    (danish.path / "report.html").write_text("changed", encoding="utf-8")
    with pytest.raises(DataError, match=rf"report.html of story/{danish.id} is not what the run wrote"):
        made.site()
    assert index.read_bytes() == before
    assert sorted(path.name for path in (made.root / "outputs").iterdir()) == ["site", "story"]


def test_what_is_no_longer_run_leaves_the_site(two_runs):
    made, _, english = two_runs
    index, _ = made.site()
    (english.path / "manifest.json").unlink()
    made.site()
    assert not (index.parent / "story" / f"{english.id}.html").exists()


def test_a_project_without_runs_has_a_site_that_says_so(new_toys):
    index, reports = new_toys.site()
    assert reports == 0
    assert "Ingen analyse er kørt endnu." in index.read_text(encoding="utf-8")


def test_the_manifest_is_where_the_index_gets_its_words(two_runs):
    made, danish, _ = two_runs
    record = json.loads((danish.path / "manifest.json").read_text(encoding="utf-8"))
    page = made.site()[0].read_text(encoding="utf-8")
    assert record["summary"] in page
    assert "Område: Hele landet" in page
