"""How far back registers must reach: one boundary at a time."""

from datetime import date

import pytest
from drawing import draw

from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.indicators import INDICATORS
from ddns_utils.indicators.chronic import KOL_PREVALENCE
from ddns_utils.indicators.diabetes import FOOT_2_YEARS
from ddns_utils.indicators.heart import MORTALITY_1_YEAR, TSH_MEASURED
from ddns_utils.indicators.look_back import SHORT, LookBack, years_before
from ddns_utils.measure import measure
from ddns_utils.period import Period

FEET = "practice_service\nperson_id service_date specialty service_code\nanna 2024-05-01 54 542170"


def begun(tmp_path, **first):
    """A snapshot whose tables begin on the days given, or else long ago."""
    snapshot = draw(FEET, tmp_path)
    known = {name: day and (date.fromisoformat(day), date(2030, 1, 1)) for name, day in first.items()}
    object.__setattr__(snapshot, "span", lambda name: known.get(name, (date(2000, 1, 1), date(2030, 1, 1))))
    return snapshot


@pytest.mark.parametrize(
    ("indicator", "table", "covered", "message"),
    [
        (
            FOOT_2_YEARS, "practice_service", "2024-01-01",
            r"practice_service from 2024-01-01 \(2 years to the period's end\), but it begins 2024-02-01. Use 2026 or a later",
        ),
        (
            TSH_MEASURED, "hospital_diagnosis", "2024-01-02",
            r"hospital_diagnosis from 2024-01-02 \(365 days before the period\), but it begins 2024-02-01. Use 2026 or",
        ),
        (TSH_MEASURED, "lab_result", "2024-08-04", r"lab_result from 2024-08-04 \(150 days before the period\), but it begins 2024-09-01"),
        (MORTALITY_1_YEAR, "practice_record", "2023-01-02", r"practice_record from 2023-01-02 \(730 days before the period\)"),
    ],
)  # fmt: skip
def test_a_register_that_begins_too_late_is_refused_with_the_first_period_that_can_be_used(
    tmp_path, indicator, table, covered, message
):
    first = date.fromisoformat(covered)
    late = date(first.year, first.month + 1, 1)
    assert len(measure(indicator, begun(tmp_path, **{table: covered}), Period.parse("2025"), levels=["country"]).frame)
    with pytest.raises(DataError, match=f"{indicator.id} needs {message}"):
        measure(indicator, begun(tmp_path, **{table: str(late)}), Period.parse("2025"))


def test_the_first_period_that_can_be_used_is_the_first_that_is_covered(tmp_path):
    with pytest.raises(DataError, match=r"it begins 2025-01-01\. Use 2026 or a later period"):
        measure(FOOT_2_YEARS, begun(tmp_path, practice_service="2025-01-01"), Period.parse("2025"))


def test_a_register_of_a_disease_that_was_never_delivered_is_no_hindrance(tmp_path):
    snapshot = begun(tmp_path, practice_record=None)
    assert len(measure(MORTALITY_1_YEAR, snapshot, Period.parse("2025"), levels=["country"]).frame) == 1


@pytest.mark.parametrize(("begins", "note"), [("2016-01-31", ""), ("2016-02-01", SHORT)])
def test_prevalence_is_noted_where_registers_reach_back_less_than_ten_years(tmp_path, begins, note):
    frame = measure(
        KOL_PREVALENCE, begun(tmp_path, prescription=begins), Period.parse("2025"), levels=["country"]
    ).frame
    assert list(frame.note) == [note]
    assert list(frame.status) == ["ok"]


def test_a_row_without_a_value_needs_no_note(tmp_path):
    frame = measure(KOL_PREVALENCE, begun(tmp_path, prescription="2020-01-01"), Period.parse("2025")).frame
    assert set(frame.loc[frame.status == "no_data", "note"]) == {""}


@pytest.mark.parametrize(
    ("back", "period", "first"),
    [
        (LookBack(tables=("t",), days=1), "2025", date(2024, 12, 31)),
        (LookBack(tables=("t",), years=2, days=1), "2025Q2", date(2023, 3, 31)),
        (LookBack(tables=("t",), ending_years=2), "2025Q2", date(2023, 7, 1)),
        (LookBack(tables=("t",), ending_years=1), "2024-01-01/2026-01-01", date(2024, 1, 1)),
        (LookBack(tables=("t",), years=1), "2024-02-29/2024-03-01", date(2023, 2, 28)),
    ],
)
def test_the_first_day_that_decides(back, period, first):
    assert back.first_day(Period.parse(period)) == first


def test_the_words_of_a_look_back():
    assert LookBack(tables=("t",), years=1, days=365).words.en == "1 year and 365 days before the period"
    assert LookBack(tables=("t",), years=2, days=365).words.da == "2 år og 365 dage før perioden"
    assert LookBack(tables=("t",), ending_years=10, refuses=False).words.en.startswith(
        "preferably 10 years to the period's end;"
    )


@pytest.mark.parametrize(
    "wrong", [{"tables": ()}, {"days": 0}, {"days": -1}, {"years": -1, "days": 1}, {"ending_years": -1}]
)
def test_a_look_back_that_says_nothing_is_refused(wrong):
    with pytest.raises(DefinitionError, match="names its tables, and years or days above 0"):
        LookBack(**({"tables": ("t",), "days": 5 if not wrong.keys() & {"days"} else 0} | wrong))


def test_the_same_day_some_years_before():
    assert years_before(date(2024, 2, 29), 1) == date(2023, 2, 28)
    assert years_before(date(2024, 2, 29), 4) == date(2020, 2, 29)


@pytest.mark.parametrize("id", [id for id, indicator in INDICATORS.items() if indicator.look_back])
def test_every_table_looked_back_at_is_in_the_model(id):
    from ddns_utils.model import TABLES

    assert {table for back in INDICATORS[id].look_back for table in back.tables} <= set(TABLES)


def test_a_reader_is_told_how_far_back_registers_must_reach():
    from ddns_utils.display.definitions import definition

    assert [words for head, words in definition(FOOT_2_YEARS, "da") if head == "Tilbageblik"] == [
        "2 år til periodens slutning",
        "1 år før perioden",
        "helst 10 år til periodens slutning; går registrene kortere tilbage, findes for få",
    ]
