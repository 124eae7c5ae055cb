"""Outpatients with KOL, one boundary or exclusion at a time. A drawn person is a woman born in 1950."""

import pytest
from drawing import measured

from ddns_utils.indicators.kol_hospital import (
    MRC_KNOWN,
    OUTPATIENT_LONG_ACTING,
    OUTPATIENT_REFERRED,
    OUTPATIENT_STEROID,
)

VISIT = "anna v 2025-06-01T08:00 2025-06-01T09:00 ATA3 DJ449"
SAID = "anna v 2025-06-01T08:00 DJ449 A no"
MRC = "anna 2025-05-01 measurement MRC 3"


def drawn(visit=VISIT, said=SAID, mrc=MRC, more=""):
    return (
        f"hospital_contact\nperson_id contact_id start end priority main_diagnosis\n{visit}\n\n"
        f"hospital_diagnosis\nperson_id contact_id contact_start code kind retracted\n{said}\n\n"
        f"practice_record\nperson_id recorded_on kind code value\n{mrc}\n\n{more}"
    )


@pytest.mark.parametrize(
    ("start", "of"),
    [("2025-01-01T00:00", 1), ("2025-12-31T23:00", 1), ("2024-12-31T23:00", 0), ("2026-01-01T00:00", 0)],
)
def test_the_visit_lies_in_the_period(tmp_path, start, of):
    visit = f"anna v {start} {start} ATA3 DJ449"
    assert measured(MRC_KNOWN, drawn(visit), tmp_path).of == of


@pytest.mark.parametrize(
    ("said", "of"),
    [
        ("anna v 2025-06-01T08:00 DJ441 B -", 1), ("anna v 2025-06-01T08:00 DJ449 A yes", 0), ("anna v 2025-06-01T08:00 DJ449 + no", 0),
        ("anna v 2025-06-01T08:00 DJ459 A no", 0), ("anna other 2025-06-01T08:00 DJ449 A no", 0),
    ],
)  # fmt: skip
def test_the_visit_is_for_kol(tmp_path, said, of):
    assert measured(MRC_KNOWN, drawn(said=said), tmp_path).of == of


def test_an_acute_contact_is_no_visit(tmp_path):
    assert measured(MRC_KNOWN, drawn(VISIT.replace("ATA3", "ATA1")), tmp_path).of == 0


@pytest.mark.parametrize(("born", "of"), [("1995-12-31", 1), ("1996-01-01", 0)])
def test_patients_are_30_or_over_on_the_last_day(tmp_path, born, of):
    person = f"person\nperson_id birth_date\nanna {born}"
    assert measured(MRC_KNOWN, drawn(more=person), tmp_path).of == of


@pytest.mark.parametrize(
    ("mrc", "known", "breathless"),
    [
        ("anna 2025-06-01 measurement MRC 3", 1, 1), ("anna 2025-06-02 measurement MRC 3", 0, 0), ("anna 2024-06-01 measurement MRC 5", 1, 1),
        ("anna 2024-05-31 measurement MRC 5", 0, 0), ("anna 2025-05-01 measurement MRC 2", 1, 0), ("anna 2025-05-01 measurement MRC -", 0, 0),
        ("anna 2025-05-01 measurement FEV1 60", 0, 0), ("anna 2025-05-01 diagnosis MRC 4", 0, 0),
        ("anna 2025-04-01 measurement MRC 4\nanna 2025-05-01 measurement MRC 2", 1, 0),
        ("anna 2025-04-01 measurement MRC 2\nanna 2025-05-01 measurement MRC 4", 1, 1),
        ("anna 2025-05-01 measurement MRC 2\nanna 2025-05-01 measurement MRC 4", 1, 1),
    ],
)  # fmt: skip
def test_breathlessness_is_the_latest_of_the_year_and_unknown_is_kept_apart(tmp_path, mrc, known, breathless):
    row = measured(MRC_KNOWN, drawn(mrc=mrc), tmp_path)
    assert (row.n, row.of) == (known, 1)
    assert measured(OUTPATIENT_REFERRED, drawn(mrc=mrc), tmp_path).of == breathless


