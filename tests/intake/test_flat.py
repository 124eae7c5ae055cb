"""Flat registers: official fields in, typed rows of the model out."""

from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake.deliver import (
    AIM,
    ANNA,
    BEF,
    BO,
    CARL,
    CONTACT,
    DIAGNOSIS,
    DISPENSING,
    FILES,
    KEY,
    PROCEDURE,
    RESULT,
    SENTINEL,
    SERVICE,
    landed,
    rows,
    write_csv,
    write_parquet,
)

from ddns_utils.intake import flat, staging
from ddns_utils.intake.pseudonym import Pseudonyms


@pytest.fixture(autouse=True, params=["few", "many"])
def rows_are(request, monkeypatch):
    """Few rows are checked as they are and stay in memory; of many every rule is asked once for different values."""
    if request.param == "many":
        monkeypatch.setattr(flat, "FEW_ROWS", 0)
        monkeypatch.setattr(staging, "FEW_ROWS", 0)


ANNA_ID = Pseudonyms(KEY).of(ANNA)


def only(registers, table):
    (row,) = rows(registers, table)
    row.pop("delivery_id")
    assert row.pop("first_received_on", date(2025, 4, 1)) == date(2025, 4, 1)
    return row


def reasons(registers):
    return [row["reasons"] for row in rows(registers, "quarantine")]


def test_a_contact_is_read_with_its_times_and_lower_case_specialty(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    assert not landed(folder, registers).failed
    assert only(registers, "hospital_contact") == {
        "contact_id": "k1",
        "person_id": ANNA_ID,
        "start": datetime(2025, 3, 1, 10),
        "end": datetime(2025, 3, 2, 12),
        "contact_type": "ALCA00",
        "priority": "ATA1",
        "main_diagnosis": "DJ440",
        "specialty": "intern medicin",
        "unit": "391111000016003",
        "course_id": "f1",
    }


def test_an_open_contact_has_no_end(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT | {"KONT_SLUTTIDSPUNKT": ""}])
    landed(folder, registers)
    assert only(registers, "hospital_contact")["end"] is None


