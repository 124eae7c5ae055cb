"""Files of every kind: encodings, separators, Danish numbers, SAS, archives; a bad line is one bad line."""

import json
from datetime import date

import duckdb
import pytest
from intake.deliver import ANNA, BO, CONTACT, FILES, SENTINEL, SERVICE, landed, rows, write_csv
from intake.sas_file import write_sas

from ddns_utils.intake import flat_text

ENGINE = duckdb.connect()
flat_text.teach(ENGINE)


def read(kind, text):
    return ENGINE.execute(f"SELECT read_{kind}($1)::VARCHAR", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234,5", "1234.5"), ("1234.5", "1234.5"), ("1.234,5", "1234.5"), ("12.345.678", "12345678.0"),
        ("1.234", "1.234"), ("1 234,5", "1234.5"), ("1\u00a0234", "1234.0"), ("-0,5", "-0.5"), (",5", "0.5"),
        ("1,5e3", "1500.0"), ("1,234.5", None), ("12.34.567", None), ("1 23", None), ("0x10", None), ("nan", None),
        ("inf", None), ("1_000", None), ("syv", None), ("1e999", None),
    ],
)  # fmt: skip
def test_decimals_are_danish_or_plain_and_what_has_two_readings_is_not_read(text, number):
    assert read("decimal", text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", "7"),
        ("-7", "-7"),
        ("7,0", "7"),
        ("7.00", "7"),
        ("7.5", None),
        ("1.000", None),
        ("1e3", None),
        ("9" * 30, None),
    ],
)
def test_whole_numbers_are_not_rounded_and_have_no_thousands(text, number):
    assert read("whole", text) == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-01", "2025-03-01 00:00:00"), ("01-03-2025 10:15", "2025-03-01 10:15:00"),
        ("1.3.2025", "2025-03-01 00:00:00"), ("20250301", "2025-03-01 00:00:00"), ("01MAR2025", "2025-03-01 00:00:00"),
        ("01.03.2025 10:15", "2025-03-01 10:15:00"), ("01MAR2025:10:15:00", "2025-03-01 10:15:00"),
        ("45717", None), ("01/03/2025", None), ("2025-03", None),
        ("2025-07-01T10:00:00Z", "2025-07-01 12:00:00"), ("2025-01-01T10:00:00+02:00", "2025-01-01 09:00:00"),
        ("9999-12-31", "9999-12-31 00:00:00"), ("01-03-25", None), ("2025-02-30", None), ("0025-01-01", None),
        ("infinity", None), ("epoch", None), ("12345-01-01", None), ("i går", None),
    ],
)  # fmt: skip
def test_days_and_moments_have_four_digit_years_and_danish_clock_time(text, moment):
    assert read("moment", text) == moment


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("utf-8", ","), ("utf-8", "|"), ("utf-8-sig", ";"), ("latin-1", "\t"), ("cp1252", ";"), ("utf-16", "\t")],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_danish_letters_come_through_whatever_encoding_separator_and_line_end(
    encoding, separator, newline, folder, registers
):
    file = write_csv(
        folder, "SENTINEL", [SENTINEL | {"YDERNR": "ÆØÅ" + ("–" if encoding == "cp1252" else "")}], separator
    )
    file.write_bytes(file.read_text(encoding="utf-8").replace("\n", newline).encode(encoding))
    assert not landed(folder, registers).failed
    (row,) = rows(registers, "specialist_record")
    assert row["provider"].rstrip("–") == "ÆØÅ"


