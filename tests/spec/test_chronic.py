"""Diabetes, KOL and HbA1c, one rule or boundary at a time. A person's id says what they test."""

import pytest
from drawing import draw, measured

from ddns_utils import phenotypes
from ddns_utils.indicators.chronic import KOL_PREVALENCE, PREVALENCE, TYPE_2_DIABETES_PREVALENCE
from ddns_utils.indicators.diabetes import HBA1C_BELOW_59, HBA1C_MEASURED
from ddns_utils.indicators.kol import KOL_FEV1, KOL_SMOKING

LAB = "lab_result\nperson_id sampled_at npu value"
BUY = "prescription\nperson_id dispensed_on atc ddd indication"
DIAGNOSIS = "hospital_diagnosis\nperson_id contact_id contact_start code kind retracted"


def diabetes(tmp_path, *drawing):
    snapshot = draw("\n\n".join(drawing), tmp_path)
    found = snapshot.engine.to_pandas(phenotypes.diabetes(snapshot))
    return {row.person_id: (str(row.since)[:10], row.type) for row in found.itertuples()}


def test_the_second_event_gives_the_date(tmp_path):
    lab = (
        f"{LAB}\none_event 2024-01-01 NPU27300 60\ntwo_events 2024-01-01 NPU27300 60\ntwo_events 2024-05-01 NPU27300 60"
    )
    assert diabetes(tmp_path, lab) == {"two_events": ("2024-05-01", "2")}


def test_events_of_two_kinds_on_one_day_are_one_event(tmp_path):
    lab = f"{LAB}\nsame_day 2024-01-01 NPU27300 60"
    assert diabetes(tmp_path, lab, f"{BUY}\nsame_day 2024-01-01 A10BA02 30 -") == {}


@pytest.mark.parametrize(
    ("rows", "since"),
    [
        (f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DE109 A no\nanna k 2024-01-01T08:00 DE119 B no", "2024-01-01"),
        (f"{BUY}\nanna 2024-01-01 A10AB01 30 -\nanna 2024-01-01 A10BB01 30 -", "2024-01-01"),
        (f"{BUY}\nanna 2024-01-01 A10AB01 30 -\nanna 2024-01-01 A10AB01 30 -", None),
        (f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna 2024-01-01 NPU03835 7.6", None),
        ("practice_service\nperson_id service_date specialty service_code\nanna 2024-01-01 54 2170\nanna 2024-01-01 54 2101", "2024-01-01"),
        ("practice_service\nperson_id service_date specialty service_code\nanna 2024-01-01 54 2170\nanna 2024-01-01 54 2170", None),
    ],
    ids=["two diagnoses", "two medicines", "one medicine twice", "one sample in two units", "two services", "one service twice"],
)  # fmt: skip
def test_two_rows_of_one_kind_on_one_day_are_two_events_unless_they_are_the_same(tmp_path, rows, since):
    found = diabetes(tmp_path, rows)
    assert (found["anna"][0] if found else None) == since


@pytest.mark.parametrize(("birth", "counts"), [("DO800 A yes", True), ("DO800 + no", True), ("DO800 A -", True), ("DO800 B no", False)])  # fmt: skip
def test_only_a_pregnancy_that_is_stated_excludes(tmp_path, birth, counts):
    rows = f"{DIAGNOSIS}\nmother k 2024-06-01T08:00 {birth}"
    lab = f"{LAB}\nmother 2022-01-01 NPU27300 60\nmother 2024-05-01 NPU27300 60"
    assert bool(diabetes(tmp_path, rows, lab)) is counts


@pytest.mark.parametrize(("second", "stable"), [("1997-12-31", None), ("1998-01-01", "1998-01-01")])
def test_the_date_is_stable_from_1998(tmp_path, second, stable):
    lab = f"{LAB}\nanna 1997-01-01 NPU27300 60\nanna {second} NPU27300 60"
    snapshot = draw(lab, tmp_path)
    (found,) = snapshot.engine.to_pyarrow(phenotypes.diabetes(snapshot)).to_pylist()
    assert (found["stable_since"] and str(found["stable_since"])) == stable
    assert found["rule"] == "HbA1c"


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        ("NPU27300 48", True),
        ("NPU27300 47.9", False),
        ("NPU03835 6.5", True),
        ("NPU03835 6.4", False),
        ("NPU18016 60", False),
    ],
)
def test_hba1c_counts_from_the_diagnostic_limit(tmp_path, result, counts):
    lab = f"{LAB}\nanna 2024-01-01 {result}\nanna 2024-02-01 {result}"
    assert bool(diabetes(tmp_path, lab)) is counts


