"""The command line: real commands in a fresh project."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import version

import pyarrow as pa
import pytest
import toys

from ddns_utils.model import TABLES
from ddns_utils.registers import Registers


def ddns(new_toys, *words, **env):
    where = {"DDNS_PROJECT": str(new_toys.root), "DDNS_REGISTERS": str(new_toys.root / "registers")} | env
    return subprocess.run(
        [sys.executable, "-m", "ddns_utils.cli", *words], env=os.environ | where, capture_output=True, text=True, cwd="/",
        timeout=120,
    )  # fmt: skip


@pytest.fixture
def story(new_toys):
    new_toys.add("chronic_disease", toys.STORY, toys.STORY_PARAMETERS)
    return new_toys


REFUSED = {
    "misspelt parameter": (
        ["run", "chronic_disease", "--set", "peroid=2025"],
        "chronic_disease has no parameter 'peroid'. Did you mean 'period'? It has: area, language, period.",
    ),
    "impossible value": (
        ["run", "chronic_disease", "--set", "area=0999"],
        "chronic_disease: area: '0999' is not a municipality code. Write three digits, such as '101' for København.",
    ),
    "unknown analysis": (
        ["run", "cronic_disease"],
        "There is no analysis 'cronic_disease'. Did you mean 'chronic_disease'? There are: chronic_disease.",
    ),
    "one of two": (
        ["run", "chronic_disease", "other"],
        "There is no analysis 'other'. There are: chronic_disease.",
    ),
    "unknown analysis to list": (
        ["runs", "cronic_disease"],
        "There is no analysis 'cronic_disease'. Did you mean 'chronic_disease'? There are: chronic_disease.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_word_exits_2_with_one_sentence_and_writes_nothing(story, name):
    words, message = REFUSED[name]
    done = ddns(story, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message + "\n")
    assert not (story.root / "outputs").exists()


def test_a_misspelt_parameter_is_answered_before_anything_heavy_is_imported(story):
    code = (
        "import sys\nfrom ddns_utils.cli import main\n"
        "try: main(['run', 'chronic_disease', '--set', 'peroid=2025'])\n"
        "except SystemExit as end: print(end.code, sorted({'pandas', 'ibis', 'papermill', 'nbformat'} & set(sys.modules)))"
    )
    env = os.environ | {"DDNS_PROJECT": str(story.root)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 []\n"


def test_outside_a_project_the_message_says_so(tmp_path, story):
    done = ddns(story, "runs", DDNS_PROJECT=str(tmp_path.parent))
    assert done.returncode == 2
    assert "is not in a project: no folder above it has pyproject.toml and notebooks" in done.stderr


def test_run_publish_and_list(story):
    story.add("broken", [toys.text("da", "# T"), "1/0"])
    done = ddns(story, "run", "broken", "chronic_disease")
    assert done.returncode == 1
    assert "broken: cell 4 (1/0) did not finish. ZeroDivisionError: division by zero." in done.stderr
    report = re.fullmatch(r"chronic_disease: (outputs/chronic_disease/\S+/report.html)\n", done.stdout)[1]
    assert (story.root / report).is_file()

    listed = ddns(story, "runs").stdout.splitlines()
    assert [line.split("\t")[:3:2] for line in listed[1:]] == [["broken", "failed"], ["chronic_disease", "finished"]]

    published = ddns(story, "publish")
    assert published.returncode == 0
    assert published.stdout == f"1 report. Open {story.root / 'outputs' / 'site' / 'index.html'}\n"

    run = "/".join(report.split("/")[1:3])
    looked_at = ddns(story, "checker", run)
    assert "Confidential. Open" in looked_at.stdout
    assert (story.root / "outputs" / f"{run}-checker" / "index.html").is_file()
    assert ddns(story, "release", run).returncode == 2
    assert ddns(story, "release", run, "--by", "Ada").stdout == (
        f"{run} is released by Ada: entry 1 of the ledger.\nNow: ddns publish\n"
    )
    assert " by Ada" in ddns(story, "runs", "chronic_disease").stdout.splitlines()[1].split("\t")[3]
    assert "entry 2 of the ledger" in ddns(story, "withdraw", run, "--by", "Bo").stdout
    without = ddns(story, "publish")
    assert without.stdout.startswith("0 reports.")
    assert without.stderr == f"Left out: {run}: it was withdrawn by Bo.\n"


def test_registers_are_shown_with_what_they_hold(story):
    done = ddns(story, "registers")
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert lines["table"] == ["rows", "persons", "first day", "last day", "version"]
    assert lines["residence"] == ["1", "1", "2020-01-01", "2020-01-01", "0"]
    assert lines["person"] == ["0", "0", "", "", ""]


def test_registers_that_are_not_there_are_said_to_be_missing(story):
    done = ddns(story, "registers", DDNS_REGISTERS=str(story.root / "elsewhere"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There are no registers in {story.root / 'elsewhere'}. If they are elsewhere, name")


def test_run_without_a_name_shows_the_analyses_and_what_they_take(story):
    done = ddns(story, "run")
    assert done.stdout == (
        "chronic_disease\n  --set area=DK  the area\n  --set period=2025  the year\n  --set language=da  da or en\n"
    )


def test_old_versions_are_dropped_but_not_those_that_runs_or_releases_name(story):
    def land():
        home = {"person_id": "q", "municipality": "101", "start": date(2021, 1, 1), "end": None, "delivery_id": "e"}
        with Registers(story.root / "registers").writing() as writer:
            writer.merge("residence", pa.Table.from_pylist([home], TABLES["residence"].schema()))

    def drop(*words):
        return ddns(story, "drop-versions", "--before", "2100-01-01", *words)

    released = ddns(story, "run", "chronic_disease").stdout.split("/")[2]
    land()
    later = ddns(story, "run", "chronic_disease").stdout.split("/")[2]
    land()
    land()
    assert ddns(story, "release", released, "--by", "Ada").returncode == 0
    shutil.rmtree(story.root / "outputs" / "chronic_disease" / released)
    done = drop("--dry-run").stdout.splitlines()
    assert done[0].startswith("1 old versions would be dropped.")
    assert done[1:] == [
        f"Version 1 is kept: chronic_disease/{released} was released.",
        f"Version 2 is kept: chronic_disease/{later} was made from it.",
    ]
    assert drop().stdout.splitlines()[1:] == done[1:]
    assert sorted(int(file.stem) for file in (story.root / "registers" / "versions").iterdir()) == [1, 2, 4]
    elsewhere = drop("--project", str(story.root / "outputs"))
    assert elsewhere.returncode == 2
    assert "is no project: it has no pyproject.toml and notebooks" in elsewhere.stderr


def test_version_is_the_packages(story):
    assert ddns(story, "--version").stdout == f"ddns {version('ddns_utils')}\n"


def test_every_command_explains_itself(story):
    commands = re.findall(r"^  (\w[\w-]*) {2,}\S", ddns(story, "--help").stdout, re.MULTILINE)
    assert commands == [
        "checker",
        "drop-versions",
        "explain",
        "intake",
        "publish",
        "registers",
        "release",
        "run",
        "runs",
        "synthesize",
        "withdraw",
    ]
    for command in commands:
        assert ddns(story, command, "--help").returncode == 0


def test_intake_exits_with_1_when_a_file_is_refused_and_lands_the_others(story):
    folder = story.root / "bad" / "2025-01-01"
    folder.mkdir(parents=True)
    (folder / "SSSY.csv").write_text("PNR;YDERNR\n")
    (folder / "SENTINEL.csv").write_text("REGISTRERING_ID;CPR;DATO;SPECIALE;YDERNR;DIAGNOSE\n")
    done = ddns(story, "intake", str(folder), "--registers", str(story.root / "after_bad"))
    assert done.returncode == 1
    assert "1 deliveries landed" in done.stdout
    assert "SSSY.csv is refused" in done.stdout


def test_made_up_deliveries_are_landed_and_every_report_says_that_they_are_made_up(story):
    made = ddns(
        story, "synthesize", "--citizens", "200", "--years", "1", "--seed", "1", "--to", str(story.root / "made")
    )
    assert made.returncode == 0, made.stderr
    assert "Land them with: ddns intake" in made.stdout
    landed = ddns(story, "intake", str(story.root / "made"), "--registers", str(story.root / "new"))
    assert landed.returncode == 0, landed.stderr
    assert "deliveries landed" in landed.stdout
    held = ddns(story, "registers", "--registers", str(story.root / "new")).stdout
    assert re.search(r"^person\t2\d\d\t", held, re.MULTILINE)
    ran = ddns(story, "run", "chronic_disease", "--registers", str(story.root / "new"))
    assert ran.returncode == 0, ran.stderr
    report = (story.root / "outputs" / "chronic_disease" / "latest" / "report.html").read_text(encoding="utf-8")
    assert "Opdigtede data." in report