def test_diagnoses_and_procedures_get_person_and_start_from_contacts_of_the_same_folder(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    write_csv(folder, "LPR_A_DIAGNOSE", [DIAGNOSIS])
    write_csv(folder, "LPR_A_PROCREGISTRERING", [PROCEDURE])
    landed(folder, registers)
    diagnosis = only(registers, "hospital_diagnosis")
    assert (diagnosis["person_id"], diagnosis["contact_start"]) == (ANNA_ID, datetime(2025, 3, 1, 10))
    assert only(registers, "hospital_procedure")["person_id"] == ANNA_ID


def test_diagnoses_of_a_contact_landed_earlier_find_it_in_the_store(folder, registers, tmp_path):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(folder, registers)
    later = tmp_path / "delivered" / "registers" / "2025-05-01"
    write_csv(later, "LPR_A_DIAGNOSE", [DIAGNOSIS])
    landed(later, registers)
    assert only(registers, "hospital_diagnosis")["person_id"] == ANNA_ID


def test_a_diagnosis_without_a_contact_is_in_quarantine(folder, registers):
    write_csv(folder, "LPR_A_DIAGNOSE", [DIAGNOSIS])
    landed(folder, registers)
    assert reasons(registers) == ["unknown contact"]


def test_a_diagnosis_says_yes_no_or_nothing_about_being_retracted(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    said = {"Ja": True, "Nej": False, "": None}
    write_csv(folder, "LPR_A_DIAGNOSE", [DIAGNOSIS | {"SENERE_AFKRAEFTET": t, "DIAG_KODE": f"D{t}"} for t in said])
    landed(folder, registers)
    found = {row["code"].removeprefix("D"): row["retracted"] for row in rows(registers, "hospital_diagnosis")}
    assert found == said


def test_a_contact_converted_from_lpr2_is_not_kept_beside_those_of_lpr3(folder, registers):
    with_system = [
        CONTACT | {"LPRINDBERETNINGSSYSTEM": "LPR3"},
        CONTACT | {"DW_EK_KONTAKT": "k2", "LPRINDBERETNINGSSYSTEM": "LPR2"},
        CONTACT | {"DW_EK_KONTAKT": "k3", "LPRINDBERETNINGSSYSTEM": "lpr3"},
    ]
    write_csv(folder, "LPR_A_KONTAKT", with_system)
    landed(folder, registers)
    assert [row["contact_id"] for row in rows(registers, "hospital_contact")] == ["k1", "k3"]
    assert reasons(registers) == ["converted from an older register"]


def test_a_service_has_specialty_and_service_code_from_six_digits(folder, registers):
    write_csv(folder, "SSSY", [SERVICE])
    landed(folder, registers)
    assert only(registers, "practice_service") == {
        "person_id": ANNA_ID,
        "service_date": date(2025, 2, 3),
        "settled_week": "2025-W07",
        "specialty": "80",
        "service_code": "0101",
        "provider": "012345",
        "quantity": 1,
        "for_child": False,
    }


@pytest.mark.parametrize(
    ("code", "read"), [("80101", ("08", "0101")), ("8001011", None), ("0101", None), ("80010x", None)]
)
def test_a_service_code_may_lack_a_zero_in_front_and_is_never_cut_off(code, read, folder, registers):
    write_csv(folder, "SSSY", [SERVICE | {"SPECIALE": code}])
    landed(folder, registers)
    found = [(row["specialty"], row["service_code"]) for row in rows(registers, "practice_service")]
    assert found == ([read] if read else [])
    assert reasons(registers) == ([] if read else ["unreadable specialty|unreadable service_code"])


@pytest.mark.parametrize(
    ("week", "monday", "settled"),
    [
        ("507", date(2005, 2, 14), "2005-W07"),
        ("25071", None, None),
        ("25107", None, None),
        ("2001", date(2019, 12, 30), "2020-W01"),
        ("0560", None, None),
        ("2053", date(2020, 12, 28), "2020-W53"),
        ("9201", date(1991, 12, 30), "1992-W01"),
    ],
)
def test_a_service_before_2021_is_dated_by_the_monday_of_its_settlement_week(week, monday, settled, folder, registers):
    write_csv(folder, "SSSY", [{k: v for k, v in SERVICE.items() if k != "BEHANDLINGSDATO"} | {"HONUGE": week}])
    landed(folder, registers)
    if monday is None:
        assert reasons(registers) == ["unreadable service_date|unreadable settled_week"]
    else:
        row = only(registers, "practice_service")
        assert (row["service_date"], row["settled_week"]) == (monday, settled)


def test_daily_doses_are_volume_times_packs(folder, registers):
    write_csv(folder, "LMDB", [DISPENSING])
    landed(folder, registers)
    row = only(registers, "prescription")
    assert (row["ddd"], row["packs"], row["indication"]) == (101.0, 2.0, "0000092")


LAB_VALUES = {
    "48": (48.0, None, None),
    "6,5": (6.5, None, None),
    "6.5": (6.5, None, None),
    "<0,5": (0.5, "<", None),
    "> 200": (200.0, ">", None),
    ">=5": (5.0, ">=", None),
    "≥5": (5.0, ">=", None),
    "≤ 0,1": (0.1, "<=", None),
    "-1,2": (-1.2, None, None),
    "positiv": (None, None, "positiv"),
    "3,2 mmol/l": (None, None, "3,2 mmol/l"),
    "5-10": (None, None, "5-10"),
    "<": (None, None, "<"),
    "-": (None, None, "-"),
}


def test_a_laboratory_value_is_read_with_its_sign_and_decimal_comma_and_kept_as_it_came_if_it_is_no_number(
    folder, registers
):
    write_csv(folder, "LAB", [RESULT | {"value": text, "laboratorium_idcode": f"lab {text}"} for text in LAB_VALUES])
    landed(folder, registers)
    read = {row["laboratory"].removeprefix("lab "): row for row in rows(registers, "lab_result")}
    found = {text: (row["value"], row["comparator"], row["value_text"]) for text, row in read.items()}
    assert found == LAB_VALUES
    assert {row["unit"] for row in read.values()} == {"mmol/mol"}


def test_a_person_and_their_residences_come_from_one_file(folder, registers):
    moved = [
        BEF | {"BOP_VTIL": "2020-05-01", "KOM": "0147"},
        BEF | {"BOP_VFRA": "2020-05-01", "DOED_DAG": "2025-02-01"},
        BEF | {"PNR": BO, "KOEN": "1", "FOED_DAG": "1945-03-02", "KOM": "0851"},
    ]
    landing = landed(write_csv(folder, "BEF", moved), registers)
    assert not landing.failed
    people = {row["person_id"]: (row["sex"], row["birth_date"]) for row in rows(registers, "person")}
    assert people == {ANNA_ID: ("F", date(1980, 1, 1)), Pseudonyms(KEY).of(BO): ("M", date(1945, 3, 2))}
    lived = [(r["municipality"], r["start"], r["end"]) for r in rows(registers, "residence")]
    assert sorted(lived) == [
        ("101", date(2020, 5, 1), None),
        ("147", date(1980, 1, 1), date(2020, 5, 1)),
        ("851", date(1980, 1, 1), None),
    ]


@pytest.mark.parametrize(
    ("code", "unknown"),
    [("999", True), ("1101", True), ("1010", True), ("00101", True), ("1", True), ("0101", False)],
)
def test_an_unknown_municipality_is_in_quarantine_and_only_a_nought_may_stand_before_its_code(
    code, unknown, folder, registers
):
    write_csv(folder, "BEF", [BEF | {"KOM": code}, BEF | {"PNR": BO}])
    landing = landed(folder, registers)
    assert ("unknown municipality" in reasons(registers)) == unknown
    assert not landing.failed


def test_an_entry_of_general_practice_keeps_value_and_unit(folder, registers):
    write_csv(folder, "AIM", [AIM])
    landed(folder, registers)
    row = only(registers, "practice_record")
    assert (row["kind"], row["value"], row["unit"], row["person_id"]) == ("measurement", 48.5, "mmol/mol", ANNA_ID)


def test_a_record_of_specialist_practice_is_read(folder, registers):
    write_csv(folder, "SENTINEL", [SENTINEL])
    landed(folder, registers)
    row = only(registers, "specialist_record")
    assert (row["specialty"], row["diagnosis"], row["contact_on"]) == ("19", "DH259", date(2025, 1, 5))


@pytest.mark.parametrize("separator", [";", ","])
def test_fields_may_be_parted_by_semicolon_or_comma(separator, folder, registers):
    write_csv(folder, "SENTINEL", [SENTINEL], separator)
    landed(folder, registers)
    assert only(registers, "specialist_record")["record_id"] == "s1"


def test_typed_parquet_gives_the_same_rows_as_text(folder, registers, tmp_path):
    write_csv(folder, "SSSY", [SERVICE])
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(folder, registers)
    typed = tmp_path / "typed" / "2025-04-01"
    write_parquet(
        typed,
        "SSSY",
        f"SELECT {int(ANNA)}::BIGINT AS pnr, 12345 AS ydernr, 800101 AS speciale, 1::SMALLINT AS ydlant, 2507 AS honuge, "
        "0 AS barnmak, DATE '2025-02-03' AS behandlingsdato",
    )
    write_parquet(
        typed,
        "LPR_A_KONTAKT_2",
        "SELECT * REPLACE (TIMESTAMP '2025-03-01 10:00:00' AS KONT_STARTTIDSPUNKT, "
        "TIMESTAMPTZ '2025-03-02 11:00:00+00' AS KONT_SLUTTIDSPUNKT) "
        f"FROM read_csv('{folder / 'LPR_A_KONTAKT.csv'}', all_varchar = true)",
    )
    other = type(registers)(tmp_path / "other")
    landed(typed, other)
    services = only(registers, "practice_service"), only(other, "practice_service")
    assert services[1] == services[0] | {"provider": "12345"}
    assert only(other, "hospital_contact") == only(registers, "hospital_contact")


@pytest.mark.parametrize(
    ("register", "field", "value", "column", "read"),
    [
        ("SSSY", "YDLANT", "2::DECIMAL(38, 10)", "quantity", 2),
        ("SSSY", "YDLANT", "2.5::DECIMAL(38, 10)", "quantity", None),
        ("SSSY", "PNR", f"{ANNA}::DECIMAL(12, 2)", "person_id", ANNA_ID),
        ("SSSY", "PNR", f"{ANNA}0::BIGINT", "person_id", None),
        ("SSSY", "PNR", "10101801234::BIGINT", "person_id", None),
        ("SSSY", "YDERNR", "12345::DECIMAL(8, 2)", "provider", "12345"),
        ("AIM", "VAERDI", "48.1::FLOAT", "value", 48.1),
        ("AIM", "VAERDI", "'inf'::FLOAT", "value", None),
        ("AIM", "VAERDI", "48.10::DECIMAL(6, 2)", "value", 48.1),
        ("AIM", "ART", "encode('måling')", "kind", "measurement"),
        ("AIM", "ART", "encode('årskontrol')", "kind", None),
        ("LAB", "value", "0.0000001::DOUBLE", "value", 1e-7),
        ("LAB", "value", "1e20::FLOAT", "value", 1e20),
        ("SSSY", "PNR", f"{ANNA}::FLOAT", "person_id", None),
        ("LPR_A_KONTAKT", "KONT_ANS", "1044841000016001::DOUBLE", "unit", "1044841000016001"),
        ("LPR_A_KONTAKT", "DW_EK_FORLOEB", "12345678901234567::DOUBLE", "course_id", None),
        ("LPR_A_KONTAKT", "DW_EK_FORLOEB", "20000001::FLOAT", "course_id", None),
        ("LPR_A_KONTAKT", "KONT_ANS", "'3,91111E+14'", "unit", None),
    ],
)
def test_a_typed_value_is_read_as_its_text_would_be(register, field, value, column, read, folder, registers):
    given = {name: f"'{text}'" for name, text in FILES[register].items()} | {field: value}
    write_parquet(folder, register, "SELECT " + ", ".join(f"{value} AS {name}" for name, value in given.items()))
    landing = landed(folder, registers)
    (count,) = landing.counts
    assert not landing.refused
    assert [row[column] for row in rows(registers, count.table)] == ([] if read is None else [read])
    assert count.quarantined == (read is None)


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.string_view(), pa.binary_view(), pa.binary(7), pa.dictionary(pa.int8(), pa.large_string())],
)
def test_texts_of_every_kind_are_texts(kind, folder, registers):
    given = [f"{text:7}" for text in ("012345", "", "")]
    texts = {name: pa.array([value] * 3) for name, value in SERVICE.items()}
    folder.mkdir(parents=True)
    pq.write_table(pa.table(texts | {"YDERNR": pa.array(given).cast(kind)}), folder / "SSSY.parquet")
    landed(folder, registers)
    assert sorted(row["provider"] or "" for row in rows(registers, "practice_service")) == ["", "", "012345"]
    assert None in [row["provider"] for row in rows(registers, "practice_service")]


