"""Two releases with corrected data between: nothing small appears by difference, and who tries it is stopped."""

import pandas as pd
import pytest
import toys
from house import House
from intake.deliver import CONTACT, write_csv
from intruder import Intruder
from made_results import POLICY

from ddns_utils import areas
from ddns_utils.disclosure.ledger import ledger_of
from ddns_utils.errors import DataError
from ddns_utils.indicators.cross_sector import READMISSION_30D
from ddns_utils.intake import land
from ddns_utils.publish.site import build_site
from ddns_utils.registers import Registers
from ddns_utils.runs.folders import RunFolder
from ddns_utils.runs.release import release
from ddns_utils.synthetic import synthesize

KINDS = {READMISSION_30D.id: "proportion"}
AWARE = """
import ddns_utils as ddns
from ddns_utils import Period
from ddns_utils.measure import measure
rows = measure(ddns.cross_sector.READMISSION_30D, ddns.open_snapshot(), Period.parse('2025'), by=('sex',), levels=['country', 'region'])
ddns.save(ddns.disclose(rows), 'readmission')
"""
UNAWARE = AWARE.replace("disclose(rows)", "disclose(rows, earlier=[])")


class Country:
    """A small made-up country whose registers are corrected between two runs."""

    def __init__(self, root):
        for folder in ("notebooks", "parameters"):
            (root / folder).mkdir()
        (root / "pyproject.toml").touch()
        self.toys, self.deliveries = toys.Toys(root), root / "made" / "registers"
        self.registers = Registers(root / "registers")
        self.ledger = ledger_of(self.registers)
        synthesize(root / "made", citizens=4000, years=2, seed=1)
        land(self.deliveries, self.registers)
        for name, code in (("aware", AWARE), ("unaware", UNAWARE)):
            self.toys.add(name, [toys.text("da", "# T\n\nEt resume."), code])

    def correct(self):
        """Two admissions more of a man in a region."""
        homes = pd.read_csv(sorted(self.deliveries.glob("*/BEF.csv"))[0], sep=";", dtype=str)
        there = homes["KOM"].isin(areas.within("1083")) & (homes["KOEN"] == "1")
        born = pd.to_datetime(homes["FOED_DAG"]).dt.year.between(1950, 1990)
        who = homes[there & born & homes["BOP_VTIL"].isna() & homes["DOED_DAG"].isna()]["PNR"].iloc[0]
        contacts = [
            CONTACT | {"PNR": who, "DW_EK_KONTAKT": f"late-{month}", "DW_EK_FORLOEB": f"late-{month}",
                       "KONT_STARTTIDSPUNKT": f"2025-{month}-01 10:00:00", "KONT_SLUTTIDSPUNKT": f"2025-{month}-04 12:00:00"}
            for month in ("02", "08")
        ]  # fmt: skip
        write_csv(self.deliveries.parent / "late" / "2026-06-01", "LPR_A_KONTAKT", contacts)
        land(self.deliveries.parent / "late", self.registers)

    def release(self, run):
        return release(self.toys.project, run, self.ledger, POLICY, "Ada")

    def table(self, run):
        (table,) = self.ledger.tables(run.id)
        return table.frame


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """The country after two releases, and the run of the second data that knew of no release."""
    country = Country(tmp_path_factory.mktemp("country"))
    House.policy(country.toys, POLICY)
    first = country.toys.run("aware")
    country.release(first)
    country.correct()
    careless = country.toys.run("unaware")
    second = country.toys.run("aware")
    country.release(second)
    return country, first, second, careless


def shown(table):
    return table.drop(columns=["n", "of", "value", "note"]).rename(columns=lambda name: name.removeprefix("shown_"))


def changes(country, first, second):
    """Cells whose count was corrected by 1-4, with what was shown of them in both releases."""
    keys = ["area", "sex"]
    both = country.table(first).merge(country.table(second), on=keys, suffixes=("_old", "_new"))
    return {
        (name, row.area, row.sex): tuple(row[f"shown_{name}_{when}"] for when in ("old", "new"))
        for name in ("n", "of")
        for _, row in both.iterrows()
        if 0 < abs(row[f"{name}_new"] - row[f"{name}_old"]) < POLICY.threshold
    }


def test_the_correction_is_small_and_would_be_seen_by_subtraction(releases):
    country, first, _, careless = releases
    moved = changes(country, first, careless)
    assert {("of", "DK", "all"), ("of", "DK", "M"), ("of", "1083", "all"), ("of", "1083", "M")} <= set(moved)
    assert any(pd.notna(old) and pd.notna(new) for old, new in moved.values())


def test_no_small_change_is_shown_in_both_releases(releases):
    country, first, second, _ = releases
    assert country.ledger.state(second.id)["new"]
    moved = changes(country, first, second)
    assert moved
    assert [cell for cell, (old, new) in moved.items() if pd.notna(old) and pd.notna(new)] == []


def test_an_intruder_with_both_releases_finds_no_small_number_and_no_small_change(releases):
    country, first, second, _ = releases
    seen = Intruder()
    for run, since in ((first, "old"), (second, "new")):
        seen.read(country.table(run), shown(country.table(run)), KINDS, since)
        seen.add_up(since, READMISSION_30D.id)
    assert seen.found(POLICY.narrowest_interval) == []
    for name, area, sex in changes(country, first, second):
        half = ("n", "of").index(name)
        old, new = (seen.place[since, READMISSION_30D.id, area, sex][half] for since in ("old", "new"))
        low, high = seen.spread(seen.differ(new, old))
        assert high - low >= POLICY.narrowest_interval


def test_a_run_that_looked_away_from_what_is_published_is_not_released_and_not_on_the_site(releases):
    country, _, _, careless = releases
    with pytest.raises(DataError, match=r"cannot be released: \d+ of its numbers would be hidden beside what is"):
        country.release(RunFolder(careless.path))
    why = {}
    build_site(country.toys.project, "da", country.ledger, lambda run, words: why.update({run.id: words}))
    assert set(why) == {careless.id}


def test_the_same_run_made_again_publishes_nothing_new(releases):
    country, *_ = releases
    again = country.toys.run("aware")
    assert country.release(again)["new"] == []
