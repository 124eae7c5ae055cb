"""ddns explain: the rules, rows and steps behind one person; a terminal only, and never a run."""

import os
import pty
import subprocess
import sys

import pytest
from drawing import draw

from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.explain import explain
from ddns_utils.indicators import INDICATORS
from ddns_utils.period import Period

DRAWN = """
person
person_id sex birth_date
anna F 1950-03-01
bent M 1940-01-01

residence
person_id municipality start
anna 851 2000-01-01

hospital_diagnosis
person_id contact_id contact_start code kind retracted
anna k 2024-05-02T08:00 DJ449 A yes
bent l 2020-05-02T08:00 DJ449 A no

practice_record
person_id recorded_on kind code value
anna 2024-06-01 measurement R95 -
anna 2025-02-03 measurement MRC 4
anna 2023-06-05 diagnosis R95 -

prescription
person_id dispensed_on atc
anna 2023-05-01 R03BB04
anna 2023-07-01 R03AC18
anna 2023-07-01 A10BJ06

hospital_contact
person_id start end
anna 2025-03-01T08:00 2025-03-03T08:00
"""
YEAR = Period.parse("2025")


@pytest.fixture
def snapshot(tmp_path):
    return draw(DRAWN, tmp_path)


def test_a_disease_is_told_rule_by_rule_with_the_rows_that_count_and_those_that_do_not(snapshot):
    told = explain(snapshot, "anna", ["kol"], language="en")
    assert told[:3] == ["Born 1 March 1950, sex F", "  2000-01-01 –   Aalborg", ""]
    rows = [line.strip() for line in told if line.startswith("    ")]
    assert rows[:-1] == [
        "– hospital_diagnosis  2024-05-02  code=DJ449  kind=A  retracted=yes",
        "+ practice_record  2023-06-05  code=R95  kind=diagnosis",
        "– practice_record  2024-06-01  code=R95  kind=measurement",
        "+ prescription  2023-05-01  atc=R03BB04  ddd=1",
        "+ prescription  2023-07-01  atc=R03AC18  ddd=1",
        "2 days are needed, and the last of them is 1 July 2023",
    ]
    assert "  → known since 5 June 2023 by the rule general practice" in told


def test_all_diseases_of_the_person_are_told_unless_some_are_named(snapshot):
    titles = [line for line in explain(snapshot, "anna") if line.endswith(")") and not line.startswith(" ")]
    assert titles == ["KOL (kol)"]
    assert "  → ingen regel kender sygdommen" in explain(snapshot, "anna", ["asthma"])


def test_diabetes_tells_its_exclusions_and_that_one_day_is_not_enough(snapshot):
    told = "\n".join(explain(snapshot, "anna", ["type_2_diabetes"], language="en"))
    assert "PCOS" in told
    assert "– prescription  2023-07-01  atc=A10BJ06" in told
    assert "no rule knows the disease" in told


def test_one_purchase_says_how_many_more_are_needed(tmp_path):
    one = draw("prescription\nperson_id dispensed_on atc\nanna 2023-05-01 R03BB04", tmp_path)
    assert "    2 days are needed, and 1 found" in explain(one, "anna", ["kol"], language="en")


def explained(snapshot, id, person="anna"):
    return explain(snapshot, person, indicator=INDICATORS[id], period=YEAR, language="en")


def test_in_the_denominator_and_counted_or_not(snapshot):
    told = explained(snapshot, "kol_mrc_yearly")
    assert "  → in, on 31 December 2025, counted in Aalborg" in told
    assert told[told.index("  → in, on 31 December 2025, counted in Aalborg") + 1] == "      counted"
    assert "      not counted" in explained(snapshot, "kol_fev1_yearly")
    assert "      practice_record  2025-02-03  code=MRC  kind=measurement  value=4" in told
    assert not any("2023-06-05" in line for line in told if "practice_record" in line)


def test_out_of_the_denominator_with_what_is_known_of_the_person(snapshot):
    told = explained(snapshot, "diabetes_foot_2_years")
    assert "  → out: none of the person's rows is such a row" in told
    assert "  COPD: known since 5 June 2023 by the rule general practice" in told


