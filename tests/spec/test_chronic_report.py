"""New cases and outcomes of people with a disease, one boundary at a time; and what the report on a disease asks for."""

import pytest
from drawing import draw, measured

from ddns_utils.areas import LEVELS
from ddns_utils.coverage import covered
from ddns_utils.errors import DataError
from ddns_utils.indicators import INDICATORS, chronic
from ddns_utils.indicators.admissions import AF_READMISSION, ASTHMA_ACUTE_ADMISSIONS
from ddns_utils.indicators.diabetes import HBA1C_BELOW_59, HBA1C_MEASURED
from ddns_utils.measure import measure
from ddns_utils.period import Period

CODED = "practice_record\nperson_id recorded_on kind code"
CONTACT = "hospital_contact\nperson_id start end priority main_diagnosis specialty"
DIAGNOSIS = "hospital_diagnosis\nperson_id contact_id contact_start code kind retracted"
YEARS = [Period.parse(year) for year in ("2023", "2024", "2025")]


@pytest.mark.parametrize(("day", "n"), [("2024-12-31", 0), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)])
def test_a_new_case_counts_in_the_period_of_its_first_sign(tmp_path, day, n):
    row = measured(
        chronic.INCIDENCE["kol"], f"{CODED}\nanna {day} diagnosis R95\nanna 2026-06-01 diagnosis R95", tmp_path
    )
    assert row.n == n


def test_new_cases_are_counted_among_the_time_lived_by_all(tmp_path):
    row = measured(
        chronic.INCIDENCE["kol"], f"{CODED}\nanna 2025-05-01 diagnosis R95\nbo 2020-05-01 diagnosis R95", tmp_path
    )
    assert (row.n, round(row["of"], 2), round(row.value)) == (1, 2.0, 500)


def test_type_1_and_type_2_are_told_apart(tmp_path):
    buy = "prescription\nperson_id dispensed_on atc ddd indication"
    drawing = f"{buy}\ninsulin 2024-01-01 A10AB01 30 -\ninsulin 2024-05-01 A10AB01 30 -\n\n{DIAGNOSIS}\ninsulin k 2024-01-01T08:00 DE109 A no\n\nhospital_contact\nperson_id contact_id start end specialty\ninsulin k 2024-01-01T08:00 2024-01-02T08:00 endokrinologi"
    for disease, n in (("type_1_diabetes", 1), ("type_2_diabetes", 0)):
        assert measured(chronic.PREVALENCE[disease], drawing, tmp_path).n == n


@pytest.mark.parametrize(("known", "of"), [("2025-03-02", 1), ("2025-03-03", 0)])
def test_a_discharge_counts_among_those_ill_before_that_day(tmp_path, known, of):
    drawing = f"{DIAGNOSIS}\nanna x {known}T08:00 DI489 A no\n\n{CONTACT}\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 DI509 kardiologi"
    assert measured(AF_READMISSION, drawing, tmp_path)["of"] == of


@pytest.mark.parametrize(("again", "n"), [("2025-04-02", 1), ("2025-04-03", 0)])
def test_their_readmission_counts_until_day_30(tmp_path, again, n):
    drawing = f"{DIAGNOSIS}\nanna x 2024-03-01T08:00 DI489 A no\n\n{CONTACT}\nanna 2025-03-01T08:00 2025-03-03T08:00 ATA1 DI509 kardiologi\nanna {again}T08:00 {again[:-1]}9T08:00 ATA1 DI509 kardiologi"
    row = measured(AF_READMISSION, drawing, tmp_path)
    assert (row.n, row["of"]) == (n, 2)


@pytest.mark.parametrize(("known", "of"), [("2024-12-31", 1), ("2025-01-01", 0)])
def test_people_with_asthma_are_those_known_before_the_period(tmp_path, known, of):
    assert measured(ASTHMA_ACUTE_ADMISSIONS, f"{CODED}\nanna {known} diagnosis R96", tmp_path)["of"] == of


@pytest.mark.parametrize("disease", chronic.PREVALENCE)
def test_the_report_asks_for_each_indicator_once_and_no_more_than_it_can_show(disease):
    asked = [*chronic.CARE[disease], *chronic.OUTCOME[disease]]
    assert len({one.id for one in asked}) == len(asked) <= 15
    assert chronic.COMPARED[disease] in asked
    assert {one.id for one in chronic.ALL_BY_DISEASE[disease]} <= set(INDICATORS)


def test_an_indicator_may_have_levels_of_its_own(tmp_path):
    lab = "lab_result\nperson_id sampled_at npu value\nanna 2024-01-01 NPU27300 60\nanna 2024-05-01 NPU27300 60\nanna 2025-05-01 NPU27300 50"
    own = {HBA1C_MEASURED.id: ("country", "region"), HBA1C_BELOW_59.id: ("country", "municipality", "chosen")}
    both = [HBA1C_MEASURED, HBA1C_BELOW_59, ASTHMA_ACUTE_ADMISSIONS]
    frame = measure(both, draw(lab, tmp_path), YEARS[-1], levels=["country"], area="101+147", levels_of=own).frame
    levels = frame.groupby("indicator").area_level.unique().map(set).to_dict()
    assert levels == {
        HBA1C_MEASURED.id: {"country", "region"},
        HBA1C_BELOW_59.id: {"country", "municipality", "chosen"},
        ASTHMA_ACUTE_ADMISSIONS.id: {"country", "chosen"},
    }
    assert "health_cluster" in LEVELS
    assert frame[frame.indicator == HBA1C_BELOW_59.id].set_index("area").n[["DK", "101", "101+147"]].to_list() == [
        1,
        1,
        1,
    ]


def beginning(tmp_path, year):
    snapshot = draw(f"{CODED}\nanna 2024-05-01 diagnosis R95", tmp_path)
    span = snapshot.span("person")
    object.__setattr__(snapshot, "span", lambda name: (span[0].replace(year=year), span[1]))
    return snapshot


def test_earlier_years_are_left_out_where_the_registers_do_not_reach_them(tmp_path):
    snapshot, incidence = beginning(tmp_path, 2023), chronic.INCIDENCE["kol"]
    assert [str(year) for year in covered(incidence, snapshot, YEARS)] == ["2024", "2025"]
    found = measure(
        [incidence, chronic.PREVALENCE["kol"]], snapshot, YEARS, levels=["country"], where_covered=True
    ).frame
    assert found.groupby("indicator").period.unique().map(list).to_dict() == {
        "kol_incidence": ["2024", "2025"],
        "kol_prevalence": ["2023", "2024", "2025"],
    }
    with pytest.raises(DataError, match="kol_incidence needs"):
        measure(incidence, snapshot, YEARS)


def test_the_year_that_is_asked_for_is_never_left_out(tmp_path):
    snapshot = beginning(tmp_path, 2025)
    assert covered(chronic.INCIDENCE["kol"], snapshot, YEARS) == YEARS[-1:]
    with pytest.raises(DataError, match="kol_incidence needs"):
        measure(chronic.INCIDENCE["kol"], snapshot, YEARS, where_covered=True)