NOT_READ = {
    "KONT_STARTTIDSPUNKT": (pa.timestamp("ns"), " has times in KONT_STARTTIDSPUNKT that may be in UTC or not"),
    "KONT_ANS": (pa.float16(), " has numbers in KONT_ANS of a kind that is not read"),
    "DW_EK_FORLOEB": (pa.decimal256(50), " has numbers in DW_EK_FORLOEB of a kind that is not read"),
}


@pytest.mark.parametrize("field", NOT_READ)
def test_a_kind_of_column_that_is_not_read_is_named(field, folder, registers):
    kind, why = NOT_READ[field]
    texts = {name: pa.array([value]) for name, value in CONTACT.items()}
    folder.mkdir(parents=True)
    table = pa.table(texts | {field: pa.nulls(1, kind)})
    pq.write_table(table, folder / "LPR_A_KONTAKT.parquet", use_deprecated_int96_timestamps=True)
    assert landed(folder, registers).refused["LPR_A_KONTAKT.parquet"].startswith(f"LPR_A_KONTAKT.parquet{why}")


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_without_a_field_is_refused_and_the_field_named(name, folder, registers):
    field = list(FILES[name])[-1] if name not in ("BEF", "CPR", "SSSY") else next(iter(FILES[name]))
    write_csv(folder, name, [{k: v for k, v in FILES[name].items() if k != field}])
    landing = landed(folder, registers)
    (why,) = landing.refused.values()
    assert why.startswith(f"{name}.csv has no column {field.upper()}. Columns found: ")
    assert landing.failed
    assert registers.snapshot().tables.keys() == {"delivery"}


