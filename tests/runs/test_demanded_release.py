"""Where the policy demands release: from the run to the site and off it again, as somebody does it at the terminal."""

import dataclasses
import re

import pytest
import toys
from click.testing import CliRunner
from house import House
from made_results import POLICY

from ddns_utils.cli import main


class Terminal:
    """A project whose policy demands release, and commands in it with their output and errors."""

    def __init__(self, made):
        House.policy(made, dataclasses.replace(POLICY, release_required=True))
        made.add("figures", [toys.text("da", "# T\n\nEt resume."), toys.DISCLOSING])
        self.root = made.root

    def __call__(self, *words, registers="registers"):
        env = {"DDNS_PROJECT": str(self.root), "DDNS_REGISTERS": str(self.root / registers)}
        return CliRunner().invoke(main, words, env=env)

    def run(self):
        """The name of a new run."""
        return re.match(r"figures: outputs/(\S+)/report.html\n", self("run", "figures").stdout)[1]


@pytest.fixture
def ddns(new_toys):
    return Terminal(new_toys)


def test_a_run_goes_out_is_made_again_and_is_taken_back(ddns):
    first = ddns.run()
    left_out = ddns("publish")
    assert left_out.stdout.startswith("0 reports.")
    look, release = re.search(
        r"Look at it: ddns (checker \S+)\. Then: ddns (release \S+ --by) NAME\n", left_out.stderr
    ).groups()
    assert "Confidential. Open " in ddns(*look.split()).stdout
    assert ddns(*release.split(), "Ada").stdout == (
        f"{first} is released by Ada: entry 1 of the ledger. 2 of its 2 tables of numbers are new to readers.\n"
        "Now: ddns publish\n"
    )
    out = ddns("publish")
    assert (out.stdout.partition(".")[0], out.stderr) == ("1 report", "")

    again, latest = ddns.run(), ddns.run()
    assert "0 of its 2 tables of numbers are new" in ddns("release", latest, "--by", "Ada").stdout
    late = ddns("release", again, "--by", "Ada")
    assert (late.exit_code, late.stderr) == (
        2, f"{again} is superseded: {latest.partition('/')[2]}, with the same parameters, is released.\n",
    )  # fmt: skip
    assert ddns("withdraw", first, "--by", "Bo", "--note", "wrong year").exit_code == 0
    last = ddns("publish")
    assert last.stdout.startswith("1 report.")
    assert f"Left out: {first}: it was withdrawn by Bo.\n" in last.stderr
    assert f"Left out: {again}: nobody has released it." in last.stderr


def test_beside_other_registers_nothing_is_said_of_a_release_that_is_not_known_there(ddns, new_toys):
    run = ddns.run()
    ddns("release", run, "--by", "Ada")
    elsewhere = {name: ddns(*words, registers="other") for name, words in {
        "publish": ["publish"], "withdraw": ["withdraw", run, "--by", "Bo"], "release": ["release", run, "--by", "Bo"],
        "checker": ["checker", run],
    }.items()}  # fmt: skip
    assert {name: done.exit_code for name, done in elsewhere.items()} == dict.fromkeys(elsewhere, 2)
    assert [name for name, done in elsewhere.items() if "(--registers or DDNS_REGISTERS)" not in done.stderr] == []
    assert elsewhere.pop("publish").stderr.startswith("None of 1 finished runs was made from these registers.")
    told = f"The ledger beside these registers has no record of the numbers of {run.partition('/')[2]}."
    assert [name for name, done in elsewhere.items() if not done.stderr.startswith(told)] == []
    assert "made from other registers" in ddns("runs", registers="other").stdout
    assert "released" in ddns("runs").stdout
    assert not (new_toys.root / "other").exists()