@pytest.mark.parametrize(
    ("atc", "counts"),
    [("A10BB01", True), ("A10AB01", True), ("A10BJ02", False), ("A10BK01", False), ("A10BK03", False), ("A10BK02", True), ("C07AB02", False)],
)  # fmt: skip
def test_glucose_lowering_medicine_counts_but_not_glp1_and_two_sglt2(tmp_path, atc, counts):
    assert bool(diabetes(tmp_path, f"{BUY}\nanna 2024-01-01 {atc} 30 -\nanna 2024-02-01 {atc} 30 -")) is counts


@pytest.mark.parametrize(
    ("person", "indication", "counts"),
    [
        ("F 1984-02-02", "-", False), ("F 1984-01-01", "-", True), ("M 1984-02-02", "-", True), ("F 1970-01-01", "0000092", False),
        ("F 1970-01-01", "0000276", False), ("F 1970-01-01", "0000781", False), ("F 1970-01-01", "0000001", True),
    ],
)  # fmt: skip
def test_metformin_of_women_under_40_or_for_pcos_does_not_count(tmp_path, person, indication, counts):
    persons = f"person\nperson_id sex birth_date\nanna {person}"
    buys = f"{BUY}\nanna 2024-01-01 A10BA02 30 {indication}\nanna 2024-02-01 A10BA02 30 {indication}"
    assert bool(diabetes(tmp_path, persons, buys)) is counts


@pytest.mark.parametrize(
    ("day", "counts"), [("2023-12-26", True), ("2023-12-27", False), ("2024-12-25", False), ("2024-12-26", True)]
)
def test_from_40_weeks_before_to_12_weeks_after_a_birth_nothing_counts(tmp_path, day, counts):
    birth = f"{DIAGNOSIS}\nmother k 2024-10-02T08:00 DO800 A no"
    lab = f"{LAB}\nmother 2022-01-01 NPU27300 60\nmother {day} NPU27300 60"
    assert bool(diabetes(tmp_path, birth, lab)) is counts


@pytest.mark.parametrize(
    ("diagnosis", "counts"),
    [
        ("DE119 A no", True), ("DE119 B no", True), ("DE149 A no", True), ("DE119 + no", False), ("DE119 A yes", False),
        ("DE119 A -", False), ("DE159 A no", False),
    ],
)  # fmt: skip
def test_hospital_diagnoses_count_when_stated_not_to_be_retracted(tmp_path, diagnosis, counts):
    rows = f"{DIAGNOSIS}\nanna k1 2024-01-01T08:00 {diagnosis}\nanna k2 2024-02-01T08:00 {diagnosis}"
    assert bool(diabetes(tmp_path, rows)) is counts


@pytest.mark.parametrize(("service", "counts"), [("54 no", True), ("54 yes", False), ("80 no", False)])
def test_podiatry_counts_on_the_adults_own_card(tmp_path, service, counts):
    rows = f"practice_service\nperson_id service_date specialty for_child\nanna 2024-01-01 {service}\nanna 2024-02-01 {service}"
    assert bool(diabetes(tmp_path, rows)) is counts


def type_of(tmp_path, diagnoses, buys, kind="A"):
    contacts = "hospital_contact\nperson_id contact_id start end specialty\n" + "\n".join(
        f"anna k{i} 2024-01-01T08:00 2024-01-01T09:00 {specialty}" for i, (_, specialty) in enumerate(diagnoses)
    )
    said = DIAGNOSIS + "".join(
        f"\nanna k{i} 2024-01-01T08:00 {code} {kind} no" for i, (code, _) in enumerate(diagnoses)
    )
    bought = BUY + "".join(f"\nanna {day} {atc} {ddd} -" for day, atc, ddd in buys)
    return diabetes(tmp_path, *([contacts, said] if diagnoses else []), bought)["anna"][1]


INSULIN = ("2024-01-01", "A10AB01", 100)
TABLETS = ("2024-03-01", "A10BB01", 50)