BROKEN = [
    ({"KONT_SLUTTIDSPUNKT": "2025-03-01 09:59:59"}, "end before start"),
    ({"KONT_STARTTIDSPUNKT": ""}, "missing start"),
    ({"KONT_STARTTIDSPUNKT": "i går"}, "unreadable start"),
    ({"KONT_TYPE": "ALCA99"}, "unknown contact_type"),
    ({"KONT_TYPE": ""}, "missing contact_type"),
    ({"PRIORITET": "hast"}, "unknown priority"),
    ({"DW_EK_KONTAKT": ""}, "missing contact_id"),
    ({"PNR": ""}, "missing person_id"),
    ({"PNR": "3113801234"}, "impossible CPR number"),
    ({"PNR": "3002801234"}, "impossible CPR number"),
    ({"PNR": "010180123"}, "impossible CPR number"),
    ({"PNR": "010180-12X4"}, "impossible CPR number"),
    ({"KONT_TYPE": "x", "PRIORITET": "y"}, "unknown contact_type|unknown priority"),
]


def test_a_row_that_breaks_the_contract_is_in_quarantine_with_its_reasons(folder, registers):
    good = CONTACT | {"DW_EK_KONTAKT": "good", "KONT_SLUTTIDSPUNKT": CONTACT["KONT_STARTTIDSPUNKT"]}
    write_csv(folder, "LPR_A_KONTAKT", [good, *(CONTACT | change for change, _ in BROKEN)])
    landing = landed(folder, registers)
    found = {row["source_row"]: (row["table"], row["reasons"]) for row in rows(registers, "quarantine")}
    assert found == {number: ("hospital_contact", reason) for number, (_, reason) in enumerate(BROKEN, 2)}
    assert only(registers, "hospital_contact")["contact_id"] == "good"
    said = [line for line in landing.lines() if "13 of 14 rows of hospital_contact are in quarantine: " in line]
    assert len(said) == 1
    assert "impossible CPR number (4), unknown contact_type (2), unknown priority (2), end before start (1)" in said[0]
    assert said[0].endswith(" The rest is in.")
    assert any(line.startswith("Let senders put these rows right and send them again: ") for line in landing.lines())