def test_the_latest_visit_of_several_decides(tmp_path):
    visits = f"{VISIT}\nanna w 2025-12-01T08:00 2025-12-01T09:00 ATA3 DJ449"
    said = f"{SAID}\nanna w 2025-12-01T08:00 DJ449 A no"
    row = measured(MRC_KNOWN, drawn(visits, said, "anna 2025-11-01 measurement MRC 3"), tmp_path)
    assert (row.n, row.of) == (1, 1)


@pytest.mark.parametrize(
    ("referral", "n"),
    [
        ("2025-06-01 119 active", 1), ("2025-06-02 119 active", 0), ("2024-06-01 140 completed", 1), ("2024-05-31 119 active", 0),
        ("2025-05-01 119 revoked", 0), ("2025-05-01 119 entered-in-error", 0),
    ],
)  # fmt: skip
def test_a_standing_referral_in_the_year_until_the_visit(tmp_path, referral, n):
    row = measured(
        OUTPATIENT_REFERRED, drawn(more=f"referral\nperson_id received_on law status\nanna {referral}"), tmp_path
    )
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("bought", "n"),
    [
        ("2025-06-01 R03BB04", 1), ("2025-06-02 R03BB04", 0), ("2024-06-01 R03AC18", 1), ("2024-05-31 R03AC18", 0), ("2025-05-01 R03AL08", 1),
        ("2025-05-01 R03AK07", 1), ("2025-05-01 R03BA02", 0),
    ],
)  # fmt: skip
def test_long_acting_medicine_is_bought_in_the_year_until_the_visit(tmp_path, bought, n):
    row = measured(
        OUTPATIENT_LONG_ACTING, drawn(more=f"prescription\nperson_id dispensed_on atc\nanna {bought}"), tmp_path
    )
    assert (row.n, row.of) == (n, 1)


def severe(*admitted, steroid="2025-05-01 R03BA02", long_acting="2025-05-01 R03BB04"):
    rows = "\n".join(f"anna e{i} {day}T08:00 {day}T23:00 {rest}" for i, (day, rest) in enumerate(admitted))
    medicine = f"prescription\nperson_id dispensed_on atc\nanna {long_acting}\nanna {steroid}"
    return drawn(visit=f"{VISIT}\n{rows}", more=medicine)


@pytest.mark.parametrize(
    ("first", "second", "of"),
    [
        (("2025-02-01", "ATA1 DJ441"), ("2025-04-01", "ATA1 DJ440"), 1), (("2024-06-01", "ATA1 DJ441"), ("2025-04-01", "ATA1 DJ441"), 1),
        (("2024-05-31", "ATA1 DJ441"), ("2025-04-01", "ATA1 DJ441"), 0), (("2025-06-02", "ATA1 DJ441"), ("2025-04-01", "ATA1 DJ441"), 0),
        (("2025-02-01", "ATA3 DJ441"), ("2025-04-01", "ATA1 DJ441"), 0), (("2025-02-01", "ATA1 DJ449"), ("2025-04-01", "ATA1 DJ441"), 0),
    ],
)  # fmt: skip
def test_two_admissions_for_worsening_in_the_year_make_it_severe(tmp_path, first, second, of):
    assert measured(OUTPATIENT_STEROID, severe(first, second), tmp_path).of == of


WORSE = ("2025-02-01", "ATA1 DJ441"), ("2025-04-01", "ATA1 DJ441")


def test_without_a_long_acting_drug_steroids_are_not_asked_for(tmp_path):
    assert measured(OUTPATIENT_STEROID, severe(*WORSE, long_acting="2025-05-01 R03AC02"), tmp_path).of == 0


@pytest.mark.parametrize(
    ("steroid", "n"),
    [("2025-06-01 R03BA02", 1), ("2025-05-01 R03AK07", 1), ("2025-05-01 R03AL09", 1), ("2025-05-01 R03AL03", 0), ("2024-05-31 R03BA02", 0)],
)  # fmt: skip
def test_a_steroid_is_bought_in_the_year_until_the_visit(tmp_path, steroid, n):
    row = measured(OUTPATIENT_STEROID, severe(*WORSE, steroid=steroid), tmp_path)
    assert (row.n, row.of) == (n, 1)