@pytest.mark.parametrize(
    ("diagnoses", "buys", "type_"),
    [
        ([("DE109", "endokrinologi")], [INSULIN, ("2024-02-01", "A10AB01", 100)], "1"),
        ([("DE109", "kardiologi")], [INSULIN, ("2024-02-01", "A10AB01", 100)], "1"),
        ([("DE109", "ortopædkirurgi")], [INSULIN, ("2024-02-01", "A10AB01", 100)], "2"),
        ([], [INSULIN, ("2024-02-01", "A10AB01", 100)], "2"),
        ([("DE109", "endokrinologi")], [INSULIN, TABLETS], "1"),
        ([("DE109", "endokrinologi"), ("DE119", "endokrinologi")], [INSULIN, TABLETS], "2"),
        ([("DE109", "endokrinologi"), ("DE119", "kardiologi"), ("DE118", "kardiologi")], [INSULIN, TABLETS], "1"),
        ([("DE109", "kardiologi"), ("DE119", "kardiologi")], [INSULIN, TABLETS], "2"),
        ([("DE109", "kardiologi")], [INSULIN, TABLETS], "1"),
        ([("DE109", "endokrinologi")], [INSULIN, ("2024-03-01", "A10BB01", 51)], "2"),
        ([("DE109", "endokrinologi")], [("2024-06-29", "A10AB01", 100), ("2024-01-01", "A10BB01", 50)], "1"),
        ([("DE109", "endokrinologi")], [("2024-06-30", "A10AB01", 100), ("2024-01-01", "A10BB01", 50)], "2"),
        ([("DE109", "endokrinologi")], [("2024-01-01", "A10AE56", 100), ("2024-02-01", "A10AE56", 100)], "2"),
        ([("DE119", "endokrinologi"), ("DE109", "kardiologi")], [("2024-01-01", "A10AB01", 1), ("2024-02-01", "A10BB01", 0)], "1"),
        ([("DE119", "endokrinologi"), ("DE109", "kardiologi")], [("2024-01-01", "A10AB01", 0.9), ("2024-02-01", "A10AE01", 0)], "2"),
        ([("DE109", "endokrinologi")], [("2024-01-01", "A10AB01", 0), ("2024-02-01", "A10AB01", 0)], "2"),
    ],
    ids=[
        "only insulin", "medical department", "surgical department", "no diagnosis", "mixed", "tie", "endocrinology decides",
        "medical tie", "medical decides where endocrinology is silent", "under two thirds", "insulin on day 180", "insulin on day 181", "insulin with GLP-1",
        "one dose, of insulin", "under one dose", "insulin without doses",
    ],
)  # fmt: skip
def test_type_1_needs_insulin_and_diagnoses(tmp_path, diagnoses, buys, type_):
    assert type_of(tmp_path, diagnoses, buys) == type_


def test_each_type_has_its_own_people(tmp_path):
    lab = f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna 2024-05-01 NPU27300 60"
    found = [measured(PREVALENCE[name], lab, tmp_path).n for name in ("type_1_diabetes", "type_2_diabetes")]
    assert found == [0, 1]


@pytest.mark.parametrize(("kind", "type_"), [("A", "1"), ("B", "2")])
def test_only_action_diagnoses_tell_the_type(tmp_path, kind, type_):
    said, bought = [("DE109", "endokrinologi")], [INSULIN, ("2024-02-01", "A10AB01", 100)]
    assert type_of(tmp_path, said, bought, kind) == type_


@pytest.mark.parametrize(("day", "type_"), [("2024-03-01", "1"), ("2024-03-02", "2")])
def test_purchases_on_the_day_of_a_high_hba1c_are_left_out_of_the_doses(tmp_path, day, type_):
    contacts = "hospital_contact\nperson_id contact_id start end specialty\nanna k 2024-01-01T08:00 2024-01-01T09:00 endokrinologi"
    said = f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DE109 A no"
    bought = f"{BUY}\nanna 2024-01-01 A10AB01 100 -\nanna 2024-03-01 A10BB01 60 -"
    assert diabetes(tmp_path, contacts, said, bought, f"{LAB}\nanna {day} NPU27300 60")["anna"][1] == type_


@pytest.mark.parametrize(("second", "n"), [("2025-12-31", 1), ("2026-01-01", 0)])
def test_prevalence_is_counted_on_the_last_day(tmp_path, second, n):
    lab = f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna {second} NPU27300 60"
    row = measured(TYPE_2_DIABETES_PREVALENCE, lab, tmp_path)
    assert (row.n, row.of) == (n, 1)