@pytest.mark.parametrize(("register", "waits"), [("LPR_A_DIAGNOSE", True), ("AIM", False)])
def test_rows_that_wait_for_a_contact_are_said_to_land_when_it_has_come(register, waits, folder, registers):
    write_csv(folder, register, [FILES[register] | ({} if waits else {"ART": "x"})])
    assert ("Rows of an unknown contact land when it has come" in "\n".join(landed(folder, registers).lines())) == waits


def test_a_file_without_a_good_row_is_not_said_to_be_in(folder, registers):
    write_csv(folder, "AIM", [AIM | {"ART": "x"}])
    said = [line for line in landed(folder, registers).lines() if " 1 of 1 rows of practice_record " in line]
    assert [line.rpartition(": ")[2] for line in said] == ["unknown kind (1). None is in."]


def test_quantities_out_of_bounds_are_in_quarantine(folder, registers):
    given = [SERVICE | {"YDLANT": number} for number in ("999", "1000", "-99", "-100")]
    write_csv(folder, "SSSY", given)
    landed(folder, registers)
    assert sorted(row["quantity"] for row in rows(registers, "practice_service")) == [-99, 999]
    assert sorted(reasons(registers)) == ["quantity too large", "quantity too small"]


@pytest.mark.parametrize(
    ("register", "field"),
    [("LPR_A_KONTAKT", "KONT_STARTTIDSPUNKT"), ("LPR_A_KONTAKT", "KONT_SLUTTIDSPUNKT"), ("SSSY", "BEHANDLINGSDATO"), ("LMDB", "EKSD"), ("LAB", "samplingdate"),
     ("AIM", "DATO"), ("SENTINEL", "DATO"), ("BEF", "FOED_DAG")],
)  # fmt: skip
def test_what_lies_after_the_landing_has_not_happened_unless_the_delivery_is_from_then(
    register, field, folder, registers
):
    today, row = date.today(), FILES[register] | {"KONT_SLUTTIDSPUNKT": ""}
    row = {name: value for name, value in row.items() if name in FILES[register]}
    for name, days in (("today", 0), ("tomorrow", 1)):
        write_csv(folder, f"{register}_{name}", [row | {field: str(today + timedelta(days))}])
    write_csv(folder.with_name(str(today + timedelta(9))), register, [row | {field: str(today + timedelta(9))}])
    landing = landed(folder.parent, registers)
    refused = [count for count in landing.counts if count.quarantined]
    assert [count.file for count in refused] == [f"2025-04-01/{register}_tomorrow.csv"]
    (reason,) = refused[0].reasons
    assert reason.endswith(" in the future")


