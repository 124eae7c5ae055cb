"""The made-up Denmark is about as large, old, ill and looked after as the real one."""

from pathlib import Path

import pandas as pd
import pytest

from ddns_utils.synthetic.calibration import as_markdown, compare

RUKS = {
    "asthma", "type1_diabetes", "type2_diabetes", "copd", "heart_failure", "dementia", "osteoporosis",
    "rheumatoid_arthritis", "schizophrenia",
}  # fmt: skip


@pytest.fixture(scope="module")
def compared(denmark) -> pd.DataFrame:
    return compare(denmark.folder, 2025)


def test_every_published_figure_is_met_within_ten_per_cent(compared):
    off = compared[(compared["ratio"] - 1).abs() > 0.10]
    assert off[["figure", "published", "made_up"]].to_dict("records") == []


def test_at_least_fifteen_figures_and_all_nine_ruks_diseases_are_compared(compared):
    assert len(compared) >= 15
    assert set(compared["figure"]) >= RUKS


def test_every_figure_names_its_source_and_how_sure_we_are(compared):
    assert compared["source"].str.len().min() > 3
    assert set(compared["confidence"]) == {"high", "medium", "unverified"}


def test_the_page_in_the_docs_shows_these_figures(compared):
    page = Path(__file__).parents[2] / "docs" / "made_up_denmark.md"
    assert page.read_text(encoding="utf-8") == as_markdown(compared, 60_000, 4, 2025)


def test_fewer_people_in_langeland_go_to_the_doctor_more_often_than_in_egedal(compared):
    made = compared.set_index("figure")["made_up"]
    assert made["gp_contacts_langeland"] > made["gp_contacts_copenhagen"] > made["gp_contacts_egedal"]