def lines_of(folder, name, *lines):
    """A CSV file of SENTINEL with the given lines after its header."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join([";".join(SENTINEL), *lines]) + "\n", encoding="utf-8")


def good(number):
    return ";".join((SENTINEL | {"REGISTRERING_ID": f"s{number}"}).values())


BAD_LINES = {
    "too few fields": ("s9;2025", "wrong number of fields"),
    "too many fields": (f"{good(9)};more", "wrong number of fields"),
    "a quote that does not end": (f's9;{ANNA};"2025-01-05;19;012345;DH259', "unreadable line"),
    "a quote inside quotes": (f's9;{ANNA};"20"25";19;012345;DH259', "unreadable line"),
    "a line without end": (f"s9;{ANNA};{'x' * 10_000_000};19;012345;DH259", "line too long"),
    "zero bytes": ("\0" * 30, "wrong number of fields"),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_badly_formed_line_is_in_quarantine_with_its_number_and_the_rest_lands(kind, folder, registers):
    line, reason = BAD_LINES[kind]
    lines_of(folder, "SENTINEL", good(1), line, good(3), good(4))
    landing = landed(folder, registers)
    assert not landing.failed
    assert {row["record_id"] for row in rows(registers, "specialist_record")} == {"s1", "s3", "s4"}
    (bad,) = rows(registers, "quarantine")
    assert (bad["source_row"], bad["reasons"], bad["table"]) == (2, reason, "specialist_record")
    assert ANNA not in bad["content"]
    assert json.loads(bad["content"])["line"][:2] == line[:2]
    assert [(c.read, c.kept, c.quarantined) for c in landing.counts] == [(4, 3, 1)]


def test_a_row_that_breaks_the_contract_has_its_number_also_after_a_bad_line(folder, registers):
    lines_of(folder, "SENTINEL", good(1), "bad", good(3).replace(ANNA, "3113801234"))
    landed(folder, registers)
    found = {(row["source_row"], row["reasons"]) for row in rows(registers, "quarantine")}
    assert found == {(2, "wrong number of fields"), (3, "impossible CPR number")}


def test_a_cpr_number_in_a_bad_line_is_hidden(folder, registers):
    lines_of(folder, "SENTINEL", f"{ANNA};{BO[:6]}-{BO[6:]}", f"s1;{BO}{ANNA}7")
    landed(folder, registers)
    assert [json.loads(row["content"])["line"] for row in rows(registers, "quarantine")] == [
        "[CPR];[CPR]",
        "s1;[CPR]",
    ]


def test_a_field_over_several_lines_is_one_row_also_beside_a_bad_line(folder, registers):
    lines_of(folder, "SENTINEL", good(1).replace("012345", '"01\n23"'), "bad", good(3))
    landed(folder, registers)
    assert {row["provider"] for row in rows(registers, "specialist_record")} == {"01\n23", "012345"}


def test_empty_fields_after_the_last_column_and_empty_lines_are_no_fault(folder, registers):
    lines_of(folder, "SENTINEL", f"{good(1)};;", "", good(2))
    landed(folder, registers)
    assert len(rows(registers, "specialist_record")) == 2
    assert rows(registers, "quarantine") == []


HEADER = ";".join(SENTINEL)
FROM_EXCEL = {
    "commas in the name of another column": f'{HEADER};"note (a, b, c, d, e, f, g, h, i)"\n{good(1)};x\n',
    "its own first line": f"sep=;\n{HEADER}\n{good(1)}\n",
    "a mark of the encoding within": f"\ufeff{HEADER.replace('CPR', chr(0xFEFF) + 'CPR')}\n{good(1)}\n",
    "nameless columns": f"{HEADER};;;\n{good(1)};;;\n",
    "nameless columns left out of a line": f"{HEADER};;;\n{good(1)}\n",
    "lines of separators": f"{HEADER}\n;;;;;\n{good(1)}\n;;;;;\n\n",
}


@pytest.mark.parametrize("habit", FROM_EXCEL)
def test_what_excel_leaves_behind_is_no_fault(habit, folder, registers):
    folder.mkdir(parents=True)
    (folder / "SENTINEL.csv").write_text(FROM_EXCEL[habit], encoding="utf-8-sig")
    (count,) = landed(folder, registers).counts
    assert (count.read, count.kept) == (1, 1)


def test_a_line_with_text_only_where_nothing_is_read_is_not_lost(folder, registers):
    folder.mkdir(parents=True)
    (folder / "SENTINEL.csv").write_text(f"{HEADER};NOTE\n{good(1)};\n;;;;;;all of them\n")
    (count,) = landed(folder, registers).counts
    assert (count.kept, count.quarantined) == (1, 1)


@pytest.mark.parametrize("other", [good(9), "a bad line"])
def test_words_of_programs_for_nothing_are_nothing(other, folder, registers):
    words = ["NULL", "null", "NA", "NaN", "nan", ".", r"\N", '"NULL"', ""]
    row = SENTINEL | {"DIAGNOSE": "", "YDERNR": ""}
    lines = [";".join((row | {"REGISTRERING_ID": f"s{n}", "YDERNR": word}).values()) for n, word in enumerate(words)]
    lines_of(folder, "SENTINEL", *lines, other, good(10).replace("012345", "NAN"))
    landed(folder, registers)
    found = {row["record_id"]: row["provider"] for row in rows(registers, "specialist_record")}
    assert found.pop("s9", "012345") == "012345"
    assert found == dict.fromkeys([f"s{n}" for n in range(len(words))]) | {"s10": "NAN"}


def test_a_letter_that_was_cut_in_two_makes_one_bad_line_and_the_others_keep_theirs(folder, registers):
    folder.mkdir(parents=True)
    lines = [good(number).replace("012345", text) for number, text in enumerate(("ØST", "ÅRH", "SØ"))]
    text = "\n".join([HEADER, *lines]).encode()
    (folder / "SENTINEL.csv").write_bytes(text.replace("Å".encode(), b"\xc3"))
    (count,) = landed(folder, registers).counts
    assert count.reasons == {"unreadable line": 1}
    assert {row["provider"] for row in rows(registers, "specialist_record")} == {"ØST", "SØ"}


def test_a_residence_file_with_a_bad_line_is_counted_by_its_residences(folder, registers):
    write_csv(folder, "BEF", [FILES["BEF"]])
    with (folder / "BEF.csv").open("a") as file:
        file.write("short;line\n")
    landing = landed(folder, registers)
    (delivery,) = rows(registers, "delivery")
    assert (delivery["rows_read"], delivery["rows_kept"], delivery["rows_quarantined"]) == (2, 1, 1)
    assert {(c.table, c.read, c.quarantined) for c in landing.counts} == {("residence", 2, 1), ("person", 2, 1)}


HEADERS = {
    "PNR;YDERNR;PNR\n": "has more than one column PNR",
    "\nPNR\n": "does not begin with a line of column names",
    '"PNR;YDERNR\n1;2\n': "does not begin with a line of column names",
    ";".join(f"c{n}" for n in range(5000)): "does not begin with a line of column names",
    "PNR\n": "has no columns ",
    "\0\1\2\n": "is not text",
}


@pytest.mark.parametrize("text", HEADERS)
def test_a_file_without_a_readable_line_of_names_is_refused(text, folder, registers):
    folder.mkdir(parents=True)
    (folder / "SSSY.csv").write_text(text)
    (why,) = landed(folder, registers).refused.values()
    assert HEADERS[text] in why


def test_a_sas_file_gives_the_same_rows_as_csv(folder, registers, tmp_path):
    days, seconds = (
        23_801.0,
        23_801 * 86_400 + 36_000.0,
    )  # 2025-03-01 and its 10 o'clock, in SAS's days and seconds from 1960
    write_sas(
        folder / "SSSY.sas7bdat",
        [SERVICE | {"PNR": float(ANNA), "YDLANT": 1.0, "BARNMAK": 0.0, "BEHANDLINGSDATO": days}] * 3,
        {"BEHANDLINGSDATO": "DATE9"},
    )
    write_sas(
        folder / "LPR_A_KONTAKT.sas7bdat",
        [CONTACT | {"KONT_STARTTIDSPUNKT": seconds, "KONT_SLUTTIDSPUNKT": None}],
        {"KONT_STARTTIDSPUNKT": "DATETIME20", "KONT_SLUTTIDSPUNKT": "DATETIME20"},
    )
    assert not landed(folder, registers).failed
    as_text = tmp_path / "text" / "2025-04-01"
    write_csv(as_text, "SSSY", [SERVICE | {"BEHANDLINGSDATO": "2025-03-01"}] * 3)
    write_csv(
        as_text, "LPR_A_KONTAKT", [CONTACT | {"KONT_STARTTIDSPUNKT": "2025-03-01 10:00:00", "KONT_SLUTTIDSPUNKT": ""}]
    )
    other = type(registers)(tmp_path / "other")
    landed(as_text, other)
    for table in ("practice_service", "hospital_contact"):
        told = [
            [{k: v for k, v in row.items() if k != "delivery_id"} for row in rows(r, table)] for r in (registers, other)
        ]
        assert told[0] == told[1]
        assert told[0]


@pytest.mark.parametrize("written", ["DDMMYYD10", "EURDFDD10", "NLDATE"])
def test_a_day_in_sas_is_known_by_danish_formats_too(written, folder, registers):
    write_sas(folder / "SSSY.sas7bdat", [SERVICE | {"BEHANDLINGSDATO": 23_801.0}], {"BEHANDLINGSDATO": written})
    landed(folder, registers)
    assert [row["service_date"] for row in rows(registers, "practice_service")] == [date(2025, 3, 1)]


@pytest.mark.parametrize("length", [0, 100, 3000, 8000])
def test_a_sas_file_that_was_cut_off_is_refused(length, folder, registers):
    write_sas(folder / "SSSY.sas7bdat", [SERVICE])
    whole = (folder / "SSSY.sas7bdat").read_bytes()
    assert len(whole) > length
    (folder / "SSSY.sas7bdat").write_bytes(whole[:length])
    (why,) = landed(folder, registers).refused.values()
    assert why.startswith("SSSY.sas7bdat cannot be read as SAS: ")