def test_nobody_dies_before_birth(folder, registers):
    write_csv(folder, "BEF", [BEF | {"DOED_DAG": "1979-12-31"}, BEF | {"PNR": BO, "DOED_DAG": BEF["FOED_DAG"]}])
    landed(folder, registers)
    assert reasons(registers) == ["death_date before birth_date"]
    assert len(rows(registers, "person")) == 1


def test_a_later_delivery_of_a_contact_replaces_it_whatever_the_order_of_landing(folder, registers, tmp_path):
    later = tmp_path / "delivered" / "registers" / "2025-05-01"
    write_csv(later, "LPR_A_KONTAKT", [CONTACT | {"PNR": CARL}])
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(later, registers)
    landing = landed(folder, registers)
    assert only(registers, "hospital_contact")["person_id"] == Pseudonyms(KEY).of(CARL)
    assert [(c.kept, c.superseded) for c in landing.counts] == [(0, 1)]


@pytest.mark.parametrize("register", ["AIM", "SENTINEL"])
def test_one_id_from_two_systems_is_two_entries_and_a_correction_replaces_that_of_its_own(register, folder, registers):
    later = folder.with_name("2025-04-02")
    first = [FILES[register] | {"SYSTEM": system, "YDERNR": "1"} for system in ("ALFA", "beta", "")]
    write_csv(folder, register, first)
    landed(folder, registers)
    for number, row in enumerate(first):
        write_csv(later, f"{register}_{number}", [row | {"YDERNR": f"2{number}"}])
        (count,) = landed(later / f"{register}_{number}.csv", registers).counts
        assert (count.kept, count.superseded) == (1, 0)
    clinic = {"AIM": "clinic", "SENTINEL": "provider"}[register]
    found = {row["system"]: row[clinic] for row in rows(registers, count.table)}
    assert found == {"ALFA": "20", "BETA": "21", None: "22"}
    assert len(rows(registers, count.table)) == 3
    write_csv(folder, f"{register}_late", [row | {"YDERNR": "3"} for row in first])
    (count,) = landed(folder / f"{register}_late.csv", registers).counts
    assert (count.kept, count.superseded) == (0, 3)


@pytest.mark.parametrize("number", [CARL, f"<{CARL}", "150277-9995"])
@pytest.mark.parametrize(
    ("register", "field"), [("LAB", "value"), ("AIM", "VAERDI"), ("LMDB", "VOLUME"), ("SSSY", "YDLANT")]
)
def test_a_cpr_number_in_the_place_of_a_number_is_no_number(register, field, number, folder, registers):
    write_csv(folder, register, [FILES[register] | {field: number}])
    typed = ", ".join(
        f"'{value}' AS {name}" for name, value in (FILES[register] | {field: ""}).items() if name != field
    )
    write_parquet(folder, f"{register}_2", f"SELECT {typed}, {CARL}::DOUBLE AS {field}")
    landing = landed(folder, registers)
    assert [(count.kept, count.quarantined) for count in landing.counts] == [(0, 1), (0, 1)]
    assert all(
        "CPR number in " in row["reasons"] and "[CPR]" in row["content"] for row in rows(registers, "quarantine")
    )