@pytest.mark.parametrize(
    ("person", "home", "of"),
    [
        ("1950-01-01 2025-12-31", "2000-01-01 -", 0), ("1950-01-01 2026-01-01", "2000-01-01 -", 1),
        ("1950-01-01 -", "2000-01-01 2025-12-31", 0), ("1950-01-01 -", "2025-12-31 -", 1), ("1950-01-01 -", "2026-01-01 -", 0),
        ("2025-12-31 -", "2025-12-31 -", 1),
    ],
)  # fmt: skip
def test_prevalence_is_among_those_alive_and_resident_on_the_last_day(tmp_path, person, home, of):
    drawing = (
        f"person\nperson_id birth_date death_date\nanna {person}\n\nresidence\nperson_id start end\nanna {home}"
        f"\n\n{LAB}\nanna 2024-01-01 NPU27300 60"
    )
    assert measured(TYPE_2_DIABETES_PREVALENCE, drawing, tmp_path).of == of


@pytest.mark.parametrize(
    ("drawing", "n"),
    [
        (f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DJ449 B no", 1),
        (f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DJ449 B -", 1),
        (f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DJ449 B yes", 0),
        (f"{DIAGNOSIS}\nanna k 2024-01-01T08:00 DJ459 A no", 0),
        ("practice_record\nperson_id recorded_on code\nanna 2024-01-01 R95", 1),
        ("practice_record\nperson_id recorded_on code\nanna 2024-01-01 R96", 0),
        (f"{BUY}\nanna 2024-01-01 R03BB04 30 -\nanna 2024-02-01 R03AC18 30 -", 1),
        (f"{BUY}\nanna 2024-01-01 R03BB04 30 -\nanna 2024-01-01 R03AC18 30 -", 0),
        (f"{BUY}\nanna 2024-01-01 R03AK06 30 -\nanna 2024-02-01 R03AK06 30 -", 0),
    ],
)
def test_kol_rules(tmp_path, drawing, n):
    assert measured(KOL_PREVALENCE, drawing, tmp_path).n == n


HAS = f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna 2024-06-01 NPU27300 60"


@pytest.mark.parametrize(("day", "n"), [("2024-12-31", 0), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)])
def test_hba1c_is_measured_within_the_period(tmp_path, day, n):
    row = measured(HBA1C_MEASURED, f"{HAS}\nanna {day} NPU27300 50", tmp_path)
    assert (row.n, row.of) == (n, 1)


def test_who_got_diabetes_within_the_period_is_not_followed_in_it(tmp_path):
    lab = f"{LAB}\nanna 2024-01-01 NPU27300 60\nanna 2025-01-01 NPU27300 60"
    assert measured(HBA1C_MEASURED, lab, tmp_path).of == 0


@pytest.mark.parametrize(
    ("results", "n"),
    [
        ("anna 2025-03-01 NPU27300 58.9", 1), ("anna 2025-03-01 NPU27300 59", 0),
        ("anna 2025-03-01 NPU27300 70\nanna 2025-09-01 NPU27300 50", 1),
        ("anna 2025-03-01 NPU27300 50\nanna 2025-09-01 NPU27300 70", 0),
        ("anna 2025-03-01 NPU03835 7.5", 1), ("anna 2025-03-01 NPU03835 7.6", 0),
    ],
)  # fmt: skip
def test_the_latest_hba1c_of_the_period_is_under_59(tmp_path, results, n):
    row = measured(HBA1C_BELOW_59, f"{HAS}\n{results}", tmp_path)
    assert (row.n, row.of) == (n, 1)


def test_who_was_not_measured_is_not_in_the_denominator_of_control(tmp_path):
    assert measured(HBA1C_BELOW_59, HAS, tmp_path).of == 0


KOL = "practice_record\nperson_id recorded_on kind code"


@pytest.mark.parametrize(("since", "of"), [("2024-12-31", 1), ("2025-01-01", 0)])
def test_kol_care_is_for_those_coded_before_the_period(tmp_path, since, of):
    assert measured(KOL_FEV1, f"{KOL}\nanna {since} diagnosis R95", tmp_path).of == of


@pytest.mark.parametrize(
    ("indicator", "entry", "n"),
    [
        (KOL_FEV1, "2025-01-01 measurement FEV1", 1), (KOL_FEV1, "2025-12-31 measurement FEV1", 1), (KOL_FEV1, "2024-12-31 measurement FEV1", 0),
        (KOL_FEV1, "2026-01-01 measurement FEV1", 0), (KOL_FEV1, "2025-05-01 measurement RYG", 0), (KOL_SMOKING, "2025-05-01 measurement RYG", 1),
    ],
)  # fmt: skip
def test_kol_measurements_count_within_the_period(tmp_path, indicator, entry, n):
    row = measured(indicator, f"{KOL}\nanna 2024-01-01 diagnosis R95\nanna {entry}", tmp_path)
    assert (row.n, row.of) == (n, 1)