def test_an_event_of_a_rate_is_told_with_its_place(snapshot):
    told = explained(snapshot, "admissions_per_1000")
    assert told[told.index("  → in, on 1 March 2025, counted in Aalborg") + 1] == "      counts 1"


def test_a_row_of_somebody_resident_nowhere_counts_nowhere(tmp_path):
    drawn = "hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 2025-03-03T08:00\n\nresidence\nperson_id start end\nanna 2000-01-01 2020-01-01"
    told = explained(draw(drawn, tmp_path), "admissions_per_1000")
    assert "  → in, on 1 March 2025, counted in no municipality, since the person lived in none" in told


def test_only_the_persons_own_rows_are_read(snapshot):
    assert not any("2020-05-02" in line for line in explain(snapshot, "anna", ["kol"]))


def test_long_registers_are_cut(tmp_path):
    rows = "\n".join(f"anna 2025-01-{day:02} R03BB04" for day in range(1, 31)) + "\n"
    rows += "\n".join(f"anna 2025-03-{day:02} R03BB04" for day in range(1, 16))
    told = explain(draw(f"prescription\nperson_id dispensed_on atc\n{rows}", tmp_path), "anna", ["kol"], language="en")
    assert "      and 5 rows more" in told
    assert sum("R03BB04  ddd" in line for line in told) == 40


@pytest.mark.parametrize("person", ["nobody", "0101" + "501234"])
def test_an_unknown_person_is_refused_without_being_named(snapshot, person):
    with pytest.raises(DataError, match="Nobody in the registers, version 1, has this pseudonym") as refused:
        explain(snapshot, person)
    assert person not in str(refused.value)


def test_a_run_cannot_use_it(snapshot, monkeypatch):
    monkeypatch.setenv("DDNS_RUN_FOLDER", "outputs/x")
    with pytest.raises(DataError, match="shows the rows of one person, so a run cannot use it"):
        explain(snapshot, "anna")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"diseases": ["lepra"]}, "There is no disease 'lepra'. There are: type_1_diabetes, "),
        ({"period": YEAR}, "An indicator is explained for a period. Give both, or neither"),
        ({"indicator": INDICATORS["kol_mrc_yearly"]}, "An indicator is explained for a period. Give both, or neither"),
        ({"indicator": next(one for one in INDICATORS.values() if one.category), "period": YEAR}, "counts no persons"),
    ],
)
def test_what_cannot_be_explained_is_refused(snapshot, asked, message):
    with pytest.raises(DefinitionError, match=message):
        explain(snapshot, "anna", **asked)


def test_an_indicator_whose_registers_begin_too_late_is_refused_here_too(snapshot):
    with pytest.raises(DataError, match="kol_mrc_yearly needs practice_record from 2019-01-01"):
        explain(snapshot, "anna", indicator=INDICATORS["kol_mrc_yearly"], period=Period.parse("2020"))


def on_a_terminal(*words, **env):
    """What the command writes on a terminal of its own, and its exit code."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "ddns_utils.cli", "explain", *words], stdout=theirs, stderr=theirs, env=os.environ | env,
        timeout=120, check=False,
    )  # fmt: skip
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    return done.returncode, said


def test_the_command_explains_on_a_terminal_and_refuses_a_pipe(new_toys):
    where = {"DDNS_REGISTERS": str(new_toys.root / "registers")}
    code, said = on_a_terminal("nobody", **where)
    assert (code, "Nobody in the registers" in said) == (2, True)
    piped = subprocess.run(
        [sys.executable, "-m", "ddns_utils.cli", "explain", "nobody"], env=os.environ | where, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (piped.returncode, piped.stdout) == (2, "")
    assert "on a terminal, and writes to no file and no pipe" in piped.stderr


def test_a_misspelt_indicator_is_answered_with_the_nearest(new_toys):
    code, said = on_a_terminal("nobody", "--indicator", "kol_mrc_yearli", "--period", "2025")
    assert code == 2
    assert "There is no indicator 'kol_mrc_yearli'. Did you mean 'kol_mrc_yearly'?" in said
